# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import compare
from benchmarks.compare import BEGIN, CONTENDERS, END, README, SITUATIONS, TARGETS, Bench, BenchmarkError

#: Wall seconds of each contender; CPU is half of it.
WALL = {"onboard": 8.0, "provision": 4.0, "by_tasks": 60.0, "boto3": 1.0}
HELD = {
    "roles": [{"Arn": "arn:aws:iam::111122223333:role/A", "Tags": {}}],
    "rules": [{"Arn": "arn:R", "Tags": {"a": "b"}}],
}


def run(contender: str, situation: str, wall: float) -> dict[str, Any]:
    return {
        "contender": contender,
        "situation": situation,
        "wall_seconds": wall,
        "cpu_seconds": wall / 2,
        "peak_memory_mb": 100.0,
        "calls": {"read": 40, "write": 60, "total": 100},
    }


@pytest.fixture
def told(monkeypatch):
    """The results of three rounds, in which nobody is always as fast."""
    runs = [
        run(contender, situation, wall + off)
        for off in (-0.5, 0.0, 0.5)
        for contender, wall in WALL.items()
        for situation in SITUATIONS
    ]
    versions = {"ansible-core": "2.19.14", "amazon.aws": "10.1.2"}
    monkeypatch.setattr(compare, "versions", lambda: versions)
    monkeypatch.setattr(compare, "_cli_version", lambda: "1.46.3")
    return compare.results(runs, 3, HELD, 0.1)


def test_results_can_be_written_and_tell_all(told):
    assert json.loads(json.dumps(told)) == told
    assert [*told["summary"]] == [*SITUATIONS]
    assert all([*entries] == [*CONTENDERS] for entries in told["summary"].values())
    assert told["ratios"]["first"]["by_tasks/provision"] == {"wall_seconds": 15.0, "cpu_seconds": 15.0}
    assert told["objects"] == {"roles": 1, "rules": 1}
    assert len(told["runs"]) == 3 * len(CONTENDERS) * len(SITUATIONS)


def test_report_tells_every_target_and_every_spread(told):
    report = compare.report(told)
    assert all(target.name in report for target in TARGETS)
    assert "4.00 (3.50..4.50)" in report
    assert [line.split()[-1] for line in report.splitlines() if line.startswith("whole onboarding")] == ["missed"] * 2
    assert [line.split()[-1] for line in report.splitlines() if line.startswith("floor")] == ["met"] * 2


def test_for_readme(told):
    lines = compare.for_readme(told).splitlines()
    assert lines[0].count("|") == len(CONTENDERS) + 2
    assert "| First run | 8.0 s (4.0 s) | 4.0 s (2.0 s) | 60.0 s (30.0 s) | 1.0 s (0.5 s) |" in lines
    assert "2 resources" in lines[-2] + lines[-1]


def test_readme_has_a_place_for_it():
    text = README.read_text(encoding="utf-8")
    assert (text.count(BEGIN), text.count(END)) == (1, 1)
    assert text.index(BEGIN) < text.index(END)


def test_what_is_only_the_same_is_taken():
    compare.compare_account("boto3", HELD, {"aws": HELD})


def test_by_tasks_need_not_tag_rules_but_all_else():
    without_tags = {**HELD, "rules": [{"Arn": "arn:R", "Tags": {}}]}
    compare.compare_account("by_tasks", HELD, {"aws": without_tags})
    with pytest.raises(BenchmarkError, match=r"rules: arn:R differs in Tags\.\nboto3 has not made the same"):
        compare.compare_account("boto3", HELD, {"aws": without_tags})
    with pytest.raises(BenchmarkError, match=r"role/A is missing"):
        compare.compare_account("by_tasks", HELD, {"aws": {**HELD, "roles": []}})


def test_onboard_has_as_many_resources_and_is_connected():
    connected = {"connections": [{"connection_status": "connected"}]}
    compare.compare_account("onboard", HELD, {"aws": HELD, "clumio": connected})
    with pytest.raises(BenchmarkError, match="connecting"):
        compare.compare_account(
            "onboard", HELD, {"aws": HELD, "clumio": {"connections": [{"connection_status": "connecting"}]}}
        )
    with pytest.raises(BenchmarkError, match="instead of"):
        compare.compare_account("onboard", HELD, {"aws": {**HELD, "rules": []}, "clumio": connected})


@pytest.mark.parametrize("contender", CONTENDERS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_commands_differ_between_situations_only_in_what_they_must(contender, situation):
    bench = Bench(Path("/tmp/d"), Path("/tmp/d/sandbox"), {})
    command, first = bench.command(contender, situation), bench.command(contender, "first")
    if contender == "boto3":
        assert command == [word if word != "make" or situation == "first" else "verify" for word in first]
    else:
        assert [word for word in command if word != "--check"] == first
        assert ("--check" in command) == situation.startswith("check_")
