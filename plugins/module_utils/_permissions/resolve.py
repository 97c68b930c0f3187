# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the file to the plan: every placeholder replaced, every name and ARN known, before anything exists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import InputError
from .documents import Document
from .findings import Finding
from .leave_out import leave_out
from .model import SUPPORT_ROLE, TOPIC, FilePolicy, FileRole, FileRule, FileTopic, PermissionsFile, placeholder
from .names import Naming
from .plan import InlinePolicy, InstanceProfile, Plan, Policy, Role, Rule, SsmDocument, Target, Topic
from .preferences import Preferences, audit_preferences, with_preferences

TOKEN = "CLUMIOTOKEN"
EXTERNAL_ID = "ROLEEXTERNALID"

# Stands for the 36 characters of the token while Clumio has not assigned one: in a dry run before registration.
# The external id's stand-in holds it too, so that looking for it finds both.
STAND_IN_TOKEN = "known-after-registration-00000000000"
STAND_IN_EXTERNAL_ID = f"ExternalID_{STAND_IN_TOKEN}"

# The id that Clumio's own tooling gives the topic as a rule's target.
TARGET_ID = "clumio-publish"

# A word that can only be a placeholder; patterns and scripts hold other words in capitals (COMPLETED, MSSQLSERVER).
_PLACEHOLDER = rf"(?:CLUMIO|{EXTERNAL_ID})[A-Z0-9]*"

_LEFT_OVER = re.compile(rf"(?<![A-Za-z0-9]){_PLACEHOLDER}(?![A-Za-z0-9])")

# What Clumio assigns is a UUID, and for the external id what AWS allows:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_TOKEN = re.compile(r"[A-Za-z0-9-]{1,128}")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{1,1224}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """The plan, what stands in its way, whether it has stand-ins for token or external id, and the latter."""

    plan: Plan
    findings: tuple[Finding, ...]
    preview: bool
    external_id: str | None


def resolve(
    file: PermissionsFile,
    naming: Naming,
    *,
    token: str | None,
    external_id: str | None,
    placeholders: Mapping[str, str] | None = None,
    preferences: Preferences | None = None,
    preview: bool = False,
) -> Resolved:
    """Make the plan of a file for a naming.

    Args:
        file: as C(load) returns it.
        naming: what the entities are called, and where they are.
        token: 36 characters, from Clumio.
        external_id: from Clumio; the condition of the trust policies.
        placeholders: words and their values that win over those derived from the file.
        preferences: what the user wants that the file says nothing about.
        preview: let stand-ins take the place of a token and an external id that Clumio has not assigned yet.

    Raises:
        InputError: C(invalid_placeholders).
    """
    preview = preview and not (token and external_id)
    if preview:
        token = token or STAND_IN_TOKEN
        external_id = external_id or STAND_IN_EXTERNAL_ID
    preferences = preferences or Preferences()
    whole = file
    if not preferences.support_role:
        file = leave_out(whole, SUPPORT_ROLE)
    words = _Words(file, naming, {TOKEN: token, EXTERNAL_ID: external_id}, placeholders or {})
    plan = Plan(
        topics=tuple(_topic(topic, naming, words) for topic in file.topics),
        rules=tuple(_rule(rule, naming, words) for rule in file.rules),
        policies=_policies(file, naming, words),
        roles=tuple(_role(role, naming, words) for role in file.roles),
        instance_profiles=tuple(
            InstanceProfile(
                name=naming.name(role.name),
                arn=naming.instance_profile_arn(role.name),
                path=naming.path,
                role=naming.name(role.name),
            )
            for role in file.roles
            if role.needs_instance_profile()
        ),
        ssm_documents=tuple(_ssm_documents(file, naming, words)),
        retired=_retired(whole, file, naming),
    )
    findings = (
        *_assigned(token, external_id),
        *words.findings,
        *_unfit_names(whole, naming),
        *_unknown_names(whole, naming),
        *audit_preferences(preferences, naming.connection),
    )
    return Resolved(
        plan=with_preferences(plan, preferences, naming.connection),
        findings=findings,
        preview=preview,
        external_id=external_id,
    )


def _assigned(token: str | None, external_id: str | None) -> list[Finding]:
    """Values from Clumio that are none: they go into policies, where a star or a dollar sign would mean something."""
    values = (
        ("token", token, _TOKEN, "letters, digits and hyphens"),
        ("external_id", external_id, _EXTERNAL_ID, "letters, digits and _ + = , . @ : / -, 1224 at most"),
    )
    return [
        Finding(
            code=f"invalid_{name}",
            message=f"What is given as {name} is none of Clumio's: it may have {allowed}.",
            found=value,
            hint="Take it from Clumio's API or wizard again.",
        )
        for name, value, form, allowed in values
        if value and (not form.fullmatch(value) or _LEFT_OVER.search(value))
    ]


