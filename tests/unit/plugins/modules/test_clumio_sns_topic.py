# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT, CONNECTION, OURS, REGION
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from permissions_files import CLUMIO_ACCOUNT, permissions_file, resolved
from section_helpers import REFUSALS, actions, converge, make, refused, run

from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences
from ansible_collections.clumio.aws.plugins.modules import clumio_sns_topic

NAME = "ClumioEventPub"
ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}"


def access(*principals, action="sns:Subscribe"):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": [action], "Resource": [ARN]}
        ],
    }


POLICY = access(f"arn:aws:iam::{CLUMIO_ACCOUNT}:root")
TOPIC = {"name": NAME, "arn": ARN, "policy": POLICY}


def tagged(tags):
    """Without the digest of what is granted, which only the approval of changes looks at."""
    return {key: value for key, value in tags.items() if key != "clumio:grants"}


def test_create(aws):
    result = converge(aws, clumio_sns_topic, ["CreateTopic"], topics=[TOPIC])
    assert actions(result) == {NAME: ("create", [])}
    held = aws.topic(NAME)
    assert held["policy"] == POLICY
    assert tagged(held["tags"]) == OURS
    assert aws.client("sns").get_topic_attributes(TopicArn=ARN)["Attributes"].get("FifoTopic") is None


def test_create_without_policy(aws):
    """AWS gives the topic one; which, nobody knows before."""
    first, writes = run(aws, clumio_sns_topic, topics=[{"name": NAME}])
    assert (first["changed"], writes) == (True, ["CreateTopic"])
    given = aws.topic(NAME)["policy"]
    again, writes = run(aws, clumio_sns_topic, topics=[{"name": NAME}])
    assert (again["changed"], writes) == (False, [])
    assert again["topics"][0]["policy"] == given


def test_create_from_a_permissions_file(aws):
    (topic,) = resolved(permissions_file("ebs")).plan.as_dict()["topics"]
    make(aws, clumio_sns_topic, topics=[topic])
    assert aws.topic(NAME)["policy"] == topic["policy"]


def test_modify(aws):
    make(aws, clumio_sns_topic, topics=[TOPIC])
    wanted = TOPIC | {"policy": access(CLUMIO_ACCOUNT, "444455556666")}
    result = converge(
        aws, clumio_sns_topic, ["SetTopicAttributes", "TagResource"], topics=[wanted], approve_changes=True
    )
    assert "policy" in actions(result)[NAME][1]
    assert aws.topic(NAME)["policy"] == wanted["policy"]
    (diff,) = result["diff"]
    assert json.dumps(diff["before"]).count("444455556666") == 0
    assert json.dumps(diff["after"]).count("444455556666") == 1


def test_drift(aws):
    make(aws, clumio_sns_topic, topics=[TOPIC])
    sns = aws.client("sns")
    changed = json.dumps(access("111122223333"))
    sns.set_topic_attributes(TopicArn=ARN, AttributeName="Policy", AttributeValue=changed)
    result = converge(aws, clumio_sns_topic, ["SetTopicAttributes"], topics=[TOPIC])
    assert actions(result) == {NAME: ("update", ["policy"])}
    assert aws.topic(NAME)["policy"] == POLICY


def test_unchanged_in_another_spelling(aws):
    make(aws, clumio_sns_topic, topics=[TOPIC])
    written = {
        "Version": "2012-10-17",
        "Statement": {**POLICY["Statement"][0], "Action": "SNS:subscribe", "Resource": ARN},
    }
    written["Statement"]["Principal"] = {"AWS": CLUMIO_ACCOUNT}
    converge(aws, clumio_sns_topic, [], topics=[TOPIC | {"policy": written}])
    assert aws.topic(NAME)["policy"] == POLICY


