# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module clumio_operator_validate: its verdict follows what the principal of the credentials really may do."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import botocore.client
import pytest
from aws_in_process import ACCOUNT, CONNECTION, REGION
from clumio_helpers import run_main
from permissions_files import NAMING, permissions_file, policy, resolved, trust_policy
from section_helpers import make

from ansible_collections.clumio.aws.plugins.module_utils._permissions import operator
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences, with_preferences
from ansible_collections.clumio.aws.plugins.modules import (
    clumio_connection_validate,
    clumio_eventbridge_rules,
    clumio_iam_roles,
    clumio_operator_validate,
    clumio_permissions_file,
    clumio_sns_topic,
    clumio_ssm_documents,
)
from sandbox.policies import Request, evaluate

ROOT = Path(__file__).parents[4]
DOCUMENT = json.loads((ROOT / "docs/operator-policy.json").read_text())
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Operator"
USER = f"arn:aws:iam::{ACCOUNT}:user/jo"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Operator/jo"
EVERYTHING = {"permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/B", "kms_key": "create", "simulate": True}


@pytest.fixture
def signed_in(aws):
    """Be a role with this policy, and with this permissions boundary; or somebody else by the ARN."""

    def signed_in(document=None, boundary=None, arn=SESSION):
        aws.answer("GetCallerIdentity", {"UserId": "AIDA", "Account": arn.split(":")[4], "Arn": arn})
        if arn != SESSION:
            return
        iam = aws.client("iam")
        trust = json.dumps(policy(Principal={"AWS": "*"}, Action="sts:AssumeRole"))
        bounded = {}
        if boundary:
            created = iam.create_policy(PolicyName="Bound", PolicyDocument=json.dumps(boundary))
            bounded = {"PermissionsBoundary": created["Policy"]["Arn"]}
        iam.create_role(RoleName="Operator", Path="/team/", AssumeRolePolicyDocument=trust, **bounded)
        if document:
            iam.put_role_policy(RoleName="Operator", PolicyName="Own", PolicyDocument=json.dumps(document))

    return signed_in


def asked(aws, **options):
    """What the module returns; it writes nothing."""
    with aws.recorded() as calls:
        result = run_main(clumio_operator_validate, {"account_id": ACCOUNT, "region": REGION} | options)
    assert [call.operation for call in calls if call.writes] == []
    return result


def statuses(result):
    return {check["name"]: check["status"] for check in result["checks"]}


def without(document, *actions):
    """The policy without some of its actions."""
    statements = [
        {**statement, "Action": [action for action in statement["Action"] if action not in actions]}
        for statement in document["Statement"]
    ]
    return {**document, "Statement": [statement for statement in statements if statement["Action"]]}


# ---- the verdict


def test_the_document_suffices(aws, signed_in):
    signed_in(DOCUMENT)
    result = asked(aws, **EVERYTHING)
    assert not result.get("failed"), result["msg"]
    assert (result["valid"], result["missing"], result["principal"]) == (True, [], ROLE)
    assert set(statuses(result).values()) == {"ok"}
    assert set(statuses(result)) >= {f"access to iam for {task}" for task in operator.TASKS}
    assert f"{ROLE} may do what validate, onboard and offboard need in {CONNECTION}" in result["msg"]


def test_nothing_is_not_enough(aws, signed_in):
    signed_in()
    result = asked(aws)
    assert result["failed"]
    assert result["failure"]["code"] == "missing_access"
    assert set(statuses(result).values()) == {"denied"}
    assert {row["action"] for row in result["missing"]} == {
        need.action for need in operator.needs(operator.TASKS, [], NAMING)
    }


def test_the_returned_policy_suffices(aws, signed_in):
    signed_in()
    returned = asked(aws, **EVERYTHING)["policy"]
    aws.client("iam").put_role_policy(RoleName="Operator", PolicyName="Own", PolicyDocument=json.dumps(returned))
    assert asked(aws, **EVERYTHING)["valid"]


