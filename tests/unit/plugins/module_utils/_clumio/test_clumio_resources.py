# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The resources of Clumio's API, and the lists they come in."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._clumio import (
    connections,
    environments,
    organizational_units,
    pages,
    regions,
    tasks,
    templates,
)
from ansible_collections.clumio.aws.plugins.module_utils._clumio.client import ApiError

CONNECTION = {"id": "111122223333_us-west-2", "token": "0f1e2d3c"}
NOT_FOUND = {"errors": [{"error_code": 404, "error_message": "The AWS connection does not exist."}]}


def page(*ids, next_href=None):
    return {
        "_embedded": {"items": [{"id": id_} for id_ in ids]},
        "_links": {"_next": None if next_href is None else {"href": next_href}},
    }


def sent(server):
    call = server.calls[-1]
    return call.method, call.path, json.loads(call.body) if call.body else None


def accepted(server):
    return server.calls[-1].headers["Accept"]


# ---- connections


def test_read(server, client):
    connection = CONNECTION | {"id": "111122223333_us/west 2"}
    server.reply(body=connection)
    assert connections.read(client, "111122223333_us/west 2") == connection
    assert sent(server) == ("GET", "/connections/aws/111122223333_us%2Fwest%202?return_external_id=true", None)
    assert accepted(server) == "application/api.clumio.aws-connections=v1+json"


def test_read_of_nothing(server, client):
    server.reply(404, NOT_FOUND)
    assert connections.read(client, "x") is None


def test_read_does_not_take_a_foreign_404_for_no_connection(server, client):
    server.reply(404, b"<html>nothing here</html>", {"Content-Type": "text/html"})
    with pytest.raises(ApiError) as raised:
        connections.read(client, "x")
    assert raised.value.code == "api_answer_not_json"


ANSWERS_OF_SOMETHING_ELSE = {
    "nothing": ({}, "no connection: its id is null"),
    "no token": ({"id": CONNECTION["id"]}, "no connection: its token is null"),
    "no id": ({"id": None, "token": "y"}, "no connection: its id is null"),
    "empty id": ({"id": "", "token": "y"}, "no connection: its id is empty"),
    "number as id": ({"id": 1, "token": "y"}, "no connection: its id is a number"),
    "list as status": (CONNECTION | {"connection_status": ["connected"]}, "its connection_status is a list"),
    "status of two lines": (
        CONNECTION | {"connection_status": "a\nb"},
        "its connection_status is text of another kind",
    ),
    "status that moves the cursor": (CONNECTION | {"ingestion_status": "\x1b[2J"}, "its ingestion_status is text of"),
    "status that is too long": (CONNECTION | {"connection_status": "x" * 2049}, "its connection_status is text of"),
    "number as description": (CONNECTION | {"description": 1}, "its description is a number"),
    "text as asset types": (
        CONNECTION | {"protect_asset_types_enabled": "EBS"},
        "is text of another kind where a list",
    ),
    "numbers as asset types": (CONNECTION | {"protect_asset_types_enabled": [1]}, "is a list where a list of texts"),
    "list as configuration": (CONNECTION | {"config": []}, "its config is a list"),
    "number of asset types": (CONNECTION | {"protect": {"asset_types_enabled": 5}}, "its protect is an object where"),
    "list as resources": (CONNECTION | {"resources": ["arn"]}, "its resources is a list"),
    "number as ARN": (CONNECTION | {"resources": {"event_rules": {"cloudtrail_rule_arn": 1}}}, "its resources is an"),
    "another connection": (CONNECTION | {"id": "999988887777_us-west-2"}, "another connection: its id is 9999"),
    "another account": (CONNECTION | {"account_native_id": "999988887777"}, "its account_native_id is 999988887777"),
    "another region": (CONNECTION | {"aws_region": "us-east-1"}, "its aws_region is us-east-1"),
}


