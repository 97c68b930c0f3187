# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection's place in AWS, and the ARN of everything in it: known before anything exists.

Formats: https://docs.aws.amazon.com/service-authorization/latest/reference/ (the page of each service).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .._errors import InputError

ACCOUNT_ID = re.compile(r"[0-9]{12}", re.ASCII)
IAM_PATH = re.compile(r"/([!-.0-~]+/)*", re.ASCII)
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}", re.ASCII)

# The tags of everything that is made: whose product it is for, and which connection it belongs to.
VENDOR_TAG = "Vendor"
CONNECTION_TAG = "clumio:connection"

# On everything that grants: a digest of the grants that were approved.
GRANTS_TAG = "clumio:grants"

# On a role: digests of the names of the inline policies that are ours, since these cannot be tagged themselves.
INLINE_POLICIES_TAG = "clumio:inline-policies"

OUR_TAGS = (VENDOR_TAG, CONNECTION_TAG, GRANTS_TAG, INLINE_POLICIES_TAG)

# Tags that AWS's own services set; nobody else can change them.
# Source: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
AWS_TAG_PREFIX = "aws:"

# https://docs.aws.amazon.com/general/latest/gr/rande.html: the partition follows from the region's first word(s).
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)


@dataclass(frozen=True)
class Connection:
    """One AWS account in one region, as Clumio connects it.

    Args:
        account_id: 12 digits.
        region: an AWS region, C(us-west-2).
    """

    account_id: str
    region: str

    def __post_init__(self) -> None:
        wrong = []
        if not ACCOUNT_ID.fullmatch(self.account_id):
            wrong.append(
                f"The account id '{self.account_id}' is not 12 digits (in YAML, quote it to keep leading zeros)."
            )
        if not self.region:
            wrong.append("No region is given.")
        elif not REGION.fullmatch(self.region):
            wrong.append(f"The region '{self.region}' is not the name of an AWS region, such as us-west-2.")
        if wrong:
            raise InputError(" ".join(wrong), code="invalid_connection")

    @property
    def id(self) -> str:
        """The name Clumio gives it, C(111122223333_us-west-2)."""
        return f"{self.account_id}_{self.region}"

    @property
    def partition(self) -> str:
        """C(aws), C(aws-cn), C(aws-us-gov) and so on; follows from the region."""
        return next((partition for prefix, partition in _PARTITIONS if self.region.startswith(prefix)), "aws")

    def kms_alias_arn(self, name: str) -> str:
        return f"arn:{self.partition}:kms:{self.region}:{self.account_id}:alias/{name}"

    def topic_arn(self, name: str) -> str:
        return f"arn:{self.partition}:sns:{self.region}:{self.account_id}:{name}"

    def rule_arn(self, name: str) -> str:
        return f"arn:{self.partition}:events:{self.region}:{self.account_id}:rule/{name}"

    def ssm_document_arn(self, name: str) -> str:
        return f"arn:{self.partition}:ssm:{self.region}:{self.account_id}:document/{name}"

    def role_arn(self, name: str, path: str = "/") -> str:
        return self._iam_arn("role", path, name)

    def policy_arn(self, name: str, path: str = "/") -> str:
        return self._iam_arn("policy", path, name)

    def instance_profile_arn(self, name: str, path: str = "/") -> str:
        return self._iam_arn("instance-profile", path, name)

    def _iam_arn(self, kind: str, path: str, name: str) -> str:
        return f"arn:{self.partition}:iam::{self.account_id}:{kind}{path}{name}"


@dataclass(frozen=True)
class Naming:
    """What the entities of a file are called in AWS.

    IAM knows no regions: two connections of one account need different names there, by a suffix for example. SSM
    documents keep their names, since Clumio and the policies of the file call them by name.

    Args:
        connection: where they are.
        path: IAM path of roles, policies and instance profiles.
        prefix: before the name of every topic, rule, role and managed policy.
        suffix: after it.
        names: AWS names by the names in the file, instead of prefix and suffix; for inline policies too.

    Raises:
        InputError: C(invalid_path), C(invalid_names).
    """

    connection: Connection
    path: str = "/"
    prefix: str = ""
    suffix: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
        if not IAM_PATH.fullmatch(self.path) or len(self.path) > 512:
            raise InputError(
                f"The IAM path '{self.path}' cannot be used.",
                code="invalid_path",
                hint="It begins and ends with a slash, /backup/ for example, and has no spaces.",
            )
        wrong = [logical for logical, name in self.names.items() if not isinstance(name, str) or not name]
        if wrong:
            raise InputError(
                f"The names given for {', '.join(map(repr, wrong))} cannot be used.",
                code="invalid_names",
                hint="Each is text, in quotes if it looks like a number.",
            )

    def name(self, logical: str) -> str:
        """The AWS name of a topic, rule, role or managed policy."""
        return self.names.get(logical, f"{self.prefix}{logical}{self.suffix}")

    def inline_name(self, logical: str) -> str:
        """The name of a policy inside a role, which can collide with nothing."""
        return self.names.get(logical, logical)

    def topic_arn(self, logical: str) -> str:
        return self.connection.topic_arn(self.name(logical))

    def rule_arn(self, logical: str) -> str:
        return self.connection.rule_arn(self.name(logical))

    def role_arn(self, logical: str) -> str:
        return self.connection.role_arn(self.name(logical), self.path)

    def policy_arn(self, logical: str) -> str:
        return self.connection.policy_arn(self.name(logical), self.path)

    def instance_profile_arn(self, role: str) -> str:
        """The ARN of the instance profile of a role, which has the role's name."""
        return self.connection.instance_profile_arn(self.name(role), self.path)
