# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import re

import pytest
from aws_in_process import ACCOUNT, REGION
from permissions_files import EXTERNAL_ID, TOKEN, permissions_file, policy, resolved, smallest_file, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.model import SUPPORT_ROLE, placeholder
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences
from ansible_collections.clumio.aws.plugins.module_utils._permissions.resolve import (
    STAND_IN_EXTERNAL_ID,
    STAND_IN_TOKEN,
)

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:ClumioEventPub"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ClumioIAMRole"
MANAGED = f"arn:aws:iam::{ACCOUNT}:policy/ClumioEC2BackupPolicy"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/ClumioIAMPermissionsBoundary"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/ClumioCloudtrailEventRule"

EVERYTHING = permissions_file("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue", "iceberg_on_s3_tables")


def file_with(text, **sections):
    """A file with one entity of each kind, in one of whose policies the text is the resource."""
    return (
        smallest_file(
            topics={"ClumioEventPub": {}},
            rules={"ClumioCloudtrailEventRule": {"event_pattern": {"source": ["aws.ec2"]}}},
            policies={"ClumioIAMPermissionsBoundary": {"policy_document": policy(Action="a", Resource="*")}},
            roles={
                "ClumioIAMRole": {
                    "trust_policy": trust_policy(),
                    "managed_policies": [
                        {"name": "ClumioEC2BackupPolicy", "policy_document": policy(Action="a", Resource="*")}
                    ],
                    "inline_policies": [{"name": "Probe", "policy_document": policy(Action="a", Resource=text)}],
                }
            },
        )
        | sections
    )


def probed(text, **options):
    """What becomes of a text in a document, and what is found on the way."""
    result = resolved(file_with(text), **options)
    (role,) = result.plan.roles
    return role.inline_policies[0].document["Statement"][0]["Resource"], result.findings


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("ClumioEventPub", "CLUMIOEVENTPUB"),
        ("ClumioEC2MSSQLSSMInstanceRoleV2", "CLUMIOEC2MSSQLSSMINSTANCEROLEV2"),
        ("Clumio-IAM_Role.2", "CLUMIOIAMROLE2"),
    ],
)
def test_placeholder_of_a_name(name, word):
    assert placeholder(name) == word


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CLUMIOEVENTPUB", TOPIC),
        ("CLUMIOCLOUDTRAILEVENTRULE", RULE),
        ("CLUMIOIAMROLE", ROLE),
        ("CLUMIOEC2BACKUPPOLICY", MANAGED),
        ("CLUMIOIAMPERMISSIONSBOUNDARY", BOUNDARY),
        ("CLUMIOTOKEN", TOKEN),
        ("ROLEEXTERNALID", EXTERNAL_ID),
        # whole words, wherever they stand
        (
            "AWSEvents_ClumioInventoryRule_CLUMIOTOKEN_clumio-publish",
            f"AWSEvents_ClumioInventoryRule_{TOKEN}_clumio-publish",
        ),
        ("document/Clumio-CopyHostKey-CLUMIOTOKEN", f"document/Clumio-CopyHostKey-{TOKEN}"),
        ("(CLUMIOTOKEN):CLUMIOIAMROLE/*", f"({TOKEN}):{ROLE}/*"),
        ("CLUMIOTOKEN CLUMIOTOKEN", f"{TOKEN} {TOKEN}"),
        # not within words, and not in another case
        ("MyCLUMIOTOKEN", "MyCLUMIOTOKEN"),
        ("XCLUMIOTOKEN", "XCLUMIOTOKEN"),
        ("CLUMIOTOKENs", "CLUMIOTOKENs"),
        ("ClumioToken clumiotoken", "ClumioToken clumiotoken"),
        # no placeholders
        (
            "COMPLETED AVAILABLE MSSQLSERVER PROVISIONED SRVROLEMEMBER",
            "COMPLETED AVAILABLE MSSQLSERVER PROVISIONED SRVROLEMEMBER",
        ),
        (
            "${aws:PrincipalAccount} {{executionTimeout}} {{ ssm:x }}",
            "${aws:PrincipalAccount} {{executionTimeout}} {{ ssm:x }}",
        ),
        ("Clumio", "Clumio"),
    ],
)
def test_text_with_placeholders(text, value):
    assert probed(text) == (value, ())


