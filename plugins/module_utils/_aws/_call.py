# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One remote call of AWS and what can come back: an answer, nothing there, or a sentence about why not."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection
from typing import Any

try:
    import botocore.exceptions
    from botocore.config import Config
except ImportError:
    # AnsibleAWSModule refuses to start without botocore, with Ansible's own sentence about it.
    pass

from .._errors import ClumioError
from .codes import OVERTAKEN, QUOTA, says
from .pace import PATIENCE_SECONDS, THROTTLED

# Calls that may be under way at once; a client keeps as many connections open.
CONCURRENCY = 16
# Calls at once may have calls at once within them, each in threads of their own.
_UNDER_WAY = threading.BoundedSemaphore(CONCURRENCY)

_ATTEMPTS = 10

# "User: arn:... is not authorized to perform: iam:CreateRole on resource: ... because no identity-based policy ..."
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_DENIED = re.compile(
    r"User: (?P<principal>\S+) is not authorized to perform: (?P<action>[\w:*-]+)(?P<rest>.*)", re.DOTALL
)
_DENIED_BY = (
    ("service control policy", "an SCP of the organization"),
    ("resource control policy", "an RCP of the organization"),
    ("permissions boundary", "the principal's permissions boundary"),
    ("session policy", "the session's policy"),
    ("explicit deny", "an explicit Deny"),
)
# To a request whose signature is wrong AWS answers with all that it should have signed, the session token included.
# Such a token has hundreds of characters; no name has so many.
_SESSION_TOKEN = re.compile(r"[A-Za-z0-9+/=%]{100,}")
_DENIED_CODES = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
# What to do about errors that say only what is the matter.
HINTS = {
    # IAM looks at names without their paths.
    "EntityAlreadyExists": "It may be at another IAM path, or another run has made it this moment.",
    "ManagedRuleException": "A service of AWS keeps this rule; give ours another name.",
}
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html, and those of the other services.
_BAD_CREDENTIALS = (
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)


class AwsError(ClumioError):
    """AWS refused a call or could not be reached."""


def is_denial(error: ClumioError) -> bool:
    """Whether the credentials lack a right, and nothing else is the matter: the one failure that a look may survive."""
    return error.codes == {"aws_access_denied"}


def is_overtaken(error: ClumioError) -> bool:
    """Whether all that is the matter is that somebody else was faster, so that it helps to look again."""
    return says(error.facts, OVERTAKEN)


def config() -> Config:
    """The client configuration of every client: the one place of retries and of the number of connections.

    What AWS throttles is not among these retries, see C(pace).
    """
    return Config(
        retries={"mode": "standard", "max_attempts": _ATTEMPTS},
        max_pool_connections=CONCURRENCY,
        connect_timeout=10,
        read_timeout=60,
    )


def call(method: Callable[..., Any], task: str, /, **parameters: Any) -> dict[str, Any]:
    """Make one call.

    Args:
        method: of a boto3 client.
        task: what it is for, C(create the role ClumioIAMRole); the error's sentence begins with it.
        parameters: of the call, in AWS's own spelling.

    Raises:
        AwsError: the call failed; C(failure.aws_code) is AWS's code, empty where no answer came.
    """
    try:
        with _UNDER_WAY:
            answer: dict[str, Any] = method(**parameters)
    except botocore.exceptions.ClientError as error:
        raise _refused(error, task) from error
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.HTTPClientError) as error:
        raise _unreachable(error, task, getattr(method, "__name__", "")) from error
    return answer


def find(method: Callable[..., Any], task: str, absent: Collection[str], /, **parameters: Any) -> dict[str, Any] | None:
    """Make one reading call whose object may not exist: None for the error codes in C(absent)."""
    try:
        return call(method, task, **parameters)
    except AwsError as error:
        if error.facts["aws_code"] in absent:
            return None
        raise


def _refused(error: botocore.exceptions.ClientError, task: str) -> AwsError:
    answer = error.response.get("Error", {})
    code = str(answer.get("Code", ""))
    message = _SESSION_TOKEN.sub("<session token>", str(answer.get("Message", ""))).rstrip(".")
    facts: dict[str, Any] = {
        "aws_code": code,
        "aws_operation": error.operation_name,
        "aws_message": message,
    }
    if code in _BAD_CREDENTIALS:
        return AwsError(
            f"Cannot {task}: AWS does not accept the credentials ({code}).",
            code="aws_credentials",
            hint="Sign in again or renew the credentials, and run this again: it goes on where it was stopped.",
            **facts,
        )
    if code in THROTTLED:
        return AwsError(
            f"Cannot {task}: AWS throttles the calls of this account, and has taken none of this run for "
            f"{PATIENCE_SECONDS:.0f} seconds ({code}: {message or 'no reason given'}).",
            code="aws_throttled",
            hint="Run again when less is going on in the account, or for fewer connections at once (forks); "
            "what is made stays.",
            **facts,
        )
    if code not in _DENIED_CODES:
        said = f"Cannot {task}: {message or 'AWS gave no reason'} ({code})."
        if says(facts, QUOTA) and not says(facts, OVERTAKEN):
            return AwsError(
                said,
                code="aws_quota",
                hint="Remove what is not needed any more, or ask AWS for more with Service Quotas, and run this again.",
                **facts,
            )
        return AwsError(said, code="aws_refused", hint=HINTS.get(code, ""), **facts)
    denied = _DENIED.search(message)
    if not denied:
        return AwsError(f"Cannot {task}: access denied ({message}).", code="aws_access_denied", **facts)
    by = next((name for words, name in _DENIED_BY if words in denied["rest"]), "no policy that allows it")
    return AwsError(
        f"Cannot {task}: {denied['principal']} may not {denied['action']} (decided by {by}).",
        code="aws_access_denied",
        hint="Ask the owner of the account for this action.",
        action=denied["action"],
        principal=denied["principal"],
        denied_by=by,
        **facts,
    )


def _unreachable(error: Exception, task: str, method: str) -> AwsError:
    facts = {"aws_code": ""}
    if isinstance(error, botocore.exceptions.ParamValidationError):
        code, hint = "aws_refused", ""
    elif isinstance(error, _credential_errors()):
        code, hint = (
            "aws_credentials",
            "Give credentials by environment, profile or option, as for any amazon.aws module.",
        )
    else:
        code, hint = "aws_unreachable", "Check the network and the region."
        facts["aws_operation"] = method.title().replace("_", "")
    return AwsError(f"Cannot {task}: {' '.join(str(error).split()).rstrip('.')}.", code=code, hint=hint, **facts)


def _credential_errors() -> tuple[type[Exception], ...]:
    return (
        botocore.exceptions.NoCredentialsError,
        botocore.exceptions.PartialCredentialsError,
        botocore.exceptions.CredentialRetrievalError,
        botocore.exceptions.TokenRetrievalError,
        botocore.exceptions.SSOError,
    )
