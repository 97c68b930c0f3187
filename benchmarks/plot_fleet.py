# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Draws fleet.json as fleet.png and fleet.svg beside it. Needs matplotlib (.venv-bench)."""

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

#: Okabe and Ito's colours, which also those can tell apart who see fewer colours; the markers differ, too.
_STYLES = {"first": ("#0072B2", "o"), "second": ("#D55E00", "s")}


def _draw(axes: Axes, told: dict[str, Any], figure: str, title: str, *, each: bool) -> None:
    """One line per run over the size of the fleet, with the number of forks that was the best."""
    sizes: list[int] = []
    highest = 0.0
    for run, (colour, marker) in _STYLES.items():
        points = [point for point in told["points"] if (point["run"], point["forks"]) == (run, told["forks"])]
        points.sort(key=lambda point: point["connections"])
        sizes = [point["connections"] for point in points]
        values = [point[figure] / (point["connections"] if each else 1) for point in points]
        highest = max(highest, *values)
        axes.plot(sizes, values, color=colour, marker=marker, label=told["runs"][run])
        for size, value in zip(sizes, values, strict=True):
            label = f"{value:.2f}" if each else f"{value:.0f}"
            below = run == "second"
            axes.annotate(
                label, (size, value), (0, -13 if below else 7), textcoords="offset points", ha="center", size=8
            )
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(0, highest * 1.15)
    axes.margins(x=0.08)
    axes.set_xlabel("Connections in one run")
    axes.set_title(title, loc="left", size=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#DDDDDD")
    axes.set_axisbelow(True)


def main() -> None:
    """Draw the file given on the command line."""
    file = Path(sys.argv[1])
    told = json.loads(file.read_text(encoding="utf-8"))
    figure, (cpu, memory) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    _draw(cpu, told, "cpu_seconds", "CPU time per connection, seconds", each=True)
    _draw(memory, told, "peak_own_memory_mb", "Memory of ansible-playbook itself, MiB", each=False)
    handles, labels = cpu.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(f"Onboarding a fleet with {told['forks']} forks on {told['machine']['cores']} cores", size=12)
    figure.savefig(file.with_suffix(".png"), dpi=150, metadata={"Software": None})
    figure.savefig(file.with_suffix(".svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
