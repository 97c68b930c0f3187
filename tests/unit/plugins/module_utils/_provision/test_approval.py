# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from dataclasses import replace

import pytest
from permissions_files import CLUMIO_ACCOUNT, EXTERNAL_ID, PLACE, permissions_file, policy, resolved, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._change import Change
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import (
    InlinePolicy,
    InstanceProfile,
    KmsKey,
    Policy,
    Role,
    Topic,
)
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences
from ansible_collections.clumio.aws.plugins.module_utils._provision.approval import grants_marks, widening
from ansible_collections.clumio.aws.plugins.module_utils._provision.choices import Choices
from ansible_collections.clumio.aws.plugins.module_utils._provision.obstacles import obstacles

TAG = "clumio:grants"
BOUNDARY = PLACE.policy_arn("Boundary")
GET = policy(Action="s3:GetObject", Resource="*")
PUT = policy(Action="s3:PutObject", Resource="*")
BOTH = policy(Action=["s3:GetObject", "s3:PutObject"], Resource="*")
TRUST = trust_policy(Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})


def role(name="Role", *attached, trust=TRUST, **inline):
    return Role(
        name=name,
        arn=PLACE.role_arn(name),
        trust_policy=trust,
        managed_policies=tuple(PLACE.policy_arn(policy) for policy in attached),
        inline_policies=tuple(InlinePolicy(name=name, document=document) for name, document in inline.items()),
    )


def managed(name, document):
    return Policy(name=name, arn=PLACE.policy_arn(name), document=document)


def topic(*actions):
    access = policy(Principal={"AWS": CLUMIO_ACCOUNT}, Action=list(actions), Resource="t")
    return Topic(name="Topic", arn=PLACE.topic_arn("Topic"), policy=access)


def key(action):
    access = policy(Principal={"Service": "sns.amazonaws.com"}, Action=action, Resource="*")
    return KmsKey(name="Key", arn=PLACE.kms_alias_arn("Key"), policy=access)


def remembering(resources):
    """The resources with the tags that remember what they grant."""
    marks = grants_marks(resources)
    return [
        replace(resource, tags=(resource.tags or {}) | marks[type(resource)]) if type(resource) in marks else resource
        for resource in resources
    ]


def digest_of(resources):
    """The one digest of resources that are made in one step."""
    (digest,) = {resource.tags[TAG] for resource in remembering(resources) if resource.tags}
    return digest


def change(before, after):
    return Change(section="", kind="", before=before, after=after)


def changes(held, wanted):
    """From what AWS holds to what is wanted, as a run compares them."""
    by_arn = {resource.arn: resource for resource in held}
    return [change(by_arn.get(resource.arn), resource) for resource in remembering(wanted)]


def refused(found, **choices):
    """What forbids the changes, by codes and messages."""
    return [(finding.code, finding.message) for finding in obstacles(found, Choices(**choices))]


def holders(found):
    return [difference.holder for difference in found]


# ---- the digest


def test_everything_that_grants_remembers_all_that_its_step_grants():
    plan = resolved(permissions_file("ebs", "mssql"), preferences=Preferences(kms_key="create")).plan
    marks = grants_marks(plan.resources())
    assert {kind: set(tags) for kind, tags in marks.items()} == {kind: {TAG} for kind in (KmsKey, Topic, Policy, Role)}
    assert marks[Policy] == marks[Role] == grants_marks([*plan.policies, *plan.roles])[Role]
    assert marks[Topic] == grants_marks(plan.topics)[Topic]
    assert marks[KmsKey] == grants_marks(plan.kms_keys)[KmsKey]
    assert len({mark[TAG] for mark in marks.values()}) == 3


def test_tags_are_no_grant():
    assert grants_marks([replace(role(), tags={"Team": "backup", TAG: "old"})]) == grants_marks([role()])


SAME = {
    "order": ([role("A", X=GET), role("B", Y=PUT)], [role("B", Y=PUT), role("A", X=GET)]),
    "spelling": ([role(X=BOTH)], [role(X=policy(Sid="S", Action=["S3:putobject", "s3:GetObject"], Resource=["*"]))]),
    "policy of the same role": ([role(X=BOTH)], [role(X=GET, Y=PUT)]),
    "inside and attached": ([managed("M", GET), role("Role", "M")], [role(X=GET)]),
    "description": ([role(X=GET)], [replace(role(X=GET), description="Else")]),
    "tags": ([role(X=GET)], [replace(role(X=GET), tags={"Team": "backup"})]),
}

