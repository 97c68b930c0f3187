# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One AWS connection in Clumio: what is wanted against what is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._clumio import asset_types, connections
from .._clumio.client import ApiError, Client
from .._errors import ClumioError, InputError
from .._permissions.names import Connection
from . import organizational_unit
from .organizational_unit import Move

EMPTY_RESOURCES: dict[str, Any] = {
    "clumio_iam_role_arn": "",
    "clumio_event_pub_arn": "",
    "clumio_support_role_arn": "",
    "event_rules": {"cloudtrail_rule_arn": "", "cloudwatch_rule_arn": ""},
    "service_roles": {
        "s3": {"continuous_backups_role_arn": ""},
        "mssql": {
            "ssm_notification_role_arn": "",
            "ec2_ssm_instance_profile_arn": "",
            "ec2_instance_profile_role_arn": "",
        },
    },
    "service_instance_profiles": {"mssql": {"ec2_ssm_instance_profile_arn": ""}},
}
"""Every ARN that Clumio takes, in the shape of its API; one that does not apply is an empty text."""

# Clumio takes these, but not every answer shows them; one that is not shown cannot be compared.
_NOT_ALWAYS_SHOWN = frozenset(
    {
        "service_roles.mssql.ec2_instance_profile_role_arn",
        "service_instance_profiles.mssql.ec2_ssm_instance_profile_arn",
    }
)


@dataclass(frozen=True)
class Desired:
    """What the user wants; None means: leave it as it is.

    Attributes:
        asset_types: canonical words.
        resources: ARNs in the shape of C(EMPTY_RESOURCES); what is missing or None in it counts as empty.
        organizational_unit_id: of the unit that the connection is to be in.
    """

    connection: Connection
    present: bool = True
    description: str | None = None
    asset_types: tuple[str, ...] | None = None
    resources: Mapping[str, Any] | None = None
    organizational_unit_id: str | None = None


@dataclass(frozen=True)
class Update:
    """The content of one update; C(asset_types) and C(resources) go together or not at all."""

    description: str
    asset_types: tuple[str, ...] | None = None
    resources: dict[str, Any] | None = None


@dataclass(frozen=True)
class Plan:
    """What is to be done, in this order: delete, or create, then update, then move.

    Attributes:
        found: the connection as C(connections.view) shows it, None if there is none.
        pending_asset_types: wanted for an existing connection, but not sent, because the ARNs to go with them are not
            given.
        move: to the wanted organizational unit; one that is not possible yet is only told.
    """

    desired: Desired
    found: dict[str, Any] | None
    delete: bool = False
    create: bool = False
    update: Update | None = None
    pending_asset_types: tuple[str, ...] = ()
    move: Move | None = None

    @property
    def changed(self) -> bool:
        moves = self.move is not None and self.move.possible
        return self.delete or self.create or self.update is not None or moves

    @property
    def diff(self) -> dict[str, dict[str, Any]]:
        """What the user decides about, before and after; the same in check mode."""
        shown = (self.found or {}).get("resources")
        with_unit = self.desired.organizational_unit_id is not None
        return {
            "before": _managed(self.found, shown, with_unit=with_unit),
            "after": _managed(self.expected(), shown, with_unit=with_unit),
        }

    def expected(self) -> dict[str, Any] | None:
        """The connection after this plan, as far as it can be known now; what only Clumio can say is None."""
        if self.delete:
            return None
        connection = _unregistered(self.desired) if self.create else self.found
        if connection is None:
            return None
        changes: dict[str, Any] = {}
        if self.update is not None:
            changes["description"] = self.update.description
            if self.update.asset_types is not None:
                changes["asset_types"] = list(self.update.asset_types)
                changes["resources"] = self.update.resources
        if self.move is not None and self.move.possible:
            changes["organizational_unit_id"] = self.move.destination_id
        return {**connection, **changes}


