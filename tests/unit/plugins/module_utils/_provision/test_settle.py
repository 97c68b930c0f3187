# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._aws._call import AwsError
from ansible_collections.clumio.aws.plugins.module_utils._provision.settle import DEADLINE_SECONDS, settled


def unseen(code="NoSuchEntity"):
    return AwsError("Cannot see it.", code="aws_refused", aws_code=code)


class Calls:
    """A call that fails so many times before it gives its answer; without an answer it always fails."""

    def __init__(self, failures, error=None):
        self.left = failures
        self.error = error or unseen()
        self.made = 0

    def __call__(self):
        self.made += 1
        if self.left is None or self.made <= self.left:
            raise self.error
        return "done"


def test_a_call_that_succeeds_is_made_once(clock):
    calls = Calls(0)
    assert settled(calls, ("NoSuchEntity",), clock=clock, sleep=clock.sleep) == "done"
    assert (calls.made, clock.slept) == (1, [])


def test_a_call_is_repeated_until_it_is_seen(clock):
    calls = Calls(6)
    assert settled(calls, ("Other", "NoSuchEntity"), clock=clock, sleep=clock.sleep) == "done"
    assert calls.made == 7
    assert clock.slept == [0.2, 0.4, 0.8, 1.6, 3.0, 3.0]


def test_time_is_over_some_day(clock):
    calls = Calls(None)
    with pytest.raises(AwsError) as caught:
        settled(calls, ("NoSuchEntity",), clock=clock, sleep=clock.sleep)
    assert caught.value is calls.error
    assert DEADLINE_SECONDS - 3 <= sum(clock.slept) <= DEADLINE_SECONDS


def test_any_other_error_ends_it_at_once(clock):
    calls = Calls(None, unseen("LimitExceeded"))
    with pytest.raises(AwsError):
        settled(calls, ("NoSuchEntity",), clock=clock, sleep=clock.sleep)
    assert (calls.made, clock.slept) == (1, [])
