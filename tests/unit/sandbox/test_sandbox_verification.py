# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_account import REGION, Account

from sandbox import processes
from sandbox.connections import Connection, Verification
from sandbox.permissions import PERMISSION_SETS
from sandbox.verification import AwsVerifier

PROTECT_ROLE = "arn:aws:iam::999988887777:role/ClumioCustomerProtectRole"
WIRE = {"ebs": "EBS", "s3": "S3", "mssql": "EC2MSSQL", "dynamodb": "DynamoDB"}


@pytest.fixture
def look(sandbox: processes.State) -> Callable[..., Verification]:
    """Looks at an account as Clumio would after its ARNs were handed in, or other ones in their place."""
    verifier = AwsVerifier(sandbox.urls["aws"])

    def look(account: Account, resources: dict[str, Any] | None = None) -> Verification:
        connection = Connection(
            account_native_id=account.id,
            aws_region=REGION,
            token=account.token,
            created=0,
            asset_types=[WIRE[word] for word in account.words],
            resources=resources or account.resources(),
        )
        return verifier(connection)

    return look


Look = Callable[..., Verification]
MakeAccount = Callable[..., Account]


@pytest.mark.parametrize("words", [["ebs"], ["ebs", "s3"], ["ebs", "mssql", "s3"]])
def test_an_account_as_clumio_wants_it(make_account: MakeAccount, look: Look, words: list[str]) -> None:
    account = make_account(*words)
    account.client("iam").create_account_alias(AccountAlias=f"alias-{account.id}")
    assert look(account) == Verification((), f"alias-{account.id}")


@pytest.mark.parametrize("permission_set", PERMISSION_SETS)
def test_names_may_have_a_prefix(make_account: MakeAccount, look: Look, permission_set: str) -> None:
    account = make_account("ebs", "mssql", "s3", prefix="acme-", permission_set=permission_set)
    assert account.arns["ClumioIAMRole"].endswith("role/clumio/acme-ClumioIAMRole")
    assert look(account) == Verification((), "", permission_set)


def test_an_optional_role_may_be_missing(make_account: MakeAccount, look: Look) -> None:
    account = make_account("ebs")
    assert look(account, account.resources() | {"clumio_support_role_arn": ""}).findings == ()


# ---- permission sets: the role tells which one it was made for


@pytest.mark.parametrize("words", [["ebs"], ["dynamodb", "ebs", "mssql", "s3"]])
def test_an_account_for_inventory_and_backup(make_account: MakeAccount, look: Look, words: list[str]) -> None:
    account = make_account(*words, permission_set="inventory_backup")
    assert look(account) == Verification((), "", "inventory_backup")


def test_what_is_missing_without_restores_is_found(make_account: MakeAccount, look: Look) -> None:
    account = make_account("ebs", permission_set="inventory_backup")
    account.client("iam").detach_role_policy(RoleName="ClumioIAMRole", PolicyArn=account.arns["ClumioEC2BackupPolicy"])
    [finding] = look(account).findings
    assert finding.endswith("role/clumio/ClumioIAMRole has no policy ClumioEC2BackupPolicy.")


def test_with_one_policy_for_restores_all_of_them_are_needed(make_account: MakeAccount, look: Look) -> None:
    account = make_account("dynamodb", "ebs", "s3")
    for name in ("ClumioEC2RestorePolicy", "ClumioS3RestorePolicy"):
        account.client("iam").detach_role_policy(RoleName="ClumioIAMRole", PolicyArn=account.arns[name])
    seen = look(account)
    assert [finding.rpartition(" ")[2] for finding in seen.findings] == [
        "ClumioEC2RestorePolicy.",
        "ClumioS3RestorePolicy.",
    ]
    assert seen.permission_set == "all"


# ---- the role that Clumio assumes: without it nothing else is seen


