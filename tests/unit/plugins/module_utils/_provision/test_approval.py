# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from dataclasses import replace

import pytest
from permissions_files import CLUMIO_ACCOUNT, EXTERNAL_ID, PLACE, permissions_file, policy, resolved, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._change import Change
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import (
    InlinePolicy,
    InstanceProfile,
    Policy,
    Role,
    Rule,
    Topic,
)
from ansible_collections.clumio.aws.plugins.module_utils._provision.approval import (
    GRANTS_TAG,
    refuse_widening,
    widening,
    with_digest,
)

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


def digests(resources):
    return {resource.tags.get(GRANTS_TAG) for resource in with_digest(resources)}


def digest_of(resources):
    (digest,) = digests(resources)
    return digest


def changes(held, wanted):
    """From what AWS holds to what is wanted, as a run compares them."""
    by_arn = {resource.arn: resource for resource in held}
    return [
        Change(section="", kind="", before=by_arn.get(resource.arn), after=resource) for resource in with_digest(wanted)
    ]


def holders(found):
    return [difference.holder for difference in found]


# ---- the digest


def test_everything_that_grants_remembers_all_of_it():
    plan = resolved(permissions_file("ebs", "mssql")).plan
    resources = plan.resources()
    tagged = with_digest(resources)
    granting = [isinstance(resource, Topic | Policy | Role) for resource in resources]
    assert [GRANTS_TAG in resource.tags for resource in tagged] == granting
    assert len({resource.tags[GRANTS_TAG] for resource in tagged if GRANTS_TAG in resource.tags}) == 1
    assert [replace(resource, tags={}) for resource in tagged] == resources


def test_other_tags_stay():
    resources = [
        replace(role(), tags={"Team": "backup", GRANTS_TAG: "old"}),
        InstanceProfile(name="P", arn=PLACE.instance_profile_arn("P"), tags={"Team": "backup"}),
        Rule(name="R", arn=PLACE.rule_arn("R"), event_pattern={"source": ["aws.ec2"]}),
    ]
    one, profile, rule = with_digest(resources)
    assert one.tags == {"Team": "backup", GRANTS_TAG: digest_of([role()])}
    assert [profile, rule] == resources[1:]


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
    held = with_digest(before) if approved else before
    found = widening(changes(held, after))
    assert holders(found) == widened
    assert all(difference.widened for difference in found)
    with pytest.raises(ClumioError) as caught:
        refuse_widening(changes(held, after))
    assert caught.value.code == "widening_not_approved"
    assert caught.value.facts["differences"] == [difference.as_dict() for difference in found]
    assert len(caught.value.sentence.splitlines()) == 1
    for difference in found:
        assert all(line in caught.value.message for line in difference.text)


NOT_WIDENED = {
    "nothing there": ([], [role(X=BOTH), topic("sns:*")]),
    "unchanged": ([role(X=GET)], [role(X=GET)]),
    "less": ([role(X=BOTH)], [role(X=GET)]),
    "a denial": (
        [role(X=GET)],
        [role(X=GET, Y=policy(Effect="Deny", Action="s3:GetObject", Resource="arn:aws:s3:::a"))],
    ),
    "from one policy of the role to another": ([role(X=BOTH)], [role(X=GET, Y=PUT)]),
    "an instance profile": (
        [role(X=GET)],
        [role(X=GET), InstanceProfile(name="Role", arn=PLACE.instance_profile_arn("Role"), role="Role")],
    ),
}


@pytest.mark.parametrize("approved", [True, False], ids=["remembered", "not remembered"])
@pytest.mark.parametrize(("before", "after"), NOT_WIDENED.values(), ids=NOT_WIDENED)
def test_a_run_that_grants_no_more(before, after, approved):
    held = with_digest(before) if approved else before
    assert widening(changes(held, after)) == []
    refuse_widening(changes(held, after))


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
    assert widening(changes(drift(with_digest(WHOLE)), WHOLE)) == []


@pytest.mark.parametrize("drift", DRIFT.values(), ids=DRIFT)
def test_what_was_approved_is_no_leave_for_more(drift):
    more = [managed("M", policy(Action="s3:*", Resource="*")), *WHOLE[1:]]
    assert "roles.A" in holders(widening(changes(drift(with_digest(WHOLE)), more)))


def test_drift_of_what_is_remembered_nowhere_is_told():
    """Without a digest nobody can know whether it was there before."""
    bare = [replace(resource, tags={}) for resource in WHOLE]
    assert holders(widening(changes([bare[0], replace(bare[1], inline_policies=()), bare[2]], WHOLE))) == ["roles.A"]
