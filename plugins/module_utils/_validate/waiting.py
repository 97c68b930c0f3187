# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting for Clumio: look after look, telling how far it is, until Clumio is there or the time is over.

Looks are results of the module C(clumio_connection_validate). Only reading happens, so that it can be interrupted
anywhere.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any

from .._aws.settle import seen
from .check import FAULTS, Check, as_result
from .clumio_side import outlook, state

Result = Mapping[str, Any]

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0
# 10 s are promised; this leaves time to wake up and to get the line to the console.
_REMINDER_SECONDS = 9.5

# Failures of a look that pass, by their code.
_PASSING = {
    "api_throttled": "Clumio's API throttles",
    "api_timeout": "Clumio's API does not answer in time",
    "api_unavailable": "Clumio's API fails to answer",
    "api_unreachable": "Clumio's API cannot be reached",
}

# What a result has only if it is a failure; whether the whole is one is decided anew.
_OF_FAILURES = {"exception", "failed", "failure"}


class Progress:
    """Tells how far the waiting is: at each change, and as a context manager at least every 10 s from a thread.

    Args:
        connection_id: C(111122223333_us-west-2).
        timeout_seconds: how long it will be waited at most; the time runs from here.
        tell: shows a line; called by one thread at a time.
        clock: seconds that only grow.
        reminder_seconds: after how long without a line the last one is told again.
    """

    def __init__(
        self,
        connection_id: str,
        timeout_seconds: float,
        tell: Callable[[str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        reminder_seconds: float = _REMINDER_SECONDS,
    ) -> None:
        self.connection_id = connection_id
        self.timeout_seconds = timeout_seconds
        self.states: list[dict[str, Any]] = []
        self._tell = tell
        self._clock = clock
        self._reminder_seconds = reminder_seconds
        self._start = self._told_at = clock()
        self._standing = ("", "")
        self._lock = threading.Lock()
        self._over = threading.Event()
        # A daemon, so that it keeps nobody from ending who is interrupted.
        self._thread = threading.Thread(target=self._keep_reminding, name="progress", daemon=True)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """How long it has been waited."""
        return self._clock() - self._start

    def see(self, standing: str, trouble: str = "") -> None:
        """Take what was seen last, and tell it if it is anything new.

        Args:
            standing: state of the connection.
            trouble: why the last look gave none, in words.
        """
        with self._lock:
            if not self.states or self.states[-1]["state"] != standing:
                self.states.append({"state": standing, "seconds": round(self.seconds, 2)})
            if self._standing != (standing, trouble):
                self._standing = (standing, trouble)
                self._tell_now()

    def remind(self) -> float:
        """Tell it again if nothing was told for long. Gives the seconds until that is due the next time."""
        with self._lock:
            if self._clock() - self._told_at >= self._reminder_seconds:
                self._tell_now()
            return self._told_at + self._reminder_seconds - self._clock()

    def _keep_reminding(self) -> None:
        while not self._over.wait(self.remind()):
            pass

    def _tell_now(self) -> None:
        standing, trouble = self._standing
        because = f" ({trouble})" if trouble else ""
        self._told_at = self._clock()
        self._tell(f"{self.connection_id}: {standing}, {self.seconds:.0f} s of {self.timeout_seconds:g} s{because}")


def is_needed(first: Result, wait_for: str) -> bool:
    """Whether more looks can lead to another verdict.

    Clumio looks at the same things as the module, so there is nothing to wait for while they are not in order.

    Args:
        first: of a look that may have failed, or asked AWS only.
        wait_for: as outlook() takes it.
    """
    return _is_underway(first, wait_for) and not _of_aws(first, *FAULTS)


def until_aws_shows_it(
    first: dict[str, Any], look: Callable[[], dict[str, Any]], wait_for: str, timeout_seconds: float
) -> dict[str, Any]:
    """The first look, or where AWS may not show yet what was made a moment ago, the first that sees it, or the last.

    It was made a moment ago where Clumio still connects: what is handed over is made just before.

    Args:
        first: of a look that may have failed.
        look: asks AWS and Clumio again.
        wait_for: as outlook() takes it.
        timeout_seconds: how long the caller would wait; a deadline of AWS's own ends it sooner.
    """
    looks = [first]

    def lags() -> bool:
        return _is_underway(looks[-1], wait_for) and _of_aws(looks[-1], "missing", "different")

    def again() -> dict[str, Any] | None:
        looks.append(look())
        return None if lags() else looks[-1]

    if lags():
        seen(again, timeout_seconds)
    return looks[-1]


def _is_underway(result: Result, wait_for: str) -> bool:
    return result.get("connection") is not None and outlook(result["connection"], wait_for) == "underway"


def _of_aws(result: Result, *statuses: str) -> bool:
    """Whether a check on the side of AWS has one of these statuses."""
    return any(check["status"] in statuses for check in result["checks"] if check["side"] == "aws")


def wait(
    first: Result,
    look: Callable[[], Result],
    progress: Progress,
    wait_for: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Look again and again until Clumio has reached what is waited for, cannot any more, or the time is over.

    A look that fails for a passing reason is made again like any other, not before the time that Clumio's API asks
    for. Any other failure is the result.

    Args:
        first: the look that has shown that waiting is needed.
        look: asks Clumio only.
        wait_for: as outlook() takes it.

    Returns:
        What the first look said of AWS with what the last good one said of Clumio, the verdict on both, and C(waited).
        No C(failed): whether a bad verdict is a failure is not decided here.
    """
    last = first
    failure: Result | None = None
    pause = _FIRST_PAUSE_SECONDS
    progress.see(state(first["connection"], wait_for))
    while True:
        # Less than the clock can tell apart from now is over.
        left = round(progress.timeout_seconds - progress.seconds, 3)
        asked = (failure or {}).get("failure", {}).get("retry_after") or 0.0
        if left <= 0 or asked > left:
            return _whole(first, last, progress, "timed_out", failure)
        sleep(min(max(pause, asked), left))
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        result = look()
        if "checks" in result:
            last, failure = result, None
            progress.see(state(last["connection"], wait_for))
            outcome = outlook(last["connection"], wait_for)
            if outcome != "underway":
                return _whole(first, last, progress, outcome, None)
        elif result.get("failure", {}).get("code") in _PASSING:
            failure = result
            progress.see(state(last["connection"], wait_for), _trouble(failure))
        else:
            return dict(result)


def _trouble(failed_look: Result) -> str:
    failure = failed_look["failure"]
    asked = failure.get("retry_after")
    return _PASSING[failure["code"]] + (f" and asks for {asked:.0f} s" if asked else "")


def _whole(first: Result, last: Result, progress: Progress, outcome: str, failure: Result | None) -> dict[str, Any]:
    """One result of the first look's side of AWS and the last look's side of Clumio."""
    seconds = round(progress.seconds, 2)
    checks = [Check.of(told) for told in first["checks"] if told["side"] == "aws"]
    of_clumio = [Check.of(told) for told in last["checks"] if told["side"] == "clumio"]
    if outcome == "timed_out":
        cause = f" The last look failed: {failure['msg']}" if failure else ""
        patience = f"After {seconds:.0f} s the last that was seen is: {progress.states[-1]['state']}.{cause}"
        of_clumio = _hinted(of_clumio, patience)
    return {
        **{name: value for name, value in first.items() if name not in _OF_FAILURES},
        **as_result(progress.connection_id, [*checks, *of_clumio], first["extras"]),
        "connection": last["connection"],
        "waited": {"outcome": outcome, "seconds": seconds, "states": progress.states},
        "elapsed": round(first["elapsed"] + seconds, 2),
    }


def _hinted(checks: list[Check], patience: str) -> list[Check]:
    """The checks, the first that is not as it should be with something more in its hint."""
    worst = next(check for check in checks if check.status in FAULTS)
    return [replace(check, hint=f"{patience} {check.hint}") if check is worst else check for check in checks]
