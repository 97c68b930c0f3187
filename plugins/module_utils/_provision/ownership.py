# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose a resource is: what this collection makes says so in its tags, and nothing else is ever changed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

from .._permissions.names import (
    AWS_TAG_PREFIX,
    CONNECTION_TAG,
    INLINE_POLICIES_TAG,
    OUR_TAGS,
    VENDOR_TAG,
    Connection,
)
from .._permissions.preferences import TAG_VALUE_CHARACTERS

# Of the digest of a name; fewer where many names have to share a tag.
_DIGITS = 8

_STACK_TAG = "aws:cloudformation:stack-name"


def owner_tags(connection: Connection) -> dict[str, str]:
    """The tags of everything made for the connection."""
    return {VENDOR_TAG: "Clumio", CONNECTION_TAG: connection.id}


def foreign(connection: Connection, tags: Mapping[str, str], created: str = "") -> str:
    """Why a resource with these tags is not the connection's, in half a sentence; empty where it is.

    Args:
        connection: the one that asks.
        tags: those of the resource.
        created: the day on which the resource was made, as far as AWS tells.
    """
    owner = tags.get(CONNECTION_TAG)
    if owner == connection.id:
        return ""
    if owner:
        return f"it belongs to the connection {owner}"
    told = [f"made on {created}"] if created else []
    if _STACK_TAG in tags:
        told.append(f"part of the CloudFormation stack {tags[_STACK_TAG]}")
    if any("terraform" in f"{key} {value}".lower() for key, value in tags.items()):
        told.append("tagged as Terraform's")
    shown = ", ".join(f"{key}={value}" for key, value in sorted(tags.items())) or "none"
    return f"it has no tag {CONNECTION_TAG} ({', '.join([*told, f'its tags: {shown}'])})"


def adoptable(tags: Mapping[str, str]) -> bool:
    """Whether a foreign resource may be taken over: one of another connection may not, since that would break it."""
    return not tags.get(CONNECTION_TAG)


def tags_after(
    given: Mapping[str, str] | None, marks: Mapping[str, str], held: Mapping[str, str], *, purge: bool
) -> dict[str, str]:
    """The tags that a resource is to have.

    Args:
        given: the user's; None where the user says nothing about tags.
        marks: those that tell whose it is.
        held: those that it has.
        purge: whether tags that are neither given nor ours have to go; never where none are given.
    """
    if purge and given is not None:
        held = {key: value for key, value in held.items() if key.startswith(AWS_TAG_PREFIX) or key in OUR_TAGS}
    return {**held, **(given or {}), **marks}


def inline_policies_mark(names: Collection[str]) -> str:
    """The value of INLINE_POLICIES_TAG: AWS allows too few characters for the names themselves."""
    width = min(_DIGITS, TAG_VALUE_CHARACTERS // max(1, len(names)) - 1)
    return " ".join(sorted(_digest(name)[:width] for name in names))


def is_marked(name: str, tags: Mapping[str, str]) -> bool:
    """Whether the role with these tags says that its inline policy of this name is ours."""
    return any(_digest(name).startswith(known) for known in tags.get(INLINE_POLICIES_TAG, "").split())


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
