# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM's customer managed policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from .._aws import iam
from .._aws._call import AwsError, is_denial
from .._aws._tags import from_list
from .._change import Change
from .._permissions.documents import compact, same_policy
from .._permissions.names import Connection
from .._permissions.plan import Policy, Resource
from . import parallel
from .converge import Details, Found, Noun, Stage, owned_among

# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
_MOST_VERSIONS = 5


class Policies(Noun[Policy]):
    """Managed policies, made once, whoever attaches them. Their description is fixed by AWS at creation."""

    section = "policies"
    kind = "managed policy"

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._iam = client("iam")

    def read(self, name: str, arn: str) -> Found[Policy] | None:
        policy = iam.get_policy(self._iam, arn)
        if policy is None:
            return None
        found = Policy(
            name=name,
            arn=policy["Arn"],
            path=policy["Path"],
            description=policy.get("Description", ""),
            document=iam.get_policy_version(self._iam, arn, policy["DefaultVersionId"]),
            tags=from_list(policy.get("Tags", [])),
        )
        return Found(found, f"{policy['CreateDate']:%Y-%m-%d}")

    def elsewhere(self, name: str, arn: str) -> Found[Policy] | None:
        """A policy of the name at another path; roles and instance profiles are known by their names alone."""
        try:
            policies = iam.list_policies(self._iam)
        except AwsError as error:
            # Nobody who makes a connection needs the right to list; then it is not known where it is.
            if not is_denial(error):
                raise
            return None
        others = [policy["Arn"] for policy in policies if policy["PolicyName"] == name]
        return next((self.read(name, other) for other in others if other != arn), None)

    def details(self, desired: Policy, found: Policy) -> Details:
        """The version that has the wanted document already, or the one that has to go before another can be written."""
        if same_policy(found.document, desired.document):
            return {}
        versions = iam.list_policy_versions(self._iam, desired.arn)
        others = [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]
        others.sort(key=lambda version: int(version.removeprefix("v")), reverse=True)
        documents = parallel.run(
            [partial(iam.get_policy_version, self._iam, desired.arn, version) for version in others]
        )
        for version, document in zip(others, documents, strict=True):
            if same_policy(document, desired.document):
                return {"ready_version": version}
        return {"superfluous_version": others[-1]} if len(versions) >= _MOST_VERSIONS else {}

    def after(
        self,
        desired: Policy,
        found: Policy | None,
        superseded: Sequence[Resource],  # noqa: ARG002
        *,
        purge: bool,  # noqa: ARG002
    ) -> Policy:
        return replace(desired, description=found.description) if found else desired

    def stages(self, change: Change[Policy]) -> Sequence[Stage]:
        policy = change.resource
        document = compact(policy.document)
        if change.before is None:
            create = partial(
                iam.create_policy,
                self._iam,
                policy.name,
                path=policy.path,
                description=policy.description,
                document=document,
                tags=policy.tags or {},
            )
            return [[create]]
        if "document" not in change.differences:
            return []
        return [[partial(self._update, policy.arn, document, change.details)]]

    def tag(self, resource: Policy, tags: Mapping[str, str]) -> None:
        iam.tag_policy(self._iam, resource.arn, tags)

    def untag(self, resource: Policy, keys: Sequence[str]) -> None:
        iam.untag_policy(self._iam, resource.arn, keys)

    def _update(self, arn: str, document: str, details: Details) -> None:
        if "ready_version" in details:
            iam.set_default_policy_version(self._iam, arn, details["ready_version"])
            return
        if "superfluous_version" in details:
            iam.delete_policy_version(self._iam, arn, details["superfluous_version"])
        iam.create_policy_version(self._iam, arn, document)

    def owned(self, connection: Connection) -> Sequence[tuple[str, str]]:
        everything = [(policy["PolicyName"], policy["Arn"]) for policy in iam.list_policies(self._iam)]
        return owned_among(everything, lambda _name, arn: iam.list_policy_tags(self._iam, arn), connection)

    def used_by(self, resource: Policy) -> Sequence[str]:
        users = iam.list_entities_for_policy(self._iam, resource.arn)
        return [f"{kind} {name}" for kind, names in users.items() for name in names]

    def removal(self, resource: Policy) -> Sequence[Stage]:
        # After the roles that have it have let it go.
        return [[], [partial(self._remove, resource.arn)]]

    def _remove(self, arn: str) -> None:
        for version in iam.list_policy_versions(self._iam, arn):
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(self._iam, arn, version["VersionId"])
        iam.delete_policy(self._iam, arn)
