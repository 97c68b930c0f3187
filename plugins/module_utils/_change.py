# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one resource was and will be: made by comparing, then applied, shown and reported."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from ._permissions.documents import canonical_pattern, canonical_policy, readable_policy
from ._permissions.plan import Resource

R_co = TypeVar("R_co", bound=Resource, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Change(Generic[R_co]):
    """The way of one resource from what AWS holds to what it is to hold.

    Args:
        section: where the resource stands in the plan, C(policies) say.
        kind: the resource in words, C(managed policy) say.
        before: as found; None where there is none.
        after: as it will be, the same in check mode and in the real run; None for one that is not to be there.
        differences: the members in which the two differ, sorted; empty unless there are both.
        extras: what others have added to the resource and what stays, C(inline policy Mine) say.
        superseded: resources of ours that the one found makes use of, and the one wanted does not: policies of a role.
        foreign: why the resource found is not this connection's; empty where it is, or where there is none.
        adoptable: whether a foreign resource may become this connection's, if the user says so.
        used_by: what in AWS uses a resource that is to go, as labels, C(role ClumioIAMRole) say.
        details: what the noun has noted while reading, for its own use when applying.
        unreadable: why the resource could not be read, in a sentence; empty where it was.
    """

    section: str
    kind: str
    before: R_co | None
    after: R_co | None
    differences: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    superseded: tuple[Resource, ...] = ()
    foreign: str = ""
    adoptable: bool = False
    used_by: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    unreadable: str = ""

    @property
    def action(self) -> Literal["create", "update", "adopt", "delete", "none"]:
        """What applying it does; what is not to be there and not ours stays."""
        if self.after is None:
            return "none" if self.before is None or self.foreign else "delete"
        if self.before is None:
            return "create"
        if self.foreign:
            return "adopt"
        return "update" if self.differences else "none"

    @property
    def resource(self) -> R_co:
        """The resource as it will be, or as it was if it will not be there."""
        resource = self.after or self.before
        assert resource is not None
        return resource

    @property
    def label(self) -> str:
        """The resource in words with its name, C(role ClumioIAMRole)."""
        return f"{self.kind} {self.resource.name}"

    @property
    def place(self) -> dict[str, str]:
        """What identifies the resource in a module's result."""
        return {"section": self.section, "name": self.resource.name, "arn": self.resource.arn}

    def as_dict(self) -> dict[str, Any]:
        """For the C(changes) of a module's result."""
        superseded = {"superseded_policies": [policy.arn for policy in self.superseded]} if self.superseded else {}
        return {
            **self.place,
            "action": self.action,
            "differences": list(self.differences),
            **self.details,
            **superseded,
        }

    def diff(self) -> dict[str, Any]:
        """For Ansible's diff mode: both sides readable and sorted, and what goes without standing in either."""
        version = self.details.get("superfluous_version")
        header = f"{self.label}, its version {version} deleted" if version else self.label
        return {
            "before_header": f"{self.label}, so far not ours: {self.foreign}" if self.foreign else self.label,
            "after_header": header,
            "before": readable(self.before) if self.before else "",
            "after": readable(self.after) if self.after else "",
        }

    def told(self) -> list[str]:
        """Each difference in words, by the names of what is missing, changed or in excess."""
        if self.before is None or self.after is None:
            return []
        wanted, held = _members(self.after, canonical_policy), _members(self.before, canonical_policy)
        return [text for member in self.differences for text in _told(member, wanted[member], held[member])]


# What the items of a member that is a list are called.
_ITEMS = {"managed_policies": "attached policy", "inline_policies": "inline policy", "targets": "target"}


def _told(member: str, wanted: Any, held: Any) -> list[str]:
    if member == "tags":
        word, after, before = "tag", wanted or {}, held or {}
    elif member in _ITEMS:
        word, after, before = _ITEMS[member], _by_name(wanted), _by_name(held)
    else:
        return [f"{member.replace('_', ' ')} is changed"]
    result = []
    for name in sorted({*after, *before}):
        if name not in before:
            result.append(f"{word} {name} is missing")
        elif name not in after:
            result.append(f"{word} {name} is superfluous")
        elif before[name] != after[name]:
            result.append(f"{word} {name} is changed")
    return result


def _by_name(items: Sequence[Any]) -> dict[str, Any]:
    """Items by what tells them apart: the name of an inline policy, the id of a target, the ARN itself."""
    return {str(item.get("name") or item.get("id")) if isinstance(item, dict) else item: item for item in items}


def as_result(changes: Sequence[Change[Any]], *sections: str) -> dict[str, Any]:
    """What a module of these sections returns: their resources as they are afterwards, and what changed."""
    due = [change for change in changes if change.action != "none"]
    return {
        **{
            section: [change.after.as_dict() for change in changes if change.after and change.section == section]
            for section in sections
        },
        "changed": bool(due),
        "changes": [change.as_dict() for change in due],
        "diff": [change.diff() for change in due],
        "extras": extras(changes),
        "kept": [
            {**change.place, "reason": change.foreign} for change in changes if change.after is None and change.foreign
        ],
    }


def extras(changes: Sequence[Change[Any]]) -> list[dict[str, str]]:
    """What others have added to our resources and what stays."""
    return [{**change.place, "extra": extra} for change in changes for extra in change.extras]


def differences(desired: Resource, found: Resource) -> tuple[str, ...]:
    """The members in which two resources differ when AWS reads them; documents are compared as documents."""
    one, other = _members(desired, canonical_policy), _members(found, canonical_policy)
    # As text, since Python takes true for 1.
    return tuple(sorted(name for name in one if _text(one[name]) != _text(other[name])))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def readable(resource: Resource) -> dict[str, Any]:
    """The resource with its documents sorted for reading."""
    return _members(resource, readable_policy)


def _members(resource: Any, policy: Any) -> dict[str, Any]:
    result = {}
    for name, member in resource.__dataclass_fields__.items():
        value = getattr(resource, name)
        document = member.metadata.get("document")
        if isinstance(value, tuple):
            items = [_members(item, policy) if hasattr(item, "__dataclass_fields__") else item for item in value]
            value = sorted(items, key=str)
        elif document and value is not None:
            value = policy(value) if document == "policy" else canonical_pattern(value)
        result[name] = value
    return result
