# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Clumio connection: its states, and the object that the API shows of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

#: Control plane account: the principal of the trust policies, and subscriber of the topic.
CLUMIO_ACCOUNT = "999988887777"
CLUMIO_REGION = "us-west-2"
DATA_PLANE_ACCOUNT = "888877776666"
DEFAULT_ORGANIZATIONAL_UNIT = "00000000-0000-0000-0000-000000000000"

#: Spelling on the wire, in lower case and without ``/ _ -``, to our word for the asset type.
_ASSET_SPELLINGS = {
    "ec2ebs": "ebs",
    "ebs": "ebs",
    "ec2": "ebs",
    "rds": "rds",
    "dynamodb": "dynamodb",
    "s3": "s3",
    "ec2mssql": "mssql",
    "icebergonglue": "iceberg_on_glue",
    "icebergons3tables": "iceberg_on_s3_tables",
}

#: Key of an asset type in a connection's ``config``, and the version of its template.
TEMPLATES = {
    "ebs": ("ebs", "25.4"),
    "rds": ("rds", "21.1"),
    "dynamodb": ("dynamodb", "7.4"),
    "s3": ("s3", "7.6"),
    "mssql": ("ec2_mssql", "4.4"),
    "iceberg_on_glue": ("iceberg_on_glue", "1.0"),
    "iceberg_on_s3_tables": ("iceberg_on_s3_tables", "1.0"),
}
TEMPLATE_VERSION = "4.6"


def asset_word(spelling: str) -> str | None:
    """Our word for an asset type in any of the API's spellings, or ``None`` for an unknown one."""
    return _ASSET_SPELLINGS.get(spelling.lower().translate(str.maketrans("", "", "/_-")))


def asset_words(spellings: Iterable[str]) -> list[str]:
    """Our words for asset types in the API's spellings: sorted, each once, unknown ones left out."""
    return sorted({word for spelling in spellings if (word := asset_word(spelling))})


def template_config(words: Iterable[str], version_member: str) -> dict[str, Any]:
    """The ``config`` object of connections (installed versions) and of templates (available ones)."""
    templates = [TEMPLATES[word] for word in words]
    return {
        "asset_types_enabled": [key for key, _ in templates],
        version_member: TEMPLATE_VERSION,
        **{key: {version_member: version} for key, version in templates},
    }


def link(href: str, method: str) -> dict[str, Any]:
    """One member of a ``_links`` object."""
    return {"href": href, "templated": False, "type": method}


@dataclass(frozen=True)
class Verification:
    """What Clumio saw when it looked at the account. No findings: everything is as it must be."""

    findings: tuple[str, ...] = ()
    account_alias: str = ""
    permission_set: str = "all"


