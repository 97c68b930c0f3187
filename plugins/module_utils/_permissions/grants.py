# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Grants: policy documents taken apart into single permissions, so that two plans compare by what they allow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .documents import Document, canonical_policy, listed, printable

# Begins a part of a grant that names exceptions.
ALL_BUT = "not "


@dataclass(frozen=True, order=True)
class Grant:
    """One permission: an effect on one action and one resource, under conditions.

    Args:
        effect: C(Allow) or C(Deny).
        principal: C(AWS:999988887777) for example; empty in a policy of a role, which is about the role itself.
        action: in lower case, with wildcards; C(not ...) for a NotAction.
        resource: an ARN with wildcards; C(not ...) for a NotResource, empty in a trust policy.
        condition: canonical JSON, empty for none.
    """

    effect: str
    principal: str
    action: str
    resource: str
    condition: str

    def covered_by(self, other: Grant) -> bool:
        """Whether C(other) grants, or denies, at least as much."""
        return (
            self.effect == other.effect
            # Whom a NotPrincipal excepts besides those it names is not told by the document.
            and (self.principal.startswith(ALL_BUT) or not other.principal.startswith(ALL_BUT))
            and _covers(other.principal, self.principal)
            and _covers(other.action, self.action)
            and _covers(other.resource, self.resource)
            and _weaker(other.condition, self.condition)
        )

    def overlaps(self, other: Grant) -> bool:
        """Whether both can be about the same request, whatever their effects and conditions."""
        return (
            _overlap(self.principal, other.principal)
            and _overlap(self.action, other.action)
            and _overlap(self.resource, other.resource)
        )


def grants(documents: Iterable[Mapping[str, Any]]) -> frozenset[Grant]:
    """All grants of some policies together."""
    return frozenset(grant for document in documents for grant in _of_policy(document))


def beyond(these: Iterable[Grant], those: Sequence[Grant] | frozenset[Grant]) -> list[Grant]:
    """Those of C(these) that nothing in C(those) covers, sorted."""
    return sorted(
        grant for grant in these if grant not in those and not any(grant.covered_by(other) for other in those)
    )


def digest(documents: Iterable[Mapping[str, Any]]) -> str:
    """A short name for what some policies grant together: equal if, and in practice only if, the grants are."""
    listed = [
        [grant.effect, grant.principal, grant.action, grant.resource, grant.condition]
        for grant in sorted(grants(documents))
    ]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:32]


def readable(listed: Iterable[Grant]) -> list[str]:
    """A line for each set of actions that are granted alike, as a person reads it."""
    alike: dict[tuple[str, str, str, str], list[str]] = {}
    for grant in listed:
        alike.setdefault((grant.effect, grant.principal, grant.resource, grant.condition), []).append(grant.action)
    lines = [
        " ".join(
            part
            for part in (
                effect,
                ", ".join(sorted(actions)),
                f"on {resource}" if resource else "",
                f"by {principal}" if principal else "",
                f"if {condition}" if condition else "",
            )
            if part
        )
        for (effect, principal, resource, condition), actions in sorted(alike.items())
    ]
    return [printable(line) for line in lines]


def _of_policy(policy: Mapping[str, Any]) -> Iterator[Grant]:
    for statement in canonical_policy(policy)["Statement"]:
        condition = statement.get("Condition")
        for principal in _principals(statement):
            for action in _either(statement, "Action"):
                for resource in _either(statement, "Resource"):
                    yield Grant(
                        effect=statement["Effect"],
                        principal=principal,
                        action=action,
                        resource=resource,
                        condition=json.dumps(condition, sort_keys=True) if condition else "",
                    )


def _principals(statement: Document) -> list[str]:
    for key in ("Principal", "NotPrincipal"):
        if key in statement:
            named = [f"{kind}:{value}" for kind, values in sorted(statement[key].items()) for value in listed(values)]
            return named if key == "Principal" else [_all_but(named)]
    return [""]


def _either(statement: Document, key: str) -> list[str]:
    """The values of C(Action) or C(Resource); those of the C(Not...) form are one value, since they act together."""
    if f"Not{key}" in statement:
        return [_all_but(listed(statement[f"Not{key}"]))]
    return listed(statement.get(key, ""))


def _all_but(values: list[str]) -> str:
    """One value for all exceptions, since they act together; as JSON where a value would read like something else."""
    plain = ", ".join(values)
    is_plain = plain.count(", ") == len(values) - 1 and not plain.startswith("[")
    return ALL_BUT + (plain if is_plain else json.dumps(values))


def _excepted(part: str) -> list[str]:
    text = part.removeprefix(ALL_BUT)
    values: list[str] = json.loads(text) if text.startswith("[") else text.split(", ")
    return values


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of IAM, in which a star and a question mark are wild, stands for the text.

    The text may be a pattern too; then the answer is whether it stands for nothing beyond the first one.
    """
    at, start = 0, 0
    star, resume = -1, 0
    while start < len(text):
        sign = pattern[at] if at < len(pattern) else ""
        if sign == "*":
            star, resume, at = at, start, at + 1
        elif sign and (sign == text[start] or (sign == "?" and text[start] != "*")):
            at, start = at + 1, start + 1
        elif star >= 0:
            # Let the last star stand for one sign more.
            resume += 1
            at, start = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def meet(one: str, other: str) -> bool:
    """Whether there is a text that two patterns of IAM both stand for."""
    ends = (len(one), len(other))
    seen: set[tuple[int, int]] = set()
    due = [(0, 0)]
    while due:
        at = due.pop()
        if at == ends:
            return True
        if at in seen:
            continue
        seen.add(at)
        here, there = at
        sign, other_sign = one[here : here + 1], other[there : there + 1]
        if "*" in (sign, other_sign):
            # The star stands for nothing more, or for whatever the other pattern stands for next.
            due += [(here + 1, there)] if sign else []
            due += [(here, there + 1)] if other_sign else []
        elif sign and other_sign and (sign == other_sign or "?" in (sign, other_sign)):
            due.append((here + 1, there + 1))
    return False


def _covers(wide: str, narrow: str) -> bool:
    """Whether one part of a grant is as wide as another; where documents do not tell, it is not."""
    if narrow.startswith(ALL_BUT):
        excepted = _excepted(narrow)
        if not wide.startswith(ALL_BUT):
            return wide in ("*", "AWS:*")
        # All but these is as wide as all but those if each of these is among those.
        return all(any(matches(those, these) for those in excepted) for these in _excepted(wide))
    if wide.startswith(ALL_BUT):
        return not any(meet(these, narrow) for these in _excepted(wide))
    return matches(wide, narrow)


def _overlap(one: str, other: str) -> bool:
    """Whether two parts of grants have anything in common."""
    if one.startswith(ALL_BUT) and other.startswith(ALL_BUT):
        return True
    if other.startswith(ALL_BUT):
        one, other = other, one
    if one.startswith(ALL_BUT):
        return not any(matches(these, other) for these in _excepted(one))
    return meet(one, other)


def _weaker(weak: str, strong: str) -> bool:
    """Whether every test of C(weak) is also made, at least as narrowly, by C(strong)."""
    if weak in ("", strong):
        return True
    if not strong:
        return False
    tests, narrower = json.loads(weak), json.loads(strong)
    for operator, keys in tests.items():
        for key, values in keys.items():
            others = narrower.get(operator, {}).get(key)
            if others is None:
                return False
            these, those = set(listed(values)), set(listed(others))
            if not (these <= those if "Not" in operator else those <= these):
                return False
    return True
