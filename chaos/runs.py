# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run of a playbook's steps in this process, and what came of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chaos import modules
from chaos.steps import Memory, Step, Words
from chaos.wire import KilledError, Wire
from chaos.world import World


class UndisturbedError(Exception):
    """A run that nothing disturbs does not end well: there is nothing to compare with."""


@dataclass
class Ended:
    """How a run came to its end.

    Attributes:
        how: ``well``, ``killed``, ``failed``, or ``crashed`` by an exception that no module may let through.
        step: the task that it ended in; empty if it came to its end.
        code: of the failure.
        told: the failure in words.
        changed: tasks that have changed something.
    """

    how: str = "well"
    step: str = ""
    code: str = ""
    told: str = ""
    changed: list[str] = field(default_factory=list)


def go(
    steps: Sequence[Step],
    memory: Memory,
    wire: Wire,
    after: Callable[[Step], bool] = lambda _step: False,
) -> Ended:
    """Go through steps as a playbook does: to the first that fails. The Clumio API is served meanwhile.

    Args:
        memory: takes the results.
        after: told of each step that has run; ends the run there if it says so.
    """
    ended = Ended()
    for step in steps:
        if not step.when(memory):
            continue
        check_mode = step.check_mode(memory)
        wire.begin_step()
        try:
            result = modules.run(step.module, step.options(memory), check_mode=check_mode)
        except KilledError:
            return Ended("killed", step.task, changed=ended.changed)
        except Exception:
            return Ended("crashed", step.task, told=traceback.format_exc(), changed=ended.changed)
        if wire.dead:
            return Ended("killed", step.task, changed=ended.changed)
        if result.get("failed"):
            code = result.get("failure", {}).get("code", "invalid" if "valid" in result else "")
            return Ended("failed", step.task, code, str(result.get("msg")), ended.changed)
        memory.results[step.result] = result
        # What only looks, or what tasks say is no change of theirs, is none in the playbook.
        if result.get("changed") and not check_mode:
            ended.changed.append(step.task)
        if after(step):
            break
    return ended


def run_through(world: World, steps: Sequence[Step], words: Words, wire: Wire | None = None) -> Ended:
    """One whole run, with nothing in memory.

    Raises:
        UndisturbedError: it does not end well, and no wire was given with which it could be disturbed.
    """
    with world.clumio():
        ended = go(steps, Memory(words), wire or Wire())
    if not wire and ended.how != "well":
        raise UndisturbedError(f"{ended.step}: {ended.code} {ended.told}")
    return ended
