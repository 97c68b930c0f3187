# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from ansible_collections.clumio.aws.plugins.module_utils._aws._call import config
from ansible_collections.clumio.aws.plugins.module_utils._aws.pace import PATIENCE_SECONDS, THROTTLED, Pace, keep

TAKEN = (None, {})
MISSING = (None, {"Error": {"Code": "NoSuchEntity"}})
REFUSED = (None, {"Error": {"Code": "Throttling"}})


class Limit:
    """What AWS does: so many calls per second, by a bucket of tokens that holds as many, or one."""

    def __init__(self, clock, rate, burst=None):
        self._clock = clock
        self.rate = rate
        self._size = self._tokens = burst or rate
        self._filled = clock()
        self.refused = 0

    def answer(self):
        self._tokens = min(self._size, self._tokens + (self._clock() - self._filled) * self.rate)
        self._filled = self._clock()
        if self._tokens < 1:
            self.refused += 1
            return REFUSED
        self._tokens -= 1
        return TAKEN


@pytest.fixture
def pace(clock):
    return Pace(clock=clock, sleep=clock.sleep)


def call(pace, limit):
    """One call to its good end."""
    pace.wait()
    while pace.learn(limit.answer()) is not None:
        pace.wait()


def throttle(pace, *, taken=0):
    """So many calls at once that are taken, and one that is not."""
    for _ in range(taken + 1):
        pace.wait()
    for _ in range(taken):
        assert pace.learn(TAKEN) is None
    assert pace.learn(REFUSED) == 0


def test_nothing_waits_where_nothing_is_throttled(pace, clock):
    for answer in (TAKEN, MISSING, None) * 100:
        pace.wait()
        assert pace.learn(answer) is None
    assert clock.slept == []


@pytest.mark.parametrize("code", THROTTLED)
def test_a_throttled_call_is_made_again(pace, code):
    pace.wait()
    assert pace.learn((None, {"Error": {"Code": code}})) == 0


def test_a_quota_that_is_used_up_is_no_throttling(pace, clock):
    """botocore would try it ten times."""
    pace.wait()
    assert pace.learn((None, {"Error": {"Code": "LimitExceededException"}})) is False
    pace.wait()
    assert clock.slept == []


def test_the_first_rate_is_what_was_taken_in_the_last_second(pace, clock):
    for _ in range(3):
        pace.wait()
        pace.learn(TAKEN)
    clock.now += 5
    throttle(pace, taken=4)
    pace.wait()
    pace.wait()
    assert clock.slept == pytest.approx([1 / 4, 1 / 4])


def test_calls_that_were_under_way_slow_down_once(pace, clock):
    for _ in range(16):
        pace.wait()
    for answer in [TAKEN] * 5 + [REFUSED] * 11:
        pace.learn(answer)
    pace.wait()
    assert clock.slept == pytest.approx([1 / 5])


def test_each_throttled_call_after_that_slows_down_to_a_part(pace, clock):
    throttle(pace, taken=10)
    for _ in range(2):
        pace.wait()
        pace.learn(REFUSED)
    pace.wait()
    assert clock.slept == pytest.approx([1 / 10, 1 / 7, 1 / 4.9])


def test_a_low_rate_grows_by_half_with_a_call(pace, clock):
    throttle(pace)
    for _ in range(3):
        pace.wait()
        pace.learn(REFUSED)
    for _ in range(3):
        pace.wait()
        pace.learn(TAKEN)
    rates = [1 / seconds for seconds in clock.slept[3:]]
    assert rates == pytest.approx([0.7**3, 1.5 * 0.7**3, 1.5**2 * 0.7**3])


def test_the_rate_grows_by_one_in_a_second(pace, clock):
    throttle(pace, taken=10)
    began = clock.now
    while clock.now < began + 10:
        pace.wait()
        pace.learn(TAKEN)
    pace.wait()
    assert 1 / clock.slept[-1] == pytest.approx(20, abs=1)


def test_there_is_a_slowest_rate(pace, clock):
    throttle(pace)
    for _ in range(20):
        pace.wait()
        pace.learn(REFUSED)
    pace.wait()
    assert clock.slept[-1] == pytest.approx(5)
    assert max(clock.slept) == pytest.approx(5)


