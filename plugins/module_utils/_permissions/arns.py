# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ARNs that Clumio asks for, in the shape of its API: which resource of the file answers which question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .documents import compact
from .model import CLUMIO_ROLE, SUPPORT_ROLE, TOPIC, FileRole, FileRule, PermissionsFile
from .names import Naming


def handed_over(file: PermissionsFile, naming: Naming, *, support_role: bool = True) -> dict[str, Any]:
    """The body's C(resources) of Clumio's PATCH of a connection; C("") for what the file does not have.

    Roles and rules are known by their names or, should Clumio name them differently, by what they are for.
    """
    topic = next((topic for topic in file.topics if topic.name == TOPIC), next(iter(file.topics), None))
    service_roles = [role for role in file.roles if role.name not in (CLUMIO_ROLE, SUPPORT_ROLE)]

    def role_arn(role: FileRole | None) -> str:
        return naming.role_arn(role.name) if role else ""

    def role_of(service: str) -> FileRole | None:
        return next((role for role in service_roles if role.trusts_service(service)), None)

    def named(name: str) -> FileRole | None:
        return next((role for role in file.roles if role.name == name), None)

    instance_role = next((role for role in service_roles if role.needs_instance_profile()), None)
    return {
        "clumio_iam_role_arn": role_arn(named(CLUMIO_ROLE)),
        "clumio_event_pub_arn": naming.topic_arn(topic.name) if topic else "",
        "clumio_support_role_arn": role_arn(named(SUPPORT_ROLE)) if support_role else "",
        "event_rules": {
            "cloudtrail_rule_arn": _rule_arn(file.rules, naming, "ClumioCloudtrailEventRule", _watches_cloudtrail),
            "cloudwatch_rule_arn": _rule_arn(
                file.rules, naming, "ClumioCloudwatchEventRule", lambda rule: not _watches_cloudtrail(rule)
            ),
        },
        "service_roles": {
            "s3": {"continuous_backups_role_arn": role_arn(role_of("events.amazonaws.com"))},
            "mssql": {
                "ssm_notification_role_arn": role_arn(role_of("ssm.amazonaws.com")),
                "ec2_ssm_instance_profile_arn": (
                    naming.instance_profile_arn(instance_role.name) if instance_role else ""
                ),
            },
        },
    }


def _rule_arn(rules: Sequence[FileRule], naming: Naming, name: str, serves: Callable[[FileRule], bool]) -> str:
    """The rule of that name; else one whose name says cloudtrail or cloudwatch; else one whose pattern serves."""
    word = name.removeprefix("Clumio").removesuffix("EventRule").lower()
    ways: tuple[Callable[[FileRule], bool], ...] = (
        lambda rule: rule.name == name,
        lambda rule: word in rule.name.lower(),
        serves,
    )
    found = next((rule for way in ways for rule in rules if way(rule)), None)
    return naming.rule_arn(found.name) if found else ""


def _watches_cloudtrail(rule: FileRule) -> bool:
    return "AWS API Call via CloudTrail" in compact(rule.event_pattern)
