# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError, InputError, combined

FIRST = ClumioError("Cannot do it.", code="first", hint="Try again.", aws_code="X")
SECOND = InputError("This is wrong.", code="second")


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (
            FIRST,
            {
                "msg": "Cannot do it. Try again.",
                "failure": {"code": "first", "hint": "Try again.", "aws_code": "X"},
            },
        ),
        (SECOND, {"msg": "This is wrong.", "failure": {"code": "second", "hint": ""}}),
    ],
)
def test_error_as_a_modules_result(error, result):
    assert error.as_result() == result
    assert str(error) == error.message


def test_one_error_combined_is_itself():
    assert combined([FIRST]) is FIRST


def test_errors_combined_tell_all():
    both = combined([FIRST, SECOND])
    assert both.as_result() == {
        "msg": "(1) Cannot do it. Try again. (2) This is wrong.",
        "failure": {
            "code": "first",
            "hint": "",
            "failures": [
                {"code": "first", "hint": "Try again.", "aws_code": "X", "msg": "Cannot do it. Try again."},
                {"code": "second", "hint": "", "msg": "This is wrong."},
            ],
        },
    }


def test_what_several_say_in_the_same_words_is_told_once():
    assert combined([FIRST, SECOND, FIRST]).as_result() == combined([FIRST, SECOND]).as_result()
    assert combined([FIRST, FIRST]) is FIRST


@pytest.mark.parametrize("code", ["aws_credentials", "aws_throttled", "aws_unreachable"])
def test_one_cause_is_told_once_whatever_else_there_is(code):
    same = [ClumioError(f"Cannot do {number}: signed out.", code=code) for number in range(16)]
    assert combined(same) is same[0]
    assert combined([FIRST, *same]).message == "(1) Cannot do it. Try again. (2) Cannot do 0: signed out."
