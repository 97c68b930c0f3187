# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls of the Resource Groups Tagging API, which finds resources by their tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._call import call


def get_resources(tagging: Any, kind: str, tags: Mapping[str, str]) -> list[str]:
    """The ARNs of all resources of a kind, C(kms:key) say, that have all these tags."""
    arns: list[str] = []
    page: dict[str, str] = {}
    while True:
        answer = call(
            tagging.get_resources,
            f"find the resources of the kind {kind} by their tags",
            ResourceTypeFilters=[kind],
            TagFilters=[{"Key": key, "Values": [value]} for key, value in tags.items()],
            **page,
        )
        arns += [found["ResourceARN"] for found in answer["ResourceTagMappingList"]]
        if not answer.get("PaginationToken"):
            return arns
        page = {"PaginationToken": answer["PaginationToken"]}