@dataclass
class Connection:
    """One AWS account in one region, as Clumio knows it. Times are seconds of the API's clock."""

    account_native_id: str
    aws_region: str
    token: str
    created: float
    description: str = ""
    organizational_unit_id: str = DEFAULT_ORGANIZATIONAL_UNIT
    asset_types: list[str] = field(default_factory=list)
    services_enabled: list[str] = field(default_factory=lambda: ["discover", "protect"])
    #: ARNs handed in, in the shape of the API; replaced as a whole, never changed in place.
    resources: dict[str, Any] | None = None
    handed_in: float | None = None
    connection_status: str = "connecting"
    ingestion_status: str = "initial"
    target_setup_status: str = "initial"
    account_name: str = ""
    permission_set: str = "all"
    connected: float = 0.0
    findings: tuple[str, ...] = ()
    revision: int = 1
    #: Id of the AWS environment, which there is once Clumio has been connected.
    environment_id: str = ""

    @property
    def id(self) -> str:
        """``<account>_<region>``."""
        return f"{self.account_native_id}_{self.aws_region}"

    @property
    def external_id(self) -> str:
        """What the trust policies must ask for."""
        return f"ExternalID_{self.token}"

    def hand_in(self, resources: dict[str, Any], now: float) -> None:
        """Take the ARNs of a PATCH; they are looked at by a later read."""
        self.resources = resources
        self.handed_in = now

    def verified(self, seen: Verification, now: float) -> None:
        """Take what a look at the account gave.

        ``connecting`` or ``unlinked`` becomes ``connected``, and ingestion starts, as soon as nothing is wrong.
        Something wrong leaves ``connecting`` as it is, and makes ``connected`` ``unlinked``.
        """
        before = (self.connection_status, self.account_name, self.permission_set)
        self.findings = seen.findings
        if seen.findings and self.connection_status == "connected":
            self.connection_status = "unlinked"
            self.ingestion_status = "failed"
        elif not seen.findings and self.connection_status != "connected":
            self.connection_status = "connected"
            self.environment_id = self.environment_id or str(uuid.uuid5(uuid.NAMESPACE_URL, self.token))
            self.connected = now
            self.ingestion_status = "in_progress"
            if self.target_setup_status == "initial":
                self.target_setup_status = "in_progress"
        if not seen.findings:
            self.account_name = seen.account_alias
            self.permission_set = seen.permission_set
        if before != (self.connection_status, self.account_name, self.permission_set):
            self.revision += 1

    def advance(
        self, now: float, ingest_delay: float, *, ingestion: str = "completed", target_setup: str = "completed"
    ) -> None:
        """End ingestion and target set-up, as told, when they have run for ``ingest_delay`` seconds."""
        ends = (ingestion, target_setup)
        over = self.connection_status == "connected" and now >= self.connected + ingest_delay
        if over and (self.ingestion_status, self.target_setup_status) != ends:
            self.ingestion_status, self.target_setup_status = ends
            self.revision += 1

    def as_json(self, *, with_external_id: bool = False) -> dict[str, Any]:
        """The object that the API shows; ``external_id`` is null unless asked for."""
        path = f"/connections/aws/{self.id}"
        done = (self.connection_status, self.ingestion_status) == ("connected", "completed")
        return {
            "_links": {
                "_self": link(path, "get"),
                "delete-connection-aws": link(path, "delete"),
                "update-connection-aws": link(path, "patch"),
                "read-organizational-unit": link(f"/organizational-units/{self.organizational_unit_id}", "get"),
            },
            "account_name": self.account_name,
            "account_native_id": self.account_native_id,
            "aws_region": self.aws_region,
            "clumio_aws_account_id": CLUMIO_ACCOUNT,
            "clumio_aws_region": CLUMIO_REGION,
            "config": template_config(asset_words(self.asset_types), "installed_template_version") if done else None,
            "connection_group_id": None,
            "connection_management_status": None,
            "connection_status": self.connection_status,
            "created_timestamp": datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "data_plane_account_id": DATA_PLANE_ACCOUNT,
            "deployment_type": None,
            "description": self.description,
            "discover": None,
            "external_id": self.external_id if with_external_id else None,
            "id": self.id,
            "ingestion_status": self.ingestion_status,
            "namespace": None,
            "organizational_unit_id": self.organizational_unit_id,
            "protect": None,
            "protect_asset_types_enabled": self.asset_types,
            "resources": self.resources,
            "retired_stack_arn": None,
            "services_enabled": self.services_enabled,
            "stack_arn": None,
            "stack_name": None,
            "target_setup_status": self.target_setup_status,
            "template_permission_set": self.permission_set,
            "token": self.token,
        }

    def environment_as_json(self) -> dict[str, Any]:
        """The AWS environment of a connection that has one; its API has a word of its own for ``connected``."""
        path = f"/datasources/aws/environments/{self.environment_id}"
        return {
            "_embedded": None,
            "_links": {"_self": link(path, "get")},
            "account_name": self.account_name,
            "account_native_id": self.account_native_id,
            "aws_az": [f"{self.aws_region}{zone}" for zone in "ab"],
            "aws_region": self.aws_region,
            "config": None,
            "connection_group_id": None,
            "connection_id": self.id,
            "connection_management_status": None,
            "connection_status": "installed" if self.connection_status == "connected" else self.connection_status,
            "description": self.description,
            "id": self.environment_id,
            "organizational_unit_id": self.organizational_unit_id,
            "services_enabled": asset_words(self.asset_types),
            "template_permission_set": self.permission_set,
            "template_version": 0,
        }
