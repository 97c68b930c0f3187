# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose a resource is: what this collection makes says so in its tags, and nothing else is ever changed."""

from __future__ import annotations

from collections.abc import Mapping

from .._permissions.names import Connection

CONNECTION_TAG = "clumio:connection"


def owner_tags(connection: Connection) -> dict[str, str]:
    """The tags of everything made for the connection."""
    return {"Vendor": "Clumio", CONNECTION_TAG: connection.id}


def foreign(connection: Connection, tags: Mapping[str, str]) -> str:
    """Why a resource with these tags is not the connection's, in half a sentence; empty where it is."""
    owner = tags.get(CONNECTION_TAG)
    if owner == connection.id:
        return ""
    if owner:
        return f"it belongs to the connection {owner}"
    if tags.get("aws:cloudformation:stack-name"):
        return f"it belongs to the CloudFormation stack {tags['aws:cloudformation:stack-name']}"
    shown = ", ".join(f"{key}={value}" for key, value in sorted(tags.items())) or "none"
    return f"it has no tag {CONNECTION_TAG} (its tags: {shown})"
