# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How fast a client calls: as fast as it can, until AWS throttles it; from then on as fast as AWS takes its calls."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

# What says that there are too many calls: IAM, SNS and STS; EventBridge, KMS and SSM; tagging; SNS for single actions.
THROTTLED = ("Throttling", "ThrottlingException", "ThrottledException", "Throttled")

# What botocore takes for the same, and makes ten times in vain; of EventBridge and KMS it is a quota that is used up.
_QUOTA = "LimitExceededException"

# For so long AWS may take no call at all before a call fails.
PATIENCE_SECONDS = 120.0

_SLOWER = 0.7  # the rate after a throttled call, as a part of the rate before
_FASTER = 1.0  # by how much the rate grows in a second, in calls per second
_STEP = 0.5  # by how much it grows with a call at most, as a part of the rate before
_SLOWEST = 0.2  # calls per second


class Pace:
    """The pace of the calls of one client, for all its threads.

    Nobody knows the limits of AWS, and all who work in the account share them. So the rate is found as TCP finds its
    own (RFC 5681): it grows by a little while calls are taken, and shrinks to a part of itself when one is throttled. A
    throttled call is made again when it is its turn, however often, and waits for nothing else.

    botocore's retries know no rate (C(standard): more calls are throttled than taken, and some fail where modules share
    an account), or begin with almost none and lose seconds in each module until they have one (C(adaptive)).
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        # Whoever's turn is next holds this one while it waits.
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._last = 0.0
        self._sent = threading.local()
        self._taken: deque[float] = deque(maxlen=100)
        # Calls per second; 0 is no limit.
        self._rate = 0.0
        self._slowed = 0.0
        self._refused_since: float | None = None

    def wait(self, **_event: Any) -> None:
        """Wait until it is this call's turn; botocore's event C(before-send)."""
        with self._turn:
            pause = self._last + 1 / self._rate - self._clock() if self._rate else 0.0
            if pause > 0:
                self._sleep(pause)
            self._last = self._sent.at = self._clock()

    def learn(self, response: tuple[Any, dict[str, Any]] | None, **_event: Any) -> int | None:
        """Learn from an answer how fast to go on; botocore's event C(needs-retry).

        Returns:
            0, make the call again at once, for one that was throttled; False, never make it again; None leaves it to
            botocore.
        """
        if response is None:
            return None
        code = response[1].get("Error", {}).get("Code")
        throttled = code in THROTTLED
        with self._lock:
            now = self._clock()
            if not throttled:
                self._refused_since = None
                self._taken.append(now)
                if self._rate:
                    self._rate += min(_FASTER / self._rate, _STEP * self._rate)
                return False if code == _QUOTA else None
            if not self._rate:
                self._rate, self._slowed = max(1.0, sum(at > now - 1 for at in self._taken)), now
            elif self._sent.at > self._slowed:
                # A call that was sent before says nothing about the rate of now.
                self._rate, self._slowed = max(_SLOWEST, self._rate * _SLOWER), now
            if self._refused_since is None:
                self._refused_since = now
            return 0 if now - self._refused_since < PATIENCE_SECONDS else None


def keep(client: Any, pace: Pace | None = None) -> None:
    """Let a boto3 client keep a pace.

    Both events are botocore's own way to this: its C(adaptive) retries are made of them.
    """
    pace = pace or Pace()
    client.meta.events.register("before-send", pace.wait)
    # The first answer counts: before that of botocore's own retries, which are for one service, too.
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"needs-retry.{service}", pace.learn)
