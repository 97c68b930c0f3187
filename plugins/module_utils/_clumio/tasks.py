# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tasks in Clumio's API: what Clumio does in the background."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from .client import Client
from .shapes import LINE, checked

ACCEPT = "application/api.clumio.tasks=v1+json"

COMPLETED = "completed"
# The other ends of a task, from Clumio's Python SDK (tasks_v1.py, "Task Status").
_ENDED = frozenset({COMPLETED, "failed", "aborted"})

_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 5.0


def read(client: Client, id_: str) -> dict[str, Any]:
    """The task, with its C(status)."""
    path = f"/tasks/{quote(id_, safe='')}"
    return checked(client.request("GET", path, accept=ACCEPT), {"status": LINE}, "task", path=path)


def wait(
    client: Client,
    id_: str,
    timeout_seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Read a task until it has ended or the time is over; the last status seen.

    A status unknown here is met with patience, like the known ones of a task that runs.
    """
    end = clock() + timeout_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        status = str(read(client, id_).get("status"))
        left = end - clock()
        if status in _ENDED or left <= 0:
            return status
        sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def ended(status: str) -> bool:
    """Whether a task with this status does nothing any more."""
    return status in _ENDED
