# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from aws_in_process import CONNECTION, OURS
from hypothesis import given
from hypothesis import strategies as st
from permissions_files import PLACE

from ansible_collections.clumio.aws.plugins.module_utils._provision.ownership import (
    adoptable,
    foreign,
    inline_policies_mark,
    is_marked,
    owner_tags,
    tags_after,
)

INLINE = "clumio:inline-policies"


def test_tags_of_the_owner():
    assert owner_tags(PLACE) == OURS


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (OURS, ""),
        ({"clumio:connection": CONNECTION}, ""),
        (OURS | {"Team": "backup"}, ""),
        (OURS | {"clumio:connection": "123456789012_us-east-1"}, "it belongs to the connection 123456789012_us-east-1"),
        (
            {"aws:cloudformation:stack-name": "clumio"},
            "(part of the CloudFormation stack clumio, its tags: aws:cloudformation:stack-name=clumio)",
        ),
        ({"ManagedBy": "Terraform"}, "(tagged as Terraform's, its tags: ManagedBy=Terraform)"),
        ({"terraform-module": "backup"}, "(tagged as Terraform's, its tags: terraform-module=backup)"),
        ({}, "it has no tag clumio:connection (its tags: none)"),
        ({"Vendor": "Clumio", "A": "b"}, "(its tags: A=b, Vendor=Clumio)"),
        ({"Clumio:Connection": CONNECTION}, "it has no tag clumio:connection"),
        ({"clumio:connection": ""}, "it has no tag clumio:connection"),
    ],
)
def test_whose_it_is(tags, said):
    assert (said in foreign(PLACE, tags)) if said else foreign(PLACE, tags) == ""


def test_the_day_on_which_it_was_made_is_told_first():
    tags = {"aws:cloudformation:stack-name": "s", "by": "terraform"}
    assert foreign(PLACE, tags, "2024-05-06").startswith(
        "it has no tag clumio:connection (made on 2024-05-06, part of the CloudFormation stack s, tagged as "
    )


@pytest.mark.parametrize(
    ("tags", "may"),
    [
        ({}, True),
        ({"Vendor": "Clumio"}, True),
        ({"clumio:connection": ""}, True),
        ({"clumio:connection": "123456789012_us-east-1"}, False),
    ],
)
def test_what_may_be_taken_over(tags, may):
    assert adoptable(tags) is may


# ---- the tags that a resource is to have

MARKS = OURS | {"clumio:grants": "new", INLINE: "0a1b2c3d"}

keys = st.sampled_from(["Team", "Cost", "", "aws:cloudformation:stack-name", "aws:x", *MARKS])
tags = st.dictionaries(keys, st.sampled_from(["a", "b", ""]))
marks = st.sampled_from([OURS, MARKS])


@given(given_tags=st.none() | tags, marks=marks, held=tags, purge=st.booleans())
def test_tags_after(given_tags, marks, held, purge):
    after = tags_after(given_tags, marks, held, purge=purge)
    # Ours always win, then the user's.
    assert (given_tags or {}) | marks == {key: after[key] for key in {*(given_tags or {}), *marks}}
    # What is neither is as it was, or gone; nothing comes from nowhere.
    others = {key: value for key, value in after.items() if key not in {*(given_tags or {}), *marks}}
    assert others.items() <= held.items()
    gone = {*held} - {*after}
    assert not gone or (purge and given_tags is not None)
    # Those of AWS's services and of ours stay.
    assert not any(key.startswith("aws:") or key in MARKS for key in gone)
    if purge and given_tags is not None:
        assert all(key.startswith("aws:") or key in MARKS for key in others)
    # A second run finds nothing to do.
    assert tags_after(given_tags, marks, after, purge=purge) == after


# ---- the inline policies that are ours

names = st.text(alphabet="abcdefgh", min_size=1, max_size=8)


@given(ours=st.lists(names, unique=True, max_size=20), other=names)
def test_a_role_remembers_its_inline_policies(ours, other):
    held = {INLINE: inline_policies_mark(ours)}
    assert all(is_marked(name, held) for name in ours)
    assert is_marked(other, held) is (other in ours)
    assert inline_policies_mark(ours[::-1]) == held[INLINE]


def test_a_role_that_remembers_nothing():
    assert not is_marked("Inline", {})
    assert not is_marked("", {INLINE: ""})
    assert inline_policies_mark([]) == ""


@pytest.mark.parametrize("count", [28, 29, 60])
def test_what_a_role_remembers_fits_into_a_tag(count):
    """Of many more inline policies than any file of Clumio's has.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
    """
    ours = [f"ClumioPolicy{number}" for number in range(count)]
    mark = inline_policies_mark(ours)
    assert len(mark) <= 256
    assert all(is_marked(name, {INLINE: mark}) for name in ours)
    assert not is_marked("Theirs", {INLINE: mark})
