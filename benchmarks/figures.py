# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From single runs to what a reader wants to know. Pure: nothing is run, read or written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

#: One run as results.json keeps it.
Run = Mapping[str, Any]

MEASURED = ("wall_seconds", "cpu_seconds", "peak_memory_mb")


@dataclass(frozen=True)
class Target:
    """What a ratio of two medians is to be.

    Attributes:
        name: in words.
        situation: in which both are measured.
        figure: what is measured.
        over: the contenders whose medians are divided, the first by the second.
        wanted: the ratio has to be as large, or if ``at_most``, as small.
        reach: what would be very good.
    """

    name: str
    situation: str
    figure: str
    over: tuple[str, str]
    wanted: float
    reach: float
    at_most: bool = False

    def judged(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """The target with what was measured, and which of its limits that keeps: ``reached``, ``met`` or ``missed``."""
        measured = ratio(summary, self.situation, self.figure, self.over)
        sign = -1 if self.at_most else 1
        kept = [
            word for word, limit in (("reached", self.reach), ("met", self.wanted)) if sign * (measured - limit) >= 0
        ]
        return {
            "name": self.name,
            "wanted": f"at {'most' if self.at_most else 'least'} {self.wanted:g}",
            "reach": f"{self.reach:g}",
            "measured": round(measured, 2),
            "verdict": kept[0] if kept else "missed",
        }


def order(contenders: Sequence[str], round_number: int) -> list[str]:
    """In what order to run in a round, so that nobody always has the same place or always follows the same other.

    With an even number of contenders, over as many rounds each has each place once and follows each other once
    (E. J. Williams, 1949: 0, 1, n-1, 2, n-2, ..., and from round to round the next for each).

    Args:
        round_number: counted from 0.
    """
    count = len(contenders)
    first = [0, *((place + 1) // 2 if place % 2 else count - place // 2 for place in range(1, count))]
    return [contenders[(index + round_number) % count] for index in first]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, smallest, largest, and median absolute deviation from the median.

    Raises:
        statistics.StatisticsError: there are none.
    """
    middle = median(values)
    return {
        "median": round(middle, 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
        "mad": round(median(abs(value - middle) for value in values), 3),
    }


def summarized(runs: Iterable[Run]) -> dict[str, dict[str, dict[str, Any]]]:
    """By situation and contender the spread of everything measured, and the median of the calls to AWS."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run["situation"], run["contender"]), []).append(run)
    summary: dict[str, dict[str, dict[str, Any]]] = {}
    for (situation, contender), group in groups.items():
        summary.setdefault(situation, {})[contender] = {
            **{figure: spread([run[figure] for run in group]) for figure in MEASURED},
            "calls": {kind: median(run["calls"][kind] for run in group) for kind in ("read", "write", "total")},
        }
    return summary


def ratio(summary: Mapping[str, Any], situation: str, figure: str, over: tuple[str, str]) -> float:
    """How many times the first contender's median is the second's."""
    above, below = (summary[situation][contender][figure]["median"] for contender in over)
    return float(above / below)


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any], *, ignored: Mapping[str, str]) -> list[str]:
    """What two dumps of an account do not have in common, a sentence each.

    Args:
        ignored: by section a member of its resources that may differ.
    """
    told = []
    for section in wanted:
        ours, theirs = ({_name(item): item for item in dump.get(section, [])} for dump in (wanted, found))
        told += [f"{section}: {name} is missing." for name in ours.keys() - theirs.keys()]
        told += [f"{section}: {name} should not be there." for name in theirs.keys() - ours.keys()]
        for name in ours.keys() & theirs.keys():
            members = [
                member
                for member in sorted(ours[name].keys() | theirs[name].keys())
                if member != ignored.get(section) and ours[name].get(member) != theirs[name].get(member)
            ]
            told += [f"{section}: {name} differs in {', '.join(members)}."] if members else []
    return sorted(told)


def _name(item: Mapping[str, Any]) -> str:
    return str(item.get("Arn") or item.get("TopicArn") or item.get("Name") or item)


# ---- for readers


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under each other; all but the first stand at the right."""
    lines = [list(columns), *(list(row) for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        ).rstrip()
        for line in lines
    )


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The same for a README."""
    rule = ["---", *["---:"] * (len(columns) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows))


def with_spread(figure: Mapping[str, float], digits: int = 1) -> str:
    """A median with its range: ``12.3 (11.9..13.0)``."""
    return f"{figure['median']:.{digits}f} ({figure['min']:.{digits}f}..{figure['max']:.{digits}f})"


def between(text: str, begin: str, end: str, new: str) -> str:
    """The text with everything between two marks replaced; the marks stay, on lines of their own.

    Raises:
        ValueError: a mark is not there exactly once, or they stand in the wrong order.
    """
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"{begin} and {end} have to stand there once each, in this order")
    head, _, rest = text.partition(begin)
    tail = rest.partition(end)[2]
    return f"{head}{begin}\n{new.strip()}\n{end}{tail}"