def test_one_action_that_is_missing(aws, signed_in):
    signed_in(without(DOCUMENT, "iam:CreateRole"))
    result = asked(aws, fail_on_invalid=False)
    assert not result.get("failed")
    assert result["missing"] == [
        {
            "action": "iam:CreateRole",
            "resource": f"arn:aws:iam::{ACCOUNT}:role/ClumioIAMRole",
            "cause": "no policy that allows it",
            "tasks": ["onboard"],
        }
    ]
    assert [name for name, status in statuses(result).items() if status != "ok"] == ["access to iam for onboard"]
    assert "1 action is allowed by no policy: iam:CreateRole" in result["msg"]


def test_the_permissions_boundary_is_named(aws, signed_in):
    signed_in(policy(Action="*", Resource="*"), boundary=policy(Action=["iam:*", "sns:*", "ssm:*"], Resource="*"))
    result = asked(aws, tasks=["onboard"])
    assert {(row["action"].partition(":")[0], row["cause"]) for row in result["missing"]} == {
        ("events", "the permissions boundary")
    }


def test_names_and_path_count(aws, signed_in):
    options = {"name_prefix": "acme-", "iam_path": "/backup/", "names": {"ClumioEventPub": "events-to-clumio"}}
    signed_in(operator.policy(operator.TASKS, [], Naming(Connection(ACCOUNT, REGION)), ROLE))
    refused = {row["resource"] for row in asked(aws, **options)["missing"]}
    assert f"arn:aws:iam::{ACCOUNT}:role/backup/acme-ClumioIAMRole" in refused
    assert f"arn:aws:sns:{REGION}:{ACCOUNT}:events-to-clumio" in refused
    assert f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/Clumio-SystemHeartbeat" not in refused


@pytest.mark.parametrize(
    ("choice", "value", "action"),
    [
        ("permissions_boundary", "", "iam:DeleteRolePermissionsBoundary"),
        ("kms_key", "create", "kms:CreateKey"),
        ("kms_key", "alias/theirs", "kms:DescribeKey"),
        ("simulate", True, "iam:SimulatePrincipalPolicy"),
    ],
)
def test_choices_count(aws, signed_in, choice, value, action):
    signed_in(operator.policy(operator.TASKS, [], NAMING, ROLE))
    assert asked(aws)["valid"]
    assert action in {row["action"] for row in asked(aws, **{choice: value})["missing"]}


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ("Company", []),
        ("Other", ["iam:CreateRole"]),
    ],
)
def test_conditions_that_operators_often_have(aws, signed_in, given, refused):
    conditions = {
        "iam:CreateRole": {"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/Company"}},
        "iam:PassRole": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        "sns:CreateTopic": {"StringEquals": {"aws:RequestedRegion": REGION}},
        "iam:TagRole": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
    }
    document = without(DOCUMENT, *conditions)
    for action, condition in conditions.items():
        document["Statement"] += policy(Action=[action], Resource="*", Condition=condition)["Statement"]
    signed_in(document)
    options = {"permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/{given}", "fail_on_invalid": False}
    assert [row["action"] for row in asked(aws, **options)["missing"]] == refused


def test_a_task_alone(aws, signed_in):
    signed_in(operator.policy(["validate"], [], NAMING, ROLE))
    assert asked(aws, tasks=["validate"])["valid"]
    assert not asked(aws, tasks=["offboard", "validate"])["valid"]


def test_a_user_is_asked_about_too(aws, signed_in):
    aws.client("iam").create_user(UserName="jo")
    aws.client("iam").put_user_policy(UserName="jo", PolicyName="Own", PolicyDocument=json.dumps(DOCUMENT))
    signed_in(arn=USER)
    result = asked(aws)
    assert (result["valid"], result["principal"]) == (True, USER)


def test_the_root_user_may_do_everything(aws, signed_in):
    signed_in(arn=f"arn:aws:iam::{ACCOUNT}:root")
    result = asked(aws)
    assert result["valid"]
    assert set(statuses(result).values()) == {"ok"}


# ---- what cannot be told


def test_who_may_not_ask(aws, signed_in):
    signed_in(DOCUMENT)
    aws.refuse("SimulatePrincipalPolicy", "AccessDenied", f"User: {SESSION} is not authorized to perform: x:Y on: z")
    result = asked(aws)
    assert not result.get("failed")
    assert (result["valid"], result["missing"]) == (True, [])
    assert set(statuses(result).values()) == {"unknown"}
    assert f"iam:SimulatePrincipalPolicy on {ROLE}" in result["msg"]
    assert result["policy"]["Statement"][-1]["Resource"] == [ROLE]


