# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of a run: the connections, the worst first, and how many there are of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from .connection import ACTIONS
from .words import STATUSES

# Of the document's shape. A member more is no new version, one that goes or says something else is.
VERSION = 1


def run_report(
    connections: Sequence[Mapping[str, Any]],
    *,
    playbook: str,
    dry_run: bool,
    started: str,
    finished: str,
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """The JSON document of a run.

    Args:
        connections: each as C(connection.connection_report) makes it.
        playbook: C(onboard), C(validate) or C(offboard).
        dry_run: whether nothing was changed because it was only asked what would be.
        started: ISO 8601 with a time zone.
        finished: the same.
        versions: by name.
    """
    order = list(STATUSES)
    seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    return {
        "version": VERSION,
        "playbook": playbook,
        "dry_run": dry_run,
        "started": started,
        "finished": finished,
        "seconds": round(seconds, 1),
        "versions": dict(versions),
        "counts": counts(connections),
        "connections": sorted(connections, key=lambda one: (order.index(one["status"]), one["id"])),
    }


def counts(connections: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many there are of what: the numbers of the page and of the console."""
    statuses = Counter(connection["status"] for connection in connections)
    checks: Counter[str] = Counter()
    permissions: Counter[str] = Counter()
    for connection in connections:
        checks.update(connection["checks"])
        permissions.update(row["status"] for row in connection["permissions"] or ())
    return {
        "connections": len(connections),
        **{status: statuses[status] for status in STATUSES},
        "changes": {action: sum(one["changes"][action] for one in connections) for action in ACTIONS},
        "checks": {"total": checks.total(), **dict(sorted(checks.items()))},
        "permissions": dict(sorted(permissions.items())),
        "findings": dict(
            sorted(Counter(finding["level"] for one in connections for finding in one["findings"]).items())
        ),
    }
