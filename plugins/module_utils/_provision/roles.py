# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM roles with what is attached to them and inside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from .._aws import iam
from .._aws._tags import from_list
from .._change import Change
from .._permissions.documents import compact, same_policy
from .._permissions.names import INLINE_POLICIES_TAG, Connection
from .._permissions.plan import InlinePolicy, Policy, Resource, Role
from . import parallel
from .converge import Found, Noun, Stage, owned_among
from .ownership import foreign, inline_policies_mark, is_marked
from .policies import Policies


class Roles(Noun[Role]):
    """Roles; policies that others have attached or put inside stay, unless they are to be purged."""

    section = "roles"
    kind = "role"

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._iam = client("iam")
        self._policies = Policies(client)

    def read(self, name: str, arn: str) -> Found[Role] | None:  # noqa: ARG002
        role = iam.get_role(self._iam, name)
        if role is None:
            return None
        lists: list[Callable[[], list[str]]] = [
            partial(iam.list_attached_role_policies, self._iam, name),
            partial(iam.list_role_policies, self._iam, name),
        ]
        attached, inline = parallel.run(lists)
        documents = parallel.run([partial(iam.get_role_policy, self._iam, name, policy) for policy in inline])
        found = Role(
            name=role["RoleName"],
            arn=role["Arn"],
            path=role["Path"],
            description=role.get("Description", ""),
            trust_policy=role["AssumeRolePolicyDocument"],
            managed_policies=tuple(sorted(attached)),
            inline_policies=tuple(
                InlinePolicy(name=policy, document=document)
                for policy, document in zip(inline, documents, strict=True)
                if document is not None
            ),
            permissions_boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            tags=from_list(role.get("Tags", [])),
        )
        return Found(found, f"{role['CreateDate']:%Y-%m-%d}")

    def marks(self, desired: Role) -> dict[str, str]:
        # Also where there are none, so that a mark of before does not outlive them.
        return {INLINE_POLICIES_TAG: inline_policies_mark([policy.name for policy in desired.inline_policies])}

    def superseded(self, desired: Role, found: Role, connection: Connection) -> Sequence[Policy]:
        """The attached policies that are ours, but not wanted any more: a newer file has others in their place."""
        own = f":{connection.account_id}:"
        others = [arn for arn in found.managed_policies if arn not in desired.managed_policies and own in arn]
        policies = parallel.run([partial(self._policies.read, arn.rpartition("/")[2], arn) for arn in others])
        return [
            policy.resource for policy in policies if policy and not foreign(connection, policy.resource.tags or {})
        ]

    def after(self, desired: Role, found: Role | None, superseded: Sequence[Resource], *, purge: bool) -> Role:
        """Policies of others stay, unless they are to be purged; those of ours that are not wanted any more go."""
        boundary = desired.permissions_boundary
        if found is None:
            return replace(desired, permissions_boundary=boundary or "")
        attached, inside = list(desired.managed_policies), list(desired.inline_policies)
        if not purge:
            ours = {policy.name for policy in inside}
            gone = {*attached, *(policy.arn for policy in superseded)}
            attached += [arn for arn in found.managed_policies if arn not in gone]
            inside += [
                policy
                for policy in found.inline_policies
                if policy.name not in ours and not is_marked(policy.name, found.tags or {})
            ]
        return replace(
            desired,
            managed_policies=tuple(sorted(attached)),
            inline_policies=tuple(inside),
            permissions_boundary=found.permissions_boundary if boundary is None else boundary,
        )

    def granted(self, desired: Role, after: Role) -> Role:
        return replace(desired, permissions_boundary=after.permissions_boundary)

    def extras(self, desired: Role, after: Role) -> Sequence[str]:
        attached = [arn for arn in after.managed_policies if arn not in desired.managed_policies]
        inside = [policy.name for policy in after.inline_policies[len(desired.inline_policies) :]]
        return [*(f"attached policy {arn}" for arn in attached), *(f"inline policy {name}" for name in inside)]

    def stages(self, change: Change[Role]) -> Sequence[Stage]:
        role, before = change.resource, change.before
        bare = [partial(self._create, role)] if before is None else self._changes(change.differences, role)
        attached = before.managed_policies if before else ()
        inside = {policy.name: policy.document for policy in before.inline_policies} if before else {}
        kept = {policy.name for policy in role.inline_policies}
        # Before others come, to make room for them, and after all that is new has been made, or has failed to be.
        gone = [
            *(
                partial(iam.detach_role_policy, self._iam, role.name, arn)
                for arn in attached
                if arn not in role.managed_policies
            ),
            *(partial(iam.delete_role_policy, self._iam, role.name, name) for name in inside if name not in kept),
        ]
        new = [
            *(
                partial(iam.attach_role_policy, self._iam, role.name, arn)
                for arn in role.managed_policies
                if arn not in attached
            ),
            *(
                partial(iam.put_role_policy, self._iam, role.name, policy.name, compact(policy.document))
                for policy in role.inline_policies
                if not same_policy(policy.document, inside.get(policy.name))
            ),
        ]
        # A policy of the same plan may be the boundary: then it comes first.
        bounded = role.permissions_boundary and (before is None or "permissions_boundary" in change.differences)
        return [*([[]] if bounded else []), list(bare), gone, new]

    def _create(self, role: Role) -> None:
        iam.create_role(
            self._iam,
            role.name,
            path=role.path,
            description=role.description,
            trust_policy=compact(role.trust_policy),
            permissions_boundary=role.permissions_boundary or "",
            tags=role.tags or {},
        )

    def _changes(self, differences: Collection[str], role: Role) -> Iterator[Callable[[], None]]:
        """The calls that change the role itself."""
        if "description" in differences:
            yield partial(iam.update_role_description, self._iam, role.name, role.description)
        if "trust_policy" in differences:
            yield partial(iam.update_trust_policy, self._iam, role.name, compact(role.trust_policy))
        if "permissions_boundary" in differences and role.permissions_boundary:
            yield partial(iam.put_role_permissions_boundary, self._iam, role.name, role.permissions_boundary)
        elif "permissions_boundary" in differences:
            yield partial(iam.delete_role_permissions_boundary, self._iam, role.name)

    def tag(self, resource: Role, tags: Mapping[str, str]) -> None:
        iam.tag_role(self._iam, resource.name, tags)

    def untag(self, resource: Role, keys: Sequence[str]) -> None:
        iam.untag_role(self._iam, resource.name, keys)

    def owned(self, connection: Connection) -> Sequence[tuple[str, str]]:
        # Those of AWS's own services cannot be ours.
        roles = [role for role in iam.list_roles(self._iam) if not role["Path"].startswith("/aws-service-role/")]
        everything = [(role["RoleName"], role["Arn"]) for role in roles]
        return owned_among(everything, lambda name, _arn: iam.list_role_tags(self._iam, name), connection)

    def used_by(self, resource: Role) -> Sequence[str]:
        return [f"instance profile {name}" for name in iam.list_instance_profiles_for_role(self._iam, resource.name)]

    def removal(self, resource: Role) -> Sequence[Stage]:
        detach = [partial(iam.detach_role_policy, self._iam, resource.name, arn) for arn in resource.managed_policies]
        empty = [
            partial(iam.delete_role_policy, self._iam, resource.name, policy.name)
            for policy in resource.inline_policies
        ]
        return [[*detach, *empty], [partial(iam.delete_role, self._iam, resource.name)]]