@pytest.mark.parametrize(
    "word", ["CLUMIOEVENTPUBPOLICY", "CLUMIOEVENTPUB2", "CLUMIOIAMROLEPOLICY", "CLUMIO", "ROLEEXTERNALIDS"]
)
def test_a_word_that_stands_for_nothing_is_found(word):
    text, findings = probed(["*", f"{word}/x", word])
    assert text == ["*", f"{word}/x", word]
    (finding,) = findings
    assert finding.level == "error"
    assert finding.code == "unknown_placeholder"
    assert finding.place == "roles.ClumioIAMRole.inline_policies.Probe"
    assert finding.found == word
    assert "placeholders" in finding.hint


def test_a_longer_word_wins():
    file = file_with(["CLUMIOEVENTPUB", "CLUMIOEVENTPUBPOLICY"])
    file["policies"]["ClumioEventPubPolicy"] = {"policy_document": policy(Action="a", Resource="*")}
    (role,) = resolved(file).plan.roles
    arn = f"arn:aws:iam::{ACCOUNT}:policy/ClumioEventPubPolicy"
    assert role.inline_policies[0].document["Statement"][0]["Resource"] == [TOPIC, arn]


@pytest.mark.parametrize("name", ["Completed", "S3", "_"])
def test_only_names_of_clumios_make_placeholders(name):
    """A word in capitals may be a value of a pattern, and a name without letters and digits is no word at all."""
    pattern = {"resources": ["arn:aws:s3:::a"], "detail": {"state": ["COMPLETED"], "resourceType": ["S3"]}}
    file = smallest_file(topics={name: {}}, rules={"R": {"event_pattern": pattern, "targets": "CLUMIOTOKEN"}})
    result = resolved(file)
    assert result.plan.rules[0].event_pattern == pattern
    assert result.plan.rules[0].targets[0].arn == TOKEN


def test_placeholders_stand_in_keys_too():
    file = file_with("*")
    condition = {"StringEquals": {"aws:ResourceTag/CLUMIOTOKEN": ["CLUMIOEVENTPUB"]}}
    file["policies"]["ClumioIAMPermissionsBoundary"]["policy_document"] = policy(Condition=condition)
    boundary = next(item for item in resolved(file).plan.policies if item.arn == BOUNDARY)
    assert boundary.document["Statement"][0]["Condition"] == {"StringEquals": {f"aws:ResourceTag/{TOKEN}": [TOPIC]}}


def test_every_place_of_a_file_is_resolved():
    result = resolved(EVERYTHING)
    text = json.dumps(result.plan.as_dict())
    assert result.findings == ()
    assert result.preview is False
    assert re.findall(r"(?<![A-Za-z0-9])(?:CLUMIO|ROLEEXTERNALID)[A-Z0-9]*", text) == []
    sections = result.plan.sections()
    assert {name: len(resources) for name, resources in sections.items()} == {
        "kms_keys": 0,
        "topics": 1,
        "rules": 2,
        "policies": 16,
        "roles": 5,
        "instance_profiles": 1,
        "ssm_documents": 16,
    }
    for resources in sections.values():
        assert all(resource.name in resource.arn for resource in resources)
    (topic,) = result.plan.topics
    assert {statement["Resource"] for statement in topic.policy["Statement"]} == {TOPIC}
    assert {target.arn for rule in result.plan.rules for target in rule.targets} == {TOPIC}
    assert all(document.name.endswith(f"-{TOKEN}") for document in result.plan.ssm_documents)
    for role in result.plan.roles:
        (statement,) = role.trust_policy["Statement"]
        asked = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
        assert asked == (EXTERNAL_ID if "AWS" in statement["Principal"] else None)


