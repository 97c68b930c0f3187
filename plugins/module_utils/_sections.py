# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sections of a plan as options of modules: their argument spec, and from options to work.

The options are documented in the doc fragment C(clumio.aws.sections), under the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from ._aws import regions
from ._errors import InputError
from ._permissions.documents import Document, problem_of_policy
from ._permissions.names import Connection
from ._permissions.plan import (
    InlinePolicy,
    InstanceProfile,
    Policy,
    Resource,
    Role,
    Rule,
    SsmDocument,
    Target,
    Topic,
)
from ._provision.converge import Noun, Work
from ._provision.instance_profiles import InstanceProfiles
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
    "tags": {"type": "dict", "default": {}},
}
_IAM: Spec = {**_NAMED, "path": {"type": "str", "default": "/"}}
_DESCRIPTION: Spec = {"type": "str", "default": ""}
_DOCUMENT: Spec = {"type": "dict", "required": True}

_SPECS: dict[str, Spec] = {
    "topics": {**_NAMED, "policy": {"type": "dict"}},
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
            "options": {"name": {"type": "str", "required": True}, "document": _DOCUMENT},
        },
    },
    "instance_profiles": {**_IAM, "role": {"type": "str", "required": True}},
    "ssm_documents": {
        **_NAMED,
        "content": _DOCUMENT,
        "document_type": {"type": "str", "default": "Command"},
        "target_type": {"type": "str", "default": "/AWS::EC2::Instance"},
    },
}


# The service of each section and the noun that makes its resources.
_NOUNS: dict[str, tuple[str, Callable[[Any], Noun[Any]]]] = {
    "topics": ("sns", Topics),
    "rules": ("events", Rules),
    "policies": ("iam", Policies),
    "roles": ("iam", Roles),
    "instance_profiles": ("iam", InstanceProfiles),
    "ssm_documents": ("ssm", SsmDocuments),
}

SECTIONS = tuple(_SPECS)


def argument_spec(*sections: str) -> Spec:
    """The options C(account_id) and those of the sections, whose names are those of a plan."""
    spec: Spec = {"account_id": {"type": "str", "required": True}}
    for section in sections:
        spec[section] = {"type": "list", "elements": "dict", "default": [], "options": _SPECS[section]}
    return spec


def work(sections: Sequence[str], params: Options, connection: Connection, client: Callable[[str], Any]) -> list[Work]:
    """What is wanted of each section, with the noun that makes it.

    Args:
        sections: names as in a plan.
        params: of a module with the argument spec of these sections.
        connection: whose resources they are to be.
        client: makes the boto3 client of a service; called once for each service that is needed.

    Raises:
        InputError: C(unknown_region); C(invalid_resources), a name twice in a list, an ARN of another account, region
            or name, or a document that is no policy.
    """
    regions.require_known(connection.region, connection.partition)
    client = cache(client)
    result: list[Work] = []
    wrong: list[str] = []
    for section in sections:
        items = params[section]
        wanted = [replace(_BUILDERS[section](item, connection), tags=_tags(item)) for item in items]
        wrong += _wrong(items, wanted, connection)
        if wanted:
            service, noun = _NOUNS[section]
            result.append((noun(client(service)), wanted))
    if wrong:
        raise InputError(f"The resources cannot be used: {'; '.join(wrong)}.", code="invalid_resources")
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


def _no_policies(wanted: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """The resources with a policy document that IAM would not take, and why."""
    for resource in wanted:
        documents: list[Document | None] = []
        if isinstance(resource, Topic):
            documents = [resource.policy]
        elif isinstance(resource, Policy):
            documents = [resource.document]
        elif isinstance(resource, Role):
            documents = [resource.trust_policy, *(policy.document for policy in resource.inline_policies)]
        for document in documents:
            problem = problem_of_policy(document) if document is not None else ""
            if problem:
                yield resource, problem


def _tags(item: Options) -> dict[str, str]:
    return {str(key): str(value) for key, value in item["tags"].items()}


def _topic(item: Options, connection: Connection) -> Topic:
    return Topic(name=item["name"], arn=connection.topic_arn(item["name"]), policy=item["policy"])


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
    "topics": _topic,
    "rules": _rule,
    "policies": _policy,
    "roles": _role,
    "instance_profiles": _instance_profile,
    "ssm_documents": _ssm_document,
}
