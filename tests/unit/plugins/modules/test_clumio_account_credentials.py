# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The module clumio_account_credentials: credentials of the account that is meant, or none."""

from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT, REGION
from clumio_helpers import run_main
from permissions_files import policy

from ansible_collections.clumio.aws.plugins.modules import clumio_account_credentials

MEMBER = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Operators"


def enter(aws, **options):
    """Run the module; the result, and the names of its calls."""
    with aws.recorded() as calls:
        result = run_main(clumio_account_credentials, {"account_id": ACCOUNT, "region": REGION} | options)
    return result, [call.operation for call in calls]


@pytest.fixture
def role(aws):
    """There is the role of C(ROLE)."""
    trust = policy(Principal={"AWS": "*"}, Action="sts:AssumeRole")
    aws.client("iam").create_role(RoleName="Operators", AssumeRolePolicyDocument=json.dumps(trust))


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize("check_mode", [False, True])
def test_the_credentials_of_a_role(aws, check_mode):
    result, calls = enter(aws, role_arn=ROLE, _ansible_check_mode=check_mode)
    assert calls == ["AssumeRole"]
    assert (result["changed"], result["account"]) == (False, ACCOUNT)
    assert result["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/clumio.aws"
    assert set(result["credentials"]) == {"access_key", "secret_key", "session_token"}
    assert all(result["credentials"].values())


@pytest.mark.usefixtures("role")
def test_they_are_what_other_modules_take(aws):
    entered, _calls = enter(aws, role_arn=ROLE, role_session_name="jo")
    again, _calls = enter(aws, **entered["credentials"])
    assert again["arn"] == entered["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/jo"


def test_without_a_role_they_are_only_looked_at(aws):
    result, calls = enter(aws)
    assert calls == ["GetCallerIdentity"]
    assert result["account"] == ACCOUNT
    assert "credentials" not in result


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize("options", [{}, {"role_arn": ROLE}])
def test_those_of_another_account_are_refused(aws, options):
    """And not told."""
    result, _calls = enter(aws, account_id=MEMBER, **options)
    assert result["failed"]
    assert result["failure"]["code"] == "foreign_credentials"
    assert f"The AWS credentials belong to the account {ACCOUNT}." in result["msg"]
    assert "credentials" not in result


def test_a_role_that_cannot_be_assumed(aws):
    principal = f"arn:aws:iam::{ACCOUNT}:user/jo"
    message = f"User: {principal} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    aws.refuse("AssumeRole", "AccessDenied", message)
    result, _calls = enter(aws, role_arn=ROLE)
    assert result["failure"]["code"] == "aws_access_denied"
    assert result["msg"].startswith(f"Cannot assume the role {ROLE}: {principal} may not sts:AssumeRole")


def test_a_connection_that_cannot_be(aws):
    result, calls = enter(aws, account_id="me", region="nowhere")
    assert result["failure"]["code"] == "invalid_connection"
    assert calls == []


def test_a_profile_that_is_not_there(aws, monkeypatch):
    with monkeypatch.context() as without_keys:
        without_keys.delenv("AWS_ACCESS_KEY_ID")
        without_keys.delenv("AWS_SECRET_ACCESS_KEY")
        result, _calls = enter(aws, profile="nobody")
    assert result["failure"]["code"] == "aws_credentials"
    assert result["msg"].startswith("Cannot connect to AWS: The config profile (nobody) could not be found.")
