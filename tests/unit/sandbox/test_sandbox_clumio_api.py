# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests

from sandbox.clumio_api import create_app
from sandbox.connections import Connection, Verification
from sandbox.permissions import build
from sandbox.server import running

ACCOUNT = "111122223333"
CONNECTION = f"{ACCOUNT}_us-west-2"
PATH = f"/connections/aws/{CONNECTION}"
TOKEN = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
DEFAULT_UNIT = "00000000-0000-0000-0000-000000000000"
FINANCE = "6f1c3c0e-1d2b-4c3a-9e4f-0a1b2c3d4e5f"
PAYROLL = "8b3e5e20-3f4d-4e5c-9a6b-2c3d4e5f6071"
RESEARCH = "7a2d4d1f-2e3c-4d4b-8f5a-1b2c3d4e5f60"
UNIT_HEADER = "x-clumio-organizationalunit-context"
ARNS = {
    "clumio_event_pub_arn": f"arn:aws:sns:us-west-2:{ACCOUNT}:ClumioEventPub",
    "clumio_iam_role_arn": f"arn:aws:iam::{ACCOUNT}:role/ClumioIAMRole",
    "clumio_support_role_arn": "",
    "event_rules": {"cloudtrail_rule_arn": "", "cloudwatch_rule_arn": ""},
    "service_roles": {
        "mssql": {"ec2_ssm_instance_profile_arn": "", "ssm_notification_role_arn": ""},
        "s3": {"continuous_backups_role_arn": ""},
    },
}

# ---- the shapes: members and types of what the API answers; None stands for null

LINK = {"href": str, "templated": bool, "type": str}
CONNECTION_SHAPE: dict[str, Any] = {
    "_links": {
        "_self": LINK,
        "delete-connection-aws": LINK,
        "update-connection-aws": LINK,
        "read-organizational-unit": LINK,
    },
    "account_name": str,
    "account_native_id": str,
    "aws_region": str,
    "clumio_aws_account_id": str,
    "clumio_aws_region": str,
    "config": None,
    "connection_group_id": None,
    "connection_management_status": None,
    "connection_status": str,
    "created_timestamp": str,
    "data_plane_account_id": str,
    "deployment_type": None,
    "description": str,
    "discover": None,
    "external_id": None,
    "id": str,
    "ingestion_status": str,
    "namespace": None,
    "organizational_unit_id": str,
    "protect": None,
    "protect_asset_types_enabled": [str],
    "resources": None,
    "retired_stack_arn": None,
    "services_enabled": [str],
    "stack_arn": None,
    "stack_name": None,
    "target_setup_status": str,
    "template_permission_set": str,
    "token": str,
}
RESOURCES_SHAPE = {
    "clumio_event_pub_arn": str,
    "clumio_iam_role_arn": str,
    "clumio_support_role_arn": str,
    "event_rules": {"cloudtrail_rule_arn": str, "cloudwatch_rule_arn": str},
    "service_roles": {
        "mssql": {"ec2_ssm_instance_profile_arn": str, "ssm_notification_role_arn": str},
        "s3": {"continuous_backups_role_arn": str},
    },
}
INSTALLED = {"installed_template_version": str}
INSTALLED_SHAPE = {"asset_types_enabled": [str], **INSTALLED, "ebs": INSTALLED, "s3": INSTALLED}
PAGE_LINKS = {"_first": LINK, "_next": None, "_self": LINK}
LIST_SHAPE = {
    "_embedded": {"items": [CONNECTION_SHAPE]},
    "_links": {**PAGE_LINKS, "create-aws-connection": LINK},
    "current_count": int,
    "filter_applied": str,
    "limit": int,
    "start": str,
}
ENVIRONMENT_SHAPE = {
    "_embedded": None,
    "_links": {"_self": LINK},
    "account_name": str,
    "account_native_id": str,
    "aws_az": [str],
    "aws_region": str,
    "config": None,
    "connection_group_id": None,
    "connection_id": str,
    "connection_management_status": None,
    "connection_status": str,
    "description": str,
    "id": str,
    "organizational_unit_id": str,
    "services_enabled": [str],
    "template_permission_set": str,
    "template_version": int,
}
UNIT_SHAPE = {
    "_embedded": None,
    "_links": {"_self": LINK, "patch-organizational-unit": LINK},
    "children_count": int,
    "configured_datasource_types": [str],
    "descendant_ids": [str],
    "description": str,
    "id": str,
    "name": str,
    "parent_id": str,
    "user_count": int,
    "users": [],
}
TASK_SHAPE = {
    "_etag": str,
    "_links": {"_self": LINK},
    "category": str,
    "created_timestamp": str,
    "end_timestamp": None,
    "genre": str,
    "id": str,
    "is_abortable": bool,
    "parent_entity": None,
    "primary_entity": {"id": str, "type": str, "value": str},
    "progress_percentage": int,
    "start_timestamp": None,
    "status": str,
    "type": str,
}
REGIONS_SHAPE = {
    "_embedded": {"items": [{"id": str, "is_data_plane_region": bool, "name": str}]},
    "_links": PAGE_LINKS,
    "current_count": int,
    "limit": int,
    "start": str,
}
AVAILABLE = {"available_template_version": str}
TEMPLATE_SHAPE = {
    "cloudformation_url": str,
    "config": {"asset_types_enabled": [str], **AVAILABLE, "ebs": AVAILABLE, "s3": AVAILABLE},
    "deployable_cloudformation_url": str,
    "group_token": str,
    "resources": None,
    "terraform_url": str,
}


