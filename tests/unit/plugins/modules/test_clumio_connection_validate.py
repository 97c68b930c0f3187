# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT, CONNECTION, REGION
from clumio_helpers import TOKEN as API_TOKEN
from clumio_helpers import running_clumio
from permissions_files import EXTERNAL_ID, PLACE, permissions_file, policy, resolved, trust_policy
from section_helpers import make, run

from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences
from ansible_collections.clumio.aws.plugins.modules import (
    clumio_connection,
    clumio_connection_validate,
    clumio_eventbridge_rules,
    clumio_iam_roles,
    clumio_sns_topic,
    clumio_ssm_documents,
)
from sandbox.simulator import set_scp

TOPIC = PLACE.topic_arn("ClumioEventPub")
MANAGED = PLACE.policy_arn("Managed")
READ, WRITE = policy(Action="s3:GetObject", Resource="*"), policy(Action="s3:PutObject", Resource="*")
SSM = {"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runPowerShellScript", "name": "a"}]}

PLAN = {
    "topics": [
        {"name": "ClumioEventPub", "policy": policy(Principal={"AWS": ACCOUNT}, Action="sns:*", Resource=TOPIC)}
    ],
    "rules": [
        {"name": "Rule", "event_pattern": {"source": ["aws.ec2"]}, "targets": [{"id": "clumio-publish", "arn": TOPIC}]}
    ],
    "policies": [{"name": "Managed", "document": READ}],
    "roles": [
        {
            "name": "ClumioIAMRole",
            "trust_policy": trust_policy(Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}),
            "managed_policies": [MANAGED],
            "inline_policies": [{"name": "Inline", "document": READ}],
        }
    ],
    "instance_profiles": [{"name": "Profile", "role": "ClumioIAMRole"}],
    "ssm_documents": [{"name": "Clumio-Document", "content": SSM}],
}
NAMES = [
    "topic ClumioEventPub",
    "rule Rule",
    "managed policy Managed",
    "role ClumioIAMRole",
    "instance profile Profile",
    "SSM document Clumio-Document",
]
# What is told of a role besides whether it is as planned.
ABOUT = {"trust of role ClumioIAMRole": "ok", "access of role ClumioIAMRole": "ok"}
NOTHING_PLANNED = {section: [] for section in PLAN}
HANDED_IN = {"clumio_iam_role_arn": PLACE.role_arn("ClumioIAMRole"), "clumio_event_pub_arn": TOPIC}


@pytest.fixture
def made(aws):
    """An account in which everything is as planned."""
    make(aws, clumio_sns_topic, topics=PLAN["topics"])
    make(aws, clumio_eventbridge_rules, rules=PLAN["rules"])
    make(
        aws,
        clumio_iam_roles,
        policies=PLAN["policies"],
        roles=PLAN["roles"],
        instance_profiles=PLAN["instance_profiles"],
    )
    make(aws, clumio_ssm_documents, ssm_documents=PLAN["ssm_documents"])
    return aws


def validate(aws, **options):
    """Run the module, which writes nothing whatever it finds."""
    result, writes = run(aws, clumio_connection_validate, **PLAN | options)
    assert writes == []
    assert result.get("changed") in (False, None)
    return result


def looked_at(result):
    """The resources, and Clumio's answers."""
    return {check["name"]: check["status"] for check in result["checks"] if " of role " not in check["name"]}


def about_the_role(result):
    return {check["name"]: check["status"] for check in result["checks"] if " of role " in check["name"]}


@pytest.mark.parametrize("check_mode", [True, False])
def test_everything_is_as_planned(made, check_mode):
    result = validate(made, clumio=False, check_mode=check_mode)
    assert result["valid"] is True
    assert looked_at(result) == dict.fromkeys(NAMES, "ok")
    assert about_the_role(result) == ABOUT
    assert result["msg"] == f"The connection {CONNECTION} is as it should be (8 checks)."
    assert result["connection"] is None
    assert "failure" not in result


def test_an_empty_account(aws):
    result = validate(aws, clumio=False)
    assert result["failed"]
    assert result["valid"] is False
    assert looked_at(result) == dict.fromkeys(NAMES, "missing")
    assert result["failure"]["code"] == "invalid"
    assert all(f"{name} is missing" in result["msg"] for name in NAMES)


