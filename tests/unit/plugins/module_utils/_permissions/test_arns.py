# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT, REGION
from permissions_files import NAMING, permissions_file, policy, smallest_file

from ansible_collections.clumio.aws.plugins.module_utils._permissions.arns import handed_over
from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import load

IAM = f"arn:aws:iam::{ACCOUNT}"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule"

CLOUDTRAIL = {"event_pattern": {"source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"]}}
OTHER = {"event_pattern": {"source": ["aws.tag"]}}


def told(file):
    return handed_over(load(json.dumps(file)), NAMING)


def service_role(service):
    return {"trust_policy": policy(Principal={"Service": service}, Action="sts:AssumeRole")}


def test_a_file_with_everything():
    assert told(permissions_file("ebs", "s3", "mssql")) == {
        "clumio_iam_role_arn": f"{IAM}:role/ClumioIAMRole",
        "clumio_event_pub_arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:ClumioEventPub",
        "clumio_support_role_arn": f"{IAM}:role/ClumioSupportRole",
        "event_rules": {
            "cloudtrail_rule_arn": f"{RULE}/ClumioCloudtrailEventRule",
            "cloudwatch_rule_arn": f"{RULE}/ClumioCloudwatchEventRule",
        },
        "service_roles": {
            "s3": {"continuous_backups_role_arn": f"{IAM}:role/ClumioS3ContinuousBackupEventBridgeRole"},
            "mssql": {
                "ssm_notification_role_arn": f"{IAM}:role/ClumioSSMNotificationRole",
                "ec2_ssm_instance_profile_arn": f"{IAM}:instance-profile/ClumioEC2MSSQLSSMInstanceRoleV2",
            },
        },
    }


def test_what_a_file_does_not_have_is_empty():
    assert told(smallest_file()) == {
        "clumio_iam_role_arn": f"{IAM}:role/ClumioIAMRole",
        "clumio_event_pub_arn": "",
        "clumio_support_role_arn": "",
        "event_rules": {"cloudtrail_rule_arn": "", "cloudwatch_rule_arn": ""},
        "service_roles": {
            "s3": {"continuous_backups_role_arn": ""},
            "mssql": {"ssm_notification_role_arn": "", "ec2_ssm_instance_profile_arn": ""},
        },
    }


@pytest.mark.parametrize(
    ("rules", "cloudtrail", "cloudwatch"),
    [
        # by name, in any case
        ({"MyCloudTrailRule": OTHER, "MyCLOUDWATCHRule": CLOUDTRAIL}, "MyCloudTrailRule", "MyCLOUDWATCHRule"),
        # by what they match
        ({"First": OTHER, "Second": CLOUDTRAIL}, "Second", "First"),
        ({"Only": CLOUDTRAIL}, "Only", None),
        ({"Only": OTHER}, None, "Only"),
        # Clumio's own names before all others
        (
            dict.fromkeys(("ACloudtrailRule", "ClumioCloudtrailEventRule"), CLOUDTRAIL)
            | dict.fromkeys(("ACloudwatchRule", "ClumioCloudwatchEventRule"), OTHER),
            "ClumioCloudtrailEventRule",
            "ClumioCloudwatchEventRule",
        ),
    ],
)
def test_rules(rules, cloudtrail, cloudwatch):
    assert told(smallest_file(rules=rules))["event_rules"] == {
        "cloudtrail_rule_arn": f"{RULE}/{cloudtrail}" if cloudtrail else "",
        "cloudwatch_rule_arn": f"{RULE}/{cloudwatch}" if cloudwatch else "",
    }


def test_clumios_topic_before_all_others():
    arn = told(smallest_file(topics={"Another": {}, "ClumioEventPub": {}}))["clumio_event_pub_arn"]
    assert arn == f"arn:aws:sns:{REGION}:{ACCOUNT}:ClumioEventPub"


def test_service_roles_are_known_by_whom_they_trust():
    roles = {
        "A": service_role("ssm.amazonaws.com"),
        "B": service_role("events.amazonaws.com"),
        "C": service_role("ec2.amazonaws.com"),
    }
    assert told(smallest_file(roles=roles))["service_roles"] == {
        "s3": {"continuous_backups_role_arn": f"{IAM}:role/B"},
        "mssql": {
            "ssm_notification_role_arn": f"{IAM}:role/A",
            "ec2_ssm_instance_profile_arn": f"{IAM}:instance-profile/C",
        },
    }
