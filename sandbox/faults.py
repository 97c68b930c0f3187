# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What can go wrong with a call, and with which of the calls it does; the same for AWS and for the Clumio API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

#: What can go wrong, and what comes of the call then.
KINDS = {
    "error": "answered with an error, and not passed on",
    "answer": "answered with what the fault says, and not passed on",
    "cut": "its connection is cut, and it is not passed on",
    "cut_after": "passed on, and its connection cut instead of an answer",
    "hold": "never answered, and not passed on",
    "hold_after": "passed on, and never answered",
    "rival": "passed on twice, as if somebody else had made the same call just before; answered as the second is",
}


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with some calls.

    Attributes:
        kind: one of ``KINDS``.
        calls: which, as a pattern in which a star stands for any text: ``iam:Create*`` in the words of IAM, or
            ``POST /connections/*`` of the Clumio API. Case matters.
        skip: how many of these calls go well before.
        times: how many of these calls then have the fault; 0 are all to come.
        status: HTTP status of an ``error``, 300 or more.
        code: AWS's code of an ``error``; Clumio's is its status.
        message: of an ``error``.
        answer: members of an ``answer``, which is JSON; so it is for services that speak JSON.
    """

    kind: str
    calls: str = "*"
    skip: int = 0
    times: int = 1
    status: int = 500
    code: str = "InternalFailure"
    message: str = "The request processing has failed because of an unknown error, exception or failure."
    answer: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, members: Any) -> Fault:
        """
        Raises:
            ValueError: unknown member, or a value that cannot be.
        """
        if not isinstance(members, dict) or members.keys() - set(_MEMBERS) or members.get("kind") not in [*KINDS]:
            raise ValueError(f"a fault is {FORM}")
        fault = cls(**members)
        for name, default in asdict(cls(kind="error")).items():
            value = getattr(fault, name)
            if type(value) is not type(default) or (isinstance(value, int) and value < 0):
                raise ValueError(f"{name} of a fault cannot be {value!r}")
        if not 300 <= fault.status < 600:
            raise ValueError(f"status of a fault cannot be {fault.status}")
        return fault

    def is_due(self, number: int) -> bool:
        """Whether it meets this one of its calls, counted from 1."""
        return number > self.skip and (not self.times or number <= self.skip + self.times)


_MEMBERS = tuple(member.name for member in fields(Fault))

#: What a fault is in settings, in words.
FORM = f"an object of {', '.join(_MEMBERS)}, of the kind {', '.join(KINDS)}"


class Faults:
    """The faults of one account or connection, and how many calls of each there have been."""

    def __init__(self, faults: Iterable[Mapping[str, Any]] = ()) -> None:
        self._faults = [Fault.of(fault) for fault in faults]
        self._calls = [0] * len(self._faults)

    def of(self, call: str) -> Fault | None:
        """What goes wrong with this call, which is counted; of several faults the first."""
        due = []
        for index, fault in enumerate(self._faults):
            if fnmatchcase(call, fault.calls):
                self._calls[index] += 1
                due += [fault] if fault.is_due(self._calls[index]) else []
        return due[0] if due else None


def are_faults(value: Any) -> bool:
    """Whether this is a list of faults."""
    try:
        Faults(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, list)
