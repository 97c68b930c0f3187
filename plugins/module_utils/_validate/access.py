# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Clumio may really do in the account: a verdict on every permission of the plan, as checks and as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar

from .._aws import iam
from .._aws._call import is_denial
from .._change import Change
from .._clumio.asset_types import CANONICAL
from .._errors import ClumioError
from .._permissions.audit import audit_trust, external_ids
from .._permissions.capabilities import ALL, CAPABILITIES, Cell, Need, needs
from .._permissions.catalogue import spelled_out
from .._permissions.documents import Document
from .._permissions.grants import ALL_BUT, Grant
from .._permissions.names import Connection
from .._permissions.plan import Policy, Resource, Role
from .._provision import parallel
from .check import ACCESS_OF, REPAIR, TRUST_OF, Check
from .decisions import ALLOWED, NO_POLICY, Decision, Question, ask, by_cause, named, refused
from .held import Documents, Held, managed_policies

R = TypeVar("R", bound=Resource)

_ASK_THEIR_OWNER = "Ask the owner of the boundary, or of the organization's policies, to allow these actions."
_GIVE_THE_RIGHT = "Give the credentials iam:SimulatePrincipalPolicy, or leave simulate out."

# Actions that a sentence names; the others are counted.
_NAMED = 5


@dataclass(frozen=True)
class Row:
    """What Clumio may do with one asset type, in one capability.

    Args:
        cell: which.
        status: C(partly) if only some of the actions are granted; C(unknown) if none is refused, but not all are sure.
        roles: that have the permissions.
        actions: how many different actions are needed.
        missing: those that are refused, on some of the resources at least; sorted.
        causes: of the refusals and of what is not known, in words.
    """

    cell: Cell
    status: Literal["granted", "partly", "missing", "unknown"]
    roles: tuple[str, ...]
    actions: int
    missing: tuple[str, ...]
    causes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return {
            "asset_type": self.cell.asset_type,
            "capability": self.cell.capability,
            "status": self.status,
            "roles": list(self.roles),
            "actions": self.actions,
            "missing": list(self.missing),
            "causes": list(self.causes),
        }


@dataclass(frozen=True)
class Access:
    """Checks of the roles, and the table of what they may do."""

    checks: Sequence[Check] = ()
    table: Sequence[Row] = ()


@dataclass
class _Look:
    """A role as planned and as found, and the verdict on each of its permissions."""

    change: Change[Role]
    wanted: Sequence[Need]
    verdicts: dict[Grant, Decision] = field(default_factory=dict)
    not_asked: str = ""


def look(client: Any, changes: Sequence[Change[Any]], connection: Connection, *, simulate: bool) -> Access:
    """The verdict on what the roles among some compared resources may do.

    Args:
        client: of IAM.
        changes: of roles, and of the policies that are planned for them.
        connection: whose they are.
        simulate: whether to ask AWS's simulator too.

    Raises:
        AwsError: from the calls; not where the credentials lack the right to ask.
    """
    roles = [change for change in changes if isinstance(change.after, Role)]
    policies = [change for change in changes if isinstance(change.after, Policy)]
    planned = needs(_wanted(roles), _wanted(policies))
    documents = _documents(client, roles, policies)
    looks = [_Look(change, [need for need in planned if need.role == change.resource.name]) for change in roles]
    for one in looks:
        one.verdicts = _by_policies(one, documents)
    for one in looks:
        if simulate and one.change.before:
            _simulate(client, one, connection)
    trusts = [check for change in roles if (check := _trust(change)) is not None]
    return Access([*trusts, *(_check(one) for one in looks if one.change.before and one.wanted)], _table(looks))


def _wanted(changes: Sequence[Change[R]]) -> list[R]:
    return [change.after for change in changes if change.after is not None]


def _documents(client: Any, roles: Sequence[Change[Role]], policies: Sequence[Change[Policy]]) -> Documents:
    """The documents of all managed policies that the roles have; those that the comparison has not read are read."""
    known: dict[str, Document | None] = {
        change.resource.arn: change.before.document if change.before else None for change in policies
    }
    others = sorted(
        {arn for change in roles if change.before for arn in managed_policies(change.before)} - known.keys()
    )
    found = parallel.run([partial(_document, client, arn) for arn in others])
    return known | dict(zip(others, found, strict=True))


def _document(client: Any, arn: str) -> Document | None:
    try:
        policy = iam.get_policy(client, arn)
        return iam.get_policy_version(client, arn, policy["DefaultVersionId"]) if policy else None
    except ClumioError as error:
        if not is_denial(error):
            raise
        return None


def _by_policies(one: _Look, documents: Documents) -> dict[Grant, Decision]:
    """The verdicts as far as the policies tell."""
    if one.change.before is not None:
        held = Held.of(one.change.before, documents)
        return {need.grant: held.decide(need.grant) for need in one.wanted}
    unknown = Decision("unknown", "the role cannot be read")
    decision = unknown if one.change.unreadable else Decision("denied", "there is no such role")
    return {need.grant: decision for need in one.wanted}


# ---- Asking the simulator


def _simulate(client: Any, one: _Look, connection: Connection) -> None:
    """Put AWS's own decisions in the place of those that the policies tell, where AWS can decide."""
    asked = {grant: questions(grant, connection) for grant in one.verdicts}
    try:
        answers = ask(client, one.change.resource.arn, [question for some in asked.values() for question in some])
    except ClumioError as error:
        if not is_denial(error):
            raise
        one.not_asked = error.message
        return
    for grant, some in asked.items():
        decision = _worst([answers[question] for question in some])
        if decision.status != "unknown":
            one.verdicts[grant] = decision


