# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.policies import NotEvaluatedError, Request, evaluate

ROLE = "arn:aws:iam::111122223333:role/path/Role"
SESSION = "arn:aws:sts::111122223333:assumed-role/Role/session"
GET = Request("s3:GetObject", "arn:aws:s3:::bucket/key")


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy of statements that allow everything but for what each says otherwise."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                **{key: value for key, value in everything.items() if f"Not{key}" not in statement},
                **statement,
            }
            for statement in statements
        ],
    }


def effect(statement: dict[str, Any], request: Request = GET) -> str | None:
    return evaluate(policy(statement), request).effect


# ---- statements


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], None),
        ([{}], "Allow"),
        ([{"Effect": "Deny"}], "Deny"),
        ([{}, {"Effect": "Deny"}], "Deny"),
        ([{"Effect": "Deny"}, {}], "Deny"),
        ([{"Effect": "Deny", "Action": "s3:PutObject"}, {}], "Allow"),
        ([{"Action": "s3:PutObject"}], None),
    ],
    ids=str,
)
def test_a_denial_outdoes_what_is_allowed(statements: list[dict[str, Any]], expected: str | None) -> None:
    assert evaluate(policy(*statements), GET).effect == expected
    assert evaluate(json.dumps(policy(*statements)), GET).effect == expected


def test_a_list_of_one_may_be_the_thing_itself() -> None:
    alone = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    assert evaluate(alone, GET).effect == "Allow"
    assert evaluate({}, GET).effect is None


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ("s3:GetObject", True),
        ("S3:getobject", True),
        ("s3:Get*", True),
        ("s3:G?tObject", True),
        ("s3:*", True),
        ("*:GetObject", True),
        ("*", True),
        (["ec2:*", "s3:GetObject"], True),
        ([], False),
        ("s3:Get", False),
        ("s3:GetObjectAcl", False),
        ("s3:GetObject?", False),
        ("s3:[G]etObject", False),
        ("s3.GetObject", False),
    ],
    ids=str,
)
def test_actions(actions: Any, expected: bool) -> None:
    assert effect({"Action": actions}) == ("Allow" if expected else None)
    assert effect({"NotAction": actions}) == (None if expected else "Allow")


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ("*", True),
        ("arn:aws:s3:::bucket/key", True),
        ("arn:aws:s3:::bucket/*", True),
        ("arn:*:key", False),
        ("arn:*/key", True),
        ("arn:aws:s3:::b?cket/key", True),
        (["arn:aws:s3:::other", "arn:aws:s3:::bucket/*"], True),
        ("arn:aws:s3:::Bucket/key", False),
        ("arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::bucket/[k]ey", False),
        ([], False),
    ],
    ids=str,
)
def test_resources(resources: Any, expected: bool) -> None:
    assert effect({"Resource": resources}) == ("Allow" if expected else None)
    assert effect({"NotResource": resources}) == (None if expected else "Allow")


def test_who_asks_about_all_resources_is_allowed_by_none_of_them() -> None:
    assert effect({"Resource": "arn:aws:s3:::bucket/*"}, Request("s3:GetObject")) is None
    assert effect({"Resource": "*"}, Request("s3:GetObject")) == "Allow"


