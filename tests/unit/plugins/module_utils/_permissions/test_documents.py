# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from permissions_files import policy

from ansible_collections.clumio.aws.plugins.module_utils._permissions.documents import (
    canonical_pattern,
    canonical_policy,
    compact,
    readable_policy,
    same_pattern,
    same_policy,
)

ONE = {"Sid": "One", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TWO = {"Sid": "Two", "Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}


def statements(*items):
    return {"Version": "2012-10-17", "Statement": list(items)}


def trusting(principal):
    return policy(Principal=principal, Action="sts:AssumeRole")


def conditioned(**condition):
    return policy(Action="s3:*", Resource="*", Condition=condition)


def root(partition, account="111122223333"):
    return {"AWS": f"arn:{partition}:iam::{account}:root"}


SAME_POLICIES = {
    "order of statements": (statements(ONE, TWO), statements(TWO, ONE)),
    "order of members": (statements(ONE), statements(dict(reversed(ONE.items())))),
    "order of the policy's members": (statements(ONE), dict(reversed(statements(ONE).items()))),
    "one statement": (statements(ONE), {"Version": "2012-10-17", "Statement": ONE}),
    "one action": (policy(Action="s3:GetObject"), policy(Action=["s3:GetObject"])),
    "order of actions": (policy(Action=["s3:A", "s3:B"]), policy(Action=["s3:B", "s3:A"])),
    "an action twice": (policy(Action=["s3:A", "s3:A"]), policy(Action="s3:A")),
    "case of actions": (policy(Action=["SNS:Publish", "s3:getobject"]), policy(Action=["s3:GetObject", "sns:publish"])),
    "an action twice in two cases": (policy(Action=["SNS:Publish", "sns:Publish"]), policy(Action="sns:Publish")),
    "actions excepted": (policy(NotAction="IAM:*"), policy(NotAction=["iam:*"])),
    "one resource": (policy(Resource="*"), policy(Resource=["*"])),
    "order of resources": (policy(Resource=["a", "b"]), policy(Resource=["b", "a"])),
    "resources excepted": (policy(NotResource=["a", "b"]), policy(NotResource=["b", "a"])),
    "one principal": (trusting({"AWS": "111122223333"}), trusting({"AWS": ["111122223333"]})),
    "order of principals": (trusting({"Service": ["a", "b"]}), trusting({"Service": ["b", "a"]})),
    "root in aws": (trusting(root("aws")), trusting({"AWS": "111122223333"})),
    "root in aws-cn": (trusting(root("aws-cn")), trusting({"AWS": "111122223333"})),
    "root in aws-us-gov": (trusting(root("aws-us-gov")), trusting({"AWS": "111122223333"})),
    "root and its account": (trusting({"AWS": ["111122223333", *root("aws").values()]}), trusting(root("aws"))),
    "anyone": (trusting("*"), trusting({"AWS": "*"})),
    "anyone in a list": (trusting("*"), trusting({"AWS": ["*"]})),
    "anyone excepted": (policy(NotPrincipal="*"), policy(NotPrincipal={"AWS": "*"})),
    "case of condition keys": (
        conditioned(StringEquals={"AWS:SourceAccount": "1"}),
        conditioned(StringEquals={"aws:sourceaccount": "1"}),
    ),
    "one value": (conditioned(StringEquals={"k": "v"}), conditioned(StringEquals={"k": ["v"]})),
    "order of values": (conditioned(StringLike={"k": ["a", "b"]}), conditioned(StringLike={"k": ["b", "a"]})),
    "boolean and its text": (conditioned(Bool={"k": True}), conditioned(Bool={"k": ["true"]})),
    "number and its text": (conditioned(NumericLessThan={"k": 5}), conditioned(NumericLessThan={"k": "5"})),
    "neither": (None, None),
}

OTHER_POLICIES = {
    "effect": (policy(Action="s3:A"), policy(Action="s3:A", Effect="Deny")),
    "an action more": (policy(Action="s3:A"), policy(Action=["s3:A", "s3:B"])),
    "another action": (policy(Action="s3:GetObject"), policy(Action="s3:GetObjectAcl")),
    "action and exception": (policy(Action="s3:A"), policy(NotAction="s3:A")),
    "case of resources": (policy(Resource="arn:aws:s3:::a"), policy(Resource="arn:aws:s3:::A")),
    "resource and exception": (policy(Resource="a"), policy(NotResource="a")),
    "no resource": (policy(Resource=[]), policy(Resource="*")),
    "kind of principal": (trusting({"AWS": "*"}), trusting({"Service": "*"})),
    "account and a role in it": (
        trusting({"AWS": "111122223333"}),
        trusting({"AWS": "arn:aws:iam::111122223333:role/root"}),
    ),
    "another account's root": (trusting(root("aws")), trusting(root("aws", "999988887777"))),
    "principal and exception": (policy(Principal="*"), policy(NotPrincipal="*")),
    "no condition": (conditioned(StringEquals={"k": "v"}), policy(Action="s3:*", Resource="*")),
    "condition's operator": (conditioned(StringEquals={"k": "v"}), conditioned(StringLike={"k": "v"})),
    "condition's key": (conditioned(StringEquals={"k": "v"}), conditioned(StringEquals={"l": "v"})),
    "case of a value": (conditioned(StringEquals={"k": "v"}), conditioned(StringEquals={"k": "V"})),
    "a value more": (conditioned(StringEquals={"k": "v"}), conditioned(StringEquals={"k": ["v", "w"]})),
    "false": (conditioned(Bool={"k": True}), conditioned(Bool={"k": False})),
    "a statement more": (statements(ONE), statements(ONE, TWO)),
    "statement's name": (statements(ONE), statements(ONE | {"Sid": "Uno"})),
    "version": (statements(ONE), statements(ONE) | {"Version": "2008-10-17"}),
    "nothing": (statements(ONE), None),
}


@pytest.mark.parametrize(("one", "other"), SAME_POLICIES.values(), ids=SAME_POLICIES)
def test_same_policy_in_two_spellings(one, other):
    assert same_policy(one, other)
    assert same_policy(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER_POLICIES.values(), ids=OTHER_POLICIES)
def test_same_policy_tells_policies_apart(one, other):
    assert not same_policy(one, other)
    assert not same_policy(other, one)


PATTERN = {
    "source": ["aws.ec2", "aws.rbin"],
    "detail": {"eventName": ["DeleteSnapshot"], "errorCode": [{"exists": False}]},
}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"source": ["a", "b"]}, {"source": ["b", "a"]}, True),
        ({"source": ["a"], "detail": {"x": ["1"]}}, {"detail": {"x": ["1"]}, "source": ["a"]}, True),
        (
            {"$or": [{"source": ["a"]}, {"source": ["b", "c"]}]},
            {"$or": [{"source": ["c", "b"]}, {"source": ["a"]}]},
            True,
        ),
        ({"x": [{"prefix": "a"}, "b", 1]}, {"x": [1, "b", {"prefix": "a"}]}, True),
        ({"x": [{"numeric": [">", 0, "<=", 5]}]}, {"x": [{"numeric": [">", 0, "<=", 5]}]}, True),
        ({"x": [{"numeric": [">", 0, "<=", 5]}]}, {"x": [{"numeric": [">=", 0, "<", 5]}]}, False),
        ({"source": ["a"]}, {"source": ["A"]}, False),
        ({"source": ["a"]}, {"source": ["a", "b"]}, False),
        ({"source": ["a"]}, {"detail-type": ["a"]}, False),
        ({"x": [True]}, {"x": ["true"]}, False),
        ({"x": [True]}, {"x": [1]}, False),
        ({"x": [None]}, {"x": ["null"]}, False),
        (PATTERN, None, False),
        (None, None, True),
    ],
)
def test_same_pattern(one, other, same):
    assert same_pattern(one, other) is same
    assert same_pattern(other, one) is same