def _worst(decisions: Sequence[Decision]) -> Decision:
    """One decision for several: allowed only if all are, and there is any."""
    for status in ("denied", "unknown"):
        for decision in decisions:
            if decision.status == status:
                return decision
    return ALLOWED if decisions else Decision("unknown", "AWS cannot be asked about it")


def questions(grant: Grant, connection: Connection) -> list[Question]:
    """What to ask about a grant: every action that it stands for, on a resource and under a context that fit it.

    None where there is no such example, as for a grant of all actions but some.
    """
    context = _context(grant.condition)
    if grant.action.startswith(ALL_BUT) or grant.resource.startswith(ALL_BUT) or context is None:
        return []
    resource = _example_of_arn(grant.resource, connection)
    return [Question(action, resource, context) for action in spelled_out(grant.action)]


def _example_of_arn(pattern: str, connection: Connection) -> str:
    """An ARN that the pattern stands for, of the connection where the pattern lets it be any."""
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        return pattern if pattern == "*" else _example(pattern)
    *service, region, account, rest = parts
    region = connection.region if region == "*" else _example(region)
    account = connection.account_id if account == "*" else _example(account)
    return ":".join((*service, region, account, _example(rest)))


def _example(pattern: str) -> str:
    """A text that a pattern stands for."""
    return pattern.replace("*", "x").replace("?", "x")


# The types of the simulator's context keys, by what a condition's operator begins with.
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html
_TYPES = {"String": "string", "Arn": "string", "Bool": "boolean", "IpAddress": "ip"}


def _context(condition: str) -> tuple[tuple[str, str, tuple[str, ...]], ...] | None:
    """A context in which the conditions of a grant hold; None where none is known."""
    entries = []
    for operator, keys in (json.loads(condition) if condition else {}).items():
        plain = operator.rpartition(":")[2].removesuffix("IfExists")
        kind = next((kind for word, kind in _TYPES.items() if plain.startswith(word)), None)
        if kind is None:
            return None
        for key, values in keys.items():
            value = str(values[0] if isinstance(values, list) else values)
            if "Not" in plain:
                value = "another" if kind == "string" else ""
            elif plain.endswith("Like"):
                value = _example(value)
            if not value:
                return None
            entries.append((key, f"{kind}List" if ":" in operator else kind, (value,)))
    return tuple(entries)


# ---- Telling


def _trust(change: Change[Role]) -> Check | None:
    """Whether the role can be assumed without the external id; nothing to say of a role for a service of AWS."""
    asked = external_ids(change.after) if change.after else []
    if change.before is None or not asked:
        return None
    check = partial(Check, name=f"{TRUST_OF}{change.label}", side="aws", entity=change.resource.arn)
    holes = [finding.message for finding in audit_trust(change.before, None, asked[0])]
    if not holes:
        return check(status="ok")
    return check(
        status="different",
        expected="nobody can assume the role without the external id",
        differences=tuple(hole.rstrip(".") for hole in holes),
        hint=REPAIR,
    )


def _check(one: _Look) -> Check:
    """Whether all of the role's permissions are granted, and what takes them away."""
    check = partial(Check, name=f"{ACCESS_OF}{one.change.label}", side="aws", entity=one.change.resource.arn)
    decided = [(_spelled(grant.action), decision) for grant, decision in one.verdicts.items()]
    denied, unknown = by_cause(decided, "denied"), by_cause(decided, "unknown")
    told = [
        *(refused(cause, actions, _NAMED) for cause, actions in denied.items()),
        *(f"of {named(actions, _NAMED)} nothing is known: {cause}" for cause, actions in unknown.items()),
        *([one.not_asked.rstrip(".")] if one.not_asked else []),
    ]
    if not told:
        return check(status="ok")
    hints = [REPAIR] if NO_POLICY in denied else []
    hints += [_ASK_THEIR_OWNER] if denied.keys() - {NO_POLICY} else []
    hints += [_GIVE_THE_RIGHT] if one.not_asked else []
    return check(
        status="denied" if denied else "unknown",
        expected="all that the plan grants",
        found=denied | unknown,
        differences=tuple(told),
        hint=" ".join(hints),
    )


def _spelled(action: str) -> str:
    """The action in AWS's spelling; one with wildcards as it is."""
    return action if "*" in action or "?" in action else spelled_out(action)[0]


def _table(looks: Iterable[_Look]) -> list[Row]:
    """A row for each asset type and capability that the plan is about, sorted as they are always given."""
    cells: dict[Cell, list[tuple[Need, Decision]]] = {}
    for one in looks:
        for need in one.wanted:
            for cell in need.cells:
                cells.setdefault(cell, []).append((need, one.verdicts[need.grant]))
    assets = [*CANONICAL, ALL]
    order = sorted(cells, key=lambda cell: (assets.index(cell.asset_type), CAPABILITIES.index(cell.capability)))
    return [_row(cell, cells[cell]) for cell in order]


def _row(cell: Cell, found: Sequence[tuple[Need, Decision]]) -> Row:
    statuses = {decision.status for _need, decision in found}
    status: Literal["granted", "partly", "missing", "unknown"] = "granted"
    if "denied" in statuses:
        status = "missing" if statuses == {"denied"} else "partly"
    elif "unknown" in statuses:
        status = "unknown"
    return Row(
        cell=cell,
        status=status,
        roles=tuple(sorted({need.role for need, _decision in found})),
        actions=len({need.grant.action for need, _decision in found}),
        missing=tuple(sorted({_spelled(need.grant.action) for need, decision in found if decision.status == "denied"})),
        causes=tuple(sorted({decision.cause for _need, decision in found if decision.cause})),
    )
