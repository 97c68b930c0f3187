# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM roles with what is attached to them and inside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from .._aws import iam
from .._aws._tags import from_list
from .._change import Change
from .._permissions.documents import compact, same_policy
from .._permissions.plan import InlinePolicy, Role
from . import parallel
from .converge import Found, Noun, Stage
from .settle import settled

# What IAM says of something that it does not see yet, or that it is busy with.
PASSING = ("NoSuchEntity", "ConcurrentModification")


class Roles(Noun[Role]):
    """Roles; policies that others have attached or put inside stay."""

    section = "roles"
    kind = "role"

    def __init__(self, client: Any) -> None:
        self._iam = client

    def read(self, desired: Role) -> Found[Role] | None:
        role = iam.get_role(self._iam, desired.name)
        if role is None:
            return None
        lists: list[Callable[[], list[str]]] = [
            partial(iam.list_attached_role_policies, self._iam, desired.name),
            partial(iam.list_role_policies, self._iam, desired.name),
        ]
        attached, inline = parallel.run(lists)
        documents = parallel.run([partial(iam.get_role_policy, self._iam, desired.name, name) for name in inline])
        found = Role(
            name=role["RoleName"],
            arn=role["Arn"],
            path=role["Path"],
            description=role.get("Description", ""),
            trust_policy=role["AssumeRolePolicyDocument"],
            managed_policies=tuple(sorted(attached)),
            inline_policies=tuple(
                InlinePolicy(name=name, document=document)
                for name, document in zip(inline, documents, strict=True)
                if document is not None
            ),
            tags=from_list(role.get("Tags", [])),
        )
        return Found(found)

    def after(self, desired: Role, found: Role) -> Role:
        ours = {policy.name for policy in desired.inline_policies}
        others = [policy for policy in found.inline_policies if policy.name not in ours]
        return replace(
            desired,
            managed_policies=tuple(sorted({*desired.managed_policies, *found.managed_policies})),
            inline_policies=(*desired.inline_policies, *others),
        )

    def stages(self, change: Change[Role]) -> Sequence[Stage]:
        role, before = change.after, change.before
        bare: list[Callable[[], Any]] = []
        if before is None:
            bare.append(
                partial(
                    iam.create_role,
                    self._iam,
                    role.name,
                    path=role.path,
                    description=role.description,
                    trust_policy=compact(role.trust_policy),
                    tags=role.tags,
                )
            )
        if "description" in change.differences:
            bare.append(partial(iam.update_role_description, self._iam, role.name, role.description))
        if "trust_policy" in change.differences:
            bare.append(partial(iam.update_trust_policy, self._iam, role.name, compact(role.trust_policy)))
        attached = before.managed_policies if before else ()
        inside = {policy.name: policy.document for policy in before.inline_policies} if before else {}
        policies: list[Callable[[], Any]] = [
            partial(iam.attach_role_policy, self._iam, role.name, arn)
            for arn in role.managed_policies
            if arn not in attached
        ]
        policies += [
            partial(iam.put_role_policy, self._iam, role.name, policy.name, compact(policy.document))
            for policy in role.inline_policies
            if not same_policy(policy.document, inside.get(policy.name))
        ]
        # A creation is refused at once where there is nothing to wait for.
        bare = bare if before is None else [partial(settled, call, PASSING) for call in bare]
        return [bare, [partial(settled, call, PASSING) for call in policies]]

    def tag(self, resource: Role, tags: Mapping[str, str]) -> None:
        iam.tag_role(self._iam, resource.name, tags)
