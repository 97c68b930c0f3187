# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words of reports, the same on the page, in the JSON document and on the console."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

# What a connection can be at the end of a run, the worst first.
STATUSES = {"failed": "failed", "attention": "to look at", "not_run": "not reached", "ok": "in order"}

TITLES = {
    "onboard": "Onboarding",
    "validate": "Validation",
    "operator": "Check of the credentials",
    "offboard": "Offboarding",
}

_KINDS = {
    "kms_keys": ("KMS key", "KMS keys"),
    "topics": ("topic", "topics"),
    "rules": ("rule", "rules"),
    "policies": ("managed policy", "managed policies"),
    "roles": ("role", "roles"),
    "instance_profiles": ("instance profile", "instance profiles"),
    "ssm_documents": ("SSM document", "SSM documents"),
}

_DID = {"create": "made", "update": "changed", "adopt": "took over", "delete": "removed"}
_WOULD = {"create": "make", "update": "change", "adopt": "take over", "delete": "remove"}

# As a mark of one resource: what was done, what would be.
_DONE = {"create": "made", "update": "changed", "adopt": "taken over", "delete": "removed"}
_DUE = {verb: f"to be {done}" for verb, done in _DONE.items()}

_ASSET_TYPES = {
    "all": "all asset types",
    "ebs": "EBS",
    "rds": "RDS",
    "dynamodb": "DynamoDB",
    "s3": "S3",
    "mssql": "SQL Server",
    "iceberg_on_glue": "Iceberg on Glue",
    "iceberg_on_s3_tables": "Iceberg on S3 Tables",
}

_LONGEST_SENTENCE = 400


def kind(section: str, number: int = 1) -> str:
    """What resources of a section are called."""
    return _KINDS[section][number != 1]


def number(count: int, one: str, many: str = "") -> str:
    """C(1 check), C(2 checks)."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def asset_type(name: str) -> str:
    """An asset type as people write it."""
    return _ASSET_TYPES.get(name, name)


def capability(name: str) -> str:
    """C(continuous backup)."""
    return name.replace("_", " ")


def action(name: str | None, *, dry_run: bool) -> str:
    """What was done to a resource, or would be, as a mark beside it."""
    if name is None:
        return "not reached"
    told = {"none": "as it was", "keep": "kept", **(_DUE if dry_run else _DONE)}
    return told.get(name, name)


def of_check(check: Mapping[str, Any]) -> str:
    """What a check that is not in order has found, in a sentence; documents are not shown."""
    expected, found = (_shown(check.get(member)) for member in ("expected", "found"))
    told = {
        "missing": "It is missing",
        "different": "It is not as it should be",
        "denied": "It is denied",
        "unknown": "This cannot be told",
    }.get(check["status"], f"It is {check['status']}")
    if found and expected:
        return f"{told}: found {found}, not {expected}."
    return f"{told}: {found}." if found else f"{told}."


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def shortened(text: str, length: int = _LONGEST_SENTENCE) -> str:
    """The beginning of a text, on one line, cut between words."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return f"{line[:length].rpartition(' ')[0] or line[:length]} ..."


def sentence(report: Mapping[str, Any], playbook: str, *, dry_run: bool, by_wizard: bool) -> str:
    """What there is to say of a connection, in one or two sentences that begin with a small letter."""
    if report["failure"]:
        return _of_failure(report)
    if playbook in ("validate", "operator"):
        return f"{_of_checks(report, by_wizard and playbook == 'validate')}."
    done = _of_changes(report, dry_run)
    clumio = "the connection at Clumio" if report["clumio_changed"] else ""
    if playbook == "offboard":
        told = done.get("delete", "")
        what = " and ".join(filter(None, (told.removeprefix("remove ").removeprefix("removed "), clumio)))
        if not what:
            return "nothing to do."
        return f"a dry run. It would remove {what}." if dry_run else f"removed {what}."
    told = ", ".join(done.values())
    if dry_run:
        known = report["clumio"] and report["clumio"]["connection_status"]
        clumio = f"{'change' if known else 'register'} {clumio}" if clumio else ""
        parts = " and ".join(filter(None, (told, clumio)))
        return f"a dry run. It would {parts}." if parts else "a dry run. There is nothing to change."
    checks = _of_checks(report, by_wizard)
    told = " and ".join(filter(None, (told, f"updated {clumio}" if clumio else "")))
    return f"{told or 'nothing to change in AWS'}; {checks}."


def _of_failure(report: Mapping[str, Any]) -> str:
    faults = sum(finding["level"] == "fault" for finding in report["findings"])
    if any(report["checks"].get(status) for status in ("missing", "different", "denied")):
        checked = number(sum(report["checks"].values()), "check")
        return f"not as it should be: {number(faults, 'fault')} in {checked}."
    return shortened(report["failure"]["message"])


def _of_changes(report: Mapping[str, Any], dry_run: bool) -> dict[str, str]:
    """By action: C(made 3 resources in AWS (1 topic, 2 rules)); how many of each section where they are few kinds."""
    verbs = _WOULD if dry_run else _DID
    result = {}
    for name, verb in verbs.items():
        sections = Counter(resource["section"] for resource in report["resources"] if resource["action"] == name)
        if sections:
            result[name] = f"{verb} {number(sections.total(), 'resource')} in AWS"
    return result


def by_section(resources: Sequence[Mapping[str, Any]]) -> str:
    """C(1 topic, 2 rules)."""
    sections = Counter(resource["section"] for resource in resources)
    return ", ".join(f"{count:,} {kind(section, count)}" for section, count in sections.items())


def _of_checks(report: Mapping[str, Any], by_wizard: bool) -> str:
    checks = report["checks"]
    total, unknown = sum(checks.values()), checks.get("unknown", 0)
    faults = total - unknown - checks.get("ok", 0)
    told = (
        [f"{number(total, 'check')}, all in order" if not unknown + faults else number(total, "check")] if total else []
    )
    told += [number(faults, "fault")] if faults else []
    told += [f"{unknown:,} cannot be told"] if unknown else []
    if by_wizard:
        told.append("Clumio was not asked")
    elif report["sides"]["clumio"] and report["clumio"]:
        told.append(f"Clumio says {report['clumio']['connection_status']}")
    return ", ".join(told) or "nothing was looked at"
