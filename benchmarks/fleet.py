# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What fleets of connections cost, one run of ansible-playbook for each size and number of forks (`make bench-fleet`).

Each connection is a host of an inventory, in an account of its own, which is entered by assuming a role. A fleet is
onboarded into empty accounts, and again when nothing is to change. The sandbox is on the same cores, and its AWS is one
process: wall times would be shorter with AWS itself. What the sandbox takes is told beside them.
"""

# A command line tool prints.
# ruff: noqa: T201

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.figures import table
from benchmarks.limits import best_forks, limits
from benchmarks.machine import machine, today, versions
from benchmarks.measure import (
    CHECKOUT,
    Measured,
    calls,
    client_environment,
    count_by_kind,
    measure,
    sandbox,
)
from benchmarks.place import BenchmarkError, Place, unwind_on_sigterm
from sandbox.processes import http_json, running

REGION = "us-west-2"
LATENCY_MS = 60
ASSETS = ("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue", "iceberg_on_s3_tables")
ROLE = "OrganizationAccountAccessRole"
_FIRST_ACCOUNT = 300_000_000_001

RUNS = {"first": "first run, empty accounts", "second": "second run, nothing to change"}

BENCHMARKS = CHECKOUT / "benchmarks"
VENV = CHECKOUT / ".venv-bench"

#: In how many accounts of a fleet the Clumio API looks whether it is what it wants, when all is measured.
_LOOKED_AT = 10
#: Seconds between two looks at the CPU that was used.
_WATCH_EVERY = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")


class Bench(Place):
    """What is measured there."""

    def onboard(self, connections: int, forks: int) -> list[dict[str, Any]]:
        """Onboard a fleet into empty accounts, and again.

        Raises:
            BenchmarkError: it failed, has written on the second run, or is not what the Clumio API wants.
        """
        sandbox("reset", state_dir=self.state_dir)
        # To look at an account is Clumio's work, half a second of CPU here each time: put off until all is measured.
        self._tell_clumio({connection_id(number): [] for number in range(connections)})
        inventory = self._inventory("fleet", range(connections))
        points = [self._measured(inventory, connections, forks, run) for run in RUNS]
        some = range(0, connections, -(-connections // _LOOKED_AT))
        self._tell_clumio({connection_id(number): None for number in some})
        self._run("clumio.aws.validate", self._inventory("some", some), forks, f"{connections}-{forks}-validate")
        return points

    def _measured(self, inventory: Path, connections: int, forks: int, run: str) -> dict[str, Any]:
        called, taken = len(calls(self.state_dir)), self._sandbox_cpu()
        with _OwnCpu() as own:
            measured = self._run("clumio.aws.onboard", inventory, forks, f"{connections}-{forks}-{run}")
        taken = {name: seconds - taken[name] for name, seconds in self._sandbox_cpu().items()}
        counted = count_by_kind(calls(self.state_dir)[called:])
        if run == "second" and counted["write"]:
            raise BenchmarkError(f"The second run of {connections} connections has written {counted['write']} times.")
        point = {
            "connections": connections,
            "forks": forks,
            "run": run,
            "wall_seconds": round(measured.wall_seconds, 2),
            "cpu_seconds": round(measured.cpu_seconds, 2),
            "own_cpu_seconds": round(own.seconds, 2),
            "peak_memory_mb": round(measured.peak_memory_mb, 1),
            "peak_own_memory_mb": round(measured.peak_own_memory_mb, 1),
            "calls": counted,
            "sandbox_cpu_seconds": {name: round(seconds, 2) for name, seconds in taken.items()},
        }
        print(
            f"  {connections:4} connections {forks:3} forks {run:6} {measured.wall_seconds:7.1f} s "
            f"{measured.cpu_seconds:7.1f} s CPU {measured.peak_memory_mb:6.0f} MiB {counted['total']:6} calls",
            flush=True,
        )
        return point

    def _run(self, playbook: str, inventory: Path, forks: int, name: str) -> Measured:
        log = self.directory / f"{name}.log"
        command = ["ansible-playbook", playbook, "--inventory", str(inventory), "--forks", str(forks)]
        measured = measure(command, env=self.environment, cwd=self.directory, log=log)
        if measured.returncode:
            end = log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
            said = "\n".join(line[:400] for line in end)
            raise BenchmarkError(f"{said}\n{playbook} failed with {measured.returncode} ({name}).")
        return measured

    def _inventory(self, name: str, numbers: Iterable[int]) -> Path:
        file = self.directory / f"{name}.json"
        file.write_text(json.dumps(inventory_of(numbers)), encoding="utf-8")
        return file

    def _tell_clumio(self, findings: Mapping[str, list[str] | None]) -> None:
        """Tell the Clumio API what it finds in accounts without looking at them; None lets it look."""
        http_json("PUT", f"{self.environment['CLUMIO_API_BASE_URL']}/_sandbox/settings", {"findings": findings})

    def _sandbox_cpu(self) -> dict[str, float]:
        """Seconds of CPU that each process of the sandbox has used so far."""
        return {name: cpu_seconds(pid) for name, pid in running(self.state_dir).pids.items()}


# ---- the fleet


def connection_id(number: int) -> str:
    """Clumio's id of a connection of the fleet, counted from 0."""
    return f"{_FIRST_ACCOUNT + number}_{REGION}"


