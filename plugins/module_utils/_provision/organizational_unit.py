# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The organizational unit of a connection: the way to the wanted one, one level at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .._clumio import environments, organizational_units, tasks
from .._clumio.client import Client
from .._errors import ClumioError

_MAX_UNITS_NAMED = 20


@dataclass(frozen=True)
class Move:
    """One connection, one level up or down.

    Attributes:
        origin: the unit in words, C(Finance (<id>)).
        destination: the unit in words.
        destination_id: of the unit that the connection will be in.
        unit_id: of the unit that is changed for it.
        operation: on the unit that is changed.
        environment_id: of the AWS environment that is moved; None if there is none yet, so that nothing can be moved.
    """

    connection_id: str
    connection_status: str
    origin: str
    destination: str
    destination_id: str
    unit_id: str
    operation: Literal["add", "remove"]
    environment_id: str | None

    @property
    def possible(self) -> bool:
        """Whether the move can be made now."""
        return self.environment_id is not None

    @property
    def why_not(self) -> str:
        """Why the move cannot be made now, and what to do; empty if it can."""
        if self.possible:
            return ""
        cause = (
            "its AWS environment, which is what is moved, is not to be seen yet"
            if self.connection_status == "connected"
            else f"only a connection that is connected can be moved, and this one is {self.connection_status}"
        )
        return (
            f"Connection {self.connection_id} stays in organizational unit {self.origin} for now, and is not moved to "
            f"{self.destination}: {cause}. Run this again later."
        )


def plan(client: Client, connection: Mapping[str, Any] | None, wanted: str | None) -> Move | None:
    """The move to the wanted unit; None if none is needed. Reads only.

    Args:
        connection: as C(connections.view) shows it; None for one that is yet to be registered, in that unit.
        wanted: id of the unit; None leaves the connection where it is.

    Raises:
        ClumioError: there is no such unit, or it is farther than one level away.
    """
    current = (connection or {}).get("organizational_unit_id") or organizational_units.GLOBAL
    if wanted is None or (connection is not None and wanted == current):
        return None
    # Other units are seen, and changed, from the global one; Clumio's Terraform provider acts so, too.
    from_above = client.in_global_unit()
    units = {organizational_units.GLOBAL: {"name": "Global", "parent_id": None}}
    units |= {unit["id"]: unit for unit in organizational_units.list_all(from_above) if unit.get("id")}
    if wanted not in units:
        raise _unknown(wanted, units)
    if connection is None:
        return None
    way = _way(units, current, wanted)
    if len(way) != 2:
        raise _too_far(connection["id"], way, units, current, wanted)
    up = units[current].get("parent_id") == wanted
    account_id, region = connection["account_native_id"], connection["aws_region"]
    environment = environments.find(client, account_id, region)
    if environment is None and client.organizational_unit:
        # It may be seen from the global unit only.
        environment = environments.find(from_above, account_id, region)
    return Move(
        connection_id=connection["id"],
        connection_status=str(connection.get("connection_status")),
        origin=_named(units, current),
        destination=_named(units, wanted),
        destination_id=wanted,
        # Up is out of the present unit, whose parent has what is in it; down is into the wanted one. Also from the
        # provider (clumio_aws_connection/utils.go).
        unit_id=current if up else wanted,
        operation="remove" if up else "add",
        environment_id=environment["id"] if environment else None,
    )


def apply(client: Client, move: Move, timeout_seconds: float) -> None:
    """Make a move that is possible, and wait until Clumio has made it.

    Raises:
        ClumioError: Clumio refuses it, fails, or takes longer.
    """
    assert move.environment_id is not None
    client = client.in_global_unit()
    task_id = organizational_units.move(client, move.unit_id, move.operation, move.environment_id)
    status = tasks.wait(client, task_id, timeout_seconds)
    if status == tasks.COMPLETED:
        return
    message = f"Connection {move.connection_id} is not moved from organizational unit {move.origin} to "
    task = f"Clumio's task {task_id} has the status {status}"
    facts = {"task_id": task_id, "status": status, "organizational_unit_id": move.destination_id}
    if tasks.ended(status):
        raise ClumioError(
            f"{message}{move.destination}: {task}.",
            code="organizational_unit_move_failed",
            hint="Look at the task in Clumio's UI, and run this again.",
            **facts,
        )
    raise ClumioError(
        f"{message}{move.destination} yet: after {timeout_seconds:g} s {task}.",
        code="organizational_unit_move_unfinished",
        hint="Run this again when the task has ended, or with a longer wait_timeout.",
        **facts,
    )


def _way(units: Mapping[str, Mapping[str, Any]], current: str, wanted: str) -> list[str]:
    """The units from one to another, both included; empty if no way is to be seen."""
    up, down = _line(units, current), _line(units, wanted)
    meeting = next((id_ for id_ in up if id_ in down), None)
    if meeting is None:
        return []
    return [*up[: up.index(meeting) + 1], *reversed(down[: down.index(meeting)])]


def _line(units: Mapping[str, Mapping[str, Any]], id_: str) -> list[str]:
    """A unit, its parent, and so on, as far as is to be seen."""
    line: list[str] = []
    while id_ in units and id_ not in line:
        line.append(id_)
        id_ = str(units[id_].get("parent_id"))
    return line


def _named(units: Mapping[str, Mapping[str, Any]], id_: str) -> str:
    return f"{units.get(id_, {}).get('name') or 'without a visible name'} ({id_})"


def _unknown(wanted: str, units: Mapping[str, Mapping[str, Any]]) -> ClumioError:
    ids = sorted(units, key=lambda id_: str(units[id_].get("name")))
    more = f", and {len(ids) - _MAX_UNITS_NAMED} more" if len(ids) > _MAX_UNITS_NAMED else ""
    return ClumioError(
        f"There is no organizational unit with the id {wanted!r} that the API token may see.",
        code="organizational_unit_unknown",
        hint=f"There are {', '.join(_named(units, id_) for id_ in ids[:_MAX_UNITS_NAMED])}{more}.",
        organizational_unit_id=wanted,
    )


def _too_far(
    connection_id: str, way: Sequence[str], units: Mapping[str, Mapping[str, Any]], current: str, wanted: str
) -> ClumioError:
    """Clumio's documentation ("Edit account connection"): only one level up or down at a time."""
    if way:
        names = " -> ".join(_named(units, id_) for id_ in way)
        hint = f"Go there step by step, each with a run of its own: {names}. Begin with {_named(units, way[1])}."
    else:
        hint = "Use an API token that may see both units and those between them."
    return ClumioError(
        f"Connection {connection_id} cannot be moved from organizational unit {_named(units, current)} to "
        f"{_named(units, wanted)} at once: Clumio moves it one level up or down at a time.",
        code="organizational_unit_too_far",
        hint=hint,
        way=list(way),
    )