@pytest.mark.parametrize(("answer", "said"), ANSWERS_OF_SOMETHING_ELSE.values(), ids=ANSWERS_OF_SOMETHING_ELSE)
def test_an_answer_that_is_not_the_connection(server, client, answer, said):
    server.reply(body=answer)
    for call in (
        lambda: connections.read(client, CONNECTION["id"]),
        lambda: connections.create(client, "111122223333", "us-west-2"),
        lambda: connections.update(client, CONNECTION["id"], description=""),
    ):
        with pytest.raises(ApiError, match=r"no connection|another connection") as raised:
            call()
        assert raised.value.code == "api_answer_unexpected"
        assert said in raised.value.message


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1},
        {"token": []},
        {"protect_asset_types_enabled": 7},
        {"account_native_id": "444455556666"},
        {"aws_region": "us-east-1"},
    ],
)
def test_a_row_that_is_no_connection_or_was_not_asked_for(server, client, row):
    server.reply(body={"_embedded": {"items": [row]}})
    wanted = {"account_native_id": {"$in": ["111122223333"]}, "aws_region": {"$in": ["us-west-2"]}}
    with pytest.raises(ApiError) as raised:
        connections.list_all(client, wanted)
    assert raised.value.code == "api_answer_unexpected"


@pytest.mark.parametrize(
    ("options", "description", "types", "unit"),
    [
        ({}, None, None, None),
        (
            {"description": "d", "types": ("ebs", "dynamodb"), "organizational_unit_id": "u"},
            "d",
            ["EBS", "DynamoDB"],
            "u",
        ),
    ],
)
def test_create(server, client, options, description, types, unit):
    server.reply(201, CONNECTION)
    assert connections.create(client, "111122223333", "us-west-2", **options) == CONNECTION
    body = {
        "account_native_id": "111122223333",
        "aws_region": "us-west-2",
        "description": description,
        "organizational_unit_id": unit,
        "protect_asset_types_enabled": types,
    }
    assert sent(server) == ("POST", "/connections/aws", body)


@pytest.mark.parametrize(
    ("options", "types", "resources"),
    [
        ({}, None, None),
        ({"types": ("ebs", "FSX", "New"), "resources": {"a": "b"}}, ["EBS", "New"], {"a": "b"}),
    ],
)
def test_update(server, client, options, types, resources):
    server.reply(body=CONNECTION)
    connections.update(client, CONNECTION["id"], description="d", **options)
    body = {"asset_types_enabled": types, "description": "d", "resources": resources}
    assert sent(server) == ("PATCH", f"/connections/aws/{CONNECTION['id']}", body)


@pytest.mark.parametrize(("status", "body", "deleted"), [(200, {}, True), (204, b"", True), (404, NOT_FOUND, False)])
def test_delete(server, client, status, body, deleted):
    server.reply(status, body)
    assert connections.delete(client, "x_y") is deleted
    assert sent(server) == ("DELETE", "/connections/aws/x_y", None)


def test_delete_refused(server, client):
    server.reply(403, {})
    with pytest.raises(ApiError, match="refused the API token"):
        connections.delete(client, "x_y")


def test_list_all_filters(server, client):
    server.reply(body=page("a"))
    wanted = {"account_native_id": {"$in": ["111122223333", "444455556666"]}, "connection_status": {"$eq": "connected"}}
    assert connections.list_all(client, wanted) == [{"id": "a"}]
    query = parse_qs(urlsplit(server.calls[0].path).query)
    assert json.loads(query["filter"][0]) == wanted


# ---- lists


def test_list_of_several_pages_uses_the_token_as_it_is(server, client):
    server.reply(body=page("a", "b", next_href="/connections/aws?limit=100&start=eyJwIjoyfQ%3D%3D&x=1#end"))
    server.reply(body=page("c", next_href="/connections/aws?start=a+b/c%252F"))
    server.reply(body=page("d"))
    wanted = {"aws_region": {"$in": ["us-west-2"]}}
    assert [row["id"] for row in connections.list_all(client, wanted)] == ["a", "b", "c", "d"]
    first = "/connections/aws?limit=100&filter=%7B%22aws_region%22%3A+%7B%22%24in%22%3A+%5B%22us-west-2%22%5D%7D%7D"
    assert [call.path for call in server.calls] == [
        first,
        f"{first}&start=eyJwIjoyfQ%3D%3D",
        f"{first}&start=a+b/c%252F",
    ]


