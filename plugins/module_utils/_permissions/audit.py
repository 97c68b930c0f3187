# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a plan can work, and whether it is meant for this account: all that can be told before the first write."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .documents import Document, compact, listed
from .findings import Finding
from .grants import matches, meet
from .names import ACCOUNT_ID, Connection
from .plan import Plan, Policy, Role, Rule
from .preferences import ALIAS_NAME, ALIAS_NAME_CHARACTERS

# Quotas and limits of AWS.
# IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (characters, without white space)
# EventBridge: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
# Systems Manager: https://docs.aws.amazon.com/general/latest/gr/ssm.html
# KMS: https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
MANAGED_POLICY_CHARACTERS = 6144
INLINE_POLICIES_CHARACTERS = 10240
TRUST_POLICY_CHARACTERS = 2048
TOPIC_POLICY_CHARACTERS = 30720
EVENT_PATTERN_CHARACTERS = 2048
SSM_DOCUMENT_BYTES = 65536
KEY_POLICY_BYTES = 32768
RULES_PER_BUS = 300

# The member of IAM's account summary that says how many managed policies a role may have attached.
ATTACHED_POLICIES_QUOTA = "AttachedPoliciesPerRoleQuota"


# The codes of what is found wrong with names.
NOT_NAMES = frozenset({"name_too_long", "invalid_name"})

_DO_NOT_USE = "Do not use this file; ask Clumio's support where it comes from."


@dataclass(frozen=True)
class _NameRule:
    pattern: re.Pattern[str]
    longest: int


_NAME_RULES = {
    # A key is known by its alias, what follows C(alias/).
    "kms_keys": _NameRule(re.compile(ALIAS_NAME), ALIAS_NAME_CHARACTERS),
    "topics": _NameRule(re.compile(r"[A-Za-z0-9_-]+"), 256),
    "rules": _NameRule(re.compile(r"[.A-Za-z0-9_-]+"), 64),
    "policies": _NameRule(re.compile(r"[\w+=,.@-]+", re.ASCII), 128),
    "roles": _NameRule(re.compile(r"[\w+=,.@-]+", re.ASCII), 64),
    "instance_profiles": _NameRule(re.compile(r"[\w+=,.@-]+", re.ASCII), 128),
    # Names that begin so are reserved: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html
    "ssm_documents": _NameRule(re.compile(r"(?!(?i:aws|amazon|amzn))[A-Za-z0-9_.-]{3,}"), 128),
}

# Of descriptions: the most characters, and what IAM takes in those of roles. Nobody takes control characters.
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, API_CreatePolicy.html and
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
_PLAIN = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*")
_DESCRIPTION_RULES = {
    "rules": _NameRule(_PLAIN, 512),
    "policies": _NameRule(_PLAIN, 1000),
    "roles": _NameRule(re.compile("[\t\n\r -~\u00a1-\u00ff]*"), 1000),
}

# Services whose resources always lie in the customer's own account; others may rightly name Clumio's.
_OWN_SERVICES = ("iam", "ec2")

# A service as a principal, and those that known files of Clumio's trust.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?")
_CLUMIOS_SERVICES = frozenset({"ec2.amazonaws.com", "events.amazonaws.com", "ssm.amazonaws.com"})

# Resources and actions that have nothing in common: what stands for all of these, stands for everything.
_ANY_RESOURCES = ("arn:aws:iam::111122223333:role/x", "arn:aws:s3:::x/y", "arn:aws:ec2:us-west-2:111122223333:vpc/x")
_ANY_ACTIONS = ("iam:createuser", "s3:getobject", "ec2:runinstances")
# Who has all of these on every resource can give himself the rest.
_IAM_ACTIONS = ("iam:createuser", "iam:attachuserpolicy", "iam:putrolepolicy", "iam:updateassumerolepolicy")

# Keys of conditions by which a policy for everybody is one for an account, and those that name it in an ARN.
_ACCOUNT_KEYS = frozenset({"aws:sourceowner", "aws:principalaccount"})
_ARN_KEYS = frozenset({"aws:sourcearn", "aws:principalarn"})
_EQUALS = frozenset({"stringequals", "stringlike", "arnequals", "arnlike"})

