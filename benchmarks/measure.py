# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs one command and measures it. Linux only: it looks into /proc."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]

#: Seconds between two looks at the memory.
_SAMPLE_EVERY = 0.2
#: Seconds that processes have to end once they are asked to.
_END_DEADLINE = 10.0

_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)
_RSS = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """What one command took.

    Attributes:
        wall_seconds: from its start to its end.
        cpu_seconds: user and system time of the command and of all its descendants that were waited for.
        peak_memory_mb: the largest sum over the command and its descendants, in MiB, at any look: what is shared
            counts once (PSS), or where the kernel does not tell, in each process (RSS).
        peak_own_memory_mb: the same, of the process that was started alone, which for ansible-playbook is the one that
            holds the inventory and all results. Its part of what it shares with its workers counts only (PSS).
        returncode: negative for the signal that ended it.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_memory_mb: float
    peak_own_memory_mb: float
    returncode: int


def measure(command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> Measured:
    """Run a command to its end.

    Args:
        command: the program and its arguments.
        env: its whole environment; nothing of ours is added.
        cwd: where it runs.
        log: file for what it writes, standard output and errors.

    Raises:
        OSError: it cannot be started.
    """
    with log.open("wb") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        memory = _Memory(process.pid)
        memory.start()
        try:
            # Popen.wait() would throw the usage away.
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            memory.stop()
            _end_tree(process)
            raise
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        memory.stop()
    return Measured(
        wall_seconds=wall,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_memory_mb=memory.peak_kb / 1024,
        peak_own_memory_mb=memory.peak_own_kb / 1024,
        returncode=process.returncode,
    )


# ---- the AWS calls, as the sandbox's proxy has recorded them


def calls(state_dir: Path) -> list[dict[str, Any]]:
    """Every AWS call that clients have made in the sandbox since it was started or reset, in order.

    Returns:
        for each call, among others, ``service``, ``action``, ``account``, ``kind`` (read or write) and ``error``.
    """
    printed = sandbox("calls", "--json", state_dir=state_dir)
    recorded: list[dict[str, Any]] = json.loads(printed)
    return recorded


def count_by_kind(recorded: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many calls read, how many write, and how many there are."""
    counted = Counter(call["kind"] for call in recorded)
    return {"read": counted["read"], "write": counted["write"], "total": counted.total()}


def count_by_action(recorded: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many calls of each ``service.action``, by name."""
    return dict(sorted(Counter(f"{call['service']}.{call['action']}" for call in recorded).items()))


def sandbox(command: str, *arguments: str, state_dir: Path) -> str:
    """Run one command of the sandbox, and return what it prints.

    Raises:
        RuntimeError: it failed, with what it says.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", command, "--state-dir", str(state_dir), *arguments],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        output, errors = process.communicate()
    except BaseException:
        # Not killed: a start that is interrupted takes away what it has started so far.
        process.terminate()
        process.communicate()
        raise
    if process.returncode:
        raise RuntimeError(f"sandbox {command} failed: {errors.strip()}")
    return output


def sandbox_environment(state_dir: Path) -> dict[str, str]:
    """What points AWS and Clumio clients at a sandbox that runs."""
    exports = sandbox("env", state_dir=state_dir)
    return dict(re.findall(r"^export (\w+)='(.*)'$", exports, re.MULTILINE))


def client_environment(state_dir: Path) -> dict[str, str]:
    """The environment of a command under test: this one, without settings of whoever runs it, with the sandbox's.

    The tools of the virtual environment that runs this come first in the search path.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANSIBLE_", "AWS_", "CLUMIO_")) and not name.lower().endswith("_proxy")
    }
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**kept, **sandbox_environment(state_dir), "PATH": tools}


# ---- the processes


class _Memory(threading.Thread):
    """Watches the memory of a process and its descendants.

    Attributes:
        peak_kb: the largest sum seen, in KiB.
        peak_own_kb: the largest of the process alone, in KiB.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.peak_kb = 0
        self.peak_own_kb = 0

    def run(self) -> None:
        while True:
            own = _memory_kb(self._pid)
            self.peak_own_kb = max(self.peak_own_kb, own)
            self.peak_kb = max(self.peak_kb, own + sum(map(_memory_kb, _descendants(self._pid))))
            if self._over.wait(_SAMPLE_EVERY):
                return

    def stop(self) -> None:
        self._over.set()
        self.join()


def _memory_kb(pid: int) -> int:
    """Memory of one process in KiB, by its share of what it shares; 0 when it is gone."""
    for file, pattern in ((f"/proc/{pid}/smaps_rollup", _PSS), (f"/proc/{pid}/status", _RSS)):
        try:
            found = pattern.search(Path(file).read_text(encoding="ascii", errors="replace"))
        except OSError:
            continue
        if found:
            return int(found[1])
    return 0


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name of a program, in parentheses, may hold anything.
            parent = int(file.read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(file.parent.name))
    found: list[int] = []
    due = [pid]
    while due:
        due = [child for parent in due for child in children.get(parent, [])]
        found += due
    return found


def _end_tree(process: subprocess.Popen[bytes]) -> None:
    """End a process that is not waited for yet, and all its descendants."""
    family = [process.pid, *_descendants(process.pid)]
    _signal(family, signal.SIGTERM)
    try:
        process.wait(_END_DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # Its workers are sessions of their own, which a signal of the terminal does not reach.
    _signal(family[1:], signal.SIGKILL)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
