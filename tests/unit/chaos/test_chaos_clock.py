# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting costs nothing, and the clocks tell that it was waited."""

from __future__ import annotations

import threading
import time

import pytest

from chaos.clock import skip_waiting, slept


@pytest.fixture(autouse=True)
def skipping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skips waiting for one test only."""
    for name in ("monotonic", "sleep", "time"):
        monkeypatch.setattr(time, name, getattr(time, name))
    skip_waiting()


def test_both_clocks_are_put_forward_instead_of_sleeping() -> None:
    began, monotonic, wall = time.perf_counter(), time.monotonic(), time.time()

    time.sleep(1000)

    assert 1000 <= time.monotonic() - monotonic < 1010
    assert 1000 <= time.time() - wall < 1010
    assert time.perf_counter() - began < 10


def test_one_clock_stands_still_while_nobody_sleeps() -> None:
    before = slept()
    threading.Event().wait(0.1)
    time.sleep(5)

    assert slept() - before == 5


def test_threads_still_wait_for_each_other_in_real_time() -> None:
    event = threading.Event()
    began = time.perf_counter()
    time.sleep(1000)

    assert not event.wait(0.2)
    assert 0.2 <= time.perf_counter() - began < 10
