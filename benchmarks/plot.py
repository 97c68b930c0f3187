# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Draws results.json as results.png and results.svg beside it. Needs matplotlib (.venv-bench)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
# The same figures give the same file.
mpl.rcParams.update({"svg.hashsalt": "clumio.aws", "font.size": 10, "svg.fonttype": "none"})

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

#: Okabe and Ito's colours, which also those can tell apart who see fewer colours; they differ in lightness too.
_COLOURS = {"onboard": "#0072B2", "provision": "#56B4E9", "by_tasks": "#D55E00", "boto3": "#999999"}
_BAR = 0.2
_PANELS = (("wall_seconds", "Wall time, seconds"), ("cpu_seconds", "CPU time, seconds"))


def _draw(axes: Axes, told: dict[str, Any], figure: str, title: str) -> None:
    """One group of bars per situation, one bar per contender; whiskers from the fastest to the slowest run."""
    situations = list(told["situations"])
    for index, (name, contender) in enumerate(told["contenders"].items()):
        entries = [told["summary"][situation][name][figure] for situation in situations]
        medians = [entry["median"] for entry in entries]
        whiskers = [
            [entry["median"] - entry["min"] for entry in entries],
            [entry["max"] - entry["median"] for entry in entries],
        ]
        places = [group + (index - 1.5) * _BAR for group in range(len(situations))]
        axes.barh(
            places,
            medians,
            height=_BAR * 0.9,
            xerr=whiskers,
            color=_COLOURS[name],
            label=contender,
            error_kw={"elinewidth": 1, "capsize": 2, "ecolor": "#333333"},
        )
        for place, entry in zip(places, entries, strict=True):
            axes.annotate(
                f"{entry['median']:.1f}", (entry["max"], place), (4, 0), textcoords="offset points", va="center", size=8
            )
    axes.set_yticks(range(len(situations)), [told["situations"][name].replace(", ", ",\n") for name in situations])
    axes.set_title(title, loc="left", size=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#DDDDDD")
    axes.set_axisbelow(True)
    axes.margins(x=0.1)


def main() -> None:
    """Draw the file given on the command line."""
    file = Path(sys.argv[1])
    told = json.loads(file.read_text(encoding="utf-8"))
    figure, panels = plt.subplots(1, 2, figsize=(11, 5.2), sharey=True, layout="constrained")
    for axes, (measured, title) in zip(panels, _PANELS, strict=True):
        _draw(axes, told, measured, title)
    # Shared by both: what comes first stands at the top.
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(
        f"The same {sum(told['objects'].values())} resources in one AWS account, median of {told['rounds']} runs, "
        f"{told['sandbox']['latency_ms']} ms added to each call",
        size=12,
    )
    figure.savefig(file.with_suffix(".png"), dpi=150, metadata={"Software": None})
    figure.savefig(file.with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
