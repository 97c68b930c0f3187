# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS does not see yet what was just made, is busy with it, or has no room: met, or told, never waited for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from faulty_aws import EVERYTHING, FaultyAws, changed, faulty_aws

from ansible_collections.clumio.aws.plugins.module_utils._aws import settle
from ansible_collections.clumio.aws.plugins.modules import (
    clumio_eventbridge_rules,
    clumio_iam_roles,
    clumio_sns_topic,
    clumio_ssm_documents,
)


@pytest.fixture(scope="module")
def account() -> Iterator[FaultyAws]:
    with faulty_aws() as account:
        yield account


@pytest.fixture
def aws(account: FaultyAws) -> FaultyAws:
    """An empty account, with which nothing is the matter."""
    account.empty()
    return account


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not pass is waited for less than a second."""
    monkeypatch.setattr(settle, "DEADLINE_SECONDS", 0.3)


def failed(result: dict[str, Any], code: str, *words: str) -> None:
    """It has failed in one sentence, with a hint."""
    assert result.get("failed"), result
    assert result["failure"]["code"] == code
    assert all(word in result["msg"] for word in words), result["msg"]
    assert "\n" not in result["msg"]
    assert "(1)" not in result["msg"]
    assert result["failure"]["hint"] in result["msg"]
    assert result["failure"]["hint"]


# ---- what IAM does not see yet


@pytest.mark.parametrize("calls", [1, 3])
def test_what_is_not_seen_for_some_calls_is_waited_for(aws: FaultyAws, calls: int) -> None:
    """A policy, as a boundary, too; a role and an instance profile, by everything that names them."""
    aws.make(clumio_iam_roles)
    undisturbed, made = aws.held(), aws.writes
    aws.empty()
    aws.set(unseen=calls)
    assert aws.make(clumio_iam_roles)["changed"]
    assert aws.held() == undisturbed
    assert aws.writes == made
    refused = [call["action"] for call in aws.calls if call["kind"] == "write" and call["error"] == "NoSuchEntity"]
    assert {"CreateRole", "AddRoleToInstanceProfile"} <= {*refused}
    assert aws.is_in_order(clumio_iam_roles)


def test_what_another_module_has_just_made_is_seen_by_its_tags_and_its_changes(aws: FaultyAws) -> None:
    """All of it is there, but each part is refused once: a run finds it and changes it as if nothing were."""
    aws.make(clumio_iam_roles)
    new = changed(clumio_iam_roles)
    aws.make(clumio_iam_roles, **new)
    expected = aws.held()
    aws.empty()
    aws.make(clumio_iam_roles)
    parts = ("List*Role*", "GetRolePolicy", "GetPolicyVersion", "Tag*", "Update*", "CreatePolicyVersion")
    aws.fault(
        *(
            {"kind": "error", "status": 404, "code": "NoSuchEntity", "message": "Not there.", "calls": f"iam:{part}"}
            for part in parts
        )
    )
    before = len(aws.calls)
    aws.make(clumio_iam_roles, **new)
    assert [call["error"] for call in aws.calls[before:]].count("NoSuchEntity") == len(parts)
    assert aws.held() == expected
    assert aws.is_in_order(clumio_iam_roles, **new)


@pytest.mark.usefixtures("impatient")
def test_what_is_never_seen_is_told(aws: FaultyAws) -> None:
    aws.set(unseen=1_000_000)
    began = time.monotonic()
    result = aws.run(clumio_iam_roles)
    assert time.monotonic() - began < 5
    failed(result, "aws_not_seen", "Cannot create the role Role: The policy with name Limit cannot be found", "still")
    aws.set(unseen=0)
    assert aws.make(clumio_iam_roles)["changed"]
    assert aws.is_in_order(clumio_iam_roles)


@pytest.mark.usefixtures("impatient")
def test_a_role_that_is_never_seen_is_told_with_all_that_it_lacks(aws: FaultyAws) -> None:
    aws.refuse("iam:*RolePolicy", "NoSuchEntity", "The role with name Role cannot be found.", times=0)
    result = aws.run(clumio_iam_roles)
    assert result["failure"]["code"] == "aws_not_seen"
    assert [failure["aws_operation"] for failure in result["failure"]["failures"]] == [
        "AttachRolePolicy",
        "PutRolePolicy",
    ]
    assert "\n" not in result["msg"]
    aws.fault()
    aws.make(clumio_iam_roles)
    assert aws.is_in_order(clumio_iam_roles)


# ---- principals

PRINCIPALS = [
    (clumio_iam_roles, "iam:CreateRole", "MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"arn:aws:x"'),
    (clumio_sns_topic, "sns:CreateTopic", "InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound"),
    (
        clumio_sns_topic,
        "kms:CreateKey",
        "MalformedPolicyDocumentException",
        "Policy contains a statement with one or more invalid principals.",
    ),
]
PRINCIPALS_OF_UPDATES = [
    (clumio_iam_roles, "iam:UpdateAssumeRolePolicy", *PRINCIPALS[0][2:]),
    (clumio_sns_topic, "sns:SetTopicAttributes", *PRINCIPALS[1][2:]),
]


@pytest.mark.parametrize(("module", "call", "code", "message"), PRINCIPALS)
def test_a_principal_that_is_too_new_is_waited_for(
    aws: FaultyAws, module: ModuleType, call: str, code: str, message: str
) -> None:
    aws.refuse(call, code, message, times=2)
    aws.make(module)
    assert aws.count(call.partition(":")[2]) == 3
    assert aws.is_in_order(module)


@pytest.mark.parametrize(("module", "call", "code", "message"), PRINCIPALS_OF_UPDATES)
def test_a_principal_that_is_too_new_is_waited_for_in_an_update(
    aws: FaultyAws, module: ModuleType, call: str, code: str, message: str
) -> None:
    aws.make(module)
    aws.refuse(call, code, message, times=2)
    aws.make(module, **changed(module))
    assert aws.count(call.partition(":")[2]) == 3
    assert aws.is_in_order(module, **changed(module))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("module", "call", "code", "message"), PRINCIPALS)
def test_a_principal_that_does_not_exist_is_told(
    aws: FaultyAws, module: ModuleType, call: str, code: str, message: str
) -> None:
    aws.refuse(call, code, message, times=0)
    failed(aws.run(module), "aws_principal_unknown", message.rstrip("."), "still after", "principals of the policy")


@pytest.mark.parametrize(("module", "call", "code", "_message"), PRINCIPALS)
def test_a_policy_that_is_otherwise_wrong_is_refused_at_once(
    aws: FaultyAws, module: ModuleType, call: str, code: str, _message: str
) -> None:
    aws.refuse(call, code, "Syntax errors in policy.", times=0)
    result = aws.run(module)
    assert (result["failure"]["code"], result["failure"]["aws_code"]) == ("aws_refused", code)
    assert aws.count(call.partition(":")[2]) == 1


# ---- busy

BUSY = {
    clumio_eventbridge_rules: ("ConcurrentModificationException", ["events:Put*", "events:Tag*", "events:Remove*"]),
    clumio_iam_roles: (
        "ConcurrentModification",
        ["iam:Create*", "iam:Put*", "iam:Attach*", "iam:Add*", "iam:Update*", "iam:Tag*", "iam:De*", "iam:Remove*"],
    ),
    clumio_sns_topic: ("ConcurrentAccess", ["sns:Create*", "sns:Tag*", "sns:Delete*"]),
    clumio_ssm_documents: ("TooManyUpdates", ["ssm:Create*", "ssm:Update*", "ssm:Add*", "ssm:Delete*"]),
}


@pytest.mark.parametrize("module", BUSY, ids=lambda module: module.__name__.rpartition(".")[2])
def test_aws_is_asked_again_while_it_is_busy(aws: FaultyAws, module: ModuleType) -> None:
    """Each kind of writing call is refused twice, in a creation, an update and a removal."""
    code, patterns = BUSY[module]
    refusal = {"kind": "error", "status": 400, "code": code, "message": "Busy.", "times": 2}
    faults = [refusal | {"calls": pattern} for pattern in patterns]
    new = changed(module)
    aws.fault(*faults)
    aws.make(module)
    aws.fault(*faults)
    aws.make(module, **new)
    assert aws.is_in_order(module, **new)
    aws.fault(*faults)
    aws.make(module, state="absent", everything=True)
    refused = {call["action"] for call in aws.calls if call["error"] == code}
    assert all(any(action.startswith(pattern.rpartition(":")[2][:-1]) for action in refused) for pattern in patterns)
    assert sum(call["error"] == code for call in aws.calls) >= 2 * len(patterns)
    assert aws.client("sns").list_topics()["Topics"] == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("module", "call", "code"),
    [
        (clumio_eventbridge_rules, "events:PutRule", "ConcurrentModificationException"),
        (clumio_iam_roles, "iam:CreateInstanceProfile", "ConcurrentModification"),
        (clumio_sns_topic, "sns:CreateTopic", "StaleTag"),
        (clumio_ssm_documents, "ssm:CreateDocument", "TooManyUpdates"),
    ],
)
def test_aws_that_stays_busy_is_told(aws: FaultyAws, module: ModuleType, call: str, code: str) -> None:
    aws.refuse(call, code, "It is busy.", times=0)
    failed(aws.run(module), "aws_busy", f"It is busy ({code}), still after", "run again when that has ended")


# ---- targets that are refused in an answer of success


def refused_targets(*codes: str) -> dict[str, Any]:
    entries = [{"TargetId": "Target", "ErrorCode": code, "ErrorMessage": f"It is {code}."} for code in codes]
    return {"FailedEntryCount": len(codes), "FailedEntries": entries}


@pytest.mark.parametrize(("action", "state"), [("PutTargets", "present"), ("RemoveTargets", "absent")])
def test_targets_that_are_busy_are_tried_again(aws: FaultyAws, action: str, state: str) -> None:
    if state == "absent":
        aws.make(clumio_eventbridge_rules)
    answer = refused_targets("ConcurrentModificationException")
    before = aws.count(action)
    aws.fault({"kind": "answer", "calls": f"events:{action}", "answer": answer, "times": 2})
    aws.make(clumio_eventbridge_rules, state=state, **EVERYTHING[clumio_eventbridge_rules])
    assert aws.count(action) - before == 3
    if state == "present":
        assert aws.client("events").list_targets_by_rule(Rule="Rule")["Targets"]
    else:
        assert aws.client("events").list_rules()["Rules"] == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refused_targets("InternalFailure"), "Target: It is InternalFailure (InternalFailure)"),
        (
            refused_targets("ConcurrentModificationException", "ManagedRuleException"),
            "Target: It is ManagedRuleException (ManagedRuleException). A service of AWS keeps this rule",
        ),
        ({"FailedEntryCount": 1, "FailedEntries": []}, "AWS gave no reason"),
    ],
)
def test_targets_that_are_refused_are_told(aws: FaultyAws, answer: dict[str, Any], told: str) -> None:
    aws.fault({"kind": "answer", "calls": "events:PutTargets", "answer": answer, "times": 0})
    result = aws.run(clumio_eventbridge_rules)
    assert result["failure"]["code"] == "aws_refused"
    assert result["msg"].startswith("Cannot add the targets of the rule Rule: ")
    assert told in result["msg"]
    assert aws.count("PutTargets") == 1
    aws.fault()
    aws.make(clumio_eventbridge_rules)
    assert aws.is_in_order(clumio_eventbridge_rules)


# ---- no room


@pytest.mark.parametrize(
    ("module", "call", "code", "message"),
    [
        (clumio_iam_roles, "iam:CreateRole", "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000"),
        (clumio_iam_roles, "iam:AttachRolePolicy", "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10"),
        (clumio_eventbridge_rules, "events:PutRule", "LimitExceededException", "The requested resource exceeds 300"),
        (clumio_sns_topic, "sns:CreateTopic", "TopicLimitExceeded", "You have 100000 topics"),
        (clumio_sns_topic, "kms:CreateKey", "LimitExceededException", "You have 100000 keys"),
        (clumio_ssm_documents, "ssm:CreateDocument", "DocumentLimitExceeded", "You have 500 documents"),
    ],
)
def test_a_quota_is_told_at_once(aws: FaultyAws, module: ModuleType, call: str, code: str, message: str) -> None:
    aws.refuse(call, code, message, times=0)
    failed(aws.run(module), "aws_quota", f"{message} ({code}).", "Service Quotas")
    assert aws.count(call.partition(":")[2]) == 1


def test_too_many_versions_of_a_document_are_told_at_once(aws: FaultyAws) -> None:
    aws.make(clumio_ssm_documents)
    aws.refuse("ssm:UpdateDocument", "DocumentVersionLimitExceeded", "It has too many versions", times=0)
    result = aws.run(clumio_ssm_documents, **changed(clumio_ssm_documents))
    failed(result, "aws_quota", "Cannot write a new version of the SSM document Document: It has too many versions")
