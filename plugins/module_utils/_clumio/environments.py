# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS environments in Clumio's API: what a connection becomes once Clumio is connected."""

from __future__ import annotations

import json
from typing import Any

from .client import Client
from .pages import all_items
from .shapes import LINE, checked

ACCEPT = "application/api.clumio.aws-environments=v1+json"

_PATH = "/datasources/aws/environments"


def find(client: Client, account_id: str, region: str) -> dict[str, Any] | None:
    """The environment of an account and region; None if there is none, or none that the token may see.

    The filters are those of Clumio's Terraform provider (common.LookupAWSEnvironment). This list, unlike that of the
    connections, knows C($eq) and not C($in).
    """
    wanted = {"account_native_id": {"$eq": account_id}, "aws_region": {"$eq": region}}
    found = all_items(client, _PATH, accept=ACCEPT, query={"filter": json.dumps(wanted)})
    ids = [checked(environment, {"id": LINE}, "list of environments", path=_PATH) for environment in found]
    return next((environment for environment in ids if environment.get("id")), None)
