# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clumio's REST API: one request, its retries, and its failures in words."""

from __future__ import annotations

import copy
import http.client
import ipaddress
import json
import os
import random
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from ansible.module_utils.urls import make_context

from .._errors import ClumioError, InputError
from .._json import parse_json
from .._permissions.documents import printable
from .exchange import Answer, TooLargeError, exchange
from .quoted import quoted

COLLECTION_VERSION = "0.1.0"
"""Told to Clumio with each request; the same as in galaxy.yml."""

BASE_URLS = {
    "west": "https://us-west-2.api.clumio.com",
    "east": "https://us-east-1.api.clumio.com",
    "canada": "https://ca-central-1.ca.api.clumio.com",
    "eu1": "https://eu-central-1.de.api.clumio.com",
    "au": "https://ap-southeast-2.au.api.clumio.com",
}
"""API host of each Clumio portal, as listed under "supported AWS regions" in Clumio's documentation."""

# Far above any real answer (a page of 100 connections has 300 kB), and what it can become in memory is bearable.
MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_ATTEMPTS = 6
FIRST_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 30.0
# Who asks for more does not mean it.
MAX_RETRY_AFTER_SECONDS = 24 * 3600.0

_AGENT = f"clumio.aws ansible collection {COLLECTION_VERSION}"
# Stands where a server has echoed the token.
_HIDDEN = "<API token>"
# A shorter token, of a test, would be found in words that have nothing to do with it.
_LEAST_HIDDEN = 8
_MAX_DETAIL_CHARACTERS = 1000
_MAX_MESSAGES = 10
# PATCH is one of them here: Clumio's takes the whole wanted state, so sending it twice does no harm.
_IDEMPOTENT_METHODS = frozenset({"DELETE", "GET", "PATCH", "PUT"})
_TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
# With Retry-After these say that the request was turned away, not half done.
_TURNED_AWAY_STATUSES = frozenset({429, 503})


