# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One thing that was looked at, on the side of AWS or of Clumio: the one shape of a validation's result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

FAULTS = ("missing", "different", "denied")
# What checks of rights are called, before the role in words.
ACCESS_OF, TRUST_OF = "access of ", "trust of "

REPAIR = "Run the onboard playbook again to put it back."


@dataclass(frozen=True, kw_only=True)
class Check:
    """What should be and what is.

    Args:
        name: what was looked at, C(role ClumioIAMRole).
        side: where.
        entity: ARN on the side of AWS, id of the connection on the side of Clumio.
        status: C(ok), or what is the matter; C(unknown) is what the credentials do not let us find out, and no fault.
        expected: what should be; None where C(status) says it all.
        found: what is.
        differences: what differs, each in words, C(inline policy ClumioKMSPolicy is missing) say.
        hint: what to do.
    """

    name: str
    side: Literal["aws", "clumio"]
    entity: str
    status: Literal["ok", "missing", "different", "denied", "unknown"]
    expected: Any = None
    found: Any = None
    differences: tuple[str, ...] = ()
    hint: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Check:
        """The check that was told by as_dict()."""
        return cls(**{**told, "differences": tuple(told["differences"])})

    @property
    def sentence(self) -> str:
        """The check on one line; documents are left to C(expected) and C(found)."""
        told = f", found {self.found}" if isinstance(self.found, str) else ""
        differences = f" ({', '.join(self.differences)})" if self.differences else ""
        return f"{self.name} is {self.status}{told}{differences}"

    def as_dict(self) -> dict[str, Any]:
        """JSON types only."""
        return asdict(self) | {"differences": list(self.differences)}


def as_result(connection_id: str, checks: Sequence[Check], extras: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """What the validating module returns: the verdict in a word, in a sentence, and all checks.

    Args:
        connection_id: C(111122223333_us-west-2).
        checks: of both sides.
        extras: what others have added to our resources; that is told, and no fault.
    """
    wrong = [check for check in checks if check.status in FAULTS]
    unknown = [check for check in checks if check.status == "unknown"]
    result: dict[str, Any] = {
        "changed": False,
        "valid": not wrong,
        "checks": [check.as_dict() for check in checks],
        "extras": [dict(extra) for extra in extras],
    }
    told = [f"The connection {connection_id} is as it should be ({len(checks)} checks)."]
    if wrong:
        sentences = "; ".join(check.sentence for check in wrong)
        hint = " ".join(dict.fromkeys(check.hint for check in wrong if check.hint))
        told = [f"The connection {connection_id} is not as it should be: {sentences}.", hint]
        result["failure"] = {"code": "invalid", "hint": hint}
    if unknown:
        sentences = "; ".join(check.sentence for check in unknown)
        told += [f"It could not be told whether all is well: {sentences}.", *(check.hint for check in unknown)]
    if extras:
        added = ", ".join(f"{extra['extra']} to {extra['name']}" for extra in extras)
        told.append(f"Others have added {added}; that stays without purge.")
    result["msg"] = " ".join(dict.fromkeys(filter(None, told)))
    return result
