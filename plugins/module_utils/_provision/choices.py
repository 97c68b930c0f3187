# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the user allows beside making what is missing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Each is off, or harmless, unless the user says otherwise.

    Args:
        adopt: take over resources of the same name that are nobody's.
        purge: remove what others have added to our resources.
        purge_tags: remove tags that are not given, where any are given.
        approve_changes: grant more than what was approved before.
    """

    adopt: bool = False
    purge: bool = False
    purge_tags: bool = True
    approve_changes: bool = False
