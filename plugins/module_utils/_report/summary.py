# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the console shows at the end of a run: a screenful at most, however many connections there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import words
from .connection import ACTIONS

MOST_LINES = 24

# So many are listed even if they are all in order.
_FEW = 10

_LONGEST_LINE = 300

# Of a permission, the worst first.
_PERMISSIONS = ("missing", "partly", "unknown", "granted")


def summary(document: Mapping[str, Any], files: Sequence[str] = ()) -> list[str]:
    """The lines, the numbers first, then the connections, the worst first.

    Args:
        document: as C(run.run_report) makes it.
        files: where the report was written to.
    """
    connections = document["connections"]
    head = [heading(document), *_of_changes(document), *_of_permissions(document)]
    tail = [f"Report: {path}" for path in files]
    listed = connections if len(connections) <= _FEW else [one for one in connections if one["status"] != "ok"]
    room = MOST_LINES - len(head) - len(tail)
    shown = listed if len(listed) <= room else listed[: room - 1]
    body = []
    spare = room - len(shown) - (len(shown) < len(listed))
    for left, connection in zip(range(len(shown), 0, -1), shown, strict=True):
        lines = _shortened_list(_details(connection, document["dry_run"]), spare // left)
        body += [_line(connection), *(f"  {line}" for line in lines)]
        spare -= len(lines)
    if len(shown) < len(listed):
        body.append(f"and {len(listed) - len(shown):,} more")
    return [*head, *body, *tail]


def heading(document: Mapping[str, Any]) -> str:
    """C(Validation of 12 connections, a dry run: 1 failed, 11 in order)."""
    counts = document["counts"]
    told = [f"{counts[status]:,} {word}" for status, word in words.STATUSES.items() if counts[status]]
    dry_run = ", a dry run" if document["dry_run"] else ""
    title = words.TITLES.get(document["playbook"], document["playbook"])
    return f"{title} of {words.number(counts['connections'], 'connection')}{dry_run}: {', '.join(told)}"


def _of_changes(document: Mapping[str, Any]) -> list[str]:
    changes = document["counts"]["changes"]
    told = [f"{changes[name]:,} {words.action(name, dry_run=document['dry_run'])}" for name in ACTIONS if changes[name]]
    lines = [f"Resources in AWS: {', '.join(told)}"] if told else []
    return [*lines, "A dry run: nothing was changed."] if document["dry_run"] else lines


def _of_permissions(document: Mapping[str, Any]) -> list[str]:
    counts = document["counts"]["permissions"]
    told = [f"{counts[status]:,} {status}" for status in _PERMISSIONS if counts.get(status)]
    return [f"What Clumio may do: {', '.join(told)}"] if told else []


def _line(connection: Mapping[str, Any]) -> str:
    word = "" if connection["status"] == "ok" else f" ({words.STATUSES[connection['status']]})"
    return f"{connection['id']}{word}: {connection['sentence']}"


def _details(connection: Mapping[str, Any], dry_run: bool) -> list[str]:
    """What a person has to copy, what is to be looked at, what Clumio may do, what was changed."""
    lines = [f"{name} = {arn}" for name, arn in connection["arns"].items()]
    if lines:
        lines.insert(0, "To paste into Clumio's wizard:")
    for finding in connection["findings"]:
        about = f"{finding['about']}: " if finding["about"] else ""
        told = ", ".join(finding["details"]).removesuffix(".") + "." if finding["details"] else finding["message"]
        # One reason of a failure is the sentence of the connection, or begins with it where that is cut.
        sentence, message = connection["sentence"].removesuffix(" ..."), " ".join(finding["message"].split())
        if message not in sentence and not message.startswith(sentence):
            lines.append(words.shortened(" ".join(filter(None, (f"{about}{told}", finding["hint"]))), _LONGEST_LINE))
    lines += [words.shortened(line, _LONGEST_LINE) for line in _permissions(connection["permissions"] or ())]
    for action in ACTIONS:
        changed = [resource for resource in connection["resources"] if resource["action"] == action]
        for section in dict.fromkeys(resource["section"] for resource in changed):
            names = [resource["name"] for resource in changed if resource["section"] == section]
            word = words.action(action, dry_run=dry_run)
            lines.append(
                words.shortened(f"{word}: {words.kind(section, len(names))} {', '.join(names)}", _LONGEST_LINE)
            )
    return lines


def _permissions(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """C(granted: EBS (inventory, backup), S3 (inventory)); a line for each status, the worst first."""
    for status in _PERMISSIONS:
        told: dict[str, list[str]] = {}
        for row in rows:
            if row["status"] == status:
                told.setdefault(words.asset_type(row["asset_type"]), []).append(words.capability(row["capability"]))
        if told:
            listed = [f"{asset} ({', '.join(capabilities)})" for asset, capabilities in told.items()]
            yield f"{status}: {', '.join(listed)}"


def _shortened_list(lines: Sequence[str], most: int) -> list[str]:
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], f"and {len(lines) - most + 1:,} lines more"] if most > 0 else []
