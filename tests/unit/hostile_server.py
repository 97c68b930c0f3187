# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A server on loopback that keeps no rule of HTTP: it sends whatever bytes a test gives it, as slowly as it likes."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

Talk = Callable[["HostileServer"], Iterable[bytes]]
"""What is sent after a request has come in, piece by piece; may wait in between with C(pause)."""


class HostileServer:
    """Answers every request on a connection of its own; C(requests) are the whole texts of those that came in."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.requests: list[str] = []
        self._closing = Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._start(self._accept)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def pause(self, seconds: float) -> bool:
        """Wait; whether the server is still wanted."""
        return not self._closing.wait(seconds)

    def close(self) -> None:
        self._closing.set()
        for end in (self._listener, *self._connections):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, run: Callable[..., None], *arguments: Any) -> None:
        thread = Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _address = self._listener.accept()
                self._connections.append(connection)
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.requests.append(_request(connection))
            for piece in self.talk(self):
                connection.sendall(piece)
                if self._closing.is_set():
                    return


def _request(connection: socket.socket) -> str:
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = text.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return (head + b"\r\n\r\n" + body).decode()


@contextmanager
def hostile(talk: Talk | bytes) -> Iterator[HostileServer]:
    """A server that says this in answer to everything."""
    server = HostileServer((lambda _: [talk]) if isinstance(talk, bytes) else talk)
    try:
        yield server
    finally:
        server.close()


def head(status: int = 200, *headers: str, kind: str = "application/json") -> bytes:
    """The beginning of an answer, up to its body."""
    lines = [f"HTTP/1.1 {status} Any reason", f"Content-Type: {kind}", "Connection: close", *headers]
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def answer(body: Any, status: int = 200, *headers: str, kind: str = "application/json") -> bytes:
    """A whole answer; a body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(status, *headers, f"Content-Length: {len(content)}", kind=kind) + content