def test_attributes_subscriptions_and_tags_of_others_stay(aws):
    make(aws, clumio_sns_topic, topics=[TOPIC])
    sns = aws.client("sns")
    sns.set_topic_attributes(TopicArn=ARN, AttributeName="DisplayName", AttributeValue="Backup")
    sns.tag_resource(ResourceArn=ARN, Tags=[{"Key": "Team", "Value": "backup"}])
    sns.subscribe(TopicArn=ARN, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")
    wanted = TOPIC | {"policy": access(CLUMIO_ACCOUNT, action="sns:ListSubscriptionsByTopic")}
    make(aws, clumio_sns_topic, topics=[wanted], approve_changes=True)
    assert sns.get_topic_attributes(TopicArn=ARN)["Attributes"]["DisplayName"] == "Backup"
    assert len(sns.list_subscriptions_by_topic(TopicArn=ARN)["Subscriptions"]) == 1
    assert tagged(aws.topic(NAME)["tags"]) == OURS | {"Team": "backup"}


@pytest.mark.parametrize("check_mode", [True, False])
def test_topics_of_others_are_refused_all_at_once(aws, check_mode):
    sns = aws.client("sns")
    tags = {"Untagged": [], "Others": [{"Key": "clumio:connection", "Value": f"{ACCOUNT}_us-east-1"}]}
    for name, list_of_tags in tags.items():
        sns.create_topic(Name=name, Tags=list_of_tags)
    before = {name: aws.topic(name) for name in tags}
    topics = [{"name": name} for name in (*tags, "New")]
    result = refused(aws, clumio_sns_topic, "foreign_resource", topics=topics, check_mode=check_mode)
    assert "The topic Untagged exists, but it has no tag clumio:connection (its tags: none)." in result["msg"]
    assert f"The topic Others exists, but it belongs to the connection {ACCOUNT}_us-east-1." in result["msg"]
    untagged, others = result["failure"]["findings"]
    assert (untagged["entity"], others["entity"]) == ("Untagged", "Others")
    assert "take it over with adopt: true" in untagged["hint"].lower()
    assert "adopt" not in others["hint"]
    assert {name: aws.topic(name) for name in tags} == before


@pytest.mark.parametrize(("code", "message", "said", "failure"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize(
    ("operation", "task"),
    [("GetTopicAttributes", f"read the topic {ARN}"), ("CreateTopic", f"create the topic {NAME}")],
)
def test_refusal_by_aws(aws, operation, task, code, message, said, failure):
    aws.refuse(operation, code, message)
    result, _writes = run(aws, clumio_sns_topic, topics=[TOPIC])
    assert result["failed"]
    assert result["msg"].startswith(f"Cannot {task}: {said}")
    assert result["failure"]["code"] == failure
    assert result["failure"]["aws_code"] == code
    assert result["failure"]["aws_operation"] == operation


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NoCredentialsError(), "aws_credentials"),
        (EndpointConnectionError(endpoint_url=f"https://sns.{REGION}.amazonaws.com"), "aws_unreachable"),
    ],
)
def test_no_answer_by_aws(aws, error, code):
    aws.fail("GetTopicAttributes", error)
    result = refused(aws, clumio_sns_topic, code, topics=[TOPIC])
    assert result["msg"].startswith(f"Cannot read the topic {ARN}: ")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"account_id": 12345678901}, "invalid_connection", "leading zeros"),
        ({"region": "us-west"}, "invalid_connection", "'us-west'"),
        ({"region": "us-west-9"}, "unknown_region", "AWS has no region us-west-9"),
        ({"topics": [TOPIC, TOPIC]}, "invalid_resources", f"{NAME} is given twice"),
        ({"topics": [TOPIC | {"arn": f"arn:aws:sns:{REGION}:111122223333:{NAME}"}]}, "invalid_resources", CONNECTION),
    ],
)
def test_options_that_cannot_be_used(aws, options, code, said):
    result = refused(aws, clumio_sns_topic, code, **{"topics": [TOPIC]} | options)
    assert said in result["msg"]


def test_a_preview_is_good_for_check_mode_only(aws):
    plan = resolved(permissions_file("ebs"), token=None, external_id=None, preview=True).plan.as_dict()
    result, writes = run(aws, clumio_sns_topic, check_mode=True, topics=plan["topics"])
    assert (result["changed"], writes) == (True, [])
    result = refused(aws, clumio_sns_topic, "preview_plan", topics=plan["topics"])
    assert "token" in result["msg"]


def test_no_topics(aws):
    converge(aws, clumio_sns_topic, [], topics=[])


# ---- tags, adoption


def test_tags_of_the_user(aws):
    wanted = TOPIC | {"tags": {"Team": "backup", "Cost": 7}}
    converge(aws, clumio_sns_topic, ["CreateTopic"], topics=[wanted])
    assert tagged(aws.topic(NAME)["tags"]) == OURS | {"Team": "backup", "Cost": "7"}
    changed = TOPIC | {"tags": {"Team": "storage"}}
    result = converge(aws, clumio_sns_topic, ["TagResource", "UntagResource"], topics=[changed])
    assert actions(result) == {NAME: ("update", ["tags"])}
    assert tagged(aws.topic(NAME)["tags"]) == OURS | {"Team": "storage"}


