# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The survey of an account before the first write, as the module clumio_permissions_file makes it."""

from __future__ import annotations

import copy
import json

import pytest
from aws_in_process import ACCOUNT, REGION
from clumio_helpers import run_main
from moto.core.config import default_user_config
from permissions_files import EXTERNAL_ID, TOKEN, permissions_file, policy, trust_policy
from section_helpers import make

from ansible_collections.clumio.aws.plugins.modules import (
    clumio_connection_validate,
    clumio_eventbridge_rules,
    clumio_iam_roles,
    clumio_permissions_file,
    clumio_sns_topic,
    clumio_ssm_documents,
)

OTHER_ACCOUNT = "111122223333"
EVERY_KIND = ("ebs", "mssql")
FILE = permissions_file("ebs")
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:ClumioEventPub"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/CompanyBoundary"
OF_ANOTHER_CONNECTION = [
    {"Key": "Vendor", "Value": "Clumio"},
    {"Key": "clumio:connection", "Value": f"{ACCOUNT}_us-east-1"},
]

MINE = {"Key": "Owner", "Value": "me"}

SECTIONS_OF_MODULES = {
    clumio_sns_topic: ("kms_keys", "topics"),
    clumio_eventbridge_rules: ("rules",),
    clumio_iam_roles: ("policies", "roles", "instance_profiles"),
    clumio_ssm_documents: ("ssm_documents",),
}


@pytest.fixture
def survey(aws):
    """Resolve a file and compare its plan with the account, without a writing call."""

    def survey(content=FILE, **options):
        place = {"account_id": ACCOUNT, "region": REGION, "token": TOKEN, "external_id": EXTERNAL_ID}
        with aws.recorded() as calls:
            result = run_main(clumio_permissions_file, place | {"content": content, "check_account": True} | options)
        assert [call.operation for call in calls if call.writes] == []
        return result

    return survey


@pytest.fixture
def made(aws, survey):
    """The plan of a file, made in the account."""

    def made(content=FILE, **options):
        plan = passed(survey(content, **options))["permissions"]
        for module, sections in SECTIONS_OF_MODULES.items():
            make(aws, module, **{section: plan[section] for section in sections})
        return plan

    return made


def passed(result):
    assert not result.get("failed"), result["msg"]
    return result


def a_document(aws):
    """The name of an SSM document of the account."""
    return aws.client("ssm").list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])["DocumentIdentifiers"][0][
        "Name"
    ]


def obstacles(result):
    """Code and place of everything that the module has refused, in its order."""
    assert result.get("failed"), "nothing was refused"
    findings = result["failure"]["findings"]
    assert result["failure"]["code"] == findings[0]["code"]
    assert "\n" not in result["msg"]
    assert len(findings) == 1 or f"for {len(findings)} reasons" in result["msg"]
    return [
        (finding["code"], ".".join(finding[part] for part in ("section", "entity") if finding[part]))
        for finding in findings
    ]


