# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The members of Clumio's answers that are relied upon: an answer that has something else there is refused.

So nothing further on has to ask whether a text is a text, or whether showing it on a console does any harm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._permissions.documents import kind_of
from .client import ApiError

# Longer than any id, status or ARN.
_MOST_CHARACTERS = 2048


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MOST_CHARACTERS and value.isprintable()


def _is_tree(value: Any) -> bool:
    return value is None or _is_line(value) or (isinstance(value, dict) and all(map(_is_tree, value.values())))


def _has_lines(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_line, value))


Kind = tuple[str, Callable[[Any], bool]]
"""What is expected, in words, and whether a value is that. Null is always taken, except for a C(NEEDED)."""

NEEDED: Kind = ("text of one line that is not empty", lambda value: _is_line(value) and bool(value))
LINE: Kind = ("text of one line", _is_line)
TEXT: Kind = ("text", lambda value: isinstance(value, str))
LINES: Kind = ("a list of texts of one line", _has_lines)
TREE: Kind = ("an object of objects and texts of one line", lambda value: isinstance(value, dict) and _is_tree(value))
# What Clumio says of the services of a connection: of all that, only the asset types are of interest.
SERVICE: Kind = (
    "an object with a list of asset types",
    lambda value: (
        isinstance(value, dict)
        and (value.get("asset_types_enabled") is None or _has_lines(value["asset_types_enabled"]))
    ),
)


def checked(
    answer: dict[str, Any], shape: Mapping[str, Kind], what: str, *, method: str = "GET", path: str
) -> dict[str, Any]:
    """The answer, or a part of one.

    Args:
        answer: as it came.
        shape: what is expected, by member.
        what: the answer is to be, C(connection) for example.
        method: of the request.
        path: of the request.

    Raises:
        ApiError: C(api_answer_unexpected), if any member is something else.
    """
    for member, kind in shape.items():
        expected, fits = kind
        value = answer.get(member)
        if not (fits(value) or (value is None and kind is not NEEDED)):
            found = "text of another kind" if isinstance(value, str) and value else kind_of(value)
            raise unexpected(
                f"is no {what}: its {member} is {'empty' if value == '' else found} where {expected} is expected",
                method=method,
                path=path,
            )
    return answer


def unexpected(problem: str, *, method: str = "GET", path: str) -> ApiError:
    """The error for an answer that is something else than was asked for.

    Args:
        problem: goes on after C(Clumio's answer to GET /path), without a full stop.
        method: of the request.
        path: of the request.
    """
    return ApiError(
        f"Clumio's answer to {method} {path} {problem}.",
        code="api_answer_unexpected",
        hint="This is a fault of the API, or of what stands in between; report it to Clumio.",
        method=method,
        path=path,
    )