# The region of an ARN, where it has one.
_REGION_OF_ARN = re.compile(r"arn:[^:]*:[^:]*:([a-z]{2,}(?:-[a-z]+)+-\d+):(\d{12})?:")


def audit(
    plan: Plan, connection: Connection, clumio_account_id: str | None = None, external_id: str | None = None
) -> list[Finding]:
    """What stands in the way of the plan, as far as the plan itself tells.

    Args:
        plan: the resolved plan.
        connection: whose plan it is to be.
        clumio_account_id: the one AWS account that roles may trust; None where it is not known.
        external_id: the one that the account has to give; None where it is not known.
    """
    return [
        *_names(plan),
        *_duplicate_names(plan),
        *_descriptions(plan),
        *_sizes(plan),
        *_places(plan, connection),
        *_targets(plan, connection),
        *(finding for role in plan.roles for finding in audit_trust(role, clumio_account_id, external_id)),
        *_unusual_trust(plan),
        *([] if clumio_account_id else _several_accounts(plan, connection)),
        *_open_topics(plan, connection, clumio_account_id),
        *_too_open(plan),
        *_unreferenced(plan),
    ]


def audit_credentials(connection: Connection, account_id: str) -> list[Finding]:
    """Whether the credentials, whose account is C(account_id), are those of the connection's account."""
    if account_id == connection.account_id:
        return []
    return [
        Finding(
            code="foreign_credentials",
            message=f"The AWS credentials belong to the account {account_id}.",
            found=account_id,
            hint=f"Use credentials of {connection.account_id}, or assume a role in it.",
        )
    ]


def audit_quotas(plan: Plan, quotas: Mapping[str, int]) -> list[Finding]:
    """What stands in the way of the plan in this account.

    Args:
        plan: the resolved plan.
        quotas: IAM's account summary (C(iam:GetAccountSummary)), as it is.
    """
    limit = quotas.get(ATTACHED_POLICIES_QUOTA)
    return [
        Finding(
            code="too_many_attachments",
            section="roles",
            entity=role.name,
            member="managed_policies",
            message=(
                f"The role needs {len(role.managed_policies)} managed policies attached, "
                f"and this account allows {limit} per role."
            ),
            found=len(role.managed_policies),
            limit=limit,
            hint="Ask AWS for a higher quota 'Managed policies attached to an IAM role' or choose fewer asset types.",
        )
        for role in plan.roles
        if limit is not None and len(role.managed_policies) > limit
    ]


def audit_rule_count(plan: Plan, existing: Collection[str]) -> list[Finding]:
    """Whether the rules fit beside those that the account has: a warning, since AWS may have raised the quota.

    Args:
        plan: the resolved plan.
        existing: the names of all rules of the bus.
    """
    total = len({*existing, *(rule.name for rule in plan.rules)})
    if total <= RULES_PER_BUS:
        return []
    return [
        Finding(
            level="warning",
            code="too_many_rules",
            section="rules",
            message=f"With these there are {total} rules; AWS allows {RULES_PER_BUS} unless it has raised the quota.",
            found=total,
            limit=RULES_PER_BUS,
            hint="Look at the quota 'Number of rules' of EventBridge.",
        )
    ]


def _names(plan: Plan) -> Iterator[Finding]:
    named = [(section, resource.name) for section, resources in plan.sections().items() for resource in resources]
    # Inline policies obey the rules of managed ones.
    named += [("policies", policy.name) for role in plan.roles for policy in role.inline_policies]
    for section, name in named:
        rule = _NAME_RULES[section]
        if len(name) > rule.longest:
            yield Finding(
                code="name_too_long",
                section=section,
                entity=name,
                message=f"The name has {len(name)} characters, AWS allows {rule.longest}.",
                found=len(name),
                limit=rule.longest,
            )
        elif not rule.pattern.fullmatch(name):
            yield Finding(
                code="invalid_name",
                section=section,
                entity=name,
                message="The name has characters that AWS does not allow.",
                found=name,
            )