def shape(value: Any) -> Any:
    """Members and types of a JSON value; a list is that of its entries, which have to be alike."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        assert all(shape(entry) == shape(value[0]) for entry in value)
        return [shape(entry) for entry in value[:1]]
    return None if value is None else type(value)


# ---- the API under test


@dataclass
class Clock:
    now: float = 1763805600.0  # 2025-11-22T10:00:00Z

    def __call__(self) -> float:
        return self.now


@dataclass
class Aws:
    """What Clumio sees when it looks, what it was asked to look at, and what happens while it does."""

    seen: Verification = field(default_factory=Verification)
    looks: list[Connection] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None

    def __call__(self, connection: Connection) -> Verification:
        self.looks.append(connection)
        if self.meanwhile:
            self.meanwhile()
        return self.seen


@dataclass
class Api:
    url: str
    clock: Clock
    aws: Aws

    def call(
        self, method: str, path: str, body: Any = None, *, patience: float = 10, **headers: str
    ) -> requests.Response:
        """One call with everything that is needed; ``headers`` change or, when empty, remove headers."""
        media = {
            "/connections/aws/templates": "aws-templates=v1",
            "/connections/aws/regions": "aws-regions=v1",
            "/datasources/aws/environments": "aws-environments=v1",
            "/organizational-units": "organizational-units=v2",
            "/tasks": "tasks=v1",
        }
        resource = next((name for start, name in media.items() if path.startswith(start)), "aws-connections=v1")
        usual = {
            "Accept": f"application/api.clumio.{resource}+json",
            "Authorization": "Bearer secret",
            "Content-Type": "application/json",
        }
        session = requests.Session()
        session.trust_env = False
        sent = {name: value for name, value in (usual | headers).items() if value}
        data = None if body is None else body if isinstance(body, str) else json.dumps(body)
        return session.request(method, self.url + path, data=data, headers=sent, timeout=patience)

    def get(self, path: str = PATH) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, account: str = ACCOUNT, region: str = "us-west-2", **members: Any) -> Any:
        body = {"account_native_id": account, "aws_region": region, "protect_asset_types_enabled": ["EBS", "S3"]}
        answer = self.call("POST", "/connections/aws", body | members)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def hand_in(self, resources: Any = ARNS, assets: list[str] | None = None) -> Any:
        body = {"asset_types_enabled": assets or ["EBS", "S3"], "description": None, "resources": resources}
        answer = self.call("PATCH", PATH, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, what: str) -> Any:
        return self.call("GET", f"/_sandbox/{what}", Authorization="", Accept="").json()

    def set(self, **settings: Any) -> Any:
        answer = self.call("PUT", "/_sandbox/settings", settings, Authorization="", Accept="")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def connect(self, **members: Any) -> str:
        """Make a connection that is connected; the id of its AWS environment."""
        self.create(**members)
        self.hand_in()
        self.clock.now += 5
        assert self.get()["connection_status"] == "connected"
        [environment] = self.get("/datasources/aws/environments")["_embedded"]["items"]
        return str(environment["id"])

    def move(self, operation: str, unit: str, environment: str) -> requests.Response:
        entities = {operation: [{"primary_entity": {"id": environment, "type": "aws_environment"}}]}
        return self.call("PATCH", f"/organizational-units/{unit}", {"entities": entities})


def refusal(answer: requests.Response) -> tuple[int, list[str]]:
    """Status and messages; the body must be the API's own error body."""
    body = answer.json()
    assert shape(body) == {"errors": [{"error_code": int, "error_message": str}]}
    return answer.status_code, [error["error_message"] for error in body["errors"]]


@pytest.fixture
def api() -> Iterator[Api]:
    clock, aws = Clock(), Aws()
    tokens = iter([TOKEN, *(f"token-{number}" for number in range(2, 100))])
    app = create_app(
        token="secret",
        verify=aws,
        clock=clock,
        new_token=lambda: next(tokens),
        connect_delay=5,
        ingest_delay=10,
        task_delay=4,
    )
    with running(app) as url:
        yield Api(url, clock, aws)


# ---- shapes


def test_post_answers_the_new_connection(api: Api) -> None:
    created = api.create(description="made by a test")
    assert shape(created) == CONNECTION_SHAPE | {"external_id": str}
    known = {
        "id": CONNECTION,
        "token": TOKEN,
        "external_id": f"ExternalID_{TOKEN}",
        "clumio_aws_account_id": "999988887777",
        "data_plane_account_id": "888877776666",
        "connection_status": "connecting",
        "ingestion_status": "initial",
        "target_setup_status": "initial",
        "created_timestamp": "2025-11-22T10:00:00Z",
        "description": "made by a test",
        "organizational_unit_id": DEFAULT_UNIT,
        "protect_asset_types_enabled": ["EBS", "S3"],
        "services_enabled": ["discover", "protect"],
    }
    assert {name: created[name] for name in known} == known


def test_get_answers_the_connection_with_an_etag(api: Api) -> None:
    api.create()
    assert shape(api.get()) == CONNECTION_SHAPE | {"_etag": str}


def test_the_external_id_is_told_only_where_the_api_tells_it(api: Api) -> None:
    api.create()
    assert api.get(f"{PATH}?return_external_id=true")["external_id"] == f"ExternalID_{TOKEN}"
    assert api.get(f"{PATH}?return_external_id=false")["external_id"] is None
    assert api.get()["external_id"] is None
    assert api.hand_in()["external_id"] is None
    assert api.get("/connections/aws")["_embedded"]["items"][0]["external_id"] is None


def test_patch_answers_the_connection_with_the_arns(api: Api) -> None:
    api.create()
    answer = api.hand_in()
    assert shape(answer) == CONNECTION_SHAPE | {"resources": RESOURCES_SHAPE}
    assert answer["resources"] == ARNS


def test_get_of_a_finished_connection_tells_what_is_installed(api: Api) -> None:
    api.create()
    api.hand_in()
    api.aws.seen = Verification(account_alias="prod-alias")
    api.clock.now += 5
    api.get()
    api.clock.now += 10
    done = api.get()
    assert shape(done) == CONNECTION_SHAPE | {"_etag": str, "resources": RESOURCES_SHAPE, "config": INSTALLED_SHAPE}
    assert done["config"]["asset_types_enabled"] == ["ebs", "s3"]
    assert done["account_name"] == "prod-alias"


def test_delete_answers_an_empty_object_and_the_connection_is_gone(api: Api) -> None:
    api.create()
    answer = api.call("DELETE", PATH)
    assert (answer.status_code, answer.json()) == (200, {})
    assert api.call("GET", PATH).status_code == 404


def test_a_connection_is_deleted_once_and_can_be_made_anew(api: Api) -> None:
    first = api.create()
    api.hand_in()
    assert [api.call("DELETE", PATH).status_code for _ in range(2)] == [200, 404]
    again = api.create()
    assert again["token"] != first["token"]
    assert (again["connection_status"], again["resources"]) == ("connecting", None)


