# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What must not be in a report is taken out of every text in it: reports are sent around."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "<hidden>"

# A shorter one would be found inside words that have nothing to do with it.
_LEAST_CHARACTERS = 8

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

# What is secret by its form, wherever it comes from. Clumio names SSM documents Clumio-<purpose>-<token>.
# AWS's keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
_BY_FORM = (
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), HIDDEN),
    (re.compile(rf"\bExternalID_{_UUID}"), HIDDEN),
    (re.compile(r"(?i)\b(bearer) +[A-Za-z0-9._~+/=-]+"), rf"\1 {HIDDEN}"),
    (re.compile(rf"\b(Clumio-\w+-){_UUID}"), rf"\1{HIDDEN}"),
)


def hide(value: Any, secrets: Iterable[str] = ()) -> Any:
    """The value with everything secret in its texts replaced, in plain JSON types.

    Args:
        value: JSON types, nested as they may be.
        secrets: texts that must not stay, such as the external id; those of fewer than 8 characters are passed over.
    """
    known = sorted({str(secret) for secret in secrets if len(str(secret or "")) >= _LEAST_CHARACTERS}, key=len)
    return _hide(value, known[::-1])


def _hide(value: Any, known: list[str]) -> Any:
    if isinstance(value, str):
        text = str(value)
        for secret in known:
            text = text.replace(secret, HIDDEN)
        for form, instead in _BY_FORM:
            text = form.sub(instead, text)
        return text
    if isinstance(value, Mapping):
        return {str(key): _hide(item, known) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hide(item, known) for item in value]
    return value
