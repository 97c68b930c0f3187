# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An AWS account that moto keeps in the process of the tests, and what a module calls in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.client
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
REGION = "us-west-2"
CONNECTION = f"{ACCOUNT}_{REGION}"
OURS = {"Vendor": "Clumio", "clumio:connection": CONNECTION}


@dataclass(frozen=True)
class Call:
    """One call by boto3."""

    operation: str
    parameters: dict[str, Any]

    @property
    def writes(self) -> bool:
        return not self.operation.startswith(("Get", "List", "Describe", "Simulate"))


@dataclass
class Aws:
    """The account; tests use it through ``client``, modules as if it were AWS."""

    _script: dict[str, Callable[[], dict[str, Any] | None]] = field(default_factory=dict)
    _recorders: list[list[Call]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)

    @contextmanager
    def recorded(self) -> Iterator[list[Call]]:
        """The calls made while this runs, in the order in which they begin."""
        calls: list[Call] = []
        self._recorders.append(calls)
        yield calls
        self._recorders.remove(calls)

    def refuse(self, operation: str, code: str, message: str = "No.", *, times: int | None = None) -> None:
        """Answer the operation with an error, so many times or always."""
        error = ClientError({"Error": {"Code": code, "Message": message}}, operation)
        self.fail(operation, error, times=times)

    def fail(self, operation: str, error: Exception, *, times: int | None = None) -> None:
        """Let the operation end with this exception, so many times or always."""
        left = [error] * times if times else None

        def scripted() -> None:
            if left is None:
                raise error
            if left:
                raise left.pop()

        self._script[operation] = scripted

    def answer(self, operation: str, answer: dict[str, Any]) -> None:
        """Answer the operation with this, whatever moto would say."""
        self._script[operation] = lambda: answer

    def intercept(self, monkeypatch: Any) -> None:
        """Stand between boto3 and moto."""
        pass_on = botocore.client.BaseClient._make_api_call

        def make_api_call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            for calls in self._recorders:
                calls.append(Call(operation, parameters))
            scripted = self._script[operation]() if operation in self._script else None
            return pass_on(client, operation, parameters) if scripted is None else scripted

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", make_api_call)

    # ---- what the account holds, by name and without what AWS adds of its own

    def kms_key(self, key: str) -> dict[str, Any]:
        """A key by its id, ARN or alias."""
        kms = self.client("kms")
        metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
        key_id = metadata["KeyId"]
        return {
            "aliases": sorted(alias["AliasName"] for alias in kms.list_aliases(KeyId=key_id)["Aliases"]),
            "description": metadata["Description"],
            "policy": json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]),
            "rotates": kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"],
            "state": metadata["KeyState"],
            "tags": {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key_id)["Tags"]},
        }

    def topic(self, name: str) -> dict[str, Any]:
        sns, arn = self.client("sns"), f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"
        attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        return {
            "policy": json.loads(attributes["Policy"]),
            "tags": _mapping(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
            **({"kms_key": attributes["KmsMasterKeyId"]} if "KmsMasterKeyId" in attributes else {}),
        }

    def rule(self, name: str) -> dict[str, Any]:
        events = self.client("events")
        rule = events.describe_rule(Name=name)
        targets = events.list_targets_by_rule(Rule=name)["Targets"]
        return {
            "description": rule.get("Description", ""),
            "event_pattern": json.loads(rule["EventPattern"]),
            "state": rule["State"],
            "targets": sorted(targets, key=lambda target: target["Id"]),
            "tags": _mapping(events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]),
        }

    def role(self, name: str) -> dict[str, Any]:
        iam = self.client("iam")
        role = iam.get_role(RoleName=name)["Role"]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
        boundary = role.get("PermissionsBoundary")
        return {
            "path": role["Path"],
            "description": role.get("Description", ""),
            "trust_policy": role["AssumeRolePolicyDocument"],
            "managed_policies": sorted(policy["PolicyArn"] for policy in attached),
            "inline_policies": {
                policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline
            },
            "tags": _mapping(role.get("Tags", [])),
            **({"permissions_boundary": boundary["PermissionsBoundaryArn"]} if boundary else {}),
        }

    def policy(self, arn: str) -> dict[str, Any]:
        iam = self.client("iam")
        policy = iam.get_policy(PolicyArn=arn)["Policy"]
        default = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        return {
            "path": policy["Path"],
            "description": policy.get("Description", ""),
            "document": default["Document"],
            "default": policy["DefaultVersionId"],
            "versions": sorted(version["VersionId"] for version in versions),
            "tags": _mapping(policy.get("Tags", [])),
        }

    def instance_profile(self, name: str) -> dict[str, Any]:
        profile = self.client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        return {
            "path": profile["Path"],
            "roles": [role["RoleName"] for role in profile["Roles"]],
            "tags": _mapping(profile.get("Tags", [])),
        }

    def ssm_document(self, name: str) -> dict[str, Any]:
        ssm = self.client("ssm")
        document = ssm.describe_document(Name=name)["Document"]
        return {
            "content": json.loads(ssm.get_document(Name=name, DocumentFormat="JSON")["Content"]),
            "document_type": document["DocumentType"],
            "target_type": document.get("TargetType"),
            "default": document["DefaultVersion"],
            "latest": document["LatestVersion"],
            "tags": _mapping(document.get("Tags", [])),
        }


def _mapping(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}