def inventory_of(numbers: Iterable[int]) -> dict[str, Any]:
    """An inventory of connections as a person would write it, in JSON, which is YAML."""
    hosts = {}
    for number in numbers:
        account = str(_FIRST_ACCOUNT + number)
        role = f"arn:aws:iam::{account}:role/{ROLE}"
        hosts[f"connection-{number + 1}"] = {"account": account, "region": REGION, "assume_role": role}
    return {"clumio_connections": {"hosts": hosts, "vars": {"assets": ",".join(ASSETS)}}}


def measured_matrix(bench: Bench, fleets: Iterable[int], forks: Iterable[int], sweep_at: int) -> list[dict[str, Any]]:
    """One fleet with all numbers of forks, and then all fleets with the best of them."""
    points = [point for number in forks for point in bench.onboard(sweep_at, number)]
    best = best_forks(points)
    for connections in fleets:
        if connections != sweep_at:
            points += bench.onboard(connections, best)
    return points


# ---- CPU of single processes


class _OwnCpu(threading.Thread):
    """Watches the CPU of the only child of this process, without that child's own children.

    Attributes:
        seconds: user and system time when last looked at.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self.seconds = 0.0

    def __enter__(self) -> _OwnCpu:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        pid = None
        while not self._over.wait(_WATCH_EVERY):
            pid = pid or _child()
            with contextlib.suppress(OSError):
                self.seconds = cpu_seconds(pid) if pid else 0.0


def _child() -> int | None:
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(_stat(file)[1]) == os.getpid():
                return int(file.parent.name)
    return None


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, with its threads, without its children.

    Raises:
        OSError: it is gone.
    """
    fields = _stat(Path(f"/proc/{pid}/stat"))
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _stat(file: Path) -> list[str]:
    """What the kernel tells of a process, from its state on; its name, in parentheses before, may hold anything."""
    return file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


# ---- telling


def results(points: Sequence[Mapping[str, Any]], sweep_at: int) -> dict[str, Any]:
    """What fleet.json holds."""
    host = machine()
    forks = best_forks(point for point in points if point["connections"] == sweep_at)
    return {
        "date": today(),
        "machine": host,
        "versions": versions(),
        "sandbox": {"latency_ms": LATENCY_MS},
        "assets": list(ASSETS),
        "forks": forks,
        "sweep_at": sweep_at,
        "runs": RUNS,
        "points": list(points),
        "limits": {run: limits(points, run, forks=forks, sweep_at=sweep_at, cores=host["cores"]) for run in RUNS},
    }


def _report(told: Mapping[str, Any]) -> str:
    columns = ["fleet", "forks", "wall s", "each", "CPU s each", "own s each", "MiB", "own MiB"]
    columns += ["reads each", "writes each", "sandbox CPU s each"]
    parts = []
    for run, title in RUNS.items():
        points = [point for point in told["points"] if point["run"] == run]
        points.sort(key=lambda point: (point["connections"], point["forks"]))
        parts.append(f"{title.capitalize()}\n{table(columns, map(_row, points))}")
    parts.append("own: of ansible-playbook itself, without its workers. MiB: the largest sum at any time.")
    for run, title in RUNS.items():
        parts.append(_limits_in_words(told["limits"][run], f"Arithmetic from the above, {title}", told))
    return "\n\n".join(parts)


def _row(point: Mapping[str, Any]) -> list[str]:
    fleet = point["connections"]
    return [
        f"{fleet}",
        f"{point['forks']}",
        f"{point['wall_seconds']:.1f}",
        f"{point['wall_seconds'] / fleet:.2f}",
        f"{point['cpu_seconds'] / fleet:.2f}",
        f"{point['own_cpu_seconds'] / fleet:.2f}",
        f"{point['peak_memory_mb']:.0f}",
        f"{point['peak_own_memory_mb']:.0f}",
        f"{point['calls']['read'] / fleet:g}",
        f"{point['calls']['write'] / fleet:g}",
        f"{sum(point['sandbox_cpu_seconds'].values()) / fleet:.2f}",
    ]


