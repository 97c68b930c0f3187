# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All calls of the collection in this process on their way out, and what they meet there.

It stands where the network begins, so that the code of the collection and of botocore is all real: their retries, too.
AWS is moto, in process; the Clumio API of the sandbox is reached by HTTP, and makes its faults itself.

A process that is killed sends nothing any more, and what it has sent is carried out or not. So a kill lets no call of
any thread out from then on: each raises ``KilledError``, which nothing but this package catches.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from ansible_collections.clumio.aws.plugins.module_utils._clumio import client as clumio_client
from chaos.faults import Call, Fault
from sandbox.proxy import READING_VERBS
from sandbox.refusals import IAM_SERVICES, Answer, denial, refusal, throttling

# What the clients of this collection say in their User-Agent; the sandbox's own calls are nobody's run.
_OURS = "clumio.aws"
_SERVICE = re.compile(r"Credential=[^/,\s]+/\d+/[^/]*/([^/]+)/aws4_request")
_RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_FAILED = (500, "InternalFailure", "The request processing has failed because of an unknown error.")
#: Makes a permissions file: the one POST of the API that changes nothing.
_TEMPLATES = "POST /connections/aws/templates"


class KilledError(BaseException):
    """The process is no more."""


class Wire:
    """The calls of one process, and the fault that one of them meets.

    Attributes:
        calls: those of the step that runs, in the order in which they came.
        carried_out: how many calls have reached AWS or Clumio that may have changed something, in this process.
        met: whether the planned fault has come to pass.
        dead: whether the process was killed.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.carried_out = 0
        self.met = False
        # moto is not made for threads; and what comes after a kill has to be known.
        self._lock = Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._planned: tuple[Fault, Call] | None = None
        self.dead = False
        self._out = False
        self._denied = ""

    def begin_step(self) -> None:
        """Count from here."""
        self.calls = []
        self._counts.clear()

    def plan(self, fault: Fault, call: Call) -> None:
        """Let this call of the step that comes meet a fault."""
        self._planned = (fault, call)

    def mend(self) -> None:
        """End all that went wrong: a new process, and a network as it should be."""
        self._planned = None
        self.dead = self._out = False
        self._denied = ""

    @contextmanager
    def tapped(self) -> Iterator[None]:
        """Stand between the collection and AWS and Clumio while this runs."""
        pass_to_aws, pass_to_clumio = BotocoreStubber.__call__, clumio_client.exchange

        def to_aws(stubber: Any, event_name: str, request: Any, **event: Any) -> Any:
            def pass_on() -> Any:
                return pass_to_aws(stubber, event_name, request, **event)

            agent = request.headers.get("User-Agent", b"")
            ours = _OURS in (agent.decode() if isinstance(agent, bytes) else agent)
            return self._aws(event_name.rpartition(".")[2], request, pass_on) if ours else pass_on()

        def to_clumio(method: str, url: str, *arguments: Any, **options: Any) -> Any:
            return self._clumio(
                f"{method} {urlsplit(url).path}", lambda: pass_to_clumio(method, url, *arguments, **options)
            )

        with patch.object(BotocoreStubber, "__call__", to_aws), patch.object(clumio_client, "exchange", to_clumio):
            yield

    def _aws(self, action: str, request: Any, pass_on: Callable[[], Any]) -> Any:
        """What AWS answers, or what stands for it."""
        signed = _SERVICE.search(_text(request.headers.get("Authorization", "")))
        service = signed[1] if signed else ""
        name = f"{IAM_SERVICES.get(service, service)}:{action}"
        with self._lock:
            fault = self._noted("aws", name, _digest(request.body), writes=not action.startswith(READING_VERBS))
            if fault is Fault.OUTAGE:
                self._out = True
            if fault is Fault.DENIED:
                self._denied = name
            if self._out or fault is Fault.ERROR:
                return _answered(request, refusal(service, *_FAILED))
            if fault is Fault.THROTTLED:
                return _answered(request, throttling(service))
            if self._denied == name:
                return _answered(request, denial(service, name, "arn:aws:iam::123456789012:user/operator", "*"))
            answer = self._passed(pass_on, fault)
        if fault is Fault.CUT_AFTER:
            raise ConnectionClosedError(endpoint_url=request.url)
        return answer

    def _clumio(self, name: str, pass_on: Callable[[], Any]) -> Any:
        """What Clumio answers. Faults other than a kill are the API's own, and are noted only."""
        with self._lock:
            fault = self._noted("clumio", name, "", writes=not name.startswith("GET ") and name != _TEMPLATES)
            return self._passed(pass_on, fault)

    def _noted(self, side: str, name: str, about: str, *, writes: bool) -> Fault | None:
        """The fault that is planned for this call, which is written down.

        Raises:
            KilledError: nothing leaves the process, or not any more.
        """
        if self.dead:
            raise KilledError
        self._counts[name, about] += 1
        call = Call(side, name, about, self._counts[name, about], writes)
        self.calls.append(call)
        if not self._planned or self._planned[1] != call:
            return None
        fault = self._planned[0]
        self._planned, self.met = None, True
        if fault is Fault.KILLED_BEFORE:
            self.dead = True
            raise KilledError
        return fault

    def _passed(self, pass_on: Callable[[], Any], fault: Fault | None) -> Any:
        """The answer of the other side.

        Raises:
            KilledError: nobody is there any more to take it.
        """
        self.carried_out += self.calls[-1].writes
        try:
            return pass_on()
        finally:
            if fault is Fault.KILLED_AFTER:
                self.dead = True
                raise KilledError


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _digest(body: Any) -> str:
    """Of the parameters of a call, without ids that are made at random."""
    return hashlib.sha256(_RANDOM_ID.sub("<id>", _text(body)).encode()).hexdigest()[:16]


def _answered(request: Any, answer: Answer) -> Any:
    return AWSResponse(request.url, answer.status, answer.headers, MockRawResponse(answer.body))
