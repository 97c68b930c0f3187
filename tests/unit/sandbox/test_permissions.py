# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The permissions files of the sandbox, for every set of assets that can be chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.events.models import EventPattern

from sandbox.permissions import ASSET_TYPES, build

ACCOUNT, CLUMIO, DATA_PLANE = "111122223333", "444455556666", "777788889999"
ALL = tuple(ASSET_TYPES)
COMBINATIONS = [
    words for size in range(len(ALL) + 1) for words in combinations(ALL, size) if "mssql" not in words or "ebs" in words
]
every_combination = pytest.mark.parametrize("assets", COMBINATIONS, ids=lambda words: "+".join(words) or "none")

# What is in a file, as "section/name" or "section/entity/member/name": first without assets, then what each adds.
NAMES = {
    "none": {
        "topics/ClumioEventPub/policies/ClumioEventPubPolicy",
        "roles/ClumioIAMRole",
        "roles/ClumioIAMRole/inline_policies/ClumioBasePolicy",
        "roles/ClumioIAMRole/inline_policies/ClumioInventoryPolicy",
        "roles/ClumioIAMRole/inline_policies/ClumioKMSPolicy",
        "roles/ClumioIAMRole/inline_policies/ClumioDriftDetectPolicy",
        "roles/ClumioIAMRole/managed_policies/ClumioBaseManagedPolicy",
        "roles/ClumioSupportRole",
        "roles/ClumioSupportRole/inline_policies/ClumioSupportPolicy",
    },
    "ebs": {
        "rules/ClumioCloudtrailEventRule",
        "rules/ClumioCloudwatchEventRule",
        "roles/ClumioIAMRole/managed_policies/ClumioEC2BackupPolicy",
        "roles/ClumioIAMRole/managed_policies/ClumioEC2RestorePolicy",
    },
    "rds": {
        "rules/ClumioCloudtrailEventRule",
        "rules/ClumioCloudwatchEventRule",
        "roles/ClumioIAMRole/managed_policies/ClumioRdsBackupPolicy",
        "roles/ClumioIAMRole/managed_policies/ClumioRdsRestorePolicy",
    },
    "dynamodb": {
        "rules/ClumioCloudtrailEventRule",
        "rules/ClumioCloudwatchEventRule",
        "roles/ClumioIAMRole/inline_policies/ClumioIAMRolePolicy",
        "roles/ClumioIAMRole/managed_policies/ClumioDynamoDbBackupPolicy",
        "roles/ClumioIAMRole/managed_policies/ClumioDynamoDbRestorePolicy",
        "policies/ClumioIAMPermissionsBoundary",
    },
    "s3": {
        "rules/ClumioCloudtrailEventRule",
        "rules/ClumioCloudwatchEventRule",
        "roles/ClumioIAMRole/managed_policies/ClumioS3BackupPolicy",
        "roles/ClumioIAMRole/managed_policies/ClumioS3RestorePolicy",
        "roles/ClumioS3ContinuousBackupEventBridgeRole",
        "roles/ClumioS3ContinuousBackupEventBridgeRole/managed_policies/ClumioS3ContinuousBackupEventBridgePolicy",
    },
    "mssql": {
        "roles/ClumioIAMRole/managed_policies/ClumioEC2MSSQLBackupRestorePolicy",
        "roles/ClumioEC2MSSQLSSMInstanceRoleV2",
        "roles/ClumioEC2MSSQLSSMInstanceRoleV2/inline_policies/ClumioEC2MSSQLSSMInstancePolicy",
        "roles/ClumioSSMNotificationRole",
        "roles/ClumioSSMNotificationRole/inline_policies/ClumioSSMNotificationPolicy",
        "ssm_documents/Clumio-AGDatabaseDetails-CLUMIOTOKEN",
        "ssm_documents/Clumio-AGDetails-CLUMIOTOKEN",
        "ssm_documents/Clumio-ChangeInstallPath-CLUMIOTOKEN",
        "ssm_documents/Clumio-CopyHostKey-CLUMIOTOKEN",
        "ssm_documents/Clumio-ExecutablesInvocationScript-CLUMIOTOKEN",
        "ssm_documents/Clumio-GetActiveFCIInstance-CLUMIOTOKEN",
        "ssm_documents/Clumio-GetAllServices-CLUMIOTOKEN",
        "ssm_documents/Clumio-InstallMssqlBinaries-CLUMIOTOKEN",
        "ssm_documents/Clumio-InventorySync-CLUMIOTOKEN",
        "ssm_documents/Clumio-InvokePsScript-CLUMIOTOKEN",
        "ssm_documents/Clumio-MSSQLPreREQ-CLUMIOTOKEN",
        "ssm_documents/Clumio-NormalHeartbeat-CLUMIOTOKEN",
        "ssm_documents/Clumio-RemoveOldInventoryFiles-CLUMIOTOKEN",
        "ssm_documents/Clumio-SSMPreReq-CLUMIOTOKEN",
        "ssm_documents/Clumio-SystemHeartbeat-CLUMIOTOKEN",
        "ssm_documents/Clumio-UpgradeMssqlBinaries-CLUMIOTOKEN",
    },
    "iceberg_on_glue": {
        "rules/ClumioCloudtrailEventRule",
        "rules/ClumioCloudwatchEventRule",
        "roles/ClumioIAMRole/managed_policies/ClumioIcebergOnGlueBackupPolicy",
        "roles/ClumioIAMRole/managed_policies/ClumioIcebergOnGlueRestorePolicy",
    },
    "iceberg_on_s3_tables": {
        "rules/ClumioCloudtrailEventRule",
        "roles/ClumioIAMRole/managed_policies/ClumioIcebergOnS3TablesBackupPolicy",
        "roles/ClumioIAMRole/managed_policies/ClumioIcebergOnS3TablesRestorePolicy",
    },
}

