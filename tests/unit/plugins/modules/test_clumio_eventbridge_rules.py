# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT, OURS, REGION
from permissions_files import permissions_file, resolved
from section_helpers import actions, converge, make, refused, run

from ansible_collections.clumio.aws.plugins.modules import clumio_eventbridge_rules

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:ClumioEventPub"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
NAME = "ClumioCloudwatchEventRule"
ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{NAME}"
PATTERN = {"source": ["aws.ec2", "aws.tag"], "detail": {"state": ["running"]}}
TARGET = {"id": "clumio-publish", "arn": TOPIC}
RULE = {"name": NAME, "description": "Changes", "event_pattern": PATTERN, "targets": [TARGET]}

HELD = {
    "description": "Changes",
    "event_pattern": PATTERN,
    "state": "ENABLED",
    "targets": [{"Id": "clumio-publish", "Arn": TOPIC}],
    "tags": OURS,
}


def rules(**members):
    return [RULE | members]


def test_create(aws):
    result = converge(aws, clumio_eventbridge_rules, ["PutRule", "PutTargets"], rules=rules())
    assert actions(result) == {NAME: ("create", [])}
    assert aws.rule(NAME) == HELD


def test_create_without_targets(aws):
    converge(aws, clumio_eventbridge_rules, ["PutRule"], rules=rules(targets=[]))
    assert aws.rule(NAME) == HELD | {"targets": []}


def test_create_from_a_permissions_file(aws):
    plan = resolved(permissions_file("ebs", "s3")).plan.as_dict()["rules"]
    converge(aws, clumio_eventbridge_rules, ["PutRule", "PutRule", "PutTargets", "PutTargets"], rules=plan)
    for rule in plan:
        assert aws.rule(rule["name"])["event_pattern"] == rule["event_pattern"]
        assert aws.rule(rule["name"])["targets"] == [{"Id": "clumio-publish", "Arn": TOPIC}]


def test_rules_are_there_before_their_targets(aws):
    _result, writes = run(aws, clumio_eventbridge_rules, rules=[RULE, RULE | {"name": "Other"}])
    assert writes == ["PutRule", "PutRule", "PutTargets", "PutTargets"]


@pytest.mark.parametrize(
    ("change", "writes", "differences", "held"),
    [
        ({"description": "Other"}, ["PutRule"], ["description"], {"description": "Other"}),
        (
            {"event_pattern": {"source": ["aws.s3"]}},
            ["PutRule"],
            ["event_pattern"],
            {"event_pattern": {"source": ["aws.s3"]}},
        ),
        ({"state": "DISABLED"}, ["PutRule"], ["state"], {"state": "DISABLED"}),
        (
            {"targets": [TARGET | {"settings": {"InputPath": "$.detail"}}]},
            ["PutTargets"],
            ["targets"],
            {"targets": [{"Id": "clumio-publish", "Arn": TOPIC, "InputPath": "$.detail"}]},
        ),
        (
            {"targets": [TARGET, {"id": "queue", "arn": QUEUE}]},
            ["PutTargets"],
            ["targets"],
            {"targets": [{"Id": "clumio-publish", "Arn": TOPIC}, {"Id": "queue", "Arn": QUEUE}]},
        ),
        (
            {"description": "Other", "targets": [TARGET, {"id": "queue", "arn": QUEUE}]},
            ["PutRule", "PutTargets"],
            ["description", "targets"],
            {
                "description": "Other",
                "targets": [{"Id": "clumio-publish", "Arn": TOPIC}, {"Id": "queue", "Arn": QUEUE}],
            },
        ),
    ],
)
def test_modify(aws, change, writes, differences, held):
    make(aws, clumio_eventbridge_rules, rules=rules())
    result = converge(aws, clumio_eventbridge_rules, writes, rules=rules(**change))
    assert actions(result) == {NAME: ("update", differences)}
    assert aws.rule(NAME) == HELD | held


