# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clumio's organizational units, and the tasks in which AWS environments move from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.connections import DEFAULT_ORGANIZATIONAL_UNIT, Connection, link
from sandbox.errors import INVALID_REQUEST, ApiError, invalid

AWS_ENVIRONMENT = "aws_environment"


@dataclass
class Unit:
    """One organizational unit; the global one has no parent."""

    id: str
    name: str
    parent_id: str | None
    description: str = ""


class Units:
    """The organizational units: a small tree to start with."""

    def __init__(self) -> None:
        finance, research = "6f1c3c0e-1d2b-4c3a-9e4f-0a1b2c3d4e5f", "7a2d4d1f-2e3c-4d4b-8f5a-1b2c3d4e5f60"
        tree = [
            Unit(DEFAULT_ORGANIZATIONAL_UNIT, "Global Organizational Unit", None),
            Unit(finance, "Finance", DEFAULT_ORGANIZATIONAL_UNIT),
            Unit("8b3e5e20-3f4d-4e5c-9a6b-2c3d4e5f6071", "Payroll", finance),
            Unit(research, "Research", DEFAULT_ORGANIZATIONAL_UNIT),
        ]
        self._units = {unit.id: unit for unit in tree}

    def __contains__(self, id_: str) -> bool:
        return id_ in self._units

    def all(self) -> list[Unit]:
        """Every unit, parents before their children."""
        return list(self._units.values())

    def get(self, id_: str) -> Unit:
        """One unit.

        Raises:
            ApiError: 404, if there is none.
        """
        if id_ not in self._units:
            raise ApiError(404, "The organizational unit does not exist.")
        return self._units[id_]

    def as_json(self, unit: Unit) -> dict[str, Any]:
        """The object that the API shows, in the second version of its resource."""
        path = f"/organizational-units/{unit.id}"
        return {
            "_embedded": None,
            "_links": {"_self": link(path, "get"), "patch-organizational-unit": link(path, "patch")},
            "children_count": sum(other.parent_id == unit.id for other in self._units.values()),
            "configured_datasource_types": ["aws"],
            "descendant_ids": self._descendants(unit.id),
            "description": unit.description,
            "id": unit.id,
            "name": unit.name,
            "parent_id": unit.parent_id,
            "user_count": 0,
            "users": [],
        }

    def _descendants(self, id_: str) -> list[str]:
        children = [unit.id for unit in self._units.values() if unit.parent_id == id_]
        return children + [below for child in children for below in self._descendants(child)]

    def destination(self, unit: Unit, operation: str, current_id: str) -> str:
        """The unit that an environment comes to when it is added to a unit or removed from it.

        An environment that is removed goes to the parent, which had it all the time: "The parent organizational unit
        contains the entities in this organizational unit" (Clumio's Go SDK, models/definitions.go).

        Args:
            operation: ``add`` or ``remove``.
            current_id: of the unit that the environment is in.

        Raises:
            ApiError: 400, for any move but one level up or down.
        """
        if operation == "add" and unit.parent_id == current_id:
            return unit.id
        if operation == "remove" and unit.id == current_id and unit.parent_id is not None:
            return unit.parent_id
        raise invalid("An AWS environment can be moved only one organizational unit up or down at a time.")


def wanted_moves(entities: Mapping[str, Any], by_environment: Mapping[str, Connection]) -> list[tuple[str, Connection]]:
    """Operation, ``add`` or ``remove``, and connection of each entity in a PATCH.

    Args:
        entities: lists of ``{"primary_entity": {"id", "type"}}`` in ``add`` and ``remove``.
        by_environment: the connections that have an environment, by its id.

    Raises:
        ApiError: 400, for another shape or type, or an environment that does not exist.
    """
    moves, problems = [], [f"entities.{name} is not a known member." for name in entities.keys() - {"add", "remove"}]
    for operation in ("add", "remove"):
        given = entities.get(operation) or []
        for item in given if isinstance(given, list) else [given]:
            primary = item.get("primary_entity") if isinstance(item, dict) else None
            id_, kind = (primary.get("id"), primary.get("type")) if isinstance(primary, dict) else (None, None)
            if kind != AWS_ENVIRONMENT:
                problems.append(f"entities.{operation}: the type {kind!r} is not valid.")
            elif (connection := by_environment.get(str(id_))) is None:
                problems.append(f"entities.{operation}: there is no AWS environment {id_!r}.")
            else:
                moves.append((operation, connection))
    if problems:
        raise ApiError(400, [(INVALID_REQUEST, problem) for problem in problems])
    return moves


@dataclass
class Task:
    """The moving of environments, which takes a while. Times are seconds of the API's clock.

    Attributes:
        unit_id: the unit that was changed.
        moves: connections, and the units that they come to.
        end: the status in which it ends.
    """

    id: str
    unit_id: str
    moves: list[tuple[Connection, str]]
    created: float
    delay: float
    end: str
    done: bool = False

    def status(self, now: float) -> str:
        """``queued`` in its first half, ``in_progress`` in its second, then as it ends."""
        if now >= self.created + self.delay:
            return self.end
        return "queued" if now < self.created + self.delay / 2 else "in_progress"

    def advance(self, now: float) -> None:
        """Do what the task is for, as soon as it is completed."""
        if self.done or self.status(now) in ("queued", "in_progress"):
            return
        self.done = True
        for connection, unit_id in self.moves if self.end == "completed" else []:
            connection.organizational_unit_id = unit_id
            connection.revision += 1

    def as_json(self, now: float) -> dict[str, Any]:
        """The object that the API shows; it says how a task ended, but not why."""
        ended = self.status(now) == self.end
        started = self.created + self.delay / 2
        return {
            "_etag": self.status(now),
            "_links": {"_self": link(f"/tasks/{self.id}", "get")},
            "category": "management",
            "created_timestamp": _timestamp(self.created),
            "end_timestamp": _timestamp(self.created + self.delay) if ended else None,
            "genre": "administrative",
            "id": self.id,
            "is_abortable": False,
            "parent_entity": None,
            "primary_entity": {"id": self.unit_id, "type": "organizational_unit", "value": ""},
            "progress_percentage": 100 if ended else 0 if now < started else 50,
            "start_timestamp": _timestamp(started) if now >= started else None,
            "status": self.status(now),
            "type": "organizational_unit_update",
        }


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
