# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The side of AWS: everything of the plan, compared with what the account holds, and what that lets Clumio do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._change import Change, extras, readable
from .._permissions.names import Connection
from . import access
from .check import REPAIR, Check

_RIGHTS = "Give the credentials the right to read it."
_REMOVAL = "Run the onboard playbook again to remove it."


@dataclass(frozen=True)
class AwsSide:
    """What was seen.

    Args:
        checks: of every resource, and of the access of every role.
        permissions: rows of C(access.Row) in JSON types.
        extras: what others have added to our resources.
    """

    checks: Sequence[Check] = ()
    permissions: Sequence[Mapping[str, Any]] = ()
    extras: Sequence[Mapping[str, str]] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> AwsSide:
        """What was told by as_dict(); an empty mapping tells nothing."""
        return cls(
            checks=[Check.of(check) for check in told.get("checks", ())],
            permissions=told.get("permissions", ()),
            extras=told.get("extras", ()),
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return {
            "checks": [check.as_dict() for check in self.checks],
            "permissions": list(self.permissions),
            "extras": list(self.extras),
        }


def look(client: Any, changes: Sequence[Change[Any]], connection: Connection, *, simulate: bool) -> AwsSide:
    """What resources that were compared with the plan say.

    Args:
        client: of IAM.
        changes: of the comparison.
        connection: whose they are.
        simulate: whether to ask AWS's simulator too.

    Raises:
        AwsError: from the calls that tell what the roles may do.
    """
    granted = access.look(client, changes, connection, simulate=simulate)
    return AwsSide(
        checks=[*checks(changes), *granted.checks],
        permissions=[row.as_dict() for row in granted.table],
        extras=extras(changes),
    )


def checks(changes: Sequence[Change[Any]]) -> list[Check]:
    """A check for each resource, from its comparison with AWS; none for what is not to be there and not ours."""
    return [_check(change) for change in changes if change.after or not change.foreign]


def _check(change: Change[Any]) -> Check:
    check = partial(Check, name=change.label, side="aws", entity=change.resource.arn)
    if change.unreadable:
        return check(status="denied", found=change.unreadable, hint=_RIGHTS)
    if change.before is None:
        return check(status="missing", hint=REPAIR)
    if change.after is None:
        return check(status="different", expected="not there any more", found="still there", hint=_REMOVAL)
    if change.foreign:
        return check(
            status="different",
            expected="made for this connection",
            found=change.foreign,
            hint="Find out whose it is.",
        )
    if change.differences:
        wanted, held = readable(change.after), readable(change.before)
        return check(
            status="different",
            expected={member: wanted[member] for member in change.differences},
            found={member: held[member] for member in change.differences},
            differences=tuple(change.told()),
            hint=REPAIR,
        )
    return check(status="ok")