def granting_more(file=FILE):
    """The file with a statement more in an inline policy of its main role."""
    result = copy.deepcopy(file)
    item = result["roles"]["ClumioIAMRole"]["inline_policies"][0]
    document = json.loads(item["policy_document"])
    document["Statement"].append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::one/*"})
    item["policy_document"] = document
    return result


# ---- what there is to do


ALL_ROLES = ["sns_topic", "eventbridge_rules", "iam_roles", "ssm_documents"]


def test_an_account_with_nothing_has_everything_to_do(survey):
    result = passed(survey(permissions_file(*EVERY_KIND)))
    assert result["to_do"] == ALL_ROLES
    assert result["account"] == {"found": 0, "in_order": {}}


def test_an_account_with_everything_has_nothing_to_do(aws, survey, made):
    """A validation says the same of it, without another question."""
    plan = made(permissions_file(*EVERY_KIND))
    aws.client("iam").put_role_policy(
        RoleName="ClumioIAMRole", PolicyName="Mine", PolicyDocument=json.dumps(policy(Action="s3:Get*", Resource="*"))
    )
    result = passed(survey(permissions_file(*EVERY_KIND)))
    assert result["to_do"] == []
    assert [extra["extra"] for extra in result["extras"]] == ["inline policy Mine"]
    options = {"account_id": ACCOUNT, "region": REGION, "clumio": False}
    asked = run_main(clumio_connection_validate, options | plan)
    with aws.recorded() as calls:
        told = run_main(clumio_connection_validate, options | {"seen": result["account"]["in_order"]})
    assert calls == []
    assert told | {"elapsed": 0, "invocation": {}} == asked | {"elapsed": 0, "invocation": {}}
    assert told["valid"] is True


@pytest.mark.parametrize(
    ("change", "role"),
    [
        (lambda aws: aws.client("sns").tag_resource(ResourceArn=TOPIC_ARN, Tags=[MINE]), "sns_topic"),
        (lambda aws: aws.client("events").disable_rule(Name="ClumioCloudtrailEventRule"), "eventbridge_rules"),
        (lambda aws: aws.client("iam").update_role(RoleName="ClumioIAMRole", Description="Mine"), "iam_roles"),
        (lambda aws: aws.client("ssm").delete_document(Name=a_document(aws)), "ssm_documents"),
    ],
)
def test_only_what_has_changed_is_to_do(aws, survey, made, change, role):
    options = {"content": permissions_file(*EVERY_KIND), "tags": {"Team": "backup"}}
    made(**options)
    change(aws)
    result = passed(survey(**options))
    assert result["to_do"] == [role]
    assert result["account"]["in_order"] == {}


def test_tags_that_stay_are_nothing_to_do(aws, survey, made):
    made(tags={"Team": "backup"})
    aws.client("sns").tag_resource(ResourceArn=TOPIC_ARN, Tags=[MINE])
    assert passed(survey(tags={"Team": "backup"}, purge_tags=False))["to_do"] == []


def test_without_a_look_everything_of_the_plan_is_to_do(survey):
    result = passed(survey(check_account=False))
    assert result["to_do"] == ["sns_topic", "eventbridge_rules", "iam_roles"]
    assert (result["account"], result["extras"]) == ({}, [])


# ---- no obstacle


def test_nothing_is_there(survey):
    result = passed(survey(permissions_file(*EVERY_KIND), kms_key="create", tags={"Team": "backup"}))
    assert (result["findings"], result["widening"]) == ([], [])


def test_everything_is_ours_and_equal(survey, made):
    options = {"content": permissions_file(*EVERY_KIND), "kms_key": "create", "tags": {"Team": "backup"}}
    plan = made(**options)
    result = passed(survey(**options))
    assert (result["findings"], result["widening"]) == ([], [])
    assert result["permissions"] == plan


def test_what_is_missing_of_ours_is_no_obstacle(aws, survey, made):
    made()
    aws.client("sns").delete_topic(TopicArn=TOPIC_ARN)
    assert passed(survey())["findings"] == []


def test_the_account_is_not_asked_unless_it_is_to_be_checked(aws, survey):
    aws.client("sns").create_topic(Name="ClumioEventPub")
    assert passed(survey(check_account=False))["widening"] == []


# ---- whose it is


def test_all_that_is_foreign_is_told_at_once(aws, survey):
    aws.client("sns").create_topic(Name="ClumioEventPub")
    aws.client("iam").create_role(RoleName="ClumioIAMRole", AssumeRolePolicyDocument=json.dumps(trust_policy()))
    result = survey()
    assert obstacles(result) == [
        ("foreign_resource", "topics.ClumioEventPub"),
        ("foreign_resource", "roles.ClumioIAMRole"),
    ]
    assert "adopt: true" in result["msg"]

    adopted = passed(survey(adopt=True, approve_changes=True))
    assert adopted["findings"] == []
    assert {"topics.ClumioEventPub", "roles.ClumioIAMRole"} <= {found["holder"] for found in adopted["widening"]}


def test_what_is_taken_over_gains_only_with_approval(aws, survey):
    aws.client("sns").create_topic(Name="ClumioEventPub")
    assert obstacles(survey(adopt=True)) == [("widening_not_approved", "")]


@pytest.mark.parametrize("adopt", [False, True])
def test_what_is_of_another_connection_is_never_taken_over(aws, survey, adopt):
    aws.client("sns").create_topic(Name="ClumioEventPub", Tags=OF_ANOTHER_CONNECTION)
    result = survey(adopt=adopt, approve_changes=True)
    assert obstacles(result) == [("foreign_resource", "topics.ClumioEventPub")]
    assert f"belongs to the connection {ACCOUNT}_us-east-1" in result["msg"]
    assert "adopt: true" not in result["msg"]


# ---- what AWS or Clumio does not allow


def test_path_that_changes(survey, made):
    plan = made(permissions_file(*EVERY_KIND))
    codes = obstacles(survey(permissions_file(*EVERY_KIND), iam_path="/clumio/", approve_changes=True))
    assert codes == [
        *(("unchangeable", f"roles.{role['name']}") for role in plan["roles"]),
        *(("unchangeable", f"instance_profiles.{profile['name']}") for profile in plan["instance_profiles"]),
    ]


def test_asset_type_that_is_lost(survey, made):
    made(permissions_file("ebs", "rds"))
    result = survey(FILE)
    assert obstacles(result) == [("asset_downgrade", "roles.ClumioIAMRole")]
    assert "lose all policies for rds" in result["msg"]


def test_retired_role_that_others_use(aws, survey, made):
    made()
    iam = aws.client("iam")
    assert passed(survey(support_role=False))["findings"] == []
    iam.create_instance_profile(InstanceProfileName="Theirs")
    iam.add_role_to_instance_profile(InstanceProfileName="Theirs", RoleName="ClumioSupportRole")
    result = survey(support_role=False)
    assert obstacles(result) == [("in_use", "roles.ClumioSupportRole")]
    assert "instance profile Theirs" in result["msg"]
    # As long as it is wanted nobody minds.
    assert passed(survey())["findings"] == []


def test_retired_role_that_is_not_ours_stays(aws, survey, made):
    made(support_role=False)
    aws.client("iam").create_role(RoleName="ClumioSupportRole", AssumeRolePolicyDocument=json.dumps(trust_policy()))
    assert passed(survey(support_role=False))["findings"] == []


# ---- grants beyond those that were approved


def test_widening(survey, made):
    made()
    result = survey(granting_more())
    assert obstacles(result) == [("widening_not_approved", "")]
    assert "roles.ClumioIAMRole: + Allow s3:getobject on arn:aws:s3:::one/*" in result["msg"]

    for allowed in ({"approve_changes": True}, {"_ansible_check_mode": True}):
        told = passed(survey(granting_more(), **allowed))["widening"]
        assert [(found["holder"], found["text"]) for found in told] == [
            ("roles.ClumioIAMRole", ["+ Allow s3:getobject on arn:aws:s3:::one/*"])
        ]


def test_preview_tells_of_widening_before_the_connection_is_registered(survey, made):
    made()
    preview = {"token": None, "external_id": None, "preview": True}
    assert obstacles(survey(granting_more(), **preview)) == [("widening_not_approved", "")]
    told = passed(survey(granting_more(), **preview, approve_changes=True))["widening"]
    assert "roles.ClumioIAMRole" in [found["holder"] for found in told]


# ---- permissions boundary


def test_boundary_that_is_missing(aws, survey):
    result = survey(permissions_boundary=BOUNDARY)
    assert obstacles(result) == [("missing_boundary", "roles")]
    assert f"There is no policy {BOUNDARY}" in result["msg"]
    document = json.dumps(policy(Action="*", Resource="*"))
    aws.client("iam").create_policy(PolicyName="CompanyBoundary", PolicyDocument=document)
    assert passed(survey(permissions_boundary=BOUNDARY))["findings"] == []


def test_boundary_of_the_same_plan(survey):
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/ClumioEC2BackupPolicy"
    result = passed(survey(permissions_boundary=boundary))
    assert boundary in {item["arn"] for item in result["permissions"]["policies"]}
    assert result["findings"] == []


def test_boundary_of_aws(survey, monkeypatch):
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    # Otherwise moto leaves AWS's own policies out.
    monkeypatch.setitem(default_user_config["iam"], "load_aws_managed_policies", True)
    assert passed(survey(permissions_boundary=boundary))["findings"] == []
    assert obstacles(survey(permissions_boundary=f"{boundary}OfNobody")) == [("missing_boundary", "roles")]


def test_boundary_that_goes_is_a_gain(aws, survey, made):
    document = json.dumps(policy(Action="s3:*", Resource="*"))
    aws.client("iam").create_policy(PolicyName="CompanyBoundary", PolicyDocument=document)
    made(permissions_boundary=BOUNDARY)
    assert obstacles(survey(permissions_boundary="")) == [("widening_not_approved", "")]
    assert passed(survey())["widening"] == []


# ---- key of the topic


def spelled(aws, key_id):
    """The ways to name a key of the account."""
    aws.client("kms").create_alias(AliasName="alias/theirs", TargetKeyId=key_id)
    start = f"arn:aws:kms:{REGION}:{ACCOUNT}:"
    return [key_id, f"{start}key/{key_id}", "alias/theirs", f"{start}alias/theirs"]


def test_key_that_can_be_used(aws, survey):
    events = policy(Principal={"Service": "events.amazonaws.com"}, Action="kms:*", Resource="*")
    key = aws.client("kms").create_key(Policy=json.dumps(events))["KeyMetadata"]["KeyId"]
    for spelling in spelled(aws, key):
        assert passed(survey(kms_key=spelling))["findings"] == []


def test_key_that_is_closed_to_events(aws, survey):
    account = policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:*", Resource="*")
    key = aws.client("kms").create_key(Policy=json.dumps(account))["KeyMetadata"]["KeyId"]
    for spelling in spelled(aws, key):
        (finding,) = passed(survey(kms_key=spelling))["findings"]
        assert (finding["level"], finding["code"]) == ("warning", "key_closed_to_events")
        assert spelling in finding["message"]


def test_key_whose_policy_may_not_be_read(aws, survey):
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.refuse("GetKeyPolicy", "AccessDeniedException")
    assert passed(survey(kms_key=key))["findings"] == []


@pytest.mark.parametrize("spelling", range(4))
def test_key_that_is_disabled(aws, survey, spelling):
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    spelling = spelled(aws, key)[spelling]
    result = survey(kms_key=spelling)
    assert obstacles(result) == [("unusable_key", "topics")]
    assert f"The KMS key {spelling} cannot encrypt the topic: it is not enabled (Disabled)." in result["msg"]


def test_key_that_waits_for_its_deletion(aws, survey):
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    result = survey(kms_key=key)
    assert obstacles(result) == [("unusable_key", "topics")]
    assert "it is not enabled (PendingDeletion)" in result["msg"]


@pytest.mark.parametrize(
    ("usage", "spec"),
    [("ENCRYPT_DECRYPT", "RSA_2048"), ("SIGN_VERIFY", "ECC_NIST_P256"), ("GENERATE_VERIFY_MAC", "HMAC_256")],
)
def test_key_of_another_kind(aws, survey, usage, spec):
    key = aws.client("kms").create_key(KeyUsage=usage, KeySpec=spec)["KeyMetadata"]["KeyId"]
    result = survey(kms_key=key)
    assert obstacles(result) == [("unusable_key", "topics")]
    assert f"it does not encrypt symmetrically ({spec})" in result["msg"]


def test_key_of_aws_by_its_id(aws, survey):
    """Its id does not tell what its alias tells."""
    key = "1234abcd-12ab-34cd-56ef-1234567890ab"
    aws.answer("DescribeKey", {"KeyMetadata": {"KeyId": key, "KeyState": "Enabled", "KeyManager": "AWS"}})
    result = survey(kms_key=key)
    assert obstacles(result) == [("unusable_key", "topics")]
    assert "EventBridge may not use AWS's own keys" in result["msg"]


def test_key_that_is_missing(survey):
    result = survey(kms_key="alias/theirs")
    assert obstacles(result) == [("unusable_key", "topics")]
    assert "alias/theirs cannot encrypt the topic: there is none." in result["msg"]


def test_key_of_another_account_is_not_asked_for(aws, survey):
    key = f"arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:alias/theirs"
    with aws.recorded() as calls:
        assert passed(survey(kms_key=key))["findings"] == []
    assert "DescribeKey" not in {call.operation for call in calls}


def test_key_that_is_to_be_made(aws, survey):
    with aws.recorded() as calls:
        passed(survey(kms_key="create"))
    # Once, to compare it.
    assert [call.parameters for call in calls if call.operation == "DescribeKey"] == [
        {"KeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/ClumioEventPub"}
    ]


# ---- all at once, and alone


def test_obstacles_of_every_kind_are_told_at_once(aws, survey, made):
    made(permissions_file("ebs", "rds"))
    aws.client("sns").untag_resource(ResourceArn=TOPIC_ARN, TagKeys=["clumio:connection"])
    aws.answer("GetAccountSummary", {"SummaryMap": {"AttachedPoliciesPerRoleQuota": 1}})
    result = survey(granting_more(), permissions_boundary=BOUNDARY, kms_key="alias/theirs")
    assert obstacles(result) == [
        ("too_many_attachments", "roles.ClumioIAMRole"),
        ("missing_boundary", "roles"),
        ("unusable_key", "topics"),
        ("foreign_resource", "topics.ClumioEventPub"),
        ("asset_downgrade", "roles.ClumioIAMRole"),
        ("widening_not_approved", ""),
    ]


def test_credentials_of_another_account_are_told_alone(aws, survey):
    """That account refuses what is asked about this one."""
    aws.answer("GetCallerIdentity", {"Account": OTHER_ACCOUNT})
    for operation in ("GetTopicAttributes", "GetPolicy", "DescribeKey", "GetAccountSummary"):
        aws.refuse(operation, "AccessDenied")
    with aws.recorded() as calls:
        result = survey(permissions_boundary=BOUNDARY, kms_key="alias/theirs")
    assert obstacles(result) == [("foreign_credentials", "")]
    assert [call.operation for call in calls] == ["GetCallerIdentity"]


def test_questions_that_aws_refuses_are_told_at_once(aws, survey):
    aws.refuse("ListRules", "AccessDeniedException")
    aws.refuse("GetAccountSummary", "AccessDenied")
    result = survey()
    assert result["failed"]
    assert result["failure"]["code"] == "aws_access_denied"
    for said in ("read the IAM quotas of the account", "list the rules"):
        assert said in result["msg"]
