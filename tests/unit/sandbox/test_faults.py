# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import KINDS, Fault, Faults, are_faults


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_each_kind_meets_the_first_call_and_no_other(kind: str) -> None:
    faults = Faults([{"kind": kind}])
    assert faults.of("iam:CreateRole") == Fault(kind)
    assert faults.of("iam:CreateRole") is None


@pytest.mark.parametrize(
    ("skip", "times", "met"),
    [(0, 1, "x...."), (2, 1, "..x.."), (0, 3, "xxx.."), (1, 2, ".xx.."), (3, 0, "...xx"), (0, 0, "xxxxx")],
)
def test_which_calls_are_met(skip: int, times: int, met: str) -> None:
    faults = Faults([{"kind": "cut", "skip": skip, "times": times}])
    assert "".join("x" if faults.of("iam:GetRole") else "." for _ in met) == met


@pytest.mark.parametrize(
    ("pattern", "call", "fits"),
    [
        ("*", "iam:GetRole", True),
        ("iam:Get*", "iam:GetRole", True),
        ("iam:Get*", "iam:ListRoles", False),
        ("iam:get*", "iam:GetRole", False),
        ("POST /connections/*", "POST /connections/aws", True),
        ("POST *", "PATCH /connections/aws/111122223333_us-west-2", False),
    ],
)
def test_calls_that_do_not_fit_are_not_counted(pattern: str, call: str, fits: bool) -> None:
    faults = Faults([{"kind": "cut", "calls": pattern, "skip": 1}])
    assert faults.of(call) is None
    assert (faults.of(call) is not None) is fits


def test_of_several_faults_the_first_is_due_and_all_are_counted() -> None:
    first, second = {"kind": "cut", "times": 2}, {"kind": "hold", "skip": 1, "times": 2}
    faults = Faults([first, second])
    assert [fault.kind if fault else "" for fault in (faults.of("x") for _ in range(4))] == ["cut", "cut", "hold", ""]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("cut", "a fault is an object of kind, calls, skip, times, status, code, message, answer, of the kind error, "),
        ({}, "a fault is an object of kind, calls, "),
        ({"kind": "fire"}, "a fault is an object of kind, calls, "),
        ({"kind": ["cut"]}, "a fault is an object of kind, calls, "),
        ({"kind": "cut", "call": "*"}, "a fault is an object of kind, calls, "),
        ({"kind": "cut", "calls": 1}, "calls of a fault cannot be 1"),
        ({"kind": "cut", "calls": None}, "calls of a fault cannot be None"),
        ({"kind": "cut", "skip": -1}, "skip of a fault cannot be -1"),
        ({"kind": "cut", "times": True}, "times of a fault cannot be True"),
        ({"kind": "cut", "times": 1.5}, "times of a fault cannot be 1.5"),
        ({"kind": "error", "status": "500"}, "status of a fault cannot be '500'"),
        ({"kind": "error", "status": 200}, "status of a fault cannot be 200"),
        ({"kind": "error", "status": 600}, "status of a fault cannot be 600"),
        ({"kind": "answer", "answer": []}, "answer of a fault cannot be []"),
    ],
)
def test_what_is_no_fault_is_told_in_a_sentence(fault: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"of a fault|a fault is") as told:
        Faults([fault])
    assert str(told.value).startswith(sentence)
    assert "\n" not in str(told.value)
    assert not are_faults([{"kind": "cut"}, fault])


@pytest.mark.parametrize("value", [None, 1, "cut", {"kind": "cut"}, {}])
def test_what_is_no_list_of_faults(value: Any) -> None:
    assert not are_faults(value)


def test_lists_of_faults() -> None:
    assert are_faults([])
    assert are_faults([{"kind": kind} for kind in KINDS])
