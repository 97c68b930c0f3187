# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy simulator, in this process; that the sandbox's AWS has it too is in test_sandbox_aws.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from aws_in_process import ACCOUNT, Aws
from botocore.exceptions import ClientError
from moto.moto_api._internal import moto_api_backend

from sandbox.simulator import scps, set_scp

ROLE = f"arn:aws:iam::{ACCOUNT}:role/clumio/Role"
VOLUME = f"arn:aws:ec2:us-west-2:{ACCOUNT}:volume/vol-1"
SNAPSHOT = "arn:aws:ec2:us-west-2::snapshot/snap-1"
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]})


@pytest.fixture
def iam(aws: Aws) -> Any:
    client = aws.client("iam")
    client.create_role(RoleName="Role", Path="/clumio/", AssumeRolePolicyDocument=TRUST)
    return client


def statement(action: str | list[str], resource: str = "*", effect: str = "Allow", **others: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **others}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def inline(iam: Any, name: str, *statements: dict[str, Any]) -> None:
    iam.put_role_policy(RoleName="Role", PolicyName=name, PolicyDocument=policy(*statements))


def managed(iam: Any, name: str, *statements: dict[str, Any]) -> str:
    return str(iam.create_policy(PolicyName=name, PolicyDocument=policy(*statements))["Policy"]["Arn"])


def bound(iam: Any, *statements: dict[str, Any]) -> None:
    iam.put_role_permissions_boundary(RoleName="Role", PermissionsBoundary=managed(iam, "Boundary", *statements))


def simulated(iam: Any, actions: Sequence[str], *resources: str, **others: Any) -> list[dict[str, Any]]:
    """The results; those of the role unless it says otherwise."""
    asked = {"PolicySourceArn": ROLE, "ActionNames": actions, **({"ResourceArns": resources} if resources else {})}
    answer = iam.simulate_principal_policy(**asked | others)
    assert answer["IsTruncated"] is False
    return list(answer["EvaluationResults"])


def refused(iam: Any, **asked: Any) -> tuple[str, str]:
    """Code and message of a refusal."""
    with pytest.raises(ClientError) as error:
        iam.simulate_principal_policy(**{"PolicySourceArn": ROLE, "ActionNames": ["ec2:CreateSnapshot"]} | asked)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


# ---- identity policies


def test_policies_of_a_role(iam: Any) -> None:
    inline(iam, "Inline", statement("ec2:CreateSnapshot"))
    iam.attach_role_policy(RoleName="Role", PolicyArn=managed(iam, "Managed", statement("s3:Get*")))
    asked = ["ec2:CreateSnapshot", "s3:GetObject", "sns:Publish", "ec2:DescribeVolumes"]
    results = simulated(iam, asked)
    assert results == [
        {
            "EvalActionName": "ec2:CreateSnapshot",
            "EvalResourceName": "arn:${Partition}:ec2:${Region}::snapshot/${SnapshotId}",
            "EvalDecision": "allowed",
            "MatchedStatements": [{"SourcePolicyId": "role_Role_Inline", "SourcePolicyType": "IAM Policy"}],
            "MissingContextValues": [],
        },
        {
            "EvalActionName": "s3:GetObject",
            "EvalResourceName": results[1]["EvalResourceName"],
            "EvalDecision": "allowed",
            "MatchedStatements": [{"SourcePolicyId": "Managed", "SourcePolicyType": "IAM Policy"}],
            "MissingContextValues": [],
        },
        {
            "EvalActionName": "sns:Publish",
            "EvalResourceName": "arn:${Partition}:sns:${Region}:${Account}:${TopicName}",
            "EvalDecision": "implicitDeny",
            "MatchedStatements": [],
            "MissingContextValues": [],
        },
        {
            "EvalActionName": "ec2:DescribeVolumes",
            "EvalResourceName": "*",
            "EvalDecision": "implicitDeny",
            "MatchedStatements": [],
            "MissingContextValues": [],
        },
    ]


def test_the_default_version_of_a_policy_counts(iam: Any) -> None:
    arn = managed(iam, "Managed", statement("s3:GetObject"))
    iam.attach_role_policy(RoleName="Role", PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(statement("s3:PutObject")), SetAsDefault=True)
    assert [one["EvalDecision"] for one in simulated(iam, ["s3:GetObject", "s3:PutObject"])] == [
        "implicitDeny",
        "allowed",
    ]