def test_lists_of_connections_and_regions(api: Api) -> None:
    api.create()
    assert shape(api.get("/connections/aws")) == LIST_SHAPE
    regions = api.get("/connections/aws/regions")
    assert shape(regions) == REGIONS_SHAPE
    names = {row["id"]: row["name"] for row in regions["_embedded"]["items"]}
    assert names["us-west-2"] == "US West (Oregon)"


def test_templates_tell_the_versions(api: Api) -> None:
    answer = api.get("/connections/aws/templates")
    assert answer["_links"] == {
        "_self": {"href": "/connections/aws/templates", "templated": False, "type": "get"},
    }
    assert set(answer["config"]["asset_types_enabled"]) < set(answer["config"])


def test_template_without_manual_resources(api: Api) -> None:
    answer = api.call(
        "POST", "/connections/aws/templates?return_group_token=false", {"asset_types_enabled": ["EBS", "s3"]}
    )
    assert shape(answer.json()) == TEMPLATE_SHAPE
    assert answer.json()["group_token"] == ""


def test_template_with_manual_resources_is_the_permissions_file(api: Api) -> None:
    body = {
        "asset_types_enabled": ["ec2/ebs", "EC2MSSQL", "IcebergOnGlue"],
        "aws_account_id": ACCOUNT,
        "aws_region": "eu-west-1",
        "show_manual_resources": True,
        "template_permission_set": "all",
        "organization_template": None,
    }
    answer = api.call("POST", "/connections/aws/templates", body)
    assert answer.json()["resources"] == build(
        ["ebs", "mssql", "iceberg_on_glue"],
        ACCOUNT,
        "eu-west-1",
        clumio_account="999988887777",
        data_plane_account="888877776666",
    )


def test_a_template_for_inventory_and_backup_has_fewer_policies(api: Api) -> None:
    body = {
        "asset_types_enabled": ["EBS", "DynamoDB"],
        "aws_account_id": ACCOUNT,
        "aws_region": "us-west-2",
        "show_manual_resources": True,
    }
    files = [
        api.call("POST", "/connections/aws/templates", body | members).json()["resources"]
        for members in ({}, {"template_permission_set": "all"}, {"template_permission_set": "inventory_backup"})
    ]
    names = [{policy["name"] for policy in file["roles"]["ClumioIAMRole"]["managed_policies"]} for file in files]
    assert files[0] == files[1]
    assert names[1] - names[2] == {"ClumioEC2RestorePolicy", "ClumioDynamoDbRestorePolicy"}
    assert (set(files[1]["policies"]), files[2]["policies"]) == ({"ClumioIAMPermissionsBoundary"}, {})


# ---- what every call has to pass


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "secret", "Basic secret", "Bearer secrét"])
def test_without_the_token_every_call_is_refused(api: Api, authorization: str) -> None:
    answer = api.call("GET", "/connections/aws", Authorization=authorization.encode().decode("latin-1"))
    assert refusal(answer) == (401, ["The API token is missing or not valid."])


@pytest.mark.parametrize(
    ("method", "path", "accept"),
    [
        ("GET", "/connections/aws", "application/json"),
        ("GET", "/connections/aws", "*/*"),
        ("GET", "/connections/aws/regions", "application/api.clumio.aws-connections=v1+json"),
        ("POST", "/connections/aws/templates", "application/api.clumio.aws-connections=v1+json"),
    ],
)
def test_the_media_type_of_the_resource_must_be_accepted(api: Api, method: str, path: str, accept: str) -> None:
    status, messages = refusal(api.call(method, path, {}, Accept=accept))
    assert status == 406
    assert "Accept" in messages[0]


def test_the_media_type_may_stand_among_others(api: Api) -> None:
    accept = "application/api.clumio.aws-connections=v1+json;q=0.9, application/json"
    assert api.call("GET", "/connections/aws", Accept=accept).status_code == 200


def test_paths_and_methods_that_the_api_does_not_have(api: Api) -> None:
    assert refusal(api.call("GET", "/connections"))[0] == 404
    assert refusal(api.call("PUT", "/connections/aws", {}))[0] == 405


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ({}, "text/plain", 415),
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ({"account_native_id": 111122223333, "aws_region": "us-west-2"}, "application/json", 400),
        ({"account_native_id": ACCOUNT, "aws_region": None}, "application/json", 400),
        ({"aws_region": "us-west-2"}, "application/json", 400),
        ({"account_native_id": "1111", "aws_region": "us-west-2"}, "application/json", 400),
        ({"account_native_id": ACCOUNT, "aws_region": "us-west-9"}, "application/json", 400),
        ({"account_native_id": ACCOUNT, "aws_region": "us-west-2", "region": "us-west-2"}, "application/json", 400),
        (
            {"account_native_id": ACCOUNT, "aws_region": "us-west-2", "protect_asset_types_enabled": "EBS"},
            "application/json",
            400,
        ),
        (
            {"account_native_id": ACCOUNT, "aws_region": "us-west-2", "protect_asset_types_enabled": [1]},
            "application/json",
            400,
        ),
        (
            {"account_native_id": ACCOUNT, "aws_region": "us-west-2", "services_enabled": ["guess"]},
            "application/json",
            400,
        ),
    ],
)
def test_bodies_that_make_no_connection(api: Api, body: Any, content_type: str, status: int) -> None:
    assert refusal(api.call("POST", "/connections/aws", body, **{"Content-Type": content_type}))[0] == status
    assert api.get("/connections/aws")["current_count"] == 0


def test_all_errors_of_a_body_come_at_once(api: Api) -> None:
    body = {"account_native_id": ACCOUNT, "aws_region": "us-west-9", "protect_asset_types_enabled": ["Tape"]}
    status, messages = refusal(api.call("POST", "/connections/aws", body))
    assert (status, len(messages)) == (400, 2)
    assert "us-west-9" in messages[0]
    assert "Tape" in messages[1]


def test_null_stands_for_a_member_that_is_not_there(api: Api) -> None:
    created = api.create(
        description=None, organizational_unit_id=None, protect_asset_types_enabled=None, services_enabled=None
    )
    assert created["description"] == ""
    assert created["protect_asset_types_enabled"] == []
    assert created["services_enabled"] == ["discover", "protect"]


# ---- connections


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_connection_is_not_found(api: Api, method: str) -> None:
    assert refusal(api.call(method, PATH, {})) == (404, ["The AWS connection does not exist."])


