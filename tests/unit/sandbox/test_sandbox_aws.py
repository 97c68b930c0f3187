# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from aws_account import client
from botocore.exceptions import ClientError

from sandbox import processes
from sandbox.repairs import patch_moto

ACCOUNT = "222233334444"
EMPTY = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def iam(sandbox: processes.State) -> Any:
    return client(sandbox.urls["aws"], "iam", ACCOUNT)


def document(resource: str) -> str:
    statement = {"Effect": "Allow", "Action": "s3:GetStorageLensConfiguration", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_storage_lens_configuration_has_a_region(iam: Any) -> None:
    iam.create_role(RoleName="lens", AssumeRolePolicyDocument=EMPTY)
    lens = document(f"arn:aws:s3:*:{ACCOUNT}:storage-lens/*")
    iam.put_role_policy(RoleName="lens", PolicyName="lens", PolicyDocument=lens)
    assert iam.list_role_policies(RoleName="lens")["PolicyNames"] == ["lens"]


def test_a_bucket_still_has_none(iam: Any) -> None:
    with pytest.raises(ClientError, match="can not contain region information"):
        iam.create_policy(PolicyName="bucket", PolicyDocument=document("arn:aws:s3:us-west-2::bucket"))


def test_the_account_summary_tells_the_chosen_quota_and_moto_s_others(iam: Any) -> None:
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["AttachedPoliciesPerRoleQuota"], summary["PolicySizeQuota"]) == (11, 6144)


def test_no_more_policies_can_be_attached_than_the_quota_allows(iam: Any) -> None:
    iam.create_role(RoleName="full", AssumeRolePolicyDocument=EMPTY)
    arns = [
        iam.create_policy(PolicyName=f"full-{number}", PolicyDocument=document("*"))["Policy"]["Arn"]
        for number in range(12)
    ]
    for arn in arns[:11]:
        iam.attach_role_policy(RoleName="full", PolicyArn=arn)
    with pytest.raises(ClientError, match="Cannot exceed quota for PoliciesPerRole: 11") as refused:
        iam.attach_role_policy(RoleName="full", PolicyArn=arns[11])
    assert refused.value.response["Error"]["Code"] == "LimitExceeded"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    iam.attach_role_policy(RoleName="full", PolicyArn=arns[0])
    assert len(iam.list_attached_role_policies(RoleName="full")["AttachedPolicies"]) == 11


def test_attaching_still_tells_a_missing_policy_from_a_missing_role(iam: Any) -> None:
    iam.create_role(RoleName="there", AssumeRolePolicyDocument=EMPTY)
    with pytest.raises(ClientError, match=r"Policy .* does not exist"):
        iam.attach_role_policy(RoleName="there", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/none")
    with pytest.raises(ClientError, match="Role none not found"):
        iam.attach_role_policy(RoleName="none", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/none")


def test_an_unknown_quota_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown quota PoliciesPerRole; IAM has .*AttachedPoliciesPerRoleQuota"):
        patch_moto({"PoliciesPerRole": 20})


# ---- the policy simulator, and the SCPs that it evaluates

URL = "/_sandbox/scps"
DENYING = {"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}


def control(sandbox: processes.State, method: str, body: Any = None) -> requests.Response:
    session = requests.Session()
    session.trust_env = False
    return session.request(method, sandbox.urls["aws"] + URL, data=body, timeout=30)


def test_the_simulator_evaluates_the_scp_of_the_account(sandbox: processes.State, iam: Any) -> None:
    role = iam.create_role(RoleName="simulated", AssumeRolePolicyDocument=EMPTY)["Role"]["Arn"]
    iam.put_role_policy(RoleName="simulated", PolicyName="inline", PolicyDocument=document("*"))

    def result() -> dict[str, Any]:
        asked = {"PolicySourceArn": role, "ActionNames": ["s3:GetStorageLensConfiguration"]}
        [one] = iam.simulate_principal_policy(**asked)["EvaluationResults"]
        return dict(one)

    assert (result()["EvalDecision"], "OrganizationsDecisionDetail" in result()) == ("allowed", False)
    assert control(sandbox, "PUT", json.dumps({ACCOUNT: DENYING})).json()[ACCOUNT] == DENYING
    assert control(sandbox, "GET").json()[ACCOUNT] == DENYING
    assert result()["EvalDecision"] == "explicitDeny"
    assert result()["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert ACCOUNT not in control(sandbox, "PUT", json.dumps({ACCOUNT: None})).json()
    assert result()["EvalDecision"] == "allowed"


@pytest.mark.parametrize("body", ["{", "[]", '{"1": null}', '{"222233334444": {}}', '{"222233334444": "Deny"}'])
def test_scps_that_cannot_be(sandbox: processes.State, body: str) -> None:
    answer = control(sandbox, "PUT", body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert "222233334444" not in control(sandbox, "GET").json()
