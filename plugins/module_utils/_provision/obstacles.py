# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What forbids to make AWS as it is wanted, or to take it away: told all at once, before the first write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from .._change import Change
from .._permissions.catalogue import asset_type
from .._permissions.findings import Finding
from .approval import widening
from .choices import Choices

# What AWS fixes when a resource is created.
_FIXED = ("path", "document_type")

# Of a long difference a sentence tells the beginning; the result of a dry run has it all.
_MOST_LINES = 12


def obstacles(changes: Sequence[Change[Any]], choices: Choices) -> list[Finding]:
    """Everything that forbids these changes.

    Codes: C(foreign_resource), a resource of that name is not the connection's; C(unchangeable), AWS fixes a member at
    creation; C(asset_downgrade), an asset type would lose all its policies; C(in_use), something that stays uses what
    has to go; C(widening_not_approved), an update grants more than was approved.
    """
    refused = [change for change in changes if _stays_foreign(change, choices)]
    # What else is to be said of those helps nobody.
    others = [change for change in changes if change not in refused]
    return [
        *_foreign(refused),
        *_unchangeable(others),
        *_downgrade(others),
        *_in_use(changes),
        *([] if choices.approve_changes else _unapproved(others)),
    ]


def _stays_foreign(change: Change[Any], choices: Choices) -> bool:
    return change.after is not None and bool(change.foreign) and not (change.adoptable and choices.adopt)


def _foreign(changes: Sequence[Change[Any]]) -> Iterator[Finding]:
    for change in changes:
        yield _finding(
            change,
            code="foreign_resource",
            message=f"The {change.label} exists, but {change.foreign}.",
            found=change.foreign,
            hint=(
                "Take it over with adopt: true, give ours another name (name_suffix or names), or remove it."
                if change.adoptable
                else "Give ours another name (name_suffix or names), or take that connection away first."
            ),
        )


def _unchangeable(changes: Sequence[Change[Any]]) -> Iterator[Finding]:
    for change in changes:
        for member in _FIXED:
            if member in change.differences:
                held, wanted = getattr(change.before, member), getattr(change.after, member)
                yield _finding(
                    change,
                    code="unchangeable",
                    member=member,
                    message=(
                        f"The {change.label} has the {member.replace('_', ' ')} {held}, and {wanted} is wanted; AWS "
                        "fixes that when it is created."
                    ),
                    found=held,
                    hint="Keep it as it is, give ours another name, or remove the resource, so that it is made anew.",
                )


def _downgrade(changes: Sequence[Change[Any]]) -> Iterator[Finding]:
    """Asset types that lose all their policies: Clumio can add types to a connection, but never take one away."""
    kept = {asset_type(arn.rpartition("/")[2]) for arn in _attached(changes)}
    for change in changes:
        lost = {asset_type(policy.name) for policy in change.superseded} - {"", *kept}
        if lost:
            yield _finding(
                change,
                code="asset_downgrade",
                member="managed_policies",
                message=f"The {change.label} would lose all policies for {', '.join(sorted(lost))}.",
                found=", ".join(sorted(lost)),
                hint=(
                    "Asset types can be added to a connection, never taken away: use a file that has them all. "
                    "If it has, under names of your own, keep the asset in these names, as ClumioS3 in ClumioS3Backup."
                ),
            )


def _attached(changes: Sequence[Change[Any]]) -> Collection[str]:
    return {arn for change in changes for arn in getattr(change.after, "managed_policies", ())}


def _in_use(changes: Sequence[Change[Any]]) -> Iterator[Finding]:
    going = {change.label for change in changes if change.action == "delete"}
    for change in changes:
        users = sorted(set(change.used_by) - going) if change.action == "delete" else []
        if users:
            yield _finding(
                change,
                code="in_use",
                message=f"The {change.label} is used by {', '.join(users)}, which this run does not remove.",
                found=", ".join(users),
                hint="Take it away from there first.",
            )


def _unapproved(changes: Sequence[Change[Any]]) -> list[Finding]:
    found = widening(changes)
    if not found:
        return []
    lines = [f"{difference.holder}: {line}" for difference in found for line in difference.gains]
    more = f"; and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
    return [
        Finding(
            code="widening_not_approved",
            message=f"It would grant more than was approved before ({'; '.join(lines[:_MOST_LINES])}{more}).",
            found=len(lines),
            hint="Review it, and run again with approve_changes set to true.",
        )
    ]


def _finding(change: Change[Any], **members: Any) -> Finding:
    return Finding(section=change.section, entity=change.resource.name, **members)
