# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sections of a plan as options of modules: their argument spec, from options to work, and to a result.

The options are documented in the doc fragment C(clumio.aws.sections), under the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info

from ._aws import clients, regions
from ._change import as_result
from ._errors import InputError
from ._permissions.documents import Document, problem_of_policy
from ._permissions.names import Connection
from ._permissions.plan import (
    InlinePolicy,
    InstanceProfile,
    KmsKey,
    Policy,
    Resource,
    Role,
    Rule,
    SsmDocument,
    Target,
    Topic,
)
from ._permissions.preferences import Preferences, audit_tags
from ._provision.approval import widened
from ._provision.choices import Choices
from ._provision.converge import Noun, Work, everything_owned, provision
from ._provision.instance_profiles import InstanceProfiles
from ._provision.kms_keys import KmsKeys
from ._provision.policies import Policies
from ._provision.roles import Roles
from ._provision.rules import Rules
from ._provision.ssm_documents import SsmDocuments
from ._provision.topics import Topics

R = TypeVar("R", bound=Resource)
Options = Mapping[str, Any]
Spec = dict[str, Any]

_NAMED: Spec = {
    "name": {"type": "str", "required": True},
    "arn": {"type": "str"},
    "tags": {"type": "dict"},
}
_IAM: Spec = {**_NAMED, "path": {"type": "str", "default": "/"}}
_DESCRIPTION: Spec = {"type": "str", "default": ""}
_DOCUMENT: Spec = {"type": "dict"}

_SPECS: dict[str, Spec] = {
    "kms_keys": {
        **_NAMED,
        "description": _DESCRIPTION,
        "policy": _DOCUMENT,
        "rotation": {"type": "bool", "default": True},
        "enabled": {"type": "bool", "default": True},
    },
    "topics": {**_NAMED, "policy": {"type": "dict"}, "kms_key": {"type": "str", "no_log": False}},
    "rules": {
        **_NAMED,
        "description": _DESCRIPTION,
        "event_pattern": _DOCUMENT,
        "state": {"type": "str", "choices": ["ENABLED", "DISABLED"], "default": "ENABLED"},
        "targets": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "id": {"type": "str", "required": True},
                "arn": {"type": "str", "required": True},
                "settings": {"type": "dict", "default": {}},
            },
        },
    },
    "policies": {**_IAM, "description": _DESCRIPTION, "document": _DOCUMENT},
    "roles": {
        **_IAM,
        "description": _DESCRIPTION,
        "trust_policy": _DOCUMENT,
        "managed_policies": {"type": "list", "elements": "str", "default": []},
        "inline_policies": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {"name": {"type": "str", "required": True}, "document": {"type": "dict", "required": True}},
        },
        "permissions_boundary": {"type": "str"},
    },
    "instance_profiles": {**_IAM, "role": {"type": "str"}},
    "ssm_documents": {
        **_NAMED,
        "content": _DOCUMENT,
        "document_type": {"type": "str", "default": "Command"},
        "target_type": {"type": "str", "default": "/AWS::EC2::Instance"},
    },
}


# What a resource cannot be made without; its name is enough to remove it.
_NEEDED: dict[str, str] = {
    "kms_keys": "policy",
    "rules": "event_pattern",
    "policies": "document",
    "roles": "trust_policy",
    "instance_profiles": "role",
    "ssm_documents": "content",
}

# What makes the resources of each section.
_NOUNS: dict[str, Callable[[Callable[[str], Any]], Noun[Any]]] = {
    "kms_keys": KmsKeys,
    "topics": Topics,
    "rules": Rules,
    "policies": Policies,
    "roles": Roles,
    "instance_profiles": InstanceProfiles,
    "ssm_documents": SsmDocuments,
}

SECTIONS = tuple(_SPECS)

# Sections whose resources grant something, and sections whose resources others can add something to.
_GRANTING = {"topics", "policies", "roles"}
_EXTENSIBLE = {"rules", "roles"}

# The sections of ARNs that a plan retires, by what such an ARN says.
_RETIRED = {"role": "roles", "policy": "policies", "instance-profile": "instance_profiles"}


