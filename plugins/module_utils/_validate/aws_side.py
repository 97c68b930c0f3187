# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The side of AWS: everything of the plan, compared with what the account holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._change import Change, readable
from .check import Check

_REPAIR = "Run the onboard playbook again to put it back."


def checks(changes: Sequence[Change[Any]]) -> list[Check]:
    """A check for each resource, from its comparison with AWS."""
    return [_check(change) for change in changes]


def _check(change: Change[Any]) -> Check:
    entity = change.after.arn
    if change.before is None:
        return Check(name=change.label, side="aws", entity=entity, status="missing", hint=_REPAIR)
    if change.foreign:
        return Check(
            name=change.label,
            side="aws",
            entity=entity,
            status="different",
            expected="made for this connection",
            found=change.foreign,
            hint="Find out whose it is.",
        )
    if change.differences:
        wanted, held = readable(change.after), readable(change.before)
        return Check(
            name=change.label,
            side="aws",
            entity=entity,
            status="different",
            expected={member: wanted[member] for member in change.differences},
            found={member: held[member] for member in change.differences},
            hint=_REPAIR,
        )
    return Check(name=change.label, side="aws", entity=entity, status="ok")
