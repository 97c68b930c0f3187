# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Independent calls at once: the one place with threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .._aws._call import CONCURRENCY
from .._errors import ClumioError, combined

_T = TypeVar("_T")


def run(calls: Sequence[Callable[[], _T]]) -> list[_T]:
    """Run calls that need nothing from each other and give their answers in order.

    All are run to their end, so that a failure tells of everything that went wrong and nothing is cut off.

    Raises:
        ClumioError: of the failed calls, combined.
    """
    if len(calls) <= 1:
        return [call() for call in calls]
    with ThreadPoolExecutor(max_workers=min(CONCURRENCY, len(calls))) as pool:
        futures = [pool.submit(call) for call in calls]
    failures = [future.exception() for future in futures]
    errors = [failure for failure in failures if isinstance(failure, ClumioError)]
    if errors:
        raise combined(errors)
    return [future.result() for future in futures]