def test_failing_can_be_switched_off(aws):
    result = validate(aws, clumio=False, fail_on_invalid=False)
    assert not result.get("failed")
    assert result["valid"] is False
    assert looked_at(result) == dict.fromkeys(NAMES, "missing")
    assert result["failure"]["code"] == "invalid"


def boto(service, operation, **parameters):
    """What somebody does by hand in the account."""

    def change(aws):
        documents = {name: json.dumps(value) for name, value in parameters.items() if isinstance(value, dict)}
        getattr(aws.client(service), operation)(**parameters | documents)

    return change


ROLE = "ClumioIAMRole"
OPENED = policy(Principal="*", Action="sns:*", Resource=TOPIC)
EVERYBODY = trust_policy(Principal={"AWS": "*"})


def another_default_version(aws):
    """As somebody does who writes a version of the document by hand."""
    ssm, name = aws.client("ssm"), "Clumio-Document"
    another = json.dumps(SSM | {"description": "x"})
    ssm.update_document(Name=name, Content=another, DocumentVersion="$LATEST", TargetType="/AWS::EC2::Instance")
    ssm.update_document_default_version(Name=name, DocumentVersion="2")


# By what somebody did: how, in which resource, which member is different, and what is told.
DRIFTS = {
    "topic policy opened": (
        boto("sns", "set_topic_attributes", TopicArn=TOPIC, AttributeName="Policy", AttributeValue=OPENED),
        "topic ClumioEventPub",
        "policy",
        "policy is changed",
    ),
    "topic encrypted": (
        boto("sns", "set_topic_attributes", TopicArn=TOPIC, AttributeName="KmsMasterKeyId", AttributeValue="alias/x"),
        "topic ClumioEventPub",
        "kms_key",
        "kms key is changed",
    ),
    "rule disabled": (boto("events", "disable_rule", Name="Rule"), "rule Rule", "state", "state is changed"),
    "target removed": (
        boto("events", "remove_targets", Rule="Rule", Ids=["clumio-publish"]),
        "rule Rule",
        "targets",
        "target clumio-publish is missing",
    ),
    "target turned": (
        boto("events", "put_targets", Rule="Rule", Targets=[{"Id": "clumio-publish", "Arn": f"{TOPIC}2"}]),
        "rule Rule",
        "targets",
        "target clumio-publish is changed",
    ),
    "policy version changed": (
        boto("iam", "create_policy_version", PolicyArn=MANAGED, PolicyDocument=WRITE, SetAsDefault=True),
        "managed policy Managed",
        "document",
        "document is changed",
    ),
    "trust policy edited": (
        boto("iam", "update_assume_role_policy", RoleName=ROLE, PolicyDocument=EVERYBODY),
        "role ClumioIAMRole",
        "trust_policy",
        "trust policy is changed",
    ),
    "managed policy detached": (
        boto("iam", "detach_role_policy", RoleName=ROLE, PolicyArn=MANAGED),
        "role ClumioIAMRole",
        "managed_policies",
        f"attached policy {MANAGED} is missing",
    ),
    "inline policy deleted": (
        boto("iam", "delete_role_policy", RoleName=ROLE, PolicyName="Inline"),
        "role ClumioIAMRole",
        "inline_policies",
        "inline policy Inline is missing",
    ),
    "inline policy edited": (
        boto("iam", "put_role_policy", RoleName=ROLE, PolicyName="Inline", PolicyDocument=WRITE),
        "role ClumioIAMRole",
        "inline_policies",
        "inline policy Inline is changed",
    ),
    "tag removed": (
        boto("iam", "untag_role", RoleName=ROLE, TagKeys=["Vendor"]),
        "role ClumioIAMRole",
        "tags",
        "tag Vendor is missing",
    ),
    "role out of the profile": (
        boto("iam", "remove_role_from_instance_profile", InstanceProfileName="Profile", RoleName=ROLE),
        "instance profile Profile",
        "role",
        "role is changed",
    ),
    "document version moved": (
        another_default_version,
        "SSM document Clumio-Document",
        "content",
        "content is changed",
    ),
}


