# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import StatisticsError
from typing import Any

import pytest

from benchmarks.figures import (
    Target,
    between,
    differences,
    markdown_table,
    order,
    ratio,
    spread,
    summarized,
    table,
    with_spread,
)


def test_order_gives_each_every_place_and_every_predecessor_once_in_as_many_rounds():
    rounds = [order("abcd", number) for number in range(4)]
    assert all(sorted(ran) == list("abcd") for ran in rounds)
    places = Counter((place, name) for ran in rounds for place, name in enumerate(ran))
    assert len(places) == 16
    followed = Counter(pair for ran in rounds for pair in pairwise(ran))
    assert len(followed) == 12
    assert set(followed.values()) == {1}


def test_order_begins_anew_when_all_have_begun():
    assert order("abcd", 4) == order("abcd", 0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0], {"median": 3.0, "min": 3.0, "max": 3.0, "mad": 0.0}),
        ([1.0, 2.0, 10.0], {"median": 2.0, "min": 1.0, "max": 10.0, "mad": 1.0}),
        ([4.0, 1.0, 2.0, 3.0], {"median": 2.5, "min": 1.0, "max": 4.0, "mad": 1.0}),
        ([1.00041, 1.00063], {"median": 1.001, "min": 1.0, "max": 1.001, "mad": 0.0}),
    ],
)
def test_spread(values, expected):
    assert spread(values) == expected


def test_spread_of_nothing():
    with pytest.raises(StatisticsError):
        spread([])


def run(contender: str, wall: float, *, situation: str = "first", reads: int = 1, writes: int = 2) -> dict[str, Any]:
    return {
        "contender": contender,
        "situation": situation,
        "wall_seconds": wall,
        "cpu_seconds": wall / 2,
        "peak_memory_mb": 100.0,
        "calls": {"read": reads, "write": writes, "total": reads + writes},
    }


def test_summarized():
    runs = [run("ours", 1.0), run("theirs", 10.0), run("ours", 3.0, reads=5), run("ours", 2.0), run("theirs", 30.0)]
    summary = summarized([*runs, run("ours", 7.0, situation="second", writes=0)])
    assert list(summary) == ["first", "second"]
    assert summary["first"]["ours"] == {
        "wall_seconds": {"median": 2.0, "min": 1.0, "max": 3.0, "mad": 1.0},
        "cpu_seconds": {"median": 1.0, "min": 0.5, "max": 1.5, "mad": 0.5},
        "peak_memory_mb": {"median": 100.0, "min": 100.0, "max": 100.0, "mad": 0.0},
        "calls": {"read": 1, "write": 2, "total": 3},
    }
    assert summary["second"]["ours"]["calls"] == {"read": 1, "write": 0, "total": 1}
    assert ratio(summary, "first", "wall_seconds", ("theirs", "ours")) == 10.0


@pytest.mark.parametrize(
    ("theirs", "at_most", "verdict"),
    [
        (39.0, False, "missed"),
        (40.0, False, "met"),
        (79.0, False, "met"),
        (80.0, False, "reached"),
        (81.0, True, "missed"),
        (80.0, True, "met"),
        (40.0, True, "reached"),
    ],
)
def test_target(theirs, at_most, verdict):
    wanted, reach = (20.0, 10.0) if at_most else (10.0, 20.0)
    target = Target("wall time", "first", "wall_seconds", ("theirs", "ours"), wanted, reach, at_most=at_most)
    judged = target.judged(summarized([run("ours", 4.0), run("theirs", theirs)]))
    assert judged == {
        "name": "wall time",
        "wanted": "at most 20" if at_most else "at least 10",
        "reach": "10" if at_most else "20",
        "measured": theirs / 4,
        "verdict": verdict,
    }


ROLE = {"Arn": "arn:aws:iam::111122223333:role/A", "Path": "/", "Tags": {"Vendor": "Clumio"}}
DOCUMENT = {"Name": "B", "Content": {"schemaVersion": "2.2"}}
WANTED = {"roles": [ROLE], "ssm_documents": [DOCUMENT], "topics": []}


def test_differences_of_the_same():
    assert differences(WANTED, {**WANTED, "topics": []}, ignored={}) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"roles": []}, "roles: arn:aws:iam::111122223333:role/A is missing."),
        ({"topics": [{"TopicArn": "arn:T"}]}, "topics: arn:T should not be there."),
        (
            {"roles": [{**ROLE, "Path": "/x/", "Tags": {}}]},
            "roles: arn:aws:iam::111122223333:role/A differs in Path, Tags.",
        ),
        ({"roles": [{**ROLE, "Description": "x"}]}, "roles: arn:aws:iam::111122223333:role/A differs in Description."),
        ({"ssm_documents": [{**DOCUMENT, "Content": {}}]}, "ssm_documents: B differs in Content."),
    ],
)
def test_differences(changed, told):
    assert differences(WANTED, {**WANTED, **changed}, ignored={}) == [told]


def test_differences_in_what_may_differ():
    without_tags = {**WANTED, "roles": [{**ROLE, "Tags": {}}]}
    assert differences(WANTED, without_tags, ignored={"roles": "Tags"}) == []
    assert differences(WANTED, without_tags, ignored={"topics": "Tags"}) != []


def test_table():
    assert table(["who", "s"], [["ours", "1.5"], ["a", "10.25"]]) == "who       s\nours    1.5\na     10.25"


def test_markdown_table():
    assert markdown_table(["who", "s"], [["ours", "1.5"]]) == "| who | s |\n| --- | ---: |\n| ours | 1.5 |"


def test_with_spread():
    assert with_spread({"median": 2.04, "min": 1.0, "max": 3.06}) == "2.0 (1.0..3.1)"


def test_between():
    text = "before\n<!-- b -->\nold\n<!-- e -->\nafter\n"
    assert between(text, "<!-- b -->", "<!-- e -->", "\nnew\n") == "before\n<!-- b -->\nnew\n<!-- e -->\nafter\n"


@pytest.mark.parametrize("text", ["", "B", "E B", "B B E"])
def test_between_without_marks(text):
    with pytest.raises(ValueError, match="once each"):
        between(text, "B", "E", "new")
