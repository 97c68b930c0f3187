# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists of the Clumio API: the ``filter`` query, and pages that name the next one."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from sandbox.connections import Connection, asset_word, asset_words, link
from sandbox.errors import invalid
from sandbox.organizational_units import Unit

Row = TypeVar("Row")
Filters: TypeAlias = Mapping[tuple[str, str], Callable[[Row, Any], bool]]

DEFAULT_LIMIT = 100
MAXIMUM_LIMIT = 500


def _strings(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"The filter needs a list of strings, not {json.dumps(value)}.")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise invalid(f"The filter needs a string, not {json.dumps(value)}.")
    return value


def _has_services(connection: Connection, value: Any) -> bool:
    wanted = [_string(value)] if isinstance(value, str) else _strings(value)
    return {asset_word(spelling) for spelling in wanted} <= set(asset_words(connection.asset_types))


#: Member and operator of a filter to the test of one row. The API knows these and no others.
CONNECTION_FILTERS: Filters[Connection] = {
    ("account_native_id", "$begins_with"): lambda row, value: row.account_native_id.startswith(_string(value)),
    ("account_native_id", "$in"): lambda row, value: row.account_native_id in _strings(value),
    ("aws_region", "$in"): lambda row, value: row.aws_region in _strings(value),
    ("account_alias", "$contains"): lambda row, value: _string(value) in row.account_name,
    ("connection_type", "$eq"): lambda row, value: _string(value) in row.services_enabled,
    ("connection_status", "$eq"): lambda row, value: row.connection_status == _string(value),
    ("connection_status", "$in"): lambda row, value: row.connection_status in _strings(value),
    ("organizational_unit_id", "$in"): lambda row, value: row.organizational_unit_id in _strings(value),
    ("services_enabled", "$contains"): _has_services,
}
ENVIRONMENT_FILTERS: Filters[Connection] = {
    ("account_native_id", "$eq"): lambda row, value: row.account_native_id == _string(value),
    ("account_native_id", "$begins_with"): lambda row, value: row.account_native_id.startswith(_string(value)),
    ("aws_region", "$eq"): lambda row, value: row.aws_region == _string(value),
    ("connection_status", "$eq"): lambda row, value: row.environment_as_json()["connection_status"] == _string(value),
    ("services_enabled", "$contains"): _has_services,
}
UNIT_FILTERS: Filters[Unit] = {
    ("id", "$in"): lambda row, value: row.id in _strings(value),
    ("name", "$contains"): lambda row, value: _string(value) in row.name,
    ("parent_id", "$eq"): lambda row, value: row.parent_id == _string(value),
}


def selection(text: str, filters: Filters[Row]) -> Callable[[Row], bool]:
    """The test that a ``filter`` query stands for; its members all have to hold.

    Args:
        text: the query.
        filters: those that the resource has.

    Raises:
        ApiError: 400, for what is not a JSON object, or a member or operator that the API does not have.
    """
    try:
        members = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise invalid(f"The filter is not JSON: {error}.") from error
    if not isinstance(members, dict) or not all(isinstance(operators, dict) for operators in members.values()):
        raise invalid("The filter must be an object of objects, member to operator to value.")
    tests = []
    for member, operators in members.items():
        for operator, value in operators.items():
            if (member, operator) not in filters:
                raise invalid(f"The filter {member} {operator} is not supported.")
            tests.append((filters[member, operator], value))
    return lambda row: all(test(row, value) for test, value in tests)


def _token(page: int) -> str:
    """Start of a page: opaque to clients, and with padding, so that encoding it twice does not go unnoticed."""
    return base64.b64encode(json.dumps({"page": page}, separators=(",", ":")).encode()).decode()


def _page_number(start: str) -> int:
    if not start:
        return 1
    try:
        return int(json.loads(base64.b64decode(start, validate=True))["page"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise invalid(f"The page {start!r} does not exist.") from error


def page(path: str, items: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """One page of a list.

    Args:
        path: of the list, for the links.
        items: the whole list.
        query: ``limit`` (1 to 500, 100 unless told) and ``start`` (from the previous page's ``_links._next``).

    Raises:
        ApiError: 400, for a limit or a start that cannot be.
    """
    limit_text, start = query.get("limit", ""), query.get("start", "")
    limit = int(limit_text) if limit_text.isdecimal() else DEFAULT_LIMIT if not limit_text else 0
    if not 1 <= limit <= MAXIMUM_LIMIT:
        raise invalid(f"The limit {limit_text!r} is not a number from 1 to {MAXIMUM_LIMIT}.")
    number = _page_number(start)
    first = (number - 1) * limit
    shown = list(items[first : first + limit])

    def href(start_of_page: str) -> str:
        pairs = {"limit": limit_text, "start": quote(start_of_page, safe="")}
        given = "&".join(f"{name}={value}" for name, value in pairs.items() if value)
        return f"{path}?{given}" if given else path

    more = first + limit < len(items)
    return {
        "_embedded": {"items": shown},
        "_links": {
            "_first": link(href(""), "get"),
            "_next": link(href(_token(number + 1)), "get") if more else None,
            "_self": link(href(start), "get"),
        },
        "current_count": len(shown),
        "limit": limit,
        "start": start,
    }