@pytest.mark.parametrize(
    "last",
    [
        {"_embedded": None, "_links": None},
        {"_embedded": {"items": None}, "_links": {}},
        {"_embedded": {"items": []}, "_links": {"_next": {"href": None}}},
        {"_embedded": {"items": []}, "_links": {"_next": {"href": "/connections/aws?limit=2&start="}}},
    ],
)
def test_empty_last_page(server, client, last):
    server.reply(body=last)
    assert connections.list_all(client) == []
    assert server.calls[0].path == "/connections/aws?limit=100"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        {},
        {"_embedded": ["a"]},
        {"_embedded": {"items": ["a"]}},
        {"_embedded": {"items": {"a": 1}}},
        {"_embedded": {"items": 7}},
        {"_embedded": {}, "_links": ["a"]},
        {"_embedded": {}, "_links": {"_next": "/connections/aws/regions?start=2"}},
        {"_embedded": {}, "_links": {"_next": {"href": 2}}},
        {"_embedded": {}, "_links": {"_next": {"href": "/connections/aws/regions?page=2"}}},
        {"_embedded": {}, "_links": {"_next": {"href": "?start=a b"}}},
        {"_embedded": {}, "_links": {"_next": {"href": f"?start={'x' * 2049}"}}},
    ],
)
def test_page_of_something_else(server, client, body):
    server.reply(body=body)
    with pytest.raises(ApiError) as raised:
        regions.list_all(client)
    assert raised.value.code == "api_answer_unexpected"


def test_endless_pages_that_repeat(server, client):
    server.reply(body=page("a", next_href="?start=2"))
    server.reply(body=page("b", next_href="?start=3"))
    server.reply(body=page("a", next_href="?start=2"))
    with pytest.raises(ApiError, match="has no end") as raised:
        regions.list_all(client)
    assert raised.value.code == "api_endless_pages"
    assert len(server.calls) == 3


def test_endless_pages_that_go_on(server, client, monkeypatch):
    monkeypatch.setattr(pages, "MAX_PAGES", 5)
    for number in range(2, 9):
        server.reply(body=page("a", next_href=f"?start={number}"))
    with pytest.raises(ApiError, match="more than 5 pages"):
        regions.list_all(client)
    assert len(server.calls) == 5


def endless(server):
    """Pages of a megabyte that have no end."""
    for number in range(2, 99):
        server.reply(body=page("a" * 1024**2, next_href=f"?start={number}"))


def test_endless_pages_that_fill_the_memory(server, client, monkeypatch):
    monkeypatch.setattr(pages, "MAX_BYTES", 3 * 1024**2)
    endless(server)
    with pytest.raises(ApiError, match="3 MiB") as raised:
        regions.list_all(client)
    assert raised.value.code == "api_endless_pages"
    assert len(server.calls) == 3


def test_endless_pages_that_take_their_time(server, client, clock, monkeypatch):
    endless(server)
    request = client.request

    def slowly(*arguments, **more):
        clock.now += 250
        return request(*arguments, **more)

    monkeypatch.setattr(client, "request", slowly)
    with pytest.raises(ApiError, match="longer than 600 s"):
        regions.list_all(client)
    assert len(server.calls) == 3


def test_a_next_page_elsewhere_is_asked_for_here(server, client):
    """A link may lead anywhere; the token goes to the one server that it is for."""
    server.reply(body=page("a", next_href="https://elsewhere.example.com/steal?start=2"))
    server.reply(body=page("b"))
    assert [row["id"] for row in regions.list_all(client)] == ["a", "b"]
    assert [call.path for call in server.calls] == [
        "/connections/aws/regions?limit=100",
        "/connections/aws/regions?limit=100&start=2",
    ]


def test_regions(server, client):
    server.reply(body=page("us-west-2"))
    assert regions.list_all(client) == [{"id": "us-west-2"}]
    assert accepted(server) == "application/api.clumio.aws-regions=v1+json"
    assert server.calls[0].path == "/connections/aws/regions?limit=100"


# ---- organizational units, environments and tasks


