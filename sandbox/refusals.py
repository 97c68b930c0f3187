# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How AWS says no: the answer to a call that fails, in the protocol and in the words of the service."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import uuid4
from xml.sax.saxutils import escape

#: The services whose calls can be refused, by the names under which requests to them are signed, with IAM's own names:
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
IAM_SERVICES = {
    "events": "events",
    "iam": "iam",
    "kms": "kms",
    "sns": "sns",
    "ssm": "ssm",
    "sts": "sts",
    "tagging": "tag",
}

#: Those of them that speak the query protocol and XML; the others speak JSON.
_QUERY_SERVICES = ("iam", "sns", "sts")

#: Code and sentence of services that have their own for too many calls; others have those of their protocol.
#: Sources: https://repost.aws/knowledge-center/iam-sts-throttling-error (IAM, STS; SNS says the same),
#: https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html,
#: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
_RATE_EXCEEDED = "Rate exceeded"
_THROTTLED = {
    "kms": (
        "ThrottlingException",
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
    ),
    "tagging": ("ThrottledException", _RATE_EXCEEDED),
}


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP; ``code`` is AWS's code of the error in it, empty where it is none."""

    status: int
    code: str
    content_type: str
    body: bytes
    request_id: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Type": self.content_type, "x-amzn-RequestId": self.request_id}


def refusal(service: str, status: int, code: str, message: str) -> Answer:
    """An error of a service, named as requests to it are signed."""
    request_id = str(uuid4())
    if service in _QUERY_SERVICES:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        body = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
        return Answer(status, code, "text/xml", body.encode(), request_id)
    body = json.dumps({"__type": code, "Message": message})
    return Answer(status, code, "application/x-amz-json-1.1", body.encode(), request_id)


def throttling(service: str) -> Answer:
    """The refusal of a call that is one too many."""
    usual = "Throttling" if service in _QUERY_SERVICES else "ThrottlingException"
    return refusal(service, 400, *_THROTTLED.get(service, (usual, _RATE_EXCEEDED)))


def denial(service: str, action: str, caller: str, resource: str) -> Answer:
    """The refusal of a call that no policy of the caller allows.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html

    Args:
        action: in IAM's words.
        caller: ARN of who calls.
        resource: ARN of what the call is about, or a star.
    """
    message = (
        f"User: {caller} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )
    if service not in _QUERY_SERVICES:
        return refusal(service, 400, "AccessDeniedException", message)
    # SNS has a code of its own: https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
    return refusal(service, 403, "AuthorizationError" if service == "sns" else "AccessDenied", message)
