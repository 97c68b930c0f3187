# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Works in forks: results come back, failures are told, and nothing is left running."""

from __future__ import annotations

import os
import time
from functools import partial

import pytest

from chaos import forks


def one_more(number: int) -> int:
    return number + 1


def test_the_result_of_each_work_comes_back() -> None:
    works = (partial(one_more, number) for number in range(7))

    assert sorted(forks.each(works, jobs=3)) == list(range(1, 8))


def test_a_work_sees_what_was_learned_from_results_before_it_began() -> None:
    learned: list[int] = []

    for count in forks.each((lambda: len(learned) for _ in range(3)), jobs=1):
        learned.append(count)

    assert learned == [0, 1, 2]


def test_what_a_work_changes_stays_in_its_fork() -> None:
    changed: list[int] = []

    assert list(forks.each([lambda: changed.append(1)], jobs=1)) == [None]
    assert changed == []


def test_a_result_may_be_larger_than_a_pipe_holds() -> None:
    (result,) = forks.each([lambda: "x" * 1_000_000], jobs=1)

    assert len(result) == 1_000_000


def test_a_failure_is_told_with_its_traceback() -> None:
    def fail() -> None:
        raise ValueError("not like this")

    with pytest.raises(forks.ForkError, match="not like this"):
        list(forks.each([fail], jobs=1))


def test_a_fork_that_ends_without_a_result_is_a_failure() -> None:
    with pytest.raises(forks.ForkError, match="ended with 3"):
        list(forks.each([lambda: os._exit(3)], jobs=1))


def test_a_work_that_takes_too_long_is_ended() -> None:
    began = time.perf_counter()

    with pytest.raises(forks.ForkError, match="have taken more than"):
        list(forks.each([lambda: time.sleep(60)], jobs=1, seconds=0.1))

    assert time.perf_counter() - began < 30
