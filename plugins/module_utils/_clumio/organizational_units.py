# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Organizational units in Clumio's API."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from .._permissions.documents import printable
from .client import Client
from .pages import all_items
from .shapes import LINE, NEEDED, TEXT, checked

ACCEPT = "application/api.clumio.organizational-units=v2+json"

GLOBAL = "00000000-0000-0000-0000-000000000000"
"""Id of the unit above all others, from Clumio's Terraform provider (clumio_aws_connection/const.go)."""

_PATH = "/organizational-units"
_AWS_ENVIRONMENT = "aws_environment"
# Of a name.
_MOST_CHARACTERS = 200


def list_all(client: Client) -> list[dict[str, Any]]:
    """Every unit that the token may see, with C(id), C(name) and C(parent_id), which is null for the global one.

    Names are only shown, so they come as they can be shown.
    """
    shape = {"id": LINE, "name": TEXT, "parent_id": LINE}
    units = [
        checked(unit, shape, "list of organizational units", path=_PATH)
        for unit in all_items(client, _PATH, accept=ACCEPT)
    ]
    return [unit | {"name": printable(unit.get("name") or "")[:_MOST_CHARACTERS]} for unit in units]


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
    task = checked(answer, {"task_id": NEEDED}, "account of a task", method="PATCH", path=path)
    return str(task["task_id"])
