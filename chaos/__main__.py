# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disturbs whole runs at each of their calls, and proves that a plain rerun mends whatever was left.

python -m chaos                           all of it: every call of three runs, and a sample with whole playbooks
python -m chaos --runs onboard --every 9  each ninth call of one run
python -m chaos --runs playbooks          only the sample with whole playbooks
"""

# A command line tool prints.
# ruff: noqa: T201

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from chaos import clock
from chaos.faults import Fault

_PLAYBOOKS = "playbooks"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=_words, metavar="RUN,...", help="(default: onboard,update,offboard,playbooks)")
    parser.add_argument(
        "--faults",
        type=_faults,
        default=list(Fault),
        metavar="FAULT,...",
        help=f"of {', '.join(Fault)} (default: all)",
    )
    parser.add_argument("--every", type=_count, default=1, metavar="N", help="disturb each Nth call only (%(default)s)")
    parser.add_argument("--jobs", type=_count, default=os.cpu_count() or 1, metavar="N", help="at once (%(default)s)")
    return parser


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _faults(text: str) -> list[Fault]:
    try:
        return [Fault(word) for word in _words(text)]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; there are {', '.join(Fault)}") from error


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, 1 or more")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for.

    Returns:
        0, or 1 if anything is not as it must be.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    clock.skip_waiting()
    # Not before: what is imported there takes the clocks.
    from chaos import in_process, playbooks, scenes

    known = [*scenes.SCENES, _PLAYBOOKS]
    runs = options.runs or [*scenes.WHOLE, _PLAYBOOKS]
    if unknown := [name for name in runs if name not in known]:
        parser.error(f"unknown run {', '.join(unknown)}; there are {', '.join(known)}")
    begun = time.perf_counter()
    good = True
    for name in runs:
        if name == _PLAYBOOKS:
            good &= playbooks.sample(jobs=options.jobs)
        else:
            good &= in_process.disturb(name, options.faults, every=options.every, jobs=options.jobs)
    print(f"\n{time.perf_counter() - begun:.0f} s; {'all is good' if good else 'not all is good'}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