def test_a_connection_can_be_made_once(api: Api) -> None:
    api.create()
    body = {"account_native_id": ACCOUNT, "aws_region": "us-west-2"}
    assert refusal(api.call("POST", "/connections/aws", body))[0] == 409
    assert api.create(region="us-east-1")["token"] != TOKEN


@pytest.mark.parametrize(
    ("header", "member", "expected"),
    [
        ("", None, DEFAULT_UNIT),
        (FINANCE, None, FINANCE),
        (FINANCE, PAYROLL, PAYROLL),
    ],
)
def test_the_organizational_unit_comes_from_the_body_or_the_header(
    api: Api, header: str, member: str | None, expected: str
) -> None:
    body = {"account_native_id": ACCOUNT, "aws_region": "us-west-2", "organizational_unit_id": member}
    answer = api.call("POST", "/connections/aws", body, **{UNIT_HEADER: header}).json()
    assert answer["organizational_unit_id"] == expected
    assert answer["_links"]["read-organizational-unit"]["href"] == f"/organizational-units/{expected}"


@pytest.mark.parametrize("spelling", ["EC2/EBS", "EBS", "ec2", "ec2_ebs", "Ec2-Ebs"])
def test_ec2_and_ebs_are_one_asset_type_in_any_spelling(api: Api, spelling: str) -> None:
    api.create(protect_asset_types_enabled=["EBS"])
    assert api.hand_in(assets=[spelling])["protect_asset_types_enabled"] == [spelling]


@pytest.mark.parametrize(
    ("path", "member"),
    [("/connections/aws", "protect_asset_types_enabled"), ("/connections/aws/templates", "asset_types_enabled")],
)
@pytest.mark.parametrize(
    ("assets", "message"),
    [
        (["EBS", "Tape"], "The asset type 'Tape' is not valid."),
        (["EC2MSSQL"], "The asset type EC2MSSQL needs EC2/EBS."),
    ],
)
def test_asset_types_that_cannot_be(api: Api, path: str, member: str, assets: list[str], message: str) -> None:
    valid = {"account_native_id": ACCOUNT, "aws_region": "us-west-2"} if path == "/connections/aws" else {}
    assert refusal(api.call("POST", path, valid | {member: assets})) == (400, [message])


@pytest.mark.parametrize(
    ("members", "count"),
    [
        ({"asset_types_enabled": []}, 1),
        ({"asset_types_enabled": ["EBS"], "show_manual_resources": True}, 2),
        ({"asset_types_enabled": ["EBS"], "show_manual_resources": True, "aws_account_id": ACCOUNT}, 1),
        ({"asset_types_enabled": ["EBS"], "aws_account_id": "1"}, 1),
        ({"asset_types_enabled": ["EBS"], "template_permission_set": "some"}, 1),
    ],
)
def test_templates_that_cannot_be(api: Api, members: dict[str, Any], count: int) -> None:
    status, messages = refusal(api.call("POST", "/connections/aws/templates", members))
    assert (status, len(messages)) == (400, count)


def test_patch_of_the_description_only(api: Api) -> None:
    api.create(description="before")
    body = {"asset_types_enabled": None, "description": "", "resources": None}
    answer = api.call("PATCH", PATH, body).json()
    assert (answer["description"], answer["resources"]) == ("", None)
    assert api.get()["protect_asset_types_enabled"] == ["EBS", "S3"]


def test_patch_without_a_description_keeps_it(api: Api) -> None:
    api.create(description="before")
    assert api.hand_in()["description"] == "before"


def test_patch_may_add_asset_types_but_not_drop_them(api: Api) -> None:
    api.create()
    api.hand_in(assets=["S3", "EC2/EBS", "RDS"])
    body = {"asset_types_enabled": ["EBS", "S3"], "resources": ARNS}
    assert refusal(api.call("PATCH", PATH, body)) == (400, ["Downgrading assets is not allowed: rds is missing."])
    assert api.get()["protect_asset_types_enabled"] == ["S3", "EC2/EBS", "RDS"]


def test_patch_replaces_all_arns(api: Api) -> None:
    api.create()
    api.hand_in(ARNS | {"clumio_support_role_arn": "arn:of:support"})
    answer = api.hand_in({"clumio_iam_role_arn": "arn:of:role", "event_rules": None})
    assert shape(answer["resources"]) == RESOURCES_SHAPE
    assert answer["resources"]["clumio_iam_role_arn"] == "arn:of:role"
    assert answer["resources"]["clumio_support_role_arn"] == ""


def test_patch_takes_the_instance_profile_from_its_second_place_too(api: Api) -> None:
    api.create()
    second = {"service_instance_profiles": {"mssql": {"ec2_ssm_instance_profile_arn": "arn:of:profile"}}}
    answer = api.hand_in(ARNS | second)
    assert shape(answer["resources"]) == RESOURCES_SHAPE
    assert answer["resources"]["service_roles"]["mssql"]["ec2_ssm_instance_profile_arn"] == "arn:of:profile"


@pytest.mark.parametrize(
    ("resources", "named"),
    [
        ({"clumio_iam_arn": ""}, "resources.clumio_iam_arn"),
        ({"clumio_iam_role_arn": 1}, "resources.clumio_iam_role_arn"),
        ({"service_roles": {"s3": {"role_arn": ""}}}, "resources.service_roles.s3.role_arn"),
        ({"event_rules": []}, "resources.event_rules"),
    ],
)
def test_arns_that_cannot_be_handed_in(api: Api, resources: Any, named: str) -> None:
    api.create()
    status, messages = refusal(api.call("PATCH", PATH, {"resources": resources}))
    assert status == 400
    assert [message.split(" ")[0] for message in messages] == [named]
    assert api.get()["resources"] is None


def test_arns_need_asset_types(api: Api) -> None:
    api.create(protect_asset_types_enabled=None)
    assert refusal(api.call("PATCH", PATH, {"resources": ARNS}))[0] == 400


# ---- lists


def start_of(page: Any) -> str:
    """What stands behind ``start=`` in the link to the next page, as it stands there."""
    query = urlsplit(page["_links"]["_next"]["href"]).query
    return query.partition("start=")[2]


