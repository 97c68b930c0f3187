# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists of Clumio's API, which come in pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from .client import ApiError, Client
from .shapes import unexpected

PAGE_SIZE = 100
MAX_PAGES = 1000
MAX_SECONDS = 600
MAX_BYTES = 64 * 1024 * 1024

# Printable ASCII up to the next parameter or the fragment.
_START = re.compile(r"[?&]start=([!-\"$%'-~]{0,2048})(?:[&#]|$)")


def all_items(
    client: Client, path: str, *, accept: str, query: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Every item of a list, page by page.

    Raises:
        ApiError: a page is not a list of objects, or the pages have no end.
    """
    first = urlencode({"limit": str(PAGE_SIZE), **(query or {})})
    end, most_bytes = client.clock() + MAX_SECONDS, client.received_bytes + MAX_BYTES
    items: list[dict[str, Any]] = []
    seen: set[str] = set()
    start = None
    while True:
        # The token is still encoded as the link had it; encoding it again would break it.
        page = client.request("GET", path, accept=accept, query=f"{first}&start={start}" if start else first)
        items += _items(page, path)
        start = _next_start(page, path)
        if not start:
            return items
        is_long = len(seen) + 1 >= MAX_PAGES or client.clock() >= end or client.received_bytes >= most_bytes
        if start in seen or is_long:
            raise ApiError(
                f"Clumio's list {path} has no end: it repeats a page, has more than {MAX_PAGES} pages or "
                f"{MAX_BYTES // 1024**2} MiB, or takes longer than {MAX_SECONDS} s.",
                code="api_endless_pages",
                hint="This is a fault of the API; report it to Clumio.",
                method="GET",
                path=path,
            )
        seen.add(start)


def _items(page: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    embedded = page.get("_embedded") or {}
    items = (embedded.get("items") or []) if isinstance(embedded, dict) else None
    # An answer without a body is none: the shortest page tells that it has no items.
    if page and isinstance(items, list) and all(isinstance(item, dict) for item in items):
        return items
    raise unexpected("is no list of objects", path=path)


def _next_start(page: Mapping[str, Any], path: str) -> str:
    """The C(start) token in the link to the next page, empty on the last one. Where the link leads to is not asked."""
    links = page.get("_links") or {}
    link = (links.get("_next") or {}) if isinstance(links, dict) else None
    href = (link.get("href") or "") if isinstance(link, dict) else None
    match = _START.search(href) if isinstance(href, str) else None
    if href == "" or match:
        return match[1] if match else ""
    raise unexpected("does not say where the next page begins", path=path)
