# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What two states of a connection's permissions differ in: by what they grant, not by how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .documents import Document
from .grants import Grant, beyond, grants, readable
from .plan import KmsKey, Policy, Resource, Role, Topic

# Everything that grants, by what it belongs to: a role with all its policies, a trust policy, a permissions boundary, a
# topic, a key, a policy that no role has. Moving a permission from one policy of a role to another changes nothing.
Holders = Mapping[str, Sequence[Document]]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What one holder gains and loses.

    Args:
        holder: C(roles.ClumioIAMRole) for example.
        change: whether the holder itself is new, gone, or changed.
        widened: granted now and not before; a denial that is gone counts too.
        narrowed: granted before and not now; a denial that is new counts too.
    """

    holder: str
    change: Literal["added", "removed", "changed"]
    widened: tuple[Grant, ...]
    narrowed: tuple[Grant, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return {
            "holder": self.holder,
            "change": self.change,
            "widened": [asdict(grant) for grant in self.widened],
            "narrowed": [asdict(grant) for grant in self.narrowed],
            "text": self.text,
        }

    @property
    def text(self) -> list[str]:
        """Lines as of a diff of the documents: a denial that is gone has a minus, though it widens."""
        gone = [*_of(self.narrowed, "Allow"), *_of(self.widened, "Deny")]
        new = [*_of(self.widened, "Allow"), *_of(self.narrowed, "Deny")]
        return _lines(gone, new)

    @property
    def gains(self) -> list[str]:
        """The lines of C(text) that tell what is gained."""
        return _lines(_of(self.widened, "Deny"), _of(self.widened, "Allow"))


def _lines(gone: Iterable[Grant], new: Iterable[Grant]) -> list[str]:
    return [*(f"- {line}" for line in readable(gone)), *(f"+ {line}" for line in readable(new))]


def holders(resources: Iterable[Resource]) -> dict[str, list[Document]]:
    """Everything that grants among some resources of a plan, or of what was found.

    Of a managed policy that a role has attached, but that is not among them, only that it is attached is known.
    """
    listed = list(resources)
    keys = [resource for resource in listed if isinstance(resource, KmsKey)]
    topics = [resource for resource in listed if isinstance(resource, Topic)]
    policies = [resource for resource in listed if isinstance(resource, Policy)]
    roles = [resource for resource in listed if isinstance(resource, Role)]
    documents = {policy.arn: policy.document for policy in policies}
    attached = {arn for role in roles for arn in role.managed_policies}
    result = {f"kms_keys.{key.name}": [key.policy] for key in keys}
    result |= {f"topics.{topic.name}": [topic.policy] for topic in topics if topic.policy}
    for role in roles:
        result[f"trust_policies.{role.name}"] = [role.trust_policy]
        result[f"roles.{role.name}"] = [
            *(policy.document for policy in role.inline_policies),
            *(documents.get(arn) or _unknown_policy(arn) for arn in role.managed_policies),
        ]
        if role.permissions_boundary:
            result[f"permissions_boundaries.{role.name}"] = [_boundary(role.permissions_boundary)]
    result |= {f"policies.{policy.name}": [policy.document] for policy in policies if policy.arn not in attached}
    return result


def _unknown_policy(arn: str) -> Document:
    """A policy whose document is not known as what it is: a grant of all that it allows."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"AllowedBy": {"policy": arn}}}
    return {"Statement": [statement]}


def _boundary(arn: str) -> Document:
    """A permissions boundary as what it is: a denial of all that its policy does not allow.

    So a role without its boundary has gained, and one with another boundary too, since what either policy allows is not
    known here.
    """
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NotAllowedBy": {"policy": arn}}}
    return {"Statement": [statement]}


def compare(before: Holders, after: Holders) -> list[Difference]:
    """The holders that gain or lose something, sorted by name; nothing for those that only are written differently."""
    result = []
    for holder in sorted({*before, *after}):
        old, new = grants(before.get(holder, ())), grants(after.get(holder, ()))
        widened = [*beyond(_of(new, "Allow"), _of(old, "Allow")), *beyond(_of(old, "Deny"), _of(new, "Deny"))]
        narrowed = [*beyond(_of(old, "Allow"), _of(new, "Allow")), *beyond(_of(new, "Deny"), _of(old, "Deny"))]
        if widened or narrowed:
            change: Literal["added", "removed", "changed"] = "changed"
            if holder not in before:
                change = "added"
            elif holder not in after:
                change = "removed"
            result.append(Difference(holder=holder, change=change, widened=tuple(widened), narrowed=tuple(narrowed)))
    return result


def _of(all_grants: Iterable[Grant], effect: str) -> frozenset[Grant]:
    return frozenset(grant for grant in all_grants if grant.effect == effect)
