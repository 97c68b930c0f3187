# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the AWS account itself says before anything is made: whose it is, what it has room for, what it grants now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .._aws import events, iam, sts
from .._permissions.audit import audit_credentials, audit_quotas, audit_rule_count
from .._permissions.findings import Finding
from .._permissions.names import Connection
from .._permissions.plan import Plan, Resource
from . import parallel
from .converge import Work, compare


def findings(plan: Plan, connection: Connection, client: Callable[[str], Any]) -> list[Finding]:
    """What the account has against the plan; its questions are asked at once.

    Args:
        plan: the resolved plan.
        connection: whose plan it is.
        client: makes the boto3 client of a service.
    """
    calls: list[Callable[[], Any]] = [
        partial(sts.account_id, client("sts")),
        partial(iam.get_account_summary, client("iam")),
        partial(events.list_rule_names, client("events")),
    ]
    owner, quotas, rules = parallel.run(calls)
    return [*audit_credentials(connection, owner), *audit_quotas(plan, quotas), *audit_rule_count(plan, rules)]


def held(work: Sequence[Work], connection: Connection) -> tuple[list[Resource], list[Resource]]:
    """What the account holds of all that is wanted, whosever it is, and what it will hold."""
    changes = compare(work, connection)
    return [change.before for change in changes if change.before], [change.after for change in changes]
