# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from dataclasses import replace

import pytest
from permissions_files import EXTERNAL_ID, PLACE, permissions_file, policy, resolved, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._permissions.compare import compare, holders
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import (
    InlinePolicy,
    KmsKey,
    Policy,
    Role,
    Topic,
)
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences

GET = policy(Action="s3:GetObject", Resource="*")
PUT = policy(Action="s3:PutObject", Resource="*")
BOTH = policy(Action=["s3:PutObject", "s3:GetObject"], Resource="*")
DENY = policy(Effect="Deny", Action="s3:GetObject", Resource="*")
TRUST = trust_policy(Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})


def role(*attached, name="Role", trust=TRUST, **inline):
    return Role(
        name=name,
        arn=PLACE.role_arn(name),
        trust_policy=trust,
        managed_policies=tuple(PLACE.policy_arn(policy) for policy in attached),
        inline_policies=tuple(InlinePolicy(name=name, document=document) for name, document in inline.items()),
    )


def managed(name, document):
    return Policy(name=name, arn=PLACE.policy_arn(name), document=document)


def bounded(arn):
    return replace(role(A=GET), permissions_boundary=arn)


def key(document):
    return KmsKey(name="Key", arn=PLACE.kms_alias_arn("Key"), policy=document)


def topic(document):
    return Topic(name="Topic", arn=PLACE.topic_arn("Topic"), policy=document)


def trusting(*accounts, **condition):
    """A role that these accounts may assume, under the conditions if there are any."""
    principal = {"AWS": list(accounts)}
    conditions = {"Condition": {"StringEquals": condition}} if condition else {}
    return role(trust=policy(Principal=principal, Action="sts:AssumeRole", **conditions), A=GET)


def open_to(principal):
    return topic(policy(Principal=principal, Action="sns:Subscribe", Resource="t"))


def changes(before, after):
    """What differs, by holder: how it changed and the lines that tell it."""
    return {item.holder: (item.change, item.text) for item in compare(holders(before), holders(after))}


def as_one(*documents):
    return {"Version": "2012-10-17", "Statement": [item for document in documents for item in document["Statement"]]}


SAME = {
    "nothing": ([], []),
    "in another spelling": (
        [role(A=policy(Sid="One", Action=["s3:GetObject", "s3:PutObject"], Resource=["*"]))],
        [role(A=BOTH)],
    ),
    "a statement split in two": ([role(A=BOTH)], [role(A=as_one(PUT, GET))]),
    "a policy split in two": ([role(A=BOTH)], [role(A=GET, B=PUT)]),
    "another name of an inline policy": ([role(A=GET)], [role(B=GET)]),
    "another name of a managed policy": (
        [managed("A", GET), role("A")],
        [managed("B", GET), role("B")],
    ),
    "from one policy of a role to another": ([role(A=BOTH, B=GET)], [role(A=GET, B=BOTH)]),
    "from a managed policy of a role into it": ([managed("M", GET), role("M")], [role(A=GET)]),
    "what a wider permission covers": (
        [role(A=as_one(GET, policy(Action="s3:*", Resource="*")))],
        [role(A=policy(Action="s3:*", Resource="*"))],
    ),
    "trust in another spelling": (
        [role(trust=policy(Principal={"AWS": "arn:aws:iam::111122223333:root"}, Action="sts:AssumeRole"))],
        [role(trust=policy(Principal={"AWS": ["111122223333"]}, Action=["sts:assumerole"]))],
    ),
    "what is attached and not known": ([role("Unknown", A=GET)], [role("Unknown", B=GET)]),
    "topics without a policy": ([topic(None)], []),
    "no boundary, whether said or not": ([bounded("")], [bounded(None)]),
    "the same boundary": ([bounded("arn:b")], [bounded("arn:b")]),
}


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME)
def test_what_grants_the_same(before, after):
    assert changes(before, after) == {}
    assert changes(after, before) == {}


