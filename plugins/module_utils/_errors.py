# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one shape of a failure: a sentence for a person, a code and facts for a machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


class ClumioError(Exception):
    """A failure that a person can act on.

    Raised anywhere below ``main()``; caught only there and handed to ``fail_json``.

    Args:
        message: one sentence: verb, object, cause. No secret may be in it.
        code: stable, snake_case; tests and playbooks compare it.
        hint: what to do about it, one sentence.
        facts: whatever a machine may want to know, JSON types only.
    """

    def __init__(self, message: str, *, code: str, hint: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.facts = facts

    @property
    def codes(self) -> set[str]:
        """The code, or those of all failures that are combined in this one."""
        return {failure["code"] for failure in self.facts.get("failures", [])} or {self.code}

    @property
    def sentence(self) -> str:
        """Message and hint as a person reads them."""
        return f"{self.message} {self.hint}".strip()

    def as_result(self) -> dict[str, Any]:
        """Arguments for ``fail_json``: C(msg) and the machine-readable C(failure)."""
        return {"msg": self.sentence, "failure": {"code": self.code, "hint": self.hint, **self.facts}}


class InputError(ClumioError):
    """What the user gave cannot be used; nothing has been sent anywhere."""


def numbered(sentences: Iterable[str]) -> str:
    """Several sentences as one text, each with its number."""
    return " ".join(f"({number}) {sentence}" for number, sentence in enumerate(sentences, start=1))


# Failures that have one cause, however many calls run into it.
_ONE_CAUSE = {"aws_credentials", "aws_throttled", "aws_unreachable"}


def combined(errors: Sequence[ClumioError]) -> ClumioError:
    """One error that tells all of several, so that nobody mends them one run at a time.

    Raises nothing; a single error comes back as it is, and what several say in the same words, or of one cause, is told
    once. The code is the first one's.
    """
    told: dict[str, ClumioError] = {}
    for error in errors:
        told.setdefault(error.code if error.code in _ONE_CAUSE else error.sentence, error)
    errors = list(told.values())
    if len(errors) == 1:
        return errors[0]
    return ClumioError(
        numbered(error.sentence for error in errors),
        code=errors[0].code,
        failures=[error.as_result()["failure"] | {"msg": error.sentence} for error in errors],
    )
