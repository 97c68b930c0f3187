# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What two JSON documents have in common when AWS reads them: canonical forms, equality, readable text.

Nothing here changes a document that is sent to AWS; the forms exist to compare and to show.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]

# An account's root as IAM writes it back: `arn:<partition>:iam::<id>:root`, the same principal as the bare id.
_ROOT = re.compile(r"arn:[^:]+:iam::(\d{12}):root")


def canonical_policy(policy: Mapping[str, Any]) -> Document:
    """The policy with every spelling that IAM treats alike made one.

    Order of statements, keys and set-like lists, a scalar against a list of one, the case of actions and condition
    keys, numbers and booleans against their text, `"*"` against `{"AWS": "*"}` and an account's root against its id.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    statements = [_statement(statement, fold=True) for statement in listed(policy.get("Statement", []))]
    return {**_without(policy, "Statement"), "Statement": _sorted(statements)}


def readable_policy(policy: Mapping[str, Any]) -> Document:
    """The policy sorted for reading: like the canonical form, with the spelling of its author kept."""
    statements = [_statement(statement, fold=False) for statement in listed(policy.get("Statement", []))]
    return {**_without(policy, "Statement"), "Statement": _sorted(statements)}


def canonical_pattern(pattern: Any) -> Any:
    """An event pattern with its lists sorted: EventBridge reads every list as a set of alternatives.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
    """
    if isinstance(pattern, Mapping):
        return {key: canonical_pattern(value) for key, value in pattern.items()}
    if isinstance(pattern, list):
        return _sorted([canonical_pattern(item) for item in pattern])
    return pattern


def same_policy(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether AWS decides the same by both."""
    return _same(canonical_policy, one, other)


def same_pattern(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether both patterns match the same events."""
    return _same(canonical_pattern, one, other)


def compact(document: Any) -> str:
    """The document as it is sent: no white space, keys in the author's order.

    Raises:
        ValueError: it holds a number that JSON has not, infinity for example.
    """
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def printable(text: str) -> str:
    """The text on one line, without signs that move the cursor or the direction of reading: they are spelled out."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _same(form: Callable[[Any], Any], one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    # As text, since Python takes true for 1.
    return json.dumps(form(one), sort_keys=True) == json.dumps(form(other), sort_keys=True)


def _statement(statement: Any, *, fold: bool) -> Any:
    if not isinstance(statement, Mapping):
        return statement
    result: Document = {}
    for key, value in statement.items():
        if key in ("Action", "NotAction"):
            result[key] = _texts(value, str.lower if fold else None)
        elif key in ("Resource", "NotResource"):
            result[key] = _texts(value)
        elif key in ("Principal", "NotPrincipal"):
            result[key] = _principal(value)
        elif key == "Condition":
            result[key] = _condition(value, fold=fold)
        else:
            result[key] = value
    return result


def _principal(principal: Any) -> Any:
    if principal == "*":
        principal = {"AWS": "*"}
    if not isinstance(principal, Mapping):
        return principal
    return {kind: _texts(value, _account) for kind, value in principal.items()}


def _account(principal: str) -> str:
    match = _ROOT.fullmatch(principal)
    return match.group(1) if match else principal


def _condition(condition: Any, *, fold: bool) -> Any:
    if not isinstance(condition, Mapping):
        return condition
    return {
        operator: (
            _folded({key: _texts(value) for key, value in tests.items()}, fold=fold)
            if isinstance(tests, Mapping)
            else tests
        )
        for operator, tests in condition.items()
    }


def _folded(tests: Document, *, fold: bool) -> Document:
    """The tests with their keys in lower case; two keys that differ in case only stay apart, since both are tested."""
    lowered = [key.lower() for key in tests]
    if not fold or len(set(lowered)) < len(lowered):
        return tests
    return dict(zip(lowered, tests.values(), strict=True))


def _texts(value: Any, change: Callable[[str], str] | None = None) -> Any:
    """A set-like member: sorted, without repeats; a set of one as a scalar."""
    texts = {_text(item) for item in listed(value)}
    if change:
        texts = {change(text) for text in texts}
    return next(iter(texts)) if len(texts) == 1 else sorted(texts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def listed(value: Any) -> list[Any]:
    """A member that may be a list or the one item of it, as a list."""
    return value if isinstance(value, list) else [value]


def _sorted(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def _without(policy: Mapping[str, Any], key: str) -> Document:
    return {name: value for name, value in policy.items() if name != key}


def problem_of_policy(document: Mapping[str, Any]) -> str:
    """What IAM would not take of a policy, by its grammar; empty if nothing.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    statements = document.get("Statement")
    if not statements:
        return "it has no Statement"
    for number, statement in enumerate(listed(statements), start=1):
        problem = _problem_of_statement(statement)
        if problem:
            return f"its statement {number} has {problem}"
    return ""


def _problem_of_statement(statement: Any) -> str:
    if not isinstance(statement, dict):
        return f"{kind_of(statement)} where an object is expected"
    if statement.get("Effect") not in ("Allow", "Deny"):
        return "an Effect that is neither Allow nor Deny"
    for member, value in statement.items():
        if member in ("Action", "NotAction", "Resource", "NotResource"):
            fits = _are_texts(value)
        elif member in ("Principal", "NotPrincipal"):
            fits = value == "*" or (isinstance(value, dict) and all(map(_are_texts, value.values())))
        elif member == "Condition":
            fits = isinstance(value, dict) and all(
                isinstance(tests, dict) and all(map(_are_scalars, tests.values())) for tests in value.values()
            )
        elif member in ("Sid", "Effect"):
            fits = isinstance(value, str)
        else:
            return f"a member {member!r}, which IAM does not know"
        if not fits:
            return f"a value for {member} that IAM does not take"
    return ""


def _are_texts(value: Any) -> bool:
    return all(isinstance(item, str) for item in listed(value))


def _are_scalars(value: Any) -> bool:
    return all(isinstance(item, str | bool | int | float) for item in listed(value))


def breadth(policy: Mapping[str, Any]) -> int:
    """How many single permissions a policy without problems is: the principals times actions times resources."""
    return sum(
        math.prod(
            max(1, sum(map(_count, (statement.get(member), statement.get(f"Not{member}")))))
            for member in ("Principal", "Action", "Resource")
        )
        for statement in listed(policy.get("Statement", []))
    )


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_count, value.values()))
    return 0 if value is None else len(listed(value))


def kind_of(value: Any) -> str:
    """The JSON type of a value, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    return {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}.get(type(value), "data")
