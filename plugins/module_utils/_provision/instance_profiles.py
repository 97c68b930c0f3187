# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM instance profiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from .._aws import iam
from .._aws._tags import from_list
from .._change import Change
from .._permissions.names import Connection
from .._permissions.plan import InstanceProfile
from .converge import Found, Noun, Stage, owned_among


class InstanceProfiles(Noun[InstanceProfile]):
    """Instance profiles with the one role that they can hold."""

    section = "instance_profiles"
    kind = "instance profile"

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._iam = client("iam")

    def read(self, name: str, arn: str) -> Found[InstanceProfile] | None:  # noqa: ARG002
        profile = iam.get_instance_profile(self._iam, name)
        if profile is None:
            return None
        found = InstanceProfile(
            name=profile["InstanceProfileName"],
            arn=profile["Arn"],
            path=profile["Path"],
            role=next((role["RoleName"] for role in profile["Roles"]), ""),
            tags=from_list(profile.get("Tags", [])),
        )
        return Found(found, f"{profile['CreateDate']:%Y-%m-%d}")

    def stages(self, change: Change[InstanceProfile]) -> Sequence[Stage]:
        profile, before = change.resource, change.before
        create = partial(
            iam.create_instance_profile, self._iam, profile.name, path=profile.path, tags=profile.tags or {}
        )
        return [
            [create] if before is None else [],
            # After the role, which comes second where it has a boundary.
            [],
            [partial(self._put_role, profile, before.role if before else "")]
            if before is None or "role" in change.differences
            else [],
        ]

    def tag(self, resource: InstanceProfile, tags: Mapping[str, str]) -> None:
        iam.tag_instance_profile(self._iam, resource.name, tags)

    def untag(self, resource: InstanceProfile, keys: Sequence[str]) -> None:
        iam.untag_instance_profile(self._iam, resource.name, keys)

    def owned(self, connection: Connection) -> Sequence[tuple[str, str]]:
        everything = [
            (profile["InstanceProfileName"], profile["Arn"]) for profile in iam.list_instance_profiles(self._iam)
        ]
        return owned_among(everything, lambda name, _arn: iam.list_instance_profile_tags(self._iam, name), connection)

    def removal(self, resource: InstanceProfile) -> Sequence[Stage]:
        take_out = partial(iam.remove_role_from_instance_profile, self._iam, resource.name, resource.role)
        delete = partial(iam.delete_instance_profile, self._iam, resource.name)
        return [[take_out] if resource.role else [], [delete]]

    def _put_role(self, profile: InstanceProfile, held: str) -> None:
        if held:
            iam.remove_role_from_instance_profile(self._iam, profile.name, held)
        if profile.role:
            iam.add_role_to_instance_profile(self._iam, profile.name, profile.role)
