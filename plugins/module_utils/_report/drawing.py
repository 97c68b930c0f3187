# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The drawing of a connection: its rules report to the topic, the topic to Clumio, and Clumio assumes the roles.

Where the boxes stand and the arrows go, in the units of the drawing's viewBox; the page makes SVG of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 520

_LEFT_WIDTH, _RIGHT_X, _HEIGHT, _GAP = 300, 360, 44, 12
_RIGHT_WIDTH = WIDTH - _RIGHT_X
# Of a letter of a name, about; longer names are squeezed into their boxes.
_LETTER = 7.4
_PADDING = 12


@dataclass(frozen=True)
class Box:
    """A resource, or Clumio; C(squeezed) is the width its name has to be squeezed to, 0 where it fits."""

    kind: str
    name: str
    caption: str
    x: int
    y: int
    width: int
    height: int
    squeezed: int


@dataclass(frozen=True)
class Arrow:
    """From here to there."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True)
class Drawing:
    """All of it, and the same in words for those who do not see it."""

    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    description: str


def drawing(connection: Mapping[str, Any]) -> Drawing | None:
    """The drawing of a connection's resources, those that are removed aside; None where there is nothing to draw."""
    there = [resource for resource in connection["resources"] if resource["action"] != "delete"]
    rules, topics, roles = (
        [resource for resource in there if resource["section"] == section] for section in ("rules", "topics", "roles")
    )
    if not topics and not roles:
        return None
    clumio_account = (connection["clumio"] or {}).get("clumio_account") or _clumio_account(connection, roles)
    upper = max(len(rules), len(topics), 1)
    left = [_box("rule", rule["name"], "rule", 0, row) for row, rule in enumerate(rules)]
    # Beside the middle of the rules.
    first = (upper - len(topics)) / 2
    middle = [_box("topic", topic["name"], "topic", _RIGHT_X, first + row) for row, topic in enumerate(topics)]
    below = [
        _box("role", role["name"], _caption(role, connection["account"], clumio_account), 0, upper + row)
        for row, role in enumerate(roles)
    ]
    caption = f"account {clumio_account}" if clumio_account else "account not known yet"
    last = max(upper + len(roles) - 1, upper)
    clumio = Box(
        "clumio", "Clumio", caption, _RIGHT_X, _y(upper), _RIGHT_WIDTH, _y(last) + _HEIGHT - _y(upper), squeezed=0
    )
    by_arn = {topic["arn"]: box for topic, box in zip(topics, middle, strict=True)}
    arrows = [
        Arrow(_LEFT_WIDTH, _middle(box), _RIGHT_X, _middle(by_arn[target]))
        for rule, box in zip(rules, left, strict=True)
        for target in rule["uses"]
        if target in by_arn
    ]
    if middle:
        centre = _RIGHT_X + _RIGHT_WIDTH // 2
        arrows.append(Arrow(centre, middle[-1].y + _HEIGHT, centre, clumio.y))
    arrows += [
        Arrow(_RIGHT_X, _middle(box), _LEFT_WIDTH, _middle(box))
        for role, box in zip(roles, below, strict=True)
        if clumio_account in role["uses"]
    ]
    return Drawing(
        clumio.y + clumio.height + 2,
        (*left, *middle, *below, clumio),
        tuple(arrows),
        _in_words(rules, topics, roles, below, caption),
    )


def _box(kind: str, name: str, caption: str, x: int, row: float) -> Box:
    width = _RIGHT_WIDTH if x else _LEFT_WIDTH
    room = width - 2 * _PADDING
    return Box(kind, name, caption, x, _y(row), width, _HEIGHT, room if len(name) * _LETTER > room else 0)


def _y(row: float) -> int:
    return round(2 + row * (_HEIGHT + _GAP))


def _middle(box: Box) -> int:
    return box.y + box.height // 2


def _clumio_account(connection: Mapping[str, Any], roles: Sequence[Mapping[str, Any]]) -> str:
    """The other account that may assume a role, where Clumio's API was not asked for its own."""
    others = (name for role in roles for name in role["uses"] if name.isdecimal() and name != connection["account"])
    return next(others, "")


def _caption(role: Mapping[str, Any], account: str, clumio_account: str) -> str:
    if not role["uses"]:
        return "role"
    names = {clumio_account: "Clumio", account: "this account"}
    return f"role, assumed by {', '.join(names.get(name, name) for name in role['uses'])}"


def _in_words(
    rules: Sequence[Any], topics: Sequence[Any], roles: Sequence[Any], boxes: Sequence[Box], clumio: str
) -> str:
    names = {topic["arn"]: topic["name"] for topic in topics}
    told = [
        f"The rule {rule['name']} reports to the topic {names[target]}."
        for rule in rules
        for target in rule["uses"]
        if target in names
    ]
    told += [f"The topic {topic['name']} reports to Clumio, {clumio}." for topic in topics]
    told += [f"{role['name']} is a {box.caption}." for role, box in zip(roles, boxes, strict=True)]
    return " ".join(told)
