# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._validate.check import Check, as_result

OK = Check(name="topic T", side="aws", entity="arn:t", status="ok")
MISSING = Check(name="role R", side="aws", entity="arn:r", status="missing", hint="Make it.")
DIFFERENT = Check(
    name="rule E",
    side="aws",
    entity="arn:e",
    status="different",
    expected={"state": "ENABLED", "description": "a"},
    found={"state": "DISABLED", "description": "b"},
    differences=("description is changed", "state is changed"),
    hint="Make it.",
)
STILL_THERE = Check(name="role S", side="aws", entity="arn:s", status="different", found="still there")
TOLD = Check(name="connection_status", side="clumio", entity="c", status="different", found="unlinked", hint="Wait.")


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (OK, "topic T is ok"),
        (MISSING, "role R is missing"),
        (DIFFERENT, "rule E is different (description is changed, state is changed)"),
        (STILL_THERE, "role S is different, found still there"),
        (TOLD, "connection_status is different, found unlinked"),
    ],
)
def test_check_on_one_line(check, sentence):
    assert check.sentence == sentence


def test_all_is_well():
    assert as_result("a_r", [OK, OK]) == {
        "changed": False,
        "valid": True,
        "checks": [OK.as_dict(), OK.as_dict()],
        "extras": [],
        "msg": "The connection a_r is as it should be (2 checks).",
    }


def test_something_is_wrong():
    result = as_result("a_r", [OK, MISSING, DIFFERENT, TOLD])
    assert (result["valid"], result["changed"]) == (False, False)
    assert [check["status"] for check in result["checks"]] == ["ok", "missing", "different", "different"]
    assert result["msg"] == (
        "The connection a_r is not as it should be: role R is missing; rule E is different (description is changed, "
        "state is changed); connection_status is different, found unlinked. Make it. Wait."
    )
    assert result["failure"] == {"code": "invalid", "hint": "Make it. Wait."}


EXTRAS = [
    {"section": "roles", "name": "R", "arn": "arn:r", "extra": "inline policy Mine"},
    {"section": "rules", "name": "E", "arn": "arn:e", "extra": "target theirs (arn:q)"},
]
TOLD_OF_EXTRAS = "Others have added inline policy Mine to R, target theirs (arn:q) to E; that stays without purge."


def test_what_others_have_added_is_told_and_no_fault():
    result = as_result("a_r", [OK], EXTRAS)
    assert (result["valid"], result["extras"]) == (True, EXTRAS)
    assert result["msg"] == f"The connection a_r is as it should be (1 checks). {TOLD_OF_EXTRAS}"
    assert "failure" not in result


def test_what_others_have_added_is_told_after_what_is_wrong():
    result = as_result("a_r", [MISSING], EXTRAS)
    assert result["msg"] == (f"The connection a_r is not as it should be: role R is missing. Make it. {TOLD_OF_EXTRAS}")
    assert result["failure"] == {"code": "invalid", "hint": "Make it."}


def test_a_check_has_json_types_only():
    assert DIFFERENT.as_dict()["differences"] == ["description is changed", "state is changed"]
    assert OK.as_dict() == {
        "name": "topic T",
        "side": "aws",
        "entity": "arn:t",
        "status": "ok",
        "expected": None,
        "found": None,
        "differences": [],
        "hint": "",
    }
