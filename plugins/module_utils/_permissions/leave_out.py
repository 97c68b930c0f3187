# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file without a role that its owner does not want to give: the role itself and every mention of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .documents import Document, listed
from .model import FilePolicy, PermissionsFile, placeholder


def leave_out(file: PermissionsFile, role: str) -> PermissionsFile:
    """The file without the role.

    Its placeholder is taken out of lists of resources; a statement that is about nothing else goes with it, and so does
    a policy without statements. A mention anywhere else stays, to be found as a placeholder without a value.
    """
    word = placeholder(role)

    def kept(policies: tuple[FilePolicy, ...]) -> tuple[FilePolicy, ...]:
        trimmed = [replace(policy, document=_without(policy.document, word)) for policy in policies]
        return tuple(policy for policy in trimmed if policy.document["Statement"])

    return replace(
        file,
        roles=tuple(
            replace(
                other,
                managed_policies=kept(other.managed_policies),
                inline_policies=kept(other.inline_policies),
            )
            for other in file.roles
            if other.name != role
        ),
        policies=kept(file.policies),
    )


def _without(document: Document, word: str) -> Document:
    statements = listed(document["Statement"])
    if not any(word in _resources(statement) for statement in statements):
        return document
    result = []
    for statement in statements:
        left = [resource for resource in _resources(statement) if resource != word]
        if word not in _resources(statement):
            result.append(statement)
        elif left:
            result.append(statement | {"Resource": left})
    return document | {"Statement": result}


def _resources(statement: Document) -> list[Any]:
    return listed(statement.get("Resource", []))