def test_pages_name_the_next_one(api: Api) -> None:
    regions = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1"]
    for region in regions:
        api.create(region=region)
    query, seen, sizes = "limit=2", [], []
    while query:
        page = api.get(f"/connections/aws?{query}")
        assert page["limit"] == 2
        sizes.append(page["current_count"])
        seen += [item["aws_region"] for item in page["_embedded"]["items"]]
        query = f"limit=2&start={start_of(page)}" if page["_links"]["_next"] else ""
    assert seen == regions
    assert sizes == [2, 2, 1]


def test_the_page_after_the_last_is_empty(api: Api) -> None:
    api.create()
    api.create(region="us-east-1")
    start = start_of(api.get("/connections/aws?limit=1"))
    api.call("DELETE", PATH)
    page = api.get(f"/connections/aws?limit=1&start={start}")
    assert (page["current_count"], page["_links"]["_next"]) == (0, None)


def test_a_start_that_was_encoded_twice_is_refused(api: Api) -> None:
    api.create()
    api.create(region="us-east-1")
    start = start_of(api.get("/connections/aws?limit=1"))
    assert refusal(api.call("GET", f"/connections/aws?limit=1&start={quote(start)}"))[0] == 400


def test_regions_come_in_pages_too(api: Api) -> None:
    page = api.get("/connections/aws/regions?limit=3")
    following = api.get(f"/connections/aws/regions?limit=3&start={start_of(page)}")
    ids = [row["id"] for part in (page, following) for row in part["_embedded"]["items"]]
    assert len(set(ids)) == 6


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=all", "limit=501", "start=nowhere"])
def test_pages_that_cannot_be(api: Api, query: str) -> None:
    assert refusal(api.call("GET", f"/connections/aws?{query}"))[0] == 400


OTHER = "444455556666"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [CONNECTION, f"{ACCOUNT}_us-east-1", f"{OTHER}_us-west-2"]),
        ({"account_native_id": {"$in": [ACCOUNT]}}, [CONNECTION, f"{ACCOUNT}_us-east-1"]),
        ({"account_native_id": {"$begins_with": "4444"}}, [f"{OTHER}_us-west-2"]),
        ({"account_native_id": {"$in": [ACCOUNT]}, "aws_region": {"$in": ["us-west-2"]}}, [CONNECTION]),
        ({"account_alias": {"$contains": "alia"}}, [CONNECTION]),
        ({"connection_status": {"$eq": "connected"}}, [CONNECTION]),
        ({"connection_status": {"$in": ["connecting", "unlinked"]}}, [f"{ACCOUNT}_us-east-1", f"{OTHER}_us-west-2"]),
        ({"connection_type": {"$eq": "protect"}}, [CONNECTION, f"{OTHER}_us-west-2"]),
        ({"organizational_unit_id": {"$in": [RESEARCH]}}, [f"{OTHER}_us-west-2"]),
        ({"services_enabled": {"$contains": "s3"}}, [CONNECTION]),
        ({"services_enabled": {"$contains": ["ebs", "rds"]}}, [f"{OTHER}_us-west-2"]),
        ({"services_enabled": {"$contains": "tape"}}, []),
    ],
)
def test_filters(api: Api, wanted: dict[str, Any], found: list[str]) -> None:
    api.create()
    api.create(region="us-east-1", services_enabled=["discover"], protect_asset_types_enabled=["EBS"])
    api.create(OTHER, organizational_unit_id=RESEARCH, protect_asset_types_enabled=["EC2/EBS", "RDS"])
    api.aws.seen = Verification(account_alias="prod-alias")
    api.hand_in()
    api.clock.now += 5
    api.get()
    page = api.get(f"/connections/aws?filter={quote(json.dumps(wanted))}")
    assert [item["id"] for item in page["_embedded"]["items"]] == found
    assert json.loads(page["filter_applied"]) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"account_native_id":"111122223333"}',
        '{"account_native_id":{"$eq":"111122223333"}}',
        '{"token":{"$in":["x"]}}',
        '{"account_native_id":{"$in":"111122223333"}}',
        '{"account_native_id":{"$begins_with":["1111"]}}',
    ],
)
def test_filters_that_cannot_be(api: Api, text: str) -> None:
    api.create()
    assert refusal(api.call("GET", f"/connections/aws?filter={quote(text)}"))[0] == 400


# ---- states


def states(connection: Any) -> tuple[str, str, str]:
    return connection["connection_status"], connection["ingestion_status"], connection["target_setup_status"]


CONNECTING = ("connecting", "initial", "initial")
INGESTING = ("connected", "in_progress", "in_progress")
DONE = ("connected", "completed", "completed")


def test_nothing_is_looked_at_before_arns_are_handed_in(api: Api) -> None:
    api.create()
    api.call("PATCH", PATH, {"description": "only"})
    api.clock.now += 1000
    assert states(api.get()) == CONNECTING
    assert api.aws.looks == []


def test_a_connection_connects_and_ingests(api: Api) -> None:
    api.create()
    assert states(api.hand_in()) == CONNECTING
    api.clock.now += 4.9
    assert states(api.get()) == CONNECTING
    assert api.aws.looks == []
    api.clock.now += 0.1
    assert states(api.get()) == INGESTING
    api.clock.now += 9.9
    assert states(api.get()) == INGESTING
    api.clock.now += 0.1
    assert states(api.get()) == DONE


def test_ingestion_ends_for_lists_too(api: Api) -> None:
    api.create()
    api.hand_in()
    api.clock.now += 5
    api.get()
    api.clock.now += 10
    assert states(api.get("/connections/aws")["_embedded"]["items"][0]) == DONE


def test_clumio_looks_at_what_was_handed_in(api: Api) -> None:
    api.create()
    api.hand_in()
    api.clock.now += 5
    api.get()
    assert api.aws.looks[0].resources == ARNS
    assert api.aws.looks[0].external_id == f"ExternalID_{TOKEN}"


def test_a_connection_that_does_not_verify_keeps_connecting_until_it_does(api: Api) -> None:
    api.create()
    api.hand_in()
    api.aws.seen = Verification(("no such role",))
    api.clock.now += 5
    assert states(api.get()) == CONNECTING
    assert api.control("connections")["connections"][0]["findings"] == ["no such role"]
    api.aws.seen = Verification()
    assert states(api.get()) == INGESTING
    assert api.control("connections")["connections"][0]["findings"] == []


