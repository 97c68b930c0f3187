# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an IAM policy says about a request: the sandbox's one evaluator of policies.

It knows nothing of the collection's own code, so that neither can hide a mistake of the other. Sources:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html and, for conditions,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html

Not evaluated, and refused where it would matter: numeric, date, IP address and binary conditions, policy variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

Effect = Literal["Allow", "Deny"]
Document = Mapping[str, Any]


class NotEvaluatedError(Exception):
    """A policy says something that the sandbox cannot evaluate; the text tells what."""


@dataclass(frozen=True)
class Request:
    """What a principal wants to do.

    Attributes:
        action: ``service:Action``, without wildcards.
        resource: an ARN, or a star for an action that knows no resources.
        context: values of each context key; of the keys upper and lower case are the same.
        principals: every ARN that the caller goes by, such as those of a session and of its role; None if nobody
            knows, and then a statement is taken to mean the caller if it means any AWS principal at all.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    principals: Sequence[str] | None = None

    def values(self, key: str) -> Sequence[str] | None:
        """The values of a context key; None where the request has no such key."""
        return next((values for name, values in self.context.items() if name.lower() == key.lower()), None)


@dataclass(frozen=True)
class Evaluation:
    """What one policy says.

    Attributes:
        effect: None if it neither allows nor denies.
        missing: context keys that its conditions ask for and that the request does not have, as it spells them.
    """

    effect: Effect | None
    missing: frozenset[str] = frozenset()


def evaluate(document: Document | str, request: Request) -> Evaluation:
    """What a policy says about a request: a statement that denies outdoes all that allow.

    Raises:
        NotEvaluatedError: a statement about this action and resource has something that is not evaluated here.
    """
    effects: list[Effect] = []
    missing: set[str] = set()
    for statement in _statements(document):
        if not _about(statement, request):
            continue
        conditions = list(_conditions(statement))
        missing.update(key for _operator, key, _wanted in conditions if request.values(key) is None)
        if all(_holds(*condition, request) for condition in conditions):
            effects.append(statement["Effect"])
    return Evaluation(strongest(effects), frozenset(missing))


def strongest(effects: Collection[Effect | None]) -> Effect | None:
    """What several statements, or several policies of one kind, say together."""
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else None


def _statements(document: Document | str) -> Iterator[Mapping[str, Any]]:
    yield from listed((json.loads(document) if isinstance(document, str) else document).get("Statement", []))


def listed(value: Any) -> list[Any]:
    """Policies write a list of one as the thing itself."""
    return value if isinstance(value, list) else [value]


# ---- what a statement is about


def _about(statement: Mapping[str, Any], request: Request) -> bool:
    """Whether a statement is about the request, whatever its conditions say."""
    return _element(statement, "Action", _action, request) and (
        _element(statement, "Resource", _resource, request) and _element(statement, "Principal", _principal, request)
    )


def _element(statement: Mapping[str, Any], name: str, fits: Callable[[Any, Request], bool], request: Request) -> bool:
    """Whether an element, or its opposite, takes the request in; one that is not there says nothing against it."""
    if f"Not{name}" in statement:
        return not fits(statement[f"Not{name}"], request)
    return name not in statement or fits(statement[name], request)


def _action(patterns: Any, request: Request) -> bool:
    return any(_like(request.action.lower(), pattern.lower()) for pattern in listed(patterns))


def _resource(patterns: Any, request: Request) -> bool:
    return any(_like(request.resource, pattern) for pattern in listed(patterns))


def _principal(element: Any, request: Request) -> bool:
    """Whether a ``Principal`` means the caller; who signs a request is never a service or a federated user here."""
    named = listed(element.get("AWS", [])) if isinstance(element, Mapping) else listed(element)
    if request.principals is None:
        return bool(named)
    accounts = {arn.split(":")[4] for arn in request.principals}
    return any(name == "*" or name in request.principals or _account_of(name) in accounts for name in map(str, named))


def _account_of(principal: str) -> str:
    """The account that a principal stands for as a whole; empty for one that is a user or a role."""
    found = re.fullmatch(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?", principal, re.ASCII)
    return found[1] if found else ""


def _like(value: str, pattern: str) -> bool:
    return bool(_pattern(pattern).fullmatch(value))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    """A star is any text and a question mark any character; a bracket, unlike in file names, is a bracket."""
    if "${" in text:
        raise NotEvaluatedError(f"The sandbox does not evaluate policy variables, as in {text}.")
    wildcards = {"*": ".*", "?": "."}
    return re.compile("".join(wildcards.get(character, re.escape(character)) for character in text), re.DOTALL)


# ---- conditions


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Operator, context key and values of each condition, all of which have to hold."""
    for operator, by_key in statement.get("Condition", {}).items():
        for key, wanted in by_key.items():
            yield operator, key, [_text(value) for value in listed(wanted)]


def _text(value: Any) -> str:
    """JSON's own truth values and numbers are as good as their texts."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _same_ignoring_case(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _arn_like(value: str, wanted: str) -> bool:
    """Each of an ARN's six parts is compared on its own: a star does not reach over a colon, but in the last."""
    parts, patterns = value.split(":", 5), wanted.split(":", 5)
    return len(parts) == len(patterns) and all(map(_like, parts, patterns))


def _equal(value: str, wanted: str) -> bool:
    return value == wanted


#: How each operator compares a value of the request with one of the policy.
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _same_ignoring_case,
    "StringLike": _like,
    "Bool": _same_ignoring_case,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
}
#: Those that are true where the other is not.
_OPPOSITES = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def _holds(operator: str, key: str, wanted: list[str], request: Request) -> bool:
    """Whether one condition holds.

    Raises:
        NotEvaluatedError: unknown operator.
    """
    values = request.values(key)
    if operator == "Null":
        return (values is None) == (wanted == ["true"])
    qualifier, colon, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    negated = name in _OPPOSITES
    compare = _OPERATORS.get(_OPPOSITES.get(name, name))
    if compare is None or (colon and qualifier not in ("ForAllValues", "ForAnyValue")):
        raise NotEvaluatedError(f"The sandbox does not evaluate the condition operator {operator}.")
    if any("${" in text for text in wanted):
        raise NotEvaluatedError(f"The sandbox does not evaluate policy variables, as in {', '.join(wanted)}.")
    if not values:
        # A key that is not there has no value that could be wrong, and none that could be right.
        return rest != name or qualifier == "ForAllValues" or (negated and qualifier != "ForAnyValue")
    fits = [any(compare(value, text) for text in wanted) for value in values]
    if qualifier == "ForAllValues":
        return not any(fits) if negated else all(fits)
    if qualifier == "ForAnyValue":
        return not all(fits) if negated else any(fits)
    return not any(fits) if negated else any(fits)