@pytest.mark.parametrize(("drift", "name", "member", "told"), DRIFTS.values(), ids=DRIFTS)
def test_drift(made, drift, name, member, told):
    drift(made)
    unencrypted = {"topics": [PLAN["topics"][0] | {"kms_key": ""}]}
    result = validate(made, clumio=False, **unencrypted)
    assert result["failed"]
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {name: "different"}
    (check,) = [check for check in result["checks"] if check["name"] == name]
    assert set(check["expected"]) == set(check["found"]) == {member}
    assert check["expected"] != check["found"]
    assert check["differences"] == [told]
    assert f"{name} is different ({told})" in result["msg"]
    assert result["failure"] == {"code": "invalid", "hint": "Run the onboard playbook again to put it back."}


def test_everything_that_differs_is_told_at_once(made):
    for drift, _name, _member, _told in DRIFTS.values():
        drift(made)
    result = validate(made, clumio=False)
    assert looked_at(result) == dict.fromkeys(NAMES, "different")
    (role,) = [check for check in result["checks"] if check["name"] == "role ClumioIAMRole"]
    assert role["differences"] == [
        "inline policy Inline is changed",
        f"attached policy {MANAGED} is missing",
        "tag Vendor is missing",
        "trust policy is changed",
    ]


# ---- what others have added

THEIRS = PLACE.policy_arn("Theirs")


def attach_theirs(aws):
    boto("iam", "create_policy", PolicyName="Theirs", PolicyDocument=WRITE)(aws)
    boto("iam", "attach_role_policy", RoleName=ROLE, PolicyArn=THEIRS)(aws)


ADDED = {
    "inline policy Mine": (
        boto("iam", "put_role_policy", RoleName=ROLE, PolicyName="Mine", PolicyDocument=WRITE),
        "roles",
        "role ClumioIAMRole",
        "inline policy Mine is superfluous",
    ),
    f"attached policy {THEIRS}": (
        attach_theirs,
        "roles",
        "role ClumioIAMRole",
        f"attached policy {THEIRS} is superfluous",
    ),
    "target theirs (arn:aws:sqs:us-west-2:123456789012:q)": (
        boto(
            "events", "put_targets", Rule="Rule", Targets=[{"Id": "theirs", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}]
        ),
        "rules",
        "rule Rule",
        "target theirs is superfluous",
    ),
}


@pytest.mark.parametrize(
    ("extra", "add", "section", "name", "told"), [(extra, *added) for extra, added in ADDED.items()], ids=ADDED
)
def test_what_others_have_added(made, extra, add, section, name, told):
    """Without purge it is told, with purge it is a fault."""
    add(made)
    result = validate(made, clumio=False)
    assert result["valid"] is True
    assert looked_at(result) == dict.fromkeys(NAMES, "ok")
    ((found),) = result["extras"]
    assert (found["section"], found["name"], found["extra"]) == (section, name.split()[-1], extra)
    assert f"Others have added {extra} to {found['name']}" in result["msg"]
    result = validate(made, clumio=False, purge=True)
    assert result["failed"]
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {name: "different"}
    assert f"{name} is different ({told})" in result["msg"]
    assert result["extras"] == []


@pytest.mark.parametrize(
    ("tags", "purge_tags", "valid"),
    [(None, True, True), ({}, False, True), ({}, True, False), ({"a": "b"}, False, False)],
)
def test_tags_of_others(made, tags, purge_tags, valid):
    made.client("sns").tag_resource(ResourceArn=TOPIC, Tags=[{"Key": "Theirs", "Value": "1"}])
    topics = [PLAN["topics"][0] | {"tags": tags}]
    result = validate(made, clumio=False, purge_tags=purge_tags, topics=topics)
    assert result["valid"] is valid
    assert ("tag Theirs is superfluous" in result["msg"]) is (tags == {} and not valid)
    assert ("tag a is missing" in result["msg"]) is bool(tags)


# ---- keys, and what is not wanted any more


