# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an account of the sandbox holds, in a form that can be compared: no times, no random ids, sorted lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.session import Session

#: Members of AWS's answers that are kept; documents, tags and lists of names come on top.
_KMS_KEY = ("Description", "KeyState")
_RULE = ("Name", "Arn", "Description", "EventBusName", "State")
_POLICY = ("PolicyName", "Arn", "Path", "Description", "DefaultVersionId")
_ROLE = ("RoleName", "Arn", "Path", "Description", "AssumeRolePolicyDocument")
_INSTANCE_PROFILE = ("InstanceProfileName", "Arn", "Path")
_SSM_DOCUMENT = ("Name", "DefaultVersion", "DocumentFormat", "DocumentType", "Status", "TargetType")


def of_account(endpoint: str, account: str, region: str) -> dict[str, list[dict[str, Any]]]:
    """What a Clumio connection can consist of, under the names that AWS gives to the members.

    Args:
        endpoint: base URL of moto.
        account: whose resources, 12 digits.
        region: of KMS keys, topics, rules and SSM documents.
    """
    # A person's AWS profile says nothing about the sandbox, and need not even exist.
    without_profile = Session(session_vars={"profile": (None, None, None, None)})
    credentials = {"aws_access_key_id": "dump", "aws_secret_access_key": "dump"}
    session = boto3.Session(botocore_session=without_profile, region_name=region, **credentials)

    def into_account(params: dict[str, Any], **_event: Any) -> None:
        params["headers"]["x-moto-account-id"] = account

    session.events.register("before-call", into_account)

    def client(service: str) -> Any:
        # No HTTP proxies: the endpoint is on loopback.
        return session.client(service, endpoint_url=endpoint, config=Config(proxies={}))

    return held(client)


def held(client: Callable[[str], Any]) -> dict[str, list[dict[str, Any]]]:
    """The same, of the account and the region of boto3 clients.

    Args:
        client: gives the client of a service.
    """
    iam = client("iam")
    keys = dict(_kms_keys(client("kms")))
    sections = {
        "kms_keys": sorted(keys.values(), key=lambda key: json.dumps(key, sort_keys=True)),
        "topics": _topics(client("sns")),
        "rules": _rules(client("events")),
        "policies": _policies(iam),
        "roles": _roles(iam),
        "instance_profiles": _instance_profiles(iam),
        "ssm_documents": _ssm_documents(client("ssm")),
    }
    text = json.dumps({name: list(entries) for name, entries in sections.items()})
    for key_id, key in keys.items():
        # An id is random; what refers to a key shows the key's alias in its place.
        text = text.replace(key_id, f"<key of {key['Aliases'][0]}>" if key["Aliases"] else "<key without an alias>")
    without_ids: dict[str, list[dict[str, Any]]] = json.loads(text)
    return without_ids


def _all(client: Any, operation: str, members: str, **arguments: Any) -> list[Any]:
    """Everything that a listing operation lists."""
    pages = client.get_paginator(operation).paginate(**arguments)
    return [item for page in pages for item in page[members]]


def _sorted_by(items: Iterable[dict[str, Any]], member: str) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: str(item[member]))


def _picked(source: Mapping[str, Any], members: Iterable[str]) -> dict[str, Any]:
    return {name: source.get(name) for name in members}


def _tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _kms_keys(kms: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Keys by their ids: those that have an alias, but not one of AWS's own, or Clumio's tag."""
    for listed in _all(kms, "list_keys", "Keys"):
        key_id = listed["KeyId"]
        names = [alias["AliasName"] for alias in _all(kms, "list_aliases", "Aliases", KeyId=key_id)]
        aliases = sorted(name for name in names if not name.startswith("alias/aws/"))
        tags = {tag["TagKey"]: tag["TagValue"] for tag in _all(kms, "list_resource_tags", "Tags", KeyId=key_id)}
        if aliases or tags.get("Vendor") == "Clumio":
            yield (
                key_id,
                _picked(kms.describe_key(KeyId=key_id)["KeyMetadata"], _KMS_KEY)
                | {
                    "Aliases": aliases,
                    "KeyRotationEnabled": kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"],
                    "Policy": json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]),
                    "Tags": tags,
                },
            )


def _topics(sns: Any) -> Iterator[dict[str, Any]]:
    for topic in _sorted_by(_all(sns, "list_topics", "Topics"), "TopicArn"):
        arn = topic["TopicArn"]
        attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        policy = json.loads(attributes.pop("Policy"))
        tags = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
        yield {"TopicArn": arn, "Attributes": attributes, "Policy": policy, "Tags": _tags(tags)}


def _rules(events: Any) -> Iterator[dict[str, Any]]:
    for rule in _sorted_by(_all(events, "list_rules", "Rules"), "Name"):
        pattern = json.loads(rule["EventPattern"]) if "EventPattern" in rule else None
        targets = _all(events, "list_targets_by_rule", "Targets", Rule=rule["Name"])
        tags = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        lists = {"Targets": _sorted_by(targets, "Id"), "Tags": _tags(tags)}
        yield _picked(rule, _RULE) | {"EventPattern": pattern} | lists


def _policies(iam: Any) -> Iterator[dict[str, Any]]:
    for listed in _sorted_by(_all(iam, "list_policies", "Policies", Scope="Local"), "Arn"):
        policy = iam.get_policy(PolicyArn=listed["Arn"])["Policy"]
        default = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        versions = _all(iam, "list_policy_versions", "Versions", PolicyArn=policy["Arn"])
        yield _picked(policy, _POLICY) | {
            "Document": default["PolicyVersion"]["Document"],
            "VersionIds": sorted(version["VersionId"] for version in versions),
            "Tags": _tags(policy.get("Tags", [])),
        }


def _roles(iam: Any) -> Iterator[dict[str, Any]]:
    for listed in _sorted_by(_all(iam, "list_roles", "Roles"), "Arn"):
        name = listed["RoleName"]
        role = iam.get_role(RoleName=name)["Role"]
        attached = _all(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        inline = _all(iam, "list_role_policies", "PolicyNames", RoleName=name)
        yield _picked(role, _ROLE) | {
            "AttachedPolicies": sorted(policy["PolicyName"] for policy in attached),
            "InlinePolicies": {
                policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline
            },
            "PermissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "Tags": _tags(role.get("Tags", [])),
        }


def _instance_profiles(iam: Any) -> Iterator[dict[str, Any]]:
    for listed in _sorted_by(_all(iam, "list_instance_profiles", "InstanceProfiles"), "Arn"):
        profile = iam.get_instance_profile(InstanceProfileName=listed["InstanceProfileName"])["InstanceProfile"]
        yield _picked(profile, _INSTANCE_PROFILE) | {
            "Roles": sorted(role["RoleName"] for role in profile["Roles"]),
            "Tags": _tags(profile.get("Tags", [])),
        }


def _ssm_documents(ssm: Any) -> Iterator[dict[str, Any]]:
    for listed in _sorted_by(_all(ssm, "list_documents", "DocumentIdentifiers"), "Name"):
        document = ssm.describe_document(Name=listed["Name"])["Document"]
        content = ssm.get_document(Name=listed["Name"], DocumentFormat="JSON")["Content"]
        yield _picked(document, _SSM_DOCUMENT) | {
            "Content": json.loads(content),
            "Tags": _tags(document.get("Tags", [])),
        }