@pytest.mark.parametrize(
    ("tags", "purge_tags", "stays"),
    [(None, True, True), ({"a": "b"}, False, True), ({"a": "b"}, True, False), ({}, True, False)],
)
def test_tags_of_others(aws, tags, purge_tags, stays):
    given = {} if tags is None else {"tags": tags}
    make(aws, clumio_sns_topic, topics=[TOPIC | given])
    aws.client("sns").tag_resource(ResourceArn=ARN, Tags=[{"Key": "Theirs", "Value": "1"}])
    writes = [] if stays else ["UntagResource"]
    converge(aws, clumio_sns_topic, writes, topics=[TOPIC | given], purge_tags=purge_tags)
    theirs = {"Theirs": "1"} if stays else {}
    assert tagged(aws.topic(NAME)["tags"]) == OURS | (tags or {}) | theirs


def test_adopt(aws):
    """What it grants so far is nobody's approval, so taking it over may not grant more than that either."""
    sns = aws.client("sns")
    tags = [{"Key": "Team", "Value": "backup"}]
    sns.create_topic(Name=NAME, Attributes={"Policy": json.dumps(access("111122223333"))}, Tags=tags)
    sns.subscribe(TopicArn=ARN, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:q")
    refused(aws, clumio_sns_topic, "foreign_resource", topics=[TOPIC])
    refused(aws, clumio_sns_topic, "widening_not_approved", topics=[TOPIC], adopt=True)
    writes = ["SetTopicAttributes", "TagResource"]
    options = {"topics": [TOPIC], "adopt": True, "approve_changes": True}
    result = converge(aws, clumio_sns_topic, writes, **options)
    assert actions(result) == {NAME: ("adopt", ["policy", "tags"])}
    assert "so far not ours: it has no tag clumio:connection" in result["diff"][0]["before_header"]
    held = aws.topic(NAME)
    assert (held["policy"], tagged(held["tags"])) == (POLICY, OURS | {"Team": "backup"})
    assert len(sns.list_subscriptions_by_topic(TopicArn=ARN)["Subscriptions"]) == 1


def test_adopting_takes_nothing_from_another_connection(aws):
    aws.client("sns").create_topic(Name=NAME, Tags=[{"Key": "clumio:connection", "Value": f"{ACCOUNT}_us-east-1"}])
    result = refused(aws, clumio_sns_topic, "foreign_resource", topics=[TOPIC], adopt=True)
    assert f"it belongs to the connection {ACCOUNT}_us-east-1" in result["msg"]


# ---- encryption

ALIAS = f"alias/{NAME}"
ALIAS_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:{ALIAS}"
KEY_MADE = ["CreateKey", "CreateAlias", "EnableKeyRotation"]


@pytest.fixture
def encrypted():
    """The options for a topic with a key of its own, as a permissions file has them."""
    preferences = Preferences(kms_key="create", tags={"Team": "backup"})
    plan = resolved(permissions_file("ebs"), preferences=preferences).plan.as_dict()
    return {"kms_keys": plan["kms_keys"], "topics": plan["topics"]}


def keys(aws):
    return [key["KeyId"] for key in aws.client("kms").list_keys()["Keys"]]


def test_create_with_a_key(aws, encrypted):
    result = converge(aws, clumio_sns_topic, [*KEY_MADE, "CreateTopic"], **encrypted)
    assert [(change["section"], change["action"]) for change in result["changes"]] == [
        ("kms_keys", "create"),
        ("topics", "create"),
    ]
    (key,) = encrypted["kms_keys"]
    tags = OURS | {"Team": "backup"}
    held = aws.kms_key(ALIAS)
    assert held | {"tags": tagged(held["tags"])} == {
        "aliases": [ALIAS],
        "description": f"Encrypts the SNS topic {NAME}",
        "policy": key["policy"],
        "rotates": True,
        "state": "Enabled",
        "tags": tags,
    }
    topic = aws.topic(NAME)
    assert (topic["kms_key"], tagged(topic["tags"])) == (ALIAS, tags)
    assert result["kms_keys"][0]["arn"] == ALIAS_ARN


def test_the_key_is_there_before_the_topic(aws, encrypted):
    _result, writes = run(aws, clumio_sns_topic, **encrypted)
    assert writes == [*KEY_MADE, "CreateTopic"]


@pytest.mark.parametrize("operation", ["CreateAlias", "EnableKeyRotation", "CreateTopic"])
def test_a_first_run_that_was_cut_short_leaves_no_second_key(aws, encrypted, operation):
    aws.refuse(operation, "InternalError", times=1)
    result, _writes = run(aws, clumio_sns_topic, **encrypted)
    assert result["failed"]
    make(aws, clumio_sns_topic, **encrypted)
    assert len(keys(aws)) == 1
    held = aws.kms_key(ALIAS)
    assert (held["rotates"], held["state"], held["aliases"]) == (True, "Enabled", [ALIAS])
    assert aws.topic(NAME)["kms_key"] == ALIAS
    converge(aws, clumio_sns_topic, [], **encrypted)


def test_a_key_left_without_a_name_becomes_what_is_wanted_now(aws, encrypted):
    aws.refuse("CreateAlias", "InternalError", times=1)
    run(aws, clumio_sns_topic, **encrypted)
    (key,) = encrypted["kms_keys"]
    policy = key["policy"] | {"Id": "another"}
    wanted = encrypted | {"kms_keys": [key | {"policy": policy, "tags": {"Team": "storage"}}]}
    converge(aws, clumio_sns_topic, ["PutKeyPolicy", "TagResource", *KEY_MADE[1:], "CreateTopic"], **wanted)
    held = aws.kms_key(ALIAS)
    assert (held["policy"], tagged(held["tags"])) == (policy, OURS | {"Team": "storage"})
    assert len(keys(aws)) == 1


def test_a_key_without_a_name_that_is_another_ones_is_left_alone(aws, encrypted):
    (key,) = encrypted["kms_keys"]
    other = {"clumio:connection": f"{ACCOUNT}_us-east-1", "Vendor": "Clumio"}
    kms = aws.client("kms")
    for tags, description in ((other, key["description"]), ({}, key["description"]), (OURS, "Another key of ours")):
        listed = [{"TagKey": name, "TagValue": value} for name, value in tags.items()]
        kms.create_key(Description=description, Tags=listed)
    converge(aws, clumio_sns_topic, [*KEY_MADE, "CreateTopic"], **encrypted)


def test_a_key_that_aws_does_not_see_yet(aws, encrypted):
    aws.refuse("CreateAlias", "NotFoundException", times=1)
    _result, writes = run(aws, clumio_sns_topic, **encrypted)
    assert writes == ["CreateKey", "CreateAlias", "CreateAlias", "EnableKeyRotation", "CreateTopic"]


def policy_opened(kms, key_id):
    policy = json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])
    policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"})
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(policy))


