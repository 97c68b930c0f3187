# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A running sandbox, and accounts in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aws_account import REGION, Account

from sandbox import processes


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[processes.State]:
    """The three processes, with delays of nothing and a quota of 11 policies per role."""
    directory = tmp_path_factory.mktemp("sandbox")
    options = processes.Options(
        account="111122223333",
        region=REGION,
        latency=0,
        quotas={"AttachedPoliciesPerRoleQuota": 11},
        connect_delay=0,
        ingest_delay=0,
    )
    yield processes.start(directory, options)
    processes.stop(directory)


@pytest.fixture
def make_account(sandbox: processes.State) -> Callable[..., Account]:
    """Makes accounts that are as Clumio wants them for some asset types."""
    return lambda *words, **arguments: Account(sandbox.urls["aws"], list(words), **arguments)


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A directory for a sandbox of the test's own, which is ended in any case."""
    directory = tmp_path / "state"
    yield directory
    processes.stop(directory)
