# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from aiohttp import web
from aws_in_process import ACCOUNT, REGION
from botocore.exceptions import NoCredentialsError
from clumio_helpers import TOKEN as API_TOKEN
from clumio_helpers import run_main, running_clumio
from permissions_files import EXTERNAL_ID, TOKEN, permissions_file, policy, resolved, smallest_file

from ansible_collections.clumio.aws.plugins.module_utils._clumio.client import Client
from ansible_collections.clumio.aws.plugins.modules import clumio_permissions_file
from sandbox.server import running

PLACE = {"account_id": ACCOUNT, "region": REGION}
ASSIGNED = {"token": TOKEN, "external_id": EXTERNAL_ID}
FILE = permissions_file("ebs")
PLAN = resolved(FILE).plan.as_dict()


@pytest.fixture
def run(aws):
    """Run the module; it writes nothing to AWS."""

    def run(**options):
        with aws.recorded() as calls:
            result = run_main(clumio_permissions_file, PLACE | ASSIGNED | options)
        assert [call.operation for call in calls if call.writes] == []
        return result

    return run


def refused(result, code, said):
    """The module has failed with one sentence."""
    assert result["failed"]
    assert result["failure"]["code"] == code
    assert said in result["msg"]
    assert "\n" not in result["msg"]
    return result


# ---- where it comes from


@pytest.mark.parametrize(
    "spelling", [json.dumps(FILE), FILE, json.dumps({"resources": FILE})], ids=["text", "object", "answer"]
)
def test_content(run, spelling):
    result = run(content=spelling)
    assert result["permissions"] == PLAN
    assert result["changed"] is False


def test_path(run, tmp_path):
    path = tmp_path / "permissions.json"
    path.write_text(json.dumps(FILE))
    assert run(path=str(path))["permissions"] == PLAN


def test_api(run):
    with running_clumio(connect_delay=0) as clumio:
        result = run(asset_types=["EC2/EBS"], api_token=API_TOKEN, api_base_url=clumio.url)
        assert clumio.calls() == [("POST", "/connections/aws/templates", 200)]
    assert result["permissions"] == PLAN


def test_permission_set(run):
    policies = {}
    with running_clumio(connect_delay=0) as clumio:
        for chosen in ("all", "inventory_backup"):
            plan = run(asset_types=["ebs"], permission_set=chosen, api_token=API_TOKEN, api_base_url=clumio.url)
            policies[chosen] = {policy["name"] for policy in plan["permissions"]["policies"]}
    assert policies["all"] == {policy["name"] for policy in PLAN["policies"]}
    assert policies["inventory_backup"] < policies["all"]
    assert "ClumioEC2BackupPolicy" in policies["inventory_backup"]
    assert "ClumioEC2RestorePolicy" not in policies["inventory_backup"]


def test_result(run):
    result = run(content=permissions_file("ebs", "mssql"))
    assert result["summary"] == {
        "kms_keys": 0,
        "topics": 1,
        "rules": 2,
        "policies": 4,
        "roles": 4,
        "instance_profiles": 1,
        "ssm_documents": 16,
    }
    assert result["arns"]["clumio_iam_role_arn"] == f"arn:aws:iam::{ACCOUNT}:role/ClumioIAMRole"
    assert result["arns"]["service_roles"]["mssql"]["ec2_ssm_instance_profile_arn"].endswith("InstanceRoleV2")
    assert (result["findings"], result["preview"]) == ([], False)


def test_names_of_ones_own(run):
    result = run(content=FILE, name_suffix="-two", names={"ClumioEventPub": "Own"}, iam_path="/clumio/")
    assert result["permissions"]["topics"][0]["name"] == "Own"
    assert result["arns"]["clumio_event_pub_arn"] == f"arn:aws:sns:{REGION}:{ACCOUNT}:Own"
    assert result["arns"]["clumio_iam_role_arn"] == f"arn:aws:iam::{ACCOUNT}:role/clumio/ClumioIAMRole-two"


