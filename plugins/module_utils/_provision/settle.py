# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Eventual consistency: what was just made may not be seen yet by the next call."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TypeVar

from .._aws._call import AwsError

_T = TypeVar("_T")

# What IAM says of something that it is busy with, and also of something that it does not see yet.
BUSY = ("ConcurrentModification",)
PASSING = ("NoSuchEntity", *BUSY)

# IAM says "seconds"; a minute is far beyond what is seen.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (eventual consistency)
DEADLINE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 3.0


def settled(
    call: Callable[[], _T],
    passing: Collection[str],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> _T:
    """Make a call that needs something just created, again and again until AWS sees it.

    Args:
        call: what to do; it raises AwsError.
        passing: the AWS error codes by which AWS says that it does not see it yet, or is busy with it.

    Raises:
        AwsError: any other error at once; one of C(passing) after DEADLINE_SECONDS.
    """
    end = clock() + DEADLINE_SECONDS
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return call()
        except AwsError as error:
            if error.facts.get("aws_code") not in passing or clock() + pause > end:
                raise
        sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
