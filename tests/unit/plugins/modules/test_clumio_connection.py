# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
import yaml
from clumio_helpers import TOKEN, run_main, running_clumio

from ansible_collections.clumio.aws.plugins.modules import clumio_connection

ID = "111122223333_us-west-2"
PLACE = {"account_id": "111122223333", "region": "us-west-2"}
RESOURCES = {
    "clumio_iam_role_arn": "arn:aws:iam::111122223333:role/ClumioIAMRole",
    "clumio_event_pub_arn": "arn:aws:sns:us-west-2:111122223333:ClumioEventPub",
    "event_rules": {"cloudtrail_rule_arn": "arn:aws:events:us-west-2:111122223333:rule/ClumioCloudtrailEventRule"},
    "service_roles": {
        "mssql": {
            "ec2_ssm_instance_profile_arn": "arn:aws:iam::111122223333:instance-profile/ClumioProfile",
            "ec2_instance_profile_role_arn": "arn:aws:iam::111122223333:role/ClumioProfile",
        }
    },
}


@pytest.fixture
def clumio():
    # Later than the tests end, so that what a connection shows changes by the module alone.
    with running_clumio(connect_delay=3600) as running:
        yield running


@pytest.fixture
def run(clumio):
    """Run the module for the one account and region."""
    return lambda **options: clumio.run(clumio_connection, **PLACE, **options)


def steps():
    """Options before, then the options of the step, and what it writes; a step is run in check mode, then twice."""
    registered = {"asset_types": ["ebs"], "description": "old"}
    handed_in = registered | {"resources": RESOURCES}
    post, patch = ("POST", "/connections/aws", 200), ("PATCH", f"/connections/aws/{ID}", 200)
    delete = ("DELETE", f"/connections/aws/{ID}", 200)
    return {
        "register": (None, {}, [post]),
        "register with everything": (None, handed_in, [post, patch]),
        "registered": (registered, {}, []),
        "same": (handed_in, handed_in, []),
        "description": (handed_in, {"description": "new"}, [patch]),
        "no description": (registered, {"description": ""}, [patch]),
        "hand in": (registered, {"resources": RESOURCES}, [patch]),
        "hand in with more assets": (
            handed_in,
            {"asset_types": ["EC2/EBS", "IcebergOnGlue"], "resources": RESOURCES},
            [patch],
        ),
        "hand in fewer": (
            handed_in,
            {"resources": {name: RESOURCES[name] for name in ("clumio_iam_role_arn", "clumio_event_pub_arn")}},
            [patch],
        ),
        "more assets without ARNs": (handed_in, {"asset_types": ["ebs", "s3"]}, []),
        "remove": (handed_in, {"state": "absent"}, [delete]),
        "remove nothing": (None, {"state": "absent"}, []),
    }


@pytest.mark.parametrize(("before", "options", "writes"), steps().values(), ids=steps().keys())
def test_step(clumio, run, before, options, writes):
    if before is not None:
        run(**before)
    results = {}

    def step(name, **more):
        results[name] = run(**options, **more)

    assert clumio.writes(lambda: step("check", _ansible_check_mode=True)) == []
    assert clumio.writes(lambda: step("first")) == writes
    assert clumio.writes(lambda: step("again")) == []
    assert clumio.writes(lambda: step("check again", _ansible_check_mode=True)) == []

    changed = {name: result["changed"] for name, result in results.items()}
    assert changed == {"check": bool(writes), "first": bool(writes), "again": False, "check again": False}
    assert results["check"]["diff"] == results["first"]["diff"]
    assert (results["first"]["diff"]["before"] != results["first"]["diff"]["after"]) is bool(writes)
    assert results["again"]["diff"]["before"] == results["first"]["diff"]["after"]
    assert results["again"]["connection"] == results["check again"]["connection"]
    there = options.get("state") != "absent"
    assert results["check"]["registered"] is (there and before is not None)
    assert results["first"]["registered"] is results["again"]["registered"] is there
    if there:
        first, again = results["first"]["connection"], results["again"]["connection"]
        assert {name: again[name] for name in ("token", "external_id", "asset_types", "description")} == {
            name: first[name] for name in ("token", "external_id", "asset_types", "description")
        }
        assert again["external_id"] == f"ExternalID_{again['token']}"
    else:
        assert results["first"]["connection"] is None


def test_registration_in_check_mode_says_what_is_unknown(run):
    connection = run(asset_types=["s3"], _ansible_check_mode=True)["connection"]
    assert (connection["id"], connection["asset_types"]) == (ID, ["s3"])
    assert connection["token"] is connection["external_id"] is None


