# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps that are disturbed are those of the playbooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos.steps import LEFT_OUT, OFFBOARD, ONBOARD, Step

CHECKOUT = Path(__file__).resolve().parents[3]


def tasks(playbook: str) -> Iterator[str]:
    """Names of the tasks of a playbook, in order, without those that report."""
    play = yaml.safe_load((CHECKOUT / "playbooks" / playbook).read_text(encoding="utf-8"))[-1]

    def names(entries: list[dict[str, Any]]) -> Iterator[str]:
        for entry in entries:
            if "block" in entry:
                yield from names(entry["block"])
            else:
                yield entry["name"]

    return names(play["tasks"])


@pytest.mark.parametrize(("playbook", "steps"), [("onboard.yml", ONBOARD), ("offboard.yml", OFFBOARD)])
def test_the_steps_are_the_tasks_of_the_playbook_in_order(playbook: str, steps: Sequence[Step]) -> None:
    of_playbook = list(tasks(playbook))
    left_out = [name for name in of_playbook if name in LEFT_OUT and name not in {step.task for step in steps}]

    assert [name for name in of_playbook if name not in left_out] == [step.task for step in steps]


def test_what_is_left_out_is_in_a_playbook() -> None:
    assert set(LEFT_OUT) <= {*tasks("onboard.yml"), *tasks("offboard.yml")}
