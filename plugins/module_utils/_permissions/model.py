# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A permissions file as it is written: logical names, parsed documents, placeholders still in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .documents import Document, listed

# The one role without which Clumio can do nothing.
CLUMIO_ROLE = "ClumioIAMRole"

# The role that Clumio's support assumes; it is optional.
SUPPORT_ROLE = "ClumioSupportRole"

# The topic that all rules report to.
TOPIC = "ClumioEventPub"


def placeholder(name: str) -> str:
    """The word that stands for the ARN of the entity with this name: its letters and digits, in capitals."""
    return re.sub(r"[^A-Za-z0-9]", "", name).upper()


@dataclass(frozen=True)
class FilePolicy:
    """A policy document with the name and the words that Clumio gives it."""

    name: str
    description: str
    document: Document


@dataclass(frozen=True)
class FileTopic:
    """An SNS topic; C(policy) is its access policy, None where the file has none."""

    name: str
    policy: FilePolicy | None


@dataclass(frozen=True)
class FileRule:
    """An EventBridge rule; C(targets) are ARNs or placeholders, empty where the file leaves them to the topic."""

    name: str
    description: str
    event_pattern: Document
    targets: tuple[str, ...]


@dataclass(frozen=True)
class FileRole:
    """An IAM role with its trust policy and the policies it is to have."""

    name: str
    description: str
    trust_policy: Document
    managed_policies: tuple[FilePolicy, ...]
    inline_policies: tuple[FilePolicy, ...]

    def trusts_service(self, service: str) -> bool:
        """Whether the AWS service of this principal, C(ec2.amazonaws.com) say, may assume the role."""
        for statement in listed(self.trust_policy["Statement"]):
            principal = statement.get("Principal")
            services = principal.get("Service", []) if isinstance(principal, dict) else []
            if statement["Effect"] == "Allow" and service in _services(services):
                return True
        return False

    def needs_instance_profile(self) -> bool:
        """EC2 takes a role only inside an instance profile; the console makes one of the same name silently."""
        return self.trusts_service("ec2.amazonaws.com")


def _services(principals: str | list[str]) -> set[str]:
    """The service principals, without the ending that some have in China."""
    return {name.removesuffix(".cn") for name in listed(principals)}


@dataclass(frozen=True)
class FileDocument:
    """An SSM document, its content as an object in AWS's own spelling."""

    name: str
    content: Document


@dataclass(frozen=True)
class PermissionsFile:
    """The whole file, each section sorted by name; C(policies) are attached to no role."""

    topics: tuple[FileTopic, ...]
    rules: tuple[FileRule, ...]
    roles: tuple[FileRole, ...]
    policies: tuple[FilePolicy, ...]
    ssm_documents: tuple[FileDocument, ...]