@pytest.fixture
def key(aws):
    """A KMS key with its topic; gives the options."""
    (key,), (topic,) = encrypted.kms_keys, encrypted.topics
    options = {"kms_keys": [key.as_dict()], "topics": [topic.as_dict()]}
    make(aws, clumio_sns_topic, **options)
    return NOTHING_PLANNED | options


encrypted = resolved(permissions_file("ebs"), preferences=Preferences(kms_key="create")).plan
ALIAS = "alias/ClumioEventPub"

KEY_DRIFTS = {
    "disabled": (lambda kms, key_id: kms.disable_key(KeyId=key_id), ["enabled is changed"]),
    "rotation turned off": (lambda kms, key_id: kms.disable_key_rotation(KeyId=key_id), ["rotation is changed"]),
    "policy opened": (
        lambda kms, key_id: kms.put_key_policy(
            KeyId=key_id, PolicyName="default", Policy=json.dumps(policy(Principal="*", Action="kms:*", Resource="*"))
        ),
        ["policy is changed"],
    ),
    "scheduled for deletion": (
        lambda kms, key_id: kms.schedule_key_deletion(KeyId=key_id),
        ["enabled is changed", "rotation is changed"],
    ),
}


def test_a_key_as_planned(aws, key):
    result = validate(aws, clumio=False, **key)
    assert looked_at(result) == {"KMS key ClumioEventPub": "ok", "topic ClumioEventPub": "ok"}