def rotation_off(kms, key_id):
    kms.disable_key_rotation(KeyId=key_id)


def rotation_off_and_disabled(kms, key_id):
    rotation_off(kms, key_id)
    kms.disable_key(KeyId=key_id)


def described_otherwise(kms, key_id):
    kms.update_key_description(KeyId=key_id, Description="Another")


def disabled(kms, key_id):
    kms.disable_key(KeyId=key_id)


def pending_deletion(kms, key_id):
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)


def tag_gone(kms, key_id):
    kms.untag_resource(KeyId=key_id, TagKeys=["Team", "Vendor"])


def name_gone(kms, key_id):  # noqa: ARG001
    kms.delete_alias(AliasName=ALIAS)


@pytest.mark.parametrize(
    ("drift", "writes", "differences"),
    [
        (policy_opened, ["PutKeyPolicy"], ["policy"]),
        (rotation_off, ["EnableKeyRotation"], ["rotation"]),
        (described_otherwise, ["UpdateKeyDescription"], ["description"]),
        (disabled, ["EnableKey"], ["enabled"]),
        (rotation_off_and_disabled, ["EnableKey", "EnableKeyRotation"], ["enabled", "rotation"]),
        (pending_deletion, ["CancelKeyDeletion", "EnableKey", "EnableKeyRotation"], ["enabled", "rotation"]),
        (tag_gone, ["TagResource"], ["tags"]),
        (name_gone, ["PutKeyPolicy", "TagResource", *KEY_MADE[1:]], []),
    ],
)
def test_drift_of_the_key(aws, encrypted, drift, writes, differences):
    make(aws, clumio_sns_topic, **encrypted)
    before = aws.kms_key(ALIAS)
    drift(aws.client("kms"), *keys(aws))
    result = converge(aws, clumio_sns_topic, writes, **encrypted)
    assert actions(result) == {NAME: ("update" if differences else "create", differences)}
    assert aws.kms_key(ALIAS) == before
    assert len(keys(aws)) == 1


