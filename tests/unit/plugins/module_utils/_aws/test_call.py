# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import json
import threading
from functools import partial
from urllib.parse import quote

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
)

from ansible_collections.clumio.aws.plugins.module_utils._aws._call import CONCURRENCY, AwsError, call, config, find
from ansible_collections.clumio.aws.plugins.module_utils._provision import parallel

PRINCIPAL = "arn:aws:sts::111122223333:assumed-role/Operator/jo"
USER = (
    f"User: {PRINCIPAL} is not authorized to perform: iam:CreateRole "
    "on resource: arn:aws:iam::111122223333:role/ClumioIAMRole"
)


def refusing(code, message=""):
    return failing(ClientError({"Error": {"Code": code, "Message": message}}, "CreateRole"))


def failing(error):
    def method(**_parameters):
        raise error

    return method


def failure(method):
    with pytest.raises(AwsError) as caught:
        call(method, "create the role R", RoleName="R")
    return caught.value


def test_an_answer():
    assert call(lambda **parameters: {"got": parameters}, "do it", A=1) == {"got": {"A": 1}}


@pytest.mark.parametrize(
    ("reason", "by"),
    [
        ("because no identity-based policy allows the iam:CreateRole action", "no policy that allows it"),
        ("with an explicit deny in an identity-based policy", "an explicit Deny"),
        ("with an explicit deny in a service control policy", "an SCP of the organization"),
        ("because no service control policy allows the iam:CreateRole action", "an SCP of the organization"),
        ("with an explicit deny in a resource control policy", "an RCP of the organization"),
        ("because no permissions boundary allows the iam:CreateRole action", "the principal's permissions boundary"),
        ("with an explicit deny in a permissions boundary", "the principal's permissions boundary"),
        ("because no session policy allows the iam:CreateRole action", "the session's policy"),
        ("", "no policy that allows it"),
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "AuthorizationError"])
def test_access_denied(code, reason, by):
    message = f"{USER} {reason}".strip()
    error = failure(refusing(code, message))
    assert error.as_result() == {
        "msg": f"Cannot create the role R: {PRINCIPAL} may not iam:CreateRole "
        f"(decided by {by}). Ask the owner of the account for this action.",
        "failure": {
            "code": "aws_access_denied",
            "hint": "Ask the owner of the account for this action.",
            "action": "iam:CreateRole",
            "principal": PRINCIPAL,
            "denied_by": by,
            "aws_code": code,
            "aws_operation": "CreateRole",
            "aws_message": message,
        },
    }


def test_access_denied_without_details():
    error = failure(refusing("AccessDenied", "Access denied"))
    assert error.code == "aws_access_denied"
    assert error.sentence == "Cannot create the role R: access denied (Access denied)."


@pytest.mark.parametrize(
    ("code", "message", "sentence"),
    [
        ("InvalidInput", "It is not valid.", "Cannot create the role R: It is not valid (InvalidInput)."),
        ("ServiceFailure", "", "Cannot create the role R: AWS gave no reason (ServiceFailure)."),
        (
            "EntityAlreadyExists",
            "Taken.",
            (
                "Cannot create the role R: Taken (EntityAlreadyExists). "
                "It may be at another IAM path, or another run has made it this moment."
            ),
        ),
    ],
)
def test_a_refusal(code, message, sentence):
    error = failure(refusing(code, message))
    assert error.sentence == sentence
    assert (error.code, error.facts["aws_code"], error.facts["aws_operation"]) == ("aws_refused", code, "CreateRole")


@pytest.mark.parametrize(
    "code",
    [
        "LimitExceeded",
        "LimitExceededException",
        "TopicLimitExceeded",
        "DocumentLimitExceeded",
        "DocumentVersionLimitExceeded",
    ],
)
def test_no_room_for_more(code):
    """AWS's message tells which quota it is."""
    error = failure(refusing(code, "Cannot exceed quota for RolesPerAccount: 1000"))
    assert error.code == "aws_quota"
    assert error.sentence == (
        f"Cannot create the role R: Cannot exceed quota for RolesPerAccount: 1000 ({code}). "
        "Remove what is not needed any more, or ask AWS for more with Service Quotas, and run this again."
    )


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("Throttling", "Rate exceeded", "Throttling: Rate exceeded"),
        ("ThrottlingException", "Rate exceeded.", "ThrottlingException: Rate exceeded"),
        ("ThrottledException", "", "ThrottledException: no reason given"),
    ],
)
def test_too_many_calls(code, message, told):
    error = failure(refusing(code, message))
    assert error.as_result() == {
        "msg": "Cannot create the role R: AWS throttles the calls of this account, and has taken none of this run for "
        f"120 seconds ({told}). Run again when less is going on in the account, or for fewer connections at once "
        "(forks); what is made stays.",
        "failure": {
            "code": "aws_throttled",
            "hint": "Run again when less is going on in the account, or for fewer connections at once (forks); "
            "what is made stays.",
            "aws_code": code,
            "aws_operation": "CreateRole",
            "aws_message": message.rstrip("."),
        },
    }


