# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM's customer managed policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from .._aws import iam
from .._aws._tags import from_list
from .._change import Change
from .._permissions.documents import compact, same_policy
from .._permissions.plan import Policy
from .converge import Found, Noun, Stage

# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
_MOST_VERSIONS = 5


class Policies(Noun[Policy]):
    """Managed policies, made once, whoever attaches them. Their description is fixed by AWS at creation."""

    section = "policies"
    kind = "managed policy"

    def __init__(self, client: Any) -> None:
        self._iam = client

    def read(self, desired: Policy) -> Found[Policy] | None:
        policy = iam.get_policy(self._iam, desired.arn)
        if policy is None:
            return None
        found = Policy(
            name=policy["PolicyName"],
            arn=policy["Arn"],
            path=policy["Path"],
            description=policy.get("Description", ""),
            document=iam.get_policy_version(self._iam, desired.arn, policy["DefaultVersionId"]),
            tags=from_list(policy.get("Tags", [])),
        )
        details = {} if same_policy(found.document, desired.document) else self._superfluous_version(desired.arn)
        return Found(found, details)

    def _superfluous_version(self, arn: str) -> dict[str, str]:
        """The version that has to go before another can be written; nothing where there is room."""
        versions = iam.list_policy_versions(self._iam, arn)
        if len(versions) < _MOST_VERSIONS:
            return {}
        oldest = min(
            (version for version in versions if not version["IsDefaultVersion"]),
            key=lambda version: int(version["VersionId"].removeprefix("v")),
        )
        return {"superfluous_version": oldest["VersionId"]}

    def after(self, desired: Policy, found: Policy) -> Policy:
        return replace(desired, description=found.description)

    def stages(self, change: Change[Policy]) -> Sequence[Stage]:
        policy = change.after
        document = compact(policy.document)
        if change.action == "create":
            create = partial(
                iam.create_policy,
                self._iam,
                policy.name,
                path=policy.path,
                description=policy.description,
                document=document,
                tags=policy.tags,
            )
            return [[create]]
        if "document" not in change.differences:
            return []
        return [[partial(self._update, policy.arn, document, change.details.get("superfluous_version"))]]

    def tag(self, resource: Policy, tags: Mapping[str, str]) -> None:
        iam.tag_policy(self._iam, resource.arn, tags)

    def _update(self, arn: str, document: str, superfluous_version: str | None) -> None:
        if superfluous_version:
            iam.delete_policy_version(self._iam, arn, superfluous_version)
        iam.create_policy_version(self._iam, arn, document)
