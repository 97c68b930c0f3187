# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a module took, as a part of its result: reports show it, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def timed(run: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """The result of C(run), with the seconds that it took as C(elapsed)."""
    start = time.monotonic()
    result = run(*arguments)
    return {**result, "elapsed": round(time.monotonic() - start, 2)}