def test_organizational_units(server, client):
    rows = [{"id": "a"}, {"id": "b", "name": "Fi\u00adnance\n\x1b[2J" + "x" * 300, "parent_id": "a"}]
    server.reply(body={"_embedded": {"items": rows}})
    shown = organizational_units.list_all(client)
    assert shown[0] == {"id": "a", "name": ""}
    assert shown[1]["name"].startswith(r"Fi\xadnance\n\x1b[2Jxxx")
    assert len(shown[1]["name"]) == 200
    assert accepted(server) == "application/api.clumio.organizational-units=v2+json"


@pytest.mark.parametrize("operation", ["add", "remove"])
def test_move_of_an_environment(server, client, operation):
    server.reply(202, {"id": "a/b", "task_id": "t"})
    assert organizational_units.move(client, "a/b", operation, "e") == "t"
    body = {"entities": {operation: [{"primary_entity": {"id": "e", "type": "aws_environment"}}]}}
    assert sent(server) == ("PATCH", "/organizational-units/a%2Fb", body)
    assert accepted(server) == "application/api.clumio.organizational-units=v2+json"


@pytest.mark.parametrize(
    ("call", "row"),
    [
        (organizational_units.list_all, {"id": ["a"]}),
        (organizational_units.list_all, {"id": "a", "name": {}}),
        (organizational_units.list_all, {"id": "a", "parent_id": 1}),
        (lambda client: environments.find(client, "111122223333", "us-west-2"), {"id": {"a": 1}}),
    ],
)
def test_rows_of_something_else(server, client, call, row):
    server.reply(body={"_embedded": {"items": [row]}})
    with pytest.raises(ApiError) as raised:
        call(client)
    assert raised.value.code == "api_answer_unexpected"


@pytest.mark.parametrize("status", [["completed"], 1, {}, "a\nb"])
def test_a_task_of_something_else(server, client, status):
    server.reply(body={"status": status})
    with pytest.raises(ApiError) as raised:
        tasks.read(client, "t")
    assert raised.value.code == "api_answer_unexpected"


@pytest.mark.parametrize("answer", [{}, {"task_id": None}, {"task_id": ""}, {"task_id": 1}])
def test_move_that_names_no_task(server, client, answer):
    server.reply(body=answer)
    with pytest.raises(ApiError, match="no account of a task") as raised:
        organizational_units.move(client, "a", "add", "e")
    assert raised.value.code == "api_answer_unexpected"


@pytest.mark.parametrize(("ids", "found"), [(["e"], {"id": "e"}), ([], None), ([None, "e"], {"id": "e"})])
def test_environment(server, client, ids, found):
    server.reply(body=page(*ids))
    assert environments.find(client, "111122223333", "us-west-2") == found
    query = parse_qs(urlsplit(server.calls[0].path).query)
    assert json.loads(query["filter"][0]) == {
        "account_native_id": {"$eq": "111122223333"},
        "aws_region": {"$eq": "us-west-2"},
    }
    assert accepted(server) == "application/api.clumio.aws-environments=v1+json"


@pytest.mark.parametrize("end", ["completed", "failed", "aborted"])
def test_wait_for_a_task(server, client, clock, end):
    for status in ("queued", "in_progress", "a_new_one", "aborting", end):
        server.reply(body={"id": "t", "status": status})
    assert tasks.wait(client, "t/x", 600, clock=clock, sleep=clock.sleep) == end
    assert tasks.ended(end)
    assert clock.slept == [0.25, 0.5, 1, 2]
    assert sent(server) == ("GET", "/tasks/t%2Fx", None)
    assert accepted(server) == "application/api.clumio.tasks=v1+json"


def test_wait_for_a_task_ends_with_the_time(server, client, clock):
    server.reply(body={"status": "in_progress"})
    assert tasks.wait(client, "t", 20, clock=clock, sleep=clock.sleep) == "in_progress"
    assert not tasks.ended("in_progress")
    assert sum(clock.slept) == 20
    assert max(clock.slept) == 5


def test_no_time_to_wait_is_one_look(server, client, clock):
    server.reply(body={"status": None})
    assert tasks.wait(client, "t", 0, clock=clock, sleep=clock.sleep) == "None"
    assert (len(server.calls), clock.slept) == (1, [])


