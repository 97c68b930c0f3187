# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running the real main() of the modules that make resources, against AWS in this process."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from aws_in_process import ACCOUNT, REGION, Aws
from clumio_helpers import run_main

from ansible_collections.clumio.aws.plugins.module_utils._sections import SECTIONS

PRINCIPAL = f"arn:aws:sts::{ACCOUNT}:assumed-role/Operator/jo"

# What AWS may answer to any call, what the module is to say about it, and its code.
REFUSALS = {
    "by nothing that allows it": (
        "AccessDenied",
        f"User: {PRINCIPAL} is not authorized to perform: a:B because no identity-based policy allows the a:B action",
        f"{PRINCIPAL} may not a:B (decided by no policy that allows it)",
        "aws_access_denied",
    ),
    "by an SCP": (
        "AccessDeniedException",
        f"User: {PRINCIPAL} is not authorized to perform: a:B with an explicit deny in a service control policy",
        f"{PRINCIPAL} may not a:B (decided by an SCP of the organization)",
        "aws_access_denied",
    ),
    "by a boundary": (
        "AccessDenied",
        f"User: {PRINCIPAL} is not authorized to perform: a:B because no permissions boundary allows the a:B action",
        f"{PRINCIPAL} may not a:B (decided by the principal's permissions boundary)",
        "aws_access_denied",
    ),
    "by throttling": ("Throttling", "Rate exceeded", "AWS throttles the calls of this account", "aws_throttled"),
    "of old credentials": ("ExpiredToken", "Expired", "AWS does not accept the credentials", "aws_credentials"),
}


def run(aws: Aws, module: ModuleType, *, check_mode: bool = False, **options: Any) -> tuple[dict[str, Any], list[str]]:
    """What the module returns, and the writing calls that it makes, in their order."""
    place = {"account_id": ACCOUNT, "region": REGION, "_ansible_check_mode": check_mode, "_ansible_diff": True}
    with aws.recorded() as calls:
        result = run_main(module, place | options)
    return result, [call.operation for call in calls if call.writes]


def make(aws: Aws, module: ModuleType, **options: Any) -> dict[str, Any]:
    """Run the module, which is to succeed."""
    result, _writes = run(aws, module, **options)
    assert not result.get("failed"), result["msg"]
    return result


def converge(aws: Aws, module: ModuleType, writes: list[str], **options: Any) -> dict[str, Any]:
    """Run the module in check mode, for real, and both again; gives the result of the first real run.

    The resources that it returns are the same each time. Only the first real run writes, and only the first of each
    kind says that something changes.

    Args:
        writes: the writing calls of the first real run, in any order.
    """
    results = {}
    expected = {"check": [], "first": sorted(writes), "again": [], "check again": []}
    for name, calls in expected.items():
        results[name], made = run(aws, module, check_mode=name.startswith("check"), **options)
        assert not results[name].get("failed"), results[name]["msg"]
        assert sorted(made) == calls, name

    changed = {name: result["changed"] for name, result in results.items()}
    assert changed == {"check": bool(writes), "first": bool(writes), "again": False, "check again": False}
    sections = [section for section in SECTIONS if section in results["first"]]
    for name in ("check", "again", "check again"):
        assert {section: results[name][section] for section in sections} == {
            section: results["first"][section] for section in sections
        }, name
    for member in ("changes", "diff"):
        assert results["check"][member] == results["first"][member]
        assert bool(results["first"][member]) is bool(writes)
        assert results["again"][member] == results["check again"][member] == []
    return results["first"]


def refused(aws: Aws, module: ModuleType, code: str, **options: Any) -> dict[str, Any]:
    """Run the module, which is to fail with this code in one sentence and without a writing call."""
    result, writes = run(aws, module, **options)
    assert result.get("failed"), result
    assert result["failure"]["code"] == code
    assert "\n" not in result["msg"]
    assert "Traceback" not in result["msg"]
    assert writes == []
    return result


def actions(result: dict[str, Any]) -> dict[str, tuple[str, list[str]]]:
    """What a result says was changed: action and differences by name."""
    return {change["name"]: (change["action"], change["differences"]) for change in result["changes"]}
