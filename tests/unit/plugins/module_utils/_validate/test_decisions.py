# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import threading

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError
from ansible_collections.clumio.aws.plugins.module_utils._validate.decisions import (
    ALLOWED,
    BOUNDARY,
    NO_POLICY,
    Decision,
    Question,
    ask,
)

ROLE = "arn:aws:iam::123456789012:role/ClumioIAMRole"
KEY = ("aws:ResourceTag/Vendor", "string", ("Clumio",))


def answered(*results, **page):
    return {"EvaluationResults": list(results), "IsTruncated": False, **page}


def result(action="s3:GetObject", resource="*", decision="implicitDeny", **members):
    return {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision, **members}


def asked(*answers, question=None):
    """The decision about one question, from answers that botocore checks against the API's own shapes."""
    question = question or Question("s3:GetObject")
    client = boto3.client("iam", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    parameters = {
        "PolicySourceArn": ROLE,
        "ActionNames": [question.action],
        "ResourceArns": [question.resource],
        "ContextEntries": [
            {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": list(values)}
            for key, kind, values in question.context
        ],
    }
    with Stubber(client) as stubber:
        for number, answer in enumerate(answers):
            marker = {"Marker": str(number)} if number else {}
            stubber.add_response("simulate_principal_policy", answer, parameters | marker)
        decisions = ask(client, ROLE, [question])
        stubber.assert_no_pending_responses()
    assert set(decisions) == {question}
    return decisions[question]


def test_allowed():
    assert asked(answered(result(decision="allowed"))) == ALLOWED


def test_the_context_goes_along():
    question = Question("ec2:DeleteSnapshot", "arn:aws:ec2:us-west-2::snapshot/x", (KEY,))
    answer = answered(result("ec2:DeleteSnapshot", question.resource, "allowed"))
    assert asked(answer, question=question) == ALLOWED


NO_BOUNDARY = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}
NO_SCP = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
SAID_YES = {
    "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": True},
    "OrganizationsDecisionDetail": {"AllowedByOrganizations": True},
}
MATCHED_INLINE = {"MatchedStatements": [{"SourcePolicyId": "role_ClumioIAMRole_Theirs", "SourcePolicyType": "role"}]}
MATCHED = {"MatchedStatements": [{"SourcePolicyId": "Theirs", "SourcePolicyType": "user-managed"}]}


@pytest.mark.parametrize(
    ("members", "cause"),
    [
        ({}, NO_POLICY),
        (SAID_YES, NO_POLICY),
        (NO_BOUNDARY, BOUNDARY),
        (NO_SCP, "an SCP of the organization"),
        (NO_BOUNDARY | NO_SCP, f"{BOUNDARY} and an SCP of the organization"),
        ({"EvalDecision": "explicitDeny"}, "an explicit Deny"),
        ({"EvalDecision": "explicitDeny"} | MATCHED, "a Deny in Theirs"),
        ({"EvalDecision": "explicitDeny"} | MATCHED_INLINE, "a Deny in Theirs"),
        ({"EvalDecision": "explicitDeny"} | NO_SCP, "an SCP of the organization"),
        (NO_BOUNDARY | {"MissingContextValues": ["aws:SourceIp"]}, BOUNDARY),
    ],
)
def test_denied_and_why(members, cause):
    assert asked(answered(result() | members)) == Decision("denied", cause)


def test_what_depends_on_something_unknown_is_unknown():
    answer = answered(result(MissingContextValues=["aws:SourceVpc", "aws:SourceIp"]))
    assert asked(answer) == Decision("unknown", "it depends on aws:SourceIp, aws:SourceVpc")


def test_the_decision_about_the_resource_goes_first():
    arn = "arn:aws:s3:::b/x"
    specific = {"EvalResourceName": arn, "EvalResourceDecision": "allowed"}
    answer = answered(result(resource="*", ResourceSpecificResults=[specific]))
    assert asked(answer, question=Question("s3:GetObject", arn)) == ALLOWED


def test_the_name_of_the_resource_may_be_a_template():
    answer = answered(result(resource="arn:aws:s3:::${BucketName}/${KeyName}", decision="allowed"))
    assert asked(answer, question=Question("s3:GetObject", "arn:aws:s3:::b/x")) == ALLOWED


def test_all_pages_are_read():
    assert asked(answered(IsTruncated=True, Marker="1"), answered(result(decision="allowed"))) == ALLOWED


def test_no_answer_is_no_decision():
    assert asked(answered()) == Decision("unknown", "AWS gave no decision")


def test_a_refusal_is_an_error():
    client = boto3.client("iam", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubber:
        stubber.add_client_error("simulate_principal_policy", "AccessDenied", "No.")
        with pytest.raises(ClumioError) as error:
            ask(client, ROLE, [Question("s3:GetObject")])
    assert error.value.code == "aws_access_denied"


class Simulator:
    """Allows an action on a resource if the name of the action has the resource in it."""

    def __init__(self):
        self.calls = []
        self._lock = threading.Lock()

    def simulate_principal_policy(self, **parameters):
        with self._lock:
            self.calls.append(parameters)
        # botocore gives them back in its own case and order.
        return answered(
            *(
                result(action.upper(), resource, "allowed" if resource in action else "implicitDeny")
                for action in parameters["ActionNames"]
                for resource in parameters["ResourceArns"]
            )
        )


questions = st.builds(
    Question,
    action=st.sampled_from([f"a:{letters}" for letters in ("p", "q", "pq", "qr", "r")]),
    resource=st.sampled_from("pqr"),
    context=st.sampled_from([(), (KEY,)]),
)


@given(st.lists(questions, max_size=40))
def test_every_question_gets_its_own_answer(some):
    simulator = Simulator()
    decisions = ask(simulator, ROLE, some)
    assert set(decisions) == set(some)
    for question, decision in decisions.items():
        assert (decision == ALLOWED) == (question.resource in question.action)
    pairs = sum(len(call["ActionNames"]) * len(call["ResourceArns"]) for call in simulator.calls)
    assert pairs == len(set(some))


class Strict(Simulator):
    """Takes actions of one kind together only, and one not at all."""

    def simulate_principal_policy(self, **parameters):
        kinds = {action.partition("-")[0] for action in parameters["ActionNames"]}
        if len(kinds) > 1 or kinds == {"a:no"}:
            error = {"Error": {"Code": "InvalidInput", "Message": "different authorization information"}}
            raise ClientError(error, "SimulatePrincipalPolicy")
        return super().simulate_principal_policy(**parameters)


def test_actions_that_cannot_be_asked_about_together_are_asked_about_apart():
    some = [Question(f"a:{kind}-{number}", "p") for kind in ("p", "q") for number in range(3)]
    decisions = ask(Strict(), ROLE, [*some, Question("a:no-1", "p")])
    assert [decisions[question] == ALLOWED for question in some] == [True] * 3 + [False] * 3
    assert decisions[Question("a:no-1", "p")].status == "unknown"
    assert "different authorization information" in decisions[Question("a:no-1", "p")].cause


def test_a_star_is_asked_about_alone():
    simulator = Simulator()
    ask(simulator, ROLE, [Question("a:p", "*"), Question("a:p", "p")])
    assert sorted(call["ResourceArns"] for call in simulator.calls) == [["*"], ["p"]]


def test_questions_are_asked_in_batches():
    simulator = Simulator()
    some = [Question(f"a:{number}", resource) for number in range(250) for resource in "pq"]
    assert len(ask(simulator, ROLE, some)) == 500
    assert len(simulator.calls) == 3
    assert max(len(call["ActionNames"]) for call in simulator.calls) == 100
