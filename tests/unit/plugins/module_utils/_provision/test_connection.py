# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import copy

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._clumio import connections
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError, InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection
from ansible_collections.clumio.aws.plugins.module_utils._provision.connection import (
    EMPTY_RESOURCES,
    Desired,
    Update,
    apply,
    complete,
    plan,
)

PLACE = Connection("111122223333", "us-west-2")
ROLE = "arn:aws:iam::111122223333:role/ClumioIAMRole"
TOPIC = "arn:aws:sns:us-west-2:111122223333:ClumioEventPub"
PROFILE = "arn:aws:iam::111122223333:instance-profile/ClumioEC2MSSQLSSMInstanceRoleV2"
RULE = "arn:aws:events:us-west-2:111122223333:rule/ClumioCloudtrailEventRule"
GIVEN = {"clumio_iam_role_arn": ROLE, "clumio_event_pub_arn": TOPIC}
COMPLETE = {
    "clumio_iam_role_arn": ROLE,
    "clumio_event_pub_arn": TOPIC,
    "clumio_support_role_arn": "",
    "event_rules": {"cloudtrail_rule_arn": "", "cloudwatch_rule_arn": ""},
    "service_roles": {
        "s3": {"continuous_backups_role_arn": ""},
        "mssql": {"ssm_notification_role_arn": "", "ec2_ssm_instance_profile_arn": ""},
    },
}


def found(**members):
    """A connection as it is read, with asset types ebs and s3."""
    answer = {
        "id": PLACE.id,
        "account_native_id": PLACE.account_id,
        "aws_region": PLACE.region,
        "token": "t",
        "external_id": "e",
        "description": "old",
        "protect_asset_types_enabled": ["EBS", "S3"],
        "resources": None,
    }
    return connections.view(answer | members)


def desired(**options):
    return Desired(PLACE, **options)


# ---- complete


@pytest.mark.parametrize("gap", [{}, {"event_rules": None, "service_roles": {"s3": None}}])
def test_complete_has_every_arn_that_clumio_expects(gap):
    assert complete(GIVEN | gap) == COMPLETE


def test_complete_sends_the_two_further_arns_only_if_they_are_given():
    completed = complete(
        {
            "service_roles": {
                "mssql": {"ec2_ssm_instance_profile_arn": PROFILE, "ec2_instance_profile_role_arn": ROLE}
            },
            "service_instance_profiles": {"mssql": {"ec2_ssm_instance_profile_arn": PROFILE}},
        }
    )
    assert completed["service_roles"]["mssql"] == {
        "ssm_notification_role_arn": "",
        "ec2_ssm_instance_profile_arn": PROFILE,
        "ec2_instance_profile_role_arn": ROLE,
    }
    assert completed["service_instance_profiles"] == {"mssql": {"ec2_ssm_instance_profile_arn": PROFILE}}


def test_complete_leaves_its_template_alone():
    before = copy.deepcopy(EMPTY_RESOURCES)
    complete({"service_roles": {"mssql": {"ec2_ssm_instance_profile_arn": PROFILE}}})
    assert before == EMPTY_RESOURCES


# ---- plan


@pytest.mark.parametrize(
    ("wanted", "there", "delete", "create", "update"),
    [
        # absent
        (desired(present=False), None, False, False, None),
        (desired(present=False), found(), True, False, None),
        (desired(present=False, asset_types=("rds",), resources=GIVEN), found(), True, False, None),
        # registered
        (desired(), None, False, True, None),
        (desired(asset_types=("ebs",), description="new"), None, False, True, None),
        (desired(), found(), False, False, None),
        (desired(asset_types=("ebs", "s3")), found(), False, False, None),
        # description
        (desired(description="old"), found(), False, False, None),
        (desired(description=""), found(description=None), False, False, None),
        (desired(description="new"), found(), False, False, Update("new")),
        (desired(description=""), found(), False, False, Update("")),
        (desired(description="new"), found(stack_arn="arn:aws:cloudformation:…"), False, False, Update("new")),
        # ARNs
        (
            desired(asset_types=("ebs",), resources=GIVEN),
            None,
            False,
            True,
            Update("", ("ebs",), COMPLETE),
        ),
        (desired(resources=GIVEN), found(), False, False, Update("old", ("ebs", "s3"), COMPLETE)),
        (
            desired(resources=GIVEN, description="new", asset_types=("ebs", "rds", "s3")),
            found(),
            False,
            False,
            Update("new", ("ebs", "rds", "s3"), COMPLETE),
        ),
        (
            desired(resources=GIVEN, asset_types=("ebs", "rds", "s3")),
            found(resources=COMPLETE),
            False,
            False,
            Update("old", ("ebs", "rds", "s3"), COMPLETE),
        ),
        (desired(resources=GIVEN), found(resources=COMPLETE), False, False, None),
        (desired(resources=GIVEN), found(resources=GIVEN | {"event_rules": None}), False, False, None),
        (desired(resources=GIVEN, description="new"), found(resources=GIVEN), False, False, Update("new")),
        (
            desired(resources=GIVEN),
            found(resources=GIVEN | {"event_rules": {"cloudtrail_rule_arn": RULE}}),
            False,
            False,
            Update("old", ("ebs", "s3"), COMPLETE),
        ),
        (
            desired(resources=GIVEN),
            found(resources=GIVEN, protect_asset_types_enabled=["EBS", "FSX"]),
            False,
            False,
            None,
        ),
        (
            desired(resources=GIVEN, asset_types=("ebs",)),
            found(protect_asset_types_enabled=["EBS", "FSX"]),
            False,
            False,
            Update("old", ("ebs", "FSX"), COMPLETE),
        ),
    ],
)
def test_plan(wanted, there, delete, create, update):
    planned = plan(wanted, there)
    assert (planned.delete, planned.create, planned.update) == (delete, create, update)
    assert planned.changed is (delete or create or update is not None)