def disable(events):
    events.disable_rule(Name=NAME)


def remove_target(events):
    events.remove_targets(Rule=NAME, Ids=["clumio-publish"])


def turn_target(events):
    events.put_targets(Rule=NAME, Targets=[{"Id": "clumio-publish", "Arn": QUEUE}])


def change_pattern(events):
    events.put_rule(Name=NAME, Description="Changes", EventPattern=json.dumps({"source": ["aws.rds"]}))


@pytest.mark.parametrize(
    ("drift", "writes", "differences"),
    [
        (disable, ["PutRule"], ["state"]),
        (change_pattern, ["PutRule"], ["event_pattern"]),
        (remove_target, ["PutTargets"], ["targets"]),
        (turn_target, ["PutTargets"], ["targets"]),
    ],
)
def test_drift(aws, drift, writes, differences):
    make(aws, clumio_eventbridge_rules, rules=rules())
    drift(aws.client("events"))
    result = converge(aws, clumio_eventbridge_rules, writes, rules=rules())
    assert actions(result) == {NAME: ("update", differences)}
    assert aws.rule(NAME) == HELD


def test_unchanged_in_another_order(aws):
    make(aws, clumio_eventbridge_rules, rules=rules())
    pattern = {"detail": {"state": ["running"]}, "source": ["aws.tag", "aws.ec2"]}
    converge(aws, clumio_eventbridge_rules, [], rules=rules(event_pattern=pattern))


def test_a_target_keeps_the_id_that_it_has(aws):
    make(aws, clumio_eventbridge_rules, rules=rules(targets=[TARGET | {"id": "by-hand"}]))
    result = converge(aws, clumio_eventbridge_rules, [], rules=rules())
    assert [target["id"] for target in result["rules"][0]["targets"]] == ["by-hand"]


def test_targets_and_tags_of_others_stay(aws):
    make(aws, clumio_eventbridge_rules, rules=rules())
    events = aws.client("events")
    theirs = {"Id": "theirs", "Arn": QUEUE, "Input": "{}"}
    events.put_targets(Rule=NAME, Targets=[theirs])
    events.tag_resource(ResourceARN=ARN, Tags=[{"Key": "Team", "Value": "backup"}])
    result = converge(aws, clumio_eventbridge_rules, [], rules=rules())
    assert result["extras"] == [{"section": "rules", "name": NAME, "arn": ARN, "extra": f"target theirs ({QUEUE})"}]
    converge(aws, clumio_eventbridge_rules, ["PutRule"], rules=rules(description="Other"))
    assert aws.rule(NAME) == HELD | {
        "description": "Other",
        "targets": [*HELD["targets"], theirs],
        "tags": OURS | {"Team": "backup"},
    }


def test_one_arn_under_two_ids(aws):
    """EventBridge allows it, with another input for each."""
    two = [
        TARGET | {"settings": {"InputPath": "$.a"}},
        {"id": "second", "arn": TOPIC, "settings": {"InputPath": "$.b"}},
    ]
    converge(aws, clumio_eventbridge_rules, ["PutRule", "PutTargets"], rules=rules(targets=two))
    assert [target["Id"] for target in aws.rule(NAME)["targets"]] == ["clumio-publish", "second"]


def test_ids_that_have_changed_places(aws):
    """What check mode tells is what the run makes, and one run makes it."""
    make(aws, clumio_eventbridge_rules, rules=rules(targets=[{"id": "b", "arn": TOPIC}]))
    wanted = rules(targets=[{"id": "a", "arn": TOPIC}, {"id": "b", "arn": QUEUE}])
    converge(aws, clumio_eventbridge_rules, ["PutTargets"], rules=wanted)
    assert sorted(target["Arn"] for target in aws.rule(NAME)["targets"]) == [TOPIC, QUEUE]


