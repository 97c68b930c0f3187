# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""KMS keys."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from .._aws import kms, tagging
from .._aws._call import AwsError, is_overtaken
from .._change import Change
from .._permissions.documents import compact
from .._permissions.names import CONNECTION_TAG, Connection
from .._permissions.plan import KmsKey
from .converge import Found, Noun, Stage
from .ownership import owner_tags

_DELETED = "PendingDeletion"


class KmsKeys(Noun[KmsKey]):
    """Symmetric keys that rotate, known by their aliases: the id of a key is not known before there is one."""

    section = "kms_keys"
    kind = "KMS key"
    made_by_one_call = False

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._kms = client("kms")
        self._tagging = client("resourcegroupstaggingapi")

    def read(self, name: str, arn: str) -> Found[KmsKey] | None:
        key = kms.describe_key(self._kms, arn)
        if key is None:
            return None
        pending = key["KeyState"] == _DELETED
        found = KmsKey(
            name=name,
            arn=arn,
            description=key.get("Description", ""),
            policy=kms.get_key_policy(self._kms, key["KeyId"]),
            rotation=not pending and kms.get_key_rotation_status(self._kms, key["KeyId"]),
            enabled=key["KeyState"] == "Enabled",
            tags=kms.list_resource_tags(self._kms, key["KeyId"]),
        )
        return Found(found, f"{key['CreationDate']:%Y-%m-%d}")

    def stages(self, change: Change[KmsKey]) -> Sequence[Stage]:
        key = change.resource
        if change.before is None:
            return [[partial(self._create, key)]]
        due = set(change.differences) - {"tags"}
        return [[partial(self._update, key, due)]] if due else []

    def _create(self, key: KmsKey) -> None:
        """Create the key and name it, or name the one that an interrupted run has left without a name."""
        policy, tags = compact(key.policy), key.tags or {}
        nameless = id_ = self._nameless(key)
        if nameless:
            # That run may have been about another policy and other tags.
            kms.put_key_policy(self._kms, id_, policy)
            kms.tag_key(self._kms, id_, tags)
        else:
            id_ = kms.create_key(self._kms, key.name, description=key.description, policy=policy, tags=tags)
        self._name(key, id_, is_new=not nameless)
        if key.rotation:
            kms.enable_key_rotation(self._kms, id_)
        if not key.enabled:
            kms.disable_key(self._kms, id_)

    def _name(self, key: KmsKey, id_: str, *, is_new: bool) -> None:
        """Give the key its name; one that was made in vain, since another run has just named its own so, goes again."""
        try:
            kms.create_alias(self._kms, _alias(key.arn), id_)
        except AwsError as error:
            named = kms.describe_key(self._kms, key.arn) if is_overtaken(error) else None
            if named and named["KeyId"] == id_:
                # The answer to a call that has been carried out was lost.
                return
            if named and is_new:
                kms.schedule_key_deletion(self._kms, id_)
            raise

    def _nameless(self, key: KmsKey) -> str:
        owner = {CONNECTION_TAG: (key.tags or {})[CONNECTION_TAG]}
        for arn in tagging.get_resources(self._tagging, "kms:key", owner):
            found = kms.describe_key(self._kms, arn) or {}
            alike = found.get("KeyState") == "Enabled" and found.get("Description") == key.description
            if alike and not kms.list_aliases(self._kms, arn):
                return str(found["KeyId"])
        return ""

    def _update(self, key: KmsKey, due: Collection[str]) -> None:
        metadata = self._metadata(key)
        id_ = metadata["KeyId"]
        if metadata["KeyState"] == _DELETED:
            kms.cancel_key_deletion(self._kms, id_)
        # The rotation can be changed only while the key is enabled.
        if metadata["KeyState"] != "Enabled" and (key.enabled or "rotation" in due):
            kms.enable_key(self._kms, id_)
        if "policy" in due:
            kms.put_key_policy(self._kms, id_, compact(key.policy))
        if "description" in due:
            kms.update_key_description(self._kms, id_, key.description)
        if "rotation" in due:
            turn = kms.enable_key_rotation if key.rotation else kms.disable_key_rotation
            turn(self._kms, id_)
        if not key.enabled:
            kms.disable_key(self._kms, id_)

    def tag(self, resource: KmsKey, tags: Mapping[str, str]) -> None:
        kms.tag_key(self._kms, self._metadata(resource)["KeyId"], tags)

    def untag(self, resource: KmsKey, keys: Sequence[str]) -> None:
        kms.untag_key(self._kms, self._metadata(resource)["KeyId"], keys)

    def _metadata(self, key: KmsKey) -> dict[str, Any]:
        """Id and state of the key behind the alias; most calls take no alias."""
        return kms.describe_key(self._kms, key.arn) or {"KeyId": key.arn, "KeyState": ""}

    def owned(self, connection: Connection) -> Sequence[tuple[str, str]]:
        """Found by tag, not by alias: one that an interrupted run has left may have none.

        Those that wait for their deletion are left out, unless an interrupted run has left them their names.
        """
        result = []
        for arn in tagging.get_resources(self._tagging, "kms:key", owner_tags(connection)):
            key = kms.describe_key(self._kms, arn)
            names = [alias.removeprefix("alias/") for alias in kms.list_aliases(self._kms, arn)] if key else []
            if key and (names or key["KeyState"] != _DELETED):
                result.append((names[0] if names else str(key["KeyId"]), arn))
        return result

    def removal(self, resource: KmsKey) -> Sequence[Stage]:
        # After the topic that it encrypts.
        return [[], [partial(self._remove, resource)]]

    def _remove(self, key: KmsKey) -> None:
        metadata = self._metadata(key)
        # The names last: by them an interrupted run finds the key again.
        if metadata["KeyState"] != _DELETED:
            try:
                kms.schedule_key_deletion(self._kms, metadata["KeyId"])
            except AwsError:
                # Another run may have done so meanwhile.
                if self._metadata(key)["KeyState"] != _DELETED:
                    raise
        for alias in kms.list_aliases(self._kms, metadata["KeyId"]):
            kms.delete_alias(self._kms, alias)


def _alias(arn: str) -> str:
    """C(alias/NAME) of the ARN of an alias."""
    return arn.rpartition(":")[2]
