# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The side of AWS: everything of the plan, compared with what the account holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from .._change import Change, readable
from .check import REPAIR, Check

_RIGHTS = "Give the credentials the right to read it."
_REMOVAL = "Run the onboard playbook again to remove it."


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
