# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Clumio wants each permission for: by asset type and capability, as the last page of its wizard shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from .catalogue import asset_type
from .documents import Document
from .grants import Grant, grants
from .plan import Policy, Role

Capability = Literal["inventory", "backup", "restore", "continuous_backup", "support"]

CAPABILITIES: tuple[Capability, ...] = ("inventory", "backup", "restore", "continuous_backup", "support")

ALL = "all"
"""Stands for the asset type of what is about none in particular: Clumio's support."""

# What the inventory of an asset type is read with; other services are for all of them.
_INVENTORY_SERVICES = {
    "ebs": "ebs",
    "ec2": "ebs",
    "rbin": "ebs",
    "rds": "rds",
    "dynamodb": "dynamodb",
    "s3": "s3",
    "glue": "iceberg_on_glue",
    "s3tables": "iceberg_on_s3_tables",
}


@dataclass(frozen=True)
class Cell:
    """A cell of the table: what for."""

    asset_type: str
    capability: Capability


@dataclass(frozen=True)
class Need:
    """One permission that a role is to have, and what it is needed for."""

    role: str
    grant: Grant
    cells: tuple[Cell, ...]


def needs(roles: Sequence[Role], policies: Iterable[Policy]) -> list[Need]:
    """Everything that the roles are to be allowed by their policies.

    What for is told by the names of the policies, since a permissions file says it nowhere else. A policy that names no
    asset type is for all those that others name.

    Args:
        roles: as planned.
        policies: the managed ones among them; of others nothing is known.
    """
    documents = {policy.arn: policy for policy in policies}
    held: list[tuple[str, str, Document]] = []
    for role in roles:
        held += [(role.name, policy.name, policy.document) for policy in role.inline_policies]
        attached = [documents[arn] for arn in role.managed_policies if arn in documents]
        held += [(role.name, policy.name, policy.document) for policy in attached]
    assets = tuple(dict.fromkeys(asset for _role, name, _document in held if (asset := asset_type(name)))) or (ALL,)
    return [
        Need(role, grant, tuple(_cells(role, name, grant, assets)))
        for role, name, document in held
        for grant in sorted(grants([document]))
        if grant.effect == "Allow"
    ]


def _cells(role: str, policy: str, grant: Grant, assets: Sequence[str]) -> Iterator[Cell]:
    """The cells that one permission of a policy counts for."""
    named, asset = policy.lower(), asset_type(policy)
    if "support" in role.lower():
        yield Cell(ALL, "support")
    elif asset:
        yield from (Cell(asset, capability) for capability in _capabilities(named))
    elif "kms" in named:
        # Whatever is encrypted is read for a backup and written for a restore.
        yield from (Cell(each, capability) for each in assets for capability in ("backup", "restore"))
    else:
        service = grant.action.partition(":")[0]
        owner = _INVENTORY_SERVICES.get(service) if "inventory" in named else None
        yield from (Cell(each, "inventory") for each in ((owner,) if owner in assets else assets) if each)


def _capabilities(policy: str) -> list[Capability]:
    """What a policy with an asset type is for, by its name in lower case; without a word about it for backups."""
    if "continuousbackup" in policy:
        return ["continuous_backup"]
    found: list[Capability] = []
    if "inventory" in policy:
        found.append("inventory")
    if "backup" in policy:
        found.append("backup")
    if "restore" in policy:
        found.append("restore")
    return found or ["backup"]
