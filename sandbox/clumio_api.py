# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of Clumio's REST API that connects AWS accounts and puts them in order, as a local server.

It keeps what clients depend on: bearer authentication, one media type per resource, error bodies, pages, null
members, and a connection that becomes ``connected`` only when what was handed in is really there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import json
import os
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.clumio_settings import Settings
from sandbox.connections import (
    CLUMIO_ACCOUNT,
    DATA_PLANE_ACCOUNT,
    DEFAULT_ORGANIZATIONAL_UNIT,
    TEMPLATES,
    Connection,
    Verification,
    asset_word,
    asset_words,
    link,
    template_config,
)
from sandbox.errors import INVALID_REGION, INVALID_REQUEST, ApiError, invalid
from sandbox.faults import Fault, Faults
from sandbox.listing import CONNECTION_FILTERS, ENVIRONMENT_FILTERS, UNIT_FILTERS, page, selection
from sandbox.organizational_units import Task, Units, wanted_moves
from sandbox.permissions import PERMISSION_SETS, build
from sandbox.server import cut, hold, serve
from sandbox.verification import AwsVerifier

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Regions that the control plane in us-west-2 protects, see "Supported AWS Regions" in Clumio's documentation.
REGIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-west-1": "Europe (Ireland)",
    "eu-west-2": "Europe (London)",
    "eu-west-3": "Europe (Paris)",
    "eu-central-2": "Europe (Zurich)",
    "sa-east-1": "South America (Sao Paulo)",
}

CONTROL = "/_sandbox/"
ORGANIZATIONAL_UNIT_HEADER = "x-clumio-organizationalunit-context"

_CREATE_MEMBERS: Mapping[str, type] = {
    "account_native_id": str,
    "aws_region": str,
    "description": str,
    "organizational_unit_id": str,
    "protect_asset_types_enabled": list,
    "services_enabled": list,
}
_UPDATE_MEMBERS: Mapping[str, type] = {"asset_types_enabled": list, "description": str, "resources": dict}
_UNIT_MEMBERS: Mapping[str, type] = {
    "description": str,
    "entities": dict,
    "name": str,
    "protection_groups": dict,
    "users": dict,
}
_TEMPLATE_MEMBERS: Mapping[str, type] = {
    "asset_types_enabled": list,
    "aws_account_id": str,
    "aws_region": str,
    "organization_template": bool,
    "show_manual_resources": bool,
    "template_permission_set": str,
}
_SERVICES = ("discover", "protect")

#: ARNs of a manual connection as they are shown; a request may also have the members of ``_UNSHOWN_RESOURCES``.
_RESOURCES: Mapping[str, Any] = {
    "clumio_event_pub_arn": "",
    "clumio_iam_role_arn": "",
    "clumio_support_role_arn": "",
    "event_rules": {"cloudtrail_rule_arn": "", "cloudwatch_rule_arn": ""},
    "service_roles": {
        "mssql": {"ec2_ssm_instance_profile_arn": "", "ssm_notification_role_arn": ""},
        "s3": {"continuous_backups_role_arn": ""},
    },
}
_UNSHOWN_RESOURCES: Mapping[str, Any] = {
    "service_roles": {"mssql": {"ec2_instance_profile_role_arn": ""}},
    "service_instance_profiles": {"mssql": {"ec2_ssm_instance_profile_arn": ""}},
}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(one)
    for name, value in other.items():
        both[name] = _merged(both.get(name, {}), value) if isinstance(value, Mapping) else value
    return both


_RESOURCES_REQUEST = _merged(_RESOURCES, _UNSHOWN_RESOURCES)


def _filled(shape: Mapping[str, Any], given: Mapping[str, Any], where: str, problems: list[str]) -> dict[str, Any]:
    """The given members in the shape's form: null or missing is the shape's value, unknown ones are problems."""
    problems += [f"{where}.{name} is not a known member." for name in given if name not in shape]
    filled: dict[str, Any] = {}
    for name, default in shape.items():
        value = default if given.get(name) is None else given[name]
        if not isinstance(value, type(default)):
            problems.append(f"{where}.{name} has the wrong type.")
        elif isinstance(default, dict):
            filled[name] = _filled(default, value, f"{where}.{name}", problems)
        else:
            filled[name] = value
    return filled


