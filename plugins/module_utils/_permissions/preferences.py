# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the user may choose and the file says nothing about: tags, permissions boundary, encryption, support role."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from .documents import Document, kind_of
from .findings import Finding
from .names import AWS_TAG_PREFIX, OUR_TAGS, VENDOR_TAG, Connection
from .plan import KmsKey, Plan, Resource

R = TypeVar("R", bound=Resource)

# The value of Preferences.kms_key that asks for a key of the topic's own.
CREATE = "create"

# Limits of tags, in characters. IAM and Systems Manager allow the fewest characters, and to IAM keys that differ in
# case only are the same.
# Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
TAGS = 50
TAG_KEY_CHARACTERS = 128
TAG_VALUE_CHARACTERS = 256
_TAG_SIGNS = frozenset("_.:/=+-@")

# The one tag of ours that does no harm in other hands.
_HARMLESS_TAG = (VENDOR_TAG, "Clumio")

# Source: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
ALIAS_NAME = r"(?!aws/)[A-Za-z0-9/_-]+"
ALIAS_NAME_CHARACTERS = 250

# Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
_KEY_ID = r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
_ALIAS = rf"alias/(?={ALIAS_NAME}$).{{1,{ALIAS_NAME_CHARACTERS}}}"
_OF_AWS = re.compile(r"(?:arn:[^:]*:kms:[^:]*:[^:]*:)?alias/aws/.*", re.DOTALL)

# Path and name of a managed policy.
_POLICY = r"policy/(?:[!-.0-~]+/)*[\w+=,.@-]{1,128}"


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """The user's choices; of tags, boundary and key None stands for what the user says nothing about.

    Args:
        tags: of everything that is made, besides ours; values may be text, numbers or booleans.
        permissions_boundary: the ARN of a managed policy for every role, empty for none.
        kms_key: what encrypts the topics. C(create), or the id, the ARN or the alias of a key; empty for nothing.
        support_role: whether there is to be a role for Clumio's support.
    """

    tags: Mapping[Any, Any] | None = None
    permissions_boundary: str | None = None
    kms_key: str | None = None
    support_role: bool = True

    def texts(self) -> dict[str, str] | None:
        """The tags as AWS has them, all text."""
        return None if self.tags is None else {str(key): str(value) for key, value in self.tags.items()}


