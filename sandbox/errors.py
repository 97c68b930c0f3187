# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one way in which the Clumio API refuses a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Code of an error about the body or the query; the API gives whole numbers.
INVALID_REQUEST = 111
INVALID_REGION = 112


class ApiError(Exception):
    """A refusal, answered as ``{"errors": [{"error_code", "error_message"}]}``.

    Args:
        status: HTTP status.
        errors: code and text of each error; a bare text takes the HTTP status as its code.
        retry_after: seconds for the header ``Retry-After``; the header is left out without.
    """

    def __init__(self, status: int, errors: str | Sequence[tuple[int, str]], *, retry_after: int | None = None) -> None:
        self.status = status
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.errors = [(status, errors)] if isinstance(errors, str) else list(errors)
        super().__init__("; ".join(message for _, message in self.errors))

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {"errors": [{"error_code": code, "error_message": message} for code, message in self.errors]}


def invalid(message: str) -> ApiError:
    """HTTP 400 with one error about the request."""
    return ApiError(400, [(INVALID_REQUEST, message)])
