# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where moto is mended, in this process; that the sandbox's AWS is mended too is in test_sandbox_aws.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from aws_in_process import ACCOUNT, REGION, Aws
from botocore.exceptions import ClientError

from sandbox.repairs import patch_moto

DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
NONE = f"arn:aws:iam::{ACCOUNT}:policy/None"
AWS_MANAGED = "arn:aws:iam::aws:policy/PowerUserAccess"


@pytest.fixture
def iam(aws: Aws) -> Any:
    return aws.client("iam")


@pytest.fixture
def kms(aws: Aws) -> Any:
    return aws.client("kms")


def refusal(code: str, call: Callable[..., Any], **arguments: Any) -> str:
    """The message with which AWS refuses a call with this code."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    assert refused.value.response["Error"]["Code"] == code
    return str(refused.value.response["Error"]["Message"])


def policy(iam: Any, name: str = "Policy") -> str:
    return str(iam.create_policy(PolicyName=name, PolicyDocument=DOCUMENT)["Policy"]["Arn"])


def role(iam: Any, name: str = "Role", **arguments: str) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=DOCUMENT, **arguments)


def test_the_repairs_may_be_made_again(iam: Any) -> None:
    patch_moto()
    patch_moto()
    role(iam)
    iam.attach_role_policy(RoleName="Role", PolicyArn=policy(iam))
    assert len(iam.list_attached_role_policies(RoleName="Role")["AttachedPolicies"]) == 1


# ---- IAM: permissions boundaries


@pytest.mark.parametrize("boundary", ["own", AWS_MANAGED])
def test_a_boundary_is_set_by_two_calls(aws: Aws, iam: Any, boundary: str) -> None:
    arn = policy(iam) if boundary == "own" else boundary
    role(iam, "Made", PermissionsBoundary=arn)
    role(iam, "Changed")
    iam.put_role_permissions_boundary(RoleName="Changed", PermissionsBoundary=arn)
    assert [aws.role(name)["permissions_boundary"] for name in ("Made", "Changed")] == [arn, arn]
    iam.delete_role_permissions_boundary(RoleName="Made")
    assert "permissions_boundary" not in aws.role("Made")


def test_a_boundary_must_exist(iam: Any) -> None:
    role(iam)
    message = f"Scope ARN: {NONE} does not exist or is not attachable."
    put = iam.put_role_permissions_boundary
    assert refusal("NoSuchEntity", put, RoleName="Role", PermissionsBoundary=NONE) == message
    made = {"RoleName": "Another", "AssumeRolePolicyDocument": DOCUMENT, "PermissionsBoundary": NONE}
    assert refusal("NoSuchEntity", iam.create_role, **made) == message
    assert [found["RoleName"] for found in iam.list_roles()["Roles"]] == ["Role"]


def test_what_is_no_arn_is_no_boundary(iam: Any) -> None:
    made = {"RoleName": "Role", "AssumeRolePolicyDocument": DOCUMENT, "PermissionsBoundary": "no ARN, but long enough"}
    assert "is invalid" in refusal("InvalidParameterValue", iam.create_role, **made)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, ["Attached", "Bounded", "Both"]),
        ({"PolicyUsageFilter": "PermissionsPolicy"}, ["Attached", "Both"]),
        ({"PolicyUsageFilter": "PermissionsBoundary"}, ["Bounded", "Both"]),
        ({"EntityFilter": "Role"}, ["Attached", "Bounded", "Both"]),
        ({"EntityFilter": "User", "PolicyUsageFilter": "PermissionsBoundary"}, []),
    ],
    ids=str,
)
def test_the_users_of_a_policy_and_of_a_boundary_are_listed(
    iam: Any, arguments: dict[str, str], found: list[str]
) -> None:
    arn = policy(iam)
    role(iam, "Free", PermissionsBoundary=policy(iam, "Other"))
    for name in ("Attached", "Both"):
        role(iam, name)
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    role(iam, "Bounded", PermissionsBoundary=arn)
    iam.put_role_permissions_boundary(RoleName="Both", PermissionsBoundary=arn)
    listed = iam.list_entities_for_policy(PolicyArn=arn, **arguments)["PolicyRoles"]
    assert sorted(entity["RoleName"] for entity in listed) == sorted(found)


def test_a_policy_that_does_not_exist_has_no_list_of_users(iam: Any) -> None:
    assert NONE in refusal("NoSuchEntity", iam.list_entities_for_policy, PolicyArn=NONE)
    assert iam.list_entities_for_policy(PolicyArn=AWS_MANAGED)["PolicyRoles"] == []


# ---- IAM: removal


def test_a_policy_in_use_is_not_deleted(iam: Any) -> None:
    arn = policy(iam)
    role(iam)
    iam.attach_role_policy(RoleName="Role", PolicyArn=arn)
    assert "attached to entities" in refusal("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.detach_role_policy(RoleName="Role", PolicyArn=arn)
    iam.put_role_permissions_boundary(RoleName="Role", PermissionsBoundary=arn)
    assert "attached to entities" in refusal("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.delete_role_permissions_boundary(RoleName="Role")
    iam.delete_policy(PolicyArn=arn)
    refusal("NoSuchEntity", iam.delete_policy, PolicyArn=arn)


def test_a_policy_with_other_versions_is_not_deleted(iam: Any) -> None:
    arn = policy(iam)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=DOCUMENT, SetAsDefault=True)
    assert "more than one version" in refusal("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_a_role_that_is_not_in_an_instance_profile_is_not_taken_out(iam: Any) -> None:
    role(iam)
    iam.create_instance_profile(InstanceProfileName="Profile")
    names = {"InstanceProfileName": "Profile", "RoleName": "Role"}
    assert "Role" in refusal("NoSuchEntity", iam.remove_role_from_instance_profile, **names)
    iam.add_role_to_instance_profile(**names)
    iam.remove_role_from_instance_profile(**names)
    assert iam.get_instance_profile(InstanceProfileName="Profile")["InstanceProfile"]["Roles"] == []


# ---- IAM: instance profiles


def test_tags_of_instance_profiles_are_told_one_by_one(iam: Any) -> None:
    role(iam)
    tags = [{"Key": "Vendor", "Value": "Clumio"}, {"Key": "Team", "Value": "backup"}]
    iam.create_instance_profile(InstanceProfileName="Profile", Tags=tags)
    iam.add_role_to_instance_profile(InstanceProfileName="Profile", RoleName="Role")
    assert iam.list_instance_profile_tags(InstanceProfileName="Profile")["Tags"] == tags[::-1]
    refusal("NoSuchEntity", iam.list_instance_profile_tags, InstanceProfileName="None")
    for answer in (iam.list_instance_profiles(), iam.list_instance_profiles_for_role(RoleName="Role")):
        [listed] = answer["InstanceProfiles"]
        assert (listed["InstanceProfileName"], "Tags" in listed, answer["IsTruncated"]) == ("Profile", False, False)
    assert iam.get_instance_profile(InstanceProfileName="Profile")["InstanceProfile"]["Tags"] == tags


def test_a_role_that_does_not_exist_has_no_list_of_instance_profiles(iam: Any) -> None:
    assert "None" in refusal("NoSuchEntity", iam.list_instance_profiles_for_role, RoleName="None")


# ---- KMS: states of a key


def made_key(kms: Any) -> tuple[str, str]:
    """Id and ARN of a key with the alias ``alias/key`` that rotates."""
    tags = [{"TagKey": "Vendor", "TagValue": "Clumio"}]
    metadata = kms.create_key(Description="Key", Policy=DOCUMENT, Tags=tags)["KeyMetadata"]
    kms.create_alias(AliasName="alias/key", TargetKeyId=metadata["KeyId"])
    kms.enable_key_rotation(KeyId=metadata["KeyId"])
    return metadata["KeyId"], metadata["Arn"]


HELD = {
    "aliases": ["alias/key"],
    "description": "Key",
    "policy": json.loads(DOCUMENT),
    "rotates": True,
    "state": "Enabled",
    "tags": {"Vendor": "Clumio"},
}


@pytest.mark.parametrize("by", ["id", "ARN"])
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("create_alias", {"AliasName": "alias/second"}),
        ("disable_key", {}),
        ("disable_key_rotation", {}),
        ("enable_key", {}),
        ("enable_key_rotation", {}),
        ("schedule_key_deletion", {"PendingWindowInDays": 7}),
        ("tag_resource", {"Tags": [{"TagKey": "Team", "TagValue": "backup"}]}),
        ("untag_resource", {"TagKeys": ["Vendor"]}),
        ("update_key_description", {"Description": "Another"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_key_that_is_pending_deletion_cannot_be_changed(
    aws: Aws, kms: Any, by: str, operation: str, arguments: dict[str, Any]
) -> None:
    key_id, arn = made_key(kms)
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=30)
    key = {"TargetKeyId" if operation == "create_alias" else "KeyId": key_id if by == "id" else arn}
    message = refusal("KMSInvalidStateException", getattr(kms, operation), **key, **arguments)
    assert message == f"{arn} is pending deletion."
    assert aws.kms_key("alias/key") == HELD | {"rotates": False, "state": "PendingDeletion"}


def test_a_key_that_is_pending_deletion_can_be_given_another_policy_and_lose_its_alias(aws: Aws, kms: Any) -> None:
    key_id, _arn = made_key(kms)
    kms.schedule_key_deletion(KeyId=key_id)
    other = json.loads(DOCUMENT) | {"Id": "other"}
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(other))
    kms.delete_alias(AliasName="alias/key")
    assert aws.kms_key(key_id) == HELD | {
        "aliases": [],
        "policy": other,
        "rotates": False,
        "state": "PendingDeletion",
    }


def test_a_key_that_is_kept_is_disabled_and_rotates_again_once_enabled(aws: Aws, kms: Any) -> None:
    key_id, arn = made_key(kms)
    not_pending = f"{arn} is not pending deletion."
    assert refusal("KMSInvalidStateException", kms.cancel_key_deletion, KeyId=key_id) == not_pending
    kms.schedule_key_deletion(KeyId=key_id)
    kms.cancel_key_deletion(KeyId=key_id)
    assert aws.kms_key("alias/key") == HELD | {"state": "Disabled"}
    assert refusal("DisabledException", kms.enable_key_rotation, KeyId=key_id) == f"{arn} is disabled."
    kms.enable_key(KeyId=key_id)
    kms.enable_key_rotation(KeyId=key_id)
    assert aws.kms_key("alias/key") == HELD


def test_a_key_that_does_not_exist_is_still_not_found(kms: Any) -> None:
    key = {"KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}
    refusal("NotFoundException", kms.schedule_key_deletion, **key)
    refusal("NotFoundException", kms.enable_key_rotation, **key)


def test_keys_are_found_by_their_tags_until_they_are_gone(aws: Aws, kms: Any) -> None:
    key_id, arn = made_key(kms)
    kms.create_key(Tags=[{"TagKey": "Vendor", "TagValue": "Other"}])
    kms.schedule_key_deletion(KeyId=key_id)
    wanted = {"ResourceTypeFilters": ["kms:key"], "TagFilters": [{"Key": "Vendor", "Values": ["Clumio"]}]}
    found = aws.client("resourcegroupstaggingapi").get_resources(**wanted)["ResourceTagMappingList"]
    assert found == [{"ResourceARN": arn, "Tags": [{"Key": "Vendor", "Value": "Clumio"}]}]


def test_a_topic_tells_its_key_only_where_it_has_one(aws: Aws) -> None:
    sns = aws.client("sns")
    arn = sns.create_topic(Name="Topic", Attributes={"KmsMasterKeyId": "alias/key"})["TopicArn"]
    assert aws.topic("Topic")["kms_key"] == "alias/key"
    sns.set_topic_attributes(TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue="")
    assert "kms_key" not in aws.topic("Topic")


# ---- SSM: documents by their tags


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], ["First", "Second", "Third"]),
        ([{"Key": "tag:Vendor", "Values": ["Clumio"]}], ["First", "Second"]),
        ([{"Key": "tag:Vendor", "Values": ["Clumio", "Other"]}], ["First", "Second", "Third"]),
        ([{"Key": "tag:Vendor", "Values": ["Clumio"]}, {"Key": "tag:Team", "Values": ["backup"]}], ["Second"]),
        ([{"Key": "tag:Vendor", "Values": ["Clumio"]}, {"Key": "Name", "Values": ["First"]}], ["First"]),
        ([{"Key": "tag:Vendor", "Values": ["None"]}], []),
        ([{"Key": "Owner", "Values": ["Self"]}], ["First", "Second", "Third"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [1, 2, 10])
def test_ssm_documents_are_listed_by_their_tags(
    aws: Aws, filters: list[dict[str, Any]], found: list[str], size: int
) -> None:
    ssm = aws.client("ssm")
    content = json.dumps({"schemaVersion": "2.2", "description": "d", "mainSteps": []})
    for name, tags in {
        "First": {"Vendor": "Clumio"},
        "Second": {"Vendor": "Clumio", "Team": "backup"},
        "Third": {"Vendor": "Other", "Team": "backup"},
    }.items():
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        ssm.create_document(Name=name, Content=content, DocumentType="Command", Tags=listed)
    pages = ssm.get_paginator("list_documents").paginate(Filters=filters, PaginationConfig={"PageSize": size})
    names = [[document["Name"] for document in page["DocumentIdentifiers"]] for page in pages]
    assert [name for page in names for name in page] == found
    assert all(len(page) <= size for page in names)


# ---- STS: who somebody is, and whom a role lets in

ASSUMED = f"arn:aws:iam::{ACCOUNT}:role/path/Role"
CLUMIO = "arn:aws:iam::999988887777:role/ClumioCustomerProtectRole"
SANDBOX = f"SANDBOX{ACCOUNT}"


def client(service: str, key: str, token: str | None = None) -> Any:
    return boto3.client(
        service, region_name=REGION, aws_access_key_id=key, aws_secret_access_key="x", aws_session_token=token
    )


def session_of(given: dict[str, Any]) -> Any:
    """A client of STS with the credentials that a role gave."""
    return client("sts", given["Credentials"]["AccessKeyId"], given["Credentials"]["SessionToken"])


def trusting(iam: Any, principal: Any, **others: Any) -> None:
    """The role that trusts a principal, made or changed."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **others}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    if iam.list_roles()["Roles"]:
        iam.update_assume_role_policy(RoleName="Role", PolicyDocument=document)
    else:
        iam.create_role(RoleName="Role", Path="/path/", AssumeRolePolicyDocument=document)


