# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one who runs the playbooks: whether AWS lets the credentials do what the tasks need, asked before they try."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws import iam
from .._aws._call import is_denial
from .._errors import ClumioError
from .._permissions.names import Connection
from .._permissions.operator import Need
from .check import Check
from .decisions import ALLOWED, BOUNDARY, NO_POLICY, Decision, Question, ask, by_cause, refused

_HAND_OVER = "Have the owner of the account give the credentials the returned policy."
_ASK_THEIR_OWNER = "Ask the owner of the boundary, the Deny or the organization's policies to allow these actions."

_NOT_ASKED = "the credentials may not iam:SimulatePrincipalPolicy"

# Actions that the sentence of a result names; the others are counted, and checks name them all.
_NAMED = 20

# IAM works in one region of a partition; there a policy about regions decides on its calls.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (aws:RequestedRegion)
_REGION_OF_IAM = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@dataclass(frozen=True)
class Principal:
    """Who the credentials are.

    Args:
        arn: of the role or user, which a policy can be attached to; else as AWS tells it.
        root: whether it is the root user of the account, which no policy of the account binds.
        unknown: why AWS cannot be asked what it may do, a sentence; empty where it can.
        hint: what to do about that.
    """

    arn: str
    root: bool = False
    unknown: str = ""
    hint: str = ""


def principal(client: Any, caller: str) -> Principal:
    """The role or user behind some credentials.

    Args:
        client: of IAM.
        caller: C(Arn) of GetCallerIdentity.

    Raises:
        AwsError: from the call; not where the credentials lack the right to it.
    """
    kind, _slash, name = caller.split(":", 5)[5].partition("/")
    if kind == "root":
        return Principal(caller, root=True)
    if kind == "user":
        return Principal(caller)
    if kind != "assumed-role":
        return Principal(
            caller,
            unknown=f"AWS does not tell what a {kind} may do",
            hint="Use credentials of a role or a user to find out before.",
        )
    name = name.partition("/")[0]
    # What AWS tells of the session lacks the path of the role.
    try:
        role = iam.get_role(client, name)
    except ClumioError as error:
        if not is_denial(error):
            raise
        return Principal(caller, unknown=error.message, hint="Give the role iam:GetRole on itself to find out before.")
    if role is None:
        return Principal(caller, unknown=f"there is no role {name} any more", hint="Use other credentials.")
    return Principal(str(role["Arn"]))


def decide(
    client: Any, who: Principal, needs: Sequence[Need], connection: Connection, boundary: str = ""
) -> dict[Need, Decision]:
    """AWS's decision about each need.

    Args:
        client: of IAM.
        who: the principal.
        needs: what is to be decided about.
        connection: whose resources are meant.
        boundary: ARN of the permissions boundary that roles are to have; empty for none.

    Raises:
        AwsError: from the calls; not where the credentials lack the right to ask.
    """
    if who.root or who.unknown:
        return dict.fromkeys(needs, Decision("unknown", who.unknown) if who.unknown else ALLOWED)
    questions = {
        need: Question(need.action, need.resource, tuple(_context(need.action, connection, boundary))) for need in needs
    }
    try:
        answers = ask(client, who.arn, questions.values())
    except ClumioError as error:
        if not is_denial(error):
            raise
        return dict.fromkeys(needs, Decision("unknown", _NOT_ASKED))
    return {need: answers[question] for need, question in questions.items()}


