# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who the credentials are, what AWS decides about their needs, and how that is told."""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import Stubber

from ansible_collections.clumio.aws.plugins.module_utils._aws._call import AwsError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection
from ansible_collections.clumio.aws.plugins.module_utils._permissions.operator import Need
from ansible_collections.clumio.aws.plugins.module_utils._validate.decisions import (
    ALLOWED,
    BOUNDARY,
    NO_POLICY,
    Decision,
)
from ansible_collections.clumio.aws.plugins.module_utils._validate.operator_side import (
    Principal,
    as_result,
    checks,
    decide,
    missing,
    principal,
)

PLACE = Connection("123456789012", "us-west-2")
ROLE = "arn:aws:iam::123456789012:role/team/Operator"
SESSION = "arn:aws:sts::123456789012:assumed-role/Operator/jo"
WHO = Principal(ROLE)

CREATE = Need("iam:CreateRole", "arn:aws:iam::123456789012:role/ClumioIAMRole", "onboard")
GET = Need("iam:GetRole", "arn:aws:iam::123456789012:role/ClumioIAMRole", "onboard")
GET_TO_VALIDATE = Need("iam:GetRole", "arn:aws:iam::123456789012:role/ClumioIAMRole", "validate")
PUT = Need("events:PutRule", "arn:aws:events:us-west-2:123456789012:rule/ClumioCloudtrailEventRule", "onboard")

DENIED = Decision("denied", NO_POLICY)
BOUNDED = Decision("denied", BOUNDARY)


@pytest.fixture
def client():
    """A client of IAM whose answers botocore checks against the API's own shapes; all have to be asked for."""
    iam = boto3.client("iam", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(iam) as stubber:
        iam.stubber = stubber
        yield iam
        stubber.assert_no_pending_responses()


def role(arn=ROLE):
    path, name = arn.partition(":role")[2].rpartition("/")[::2]
    return {
        "Role": {
            "Path": f"{path}/",
            "RoleName": name,
            "RoleId": "AROAAAAAAAAAAAAAAAAA",
            "Arn": arn,
            "CreateDate": "2026-01-02T03:04:05Z",
        }
    }


# ---- who it is


def test_the_role_of_a_session_has_its_path(client):
    client.stubber.add_response("get_role", role(), {"RoleName": "Operator"})
    assert principal(client, SESSION) == WHO


@pytest.mark.parametrize("arn", ["arn:aws:iam::123456789012:user/jo", "arn:aws:iam::123456789012:user/team/x/jo"])
def test_a_user_is_itself(client, arn):
    assert principal(client, arn) == Principal(arn)


def test_the_root_user(client):
    arn = "arn:aws:iam::123456789012:root"
    assert principal(client, arn) == Principal(arn, root=True)


def test_a_federated_user_cannot_be_asked_about(client):
    found = principal(client, "arn:aws:sts::123456789012:federated-user/jo")
    assert found.unknown == "AWS does not tell what a federated-user may do"
    assert found.hint


def test_a_role_that_may_not_be_read(client):
    client.stubber.add_client_error("get_role", "AccessDenied", f"User: {SESSION} is not authorized to perform: x:Y")
    found = principal(client, SESSION)
    assert (found.arn, found.root) == (SESSION, False)
    assert "read the role Operator" in found.unknown
    assert "iam:GetRole" in found.hint


def test_a_role_that_is_gone(client):
    client.stubber.add_client_error("get_role", "NoSuchEntity")
    assert "there is no role Operator" in principal(client, SESSION).unknown


def test_another_failure_is_one(client):
    client.stubber.add_client_error("get_role", "ExpiredToken")
    with pytest.raises(AwsError, match="does not accept the credentials"):
        principal(client, SESSION)


# ---- what AWS decides


def answer(need, decision, **members):
    result = {"EvalActionName": need.action, "EvalResourceName": need.resource, "EvalDecision": decision, **members}
    return {"EvaluationResults": [result], "IsTruncated": False}


def asked(need, region):
    return {
        "PolicySourceArn": ROLE,
        "ActionNames": [need.action],
        "ResourceArns": [need.resource],
        "ContextEntries": [
            {"ContextKeyName": "aws:RequestedRegion", "ContextKeyType": "string", "ContextKeyValues": [region]}
        ],
    }


@pytest.mark.parametrize(("need", "region"), [(CREATE, "us-east-1"), (PUT, "us-west-2")])
def test_the_region_of_the_call_goes_along(client, need, region):
    client.stubber.add_response("simulate_principal_policy", answer(need, "allowed"), asked(need, region))
    assert decide(client, WHO, [need], PLACE) == {need: ALLOWED}


def test_the_boundary_goes_along(client):
    expected = asked(CREATE, "us-east-1")
    expected["ContextEntries"].append(
        {"ContextKeyName": "iam:PermissionsBoundary", "ContextKeyType": "string", "ContextKeyValues": ["arn"]}
    )
    client.stubber.add_response("simulate_principal_policy", answer(CREATE, "allowed"), expected)
    assert decide(client, WHO, [CREATE], PLACE, "arn") == {CREATE: ALLOWED}


def test_a_refusal_has_a_cause(client):
    detail = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}
    client.stubber.add_response("simulate_principal_policy", answer(PUT, "implicitDeny", **detail))
    assert decide(client, WHO, [PUT], PLACE) == {PUT: BOUNDED}