def _resources(given: Mapping[str, Any]) -> dict[str, Any]:
    """The ARNs of a PATCH as they are kept and shown. The instance profile's ARN has two places in a request.

    Raises:
        ApiError: 400, for an unknown member or one that is no string.
    """
    problems: list[str] = []
    filled = _filled(_RESOURCES_REQUEST, given, "resources", problems)
    if problems:
        raise ApiError(400, [(INVALID_REQUEST, problem) for problem in problems])
    profile = filled["service_instance_profiles"]["mssql"]["ec2_ssm_instance_profile_arn"]
    shown = _filled(_RESOURCES, {name: filled[name] for name in _RESOURCES}, "resources", [])
    mssql = shown["service_roles"]["mssql"]
    mssql["ec2_ssm_instance_profile_arn"] = mssql["ec2_ssm_instance_profile_arn"] or profile
    return shown


def _is_a(kind: type, value: Any) -> bool:
    """Whether a value is of a kind; every list of the API is one of strings."""
    if not isinstance(value, kind):
        return False
    return all(isinstance(item, str) for item in value) if isinstance(value, list) else True


async def _body(request: web.Request, members: Mapping[str, type]) -> dict[str, Any]:
    """The JSON body without its null members.

    Raises:
        ApiError: 415 for another content type, 400 for what is not such an object; all wrong members at once.
    """
    if request.content_type != "application/json":
        raise ApiError(415, f"The content type {request.content_type} is not application/json.")
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise invalid(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise invalid("The body is not a JSON object.")
    given = {name: value for name, value in body.items() if value is not None}
    problems = [f"{name} is not a known member." for name in body if name not in members]
    problems += [
        f"{name} has the wrong type."
        for name, value in given.items()
        if name in members and not _is_a(members[name], value)
    ]
    if problems:
        raise ApiError(400, [(INVALID_REQUEST, problem) for problem in problems])
    return given


async def _connection_id(request: web.Request) -> str:
    """Which connection a call is about, by its path or by account and region in its body; empty if about none."""
    if named := request.match_info.get("connection_id"):
        return named
    try:
        body = json.loads(await request.read())
        return f"{body.get('account_native_id') or body['aws_account_id']}_{body['aws_region']}"
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


def _asset_problems(spellings: list[str]) -> list[tuple[int, str]]:
    problems = [
        (INVALID_REQUEST, f"The asset type {spelling!r} is not valid.")
        for spelling in spellings
        if asset_word(spelling) is None
    ]
    words = asset_words(spellings)
    if "mssql" in words and "ebs" not in words:
        problems.append((INVALID_REQUEST, "The asset type EC2MSSQL needs EC2/EBS."))
    return problems


def _account_problems(account: str) -> list[tuple[int, str]]:
    valid = re.fullmatch(r"\d{12}", account, re.ASCII)
    return [] if valid else [(INVALID_REQUEST, f"The AWS account {account!r} is not a number of 12 digits.")]


def _region_problems(region: str) -> list[tuple[int, str]]:
    return [] if region in REGIONS else [(INVALID_REGION, f"The region {region!r} is not valid.")]


def _choice_problems(member: str, given: list[str], choices: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(INVALID_REQUEST, f"{member}: {value!r} is not valid.") for value in given if value not in choices]


class Api:
    """The handlers, and the connections, organizational units and tasks they work on.

    The arguments are those of ``create_app``; ``settings`` are those that it begins with.
    """

    def __init__(
        self,
        *,
        token: str,
        verify: Callable[[Connection], Verification],
        clock: Callable[[], float],
        new_token: Callable[[], str],
        settings: Settings,
    ) -> None:
        self._authorization = f"Bearer {token}".encode()
        self._verify = verify
        self._clock = clock
        self._new_token = new_token
        self._settings_at_start = self._settings = settings
        self._connections: dict[str, Connection] = {}
        self._units = Units()
        self._tasks: dict[str, Task] = {}
        self._calls: list[dict[str, Any]] = []
        self._faults: dict[str, Faults] = {}

    def app(self) -> web.Application:
        """A new application that serves it: an application runs once only, what it serves stays."""
        app = web.Application(middlewares=[self.middleware])
        app.add_routes(self.routes())
        return app

    def routes(self) -> list[web.RouteDef]:
        connections = partial(self._guarded, "aws-connections")
        templates = partial(self._guarded, "aws-templates")
        regions = partial(self._guarded, "aws-regions")
        environments = partial(self._guarded, "aws-environments")
        units = partial(self._guarded, "organizational-units", version=2)
        return [
            web.get("/connections/aws/regions", regions(self.list_regions)),
            web.get("/connections/aws/templates", templates(self.read_template)),
            web.post("/connections/aws/templates", templates(self.create_template)),
            web.get("/connections/aws", connections(self.list_connections)),
            web.post("/connections/aws", connections(self.create_connection)),
            web.get("/connections/aws/{connection_id}", connections(self.read_connection)),
            web.patch("/connections/aws/{connection_id}", connections(self.update_connection)),
            web.delete("/connections/aws/{connection_id}", connections(self.delete_connection)),
            web.get("/datasources/aws/environments", environments(self.list_environments)),
            web.get("/datasources/aws/environments/{environment_id}", environments(self.read_environment)),
            web.get("/organizational-units", units(self.list_units)),
            web.get("/organizational-units/{unit_id}", units(self.read_unit)),
            web.patch("/organizational-units/{unit_id}", units(self.update_unit)),
            web.get("/tasks/{task_id}", self._guarded("tasks", self.read_task)),
            web.get(f"{CONTROL}connections", self.show_connections),
            web.get(f"{CONTROL}calls", self.show_calls),
            web.get(f"{CONTROL}settings", self.show_settings),
            web.put(f"{CONTROL}settings", self.change_settings),
            web.post(f"{CONTROL}reset", self.reset),
        ]

    def _guarded(self, resource: str, handler: Handler, *, version: int = 1) -> Handler:
        """The handler behind the checks that every call of the API has to pass."""
        media_type = f"application/api.clumio.{resource}=v{version}+json"

        async def guarded(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(given, self._authorization):
                raise ApiError(401, "The API token is missing or not valid.")
            accepted = [item.partition(";")[0].strip() for item in request.headers.get("Accept", "").split(",")]
            if media_type not in accepted:
                raise ApiError(406, f"The header Accept must name {media_type}.")
            if (request.headers.get(ORGANIZATIONAL_UNIT_HEADER) or DEFAULT_ORGANIZATIONAL_UNIT) not in self._units:
                raise ApiError(403, "The organizational unit to act in does not exist.")
            self._finish_tasks()
            self._throttle(request.match_info.get("connection_id", ""))
            return await handler(request)

        return guarded

    def _finish_tasks(self) -> None:
        for task in self._tasks.values():
            task.advance(self._clock())

    def _throttle(self, connection_id: str) -> None:
        """Refuse a call about a connection that is to be throttled, and count it."""
        throttle = self._settings.throttle.get(connection_id, {})
        if times := throttle.get("times"):
            self._settings = self._settings.changed({"throttle": {connection_id: {**throttle, "times": times - 1}}})
            raise ApiError(429, "Too many requests.", retry_after=throttle.get("retry_after"))

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn refusals into error bodies, and write down every call of the API."""
        response: web.StreamResponse
        connection_id = await _connection_id(request)
        fault = self._faults_of(connection_id).of(f"{request.method} {request.path}") if connection_id else None
        if fault and fault.kind in ("cut", "hold"):
            return await self._unanswered(request, fault)
        try:
            if fault and fault.kind == "error":
                raise ApiError(fault.status, fault.message)
            if fault and fault.kind == "rival":
                with contextlib.suppress(ApiError):
                    await handler(request)
            if fault and fault.kind == "answer":
                response = web.json_response(fault.answer)
            else:
                response = await handler(request)
        except ApiError as error:
            response = web.json_response(error.body(), status=error.status, headers=error.headers)
        except web.HTTPError as error:  # aiohttp's own: no such path, no such method, body too large
            refusal = ApiError(error.status, f"{request.method} {request.path}: {error.reason}.")
            response = web.json_response(refusal.body(), status=error.status)
        if fault and fault.kind in ("cut_after", "hold_after"):
            return await self._unanswered(request, fault)
        if not request.path.startswith(CONTROL):
            self._write_down(request, response.status)
        return response

    def _write_down(self, request: web.Request, status: int) -> None:
        call = {"method": request.method, "path": request.path, "query": dict(request.query)}
        self._calls.append({**call, "status": status})

    async def _unanswered(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        """No answer: the connection is cut, or held until the client gives up."""
        self._write_down(request, 0)
        if fault.kind.startswith("cut"):
            cut(request)
        else:
            await hold(request)
        return web.Response()

    def _faults_of(self, connection_id: str) -> Faults:
        return self._faults.setdefault(connection_id, Faults(self._settings.faults.get(connection_id, ())))

    # ---- connections

    def _connection(self, request: web.Request) -> Connection:
        connection = self._connections.get(request.match_info["connection_id"])
        if connection is None:
            raise ApiError(404, "The AWS connection does not exist.")
        self._advance(connection)
        return connection

    def _advance(self, connection: Connection) -> None:
        """Bring a connection to where it is by now."""
        connection.advance(
            self._clock(),
            self._settings.delay("ingest_delay", connection.id),
            ingestion=self._settings.ends(connection.id, "ingestion_status"),
            target_setup=self._settings.ends(connection.id, "target_setup_status"),
        )

    def _look(self, connection: Connection) -> Verification:
        """What Clumio sees of the account, or is told to see."""
        findings = self._settings.findings.get(connection.id)
        return self._verify(connection) if findings is None else Verification(tuple(findings))

    async def list_connections(self, request: web.Request) -> web.Response:
        wanted = selection(request.query.get("filter", ""), CONNECTION_FILTERS)
        for connection in self._connections.values():
            self._advance(connection)
        rows = [connection.as_json() for connection in self._connections.values() if wanted(connection)]
        answer = page(request.path, rows, request.query)
        answer["_links"]["create-aws-connection"] = link(request.path, "post")
        return web.json_response(answer | {"filter_applied": request.query.get("filter", "{}")})

    async def create_connection(self, request: web.Request) -> web.Response:
        body = await _body(request, _CREATE_MEMBERS)
        spellings = body.get("protect_asset_types_enabled", [])
        services = body.get("services_enabled", list(_SERVICES))
        problems = (
            _account_problems(body.get("account_native_id", ""))
            + _region_problems(body.get("aws_region", ""))
            + _asset_problems(spellings)
            + _choice_problems("services_enabled", services, _SERVICES)
        )
        unit = body.get("organizational_unit_id") or request.headers.get(ORGANIZATIONAL_UNIT_HEADER)
        unit = unit or DEFAULT_ORGANIZATIONAL_UNIT
        if unit not in self._units:
            problems.append((INVALID_REQUEST, f"The organizational unit {unit!r} does not exist."))
        if problems:
            raise ApiError(400, problems)
        connection = Connection(
            account_native_id=body["account_native_id"],
            aws_region=body["aws_region"],
            token=self._new_token(),
            created=self._clock(),
            description=body.get("description", ""),
            organizational_unit_id=unit,
            asset_types=spellings,
            services_enabled=services,
        )
        if connection.id in self._connections:
            raise ApiError(409, f"The AWS connection {connection.id} exists already.")
        self._connections[connection.id] = connection
        return web.json_response(connection.as_json(with_external_id=True))

    async def read_connection(self, request: web.Request) -> web.Response:
        connection = self._connection(request)
        delay = self._settings.delay("connect_delay", connection.id)
        if connection.handed_in is not None and self._clock() >= connection.handed_in + delay:
            asked = replace(connection)
            seen = await asyncio.to_thread(self._look, asked)
            # What was seen says nothing about ARNs handed in, or a connection made anew, in the meantime.
            if (asked.token, asked.handed_in) == (connection.token, connection.handed_in):
                connection.verified(seen, self._clock())
        with_external_id = request.query.get("return_external_id") == "true"
        return web.json_response(
            connection.as_json(with_external_id=with_external_id) | {"_etag": str(connection.revision)}
        )

    async def update_connection(self, request: web.Request) -> web.Response:
        connection = self._connection(request)
        body = await _body(request, _UPDATE_MEMBERS)
        spellings = body.get("asset_types_enabled", connection.asset_types)
        problems = _asset_problems(spellings)
        for word in sorted(set(asset_words(connection.asset_types)) - set(asset_words(spellings))):
            problems.append((INVALID_REQUEST, f"Downgrading assets is not allowed: {word} is missing."))
        if "resources" in body and not spellings:
            problems.append((INVALID_REQUEST, "asset_types_enabled must be given with resources."))
        if problems:
            raise ApiError(400, problems)
        if "resources" in body:
            connection.hand_in(_resources(body["resources"]), self._clock())
        connection.asset_types = spellings
        connection.description = body.get("description", connection.description)
        connection.revision += 1
        return web.json_response(connection.as_json())

    async def delete_connection(self, request: web.Request) -> web.Response:
        del self._connections[self._connection(request).id]
        return web.json_response({})

    # ---- environments, organizational units and tasks

    def _environments(self) -> dict[str, Connection]:
        """The connections that have an AWS environment, by its id."""
        return {row.environment_id: row for row in self._connections.values() if row.environment_id}

    async def list_environments(self, request: web.Request) -> web.Response:
        wanted = selection(request.query.get("filter", ""), ENVIRONMENT_FILTERS)
        rows = [row.environment_as_json() for row in self._environments().values() if wanted(row)]
        answer = page(request.path, rows, request.query)
        return web.json_response(answer | {"filter_applied": request.query.get("filter", "{}")})

    async def read_environment(self, request: web.Request) -> web.Response:
        connection = self._environments().get(request.match_info["environment_id"])
        if connection is None:
            raise ApiError(404, "The AWS environment does not exist.")
        return web.json_response(connection.environment_as_json())

    async def list_units(self, request: web.Request) -> web.Response:
        wanted = selection(request.query.get("filter", ""), UNIT_FILTERS)
        rows = [self._units.as_json(unit) for unit in self._units.all() if wanted(unit)]
        answer = page(request.path, rows, request.query)
        return web.json_response(answer | {"filter_applied": request.query.get("filter", "{}")})

    async def read_unit(self, request: web.Request) -> web.Response:
        unit = self._units.get(request.match_info["unit_id"])
        return web.json_response(self._units.as_json(unit))

    async def update_unit(self, request: web.Request) -> web.Response:
        """Rename a unit, or move environments; only moving is a task, and has status 202."""
        unit = self._units.get(request.match_info["unit_id"])
        body = await _body(request, _UNIT_MEMBERS)
        for member in ("protection_groups", "users"):
            if member in body:
                raise invalid(f"{member} cannot be changed here.")
        moves = wanted_moves(body.get("entities", {}), self._environments())
        arrivals = [
            (connection, self._units.destination(unit, operation, connection.organizational_unit_id))
            for operation, connection in moves
        ]
        busy = {connection.id for task in self._tasks.values() if not task.done for connection, _ in task.moves}
        if busy & {connection.id for connection, _ in arrivals}:
            raise ApiError(409, "The AWS environment is being moved already.")
        unit.name = body.get("name", unit.name)
        unit.description = body.get("description", unit.description)
        if not arrivals:
            return web.json_response(self._units.as_json(unit))
        ids = [connection.id for connection, _ in arrivals]
        task = Task(
            id=str(uuid.uuid4()),
            unit_id=unit.id,
            moves=arrivals,
            created=self._clock(),
            delay=max(self._settings.delay("task_delay", id_) for id_ in ids),
            end=next(
                (end for id_ in ids if (end := self._settings.ends(id_, "task_status")) != "completed"), "completed"
            ),
        )
        self._tasks[task.id] = task
        return web.json_response(self._units.as_json(unit) | {"task_id": task.id}, status=202)

    async def read_task(self, request: web.Request) -> web.Response:
        task = self._tasks.get(request.match_info["task_id"])
        if task is None:
            raise ApiError(404, "The task does not exist.")
        return web.json_response(task.as_json(self._clock()))

    # ---- templates and regions

    async def read_template(self, request: web.Request) -> web.Response:
        config = template_config(TEMPLATES, "available_template_version")
        return web.json_response({"_links": {"_self": link(request.path, "get")}, "config": config})

    async def create_template(self, request: web.Request) -> web.Response:
        body = await _body(request, _TEMPLATE_MEMBERS)
        spellings = body.get("asset_types_enabled", [])
        account, region = body.get("aws_account_id", ""), body.get("aws_region", "")
        manual = body.get("show_manual_resources", False)
        permission_set = body.get("template_permission_set", "all")
        problems = _asset_problems(spellings)
        problems += _choice_problems("template_permission_set", [permission_set], PERMISSION_SETS)
        if not spellings:
            problems.append((INVALID_REQUEST, "asset_types_enabled must name an asset type."))
        if manual or account:
            problems += _account_problems(account)
        if manual or region:
            problems += _region_problems(region)
        if problems:
            raise ApiError(400, problems)
        words = asset_words(spellings)
        resources = None
        if manual:
            resources = build(
                words,
                account,
                region,
                clumio_account=CLUMIO_ACCOUNT,
                data_plane_account=DATA_PLANE_ACCOUNT,
                permission_set=permission_set,
            )
        name = "-".join(words)
        group_token = self._new_token() if request.query.get("return_group_token") == "true" else ""
        return web.json_response(
            {
                "cloudformation_url": f"https://clumio-templates.example.com/quick-create/{name}.yaml",
                "config": template_config(words, "available_template_version"),
                "deployable_cloudformation_url": f"https://clumio-templates.example.com/{name}.yaml",
                "group_token": group_token,
                "resources": resources,
                "terraform_url": f"https://clumio-templates.example.com/{name}.tf",
            }
        )

    async def list_regions(self, request: web.Request) -> web.Response:
        rows = [{"id": region, "is_data_plane_region": True, "name": name} for region, name in REGIONS.items()]
        return web.json_response(page(request.path, rows, request.query))

    # ---- control: of the sandbox, not of the API

    async def show_connections(self, _request: web.Request) -> web.Response:
        self._finish_tasks()
        rows = []
        for connection in self._connections.values():
            self._advance(connection)
            row = connection.as_json(with_external_id=True)
            rows.append(row | {"_etag": str(connection.revision), "findings": connection.findings})
        return web.json_response({"connections": rows})

    async def show_calls(self, _request: web.Request) -> web.Response:
        return web.json_response({"calls": self._calls})

    async def show_settings(self, _request: web.Request) -> web.Response:
        return web.json_response(asdict(self._settings))

    async def change_settings(self, request: web.Request) -> web.Response:
        try:
            given = json.loads(await request.read())
            self._settings = self._settings.changed(given)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        for connection_id in given.get("faults", {}):
            self._faults.pop(connection_id, None)
        return await self.show_settings(request)

    async def reset(self, _request: web.Request) -> web.Response:
        self._connections.clear()
        self._units = Units()
        self._tasks.clear()
        self._calls.clear()
        self._faults.clear()
        self._settings = self._settings_at_start
        return web.json_response({})


def create_app(
    *,
    token: str,
    verify: Callable[[Connection], Verification],
    clock: Callable[[], float] = time.time,
    new_token: Callable[[], str] = lambda: str(uuid.uuid4()),
    connect_delay: float = 0.5,
    ingest_delay: float = 0.5,
    task_delay: float = 0.5,
) -> web.Application:
    """A Clumio API with no connections.

    Args:
        token: API token that clients must send.
        verify: looks at the AWS account of a connection whose ARNs were handed in; called in a thread, on reads.
        clock: seconds since the epoch.
        new_token: makes the token of each new connection.
        connect_delay: seconds from handing in to the first look.
        ingest_delay: seconds from ``connected`` until ingestion and target set-up are complete.
        task_delay: seconds that a task takes.
    """
    api = Api(
        token=token,
        verify=verify,
        clock=clock,
        new_token=new_token,
        settings=Settings(connect_delay=connect_delay, ingest_delay=ingest_delay, task_delay=task_delay),
    )
    return api.app()


def main() -> None:
    """Serve the API; the token comes from ``CLUMIO_API_TOKEN``, so that no list of processes shows it."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.clumio_api", description=main.__doc__)
    parser.add_argument("--fd", type=int, required=True, help="inherited listening socket")
    parser.add_argument("--aws", required=True, metavar="URL", help="AWS endpoint to verify connections at")
    parser.add_argument("--connect-delay", type=float, required=True, metavar="SECONDS")
    parser.add_argument("--ingest-delay", type=float, required=True, metavar="SECONDS")
    options = parser.parse_args()
    app = create_app(
        token=os.environ["CLUMIO_API_TOKEN"],
        verify=AwsVerifier(options.aws),
        connect_delay=options.connect_delay,
        ingest_delay=options.ingest_delay,
    )
    serve(app, options.fd)


if __name__ == "__main__":
    main()
