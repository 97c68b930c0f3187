# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import re
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clumio.aws.plugins.module_utils._validate import clumio_side
from ansible_collections.clumio.aws.plugins.module_utils._validate.check import Check, as_result
from ansible_collections.clumio.aws.plugins.module_utils._validate.waiting import Progress, is_needed, wait

ID = "111122223333_us-west-2"
GONE = "gone"
AWS_OK = Check(name="role ClumioIAMRole", side="aws", entity="arn", status="ok")
AWS_UNKNOWN = Check(name="access of role ClumioIAMRole", side="aws", entity="arn", status="unknown", differences=("a",))
AWS_WRONG = Check(name="role ClumioIAMRole", side="aws", entity="arn", status="different")


class Time:
    """Time that passes by sleeping and by looking, second by second, as for the thread that reminds."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []
        self.told = []
        self.progress = None

    def __call__(self):
        return self.now

    def tell(self, line):
        self.told.append((self.now - 1000.0, line))

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds):
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 0.5, end)
            self.progress.remind()


def look(status, aws=(), wait_for="connected", **facts):
    """What the module gives of Clumio in this status: connection status, or with those of the preparations."""
    names = ("connection_status", "ingestion_status", "target_setup_status")
    words = status if isinstance(status, tuple) else (status, None, None)
    connection = None if status == GONE else dict(zip(names, words, strict=True))
    checks = [*aws, *clumio_side.checks(ID, connection, wait_for)]
    result = as_result(ID, checks) | {"connection": connection, "permissions": [], "elapsed": 1.5, "warnings": ["w"]}
    return result | {"failed": not result["valid"], "exception": "trace"} | facts


def failed_look(code, retry_after=None):
    return {"failed": True, "msg": f"A sentence of {code}.", "failure": {"code": code, "retry_after": retry_after}}


def waited(*looks, timeout=600, wait_for="connected", took=0, aws=(AWS_OK,)):
    """The result of these looks one after the other, the last one again and again, and the time afterwards."""
    time = Time()
    time.progress = Progress(ID, timeout, time.tell, clock=time)
    first, *left = looks
    results = [seen if isinstance(seen, dict) else look(seen, wait_for=wait_for) for seen in left]

    def look_again():
        time.pass_by(took)
        return results.pop(0) if len(results) > 1 else results[0]

    first = look(first, aws, wait_for)
    assert is_needed(first, wait_for)
    return wait(first, look_again, time.progress, wait_for, sleep=time.sleep), time


def lines(time):
    return [line.removeprefix(f"{ID}: ") for _moment, line in time.told]


# ---- whether it is needed


@pytest.mark.parametrize(
    ("first", "wait_for", "needed"),
    [
        (look("connecting"), "connected", True),
        (look("connecting", [AWS_OK, AWS_UNKNOWN]), "connected", True),
        (look("connecting", [AWS_OK, AWS_WRONG]), "connected", False),
        (look("connected"), "connected", False),
        (look("connected"), "completed", True),
        (look(("connected", "failed", "initial")), "completed", False),
        (look(("connected", "completed", "completed")), "completed", False),
        (look(GONE), "connected", False),
        (look("connecting") | {"connection": None}, "connected", False),
        (failed_look("api_throttled"), "connected", False),
    ],
)
def test_is_needed(first, wait_for, needed):
    assert is_needed(first, wait_for) is needed


# ---- how long


@pytest.mark.parametrize(
    ("looks", "timeout", "slept", "outcome"),
    [
        (["connecting", "connected"], 600, [0.5], "reached"),
        (["connecting", "unlinked", "connecting", "connected"], 600, [0.5, 1, 2], "reached"),
        (["pending approval", "connected"], 600, [0.5], "reached"),
        (["connecting", "connecting"], 2, [0.5, 1, 0.5], "timed_out"),
        (["unlinked", "unlinked"], 30, [0.5, 1, 2, 4, 8, 10, 4.5], "timed_out"),
        (["connecting", "connected"], 0.25, [0.25], "reached"),
        (["connecting", "connecting", GONE], 600, [0.5, 1], "ended"),
    ],
)
def test_pauses(looks, timeout, slept, outcome):
    result, time = waited(*looks, timeout=timeout)
    assert time.slept == slept
    assert (result["waited"]["outcome"], result["waited"]["seconds"]) == (outcome, sum(slept))
    assert result["elapsed"] == 1.5 + sum(slept)


def test_time_that_looking_takes_counts():
    result, time = waited("connecting", "connecting", timeout=60, took=70)
    assert (time.slept, result["waited"]["seconds"]) == ([0.5], 70.5)


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        ([("connected", "completed", "completed")], "reached"),
        (["connecting", ("connected", None, "initial"), ("connected", "completed", "completed")], "reached"),
        ([("connected", "in_progress", "initial"), ("connected", "failed", "completed")], "ended"),
        ([("unlinked", "failed", "completed"), ("connected", "completed", "completed")], "reached"),
        ([("connected", "completed", "paused")], "timed_out"),
    ],
)
def test_completed(seen, outcome):
    result, _time = waited("connecting", *seen, wait_for="completed")
    assert result["waited"]["outcome"] == outcome
    assert result["valid"] is (outcome == "reached")


def test_preparations_that_failed_are_told():
    result, _time = waited("connecting", ("connected", "in_progress", "failed"), wait_for="completed")
    assert "target_setup_status is different, found failed" in result["msg"]
    assert "(ingestion_status in_progress, target_setup_status failed)" in result["msg"]


# ---- the result


def test_both_sides_are_in_the_result():
    result, _time = waited("connecting", "connected", aws=(AWS_OK, AWS_UNKNOWN))
    told = {check["name"]: check["status"] for check in result["checks"]}
    assert told == {
        "role ClumioIAMRole": "ok",
        "access of role ClumioIAMRole": "unknown",
        "connection_status": "ok",
        "ingestion_status": "ok",
        "target_setup_status": "ok",
    }
    assert result["connection"]["connection_status"] == "connected"
    assert result["valid"] is True
    assert result["msg"].startswith(f"The connection {ID} is as it should be (5 checks).")
    assert (result["permissions"], result["warnings"]) == ([], ["w"])
    assert not {"failed", "failure", "exception"} & set(result)


def test_what_others_have_added_stays_in_the_result():
    extra = {"section": "roles", "name": "ClumioIAMRole", "arn": "a", "extra": "inline policy Mine"}
    time = Time()
    time.progress = Progress(ID, 600, time.tell, clock=time)
    first = look("connecting", [AWS_OK], extras=[extra])
    result = wait(first, lambda: look("connected"), time.progress, "connected", sleep=time.sleep)
    assert result["extras"] == [extra]
    assert "Others have added inline policy Mine to ClumioIAMRole" in result["msg"]


def test_a_connection_that_goes_away():
    result, time = waited("connecting", GONE)
    assert result["connection"] is None
    assert [check["name"] for check in result["checks"]] == ["role ClumioIAMRole", "connection"]
    assert "connection is missing" in result["msg"]
    assert lines(time)[-1] == "no connection any more, 0 s of 600 s"


def test_a_timeout_tells_what_was_seen_last():
    result, _time = waited("connecting", "unlinked", timeout=20)
    assert result["valid"] is False
    assert result["failure"]["code"] == "invalid"
    assert "connection_status is different, found unlinked" in result["msg"]
    assert "After 20 s the last that was seen is: unlinked. Clumio has lost its access" in result["msg"]
    assert "give it more time (wait_timeout)" in result["failure"]["hint"]
    assert result["waited"] == {
        "outcome": "timed_out",
        "seconds": 20,
        "states": [{"state": "connecting", "seconds": 0}, {"state": "unlinked", "seconds": 0.5}],
    }


# ---- looks that fail


@pytest.mark.parametrize("code", ["api_throttled", "api_unavailable", "api_timeout", "api_unreachable"])
def test_a_look_that_fails_for_a_passing_reason(code):
    result, time = waited("connecting", failed_look(code), failed_look(code), "connected")
    assert result["valid"] is True
    assert time.slept == [0.5, 1, 2]
    assert [line.partition(" (")[0] for line in lines(time)] == [
        "connecting, 0 s of 600 s",
        "connecting, 0 s of 600 s",
        "connected, 4 s of 600 s",
    ]
    assert "(Clumio's API " in lines(time)[1]


def test_the_api_is_left_alone_for_as_long_as_it_asks():
    result, time = waited("connecting", failed_look("api_throttled", 30.0), "connecting", "connected")
    assert time.slept == [0.5, 30, 2]
    assert lines(time)[1] == "connecting, 0 s of 600 s (Clumio's API throttles and asks for 30 s)"
    assert "connecting, 30 s of 600 s" in lines(time)
    assert [seen["state"] for seen in result["waited"]["states"]] == ["connecting", "connected"]


def test_the_api_asks_for_more_time_than_is_left():
    """No answer can come in time, so there is nothing to wait for."""
    result, time = waited("connecting", failed_look("api_unavailable", 900.0))
    assert time.slept == [0.5]
    assert result["waited"]["outcome"] == "timed_out"
    assert result["connection"]["connection_status"] == "connecting"
    assert "seen is: connecting. The last look failed: A sentence of api_unavailable. Clumio does" in result["msg"]


@pytest.mark.parametrize("code", ["api_token_refused", "api_answer_not_json", "aws_credentials"])
def test_any_other_failure_is_the_result(code):
    result, time = waited("connecting", failed_look("api_throttled"), failed_look(code))
    assert time.slept == [0.5, 1]
    assert result == failed_look(code)


def test_a_look_that_breaks_is_the_result():
    broken = {"failed": True, "msg": "MODULE FAILURE", "rc": 1}
    assert waited("connecting", broken)[0] == broken


# ---- what is told


def test_every_change_is_told_once():
    _result, time = waited("connecting", "connecting", "unlinked", "connecting", "connected")
    assert lines(time) == [
        "connecting, 0 s of 600 s",
        "unlinked, 2 s of 600 s",
        "connecting, 4 s of 600 s",
        "connected, 8 s of 600 s",
    ]


def test_a_look_that_hangs_is_told_too():
    _result, time = waited("connecting", "connected", took=35)
    assert lines(time) == [
        "connecting, 0 s of 600 s",
        "connecting, 10 s of 600 s",
        "connecting, 19 s of 600 s",
        "connecting, 28 s of 600 s",
        "connected, 36 s of 600 s",
    ]


STATUSES = st.sampled_from(["connecting", "unlinked", "never heard of", ("connected", None, "initial")])
TROUBLES = st.builds(
    failed_look, st.sampled_from(["api_throttled", "api_timeout"]), st.none() | st.floats(0, 200, allow_subnormal=False)
)
LAST = st.sampled_from(["connecting", GONE, ("connected", "completed", "completed"), ("connected", "failed", None)])


@given(
    looks=st.lists(STATUSES | TROUBLES, max_size=30),
    last=LAST,
    timeout=st.integers(1, 900),
    took=st.floats(0, 130, allow_subnormal=False),
)
def test_whatever_happens(looks, last, timeout, took):
    """It ends in time, does not ask too often, and nobody is left without a line for 10 s."""
    result, time = waited("connecting", *looks, last, timeout=timeout, took=took, wait_for="completed")
    assert result["waited"]["seconds"] <= timeout + took + 0.01
    assert len(time.slept) <= 6 + timeout / 10
    moments = [moment for moment, _line in time.told] + [time.now - 1000]
    assert all(later - earlier <= 10 for earlier, later in pairwise(moments))
    texts = [line.partition(" s of ")[0].rsplit(", ", 1)[0] for line in lines(time)]
    assert texts[0] == "connecting"
    assert all(re.search(r", \d+ s of \d+ s( \(Clumio's API [^)]+\))?$", line) for line in lines(time))
    assert result["valid"] is (result["waited"]["outcome"] == "reached")
    seen = [state["state"] for state in result["waited"]["states"]]
    assert [text for text, before in zip(texts, [None, *texts], strict=False) if text != before] == seen


# ---- with a real clock


def test_the_thread_reminds_while_nothing_happens():
    lines, third = [], threading.Event()

    def tell(line):
        lines.append(line)
        if len(lines) == 3:
            third.set()

    with Progress(ID, 600, tell, reminder_seconds=0.02) as progress:
        progress.see("connecting")
        assert third.wait(10)
    assert set(lines) == {f"{ID}: connecting, 0 s of 600 s"}


def test_the_thread_is_a_daemon_and_ends_with_what_it_tells_of():
    def interrupted():
        threads.extend(thread for thread in threading.enumerate() if thread.name == "progress")
        raise KeyboardInterrupt

    threads, progress = [], Progress(ID, 600, [].append)
    with pytest.raises(KeyboardInterrupt), progress:
        wait(look("connecting"), interrupted, progress, "connected", sleep=lambda _: None)
    (thread,) = threads
    assert thread.daemon
    assert not thread.is_alive()