def test_what_is_no_placeholder_stays():
    plan = resolved(EVERYTHING).plan
    for document, name in zip(plan.ssm_documents, sorted(EVERYTHING["ssm_documents"]), strict=True):
        assert document.content == EVERYTHING["ssm_documents"][name]
        assert document.content["mainSteps"][0]["inputs"]["timeoutSeconds"] == "{{executionTimeout}}"
    for rule in plan.rules:
        assert rule.event_pattern == json.loads(EVERYTHING["rules"][rule.name]["event_pattern"])
    assert any("$or" in rule.event_pattern for rule in plan.rules)


def test_arns_are_of_the_partition():
    file = permissions_file("ebs", region="us-gov-west-1")
    plan = resolved(file, Naming(Connection(ACCOUNT, "us-gov-west-1"))).plan
    arns = [resource.arn for resources in plan.sections().values() for resource in resources]
    assert all(arn.startswith("arn:aws-us-gov:") for arn in arns)
    assert plan.topics[0].policy["Statement"][0]["Resource"] == plan.topics[0].arn


@pytest.mark.parametrize(
    ("given", "text", "value"),
    [
        ({"CLUMIOIAMROLE": "arn:mine"}, "CLUMIOIAMROLE CLUMIOEVENTPUB", f"arn:mine {TOPIC}"),
        ({"CLUMIOTOKEN": "T"}, "Clumio-CLUMIOTOKEN", "Clumio-T"),
        ({"CLUMIOELSE": "arn:else"}, "CLUMIOELSE", "arn:else"),
        ({"SOMEWORD": "x"}, "SOMEWORD SOMEWORDS", "x SOMEWORDS"),
        ({"A.B": "x"}, "A.B AxB", "x AxB"),
        ({"CLUMIOELSE": "{{ 1 }} CLUMIOx"}, "CLUMIOELSE", "{{ 1 }} CLUMIOx"),
    ],
)
def test_given_values_win(given, text, value):
    assert probed(text, placeholders=given) == (value, ())


@pytest.mark.parametrize(
    "given",
    [
        {"CLUMIOELSE": "CLUMIOIAMROLE"},
        {"CLUMIOONE": "CLUMIOTWO", "CLUMIOTWO": "CLUMIOONE"},
        {"CLUMIOELSE": "arn:CLUMIOELSE"},
    ],
)
def test_a_placeholder_stands_for_no_other(given):
    with pytest.raises(InputError) as caught:
        probed("CLUMIOELSE", placeholders=given)
    assert caught.value.code == "invalid_placeholders"


@pytest.mark.parametrize(
    ("assigned", "code"),
    [
        ({"token": "*"}, "invalid_token"),
        ({"token": "a b"}, "invalid_token"),
        ({"token": "x" * 129}, "invalid_token"),
        ({"token": "CLUMIOIAMROLE"}, "invalid_token"),
        ({"token": "{{ lookup('pipe', 'id') }}"}, "invalid_token"),
        ({"external_id": "${sts:ExternalId}"}, "invalid_external_id"),
        ({"external_id": "*"}, "invalid_external_id"),
        ({"external_id": "a\n"}, "invalid_external_id"),
        ({"external_id": "ExternalID_CLUMIOTOKEN"}, "invalid_external_id"),
        ({"external_id": "of:ROLEEXTERNALID"}, "invalid_external_id"),
        ({"external_id": "x" * 1225}, "invalid_external_id"),
        ({"external_id": "A_b+c=d,e.f@g:h/i-j"}, None),
    ],
)
def test_what_clumio_assigns_means_nothing_in_a_policy(assigned, code):
    """A star or a policy variable would: in a resource, or in the condition of a trust policy."""
    findings = resolved(EVERYTHING, **assigned).findings
    assert [finding.code for finding in findings] == ([code] if code else [])


