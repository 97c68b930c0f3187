# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asking IAM's policy simulator what a principal may really do: boundaries and an organization's SCPs included.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from .._aws import iam
from .._errors import ClumioError
from .._provision import parallel

NO_POLICY = "no policy that allows it"
BOUNDARY = "the permissions boundary"

# The API names no limit of its own; a request this long stays far below IAM's of 1 MB, and its answer is one page.
_MOST_ACTIONS = 100


@dataclass(frozen=True)
class Question:
    """May the principal do this?

    Args:
        action: C(ec2:CreateSnapshot), without wildcards.
        resource: an ARN without wildcards, or a star.
        context: key, type in the API's words and values of each context key.
    """

    action: str
    resource: str = "*"
    context: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Decision:
    """The answer, and what takes the right away, or why there is no answer; empty for what is allowed."""

    status: Literal["allowed", "denied", "unknown"]
    cause: str = ""


ALLOWED = Decision("allowed")


def ask(client: Any, principal: str, questions: Iterable[Question]) -> dict[Question, Decision]:
    """The simulator's decision about each question, asked in batches and in parallel.

    Args:
        client: of IAM.
        principal: ARN of a user or a role.

    Raises:
        AwsError: among others if the credentials may not ask.
    """
    batches = list(_batches(set(questions)))
    answers = parallel.run(
        [partial(_simulated, client, principal, actions, resources, context) for actions, resources, context in batches]
    )
    result: dict[Question, Decision] = {}
    for (actions, resources, context), answer in zip(batches, answers, strict=True):
        for action in actions:
            for resource in resources:
                # One resource alone has no results of its own, and the name in the answer is a template.
                alone = answer.get((action.lower(), "")) if len(resources) == 1 else None
                decision = answer.get((action.lower(), resource)) or alone
                result[Question(action, resource, context)] = decision or Decision("unknown", "AWS gave no decision")
    return result


def by_cause(decided: Iterable[tuple[str, Decision]], status: str) -> dict[str, list[str]]:
    """Actions with decisions: those of one status, by what they were decided by."""
    found: dict[str, set[str]] = {}
    for action, decision in decided:
        if decision.status == status:
            found.setdefault(decision.cause, set()).add(action)
    return {cause: sorted(actions) for cause, actions in sorted(found.items())}


def refused(cause: str, actions: Sequence[str], most: int | None = None) -> str:
    """Words about actions that are refused, of which so many are named at most."""
    count = "1 action is" if len(actions) == 1 else f"{len(actions)} actions are"
    by = "allowed by no policy" if cause == NO_POLICY else f"denied by {cause}"
    return f"{count} {by}: {named(actions, most)}"


def named(actions: Sequence[str], most: int | None = None) -> str:
    """The first of some actions, and how many more there are."""
    shown = actions[:most]
    more = f" and {len(actions) - len(shown)} more" if len(shown) < len(actions) else ""
    return f"{', '.join(shown)}{more}"


_Batch = tuple[Sequence[str], Sequence[str], tuple[tuple[str, str, tuple[str, ...]], ...]]


def _batches(questions: Iterable[Question]) -> Iterator[_Batch]:
    """Actions and resources of which every pair is asked, under one context."""
    by_resource: dict[tuple[Any, str], set[str]] = {}
    for question in questions:
        by_resource.setdefault((question.context, question.resource), set()).add(question.action)
    alike: dict[tuple[Any, tuple[str, ...], bool], list[str]] = {}
    for (context, resource), actions in sorted(by_resource.items()):
        # The decision about a star is the one about everything asked, so it is asked about alone.
        alike.setdefault((context, tuple(sorted(actions)), resource == "*"), []).append(resource)
    for (context, named, _star), resources in alike.items():
        for start in range(0, len(named), _MOST_ACTIONS):
            yield named[start : start + _MOST_ACTIONS], resources, context


def _simulated(
    client: Any, principal: str, actions: Sequence[str], resources: Sequence[str], context: Any
) -> dict[tuple[str, str], Decision]:
    """Decisions by action, in lower case, and resource; under an empty one that about all resources together.

    Actions that AWS does not take together ("require different authorization information", which its documents do not
    tell in advance) are asked about apart.
    """
    try:
        return _answers(client, principal, actions, resources, context)
    except ClumioError as error:
        if error.facts.get("aws_code") != "InvalidInput":
            raise
        if len(actions) == 1:
            undecided = Decision("unknown", f"AWS does not decide about it ({error.facts['aws_message']})")
            return {(actions[0].lower(), resource): undecided for resource in resources}
    middle = len(actions) // 2
    return {
        **_simulated(client, principal, actions[:middle], resources, context),
        **_simulated(client, principal, actions[middle:], resources, context),
    }


def _answers(
    client: Any, principal: str, actions: Sequence[str], resources: Sequence[str], context: Any
) -> dict[tuple[str, str], Decision]:
    """What one request gives."""
    entries = {key: (kind, values) for key, kind, values in context}
    found: dict[tuple[str, str], Decision] = {}
    # What the simulator calls an inline policy begins with this.
    inline = re.compile(rf"(role|user)_{re.escape(principal.rpartition('/')[2])}_")
    for result in iam.simulate_principal_policy(client, principal, actions, resources, entries):
        action = result["EvalActionName"].lower()
        whole = _decision(result, result["EvalDecision"], result, inline)
        found |= {(action, ""): whole, (action, result.get("EvalResourceName", "*")): whole}
        for specific in result.get("ResourceSpecificResults", []):
            decision = _decision(specific, specific["EvalResourceDecision"], result, inline)
            found[action, specific["EvalResourceName"]] = decision
    return found


def _decision(result: Mapping[str, Any], decided: str, whole: Mapping[str, Any], inline: re.Pattern[str]) -> Decision:
    """The decision about one resource.

    Args:
        result: about the resource.
        decided: the decision in the API's word.
        whole: about all resources of the action, where alone the organization's decision stands.
        inline: what the names of inline policies begin with.
    """
    if decided == "allowed":
        return ALLOWED
    missing = result.get("MissingContextValues") or whole.get("MissingContextValues")
    bounded = result.get("PermissionsBoundaryDecisionDetail") or whole.get("PermissionsBoundaryDecisionDetail") or {}
    organization = whole.get("OrganizationsDecisionDetail") or {}
    causes = []
    if bounded.get("AllowedByPermissionsBoundary") is False:
        causes.append(BOUNDARY)
    if organization.get("AllowedByOrganizations") is False:
        causes.append("an SCP of the organization")
    if not causes and missing:
        return Decision("unknown", f"it depends on {', '.join(sorted(missing))}")
    if not causes and decided == "explicitDeny":
        matched = {
            inline.sub("", found.get("SourcePolicyId", ""), count=1) for found in result.get("MatchedStatements", [])
        }
        policies = sorted(matched - {""})
        causes.append(f"a Deny in {', '.join(policies)}" if policies else "an explicit Deny")
    return Decision("denied", " and ".join(causes) or NO_POLICY)
