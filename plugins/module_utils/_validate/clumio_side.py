# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The side of Clumio: whether Clumio says that it is connected, waiting while it still tries."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .check import Check

CONNECTED = "connected"

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0

# Clumio's preparations after connecting; each ends in `completed` or `failed`.
_PREPARATIONS = ("ingestion_status", "target_setup_status")


@dataclass(frozen=True)
class Seen:
    """The connection as last seen, None where Clumio has none, and the seconds it took."""

    connection: Mapping[str, Any] | None
    waited_seconds: float

    @property
    def connected(self) -> bool:
        """Whether Clumio reaches the account."""
        return self.connection is not None and self.connection.get("connection_status") == CONNECTED


def wait_for_connected(
    read: Callable[[], Mapping[str, Any] | None],
    timeout_seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Seen:
    """Read the connection until Clumio is connected, or until there is none, or the time is over.

    Any status but C(connected) is met with patience: Clumio's API has more of them than it documents, and a connection
    that it has lost comes back once the account is in order.

    Args:
        read: gives the connection, or None where there is none.
        timeout_seconds: 0 looks once.
    """
    start = clock()
    pause = _FIRST_PAUSE_SECONDS
    while True:
        seen = Seen(read(), clock() - start)
        left = timeout_seconds - seen.waited_seconds
        if seen.connected or seen.connection is None or left <= 0:
            return seen
        sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def checks(connection_id: str, seen: Seen) -> list[Check]:
    """Whether Clumio is connected, and whether its preparations have failed."""
    if seen.connection is None:
        return [
            Check(
                name="connection",
                side="clumio",
                entity=connection_id,
                status="missing",
                hint="Run the onboard playbook to register it.",
            )
        ]
    status = str(seen.connection.get("connection_status"))
    result = [
        Check(
            name="connection_status",
            side="clumio",
            entity=connection_id,
            status="ok" if seen.connected else "different",
            expected=CONNECTED,
            found=status,
            hint="" if seen.connected else _advice(seen),
        )
    ]
    for preparation in _PREPARATIONS:
        state = seen.connection.get(preparation)
        # While Clumio does not reach the account, that is the reason.
        unexplained = state == "failed" and seen.connected
        result.append(
            Check(
                name=preparation,
                side="clumio",
                entity=connection_id,
                status="different" if state == "failed" else "ok",
                expected="completed",
                found=state,
                hint="Ask Clumio's support why its preparations failed." if unexplained else "",
            )
        )
    return result


def _advice(seen: Seen) -> str:
    return (
        f"After {seen.waited_seconds:.0f} s Clumio does not reach the account. "
        "If the AWS side is in order, wait longer or look at the connection in Clumio's UI."
    )
