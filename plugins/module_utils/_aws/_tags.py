# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tags between the two shapes: AWS's list of pairs and a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def from_list(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """A mapping of AWS's list of C(Key) and C(Value)."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def to_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """AWS's list of a mapping."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