def trust(account: Account, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(account.text(account.file["roles"]["ClumioIAMRole"]["trust_policy"]))
    document["Statement"][0] |= changes
    return document


def with_trust(account: Account, **changes: Any) -> None:
    document = json.dumps(trust(account, **changes))
    account.client("iam").update_assume_role_policy(RoleName="ClumioIAMRole", PolicyDocument=document)


@pytest.mark.parametrize(
    "changes",
    [
        {"Condition": {"StringEquals": {"sts:ExternalId": "ExternalID_other"}}},
        {"Principal": {"AWS": "arn:aws:iam::111122223333:role/ClumioCustomerProtectRole"}},
        {"Principal": {"Service": "ec2.amazonaws.com"}},
        {"Effect": "Deny"},
        {"Action": "sts:TagSession"},
    ],
    ids=str,
)
def test_the_trust_policy_must_let_clumio_in(make_account: MakeAccount, look: Look, changes: dict[str, Any]) -> None:
    account = make_account("ebs")
    with_trust(account, **changes)
    [finding] = look(account).findings
    assert finding.startswith(f"sts assume_role {account.arns['ClumioIAMRole']}: An error occurred (AccessDenied)")


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"Condition": {}}, "can be assumed without the external id."),
        ({"Condition": {"StringEqualsIfExists": "right"}}, "can be assumed without the external id."),
        ({"Condition": {"StringLike": "ExternalID_*"}}, "can be assumed with another external id."),
        ({"Principal": {"AWS": "*"}}, f"can be assumed by others than {PROTECT_ROLE}."),
        ({"Principal": {"AWS": "arn:aws:iam::999988887777:root"}}, f"can be assumed by others than {PROTECT_ROLE}."),
    ],
    ids=str,
)
def test_the_trust_policy_must_not_let_in_more(
    make_account: MakeAccount, look: Look, changes: dict[str, Any], finding: str
) -> None:
    account = make_account("ebs")
    for operator, value in changes.get("Condition", {}).items():
        wanted = account.external_id if value == "right" else value
        changes = {"Condition": {operator: {"sts:ExternalId": wanted}}}
    with_trust(account, **changes)
    assert look(account).findings == (f"{account.arns['ClumioIAMRole']} {finding}",)


def test_the_trust_policy_may_be_written_in_another_way(make_account: MakeAccount, look: Look) -> None:
    account = make_account("ebs")
    with_trust(
        account,
        Principal={"AWS": [PROTECT_ROLE]},
        Action=["sts:AssumeRole", "sts:TagSession"],
        Condition={"StringEquals": {"STS:ExternalId": [account.external_id]}},
    )
    assert look(account).findings == ()


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("", "clumio_iam_role_arn is empty."),
        ("nonsense", "sts assume_role nonsense"),
        ("arn:aws:iam::{account}:role/clumio/Other", "NoSuchEntity"),
        ("arn:aws:iam::{account}:role/ClumioIAMRole", "role/ClumioIAMRole does not exist; ClumioIAMRole is"),
        ("arn:aws:iam::555555555555:role/clumio/ClumioIAMRole", "NoSuchEntity"),
    ],
)
def test_the_role_must_be_the_one_that_was_handed_in(
    make_account: MakeAccount, look: Look, arn: str, expected: str
) -> None:
    account = make_account("ebs")
    handed_in = arn.format(account=account.id)
    [finding] = look(account, account.resources() | {"clumio_iam_role_arn": handed_in}).findings
    assert expected in finding


# ---- everything else: each thing that is wrong is one finding


def without_topic(account: Account) -> None:
    account.client("sns").delete_topic(TopicArn=account.arns["ClumioEventPub"])


