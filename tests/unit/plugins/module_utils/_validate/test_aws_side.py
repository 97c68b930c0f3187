# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from dataclasses import replace

import pytest
from permissions_files import PLACE, policy

from ansible_collections.clumio.aws.plugins.module_utils._change import Change, differences
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import (
    InstanceProfile,
    Policy,
    Role,
    Rule,
    SsmDocument,
    Topic,
)
from ansible_collections.clumio.aws.plugins.module_utils._validate.aws_side import checks

DOCUMENT, OTHER = policy(Action="a", Resource="*"), policy(Action="b", Resource="*")

# A resource of each kind, and a member that is found to be another.
KINDS = {
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
