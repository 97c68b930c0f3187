# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Work in forks of this process: each has a copy of all that is in memory, and only what it returns comes back."""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

_T = TypeVar("_T")
_CHUNK = 1 << 16


class ForkError(Exception):
    """A fork ended without a result; the text has its traceback, or says how it ended."""


@dataclass
class _Fork:
    pid: int
    pipe: int
    ends: float
    received: bytearray = field(default_factory=bytearray)


def each(works: Iterable[Callable[[], _T]], *, jobs: int, seconds: float = 300.0) -> Iterator[_T]:
    """The results of works, in the order in which they are done.

    A work is taken when it begins, so that what is learned from results is known to the works that begin later. This
    process must have no other thread: locks that one holds are held for ever in a fork.

    Args:
        works: give their results, which pickle can take.
        jobs: how many run at once.
        seconds: that a work may take, in real time.

    Raises:
        ForkError: a work has failed, or has taken too long. All others are ended.
    """
    left = iter(works)
    forks: dict[int, _Fork] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while True:
                while len(forks) < jobs and (work := next(left, None)) is not None:
                    fork = _forked(work, seconds)
                    forks[fork.pipe] = fork
                    selector.register(fork.pipe, selectors.EVENT_READ)
                if not forks:
                    return
                for key, _events in selector.select(timeout=1.0):
                    fork = forks[key.fd]
                    chunk = os.read(fork.pipe, _CHUNK)
                    fork.received += chunk
                    if not chunk:
                        selector.unregister(fork.pipe)
                        del forks[key.fd]
                        yield _result(fork)
                if late := [fork for fork in forks.values() if fork.ends < time.perf_counter()]:
                    raise ForkError(f"{len(late)} works have taken more than {seconds:g} s")
        finally:
            for fork in forks.values():
                os.kill(fork.pid, signal.SIGKILL)
                os.close(fork.pipe)
                os.waitpid(fork.pid, 0)


def _forked(work: Callable[[], Any], seconds: float) -> _Fork:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return _Fork(pid, reading, time.perf_counter() + seconds)
    # Not a line of what comes after the fork in the parent may run here, whatever happens.
    try:
        os.close(reading)
        try:
            told = pickle.dumps((True, work()))
        except BaseException:
            told = pickle.dumps((False, traceback.format_exc()))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(told)
    finally:
        os._exit(0)


def _result(fork: _Fork) -> Any:
    os.close(fork.pipe)
    _pid, status = os.waitpid(fork.pid, 0)
    if not fork.received:
        raise ForkError(f"A work ended with {os.waitstatus_to_exitcode(status)} and no result")
    good, told = pickle.loads(bytes(fork.received))
    if not good:
        raise ForkError(told)
    return told
