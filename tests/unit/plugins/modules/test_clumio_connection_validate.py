# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT, CONNECTION, REGION
from clumio_helpers import TOKEN as API_TOKEN
from clumio_helpers import running_clumio
from permissions_files import EXTERNAL_ID, PLACE, permissions_file, policy, resolved, trust_policy
from section_helpers import make, run

from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences
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
NOTHING_PLANNED = {section: [] for section in PLAN}
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


def boto(service, operation, **parameters):
    """What somebody does by hand in the account."""

    def change(aws):
        documents = {name: json.dumps(value) for name, value in parameters.items() if isinstance(value, dict)}
        getattr(aws.client(service), operation)(**parameters | documents)

    return change


ROLE = "ClumioIAMRole"
OPENED = policy(Principal="*", Action="sns:*", Resource=TOPIC)
EVERYBODY = trust_policy(Principal={"AWS": "*"})


def another_default_version(aws):
    """As somebody does who writes a version of the document by hand."""
    ssm, name = aws.client("ssm"), "Clumio-Document"
    another = json.dumps(SSM | {"description": "x"})
    ssm.update_document(Name=name, Content=another, DocumentVersion="$LATEST", TargetType="/AWS::EC2::Instance")
    ssm.update_document_default_version(Name=name, DocumentVersion="2")


# By what somebody did: how, in which resource, which member is different, and what is told.
DRIFTS = {
    "topic policy opened": (
        boto("sns", "set_topic_attributes", TopicArn=TOPIC, AttributeName="Policy", AttributeValue=OPENED),
        "topic ClumioEventPub",
        "policy",
        "policy is changed",
    ),
    "topic encrypted": (
        boto("sns", "set_topic_attributes", TopicArn=TOPIC, AttributeName="KmsMasterKeyId", AttributeValue="alias/x"),
        "topic ClumioEventPub",
        "kms_key",
        "kms key is changed",
    ),
    "rule disabled": (boto("events", "disable_rule", Name="Rule"), "rule Rule", "state", "state is changed"),
    "target removed": (
        boto("events", "remove_targets", Rule="Rule", Ids=["clumio-publish"]),
        "rule Rule",
        "targets",
        "target clumio-publish is missing",
    ),
    "target turned": (
        boto("events", "put_targets", Rule="Rule", Targets=[{"Id": "clumio-publish", "Arn": f"{TOPIC}2"}]),
        "rule Rule",
        "targets",
        "target clumio-publish is changed",
    ),
    "policy version changed": (
        boto("iam", "create_policy_version", PolicyArn=MANAGED, PolicyDocument=WRITE, SetAsDefault=True),
        "managed policy Managed",
        "document",
        "document is changed",
    ),
    "trust policy edited": (
        boto("iam", "update_assume_role_policy", RoleName=ROLE, PolicyDocument=EVERYBODY),
        "role ClumioIAMRole",
        "trust_policy",
        "trust policy is changed",
    ),
    "managed policy detached": (
        boto("iam", "detach_role_policy", RoleName=ROLE, PolicyArn=MANAGED),
        "role ClumioIAMRole",
        "managed_policies",
        f"attached policy {MANAGED} is missing",
    ),
    "inline policy deleted": (
        boto("iam", "delete_role_policy", RoleName=ROLE, PolicyName="Inline"),
        "role ClumioIAMRole",
        "inline_policies",
        "inline policy Inline is missing",
    ),
    "inline policy edited": (
        boto("iam", "put_role_policy", RoleName=ROLE, PolicyName="Inline", PolicyDocument=WRITE),
        "role ClumioIAMRole",
        "inline_policies",
        "inline policy Inline is changed",
    ),
    "tag removed": (
        boto("iam", "untag_role", RoleName=ROLE, TagKeys=["Vendor"]),
        "role ClumioIAMRole",
        "tags",
        "tag Vendor is missing",
    ),
    "role out of the profile": (
        boto("iam", "remove_role_from_instance_profile", InstanceProfileName="Profile", RoleName=ROLE),
        "instance profile Profile",
        "role",
        "role is changed",
    ),
    "document version moved": (
        another_default_version,
        "SSM document Clumio-Document",
        "content",
        "content is changed",
    ),
}


@pytest.mark.parametrize(("drift", "name", "member", "told"), DRIFTS.values(), ids=DRIFTS)
def test_drift(made, drift, name, member, told):
    drift(made)
    unencrypted = {"topics": [PLAN["topics"][0] | {"kms_key": ""}]}
    result = validate(made, clumio=False, **unencrypted)
    assert result["failed"]
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {name: "different"}
    (check,) = [check for check in result["checks"] if check["status"] == "different"]
    assert set(check["expected"]) == set(check["found"]) == {member}
    assert check["expected"] != check["found"]
    assert check["differences"] == [told]
    assert f"{name} is different ({told})" in result["msg"]
    assert result["failure"] == {"code": "invalid", "hint": "Run the onboard playbook again to put it back."}


def test_everything_that_differs_is_told_at_once(made):
    for drift, _name, _member, _told in DRIFTS.values():
        drift(made)
    result = validate(made, clumio=False)
    assert looked_at(result) == dict.fromkeys(NAMES, "different")
    (role,) = [check for check in result["checks"] if check["name"] == "role ClumioIAMRole"]
    assert role["differences"] == [
        "inline policy Inline is changed",
        f"attached policy {MANAGED} is missing",
        "tag Vendor is missing",
        "trust policy is changed",
    ]


# ---- what others have added

THEIRS = PLACE.policy_arn("Theirs")


