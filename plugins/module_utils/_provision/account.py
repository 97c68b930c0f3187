# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the AWS account itself says before anything is made: whose it is, what it has room for, what it holds now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .._aws import events, iam, kms, sts
from .._change import Change
from .._permissions.audit import audit_credentials, audit_quotas, audit_rule_count
from .._permissions.documents import listed
from .._permissions.findings import Finding
from .._permissions.names import Connection
from .._permissions.plan import Plan
from . import parallel
from .choices import Choices
from .converge import Work, compare
from .obstacles import obstacles


def survey(
    plan: Plan,
    work: Sequence[Work[Any]],
    connection: Connection,
    choices: Choices,
    client: Callable[[str], Any],
) -> tuple[list[Finding], list[Change[Any]]]:
    """What the account has against the plan, and what the plan would change.

    Args:
        plan: the resolved plan.
        work: the same as work.
        connection: whose plan it is.
        choices: of the user.
        client: makes the boto3 client of a service.

    Raises:
        AwsError: from the calls.
    """
    findings = audit_credentials(connection, sts.get_caller_identity(client("sts"))["Account"])
    if findings:
        # Asked alone: another account refuses most of the other questions, or answers them about itself.
        return findings, []
    boundaries = sorted(
        {role.permissions_boundary for role in plan.roles if role.permissions_boundary}
        - {policy.arn for policy in plan.policies}
    )
    keys = sorted({key for topic in plan.topics if (key := topic.kms_key) and _can_be_asked_for(key, plan, connection)})
    account = client("iam")
    questions: list[Callable[[], Any]] = [
        partial(iam.get_account_summary, account),
        partial(events.list_rules, client("events")),
        partial(compare, work, connection, choices),
        *(partial(iam.get_policy, account, arn) for arn in boundaries),
        *(partial(_key, client("kms"), key) for key in keys),
    ]
    quotas, rules, changes, *others = parallel.run(questions)
    findings += [*audit_quotas(plan, quotas), *audit_rule_count(plan, [rule["Name"] for rule in rules])]
    findings += _boundaries(dict(zip(boundaries, others, strict=False)))
    findings += [finding for found in others[len(boundaries) :] for finding in found]
    return [*findings, *obstacles(changes, choices)], changes


def _can_be_asked_for(key: str, plan: Plan, connection: Connection) -> bool:
    """Whether the account can say something about the key: not of one to be made, nor of another account's."""
    made = {f"alias/{made.name}" for made in plan.kms_keys}
    return key not in made and not (key.startswith("arn:") and f":{connection.account_id}:" not in key)


def _boundaries(found: dict[str, Any]) -> list[Finding]:
    return [
        Finding(
            code="missing_boundary",
            section="roles",
            member="permissions_boundary",
            message=f"There is no policy {arn} to be the permissions boundary.",
            found=arn,
            hint="Make it first, or give another one.",
        )
        for arn, policy in found.items()
        if policy is None
    ]


def _key(client: Any, key: str) -> list[Finding]:
    """What keeps an existing key from encrypting a topic to which EventBridge publishes.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    finding = partial(Finding, section="topics", member="kms_key", found=key)
    metadata = kms.describe_key(client, key)
    reason = _unusable(metadata)
    if reason or metadata is None:
        return [
            finding(
                code="unusable_key",
                message=f"The KMS key {key} cannot encrypt the topic: {reason}.",
                hint="Give another key, or have one made with kms_key: create.",
            )
        ]
    policy = kms.find_key_policy(client, metadata["KeyId"])
    if policy is None or _lets_use(policy, "events.amazonaws.com"):
        return []
    return [
        finding(
            level="warning",
            code="key_closed_to_events",
            message=f"The policy of the KMS key {key} does not name events.amazonaws.com.",
            hint="Let EventBridge use kms:GenerateDataKey* and kms:Decrypt with it, or no event reaches Clumio.",
        )
    ]


def _unusable(metadata: dict[str, Any] | None) -> str:
    if metadata is None:
        return "there is none"
    if metadata["KeyState"] != "Enabled":
        return f"it is not enabled ({metadata['KeyState']})"
    if metadata.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        return f"it does not encrypt symmetrically ({metadata['KeySpec']})"
    if metadata.get("KeyManager") == "AWS":
        return "EventBridge may not use AWS's own keys"
    return ""


def _lets_use(policy: dict[str, Any], service: str) -> bool:
    """Whether a statement of the policy allows something to the service, under whatever condition."""
    for statement in listed(policy.get("Statement", [])):
        principal = statement.get("Principal", {}) if statement.get("Effect") == "Allow" else {}
        if (
            principal == "*"
            or service in listed(principal.get("Service", []))
            or "*" in listed(principal.get("AWS", []))
        ):
            return True
    return False
