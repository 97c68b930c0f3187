# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls of Amazon SNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._call import call, find
from ._tags import from_list, to_list
from .settle import remove, write

_ABSENT = ("NotFound", "NotFoundException")
_GONE = (*_ABSENT, "ResourceNotFound", "ResourceNotFoundException")


def get_topic_attributes(sns: Any, arn: str) -> dict[str, str] | None:
    """The attributes of the topic, all text; None where there is no such topic."""
    answer = find(sns.get_topic_attributes, f"read the topic {arn}", _ABSENT, TopicArn=arn)
    return dict(answer["Attributes"]) if answer else None


def list_topic_tags(sns: Any, arn: str) -> dict[str, str]:
    """The tags of the topic; none for one that is gone."""
    answer = find(sns.list_tags_for_resource, f"read the tags of the topic {arn}", _GONE, ResourceArn=arn)
    return from_list(answer["Tags"]) if answer else {}


def list_topics(sns: Any) -> list[str]:
    """The ARNs of all topics of the region."""
    arns: list[str] = []
    page: dict[str, str] = {}
    while True:
        answer = call(sns.list_topics, "list the topics of the account", **page)
        arns += [topic["TopicArn"] for topic in answer["Topics"]]
        if not answer.get("NextToken"):
            return arns
        page = {"NextToken": answer["NextToken"]}


def create_topic(sns: Any, name: str, attributes: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """Create a standard topic with its attributes; gives its ARN."""
    answer = write(
        sns.create_topic, f"create the topic {name}", Name=name, Attributes=dict(attributes), Tags=to_list(tags)
    )
    return str(answer["TopicArn"])


def set_topic_attribute(sns: Any, arn: str, attribute: str, value: str) -> None:
    """Set one attribute, C(Policy) say."""
    write(
        sns.set_topic_attributes,
        f"set the attribute {attribute} of the topic {arn}",
        TopicArn=arn,
        AttributeName=attribute,
        AttributeValue=value,
    )


def tag_topic(sns: Any, arn: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags."""
    write(sns.tag_resource, f"tag the topic {arn}", ResourceArn=arn, Tags=to_list(tags))


def untag_topic(sns: Any, arn: str, keys: Sequence[str]) -> None:
    """Take tags away."""
    write(sns.untag_resource, f"take tags off the topic {arn}", ResourceArn=arn, TagKeys=list(keys))


def delete_topic(sns: Any, arn: str) -> None:
    """Delete the topic with its subscriptions; one that is gone is no error."""
    remove(sns.delete_topic, f"delete the topic {arn}", _ABSENT, TopicArn=arn)