def test_a_connection_that_breaks_is_unlinked_and_recovers(api: Api) -> None:
    api.create()
    api.hand_in()
    api.clock.now += 5
    api.get()
    api.clock.now += 10
    assert states(api.get()) == DONE
    api.aws.seen = Verification(("no such topic",))
    broken = api.get()
    assert states(broken) == ("unlinked", "failed", "completed")
    assert broken["config"] is None
    api.aws.seen = Verification()
    assert states(api.get()) == ("connected", "in_progress", "completed")
    api.clock.now += 10
    assert states(api.get()) == DONE


def test_a_connection_tells_the_permissions_that_were_seen(api: Api) -> None:
    api.create()
    api.hand_in()
    api.clock.now += 5
    api.aws.seen = Verification(permission_set="inventory_backup")
    first = api.get()
    assert (first["connection_status"], first["template_permission_set"]) == ("connected", "inventory_backup")
    # What is not as it must be says nothing about what was meant.
    api.aws.seen = Verification(("The role is gone.",))
    broken = api.get()
    assert (broken["connection_status"], broken["template_permission_set"]) == ("unlinked", "inventory_backup")
    api.aws.seen = Verification()
    last = api.get()
    assert (last["connection_status"], last["template_permission_set"]) == ("connected", "all")
    assert int(last["_etag"]) > int(broken["_etag"])


def test_new_arns_are_looked_at_after_the_delay_and_states_stay_until_then(api: Api) -> None:
    api.create()
    api.hand_in()
    api.clock.now += 5
    api.get()
    api.aws.seen = Verification(("no such rule",))
    assert states(api.hand_in(assets=["EBS", "S3", "RDS"])) == INGESTING
    assert states(api.get()) == INGESTING
    api.clock.now += 5
    assert api.get()["connection_status"] == "unlinked"


def test_what_was_seen_says_nothing_about_arns_handed_in_meanwhile(api: Api) -> None:
    api.create()
    api.hand_in()
    api.clock.now += 5

    def meanwhile() -> None:
        api.aws.meanwhile = None
        api.clock.now += 1
        api.hand_in()

    api.aws.meanwhile = meanwhile
    assert states(api.get()) == CONNECTING
    api.clock.now += 5
    assert states(api.get()) == INGESTING


def test_the_etag_changes_with_the_connection_and_only_then(api: Api) -> None:
    api.create()
    tags = [api.get()["_etag"], api.get()["_etag"]]
    api.hand_in()
    tags.append(api.get()["_etag"])
    api.clock.now += 5
    tags += [api.get()["_etag"], api.get()["_etag"]]
    api.clock.now += 10
    tags += [api.get()["_etag"], api.get()["_etag"]]
    assert [tag == tags[0] for tag in tags[:2]] == [True, True]
    assert len(set(tags)) == 4


# ---- environments, organizational units and tasks


def test_an_organizational_unit_that_is_not_there(api: Api) -> None:
    body = {"account_native_id": ACCOUNT, "aws_region": "us-west-2"}
    unknown = body | {"organizational_unit_id": "none"}
    assert refusal(api.call("POST", "/connections/aws", unknown)) == (
        400,
        ["The organizational unit 'none' does not exist."],
    )
    assert refusal(api.call("GET", "/connections/aws", **{UNIT_HEADER: "none"}))[0] == 403
    assert refusal(api.call("GET", "/organizational-units/none"))[0] == 404
    assert refusal(api.call("PATCH", "/organizational-units/none", {}))[0] == 404


def test_organizational_units_are_a_tree(api: Api) -> None:
    page = api.get("/organizational-units")
    rows = page["_embedded"]["items"]
    assert {row["name"]: (row["id"], row["parent_id"], row["children_count"]) for row in rows} == {
        "Global Organizational Unit": (DEFAULT_UNIT, None, 2),
        "Finance": (FINANCE, DEFAULT_UNIT, 1),
        "Payroll": (PAYROLL, FINANCE, 0),
        "Research": (RESEARCH, DEFAULT_UNIT, 0),
    }
    assert set(rows[0]["descendant_ids"]) == {FINANCE, PAYROLL, RESEARCH}
    assert shape(api.get(f"/organizational-units/{FINANCE}")) == UNIT_SHAPE


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"id": {"$in": [RESEARCH, PAYROLL]}}, ["Payroll", "Research"]),
        ({"name": {"$contains": "ear"}}, ["Research"]),
        ({"parent_id": {"$eq": FINANCE}}, ["Payroll"]),
    ],
)
def test_filters_of_organizational_units(api: Api, wanted: dict[str, Any], names: list[str]) -> None:
    page = api.get(f"/organizational-units?filter={quote(json.dumps(wanted))}")
    assert [row["name"] for row in page["_embedded"]["items"]] == names


def test_the_resource_of_organizational_units_has_two_versions_and_this_is_the_second(api: Api) -> None:
    accept = "application/api.clumio.organizational-units=v1+json"
    assert refusal(api.call("GET", "/organizational-units", Accept=accept))[0] == 406


def test_an_environment_is_there_once_clumio_is_connected(api: Api) -> None:
    api.create()
    api.hand_in()
    assert api.get("/datasources/aws/environments")["_embedded"]["items"] == []
    api.clock.now += 5
    api.get()
    [row] = api.get("/datasources/aws/environments")["_embedded"]["items"]
    assert shape(row) == ENVIRONMENT_SHAPE
    assert (row["connection_id"], row["connection_status"]) == (CONNECTION, "installed")
    assert api.get(f"/datasources/aws/environments/{row['id']}") == row
    api.aws.seen = Verification(("gone",))
    api.get()
    assert api.get(f"/datasources/aws/environments/{row['id']}")["connection_status"] == "unlinked"
    api.call("DELETE", PATH)
    assert refusal(api.call("GET", f"/datasources/aws/environments/{row['id']}"))[0] == 404


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"account_native_id": {"$eq": ACCOUNT}, "aws_region": {"$eq": "us-west-2"}}, 1),
        ({"account_native_id": {"$eq": "1"}}, 0),
        ({"account_native_id": {"$begins_with": "1"}}, 1),
        ({"aws_region": {"$eq": "us-east-1"}}, 0),
        ({"connection_status": {"$eq": "installed"}}, 1),
        ({"services_enabled": {"$contains": "EBS"}}, 1),
    ],
)
def test_filters_of_environments(api: Api, wanted: dict[str, Any], count: int) -> None:
    api.connect()
    page = api.get(f"/datasources/aws/environments?filter={quote(json.dumps(wanted))}")
    assert page["current_count"] == count