@pytest.mark.parametrize("member", ["ec2_ssm_instance_profile_arn", "ec2_instance_profile_role_arn"])
@pytest.mark.parametrize(("shown", "changed"), [(PROFILE, False), ("", None), (ROLE, True)])
def test_plan_compares_what_the_answer_shows(member, shown, changed):
    """Clumio gives one home of the instance profile back always, its role not always, and the other home never."""
    wanted = GIVEN | {"service_roles": {"mssql": {member: PROFILE}}}
    there = GIVEN | {"service_roles": {"mssql": {member: shown}}}
    if changed is None:
        changed = member == "ec2_ssm_instance_profile_arn"
    planned = plan(desired(resources=wanted), found(resources=there))
    assert planned.changed is changed
    assert (planned.diff["before"] != planned.diff["after"]) is changed


@pytest.mark.parametrize(
    ("wanted", "there", "pending"),
    [
        (desired(asset_types=("ebs", "s3", "rds")), found(), ("rds",)),
        (desired(asset_types=("ebs", "s3")), found(), ()),
        (desired(asset_types=("ebs", "s3", "rds"), resources=GIVEN), found(), ()),
        (desired(asset_types=("ebs",)), None, ()),
        (desired(asset_types=("rds",), present=False), found(), ()),
    ],
)
def test_plan_tells_asset_types_that_wait_for_arns(wanted, there, pending):
    assert plan(wanted, there).pending_asset_types == pending


@pytest.mark.parametrize(
    ("asset_types", "enabled", "dropped"),
    [
        (("ebs",), ["EC2/EBS", "S3"], ["s3"]),
        (("rds",), ["ebs", "s3"], ["ebs", "s3"]),
        (("ebs", "rds"), ["EBS", "EC2MSSQL"], ["mssql"]),
    ],
)
@pytest.mark.parametrize("resources", [None, GIVEN])
def test_plan_refuses_to_take_asset_types_away(asset_types, enabled, dropped, resources):
    with pytest.raises(ClumioError) as raised:
        plan(desired(asset_types=asset_types, resources=resources), found(protect_asset_types_enabled=enabled))
    assert raised.value.code == "asset_downgrade"
    assert raised.value.facts["dropped"] == dropped
    assert ", ".join(dropped) in raised.value.message


@pytest.mark.parametrize("there", [None, found(protect_asset_types_enabled=None)])
def test_plan_refuses_arns_without_asset_types(there):
    with pytest.raises(InputError) as raised:
        plan(desired(resources=GIVEN), there)
    assert raised.value.code == "asset_types_missing"


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({}, ["clumio_iam_role_arn is missing", "clumio_event_pub_arn is missing"]),
        (GIVEN | {"clumio_iam_role_arn": ""}, ["clumio_iam_role_arn is missing"]),
        (GIVEN | {"clumio_iam_role_arn": "ClumioIAMRole"}, ["clumio_iam_role_arn is 'ClumioIAMRole'"]),
        (
            GIVEN | {"event_rules": {"cloudtrail_rule_arn": RULE.replace("1111", "9999")}},
            ["event_rules.cloudtrail_rule_arn is 'arn:aws:events:us-west-2:999922223333:"],
        ),
        (GIVEN | {"clumio_event_pub_arn": TOPIC + " "}, ["clumio_event_pub_arn is"]),
    ],
)
def test_plan_refuses_unusable_arns(resources, said):
    with pytest.raises(InputError) as raised:
        plan(desired(asset_types=("ebs",), resources=resources), None)
    assert raised.value.code == "resources_invalid"
    assert all(words in raised.value.message for words in said)


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
def test_plan_takes_arns_of_every_partition(partition):
    resources = {member: arn.replace("arn:aws:", f"arn:{partition}:") for member, arn in GIVEN.items()}
    assert plan(desired(asset_types=("ebs",), resources=resources), None).create


