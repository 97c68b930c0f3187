# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a role may do as far as the policies tell that it really has: attached ones, inline ones and its boundary. Pure.

An organization's policies are not among them; C(decisions) asks AWS about all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .._permissions.documents import Document
from .._permissions.grants import Grant, grants
from .._permissions.plan import Role
from .decisions import ALLOWED, BOUNDARY, NO_POLICY, Decision

Documents = Mapping[str, Document | None]
"""Documents of managed policies by ARN; None for one that could not be read."""


@dataclass(frozen=True)
class Policies:
    """Policies that act together, with what each denies under its name.

    Args:
        allowed: all that they allow together.
        denied: what each of them denies.
        unreadable: those that could not be read.
    """

    allowed: frozenset[Grant]
    denied: Sequence[tuple[str, Grant]]
    unreadable: tuple[str, ...] = ()

    @classmethod
    def of(cls, named: Iterable[tuple[str, Document | None]]) -> Policies:
        """Args: name and document of each, None for one that could not be read."""
        every = [(name, None if document is None else grants([document])) for name, document in named]
        read = [(name, grant) for name, found in every for grant in found or ()]
        return cls(
            allowed=frozenset(grant for _name, grant in read if grant.effect == "Allow"),
            denied=[(name, grant) for name, grant in read if grant.effect == "Deny"],
            unreadable=tuple(name for name, found in every if found is None),
        )

    def decide(self, wanted: Grant) -> Decision:
        """Whether they allow all that a grant stands for."""
        as_denial = replace(wanted, effect="Deny")
        touching = [(name, denial) for name, denial in self.denied if denial.overlaps(wanted)]
        for name, denial in touching:
            if as_denial.covered_by(denial):
                return Decision("denied", f"a Deny in {name}")
        if wanted not in self.allowed and not any(wanted.covered_by(other) for other in self.allowed):
            if self.unreadable:
                return Decision("unknown", f"{', '.join(self.unreadable)} cannot be read")
            return Decision("denied", NO_POLICY)
        if touching:
            return Decision("unknown", f"it depends on a Deny in {touching[0][0]}")
        return ALLOWED


@dataclass(frozen=True)
class Held:
    """The policies of a role, and those of its permissions boundary if it has one."""

    policies: Policies
    boundary: Policies | None

    @classmethod
    def of(cls, role: Role, documents: Documents) -> Held:
        """Args: the role as found, and the documents of C(managed_policies) of it."""
        named: list[tuple[str, Document | None]] = [(policy.name, policy.document) for policy in role.inline_policies]
        named += [(arn.rpartition("/")[2], documents[arn]) for arn in role.managed_policies]
        boundary = role.permissions_boundary
        return cls(Policies.of(named), Policies.of([(boundary, documents[boundary])]) if boundary else None)

    def decide(self, wanted: Grant) -> Decision:
        """Whether the role may do all that a grant stands for."""
        decision = self.policies.decide(wanted)
        if decision.status == "denied" or self.boundary is None:
            return decision
        bounded = self.boundary.decide(wanted)
        if bounded.status == "denied":
            return Decision("denied", BOUNDARY)
        return decision if decision.status == "unknown" else bounded


def managed_policies(role: Role) -> list[str]:
    """The ARNs of all managed policies that the role has, its boundary's included."""
    return [*role.managed_policies, *([role.permissions_boundary] if role.permissions_boundary else [])]
