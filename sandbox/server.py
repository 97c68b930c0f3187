# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Serving an aiohttp application on loopback: in a thread for tests, in a process for the sandbox."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from aiohttp import web

LOOPBACK = "127.0.0.1"
#: Seconds between two looks at whether a client is still there.
_LOOK_EVERY = 0.05


def listening_socket() -> socket.socket:
    """A socket that already listens on a free loopback port.

    Handing on the socket instead of a port number leaves no moment in which another process can take the port, and
    a client that connects too early waits in the backlog instead of being refused.
    """
    return socket.create_server((LOOPBACK, 0), backlog=1024)


def base_url(listener: socket.socket) -> str:
    """``http://127.0.0.1:<port>`` of a listening socket, without a trailing slash."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


@contextmanager
def running(app: web.Application) -> Iterator[str]:
    """Run the application in a daemon thread for as long as the context lasts.

    Yields:
        its base URL, without a trailing slash.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="sandbox-server", daemon=True)
    thread.start()

    def wait_for(step: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(step, loop).result()

    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    listener = listening_socket()
    try:
        wait_for(runner.setup())
        wait_for(web.SockSite(runner, listener).start())
        yield base_url(listener)
    finally:
        wait_for(runner.cleanup())
        wait_for(loop.shutdown_default_executor())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        listener.close()


def cut(request: web.Request) -> None:
    """Cut the connection of a request, so that its client gets no answer."""
    if request.transport:
        request.transport.abort()


async def hold(request: web.Request) -> None:
    """Give no answer until the client gives up."""
    while request.transport and not request.transport.is_closing():
        await asyncio.sleep(_LOOK_EVERY)


def serve(app: web.Application, descriptor: int) -> None:
    """Run the application in this process, on an inherited listening socket, until SIGTERM or SIGINT."""
    web.run_app(app, sock=socket.socket(fileno=descriptor), access_log=None, print=None, shutdown_timeout=1)