def _limits_in_words(limit: Mapping[str, Any], title: str, told: Mapping[str, Any]) -> str:
    cpu = (
        f"CPU: {limit['start_cpu_seconds']} s to start and {limit['cpu_seconds_each']} s per connection. "
        f"{told['machine']['cores']} cores do {limit['per_hour_by_cores']} connections per hour."
    )
    own = (
        f"ansible-playbook itself: {limit['own_cpu_seconds_each']} s of that per connection, in one process. However "
        f"many cores there are, it does {limit['per_hour_by_own_process']} connections per hour, and keeps at most "
        f"{limit['cores_that_one_job_keeps_busy']} cores busy."
    )
    memory = (
        f"Memory: {limit['own_memory_mb']} MiB and {limit['own_memory_mb_each']} MiB per connection in "
        f"ansible-playbook itself, and {limit['memory_mb_per_fork']} MiB per fork."
    )
    slices = (
        "Job slicing in AWX cuts an inventory into jobs that share nothing; each has a report of its own. All jobs at "
        f"once, each on a machine like this one with {told['forks']} forks, take at least:"
    )
    rows = [
        [
            f"{entry['connections']} connections in {entry['slices']}",
            f"{entry['seconds'] / 60:.1f}",
            f"{entry['cpu_seconds'] / 60:.1f}",
            f"{entry['memory_mb_per_job']}",
        ]
        for entry in limit["slices"]
    ]
    columns = ["jobs", "minutes", "CPU minutes of all", "MiB each"]
    sentences = [textwrap.fill(sentence, 120) for sentence in (cpu, own, memory, slices)]
    return "\n".join([title, *sentences, textwrap.indent(table(columns, rows), "  ")])


def _write(told: Mapping[str, Any], output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    file = output / "fleet.json"
    file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    subprocess.run([VENV / "bin" / "python", "-m", "benchmarks.plot_fleet", file], cwd=CHECKOUT, check=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--fleets", type=int, nargs="+", default=[1, 10, 50, 200], metavar="N", help="%(default)s")
    parser.add_argument("--forks", type=int, nargs="+", default=[2, 4, 8, 16], metavar="N", help="%(default)s")
    parser.add_argument(
        "--sweep-at", type=int, default=50, metavar="N", help="the fleet to try all numbers of forks with (%(default)s)"
    )
    parser.add_argument(
        "--output", type=Path, default=BENCHMARKS, metavar="DIR", help="where fleet.json and the picture go"
    )
    options = parser.parse_args()
    if len({*options.fleets, options.sweep_at}) < 2 or len(set(options.forks)) < 2:
        parser.error("two sizes of fleets and two numbers of forks at least are needed to see what one more costs")
    return options


def main() -> int:
    """Measure, tell, and write it down.

    Returns:
        1 when something could not be measured, 130 after Ctrl-C.
    """
    options = _options()
    begun = time.monotonic()
    try:
        with ExitStack() as undo:
            directory = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="clumio-bench-fleet-")))
            state_dir = directory / "sandbox"
            undo.callback(sandbox, "stop", state_dir=state_dir)
            chosen = [f"--latency={LATENCY_MS}", "--quota=AttachedPoliciesPerRoleQuota=20"]
            sandbox("start", *chosen, "--connect-delay=0", "--ingest-delay=0", state_dir=state_dir)
            # No settings of a person's own: it begins with Ansible as it comes.
            config = directory / "ansible.cfg"
            config.touch()
            ansible = {"ANSIBLE_CONFIG": str(config), "ANSIBLE_HOME": str(directory / "ansible")}
            bench = Bench(directory, state_dir, {**client_environment(state_dir), **ansible})
            points = measured_matrix(bench, options.fleets, options.forks, options.sweep_at)
        told = results(points, options.sweep_at)
        print(f"\n{_report(told)}\n")
        _write(told, options.output.resolve())
    except (BenchmarkError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the sandbox is stopped, and nothing is written.", file=sys.stderr)
        return 128 + signal.SIGINT
    print(f"{options.output / 'fleet.json'} and the picture are written, after {time.monotonic() - begun:.0f} s.")
    return 0


if __name__ == "__main__":
    unwind_on_sigterm()
    sys.exit(main())