def test_token_and_external_id_are_missed_at_once():
    result = resolved(EVERYTHING, token=None, external_id="")
    assert sorted((finding.code, finding.place) for finding in result.findings) == [
        ("missing_external_id", ""),
        ("missing_token", ""),
    ]


def test_token_is_missed_only_where_it_is_needed():
    assert resolved(smallest_file(), token=None).findings == ()


@pytest.mark.parametrize(
    ("assigned", "token", "external_id", "preview"),
    [
        ({"token": None, "external_id": None}, STAND_IN_TOKEN, STAND_IN_EXTERNAL_ID, True),
        ({"external_id": None}, TOKEN, STAND_IN_EXTERNAL_ID, True),
        ({"token": ""}, STAND_IN_TOKEN, EXTERNAL_ID, True),
        ({}, TOKEN, EXTERNAL_ID, False),
    ],
)
def test_preview(assigned, token, external_id, preview):
    file = permissions_file("ebs", "mssql")
    result = resolved(file, preview=True, **assigned)
    assert result.preview is preview
    assert result.findings == ()
    assert result.plan.ssm_documents[0].name == f"Clumio-AGDatabaseDetails-{token}"
    trust = next(role.trust_policy for role in result.plan.roles if role.name == "ClumioIAMRole")
    assert trust["Statement"][0]["Condition"] == {"StringEquals": {"sts:ExternalId": external_id}}


def test_stand_ins_are_as_long_as_what_they_stand_for():
    assert len(STAND_IN_TOKEN) == len(TOKEN)
    assert STAND_IN_TOKEN in STAND_IN_EXTERNAL_ID


def test_a_managed_policy_that_roles_share_is_made_once():
    shared = {"name": "Shared", "description": "d", "policy_document": policy(Action="a", Resource="CLUMIOIAMROLE")}
    role = {"trust_policy": trust_policy(), "managed_policies": [shared]}
    file = smallest_file(roles={"ClumioIAMRole": role, "Other": role}, policies={"Shared": shared})
    plan = resolved(file).plan
    (made,) = plan.policies
    assert made.document["Statement"][0]["Resource"] == ROLE
    assert [role.managed_policies for role in plan.roles] == [(made.arn,), (made.arn,)]


AMBIGUOUS = {"rules": {"Clumio-IAM-Role": {"event_pattern": {"source": ["a"]}}}, "topics": {"ClumioEventPub": {}}}


def test_an_ambiguous_placeholder_is_found_where_it_is_used():
    file = file_with("CLUMIOIAMROLE", **AMBIGUOUS)
    (finding,) = resolved(file).findings
    assert (finding.code, finding.place) == ("ambiguous_placeholder", "roles.ClumioIAMRole.inline_policies.Probe")
    assert ROLE in finding.message
    assert f"arn:aws:events:{REGION}:{ACCOUNT}:rule/Clumio-IAM-Role" in finding.message
    assert resolved(file, placeholders={"CLUMIOIAMROLE": ROLE}).findings == ()
    assert resolved(file_with("*", **AMBIGUOUS)).findings == ()


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (None, [("clumio-publish", TOPIC)]),
        ("CLUMIOEVENTPUB", [("clumio-publish", TOPIC)]),
        (["CLUMIOEVENTPUB", "arn:aws:sqs:x"], [("clumio-publish", TOPIC), ("clumio-publish-2", "arn:aws:sqs:x")]),
        (["CLUMIOEVENTPUB", TOPIC], [("clumio-publish", TOPIC)]),
    ],
)
def test_targets_of_a_rule(targets, expected):
    rules = {"R": {"event_pattern": {"source": ["a"]}, "targets": targets}}
    (rule,) = resolved(smallest_file(topics={"ClumioEventPub": {}}, rules=rules)).plan.rules
    assert [(target.id, target.arn) for target in rule.targets] == expected