def attach_theirs(aws):
    boto("iam", "create_policy", PolicyName="Theirs", PolicyDocument=WRITE)(aws)
    boto("iam", "attach_role_policy", RoleName=ROLE, PolicyArn=THEIRS)(aws)


ADDED = {
    "inline policy Mine": (
        boto("iam", "put_role_policy", RoleName=ROLE, PolicyName="Mine", PolicyDocument=WRITE),
        "roles",
        "role ClumioIAMRole",
        "inline policy Mine is superfluous",
    ),
    f"attached policy {THEIRS}": (
        attach_theirs,
        "roles",
        "role ClumioIAMRole",
        f"attached policy {THEIRS} is superfluous",
    ),
    "target theirs (arn:aws:sqs:us-west-2:123456789012:q)": (
        boto(
            "events", "put_targets", Rule="Rule", Targets=[{"Id": "theirs", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}]
        ),
        "rules",
        "rule Rule",
        "target theirs is superfluous",
    ),
}


@pytest.mark.parametrize(
    ("extra", "add", "section", "name", "told"), [(extra, *added) for extra, added in ADDED.items()], ids=ADDED
)
def test_what_others_have_added(made, extra, add, section, name, told):
    """Without purge it is told, with purge it is a fault."""
    add(made)
    result = validate(made, clumio=False)
    assert result["valid"] is True
    assert looked_at(result) == dict.fromkeys(NAMES, "ok")
    ((found),) = result["extras"]
    assert (found["section"], found["name"], found["extra"]) == (section, name.split()[-1], extra)
    assert f"Others have added {extra} to {found['name']}" in result["msg"]
    result = validate(made, clumio=False, purge=True)
    assert result["failed"]
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {name: "different"}
    assert f"{name} is different ({told})" in result["msg"]
    assert result["extras"] == []


@pytest.mark.parametrize(
    ("tags", "purge_tags", "valid"),
    [(None, True, True), ({}, False, True), ({}, True, False), ({"a": "b"}, False, False)],
)
def test_tags_of_others(made, tags, purge_tags, valid):
    made.client("sns").tag_resource(ResourceArn=TOPIC, Tags=[{"Key": "Theirs", "Value": "1"}])
    topics = [PLAN["topics"][0] | {"tags": tags}]
    result = validate(made, clumio=False, purge_tags=purge_tags, topics=topics)
    assert result["valid"] is valid
    assert ("tag Theirs is superfluous" in result["msg"]) is (tags == {} and not valid)
    assert ("tag a is missing" in result["msg"]) is bool(tags)


# ---- keys, and what is not wanted any more


@pytest.fixture
def key(aws):
    """A KMS key with its topic; gives the options."""
    (key,), (topic,) = encrypted.kms_keys, encrypted.topics
    options = {"kms_keys": [key.as_dict()], "topics": [topic.as_dict()]}
    make(aws, clumio_sns_topic, **options)
    return NOTHING_PLANNED | options


encrypted = resolved(permissions_file("ebs"), preferences=Preferences(kms_key="create")).plan
ALIAS = "alias/ClumioEventPub"

KEY_DRIFTS = {
    "disabled": (lambda kms, key_id: kms.disable_key(KeyId=key_id), ["enabled is changed"]),
    "rotation turned off": (lambda kms, key_id: kms.disable_key_rotation(KeyId=key_id), ["rotation is changed"]),
    "policy opened": (
        lambda kms, key_id: kms.put_key_policy(
            KeyId=key_id, PolicyName="default", Policy=json.dumps(policy(Principal="*", Action="kms:*", Resource="*"))
        ),
        ["policy is changed"],
    ),
    "scheduled for deletion": (
        lambda kms, key_id: kms.schedule_key_deletion(KeyId=key_id),
        ["enabled is changed", "rotation is changed"],
    ),
}


def test_a_key_as_planned(aws, key):
    result = validate(aws, clumio=False, **key)
    assert looked_at(result) == {"KMS key ClumioEventPub": "ok", "topic ClumioEventPub": "ok"}


@pytest.mark.parametrize(("drift", "told"), KEY_DRIFTS.values(), ids=KEY_DRIFTS)
def test_drift_of_a_key(aws, key, drift, told):
    kms = aws.client("kms")
    drift(kms, kms.describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"])
    result = validate(aws, clumio=False, **key)
    assert looked_at(result) == {"KMS key ClumioEventPub": "different", "topic ClumioEventPub": "ok"}
    assert result["checks"][0]["differences"] == told


def test_a_key_without_its_name(aws, key):
    aws.client("kms").delete_alias(AliasName=ALIAS)
    result = validate(aws, clumio=False, **key)
    assert looked_at(result) == {"KMS key ClumioEventPub": "missing", "topic ClumioEventPub": "ok"}


def test_a_retired_resource_that_is_still_there(made):
    make(made, clumio_iam_roles, roles=[PLAN["roles"][0] | {"name": "Support", "managed_policies": []}])
    retired = [PLACE.role_arn("Support"), PLACE.policy_arn("NeverMade"), PLACE.role_arn("Foreign")]
    trust = json.dumps(EVERYBODY)
    made.client("iam").create_role(RoleName="Foreign", AssumeRolePolicyDocument=trust)
    result = validate(made, clumio=False, retired=retired)
    assert result["failed"]
    assert looked_at(result) == dict.fromkeys(NAMES, "ok") | {"role Support": "different"}
    assert "role Support is different, found still there. Run the onboard playbook again to remove it." in result["msg"]


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