def test_who_may_not_read_the_own_role(aws, signed_in):
    signed_in(DOCUMENT)
    aws.refuse("GetRole", "AccessDenied", f"User: {SESSION} is not authorized to perform: iam:GetRole on: z")
    result = asked(aws)
    assert result["valid"]
    assert set(statuses(result).values()) == {"unknown"}
    assert "iam:GetRole on itself" in result["msg"]
    assert SESSION not in json.dumps(result["policy"])


def test_a_federated_user(aws, signed_in):
    signed_in(arn=f"arn:aws:sts::{ACCOUNT}:federated-user/jo")
    assert set(statuses(asked(aws)).values()) == {"unknown"}


# ---- what is refused


def test_credentials_of_another_account(aws, signed_in):
    signed_in(arn="arn:aws:iam::111122223333:user/jo")
    result = asked(aws)
    assert result["failed"]
    assert result["failure"]["code"] == "foreign_credentials"
    assert "The AWS credentials belong to the account 111122223333." in result["msg"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"region": "us-west-9"}, "unknown_region"),
        ({"account_id": "42"}, "invalid_connection"),
        ({"iam_path": "backup"}, "invalid_path"),
    ],
)
def test_what_cannot_be(aws, options, code):
    result = asked(aws, **options)
    assert result["failed"]
    assert result["failure"]["code"] == code


# ---- whether the policy is right about what the modules really call


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OPERATOR_ACTIONS = load(ROOT / "extensions/molecule/shared/operator_actions.py")


