# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running a module's real main() against the sandbox's Clumio API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from types import ModuleType
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from ansible.module_utils.testing import patch_module_args

from sandbox.clumio_api import create_app
from sandbox.connections import Verification
from sandbox.server import running

TOKEN = "the-api-token-of-these-tests"


def run_main(module: ModuleType, options: dict[str, Any]) -> dict[str, Any]:
    """What the module returns, or with ``failed`` set, fails with."""
    output = StringIO()
    with patch_module_args(options), redirect_stdout(output), pytest.raises(SystemExit) as ended:
        module.main()
    result = json.loads(output.getvalue())
    assert ended.value.code == (1 if result.get("failed") else 0)
    assert TOKEN not in output.getvalue()
    return result


class Clumio:
    """A running Clumio API, and modules that are run against it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = build_opener(ProxyHandler({}))

    def run(self, module: ModuleType, **options: Any) -> dict[str, Any]:
        """Run the module with these options; those of the API are added unless given."""
        return run_main(module, {"api_token": TOKEN, "api_base_url": self.url, **options})

    def calls(self, *methods: str) -> list[tuple[str, str, int]]:
        """Method, path and status of the API's calls so far, of these methods or of all."""
        with self._opener.open(f"{self.url}/_sandbox/calls") as answer:
            calls = json.load(answer)["calls"]
        return [(c["method"], c["path"], c["status"]) for c in calls if not methods or c["method"] in methods]

    def set(self, **settings: Any) -> None:
        """Change settings of the API, see sandbox.clumio_settings."""
        body = json.dumps(settings).encode()
        self._opener.open(Request(f"{self.url}/_sandbox/settings", data=body, method="PUT")).close()

    def writes(self, run: Callable[[], Any]) -> list[tuple[str, str, int]]:
        """The writing calls made while this runs."""
        before = len(self.calls("POST", "PATCH", "DELETE"))
        run()
        return self.calls("POST", "PATCH", "DELETE")[before:]


@contextmanager
def running_clumio(connect_delay: float) -> Iterator[Clumio]:
    """A Clumio API without connections that believes every ARN, so many seconds after it was handed in."""
    delays = {"connect_delay": connect_delay, "ingest_delay": 0, "task_delay": 0}
    app = create_app(token=TOKEN, verify=lambda _: Verification(), **delays)
    with running(app) as url:
        yield Clumio(url)
