# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run has found and done at one connection, from the results of its roles: the members that a report has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .._permissions.plan import MADE_BY
from .._validate.check import ACCESS_OF, FAULTS, TRUST_OF
from . import words
from .secrets import hide

Result = Mapping[str, Any]

# The roles in the order in which they run, each with what its step is called.
STEPS = {
    "connection": "connection at Clumio",
    "permissions_file": "permissions file",
    "sns_topic": "topic",
    "eventbridge_rules": "rules",
    "iam_roles": "roles and policies",
    "ssm_documents": "SSM documents",
    "validation": "validation",
}

ACTIONS = ("create", "update", "adopt", "delete")

# Checks of what is allowed, as opposed to what is there.
_ABOUT_ACCESS = (ACCESS_OF, TRUST_OF)

Status = Literal["failed", "attention", "ok", "not_run"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a connection's report has to know of the run.

    Args:
        playbook: C(onboard), C(validate), C(operator) or C(offboard).
        dry_run: whether nothing was changed because it was only asked what would be.
        by_wizard: whether Clumio's API was not asked.
    """

    playbook: str
    dry_run: bool = False
    by_wizard: bool = False


def connection_report(
    results: Mapping[str, Any],
    run: Run,
    *,
    account: str,
    region: str,
    failure: Mapping[str, Any] | None = None,
    secrets: Iterable[str] = (),
) -> dict[str, Any]:
    """The report of one connection, in JSON types, without anything secret.

    Args:
        results: of the roles that ran, under the names of C(STEPS); others are empty or missing.
        run: of which this connection is a part.
        account: 12 digits.
        region: AWS region.
        failure: what stopped the connection, with C(task), C(msg) and, from modules of this collection, C(failure).
        secrets: texts that must not be in the report, beside the connection's own external id and token.
    """
    done: dict[str, Result] = {name: results.get(name) or {} for name in STEPS}
    registered = _newest_connection(done)
    plan = done["permissions_file"].get("permissions") or {}
    checks = _list(done["validation"], "checks")
    permissions = _permissions(done["validation"])
    findings = [
        *_of_failure(failure or {}, checks),
        *_of_checks(checks),
        *_of_file(done["permissions_file"]),
        *_of_clumio(done["connection"], checks),
        *_of_extras(done),
        *_of_removal(run, done),
    ]
    report: dict[str, Any] = {
        "id": f"{account}_{region}",
        "account": account,
        "region": region,
        "status": _status(failure, findings, permissions),
        "sentence": "",
        "failure": _failure(failure) if failure else None,
        "sides": {
            "aws": _side(check["status"] for check in checks if check["side"] == "aws" and not _about_access(check)),
            "access": _side(
                [
                    *(check["status"] for check in checks if _about_access(check)),
                    *(_as_check(row["status"]) for row in permissions or ()),
                ]
            ),
            "clumio": _side(check["status"] for check in checks if check["side"] == "clumio"),
        },
        "clumio": _clumio(registered),
        "clumio_changed": bool(done["connection"].get("changed")),
        "resources": _resources(plan, done),
        "permissions": permissions,
        "trust": _trust(checks),
        "findings": findings,
        "checks": dict(Counter(check["status"] for check in checks)),
        "arns": _arns(done["permissions_file"].get("arns")) if run.by_wizard and run.playbook == "onboard" else {},
        "steps": [
            {"name": STEPS[name], "seconds": float(result["elapsed"])}
            for name, result in done.items()
            if result.get("elapsed") is not None
        ],
    }
    report["changes"] = {action: _count(report["resources"], action) for action in ACTIONS}
    report["sentence"] = words.sentence(report, run.playbook, dry_run=run.dry_run, by_wizard=run.by_wizard)
    own = [(registered or {}).get(member) for member in ("external_id", "token")]
    return dict(hide(report, [*secrets, *filter(None, own)]))


def not_run(connection_id: str) -> dict[str, Any]:
    """The report of a connection that the run has not come to, under the name of its host."""
    return {
        "id": connection_id,
        "account": "",
        "region": "",
        "status": "not_run",
        "sentence": "The run has not come to it.",
        "failure": None,
        "sides": dict.fromkeys(("aws", "access", "clumio")),
        "clumio": None,
        "clumio_changed": False,
        "resources": [],
        "permissions": None,
        "trust": [],
        "findings": [],
        "checks": {},
        "arns": {},
        "steps": [],
        "changes": dict.fromkeys(ACTIONS, 0),
    }


def _list(result: Result, member: str) -> list[Any]:
    return list(result.get(member) or [])


def _newest_connection(done: Mapping[str, Result]) -> Result | None:
    """As the last role that asked Clumio has seen it."""
    return done["validation"].get("connection") or done["connection"].get("connection")


def _clumio(registered: Result | None) -> dict[str, Any] | None:
    """What Clumio says: never all of it, since it tells external id and token too."""
    if not registered:
        return None
    members = ("connection_status", "ingestion_status", "target_setup_status", "description", "organizational_unit_id")
    return {
        **{member: registered.get(member) for member in members},
        "asset_types": _list(registered, "asset_types"),
        "clumio_account": registered.get("clumio_aws_account_id"),
    }


def _resources(plan: Mapping[str, Any], done: Mapping[str, Result]) -> list[dict[str, Any]]:
    """Everything of the plan, then what else was changed or kept: what is done to it and how it was found."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    # A step that has nothing to do does not run.
    to_do = done["permissions_file"].get("to_do", MADE_BY.values())

    def row(section: str, name: str, arn: str) -> dict[str, Any]:
        made_by = done[MADE_BY[section]]
        new: dict[str, Any] = {
            "section": section,
            "name": name,
            "arn": arn,
            # Null where the step that makes it has not run, or has not come to its end.
            "action": "none" if "changes" in made_by or MADE_BY[section] not in to_do else None,
            "differences": [],
            "check": None,
            "reason": "",
            "uses": [],
        }
        return rows.setdefault((section, name), new)

    for section in MADE_BY:
        for item in plan.get(section) or ():
            row(section, item["name"], item["arn"])["uses"] = _uses(section, item)
    for role in dict.fromkeys(MADE_BY.values()):
        for change in _list(done[role], "changes"):
            there = row(change["section"], change["name"], change["arn"])
            there["action"], there["differences"] = change["action"], _list(change, "differences")
        for kept in _list(done[role], "kept"):
            there = row(kept["section"], kept["name"], kept["arn"])
            there["action"], there["reason"] = "keep", kept["reason"]
    found = {
        check["entity"]: check["status"]
        for check in _list(done["validation"], "checks")
        if check["side"] == "aws" and not _about_access(check)
    }
    for there in rows.values():
        there["check"] = found.get(there["arn"])
    order = list(MADE_BY)
    return sorted(rows.values(), key=lambda there: order.index(there["section"]))


def _uses(section: str, item: Mapping[str, Any]) -> list[str]:
    """For the drawing: the ARNs that a rule reports to, or who may assume a role, an account's number or a service."""
    if section == "rules":
        return [target["arn"] for target in item.get("targets") or ()]
    if section != "roles":
        return []
    statements = _as_list((item.get("trust_policy") or {}).get("Statement"))
    principals = [principal for statement in statements for principal in _principals(statement.get("Principal"))]
    return list(dict.fromkeys(principals))


def _principals(principal: Any) -> list[str]:
    """Accounts and services; a star for everybody, as in a denial."""
    named = principal.values() if isinstance(principal, Mapping) else [principal]
    names = [str(name) for value in named for name in _as_list(value)]
    return [name.split(":")[4] if name.startswith("arn:") and name.count(":") > 4 else name for name in names]


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _permissions(validation: Result) -> list[dict[str, Any]] | None:
    """The rows of the table, None where nobody looked."""
    if validation.get("permissions") is None:
        return None
    texts, lists = ("asset_type", "capability", "status"), ("roles", "missing", "causes")
    return [
        {
            **{member: row[member] for member in texts},
            "actions": row.get("actions"),
            **{member: _list(row, member) for member in lists},
        }
        for row in _list(validation, "permissions")
    ]


def _trust(checks: Sequence[Result]) -> list[dict[str, str]]:
    """Whether each role that Clumio assumes is closed to all who do not have the external id."""
    return [
        {"role": check["name"].removeprefix(TRUST_OF).removeprefix("role "), "status": check["status"]}
        for check in checks
        if check["name"].startswith(TRUST_OF)
    ]


def _finding(level: str, about: str, message: str, hint: str = "", details: Sequence[str] = ()) -> dict[str, Any]:
    return {"level": level, "about": about, "message": message, "hint": hint, "details": list(details)}


def _of_failure(failure: Mapping[str, Any], checks: Sequence[Result]) -> list[dict[str, Any]]:
    """What stopped the connection: all its reasons where it has several, else itself."""
    if not failure:
        return []
    facts = failure.get("failure") or {}
    reasons = [_of_finding(found) for found in _list(facts, "findings")]
    # Several calls may have failed for one reason.
    failures = dict.fromkeys(str(each.get("msg") or "") for each in _list(facts, "failures"))
    reasons += [_finding("fault", "", message) for message in failures]
    # A validation that fails tells in its message what its checks tell.
    if reasons or any(check["status"] in FAULTS for check in checks):
        return reasons
    return [_finding("fault", "", _failure(failure)["message"])]


def _of_checks(checks: Sequence[Result]) -> list[dict[str, Any]]:
    return [
        _finding(
            "fault" if check["status"] in FAULTS else "warning",
            check["name"],
            words.of_check(check),
            check.get("hint") or "",
            _list(check, "differences"),
        )
        for check in checks
        if check["status"] != "ok"
    ]


def _of_finding(found: Result) -> dict[str, Any]:
    about = ".".join(filter(None, (found.get(part) for part in ("section", "entity", "member"))))
    level = "fault" if found["level"] == "error" else "warning"
    return _finding(level, about, found["message"], found.get("hint") or "")


def _of_file(permissions_file: Result) -> list[dict[str, Any]]:
    return [_of_finding(found) for found in _list(permissions_file, "findings")]


def _of_clumio(connection: Result, checks: Sequence[Result]) -> list[dict[str, Any]]:
    """What a person should know of the connection, unless a check says it."""
    told = any(check["side"] == "clumio" and check["status"] != "ok" for check in checks)
    if told or connection.get("failed") or not connection.get("msg"):
        return []
    return [_finding("warning", "connection at Clumio", str(connection["msg"]))]


def _of_extras(done: Mapping[str, Result]) -> list[dict[str, Any]]:
    """What others have added, once, be it told by the role that makes a resource or by the validation."""
    told = {
        (extra["name"], extra["extra"]): _finding(
            "warning", extra["name"], f"Others have added {extra['extra']}.", "It stays, unless purge says otherwise."
        )
        for result in done.values()
        for extra in _list(result, "extras")
    }
    return list(told.values())


def _of_removal(run: Run, done: Mapping[str, Result]) -> list[dict[str, Any]]:
    """What stays where everything was to go, and what is left to do."""
    if run.playbook != "offboard":
        return []
    changes = [change for role in MADE_BY.values() for change in _list(done[role], "changes")]
    kept = {kept["arn"]: kept["reason"] for role in MADE_BY.values() for kept in _list(done[role], "kept")}
    before = (done["connection"].get("diff") or {}).get("before") or {}
    gone = {change["arn"] for change in changes}
    finished = all("changes" in done[role] for role in MADE_BY.values())
    unknown = [arn for arn in _arns(before.get("resources")).values() if arn not in gone and arn not in kept]
    return [
        *(_finding("warning", arn, f"It is kept: {reason}.") for arn, reason in kept.items()),
        *(
            _finding("warning", arn, "It is known to Clumio, but not tagged as ours: gone already, or it stays.")
            for arn in (unknown if finished else ())
        ),
        *(
            [_finding("note", "KMS key", "AWS keeps a KMS key for 7 days before it deletes it.")]
            if any(change["section"] == "kms_keys" for change in changes)
            else ()
        ),
        *(
            [_finding("note", "Clumio", "Clumio was not asked: remove the connection in its UI.")]
            if run.by_wizard
            else ()
        ),
    ]


def _arns(resources: Any) -> dict[str, str]:
    """ARNs by the last part of their names, however deep they stand; without those that are empty."""
    result: dict[str, str] = {}
    for name, value in (resources or {}).items():
        if isinstance(value, Mapping):
            result |= _arns(value)
        elif value:
            result[str(name)] = str(value)
    return result


def _failure(failure: Mapping[str, Any]) -> dict[str, str]:
    return {
        "task": str(failure.get("task") or ""),
        "code": str((failure.get("failure") or {}).get("code") or ""),
        "message": " ".join(str(failure.get("msg") or "It failed without a word.").split()),
    }


def _about_access(check: Result) -> bool:
    return str(check["name"]).startswith(_ABOUT_ACCESS)


def _as_check(status: str) -> str:
    """The status of a row of the permission table in the words of a check."""
    return {"granted": "ok", "unknown": "unknown"}.get(status, "missing")


def _side(statuses: Iterable[str]) -> dict[str, Any] | None:
    """The verdict of one side, None where nobody looked."""
    counted = Counter(statuses)
    faults = sum(counted[status] for status in FAULTS)
    if not counted:
        return None
    status = "fault" if faults else "unknown" if counted["unknown"] else "ok"
    return {"status": status, "faults": faults, "unknown": counted["unknown"], "looked_at": counted.total()}


def _status(
    failure: Mapping[str, Any] | None, findings: Sequence[Result], permissions: Sequence[Result] | None
) -> Status:
    levels = {finding["level"] for finding in findings}
    if failure or "fault" in levels:
        return "failed"
    granted = all(row["status"] == "granted" for row in permissions or ())
    return "ok" if granted and "warning" not in levels else "attention"


def _count(resources: Sequence[Result], action: str) -> int:
    return sum(resource["action"] == action for resource in resources)