def test_preferences(run):
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/Boundary"
    result = run(
        content=FILE,
        tags={"Team": "backup", "Number": 4711, "Yes": True},
        permissions_boundary=boundary,
        kms_key="create",
        support_role=False,
    )
    plan = result["permissions"]
    assert [key["arn"] for key in plan["kms_keys"]] == [f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/ClumioEventPub"]
    assert [topic["kms_key"] for topic in plan["topics"]] == ["alias/ClumioEventPub"]
    assert {role["permissions_boundary"] for role in plan["roles"]} == {boundary}
    assert plan["retired"] == [f"arn:aws:iam::{ACCOUNT}:role/ClumioSupportRole"]
    assert all(
        resource["tags"] == {"Team": "backup", "Number": "4711", "Yes": "True"}
        for section in result["summary"]
        for resource in plan[section]
    )
    assert result["summary"]["kms_keys"] == 1
    assert "key_policy" in {row["policy"] for row in result["catalogue"]}
    assert result["arns"]["clumio_support_role_arn"] == ""


def test_what_is_empty_is_not_what_is_not_given(run):
    given = run(content=FILE, tags={}, permissions_boundary="", kms_key="")["permissions"]
    assert (given["topics"][0]["tags"], given["topics"][0]["kms_key"]) == ({}, "")
    assert given["roles"][0]["permissions_boundary"] == ""
    assert (PLAN["topics"][0]["tags"], PLAN["topics"][0]["kms_key"]) == (None, None)
    assert PLAN["roles"][0]["permissions_boundary"] is None


def test_preview(run):
    result = run(content=FILE, token="", external_id=None, preview=True)
    assert result["preview"] is True
    assert "known-after-registration" in json.dumps(result["permissions"])


def test_jinja_in_ssm_documents_stays(run):
    documents = run(content=permissions_file("ebs", "mssql"))["permissions"]["ssm_documents"]
    assert {step["inputs"]["timeoutSeconds"] for item in documents for step in item["content"]["mainSteps"]} == {
        "{{executionTimeout}}"
    }


@pytest.mark.parametrize("check_mode", [True, False])
def test_aws_is_not_called_unless_asked_to(aws, run, check_mode):
    with aws.recorded() as calls:
        run(content=FILE, _ansible_check_mode=check_mode)
    assert calls == []


# ---- where it is saved


def test_dest(run, tmp_path):
    raw, dest = json.dumps(FILE, indent=1), tmp_path / "saved.json"
    check = run(content=raw, dest=str(dest), _ansible_check_mode=True)
    assert (check["changed"], dest.exists()) == (True, False)
    first = run(content=raw, dest=str(dest))
    assert (first["changed"], dest.read_text()) == (True, raw)
    again = run(content=raw, dest=str(dest))
    assert again["changed"] is False
    assert check["diff"] == first["diff"]
    assert (first["diff"]["before"], first["diff"]["after"]) == ("", raw)

    dest.write_text("old")
    over = run(content=raw, dest=str(dest))
    assert (over["changed"], over["diff"]["before"], dest.read_text()) == (True, "old", raw)


def test_dest_is_not_written_for_a_file_that_cannot_be_used(run, tmp_path):
    dest = tmp_path / "saved.json"
    refused(run(content=FILE, dest=str(dest), token=None), "missing_token", "token")
    assert not dest.exists()


@pytest.mark.parametrize("dest", ["{}", "{}/missing/saved.json"])
def test_dest_that_cannot_be_written(run, tmp_path, dest):
    place = dest.format(tmp_path)
    refused(run(content=FILE, dest=place), "unwritable_dest", place)


# ---- what the account says


def test_check_account(aws, run):
    with aws.recorded() as calls:
        result = run(content=FILE, check_account=True)
    assert result["permissions"] == PLAN
    assert {"GetCallerIdentity", "GetAccountSummary"} <= {call.operation for call in calls}


def test_credentials_of_another_account(run):
    result = run(content=permissions_file("ebs", account="111122223333"), account_id="111122223333", check_account=True)
    refused(result, "foreign_credentials", f"The AWS credentials belong to the account {ACCOUNT}.")


@pytest.mark.parametrize(("quota", "fits"), [(10, True), (9, True), (8, False)])
def test_quota_of_attached_policies(aws, run, quota, fits):
    aws.answer("GetAccountSummary", {"SummaryMap": {"AttachedPoliciesPerRoleQuota": quota}})
    result = run(content=permissions_file("ebs", "rds", "dynamodb", "s3"), check_account=True)
    if fits:
        assert not result.get("failed")
    else:
        refused(result, "too_many_attachments", "needs 9 managed policies attached, and this account allows 8")


def test_no_credentials(aws, run):
    aws.fail("GetCallerIdentity", NoCredentialsError())
    refused(run(content=FILE, check_account=True), "aws_credentials", "ask AWS whose credentials these are")


def test_a_profile_that_does_not_exist(run, monkeypatch):
    """It is told once, though several clients are made."""
    with monkeypatch.context() as without_keys:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
            without_keys.delenv(name, raising=False)
        result = run(content=FILE, check_account=True, profile="of-nobody")
    assert result["failed"]
    assert "of-nobody" in result["msg"]


# ---- what cannot be used

LEFTOVER = smallest_file(policies={"P": {"policy_document": policy(Action="a", Resource="CLUMIONOWHERE")}})

BAD_OPTIONS = {
    "not JSON": ({"content": "{'topics': {}}"}, "invalid_permissions_file", "it is not JSON"),
    "no content": ({"content": ""}, "invalid_permissions_file", "it is empty"),
    "a list": ({"content": "[]"}, "invalid_permissions_file", "a list"),
    "section of another type": (
        {"content": FILE | {"rules": []}},
        "invalid_permissions_file",
        "rules: It holds a list",
    ),
    "document that is no policy": (
        {"content": smallest_file(policies={"P": {"policy_document": '{"a": 1}'}})},
        "invalid_permissions_file",
        "policies.P.policy_document: It is no policy",
    ),
    "unknown asset": ({"asset_types": ["ebs", "efs"]}, "asset_types_unknown", "'efs'"),
    "no asset": ({"asset_types": []}, "asset_types_empty", "empty"),
    "account of 11 digits": ({"content": FILE, "account_id": 12345678901}, "invalid_connection", "leading zeros"),
    "account of letters": ({"content": FILE, "account_id": "my-account"}, "invalid_connection", "12 digits"),
    "no region's name": ({"content": FILE, "region": "west"}, "invalid_connection", "'west'"),
    "unknown region": ({"content": FILE, "region": "us-west-9"}, "unknown_region", "AWS has no region us-west-9"),
    "leftover placeholder": ({"content": LEFTOVER}, "unknown_placeholder", "CLUMIONOWHERE"),
    "file of another account": (
        {"content": permissions_file("ebs", account="111122223333")},
        "foreign_account",
        f"made for the account 111122223333, not for {ACCOUNT}",
    ),
    "file of another region": (
        {"content": permissions_file("ebs", region="us-east-1")},
        "foreign_region",
        f"made for the region us-east-1, not for {REGION}",
    ),
    "no token": ({"content": FILE, "token": ""}, "missing_token", "token"),
    "no external id": ({"content": FILE, "external_id": None}, "missing_external_id", "external id"),
    "neither": ({"content": FILE, "external_id": "", "token": None}, "missing_token", "for 2 reasons"),
    "no such path": ({"path": "/nowhere/permissions.json"}, "unreadable_path", "No such file"),
    "path of a directory": ({"path": "/"}, "unreadable_path", "directory"),
    "empty path": ({"path": ""}, "unreadable_path", "cannot be read"),
    "path with a character that none has": ({"path": "permissions\0.json"}, "unreadable_path", "cannot be read"),
    "placeholder that is a number": (
        {"content": FILE, "placeholders": {"CLUMIOIAMROLE": 5}},
        "invalid_placeholders",
        "CLUMIOIAMROLE",
    ),
    "placeholder that is null": (
        {"content": FILE, "placeholders": {"CLUMIOIAMROLE": None}},
        "invalid_placeholders",
        "CLUMIOIAMROLE",
    ),
    "placeholder without a name": ({"content": FILE, "placeholders": {"": "x"}}, "invalid_placeholders", "''"),
    "name that is a number": ({"content": FILE, "names": {"ClumioIAMRole": 5}}, "invalid_names", "ClumioIAMRole"),
    "name that is empty": ({"content": FILE, "names": {"ClumioIAMRole": ""}}, "invalid_names", "ClumioIAMRole"),
    "name of nothing": ({"content": FILE, "names": {"ClumioRole": "Own"}}, "unknown_name", "ClumioRole"),
    "tag of ours": ({"content": FILE, "tags": {"clumio:connection": "x"}}, "invalid_tag", "tags.clumio:connection"),
    "tag that is a list": ({"content": FILE, "tags": {"Team": ["a"]}}, "invalid_tag", "its value is a list"),
    "too many tags": (
        {"content": FILE, "tags": {f"K{number}": "" for number in range(47)}},
        "too_many_tags",
        "AWS allows 50",
    ),
    "boundary that is no ARN": (
        {"content": FILE, "permissions_boundary": "Boundary"},
        "invalid_permissions_boundary",
        "Boundary is not the ARN of a managed policy",
    ),
    "key that is none": ({"content": FILE, "kms_key": "mine"}, "invalid_kms_key", "mine is neither create nor"),
    "key of AWS": ({"content": FILE, "kms_key": "alias/aws/sns"}, "invalid_kms_key", "EventBridge cannot publish"),
    "permission set of a given file": (
        {"content": FILE, "permission_set": "inventory_backup"},
        "permission_set_of_a_given_file",
        "inventory_backup",
    ),
    "permission set of a path": (
        {"path": "/nowhere/permissions.json", "permission_set": "inventory_backup"},
        "permission_set_of_a_given_file",
        "asset_types",
    ),
    "path of another form": ({"content": FILE, "iam_path": "clumio"}, "invalid_path", "'clumio'"),
    "role that trusts another": (
        {"content": FILE, "clumio_account_id": "111122223333"},
        "foreign_principal",
        "111122223333",
    ),
    "no token for the API": ({"asset_types": ["ebs"], "api_token": ""}, "api_credentials_missing", "CLUMIO_API_TOKEN"),
}


@pytest.mark.parametrize(("options", "code", "said"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_options_that_cannot_be_used(run, options, code, said):
    refused(run(**{"api_token": API_TOKEN, "api_base_url": "http://127.0.0.1:9"} | options), code, said)


def test_no_region(run):
    refused(run(content=FILE, region=None), "invalid_connection", "No region is given.")


@pytest.mark.parametrize("options", [{}, {"path": "/x", "content": "{}"}])
def test_one_source_is_needed(run, options):
    result = run(**options)
    assert result["failed"]
    assert "path" in result["msg"]


NOT_FOUND = json.dumps({"errors": [{"error_code": 10404, "error_message": "Not known."}]})

ANSWERS = {
    "401": (401, "application/json", NOT_FOUND, "api_token_refused"),
    "404": (404, "application/json", NOT_FOUND, "api_not_found"),
    "429": (429, "application/json", "", "api_throttled"),
    "500": (500, "text/plain", "oops", "api_unavailable"),
    "HTML": (200, "text/html", "<!DOCTYPE html><html></html>", "api_answer_not_json"),
    "half JSON": (200, "application/json", '{"resources": {', "api_answer_invalid_json"),
    "no file": (200, "application/json", '{"resources": null}', "api_no_permissions_file"),
    "nothing": (200, "application/json", "", "api_no_permissions_file"),
    "no permissions file": (200, "application/json", '{"resources": {"a": 1}}', "invalid_permissions_file"),
}


@pytest.mark.parametrize(("status", "content_type", "body", "code"), ANSWERS.values(), ids=ANSWERS)
def test_api_that_does_not_give_a_file(run, status, content_type, body, code):
    async def answer(_request):
        return web.Response(status=status, content_type=content_type, text=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    with running(app) as url:
        result = run(asset_types=["ebs"], api_token=API_TOKEN, api_base_url=url)
    assert result["failed"]
    assert result["failure"]["code"] == code
    assert "\n" not in result["msg"]


def test_api_that_is_not_there(run, monkeypatch):
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", lambda _seconds: None)
    with running(web.Application()) as url:
        gone = url
    result = run(asset_types=["ebs"], api_token=API_TOKEN, api_base_url=gone)
    assert result["failed"]
    assert result["failure"]["code"] == "api_unreachable"


def test_secrets_are_never_shown(run):
    """The module's own check of the API token is in run_main; keys of AWS are in no result either."""
    keys = {
        "access_key": "AKIAIOSFODNN7EXAMPLE",
        "secret_key": "wJalrXUtnFEMI-K7MDENG",
        "session_token": "IQoJb3JpZ2lu",
    }
    for options in ({"content": FILE}, {"content": "{"}):
        text = json.dumps(run(**options, **keys))
        assert keys["secret_key"] not in text
        assert keys["session_token"] not in text
