# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A part of `make chaos`: small runs that meet every fault, and proof that what is broken is found.

Each is a process of its own, in which nothing has taken the clocks before waiting is made to cost nothing.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
EVERY = {"onboard_small": 12, "offboard_small": 14}


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=900
    )


@pytest.mark.parametrize(("run", "every"), EVERY.items())
def test_a_plain_rerun_mends_what_any_fault_has_left(run: str, every: int) -> None:
    ended = python("-m", "chaos", "--runs", run, "--every", str(every), "--jobs", "1")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    trials, states, bad = map(
        int, re.search(r"(\d+) trials, (\d+) different states, .*: (\d+) not", ended.stdout).groups()
    )
    assert trials > 30
    assert states > 3
    assert bad == 0


BROKEN = """
from chaos import clock
clock.skip_waiting()
from chaos.faults import Fault
from chaos.in_process import shown_by
from chaos.table import failures
from ansible_collections.clumio.aws.plugins.module_utils._provision import rules

stages = rules.Rules.stages
rules.Rules.stages = lambda noun, change: {broken}
shown = shown_by("onboard_small", [Fault.KILLED_AFTER], every=20, jobs=1)
print(failures(shown.verdicts))
"""


def test_a_run_that_does_not_mend_what_it_finds_half_made_is_found() -> None:
    ended = python("-c", BROKEN.format(broken="stages(noun, change) if change.before is None else []"))

    assert ended.returncode == 0, ended.stderr
    assert "events:PutRule, killed after: ended killed" in ended.stdout
    assert "The rerun failed at Onboard | Validate" in ended.stdout
    assert "target clumio-publish is missing" in ended.stdout
    assert "GET /connections" not in ended.stdout


def test_a_run_that_forgets_to_write_has_nothing_to_be_compared_with() -> None:
    ended = python("-c", BROKEN.format(broken="[]"))

    assert ended.returncode != 0
    assert "UndisturbedError" in ended.stderr
