# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a call of a run can meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """The faults, by the name that the table shows."""

    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    ERROR = "error 500"
    OUTAGE = "outage"
    THROTTLED = "throttled"
    CUT_AFTER = "cut after"
    DENIED = "denied"

    @property
    def passes(self) -> bool:
        """Whether only one call meets it, so that the run may go on as if nothing had been."""
        return self in (Fault.ERROR, Fault.THROTTLED, Fault.CUT_AFTER)


#: What each is, for the reader of the table.
MEANINGS = {
    Fault.KILLED_BEFORE: "the process ends at once, and the call never leaves it",
    Fault.KILLED_AFTER: "the process ends at once after the call was carried out; its answer reaches nobody",
    Fault.ERROR: "the call is answered with 500, once",
    Fault.OUTAGE: "this call and all that follow to that side (AWS, or Clumio) are answered with 500",
    Fault.THROTTLED: "the call is refused as one too many, once",
    Fault.CUT_AFTER: "the call is carried out, and the connection is cut instead of an answer, once",
    Fault.DENIED: "this action is refused, now and in the rest of the run",
}


@dataclass(frozen=True)
class Call:
    """One call of a run, by which the same one is known again in another run from the same state.

    Calls that run at once come in any order, so that a number would not do.

    Attributes:
        side: ``aws`` or ``clumio``.
        name: in the words of IAM, ``iam:CreateRole``; of Clumio method and path.
        about: digest of its parameters.
        occurrence: which of those that are the same in all of this, from 1, within its step.
        writes: whether it may change something.
    """

    side: str
    name: str
    about: str
    occurrence: int
    writes: bool


def of_clumio(fault: Fault, call: Call, calls_before: int) -> Mapping[str, Any] | None:
    """The fault in the words of the sandbox's Clumio API; None for one that is not the API's to make.

    Args:
        call: that is to meet it.
        calls_before: how many of its step's calls of Clumio's come before.
    """
    this = {"calls": call.name, "skip": call.occurrence - 1}
    match fault:
        case Fault.ERROR:
            return {"kind": "error", **this}
        case Fault.OUTAGE:
            return {"kind": "error", "calls": "*", "skip": calls_before, "times": 0}
        case Fault.THROTTLED:
            return {"kind": "error", **this, "status": 429, "message": "Too many requests."}
        case Fault.CUT_AFTER:
            return {"kind": "cut_after", **this}
        case Fault.DENIED:
            return {"kind": "error", **this, "times": 0, "status": 403, "message": "The token does not allow this."}
        case _:
            return None
