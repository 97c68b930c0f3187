# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Grants are approved once: what was approved is remembered in AWS, as a digest in a tag of everything that grants."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from .._change import Change
from .._permissions.compare import Difference, holders
from .._permissions.compare import compare as compare_holders
from .._permissions.grants import digest
from .._permissions.names import GRANTS_TAG
from .._permissions.plan import KmsKey, Policy, Resource, Role, Topic

# The kinds of resources that grant something by themselves; those that are made in one step are approved together.
_STEPS: tuple[tuple[type[Resource], ...], ...] = ((KmsKey,), (Topic,), (Policy, Role))


def grants_marks(wanted: Sequence[Resource]) -> dict[type[Resource], dict[str, str]]:
    """The tags, by kind, of all that grants something: they remember what those of a step grant together.

    It is about all of them, so that a new role next to known ones is not taken for approved.
    """
    result: dict[type[Resource], dict[str, str]] = {}
    for kinds in _STEPS:
        mark = {GRANTS_TAG: _digest([resource for resource in wanted if isinstance(resource, kinds)])}
        result |= dict.fromkeys(kinds, mark)
    return result


def _digest(resources: Sequence[Resource]) -> str:
    """A short name for what each holder grants: who grants it matters as much as what."""
    listed = "".join(f"{holder}\n{digest(documents)}\n" for holder, documents in sorted(holders(resources).items()))
    return hashlib.sha256(listed.encode()).hexdigest()[:32]


def widened(changes: Sequence[Change[Any]]) -> list[dict[str, Any]]:
    """C(widening) for a module's result."""
    return [found.as_dict() for found in widening(changes)]


def widening(changes: Sequence[Change[Any]]) -> list[Difference]:
    """Where an update grants more than AWS does now, unless just that was approved before.

    A first run is no update: it is approved by being run. Neither is one that puts back what was approved, or that goes
    on with a first run that was cut short: the digest on any resource of the step says so.
    """
    return [found for kinds in _STEPS for found in _widening(changes, kinds)]


def _widening(changes: Sequence[Change[Any]], kinds: tuple[type[Resource], ...]) -> list[Difference]:
    # What goes grants nothing any more, so that its denials and its boundary are no loss.
    before = [change.before for change in changes if change.after and isinstance(change.before, kinds)]
    # What a role has until now, under names that a newer file does not have any more.
    superseded = [resource for change in changes for resource in change.superseded if isinstance(resource, kinds)]
    after = [change.after for change in changes if isinstance(change.after, kinds)]
    approved = {(resource.tags or {}).get(GRANTS_TAG) for resource in before}
    if not before or approved & {(resource.tags or {}).get(GRANTS_TAG) for resource in after} - {None}:
        return []
    return [found for found in compare_holders(holders([*before, *superseded]), holders(after)) if found.widened]