def _context(action: str, connection: Connection, boundary: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What is known of a call and what policies of operators often ask for."""
    of_iam = action.startswith("iam:")
    region = _REGION_OF_IAM.get(connection.partition) if of_iam else connection.region
    if region:
        yield "aws:RequestedRegion", "string", (region,)
    if of_iam and boundary:
        yield "iam:PermissionsBoundary", "string", (boundary,)
    if action == "iam:PassRole":
        # Instance profiles pass their role to EC2.
        yield "iam:PassedToService", "string", ("ec2.amazonaws.com",)


def checks(who: Principal, decisions: Mapping[Need, Decision]) -> list[Check]:
    """A check for each service that a task needs."""
    grouped: dict[tuple[str, str], dict[Need, Decision]] = {}
    for need, decision in decisions.items():
        grouped.setdefault((need.task, need.action.partition(":")[0]), {})[need] = decision
    return [_check(f"access to {service} for {task}", who, found) for (task, service), found in grouped.items()]


def _check(name: str, who: Principal, decisions: Mapping[Need, Decision]) -> Check:
    check = partial(Check, name=name, side="aws", entity=who.arn)
    denied, unknown = _by_cause(decisions)
    if not denied and not unknown:
        return check(status="ok")
    return check(
        status="denied" if denied else "unknown",
        expected=sorted({need.action for need in decisions}),
        found=denied | unknown,
        differences=(*(refused(cause, actions) for cause, actions in denied.items()), *unknown),
        hint=_hint(who, {*denied, *unknown}),
    )


def _by_cause(decisions: Mapping[Need, Decision]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The actions that are refused and those of which nothing is known, by what they were decided by."""
    decided = [(need.action, decision) for need, decision in decisions.items()]
    return by_cause(decided, "denied"), by_cause(decided, "unknown")


def _hint(who: Principal, causes: set[str]) -> str:
    """What to do about some causes."""
    if who.hint:
        return who.hint
    if _NOT_ASKED in causes:
        return f"To find out before, they need iam:SimulatePrincipalPolicy on {who.arn}."
    hints = [_HAND_OVER] if NO_POLICY in causes else []
    hints += (
        [_ASK_THEIR_OWNER] if any(BOUNDARY in cause or "Deny" in cause or "SCP" in cause for cause in causes) else []
    )
    return " ".join(hints)


def missing(decisions: Mapping[Need, Decision]) -> list[dict[str, Any]]:
    """What is refused, with the tasks that need it: a row for each action and resource, sorted."""
    tasks: dict[tuple[str, str, str], list[str]] = {}
    for need, decision in decisions.items():
        if decision.status == "denied":
            tasks.setdefault((need.action, need.resource, decision.cause), []).append(need.task)
    return [
        {"action": action, "resource": resource, "cause": cause, "tasks": needed}
        for (action, resource, cause), needed in sorted(tasks.items())
    ]


def as_result(
    connection_id: str, tasks: Sequence[str], who: Principal, decisions: Mapping[Need, Decision]
) -> dict[str, Any]:
    """What the module returns: the verdict in a word, in a sentence, and all checks.

    Args:
        connection_id: C(111122223333_us-west-2).
        tasks: that were asked about.
        who: the principal.
        decisions: about every need of these tasks.
    """
    found = checks(who, decisions)
    denied, unknown = _by_cause(decisions)
    needed = f"{_listed(tasks)} {'needs' if len(tasks) == 1 else 'need'} in {connection_id}"
    count = len({need.action for need in decisions})
    result: dict[str, Any] = {
        "changed": False,
        "valid": not denied,
        "checks": [check.as_dict() for check in found],
        "missing": missing(decisions),
        "principal": who.arn,
    }
    hint = _hint(who, {*denied, *unknown})
    if denied:
        lacking = len({action for actions in denied.values() for action in actions})
        causes = "; ".join(refused(cause, actions, _NAMED) for cause, actions in denied.items())
        told = [f"{who.arn} lacks {lacking} of the {count} actions that {needed}: {causes}."]
        result["failure"] = {"code": "missing_access", "hint": hint}
    elif unknown:
        told = [f"Whether {who.arn} may do what {needed} cannot be told: {'; '.join(unknown)}."]
    elif who.root:
        told = [f"{who.arn} may do what {needed}: the root user may do whatever the organization's policies let it."]
    else:
        told = [f"{who.arn} may do what {needed} ({count} actions)."]
    result["msg"] = " ".join(filter(None, [*told, hint]))
    return result


def _listed(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
