# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connection templates in Clumio's API, among them the permissions file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import asset_types
from .client import ApiError, Client

ACCEPT = "application/api.clumio.aws-templates=v1+json"

_PATH = "/connections/aws/templates"


def create(
    client: Client, types: Iterable[str], account_id: str, region: str, permission_set: str = "all"
) -> dict[str, Any]:
    """The templates for an account in a region; C(resources) is the permissions file.

    Args:
        types: canonical asset types.
        permission_set: C(all) or C(inventory_backup).

    Raises:
        ApiError: among others, if the answer has no permissions file.
    """
    body = {
        "asset_types_enabled": [asset_types.wire(word) for word in types],
        "aws_account_id": account_id,
        "aws_region": region,
        "show_manual_resources": True,
        "template_permission_set": permission_set,
    }
    answer = client.request("POST", _PATH, accept=ACCEPT, query={"return_group_token": "false"}, body=body)
    if isinstance(answer.get("resources"), dict):
        return answer
    raise ApiError(
        f"Clumio made no permissions file for account {account_id} in {region}.",
        code="api_no_permissions_file",
        hint="Check that Clumio supports these asset types in this region, or download the file from Clumio's UI.",
        method="POST",
        path=_PATH,
    )
