# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""JSON that others wrote, read strictly: what passes can be walked, compared, sent and shown without surprises."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

# Ten times as deep as any real document, and far below where walking it by recursion becomes a danger.
MAXIMUM_DEPTH = 100

# With such keys Ansible marks values of its own kinds where it hands JSON on, or says what to do with them; then it
# leaves them out, however deep they stand.
_ANSIBLES = ("__ansible_", "_ansible_")

# Of a key in a message.
_MOST_CHARACTERS = 100


def parse_json(text: str) -> Any:
    """JSON as the standard has it: no repeated keys, no NaN, no half characters, bounded depth; no keys of Ansible's.

    Raises:
        ValueError: says where and why.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        if _is_deeper(value, MAXIMUM_DEPTH):
            raise ValueError("it is nested too deeply")
        # What cannot be written again is a number that JSON has not, or half a character.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise ValueError("it holds half of a surrogate pair, which is no character") from error
    return value


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether objects and lists are nested more than so deep; looks level by level, without recursion."""
    level = [value]
    for _depth in range(depth):
        level = [
            item
            for container in level
            if isinstance(container, dict | list)
            for item in (container.values() if isinstance(container, dict) else container)
        ]
    return any(isinstance(item, dict | list) for item in level)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for key, _value in pairs:
        if key.startswith(_ANSIBLES):
            raise ValueError(f"the key {key[:_MOST_CHARACTERS]!r} means something to Ansible")
    result = dict(pairs)
    if len(result) != len(pairs):
        repeated = sorted(key for key, times in Counter(key for key, _value in pairs).items() if times > 1)
        raise ValueError(f"the key {repeated[0][:_MOST_CHARACTERS]!r} stands twice in one object")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")