def test_a_user_has_the_policies_of_its_groups(iam: Any) -> None:
    iam.create_user(UserName="Someone")
    iam.create_group(GroupName="Operators")
    iam.add_user_to_group(UserName="Someone", GroupName="Operators")
    iam.put_user_policy(UserName="Someone", PolicyName="Own", PolicyDocument=policy(statement("s3:GetObject")))
    iam.put_group_policy(GroupName="Operators", PolicyName="Ours", PolicyDocument=policy(statement("s3:PutObject")))
    iam.attach_group_policy(GroupName="Operators", PolicyArn=managed(iam, "Managed", statement("s3:ListBucket")))
    asked = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject"]

    def by(principal: str) -> list[list[str]]:
        arn = f"arn:aws:iam::{ACCOUNT}:{principal}"
        return [
            [one["EvalDecision"], *(match["SourcePolicyId"] for match in one["MatchedStatements"])]
            for one in simulated(iam, asked, PolicySourceArn=arn)
        ]

    groups = [["allowed", "group_Operators_Ours"], ["allowed", "Managed"], ["implicitDeny"]]
    assert by("user/Someone") == [["allowed", "user_Someone_Own"], *groups]
    assert by("group/Operators") == [["implicitDeny"], *groups]


def test_a_denial_names_only_what_denies(iam: Any) -> None:
    inline(iam, "Allowing", statement("s3:*"))
    inline(iam, "Denying", statement("s3:GetObject", effect="Deny"))
    [result] = simulated(iam, ["s3:GetObject"])
    assert result["EvalDecision"] == "explicitDeny"
    assert [match["SourcePolicyId"] for match in result["MatchedStatements"]] == ["role_Role_Denying"]


def test_each_resource_has_a_decision_of_its_own(iam: Any) -> None:
    inline(iam, "Volumes", statement("ec2:CreateSnapshot", "arn:aws:ec2:*:*:volume/*"))
    inline(iam, "Here", statement("ec2:CreateSnapshot", "arn:aws:ec2:*::snapshot/none"))
    [result] = simulated(iam, ["ec2:CreateSnapshot"], VOLUME, SNAPSHOT)
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])
    assert result["ResourceSpecificResults"] == [
        {
            "EvalResourceName": VOLUME,
            "EvalResourceDecision": "allowed",
            "MatchedStatements": [{"SourcePolicyId": "role_Role_Volumes", "SourcePolicyType": "IAM Policy"}],
            "MissingContextValues": [],
        },
        {
            "EvalResourceName": SNAPSHOT,
            "EvalResourceDecision": "implicitDeny",
            "MatchedStatements": [],
            "MissingContextValues": [],
        },
    ]


# ---- context


def test_context_keys(iam: Any) -> None:
    inline(iam, "Tagged", statement("ec2:*", Condition={"StringEquals": {"aws:RequestTag/Vendor": "Clumio"}}))
    inline(iam, "Other", statement("s3:*", Condition={"StringLike": {"s3:prefix": "a*"}}))

    def asked(*values: str) -> dict[str, Any]:
        entry = {"ContextKeyName": "aws:requesttag/vendor", "ContextKeyType": "string", "ContextKeyValues": values}
        [result] = simulated(iam, ["ec2:CreateSnapshot"], VOLUME, ContextEntries=[entry] if values else [])
        return result

    assert asked("Clumio")["EvalDecision"] == "allowed"
    assert asked("Other")["EvalDecision"] == "implicitDeny"
    assert asked("Other")["MissingContextValues"] == []
    assert asked()["EvalDecision"] == "implicitDeny"
    assert asked()["MissingContextValues"] == ["aws:RequestTag/Vendor"]
    assert asked()["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:RequestTag/Vendor"]


# ---- permissions boundary


def test_a_boundary_that_does_not_allow(iam: Any) -> None:
    inline(iam, "Inline", statement(["ec2:CreateSnapshot", "ec2:CreateTags"]))
    bound(iam, statement("ec2:CreateTags"), statement("s3:*"))
    within, beyond, granted_by_none = simulated(iam, ["ec2:CreateTags", "ec2:CreateSnapshot", "s3:GetObject"])
    boundary = "PermissionsBoundaryDecisionDetail"
    assert (within["EvalDecision"], within[boundary]) == ("allowed", {"AllowedByPermissionsBoundary": True})
    assert (beyond["EvalDecision"], beyond[boundary]) == ("implicitDeny", {"AllowedByPermissionsBoundary": False})
    assert beyond["MatchedStatements"] == []
    assert granted_by_none["EvalDecision"] == "implicitDeny"
    assert granted_by_none[boundary] == {"AllowedByPermissionsBoundary": True}