@pytest.mark.parametrize(
    "code",
    [
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ],
)
def test_credentials_that_aws_does_not_accept(code):
    error = failure(refusing(code, "The security token included in the request is expired"))
    assert error.code == "aws_credentials"
    assert error.message == f"Cannot create the role R: AWS does not accept the credentials ({code})."
    assert "run this again: it goes on where it was stopped" in error.hint


# A session token has several hundred characters, as a rule.
TOKEN = "IQoJb3JpZ2luX2VjEJr/+" * 16 + "=="


@pytest.mark.parametrize("written", [TOKEN, quote(TOKEN, safe=""), base64.b64encode(TOKEN.encode()).decode()])
@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException", "ValidationError"])
def test_aws_quotes_the_session_token(code, written):
    """It does so of itself, in the canonical string of a request whose signature it does not accept."""
    message = f"The Canonical String for this request should have been\n'POST\n/\nx-amz-security-token:{written}\n'"
    told = json.dumps(failure(refusing(code, message)).as_result())
    assert written not in told
    assert "x-amz-security-token:<session token>" in told


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoCredentialsError(), "aws_credentials"),
        (PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "aws_credentials"),
        (CredentialRetrievalError(provider="process", error_msg="no"), "aws_credentials"),
        (EndpointConnectionError(endpoint_url="https://iam.amazonaws.com"), "aws_unreachable"),
        (ConnectTimeoutError(endpoint_url="https://iam.amazonaws.com"), "aws_unreachable"),
    ],
)
def test_no_answer(error, code):
    told = failure(failing(error))
    assert (told.code, told.facts["aws_code"]) == (code, "")
    assert told.message.startswith("Cannot create the role R: ")
    assert told.message.endswith(".")
    assert told.hint


def test_parameters_that_boto3_refuses(aws):
    """No call is made, so neither the network nor the region is to blame."""
    with pytest.raises(AwsError) as caught:
        call(aws.client("iam").get_role, "read the role", RoleName="")
    assert caught.value.code == "aws_refused"
    assert "Invalid length for parameter RoleName" in caught.value.message
    assert "\n" not in caught.value.sentence
    assert "network" not in caught.value.sentence


@pytest.mark.parametrize(("code", "absent"), [("NoSuchEntity", ("NoSuchEntity",)), ("B", ("A", "B"))])
def test_find_what_is_not_there(code, absent):
    assert find(refusing(code), "read it", absent, RoleName="R") is None


def test_find_what_is_there():
    assert find(lambda **_parameters: {"a": 1}, "read it", ("NoSuchEntity",)) == {"a": 1}


@pytest.mark.parametrize("method", [refusing("AccessDenied", USER), failing(NoCredentialsError())])
def test_find_fails_for_any_other_reason(method):
    with pytest.raises(AwsError):
        find(method, "read it", ("NoSuchEntity",))


def test_retries_are_botocores():
    made = config()
    assert made.retries == {"mode": "standard", "max_attempts": 10}
    assert made.max_pool_connections == CONCURRENCY


def test_no_more_calls_are_under_way_than_connections_are_open_however_deep_their_threads_are():
    together, lock = threading.Barrier(CONCURRENCY), threading.Lock()
    under_way, most = 0, 0

    def method():
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait(30)
        with lock:
            under_way -= 1
        return {}

    inner = [partial(call, method, "do it")] * 4
    parallel.run([partial(parallel.run, inner)] * CONCURRENCY)
    assert most == CONCURRENCY


def test_a_call_that_fails_makes_room_for_another():
    for _ in range(CONCURRENCY + 1):
        assert failure(refusing("NoSuchEntity")).code == "aws_refused"
