# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tolerant reader: from the text of a permissions file, in any of its known spellings, to the one model.

What is unclear in the file is an error, never a guess: all errors of a file are told at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import yaml

from .._errors import InputError
from .documents import Document, compact, same_policy
from .findings import Finding, refuse_errors
from .model import FileDocument, FilePolicy, FileRole, FileRule, FileTopic, PermissionsFile

# The one role without which Clumio can do nothing.
CLUMIO_ROLE = "ClumioIAMRole"

SECTIONS = ("topics", "rules", "roles", "policies", "ssm_documents")

# Far above any real file (the largest known has 90 kB); keeps a wrong path from filling the memory.
MAXIMUM_BYTES = 16 * 1024 * 1024

_Entity = TypeVar("_Entity")

# The members of an SSM document of schema 2.2 that some clients write in lower case.
# Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
_SSM_SPELLING = {
    name.lower(): name
    for name in (
        *("schemaVersion", "mainSteps", "description", "parameters"),
        *("action", "name", "precondition", "inputs", "onFailure", "onSuccess", "isEnd", "isCritical", "nextStep"),
        *("runCommand", "timeoutSeconds", "workingDirectory"),
        *("type", "default", "allowedPattern", "allowedValues", "displayType"),
        *("minItems", "maxItems", "minChars", "maxChars"),
    )
}