def assume(sts: Any, role: str = ASSUMED, **others: str) -> dict[str, Any]:
    return dict(sts.assume_role(RoleArn=role, RoleSessionName="session", **others))


@pytest.mark.usefixtures("aws")
def test_a_key_of_the_sandbox_is_the_root_user() -> None:
    identity = client("sts", SANDBOX).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
    assert identity["UserId"] == ACCOUNT


@pytest.mark.usefixtures("aws")
def test_clumio_has_a_key_of_its_own() -> None:
    identity = client("sts", "CLUMIO").get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::999988887777:assumed-role/ClumioCustomerProtectRole/clumio"


@pytest.mark.parametrize("others", [{}, {"ExternalId": "wrong"}, {"ExternalId": "RIGHT"}], ids=str)
def test_a_role_is_assumed_with_its_external_id_only(iam: Any, others: dict[str, str]) -> None:
    trusting(iam, {"AWS": CLUMIO}, Condition={"StringEquals": {"sts:ExternalId": "right"}})
    sts = client("sts", "CLUMIO")
    caller = "arn:aws:sts::999988887777:assumed-role/ClumioCustomerProtectRole/clumio"
    message = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {ASSUMED}"
    assert refusal("AccessDenied", assume, sts=sts, **others) == message
    given = assume(sts, ExternalId="right")
    assert session_of(given).get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Role/session"