def key_policy(connection: Connection, topic_arn: str) -> Document:
    """The policy of a key that encrypts one topic to which EventBridge publishes; the account administers the key.

    Both services pass the topic's ARN as encryption context; EventBridge passes no source that could be asked for.
    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html ("Enable compatibility between event
    sources from AWS services and encrypted topics").
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Administration",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{connection.partition}:iam::{connection.account_id}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Topic",
                "Effect": "Allow",
                "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": "*",
                "Condition": {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": topic_arn}},
            },
        ],
    }


def with_preferences(plan: Plan, preferences: Preferences, connection: Connection) -> Plan:
    """The plan with the user's choices on every resource that they are about; C(create) makes a key for each topic.

    Args:
        plan: as the file has it.
        preferences: the choices.
        connection: whose plan it is.
    """
    tags, key = preferences.texts(), preferences.kms_key

    def tagged(resources: Iterable[R]) -> tuple[R, ...]:
        return tuple(replace(resource, tags=tags) for resource in resources)

    topics = [replace(topic, kms_key=f"alias/{topic.name}" if key == CREATE else key) for topic in plan.topics]
    roles = [replace(role, permissions_boundary=preferences.permissions_boundary) for role in plan.roles]
    keys = [
        KmsKey(
            name=topic.name,
            arn=connection.kms_alias_arn(topic.name),
            description=f"Encrypts the SNS topic {topic.name}",
            policy=key_policy(connection, topic.arn),
        )
        for topic in topics
        if key == CREATE
    ]
    return replace(
        plan,
        kms_keys=tagged(keys),
        topics=tagged(topics),
        rules=tagged(plan.rules),
        policies=tagged(plan.policies),
        roles=tagged(roles),
        instance_profiles=tagged(plan.instance_profiles),
        ssm_documents=tagged(plan.ssm_documents),
    )


def audit_preferences(preferences: Preferences, connection: Connection) -> list[Finding]:
    """What AWS, or this collection, would not take of the user's choices.

    Args:
        preferences: the choices.
        connection: whose plan they are for.
    """
    return [
        *audit_tags(preferences.tags or {}),
        *_permissions_boundary(preferences.permissions_boundary, connection),
        *_kms_key(preferences.kms_key, connection),
    ]


def audit_tags(tags: Mapping[Any, Any]) -> Iterator[Finding]:
    """What AWS, or this collection, would not take of some tags; values may be text, numbers or booleans."""
    folded = Counter(str(key).lower() for key in tags)
    for key, value in tags.items():
        problem, hint = _problem_of_tag(str(key), value)
        if not problem and folded[str(key).lower()] > 1:
            problem, hint = "there is another key that differs in case only", "IAM takes them for the same."
        if problem:
            yield Finding(
                code="invalid_tag",
                member=f"tags.{key}",
                message=f"The tag cannot be used: {problem}.",
                found=str(value),
                hint=hint,
            )
    total = len({*map(str, tags), *OUR_TAGS})
    if total > TAGS:
        yield Finding(
            code="too_many_tags",
            member="tags",
            message=f"With ours there are {total} tags, AWS allows {TAGS}.",
            found=total,
            limit=TAGS,
            hint=f"Ours are {', '.join(OUR_TAGS)}.",
        )


def _problem_of_tag(key: str, value: Any) -> tuple[str, str]:
    """What is wrong with a tag, and what to do; both empty if nothing."""
    if not isinstance(value, str | int | float | bool):
        return f"its value is {kind_of(value)}", "It is text, a number or a boolean."
    text = str(value)
    for part, what, shortest, longest in (
        (key, "key", 1, TAG_KEY_CHARACTERS),
        (text, "value", 0, TAG_VALUE_CHARACTERS),
    ):
        if not shortest <= len(part) <= longest:
            return f"its {what} has {len(part)} characters", f"AWS allows {shortest} to {longest}."
        if part.lower().startswith(AWS_TAG_PREFIX):
            return f"its {what} begins with {AWS_TAG_PREFIX}", "What begins so is reserved for AWS."
        if not all(sign in _TAG_SIGNS or unicodedata.category(sign)[0] in "LNZ" for sign in part):
            return (
                f"its {what} has characters that AWS does not allow",
                f"It allows letters, digits, spaces and {' '.join(sorted(_TAG_SIGNS))}",
            )
    ours = {name.lower(): name for name in OUR_TAGS}
    if key.lower() in ours and (key, text) != _HARMLESS_TAG:
        return f"{ours[key.lower()]} is a tag of this collection's own", "Give it another key."
    return "", ""


def _permissions_boundary(arn: str | None, connection: Connection) -> Iterator[Finding]:
    """Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html."""
    accounts = rf"arn:{connection.partition}:iam::(?:{connection.account_id}|aws):"
    if arn and not re.fullmatch(accounts + _POLICY, arn, re.ASCII):
        yield Finding(
            code="invalid_permissions_boundary",
            member="permissions_boundary",
            message=f"{arn} is not the ARN of a managed policy of the account {connection.account_id} or of AWS.",
            found=arn,
            hint=(
                f"It is of the form {connection.policy_arn('NAME')}, "
                f"or arn:{connection.partition}:iam::aws:policy/NAME for one of AWS."
            ),
        )


def _kms_key(key: str | None, connection: Connection) -> Iterator[Finding]:
    """Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id.

    Of AWS's own keys nobody can change the policy, so that EventBridge cannot use them:
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html and
    https://repost.aws/knowledge-center/sns-not-getting-eventbridge-notification.
    """
    finding = partial(Finding, code="invalid_kms_key", member="kms_key", found=key)
    of_region = rf"(?:arn:{connection.partition}:kms:{connection.region}:\d{{12}}:)"
    if not key or key == CREATE:
        return
    if _OF_AWS.fullmatch(key):
        yield finding(
            message=f"EventBridge cannot publish to a topic that {key} encrypts, a key of AWS's own.",
            hint="Give create, or a key of your own whose policy lets events.amazonaws.com use it.",
        )
    elif not re.fullmatch(rf"{of_region}key/{_KEY_ID}|{of_region}?{_ALIAS}|{_KEY_ID}", key, re.ASCII):
        yield finding(
            message=f"{key} is neither create nor a KMS key of {connection.region}.",
            hint=(
                "A key has an id such as 1234abcd-12ab-34cd-56ef-1234567890ab, an alias such as alias/clumio, or their "
                f"ARN: arn:{connection.partition}:kms:{connection.region}:ACCOUNT:key/ID or ...:alias/NAME."
            ),
        )
