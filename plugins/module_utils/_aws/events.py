# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls of Amazon EventBridge, on the default event bus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._call import HINTS, AwsError, call, find
from ._tags import from_list, to_list
from .codes import BUSY, says
from .settle import REMOVING, WRITING, remove, settled, write

_ABSENT = ("ResourceNotFoundException",)


def describe_rule(events: Any, name: str) -> dict[str, Any] | None:
    """The rule in AWS's own members; None where there is none."""
    return find(events.describe_rule, f"read the rule {name}", _ABSENT, Name=name)


def list_targets(events: Any, name: str) -> list[dict[str, Any]]:
    """All targets of the rule."""
    targets: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while True:
        answer = call(events.list_targets_by_rule, f"read the targets of the rule {name}", Rule=name, **page)
        targets += answer["Targets"]
        if not answer.get("NextToken"):
            return targets
        page = {"NextToken": answer["NextToken"]}


def list_rule_tags(events: Any, arn: str) -> dict[str, str]:
    """The tags of the rule; none for one that is gone."""
    answer = find(events.list_tags_for_resource, f"read the tags of the rule {arn}", _ABSENT, ResourceARN=arn)
    return from_list(answer["Tags"]) if answer else {}


def put_rule(
    events: Any, name: str, *, description: str, event_pattern: str, state: str, tags: Mapping[str, str] | None = None
) -> None:
    """Create or replace the rule; tags are taken at creation only."""
    write(
        events.put_rule,
        f"write the rule {name}",
        Name=name,
        Description=description,
        EventPattern=event_pattern,
        State=state,
        **({"Tags": to_list(tags)} if tags else {}),
    )


def put_targets(events: Any, name: str, targets: Sequence[Mapping[str, Any]]) -> None:
    """Add or replace targets by their ids.

    Raises:
        AwsError: AWS answers with success even where it has refused a target; that is an error here.
    """
    task = f"add the targets of the rule {name}"

    def put() -> None:
        answer = call(events.put_targets, task, Rule=name, Targets=[dict(target) for target in targets])
        _refuse_failed_entries(answer, task, "PutTargets")

    settled(put, *WRITING)


def tag_rule(events: Any, arn: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags."""
    write(events.tag_resource, f"tag the rule {arn}", ResourceARN=arn, Tags=to_list(tags))


def untag_rule(events: Any, arn: str, keys: Sequence[str]) -> None:
    """Take tags away."""
    write(events.untag_resource, f"take tags off the rule {arn}", ResourceARN=arn, TagKeys=list(keys))


def remove_targets(events: Any, name: str, ids: Sequence[str]) -> None:
    """Take targets away by their ids; those of a rule that is gone are no error.

    Raises:
        AwsError: AWS answers with success even where it has refused; that is an error here.
    """
    task = f"remove targets of the rule {name}"

    def take() -> None:
        answer = find(events.remove_targets, task, _ABSENT, Rule=name, Ids=list(ids))
        _refuse_failed_entries(answer or {}, task, "RemoveTargets")

    settled(take, *REMOVING)


def delete_rule(events: Any, name: str) -> None:
    """Delete a rule that has no targets; one that is gone is no error."""
    remove(events.delete_rule, f"delete the rule {name}", _ABSENT, Name=name)


def list_rules(events: Any) -> list[dict[str, Any]]:
    """All rules of the bus, without targets and tags."""
    rules: list[dict[str, Any]] = []
    page: dict[str, Any] = {"Limit": 100}
    while True:
        answer = call(events.list_rules, "list the rules of the account", **page)
        rules += answer["Rules"]
        if not answer.get("NextToken"):
            return rules
        page = {"Limit": 100, "NextToken": answer["NextToken"]}


def _refuse_failed_entries(answer: Mapping[str, Any], task: str, operation: str) -> None:
    """Refuse an answer in which some targets have failed; the code is that of one which asking again does not help."""
    failed = answer.get("FailedEntries", [])
    if not failed and not answer.get("FailedEntryCount"):
        return
    reasons = [(str(entry.get("ErrorCode")), str(entry.get("ErrorMessage")).rstrip(".")) for entry in failed]
    told = [f"{entry.get('TargetId')}: {text} ({code})" for entry, (code, text) in zip(failed, reasons, strict=True)]
    codes = [code for code, _text in reasons] or [""]
    worst = next((code for code in codes if not says({"aws_code": code}, BUSY)), codes[0])
    raise AwsError(
        f"Cannot {task}: {'; '.join(told) or 'AWS gave no reason'}.",
        code="aws_refused",
        hint=HINTS.get(worst, ""),
        aws_code=worst,
        aws_operation=operation,
        aws_message="; ".join(text for _code, text in reasons),
    )
