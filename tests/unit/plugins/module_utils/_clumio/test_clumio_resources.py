# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections, templates and regions, and the lists they come in."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._clumio import connections, pages, regions, templates
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
    server.reply(body=CONNECTION)
    assert connections.read(client, "111122223333_us/west 2") == CONNECTION
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


@pytest.mark.parametrize("answer", [{}, {"id": "x"}, {"id": None, "token": "y"}])
def test_an_answer_without_id_or_token_is_no_connection(server, client, answer):
    server.reply(body=answer)
    for call in (
        lambda: connections.read(client, "x"),
        lambda: connections.create(client, "111122223333", "us-west-2"),
        lambda: connections.update(client, "x", description=""),
    ):
        with pytest.raises(ApiError, match="no connection") as raised:
            call()
        assert raised.value.code == "api_answer_unexpected"


@pytest.mark.parametrize(
    ("options", "description", "types"),
    [
        ({}, None, None),
        ({"description": "d", "types": ("ebs", "dynamodb")}, "d", ["EBS", "DynamoDB"]),
    ],
)
def test_create(server, client, options, description, types):
    server.reply(201, CONNECTION)
    assert connections.create(client, "111122223333", "us-west-2", **options) == CONNECTION
    body = {
        "account_native_id": "111122223333",
        "aws_region": "us-west-2",
        "description": description,
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
    connections.update(client, "x_y", description="d", **options)
    body = {"asset_types_enabled": types, "description": "d", "resources": resources}
    assert sent(server) == ("PATCH", "/connections/aws/x_y", body)


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
    wanted = {"account_native_id": ["111122223333", "444455556666"], "connection_status": ("connected",)}
    assert connections.list_all(client, wanted) == [{"id": "a"}]
    query = parse_qs(urlsplit(server.calls[0].path).query)
    assert json.loads(query["filter"][0]) == {
        "account_native_id": {"$in": ["111122223333", "444455556666"]},
        "connection_status": {"$in": ["connected"]},
    }


# ---- lists


def test_list_of_several_pages_uses_the_token_as_it_is(server, client):
    server.reply(body=page("a", "b", next_href="/connections/aws?limit=100&start=eyJwIjoyfQ%3D%3D&x=1#end"))
    server.reply(body=page("c", next_href="/connections/aws?start=a+b/c%252F"))
    server.reply(body=page("d"))
    wanted = {"aws_region": ["us-west-2"]}
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
        {},
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


@pytest.mark.parametrize("embedded", [["a"], {"items": ["a"]}, {"items": {"a": 1}}])
def test_page_of_something_else(server, client, embedded):
    server.reply(body={"_embedded": embedded})
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


def test_regions(server, client):
    server.reply(body=page("us-west-2"))
    assert regions.list_all(client) == [{"id": "us-west-2"}]
    assert accepted(server) == "application/api.clumio.aws-regions=v1+json"
    assert server.calls[0].path == "/connections/aws/regions?limit=100"


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
    assert set(view) == {"id", "external_id", "data_plane_account_id", "asset_types"}


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
