# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what fleets were measured to take, what one machine and what several can do. Pure: arithmetic only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression
from typing import Any

#: One run of a fleet as fleet.json keeps it.
Point = Mapping[str, Any]

#: A number of forks that is not slower than the fastest by more than this is as good, and the smallest such is taken.
_AS_FAST = 1.05

#: What the arithmetic is done for: connections, and into how many jobs they are cut.
FLEETS = (200, 1000)
SLICES = (1, 2, 5, 10)


@dataclass(frozen=True)
class Line:
    """``at_start + each * connections``, or forks."""

    at_start: float
    each: float

    def at(self, number: float) -> float:
        return self.at_start + self.each * number


def line(points: Iterable[tuple[float, float]]) -> Line:
    """The straight line closest to points (least squares).

    Raises:
        statistics.StatisticsError: all have the same place, or there is only one.
    """
    places, values = zip(*points, strict=True)
    each, at_start = linear_regression(places, values)
    return Line(at_start, each)


def best_forks(sweep: Iterable[Point]) -> int:
    """The fewest forks that are as fast as the fastest, in first runs of fleets of one size."""
    firsts = [point for point in sweep if point["run"] == "first"]
    fastest: float = min(point["wall_seconds"] for point in firsts)
    fewest: int = min(point["forks"] for point in firsts if point["wall_seconds"] <= fastest * _AS_FAST)
    return fewest


def limits(points: Sequence[Point], run: str, *, forks: int, sweep_at: int, cores: int) -> dict[str, Any]:
    """What follows for one kind of run.

    Args:
        points: all that were measured.
        run: ``first`` or ``second``.
        forks: those with which fleets of all sizes were measured.
        sweep_at: the size of fleet with which all numbers of forks were measured.
        cores: of the machine.

    Returns:
        seconds are of CPU. Either all cores are busy, or ansible-playbook itself, which is one process with one busy
        thread, is: then more cores do not help. What it takes has in it that it looks ten thousand times a second for a
        free worker while there is none. Memory is in MiB.
    """
    of_run = [point for point in points if point["run"] == run]
    fleets = [point for point in of_run if point["forks"] == forks]
    cpu, own_cpu, own_memory = (
        line((point["connections"], point[figure]) for point in fleets)
        for figure in ("cpu_seconds", "own_cpu_seconds", "peak_own_memory_mb")
    )
    memory = line((point["forks"], point["peak_memory_mb"]) for point in of_run if point["connections"] == sweep_at)
    return {
        "start_cpu_seconds": round(cpu.at_start, 2),
        "cpu_seconds_each": round(cpu.each, 3),
        "own_cpu_seconds_each": round(own_cpu.each, 3),
        "own_memory_mb": round(own_memory.at_start, 1),
        "own_memory_mb_each": round(own_memory.each, 3),
        "memory_mb_per_fork": round(memory.each, 1),
        "per_hour_by_cores": round(3600 * cores / cpu.each),
        "per_hour_by_own_process": round(3600 / own_cpu.each),
        "cores_that_one_job_keeps_busy": round(cpu.each / own_cpu.each, 1),
        "slices": [
            _sliced(fleet, slices, cores=cores, forks=forks, lines=(cpu, own_cpu, own_memory), per_fork=memory.each)
            for fleet in FLEETS
            for slices in SLICES
        ],
    }


def _sliced(
    fleet: int, slices: int, *, cores: int, forks: int, lines: tuple[Line, Line, Line], per_fork: float
) -> dict[str, Any]:
    """A fleet cut into jobs that run at once, each on a machine like this one."""
    cpu, own_cpu, own_memory = lines
    each = -(-fleet // slices)
    return {
        "connections": fleet,
        "slices": slices,
        "seconds": round(max(cpu.at(each) / cores, own_cpu.at(each))),
        "cpu_seconds": round(cpu.at_start * slices + cpu.each * fleet),
        "memory_mb_per_job": round(own_memory.at(each) + per_fork * forks),
    }
