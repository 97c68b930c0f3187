# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Organizational units in Clumio's API."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from .client import ApiError, Client
from .pages import all_items

ACCEPT = "application/api.clumio.organizational-units=v2+json"

GLOBAL = "00000000-0000-0000-0000-000000000000"
"""Id of the unit above all others, from Clumio's Terraform provider (clumio_aws_connection/const.go)."""

_PATH = "/organizational-units"
_AWS_ENVIRONMENT = "aws_environment"


def list_all(client: Client) -> list[dict[str, Any]]:
    """Every unit that the token may see, with C(id), C(name) and C(parent_id), which is null for the global one."""
    return all_items(client, _PATH, accept=ACCEPT)


def move(client: Client, id_: str, operation: Literal["add", "remove"], environment_id: str) -> str:
    """Add an AWS environment to a unit, or remove it from one, which gives it back to the unit's parent.

    Returns:
        The id of the task that does it. Clumio's Go SDK (models/requests.go, PatchOrganizationalUnitV2Request): "Adding
        or removing entities from the OU is an asynchronous operation."

    Raises:
        ApiError: the unit cannot be changed so, or the answer names no task.
    """
    path = f"{_PATH}/{quote(id_, safe='')}"
    entity = {"primary_entity": {"id": environment_id, "type": _AWS_ENVIRONMENT}}
    answer = client.request("PATCH", path, accept=ACCEPT, body={"entities": {operation: [entity]}})
    task_id = answer.get("task_id")
    if isinstance(task_id, str) and task_id:
        return task_id
    raise ApiError(
        f"Clumio's answer to PATCH {path} names no task.",
        code="api_answer_unexpected",
        method="PATCH",
        path=path,
    )
