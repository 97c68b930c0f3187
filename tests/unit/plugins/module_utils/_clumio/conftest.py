# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A web server on loopback that answers what a test tells it to, and a clock that only moves when told to sleep."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._clumio.client import Client


@dataclass(frozen=True)
class _Reply:
    status: int
    body: Any
    headers: dict[str, str]
    content_length: int | None
    hang_up: bool
    trickle: bool


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedServer:
    """Gives the replies in their order, the last one again and again, and keeps every call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._replies: list[_Reply] = []
        self._closing = Event()
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                with suppress(ConnectionError):  # a client may have had enough
                    script.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Keep the test's output quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def reply(
        self,
        status: int = 200,
        body: Any = b"",
        headers: dict[str, str] | None = None,
        *,
        content_length: int | None = None,
        hang_up: bool = False,
        trickle: bool = False,
    ) -> None:
        """Add a reply.

        Args:
            body: bytes, or anything else to be sent as JSON.
            content_length: another one than the body's.
            hang_up: close the connection instead of answering.
            trickle: go on with single spaces after the body.
        """
        self._replies.append(_Reply(status, body, headers or {}, content_length, hang_up, trickle))

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.calls.append(Call(handler.command, handler.path, dict(handler.headers), body))
        reply = self._replies[min(len(self.calls), len(self._replies)) - 1]
        handler.close_connection = True
        if reply.hang_up:
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        content, kind = reply.body, "text/plain"
        if not isinstance(content, bytes):
            content, kind = json.dumps(content).encode(), "application/json"
        handler.send_response(reply.status)
        headers = {"Content-Type": kind, "Content-Length": str(reply.content_length or len(content)), **reply.headers}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)
        while reply.trickle and not self._closing.wait(0.02):
            handler.wfile.write(b" ")

    def close(self) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class SleepingClock:
    """Time that passes only by sleeping; keeps how long each sleep was."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def token() -> str:
    return "eyJhbGciOiJub25lIn0.a-token-of-a-test.c2lnbmF0dXJl"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def clock() -> SleepingClock:
    return SleepingClock()


@pytest.fixture
def client(server: ScriptedServer, clock: SleepingClock, token: str) -> Client:
    return Client(server.url, token, "an-organizational-unit", clock=clock, sleep=clock.sleep)