@given(st.text(alphabet=string.ascii_letters + "[]!^$.*?", max_size=8))
def test_wildcards_take_in_what_they_stand_for(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")
    assert effect({"Resource": text}, Request("s3:GetObject", text.replace("*", "any").replace("?", "1"))) == "Allow"
    assert effect({"Resource": plain}, Request("s3:GetObject", plain)) == "Allow"
    assert effect({"Resource": plain}, Request("s3:GetObject", f"{plain}x")) is None


def test_variables_are_refused() -> None:
    with pytest.raises(NotEvaluatedError, match=r"policy variables, as in arn:aws:s3:::bucket/\$\{aws:username\}"):
        effect({"Resource": "arn:aws:s3:::bucket/${aws:username}"})
    with pytest.raises(NotEvaluatedError, match="policy variables"):
        effect({"Condition": {"StringEquals": {"aws:PrincipalTag/team": "${aws:username}"}}})


# ---- principals


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ROLE}, True),
        ({"AWS": SESSION}, True),
        ({"AWS": "111122223333"}, True),
        ({"AWS": 111122223333}, True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, True),
        ({"AWS": ["arn:aws:iam::444455556666:root", ROLE]}, True),
        ({"AWS": "arn:aws:iam::111122223333:role/Role"}, False),
        ({"AWS": "arn:aws:iam::444455556666:root"}, False),
        ({"AWS": "444455556666"}, False),
        ({"Service": "ec2.amazonaws.com"}, False),
        ({"Federated": "accounts.google.com"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_principals(principal: Any, expected: bool) -> None:
    request = Request("sts:AssumeRole", ROLE, principals=[SESSION, ROLE])
    assert effect({"Principal": principal}, request) == ("Allow" if expected else None)
    assert effect({"NotPrincipal": principal}, request) == (None if expected else "Allow")


@pytest.mark.parametrize(
    ("principal", "expected"),
    [("*", "Allow"), ({"AWS": ROLE}, "Allow"), ({"Service": "ec2.amazonaws.com"}, None)],
    ids=str,
)
def test_an_unknown_caller_may_be_any_aws_principal(principal: Any, expected: str | None) -> None:
    assert effect({"Principal": principal}, Request("sts:AssumeRole", ROLE)) == expected


# ---- conditions

CONTEXT = {
    "aws:RequestTag/Team": ["backup"],
    "aws:TagKeys": ["Team", "Vendor"],
    "aws:SecureTransport": ["true"],
    "aws:SourceArn": ["arn:aws:sns:us-west-2:111122223333:Topic"],
}


def holds(operator: str, key: str, wanted: Any) -> bool:
    request = Request("s3:GetObject", "*", CONTEXT)
    return effect({"Condition": {operator: {key: wanted}}}, request) == "Allow"


@pytest.mark.parametrize(
    ("operator", "key", "wanted", "expected"),
    [
        ("StringEquals", "aws:RequestTag/Team", "backup", True),
        ("StringEquals", "AWS:requesttag/team", ["other", "backup"], True),
        ("StringEquals", "aws:RequestTag/Team", "Backup", False),
        ("StringEquals", "aws:RequestTag/Team", "b*", False),
        ("StringNotEquals", "aws:RequestTag/Team", ["other", "backup"], False),
        ("StringNotEquals", "aws:RequestTag/Team", "other", True),
        ("StringEqualsIgnoreCase", "aws:RequestTag/Team", "BACKUP", True),
        ("StringNotEqualsIgnoreCase", "aws:RequestTag/Team", "BACKUP", False),
        ("StringLike", "aws:RequestTag/Team", "b?ck*", True),
        ("StringLike", "aws:RequestTag/Team", "B*", False),
        ("StringNotLike", "aws:RequestTag/Team", "b*", False),
        ("StringNotLike", "aws:RequestTag/Team", "c*", True),
        ("Bool", "aws:SecureTransport", "true", True),
        ("Bool", "aws:SecureTransport", True, True),
        ("Bool", "aws:SecureTransport", [False], False),
        ("ArnEquals", "aws:SourceArn", "arn:aws:sns:*:111122223333:Top*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:Topic", False),
        ("ArnLike", "aws:SourceArn", "no ARN", False),
        ("ArnNotEquals", "aws:SourceArn", "arn:aws:sns:*:*:*", False),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:sns:*:*:Other", True),
        ("Null", "aws:RequestTag/Team", "true", False),
        ("Null", "aws:RequestTag/Team", False, True),
    ],
)
def test_conditions(operator: str, key: str, wanted: Any, expected: bool) -> None:
    assert holds(operator, key, wanted) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("Bool", False),
        ("ArnLike", False),
        ("StringNotEquals", True),
        ("StringNotLike", True),
        ("ArnNotLike", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
        ("Null", True),
    ],
)
def test_a_key_that_is_not_there(operator: str, expected: bool) -> None:
    assert holds(operator, "aws:PrincipalOrgID", "true") is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "expected"),
    [
        ("ForAnyValue:StringEquals", ["Vendor", "Other"], True),
        ("ForAnyValue:StringEquals", ["Other"], False),
        ("ForAnyValue:StringLike", ["V*"], True),
        ("ForAnyValue:StringNotEquals", ["Vendor"], True),
        ("ForAnyValue:StringNotEquals", ["Vendor", "Team"], False),
        ("ForAllValues:StringEquals", ["Vendor", "Team", "Other"], True),
        ("ForAllValues:StringEquals", ["Vendor"], False),
        ("ForAllValues:StringNotEquals", ["Other"], True),
        ("ForAllValues:StringNotEquals", ["Vendor"], False),
        ("ForAnyValue:StringEqualsIfExists", ["Other"], False),
    ],
)
def test_keys_with_several_values(operator: str, wanted: list[str], expected: bool) -> None:
    assert holds(operator, "aws:TagKeys", wanted) is expected


def test_all_conditions_of_a_statement_have_to_hold() -> None:
    team, secure = {"aws:RequestTag/Team": "backup"}, {"aws:SecureTransport": "true"}
    request = Request("s3:GetObject", "*", CONTEXT)
    assert effect({"Condition": {"StringEquals": team, "Bool": secure}}, request) == "Allow"
    assert effect({"Condition": {"StringEquals": team, "Bool": {"aws:SecureTransport": "false"}}}, request) is None
    assert effect({"Condition": {"StringEquals": team | {"aws:SecureTransport": "no"}}}, request) is None


@pytest.mark.parametrize("operator", ["NumericLessThan", "IpAddress", "ForSomeValues:StringEquals", "stringequals"])
def test_what_is_not_evaluated_is_refused_where_it_matters(operator: str) -> None:
    condition = {"Condition": {operator: {"aws:RequestTag/Team": "backup"}}}
    with pytest.raises(NotEvaluatedError, match=f"does not evaluate the condition operator {operator}"):
        effect(condition)
    assert effect({"Action": "ec2:*", **condition}) is None


def test_context_keys_that_statements_about_the_request_ask_for() -> None:
    asked = policy(
        {"Condition": {"StringEquals": {"aws:RequestTag/Team": "backup", "aws:PrincipalOrgID": "o-1"}}},
        {"Action": "s3:Get*", "Condition": {"StringLikeIfExists": {"AWS:SourceVpc": "*"}}},
        {"Action": "ec2:*", "Condition": {"StringLike": {"ec2:Region": "*"}}},
    )
    found = evaluate(asked, Request("s3:GetObject", "*", CONTEXT))
    assert (found.effect, found.missing) == ("Allow", {"aws:PrincipalOrgID", "AWS:SourceVpc"})