def plan(desired: Desired, found: dict[str, Any] | None, move: Move | None = None) -> Plan:
    """Compare and decide; nothing is sent.

    Args:
        found: the connection as C(connections.view) shows it, None if there is none.
        move: what C(organizational_unit.plan) gave for them.

    Raises:
        InputError: the ARNs are unusable, or come without any asset type.
        ClumioError: what is wanted would take asset types away, or hands ARNs to a connection that a
            CloudFormation stack keeps.
    """
    if not desired.present:
        return Plan(desired, found, delete=found is not None)
    resources = None if desired.resources is None else complete(desired.resources)
    if resources is not None:
        _check_arns(resources, desired.connection.account_id)
    if found is None:
        update = None
        if resources is not None:
            update = Update(desired.description or "", _types_for_resources(desired, ()), resources)
        return Plan(desired, found, create=True, update=update)

    enabled = tuple(found["asset_types"])
    _check_no_downgrade(desired, enabled)
    description = found.get("description") or ""
    wanted_description = description if desired.description is None else desired.description
    missing = tuple(word for word in desired.asset_types or () if word not in enabled)
    if resources is None:
        update = Update(wanted_description) if wanted_description != description else None
        return Plan(desired, found, update=update, pending_asset_types=missing, move=move)

    _check_set_up_by_hand(found)
    types = _types_for_resources(desired, enabled)
    shown = found.get("resources")
    if missing or _comparable(resources, shown) != _comparable(shown, shown):
        return Plan(desired, found, update=Update(wanted_description, types, resources), move=move)
    update = Update(wanted_description) if wanted_description != description else None
    return Plan(desired, found, update=update, move=move)


def apply(client: Client, planned: Plan, move_timeout_seconds: float) -> tuple[Plan, dict[str, Any] | None]:
    """Carry a plan out.

    Args:
        move_timeout_seconds: longest wait for the move to another organizational unit.

    Returns:
        The plan as it was carried out, which differs where somebody else has registered the connection meanwhile; and
        the connection as it is then, None if there is none.
    """
    try:
        return planned, _applied(client, planned, move_timeout_seconds)
    except ApiError as error:
        found = connections.read(client, planned.desired.connection.id) if planned.create and _exists(error) else None
        if found is None:
            raise
    seen = connections.view(found)
    left = plan(planned.desired, seen, organizational_unit.plan(client, seen, planned.desired.organizational_unit_id))
    # To the user it is new, whoever has made it.
    return replace(left, found=None, create=True), _applied(client, left, move_timeout_seconds)


def _exists(error: ApiError) -> bool:
    """Whether Clumio has refused to register a connection since there is one."""
    return error.code == "api_conflict" and error.facts["method"] == "POST"


def _applied(client: Client, planned: Plan, move_timeout_seconds: float) -> dict[str, Any] | None:
    desired, connection = planned.desired, planned.found
    if planned.delete and connection is not None:
        connections.delete(client, connection["id"])
        return None
    if planned.create:
        connection = connections.view(
            connections.create(
                client,
                desired.connection.account_id,
                desired.connection.region,
                description=desired.description,
                types=desired.asset_types,
                organizational_unit_id=desired.organizational_unit_id,
            )
        )
    if planned.update is not None and connection is not None:
        answer = connections.update(
            client,
            connection["id"],
            description=planned.update.description,
            types=planned.update.asset_types,
            resources=planned.update.resources,
        )
        # An update never answers the external id.
        connection = connections.view({**answer, "external_id": connection["external_id"]})
    if planned.move is not None and planned.move.possible and connection is not None:
        organizational_unit.apply(client, planned.move, move_timeout_seconds)
        moved = connections.read(client, connection["id"])
        connection = None if moved is None else connections.view(moved)
    return connection


def complete(resources: Mapping[str, Any]) -> dict[str, Any]:
    """All ARNs in the shape that Clumio's API wants: there are no partial updates, so each is sent each time.

    The two that Clumio's Terraform provider never sends are sent only if they are given.
    """
    completed = _filled(EMPTY_RESOURCES, resources)
    if not completed["service_roles"]["mssql"]["ec2_instance_profile_role_arn"]:
        del completed["service_roles"]["mssql"]["ec2_instance_profile_role_arn"]
    if not completed["service_instance_profiles"]["mssql"]["ec2_ssm_instance_profile_arn"]:
        del completed["service_instance_profiles"]
    return completed


def _comparable(resources: Any, shown: Any) -> dict[str, str]:
    """The ARNs that are set, by their dotted path, without those that the answer C(shown) leaves out.

    Null, missing and empty are the same, so that what was sent can be compared with what is read.
    """
    hidden = _NOT_ALWAYS_SHOWN - _flat(shown).keys()
    return {path: arn for path, arn in _flat(resources).items() if path not in hidden}


