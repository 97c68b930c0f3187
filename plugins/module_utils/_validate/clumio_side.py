# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The side of Clumio: whether Clumio says that it is connected, and has done what it does after that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from .._clumio.connections import explanation
from .check import Check

CONNECTED = "connected"
COMPLETED = "completed"

# Clumio's preparations after connecting; each ends in `completed` or `failed`. `initial` and null are "not begun yet".
_PREPARATIONS = ("ingestion_status", "target_setup_status")
_FAILED = "failed"

_UNREACHED = "Clumio does not reach the account."
_MORE_TIME = "If the AWS side is in order, give it more time (wait_timeout), or look at the connection in Clumio's UI."

Api = Mapping[str, Any]
"""A connection as Clumio's API has it."""


def outlook(connection: Api | None, wait_for: str) -> Literal["reached", "underway", "ended"]:
    """Whether Clumio has reached what is waited for, may yet, or cannot any more.

    Any status but C(connected) is met with patience: Clumio's API has more of them than it documents, and a connection
    that it has lost comes back once the account is in order. Only then do its preparations say anything; those of a
    lost connection have failed because it is lost.

    Args:
        connection: None where Clumio has none.
        wait_for: C(connected), or C(completed) for the preparations too.
    """
    if connection is None:
        return "ended"
    if connection.get("connection_status") != CONNECTED:
        return "underway"
    states = [connection.get(preparation) for preparation in _PREPARATIONS]
    if wait_for == CONNECTED or all(state == COMPLETED for state in states):
        return "reached"
    return "ended" if _FAILED in states else "underway"


def state(connection: Api | None, wait_for: str) -> str:
    """Where Clumio stands in a few words, its own statuses as they are."""
    if connection is None:
        return "no connection any more"
    status = str(connection.get("connection_status"))
    return f"{status}, {_preparations(connection)}" if (status, wait_for) == (CONNECTED, COMPLETED) else status


def checks(connection_id: str, connection: Api | None, wait_for: str = CONNECTED) -> list[Check]:
    """Whether Clumio is connected, and whether its preparations have failed, or with C(completed) are not completed."""
    if connection is None:
        return [
            Check(
                name="connection",
                side="clumio",
                entity=connection_id,
                status="missing",
                hint="Run the onboard playbook to register it.",
            )
        ]
    status = str(connection.get("connection_status"))
    connected = status == CONNECTED
    result = [
        Check(
            name="connection_status",
            side="clumio",
            entity=connection_id,
            status="ok" if connected else "different",
            expected=CONNECTED,
            found=status,
            hint="" if connected else f"{explanation(connection) or _UNREACHED} {_MORE_TIME}",
        )
    ]
    has_failed = any(connection.get(preparation) == _FAILED for preparation in _PREPARATIONS)
    for preparation in _PREPARATIONS:
        found = connection.get(preparation)
        wrong = found == _FAILED or (wait_for == COMPLETED and found != COMPLETED)
        hint = ""
        # While Clumio does not reach the account, that is the reason.
        if wrong and connected and has_failed:
            hint = f"Ask Clumio's support why its preparations failed ({_preparations(connection)})."
        elif wrong and connected:
            hint = (
                f"Clumio has not finished its preparations ({_preparations(connection)}). Give it more time "
                "(wait_timeout), or look at the connection in Clumio's UI."
            )
        result.append(
            Check(
                name=preparation,
                side="clumio",
                entity=connection_id,
                status="different" if wrong else "ok",
                expected=COMPLETED,
                found=found,
                hint=hint,
            )
        )
    return result


def _preparations(connection: Api) -> str:
    """Both statuses, since one often explains the other."""
    return ", ".join(f"{name} {connection.get(name) or 'null'}" for name in _PREPARATIONS)