@pytest.mark.parametrize("check_mode", [True, False])
def test_rules_of_others_are_refused_all_at_once(aws, check_mode):
    events = aws.client("events")
    tags = {"Untagged": [], "Others": [{"Key": "clumio:connection", "Value": f"{ACCOUNT}_us-east-1"}]}
    for name, list_of_tags in tags.items():
        events.put_rule(Name=name, EventPattern=json.dumps(PATTERN), Tags=list_of_tags)
    wanted = [RULE | {"name": name} for name in (*tags, "New")]
    result = refused(aws, clumio_eventbridge_rules, "foreign_resource", rules=wanted, check_mode=check_mode)
    assert [found["entity"] for found in result["failure"]["findings"]] == ["Untagged", "Others"]
    assert sorted(rule["Name"] for rule in events.list_rules()["Rules"]) == ["Others", "Untagged"]


def test_targets_that_aws_refuses_in_its_answer(aws):
    failed = {"TargetId": "clumio-publish", "ErrorCode": "ManagedRuleException", "ErrorMessage": "It is managed."}
    aws.answer("PutTargets", {"FailedEntryCount": 1, "FailedEntries": [failed]})
    result, _writes = run(aws, clumio_eventbridge_rules, rules=rules())
    assert result["failed"]
    assert result["msg"] == (
        f"Cannot add the targets of the rule {NAME}: clumio-publish: It is managed (ManagedRuleException). "
        "A service of AWS keeps this rule; give ours another name."
    )
    assert (result["failure"]["code"], result["failure"]["aws_code"]) == ("aws_refused", "ManagedRuleException")


def test_a_rule_that_aws_does_not_see_yet(aws):
    aws.refuse("PutTargets", "ResourceNotFoundException", times=1)
    _result, writes = run(aws, clumio_eventbridge_rules, rules=rules())
    assert writes == ["PutRule", "PutTargets", "PutTargets"]
    assert aws.rule(NAME) == HELD


def test_all_refusals_are_told_at_once(aws):
    aws.refuse("PutRule", "LimitExceededException", "Too many rules.")
    result, writes = run(aws, clumio_eventbridge_rules, rules=[RULE, RULE | {"name": "Other"}])
    assert result["failed"]
    assert f"(1) Cannot write the rule {NAME}: Too many rules (LimitExceededException)." in result["msg"]
    assert "(2) Cannot write the rule Other: " in result["msg"]
    assert [failure["aws_code"] for failure in result["failure"]["failures"]] == ["LimitExceededException"] * 2
    assert writes == ["PutRule", "PutRule"]


def test_settings_that_eventbridge_does_not_have(aws):
    wrong = rules(targets=[TARGET | {"settings": {"Nonsense": 1}}])
    result, _writes = run(aws, clumio_eventbridge_rules, rules=wrong)
    assert result["failed"]
    assert result["failure"]["code"] == "aws_refused"
    assert "Nonsense" in result["msg"]
    assert "network" not in result["msg"]


# ---- purging


def test_targets_of_others_are_purged(aws):
    make(aws, clumio_eventbridge_rules, rules=rules())
    aws.client("events").put_targets(Rule=NAME, Targets=[{"Id": "theirs", "Arn": QUEUE}])
    result = converge(aws, clumio_eventbridge_rules, ["RemoveTargets"], rules=rules(), purge=True)
    assert actions(result) == {NAME: ("update", ["targets"])}
    assert result["extras"] == []
    assert "theirs" in json.dumps(result["diff"][0]["before"])
    assert aws.rule(NAME) == HELD


def test_purging_makes_room_first(aws):
    """A rule takes five targets at most."""
    make(aws, clumio_eventbridge_rules, rules=rules())
    events = aws.client("events")
    events.remove_targets(Rule=NAME, Ids=["clumio-publish"])
    events.put_targets(Rule=NAME, Targets=[{"Id": f"theirs{n}", "Arn": QUEUE} for n in range(5)])
    _result, writes = run(aws, clumio_eventbridge_rules, rules=rules(), purge=True)
    assert writes == ["RemoveTargets", "PutTargets"]
    assert aws.rule(NAME) == HELD