def test_a_rule_without_targets_reports_to_clumios_topic():
    rules = {"R": {"event_pattern": {"source": ["a"]}}}
    (rule,) = resolved(smallest_file(topics={"Another": {}, "ClumioEventPub": {}}, rules=rules)).plan.rules
    assert [target.arn for target in rule.targets] == [TOPIC]


@pytest.mark.parametrize(("service", "count"), [("ec2.amazonaws.com", 1), ("ssm.amazonaws.com", 0)])
def test_a_role_of_ec2_has_an_instance_profile(service, count):
    trust = policy(Principal={"Service": service}, Action="sts:AssumeRole")
    plan = resolved(smallest_file(roles={"Instances": {"trust_policy": trust}})).plan
    arn = f"arn:aws:iam::{ACCOUNT}:instance-profile/Instances"
    assert [(item.name, item.arn, item.role) for item in plan.instance_profiles] == [
        ("Instances", arn, "Instances")
    ] * count


EMPTY = {
    "topics": {},
    "rules": {"event_pattern": {"source": ["a"]}},
    "roles": {"trust_policy": trust_policy()},
    "policies": {"policy_document": policy(Action="a", Resource="*")},
}


@pytest.mark.parametrize("section", EMPTY)
def test_no_name_with_a_placeholder_gets_away(section):
    result = resolved(smallest_file(**{section: {"Clumio_CLUMIOTOKEN": EMPTY[section]}}))
    resource = next(item for item in getattr(result.plan, section) if item.name != "ClumioIAMRole")
    assert resource.name == f"Clumio_{TOKEN}" or "CLUMIOTOKEN" in [finding.found for finding in result.findings]


@pytest.mark.parametrize("section", ["rules", "roles", "policies"])
def test_no_description_with_a_placeholder_gets_away(section):
    entity = EMPTY[section] | {"description": "For CLUMIOTOKEN"}
    result = resolved(smallest_file(**{section: {"Described": entity}}))
    resource = next(item for item in getattr(result.plan, section) if item.name == "Described")
    assert resource.description == f"For {TOKEN}" or [finding.found for finding in result.findings] == ["CLUMIOTOKEN"]


def test_names_of_ones_own_are_used_everywhere():
    naming = Naming(Connection(ACCOUNT, REGION), "/clumio/", "x-", "-y", {"ClumioIAMRole": "Own", "Probe": "OwnProbe"})
    file = file_with(["CLUMIOIAMROLE", "CLUMIOEVENTPUB", "CLUMIOEC2BACKUPPOLICY"])
    result = resolved(file, naming)
    assert result.findings == ()
    (role,), (topic,) = result.plan.roles, result.plan.topics
    managed = f"arn:aws:iam::{ACCOUNT}:policy/clumio/x-ClumioEC2BackupPolicy-y"
    assert (role.name, role.path, role.arn) == ("Own", "/clumio/", f"arn:aws:iam::{ACCOUNT}:role/clumio/Own")
    assert role.managed_policies == (managed,)
    assert (topic.name, topic.arn) == ("x-ClumioEventPub-y", f"arn:aws:sns:{REGION}:{ACCOUNT}:x-ClumioEventPub-y")
    (inline,) = role.inline_policies
    assert inline.name == "OwnProbe"
    assert inline.document["Statement"][0]["Resource"] == [role.arn, topic.arn, managed]
    assert {(item.name, item.path) for item in result.plan.policies} == {
        ("x-ClumioEC2BackupPolicy-y", "/clumio/"),
        ("x-ClumioIAMPermissionsBoundary-y", "/clumio/"),
    }


def test_names_of_ssm_documents_are_fixed():
    naming = Naming(Connection(ACCOUNT, REGION), prefix="x-", suffix="-y")
    names = [item.name for item in resolved(permissions_file("ebs", "mssql"), naming).plan.ssm_documents]
    assert all(name.startswith("Clumio-") and name.endswith(f"-{TOKEN}") for name in names)