def _duplicate_names(plan: Plan) -> Iterator[Finding]:
    """Two entities with one name, as names given by the user can have it; IAM does not look at the case of names."""
    groups = [(section, "", [resource.name for resource in found]) for section, found in plan.sections().items()]
    groups += [("roles", role.name, [policy.name for policy in role.inline_policies]) for role in plan.roles]
    for section, entity, names in groups:
        folded = Counter(name.lower() for name in names)
        for name in sorted({name for name in names if folded[name.lower()] > 1}):
            yield Finding(
                code="duplicate_name",
                section=section,
                entity=entity or name,
                member=f"inline_policies.{name}" if entity else "",
                message=f"More than one would be called {name}.",
                found=name,
                hint="Give each a name of its own in names.",
            )


def _descriptions(plan: Plan) -> Iterator[Finding]:
    described: list[tuple[str, Rule | Policy | Role]] = [
        *(("rules", rule) for rule in plan.rules),
        *(("policies", policy) for policy in plan.policies),
        *(("roles", role) for role in plan.roles),
    ]
    for section, resource in described:
        text, rule = resource.description, _DESCRIPTION_RULES[section]
        finding = partial(Finding, section=section, entity=resource.name, member="description")
        if len(text) > rule.longest:
            yield finding(
                code="description_too_long",
                message=f"It has {len(text)} characters, AWS allows {rule.longest}.",
                found=len(text),
                limit=rule.longest,
            )
        elif not rule.pattern.fullmatch(text):
            yield finding(code="invalid_description", message="It has characters that AWS does not allow.", found=text)


def _sizes(plan: Plan) -> Iterator[Finding]:
    measured: list[tuple[str, str, str, int, int]] = []
    for topic in plan.topics:
        if topic.policy:
            measured.append(("topics", topic.name, "policy", len(compact(topic.policy)), TOPIC_POLICY_CHARACTERS))
    for rule in plan.rules:
        size = len(compact(rule.event_pattern))
        measured.append(("rules", rule.name, "event_pattern", size, EVENT_PATTERN_CHARACTERS))
    for policy in plan.policies:
        measured.append(("policies", policy.name, "document", len(compact(policy.document)), MANAGED_POLICY_CHARACTERS))
    for role in plan.roles:
        inline = sum(len(compact(policy.document)) for policy in role.inline_policies)
        measured.append(("roles", role.name, "inline_policies", inline, INLINE_POLICIES_CHARACTERS))
        measured.append(("roles", role.name, "trust_policy", len(compact(role.trust_policy)), TRUST_POLICY_CHARACTERS))
    for document in plan.ssm_documents:
        size = len(compact(document.content).encode())
        measured.append(("ssm_documents", document.name, "content", size, SSM_DOCUMENT_BYTES))
    for key in plan.kms_keys:
        measured.append(("kms_keys", key.name, "policy", len(compact(key.policy).encode()), KEY_POLICY_BYTES))
    for section, entity, member, size, limit in measured:
        if size > limit:
            unit = "bytes" if section in ("ssm_documents", "kms_keys") else "characters"
            yield Finding(
                code="document_too_large",
                section=section,
                entity=entity,
                member=member,
                message=f"It has {size} {unit}, AWS allows {limit}.",
                found=size,
                limit=limit,
            )


def _places(plan: Plan, connection: Connection) -> Iterator[Finding]:
    """A file made for another account or region: Clumio writes both into it, so it fits one connection only."""
    accounts: dict[str, list[str]] = {}
    regions: dict[str, list[str]] = {}
    for *place, document in _documents(plan):
        for account in _own_accounts(document) - {connection.account_id}:
            accounts.setdefault(account, []).append(".".join(place))
        for region in _own_regions(document, connection) - {connection.region}:
            regions.setdefault(region, []).append(".".join(place))
    for code, kind, found, wanted in (
        ("foreign_account", "account", accounts, connection.account_id),
        ("foreign_region", "region", regions, connection.region),
    ):
        for foreign, places in sorted(found.items()):
            others = f" and {len(places) - 1} more" if len(places) > 1 else ""
            yield Finding(
                code=code,
                message=f"It is made for the {kind} {foreign}, not for {wanted} (see {places[0]}{others}).",
                found=foreign,
                hint=f"Download the file for this {kind} from Clumio's wizard.",
            )