def test_readable_policy_is_sorted_in_its_authors_spelling():
    written = policy(
        Action=["SNS:Publish", "SNS:Subscribe", "EC2:Describe*"],
        Principal={"AWS": root("aws")["AWS"]},
        Condition={"StringEquals": {"AWS:SourceAccount": ["222", "111"]}},
    )
    (statement,) = readable_policy(written)["Statement"]
    assert statement["Action"] == ["EC2:Describe*", "SNS:Publish", "SNS:Subscribe"]
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceAccount": ["111", "222"]}}


@pytest.mark.parametrize("form", [canonical_policy, readable_policy, canonical_pattern])
def test_forms_leave_the_document_alone(form):
    document = policy(Action=["b:B", "A:a"], Resource=["z", "y"], Condition={"Bool": {"K": [True, False]}})
    before = copy.deepcopy(document)
    form(document)
    assert document == before


def test_compact_is_what_is_sent():
    assert compact({"b": ["ä", 1, True], "a": {"k": "v w"}}) == '{"b":["ä",1,true],"a":{"k":"v w"}}'


# ---- for any policy

ACTIONS = ["s3:GetObject", "s3:PutObject", "ec2:Describe*", "kms:*", "sns:Publish"]
RESOURCES = ["*", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*", "arn:aws:sns:us-west-2:111122223333:topic"]
ACCOUNTS = ["111122223333", "444455556666", "999988887777"]


def some(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


meant_policies = st.lists(
    st.fixed_dictionaries(
        {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": some(ACTIONS), "Resource": some(RESOURCES)},
        optional={
            "Principal": st.fixed_dictionaries({"AWS": some(ACCOUNTS)}),
            "Condition": st.fixed_dictionaries(
                {"Bool": st.fixed_dictionaries({"aws:SecureTransport": st.just([True])})},
                optional={"StringEquals": st.fixed_dictionaries({"aws:SourceAccount": some(ACCOUNTS)})},
            ),
        },
    ),
    min_size=1,
    max_size=4,
).map(lambda items: {"Version": "2012-10-17", "Statement": items})


@st.composite
def spellings(draw, meant):
    """The policy as somebody else may write it."""

    def cased(text):
        return draw(st.sampled_from([text, text.lower(), text.upper(), text.swapcase()]))

    def listed(values, respelled=lambda value: value):
        written = [respelled(value) for value in draw(st.permutations(values))]
        if len(written) == 1 and draw(st.booleans()):
            return written[0]
        return [*written, written[0]] if draw(st.booleans()) else written

    def account(number):
        partition = draw(st.sampled_from(["aws", "aws-cn", "aws-us-gov"]))
        return draw(st.sampled_from([number, f"arn:{partition}:iam::{number}:root"]))

    def text(value):
        return draw(st.sampled_from([value, "true"])) if value is True else value

    def shuffled(mapping):
        return {key: mapping[key] for key in draw(st.permutations(list(mapping)))}

    def statement(item):
        written = item | {"Action": listed(item["Action"], cased), "Resource": listed(item["Resource"])}
        if "Principal" in item:
            written["Principal"] = {"AWS": listed(item["Principal"]["AWS"], account)}
        if "Condition" in item:
            written["Condition"] = {
                operator: {cased(key): listed(values, text) for key, values in tests.items()}
                for operator, tests in shuffled(item["Condition"]).items()
            }
        return shuffled(written)

    return shuffled({**meant, "Statement": [statement(item) for item in draw(st.permutations(meant["Statement"]))]})


@given(st.data(), meant_policies)
def test_spelling_never_changes_the_canonical_form(data, meant):
    written = data.draw(spellings(meant))
    assert json.dumps(canonical_policy(written), sort_keys=True) == json.dumps(canonical_policy(meant), sort_keys=True)
    assert canonical_policy(canonical_policy(written)) == canonical_policy(written)


@given(st.data(), meant_policies)
def test_meaning_always_changes_the_canonical_form(data, meant):
    changed = copy.deepcopy(meant)
    statement = data.draw(st.sampled_from(changed["Statement"]))
    member = data.draw(st.sampled_from(["Effect", "Action", "Resource"]))
    if member == "Effect":
        statement["Effect"] = "Deny" if statement["Effect"] == "Allow" else "Allow"
    else:
        position = data.draw(st.integers(0, len(statement[member]) - 1))
        statement[member][position] += data.draw(st.sampled_from(["x", "*", "/y"]))
    assert not same_policy(data.draw(spellings(changed)), meant)
