# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import threading
from functools import partial

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._aws._call import CONCURRENCY
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError
from ansible_collections.clumio.aws.plugins.module_utils._provision import parallel

WAIT_SECONDS = 30


def fail(error):
    raise error


def refused(number):
    return ClumioError(f"Cannot do {number}.", code=f"refused_{number}")


@pytest.mark.parametrize("count", [0, 1, 2, 3 * CONCURRENCY])
def test_answers_come_in_order(count):
    assert parallel.run([partial(int, number) for number in range(count)]) == list(range(count))


def test_calls_run_at_once_and_still_answer_in_order():
    """The first call ends only after the last one has begun."""
    last = threading.Event()

    def first():
        assert last.wait(WAIT_SECONDS)
        return "first"

    def second():
        last.set()
        return "second"

    assert parallel.run([first, second]) == ["first", "second"]


def test_no_more_calls_run_at_once_than_connections_are_open():
    together = threading.Barrier(CONCURRENCY)
    lock = threading.Lock()
    running, most = 0, 0

    def call():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(WAIT_SECONDS)
        with lock:
            running -= 1

    parallel.run([call] * (2 * CONCURRENCY))
    assert most == CONCURRENCY


def test_one_error_is_itself():
    error = refused(1)
    with pytest.raises(ClumioError) as caught:
        parallel.run([partial(int, 1), partial(fail, error)])
    assert caught.value is error


def test_all_errors_are_told_in_order_and_all_calls_are_made():
    made = []
    calls = [partial(fail, refused(1)), partial(made.append, "a"), partial(fail, refused(2)), partial(made.append, "b")]
    with pytest.raises(ClumioError) as caught:
        parallel.run(calls)
    assert caught.value.message == "(1) Cannot do 1. (2) Cannot do 2."
    assert [failure["code"] for failure in caught.value.facts["failures"]] == ["refused_1", "refused_2"]
    assert sorted(made) == ["a", "b"]


def test_a_bug_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        parallel.run([partial(int, 1), lambda: 1 // 0])
