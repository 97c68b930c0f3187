# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Eventual consistency: what was just made may not be seen yet by the next call, and what was let go may still be.

Every call that writes is made through here: again and again while AWS says what passes, until a deadline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, TypeVar

from .._errors import ClumioError
from ._call import AwsError, call, find
from .codes import BUSY, IN_USE, PRINCIPAL, UNSEEN, Table, says

_T = TypeVar("_T")

# IAM says "seconds"; a minute is far beyond what is seen.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (eventual consistency)
DEADLINE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 3.0

# What passes of a call that makes or changes something, and of one that takes something away.
WRITING = (BUSY, UNSEEN, PRINCIPAL)
REMOVING = (BUSY, IN_USE)

# Code and hint of what has not passed until the deadline.
_NOT_PASSED: tuple[tuple[Table, str, str], ...] = (
    (BUSY, "aws_busy", "Something else keeps changing it; run again when that has ended."),
    (UNSEEN, "aws_not_seen", "It is not there, or was removed meanwhile by somebody else; run again to make it so."),
    (PRINCIPAL, "aws_principal_unknown", "Check that the principals of the policy exist."),
    (IN_USE, "aws_in_use", "Something else has begun to use it; take it away there, or run again."),
)


def settled(
    attempt: Callable[[], _T],
    *passing: Table,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> _T:
    """Do something again and again while AWS says what passes.

    Args:
        attempt: one call, or many that can be made again.
        passing: what AWS may say.
        clock: seconds that only grow.
        sleep: waits so many seconds.

    Raises:
        ClumioError: any other error at once; what passes after DEADLINE_SECONDS, with a code and a hint for it.
    """
    pauses = _pauses(clock)
    while True:
        try:
            return attempt()
        except ClumioError as error:
            if not says(error.facts, *passing):
                raise
            pause = next(pauses, None)
            if pause is None:
                raise _not_passed(error) from error
        sleep(pause)


def seen(
    look: Callable[[], _T | None],
    patience_seconds: float | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> _T | None:
    """Look again and again for something that must be there; None if it is not to be seen until the deadline.

    Args:
        look: gives what it sees, or None.
        patience_seconds: until the deadline; DEADLINE_SECONDS at most.
        clock: seconds that only grow.
        sleep: waits so many seconds.
    """
    pauses = _pauses(clock, patience_seconds)
    while (found := look()) is None and (pause := next(pauses, None)) is not None:
        sleep(pause)
    return found


def _pauses(clock: Callable[[], float], patience_seconds: float | None = None) -> Iterator[float]:
    """How long to wait before each further attempt, until the deadline."""
    end = clock() + (DEADLINE_SECONDS if patience_seconds is None else min(patience_seconds, DEADLINE_SECONDS))
    pause = _FIRST_PAUSE_SECONDS
    while clock() + pause <= end:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _not_passed(error: ClumioError) -> AwsError:
    code, hint = next((code, hint) for table, code, hint in _NOT_PASSED if says(error.facts, table))
    message = f"{error.message.removesuffix('.')}, still after {DEADLINE_SECONDS:g} seconds."
    return AwsError(message, code=code, hint=hint, **error.facts)


def write(method: Callable[..., Any], task: str, /, **parameters: Any) -> dict[str, Any]:
    """Make or change something.

    Args are those of C(call), and errors also those of C(settled).
    """
    return settled(partial(call, method, task, **parameters), *WRITING)


def remove(method: Callable[..., Any], task: str, absent: Collection[str], /, **parameters: Any) -> None:
    """Take something away; that it is gone already, which AWS says by the codes in C(absent), is no error.

    Args are those of C(find), and errors also those of C(settled).
    """
    settled(partial(find, method, task, absent, **parameters), *REMOVING)