def argument_spec(*sections: str) -> Spec:
    """The options C(account_id), C(purge_tags) and those of the sections, whose names are those of a plan.

    C(purge) and C(retired) come along where the sections can make use of them.
    """
    spec: Spec = {"account_id": {"type": "str", "required": True}, "purge_tags": {"type": "bool", "default": True}}
    if _EXTENSIBLE & set(sections):
        spec["purge"] = {"type": "bool", "default": False}
    if set(_RETIRED.values()) & set(sections):
        spec["retired"] = {"type": "list", "elements": "str", "default": []}
    for section in sections:
        # Keys are named and described here, never given.
        spec[section] = {"type": "list", "elements": "dict", "default": [], "no_log": False, "options": _SPECS[section]}
    return spec


def provisioning_argument_spec(*sections: str) -> Spec:
    """The options of a module that makes these sections."""
    spec: Spec = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "everything": {"type": "bool", "default": False},
        "adopt": {"type": "bool", "default": False},
        **argument_spec(*sections),
    }
    if _GRANTING & set(sections):
        spec["approve_changes"] = {"type": "bool", "default": False}
    return spec


def choices(params: Options) -> Choices:
    """What the user allows; a module without an option has nothing to allow."""
    return Choices(
        adopt=params.get("adopt", False),
        purge=params.get("purge", False),
        purge_tags=params.get("purge_tags", True),
        approve_changes=params.get("approve_changes", True),
    )


def run(module: Any, *sections: str) -> dict[str, Any]:
    """What a module of these sections does, whatever its state; gives its result.

    Args:
        module: with the argument spec of C(provisioning_argument_spec).

    Raises:
        InputError: C(everything_to_make), everything is asked for and the state is not absent.
        ClumioError: see C(work) and C(provision).
    """
    params = module.params
    connection = Connection(params["account_id"], module.region or "")
    client = clients.connect(*get_aws_connection_info(module))
    planned = work(sections, params, connection, client)
    if params["everything"] and params["state"] != "absent":
        raise InputError("Only state=absent can be about everything.", code="everything_to_make")
    if params["everything"]:
        planned = everything_owned([_NOUNS[section](client) for section in sections], connection)
    elif params["state"] == "absent":
        planned = [_removed(item) for item in planned]
    changes = provision(planned, connection, choices(params), check_mode=module.check_mode)
    result = as_result(changes, *sections)
    if "approve_changes" in params:
        result["widening"] = widened(changes)
    return result


def _removed(item: Work[Any]) -> Work[Any]:
    """The work of removing what is named."""
    return Work(item.noun, unwanted=[*((resource.name, resource.arn) for resource in item.wanted), *item.unwanted])


def work(
    sections: Sequence[str], params: Options, connection: Connection, client: Callable[[str], Any]
) -> list[Work[Any]]:
    """What is wanted of each section and what is not, with the noun that makes it.

    Args:
        sections: names as in a plan.
        params: of a module with the argument spec of these sections.
        connection: whose resources they are to be.
        client: makes the boto3 client of a service; called for the sections that have something to do.

    Raises:
        InputError: C(unknown_region); C(invalid_resources), a name twice in a list, an ARN of another account, region
            or name, a tag that cannot be given, or a document that is missing or no policy.
    """
    regions.require_known(connection.region, connection.partition)
    result: list[Work[Any]] = []
    wrong: list[str] = []
    retired = _retired(params.get("retired") or [], connection, wrong)
    for section in sections:
        items = params[section]
        wanted = [
            replace(_BUILDERS[section](item, connection), tags=Preferences(tags=item["tags"]).texts()) for item in items
        ]
        wrong += _wrong(items, wanted, connection)
        if params.get("state") != "absent":
            wrong += _incomplete(section, items)
        unwanted = retired.get(section, [])
        wrong += [f"{arn} is wanted and retired" for _name, arn in unwanted if arn in {found.arn for found in wanted}]
        if wanted or unwanted:
            result.append(Work(_NOUNS[section](client), wanted, unwanted))
    if wrong:
        raise InputError(f"The resources cannot be used: {'; '.join(wrong)}.", code="invalid_resources")
    return result


