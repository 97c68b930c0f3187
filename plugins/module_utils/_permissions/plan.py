# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The resolved plan: every resource as AWS is to hold it, names and ARNs known, no placeholder left.

The same classes describe what is wanted and what was found, so that the two compare member by member.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .documents import Document

# How a member that is a document compares and reads: as an IAM policy or as an event pattern.
POLICY = {"document": "policy"}
PATTERN = {"document": "pattern"}

# Which role of this collection makes the resources of a section, in the order of a plan.
MADE_BY = {
    "kms_keys": "sns_topic",
    "topics": "sns_topic",
    "rules": "eventbridge_rules",
    "policies": "iam_roles",
    "roles": "iam_roles",
    "instance_profiles": "iam_roles",
    "ssm_documents": "ssm_documents",
}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What every resource has.

    C(tags) of a plan come on top of those that tell whose it is; None where its user says nothing about tags.
    """

    name: str
    arn: str
    tags: dict[str, str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON types only, in the shape of the modules' options and results."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class KmsKey(Resource):
    """A symmetric KMS key, known by its alias, whose C(arn) is known before there is a key."""

    description: str = ""
    policy: Document = field(metadata=POLICY)
    rotation: bool = True
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Topic(Resource):
    """A standard SNS topic with its access policy and the id, ARN or alias of the key that encrypts it.

    None stands for what the user says nothing about; an empty C(kms_key) for no encryption.
    """

    policy: Document | None = field(default=None, metadata=POLICY)
    kms_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a rule sends its events; C(settings) are further members in AWS's spelling, C(Input) say."""

    id: str
    arn: str
    settings: Document = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rule(Resource):
    """A rule of the default event bus."""

    description: str = ""
    event_pattern: Document = field(metadata=PATTERN)
    state: str = "ENABLED"
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Policy(Resource):
    """A customer managed IAM policy."""

    path: str = "/"
    description: str = ""
    document: Document = field(metadata=POLICY)


@dataclass(frozen=True, kw_only=True)
class InlinePolicy:
    """A policy inside a role."""

    name: str
    document: Document = field(metadata=POLICY)


@dataclass(frozen=True, kw_only=True)
class Role(Resource):
    """An IAM role; C(managed_policies) are the ARNs attached to it.

    Of C(permissions_boundary), the ARN of a managed policy, None stands for what the user says nothing about, an empty
    text for none.
    """

    path: str = "/"
    description: str = ""
    trust_policy: Document = field(metadata=POLICY)
    managed_policies: tuple[str, ...] = ()
    inline_policies: tuple[InlinePolicy, ...] = ()
    permissions_boundary: str | None = None


@dataclass(frozen=True, kw_only=True)
class InstanceProfile(Resource):
    """An instance profile; C(role) is the name of the role in it, empty for none."""

    path: str = "/"
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class SsmDocument(Resource):
    """A Systems Manager document; C(content) is that of its default version."""

    content: Document
    document_type: str = "Command"
    target_type: str = "/AWS::EC2::Instance"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All sections, in the order in which they are made.

    C(retired) are the ARNs of roles, policies and instance profiles of the same file that are not wanted any more.
    """

    kms_keys: tuple[KmsKey, ...] = ()
    topics: tuple[Topic, ...]
    rules: tuple[Rule, ...]
    policies: tuple[Policy, ...]
    roles: tuple[Role, ...]
    instance_profiles: tuple[InstanceProfile, ...]
    ssm_documents: tuple[SsmDocument, ...]
    retired: tuple[str, ...] = ()

    def sections(self) -> dict[str, tuple[Resource, ...]]:
        """The resources of each section, under the section's name."""
        return {
            "kms_keys": self.kms_keys,
            "topics": self.topics,
            "rules": self.rules,
            "policies": self.policies,
            "roles": self.roles,
            "instance_profiles": self.instance_profiles,
            "ssm_documents": self.ssm_documents,
        }

    def resources(self) -> list[Resource]:
        """All resources, section by section."""
        return [resource for resources in self.sections().values() for resource in resources]

    def as_dict(self) -> dict[str, list[Any]]:
        """The plan as the modules hand it on."""
        sections = {
            section: [resource.as_dict() for resource in resources] for section, resources in self.sections().items()
        }
        return {**sections, "retired": list(self.retired)}
