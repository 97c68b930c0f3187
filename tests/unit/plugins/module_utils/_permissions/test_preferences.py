# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from aws_in_process import ACCOUNT, REGION
from hypothesis import given
from hypothesis import strategies as st
from permissions_files import NAMING, PLACE, permissions_file, resolved

from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import audit
from ansible_collections.clumio.aws.plugins.module_utils._permissions.documents import problem_of_policy
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import (
    Preferences,
    audit_preferences,
    key_policy,
)

FILE = permissions_file("ebs", "mssql")
OF_ACCOUNT = f"arn:aws:iam::{ACCOUNT}:policy/Boundary"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
ANOTHER = "111122223333"


def plan(naming=NAMING, **preferences):
    return resolved(FILE, naming, preferences=Preferences(**preferences)).plan


def found(**preferences):
    return audit_preferences(Preferences(**preferences), PLACE)


# ---- on the plan


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ({}, {}),
        ({"Team": "backup"}, {"Team": "backup"}),
        (
            {"Number": 4711, "Yes": True, "Share": 0.5, 7: ""},
            {"Number": "4711", "Yes": "True", "Share": "0.5", "7": ""},
        ),
    ],
)
def test_tags_are_on_everything(given, expected):
    resources = plan(tags=given, kms_key="create").resources()
    assert {type(resource).__name__ for resource in resources} == {
        *("KmsKey", "Topic", "Rule", "Policy", "Role", "InstanceProfile", "SsmDocument"),
    }
    assert all(resource.tags == expected for resource in resources)


@pytest.mark.parametrize("boundary", [None, "", OF_ACCOUNT])
def test_the_boundary_is_on_every_role(boundary):
    roles = plan(permissions_boundary=boundary).roles
    assert len(roles) > 2
    assert {role.permissions_boundary for role in roles} == {boundary}


@pytest.mark.parametrize("key", [None, "", KEY_ID, KEY_ARN, "alias/own"])
def test_the_key_is_on_the_topic(key):
    made = plan(kms_key=key)
    assert [topic.kms_key for topic in made.topics] == [key]
    assert made.kms_keys == ()


def test_a_key_for_the_topic():
    naming = Naming(Connection(ACCOUNT, "us-gov-west-1"), suffix="-two")
    file = permissions_file("s3", region="us-gov-west-1")
    made = resolved(file, naming, preferences=Preferences(kms_key="create")).plan
    (key,), (topic,) = made.kms_keys, made.topics
    assert (key.name, topic.kms_key) == ("ClumioEventPub-two", "alias/ClumioEventPub-two")
    assert key.arn == f"arn:aws-us-gov:kms:us-gov-west-1:{ACCOUNT}:alias/ClumioEventPub-two"
    assert topic.name in key.description
    assert key.policy == key_policy(naming.connection, topic.arn)
    assert audit(made, naming.connection) == []


def test_policy_of_a_key():
    """The account administers it, and the two services use it for the one topic."""
    topic = PLACE.topic_arn("T")
    document = key_policy(PLACE, topic)
    assert problem_of_policy(document) == ""
    administration, use = document["Statement"]
    assert administration["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert administration["Action"] == "kms:*"
    assert use["Principal"] == {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]}
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert use["Condition"] == {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": topic}}
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}


def test_nothing_is_wrong_with_no_preferences():
    assert found() == []
    assert found(tags={}, permissions_boundary="", kms_key="") == []


def test_everything_wrong_is_told_at_once():
    findings = found(tags={"aws:x": "y"}, permissions_boundary="Boundary", kms_key="own")
    assert [finding.place for finding in findings] == ["tags.aws:x", "permissions_boundary", "kms_key"]
    assert all(finding.level == "error" and finding.hint for finding in findings)


# ---- tags


@pytest.mark.parametrize(
    "tags",
    [
        {"k" * 128: "v" * 256},
        {"K": "", "Cost Center": "4711 / 12", "a_.:/=+-@": "_.:/=+-@", "Größe": "五百"},
        {"Vendor": "Clumio"},
        {"clumio": "x", "clumio:team": "y", "laws:": "of aws:"},
        {"A": 1, "B": 0.5, "C": False},
    ],
)
def test_tags_that_aws_takes(tags):
    assert found(tags=tags) == []


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"": "v"}, "its key has 0 characters"),
        ({"k" * 129: "v"}, "its key has 129 characters"),
        ({"K": "v" * 257}, "its value has 257 characters"),
        ({"aws:owner": "v"}, "its key begins with aws:"),
        ({"AWS:Owner": "v"}, "its key begins with aws:"),
        ({"K": "aws:v"}, "its value begins with aws:"),
        ({"K!": "v"}, "its key has characters"),
        ({"K\n": "v"}, "its key has characters"),
        ({"K": "a,b"}, "its value has characters"),
        ({"K": "a\tb"}, "its value has characters"),
        ({"K": "(c)"}, "its value has characters"),
        ({"Vendor": "Other"}, "Vendor is a tag of this collection's own"),
        ({"vendor": "Clumio"}, "Vendor is a tag of this collection's own"),
        ({"clumio:connection": "x"}, "clumio:connection is a tag"),
        ({"Clumio:Grants": "x"}, "clumio:grants is a tag"),
        ({"clumio:inline-policies": ""}, "clumio:inline-policies is a tag"),
        ({"K": None}, "its value is null"),
        ({"K": ["v"]}, "its value is a list"),
        ({"K": {"k": "v"}}, "its value is an object"),
    ],
)
def test_tags_that_cannot_be_used(tags, said):
    (finding,) = found(tags=tags)
    assert (finding.code, finding.member) == ("invalid_tag", f"tags.{next(iter(tags))}")
    assert said in finding.message
    assert len(finding.sentence.splitlines()) == 1


