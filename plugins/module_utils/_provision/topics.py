# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SNS topics."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from .._aws import sns
from .._change import Change
from .._permissions.documents import compact
from .._permissions.names import Connection
from .._permissions.plan import Resource, Topic
from .converge import Found, Noun, Stage, owned_among


class Topics(Noun[Topic]):
    """Standard topics with their access policy and encryption; what is not given of these stays as it is."""

    section = "topics"
    kind = "topic"

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._sns = client("sns")

    def read(self, name: str, arn: str) -> Found[Topic] | None:
        attributes = sns.get_topic_attributes(self._sns, arn)
        if attributes is None:
            return None
        found = Topic(
            name=name,
            arn=attributes["TopicArn"],
            policy=json.loads(attributes["Policy"]) if attributes.get("Policy") else None,
            kms_key=attributes.get("KmsMasterKeyId", ""),
            tags=sns.list_topic_tags(self._sns, arn),
        )
        return Found(found)

    def after(
        self,
        desired: Topic,
        found: Topic | None,
        superseded: Sequence[Resource],  # noqa: ARG002
        *,
        purge: bool,  # noqa: ARG002
    ) -> Topic:
        policy, key = (found.policy, found.kms_key) if found else (None, "")
        return replace(
            desired,
            policy=desired.policy or policy,
            kms_key=key if desired.kms_key is None else desired.kms_key,
        )

    def stages(self, change: Change[Topic]) -> Sequence[Stage]:
        topic = change.resource
        attributes = {
            "policy": ("Policy", compact(topic.policy) if topic.policy else ""),
            "kms_key": ("KmsMasterKeyId", topic.kms_key or ""),
        }
        if change.before is None:
            given = {name: value for name, value in attributes.values() if value}
            calls: list[Callable[[], Any]] = [partial(sns.create_topic, self._sns, topic.name, given, topic.tags or {})]
        else:
            calls = [
                partial(sns.set_topic_attribute, self._sns, topic.arn, *attribute)
                for member, attribute in attributes.items()
                if member in change.differences
            ]
        # After the key that encrypts it.
        return [[], calls]

    def tag(self, resource: Topic, tags: Mapping[str, str]) -> None:
        sns.tag_topic(self._sns, resource.arn, tags)

    def untag(self, resource: Topic, keys: Sequence[str]) -> None:
        sns.untag_topic(self._sns, resource.arn, keys)

    def owned(self, connection: Connection) -> Sequence[tuple[str, str]]:
        everything = [(arn.rpartition(":")[2], arn) for arn in sns.list_topics(self._sns)]
        return owned_among(everything, lambda _name, arn: sns.list_topic_tags(self._sns, arn), connection)

    def removal(self, resource: Topic) -> Sequence[Stage]:
        return [[partial(sns.delete_topic, self._sns, resource.arn)]]