def test_environments_are_found_by_equality_and_not_by_lists(api: Api) -> None:
    wanted = quote(json.dumps({"account_native_id": {"$in": [ACCOUNT]}}))
    assert refusal(api.call("GET", f"/datasources/aws/environments?filter={wanted}"))[0] == 400


def test_moving_down_and_up_is_a_task(api: Api) -> None:
    environment = api.connect()
    for operation, unit, arrived in [
        ("add", FINANCE, FINANCE),
        ("add", PAYROLL, PAYROLL),
        ("remove", PAYROLL, FINANCE),
        ("remove", FINANCE, DEFAULT_UNIT),
    ]:
        before, tag = api.get()["organizational_unit_id"], api.get()["_etag"]
        answer = api.move(operation, unit, environment)
        assert answer.status_code == 202
        task = answer.json()["task_id"]
        assert shape(api.get(f"/tasks/{task}")) == TASK_SHAPE
        assert api.get(f"/tasks/{task}")["status"] == "queued"
        api.clock.now += 2
        assert api.get(f"/tasks/{task}")["status"] == "in_progress"
        assert api.get()["organizational_unit_id"] == before
        assert refusal(api.move(operation, unit, environment))[0] == 409
        api.clock.now += 2
        assert api.get(f"/tasks/{task}")["status"] == "completed"
        assert api.get()["organizational_unit_id"] == arrived
        assert api.get()["_etag"] != tag


@pytest.mark.parametrize(
    ("operation", "unit"),
    [("add", PAYROLL), ("add", DEFAULT_UNIT), ("remove", FINANCE), ("remove", DEFAULT_UNIT)],
)
def test_moves_that_are_not_one_level(api: Api, operation: str, unit: str) -> None:
    environment = api.connect()
    status, messages = refusal(api.move(operation, unit, environment))
    assert status == 400
    assert "one organizational unit up or down" in messages[0]


def test_moves_of_what_cannot_be_moved(api: Api) -> None:
    path = f"/organizational-units/{FINANCE}"
    item = {"primary_entity": {"id": "none", "type": "aws_environment"}}
    for entities, count in [
        ({"add": [item], "remove": None}, 1),
        ({"add": [{"primary_entity": {"id": "none", "type": "vmware_vm"}}, item]}, 2),
        ({"add": [None]}, 1),
        ({"add": CONNECTION}, 1),
        ({"move": [item]}, 1),
    ]:
        status, messages = refusal(api.call("PATCH", path, {"entities": entities}))
        assert (status, len(messages)) == (400, count)
    assert refusal(api.call("PATCH", path, {"users": {"add": []}}))[0] == 400


def test_renaming_an_organizational_unit_is_no_task(api: Api) -> None:
    body = {"name": "Money", "description": "d", "entities": None, "users": None}
    answer = api.call("PATCH", f"/organizational-units/{FINANCE}", body)
    assert (answer.status_code, answer.json()["name"]) == (200, "Money")
    assert "task_id" not in answer.json()
    assert api.get(f"/organizational-units/{FINANCE}")["description"] == "d"


def test_an_unknown_task_is_not_found(api: Api) -> None:
    assert refusal(api.call("GET", "/tasks/none")) == (404, ["The task does not exist."])


# ---- settings


def test_settings_change_only_what_they_name(api: Api) -> None:
    api.set(throttle={"a": {"times": 1}}, connect_delay=1)
    changed = api.set(throttle={"b": {"times": 2, "retry_after": 3}}, failing={"a": {"ingestion_status": "failed"}})
    assert changed == api.control("settings")
    assert changed == {
        "connect_delay": 1,
        "ingest_delay": 10,
        "task_delay": 4,
        "delays": {},
        "throttle": {"a": {"times": 1}, "b": {"times": 2, "retry_after": 3}},
        "failing": {"a": {"ingestion_status": "failed"}},
        "findings": {},
        "faults": {},
    }
    assert api.set(throttle={"a": None})["throttle"].keys() == {"b"}


@pytest.mark.parametrize(
    "settings",
    [
        "{",
        [],
        {"latency": 1},
        {"connect_delay": -1},
        {"connect_delay": True},
        {"connect_delay": None},
        {"task_delay": "1"},
        {"throttle": 1},
        {"throttle": {"a": {"retry_after": 1}}},
        {"throttle": {"a": {"times": 1, "retry_after": 0.5}}},
        {"throttle": {"a": {"times": 1, "status": 503}}},
        {"delays": {"a": {"latency": 1}}},
        {"failing": {"a": {"connection_status": "failed"}}},
        {"failing": {"a": {"ingestion_status": "aborted"}}},
        {"findings": {"a": "gone"}},
        {"faults": []},
        {"faults": {"a": {"kind": "cut"}}},
        {"faults": {"a": [{"kind": "fire"}]}},
        {"faults": {"a": [{"kind": "error", "status": 0}]}},
    ],
)
def test_settings_that_cannot_be(api: Api, settings: Any) -> None:
    before = api.control("settings")
    answer = api.call("PUT", "/_sandbox/settings", settings, Authorization="", Accept="")
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert api.control("settings") == before


def test_a_throttled_connection_answers_so_often_that_it_is_too_much(api: Api) -> None:
    api.create()
    api.create(region="us-east-1")
    api.set(throttle={CONNECTION: {"times": 2, "retry_after": 7}})
    first = api.call("GET", PATH)
    assert refusal(first) == (429, ["Too many requests."])
    assert first.headers["Retry-After"] == "7"
    assert api.call("GET", f"/connections/aws/{ACCOUNT}_us-east-1").status_code == 200
    assert api.call("PATCH", PATH, {"description": "not taken"}).status_code == 429
    assert api.get()["description"] == ""
    api.set(throttle={CONNECTION: {"times": 1}})
    assert "Retry-After" not in api.call("GET", PATH).headers