class _WrongMemberError(Exception):
    """A member that cannot be read; the section and the entity are added where they are known."""

    def __init__(self, member: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.member = member
        self.message = message
        self.hint = hint


def load(raw: str | bytes) -> PermissionsFile:
    """Read a permissions file.

    Args:
        raw: the file as such, the API's answer around it (C({"resources": ...})), or either as a JSON string; bytes
            are UTF-8, with or without a byte order mark.

    Raises:
        InputError: C(invalid_permissions_file), with every error in C(findings).
    """
    top = _unwrapped(_parsed(raw))
    findings: list[Finding] = []

    def read(section: str, reader: Callable[[str, Mapping[str, Any]], _Entity]) -> tuple[_Entity, ...]:
        return _section(top, section, reader, findings)

    file = PermissionsFile(
        topics=read("topics", _topic),
        rules=read("rules", _rule),
        roles=read("roles", _role),
        policies=read("policies", _unattached_policy),
        ssm_documents=read("ssm_documents", _ssm_document),
    )
    findings += _contradicting_policies(file)
    refuse_errors(findings, "The permissions file cannot be read")
    if all(role.name != CLUMIO_ROLE for role in file.roles):
        raise _unusable(f"it has no role {CLUMIO_ROLE}, which every permissions file has")
    return file


def _unusable(why: str) -> InputError:
    return InputError(f"The permissions file cannot be read: {why}.", code="invalid_permissions_file")


def _parsed(raw: str | bytes) -> Any:
    if len(raw) > MAXIMUM_BYTES:
        raise _unusable(f"it is larger than {MAXIMUM_BYTES // 1024 // 1024} MiB")
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw.removeprefix("\N{BYTE ORDER MARK}")
    except UnicodeDecodeError as error:
        raise _unusable(f"it is not UTF-8 text (byte {error.start})") from error
    if not text.strip():
        raise _unusable("it is empty")
    try:
        return parse_json(text)
    except ValueError as error:
        raise _unusable(f"it is not JSON ({error})") from error


def parse_json(text: str) -> Any:
    """JSON as the standard has it: no repeated keys, no NaN, no half characters, bounded depth.

    Raises:
        ValueError: says where and why.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        compact(value).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise ValueError("it holds half of a surrogate pair, which is no character") from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> Document:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        repeated = sorted({key for key, _value in pairs if key in seen or seen.add(key)})  # type: ignore[func-returns-value]
        raise ValueError(f"the key {repeated[0]!r} stands twice in one object")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _unwrapped(value: Any) -> Mapping[str, Any]:
    # A string that holds JSON comes from the Terraform provider's data source, an object around it from the API.
    for _layer in range(4):
        if isinstance(value, str):
            value = _parsed(value)
        elif isinstance(value, dict) and "resources" in value and not set(value) & set(SECTIONS):
            value = value["resources"]
        else:
            break
    if not isinstance(value, dict):
        raise _unusable(f"it holds {_kind(value)} where the sections {', '.join(SECTIONS)} are expected")
    if not set(value) & set(SECTIONS):
        raise _unusable(f"it has none of the sections {', '.join(SECTIONS)}")
    return value


def _section(
    top: Mapping[str, Any],
    section: str,
    reader: Callable[[str, Mapping[str, Any]], _Entity],
    findings: list[Finding],
) -> tuple[_Entity, ...]:
    entities = top.get(section)
    if entities is None:
        return ()

    def wrong(message: str, entity: str = "", member: str = "", hint: str = "") -> None:
        findings.append(
            Finding(
                code="invalid_permissions_file",
                section=section,
                entity=entity,
                member=member,
                message=message,
                hint=hint,
            )
        )

    if not isinstance(entities, dict):
        wrong(f"It holds {_kind(entities)} where an object of names is expected.")
        return ()
    result = []
    for name in sorted(entities):
        entity = entities[name]
        if not name.strip():
            wrong("An entity has an empty name.")
        elif section != "ssm_documents" and not isinstance(entity, dict):
            wrong(f"It holds {_kind(entity)} where an object is expected.", name)
        else:
            try:
                result.append(reader(name, entity))
            except _WrongMemberError as error:
                wrong(error.message, name, error.member, error.hint)
    return tuple(result)


def _topic(name: str, entity: Mapping[str, Any]) -> FileTopic:
    policies = _policies(entity, "policies")
    if len(policies) > 1:
        raise _WrongMemberError("policies", f"A topic has one access policy, not {len(policies)}.")
    return FileTopic(name=name, policy=policies[0] if policies else None)


def _rule(name: str, entity: Mapping[str, Any]) -> FileRule:
    return FileRule(
        name=name,
        description=_text(entity, "description"),
        event_pattern=_object(entity, "event_pattern"),
        targets=_targets(entity.get("targets")),
    )


def _role(name: str, entity: Mapping[str, Any]) -> FileRole:
    return FileRole(
        name=name,
        description=_text(entity, "description"),
        trust_policy=_policy_document(entity, "trust_policy"),
        managed_policies=_policies(entity, "managed_policies"),
        inline_policies=_policies(entity, "inline_policies"),
    )


def _unattached_policy(name: str, entity: Mapping[str, Any]) -> FilePolicy:
    return FilePolicy(
        name=name,
        description=_text(entity, "description"),
        document=_policy_document(entity, "policy_document"),
    )


def _policies(entity: Mapping[str, Any], member: str) -> tuple[FilePolicy, ...]:
    items = entity.get(member)
    if items is None:
        return ()
    if not isinstance(items, list):
        raise _WrongMemberError(member, f"It holds {_kind(items)} where a list of policies is expected.")
    result: list[FilePolicy] = []
    for number, item in enumerate(items):
        place = f"{member}[{number}]"
        if not isinstance(item, dict):
            raise _WrongMemberError(place, f"It holds {_kind(item)} where a policy is expected.")
        name = _text(item, "name", place)
        if not name.strip():
            raise _WrongMemberError(f"{place}.name", "The policy has no name.")
        if any(name == other.name for other in result):
            raise _WrongMemberError(member, f"The policy {name} stands in it twice.")
        result.append(
            FilePolicy(
                name=name,
                description=_text(item, "description", place),
                document=_policy_document(item, "policy_document", f"{member}.{name}"),
            )
        )
    return tuple(sorted(result, key=lambda policy: policy.name))


def _targets(targets: Any) -> tuple[str, ...]:
    if targets is None:
        return ()
    found = []
    for target in targets if isinstance(targets, list) else [targets]:
        arn = target.get("Arn", target.get("arn")) if isinstance(target, dict) else target
        if not isinstance(arn, str) or not arn.strip():
            raise _WrongMemberError("targets", "A target is neither an ARN nor an object with an Arn.")
        found.append(arn.strip())
    return tuple(dict.fromkeys(found))


def _ssm_document(name: str, entity: Any) -> FileDocument:
    content = entity
    for _layer in range(2):
        if isinstance(content, str):
            content = _json_or_yaml(content)
    if not isinstance(content, dict):
        raise _WrongMemberError("", f"It holds {_kind(content)} where an SSM document is expected.")
    content = _ssm_spelling(content)
    if not content.get("mainSteps") or not content.get("schemaVersion"):
        raise _WrongMemberError("", "It is no SSM document: schemaVersion and mainSteps are needed.")
    return FileDocument(name=name, content=content | {"schemaVersion": str(content["schemaVersion"])})


def _json_or_yaml(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        pass
    try:
        # Aliases are of no use here and can make a few lines expand to gigabytes.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise _WrongMemberError("", "The document holds YAML aliases.")
        content = yaml.safe_load(text)
        compact(content)
    except (yaml.YAMLError, RecursionError, TypeError, ValueError) as error:
        raise _WrongMemberError("", "The document is neither JSON nor YAML of JSON's types.") from error
    return content


def _ssm_spelling(value: Any, *, names: bool = False) -> Any:
    """AWS's case for the members that it defines, and no nulls.

    Under C(parameters) and C(precondition) the keys are names of the author's: there C(names) is set.
    """
    if isinstance(value, list):
        return [_ssm_spelling(item) for item in value if item is not None]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, member in value.items():
        if member is not None:
            name = str(key) if names else _SSM_SPELLING.get(str(key).lower(), str(key))
            result[name] = _ssm_spelling(member, names=not names and name in ("parameters", "precondition"))
    return result


def _policy_document(entity: Mapping[str, Any], member: str, place: str | None = None) -> Document:
    document = _object(entity, member, place)
    statements = document.get("Statement")
    statements = statements if isinstance(statements, list) else [statements]
    if not statements or not all(
        isinstance(item, dict) and item.get("Effect") in ("Allow", "Deny") for item in statements
    ):
        raise _WrongMemberError(
            place or member, "It is no policy: Statement with an Effect of Allow or Deny is needed."
        )
    return document


def _object(entity: Mapping[str, Any], member: str, place: str | None = None) -> Document:
    """A document, given as an object or as the JSON text of one, encoded once or twice."""
    place = place or member
    value = entity.get(member)
    if value is None or value == "":
        raise _WrongMemberError(place, "It is missing.")
    for _layer in range(2):
        if isinstance(value, str):
            try:
                value = parse_json(value)
            except ValueError as error:
                raise _WrongMemberError(place, f"It is not JSON ({error}).") from error
    if not isinstance(value, dict):
        raise _WrongMemberError(place, f"It holds {_kind(value)} where a JSON object is expected.")
    return value


def _text(entity: Mapping[str, Any], member: str, place: str = "") -> str:
    value = entity.get(member)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _WrongMemberError(f"{place}.{member}".lstrip("."), f"It holds {_kind(value)} where text is expected.")
    return value


def _contradicting_policies(file: PermissionsFile) -> list[Finding]:
    """A managed policy's name is unique in the account: two roles may share a policy, not give one name to two."""
    first: dict[str, FilePolicy] = {}
    findings = []
    owned = [(role.name, policy) for role in file.roles for policy in role.managed_policies]
    for entity, policy in [*owned, *(("", policy) for policy in file.policies)]:
        known = first.setdefault(policy.name, policy)
        if not same_policy(known.document, policy.document):
            findings.append(
                Finding(
                    code="contradicting_policies",
                    section="roles" if entity else "policies",
                    entity=entity or policy.name,
                    member=f"managed_policies.{policy.name}" if entity else "",
                    message=f"The managed policy {policy.name} stands in the file twice, with different documents.",
                    hint="Download the file again from Clumio's wizard.",
                )
            )
    return findings


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    return {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}.get(type(value), "data")