def _documents(plan: Plan) -> Iterator[tuple[str, str, str, Document]]:
    """Section, entity, member and content of every policy that says what may be done."""
    for topic in plan.topics:
        if topic.policy:
            yield "topics", topic.name, "policy", topic.policy
    for policy in plan.policies:
        yield "policies", policy.name, "document", policy.document
    for role in plan.roles:
        for inline in role.inline_policies:
            yield "roles", role.name, f"inline_policies.{inline.name}", inline.document


def _own_accounts(document: Document) -> set[str]:
    found: set[str] = set()
    for statement in _statements(document):
        for resource in listed(statement.get("Resource", [])):
            service, account = _service_and_account(str(resource))
            # With a star the account is whichever one is asked about.
            if account.strip("*") not in ("", "aws") and _is_own_service(service):
                found.add(account)
        for tests in _mappings(statement.get("Condition")):
            for key, values in tests.items():
                if key.lower() == "aws:sourceaccount":
                    found |= {str(value) for value in listed(values) if re.fullmatch(r"\d{12}", str(value))}
    return found


def _service_and_account(arn: str) -> tuple[str, str]:
    """Those of an ARN, which may have wildcards; empty for what is none."""
    parts = arn.split(":", 5)
    return (parts[2], parts[4]) if len(parts) == 6 else ("", "")


def _is_own_service(service: str) -> bool:
    return any(meet(service, own) for own in _OWN_SERVICES) if _is_wild(service) else service in _OWN_SERVICES


def _own_regions(document: Document, connection: Connection) -> set[str]:
    """The regions of the resources in the connection's account, or in none."""
    found: set[str] = set()
    for statement in _statements(document):
        for resource in listed(statement.get("Resource", [])):
            match = _REGION_OF_ARN.match(str(resource))
            if match and match[2] in (None, connection.account_id):
                found.add(match[1])
    return found


def _targets(plan: Plan, connection: Connection) -> Iterator[Finding]:
    """Rules that report to somewhere else than this account."""
    own = re.compile(rf"arn:{connection.partition}:[a-z0-9-]+:{connection.region}:{connection.account_id}:\S+")
    for rule in plan.rules:
        for target in rule.targets:
            if not own.fullmatch(target.arn):
                yield Finding(
                    code="foreign_target",
                    section="rules",
                    entity=rule.name,
                    member="targets",
                    message=f"It reports to {target.arn}, which is no ARN of {connection.id}.",
                    found=target.arn,
                    hint=_DO_NOT_USE,
                )


def audit_trust(role: Role, clumio_account_id: str | None, external_id: str | None) -> Iterator[Finding]:
    """Who may assume the role that should not: another account than Clumio's, or one without the external id.

    Args:
        role: as planned, or as found.
        clumio_account_id: 12 digits; None where it is not known.
        external_id: the one that the account has to give; None where it is not known.
    """
    for number, statement in enumerate(_statements(role.trust_policy)):
        if statement.get("Effect") == "Allow":
            yield from _trusted(role, statement, number, clumio_account_id, external_id)


def external_ids(role: Role) -> list[str]:
    """The external ids with which the role may be assumed; none for a role of an AWS service."""
    return [external_id for statement in _statements(role.trust_policy) for external_id in _external_ids(statement)]


def _trusted(
    role: Role, statement: Mapping[str, Any], number: int, clumio_account_id: str | None, external_id: str | None
) -> Iterator[Finding]:
    """What is wrong with a statement that lets somebody assume a role; services of AWS need no external id."""
    finding = partial(Finding, section="roles", entity=role.name, member=f"trust_policy.Statement[{number}]")
    principals = _principals(statement)
    accounts = [name for kind, name in principals if kind == "AWS"]
    if any(_is_wild(name) for _kind, name in principals) or "NotPrincipal" in statement:
        yield finding(code="wildcard_principal", message="Anyone may assume the role.", found="*", hint=_DO_NOT_USE)
        return
    foreign = [name for kind, name in principals if not _may_be_clumios(kind, name, clumio_account_id)]
    if foreign:
        clumio = f"Clumio's account is {clumio_account_id}" if clumio_account_id else "that is nobody of Clumio's"
        yield finding(
            code="foreign_principal",
            message=f"The role trusts {', '.join(foreign)}, and {clumio}.",
            found=", ".join(foreign),
            hint="Download the file for this connection; if it says the same, ask Clumio's support.",
        )
    asked = _external_ids(statement)
    if accounts and not asked:
        yield finding(
            code="missing_external_id_condition",
            message="Another account may assume the role without an external id.",
            found=", ".join(map(str, accounts)),
            hint=_DO_NOT_USE,
        )
    elif accounts and external_id and asked != [external_id]:
        yield finding(
            code="foreign_external_id",
            message="Another account may assume the role with an external id that is not this connection's.",
            found=", ".join(asked),
            hint=_DO_NOT_USE,
        )