def test_two_tasks_that_need_the_same_ask_once(client):
    client.stubber.add_response("simulate_principal_policy", answer(GET, "implicitDeny"))
    assert decide(client, WHO, [GET, GET_TO_VALIDATE], PLACE) == {GET: DENIED, GET_TO_VALIDATE: DENIED}


def test_who_may_not_ask_cannot_tell(client):
    client.stubber.add_client_error("simulate_principal_policy", "AccessDenied", "No.")
    assert decide(client, WHO, [PUT], PLACE) == {
        PUT: Decision("unknown", "the credentials may not iam:SimulatePrincipalPolicy")
    }


def test_another_failure_of_asking_is_one(client):
    client.stubber.add_client_error("simulate_principal_policy", "ExpiredToken", "Expired")
    with pytest.raises(AwsError, match="does not accept the credentials"):
        decide(client, WHO, [PUT], PLACE)


def test_nothing_is_asked_for_the_root_user(client):
    assert decide(client, Principal("arn", root=True), [PUT, GET], PLACE) == {PUT: ALLOWED, GET: ALLOWED}


def test_nothing_is_asked_where_there_is_no_answer(client):
    assert decide(client, Principal("arn", unknown="nobody knows"), [PUT], PLACE) == {
        PUT: Decision("unknown", "nobody knows")
    }


# ---- how it is told


def test_a_check_for_each_service_of_a_task():
    decisions = dict.fromkeys([GET_TO_VALIDATE, CREATE, GET, PUT], ALLOWED)
    assert [(check.name, check.side, check.entity, check.status) for check in checks(WHO, decisions)] == [
        ("access to iam for validate", "aws", ROLE, "ok"),
        ("access to iam for onboard", "aws", ROLE, "ok"),
        ("access to events for onboard", "aws", ROLE, "ok"),
    ]


def test_a_check_that_is_denied():
    (check,) = checks(WHO, {CREATE: BOUNDED, GET: DENIED})
    assert check.status == "denied"
    assert check.expected == ["iam:CreateRole", "iam:GetRole"]
    assert check.found == {NO_POLICY: ["iam:GetRole"], BOUNDARY: ["iam:CreateRole"]}
    assert sorted(check.differences) == [
        "1 action is allowed by no policy: iam:GetRole",
        "1 action is denied by the permissions boundary: iam:CreateRole",
    ]
    assert "returned policy" in check.hint
    assert "owner of the boundary" in check.hint


