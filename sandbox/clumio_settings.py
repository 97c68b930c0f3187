# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a test may ask of the local Clumio API while it runs: to be slow, to refuse, to fail.

Nearly all of it is said per connection, so that scenarios that run side by side do not meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.faults import are_faults

_DELAYS = ("connect_delay", "ingest_delay", "task_delay")
#: Member of a connection, or of its task, to the ends that it may have instead of the good one.
_FAILURES = {
    "ingestion_status": ("failed",),
    "target_setup_status": ("failed",),
    "task_status": ("failed", "aborted"),
}


@dataclass(frozen=True)
class Settings:
    """The settings; those that are mappings are by connection id.

    Attributes:
        connect_delay: seconds from handing in ARNs to the first look at the account.
        ingest_delay: seconds from ``connected`` until ingestion and target set-up have ended.
        task_delay: seconds that a task takes.
        delays: any of these three for one connection.
        throttle: so many of the next calls about the connection, ``times``, are answered with 429, and with
            ``Retry-After`` if ``retry_after`` (whole seconds) is given.
        failing: what ends badly, ``ingestion_status`` and ``target_setup_status`` with ``failed``, ``task_status``
            with ``failed`` or ``aborted``.
        findings: what Clumio finds wrong in the account instead of looking at it; an empty list is an account in order.
        faults: what goes wrong with single calls about the connection, counted from now; see ``sandbox.faults``.
    """

    connect_delay: float = 0.5
    ingest_delay: float = 0.5
    task_delay: float = 0.5
    delays: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    throttle: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)
    failing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    findings: Mapping[str, list[str]] = field(default_factory=dict)
    faults: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    def changed(self, members: Any) -> Settings:
        """The settings with some members changed.

        A mapping changes only the connections that it names; null takes a connection out of it.

        Raises:
            ValueError: unknown member, or a value that cannot be.
        """
        now = asdict(self)
        if not isinstance(members, dict) or members.keys() - now.keys():
            raise ValueError(f"settings are an object of {', '.join(now)}")
        for member, value in members.items():
            if member in _DELAYS:
                now[member] = _checked(member, _is_seconds, value)
            elif not isinstance(value, dict):
                raise ValueError(f"{member} is an object of connection ids")
            else:
                merged = now[member] | value
                now[member] = {
                    connection: _checked(f"{member} of {connection}", _PER_CONNECTION[member], setting)
                    for connection, setting in merged.items()
                    if setting is not None
                }
        return Settings(**now)

    def delay(self, kind: str, connection_id: str) -> float:
        """Seconds of one kind of delay, for one connection."""
        of_all: float = getattr(self, kind)
        return self.delays.get(connection_id, {}).get(kind, of_all)

    def ends(self, connection_id: str, member: str) -> str:
        """How a preparation or a task of the connection ends."""
        return self.failing.get(connection_id, {}).get(member, "completed")


def _checked(name: str, is_right: Callable[[Any], bool], value: Any) -> Any:
    if not is_right(value):
        raise ValueError(f"{name} cannot be {value!r}")
    return value


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_delays(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() <= set(_DELAYS) and all(map(_is_seconds, value.values()))


def _is_throttle(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and {"times"} <= value.keys() <= {"times", "retry_after"}
        and _is_count(value["times"])
        and (value.get("retry_after") is None or _is_count(value["retry_after"]))
    )


def _is_failing(value: Any) -> bool:
    return isinstance(value, dict) and all(end in _FAILURES.get(member, ()) for member, end in value.items())


def _is_findings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_PER_CONNECTION: Mapping[str, Callable[[Any], bool]] = {
    "delays": _is_delays,
    "throttle": _is_throttle,
    "failing": _is_failing,
    "findings": _is_findings,
    "faults": are_faults,
}
