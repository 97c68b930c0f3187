# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import StatisticsError
from typing import Any

import pytest

from benchmarks import fleet
from benchmarks.limits import Line, best_forks, limits, line


def point(connections: int, forks: int, **figures: float) -> dict[str, Any]:
    """As a fleet would cost that starts with 3 s of CPU, and takes 2 s for each connection, 0.5 s of them itself."""
    return {
        "connections": connections,
        "forks": forks,
        "run": "first",
        "wall_seconds": 10.0,
        "cpu_seconds": 3.0 + 2.0 * connections,
        "own_cpu_seconds": 1.0 + 0.5 * connections,
        "peak_memory_mb": 90.0 + connections + 20.0 * forks,
        "peak_own_memory_mb": 80.0 + 1.5 * connections,
        "calls": {"read": 3, "write": 2, "total": 5},
        "sandbox_cpu_seconds": {"aws": 1.0, "proxy": 0.5},
        **figures,
    }


def test_line():
    assert line([(1, 5), (3, 9), (2, 7)]) == Line(at_start=3, each=2)
    assert line([(0, 0), (1, 3), (2, 3)]).each == 1.5
    assert Line(3, 2).at(10) == 23


@pytest.mark.parametrize("points", [[(1, 5)], [(2, 1), (2, 3)]])
def test_line_through_one_place(points):
    with pytest.raises(StatisticsError):
        line(points)


@pytest.mark.parametrize(
    ("walls", "expected"),
    [
        ({2: 30.0, 4: 20.0, 8: 10.0}, 8),
        ({2: 10.4, 4: 10.0, 8: 12.0}, 2),
        ({2: 10.6, 4: 10.0, 8: 9.9}, 4),
        ({8: 10.0, 2: 10.0}, 2),
    ],
)
def test_best_forks_are_the_fewest_of_the_fast(walls, expected):
    sweep = [point(50, forks, wall_seconds=wall) for forks, wall in walls.items()]
    # What counts is the first run.
    sweep += [{**point(50, 16, wall_seconds=1.0), "run": "second"}]
    assert best_forks(sweep) == expected


def test_limits():
    points = [point(50, 2), point(50, 4), point(1, 4), point(200, 4), {**point(200, 4, cpu_seconds=0), "run": "second"}]
    found = limits(points, "first", forks=4, sweep_at=50, cores=2)
    slices = {(entry["connections"], entry["slices"]): entry for entry in found.pop("slices")}
    assert found == {
        "start_cpu_seconds": 3.0,
        "cpu_seconds_each": 2.0,
        "own_cpu_seconds_each": 0.5,
        "own_memory_mb": 80.0,
        "own_memory_mb_each": 1.5,
        "memory_mb_per_fork": 20.0,
        "per_hour_by_cores": 3600,
        "per_hour_by_own_process": 7200,
        "cores_that_one_job_keeps_busy": 4.0,
    }
    assert slices[200, 1] == {
        "connections": 200,
        "slices": 1,
        "seconds": round(403 / 2),
        "cpu_seconds": 403,
        "memory_mb_per_job": 80 + 300 + 80,
    }
    assert slices[1000, 10] == {
        "connections": 1000,
        "slices": 10,
        "seconds": round(203 / 2),
        "cpu_seconds": 2030,
        "memory_mb_per_job": 80 + 150 + 80,
    }


def test_a_machine_with_many_cores_waits_for_the_one_process():
    points = [point(50, 2), point(50, 4), point(1, 4), point(200, 4)]
    found = limits(points, "first", forks=4, sweep_at=50, cores=16)
    assert next(entry for entry in found["slices"] if entry["slices"] == 1)["seconds"] == 101


def test_inventory():
    hosts = fleet.inventory_of(range(0, 200, 100))["clumio_connections"]["hosts"]
    assert hosts == {
        "connection-1": {
            "account": "300000000001",
            "region": "us-west-2",
            "assume_role": "arn:aws:iam::300000000001:role/OrganizationAccountAccessRole",
        },
        "connection-101": {
            "account": "300000000101",
            "region": "us-west-2",
            "assume_role": "arn:aws:iam::300000000101:role/OrganizationAccountAccessRole",
        },
    }
    assert fleet.connection_id(100) == "300000000101_us-west-2"


class Bench(fleet.Bench):
    """Measures nothing, and is the faster the more forks, up to eight."""

    def onboard(self, connections: int, forks: int) -> list[dict[str, Any]]:
        return [point(connections, forks, wall_seconds=100 / min(forks, 8))]


def test_matrix(tmp_path):
    points = fleet.measured_matrix(Bench(tmp_path, tmp_path, {}), [1, 50, 200], [2, 4, 8, 16], 50)
    measured = [(measured["connections"], measured["forks"]) for measured in points]
    assert measured == [(50, 2), (50, 4), (50, 8), (50, 16), (1, 8), (200, 8)]


def test_the_report_has_every_point_and_the_arithmetic():
    firsts = [point(50, 2, wall_seconds=20), point(50, 4), point(1, 4), point(200, 4)]
    told = fleet.results([*firsts, *({**one, "run": "second"} for one in firsts)], 50)
    assert (told["forks"], len(told["points"])) == (4, 8)
    lines = [line.split() for line in fleet._report(told).splitlines()]
    row = ["200", "4", "10.0", "0.05", "2.02", "0.51", "370", "380", "0.015", "0.01", "0.01"]
    assert lines.count(row) == 2
    assert lines.count(["1000", "connections", "in", "10", *lines[-1][-3:]]) == 2


def test_own_cpu_is_that_of_the_child_alone():
    busy = "import time\nwhile time.process_time() < {}: pass"
    code = f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {busy.format(1.2)!r}])"
    with fleet._OwnCpu() as own:
        subprocess.run([sys.executable, "-c", f"{code}\n{busy.format(0.6)}\ntime.sleep(0.5)"], check=True)
    # The kernel counts in hundredths of a second.
    assert 0.5 < own.seconds < 1.0


def test_cpu_seconds():
    before = fleet.cpu_seconds(os.getpid())
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    assert 0.2 <= fleet.cpu_seconds(os.getpid()) - before < 2


def test_cpu_of_a_process_that_is_gone():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(OSError, match="No such"):
        fleet.cpu_seconds(process.pid)
