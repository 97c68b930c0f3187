# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS connections in Clumio's API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from . import asset_types
from .client import ApiError, Client
from .pages import all_items
from .shapes import LINE, LINES, NEEDED, SERVICE, TEXT, TREE, checked, unexpected

ACCEPT = "application/api.clumio.aws-connections=v1+json"

_PATH = "/connections/aws"
_SHAPE = {
    **dict.fromkeys(("account_native_id", "aws_region", "connection_status", "external_id"), LINE),
    **dict.fromkeys(("clumio_aws_account_id", "clumio_aws_region", "data_plane_account_id"), LINE),
    **dict.fromkeys(("ingestion_status", "target_setup_status", "organizational_unit_id"), LINE),
    **dict.fromkeys(("stack_arn", "connection_group_id"), LINE),
    "description": TEXT,
    "protect_asset_types_enabled": LINES,
    "config": SERVICE,
    "protect": SERVICE,
    "resources": TREE,
}
# Clumio takes this one when a connection is made and gives it back, but does not take it in an update.
_NOT_UPDATABLE = "fsx"


def read(client: Client, id_: str) -> dict[str, Any] | None:
    """The connection as the API has it, with its external id; None if there is none.

    Args:
        id_: ``<account>_<region>``, which is also what Clumio's Terraform provider reads by.
    """
    path = _path(id_)
    try:
        answer = client.request("GET", path, accept=ACCEPT, query={"return_external_id": "true"})
    except ApiError as error:
        if error.code == "api_not_found":
            return None
        raise
    return _connection(answer, "GET", path, id_)


def list_all(client: Client, wanted: Mapping[str, Mapping[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Every connection that the token may see.

    Args:
        wanted: the filter, C({"aws_region": {"$in": ["us-west-2"]}}) say; all of its members have to fit. What there is
            to filter by stands in Clumio's Python SDK, aws_connections_v1.py.
    """
    rows = all_items(client, _PATH, accept=ACCEPT, query={"filter": json.dumps(wanted)} if wanted else None)
    for row in rows:
        checked(row, _SHAPE | {"id": NEEDED, "token": LINE}, "list of connections", path=_PATH)
        for member in ("account_native_id", "aws_region"):
            asked = ((wanted or {}).get(member) or {}).get("$in")
            if asked and row.get(member) not in (None, *asked):
                raise unexpected(f"has a connection of {row[member]}, which was not asked for", path=_PATH)
    return rows


def create(
    client: Client,
    account_id: str,
    region: str,
    *,
    description: str | None = None,
    types: Iterable[str] | None = None,
    organizational_unit_id: str | None = None,
) -> dict[str, Any]:
    """Register an account and region; the answer has token and external id.

    Args:
        types: canonical asset types; None leaves the choice to Clumio.
        organizational_unit_id: of the unit that the connection is to be in; None leaves it in the one acted in.
    """
    body = {
        "account_native_id": account_id,
        "aws_region": region,
        "description": description,
        "organizational_unit_id": organizational_unit_id,
        "protect_asset_types_enabled": None if types is None else [asset_types.wire(word) for word in types],
    }
    answer = client.request("POST", _PATH, accept=ACCEPT, body=body)
    return _connection(answer, "POST", _PATH, f"{account_id}_{region}")


def update(
    client: Client,
    id_: str,
    *,
    description: str,
    types: Iterable[str] | None = None,
    resources: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Change the description and, for a connection set up by hand, asset types and ARNs.

    The answer never has the external id.

    Args:
        description: always sent, since Clumio answers differently when it is left out.
        types: canonical asset types, all of them; None leaves them.
        resources: ARNs in the shape of the API, all of them; None leaves them.
    """
    path = _path(id_)
    enabled = None if types is None else [asset_types.wire(word) for word in types if word.lower() != _NOT_UPDATABLE]
    body = {"asset_types_enabled": enabled, "description": description, "resources": resources}
    return _connection(client.request("PATCH", path, accept=ACCEPT, body=body), "PATCH", path, id_)


def delete(client: Client, id_: str) -> bool:
    """Remove a connection; False if there was none."""
    try:
        client.request("DELETE", _path(id_), accept=ACCEPT)
    except ApiError as error:
        if error.code == "api_not_found":
            return False
        raise
    return True


def view(api_object: Mapping[str, Any], *, with_external_id: bool = True) -> dict[str, Any]:
    """A connection as the modules return it.

    The members of the API without the ones about the API itself, and C(asset_types) in canonical words. Where the API
    leaves a value empty, the rules of Clumio's Terraform provider fill it: C(ExternalID_<token>) for the external id,
    C(*) for the account of the data plane. C(explanation) is that of C(explanation()).

    Args:
        with_external_id: False if the API was not asked for it; a missing one is then unknown, not empty.
    """
    shown = {member: value for member, value in api_object.items() if not member.startswith("_")}
    token = shown.get("token")
    shown["external_id"] = shown.get("external_id") or (f"ExternalID_{token}" if token and with_external_id else None)
    shown["data_plane_account_id"] = shown.get("data_plane_account_id") or "*"
    # `protect` is the older form of `config`.
    configs = [shown[member] for member in ("config", "protect") if isinstance(shown.get(member), dict)]
    enabled = [shown.get("protect_asset_types_enabled"), *(config.get("asset_types_enabled") for config in configs)]
    shown["asset_types"] = list(asset_types.from_api(str(word) for words in enabled for word in words or ()))
    shown["explanation"] = explanation(shown)
    return shown


def manager(connection: Mapping[str, Any]) -> str:
    """The stack or the connection group that keeps the connection; empty for one that was set up by hand."""
    return str(connection.get("stack_arn") or connection.get("connection_group_id") or "")


def explanation(connection: Mapping[str, Any]) -> str:
    """Why Clumio has lost the account, and the way out, in words; empty unless the connection is unlinked."""
    if connection.get("connection_status") != "unlinked":
        return ""
    managed_by = manager(connection)
    way_out = (
        f"Restore or update {managed_by}, which manages it"
        if managed_by
        else "The playbook clumio.aws.validate tells what is wrong, and clumio.aws.onboard puts it right"
    )
    return (
        f"Clumio has lost its access to account {connection.get('account_native_id')} in "
        f"{connection.get('aws_region')}: the role that it assumes, the role's trust or permissions, or the topic were "
        f"changed or removed in AWS. {way_out}; if the account is not to be protected any more, remove the connection."
    )


def _path(id_: str) -> str:
    return f"{_PATH}/{quote(id_, safe='')}"


def _connection(answer: dict[str, Any], method: str, path: str, id_: str) -> dict[str, Any]:
    """The answer, if it is the connection of this id: what is done next is done to the connection that it names."""
    checked(answer, {"id": NEEDED, "token": NEEDED} | _SHAPE, "connection", method=method, path=path)
    account_id, _, region = id_.partition("_")
    asked = {"id": id_, "account_native_id": account_id, "aws_region": region}
    for member, value in asked.items():
        if answer.get(member) not in (None, value):
            raise unexpected(f"is about another connection: its {member} is {answer[member]}", method=method, path=path)
    return answer