# What a file for inventory and backup does not have.
RESTORES = {
    "roles/ClumioIAMRole/managed_policies/ClumioEC2RestorePolicy",
    "roles/ClumioIAMRole/managed_policies/ClumioRdsRestorePolicy",
    "roles/ClumioIAMRole/inline_policies/ClumioIAMRolePolicy",
    "roles/ClumioIAMRole/managed_policies/ClumioDynamoDbRestorePolicy",
    "policies/ClumioIAMPermissionsBoundary",
    "roles/ClumioIAMRole/managed_policies/ClumioS3RestorePolicy",
    "roles/ClumioIAMRole/managed_policies/ClumioIcebergOnGlueRestorePolicy",
    "roles/ClumioIAMRole/managed_policies/ClumioIcebergOnS3TablesRestorePolicy",
}

# A text that only this asset's part of a file holds.
MARKS = {
    "ebs": '"ebs:GetSnapshotBlock"',
    "rds": '"rds:',
    "dynamodb": '"dynamodb:',
    "s3": '"s3:ListAllMyBuckets"',
    "mssql": '"ssm:',
    "iceberg_on_glue": '"glue:',
    "iceberg_on_s3_tables": '"s3tables:',
}


def _api_call(source: str, name: str) -> dict[str, Any]:
    return {"source": source, "detail-type": "AWS API Call via CloudTrail", "detail": {"eventName": name}}


def _recovery_point(resource_type: str) -> dict[str, Any]:
    detail = {"resourceType": resource_type, "status": "COMPLETED"}
    return {"source": "aws.backup", "detail-type": "Recovery Point State Change", "detail": detail}


def _tag(service: str) -> dict[str, Any]:
    return {"source": "aws.tag", "detail-type": "Tag Change on Resource", "detail": {"service": service}}


def _notice(source: str, detail_type: str, **detail: str) -> dict[str, Any]:
    return {"source": source, "detail-type": detail_type, "detail": detail}