def test_a_name_for_what_the_file_does_not_have_is_found():
    naming = Naming(Connection(ACCOUNT, REGION), names={"ClumioIamRole": "Own"})
    (finding,) = resolved(file_with("*"), naming).findings
    assert (finding.code, finding.found) == ("unknown_name", "ClumioIamRole")
    assert "ClumioIAMRole" in finding.hint


# ---- what the user wants that the file does not say


WITHOUT_SUPPORT = Preferences(support_role=False)
SUPPORT_ARN = f"arn:aws:iam::{ACCOUNT}:role/{SUPPORT_ROLE}"


def test_without_preferences_the_plan_says_nothing_about_them():
    plan = resolved(EVERYTHING).plan
    assert (plan.kms_keys, plan.retired) == ((), ())
    assert {resource.tags for resource in plan.resources()} == {None}
    assert {topic.kms_key for topic in plan.topics} | {role.permissions_boundary for role in plan.roles} == {None}


def test_findings_about_preferences_stand_beside_those_about_the_file():
    findings = resolved(EVERYTHING, token=None, preferences=Preferences(kms_key="mine")).findings
    assert [finding.code for finding in findings] == ["missing_token", "invalid_kms_key"]


def test_the_support_role_is_retired():
    whole, plan = resolved(EVERYTHING).plan, resolved(EVERYTHING, preferences=WITHOUT_SUPPORT).plan
    assert plan.retired == (SUPPORT_ARN,)
    assert SUPPORT_ARN not in {resource.arn for resource in plan.resources()}
    assert len(plan.resources()) == len(whole.resources()) - 1
    assert plan.as_dict()["retired"] == [SUPPORT_ARN]


def test_nothing_is_retired_of_a_file_without_the_support_role():
    assert resolved(smallest_file(), preferences=WITHOUT_SUPPORT).plan.retired == ()


def managed_policies(*names):
    return [{"name": name, "policy_document": policy(Action="a", Resource="*")} for name in names]


def test_what_only_the_support_role_has_is_retired_with_it():
    trust = policy(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
    file = smallest_file(
        roles={
            SUPPORT_ROLE: {
                "trust_policy": trust,
                "managed_policies": managed_policies("Own", "Shared", "Unattached"),
            },
            "Other": {
                "trust_policy": trust_policy(),
                "managed_policies": [
                    *managed_policies("Shared", "Others"),
                    {"name": "AboutIt", "policy_document": policy(Action="a", Resource="CLUMIOSUPPORTROLE")},
                ],
            },
        },
        policies={"Unattached": managed_policies("Unattached")[0]},
    )
    naming = Naming(Connection(ACCOUNT, REGION), "/clumio/", suffix="-two", names={SUPPORT_ROLE: "Mine"})
    result = resolved(file, naming, preferences=WITHOUT_SUPPORT)
    assert result.findings == ()
    assert result.plan.retired == (
        f"arn:aws:iam::{ACCOUNT}:instance-profile/clumio/Mine",
        f"arn:aws:iam::{ACCOUNT}:role/clumio/Mine",
        f"arn:aws:iam::{ACCOUNT}:policy/clumio/AboutIt-two",
        f"arn:aws:iam::{ACCOUNT}:policy/clumio/Own-two",
    )
    assert {item.name for item in result.plan.policies} == {"Shared-two", "Others-two", "Unattached-two"}


def test_what_has_the_name_of_the_support_role_now_is_not_retired():
    naming = Naming(Connection(ACCOUNT, REGION), names={"ClumioIAMRole": SUPPORT_ROLE, SUPPORT_ROLE: SUPPORT_ROLE})
    assert resolved(permissions_file("ebs"), naming, preferences=WITHOUT_SUPPORT).plan.retired == ()