def test_delays_of_one_connection(api: Api) -> None:
    api.set(delays={CONNECTION: {"connect_delay": 20, "ingest_delay": 0}})
    api.create()
    api.hand_in()
    api.clock.now += 19
    assert states(api.get()) == CONNECTING
    api.clock.now += 1
    assert api.get()["connection_status"] == "connected"
    assert states(api.get()) == DONE


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ({"ingestion_status": "failed"}, ("connected", "failed", "completed")),
        ({"target_setup_status": "failed"}, ("connected", "completed", "failed")),
    ],
)
def test_preparations_that_fail(api: Api, failing: dict[str, str], expected: tuple[str, str, str]) -> None:
    api.set(failing={CONNECTION: failing})
    api.connect()
    assert states(api.get()) == INGESTING
    api.clock.now += 10
    assert states(api.get()) == expected
    api.set(failing={CONNECTION: None})
    assert states(api.get()) == DONE


@pytest.mark.parametrize("end", ["failed", "aborted"])
def test_a_task_that_fails_moves_nothing(api: Api, end: str) -> None:
    api.set(failing={CONNECTION: {"task_status": end}}, delays={CONNECTION: {"task_delay": 1}})
    task = api.move("add", FINANCE, api.connect()).json()["task_id"]
    api.clock.now += 1
    assert api.get(f"/tasks/{task}")["status"] == end
    assert api.get()["organizational_unit_id"] == DEFAULT_UNIT


def test_what_clumio_sees_can_be_told(api: Api) -> None:
    api.aws.seen = Verification(("The account is empty.",))
    api.set(findings={CONNECTION: []})
    api.connect()
    api.set(findings={CONNECTION: ["The role is gone."]})
    assert api.get()["connection_status"] == "unlinked"
    assert api.aws.looks == []
    api.set(findings={CONNECTION: None})
    assert api.get()["connection_status"] == "unlinked"
    assert len(api.aws.looks) == 1


# ---- faults of single calls


def fault(api: Api, *faults: dict[str, Any], connection: str = CONNECTION) -> None:
    api.set(faults={connection: [*faults]})


@pytest.mark.parametrize(("kind", "is_there"), [("cut", False), ("cut_after", True)])
def test_a_call_whose_connection_is_cut(api: Api, kind: str, is_there: bool) -> None:
    fault(api, {"kind": kind, "calls": "POST /connections/aws"})
    with pytest.raises(requests.ConnectionError):
        api.create()
    assert bool(api.control("connections")["connections"]) is is_there
    assert [(call["method"], call["status"]) for call in api.control("calls")["calls"]] == [("POST", 0)]
    assert api.call("GET", PATH).status_code == (200 if is_there else 404)


@pytest.mark.parametrize(("kind", "is_there"), [("hold", True), ("hold_after", False)])
def test_a_call_that_is_never_answered(api: Api, kind: str, is_there: bool) -> None:
    api.create()
    fault(api, {"kind": kind, "calls": "DELETE *"})
    with pytest.raises(requests.ReadTimeout):
        api.call("DELETE", PATH, patience=0.3)
    assert api.call("GET", PATH).status_code == (200 if is_there else 404)


def test_a_call_that_fails_is_not_carried_out(api: Api) -> None:
    fault(api, {"kind": "error", "status": 503, "message": "Not now."})
    answer = api.call("POST", "/connections/aws", {"account_native_id": ACCOUNT, "aws_region": "us-west-2"})
    assert refusal(answer) == (503, ["Not now."])
    assert api.control("connections")["connections"] == []


def test_an_answer_of_the_tests_own(api: Api) -> None:
    fault(api, {"kind": "answer", "calls": f"GET {PATH}", "answer": {"id": None}})
    assert api.get() == {"id": None}
    assert api.call("GET", PATH).status_code == 404


def test_a_rival_was_there_just_before(api: Api) -> None:
    fault(api, {"kind": "rival", "calls": "POST *"})
    body = {"account_native_id": ACCOUNT, "aws_region": "us-west-2"}
    status, _messages = refusal(api.call("POST", "/connections/aws", body))
    assert status == 409
    assert [row["id"] for row in api.control("connections")["connections"]] == [CONNECTION]


def test_faults_are_counted_by_connection_from_when_they_are_set_and_end_with_a_reset(api: Api) -> None:
    api.create()
    api.create(region="us-east-1")
    for _ in range(2):
        fault(api, {"kind": "error", "calls": "GET *", "skip": 1})
        fault(api, {"kind": "error", "calls": "PATCH *", "times": 0}, connection=f"{ACCOUNT}_us-east-1")
        assert [api.call("GET", PATH).status_code for _ in range(3)] == [200, 500, 200]
    fault(api, {"kind": "error", "times": 0})
    api.call("POST", "/_sandbox/reset")
    assert api.call("GET", PATH).status_code == 404


# ---- control


def test_control_shows_connections_with_their_external_ids(api: Api) -> None:
    api.create()
    [shown] = api.control("connections")["connections"]
    assert shape(shown) == CONNECTION_SHAPE | {"external_id": str, "_etag": str, "findings": []}


def test_control_shows_the_calls_of_the_api_and_forgets_them(api: Api) -> None:
    api.create()
    api.call("GET", "/connections/aws/none?return_external_id=true")
    api.call("GET", "/connections/aws", Authorization="")
    assert api.control("calls")["calls"] == [
        {"method": "POST", "path": "/connections/aws", "query": {}, "status": 200},
        {"method": "GET", "path": "/connections/aws/none", "query": {"return_external_id": "true"}, "status": 404},
        {"method": "GET", "path": "/connections/aws", "query": {}, "status": 401},
    ]
    api.call("PATCH", f"/organizational-units/{FINANCE}", {"name": "Money"})
    before = api.control("settings")
    api.set(throttle={CONNECTION: {"times": 3}}, connect_delay=0)
    assert api.call("POST", "/_sandbox/reset").status_code == 200
    assert api.control("settings") == before
    assert api.control("calls") == {"calls": []}
    assert api.control("connections") == {"connections": []}
    assert api.get(f"/organizational-units/{FINANCE}")["name"] == "Finance"


def test_links_can_be_followed(api: Api) -> None:
    api.create()
    api.create(region="us-east-1")
    page = api.get("/connections/aws?limit=1")
    following = api.get(page["_links"]["_next"]["href"])
    assert following["_links"]["_self"] == page["_links"]["_next"]
    assert dict(parse_qsl(urlsplit(following["_links"]["_self"]["href"]).query))["start"] == following["start"]