def test_purging_leaves_a_target_that_is_ours_under_another_id(aws):
    make(aws, clumio_eventbridge_rules, rules=rules(targets=[TARGET | {"id": "by-hand"}]))
    converge(aws, clumio_eventbridge_rules, [], rules=rules(), purge=True)


# ---- tags, adoption


def tag(aws, **tags):
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    aws.client("events").tag_resource(ResourceARN=ARN, Tags=listed)


def test_tags_of_the_user(aws):
    converge(aws, clumio_eventbridge_rules, ["PutRule", "PutTargets"], rules=rules(tags={"Team": "backup", "Cost": 7}))
    assert aws.rule(NAME)["tags"] == OURS | {"Team": "backup", "Cost": "7"}
    writes = ["TagResource", "UntagResource"]
    result = converge(aws, clumio_eventbridge_rules, writes, rules=rules(tags={"Team": "storage"}))
    assert actions(result) == {NAME: ("update", ["tags"])}
    assert aws.rule(NAME) == HELD | {"tags": OURS | {"Team": "storage"}}


@pytest.mark.parametrize(
    ("tags", "purge_tags", "stays"),
    [(None, True, True), ({"a": "b"}, False, True), ({"a": "b"}, True, False), ({}, True, False)],
)
def test_tags_of_others(aws, tags, purge_tags, stays):
    make(aws, clumio_eventbridge_rules, rules=rules(tags=tags))
    tag(aws, Theirs="1")
    writes = [] if stays else ["UntagResource"]
    converge(aws, clumio_eventbridge_rules, writes, rules=rules(tags=tags), purge_tags=purge_tags)
    assert aws.rule(NAME)["tags"] == OURS | (tags or {}) | ({"Theirs": "1"} if stays else {})


def test_a_tag_of_ours_that_is_gone(aws):
    make(aws, clumio_eventbridge_rules, rules=rules())
    aws.client("events").untag_resource(ResourceARN=ARN, TagKeys=["Vendor"])
    converge(aws, clumio_eventbridge_rules, ["TagResource"], rules=rules())
    assert aws.rule(NAME) == HELD


def test_adopt(aws):
    events = aws.client("events")
    team = [{"Key": "Team", "Value": "backup"}]
    events.put_rule(Name=NAME, EventPattern=json.dumps(PATTERN), State="DISABLED", Tags=team)
    events.put_targets(Rule=NAME, Targets=[{"Id": "by-hand", "Arn": TOPIC}, {"Id": "theirs", "Arn": QUEUE}])
    result = refused(aws, clumio_eventbridge_rules, "foreign_resource", rules=rules())
    assert "take it over with adopt: true" in result["msg"].lower()
    result = converge(aws, clumio_eventbridge_rules, ["PutRule", "TagResource"], rules=rules(), adopt=True)
    assert actions(result) == {NAME: ("adopt", ["description", "state", "tags"])}
    assert [extra["extra"] for extra in result["extras"]] == [f"target theirs ({QUEUE})"]
    assert aws.rule(NAME) == HELD | {
        "targets": [{"Id": "by-hand", "Arn": TOPIC}, {"Id": "theirs", "Arn": QUEUE}],
        "tags": OURS | {"Team": "backup"},
    }


def test_adopting_takes_nothing_from_another_connection(aws):
    make(aws, clumio_eventbridge_rules, rules=rules())
    tag(aws, **{"clumio:connection": f"{ACCOUNT}_us-east-1"})
    result = refused(aws, clumio_eventbridge_rules, "foreign_resource", rules=rules(), adopt=True)
    assert "adopt" not in result["failure"]["findings"][0]["hint"]


# ---- away again


