# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tests of several directories need: AWS in this process, and a clock that moves only by sleeping."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest
from aws_in_process import Aws
from hypothesis import settings
from moto import mock_aws

from sandbox.repairs import patch_moto

# No deadline: how long an example takes says more about the machine than about the code.
settings.register_profile("suite", deadline=None, max_examples=60)
settings.load_profile("suite")

# Every run of a module makes a session of its own; reading the descriptions of services anew takes most of its time.
load_once = cache(botocore.session.create_loader)

patch_moto()


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
def clock() -> SleepingClock:
    return SleepingClock()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An empty AWS account in this process, for everything that uses boto3."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setattr(botocore.session, "create_loader", load_once)
    with mock_aws():
        account = Aws()
        account.intercept(monkeypatch)
        yield account