def _retired(whole: PermissionsFile, left: PermissionsFile, naming: Naming) -> tuple[str, ...]:
    """The ARNs in IAM of what the whole file has and what is left of it has not, in the order in which they can go."""
    wanted = set(_iam_arns(left, naming))
    return tuple(arn for arn in _iam_arns(whole, naming) if arn not in wanted)


def _iam_arns(file: PermissionsFile, naming: Naming) -> list[str]:
    return [
        *(naming.instance_profile_arn(role.name) for role in file.roles if role.needs_instance_profile()),
        *(naming.role_arn(role.name) for role in file.roles),
        *(naming.policy_arn(name) for name in _managed(file)),
    ]


def _managed(file: PermissionsFile) -> list[str]:
    """The names of all managed policies, attached or not."""
    attached = {policy.name for role in file.roles for policy in role.managed_policies}
    return sorted(attached | {policy.name for policy in file.policies})


def _unfit_names(file: PermissionsFile, naming: Naming) -> list[Finding]:
    """Names that hold a placeholder: only those of SSM documents do, in any file that is known."""
    inline = [(policy.name, naming.inline_name(policy.name)) for role in file.roles for policy in role.inline_policies]
    used = dict([*((name, naming.name(name)) for name, _arn in _arns(file, naming)), *inline])
    return [
        Finding(
            code="placeholder_in_name",
            message=f"The name {name} holds a placeholder.",
            found=word[0],
            hint="Give it a name of your own in names.",
        )
        for name in sorted(used)
        if (word := _LEFT_OVER.search(used[name]))
    ]


def _unknown_names(file: PermissionsFile, naming: Naming) -> list[Finding]:
    """Names given for entities that the file does not have, or whose name is fixed: most likely a slip of the pen."""
    inline = {policy.name for role in file.roles for policy in role.inline_policies}
    nameable = {name for name, _arn in _arns(file, naming)} | inline
    return [
        Finding(
            code="unknown_name",
            message=f"A name is given for {name}, and the file has nothing of that name that can be renamed.",
            found=name,
            hint=f"It has {', '.join(sorted(nameable))}.",
        )
        for name in sorted(set(naming.names) - nameable)
    ]


class _Words:
    """The values of all placeholders, and the findings that using them brings up."""

    def __init__(
        self,
        file: PermissionsFile,
        naming: Naming,
        assigned: Mapping[str, str | None],
        given: Mapping[str, str],
    ) -> None:
        self.findings: list[Finding] = []
        self._assigned = assigned
        self._values: dict[str, str] = {word: value for word, value in assigned.items() if value}
        self._ambiguous: dict[str, set[str]] = {}
        for name, arn in _arns(file, naming):
            word = placeholder(name)
            # Any other word in capitals may be a value in its own right, COMPLETED for example.
            if re.fullmatch(_PLACEHOLDER, word):
                known = self._values.setdefault(word, arn)
                if known != arn:
                    self._ambiguous.setdefault(word, {known}).add(arn)
        # Values are taken as they are: a placeholder in one would stay.
        wrong = [
            word
            for word, value in given.items()
            if not word or not isinstance(value, str) or not value or _LEFT_OVER.search(value)
        ]
        if wrong:
            raise InputError(
                f"The placeholders {', '.join(map(repr, wrong))} cannot be used.",
                code="invalid_placeholders",
                hint="A placeholder is a word, and its value is text without placeholders.",
            )
        self._values |= given
        for word in given:
            self._ambiguous.pop(word, None)
        # Words that are given may look like anything, all others are found by their form.
        longest_first = [*sorted(map(re.escape, given), key=len, reverse=True), _PLACEHOLDER]
        self._pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(longest_first)})(?![A-Za-z0-9])")

    def fill(self, value: Any, section: str, entity: str, member: str = "") -> Any:
        """The value with its placeholders replaced, in strings and in keys; whole words only."""
        if isinstance(value, str):
            return self._pattern.sub(lambda match: self._value(match[0], section, entity, member), value)
        if isinstance(value, list):
            return [self.fill(item, section, entity, member) for item in value]
        if isinstance(value, dict):
            return {
                self.fill(key, section, entity, member): self.fill(item, section, entity, member)
                for key, item in value.items()
            }
        return value

    def _value(self, word: str, section: str, entity: str, member: str) -> str:
        if word in self._ambiguous:
            self._find(
                "ambiguous_placeholder",
                f"The placeholder {word} stands for more than one ARN: {', '.join(sorted(self._ambiguous[word]))}.",
                "Give its value in placeholders.",
                (section, entity, member, word),
            )
        if word in self._values:
            return self._values[word]
        if word == TOKEN:
            self._find(
                "missing_token", "The file needs the connection's token.", "Give it as token.", ("", "", "", word)
            )
        elif word == EXTERNAL_ID:
            self._find(
                "missing_external_id",
                "The file needs the connection's external id, which Clumio's wizard shows.",
                "Give it as external_id.",
                ("", "", "", word),
            )
        else:
            self._find(
                "unknown_placeholder",
                f"Nothing in the file tells what the placeholder {word} stands for.",
                "Give its value in placeholders.",
                (section, entity, member, word),
            )
        return word

    def _find(self, code: str, message: str, hint: str, place: tuple[str, str, str, str]) -> None:
        section, entity, member, found = place
        finding = Finding(
            code=code, section=section, entity=entity, member=member, message=message, found=found, hint=hint
        )
        if finding not in self.findings:
            self.findings.append(finding)


