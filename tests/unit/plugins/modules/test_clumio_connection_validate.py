# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT, CONNECTION, REGION
from clumio_helpers import TOKEN as API_TOKEN
from clumio_helpers import running_clumio
from permissions_files import EXTERNAL_ID, PLACE, policy, trust_policy
from section_helpers import make, run

from ansible_collections.clumio.aws.plugins.modules import (
    clumio_connection,
    clumio_connection_validate,
    clumio_eventbridge_rules,
    clumio_iam_roles,
    clumio_sns_topic,
    clumio_ssm_documents,
)

TOPIC = PLACE.topic_arn("ClumioEventPub")
MANAGED = PLACE.policy_arn("Managed")
READ, WRITE = policy(Action="s3:GetObject", Resource="*"), policy(Action="s3:PutObject", Resource="*")
SSM = {"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runPowerShellScript", "name": "a"}]}

PLAN = {
    "topics": [
        {"name": "ClumioEventPub", "policy": policy(Principal={"AWS": ACCOUNT}, Action="sns:*", Resource=TOPIC)}
    ],
    "rules": [
        {"name": "Rule", "event_pattern": {"source": ["aws.ec2"]}, "targets": [{"id": "clumio-publish", "arn": TOPIC}]}
    ],
    "policies": [{"name": "Managed", "document": READ}],
    "roles": [
        {
            "name": "ClumioIAMRole",
            "trust_policy": trust_policy(Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}),
            "managed_policies": [MANAGED],
            "inline_policies": [{"name": "Inline", "document": READ}],
        }
    ],
    "instance_profiles": [{"name": "Profile", "role": "ClumioIAMRole"}],
    "ssm_documents": [{"name": "Clumio-Document", "content": SSM}],
}
NAMES = [
    "topic ClumioEventPub",
    "rule Rule",
    "managed policy Managed",
    "role ClumioIAMRole",
    "instance profile Profile",
    "SSM document Clumio-Document",
]
HANDED_IN = {"clumio_iam_role_arn": PLACE.role_arn("ClumioIAMRole"), "clumio_event_pub_arn": TOPIC}


@pytest.fixture
def made(aws):
    """An account in which everything is as planned."""
    make(aws, clumio_sns_topic, topics=PLAN["topics"])
    make(aws, clumio_eventbridge_rules, rules=PLAN["rules"])
    make(
        aws,
        clumio_iam_roles,
        policies=PLAN["policies"],
        roles=PLAN["roles"],
        instance_profiles=PLAN["instance_profiles"],
    )
    make(aws, clumio_ssm_documents, ssm_documents=PLAN["ssm_documents"])
    return aws


def validate(aws, **options):
    """Run the module, which writes nothing whatever it finds."""
    result, writes = run(aws, clumio_connection_validate, **PLAN | options)
    assert writes == []
    assert result.get("changed") in (False, None)
    return result


def looked_at(result):
    return {check["name"]: check["status"] for check in result["checks"]}


@pytest.mark.parametrize("check_mode", [True, False])
def test_everything_is_as_planned(made, check_mode):
    result = validate(made, clumio=False, check_mode=check_mode)
    assert result["valid"] is True
    assert looked_at(result) == dict.fromkeys(NAMES, "ok")
    assert result["msg"] == f"The connection {CONNECTION} is as it should be (6 checks)."
    assert result["connection"] is None
    assert "failure" not in result


def test_an_empty_account(aws):
    result = validate(aws, clumio=False)
    assert result["failed"]
    assert result["valid"] is False
    assert looked_at(result) == dict.fromkeys(NAMES, "missing")
    assert result["failure"]["code"] == "invalid"
    assert all(f"{name} is missing" in result["msg"] for name in NAMES)


def test_failing_can_be_switched_off(aws):
    result = validate(aws, clumio=False, fail_on_invalid=False)
    assert not result.get("failed")
    assert result["valid"] is False
    assert looked_at(result) == dict.fromkeys(NAMES, "missing")
    assert result["failure"]["code"] == "invalid"


DRIFTS = {
    "topic ClumioEventPub": (
        lambda aws: aws.client("sns").set_topic_attributes(
            TopicArn=TOPIC,
            AttributeName="Policy",
            AttributeValue=json.dumps(policy(Principal="*", Action="sns:*", Resource=TOPIC)),
        ),
        "policy",
    ),
    "rule Rule": (lambda aws: aws.client("events").disable_rule(Name="Rule"), "state"),
    "managed policy Managed": (
        lambda aws: aws.client("iam").create_policy_version(
            PolicyArn=MANAGED, PolicyDocument=json.dumps(WRITE), SetAsDefault=True
        ),
        "document",
    ),
    "role ClumioIAMRole": (
        lambda aws: aws.client("iam").delete_role_policy(RoleName="ClumioIAMRole", PolicyName="Inline"),
        "inline_policies",
    ),
    "instance profile Profile": (
        lambda aws: aws.client("iam").remove_role_from_instance_profile(
            InstanceProfileName="Profile", RoleName="ClumioIAMRole"
        ),
        "role",
    ),
    "SSM document Clumio-Document": (
        lambda aws: (
            aws.client("ssm").update_document(
                Name="Clumio-Document", Content=json.dumps(SSM | {"description": "x"}), DocumentVersion="$LATEST"
            ),
            aws.client("ssm").update_document_default_version(Name="Clumio-Document", DocumentVersion="2"),
        ),
        "content",
    ),
}