def test_a_boundary_that_denies(iam: Any) -> None:
    inline(iam, "Inline", statement("s3:*"))
    bound(iam, statement("*"), statement("s3:*", "arn:aws:s3:::secret/*", effect="Deny"))
    [result] = simulated(iam, ["s3:GetObject"], "arn:aws:s3:::secret/1", "arn:aws:s3:::other/1")
    secret, other = result["ResourceSpecificResults"]
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("explicitDeny", secret["MatchedStatements"])
    assert (secret["EvalResourceDecision"], other["EvalResourceDecision"]) == ("explicitDeny", "allowed")
    assert secret["MatchedStatements"] == [
        {"SourcePolicyId": "Boundary", "SourcePolicyType": "Permissions Boundary Policy"}
    ]
    assert secret["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert other["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}


# ---- SCP


def organization(iam: Any, *resources: str) -> tuple[str, bool]:
    [result] = simulated(iam, ["ec2:CreateSnapshot"], *resources)
    assert "PermissionsBoundaryDecisionDetail" not in result
    return result["EvalDecision"], result["OrganizationsDecisionDetail"]["AllowedByOrganizations"]


def scp(*statements: dict[str, Any]) -> None:
    set_scp(ACCOUNT, json.loads(policy(*statements)))


def test_an_account_in_no_organization(iam: Any) -> None:
    assert "OrganizationsDecisionDetail" not in simulated(iam, ["ec2:CreateSnapshot"])[0]
    scp(statement("*"))
    set_scp(ACCOUNT, None)
    assert "OrganizationsDecisionDetail" not in simulated(iam, ["ec2:CreateSnapshot"])[0]


def test_an_scp_grants_nothing(iam: Any) -> None:
    scp(statement("*"))
    assert organization(iam) == ("implicitDeny", True)
    inline(iam, "Inline", statement("ec2:*"))
    assert organization(iam) == ("allowed", True)


def test_an_scp_that_only_denies_stands_beside_full_access(iam: Any) -> None:
    inline(iam, "Inline", statement("ec2:*"))
    scp(statement("s3:*", effect="Deny"))
    assert organization(iam) == ("allowed", True)
    scp(statement("ec2:CreateSnapshot", effect="Deny"))
    assert organization(iam) == ("explicitDeny", False)
    assert simulated(iam, ["ec2:CreateSnapshot"])[0]["MatchedStatements"] == []


def test_an_scp_that_allows_stands_alone(iam: Any) -> None:
    inline(iam, "Inline", statement("ec2:*"))
    scp(statement("s3:*"))
    assert organization(iam) == ("implicitDeny", False)
    scp(statement(["s3:*", "ec2:*"]))
    assert organization(iam) == ("allowed", True)


def test_an_scp_about_some_resources(iam: Any) -> None:
    inline(iam, "Inline", statement("ec2:*"))
    scp(statement("ec2:*", "arn:aws:ec2:*:*:volume/*", effect="Deny"))
    assert organization(iam, VOLUME, SNAPSHOT) == ("explicitDeny", False)
    [result] = simulated(iam, ["ec2:CreateSnapshot"], VOLUME, SNAPSHOT)
    assert [one["EvalResourceDecision"] for one in result["ResourceSpecificResults"]] == ["explicitDeny", "allowed"]


def test_an_scp_is_one_account_s_and_is_forgotten_with_the_account(iam: Any) -> None:
    set_scp("444455556666", {"Statement": [statement("*", effect="Deny")]})
    assert "OrganizationsDecisionDetail" not in simulated(iam, ["ec2:CreateSnapshot"])[0]
    assert set(scps()) == {"444455556666"}
    moto_api_backend.reset()
    assert scps() == {}


@pytest.mark.parametrize(
    "document", [{}, [], "Deny", {"Statement": [{}]}, {"Statement": [{"Effect": "deny"}]}], ids=str
)
def test_what_is_no_policy_is_no_scp(iam: Any, document: Any) -> None:
    with pytest.raises(ValueError, match="an SCP is a JSON object"):
        set_scp(ACCOUNT, document)
    assert "OrganizationsDecisionDetail" not in simulated(iam, ["ec2:CreateSnapshot"])[0]


# ---- pages


def test_results_come_in_pages(iam: Any) -> None:
    actions = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]
    first = iam.simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=actions, MaxItems=2)
    assert (first["IsTruncated"], len(first["EvaluationResults"])) == (True, 2)
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=ROLE, ActionNames=actions, PaginationConfig={"PageSize": 1}
    )
    assert [[one["EvalActionName"] for one in page["EvaluationResults"]] for page in pages] == [
        [one] for one in actions
    ]
    assert refused(iam, ActionNames=actions, Marker="3") == ("InvalidInput", "Invalid Marker: 3")