class ApiError(ClumioError):
    """A request to Clumio that did not give what was asked for.

    Attributes:
        status: HTTP status, None if there was no answer.
        error_code: Clumio's own code of the first error in the body, if there is one.
        error_messages: Clumio's own messages.

    An answer with status 429 or 5xx has the fact C(retry_after): the seconds that Clumio asked to wait, None where it
    did not ask.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        method: str,
        path: str,
        hint: str = "",
        status: int | None = None,
        error_code: int | str | None = None,
        error_messages: tuple[str, ...] = (),
        **facts: Any,
    ) -> None:
        super().__init__(
            message,
            code=code,
            hint=hint,
            status=status,
            error_code=error_code,
            error_messages=list(error_messages),
            method=method,
            path=path,
            **facts,
        )
        self.status = status
        self.error_code = error_code
        self.error_messages = error_messages


class Client:
    """Sends requests to one Clumio portal as one API token.

    Args:
        base_url: C(https://host), a path after the host is kept; plain C(http) only on a loopback host.
        token: API token made in Clumio's UI.
        organizational_unit: id of the organizational unit to act in; empty for the global one.
        clock: seconds that only grow; measures deadlines.
        sleep: waits so many seconds; called between two attempts.
        timeout_seconds: longest silence of the server.
        deadline_seconds: for one request with all its attempts and waits.

    Raises:
        InputError: an argument cannot be used; nothing has been sent.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        organizational_unit: str = "",
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        timeout_seconds: float = 30,
        deadline_seconds: float = 120,
    ) -> None:
        self.base_url = _checked_base_url(base_url)
        self._token = _checked_header_value("API token", token)
        self._quoted_token = quoted(self._token)
        self.clock = clock
        self._sleep = sleep
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = deadline_seconds
        self.organizational_unit = _checked_header_value("organizational unit", organizational_unit)
        # Of the bodies of all answers so far.
        self.received_bytes = 0

    def in_global_unit(self) -> Client:
        """The same client, acting in the global organizational unit."""
        other = copy.copy(self)
        other.organizational_unit = ""
        return other

    def request(
        self,
        method: str,
        path: str,
        *,
        accept: str,
        query: Mapping[str, str] | str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Send one request, again where that helps and can do no harm, and give the decoded answer.

        Args:
            method: in capitals.
            path: from the first slash on, its segments URL-encoded.
            accept: media type of the resource.
            query: names and values; a text is sent as it is, so it must be encoded already.
            body: sent as JSON.

        Returns:
            The JSON object of any 2xx answer, C({}) for an empty one.

        Raises:
            ApiError: any other answer, or none.
        """
        encoded_query = query if isinstance(query, str) else urlencode(query or {})
        url = f"{self.base_url}{path}" + (f"?{encoded_query}" if encoded_query else "")
        data = None if body is None else json.dumps(body).encode()
        deadline = self.clock() + self._deadline_seconds
        attempts = 0
        while True:
            attempts += 1
            outcome = self._attempt(method, path, url, accept, data, deadline)
            wait = _wait_before_retry(outcome, method, attempts)
            if wait is None or attempts == MAX_ATTEMPTS or self.clock() + wait >= deadline:
                break
            self._sleep(wait)
        if isinstance(outcome, Answer):
            self.received_bytes += len(outcome.body)
            return self._decoded(outcome, method, path, attempts)
        raise self._unreachable(outcome, method, path, attempts)

    def _attempt(
        self, method: str, path: str, url: str, accept: str, data: bytes | None, deadline: float
    ) -> Answer | OSError | http.client.HTTPException:
        """One exchange with the server. A missing answer is given back, not raised, since it may be tried again."""
        headers = {
            "Accept": accept,
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "User-Agent": _AGENT,
            "x-clumio-api-client": _AGENT,
            # Clumio's own clients send it empty too, when no unit is chosen.
            "x-clumio-organizationalunit-context": self.organizational_unit,
        }
        try:
            return exchange(
                method,
                url,
                headers,
                data,
                context=_tls_context(),
                # The token must not travel in clear to a proxy.
                use_proxy=self.base_url.startswith("https:"),
                silence_seconds=self._timeout_seconds,
                seconds=max(0.001, deadline - self.clock()),
                most_bytes=MAX_BODY_BYTES,
            )
        except TooLargeError as error:
            raise ApiError(
                f"Clumio's answer to {method} {path} is larger than {MAX_BODY_BYTES // 1024**2} MiB.",
                code="api_answer_too_large",
                hint=f"Check that {self.base_url} is the address of Clumio's API.",
                status=error.status,
                method=method,
                path=path,
            ) from error
        except (OSError, http.client.HTTPException) as error:
            return error

    def _decoded(self, answer: Answer, method: str, path: str, attempts: int) -> dict[str, Any]:
        """The JSON object of a good answer; any other answer is an error."""
        if not 200 <= answer.status < 300:
            raise self._refusal(answer, method, path, attempts)
        if not answer.body.strip():
            return {}
        content = self._content(answer)
        if isinstance(content, dict):
            return content
        if content is not None:
            problem, code = f"a JSON {type(content).__name__} instead of an object", "api_answer_unexpected"
        elif "json" in _content_type(answer).lower():
            problem, code = "JSON that cannot be read", "api_answer_invalid_json"
        else:
            problem, code = f"{self._scrubbed(_content_type(answer))} instead of JSON", "api_answer_not_json"
        raise ApiError(
            f"Clumio's API answered {method} {path} with {problem} (status {answer.status}).",
            code=code,
            hint=f"Check that {self.base_url} is the address of Clumio's API, not of a web page, and that no proxy "
            "stands in between.",
            status=answer.status,
            method=method,
            path=path,
            attempts=attempts,
        )

    def _refusal(self, answer: Answer, method: str, path: str, attempts: int) -> ApiError:
        """What an answer outside 2xx means, in words."""
        status = answer.status
        content = self._content(answer)
        error_code, messages = _api_errors(content)
        error_code = self._scrubbed(error_code) if isinstance(error_code, str) else error_code
        messages = tuple(self._scrubbed(message) for message in messages[:_MAX_MESSAGES])
        is_foreign = content is None and bool(answer.body.strip())
        type_ = self._scrubbed(_content_type(answer))
        detail = self._scrubbed(" ".join(messages)) or (f"{type_} instead of JSON" if is_foreign else "")
        target = f"{method} {path}"
        facts: dict[str, Any] = {}
        if 300 <= status < 400:
            # What stands in a query or behind it may be secret.
            location = self._scrubbed(re.split(r"[?#]", str(answer.headers.get("Location", "")), maxsplit=1)[0])
            code = "api_redirect"
            message = f"Clumio's API wants to send {target} on to {location or 'an unnamed place'}"
            hint = f"Redirects are not followed, because the API token would travel along; check {self.base_url}."
            facts["location"] = location
        elif status in (401, 403):
            code = "api_token_refused"
            message = f"Clumio refused the API token for {target}"
            hint = (
                f"Check that the token is still valid, that it belongs to the same portal as {self.base_url}, and that "
                "its role and organizational unit allow this."
            )
        elif status == 429 or status >= 500:
            throttled = status == 429
            code = "api_throttled" if throttled else "api_unavailable"
            problem = "throttled" if throttled else "failed to answer"
            message = f"Clumio's API {problem} {target}, tried {_times(attempts)}"
            asked = _retry_after_seconds(answer.headers)
            hint = f"Try again in {asked:g} s." if asked else "Try again later."
            facts["retry_after"] = asked
        elif is_foreign:
            code = "api_answer_not_json"
            message = f"Clumio's API did not answer {target} itself"
            hint = f"Check that {self.base_url} is the address of Clumio's API, and that no proxy stands in between."
        elif status == 404:
            code = "api_not_found"
            message = f"Clumio does not know what {target} asks for"
            hint = "Check account, region and organizational unit."
        elif status == 406:
            code = "api_not_acceptable"
            message = f"Clumio's API does not offer the media type asked for in {target}"
            hint = "This portal may need another version of this collection."
        elif status == 409:
            code = "api_conflict"
            message = f"Clumio refused {target}, because it conflicts with what is there"
            hint = "It may belong to another organizational unit, or something else may be changing it."
        else:
            code = "api_refused"
            message = f"Clumio refused {target}"
            hint = ""
        return ApiError(
            f"{message} (status {status}): {detail.rstrip('.')}." if detail else f"{message} (status {status}).",
            code=code,
            hint=hint,
            status=status,
            error_code=error_code,
            error_messages=messages,
            method=method,
            path=path,
            attempts=attempts,
            **facts,
        )

    def _unreachable(
        self, cause: OSError | http.client.HTTPException, method: str, path: str, attempts: int
    ) -> ApiError:
        """Why there was no answer, in words."""
        host = urlsplit(self.base_url).netloc
        if isinstance(cause, ssl.SSLError):
            code = "api_tls"
            problem = f"TLS failed: {getattr(cause, 'verify_message', '') or cause.reason or 'no reason given'}"
            hint = "Check the address, and that the certificate authority of a proxy in between is trusted here."
        elif isinstance(cause, TimeoutError):
            code = "api_timeout"
            problem = (
                f"no complete answer within {self._timeout_seconds:g} s of silence or {self._deadline_seconds:g} s"
            )
            hint = "Check network and proxy, or try again later."
        elif isinstance(cause, socket.gaierror):
            code = "api_unreachable"
            problem = "the host name cannot be resolved"
            hint = "Check the address and the name service."
        elif isinstance(cause, ConnectionRefusedError):
            code = "api_unreachable"
            problem = "the connection was refused"
            hint = "Check address, port and proxy."
        else:
            code = "api_unreachable"
            problem = f"the connection failed ({self._scrubbed(str(cause)) or type(cause).__name__})"
            hint = "Check network and proxy, or try again later."
        if method not in _IDEMPOTENT_METHODS and not _nothing_was_sent(cause):
            hint += " Clumio may have carried the request out all the same."
        return ApiError(
            f"Clumio's API at {host} did not answer {method} {path}, tried {_times(attempts)}: {problem}.",
            code=code,
            hint=hint,
            method=method,
            path=path,
            attempts=attempts,
        )

    def _content(self, answer: Answer) -> Any:
        """The JSON of an answer, without the token; None if it is none."""
        content = _json(answer.body)
        return _without(content, self._quoted_token) if len(self._token) >= _LEAST_HIDDEN else content

    def _scrubbed(self, text: str) -> str:
        """Text of the server, short, on one line, and without the token, which a server may echo."""
        told = " ".join(self._quoted_token.sub(_HIDDEN, text).split())
        return printable(told[:_MAX_DETAIL_CHARACTERS])[:_MAX_DETAIL_CHARACTERS]


def _content_type(answer: Answer) -> str:
    return str(answer.headers.get("Content-Type", "no content type")).partition(";")[0].strip()


def preload() -> None:
    """Read the certificates that are trusted, for this process and those that are forked from it."""
    _tls_context()


def _tls_context() -> ssl.SSLContext:
    """How servers are verified; reading the certificates takes longer than the rest of a request."""
    return _context_of(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _context_of(_file: str | None, _directory: str | None) -> ssl.SSLContext:
    """One context for each choice of OpenSSL's variables, which a task may set."""
    context: ssl.SSLContext = make_context()
    return context


def _checked_base_url(base_url: str) -> str:
    """The base URL without trailing slashes."""
    try:
        url = urlsplit(base_url.strip())
        host, _port = url.hostname or "", url.port
        host.encode("idna")
    except ValueError:
        url, host = urlsplit(""), ""
    if "@" in url.netloc:
        # Not shown: it may hold a password.
        raise InputError(
            "Clumio's base URL holds credentials.",
            code="api_base_url_invalid",
            hint="Give the API token on its own, and the base URL as https://<host>.",
        )
    problem = ""
    is_web = url.scheme in ("http", "https") and host and not url.query and not url.fragment
    if not is_web or not re.fullmatch("[!-~]+", url.geturl()):
        problem = "is not of the form https://<host>"
    elif url.scheme == "http" and not _is_loopback(host):
        problem = "would send the API token in clear"
    if problem:
        raise InputError(
            f"Clumio's base URL {base_url!r} {problem}.", code="api_base_url_invalid", hint=base_urls_hint()
        )
    return url.geturl().rstrip("/")


def base_urls_hint() -> str:
    """A sentence that lists the base URL of each portal."""
    urls = ", ".join(f"{url} ({portal})" for portal, url in BASE_URLS.items())
    return f"The base URL is the one of your Clumio portal: {urls}."


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked_header_value(name: str, value: str) -> str:
    """The value without surrounding white space, as copying often adds it. The value itself is never shown."""
    stripped = value.strip()
    if not re.fullmatch(r"[!-~]*", stripped):
        raise InputError(
            f"The {name} for Clumio holds white space or characters outside ASCII.",
            code="api_header_invalid",
            hint="Copy it again, without line breaks.",
        )
    return stripped


def _wait_before_retry(
    outcome: Answer | OSError | http.client.HTTPException, method: str, attempts: int
) -> float | None:
    """Seconds to wait before the request is sent again, None if it must not be."""
    idempotent = method in _IDEMPOTENT_METHODS
    backoff = min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** (attempts - 1)) * random.uniform(0.5, 1)
    if isinstance(outcome, Answer):
        if outcome.status not in _TRANSIENT_STATUSES:
            return None
        asked = _retry_after_seconds(outcome.headers)
        if not idempotent and (asked is None or outcome.status not in _TURNED_AWAY_STATUSES):
            return None
        return backoff if asked is None else asked
    # A wrong certificate, protocol or name stays wrong.
    if isinstance(outcome, ssl.SSLError) and not isinstance(outcome, ssl.SSLEOFError):
        return None
    if isinstance(outcome, socket.gaierror) and outcome.errno != socket.EAI_AGAIN:
        return None
    return backoff if idempotent or _nothing_was_sent(outcome) else None


