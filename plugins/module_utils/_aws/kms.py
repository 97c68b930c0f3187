# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls of AWS Key Management Service."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ._call import call, find
from .settle import remove, write

_ABSENT = ("NotFoundException",)

# AWS waits before it deletes a key, so that what was encrypted with it can be saved: 7 days at least.
# Source: https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
DELETION_DAYS = 7


def describe_key(kms: Any, key: str) -> dict[str, Any] | None:
    """The metadata of the key with this id, ARN or alias; None where there is none."""
    answer = find(kms.describe_key, f"read the KMS key {key}", _ABSENT, KeyId=key)
    return dict(answer["KeyMetadata"]) if answer else None


def get_key_policy(kms: Any, key: str) -> dict[str, Any]:
    """The policy of the key."""
    answer = call(kms.get_key_policy, f"read the policy of the KMS key {key}", KeyId=key, PolicyName="default")
    return dict(json.loads(answer["Policy"]))


def find_key_policy(kms: Any, key: str) -> dict[str, Any] | None:
    """The policy of the key; None where there is none or the credentials may not read it."""
    task = f"read the policy of the KMS key {key}"
    answer = find(kms.get_key_policy, task, (*_ABSENT, "AccessDeniedException"), KeyId=key, PolicyName="default")
    return dict(json.loads(answer["Policy"])) if answer else None


def get_key_rotation_status(kms: Any, key: str) -> bool:
    """Whether AWS rotates the key; a key that waits for its deletion does not rotate."""
    answer = call(kms.get_key_rotation_status, f"read the rotation of the KMS key {key}", KeyId=key)
    return bool(answer["KeyRotationEnabled"])


def list_resource_tags(kms: Any, key: str) -> dict[str, str]:
    """The tags of the key."""
    tags: list[dict[str, str]] = []
    page: dict[str, str] = {}
    while True:
        answer = call(kms.list_resource_tags, f"read the tags of the KMS key {key}", KeyId=key, **page)
        tags += answer["Tags"]
        if not answer.get("Truncated"):
            return {tag["TagKey"]: tag["TagValue"] for tag in tags}
        page = {"Marker": answer["NextMarker"]}


def list_aliases(kms: Any, key: str) -> list[str]:
    """The aliases of the key, C(alias/NAME) each."""
    aliases: list[str] = []
    page: dict[str, str] = {}
    while True:
        answer = call(kms.list_aliases, f"read the aliases of the KMS key {key}", KeyId=key, **page)
        aliases += [alias["AliasName"] for alias in answer["Aliases"]]
        if not answer.get("Truncated"):
            return aliases
        page = {"Marker": answer["NextMarker"]}


def create_key(kms: Any, name: str, *, description: str, policy: str, tags: Mapping[str, str]) -> str:
    """Create a symmetric key; gives its id."""
    answer = write(
        kms.create_key, f"create the KMS key {name}", Description=description, Policy=policy, Tags=_to_list(tags)
    )
    return str(answer["KeyMetadata"]["KeyId"])


def create_alias(kms: Any, alias: str, key: str) -> None:
    """Give the key a name, C(alias/NAME)."""
    write(kms.create_alias, f"give the KMS key {key} the name {alias}", AliasName=alias, TargetKeyId=key)


def enable_key_rotation(kms: Any, key: str) -> None:
    """Have AWS rotate the key."""
    write(kms.enable_key_rotation, f"turn on the rotation of the KMS key {key}", KeyId=key)


def disable_key_rotation(kms: Any, key: str) -> None:
    """Have AWS rotate the key no longer."""
    write(kms.disable_key_rotation, f"turn off the rotation of the KMS key {key}", KeyId=key)


def enable_key(kms: Any, key: str) -> None:
    """Enable a key that is disabled."""
    write(kms.enable_key, f"enable the KMS key {key}", KeyId=key)


def disable_key(kms: Any, key: str) -> None:
    """Disable the key: what it has encrypted cannot be read until it is enabled again."""
    write(kms.disable_key, f"disable the KMS key {key}", KeyId=key)


def cancel_key_deletion(kms: Any, key: str) -> None:
    """Keep a key that waits for its deletion; it is disabled then."""
    write(kms.cancel_key_deletion, f"cancel the deletion of the KMS key {key}", KeyId=key)


def update_key_description(kms: Any, key: str, description: str) -> None:
    """Set the description of the key."""
    write(kms.update_key_description, f"describe the KMS key {key}", KeyId=key, Description=description)


def put_key_policy(kms: Any, key: str, policy: str) -> None:
    """Replace the policy of the key."""
    write(kms.put_key_policy, f"set the policy of the KMS key {key}", KeyId=key, PolicyName="default", Policy=policy)


def tag_key(kms: Any, key: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags."""
    write(kms.tag_resource, f"tag the KMS key {key}", KeyId=key, Tags=_to_list(tags))


def untag_key(kms: Any, key: str, keys: Sequence[str]) -> None:
    """Take tags away."""
    write(kms.untag_resource, f"take tags off the KMS key {key}", KeyId=key, TagKeys=list(keys))


def delete_alias(kms: Any, alias: str) -> None:
    """Take the name C(alias/NAME) off its key; one that is gone is no error."""
    remove(kms.delete_alias, f"delete the name {alias} of a KMS key", _ABSENT, AliasName=alias)


def schedule_key_deletion(kms: Any, key: str) -> None:
    """Have AWS delete the key after DELETION_DAYS; until then the deletion can be cancelled."""
    call(
        kms.schedule_key_deletion,
        f"schedule the deletion of the KMS key {key}",
        KeyId=key,
        PendingWindowInDays=DELETION_DAYS,
    )


def _to_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