OTHER = {
    "an action": ([role(X=GET)], [role(X=BOTH)]),
    "a denial": ([role(X=GET)], [role(X=policy(Effect="Deny", Action="s3:GetObject", Resource="*"))]),
    "trust": ([role(X=GET)], [role(trust=trust_policy(), X=GET)]),
    "a topic's policy": ([topic("sns:Publish")], [topic("sns:*")]),
    "a key's policy": ([key("kms:Decrypt")], [key("kms:*")]),
    "a policy that no role has": ([role(), managed("M", GET)], [role(), managed("M", BOTH)]),
    "a role that only trusts": ([role()], [role(), role("Second", trust=trust_policy())]),
    "another role with the same grants": ([role(X=GET)], [role(X=GET), role("Second", X=GET)]),
    "the grants of one role for two": (
        [role("A", X=GET), role("B", X=PUT)],
        [role("A", X=GET), role("B", X=BOTH)],
    ),
    "the grants of two roles exchanged": (
        [role("A", X=GET), role("B", X=PUT)],
        [role("A", X=PUT), role("B", X=GET)],
    ),
    "a permissions boundary": ([role(X=GET)], [replace(role(X=GET), permissions_boundary=BOUNDARY)]),
    "another permissions boundary": (
        [replace(role(X=GET), permissions_boundary=BOUNDARY)],
        [replace(role(X=GET), permissions_boundary=PLACE.policy_arn("Other"))],
    ),
    "a policy of somebody's": ([role(X=GET)], [role("Role", "Theirs", X=GET)]),
    "a policy that is attached now": ([managed("M", GET), role()], [managed("M", GET), role("Role", "M")]),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_one_digest_for_what_grants_the_same(one, other):
    assert digest_of(one) == digest_of(other)


@pytest.mark.parametrize(("one", "other"), OTHER.values(), ids=OTHER)
def test_another_digest_for_what_grants_anything_else(one, other):
    assert digest_of(one) != digest_of(other)


# ---- what an update would grant

WIDENED = {
    "an action": ([role(X=GET)], [role(X=BOTH)], ["roles.Role"]),
    "another action": ([role(X=GET)], [role(X=PUT)], ["roles.Role"]),
    "a managed policy": (
        [managed("M", GET), role("Role", "M")],
        [managed("M", BOTH), role("Role", "M")],
        ["roles.Role"],
    ),
    "trust": (
        [role()],
        [role(trust=trust_policy(Condition={"StringEquals": {"sts:ExternalId": "Other"}}))],
        ["trust_policies.Role"],
    ),
    "a topic's policy": ([topic("sns:Publish")], [topic("sns:*")], ["topics.Topic"]),
    "a key's policy": ([key("kms:Decrypt")], [key("kms:*")], ["kms_keys.Key"]),
    "another role": (
        [role(X=GET)],
        [role(X=GET), role("Second", X=PUT)],
        ["roles.Second", "trust_policies.Second"],
    ),
    "another role that can do the same": (
        [role(X=GET)],
        [role(X=GET), role("Second", X=GET)],
        ["roles.Second", "trust_policies.Second"],
    ),
    "another policy that no role has": ([role(X=GET)], [role(X=GET), managed("M", PUT)], ["policies.M"]),
    "what another role could do already": (
        [role("A", X=GET), role("B", X=PUT)],
        [role("A", X=GET), role("B", X=BOTH)],
        ["roles.B"],
    ),
    "who could assume another role already": (
        [role("A"), role("B", trust=policy(Principal={"Service": "ssm.amazonaws.com"}, Action="sts:AssumeRole"))],
        [role("A"), role("B")],
        ["trust_policies.B"],
    ),
    "no permissions boundary any more": (
        [replace(role(X=GET), permissions_boundary=BOUNDARY)],
        [replace(role(X=GET), permissions_boundary="")],
        ["permissions_boundaries.Role"],
    ),
    "another permissions boundary": (
        [replace(role(X=GET), permissions_boundary=BOUNDARY)],
        [replace(role(X=GET), permissions_boundary=PLACE.policy_arn("Other"))],
        ["permissions_boundaries.Role"],
    ),
    "less of one and more of another": (
        [role("A", X=BOTH), role("B")],
        [role("A", X=GET), role("B", X=PUT)],
        ["roles.B"],
    ),
}


@pytest.mark.parametrize("approved", [True, False], ids=["remembered", "not remembered"])
@pytest.mark.parametrize(("before", "after", "widened"), WIDENED.values(), ids=WIDENED)
def test_an_update_that_grants_more(before, after, widened, approved):
    """Whether what was approved before is remembered or the tags are lost makes no difference."""
    made = changes(remembering(before) if approved else before, after)
    found = widening(made)
    assert holders(found) == widened
    assert all(difference.widened for difference in found)
    ((code, message),) = refused(made)
    assert code == "widening_not_approved"
    for difference in found:
        assert all(f"{difference.holder}: {line}" in message for line in difference.gains)
    assert refused(made, approve_changes=True) == []


NOT_WIDENED = {
    "nothing there": ([], [role(X=BOTH), topic("sns:*")]),
    "unchanged": ([role(X=GET)], [role(X=GET)]),
    "less": ([role(X=BOTH)], [role(X=GET)]),
    "a denial": (
        [role(X=GET)],
        [role(X=GET, Y=policy(Effect="Deny", Action="s3:GetObject", Resource="arn:aws:s3:::a"))],
    ),
    "from one policy of the role to another": ([role(X=BOTH)], [role(X=GET, Y=PUT)]),
    "a permissions boundary": ([role(X=GET)], [replace(role(X=GET), permissions_boundary=BOUNDARY)]),
    "an instance profile": (
        [role(X=GET)],
        [role(X=GET), InstanceProfile(name="Role", arn=PLACE.instance_profile_arn("Role"), role="Role")],
    ),
}


@pytest.mark.parametrize("approved", [True, False], ids=["remembered", "not remembered"])
@pytest.mark.parametrize(("before", "after"), NOT_WIDENED.values(), ids=NOT_WIDENED)
def test_a_run_that_grants_no_more(before, after, approved):
    made = changes(remembering(before) if approved else before, after)
    assert widening(made) == []
    assert refused(made) == []


# What is wanted, and what is left of it after somebody has taken some away, digests as they were.
WHOLE = [managed("M", GET), role("A", "M", X=PUT), role("B", Y=GET)]
DRIFT = {
    "policy detached": lambda tagged: [tagged[0], replace(tagged[1], managed_policies=()), tagged[2]],
    "inline policy deleted": lambda tagged: [*tagged[:2], replace(tagged[2], inline_policies=())],
    "another trust": lambda tagged: [*tagged[:2], replace(tagged[2], trust_policy=trust_policy())],
    "another document": lambda tagged: [replace(tagged[0], document=PUT), *tagged[1:]],
    "a role gone": lambda tagged: tagged[:2],
    "all but one gone": lambda tagged: tagged[:1],
    "all but one tag gone": lambda tagged: [
        replace(tagged[0], tags={}),
        replace(tagged[1], inline_policies=(), tags={}),
        tagged[2],
    ],
}


@pytest.mark.parametrize("drift", DRIFT.values(), ids=DRIFT)
def test_what_was_approved_may_be_put_back(drift):
    assert widening(changes(drift(remembering(WHOLE)), WHOLE)) == []


@pytest.mark.parametrize("drift", DRIFT.values(), ids=DRIFT)
def test_what_was_approved_is_no_leave_for_more(drift):
    more = [managed("M", policy(Action="s3:*", Resource="*")), *WHOLE[1:]]
    assert "roles.A" in holders(widening(changes(drift(remembering(WHOLE)), more)))


def test_drift_of_what_is_remembered_nowhere_is_told():
    """Without a digest nobody can know whether it was there before."""
    bare = [replace(resource, tags={}) for resource in WHOLE]
    assert holders(widening(changes([bare[0], replace(bare[1], inline_policies=()), bare[2]], WHOLE))) == ["roles.A"]


# ---- together with what goes and what is not ours


def test_what_goes_grants_nothing():
    """Nor is it a loss that it denies nothing any more, or has no boundary."""
    denial = policy(Effect="Deny", Action="s3:*", Resource="*")
    held = [*WHOLE, replace(role("C", X=denial), permissions_boundary=BOUNDARY), managed("N", denial)]
    gone = [change(resource, None) for resource in remembering(held)]
    assert widening(gone) == []
    (stays,) = remembering([role()])
    assert widening([*gone, change(stays, stays)]) == []


def test_what_a_step_grants_is_no_leave_for_another():
    """The topic is as it was approved; that says nothing about the roles."""
    (held,) = remembering([topic("sns:Publish")])
    found = widening([change(held, held), *changes([role(X=GET)], [role(X=BOTH)])])
    assert holders(found) == ["roles.Role"]


def test_a_resource_of_others_is_told_before_what_it_would_gain():
    theirs = Change(section="roles", kind="role", before=role(), after=role(X=GET), foreign="no tag", adoptable=True)
    assert [code for code, _message in refused([theirs])] == ["foreign_resource"]
    assert [code for code, _message in refused([theirs], adopt=True)] == ["widening_not_approved"]
    assert refused([theirs], adopt=True, approve_changes=True) == []


def test_of_many_lines_the_first_are_told():
    actions = [f"s3:A{number:02}" for number in range(20)]
    documents = {
        f"P{number}": policy(Action=action, Resource=f"arn:aws:s3:::{number:02}")
        for number, action in enumerate(actions)
    }
    ((_code, message),) = refused(changes([role()], [role(**documents)]))
    assert "s3:a11 on" in message
    assert "s3:a12 on" not in message
    assert message.endswith("; and 8 more).")