@pytest.mark.parametrize("manager", [{"stack_arn": "arn:aws:cloudformation:x"}, {"connection_group_id": "group-1"}])
def test_plan_refuses_arns_for_a_connection_of_a_template(manager):
    with pytest.raises(ClumioError, match=next(iter(manager.values()))) as raised:
        plan(desired(resources=GIVEN), found(**manager))
    assert raised.value.code == "connection_managed_by_stack"


# ---- what a plan tells


@pytest.mark.parametrize(
    ("wanted", "there", "before", "after"),
    [
        (desired(present=False), None, {}, {}),
        (
            desired(asset_types=("ebs",), resources=GIVEN),
            None,
            {},
            {"description": "", "asset_types": ["ebs"], "resources": GIVEN},
        ),
        (
            desired(description="new"),
            found(resources=COMPLETE),
            {"description": "old", "asset_types": ["ebs", "s3"], "resources": GIVEN},
            {"description": "new", "asset_types": ["ebs", "s3"], "resources": GIVEN},
        ),
        (
            desired(resources=GIVEN | {"event_rules": {"cloudtrail_rule_arn": RULE}}),
            found(resources=GIVEN),
            {"description": "old", "asset_types": ["ebs", "s3"], "resources": GIVEN},
            {
                "description": "old",
                "asset_types": ["ebs", "s3"],
                "resources": GIVEN | {"event_rules.cloudtrail_rule_arn": RULE},
            },
        ),
        (
            desired(present=False),
            found(),
            {"description": "old", "asset_types": ["ebs", "s3"], "resources": {}},
            {},
        ),
    ],
)
def test_diff(wanted, there, before, after):
    place = {"account_native_id": "111122223333", "aws_region": "us-west-2"}
    assert plan(wanted, there).diff == {
        "before": place | before if before else {},
        "after": place | after if after else {},
    }


def test_expected_of_a_new_connection_says_what_is_unknown():
    expected = plan(desired(description="new", asset_types=("ebs",)), None).expected()
    assert expected["id"] == PLACE.id
    assert (expected["description"], expected["asset_types"]) == ("new", ["ebs"])
    assert expected["token"] is expected["external_id"] is expected["connection_status"] is None


def test_expected_of_nothing_to_do_is_what_was_found():
    there = found()
    assert plan(desired(), there).expected() == there


# ---- apply


class FakeClient:
    """Keeps the calls and answers a connection."""

    def __init__(self, **answer):
        self.calls = []
        self._answer = {"id": PLACE.id, "token": "t", "protect_asset_types_enabled": ["EBS"], **answer}

    def request(self, method, path, **more):
        self.calls.append((method, path, more.get("body")))
        return {} if method == "DELETE" else self._answer


def test_apply_without_change_calls_nothing():
    client, there = FakeClient(), found()
    assert apply(client, plan(desired(), there), 0)[1] == there
    assert apply(client, plan(desired(present=False), None), 0)[1] is None
    assert client.calls == []


def test_apply_registers_and_hands_in():
    client = FakeClient()
    _plan, connection = apply(client, plan(desired(asset_types=("ebs",), description="new", resources=GIVEN), None), 0)
    assert [(method, path) for method, path, _ in client.calls] == [
        ("POST", "/connections/aws"),
        ("PATCH", f"/connections/aws/{PLACE.id}"),
    ]
    assert client.calls[1][2] == {"asset_types_enabled": ["EBS"], "description": "new", "resources": COMPLETE}
    assert connection["external_id"] == "ExternalID_t"


def test_apply_keeps_the_external_id_that_an_update_does_not_answer():
    _plan, connection = apply(
        FakeClient(external_id=None), plan(desired(description="new"), found(external_id="of-a-group")), 0
    )
    assert connection["external_id"] == "of-a-group"


def test_apply_removes():
    client = FakeClient()
    assert apply(client, plan(desired(present=False), found()), 0)[1] is None
    assert client.calls == [("DELETE", f"/connections/aws/{PLACE.id}", None)]