def test_a_page_has_a_hundred_results_at_most_unless_asked_for_more(iam: Any) -> None:
    asked = {"PolicySourceArn": ROLE, "ActionNames": ["s3:GetObject"] * 101}
    assert len(iam.simulate_principal_policy(**asked)["EvaluationResults"]) == 100
    assert len(iam.simulate_principal_policy(**asked, MaxItems=1000)["EvaluationResults"]) == 101


# ---- refusals


@pytest.mark.parametrize(
    ("arn", "code", "message"),
    [
        ("role/Role", "NoSuchEntity", "The role with name Role cannot be found."),
        ("role/None", "NoSuchEntity", "The role with name None cannot be found."),
        ("user/None", "NoSuchEntity", "The user with name None cannot be found."),
        ("group/None", "NoSuchEntity", "The group with name None cannot be found."),
        ("root", "InvalidInput", f"arn:aws:iam::{ACCOUNT}:root does not clearly define entity type and name."),
        ("policy/Role", "InvalidInput", "does not clearly define entity type and name."),
    ],
)
def test_principals_that_cannot_be_asked_about(iam: Any, arn: str, code: str, message: str) -> None:
    found = refused(iam, PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:{arn}")
    assert found[0] == code
    assert message in found[1]


def test_sessions_and_other_accounts_cannot_be_asked_about(iam: Any) -> None:
    code, message = refused(iam, PolicySourceArn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Role/session")
    assert (code, "does not clearly define" in message) == ("InvalidInput", True)
    code, message = refused(iam, PolicySourceArn="arn:aws:iam::444455556666:role/Role")
    assert (code, "does not have access to policies in account 444455556666" in message) == ("InvalidInput", True)


@pytest.mark.parametrize("action", ["s3:*", "s3:Get*", "s3:G?t", "GetObject", "s3:Get Object"])
def test_actions_have_no_wildcards(iam: Any, action: str) -> None:
    assert refused(iam, ActionNames=["s3:GetObject", action]) == ("InvalidInput", f"Invalid Input Actions: {action}")


def test_actions_that_need_different_authorization_information(iam: Any) -> None:
    asked = ["iam:PassRole", "sts:AssumeRole", "s3:PutBucketReplication", "s3:GetObject"]
    code, message = refused(iam, ActionNames=asked)
    assert code == "InvalidInput"
    assert message.startswith(
        "Invalid Input Actions: [iam:PassRole,s3:GetObject] and [sts:AssumeRole] and [s3:PutBucketReplication] "
        "require different authorization information."
    )
    assert [simulated(iam, [one])[0]["EvalDecision"] for one in asked] == ["implicitDeny"] * 4


@pytest.mark.parametrize("resource", ["bucket", "arn:aws:s3", "arn:aws:s3:::"])
def test_resources_are_arns(iam: Any, resource: str) -> None:
    found = refused(iam, ResourceArns=["*", resource])
    assert found == ("InvalidInput", f"Invalid Input Resources: {resource}")


@pytest.mark.parametrize(
    "asked",
    [
        {"PolicyInputList": ["{}"]},
        {"PermissionsBoundaryPolicyInputList": ["{}"]},
        {"ResourcePolicy": "{}"},
        {"ResourceOwner": f"arn:aws:iam::{ACCOUNT}:root"},
        {"CallerArn": ROLE},
        {"ResourceHandlingOption": "EC2-VPC-EBS"},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_what_is_not_simulated_is_refused(iam: Any, asked: dict[str, Any]) -> None:
    code, message = refused(iam, **asked)
    assert (code, message) == ("NotImplemented", f"The sandbox does not simulate with {next(iter(asked))}.")


def test_what_is_not_evaluated_is_refused(iam: Any) -> None:
    inline(iam, "Late", statement("s3:*", Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}))
    code, message = refused(iam, ActionNames=["s3:GetObject"])
    assert (code, message) == ("NotImplemented", "The sandbox does not evaluate the condition operator DateLessThan.")
    assert simulated(iam, ["ec2:CreateSnapshot"])[0]["EvalDecision"] == "implicitDeny"


def test_a_policy_of_aws_that_moto_does_not_know_is_refused(iam: Any) -> None:
    arn = "arn:aws:iam::aws:policy/PowerUserAccess"
    iam.put_role_permissions_boundary(RoleName="Role", PermissionsBoundary=arn)
    assert refused(iam) == ("NotImplemented", f"The sandbox does not know the policy {arn}.")
