# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls of the Security Token Service."""

from __future__ import annotations

from typing import Any

from ._call import call


def get_caller_identity(sts: Any) -> dict[str, Any]:
    """C(Account) and C(Arn) of the principal that the credentials belong to."""
    return call(sts.get_caller_identity, "ask AWS whose credentials these are")


def assume_role(sts: Any, arn: str, session: str) -> dict[str, Any]:
    """C(Credentials) of the role, and C(AssumedRoleUser) with the C(Arn) of the session.

    Args:
        arn: of the role.
        session: name of the session, by which CloudTrail tells who it was.
    """
    return call(sts.assume_role, f"assume the role {arn}", RoleArn=arn, RoleSessionName=session)