def test_keys_that_differ_in_case_only():
    findings = found(tags={"Team": "a", "TEAM": "b", "Other": "c"})
    assert [(finding.code, finding.place) for finding in findings] == [
        ("invalid_tag", "tags.Team"),
        ("invalid_tag", "tags.TEAM"),
    ]


@pytest.mark.parametrize(
    ("tags", "total"),
    [
        ({f"K{number}": "v" for number in range(46)}, None),
        ({f"K{number}": "v" for number in range(47)}, 51),
        ({f"K{number}": "v" for number in range(46)} | {"Vendor": "Clumio"}, None),
    ],
)
def test_number_of_tags(tags, total):
    expected = [("too_many_tags", total, 50)] if total else []
    assert [(finding.code, finding.found, finding.limit) for finding in found(tags=tags)] == expected


@given(tags=st.dictionaries(st.text(max_size=140), st.text(max_size=260), max_size=3))
def test_any_tags_are_used_or_refused_in_one_line(tags):
    findings = found(tags=tags)
    assert {finding.code for finding in findings} <= {"invalid_tag"}
    assert all(len(finding.sentence.splitlines()) == 1 for finding in findings)


# ---- permissions boundary


@pytest.mark.parametrize(
    "arn",
    [
        OF_ACCOUNT,
        f"arn:aws:iam::{ACCOUNT}:policy/company/it/Boundary+=,.@-_1",
        "arn:aws:iam::aws:policy/PowerUserAccess",
        "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
    ],
)
def test_boundaries(arn):
    assert found(permissions_boundary=arn) == []


@pytest.mark.parametrize(
    "arn",
    [
        "Boundary",
        f"arn:aws:iam::{ANOTHER}:policy/Boundary",
        f"arn:aws-us-gov:iam::{ACCOUNT}:policy/Boundary",
        f"arn:aws:iam::{ACCOUNT}:role/Boundary",
        f"arn:aws:iam::{ACCOUNT}:policy/",
        f"arn:aws:iam::{ACCOUNT}:policy/company/",
        f"arn:aws:iam::{ACCOUNT}:policy/{'b' * 129}",
        f"arn:aws:iam:{REGION}:{ACCOUNT}:policy/Boundary",
        f"{OF_ACCOUNT}\n",
        " ",
    ],
)
def test_boundaries_that_cannot_be_used(arn):
    (finding,) = found(permissions_boundary=arn)
    assert (finding.code, finding.place, finding.found) == ("invalid_permissions_boundary", "permissions_boundary", arn)
    assert OF_ACCOUNT.replace("Boundary", "NAME") in finding.hint


def test_boundaries_are_of_the_partition():
    place = Connection(ACCOUNT, "cn-north-1")
    for arn in (f"arn:aws-cn:iam::{ACCOUNT}:policy/B", "arn:aws-cn:iam::aws:policy/B"):
        assert audit_preferences(Preferences(permissions_boundary=arn), place) == []
        assert found(permissions_boundary=arn)


# ---- key


@pytest.mark.parametrize(
    "key",
    [
        "create",
        KEY_ID,
        "mrk-1234abcd12ab34cd56ef1234567890ab",
        "alias/own",
        "alias/company/clumio_1-2",
        f"alias/{'a' * 250}",
        "alias/aws-own",
        KEY_ARN,
        f"arn:aws:kms:{REGION}:{ANOTHER}:key/mrk-1234abcd12ab34cd56ef1234567890ab",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/own",
    ],
)
def test_keys(key):
    assert found(kms_key=key) == []


@pytest.mark.parametrize(
    "key",
    [
        "Create",
        "own",
        KEY_ID[:-1],
        f"{KEY_ID}\n",
        f"key/{KEY_ID}",
        "mrk-1234",
        "alias/",
        "alias/a b",
        f"alias/{'a' * 251}",
        f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY_ID}",
        f"arn:aws-us-gov:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:{KEY_ID}",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own",
        f"arn:aws:kms:{REGION}::key/{KEY_ID}",
        f"arn:aws:sns:{REGION}:{ACCOUNT}:key/{KEY_ID}",
        " ",
    ],
)
def test_keys_that_cannot_be_used(key):
    (finding,) = found(kms_key=key)
    assert (finding.code, finding.place, finding.found) == ("invalid_kms_key", "kms_key", key)
    assert f"neither create nor a KMS key of {REGION}" in finding.message


@pytest.mark.parametrize("key", ["alias/aws/sns", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/sns", "alias/aws/"])
def test_keys_of_aws_are_refused(key):
    (finding,) = found(kms_key=key)
    assert (finding.code, finding.found) == ("invalid_kms_key", key)
    assert "EventBridge cannot publish" in finding.message