# What is there before and after, and what is told of it.
DIFFERENT = {
    "an action more": ([role(A=GET)], [role(A=BOTH)], {"roles.Role": ("changed", ["+ Allow s3:putobject on *"])}),
    "an action less": ([role(A=BOTH)], [role(A=GET)], {"roles.Role": ("changed", ["- Allow s3:putobject on *"])}),
    "one action for another": (
        [role(A=GET)],
        [role(A=PUT)],
        {"roles.Role": ("changed", ["- Allow s3:getobject on *", "+ Allow s3:putobject on *"])},
    ),
    "a denial more": ([role(A=PUT)], [role(A=PUT, B=DENY)], {"roles.Role": ("changed", ["+ Deny s3:getobject on *"])}),
    "a denial less": ([role(A=PUT, B=DENY)], [role(A=PUT)], {"roles.Role": ("changed", ["- Deny s3:getobject on *"])}),
    "a managed policy": (
        [managed("M", GET), role("M")],
        [managed("M", BOTH), role("M")],
        {"roles.Role": ("changed", ["+ Allow s3:putobject on *"])},
    ),
    "a managed policy of two roles": (
        [managed("M", GET), role("M"), role("M", name="Second")],
        [managed("M", BOTH), role("M"), role("M", name="Second")],
        {
            "roles.Role": ("changed", ["+ Allow s3:putobject on *"]),
            "roles.Second": ("changed", ["+ Allow s3:putobject on *"]),
        },
    ),
    "from one role to another": (
        [role(A=GET), role(name="Second")],
        [role(), role(name="Second", A=GET)],
        {
            "roles.Role": ("changed", ["- Allow s3:getobject on *"]),
            "roles.Second": ("changed", ["+ Allow s3:getobject on *"]),
        },
    ),
    "a policy that no role has": (
        [managed("M", GET)],
        [managed("M", BOTH)],
        {"policies.M": ("changed", ["+ Allow s3:putobject on *"])},
    ),
    "a policy that no role had": (
        [managed("M", GET), role()],
        [managed("M", GET), role("M")],
        {
            "policies.M": ("removed", ["- Allow s3:getobject on *"]),
            "roles.Role": ("changed", ["+ Allow s3:getobject on *"]),
        },
    ),
    "a principal more": (
        [trusting("1")],
        [trusting("1", "2")],
        {"trust_policies.Role": ("changed", ["+ Allow sts:assumerole by AWS:2"])},
    ),
    "an external id less": (
        [trusting("1", external_id="E")],
        [trusting("1")],
        {"trust_policies.Role": ("changed", ["+ Allow sts:assumerole by AWS:1"])},
    ),
    "another external id": (
        [trusting("1", external_id="E")],
        [trusting("1", external_id="F")],
        {
            "trust_policies.Role": (
                "changed",
                [
                    '- Allow sts:assumerole by AWS:1 if {"StringEquals": {"external_id": "E"}}',
                    '+ Allow sts:assumerole by AWS:1 if {"StringEquals": {"external_id": "F"}}',
                ],
            )
        },
    ),
    "a topic for everybody": (
        [open_to({"AWS": "1"})],
        [open_to("*")],
        {"topics.Topic": ("changed", ["+ Allow sns:subscribe on t by AWS:*"])},
    ),
    "a topic's first policy": (
        [topic(None)],
        [open_to({"AWS": "1"})],
        {"topics.Topic": ("added", ["+ Allow sns:subscribe on t by AWS:1"])},
    ),
    "another principal of a key": (
        [key(policy(Principal={"AWS": "1"}, Action="kms:*", Resource="*"))],
        [key(policy(Principal={"AWS": ["1", "2"]}, Action="kms:*", Resource="*"))],
        {"kms_keys.Key": ("changed", ["+ Allow kms:* on * by AWS:2"])},
    ),
    "a new role": (
        [],
        [trusting("1")],
        {
            "roles.Role": ("added", ["+ Allow s3:getobject on *"]),
            "trust_policies.Role": ("added", ["+ Allow sts:assumerole by AWS:1"]),
        },
    ),
    "a role less": (
        [trusting("1")],
        [],
        {
            "roles.Role": ("removed", ["- Allow s3:getobject on *"]),
            "trust_policies.Role": ("removed", ["- Allow sts:assumerole by AWS:1"]),
        },
    ),
}