def _retired(arns: Sequence[str], connection: Connection, wrong: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Name and ARN of what a plan retires, by section."""
    result: dict[str, list[tuple[str, str]]] = {}
    start = f"arn:{connection.partition}:iam::{connection.account_id}:"
    for arn in arns:
        kind, _slash, path = arn.removeprefix(start).partition("/")
        if arn.startswith(start) and kind in _RETIRED:
            result.setdefault(_RETIRED[kind], []).append((path.rpartition("/")[2], arn))
        else:
            wrong.append(f"{arn} in retired is no role, policy or instance profile of {connection.account_id}")
    return result


def _wrong(items: Sequence[Options], wanted: Sequence[Resource], connection: Connection) -> list[str]:
    """What cannot be this connection's, and what stands there twice."""
    wrong = [
        f"{resource.name} is given with the ARN {item['arn']}, in {connection.id} it is {resource.arn}"
        for item, resource in zip(items, wanted, strict=True)
        if item.get("arn") and item["arn"] != resource.arn
    ]
    wrong += [
        f"{resource.name} has a document that is no policy: {problem}" for resource, problem in _no_policies(wanted)
    ]
    names = [resource.name for resource in wanted]
    return wrong + [f"{name} is given twice" for name in sorted({name for name in names if names.count(name) > 1})]


def _incomplete(section: str, items: Sequence[Options]) -> Iterator[str]:
    """What cannot be made, and tags that cannot be given to it."""
    needed = _NEEDED.get(section)
    for item in items:
        if needed and item[needed] is None:
            yield f"{item['name']} has no {needed}"
        yield from (f"{item['name']}: {finding.sentence}" for finding in audit_tags(item["tags"] or {}))


def _no_policies(wanted: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """The resources with a policy document that IAM would not take, and why."""
    for resource in wanted:
        documents: list[Document | None] = []
        if isinstance(resource, (KmsKey, Topic)):
            documents = [resource.policy]
        elif isinstance(resource, Policy):
            documents = [resource.document]
        elif isinstance(resource, Role):
            documents = [resource.trust_policy, *(policy.document for policy in resource.inline_policies)]
        for document in documents:
            problem = problem_of_policy(document) if document is not None else ""
            if problem:
                yield resource, problem


def _kms_key(item: Options, connection: Connection) -> KmsKey:
    return KmsKey(
        name=item["name"],
        arn=connection.kms_alias_arn(item["name"]),
        description=item["description"],
        policy=item["policy"],
        rotation=item["rotation"],
        enabled=item["enabled"],
    )


def _topic(item: Options, connection: Connection) -> Topic:
    return Topic(
        name=item["name"],
        arn=connection.topic_arn(item["name"]),
        policy=item["policy"],
        kms_key=item["kms_key"],
    )


def _rule(item: Options, connection: Connection) -> Rule:
    return Rule(
        name=item["name"],
        arn=connection.rule_arn(item["name"]),
        description=item["description"],
        event_pattern=item["event_pattern"],
        state=item["state"],
        targets=tuple(
            Target(id=target["id"], arn=target["arn"], settings=target["settings"]) for target in item["targets"]
        ),
    )


def _policy(item: Options, connection: Connection) -> Policy:
    return Policy(
        name=item["name"],
        arn=connection.policy_arn(item["name"], item["path"]),
        path=item["path"],
        description=item["description"],
        document=item["document"],
    )


def _role(item: Options, connection: Connection) -> Role:
    return Role(
        name=item["name"],
        arn=connection.role_arn(item["name"], item["path"]),
        path=item["path"],
        description=item["description"],
        trust_policy=item["trust_policy"],
        managed_policies=tuple(sorted(item["managed_policies"])),
        inline_policies=tuple(
            InlinePolicy(name=policy["name"], document=policy["document"]) for policy in item["inline_policies"]
        ),
        permissions_boundary=item["permissions_boundary"],
    )


def _instance_profile(item: Options, connection: Connection) -> InstanceProfile:
    return InstanceProfile(
        name=item["name"],
        arn=connection.instance_profile_arn(item["name"], item["path"]),
        path=item["path"],
        role=item["role"],
    )


def _ssm_document(item: Options, connection: Connection) -> SsmDocument:
    return SsmDocument(
        name=item["name"],
        arn=connection.ssm_document_arn(item["name"]),
        content=item["content"],
        document_type=item["document_type"],
        target_type=item["target_type"],
    )


_BUILDERS: dict[str, Callable[[Options, Connection], Resource]] = {
    "kms_keys": _kms_key,
    "topics": _topic,
    "rules": _rule,
    "policies": _policy,
    "roles": _role,
    "instance_profiles": _instance_profile,
    "ssm_documents": _ssm_document,
}