def test_handed_in_arns_are_complete(run):
    run(asset_types="EBS, ec2mssql", description="d")
    connection = run(resources=RESOURCES)["connection"]
    assert connection["asset_types"] == ["ebs", "mssql"]
    assert connection["description"] == "d"
    assert connection["resources"] == {
        "clumio_event_pub_arn": RESOURCES["clumio_event_pub_arn"],
        "clumio_iam_role_arn": RESOURCES["clumio_iam_role_arn"],
        "clumio_support_role_arn": "",
        "event_rules": RESOURCES["event_rules"] | {"cloudwatch_rule_arn": ""},
        "service_roles": {
            "mssql": {
                "ec2_ssm_instance_profile_arn": "arn:aws:iam::111122223333:instance-profile/ClumioProfile",
                "ssm_notification_role_arn": "",
            },
            "s3": {"continuous_backups_role_arn": ""},
        },
    }


def test_more_assets_without_arns_are_pending(run):
    run(asset_types=["ebs"])
    result = run(asset_types=["ebs", "s3"])
    assert (result["changed"], result["pending_asset_types"]) == (False, ["s3"])
    assert result["connection"]["asset_types"] == ["ebs"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_asset_types_are_never_taken_away(clumio, run, check_mode):
    run(asset_types=["ebs", "s3"])
    results = []
    writes = clumio.writes(
        lambda: results.append(
            run(asset_types=["ebs"], description="new", resources=RESOURCES, _ansible_check_mode=check_mode)
        )
    )
    assert writes == []
    assert results[0]["failed"]
    assert results[0]["failure"] == {
        "code": "asset_downgrade",
        "hint": "Add s3 to the wanted asset types, or remove the connection and make it anew.",
        "dropped": ["s3"],
        "enabled": ["ebs", "s3"],
    }


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"account_id": 11112222333}, "invalid_connection", "leading zeros"),
        ({"region": "us-west"}, "invalid_connection", "region 'us-west'"),
        ({"region": "../x"}, "invalid_connection", "region '../x'"),
        ({"asset_types": ["ebs", "efs"]}, "asset_types_unknown", "'efs'"),
        ({"asset_types": ""}, "asset_types_empty", "empty"),
        ({"resources": RESOURCES}, "asset_types_missing", "Set asset_types"),
        ({"asset_types": ["s3"], "resources": RESOURCES | {"clumio_iam_role_arn": "x"}}, "resources_invalid", "'x'"),
        ({"api_token": "", "api_base_url": ""}, "api_credentials_missing", "CLUMIO_API_TOKEN"),
        ({"api_base_url": "http://us-west-2.api.clumio.com"}, "api_base_url_invalid", "in clear"),
        ({"api_token": "of-another-portal"}, "api_token_refused", "same portal"),
        ({"region": "us-west-9"}, "api_refused", "The region 'us-west-9' is not valid."),
    ],
)
def test_failure(clumio, options, code, said):
    results = []
    writes = clumio.writes(lambda: results.append(clumio.run(clumio_connection, **PLACE | options)))
    assert all(status == 400 for _, _, status in writes)
    assert results[0]["failed"]
    assert results[0]["failure"]["code"] == code
    assert said in results[0]["msg"]


def test_arns_of_topic_and_role_are_required(run):
    result = run(resources={"clumio_iam_role_arn": "x"})
    assert result["failed"]
    assert "missing required arguments: clumio_event_pub_arn found in resources" in result["msg"]


def test_api_options_from_the_environment(clumio, monkeypatch):
    monkeypatch.setenv("CLUMIO_API_TOKEN", TOKEN)
    monkeypatch.setenv("CLUMIO_API_BASE_URL", clumio.url)
    monkeypatch.setenv("CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT", "6f1c3c0e-1d2b-4c3a-9e4f-0a1b2c3d4e5f")
    result = run_main(clumio_connection, PLACE)
    assert result["connection"]["organizational_unit_id"] == "6f1c3c0e-1d2b-4c3a-9e4f-0a1b2c3d4e5f"


def test_documented_options_are_the_modules():
    def documented(options):
        return {name: documented(option.get("suboptions", {})) for name, option in options.items()}

    def specified(spec):
        return {name: specified(option.get("options", {})) for name, option in spec.items()}

    spec = specified(clumio_connection.build_argument_spec())
    for option in ("api_token", "api_base_url", "organizational_unit"):
        del spec[option]
    assert documented(yaml.safe_load(clumio_connection.DOCUMENTATION)["options"]) == spec