def _nothing_was_sent(cause: OSError | http.client.HTTPException) -> bool:
    return isinstance(cause, ConnectionRefusedError | socket.gaierror)


def _retry_after_seconds(headers: Message) -> float | None:
    """Seconds asked for by Retry-After (RFC 9110, section 10.2.3), None without or with a broken or absurd one.

    A date is measured from the answer's own Date, so that a wrong clock on this side does not matter.
    """
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch("[0-9]{1,9}", value):
        seconds = float(value)
    else:
        try:
            seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds <= MAX_RETRY_AFTER_SECONDS else None


def _json(body: bytes) -> Any:
    """Decoded JSON, None if the body is none."""
    try:
        return parse_json(body.decode("utf-8-sig"))
    except ValueError:
        return None


def _without(value: Any, token: re.Pattern[str]) -> Any:
    """JSON without the token. Ansible hides it in texts, but not in the names of members."""
    if isinstance(value, str):
        return token.sub(_HIDDEN, value)
    if isinstance(value, list):
        return [_without(item, token) for item in value]
    if isinstance(value, dict):
        return {token.sub(_HIDDEN, key): _without(item, token) for key, item in value.items()}
    return value


def _api_errors(content: Any) -> tuple[int | str | None, tuple[str, ...]]:
    """Code of the first error and all messages of C({"errors": [{"error_code", "error_message"}]})."""
    errors = content.get("errors") if isinstance(content, dict) else None
    found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    messages = tuple(str(error["error_message"]) for error in found if error.get("error_message"))
    code = found[0].get("error_code") if found else None
    return code if isinstance(code, int | str) and not isinstance(code, bool) else None, messages


def _times(attempts: int) -> str:
    return "once" if attempts == 1 else f"{attempts} times"
