# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the trials have shown, as a table. Pure: texts from verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chaos.faults import MEANINGS, Fault
from chaos.trials import Reference, Verdict

_KILLED = (Fault.KILLED_BEFORE, Fault.KILLED_AFTER)
LEGEND = (
    "A cell counts the trials of a step with a fault: runs that went on and ended well + runs that stopped. After each "
    "of them, but for those counted behind a !, a plain rerun has left exactly the state of an undisturbed run, and "
    "one more run has changed nothing."
)


def table(reference: Reference, verdicts: Sequence[Verdict], faults: Sequence[Fault]) -> str:
    """One row for each step, one column for each fault, in Markdown."""
    rows = [["step", "calls", *map(str, faults)], ["---", *["--:"] * (len(faults) + 1)]]
    for step in reference.steps:
        own = [verdict for verdict in verdicts if verdict.trial.task == step.task]
        rows.append([step.task.rpartition(" | ")[2], str(len(step.calls)), *(_cell(own, fault) for fault in faults)])
    total = [_cell(verdicts, fault) for fault in faults]
    rows.append(["all", str(reference.calls), *total])
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


def _cell(verdicts: Sequence[Verdict], fault: Fault) -> str:
    own = [verdict for verdict in verdicts if verdict.trial.fault is fault]
    good = [verdict.ended.how == "well" for verdict in own if not verdict.problems]
    bad = len(own) - len(good)
    if not own:
        return ""
    return f"{sum(good)} + {len(good) - sum(good)}" + (f" !{bad}" if bad else "")


def codes(verdicts: Sequence[Verdict]) -> str:
    """How the runs ended that a fault has stopped, by fault: the code of their failures."""
    counted = Counter(
        (verdict.trial.fault, verdict.trial.call.side, verdict.ended.code or verdict.ended.how)
        for verdict in verdicts
        if verdict.trial.fault not in _KILLED
    )
    lines = [f"{count:6d}  {fault:10s}  {side:6s}  {code}" for (fault, side, code), count in sorted(counted.items())]
    return "\n".join(["  runs  fault       of      ended with", *lines]) if lines else ""


def failures(verdicts: Sequence[Verdict]) -> str:
    """Every trial that is not good, with why; those with the same reason together."""
    reasons: dict[tuple[str, ...], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.problems:
            reasons.setdefault(verdict.problems, []).append(verdict)
    return "\n\n".join("\n".join([*map(_line, group), *problems]) for problems, group in reasons.items())


def _line(verdict: Verdict) -> str:
    trial, ended = verdict.trial, verdict.ended
    stopped = f" at {ended.step} ({ended.code or ended.how})" if ended.how != "well" else ""
    return f"{trial.scene}, call {trial.number}, {trial.call.name}, {trial.fault}: ended {ended.how}{stopped}"


def legend() -> str:
    """The faults in words."""
    return "\n".join(f"{fault:14s} {meaning}" for fault, meaning in MEANINGS.items())