def with_silent_topic(account: Account) -> None:
    arn = account.arns["ClumioEventPub"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "SNS:Publish", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def with_topic_for_others(account: Account) -> None:
    arn = account.arns["ClumioEventPub"]
    principal = {"AWS": "arn:aws:iam::111122223333:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "SNS:Subscribe", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def with_a_policy_that_is_not_evaluated(account: Account) -> None:
    arn = account.arns["ClumioEventPub"]
    condition = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": arn, "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    account.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def without_rule(account: Account) -> None:
    account.client("events").remove_targets(Rule="ClumioCloudtrailEventRule", Ids=["clumio-publish"])
    account.client("events").delete_rule(Name="ClumioCloudtrailEventRule")


def with_disabled_rule(account: Account) -> None:
    account.client("events").disable_rule(Name="ClumioCloudwatchEventRule")


def without_target(account: Account) -> None:
    account.client("events").remove_targets(Rule="ClumioCloudwatchEventRule", Ids=["clumio-publish"])


def with_another_target(account: Account) -> None:
    target = {"Id": "clumio-publish", "Arn": f"arn:aws:sns:{REGION}:{account.id}:Other"}
    account.client("events").put_targets(Rule="ClumioCloudwatchEventRule", Targets=[target])


def without_support_role(account: Account) -> None:
    iam = account.client("iam")
    iam.delete_role_policy(RoleName="ClumioSupportRole", PolicyName="ClumioSupportPolicy")
    iam.delete_role(RoleName="ClumioSupportRole")


def without_managed_policy(account: Account) -> None:
    arn = account.arns["ClumioEC2BackupPolicy"]
    account.client("iam").detach_role_policy(RoleName="ClumioIAMRole", PolicyArn=arn)


def without_inline_policy(account: Account) -> None:
    account.client("iam").delete_role_policy(RoleName="ClumioIAMRole", PolicyName="ClumioKMSPolicy")


def without_instance_profile(account: Account) -> None:
    name = "ClumioEC2MSSQLSSMInstanceRoleV2"
    account.client("iam").remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)
    account.client("iam").delete_instance_profile(InstanceProfileName=name)


def with_empty_instance_profile(account: Account) -> None:
    name = "ClumioEC2MSSQLSSMInstanceRoleV2"
    account.client("iam").remove_role_from_instance_profile(InstanceProfileName=name, RoleName=name)


def without_ssm_document(account: Account) -> None:
    account.client("ssm").delete_document(Name=account.text("Clumio-CopyHostKey-CLUMIOTOKEN"))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (without_topic, "sns get_topic_attributes arn:aws:sns:us-west-2:{account}:ClumioEventPub"),
        (with_silent_topic, "The policy of arn:aws:sns:us-west-2:{account}:ClumioEventPub does not allow"),
        (with_topic_for_others, "The policy of arn:aws:sns:us-west-2:{account}:ClumioEventPub does not allow"),
        (with_a_policy_that_is_not_evaluated, "ClumioEventPub: The sandbox does not evaluate the condition operator"),
        (without_rule, "events describe_rule ClumioCloudtrailEventRule"),
        (with_disabled_rule, "rule/ClumioCloudwatchEventRule is DISABLED, not ENABLED."),
        (without_target, "rule/ClumioCloudwatchEventRule does not have the topic"),
        (with_another_target, "rule/ClumioCloudwatchEventRule does not have the topic"),
        (without_support_role, "iam get_role ClumioSupportRole"),
        (without_managed_policy, "role/clumio/ClumioIAMRole has no policy ClumioEC2BackupPolicy."),
        (without_inline_policy, "role/clumio/ClumioIAMRole has no policy ClumioKMSPolicy."),
        (without_instance_profile, "iam get_instance_profile ClumioEC2MSSQLSSMInstanceRoleV2"),
        (with_empty_instance_profile, "ClumioEC2MSSQLSSMInstanceRoleV2 has no role in it."),
        (without_ssm_document, "ssm describe_document Clumio-CopyHostKey-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_wrong_is_found(
    make_account: MakeAccount, look: Look, spoil: Callable[[Account], None], expected: str
) -> None:
    # The 16 SSM documents take a while.
    needs_mssql = "instance_profile" in spoil.__name__ or "ssm" in spoil.__name__
    account = make_account("ebs", *(["mssql"] if needs_mssql else []))
    spoil(account)
    [finding] = look(account).findings
    assert expected.format(account=account.id) in finding


def test_everything_that_is_wrong_is_found_at_once(make_account: MakeAccount, look: Look) -> None:
    account = make_account("ebs")
    for spoil in (with_silent_topic, with_disabled_rule, without_inline_policy):
        spoil(account)
    assert len(look(account).findings) == 3


def test_arns_that_the_asset_types_need_must_be_handed_in(make_account: MakeAccount, look: Look) -> None:
    account = make_account("ebs", "mssql", "s3")
    nothing = {
        "clumio_event_pub_arn": "",
        "event_rules": {"cloudtrail_rule_arn": "", "cloudwatch_rule_arn": ""},
        "service_roles": {
            "mssql": {"ec2_ssm_instance_profile_arn": "", "ssm_notification_role_arn": ""},
            "s3": {"continuous_backups_role_arn": ""},
        },
    }
    assert look(account, account.resources() | nothing).findings == (
        "clumio_event_pub_arn is empty.",
        "service_roles.s3.continuous_backups_role_arn is empty.",
        "service_roles.mssql.ec2_ssm_instance_profile_arn is empty.",
        "service_roles.mssql.ssm_notification_role_arn is empty.",
    )


def test_a_rule_of_another_region_is_not_the_one_handed_in(make_account: MakeAccount, look: Look) -> None:
    account = make_account("ebs")
    elsewhere = account.arns["ClumioCloudtrailEventRule"].replace(REGION, "us-east-1")
    rules = account.resources()["event_rules"] | {"cloudtrail_rule_arn": elsewhere}
    [finding] = look(account, account.resources() | {"event_rules": rules}).findings
    assert finding.startswith(f"{elsewhere} does not exist")