def _external_ids(statement: Mapping[str, Any]) -> list[str]:
    """The external ids that the statement takes; none where it does not ask for one."""
    condition = statement.get("Condition")
    tests = condition.get("StringEquals") if isinstance(condition, dict) else None
    return [
        str(value)
        for key, values in (tests.items() if isinstance(tests, dict) else ())
        if key.lower() == "sts:externalid"
        for value in listed(values)
    ]


def _principals(statement: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Kind and name of all that the statement is about; a star by itself stands for everybody in AWS."""
    principal = statement.get("Principal") or {}
    named = principal if isinstance(principal, dict) else {"AWS": principal}
    return [(kind, str(name)) for kind, names in named.items() for name in listed(names)]


def _is_wild(text: str) -> bool:
    return "*" in text or "?" in text


def _may_be_clumios(kind: str, name: str, clumio_account_id: str | None) -> bool:
    """Whether Clumio's files may trust such a principal; of an account that is not known, any may be."""
    if kind == "Service":
        return _SERVICE.fullmatch(name) is not None
    return kind == "AWS" and (not clumio_account_id or _account_of(name) == clumio_account_id)


def _account_of(principal: str) -> str:
    """The account of a principal that is an ARN or an account id."""
    parts = principal.split(":")
    return parts[4] if len(parts) > 5 else principal


def _unusual_trust(plan: Plan) -> Iterator[Finding]:
    """What known files do not have in a trust policy, and a newer one might."""
    for role in plan.roles:
        for number, statement in enumerate(_statements(role.trust_policy)):
            finding = partial(Finding, section="roles", entity=role.name, member=f"trust_policy.Statement[{number}]")
            principals = _principals(statement)
            if not principals and "NotPrincipal" not in statement:
                yield finding(
                    code="missing_principal", message="It does not say who may assume the role.", hint=_DO_NOT_USE
                )
            services = [name for kind, name in principals if kind == "Service" and _SERVICE.fullmatch(name)]
            for name in services:
                if statement.get("Effect") == "Allow" and name.removesuffix(".cn") not in _CLUMIOS_SERVICES:
                    yield finding(
                        level="warning",
                        code="unusual_service",
                        message=f"The service {name} may assume the role, which no known file of Clumio's asks for.",
                        found=name,
                        hint="Look at what the role may do.",
                    )


def _several_accounts(plan: Plan, connection: Connection) -> Iterator[Finding]:
    """Where Clumio's account is not known, all that is told of it is that it is one."""
    places: dict[str, str] = {}
    documents = [("roles", role.name, "trust_policy", role.trust_policy) for role in plan.roles]
    documents += [("topics", topic.name, "policy", topic.policy) for topic in plan.topics if topic.policy]
    for *place, document in documents:
        for statement in _statements(document):
            if statement.get("Effect") == "Allow":
                for kind, name in _principals(statement):
                    if kind == "AWS" and not _is_wild(name) and _account_of(name) != connection.account_id:
                        places.setdefault(_account_of(name), ".".join(map(str, place)))
    if len(places) > 1:
        told = ", ".join(f"{account} (see {place})" for account, place in sorted(places.items()))
        yield Finding(
            code="several_accounts",
            message=f"More than one account is trusted, and Clumio has one: {told}.",
            found=", ".join(sorted(places)),
            hint="Ask Clumio's support which is theirs, and give it as clumio_account_id.",
        )


def _open_topics(plan: Plan, connection: Connection, clumio_account_id: str | None) -> Iterator[Finding]:
    """Topics that others than this account, Clumio and services of AWS may use."""
    for topic in plan.topics:
        finding = partial(Finding, section="topics", entity=topic.name, member="policy")
        for statement in _statements(topic.policy or {}):
            if statement.get("Effect") != "Allow":
                continue
            principals = _principals(statement)
            everybody = "NotPrincipal" in statement or any(_is_wild(name) for _kind, name in principals)
            if everybody and not _is_about(statement.get("Condition"), connection.account_id):
                yield finding(
                    code="open_topic",
                    message="Everybody may use the topic, under no condition that asks for this account.",
                    found=str(statement.get("Sid", "")),
                    hint=_DO_NOT_USE,
                )
            foreign = [
                name
                for kind, name in principals
                if not everybody
                and not _may_be_clumios(kind, name, clumio_account_id)
                and (kind, _account_of(name)) != ("AWS", connection.account_id)
            ]
            if foreign:
                yield finding(
                    code="foreign_principal",
                    message=f"{', '.join(foreign)} may use the topic, and is neither Clumio nor this account.",
                    found=", ".join(foreign),
                    hint=_DO_NOT_USE,
                )


def _is_about(condition: Any, account_id: str) -> bool:
    """Whether a condition holds for what comes from the account only."""
    for operator, tests in condition.items() if isinstance(condition, dict) else ():
        for key, values in tests.items() if isinstance(tests, dict) and operator.lower() in _EQUALS else ():
            texts = [str(value) for value in listed(values)]
            # That it is another account's is told where the places are looked at.
            if key.lower() == "aws:sourceaccount" and texts and all(map(ACCOUNT_ID.fullmatch, texts)):
                return True
            if key.lower() in _ACCOUNT_KEYS and texts and all(text == account_id for text in texts):
                return True
            if key.lower() in _ARN_KEYS and texts and all(_account_of(text) == account_id for text in texts):
                return True
    return False


def _too_open(plan: Plan) -> Iterator[Finding]:
    """Grants that no permissions file needs: everything, or all of IAM, by which everything can be had."""
    for section, entity, member, document in _documents(plan):
        if section == "topics":
            continue
        finding = partial(
            Finding, code="allows_everything", section=section, entity=entity, member=member, hint=_DO_NOT_USE
        )
        for statement in _statements(document):
            if statement.get("Effect") != "Allow" or not _stands_for(statement, "Resource", _ANY_RESOURCES):
                continue
            found = str(statement.get("Sid", ""))
            if _stands_for(statement, "Action", _ANY_ACTIONS):
                yield finding(message="It allows every action on every resource.", found=found)
            elif _stands_for(statement, "Action", _IAM_ACTIONS):
                yield finding(message="It allows every action of IAM, and with that any other.", found=found)


def _stands_for(statement: Mapping[str, Any], member: str, all_of: Iterable[str]) -> bool:
    """Whether C(Action) or C(Resource) of a statement stands for all of these; all but some is as good as all."""
    if f"Not{member}" in statement:
        return True
    values = [str(value) for value in listed(statement.get(member, [])) if _is_wild(str(value))]
    patterns = [value.lower() for value in values] if member == "Action" else values
    return all(any(matches(pattern, each) for pattern in patterns) for each in all_of)


def _unreferenced(plan: Plan) -> Iterator[Finding]:
    """Policies that nothing attaches and nothing names: harmless, but without a use."""
    attached = {arn for role in plan.roles for arn in (*role.managed_policies, role.permissions_boundary)}
    text = "".join(compact(document) for *_place, document in _documents(plan))
    for policy in plan.policies:
        if policy.arn not in attached and f'"{policy.arn}"' not in text:
            yield Finding(
                level="warning",
                code="unreferenced_policy",
                section="policies",
                entity=policy.name,
                message="No role has the policy, not even as its boundary, and no document names it.",
            )


def _statements(document: Document) -> Sequence[Mapping[str, Any]]:
    return [statement for statement in listed(document.get("Statement", [])) if isinstance(statement, dict)]


def _mappings(condition: Any) -> list[Mapping[str, Any]]:
    return [tests for tests in condition.values() if isinstance(tests, dict)] if isinstance(condition, dict) else []
