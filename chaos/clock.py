# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Time in which waiting costs nothing: whoever sleeps finds the clocks put forward instead."""

from __future__ import annotations

# They take the clocks that they need when they are imported, and what threads and processes wait for is real.
import asyncio  # noqa: F401
import concurrent.futures.thread  # noqa: F401
import queue  # noqa: F401
import selectors  # noqa: F401
import subprocess  # noqa: F401
import threading
import time
from typing import SupportsIndex

_lock = threading.Lock()
_ahead = 0.0
_time, _monotonic = time.time, time.monotonic


def skip_waiting() -> None:
    """Put the clocks of this process forward instead of sleeping, from now on.

    To be called before anything is imported that takes ``time.sleep`` for a default, as this collection does. Threads
    that sleep at once sleep one after the other: deadlines are over sooner than in real time, never later.
    """
    time.sleep = _sleep
    time.time = lambda: _time() + _ahead
    time.monotonic = lambda: _monotonic() + _ahead


def slept() -> float:
    """Seconds that have been slept: a clock that stands still while nobody waits."""
    return _ahead


def _sleep(seconds: float | SupportsIndex, /) -> None:
    global _ahead
    with _lock:
        _ahead += max(0.0, float(seconds))
