# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disturbs a run at one call after the other, and proves each time that a plain rerun mends it.

The run itself goes on in this process, step by step, undisturbed. Before each step a fork is made for every call and
fault: there the step runs with the fault, and what comes after it, if the run goes on; then the whole run once more,
and a third time. So nothing is run again only to get to where the fault is.

What a rerun does depends on nothing but what it finds. So a state that was proven to be mended is not proven again,
and a step that ends as the undisturbed one, in the same state and with the same result, is not followed to its end.
"""

from __future__ import annotations

import difflib
import gc
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chaos import forks
from chaos.faults import Call, Fault, of_clumio
from chaos.runs import Ended, UndisturbedError, go
from chaos.scenes import Scene
from chaos.steps import Memory
from chaos.wire import Wire
from chaos.world import CONNECTION, State, World, digest
from sandbox.processes import http_json

#: Lines of a difference that are told.
_MOST_LINES = 40
#: Members of a result that tell how, not what.
_OF_THE_RUN = ("elapsed", "invocation", "waited")


@dataclass(frozen=True)
class Trial:
    """One call of one step of a scene's run, and what it meets.

    Attributes:
        number: of the call within the undisturbed run, from 1.
    """

    scene: str
    task: str
    number: int
    call: Call
    fault: Fault


@dataclass
class Verdict:
    """What became of a trial.

    Attributes:
        ended: how the disturbed run ended.
        state: short name of what it left.
        problems: what is not as it must be, each in a text; none is good.
        proven: whether the state was proven here, not before.
    """

    trial: Trial
    ended: Ended
    state: str
    problems: tuple[str, ...] = ()
    proven: bool = False


@dataclass(frozen=True)
class Seen:
    """One step of the undisturbed run: its calls, short names of the states around it, and its result."""

    task: str
    calls: Sequence[Call]
    before: str
    after: str
    result: str


@dataclass(frozen=True)
class Reference:
    """The undisturbed run, by step, and what it leaves; a second run has found nothing to do."""

    steps: Sequence[Seen]
    final: State

    @property
    def calls(self) -> int:
        return sum(len(step.calls) for step in self.steps)


@dataclass
class Stage:
    """Where the trials of a scene take place.

    Attributes:
        proven: what is known of the states that runs have left, by their short names: what is wrong with them.
    """

    name: str
    scene: Scene
    world: World = field(default_factory=World)
    wire: Wire = field(default_factory=Wire)
    proven: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def reference(self) -> Reference:
        """Run it undisturbed, in a fork.

        Raises:
            UndisturbedError: it does not end well, or a second run changes something.
            ForkError: it could not be run at all.
        """
        return next(forks.each([self._undisturbed], jobs=1))

    def trials(self, reference: Reference, faults: Sequence[Fault], *, every: int, jobs: int) -> Iterator[Verdict]:
        """Every trial, each in a fork, while this process goes through the run.

        Args:
            reference: the undisturbed run.
            faults: those that each call meets.
            every: the first call and each so manieth after it are disturbed; 1 is all of them.
            jobs: how many forks run at once.
        """
        memory, number = Memory(self.scene.words), 0
        steps = {step.task: step for step in self.scene.steps}
        for seen in reference.steps:
            due = [
                Trial(self.name, seen.task, number + place, call, fault)
                for place, call in enumerate(seen.calls, start=1)
                if (number + place - 1) % every == 0
                for fault in faults
            ]
            # What is looked through in search of garbage is copied into every fork.
            gc.freeze()
            for verdict in forks.each(
                (partial(self._tried, trial, seen, memory, reference) for trial in due), jobs=jobs
            ):
                if verdict.proven:
                    self.proven[verdict.state] = verdict.problems
                yield verdict
            number += len(seen.calls)
            with self.wire.tapped(), self.world.clumio():
                ended = go([steps[seen.task]], memory, self.wire)
            if ended.how != "well":
                raise UndisturbedError(f"{seen.task}: {ended.told}")

    # ---- in forks

    def _undisturbed(self) -> Reference:
        seen: list[Seen] = []
        with self.wire.tapped(), self.world.clumio() as url:
            memory = Memory(self.scene.words)
            states = [digest(self.world.state(url))]

            def look(step: Any) -> bool:
                states.append(digest(self.world.state(url)))
                result = _comparable(memory.results[step.result])
                seen.append(Seen(step.task, tuple(self.wire.calls), states[-2], states[-1], result))
                return False

            ended = go(self.scene.steps, memory, self.wire, look)
            if ended.how != "well":
                raise UndisturbedError(f"{ended.step}: {ended.code} {ended.told}")
            final = self.world.state(url)
            if final["connections"] and (findings := self.world.findings()):
                raise UndisturbedError(f"Clumio finds in the account: {'; '.join(findings)}")
            if problems := self._unrest(url, final):
                raise UndisturbedError("\n".join(problems))
        return Reference(tuple(seen), final)

    def _tried(self, trial: Trial, seen: Seen, memory: Memory, reference: Reference) -> Verdict:
        steps = self.scene.steps
        begin = next(index for index, step in enumerate(steps) if step.task == trial.task)
        rejoined = False
        with self.wire.tapped(), self.world.clumio() as url:

            def is_undisturbed(step: Any) -> bool:
                nonlocal rejoined
                if step.task == trial.task and trial.fault.passes:
                    same_result = _comparable(memory.results[step.result]) == seen.result
                    rejoined = same_result and self._left(url, seen.before)[0] == seen.after
                return rejoined

            self._disturb(url, trial, seen)
            ended = go(steps[begin:], memory, self.wire, is_undisturbed)
            self._mend(url)
            if rejoined:
                return Verdict(trial, ended, digest(reference.final))
            problems: list[str] = [] if self.wire.met else ["The fault was not met."]
            if ended.how == "crashed":
                problems.append(f"The module crashed: {ended.told}")
            name, state = self._left(url, seen.before)
            if ended.how == "well" and state != reference.final:
                problems += different("The run ended well, but left another state", reference.final, state)
            if name in self.proven:
                return Verdict(trial, ended, name, (*problems, *self.proven[name]))
            problems += self._not_mended(url, reference.final)
            return Verdict(trial, ended, name, tuple(problems), proven=True)

    def _left(self, url: str, before: str) -> tuple[str, State | None]:
        """Short name of what there is now, and all of it unless nothing can have changed since ``before``."""
        if not self.wire.carried_out and all(call.side == "aws" for call in self.wire.calls):
            return before, None
        state = self.world.state(url)
        return digest(state), state

    def _disturb(self, url: str, trial: Trial, seen: Seen) -> None:
        self.wire.carried_out = 0
        self.wire.plan(trial.fault, trial.call)
        if trial.call.side == "clumio":
            before = [call for call in seen.calls[: seen.calls.index(trial.call)] if call.side == "clumio"]
            fault = of_clumio(trial.fault, trial.call, len(before))
            _set_faults(url, [fault] if fault else [])

    def _mend(self, url: str) -> None:
        self.wire.mend()
        _set_faults(url, [])

    def _not_mended(self, url: str, final: State) -> list[str]:
        """What is wrong after a plain rerun, and after one more; that one is known where the state is as it must be."""
        ended = go(self.scene.steps, Memory(self.scene.words), self.wire)
        if ended.how != "well":
            return [f"The rerun {ended.how} at {ended.step}: {ended.code} {ended.told}"]
        state = self.world.state(url)
        problems = different("The rerun leaves another state", final, state)
        return [*problems, *self._unrest(url, state)] if problems else []

    def _unrest(self, url: str, state: State) -> list[str]:
        """What one more run finds to do where there is nothing to be done."""
        before = self.wire.carried_out
        ended = go(self.scene.steps, Memory(self.scene.words), self.wire)
        problems = [] if ended.how == "well" else [f"One more run {ended.how} at {ended.step}: {ended.told}"]
        if ended.changed:
            problems.append(f"One more run says that it changed something: {', '.join(ended.changed)}")
        if self.wire.carried_out != before:
            problems.append(f"One more run has made {self.wire.carried_out - before} writing calls")
        return [*problems, *different("One more run leaves another state", state, self.world.state(url))]


def reference_of(name: str, scene: Scene) -> Reference:
    """The undisturbed run of a scene; for a process that has no world yet."""
    stage = Stage(name, scene)
    scene.prepare(stage.world)
    return stage.reference()


def _set_faults(url: str, faults: Sequence[Any]) -> None:
    http_json("PUT", f"{url}/_sandbox/settings", {"faults": {CONNECTION: list(faults)}})


def _comparable(result: Any) -> str:
    return json.dumps({name: value for name, value in result.items() if name not in _OF_THE_RUN}, sort_keys=True)


def different(what: str, wanted: State, found: State | None) -> list[str]:
    """What differs, if anything does, as a text with a difference of lines."""
    if wanted == found:
        return []
    before, after = (json.dumps(state, indent=1, sort_keys=True).splitlines() for state in (wanted, found))
    told = list(difflib.unified_diff(before, after, "undisturbed", "found", n=2, lineterm=""))
    more = [f"... and {len(told) - _MOST_LINES} more lines"] if len(told) > _MOST_LINES else []
    return ["\n".join([f"{what}:", *told[:_MOST_LINES], *more])]