# ---- what is shown of a connection


@pytest.mark.parametrize(
    ("answer", "options", "shown"),
    [
        ({"token": "t", "external_id": "e"}, {}, {"external_id": "e"}),
        ({"token": "t", "external_id": ""}, {}, {"external_id": "ExternalID_t"}),
        ({"token": "t"}, {}, {"external_id": "ExternalID_t"}),
        ({"token": "t"}, {"with_external_id": False}, {"external_id": None}),
        ({"token": "t", "external_id": "e"}, {"with_external_id": False}, {"external_id": "e"}),
        ({"token": None}, {}, {"external_id": None}),
        ({"data_plane_account_id": None}, {}, {"data_plane_account_id": "*"}),
        ({"data_plane_account_id": "888877776666"}, {}, {"data_plane_account_id": "888877776666"}),
        ({}, {}, {"asset_types": []}),
        ({"protect_asset_types_enabled": ["S3", "EC2/EBS"], "config": None}, {}, {"asset_types": ["ebs", "s3"]}),
        ({"config": {"asset_types_enabled": ["ec2_mssql", "fsx"]}}, {}, {"asset_types": ["mssql", "fsx"]}),
        (
            {"protect_asset_types_enabled": ["RDS"], "config": {}, "protect": {"asset_types_enabled": ["ebs", "rds"]}},
            {},
            {"asset_types": ["ebs", "rds"]},
        ),
        (
            {"description": "d", "connection_status": "new_one"},
            {},
            {"description": "d", "connection_status": "new_one"},
        ),
    ],
)
def test_view(answer, options, shown):
    view = connections.view(answer, **options)
    assert {member: view[member] for member in shown} == shown


def test_view_leaves_out_what_is_about_the_api():
    view = connections.view({"id": "x", "_links": {}, "_embedded": None, "_etag": "1"})
    assert set(view) == {"id", "external_id", "data_plane_account_id", "asset_types", "explanation"}


@pytest.mark.parametrize("status", ["connecting", "connected", "new_one", None])
def test_no_explanation_of_what_is_not_unlinked(status):
    assert connections.view({"connection_status": status})["explanation"] == ""


@pytest.mark.parametrize(
    ("manager", "way_out"),
    [
        ({}, "The playbook clumio.aws.validate tells what is wrong"),
        ({"stack_arn": "arn:of:stack"}, "Restore or update arn:of:stack"),
        ({"connection_group_id": "a-group"}, "Restore or update a-group"),
    ],
)
def test_explanation_of_an_unlinked_connection(manager, way_out):
    unlinked = {"connection_status": "unlinked", "account_native_id": "111122223333", "aws_region": "us-west-2"}
    told = connections.view(unlinked | manager)["explanation"]
    assert "lost its access to account 111122223333 in us-west-2" in told
    assert way_out in told


# ---- templates


def test_create_template(server, client):
    answer = {"resources": {"roles": {}}, "group_token": ""}
    server.reply(body=answer)
    assert templates.create(client, ("ebs", "mssql"), "111122223333", "us-west-2") == answer
    body = {
        "asset_types_enabled": ["EBS", "EC2MSSQL"],
        "aws_account_id": "111122223333",
        "aws_region": "us-west-2",
        "show_manual_resources": True,
        "template_permission_set": "all",
    }
    assert sent(server) == ("POST", "/connections/aws/templates?return_group_token=false", body)
    assert accepted(server) == "application/api.clumio.aws-templates=v1+json"


@pytest.mark.parametrize("answer", [{}, {"resources": None}, {"resources": "text"}])
def test_create_template_without_permissions_file(server, client, answer):
    server.reply(body=answer)
    with pytest.raises(ApiError, match="no permissions file for account 111122223333 in us-west-2") as raised:
        templates.create(client, ("ebs",), "111122223333", "us-west-2", "inventory_backup")
    assert raised.value.code == "api_no_permissions_file"
    assert json.loads(server.calls[0].body)["template_permission_set"] == "inventory_backup"