@pytest.mark.parametrize(("name", "drift", "member"), [(name, *drift) for name, drift in DRIFTS.items()], ids=DRIFTS)
def test_drift(made, name, drift, member):
    drift(made)
    result = validate(made, clumio=False)
    assert result["failed"]
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {name: "different"}
    (check,) = [check for check in result["checks"] if check["status"] == "different"]
    assert member in check["expected"]
    assert set(check["expected"]) == set(check["found"])
    assert check["expected"] != check["found"]
    assert f"{name} is different in " in result["msg"]


def test_a_resource_of_another_connection(made):
    tags = [{"Key": "clumio:connection", "Value": f"{ACCOUNT}_us-east-1"}]
    made.client("iam").tag_role(RoleName="ClumioIAMRole", Tags=tags)
    result = validate(made, clumio=False)
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {"role ClumioIAMRole": "different"}
    assert f"it belongs to the connection {ACCOUNT}_us-east-1" in result["msg"]


def test_a_call_that_aws_refuses(aws):
    aws.refuse("GetRole", "AccessDenied", "Access denied")
    result = validate(aws, clumio=False)
    assert result["failed"]
    assert result["failure"]["code"] == "aws_access_denied"
    assert "checks" not in result


# ---- with Clumio


@pytest.fixture
def ask(aws):
    """Run the module with a Clumio that has no connections yet, after what is to be done at Clumio before."""

    def ask(*before, connect_delay=0, **options):
        with running_clumio(connect_delay=connect_delay) as clumio:
            for step in before:
                clumio.run(clumio_connection, account_id=ACCOUNT, region=REGION, **step)
            api = {"api_token": API_TOKEN, "api_base_url": clumio.url}
            results = []
            writes = clumio.writes(lambda: results.append(validate(aws, **api | options)))
        assert writes == []
        return results[0]

    return ask


REGISTERED = {"asset_types": ["ebs"]}
NOTHING_PLANNED = {section: [] for section in PLAN}


@pytest.mark.usefixtures("made")
def test_a_connected_account(ask):
    result = ask(REGISTERED, REGISTERED | {"resources": HANDED_IN}, wait_timeout=30)
    assert result["valid"] is True
    clumio = ["connection_status", "ingestion_status", "target_setup_status"]
    assert looked_at(result) == dict.fromkeys([*NAMES, *clumio], "ok")
    assert result["connection"]["connection_status"] == "connected"


def test_a_connected_account_of_which_nothing_is_planned(ask):
    result = ask(REGISTERED, REGISTERED | {"resources": HANDED_IN}, wait_timeout=30, **NOTHING_PLANNED)
    assert result["valid"] is True
    assert all(check["side"] == "clumio" for check in result["checks"])


def test_an_account_that_is_not_connected_yet(ask):
    result = ask(REGISTERED, wait_timeout=0, **NOTHING_PLANNED)
    assert result["failed"]
    assert "connection_status is different, found connecting" in result["msg"]
    assert result["connection"]["connection_status"] == "connecting"


def test_an_account_that_clumio_does_not_know(ask):
    result = ask(wait_timeout=30, **NOTHING_PLANNED)
    assert result["failed"]
    assert looked_at(result) == {"connection": "missing"}
    assert result["connection"] is None


def test_both_sides_are_told_at_once(ask):
    result = ask(REGISTERED, wait_timeout=0)
    assert looked_at(result) == dict.fromkeys(NAMES, "missing") | {
        "connection_status": "different",
        "ingestion_status": "ok",
        "target_setup_status": "ok",
    }


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"api_token": "", "api_base_url": ""}, "api_credentials_missing"),
        ({"api_token": "of-another-portal"}, "api_token_refused"),
        ({"account_id": "1"}, "invalid_connection"),
        ({"roles": [*PLAN["roles"], *PLAN["roles"]]}, "invalid_resources"),
    ],
)
def test_options_that_cannot_be_used(ask, options, code):
    result = ask(REGISTERED, **options)
    assert result["failed"]
    assert result["failure"]["code"] == code


def test_aws_is_not_asked_if_clumio_cannot_be(aws):
    with aws.recorded() as calls:
        result = validate(aws, api_base_url="https://us-west-2.api.clumio.com", api_token="")
    assert result["failure"]["code"] == "api_credentials_missing"
    assert calls == []
