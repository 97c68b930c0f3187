# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Grants are approved once: what was approved is remembered in AWS, as a digest in a tag of everything that grants."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .._change import Change
from .._errors import ClumioError
from .._permissions.compare import Difference, Holders, holders
from .._permissions.compare import compare as compare_holders
from .._permissions.grants import digest
from .._permissions.plan import Policy, Resource, Role, Topic

GRANTS_TAG = "clumio:grants"

# Of a long difference a sentence tells the beginning; the failure's facts have it all.
_MOST_LINES = 12

# The kinds of resources that grant something by themselves.
_GRANTING = (Topic, Policy, Role)


def with_digest(resources: Sequence[Resource]) -> list[Resource]:
    """The resources, those that grant something with the tag that remembers what all of them grant together.

    It is about all of them, so that a new role next to known ones is not taken for approved.
    """
    held = holders(resources)
    tag = {GRANTS_TAG: _digest_of(held)}
    return [
        replace(resource, tags={**resource.tags, **tag}) if isinstance(resource, _GRANTING) else resource
        for resource in resources
    ]


def _digest_of(held: Holders) -> str:
    """A short name for what each holder grants: who grants it matters as much as what."""
    listed = "".join(f"{holder}\n{digest(documents)}\n" for holder, documents in sorted(held.items()))
    return hashlib.sha256(listed.encode()).hexdigest()[:32]


def widening(changes: Sequence[Change[Any]]) -> list[Difference]:
    """Where an update grants more than AWS does now, unless just that was approved before.

    A first run is no update: it is approved by being run. Neither is one that puts back what was approved, or that goes
    on with a first run that was cut short: the digest on any resource says so.
    """
    before = [change.before for change in changes if isinstance(change.before, _GRANTING)]
    after = [change.after for change in changes if isinstance(change.after, _GRANTING)]
    approved = {resource.tags.get(GRANTS_TAG) for resource in before}
    if not before or approved & {resource.tags[GRANTS_TAG] for resource in after}:
        return []
    return [found for found in compare_holders(holders(before), holders(after)) if found.widened]


def refuse_widening(changes: Sequence[Change[Any]]) -> None:
    """Refuse an update that grants more than was approved.

    Raises:
        ClumioError: C(widening_not_approved), with the differences.
    """
    found = widening(changes)
    if found:
        lines = [f"{difference.holder}: {line}" for difference in found for line in difference.text]
        more = f"; and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
        raise ClumioError(
            "This step wrote nothing: it would grant more than was approved before "
            f"({'; '.join(lines[:_MOST_LINES])}{more}).",
            code="widening_not_approved",
            hint="Review it, and run again with approve_changes set to true.",
            differences=[difference.as_dict() for difference in found],
        )
