# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One scene with all its trials, in a process of its own, and what it prints."""

# A command line tool prints.
# ruff: noqa: T201

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from chaos import forks, table
from chaos.faults import Fault
from chaos.scenes import SCENES, warm_up
from chaos.trials import Reference, Stage, Verdict

#: Seconds that all trials of a scene may take, and how often they tell how far they are.
_SECONDS = 3600.0
_TELL_EVERY = 20.0


@dataclass(frozen=True)
class Shown:
    """What the trials of a scene have shown; ``states`` are the different ones that a rerun was tried on."""

    reference: Reference
    verdicts: Sequence[Verdict]
    states: int

    @property
    def good(self) -> bool:
        return bool(self.verdicts) and not any(verdict.problems for verdict in self.verdicts)


def disturb(name: str, faults: Sequence[Fault], *, every: int, jobs: int) -> bool:
    """Disturb the run of a scene, and print the table and every trial that is not good.

    Returns:
        whether all are good.
    """
    print(f"\n## {name}\n\n{SCENES[name].about}", flush=True)
    begun = time.perf_counter()
    shown = next(forks.each([partial(shown_by, name, faults, every=every, jobs=jobs)], jobs=1, seconds=_SECONDS))
    print(f"\n{table.table(shown.reference, shown.verdicts, faults)}\n\n{table.codes(shown.verdicts)}")
    bad = table.failures(shown.verdicts)
    print(f"\nNot good:\n\n{bad}\n" if bad else "", end="")
    count = len(shown.verdicts)
    print(
        f"\n{count} trials, {shown.states} different states, {time.perf_counter() - begun:.0f} s: "
        f"{sum(bool(verdict.problems) for verdict in shown.verdicts)} not good",
        flush=True,
    )
    return shown.good


def shown_by(name: str, faults: Sequence[Fault], *, every: int, jobs: int) -> Shown:
    """The same, without a word but of progress; for a process that has no world yet."""
    stage = Stage(name, SCENES[name])
    warm_up(stage.world)
    stage.scene.prepare(stage.world)
    reference = stage.reference()
    trials = -(-reference.calls // every) * len(faults)
    verdicts: list[Verdict] = []
    told = time.perf_counter()
    for verdict in stage.trials(reference, faults, every=every, jobs=jobs):
        verdicts.append(verdict)
        if time.perf_counter() - told > _TELL_EVERY:
            told = time.perf_counter()
            print(f"{len(verdicts)} of {trials} trials ...", flush=True)
    return Shown(reference, verdicts, len(stage.proven))