def test_a_disabled_key_can_be_wanted(aws, encrypted):
    """The rotation can be changed only while the key is enabled."""
    options = {"kms_keys": [encrypted["kms_keys"][0] | {"enabled": False}]}
    converge(aws, clumio_sns_topic, [*KEY_MADE, "DisableKey"], **options)
    assert aws.kms_key(ALIAS)["state"] == "Disabled"
    without = {"kms_keys": [options["kms_keys"][0] | {"rotation": False}]}
    converge(aws, clumio_sns_topic, ["EnableKey", "DisableKeyRotation", "DisableKey"], **without)
    held = aws.kms_key(ALIAS)
    assert (held["state"], held["rotates"]) == ("Disabled", False)


def test_a_key_of_somebody_else_is_refused_or_adopted(aws, encrypted):
    kms = aws.client("kms")
    key_id = kms.create_key(Description="By hand", Tags=[{"TagKey": "Team", "TagValue": "backup"}])["KeyMetadata"][
        "KeyId"
    ]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key_id)
    result = refused(aws, clumio_sns_topic, "foreign_resource", **encrypted)
    assert f"The KMS key {NAME} exists, but it has no tag clumio:connection (made on " in result["msg"]
    writes = ["PutKeyPolicy", "UpdateKeyDescription", "EnableKeyRotation", "TagResource", "CreateTopic"]
    result = converge(aws, clumio_sns_topic, writes, **encrypted, adopt=True, approve_changes=True)
    assert result["changes"][0]["action"] == "adopt"
    assert aws.kms_key(ALIAS)["policy"] == encrypted["kms_keys"][0]["policy"]
    assert keys(aws) == [key_id]


OWN_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize("key", ["alias/own", OWN_KEY, OWN_KEY.rpartition("/")[2]])
def test_a_key_that_exists(aws, key):
    converge(aws, clumio_sns_topic, ["CreateTopic"], topics=[TOPIC | {"kms_key": key}])
    assert aws.topic(NAME)["kms_key"] == key


@pytest.mark.parametrize(
    ("held", "wanted", "writes", "afterwards"),
    [
        ("", "alias/own", ["SetTopicAttributes"], "alias/own"),
        ("alias/own", "alias/other", ["SetTopicAttributes"], "alias/other"),
        ("alias/own", "", ["SetTopicAttributes"], ""),
        ("alias/own", None, [], "alias/own"),
        ("", None, [], ""),
        ("", "", [], ""),
    ],
)
def test_encryption_that_changes(aws, held, wanted, writes, afterwards):
    make(aws, clumio_sns_topic, topics=[TOPIC | {"kms_key": held}])
    result = converge(aws, clumio_sns_topic, writes, topics=[TOPIC | {"kms_key": wanted}])
    assert actions(result) == ({NAME: ("update", ["kms_key"])} if writes else {})
    assert aws.topic(NAME).get("kms_key", "") == afterwards
    assert result["topics"][0]["kms_key"] == afterwards


def test_encryption_that_somebody_has_taken_away(aws, encrypted):
    make(aws, clumio_sns_topic, **encrypted)
    aws.client("sns").set_topic_attributes(TopicArn=ARN, AttributeName="KmsMasterKeyId", AttributeValue="")
    converge(aws, clumio_sns_topic, ["SetTopicAttributes"], **encrypted)
    assert aws.topic(NAME)["kms_key"] == ALIAS


def test_a_key_for_a_topic_that_is_there(aws, encrypted):
    make(aws, clumio_sns_topic, topics=[encrypted["topics"][0] | {"kms_key": None}])
    _result, writes = run(aws, clumio_sns_topic, **encrypted)
    assert writes == [*KEY_MADE, "SetTopicAttributes"]
    converge(aws, clumio_sns_topic, [], **encrypted)


def test_a_key_policy_that_is_none(aws, encrypted):
    (key,) = encrypted["kms_keys"]
    wrong = [key | {"policy": {"Statement": [{"Effect": "Perhaps"}]}}]
    result = refused(aws, clumio_sns_topic, "invalid_resources", kms_keys=wrong)
    assert NAME in result["msg"]


# ---- away again