def _arns(file: PermissionsFile, naming: Naming) -> list[tuple[str, str]]:
    return [
        *((topic.name, naming.topic_arn(topic.name)) for topic in file.topics),
        *((rule.name, naming.rule_arn(rule.name)) for rule in file.rules),
        *((role.name, naming.role_arn(role.name)) for role in file.roles),
        *((name, naming.policy_arn(name)) for name in _managed(file)),
    ]


def _topic(topic: FileTopic, naming: Naming, words: _Words) -> Topic:
    policy = topic.policy
    return Topic(
        name=naming.name(topic.name),
        arn=naming.topic_arn(topic.name),
        policy=words.fill(policy.document, "topics", topic.name, f"policies.{policy.name}") if policy else None,
    )


def _rule(rule: FileRule, naming: Naming, words: _Words) -> Rule:
    # A rule without targets of its own reports to the topic, as every rule of Clumio's does.
    given = rule.targets or (placeholder(TOPIC),)
    targets = dict.fromkeys(words.fill(target, "rules", rule.name, "targets") for target in given)
    return Rule(
        name=naming.name(rule.name),
        arn=naming.rule_arn(rule.name),
        description=words.fill(rule.description, "rules", rule.name, "description"),
        event_pattern=words.fill(rule.event_pattern, "rules", rule.name, "event_pattern"),
        targets=tuple(
            Target(id=TARGET_ID if number == 1 else f"{TARGET_ID}-{number}", arn=arn)
            for number, arn in enumerate(targets, start=1)
        ),
    )


def _policies(file: PermissionsFile, naming: Naming, words: _Words) -> tuple[Policy, ...]:
    """Every managed policy once, whether roles share it or nothing attaches it."""
    result: dict[str, Policy] = {}

    def add(policy: FilePolicy, document: Document) -> None:
        result.setdefault(
            policy.name,
            Policy(
                name=naming.name(policy.name),
                arn=naming.policy_arn(policy.name),
                path=naming.path,
                description=words.fill(policy.description, "policies", policy.name, "description"),
                document=document,
            ),
        )

    for role in file.roles:
        for policy in role.managed_policies:
            add(policy, words.fill(policy.document, "roles", role.name, f"managed_policies.{policy.name}"))
    for policy in file.policies:
        add(policy, words.fill(policy.document, "policies", policy.name, "policy_document"))
    return tuple(result[name] for name in sorted(result))


def _role(role: FileRole, naming: Naming, words: _Words) -> Role:
    return Role(
        name=naming.name(role.name),
        arn=naming.role_arn(role.name),
        path=naming.path,
        description=words.fill(role.description, "roles", role.name, "description"),
        trust_policy=words.fill(role.trust_policy, "roles", role.name, "trust_policy"),
        managed_policies=tuple(sorted(naming.policy_arn(policy.name) for policy in role.managed_policies)),
        inline_policies=tuple(
            InlinePolicy(
                name=naming.inline_name(policy.name),
                document=words.fill(policy.document, "roles", role.name, f"inline_policies.{policy.name}"),
            )
            for policy in role.inline_policies
        ),
    )


def _ssm_documents(file: PermissionsFile, naming: Naming, words: _Words) -> list[SsmDocument]:
    result = []
    for document in file.ssm_documents:
        name = words.fill(document.name, "ssm_documents", document.name)
        content = words.fill(document.content, "ssm_documents", document.name)
        result.append(SsmDocument(name=name, arn=naming.connection.ssm_document_arn(name), content=content))
    return result
