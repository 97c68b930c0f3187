# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An AWS account behind the sandbox's proxy, both in the process of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aws_in_process import ACCOUNT
from moto.server import ThreadedMotoServer

from sandbox.proxy import create_app
from sandbox.server import running


@contextmanager
def proxied_aws() -> Iterator[tuple[str, pytest.MonkeyPatch]]:
    """What moto holds by now, as AWS for everything that uses boto3 meanwhile.

    Yields:
        The URL of the proxy, and what takes more patches for as long.
    """
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with running(create_app(f"http://{host}:{port}")) as url, pytest.MonkeyPatch.context() as patches:
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patches.delenv(name)
            patches.setenv("AWS_CONFIG_FILE", os.devnull)
            patches.setenv("AWS_ENDPOINT_URL", url)
            patches.setenv("AWS_ACCESS_KEY_ID", f"SANDBOX{ACCOUNT}")
            patches.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
            patches.setenv("NO_PROXY", "127.0.0.1")
            patches.setenv("no_proxy", "127.0.0.1")
            yield url, patches
    finally:
        server.stop()
