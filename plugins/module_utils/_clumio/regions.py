# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS regions that a Clumio portal can connect."""

from __future__ import annotations

from typing import Any

from .client import Client
from .pages import all_items

ACCEPT = "application/api.clumio.aws-regions=v1+json"


def list_all(client: Client) -> list[dict[str, Any]]:
    """Every region, with C(id), C(name) and C(is_data_plane_region)."""
    return all_items(client, "/connections/aws/regions", accept=ACCEPT)
