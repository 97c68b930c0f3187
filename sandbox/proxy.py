# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The recording proxy in front of AWS: passes every call on, and writes down what was called and what came of it."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from yarl import URL

from sandbox.server import serve

CONTROL = "/_sandbox/"

#: Access keys of this form mean the account: with them a test needs no role to be in an account.
SANDBOX_KEY = re.compile(r"SANDBOX(\d{12})", re.ASCII)

#: Verbs that actions which change nothing begin with.
READING_VERBS = (
    "AssumeRole",
    "BatchGet",
    "Decode",
    "Describe",
    "Get",
    "Head",
    "List",
    "Simulate",
    "Test",
    "Validate",
)

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]*)/([^/]+)/aws4_request")
_RPC_PATH = re.compile(r"/service/[^/]+/operation/([^/]+)")
_XML_ERROR = re.compile(rb"<Code>([^<]+)</Code>")
_JSON_ERROR = re.compile(rb'"__type"\s*:\s*"([^"]+)"')
_XML_ACCESS_KEY = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")
#: Of the connection, not of the message (RFC 9110, section 7.6.1), or set anew by the next hop.
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect")
)


@dataclass(frozen=True)
class Call:
    """One call to AWS, as it came in."""

    number: int
    service: str
    action: str
    account: str

    @property
    def kind(self) -> str:
        """``read`` or ``write``, by the action's verb; for an action named by its HTTP method, by that."""
        return "read" if self.action.startswith((*READING_VERBS, "GET ", "HEAD ")) else "write"


@dataclass
class Settings:
    """What the proxy does to calls.

    Attributes:
        latency_ms: milliseconds that every call waits before it goes on to AWS.
    """

    latency_ms: float = 0.0

    @classmethod
    def of(cls, members: Any, *, over: Settings) -> Settings:
        """The settings with some members changed.

        Raises:
            ValueError: unknown member, or a value that cannot be.
        """
        if not isinstance(members, dict) or members.keys() - asdict(over).keys():
            raise ValueError(f"settings are an object of {', '.join(asdict(over))}")
        changed = cls(**(asdict(over) | members))
        if not isinstance(changed.latency_ms, int | float) or not changed.latency_ms >= 0:
            raise ValueError("latency_ms must be a number of milliseconds, 0 or more")
        return changed


@dataclass
class _Accounts:
    """Which account an access key belongs to; empty for one that the proxy has not seen handed out."""

    _assumed: dict[str, str] = field(default_factory=dict)

    def of(self, access_key: str) -> str:
        sandbox_key = SANDBOX_KEY.fullmatch(access_key)
        return sandbox_key[1] if sandbox_key else self._assumed.get(access_key, "")

    def remember(self, role_arn: str, answer: bytes) -> None:
        """Take the key that an AssumeRole answered; it works in the account of the role."""
        key = _XML_ACCESS_KEY.search(answer)
        parts = role_arn.split(":")
        if key and len(parts) > 4:
            self._assumed[key[1].decode()] = parts[4]


def _action(request: web.BaseRequest, form: Mapping[str, list[str]]) -> str:
    """The API action: by the query protocol, the JSON protocols, Smithy's RPC, or else HTTP method and path."""
    if form.get("Action"):
        return form["Action"][0]
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2]
    rpc = _RPC_PATH.search(request.path)
    return rpc[1] if rpc else f"{request.method} {request.path}"


def _error_code(status: int, headers: Mapping[str, str], answer: bytes) -> str:
    """AWS's code of a failed call; empty for one that succeeded, or whose answer names none."""
    if status < 400:
        return ""
    named = headers.get("x-amzn-ErrorType", "")
    if not named and (xml := _XML_ERROR.search(answer)):
        named = xml[1].decode()
    if not named and (member := _JSON_ERROR.search(answer)):
        named = member[1].decode()
    # JSON protocols may say namespace#Code:link.
    return named.rpartition("#")[2].partition(":")[0]


