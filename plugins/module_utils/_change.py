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
        after: as it will be, the same in check mode and in the real run.
        differences: the members in which the two differ, sorted; empty for a creation and for no change.
        foreign: why the resource found is not this connection's; empty where it is, or where there is none.
        details: what the noun has noted while reading, for its own use when applying.
    """

    section: str
    kind: str
    before: R_co | None
    after: R_co
    differences: tuple[str, ...] = ()
    foreign: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def action(self) -> Literal["create", "update", "none"]:
        """What applying it does."""
        if self.before is None:
            return "create"
        return "update" if self.differences else "none"

    @property
    def label(self) -> str:
        """The resource in words with its name, C(role ClumioIAMRole)."""
        return f"{self.kind} {self.after.name}"

    def as_dict(self) -> dict[str, Any]:
        """For the C(changes) of a module's result."""
        return {
            "section": self.section,
            "name": self.after.name,
            "arn": self.after.arn,
            "action": self.action,
            "differences": list(self.differences),
            **self.details,
        }

    def diff(self) -> dict[str, Any]:
        """For Ansible's diff mode: both sides readable and sorted, and what goes without standing in either."""
        version = self.details.get("superfluous_version")
        return {
            "before_header": self.label,
            "after_header": f"{self.label}, its version {version} deleted" if version else self.label,
            "before": readable(self.before) if self.before else "",
            "after": readable(self.after),
        }


def as_result(changes: Sequence[Change[Any]], *sections: str) -> dict[str, Any]:
    """What a module of these sections returns: their resources as they are afterwards, and what changed."""
    due = [change for change in changes if change.action != "none"]
    return {
        **{
            section: [change.after.as_dict() for change in changes if change.section == section] for section in sections
        },
        "changed": bool(due),
        "changes": [change.as_dict() for change in due],
        "diff": [change.diff() for change in due],
    }


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