@pytest.mark.parametrize(("drift", "told"), KEY_DRIFTS.values(), ids=KEY_DRIFTS)
def test_drift_of_a_key(aws, key, drift, told):
    kms = aws.client("kms")
    drift(kms, kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"])
    result = validate(aws, clumio=False, **key)
    assert looked_at(result) == {"KMS key ClumioEventPub": "different", "topic ClumioEventPub": "ok"}
    assert result["checks"][0]["differences"] == told


def test_a_key_without_its_name(aws, key):
    aws.client("kms").delete_alias(AliasName=ALIAS)
    result = validate(aws, clumio=False, **key)
    assert looked_at(result) == {"KMS key ClumioEventPub": "missing", "topic ClumioEventPub": "ok"}


def test_a_retired_resource_that_is_still_there(made):
    make(made, clumio_iam_roles, roles=[PLAN["roles"][0] | {"name": "Support", "managed_policies": []}])
    retired = [PLACE.role_arn("Support"), PLACE.policy_arn("NeverMade"), PLACE.role_arn("Foreign")]
    trust = json.dumps(EVERYBODY)
    made.client("iam").create_role(RoleName="Foreign", AssumeRolePolicyDocument=trust)
    result = validate(made, clumio=False, retired=retired)
    assert result["failed"]
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {"role Support": "different"}
    assert "role Support is different, found still there. Run the onboard playbook again to remove it." in result["msg"]


def test_a_resource_of_another_connection(made):
    tags = [{"Key": "clumio:connection", "Value": f"{ACCOUNT}_us-east-1"}]
    made.client("iam").tag_role(RoleName="ClumioIAMRole", Tags=tags)
    result = validate(made, clumio=False)
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {"role ClumioIAMRole": "different"}
    assert f"it belongs to the connection {ACCOUNT}_us-east-1" in result["msg"]


# ---- what may be read


def test_a_resource_that_may_not_be_read(made):
    made.refuse("GetRole", "AccessDenied", f"User: arn:x is not authorized to perform: iam:GetRole on {ROLE}")
    result = validate(made, clumio=False)
    assert result["failed"]
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {"role ClumioIAMRole": "denied"}
    assert about_the_role(result) == {}
    assert (
        "role ClumioIAMRole is denied, found Cannot read the role ClumioIAMRole: arn:x may not iam:GetRole"
        in (result["msg"])
    )
    assert result["failure"]["hint"] == "Give the credentials the right to read it."
    assert {row["status"] for row in result["permissions"]} == {"unknown"}


def test_several_refusals_about_one_resource(made):
    for operation in ("ListAttachedRolePolicies", "ListRolePolicies"):
        made.refuse(operation, "AccessDenied", "No.")
    assert looked_at(validate(made, clumio=False)) == dict.fromkeys(NAMES, "ok") | {"role ClumioIAMRole": "denied"}


def test_a_refusal_with_another_reason_is_an_error(aws):
    aws.refuse("GetRole", "ServiceFailure", "No.")
    result = validate(aws, clumio=False)
    assert result["failed"]
    assert result["failure"]["code"] == "aws_refused"
    assert "checks" not in result


# ---- what Clumio may do

BACKUP, RESTORE = (
    policy(Action="ec2:CreateSnapshot", Resource="*"),
    policy(Action=["ec2:CreateVolume", "ec2:DeleteVolume"], Resource="*"),
)
SUPPORT = policy(Action="support:DescribeCases", Resource="*")
GRANTING = NOTHING_PLANNED | {
    "policies": [{"name": "ClumioEC2RestorePolicy", "document": RESTORE}],
    "roles": [
        {
            "name": "ClumioIAMRole",
            "trust_policy": PLAN["roles"][0]["trust_policy"],
            "managed_policies": [PLACE.policy_arn("ClumioEC2RestorePolicy")],
            "inline_policies": [{"name": "ClumioEC2BackupPolicy", "document": BACKUP}],
        },
        {
            "name": "ClumioSupportRole",
            "trust_policy": PLAN["roles"][0]["trust_policy"],
            "inline_policies": [{"name": "ClumioSupportPolicy", "document": SUPPORT}],
        },
    ],
}
TABLE = {("ebs", "backup"): "granted", ("ebs", "restore"): "granted", ("all", "support"): "granted"}
TAKE_AWAY = policy(Effect="Deny", Action="ec2:DeleteVolume", Resource="*")
ONLY_EC2 = policy(Action="ec2:Create*", Resource="*")
NEVER_SUPPORT = policy(NotAction="support:*", Resource="*")


@pytest.fixture
def granting(aws):
    """An account that has what is planned."""
    make(aws, clumio_iam_roles, policies=GRANTING["policies"], roles=GRANTING["roles"])
    return aws


def granted(aws, **options):
    """The result, with its table as a mapping."""
    result = validate(aws, clumio=False, fail_on_invalid=False, **GRANTING | options)
    return result, {(row["asset_type"], row["capability"]): row for row in result["permissions"]}


def statuses(table):
    return {cell: row["status"] for cell, row in table.items()}


def bound(aws, document, role=ROLE):
    boto("iam", "create_policy", PolicyName="Limit", PolicyDocument=document)(aws)
    boto("iam", "put_role_permissions_boundary", RoleName=role, PermissionsBoundary=PLACE.policy_arn("Limit"))(aws)


@pytest.mark.parametrize("simulate", [False, True])
def test_the_table_of_an_account_that_has_everything(granting, simulate):
    result, table = granted(granting, simulate=simulate)
    assert result["valid"] is True
    assert statuses(table) == TABLE
    assert list(table) == list(TABLE)
    assert table["ebs", "restore"] == {
        "asset_type": "ebs",
        "capability": "restore",
        "status": "granted",
        "roles": ["ClumioIAMRole"],
        "actions": 2,
        "missing": [],
        "causes": [],
    }


def test_the_table_of_an_empty_account(aws):
    _result, table = granted(aws)
    assert statuses(table) == dict.fromkeys(TABLE, "missing")
    assert table["ebs", "backup"]["missing"] == ["ec2:CreateSnapshot"]
    assert table["ebs", "backup"]["causes"] == ["there is no such role"]


LOSSES = {
    "policy detached": (
        boto("iam", "detach_role_policy", RoleName=ROLE, PolicyArn=PLACE.policy_arn("ClumioEC2RestorePolicy")),
        ("missing", ["ec2:CreateVolume", "ec2:DeleteVolume"], "no policy that allows it"),
        "2 actions are allowed by no policy: ec2:CreateVolume, ec2:DeleteVolume",
    ),
    "denied by a policy of theirs": (
        boto("iam", "put_role_policy", RoleName=ROLE, PolicyName="Theirs", PolicyDocument=TAKE_AWAY),
        ("partly", ["ec2:DeleteVolume"], "a Deny in Theirs"),
        "1 action is denied by a Deny in Theirs: ec2:DeleteVolume",
    ),
    "not in the permissions boundary": (
        lambda aws: bound(aws, ONLY_EC2),
        ("partly", ["ec2:DeleteVolume"], "the permissions boundary"),
        "1 action is denied by the permissions boundary: ec2:DeleteVolume",
    ),
}


@pytest.mark.parametrize("simulate", [False, True])
@pytest.mark.parametrize(("lose", "row", "told"), LOSSES.values(), ids=LOSSES)
def test_what_the_role_has_lost(granting, lose, row, told, simulate):
    lose(granting)
    result, table = granted(granting, simulate=simulate)
    restore = table["ebs", "restore"]
    status, missing, cause = row
    assert (restore["status"], restore["missing"], restore["causes"]) == (status, missing, [cause])
    assert statuses(table) == TABLE | {("ebs", "restore"): status}
    assert result["valid"] is False
    (access,) = [check for check in result["checks"] if check["name"] == "access of role ClumioIAMRole"]
    assert (access["status"], access["differences"]) == ("denied", [told])
    assert access["found"] == {cause: missing}


def test_policies_of_others_may_grant_it_too(granting):
    boto("iam", "delete_role_policy", RoleName=ROLE, PolicyName="ClumioEC2BackupPolicy")(granting)
    boto("iam", "create_policy", PolicyName="Wide", PolicyDocument=policy(Action="ec2:*", Resource="*"))(granting)
    boto("iam", "attach_role_policy", RoleName=ROLE, PolicyArn=PLACE.policy_arn("Wide"))(granting)
    result, table = granted(granting)
    assert statuses(table) == TABLE
    assert "inline policy ClumioEC2BackupPolicy is missing" in result["msg"]


def test_a_policy_that_may_not_be_read(granting):
    granting.refuse("GetPolicy", "AccessDenied", "No.")
    result, table = granted(granting)
    assert looked_at(result)["managed policy ClumioEC2RestorePolicy"] == "denied"
    assert statuses(table) == TABLE | {("ebs", "restore"): "unknown"}
    assert table["ebs", "restore"]["causes"] == ["ClumioEC2RestorePolicy cannot be read"]


def test_an_scp_is_found_by_asking_only(granting):
    set_scp(ACCOUNT, NEVER_SUPPORT)
    try:
        _result, table = granted(granting)
        assert statuses(table) == TABLE
        result, table = granted(granting, simulate=True)
    finally:
        set_scp(ACCOUNT, None)
    assert statuses(table) == TABLE | {("all", "support"): "missing"}
    assert table["all", "support"]["causes"] == ["an SCP of the organization"]
    assert (
        "access of role ClumioSupportRole is denied (1 action is denied by an SCP of the organization" in result["msg"]
    )
    assert "organization's policies" in result["failure"]["hint"]


def test_who_may_not_ask_cannot_tell(granting):
    """That is no fault; the table is as the policies tell."""
    refusal = "User: arn:x is not authorized to perform: iam:SimulatePrincipalPolicy on resource: y"
    granting.refuse("SimulatePrincipalPolicy", "AccessDenied", refusal)
    result, table = granted(granting, simulate=True)
    assert result["valid"] is True
    assert "failure" not in result
    assert statuses(table) == TABLE
    access = [check for check in result["checks"] if check["name"].startswith("access of")]
    assert {check["status"] for check in access} == {"unknown"}
    assert "arn:x may not iam:SimulatePrincipalPolicy" in result["msg"]
    assert result["msg"].count("Give the credentials iam:SimulatePrincipalPolicy") == 1


def test_the_simulator_is_not_asked_about_a_role_that_is_not_there(aws):
    with aws.recorded() as calls:
        granted(aws, simulate=True)
    assert "SimulatePrincipalPolicy" not in {call.operation for call in calls}


# ---- who may assume the role


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ({"Condition": {}}, "Another account may assume the role without an external id"),
        (
            {"Condition": {"StringLike": {"sts:ExternalId": "*"}}},
            "Another account may assume the role without an external id",
        ),
        (
            {"Condition": {"StringEqualsIfExists": {"sts:ExternalId": EXTERNAL_ID}}},
            "Another account may assume the role without an external id",
        ),
        (
            {"Condition": {"StringEquals": {"sts:ExternalId": [EXTERNAL_ID, "mine"]}}},
            "Another account may assume the role with an external id that is not this connection's",
        ),
        ({"Principal": {"AWS": "*"}}, "Anyone may assume the role"),
    ],
)
def test_a_role_that_can_be_assumed_without_the_external_id(made, statement, told):
    trusted = PLAN["roles"][0]["trust_policy"]["Statement"][0] | statement
    boto("iam", "update_assume_role_policy", RoleName=ROLE, PolicyDocument=policy(**trusted))(made)
    result = validate(made, clumio=False)
    (trust,) = [check for check in result["checks"] if check["name"] == "trust of role ClumioIAMRole"]
    assert (trust["status"], trust["differences"]) == ("different", [told])


