# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Permissions files for the account of these tests, and what Clumio has assigned to it."""

from __future__ import annotations

import json
from typing import Any

from aws_in_process import ACCOUNT, REGION

from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import load
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming
from ansible_collections.clumio.aws.plugins.module_utils._permissions.resolve import Resolved, resolve
from sandbox.permissions import build

CLUMIO_ACCOUNT = "999988887777"
TOKEN = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
EXTERNAL_ID = f"ExternalID_{TOKEN}"
PLACE = Connection(ACCOUNT, REGION)
NAMING = Naming(PLACE)


def permissions_file(*asset_types: str, account: str = ACCOUNT, region: str = REGION) -> dict[str, Any]:
    """The file of these asset types; the caller may change it."""
    return build(asset_types, account, region, clumio_account=CLUMIO_ACCOUNT, data_plane_account="888877776666")


def smallest_file(**sections: Any) -> dict[str, Any]:
    """A file with nothing but the one role that every file has, and these sections; ``roles`` are added to it."""
    return {**sections, "roles": {"ClumioIAMRole": {"trust_policy": trust_policy()}} | sections.get("roles", {})}


def trust_policy(**statement: Any) -> dict[str, Any]:
    """A trust policy as Clumio's, with these members of its statement instead."""
    trusted = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{CLUMIO_ACCOUNT}:role/ClumioCustomerProtectRole"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "ROLEEXTERNALID"}},
    }
    return policy(**trusted | statement)


def policy(**statement: Any) -> dict[str, Any]:
    """A policy of one statement, which allows unless it says otherwise."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]}


def resolved(file: dict[str, Any], naming: Naming = NAMING, **options: Any) -> Resolved:
    """The plan of a file, with what Clumio has assigned unless the options say otherwise."""
    return resolve(load(json.dumps(file)), naming, **{"token": TOKEN, "external_id": EXTERNAL_ID} | options)
