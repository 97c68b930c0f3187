# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SNS topics."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from .._aws import sns
from .._change import Change
from .._permissions.documents import compact
from .._permissions.plan import Topic
from .converge import Found, Noun, Stage


class Topics(Noun[Topic]):
    """Standard topics with their access policy; a topic without a wanted policy keeps the one it has."""

    section = "topics"
    kind = "topic"

    def __init__(self, client: Any) -> None:
        self._sns = client

    def read(self, desired: Topic) -> Found[Topic] | None:
        attributes = sns.get_topic_attributes(self._sns, desired.arn)
        if attributes is None:
            return None
        policy = json.loads(attributes["Policy"]) if attributes.get("Policy") else None
        tags = sns.list_topic_tags(self._sns, desired.arn)
        return Found(Topic(name=desired.name, arn=attributes["TopicArn"], policy=policy, tags=tags))

    def after(self, desired: Topic, found: Topic) -> Topic:
        return desired if desired.policy else replace(desired, policy=found.policy)

    def stages(self, change: Change[Topic]) -> Sequence[Stage]:
        topic = change.after
        policy = {"Policy": compact(topic.policy)} if topic.policy else {}
        if change.action == "create":
            return [[partial(sns.create_topic, self._sns, topic.name, policy, topic.tags)]]
        changed = policy if "policy" in change.differences else {}
        return [[partial(sns.set_topic_attribute, self._sns, topic.arn, name, text) for name, text in changed.items()]]

    def tag(self, resource: Topic, tags: Mapping[str, str]) -> None:
        sns.tag_topic(self._sns, resource.arn, tags)
