# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists of Clumio's API, which come in pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .client import ApiError, Client

PAGE_SIZE = 100
MAX_PAGES = 1000

# Printable ASCII up to the next parameter or the fragment.
_START = re.compile(r"[?&]start=([!-\"$%'-~]+)")


def all_items(
    client: Client, path: str, *, accept: str, query: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Every item of a list, page by page.

    Raises:
        ApiError: a page is not a list of objects, or the pages have no end.
    """
    first = urlencode({"limit": str(PAGE_SIZE), **(query or {})})
    items: list[dict[str, Any]] = []
    seen: set[str] = set()
    start = None
    while True:
        # The token is still encoded as the link had it; encoding it again would break it.
        page = client.request("GET", path, accept=accept, query=f"{first}&start={start}" if start else first)
        items += _items(page, path)
        start = _next_start(page)
        if start is None:
            return items
        if start in seen or len(seen) + 1 >= MAX_PAGES:
            raise ApiError(
                f"Clumio's list {path} has no end: it repeats a page or has more than {MAX_PAGES} pages.",
                code="api_endless_pages",
                hint="This is a fault of the API; report it to Clumio.",
                method="GET",
                path=path,
            )
        seen.add(start)


def _items(page: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    embedded = page.get("_embedded") or {}
    items = (embedded.get("items") or []) if isinstance(embedded, dict) else None
    if isinstance(items, list) and all(isinstance(item, dict) for item in items):
        return items
    raise ApiError(
        f"Clumio's list {path} holds something else than objects.",
        code="api_answer_unexpected",
        method="GET",
        path=path,
    )


def _next_start(page: Mapping[str, Any]) -> str | None:
    """The C(start) token in the link to the next page, None on the last one."""
    links = page.get("_links")
    link = links.get("_next") if isinstance(links, dict) else None
    href = link.get("href") if isinstance(link, dict) else None
    match = _START.search(href) if isinstance(href, str) else None
    return match[1] if match else None
