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
    hint="Make it.",
)
TOLD = Check(name="connection_status", side="clumio", entity="c", status="different", found="unlinked", hint="Wait.")


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (OK, "topic T is ok"),
        (MISSING, "role R is missing"),
        (DIFFERENT, "rule E is different in state, description"),
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
        "msg": "The connection a_r is as it should be (2 checks).",
    }


def test_something_is_wrong():
    result = as_result("a_r", [OK, MISSING, DIFFERENT, TOLD])
    assert (result["valid"], result["changed"]) == (False, False)
    assert [check["status"] for check in result["checks"]] == ["ok", "missing", "different", "different"]
    assert result["msg"] == (
        "The connection a_r is not as it should be: role R is missing; rule E is different in state, description; "
        "connection_status is different, found unlinked. Make it. Wait."
    )
    assert result["failure"] == {"code": "invalid", "hint": "Make it. Wait."}
