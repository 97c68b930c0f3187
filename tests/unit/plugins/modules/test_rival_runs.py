# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody else works on the same account between our look and our call, or the answer to our call was lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import botocore.client
import pytest
from aws_in_process import ACCOUNT, OURS, REGION
from clumio_helpers import Clumio, running_clumio
from faulty_aws import EVERYTHING, IAM, TOPIC, TRUST, FaultyAws, changed, faulty_aws
from permissions_files import policy

from ansible_collections.clumio.aws.plugins.module_utils._aws import settle
from ansible_collections.clumio.aws.plugins.modules import (
    clumio_connection,
    clumio_eventbridge_rules,
    clumio_iam_roles,
    clumio_sns_topic,
    clumio_ssm_documents,
)
from sandbox.processes import http_json


@pytest.fixture(scope="module")
def account() -> Iterator[FaultyAws]:
    with faulty_aws() as account:
        yield account


@pytest.fixture
def aws(account: FaultyAws) -> FaultyAws:
    """An empty account, with which nothing is the matter."""
    account.empty()
    return account


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], Any]], None]:
    """Lets somebody else do something just before the first call of an operation, between boto3 and the proxy."""
    due: dict[str, Callable[[], Any]] = {}
    pass_on = botocore.client.BaseClient._make_api_call

    def make_api_call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation in due:
            due.pop(operation)()
        return pass_on(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", make_api_call)
    return due.__setitem__


def name_of(case: Any) -> str:
    return case.__name__.rpartition(".")[2] if isinstance(case, ModuleType) else str(case)


def actions(result: dict[str, Any]) -> dict[str, str]:
    return {change["name"]: change["action"] for change in result["changes"]}


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


# ---- the same run, a moment earlier


@pytest.mark.parametrize("kind", ["rival", "cut_after"])
@pytest.mark.parametrize("module", EVERYTHING, ids=name_of)
def test_every_call_is_made_by_somebody_else_just_before_or_its_answer_is_lost(
    aws: FaultyAws, module: ModuleType, kind: str
) -> None:
    """The result is that of an undisturbed run: to the user it is new, whoever has made it."""
    undisturbed = aws.make(module)
    held = aws.held()
    aws.empty()
    aws.fault(*({"kind": kind, "calls": call, "times": 0 if kind == "rival" else 1} for call in WRITING[module]))
    result = aws.make(module)
    assert actions(result) == actions(undisturbed)
    assert result["changed"]
    assert result["diff"] == undisturbed["diff"]
    aws.fault()
    assert without_keys(aws.held()) == without_keys(held)
    assert aws.is_in_order(module)


WRITING: dict[ModuleType, list[str]] = {
    clumio_sns_topic: ["kms:CreateKey", "kms:CreateAlias", "kms:Enable*", "sns:Create*"],
    clumio_eventbridge_rules: ["events:Put*"],
    clumio_iam_roles: ["iam:Create*", "iam:Attach*", "iam:Put*", "iam:Add*"],
    clumio_ssm_documents: ["ssm:Create*"],
}


def without_keys(held: dict[str, Any]) -> dict[str, Any]:
    """A key that was made twice, or in vain, stays for the days that AWS keeps it, or until all is removed."""
    return {section: found for section, found in held.items() if section != "kms_keys"}


@pytest.mark.parametrize("kind", ["rival", "cut_after"])
@pytest.mark.parametrize("module", EVERYTHING, ids=name_of)
def test_every_update_is_made_by_somebody_else_just_before_or_its_answer_is_lost(
    aws: FaultyAws, module: ModuleType, kind: str
) -> None:
    new = changed(module)
    aws.make(module)
    services = sorted({call.partition(":")[0] for call in WRITING[module]})
    verbs = ("Create", "Put", "Update", "Set", "Tag", "Add")
    aws.fault(*({"kind": kind, "calls": f"{service}:{verb}*"} for service in services for verb in verbs))
    result = aws.make(module, **new)
    assert result["changed"]
    assert {*actions(result).values()} == {"update"}
    aws.fault()
    assert aws.is_in_order(module, **new)


@pytest.mark.parametrize("module", EVERYTHING, ids=name_of)
def test_every_removal_is_made_by_somebody_else_just_before(aws: FaultyAws, module: ModuleType) -> None:
    aws.make(module)
    aws.fault({"kind": "rival", "calls": "*:De*", "times": 0}, {"kind": "rival", "calls": "*:Remove*", "times": 0})
    result = aws.make(module, state="absent", everything=True)
    assert {*actions(result).values()} == {"delete"}
    aws.fault()
    assert aws.is_in_order(module, state="absent", everything=True)


# ---- something else that is there suddenly


def foreign_role(aws: FaultyAws, **members: Any) -> None:
    document = json.dumps(TRUST)
    aws.client("iam").create_role(RoleName="Role", AssumeRolePolicyDocument=document, **members)


def test_a_role_of_others_that_is_there_suddenly_is_refused(aws: FaultyAws, meanwhile: Any) -> None:
    meanwhile("CreateRole", lambda: foreign_role(aws, Description="Theirs"))
    result = aws.run(clumio_iam_roles)
    assert result["failure"]["code"] == "foreign_resource"
    assert result["msg"].startswith(
        "Somebody else was at work, so this step stopped halfway: roles.Role: The role Role"
    )
    assert aws.client("iam").get_role(RoleName="Role")["Role"]["Description"] == "Theirs"
    assert aws.client("iam").list_role_policies(RoleName="Role")["PolicyNames"] == []


def test_a_role_of_this_connection_with_something_else_in_it_is_put_right(aws: FaultyAws, meanwhile: Any) -> None:
    """As an older run leaves it; to the user all of it is new."""
    meanwhile("CreateRole", lambda: foreign_role(aws, Description="Older", Tags=pairs(OURS)))
    result = aws.make(clumio_iam_roles)
    assert actions(result)["Role"] == "create"
    [diff] = [diff for diff in result["diff"] if diff["after_header"] == "role Role"]
    assert diff["before"] == ""
    assert diff["after"]["description"] == ""
    assert aws.client("iam").get_role(RoleName="Role")["Role"]["Description"] == ""
    assert aws.is_in_order(clumio_iam_roles)


def test_a_topic_of_others_that_is_there_suddenly_is_refused(aws: FaultyAws, meanwhile: Any) -> None:
    """AWS says of it that it has other tags; moto would take it."""
    message = "Invalid parameter: Tags Reason: Topic already exists with different tags"

    def rival() -> None:
        aws.client("sns").create_topic(Name="Topic")
        aws.refuse("sns:CreateTopic", "InvalidParameter", message)

    meanwhile("CreateTopic", rival)
    result = aws.run(clumio_sns_topic)
    assert result["failure"]["code"] == "foreign_resource"
    assert aws.client("sns").list_tags_for_resource(ResourceArn=TOPIC)["Tags"] == []


def test_a_document_of_others_that_is_there_suddenly_is_refused(aws: FaultyAws, meanwhile: Any) -> None:
    content = json.dumps(EVERYTHING[clumio_ssm_documents]["ssm_documents"][0]["content"])
    theirs = {"Name": "Document", "Content": content, "DocumentType": "Command", "DocumentFormat": "JSON"}
    meanwhile("CreateDocument", lambda: aws.client("ssm").create_document(**theirs))
    assert aws.run(clumio_ssm_documents)["failure"]["code"] == "foreign_resource"


def test_a_policy_of_the_name_at_another_path_is_told_at_once(aws: FaultyAws) -> None:
    """A name is taken whatever its path, other than in moto; only the refusal of ours tells of it."""
    document = json.dumps(policy(Action="*", Resource="*"))
    aws.client("iam").create_policy(PolicyName="Managed", Path="/theirs/", PolicyDocument=document)
    aws.refuse("iam:CreatePolicy", "EntityAlreadyExists", "A policy called Managed already exists", times=0)
    began = time.monotonic()
    only = {"policies": EVERYTHING[clumio_iam_roles]["policies"][:1]}
    result = aws.run(clumio_iam_roles, **only)
    assert time.monotonic() - began < settle.DEADLINE_SECONDS / 10
    assert result["failure"]["code"] == "foreign_resource"
    assert "The managed policy Managed exists, but it has no tag clumio:connection" in result["msg"]


def test_where_it_is_is_not_told_to_who_may_not_list_policies(aws: FaultyAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who makes a connection needs that right."""
    monkeypatch.setattr(settle, "DEADLINE_SECONDS", 0.3)
    aws.refuse("iam:CreatePolicy", "EntityAlreadyExists", "A policy called Managed already exists", times=0)
    aws.set(denied=["iam:ListPolicies"])
    result = aws.run(clumio_iam_roles, policies=EVERYTHING[clumio_iam_roles]["policies"][:1])
    assert result["failure"]["code"] == "aws_not_seen"
    assert "or it is at another IAM path" in result["msg"]


def test_versions_that_somebody_else_has_written(aws: FaultyAws, meanwhile: Any) -> None:
    """There is no room for ours any more: the oldest goes."""
    aws.make(clumio_iam_roles)
    iam = aws.client("iam")

    def rival() -> None:
        for number in range(4):
            document = json.dumps(policy(Action=f"s3:GetObject{number}", Resource="*"))
            iam.create_policy_version(PolicyArn=f"{IAM}:policy/Managed", PolicyDocument=document)

    meanwhile("CreatePolicyVersion", rival)
    new = changed(clumio_iam_roles)
    result = aws.make(clumio_iam_roles, **new)
    assert actions(result)["Managed"] == "update"
    assert aws.is_in_order(clumio_iam_roles, **new)


def test_a_key_that_was_made_in_vain_goes_again(aws: FaultyAws, meanwhile: Any) -> None:
    kms = aws.client("kms")
    theirs = []

    def rival() -> None:
        tags = [{"TagKey": key, "TagValue": value} for key, value in OURS.items()]
        document = json.dumps(EVERYTHING[clumio_sns_topic]["kms_keys"][0]["policy"])
        theirs.append(kms.create_key(Policy=document, Tags=tags)["KeyMetadata"]["KeyId"])
        kms.create_alias(AliasName="alias/Key", TargetKeyId=theirs[0])

    meanwhile("CreateAlias", rival)
    aws.make(clumio_sns_topic)
    states = {key["KeyId"]: kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]}
    assert {id_: key["KeyState"] for id_, key in states.items()} == {
        id_: "Enabled" if id_ in theirs else "PendingDeletion" for id_ in states
    }
    assert len(states) == 2
    assert kms.get_key_rotation_status(KeyId=theirs[0])["KeyRotationEnabled"]
    assert aws.is_in_order(clumio_sns_topic)


@pytest.mark.parametrize(
    ("module", "call", "held"),
    [(clumio_sns_topic, "kms:CreateKey", 1), (clumio_iam_roles, "iam:CreatePolicyVersion", 2)],
    ids=name_of,
)
def test_what_would_be_made_twice_is_looked_for_where_the_answer_was_lost(
    aws: FaultyAws, module: ModuleType, call: str, held: int
) -> None:
    if module is clumio_iam_roles:
        aws.make(module)
    aws.fault({"kind": "cut_after", "calls": call})
    new = changed(module)
    aws.make(module, **new)
    if module is clumio_sns_topic:
        made = aws.client("kms").list_keys()["Keys"]
    else:
        iam, cut = aws.client("iam"), next(call for call in aws.calls if call["error"] == "cut_after")
        assert cut["action"] == "CreatePolicyVersion"
        made = iam.list_policy_versions(PolicyArn=f"{IAM}:policy/Managed")["Versions"]
    assert len(made) == held
    assert aws.is_in_order(module, **new)


# ---- it ends


@pytest.mark.parametrize(
    ("call", "code"),
    [("iam:CreatePolicyVersion", "LimitExceeded"), ("iam:CreateInstanceProfile", "EntityAlreadyExists")],
)
def test_who_is_overtaken_again_and_again_says_so(
    aws: FaultyAws, monkeypatch: pytest.MonkeyPatch, call: str, code: str
) -> None:
    monkeypatch.setattr(settle, "DEADLINE_SECONDS", 0.3)
    aws.make(clumio_iam_roles)
    if code == "EntityAlreadyExists":
        iam = aws.client("iam")
        iam.remove_role_from_instance_profile(InstanceProfileName="Profile", RoleName="Role")
        iam.delete_instance_profile(InstanceProfileName="Profile")
    aws.refuse(call, code, "It is there", times=0)
    result = aws.run(clumio_iam_roles, **changed(clumio_iam_roles))
    if code == "LimitExceeded":
        assert result["failure"]["code"] == "aws_overtaken"
        assert "Another run seems to work on the same resources: run this again when it has ended." in result["msg"]
        assert aws.count("CreatePolicyVersion") == 5 * 2
    else:
        # It is not there at all.
        assert result["failure"]["code"] == "aws_not_seen"
        assert result["msg"].startswith("Cannot read the instance profile Profile: AWS does not show it, still after")
    assert "\n" not in result["msg"]
    aws.fault()
    assert aws.make(clumio_iam_roles, **changed(clumio_iam_roles))["changed"]
    assert aws.is_in_order(clumio_iam_roles, **changed(clumio_iam_roles))


def test_who_is_overtaken_and_denied_is_told_so_at_once(aws: FaultyAws) -> None:
    existing = {"kind": "error", "status": 409, "code": "EntityAlreadyExists", "calls": "iam:CreatePolicy", "times": 0}
    denied = existing | {"code": "AccessDenied", "calls": "iam:CreateInstanceProfile"}
    aws.fault(existing, denied)
    result = aws.run(clumio_iam_roles)
    assert {failure["code"] for failure in result["failure"]["failures"]} == {"aws_refused", "aws_access_denied"}
    assert aws.count("CreatePolicy") == 2


def test_what_somebody_else_removes_while_it_is_made_is_told(
    aws: FaultyAws, meanwhile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who offboards while another run onboards keeps it from a success."""
    monkeypatch.setattr(settle, "DEADLINE_SECONDS", 0.3)
    options = EVERYTHING[clumio_iam_roles]
    only = {"policies": options["policies"], "roles": [{**options["roles"][0], "inline_policies": []}]}
    meanwhile("AttachRolePolicy", lambda: aws.client("iam").delete_role(RoleName="Role"))
    result = aws.run(clumio_iam_roles, **only)
    assert result["failure"]["code"] == "aws_not_seen"
    assert "or was removed meanwhile by somebody else; run again" in result["msg"]
    aws.make(clumio_iam_roles, **only)
    assert aws.is_in_order(clumio_iam_roles, **only)


# ---- Clumio

PLACE = {"account_id": ACCOUNT, "region": REGION}
ID = f"{ACCOUNT}_{REGION}"
ARNS = {
    "clumio_iam_role_arn": f"{IAM}:role/ClumioIAMRole",
    "clumio_event_pub_arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:ClumioEventPub",
}


@pytest.fixture
def clumio() -> Iterator[Clumio]:
    with running_clumio(connect_delay=0) as api:
        yield api


def rival_registers(clumio: Clumio) -> None:
    clumio.set(faults={ID: [{"kind": "rival", "calls": "POST /connections/aws"}]})


def test_a_connection_that_somebody_else_has_registered_a_moment_ago_is_taken(clumio: Clumio) -> None:
    rival_registers(clumio)
    wanted = PLACE | {"asset_types": ["ebs"], "description": "Production", "_ansible_diff": True}
    result = clumio.run(clumio_connection, **wanted)
    assert (result["changed"], result["registered"]) == (True, True)
    assert result["connection"]["external_id"].startswith("ExternalID_")
    assert result["diff"]["before"] == {}
    assert result["diff"]["after"]["description"] == "Production"
    assert [status for _method, _path, status in clumio.calls("POST", "PATCH")] == [409]
    assert not clumio.run(clumio_connection, **wanted)["changed"]


def test_what_is_left_to_do_of_it_is_done(clumio: Clumio) -> None:
    rival_registers(clumio)
    wanted = PLACE | {"asset_types": ["ebs"], "resources": ARNS}
    result = clumio.run(clumio_connection, **wanted)
    assert result["connection"]["resources"]["clumio_iam_role_arn"] == ARNS["clumio_iam_role_arn"]
    assert not clumio.run(clumio_connection, **wanted)["changed"]


def test_a_conflict_without_a_connection_is_told(clumio: Clumio) -> None:
    clumio.set(faults={ID: [{"kind": "error", "status": 409, "message": "Taken.", "calls": "POST /connections/aws"}]})
    result = clumio.run(clumio_connection, **PLACE, asset_types=["ebs"])
    assert result["failure"]["code"] == "api_conflict"


def test_a_connection_that_is_there_with_more_than_is_wanted_is_refused(clumio: Clumio) -> None:
    """Clumio takes no asset type away."""
    http_json(
        "PUT",
        f"{clumio.url}/_sandbox/settings",
        {"faults": {ID: [{"kind": "error", "status": 404, "message": "None.", "calls": f"GET /connections/aws/{ID}"}]}},
    )
    other = PLACE | {"asset_types": ["ebs", "s3"]}
    assert clumio.run(clumio_connection, **other)["changed"]
    clumio.set(
        faults={ID: [{"kind": "error", "status": 404, "message": "None.", "calls": f"GET /connections/aws/{ID}"}]}
    )
    result = clumio.run(clumio_connection, **PLACE, asset_types=["ebs"])
    assert result["failure"]["code"] == "asset_downgrade"


# ---- two runs at once

RUN = """
import json, sys
from aws_in_process import ACCOUNT, REGION
from clumio_helpers import run_main
from faulty_aws import EVERYTHING, settle
state = sys.argv[1]
settle.DEADLINE_SECONDS = 2.0
print("ready", flush=True)
sys.stdin.readline()
results = []
for module, options in EVERYTHING.items():
    given = options if state == "present" else {"state": "absent", "everything": True}
    results.append(run_main(module, {"account_id": ACCOUNT, "region": REGION} | given))
print(json.dumps(results))
"""


def at_once(*states: str) -> list[list[dict[str, Any]]]:
    """What the modules return in runs that start at the same moment, each in a process of its own."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, state],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for state in states
    ]
    for run in runs:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin
        run.stdin.write("go\n")
        run.stdin.flush()
    return [json.loads(run.communicate(timeout=100)[0]) for run in runs]


def in_order(aws: FaultyAws) -> bool:
    return all(aws.is_in_order(module) for module in EVERYTHING)


@pytest.fixture
def far(aws: FaultyAws) -> Iterator[FaultyAws]:
    """An account far enough away for runs to meet."""
    http_json("PUT", f"{aws.url}/_sandbox/settings", {"latency_ms": 30})
    yield aws
    http_json("PUT", f"{aws.url}/_sandbox/settings", {"latency_ms": 0})


def test_two_runs_at_once_both_end_well(far: FaultyAws) -> None:
    for results in at_once("present", "present"):
        assert [result["msg"] for result in results if result.get("failed")] == []
    both = far.held()
    assert in_order(far)
    assert far.held() == both
    assert {section for section, found in both.items() if not found} == set()


# What one run may say that another takes things away from, or puts things into what it takes away.
CLASHES = {"aws_in_use", "aws_not_seen", "aws_overtaken", "in_use"}


def test_who_makes_while_another_removes_says_so_and_either_can_be_run_again(far: FaultyAws) -> None:
    for module in EVERYTHING:
        far.make(module)
    for results in at_once("present", "absent"):
        for result in results:
            failures = result.get("failure", {}).get("failures") or [result.get("failure", {})]
            assert not result.get("failed") or {failure["code"] for failure in failures} <= CLASHES, result
    for module in EVERYTHING:
        far.make(module)
    assert in_order(far)
    for module in EVERYTHING:
        far.make(module, state="absent", everything=True)
    assert [found for section, found in far.held().items() if section != "kms_keys" and found] == []