def resources_of(action, parameters, naming):
    """The ARNs that AWS decides about when the call is made; a star where the action knows none."""
    service, _colon, name = action.partition(":")
    here = naming.connection
    if action in {action for right in operator.RIGHTS if right.resources == "*" for action in right.actions}:
        return ["*"]
    if service == "kms":
        alias = [f"arn:aws:kms:{REGION}:{ACCOUNT}:{parameters['AliasName']}"] if "AliasName" in parameters else []
        return [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/any", *alias]
    if service == "sns":
        return [parameters.get("TopicArn") or parameters.get("ResourceArn") or here.topic_arn(parameters["Name"])]
    if service == "events":
        return [parameters.get("ResourceARN") or here.rule_arn(parameters.get("Rule") or parameters["Name"])]
    if service == "ssm":
        return [here.ssm_document_arn(parameters.get("Name") or parameters["ResourceId"])]
    if "PolicySourceArn" in parameters:
        return [parameters["PolicySourceArn"]]
    if "PolicyArn" in parameters and "Role" not in name:
        return [parameters["PolicyArn"]]
    if "InstanceProfileName" in parameters and name != "PassRole":
        return [here.instance_profile_arn(parameters["InstanceProfileName"], path(parameters, naming))]
    if "RoleName" in parameters:
        return [here.role_arn(parameters["RoleName"], path(parameters, naming))]
    return [here.policy_arn(parameters["PolicyName"], naming.path)]


def path(parameters, naming):
    theirs = "Their" in (parameters.get("InstanceProfileName") or parameters["RoleName"])
    return "/" if theirs else naming.path


class Allowed:
    """Every call with an action or a resource that a policy does not allow."""

    def __init__(self, monkeypatch, naming):
        self.policy = {}
        self.refused = set()
        self.actions = set()
        self._naming = naming
        pass_on = botocore.client.BaseClient._make_api_call

        def make_api_call(client, operation, parameters):
            self._look(client.meta.service_model.signing_name, operation, parameters)
            return pass_on(client, operation, parameters)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", make_api_call)

    def _look(self, service, operation, parameters):
        for action in OPERATOR_ACTIONS.needed(service, operation) if self.policy else ():
            self.actions.add(action)
            for resource in resources_of(action, parameters, self._naming):
                if evaluate(self.policy, Request(action, resource)).effect != "Allow":
                    self.refused.add((action, resource))


@pytest.mark.parametrize(
    "naming",
    [NAMING, Naming(NAMING.connection, path="/backup/", prefix="acme-", suffix="-west")],
    ids=["as in the file", "with names of its own"],
)
def test_each_task_calls_nothing_but_what_its_policy_allows(aws, monkeypatch, naming):
    file = permissions_file("ebs", "mssql", "s3")
    aws.client("sns").create_topic(Name="Theirs")
    aws.client("events").put_rule(Name="Theirs", EventPattern='{"source": ["aws.ec2"]}')
    iam = aws.client("iam")
    iam.create_role(RoleName="Theirs", AssumeRolePolicyDocument=json.dumps(trust_policy()))
    iam.create_instance_profile(InstanceProfileName="Theirs")
    theirs = iam.create_policy(PolicyName="Theirs", PolicyDocument=json.dumps(policy(Action="s3:*", Resource="*")))
    boundary = theirs["Policy"]["Arn"]
    preferences = Preferences(permissions_boundary=boundary, kms_key="create")
    plan = with_preferences(resolved(file, naming).plan, preferences, naming.connection).as_dict()
    modules = {
        clumio_sns_topic: ("kms_keys", "topics"),
        clumio_eventbridge_rules: ("rules",),
        clumio_iam_roles: ("policies", "roles", "instance_profiles"),
        clumio_ssm_documents: ("ssm_documents",),
    }
    place = {"account_id": ACCOUNT, "region": REGION}
    choices = ["permissions_boundary", "made_key", "simulate"]
    allowed = Allowed(monkeypatch, naming)

    allowed.policy = operator.policy(["onboard"], choices, naming)
    survey = {
        "content": file,
        "iam_path": naming.path,
        "name_prefix": naming.prefix,
        "name_suffix": naming.suffix,
        "token": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "external_id": "ExternalID_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "permissions_boundary": boundary,
        "kms_key": "create",
    }
    assert not run_main(clumio_permissions_file, place | survey).get("failed")
    for module, sections in modules.items():
        make(aws, module, **{section: plan[section] for section in sections})
    role = naming.name("ClumioIAMRole")
    # What others attach is looked at, too.
    iam.attach_role_policy(RoleName=role, PolicyArn=boundary)

    allowed.policy = operator.policy(["validate"], choices, naming)
    validated = run_main(
        clumio_connection_validate, place | plan | {"clumio": False, "simulate": True, "fail_on_invalid": False}
    )
    assert {check["status"] for check in validated["checks"]} >= {"ok"}

    allowed.policy = operator.policy(["offboard"], ["made_key"], naming)
    iam.detach_role_policy(RoleName=role, PolicyArn=boundary)
    for module in reversed(modules):
        make(aws, module, state="absent", everything=True)

    assert allowed.refused == set()
    assert {"kms:ScheduleKeyDeletion", "iam:ListRoleTags", "iam:PassRole", "ssm:CreateDocument"} <= allowed.actions


# ---- the check of recorded calls


def call(action, service="iam", client="ansible", account=ACCOUNT):
    return {"service": service, "action": action, "account": account, "client": client}


SMALL = {"Statement": [{"Action": ["iam:CreateRole", "iam:TagRole"]}, {"Action": ["tag:GetResources"]}]}
CALLS = [call("CreateRole"), call("GetResources", "tagging"), call("GetCallerIdentity", "sts")]


def test_a_policy_with_what_was_called():
    assert list(OPERATOR_ACTIONS.differences(CALLS, SMALL, {ACCOUNT})) == []


def test_a_policy_that_lacks_something():
    (found,) = OPERATOR_ACTIONS.differences([*CALLS, call("DeleteRole")], SMALL, {ACCOUNT, "another"})
    assert found == "It lacks iam:DeleteRole."


def test_calls_of_others_do_not_count():
    assert list(OPERATOR_ACTIONS.differences([*CALLS, call("DeleteRole", client="other")], SMALL, {ACCOUNT})) == []


def test_a_policy_that_has_too_much():
    (found,) = OPERATOR_ACTIONS.differences(CALLS[1:], SMALL, {ACCOUNT})
    assert found == "It has iam:CreateRole, iam:TagRole, which no scenario has called."
    assert list(OPERATOR_ACTIONS.differences(CALLS[1:], SMALL, {ACCOUNT, "another"})) == []


def test_the_accounts_are_those_of_the_scenarios():
    scenarios = {path.parent.name for path in (ROOT / "extensions/molecule").glob("*/molecule.yml")}
    assert len(OPERATOR_ACTIONS.accounts()) == len(scenarios - {"default", "connection"})
