# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from urllib.error import URLError
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from sandbox.processes import http_json
from sandbox.server import running


async def hello(_request: web.Request) -> web.Response:
    return web.json_response("hello")


def app_that_says_hello() -> web.Application:
    app = web.Application()
    app.router.add_get("/", hello)
    return app


def test_running_serves_on_loopback_and_only_while_the_context_lasts() -> None:
    with running(app_that_says_hello()) as url:
        assert urlsplit(url).hostname == "127.0.0.1"
        assert http_json("GET", url) == "hello"
    with pytest.raises(URLError):
        http_json("GET", url)


def test_two_applications_run_side_by_side() -> None:
    with running(app_that_says_hello()) as one, running(app_that_says_hello()) as other:
        assert one != other
        assert [http_json("GET", one), http_json("GET", other)] == ["hello", "hello"]


def test_running_tells_why_an_application_does_not_start() -> None:
    async def fail(_app: web.Application) -> None:
        raise ValueError("no such file")

    app = web.Application()
    app.on_startup.append(fail)
    with pytest.raises(ValueError, match="no such file"), running(app):
        pass
