# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a benchmark runs, and how it ends before its time."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class BenchmarkError(Exception):
    """The benchmark cannot go on, in a sentence."""


@dataclass(frozen=True)
class Place:
    """A sandbox, and where the files of this benchmark are.

    Attributes:
        directory: of files that are only needed now.
        environment: of every command that is measured.
    """

    directory: Path
    state_dir: Path
    environment: Mapping[str, str]


def unwind_on_sigterm() -> None:
    """End on SIGTERM as on Ctrl-C, so that no sandbox is left behind."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(128 + signal.SIGTERM))
