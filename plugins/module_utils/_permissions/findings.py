# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One thing that is wrong, or worth knowing, in a permissions file or in the account it is meant for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .._errors import InputError, numbered
from .documents import printable


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Where it is, what was found and what to do.

    Args:
        level: an C(error) stops the run before the first write, a C(warning) is shown.
        code: stable, snake_case.
        section: C(roles), C(topics) and so on; empty for the file or the account as a whole.
        entity: the logical name inside the section.
        member: the member of the entity, C(trust_policy) say.
        message: one sentence.
        found: what was there; None where there is nothing to show.
        limit: what is allowed; None where the rule is not a number.
        hint: what to do.
    """

    level: Literal["error", "warning"] = "error"
    code: str
    section: str = ""
    entity: str = ""
    member: str = ""
    message: str
    found: str | int | None = None
    limit: int | None = None
    hint: str = ""

    @property
    def place(self) -> str:
        """Where in the file, C(roles.ClumioIAMRole.trust_policy)."""
        return ".".join(part for part in (self.section, self.entity, self.member) if part)

    @property
    def sentence(self) -> str:
        """The finding on one line, whatever the file has put into it."""
        return " ".join(
            _shown(part) for part in (f"{self.place}:" if self.place else "", self.message, self.hint) if part
        )

    def as_dict(self) -> dict[str, Any]:
        """JSON types only; texts as they can be shown."""
        return {member: _shown(value) if isinstance(value, str) else value for member, value in asdict(self).items()}


# Longer than any sentence of ours, so that only what a file brings along is cut.
_MOST_CHARACTERS = 1000

# More than anybody reads; a file with more faults is none.
_MOST_TOLD = 100


def _shown(text: str) -> str:
    """The text on one line of bounded length."""
    line = printable(text[: _MOST_CHARACTERS + 1])
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]}..."


def refuse_errors(findings: Sequence[Finding], what: str, **facts: Any) -> None:
    """Raise one InputError that tells every finding of level error.

    Args:
        findings: of any level.
        what: begins the sentence.
        facts: that a machine may want to know beside the findings, JSON types only.
    """
    errors = [finding for finding in findings if finding.level == "error"]
    if not errors:
        return
    if len(errors) == 1:
        message = f"{what}: {errors[0].sentence}"
    else:
        more = f" And {len(errors) - _MOST_TOLD} more." if len(errors) > _MOST_TOLD else ""
        told = numbered(error.sentence for error in errors[:_MOST_TOLD])
        message = f"{what}, for {len(errors)} reasons: {told}{more}"
    # The errors first, so that none is missing for warnings.
    others = [finding for finding in findings if finding.level != "error"]
    shown = findings if len(findings) <= _MOST_TOLD else [*errors, *others][:_MOST_TOLD]
    raise InputError(message, code=errors[0].code, findings=[finding.as_dict() for finding in shown], **facts)