@pytest.mark.parametrize("listed", [True, False])
def test_absent(aws, encrypted, listed):
    """The topic goes before the key that encrypts it; a key is only ever scheduled for deletion."""
    make(aws, clumio_sns_topic, **encrypted)
    (key_id,) = keys(aws)
    aws.client("sns").create_topic(Name="Theirs")
    options = encrypted if listed else {"everything": True}
    order = run(aws, clumio_sns_topic, state="absent", **options, check_mode=True)
    assert order[1] == []
    result, writes = run(aws, clumio_sns_topic, state="absent", **options)
    assert writes == ["DeleteTopic", "ScheduleKeyDeletion", "DeleteAlias"]
    assert result["changed"] is order[0]["changed"] is True
    assert actions(result) == {NAME: ("delete", [])}
    assert [change["section"] for change in result["changes"]] == ["kms_keys", "topics"]
    assert result["changes"] == order[0]["changes"]
    assert (result["kms_keys"], result["topics"], result["kept"]) == ([], [], [])
    held = aws.kms_key(key_id)
    assert (held["state"], held["aliases"]) == ("PendingDeletion", [])
    assert aws.client("sns").list_topics()["Topics"] == [{"TopicArn": ARN.replace(NAME, "Theirs")}]
    converge(aws, clumio_sns_topic, [], state="absent", **options)


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("operation", ["DeleteTopic", "ScheduleKeyDeletion", "DeleteAlias"])
def test_a_removal_that_was_cut_short_is_finished(aws, encrypted, operation, listed):
    make(aws, clumio_sns_topic, **encrypted)
    (key_id,) = keys(aws)
    options = encrypted if listed else {"everything": True}
    aws.refuse(operation, "InternalError", times=1)
    result, _writes = run(aws, clumio_sns_topic, state="absent", **options)
    assert result["failed"]
    make(aws, clumio_sns_topic, state="absent", **options)
    held = aws.kms_key(key_id)
    assert (held["state"], held["aliases"]) == ("PendingDeletion", [])
    assert aws.client("sns").list_topics()["Topics"] == []
    converge(aws, clumio_sns_topic, [], state="absent", **options)


def test_a_key_left_without_a_name_is_removed(aws, encrypted):
    """Only its tag tells that it is ours."""
    aws.refuse("CreateAlias", "InternalError", times=1)
    run(aws, clumio_sns_topic, **encrypted)
    (key_id,) = keys(aws)
    result = converge(aws, clumio_sns_topic, ["ScheduleKeyDeletion"], state="absent", everything=True)
    assert actions(result) == {key_id: ("delete", [])}
    assert aws.kms_key(key_id)["state"] == "PendingDeletion"


def test_a_key_that_already_waits_for_its_deletion(aws, encrypted):
    make(aws, clumio_sns_topic, kms_keys=encrypted["kms_keys"])
    aws.client("kms").schedule_key_deletion(KeyId=keys(aws)[0], PendingWindowInDays=20)
    converge(aws, clumio_sns_topic, ["DeleteAlias"], state="absent", **encrypted)


def test_a_topic_is_made_anew_with_another_key(aws, encrypted):
    make(aws, clumio_sns_topic, **encrypted)
    make(aws, clumio_sns_topic, state="absent", **encrypted)
    converge(aws, clumio_sns_topic, [*KEY_MADE, "CreateTopic"], **encrypted)
    assert len(keys(aws)) == 2
    assert aws.kms_key(ALIAS)["state"] == "Enabled"


@pytest.mark.parametrize("tags", [[], [{"Key": "clumio:connection", "Value": f"{ACCOUNT}_us-east-1"}]])
def test_absent_keeps_what_is_not_ours(aws, tags):
    aws.client("sns").create_topic(Name=NAME, Tags=tags)
    result = converge(aws, clumio_sns_topic, [], topics=[TOPIC], state="absent")
    (kept,) = result["kept"]
    assert (kept["section"], kept["name"], kept["arn"]) == ("topics", NAME, ARN)
    assert "clumio:connection" in kept["reason"] or f"{ACCOUNT}_us-east-1" in kept["reason"]
    assert aws.topic(NAME)["policy"]


def test_a_removal_needs_no_approval(aws):
    """With a topic goes what its policy denies; nobody gains by that."""
    policy = POLICY | {
        "Statement": [
            *POLICY["Statement"],
            {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": ARN},
        ]
    }
    make(aws, clumio_sns_topic, topics=[TOPIC | {"policy": policy}])
    result = converge(aws, clumio_sns_topic, ["DeleteTopic"], topics=[TOPIC], state="absent")
    assert result["widening"] == []


def test_absent_where_there_is_nothing(aws):
    converge(aws, clumio_sns_topic, [], topics=[TOPIC], state="absent")
    converge(aws, clumio_sns_topic, [], state="absent", everything=True)