@pytest.mark.parametrize(
    ("rate", "longer", "refused"), [(1, 1.15, 1), (2, 1.05, 0.4), (5, 1.05, 0.2), (20, 1.05, 0.1), (100, 1.15, 0.05)]
)
def test_calls_take_the_time_that_the_limit_asks_for(pace, clock, rate, longer, refused):
    began, limit = clock.now, Limit(clock, rate)
    for _ in range(100 * rate):
        call(pace, limit)
    # The bucket is full at first.
    assert 100 - 1 <= clock.now - began <= longer * 100
    assert limit.refused <= refused * 100 * rate


def test_a_limit_without_any_burst_costs_more(pace, clock):
    began, limit = clock.now, Limit(clock, 5, burst=1)
    for _ in range(500):
        call(pace, limit)
    assert clock.now - began <= 1.4 * 100
    assert limit.refused <= 0.3 * 500


def test_what_others_leave_is_found_again(pace, clock):
    limit = Limit(clock, 10)
    for _ in range(200):
        call(pace, limit)
    limit.rate = 1
    for _ in range(50):
        call(pace, limit)
    limit.rate, limit.refused, began = 10, 0, clock.now
    for _ in range(500):
        call(pace, limit)
    assert clock.now - began <= 1.3 * 50


def test_no_call_is_made_again_when_none_is_taken_for_long(pace, clock):
    throttle(pace)
    began = clock.now
    answers = []
    while None not in answers:
        pace.wait()
        answers.append(pace.learn(REFUSED))
    assert PATIENCE_SECONDS <= clock.now - began <= PATIENCE_SECONDS + 5


@pytest.mark.parametrize("answer", [TAKEN, MISSING])
def test_each_call_that_is_taken_renews_the_patience(pace, clock, answer):
    throttle(pace)
    for _ in range(3):
        clock.now += PATIENCE_SECONDS - 10
        pace.wait()
        assert pace.learn(REFUSED) == 0
        pace.wait()
        pace.learn(answer)


def test_patience_begins_with_the_call_that_was_throttled_not_with_the_last_one_taken(pace, clock):
    throttle(pace, taken=1)
    pace.wait()
    pace.learn(TAKEN)
    clock.now += 2 * PATIENCE_SECONDS
    pace.wait()
    assert pace.learn(REFUSED) == 0


def test_threads_take_turns(clock):
    pace, together = Pace(clock=clock, sleep=clock.sleep), Barrier(8)
    throttle(pace, taken=2)
    began, sent = clock.now, []

    def wait(_number):
        together.wait(30)
        pace.wait()
        sent.append(clock.now)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(wait, range(8)))
    assert sorted(sent)[-1] - began == pytest.approx(8 / 2)


class Throttling:
    """Stands before a service; answers the first calls as it does when it throttles."""

    def __init__(self, client, times):
        self.left = times
        client.meta.events.register_first("before-send.iam", self)

    def __call__(self, request, **_event):
        if self.left == 0:
            return None
        self.left -= 1
        return AWSResponse(request.url, 400, {}, Body())


class Body:
    def stream(self):
        yield (
            b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
            b"<RequestId>1</RequestId></ErrorResponse>"
        )


def iam(pace):
    client = boto3.client("iam", region_name="us-west-2", config=config())
    keep(client, pace)
    return client


@pytest.mark.usefixtures("aws")
def test_a_client_calls_until_it_is_heard_and_waits_for_its_turn_only(pace, clock):
    client = iam(pace)
    # More often than botocore's own retries would, which sleep in real time.
    throttling = Throttling(client, times=15)
    assert client.list_roles()["Roles"] == []
    assert throttling.left == 0
    assert len(clock.slept) == 15


@pytest.mark.usefixtures("aws")
def test_a_client_gives_up_when_nothing_is_taken(pace, clock):
    client = iam(pace)
    Throttling(client, times=-1)
    with pytest.raises(ClientError, match="Throttling"):
        client.list_roles()
    assert PATIENCE_SECONDS <= sum(clock.slept) <= PATIENCE_SECONDS + 10


@pytest.mark.usefixtures("aws")
def test_each_client_has_a_pace_of_its_own(clock):
    slow, fast = (iam(Pace(clock=clock, sleep=clock.sleep)) for _ in range(2))
    Throttling(slow, times=3)
    slow.list_roles()
    slept = len(clock.slept)
    fast.list_roles()
    fast.list_roles()
    assert len(clock.slept) == slept
