# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One request and its answer over HTTP, within limits of time and size that no server can stretch."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from threading import Timer
from types import TracebackType
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

_CHUNK_BYTES = 64 * 1024


class TooLargeError(Exception):
    """The answer, of this status, has more bytes than it may have."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """Whatever the server sent, of any status."""

    status: int
    headers: Message
    body: bytes


def exchange(
    method: str,
    url: str,
    headers: Mapping[str, str],
    data: bytes | None,
    *,
    context: ssl.SSLContext,
    use_proxy: bool,
    silence_seconds: float,
    seconds: float,
    most_bytes: int,
) -> Answer:
    """Send one request and read its answer; nothing is followed, decompressed or tried again.

    Args:
        method: in capitals.
        url: C(http) or C(https).
        headers: of the request, besides those of HTTP itself.
        data: its body.
        context: how a server is verified.
        use_proxy: whether the proxy that the environment names may stand in between.
        silence_seconds: longest time without a byte.
        seconds: for all of it, however the server spreads what it sends.
        most_bytes: of the answer's body.

    Raises:
        TimeoutError: one of the times is over.
        OSError, http.client.HTTPException: there is no answer, or no whole one.
        TooLargeError: the answer has too many bytes.
    """
    with _Scissors(seconds) as scissors:
        # Only what is needed: what follows redirects or reads files is not among them.
        opener = OpenerDirector()
        opener.add_handler(ProxyHandler() if use_proxy else ProxyHandler({}))
        opener.add_handler(_Http(scissors))
        opener.add_handler(_Https(scissors, context))
        request = Request(url, data=data, headers=dict(headers), method=method)
        try:
            return _read(opener.open(request, timeout=min(silence_seconds, seconds)), most_bytes)
        except URLError as error:
            raise (error.reason if isinstance(error.reason, OSError) else error) from None


def _read(response: http.client.HTTPResponse, most_bytes: int) -> Answer:
    # One growing piece: of many small ones, each would take more memory than what it holds.
    body = bytearray()
    with response:
        while chunk := response.read1(_CHUNK_BYTES):
            body += chunk
            if len(body) > most_bytes:
                raise TooLargeError(response.status)
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return Answer(response.status, response.headers, bytes(body))


class _Scissors:
    """Cuts the connections made inside the context when the time is over.

    The timeout of a socket only bounds its silence. A server that sends a byte now and then, in the headers too, or one
    interim answer after the other, would be listened to for ever.
    """

    def __init__(self, seconds: float) -> None:
        self._sockets: list[socket.socket] = []
        self._has_cut = False
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Scissors:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        for end in self._sockets:
            end.close()
        # To who reads, a connection that is cut looks like one that has ended.
        if self._has_cut and (error is None or isinstance(error, Exception)):
            raise TimeoutError from error

    def around(self, connection: type[http.client.HTTPConnection]) -> Callable[..., http.client.HTTPConnection]:
        """The class, for connections that are cut."""

        def make(*arguments: Any, **options: Any) -> http.client.HTTPConnection:
            made = connection(*arguments, **options)
            connect = made._create_connection  # type: ignore[attr-defined]

            def watched(*where: Any) -> socket.socket:
                end: socket.socket = connect(*where)
                # A second handle, since TLS takes the first one over.
                self._sockets.append(end.dup())
                if self._has_cut:
                    end.close()
                    raise TimeoutError
                return end

            made._create_connection = watched  # type: ignore[attr-defined]
            return made

        return make

    def _cut(self) -> None:
        self._has_cut = True
        for end in self._sockets:
            # It may have ended by itself.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class _Http(HTTPHandler):
    def __init__(self, scissors: _Scissors) -> None:
        super().__init__()
        self._scissors = scissors

    def http_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(self._scissors.around(http.client.HTTPConnection), req)


class _Https(HTTPSHandler):
    def __init__(self, scissors: _Scissors, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._scissors = scissors
        self._tls = context

    def https_open(self, req: Request) -> http.client.HTTPResponse:
        connection = self._scissors.around(http.client.HTTPSConnection)
        return self.do_open(connection, req, context=self._tls)