@pytest.mark.parametrize(("before", "after", "told"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_grants_something_else(before, after, told):
    assert changes(before, after) == told


def test_a_wildcard_spelled_out_widens_nothing():
    every = [role(A=policy(Action="kms:ReEncrypt*", Resource="*"))]
    each = [role(A=policy(Action=["kms:ReEncryptFrom", "kms:ReEncryptTo"], Resource="*"))]
    (spelled_out,) = compare(holders(every), holders(each))
    assert [grant.action for grant in spelled_out.widened] == []
    (put_in,) = compare(holders(each), holders(every))
    assert [grant.action for grant in put_in.widened] == ["kms:reencrypt*"]
    assert [grant.action for grant in put_in.narrowed] == []


def test_a_weaker_denial_widens():
    """A condition more lets a denial apply less often."""
    conditioned = policy(Effect="Deny", Action="s3:GetObject", Resource="*", Condition={"Bool": {"k": "true"}})
    (found,) = compare(holders([role(A=DENY)]), holders([role(A=conditioned)]))
    assert [grant.condition for grant in found.widened] == [""]
    assert found.narrowed == ()


NOT_IN = 'Deny * on * if {"NotAllowedBy": {"policy": "%s"}}'


@pytest.mark.parametrize(
    ("before", "after", "change", "widened", "text"),
    [
        ("arn:b", "", "removed", True, [f"- {NOT_IN % 'arn:b'}"]),
        ("", "arn:b", "added", False, [f"+ {NOT_IN % 'arn:b'}"]),
        ("arn:b", "arn:c", "changed", True, [f"- {NOT_IN % 'arn:b'}", f"+ {NOT_IN % 'arn:c'}"]),
    ],
)
def test_a_role_without_its_boundary_has_gained(before, after, change, widened, text):
    (difference,) = compare(holders([bounded(before)]), holders([bounded(after)]))
    assert (difference.holder, difference.change) == ("permissions_boundaries.Role", change)
    assert (bool(difference.widened), difference.text) == (widened, text)


def test_holders_are_kept_apart_whatever_their_names():
    named = ["Role", "Role.trust_policy", "trust_policies.Role"]
    assert len(holders([role(name=name, A=GET) for name in named])) == 2 * len(named)


def test_holders_of_a_whole_plan():
    """Everything that grants is in it, once for each that holds it."""
    plan = resolved(permissions_file("s3", "dynamodb"), preferences=Preferences(kms_key="create")).plan
    granting = [
        *(key.policy for key in plan.kms_keys),
        *(topic.policy for topic in plan.topics),
        *(policy.document for policy in plan.policies),
        *(role.trust_policy for role in plan.roles),
        *(policy.document for role in plan.roles for policy in role.inline_policies),
    ]
    held = [document for documents in holders(plan.resources()).values() for document in documents]
    assert sorted(map(json.dumps, held)) == sorted(map(json.dumps, granting))


def test_a_plan_compared_with_itself_and_with_nothing():
    held = holders(resolved(permissions_file("ebs", "mssql")).plan.resources())
    assert compare(held, held) == []
    found = compare({}, held)
    assert [item.holder for item in found] == sorted(held)
    assert {item.change for item in found} == {"added"}
    assert all(item.widened and not item.narrowed for item in found)


def test_as_dict_is_json():
    (found,) = compare(holders([topic(policy(Principal="*", Action="a", Resource="t"))]), {})
    assert json.loads(json.dumps(found.as_dict())) == {
        "holder": "topics.Topic",
        "change": "removed",
        "widened": [],
        "narrowed": [{"effect": "Allow", "principal": "AWS:*", "action": "a", "resource": "t", "condition": ""}],
        "text": ["- Allow a on t by AWS:*"],
    }