TRAIL, WATCH = "ClumioCloudtrailEventRule", "ClumioCloudwatchEventRule"
# Rule, asset that makes it watch, event.
EVENTS = [
    (TRAIL, "ebs", _api_call("aws.ec2", "DeleteSnapshot")),
    (TRAIL, "ebs", _api_call("aws.rbin", "UpdateRule")),
    (TRAIL, "rds", _api_call("aws.rds", "CreateDBCluster")),
    (TRAIL, "dynamodb", _api_call("aws.dynamodb", "CreateTable")),
    (TRAIL, "s3", _api_call("aws.s3", "CreateBucket")),
    (TRAIL, "iceberg_on_glue", _api_call("aws.glue", "CreateTable")),
    (TRAIL, "iceberg_on_s3_tables", _api_call("aws.s3", "CreateTableBucket")),
    (WATCH, "ebs", _tag("ec2")),
    (WATCH, "ebs", _recovery_point("EBS")),
    (WATCH, "ebs", _notice("aws.ec2", "EBS Volume Notification", event="createVolume")),
    (WATCH, "ebs", _notice("aws.ec2", "EC2 Instance State-change Notification", state="running")),
    (WATCH, "rds", _tag("rds")),
    (WATCH, "rds", _recovery_point("RDS.Cluster")),
    (WATCH, "rds", _notice("aws.rds", "RDS DB Snapshot Event", SourceType="SNAPSHOT")),
    (WATCH, "dynamodb", _tag("dynamodb")),
    (WATCH, "dynamodb", _recovery_point("DynamoDB.FullyManaged")),
    (WATCH, "s3", _recovery_point("S3")),
    (WATCH, "iceberg_on_glue", _notice("aws.glue", "Glue Data Catalog Database State Change", typeOfChange="x")),
]


def _build(assets: tuple[str, ...], region: str = "us-west-2", **arguments: str) -> dict[str, Any]:
    return build(assets, ACCOUNT, region, clumio_account=CLUMIO, data_plane_account=DATA_PLANE, **arguments)


