# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls of the Security Token Service."""

from __future__ import annotations

from typing import Any

from ._call import call


def get_caller_identity(sts: Any) -> dict[str, Any]:
    """C(Account) and C(Arn) of the principal that the credentials belong to."""
    return call(sts.get_caller_identity, "ask AWS whose credentials these are")
