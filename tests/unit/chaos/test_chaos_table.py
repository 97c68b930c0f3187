# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is told of trials."""

from __future__ import annotations

from chaos.faults import Call, Fault
from chaos.runs import Ended
from chaos.table import codes, failures, table
from chaos.trials import Reference, Seen, Trial, Verdict, different

CREATE = Call("aws", "iam:CreateRole", "a digest", 1, True)
READ = Call("aws", "iam:GetRole", "a digest", 1, False)
REFERENCE = Reference(
    (Seen("Make the roles", (READ, CREATE), "s0", "s1", "{}"), Seen("Look", (READ,), "s1", "s1", "{}")), {}
)


def verdict(call: Call, fault: Fault, how: str = "well", code: str = "", *problems: str) -> Verdict:
    trial = Trial("onboard", "Make the roles", 2, call, fault)
    return Verdict(trial, Ended(how, "" if how == "well" else "Make the roles", code), "s2", problems)


def test_a_cell_counts_what_went_on_and_what_stopped_and_what_is_not_good() -> None:
    verdicts = [
        verdict(READ, Fault.ERROR),
        verdict(CREATE, Fault.ERROR),
        verdict(READ, Fault.DENIED, "failed", "aws_access_denied"),
        verdict(CREATE, Fault.DENIED, "failed", "aws_access_denied", "The rerun leaves another state"),
    ]

    lines = table(REFERENCE, verdicts, [Fault.ERROR, Fault.DENIED]).splitlines()

    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows[0] == ["step", "calls", "error 500", "denied"]
    assert rows[2] == ["Make the roles", "2", "2 + 0", "0 + 1 !1"]
    assert rows[3] == ["Look", "1", "", ""]
    assert rows[4] == ["all", "3", "2 + 0", "0 + 1 !1"]


def test_failures_are_told_with_their_call_and_their_reason_once() -> None:
    verdicts = [
        verdict(READ, Fault.ERROR),
        verdict(READ, Fault.DENIED, "failed", "aws_access_denied", "It is another state"),
        verdict(CREATE, Fault.KILLED_AFTER, "killed", "", "It is another state"),
    ]

    assert failures(verdicts).splitlines() == [
        "onboard, call 2, iam:GetRole, denied: ended failed at Make the roles (aws_access_denied)",
        "onboard, call 2, iam:CreateRole, killed after: ended killed at Make the roles (killed)",
        "It is another state",
    ]


def test_codes_tell_how_disturbed_runs_ended_that_were_not_killed() -> None:
    verdicts = [
        verdict(READ, Fault.ERROR),
        verdict(READ, Fault.DENIED, "failed", "aws_access_denied"),
        verdict(CREATE, Fault.KILLED_AFTER, "killed"),
    ]

    assert [line.split() for line in codes(verdicts).splitlines()[1:]] == [
        ["1", "denied", "aws", "aws_access_denied"],
        ["1", "error", "500", "aws", "well"],
    ]


def test_a_difference_is_told_in_lines() -> None:
    (told,) = different("It is another state", {"roles": ["one"]}, {"roles": ["other"]})

    assert told.startswith("It is another state:")
    assert '-  "one"' in told
    assert '+  "other"' in told
    assert different("It is another state", {"roles": ["one"]}, {"roles": ["one"]}) == []
