# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from dataclasses import replace

import pytest
from permissions_files import PLACE, policy

from ansible_collections.clumio.aws.plugins.module_utils._change import Change, differences
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import (
    InlinePolicy,
    InstanceProfile,
    KmsKey,
    Policy,
    Role,
    Rule,
    SsmDocument,
    Target,
    Topic,
)
from ansible_collections.clumio.aws.plugins.module_utils._validate.aws_side import checks

DOCUMENT, OTHER = policy(Action="a", Resource="*"), policy(Action="b", Resource="*")

# A resource of each kind, and a member that is found to be another.
KINDS = {
    "KMS key": (KmsKey(name="X", arn=PLACE.kms_alias_arn("X"), policy=DOCUMENT), {"rotation": False}),
    "topic": (Topic(name="X", arn=PLACE.topic_arn("X"), policy=DOCUMENT), {"policy": OTHER}),
    "rule": (Rule(name="X", arn=PLACE.rule_arn("X"), event_pattern={"source": ["a"]}), {"state": "DISABLED"}),
    "managed policy": (Policy(name="X", arn=PLACE.policy_arn("X"), document=DOCUMENT), {"document": OTHER}),
    "role": (Role(name="X", arn=PLACE.role_arn("X"), trust_policy=DOCUMENT), {"description": "another"}),
    "instance profile": (InstanceProfile(name="X", arn=PLACE.instance_profile_arn("X"), role="X"), {"role": ""}),
    "SSM document": (SsmDocument(name="X", arn=PLACE.ssm_document_arn("X"), content={"a": 1}), {"content": {"a": 2}}),
}


def check(kind, before, **members):
    after = KINDS[kind][0]
    differing = differences(after, before) if before else ()
    made = Change(section="any", kind=kind, before=before, after=after, differences=differing, **members)
    (result,) = checks([made])
    assert (result.name, result.side, result.entity) == (f"{kind} X", "aws", after.arn)
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_a_resource_as_it_should_be(kind):
    result = check(kind, KINDS[kind][0])
    assert (result.status, result.expected, result.found, result.hint) == ("ok", None, None, "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_resource_that_is_missing(kind):
    result = check(kind, None)
    assert (result.status, result.expected, result.found) == ("missing", None, None)
    assert result.hint


@pytest.mark.parametrize("kind", KINDS)
def test_a_resource_that_is_different(kind):
    wanted, drift = KINDS[kind]
    result = check(kind, replace(wanted, **drift))
    (member,) = drift
    assert result.status == "different"
    assert set(result.expected) == set(result.found) == {member}
    assert result.differences == (f"{member.replace('_', ' ')} is changed",)
    assert result.expected != result.found
    assert result.hint


@pytest.mark.parametrize("kind", KINDS)
def test_a_resource_of_somebody_else(kind):
    wanted, drift = KINDS[kind]
    result = check(kind, replace(wanted, **drift), foreign="it belongs to the connection c")
    assert (result.status, result.found) == ("different", "it belongs to the connection c")


def test_checks_keep_the_order():
    changes = [Change(section="any", kind=kind, before=None, after=KINDS[kind][0]) for kind in KINDS]
    assert [made.name for made in checks(changes)] == [f"{kind} X" for kind in KINDS]


A, B = InlinePolicy(name="A", document=DOCUMENT), InlinePolicy(name="B", document=DOCUMENT)
ONE, TWO = Target(id="one", arn="arn:1"), Target(id="two", arn="arn:2")


@pytest.mark.parametrize(
    ("kind", "wanted", "held", "told"),
    [
        ("role", {"inline_policies": (A, B)}, {"inline_policies": (A,)}, ["inline policy B is missing"]),
        ("role", {"inline_policies": ()}, {"inline_policies": (B,)}, ["inline policy B is superfluous"]),
        (
            "role",
            {"inline_policies": (A, B)},
            {"inline_policies": (replace(A, document=OTHER), B)},
            ["inline policy A is changed"],
        ),
        ("role", {"managed_policies": ("arn:a",)}, {}, ["attached policy arn:a is missing"]),
        ("role", {}, {"managed_policies": ("arn:a",)}, ["attached policy arn:a is superfluous"]),
        ("role", {}, {"trust_policy": OTHER}, ["trust policy is changed"]),
        ("role", {"permissions_boundary": "arn:a"}, {}, ["permissions boundary is changed"]),
        ("rule", {"targets": (ONE, TWO)}, {"targets": (ONE,)}, ["target two is missing"]),
        ("rule", {"targets": (ONE,)}, {"targets": (ONE, TWO)}, ["target two is superfluous"]),
        ("rule", {"targets": (ONE,)}, {"targets": (replace(ONE, arn="arn:3"),)}, ["target one is changed"]),
        (
            "topic",
            {"tags": {"a": "1", "b": "2"}},
            {"tags": {"b": "3", "c": "4"}},
            ["tag a is missing", "tag b is changed", "tag c is superfluous"],
        ),
        ("topic", {"kms_key": "alias/X"}, {"kms_key": ""}, ["kms key is changed"]),
    ],
)
def test_differences_in_words(kind, wanted, held, told):
    after, before = replace(KINDS[kind][0], **wanted), replace(KINDS[kind][0], **held)
    change = Change(section="any", kind=kind, before=before, after=after, differences=differences(after, before))
    (result,) = checks([change])
    assert list(result.differences) == told


@pytest.mark.parametrize("kind", KINDS)
def test_a_resource_that_is_not_to_be_there(kind):
    held = KINDS[kind][0]
    (result,) = checks([Change(section="any", kind=kind, before=held, after=None)])
    assert (result.name, result.entity, result.status) == (f"{kind} X", held.arn, "different")
    assert (result.expected, result.found) == ("not there any more", "still there")
    assert "remove it" in result.hint


def test_a_resource_of_somebody_else_that_is_not_to_be_there():
    (topic, _drift) = KINDS["topic"]
    foreign = Change(section="any", kind="topic", before=topic, after=None, foreign="it belongs to the connection c")
    assert checks([foreign]) == []
