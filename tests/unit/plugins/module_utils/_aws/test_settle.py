# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from ansible_collections.clumio.aws.plugins.module_utils._aws.codes import BUSY, IN_USE, PRINCIPAL, UNSEEN
from ansible_collections.clumio.aws.plugins.module_utils._aws.settle import (
    DEADLINE_SECONDS,
    REMOVING,
    WRITING,
    remove,
    seen,
    settled,
    write,
)
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError, combined

MALFORMED = "MalformedPolicyDocument"


def error(code="NoSuchEntity", operation="AttachRolePolicy", message="Not there."):
    facts = {"aws_code": code, "aws_operation": operation, "aws_message": message}
    return ClumioError(f"Cannot do it: {message}", code="aws_refused", **facts)


class Calls:
    """A call that fails so many times before it gives its answer; without a number it always fails."""

    def __init__(self, failures, error_=None):
        self.left = failures
        self.error = error_ or error()
        self.made = 0

    def __call__(self):
        self.made += 1
        if self.left is None or self.made <= self.left:
            raise self.error
        return "done"


def test_a_call_that_succeeds_is_made_once(clock):
    calls = Calls(0)
    assert settled(calls, UNSEEN, clock=clock, sleep=clock.sleep) == "done"
    assert (calls.made, clock.slept) == (1, [])


def test_a_call_is_repeated_until_it_is_seen(clock):
    calls = Calls(6)
    assert settled(calls, BUSY, UNSEEN, clock=clock, sleep=clock.sleep) == "done"
    assert calls.made == 7
    assert clock.slept == [0.2, 0.4, 0.8, 1.6, 3.0, 3.0]


@pytest.mark.parametrize(
    ("said", "code", "hint"),
    [
        (error("ConcurrentModification"), "aws_busy", "Something else keeps changing it"),
        (error("NoSuchEntity"), "aws_not_seen", "It is not there, or was removed meanwhile"),
        (
            error(MALFORMED, "CreateRole", 'Invalid principal in policy: "AWS":"arn:x"'),
            "aws_principal_unknown",
            "Check that",
        ),
        (error("DeleteConflict", "DeleteRole"), "aws_in_use", "Something else has begun to use it"),
    ],
)
def test_time_is_over_some_day_and_then_it_is_told(clock, said, code, hint):
    with pytest.raises(ClumioError) as caught:
        settled(Calls(None, said), *WRITING, *REMOVING, clock=clock, sleep=clock.sleep)
    told = caught.value
    assert told.message == f"{said.message.removesuffix('.')}, still after 60 seconds."
    assert told.code == code
    assert told.hint.startswith(hint)
    assert told.facts == said.facts
    assert DEADLINE_SECONDS - 3 <= sum(clock.slept) <= DEADLINE_SECONDS


@pytest.mark.parametrize(
    ("said", "tables"),
    [
        (error("LimitExceeded"), WRITING),
        (error("EntityAlreadyExists"), WRITING),
        (error("NoSuchEntity"), (BUSY,)),
        (error("DeleteConflict", "DeleteRole"), WRITING),
        # A version that somebody else has made the default does not pass by waiting.
        (error("DeleteConflict", "DeletePolicyVersion"), REMOVING),
        (error(MALFORMED, "CreateRole", "Syntax errors in policy."), WRITING),
        (error("InvalidDocumentOperation", "DeleteDocument", "It is shared."), REMOVING),
        (combined([error(message="a"), error("AccessDenied", message="b")]), WRITING),
        (ClumioError("Cannot do it.", code="api_refused"), WRITING),
    ],
    ids=lambda case: case.facts.get("aws_code", "") if isinstance(case, ClumioError) else "",
)
def test_any_other_error_ends_it_at_once(clock, said, tables):
    calls = Calls(None, said)
    with pytest.raises(ClumioError) as caught:
        settled(calls, *tables, clock=clock, sleep=clock.sleep)
    assert caught.value is said
    assert (calls.made, clock.slept) == (1, [])


def test_errors_of_calls_at_once_pass_if_each_of_them_does(clock):
    calls = Calls(1, combined([error(message="a"), error("ConcurrentModification", message="b")]))
    assert settled(calls, BUSY, UNSEEN, clock=clock, sleep=clock.sleep) == "done"


@pytest.mark.parametrize(
    ("code", "operation", "message", "table"),
    [
        ("ConcurrentModificationException", "PutRule", "", BUSY),
        ("EntityTemporarilyUnmodifiable", "CreateRole", "", BUSY),
        ("ConcurrentAccess", "TagResource", "", BUSY),
        ("StaleTag", "CreateTopic", "", BUSY),
        ("TooManyUpdates", "CreateDocument", "", BUSY),
        ("ResourceNotFoundException", "PutTargets", "", UNSEEN),
        ("InvalidResourceId", "AddTagsToResource", "", UNSEEN),
        ("NotFoundException", "CreateAlias", "", UNSEEN),
        (MALFORMED, "UpdateAssumeRolePolicy", "Invalid principal in policy: x", PRINCIPAL),
        ("MalformedPolicyDocumentException", "CreateKey", "Policy has one or more invalid principals.", PRINCIPAL),
        (
            "InvalidParameter",
            "SetTopicAttributes",
            "Invalid parameter: Policy Error: PrincipalNotFound",
            PRINCIPAL,
        ),
        ("ValidationException", "DeleteRule", "Rule can't be deleted since it has targets.", IN_USE),
    ],
)
def test_what_services_say(clock, code, operation, message, table):
    assert settled(Calls(1, error(code, operation, message)), table, clock=clock, sleep=clock.sleep) == "done"


# ---- looks


class Looks:
    def __init__(self, times):
        self.left = times

    def __call__(self):
        self.left -= 1
        return None if self.left >= 0 else "there"


def test_looks_for_what_must_be_there(clock):
    assert seen(Looks(0), clock=clock, sleep=clock.sleep) == "there"
    assert clock.slept == []
    assert seen(Looks(3), clock=clock, sleep=clock.sleep) == "there"
    assert clock.slept == [0.2, 0.4, 0.8]


def test_looks_end(clock):
    assert seen(Looks(1000), clock=clock, sleep=clock.sleep) is None
    assert DEADLINE_SECONDS - 3 <= sum(clock.slept) <= DEADLINE_SECONDS


# ---- calls


@pytest.fixture
def method(clock, monkeypatch):
    """A method of boto3 that is refused once with a code; time passes only by sleeping."""
    for member in ("clock", "sleep"):
        monkeypatch.setitem(settled.__kwdefaults__, member, {"clock": clock, "sleep": clock.sleep}[member])

    def make(code):
        left = [ClientError({"Error": {"Code": code, "Message": ""}}, "DeleteRole")]

        def refused_once(**_parameters):
            if left:
                raise left.pop()
            return {"Done": True}

        return refused_once

    return make


@pytest.mark.parametrize("code", ["ConcurrentModification", "NoSuchEntity"])
def test_writing_is_repeated(method, clock, code):
    assert write(method(code), "write it") == {"Done": True}
    assert clock.slept == [0.2]


@pytest.mark.parametrize(
    ("code", "slept"), [("ConcurrentModification", [0.2]), ("DeleteConflict", [0.2]), ("NoSuchEntity", [])]
)
def test_removing_is_repeated_but_not_where_it_is_gone(method, clock, code, slept):
    assert remove(method(code), "remove it", ("NoSuchEntity",)) is None
    assert clock.slept == slept