@pytest.mark.parametrize(
    ("principal", "let_in"),
    [
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, True),
        ({"AWS": ACCOUNT}, True),
        ({"AWS": "*"}, True),
        ({"AWS": ["arn:aws:iam::444455556666:root", f"arn:aws:iam::{ACCOUNT}:root"]}, True),
        ({"AWS": CLUMIO}, False),
        ({"AWS": "arn:aws:iam::444455556666:root"}, False),
        ({"Service": "ec2.amazonaws.com"}, False),
    ],
    ids=str,
)
def test_a_role_lets_in_whom_it_trusts(iam: Any, principal: Any, let_in: bool) -> None:
    trusting(iam, principal)
    if let_in:
        assume(client("sts", SANDBOX))
    else:
        assert f"arn:aws:iam::{ACCOUNT}:root" in refusal("AccessDenied", assume, sts=client("sts", SANDBOX))


def test_users_and_sessions_are_known(iam: Any) -> None:
    iam.create_user(UserName="someone", Path="/team/")
    key = iam.create_access_key(UserName="someone")["AccessKey"]["AccessKeyId"]
    user = f"arn:aws:iam::{ACCOUNT}:user/team/someone"
    trusting(iam, {"AWS": user})
    session = session_of(assume(client("sts", key)))
    assert user not in refusal("AccessDenied", assume, sts=session)
    trusting(iam, {"AWS": ASSUMED})
    assume(session)
    assert user in refusal("AccessDenied", assume, sts=client("sts", key))


def test_of_a_caller_whom_moto_does_not_know_only_the_conditions_count(iam: Any) -> None:
    trusting(iam, {"AWS": CLUMIO}, Condition={"StringEquals": {"sts:ExternalId": "right"}})
    sts = client("sts", "unknown")
    assume(sts, ExternalId="right")
    refusal("AccessDenied", assume, sts=sts)
    trusting(iam, {"Service": "ec2.amazonaws.com"})
    refusal("AccessDenied", assume, sts=sts)


def test_a_trust_policy_that_is_not_evaluated(iam: Any) -> None:
    trusting(iam, {"AWS": "*"}, Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
    assert "condition operator IpAddress" in refusal("NotImplemented", assume, sts=client("sts", SANDBOX))


@pytest.mark.parametrize("role", ["path/None", "Role"])
def test_a_role_that_moto_does_not_hold_can_be_assumed(iam: Any, role: str) -> None:
    trusting(iam, {"AWS": CLUMIO})
    given = assume(client("sts", SANDBOX), f"arn:aws:iam::{ACCOUNT}:role/{role}")
    assert session_of(given).get_caller_identity()["Account"] == ACCOUNT