class _Proxy:
    """The handlers, and the record."""

    def __init__(self, target: str, settings: Settings) -> None:
        self._target = target
        self._settings = settings
        self._accounts = _Accounts()
        self._number = 0
        self._record: list[dict[str, Any]] = []
        self._http: aiohttp.ClientSession

    async def session(self, _app: web.Application) -> AsyncIterator[None]:
        """Keep connections to AWS for as long as the application runs. Bodies pass as they are."""
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as self._http:
            yield

    async def forward(self, request: web.Request) -> web.Response:
        started = time.perf_counter()
        body = await request.read()
        is_form = request.content_type == "application/x-www-form-urlencoded"
        form = parse_qs(body.decode()) if is_form else {}
        scope = _CREDENTIAL.search(request.headers.get("Authorization", ""))
        access_key, service = (scope[1], scope[3]) if scope else ("", "")
        self._number += 1
        call = Call(self._number, service, _action(request, form), self._accounts.of(access_key))

        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        if call.account:
            headers["x-moto-account-id"] = call.account
        if self._settings.latency_ms:
            await asyncio.sleep(self._settings.latency_ms / 1000)
        try:
            async with self._http.request(
                request.method,
                URL(self._target + request.raw_path, encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
            ) as response:
                answer = await response.read()
        except aiohttp.ClientError as error:
            self._write_down(call, started, 502, type(error).__name__)
            return web.Response(status=502, text=f"{self._target} does not answer: {error}")

        if call.action == "AssumeRole" and response.ok:
            self._accounts.remember(form.get("RoleArn", [""])[0], answer)
        self._write_down(call, started, response.status, _error_code(response.status, response.headers, answer))
        kept = {name: value for name, value in response.headers.items() if name.lower() not in _HOP_BY_HOP}
        return web.Response(status=response.status, reason=response.reason, headers=kept, body=answer)

    def _write_down(self, call: Call, started: float, status: int, error: str) -> None:
        duration = round((time.perf_counter() - started) * 1000, 1)
        result = {"kind": call.kind, "status": status, "error": error, "duration_ms": duration}
        self._record.append(asdict(call) | result)

    # ---- control

    async def show_calls(self, _request: web.Request) -> web.Response:
        return web.json_response({"calls": sorted(self._record, key=lambda call: int(call["number"]))})

    async def reset(self, request: web.Request) -> web.Response:
        """Forget the calls; with ``?moto=true`` AWS forgets everything, too."""
        if request.query.get("moto") == "true":
            async with self._http.post(f"{self._target}/moto-api/reset") as response:
                response.raise_for_status()
        self._record.clear()
        self._number = 0
        return web.json_response({})

    async def show_settings(self, _request: web.Request) -> web.Response:
        return web.json_response(asdict(self._settings))

    async def change_settings(self, request: web.Request) -> web.Response:
        try:
            self._settings = Settings.of(json.loads(await request.read()), over=self._settings)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return await self.show_settings(request)


def create_app(target: str, *, latency_ms: float = 0.0) -> web.Application:
    """A proxy with an empty record.

    Args:
        target: base URL of AWS, without a trailing slash.
        latency_ms: milliseconds that every call waits, until the settings are changed.
    """
    proxy = _Proxy(target, Settings(latency_ms=latency_ms))
    # SSM documents are up to 64 KB and CloudFormation templates up to 1 MB; the rest is far smaller.
    app = web.Application(client_max_size=16 * 1024**2)
    app.cleanup_ctx.append(proxy.session)
    app.add_routes(
        [
            web.get(f"{CONTROL}calls", proxy.show_calls),
            web.post(f"{CONTROL}reset", proxy.reset),
            web.get(f"{CONTROL}settings", proxy.show_settings),
            web.put(f"{CONTROL}settings", proxy.change_settings),
            web.route("*", "/{path:.*}", proxy.forward),
        ]
    )
    return app


def main() -> None:
    """Serve the proxy."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.proxy", description=main.__doc__)
    parser.add_argument("--fd", type=int, required=True, help="inherited listening socket")
    parser.add_argument("--aws", required=True, metavar="URL", help="AWS endpoint to pass calls on to")
    parser.add_argument("--latency", type=float, required=True, metavar="MS")
    options = parser.parse_args()
    serve(create_app(options.aws, latency_ms=options.latency), options.fd)


if __name__ == "__main__":
    main()
