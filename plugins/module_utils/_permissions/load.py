# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tolerant reader: from the text of a permissions file, in any of its known spellings, to the one model.

What is unclear in the file is an error, never a guess: all errors of a file are told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import yaml

from .._errors import InputError
from .._json import parse_json
from .documents import Document, breadth, compact, kind_of, problem_of_policy, same_policy
from .findings import Finding, refuse_errors
from .model import CLUMIO_ROLE, FileDocument, FilePolicy, FileRole, FileRule, FileTopic, PermissionsFile

SECTIONS = ("topics", "rules", "roles", "policies", "ssm_documents")

# Far above any real file (the largest known has 90 kB); keeps a wrong path from filling the memory.
MAXIMUM_BYTES = 4 * 1024 * 1024

# Far above any real file too: what AWS's quotas leave room for, and what can be compared in a moment. The largest known
# has 16 entities in a section, 14 policies on a role, and 161 single permissions in a policy.
MAXIMUM_ENTITIES = 1000
MAXIMUM_ITEMS = 100
MAXIMUM_PERMISSIONS = 10_000

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

    file = PermissionsFile(
        topics=_section(top, "topics", _topic, findings),
        rules=_section(top, "rules", _rule, findings),
        roles=_section(top, "roles", _role, findings),
        policies=_section(top, "policies", _unattached_policy, findings),
        ssm_documents=_section(top, "ssm_documents", _ssm_document, findings),
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
        raise _unusable(f"it holds {kind_of(value)} where the sections {', '.join(SECTIONS)} are expected")
    if not set(value) & set(SECTIONS):
        raise _unusable(f"it has none of the sections {', '.join(SECTIONS)}")
    return value


def _section(
    top: Mapping[str, Any], section: str, read: Callable[[_Reader], _Entity], findings: list[Finding]
) -> tuple[_Entity, ...]:
    """The entities of a section; those with something wrong are left to the findings."""
    entities = top.get(section)
    if entities is None:
        return ()
    if not isinstance(entities, dict):
        _Reader(section, "", {}, findings).wrong(
            "", f"It holds {kind_of(entities)} where an object of names is expected."
        )
        return ()
    if len(entities) > MAXIMUM_ENTITIES:
        _Reader(section, "", {}, findings).wrong("", f"It has {len(entities)} entities, more than {MAXIMUM_ENTITIES}.")
        return ()
    result = []
    for name in sorted(entities):
        reader = _Reader(section, name, entities[name], findings)
        if not name.strip():
            _Reader(section, "", {}, findings).wrong("", "An entity has an empty name.")
        elif section != "ssm_documents" and not isinstance(entities[name], dict):
            reader.wrong("", f"It holds {kind_of(entities[name])} where an object is expected.")
        else:
            before = len(findings)
            entity = read(reader)
            if len(findings) == before:
                result.append(entity)
    return tuple(result)


class _Reader:
    """Reads the members of one entity; what is wrong goes to the findings, and reading goes on."""

    def __init__(self, section: str, name: str, content: Any, findings: list[Finding]) -> None:
        self.name = name
        self.content = content
        self._section = section
        self._findings = findings

    def wrong(self, member: str, message: str) -> None:
        self._findings.append(
            Finding(
                code="invalid_permissions_file",
                section=self._section,
                entity=self.name,
                member=member,
                message=message,
            )
        )

    def text(self, member: str, holder: Mapping[str, Any] | None = None, place: str = "") -> str:
        value = (self.content if holder is None else holder).get(member)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(f"{place}.{member}".lstrip("."), f"It holds {kind_of(value)} where text is expected.")
            return ""
        return value

    def document(self, member: str, holder: Mapping[str, Any] | None = None, place: str = "") -> Document | None:
        """A document, given as an object or as the JSON text of one, encoded once or twice; None if it is none."""
        place = place or member
        value = (self.content if holder is None else holder).get(member)
        if value is None or value == "":
            self.wrong(place, "It is missing.")
            return None
        for _layer in range(2):
            if isinstance(value, str):
                try:
                    value = parse_json(value)
                except ValueError as error:
                    self.wrong(place, f"It is not JSON ({error}).")
                    return None
        if not isinstance(value, dict):
            self.wrong(place, f"It holds {kind_of(value)} where a JSON object is expected.")
            return None
        return value

    def policy_document(self, member: str, holder: Mapping[str, Any] | None = None, place: str = "") -> Document:
        document = self.document(member, holder, place)
        if document is None:
            return {}
        problem = problem_of_policy(document)
        if problem:
            self.wrong(place or member, f"It is no policy: {problem}.")
        elif breadth(document) > MAXIMUM_PERMISSIONS:
            self.wrong(place or member, f"It is {breadth(document)} permissions, more than {MAXIMUM_PERMISSIONS}.")
        return document

    def policies(self, member: str) -> tuple[FilePolicy, ...]:
        items = self.content.get(member)
        if items is None:
            return ()
        if not isinstance(items, list):
            self.wrong(member, f"It holds {kind_of(items)} where a list of policies is expected.")
            return ()
        if len(items) > MAXIMUM_ITEMS:
            self.wrong(member, f"It has {len(items)} policies, more than {MAXIMUM_ITEMS}.")
            return ()
        result: dict[str, FilePolicy] = {}
        for number, item in enumerate(items):
            place = f"{member}[{number}]"
            if not isinstance(item, dict):
                self.wrong(place, f"It holds {kind_of(item)} where a policy is expected.")
                continue
            name = self.text("name", item, place)
            if not name.strip():
                if not item.get("name") or name:
                    self.wrong(f"{place}.name", "The policy has no name.")
            elif name in result:
                self.wrong(member, f"The policy {name} stands in it twice.")
            else:
                result[name] = FilePolicy(
                    name=name,
                    description=self.text("description", item, place),
                    document=self.policy_document("policy_document", item, f"{member}.{name}"),
                )
        return tuple(result[name] for name in sorted(result))

    def targets(self) -> tuple[str, ...]:
        targets = self.content.get("targets")
        if targets in (None, ""):
            return ()
        found = []
        if isinstance(targets, list) and len(targets) > MAXIMUM_ITEMS:
            self.wrong("targets", f"It has {len(targets)} targets, more than {MAXIMUM_ITEMS}.")
            return ()
        for target in targets if isinstance(targets, list) else [targets]:
            arn = target.get("Arn", target.get("arn")) if isinstance(target, dict) else target
            if isinstance(arn, str) and arn.strip():
                found.append(arn.strip())
            else:
                self.wrong("targets", "A target is neither an ARN nor an object with an Arn.")
        return tuple(dict.fromkeys(found))

    def ssm_content(self) -> Document:
        """The content of an SSM document, given as an object or as JSON or YAML text."""
        content = self.content
        for _layer in range(2):
            if isinstance(content, str):
                try:
                    content = _json_or_yaml(content)
                except ValueError as error:
                    self.wrong("", str(error))
                    return {}
        if not isinstance(content, dict):
            self.wrong("", f"It holds {kind_of(content)} where an SSM document is expected.")
            return {}
        spelled: Document = _ssm_spelling(content)
        if not spelled.get("mainSteps") or not spelled.get("schemaVersion"):
            self.wrong("", "It is no SSM document: schemaVersion and mainSteps are needed.")
            return {}
        return spelled | {"schemaVersion": str(spelled["schemaVersion"])}


def _topic(reader: _Reader) -> FileTopic:
    policies = reader.policies("policies")
    if len(policies) > 1:
        reader.wrong("policies", f"A topic has one access policy, not {len(policies)}.")
    return FileTopic(name=reader.name, policy=policies[0] if policies else None)


def _rule(reader: _Reader) -> FileRule:
    return FileRule(
        name=reader.name,
        description=reader.text("description"),
        event_pattern=reader.document("event_pattern") or {},
        targets=reader.targets(),
    )


def _role(reader: _Reader) -> FileRole:
    return FileRole(
        name=reader.name,
        description=reader.text("description"),
        trust_policy=reader.policy_document("trust_policy"),
        managed_policies=reader.policies("managed_policies"),
        inline_policies=reader.policies("inline_policies"),
    )


def _unattached_policy(reader: _Reader) -> FilePolicy:
    return FilePolicy(
        name=reader.name,
        description=reader.text("description"),
        document=reader.policy_document("policy_document"),
    )


def _ssm_document(reader: _Reader) -> FileDocument:
    return FileDocument(name=reader.name, content=reader.ssm_content())


def _json_or_yaml(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        pass
    try:
        # Aliases are of no use here and can make a few lines expand to gigabytes.
        # Tags make values that JSON has not.
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None):
                raise ValueError("YAML aliases or tags")
        # By way of JSON, so that what is no JSON, a date for example, is refused and depth is bounded.
        return parse_json(compact(yaml.safe_load(text)))
    except (yaml.YAMLError, RecursionError, ArithmeticError, TypeError, ValueError) as error:
        raise ValueError("The document is neither JSON nor YAML of JSON's types, without aliases.") from error


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
