# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An account that takes five calls per second, for all that the largest permissions file needs in IAM."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clumio_helpers import run_main
from permissions_files import EXTERNAL_ID, TOKEN, permissions_file

from ansible_collections.clumio.aws.plugins.modules import clumio_iam_roles, clumio_permissions_file
from sandbox import processes
from sandbox.permissions import ASSET_TYPES
from sandbox.processes import http_json

ACCOUNT, REGION = "200000000051", "us-west-2"
RATE = 5


@dataclass(frozen=True)
class Run:
    """One run of the module, with the calls that the proxy has written down."""

    result: Mapping[str, Any]
    seconds: float
    calls: list[dict[str, Any]]

    @property
    def taken(self) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["error"] != "Throttling"]

    @property
    def actions(self) -> Counter[tuple[str, str]]:
        return Counter((call["action"], call["error"]) for call in self.taken)


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The proxy of a sandbox of the test's own, whose processes take no time from the module."""
    options = processes.Options(
        account=ACCOUNT,
        region=REGION,
        latency=0,
        quotas={"AttachedPoliciesPerRoleQuota": 20},
        connect_delay=0,
        ingest_delay=0,
    )
    state = processes.start(tmp_path, options)
    try:
        for name, value in state.environment.items():
            monkeypatch.setenv(name, value)
        yield state.urls["proxy"]
    finally:
        processes.stop(tmp_path)


def empty(proxy: str, *, rate: float) -> None:
    """Begin with an empty account."""
    http_json("POST", f"{proxy}/_sandbox/reset?moto=true")
    http_json("PUT", f"{proxy}/_sandbox/settings", {"throttle": {ACCOUNT: rate}})


def run(proxy: str, options: Mapping[str, Any]) -> Run:
    before = len(http_json("GET", f"{proxy}/_sandbox/calls")["calls"])
    began = time.monotonic()
    result = run_main(clumio_iam_roles, dict(options))
    seconds = time.monotonic() - began
    assert not result.get("failed"), result["msg"]
    return Run(result, seconds, http_json("GET", f"{proxy}/_sandbox/calls")["calls"][before:])


def test_a_throttled_account_gets_the_same_calls_in_the_time_that_its_limit_asks_for(proxy: str) -> None:
    place = {"account_id": ACCOUNT, "region": REGION}
    file = permissions_file(*ASSET_TYPES, account=ACCOUNT)
    given = {"content": file, "token": TOKEN, "external_id": EXTERNAL_ID, "check_account": False}
    plan = run_main(clumio_permissions_file, place | given)["permissions"]
    options = place | {section: plan[section] for section in ("policies", "roles", "instance_profiles")}

    empty(proxy, rate=0)
    free = run(proxy, options)
    assert len(free.calls) == len(free.taken) > 60

    empty(proxy, rate=RATE)
    first = run(proxy, options)
    # Each call does its work once, however often it is made.
    assert first.actions == free.actions
    assert len(first.taken) / RATE - 1 <= first.seconds <= 1.2 * len(first.taken) / RATE + free.seconds
    # Nearly all of them are calls that were under way when the account had enough.
    assert 0 < len(first.calls) - len(first.taken) < len(first.taken) / 2

    second = run(proxy, options)
    assert first.result["changed"]
    assert not second.result["changed"]
    assert {call["kind"] for call in second.calls} == {"read"}
    assert second.seconds <= 1.2 * len(second.taken) / RATE + free.seconds