def _policies(file: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy of a file with the place where it stands."""
    for topic, content in file["topics"].items():
        for policy in content["policies"]:
            yield f"topics/{topic}/policies/{policy['name']}", policy
    for role, content in file["roles"].items():
        for member in ("inline_policies", "managed_policies"):
            for policy in content[member]:
                yield f"roles/{role}/{member}/{policy['name']}", policy
    for name, policy in file["policies"].items():
        yield f"policies/{name}", policy


def _names(file: dict[str, Any]) -> set[str]:
    members = {f"{section}/{name}" for section in ("roles", "rules", "ssm_documents") for name in file[section]}
    return members | {place for place, _policy in _policies(file)}


def _documents(file: dict[str, Any]) -> list[str]:
    """Every document that stands in a string."""
    return [
        *(policy["policy_document"] for _place, policy in _policies(file)),
        *(role["trust_policy"] for role in file["roles"].values()),
        *(rule["event_pattern"] for rule in file["rules"].values()),
    ]


def _permissions(file: dict[str, Any]) -> set[tuple[str, ...]]:
    """What the policies grant, each action on each resource on its own."""

    def several(value: str | list[str]) -> list[str]:
        return [value] if isinstance(value, str) else value

    return {
        (place, statement["Sid"], action, resource, json.dumps(statement.get("Condition")))
        for place, policy in _policies(file)
        for statement in json.loads(policy["policy_document"])["Statement"]
        for action in several(statement["Action"])
        for resource in several(statement["Resource"])
    }


def _arns(file: dict[str, Any]) -> dict[str, str]:
    """Placeholder to the ARN it would have under its own name and the path /, or to a value like the real one."""

    def placeholder(name: str) -> str:
        return "".join(letter for letter in name.upper() if letter.isalnum())

    managed = {policy["name"] for role in file["roles"].values() for policy in role["managed_policies"]}
    return {
        "ROLEEXTERNALID": "ExternalID_0f0f0f0f-1111-2222-3333-444455556666",
        "CLUMIOTOKEN": "0f0f0f0f-1111-2222-3333-444455556666",
        **{placeholder(name): f"arn:aws:sns:us-west-2:{ACCOUNT}:{name}" for name in file["topics"]},
        **{placeholder(name): f"arn:aws:events:us-west-2:{ACCOUNT}:rule/{name}" for name in file["rules"]},
        **{placeholder(name): f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in file["roles"]},
        **{placeholder(name): f"arn:aws:iam::{ACCOUNT}:policy/{name}" for name in {*managed, *file["policies"]}},
    }


def _resolved(file: dict[str, Any]) -> dict[str, Any]:
    """The file as it goes to AWS. Longer placeholders go first: some begin with another one."""
    text = json.dumps(file)
    for placeholder, value in sorted(_arns(file).items(), key=lambda item: -len(item[0])):
        text = text.replace(placeholder, value)
    resolved: dict[str, Any] = json.loads(text)
    return resolved


def test_there_are_96_combinations() -> None:
    assert len(COMBINATIONS) == 96


@every_combination
def test_shape(assets: tuple[str, ...]) -> None:
    file = _build(assets)

    assert json.loads(json.dumps(file)) == file
    assert list(file) == ["policies", "roles", "rules", "ssm_documents", "topics"]
    assert all(list(section) == sorted(section) for section in file.values())
    for role in file["roles"].values():
        assert set(role) == {"description", "inline_policies", "managed_policies", "steps", "trust_policy"}
    for rule in file["rules"].values():
        assert set(rule) == {"description", "event_pattern", "steps", "targets"}
        assert rule["targets"] == ["CLUMIOEVENTPUB"]
        pattern = json.loads(rule["event_pattern"])
        assert set(pattern) <= {"source", "detail-type", "detail"} or len(pattern["$or"]) > 1
    for topic in file["topics"].values():
        assert set(topic) == {"policies", "steps"}
    for document in file["ssm_documents"].values():
        assert set(document) == {"description", "mainSteps", "parameters", "schemaVersion"}
    for place, policy in _policies(file):
        assert set(policy) == {"description", "name", "policy_document"}
        assert place.endswith(f"/{policy['name']}")


@every_combination
def test_documents_are_compact_json_in_strings(assets: tuple[str, ...]) -> None:
    file = _build(assets)

    for text in _documents(file):
        assert text == json.dumps(json.loads(text), separators=(",", ":"))
    for place, policy in _policies(file):
        statements = json.loads(policy["policy_document"])["Statement"]
        assert statements, place
        assert all(statement["Action"] and statement["Resource"] for statement in statements), place
        assert len({statement["Sid"] for statement in statements}) == len(statements), place


@every_combination
def test_names(assets: tuple[str, ...]) -> None:
    assert _names(_build(assets)) == NAMES["none"].union(*(NAMES[word] for word in assets))


def test_counts_of_the_whole_file() -> None:
    file = _build(ALL)
    places = [place for place, _policy in _policies(file)]

    assert {section: len(content) for section, content in file.items()} == {
        "policies": 1,
        "roles": 5,
        "rules": 2,
        "ssm_documents": 16,
        "topics": 1,
    }
    assert sum("/managed_policies/" in place or place.startswith("policies/") for place in places) == 16
    assert sum(place.startswith("roles/ClumioIAMRole/managed_policies/") for place in places) == 14
    assert sum("/inline_policies/" in place for place in places) == 8


@every_combination
def test_placeholders_name_what_the_file_has(assets: tuple[str, ...]) -> None:
    file = _build(assets)
    words = set(re.findall(r"(?<![A-Za-z0-9])(?:CLUMIO|ROLEEXTERNALID)[A-Z0-9]*(?![A-Za-z0-9])", json.dumps(file)))

    assert words <= set(_arns(file))
    assert {"ROLEEXTERNALID", "CLUMIOTOKEN", "CLUMIOEVENTPUB", "CLUMIOIAMROLE", "CLUMIOSUPPORTROLE"} <= words


@every_combination
def test_a_file_for_inventory_and_backup_has_nothing_for_restores(assets: tuple[str, ...]) -> None:
    everything, less = _build(assets), _build(assets, permission_set="inventory_backup")

    assert _names(less) == _names(everything) - RESTORES
    assert _permissions(less) <= _permissions(everything)
    # What is left is as it was, but for statements that name what is gone.
    gone = {re.sub(r"[^A-Z0-9]", "", place.rpartition("/")[2].upper()) for place in RESTORES}
    changed = _permissions(everything) - _permissions(less)
    assert all(place in RESTORES or resource in gone for place, _sid, _action, resource, _condition in changed)
    words = set(re.findall(r"(?<![A-Za-z0-9])(?:CLUMIO|ROLEEXTERNALID)[A-Z0-9]*(?![A-Za-z0-9])", json.dumps(less)))
    assert words <= set(_arns(less))
    for section in ("rules", "topics", "ssm_documents"):
        assert less[section] == everything[section]


def test_a_permission_set_that_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"^unknown permission set: restore$"):
        _build(ALL, permission_set="restore")


@every_combination
def test_an_asset_brings_the_same_permissions_whatever_is_chosen_beside_it(assets: tuple[str, ...]) -> None:
    alone = [("ebs", "mssql") if word == "mssql" else (word,) for word in assets]

    assert _permissions(_build(assets)) == _permissions(_build(())).union(*(_permissions(_build(one)) for one in alone))


@every_combination
def test_nothing_of_an_asset_that_is_off(assets: tuple[str, ...]) -> None:
    text = "".join(_documents(_build(assets)))

    assert {word for word, mark in MARKS.items() if mark in text} == set(assets)


@every_combination
def test_rules_watch_the_chosen_assets(assets: tuple[str, ...]) -> None:
    rules = _build(assets)["rules"]

    for name, asset, event in EVENTS:
        watched = name in rules and EventPattern.load(rules[name]["event_pattern"]).matches_event(event)
        assert watched == (asset in assets), (name, event)


def test_failed_api_calls_are_not_watched() -> None:
    pattern = EventPattern.load(_build(ALL)["rules"][TRAIL]["event_pattern"])
    event = _api_call("aws.s3", "CreateBucket")

    assert pattern.matches_event(event)
    assert not pattern.matches_event(event | {"detail": event["detail"] | {"errorCode": "AccessDenied"}})


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-west-2", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")],
)
def test_account_region_and_partition(region: str, partition: str) -> None:
    text = "".join(_documents(_build(ALL, region)))
    arns = [arn.split(":", 5) for arn in re.findall(r'"(arn:[^"]+)"', text)]

    assert {arn[1] for arn in arns} == {partition}
    assert {arn[3] for arn in arns} == {"", "*", region}
    assert {arn[4] for arn in arns} == {"", "*", ACCOUNT, CLUMIO, DATA_PLANE}
    assert f'"arn:{partition}:ec2:{region}:{ACCOUNT}:volume/*"' in text
    assert f'"AWS:SourceAccount":"{ACCOUNT}"' in text
    assert f"ClumioSSMTopic_{ACCOUNT}_{region}_*" in text


def test_trust_policies() -> None:
    roles = _build(ALL)["roles"]
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole"}

    def statements(role: str) -> Any:
        return json.loads(roles[role]["trust_policy"])["Statement"]

    for role, principal in (
        ("ClumioIAMRole", "ClumioCustomerProtectRole"),
        ("ClumioSupportRole", "ClumioCustomerSupportRole"),
    ):
        assert statements(role) == [
            assume
            | {
                "Principal": {"AWS": f"arn:aws:iam::{CLUMIO}:role/{principal}"},
                "Condition": {"StringEquals": {"sts:ExternalId": "ROLEEXTERNALID"}},
            }
        ]
    for role, service in (
        ("ClumioS3ContinuousBackupEventBridgeRole", "events.amazonaws.com"),
        ("ClumioEC2MSSQLSSMInstanceRoleV2", "ec2.amazonaws.com"),
        ("ClumioSSMNotificationRole", "ssm.amazonaws.com"),
    ):
        assert statements(role) == [assume | {"Principal": {"Service": service}}]


def test_ssm_documents() -> None:
    for name, document in _build(ALL)["ssm_documents"].items():
        (step,) = document["mainSteps"]
        parameters = document["parameters"]
        script = "\n".join(step["inputs"]["runCommand"])

        assert re.search(r"\(Version-\d\)$", document["description"]), name
        assert (step["action"], step["precondition"]) == (
            "aws:runPowerShellScript",
            {"StringEquals": ["platformType", "Windows"]},
        )
        assert step["inputs"]["timeoutSeconds"] == "{{executionTimeout}}"
        assert set(re.findall(r"{{(\w+)}}", script)) == set(parameters), name
        assert parameters["executionTimeout"]["default"] == "3600"
        assert all(isinstance(value, str) for parameter in parameters.values() for value in parameter.values()), name
        assert all(parameter["type"] == "String" and parameter["description"] for parameter in parameters.values())


@pytest.mark.parametrize(
    ("document", "parameters"),
    [
        ("GetAllServices", {"FileName": {}}),
        (
            "InventorySync",
            {
                "InstanceName": {},
                "FilenamePrefix": {},
                "Limit": {"default": "20", "allowedPattern": "[0-9]+"},
                "Timeout": {"default": "180", "allowedPattern": "[0-9]+"},
            },
        ),
        ("InvokePsScript", {"ScriptOpID": {"allowedPattern": "[0-9]+"}, "Flags": {"default": "junk parameter"}}),
        ("SSMPreReq", {}),
    ],
)
def test_parameters_of_ssm_documents(document: str, parameters: dict[str, dict[str, str]]) -> None:
    found = _build(ALL)["ssm_documents"][f"Clumio-{document}-CLUMIOTOKEN"]["parameters"]
    rules = {
        name: {key: value for key, value in parameter.items() if key not in ("type", "description")}
        for name, parameter in found.items()
    }

    assert rules == parameters | {"executionTimeout": {"default": "3600", "allowedPattern": "[0-9]+"}}


@every_combination
def test_sizes_are_within_aws_limits(assets: tuple[str, ...]) -> None:
    """Quotas of IAM (without white space, of which compact JSON has none), SNS and EventBridge."""
    file = _resolved(_build(assets))

    for name, role in file["roles"].items():
        assert sum(len(policy["policy_document"]) for policy in role["inline_policies"]) < 10_240, name
        assert len(role["trust_policy"]) < 2_048, name
    for place, policy in _policies(file):
        if "/managed_policies/" in place or place.startswith("policies/"):
            assert len(policy["policy_document"]) < 6_144, place
    for name, rule in file["rules"].items():
        assert len(rule["event_pattern"]) < 2_048, name
    assert len(file["topics"]["ClumioEventPub"]["policies"][0]["policy_document"]) < 30_720


def test_order_and_repetition_of_asset_types_do_not_matter() -> None:
    assert json.dumps(_build((*reversed(ALL), "s3"))) == json.dumps(_build(ALL))


def test_the_file_is_the_callers_to_change() -> None:
    before = json.dumps(_build(ALL))
    file = _build(ALL)
    file["rules"][TRAIL]["targets"].clear()
    for document in file["ssm_documents"].values():
        document["parameters"]["executionTimeout"].clear()
        document["parameters"].clear()

    assert json.dumps(_build(ALL)) == before


@pytest.mark.parametrize(
    ("assets", "message"),
    [
        (("mssql",), "mssql needs ebs"),
        (("s3", "mssql"), "mssql needs ebs"),
        (("ebs", "EFS", "FSX"), "unknown asset types: EFS, FSX"),
        (("EBS",), "unknown asset types: EBS"),
    ],
)
def test_asset_types_that_cannot_be(assets: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        _build(assets)


def test_aws_takes_every_document(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, "testing")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", ACCOUNT)
    file = _resolved(_build(ALL))

    with mock_aws():
        iam, sns, events, ssm = (boto3.client(name, "us-west-2") for name in ("iam", "sns", "events", "ssm"))
        for name, topic in file["topics"].items():
            arn = sns.create_topic(Name=name)["TopicArn"]
            document = topic["policies"][0]["policy_document"]
            sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document)
        for name, rule in file["rules"].items():
            events.put_rule(Name=name, EventPattern=rule["event_pattern"], Description=rule["description"])
        for name, role in file["roles"].items():
            iam.create_role(
                RoleName=name, AssumeRolePolicyDocument=role["trust_policy"], Description=role["description"]
            )
            for policy in role["inline_policies"]:
                iam.put_role_policy(RoleName=name, PolicyName=policy["name"], PolicyDocument=policy["policy_document"])
        for place, policy in _policies(file):
            if "/managed_policies/" in place or place.startswith("policies/"):
                iam.create_policy(
                    PolicyName=policy["name"],
                    PolicyDocument=policy["policy_document"],
                    Description=policy["description"],
                )
        for name, document in file["ssm_documents"].items():
            ssm.create_document(Name=name, Content=json.dumps(document), DocumentType="Command", DocumentFormat="JSON")

        arns = [role["Arn"] for role in iam.list_roles()["Roles"]]
        arns += [policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]]
        arns += [rule["Arn"] for rule in events.list_rules()["Rules"]]
        arns += [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]
        pages = ssm.get_paginator("list_documents").paginate(Filters=[{"Key": "Owner", "Values": ["Self"]}])
        documents = {document["Name"] for page in pages for document in page["DocumentIdentifiers"]}

    assert {*arns} == {arn for arn in _arns(_build(ALL)).values() if arn.startswith("arn:")}
    assert documents == set(file["ssm_documents"])
