# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT, CONNECTION, OURS, REGION
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from permissions_files import CLUMIO_ACCOUNT, permissions_file, resolved
from section_helpers import REFUSALS, actions, converge, make, refused, run

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
    assert "the topic Untagged exists, but it has no tag clumio:connection (its tags: none)" in result["msg"]
    assert f"the topic Others exists, but it belongs to the connection {ACCOUNT}_us-east-1" in result["msg"]
    assert f"clumio:connection={CONNECTION}" in result["failure"]["hint"]
    assert [resource["name"] for resource in result["failure"]["resources"]] == ["Untagged", "Others"]
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
