# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
import yaml
from clumio_helpers import running_clumio

from ansible_collections.clumio.aws.plugins.modules import clumio_connection, clumio_connection_info

PLACES = [("111122223333", "us-west-2"), ("111122223333", "eu-west-1"), ("044455556666", "us-west-2")]
RESEARCH = "7a2d4d1f-2e3c-4d4b-8f5a-1b2c3d4e5f60"
OPTIONS = {PLACES[1]: {"asset_types": ["ebs", "mssql"], "organizational_unit_id": RESEARCH}}
RESOURCES = {
    "clumio_iam_role_arn": "arn:aws:iam::044455556666:role/ClumioIAMRole",
    "clumio_event_pub_arn": "arn:aws:sns:us-west-2:044455556666:ClumioEventPub",
}


@pytest.fixture(scope="module")
def clumio():
    """Three connections, of which the last is connected."""
    with running_clumio(connect_delay=0) as running:
        for place in PLACES:
            account, region = place
            running.run(
                clumio_connection, account_id=account, region=region, **OPTIONS.get(place, {"asset_types": "ebs"})
            )
        account, region = PLACES[-1]
        running.run(clumio_connection, account_id=account, region=region, resources=RESOURCES)
        running.run(clumio_connection, account_id=account, region=region)
        yield running


@pytest.fixture
def info(clumio):
    return lambda **options: clumio.run(clumio_connection_info, **options)


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({}, ["111122223333_us-west-2", "111122223333_eu-west-1", "044455556666_us-west-2"]),
        ({"account_id": "111122223333"}, ["111122223333_us-west-2", "111122223333_eu-west-1"]),
        ({"region": "us-west-2"}, ["111122223333_us-west-2", "044455556666_us-west-2"]),
        ({"connection_status": "connected"}, ["044455556666_us-west-2"]),
        ({"region": "us-west-2", "connection_status": "connecting"}, ["111122223333_us-west-2"]),
        ({"account_id": "999900001111"}, []),
        ({"account_id": "111122223333", "region": "eu-west-1"}, ["111122223333_eu-west-1"]),
        ({"account_id": "111122223333", "region": "us-east-1"}, []),
        ({"account_id": "044455556666", "region": "us-west-2", "connection_status": "connecting"}, []),
        (
            {"account_id": "044455556666", "region": "us-west-2", "connection_status": "connected"},
            ["044455556666_us-west-2"],
        ),
        ({"account_id_prefix": "04"}, ["044455556666_us-west-2"]),
        ({"account_id_prefix": "11", "region": "us-west-2"}, ["111122223333_us-west-2"]),
        ({"account_alias": "an-alias"}, []),
        ({"asset_type": "EC2MSSQL"}, ["111122223333_eu-west-1"]),
        ({"asset_type": "ebs", "region": "us-west-2"}, ["111122223333_us-west-2", "044455556666_us-west-2"]),
        ({"connection_type": "protect", "account_id": "044455556666"}, ["044455556666_us-west-2"]),
        ({"organizational_unit_id": RESEARCH}, ["111122223333_eu-west-1"]),
        ({"organizational_unit_id": RESEARCH, "account_id": "111122223333", "region": "us-west-2"}, []),
        (
            {"organizational_unit_id": RESEARCH, "account_id": "111122223333", "region": "eu-west-1"},
            ["111122223333_eu-west-1"],
        ),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_connections(info, options, ids, check_mode):
    result = info(**options, _ansible_check_mode=check_mode)
    assert [connection["id"] for connection in result["connections"]] == ids
    assert result["changed"] is False


def test_one_connection_is_shown_as_the_managing_module_shows_it(clumio, info):
    place = {"account_id": "111122223333", "region": "us-west-2"}
    (one,) = info(**place)["connections"]
    assert one == clumio.run(clumio_connection, **place)["connection"]
    assert one["external_id"] == f"ExternalID_{one['token']}"


def test_list_does_not_guess_external_ids(info):
    assert [connection["external_id"] for connection in info()["connections"]] == [None, None, None]


def test_one_connection_that_has_to_fit_more_has_its_external_id_too(info):
    (one,) = info(account_id="044455556666", region="us-west-2", connection_status="connected")["connections"]
    assert one["external_id"] == f"ExternalID_{one['token']}"


def test_connection_that_clumio_lost_is_explained():
    with running_clumio(connect_delay=0) as clumio:
        place = {"account_id": "044455556666", "region": "us-west-2"}
        clumio.run(clumio_connection, **place, asset_types=["ebs"], resources=RESOURCES)
        for findings, told in [([], ""), (["The role is gone."], "Clumio has lost its access to account 044455556666")]:
            clumio.set(findings={"044455556666_us-west-2": findings})
            (one,) = clumio.run(clumio_connection_info, **place)["connections"]
            (row,) = clumio.run(clumio_connection_info)["connections"]
            assert one["explanation"] == row["explanation"]
            assert one["explanation"].startswith(told)
            assert bool(one["explanation"]) is bool(told)


def test_account_and_prefix_exclude_each_other(info):
    result = info(account_id="044455556666", account_id_prefix="04")
    assert result["failed"]
    assert "mutually exclusive" in result["msg"]


def test_documented_options_are_the_modules():
    spec = clumio_connection_info.build_argument_spec().keys() - {"api_token", "api_base_url", "organizational_unit"}
    assert yaml.safe_load(clumio_connection_info.DOCUMENTATION)["options"].keys() == spec


def test_nothing_is_written(clumio, info):
    assert clumio.writes(lambda: [info(), info(account_id="111122223333", region="us-west-2")]) == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"account_id": 44455556666}, "invalid_connection"),
        ({"region": "west"}, "invalid_connection"),
        ({"asset_type": "efs"}, "asset_types_unknown"),
        ({"api_token": "of-another-portal"}, "api_token_refused"),
    ],
)
def test_failure(info, options, code):
    result = info(**options)
    assert result["failed"]
    assert result["failure"]["code"] == code