@pytest.fixture
def two(aws):
    """Two rules of ours, one with a target of somebody else, and a rule of somebody else."""
    make(aws, clumio_eventbridge_rules, rules=[RULE, RULE | {"name": "Other"}])
    events = aws.client("events")
    events.put_targets(Rule=NAME, Targets=[{"Id": "theirs", "Arn": QUEUE}])
    events.put_rule(Name="Theirs", EventPattern=json.dumps(PATTERN))
    return aws


def names(aws):
    return sorted(rule["Name"] for rule in aws.client("events").list_rules()["Rules"])


REMOVED = ["RemoveTargets", "DeleteRule"]


def test_absent(two):
    """What is listed goes; what has to go first is what AWS refuses to delete a rule with."""
    _result, writes = run(two, clumio_eventbridge_rules, rules=rules(), state="absent", check_mode=True)
    assert writes == []
    result, writes = run(two, clumio_eventbridge_rules, rules=rules(), state="absent")
    assert writes == REMOVED
    assert actions(result) == {NAME: ("delete", [])}
    assert (result["rules"], result["kept"], result["extras"]) == ([], [], [])
    assert names(two) == ["Other", "Theirs"]
    converge(two, clumio_eventbridge_rules, [], rules=rules(), state="absent")


def test_absent_of_everything_that_is_ours(two):
    result = converge(two, clumio_eventbridge_rules, REMOVED * 2, state="absent", everything=True)
    assert actions(result) == {NAME: ("delete", []), "Other": ("delete", [])}
    assert names(two) == ["Theirs"]


def test_absent_of_a_rule_without_targets(aws):
    make(aws, clumio_eventbridge_rules, rules=rules(targets=[]))
    converge(aws, clumio_eventbridge_rules, ["DeleteRule"], rules=rules(), state="absent")
    assert names(aws) == []


@pytest.mark.parametrize("operation", REMOVED)
def test_a_removal_that_was_cut_short_is_finished(two, operation):
    two.refuse(operation, "InternalException", times=1)
    result, _writes = run(two, clumio_eventbridge_rules, rules=rules(), state="absent")
    assert result["failed"]
    make(two, clumio_eventbridge_rules, rules=rules(), state="absent")
    assert names(two) == ["Other", "Theirs"]


def test_a_target_that_aws_refuses_to_remove(two):
    failed = {"TargetId": "theirs", "ErrorCode": "ManagedRuleException", "ErrorMessage": "It is managed."}
    two.answer("RemoveTargets", {"FailedEntryCount": 1, "FailedEntries": [failed]})
    result, writes = run(two, clumio_eventbridge_rules, rules=rules(), state="absent")
    assert result["failed"]
    assert result["msg"].startswith(
        f"Cannot remove targets of the rule {NAME}: theirs: It is managed (ManagedRuleException). "
    )
    assert writes == ["RemoveTargets"]


def test_absent_keeps_what_is_not_ours(two):
    listed = [RULE | {"name": "Theirs"}, RULE]
    result = converge(two, clumio_eventbridge_rules, REMOVED, rules=listed, state="absent")
    (kept,) = result["kept"]
    assert (kept["section"], kept["name"]) == ("rules", "Theirs")
    assert kept["reason"] == "it has no tag clumio:connection (its tags: none)"
    assert names(two) == ["Other", "Theirs"]


def test_absent_takes_nothing_from_another_connection(aws):
    make(aws, clumio_eventbridge_rules, rules=rules())
    tag(aws, **{"clumio:connection": f"{ACCOUNT}_us-east-1"})
    converge(aws, clumio_eventbridge_rules, [], state="absent", everything=True)
    result = converge(aws, clumio_eventbridge_rules, [], rules=rules(), state="absent", adopt=True)
    assert [kept["reason"] for kept in result["kept"]] == [f"it belongs to the connection {ACCOUNT}_us-east-1"]
    assert names(aws) == [NAME]