def test_nothing_is_said_of_a_role_that_a_service_of_aws_assumes(aws):
    roles = [{"name": "R", "trust_policy": trust_policy(Principal={"Service": "events.amazonaws.com"}, Condition={})}]
    make(aws, clumio_iam_roles, roles=roles)
    assert about_the_role(validate(aws, clumio=False, **NOTHING_PLANNED | {"roles": roles})) == {}


# ---- with Clumio


@pytest.fixture
def ask(aws):
    """Run the module with a Clumio that has no connections yet, after what is to be done at Clumio before."""

    def ask(*before, connect_delay=0, **options):
        with running_clumio(connect_delay=connect_delay) as clumio:
            for step in before:
                clumio.run(clumio_connection, account_id=ACCOUNT, region=REGION, **step)
            api = {"api_token": API_TOKEN, "api_base_url": clumio.url}
            results = []
            writes = clumio.writes(lambda: results.append(validate(aws, **api | options)))
        assert writes == []
        return results[0]

    return ask


REGISTERED = {"asset_types": ["ebs"]}


@pytest.mark.usefixtures("made")
def test_a_connected_account(ask):
    result = ask(REGISTERED, REGISTERED | {"resources": HANDED_IN}, wait_timeout=30)
    assert result["valid"] is True
    clumio = ["connection_status", "ingestion_status", "target_setup_status"]
    assert looked_at(result) == dict.fromkeys([*NAMES, *clumio], "ok")
    assert result["connection"]["connection_status"] == "connected"