@pytest.mark.parametrize(
    ("cause", "hint"),
    [
        (NO_POLICY, "Have the owner of the account give"),
        (BOUNDARY, "Ask the owner of the boundary"),
        ("an SCP of the organization", "Ask the owner of the boundary"),
        ("a Deny in Theirs", "Ask the owner of the boundary"),
        ("an explicit Deny", "Ask the owner of the boundary"),
    ],
)
def test_every_cause_has_a_hint_of_its_own(cause, hint):
    (check,) = checks(WHO, {CREATE: Decision("denied", cause)})
    assert check.hint.startswith(hint)


def test_what_is_unknown_beside_a_denial_is_told_too():
    (check,) = checks(WHO, {CREATE: DENIED, GET: Decision("unknown", "it depends on aws:SourceIp")})
    assert check.status == "denied"
    assert check.differences == ("1 action is allowed by no policy: iam:CreateRole", "it depends on aws:SourceIp")


def test_what_is_missing_is_told_with_all_its_tasks():
    assert missing({PUT: ALLOWED, GET_TO_VALIDATE: DENIED, GET: DENIED, CREATE: BOUNDED}) == [
        {"action": "iam:CreateRole", "resource": CREATE.resource, "cause": BOUNDARY, "tasks": ["onboard"]},
        {"action": "iam:GetRole", "resource": GET.resource, "cause": NO_POLICY, "tasks": ["validate", "onboard"]},
    ]


def result(decisions, who=WHO, tasks=("validate", "onboard")):
    return as_result(PLACE.id, tasks, who, decisions)


def test_the_result_of_what_is_allowed():
    found = result({PUT: ALLOWED, GET: ALLOWED, GET_TO_VALIDATE: ALLOWED})
    assert (found["valid"], found["changed"], found["missing"], found["principal"]) == (True, False, [], ROLE)
    assert found["msg"] == f"{ROLE} may do what validate and onboard need in {PLACE.id} (2 actions)."
    assert "failure" not in found


def test_the_result_of_what_is_missing():
    found = result({PUT: ALLOWED, GET: DENIED, GET_TO_VALIDATE: DENIED, CREATE: BOUNDED})
    assert found["valid"] is False
    assert found["failure"]["code"] == "missing_access"
    assert found["msg"].startswith(f"{ROLE} lacks 2 of the 3 actions that validate and onboard need in {PLACE.id}: ")
    assert found["msg"].endswith(found["failure"]["hint"])
    assert [check["status"] for check in found["checks"]] == ["ok", "denied", "denied"]


def test_the_sentence_names_some_of_many():
    needs = [Need(f"iam:Do{number:02}", "*", "onboard") for number in range(30)]
    found = result(dict.fromkeys(needs, DENIED), tasks=("onboard",))
    assert f"actions that onboard needs in {PLACE.id}" in found["msg"]
    assert "30 actions are allowed by no policy" in found["msg"]
    assert "iam:Do19 and 10 more" in found["msg"]
    assert "iam:Do29" in found["checks"][0]["differences"][0]


def test_the_result_of_what_cannot_be_told():
    found = result({PUT: Decision("unknown", "the credentials may not iam:SimulatePrincipalPolicy")})
    assert found["valid"] is True
    assert "cannot be told: the credentials may not iam:SimulatePrincipalPolicy." in found["msg"]
    assert found["msg"].endswith(f"iam:SimulatePrincipalPolicy on {ROLE}.")
    assert [check["status"] for check in found["checks"]] == ["unknown"]


def test_the_result_of_somebody_unknown():
    who = Principal("arn:aws:sts::123456789012:federated-user/jo", unknown="nobody knows", hint="Do this.")
    found = result({PUT: Decision("unknown", "nobody knows")}, who)
    assert found["msg"].endswith("cannot be told: nobody knows. Do this.")


def test_the_result_of_the_root_user():
    found = result({PUT: ALLOWED}, Principal("arn:aws:iam::123456789012:root", root=True))
    assert found["valid"] is True
    assert "the root user may do whatever" in found["msg"]