def _filled(empty: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        member: _filled(value, given.get(member) or {}) if isinstance(value, dict) else given.get(member) or value
        for member, value in empty.items()
    }


def _flat(value: Any, path: str = "") -> dict[str, str]:
    if isinstance(value, Mapping):
        prefix = f"{path}." if path else ""
        return {at: arn for member in value for at, arn in _flat(value[member], f"{prefix}{member}").items()}
    return {path: value} if isinstance(value, str) and value else {}


def _check_arns(resources: Mapping[str, Any], account_id: str) -> None:
    flat = _flat(resources)
    required = ("clumio_iam_role_arn", "clumio_event_pub_arn")
    wrong = [f"{path} is missing" for path in required if path not in flat]
    wrong += [
        f"{path} is {arn!r}"
        for path, arn in flat.items()
        if not re.fullmatch(rf"arn:aws[a-z-]*:[a-z]+:[a-z0-9-]*:{account_id}:\S+", arn)
    ]
    if wrong:
        raise InputError(
            f"The ARNs for Clumio cannot be used: {'; '.join(wrong)}.",
            code="resources_invalid",
            hint=f"Give ARNs of account {account_id}; leave out those that do not apply.",
            wrong=wrong,
        )


def _check_no_downgrade(desired: Desired, enabled: tuple[str, ...]) -> None:
    """Clumio's documentation: asset types can be added to a connection, never removed.

    Types that this collection does not know cannot be named by the user, so they are not missed.
    """
    if desired.asset_types is None:
        return
    dropped = [word for word in enabled if word in asset_types.CANONICAL and word not in desired.asset_types]
    if dropped:
        raise ClumioError(
            f"Clumio cannot take asset types away from connection {desired.connection.id}: {', '.join(dropped)}.",
            code="asset_downgrade",
            hint=f"Add {', '.join(dropped)} to the wanted asset types, or remove the connection and make it anew.",
            dropped=dropped,
            enabled=list(enabled),
        )


def _check_set_up_by_hand(found: Mapping[str, Any]) -> None:
    """Clumio takes ARNs only for connections that no template manages."""
    manager = connections.manager(found)
    if manager:
        raise ClumioError(
            f"Connection {found['id']} cannot take ARNs, because it is managed by {manager}.",
            code="connection_managed_by_stack",
            hint="Update it where it was made, or remove it there and onboard it anew.",
            stack_arn=found.get("stack_arn"),
            connection_group_id=found.get("connection_group_id"),
        )


def _types_for_resources(desired: Desired, enabled: tuple[str, ...]) -> tuple[str, ...]:
    """The asset types to send with the ARNs: the wanted ones, and those enabled that the user cannot name."""
    types = asset_types.from_api((*(desired.asset_types or ()), *enabled))
    if types:
        return types
    raise InputError(
        f"Clumio needs to know the asset types of connection {desired.connection.id} together with its ARNs.",
        code="asset_types_missing",
        hint="Set asset_types.",
    )


def _unregistered(desired: Desired) -> dict[str, Any]:
    """A connection that is not registered yet, with the members that others build on."""
    return {
        "id": desired.connection.id,
        "account_native_id": desired.connection.account_id,
        "aws_region": desired.connection.region,
        "description": desired.description or "",
        "asset_types": list(desired.asset_types or ()),
        "organizational_unit_id": desired.organizational_unit_id,
        "connection_status": None,
        "explanation": "",
        "token": None,
        "external_id": None,
        "clumio_aws_account_id": None,
        "clumio_aws_region": None,
        "data_plane_account_id": None,
        "resources": None,
    }


def _managed(connection: Mapping[str, Any] | None, shown: Any, *, with_unit: bool) -> dict[str, Any]:
    """The part of a connection that the user decides about, in a form that can be compared.

    Args:
        with_unit: whether the user decides about the organizational unit, too.
    """
    if connection is None:
        return {}
    return {
        "account_native_id": connection.get("account_native_id"),
        "aws_region": connection.get("aws_region"),
        "description": connection.get("description") or "",
        "asset_types": list(connection["asset_types"]),
        "resources": _comparable(connection.get("resources"), shown),
        **({"organizational_unit_id": connection.get("organizational_unit_id")} if with_unit else {}),
    }