def test_a_connected_account_of_which_nothing_is_planned(ask):
    result = ask(REGISTERED, REGISTERED | {"resources": HANDED_IN}, wait_timeout=30, **NOTHING_PLANNED)
    assert result["valid"] is True
    assert all(check["side"] == "clumio" for check in result["checks"])


def test_an_account_that_is_not_connected_yet(ask):
    result = ask(REGISTERED, wait_timeout=0, **NOTHING_PLANNED)
    assert result["failed"]
    assert "connection_status is different, found connecting" in result["msg"]
    assert result["connection"]["connection_status"] == "connecting"


def test_an_account_that_clumio_does_not_know(ask):
    result = ask(wait_timeout=30, **NOTHING_PLANNED)
    assert result["failed"]
    assert looked_at(result) == {"connection": "missing"}
    assert result["connection"] is None


def test_both_sides_are_told_at_once(ask):
    result = ask(REGISTERED, wait_timeout=0)
    assert looked_at(result) == dict.fromkeys(NAMES, "missing") | {
        "connection_status": "different",
        "ingestion_status": "ok",
        "target_setup_status": "ok",
    }


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"api_token": "", "api_base_url": ""}, "api_credentials_missing"),
        ({"api_token": "of-another-portal"}, "api_token_refused"),
        ({"account_id": "1"}, "invalid_connection"),
        ({"roles": [*PLAN["roles"], *PLAN["roles"]]}, "invalid_resources"),
    ],
)
def test_options_that_cannot_be_used(ask, options, code):
    result = ask(REGISTERED, **options)
    assert result["failed"]
    assert result["failure"]["code"] == code


def test_aws_is_not_asked_if_clumio_cannot_be(aws):
    with aws.recorded() as calls:
        result = validate(aws, api_base_url="https://us-west-2.api.clumio.com", api_token="")
    assert result["failure"]["code"] == "api_credentials_missing"
    assert calls == []
