# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from aws_in_process import ACCOUNT
from botocore.stub import Stubber

from ansible_collections.clumio.aws.plugins.module_utils._aws import events, iam, kms, regions, sns, ssm, sts, tagging
from ansible_collections.clumio.aws.plugins.module_utils._aws._call import AwsError
from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError

TARGETS = [{"Id": "a", "Arn": "arn:aws:sns:us-west-2:111122223333:T"}, {"Id": "b", "Arn": "arn:aws:sqs:us-west-2:1:Q"}]


@pytest.fixture
def stubbed(aws):
    """A client that answers what it is told to, operation by operation."""

    def make(service, *answers):
        client = aws.client(service)
        stubber = Stubber(client)
        for operation, answer, parameters in answers:
            stubber.add_response(operation, answer, parameters)
        stubber.activate()
        return client

    return make


def test_lists_of_iam_are_read_to_their_end(stubbed):
    client = stubbed(
        "iam",
        ("list_role_policies", {"PolicyNames": ["A", "B"], "IsTruncated": True, "Marker": "m"}, {"RoleName": "R"}),
        ("list_role_policies", {"PolicyNames": ["C"], "IsTruncated": False}, {"RoleName": "R", "Marker": "m"}),
    )
    assert iam.list_role_policies(client, "R") == ["A", "B", "C"]


def test_targets_are_read_to_their_end(stubbed):
    client = stubbed(
        "events",
        ("list_targets_by_rule", {"Targets": TARGETS[:1], "NextToken": "n"}, {"Rule": "R"}),
        ("list_targets_by_rule", {"Targets": TARGETS[1:]}, {"Rule": "R", "NextToken": "n"}),
    )
    assert events.list_targets(client, "R") == TARGETS


def test_refused_targets_are_an_error(stubbed):
    failed = [
        {"TargetId": "a", "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "try again"},
        {"TargetId": "b", "ErrorCode": "X", "ErrorMessage": "no such queue"},
    ]
    answer = {"FailedEntryCount": 2, "FailedEntries": failed}
    client = stubbed("events", ("put_targets", answer, {"Rule": "R", "Targets": TARGETS}))
    with pytest.raises(AwsError) as caught:
        events.put_targets(client, "R", TARGETS)
    assert caught.value.sentence == (
        "Cannot add the targets of the rule R: a: try again (ConcurrentModificationException); b: no such queue (X)."
    )
    assert (caught.value.code, caught.value.facts["aws_code"]) == ("aws_refused", "X")


def test_accepted_targets_are_none(stubbed):
    answer = {"FailedEntryCount": 0, "FailedEntries": []}
    client = stubbed("events", ("put_targets", answer, {"Rule": "R", "Targets": TARGETS}))
    assert events.put_targets(client, "R", TARGETS) is None


def test_account_of_the_credentials(aws):
    assert sts.get_caller_identity(aws.client("sts"))["Account"] == ACCOUNT


def test_quotas(aws):
    assert iam.get_account_summary(aws.client("iam"))["AttachedPoliciesPerRoleQuota"] == 10


@pytest.mark.parametrize(
    ("region", "partition"), [("us-west-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_known_regions(region, partition):
    assert regions.require_known(region, partition) is None


@pytest.mark.parametrize(("region", "partition"), [("us-west-9", "aws"), ("us-west-2", "aws-cn")])
def test_unknown_regions(region, partition):
    with pytest.raises(InputError, match=f"AWS has no region {region}") as caught:
        regions.require_known(region, partition)
    assert caught.value.code == "unknown_region"
    assert len(caught.value.facts["known"]) > 1


def test_regions_are_known_whatever_profile_is_chosen(monkeypatch):
    """Which regions AWS has says no profile; one that does not exist is told by the call that needs it."""
    monkeypatch.setenv("AWS_PROFILE", "of-nobody")
    assert regions.require_known("us-west-2", "aws") is None


# ---- lists to their end

PLACE = "us-west-2:111122223333"
RULE, TOPIC = f"arn:aws:events:{PLACE}:rule/R", f"arn:aws:sns:{PLACE}:T"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
POLICY = "arn:aws:iam::111122223333:policy/P"
MADE = datetime(2025, 1, 2, tzinfo=UTC)

# How a service says that there is more, and how it is asked for that.
NEXT_TOKEN = ({"NextToken": "n"}, {"NextToken": "n"})
TRUNCATED = ({"Truncated": True, "NextMarker": "n"}, {"Marker": "n"})
IS_TRUNCATED = ({"IsTruncated": True, "Marker": "n"}, {"Marker": "n"})
PAGINATION_TOKEN = ({"PaginationToken": "n"}, {"PaginationToken": "n"})


def in_iam(kind, name):
    """A role or an instance profile, with all that AWS always tells."""
    arn = f"arn:aws:iam::111122223333:{kind.lower()}/{name}"
    common = {"Path": "/", f"{kind}Name": name, f"{kind}Id": f"ID-OF-THE-ENTITY-{name}", "Arn": arn, "CreateDate": MADE}
    return common | ({"Roles": []} if kind == "InstanceProfile" else {})


def tags(name):
    return {"Tags": [{"Key": name, "Value": "1"}]}


BOTH_TAGS = {"First": "1", "Second": "1"}
ROLES = [in_iam("Role", "First"), in_iam("Role", "Second")]
PROFILES = [in_iam("InstanceProfile", "First"), in_iam("InstanceProfile", "Second")]

# By the function that reads the list, what it is given, the parameters of its call, an answer with one item, how the
# service tells of more, and what both answers together are.
LISTS = {
    events.list_rules: (
        [],
        {"Limit": 100},
        lambda name: {"Rules": [{"Name": name}]},
        NEXT_TOKEN,
        [{"Name": "First"}, {"Name": "Second"}],
    ),
    sns.list_topics: (
        [],
        {},
        lambda name: {"Topics": [{"TopicArn": f"arn:aws:sns:{PLACE}:{name}"}]},
        NEXT_TOKEN,
        [f"arn:aws:sns:{PLACE}:First", f"arn:aws:sns:{PLACE}:Second"],
    ),
    ssm.list_documents: (
        [],
        {"Filters": [{"Key": "Owner", "Values": ["Self"]}], "MaxResults": 50},
        lambda name: {"DocumentIdentifiers": [{"Name": name}]},
        NEXT_TOKEN,
        [{"Name": "First"}, {"Name": "Second"}],
    ),
    kms.list_resource_tags: (
        [KEY],
        {"KeyId": KEY},
        lambda name: {"Tags": [{"TagKey": name, "TagValue": "1"}]},
        TRUNCATED,
        BOTH_TAGS,
    ),
    kms.list_aliases: (
        [KEY],
        {"KeyId": KEY},
        lambda name: {"Aliases": [{"AliasName": f"alias/{name}"}]},
        TRUNCATED,
        ["alias/First", "alias/Second"],
    ),
    tagging.get_resources: (
        ["kms:key", {"a": "1", "b": "2"}],
        {
            "ResourceTypeFilters": ["kms:key"],
            "TagFilters": [{"Key": "a", "Values": ["1"]}, {"Key": "b", "Values": ["2"]}],
        },
        lambda name: {"ResourceTagMappingList": [{"ResourceARN": f"arn:aws:kms:{PLACE}:key/{name}"}]},
        PAGINATION_TOKEN,
        [f"arn:aws:kms:{PLACE}:key/First", f"arn:aws:kms:{PLACE}:key/Second"],
    ),
    iam.list_roles: ([], {}, lambda name: {"Roles": [in_iam("Role", name)]}, IS_TRUNCATED, ROLES),
    iam.list_policies: (
        [],
        {"Scope": "Local"},
        lambda name: {"Policies": [{"PolicyName": name}]},
        IS_TRUNCATED,
        [{"PolicyName": "First"}, {"PolicyName": "Second"}],
    ),
    iam.list_instance_profiles: (
        [],
        {},
        lambda name: {"InstanceProfiles": [in_iam("InstanceProfile", name)]},
        IS_TRUNCATED,
        PROFILES,
    ),
    iam.list_instance_profiles_for_role: (
        ["R"],
        {"RoleName": "R"},
        lambda name: {"InstanceProfiles": [in_iam("InstanceProfile", name)]},
        IS_TRUNCATED,
        ["First", "Second"],
    ),
    iam.list_role_tags: (["R"], {"RoleName": "R"}, tags, IS_TRUNCATED, BOTH_TAGS),
    iam.list_policy_tags: ([POLICY], {"PolicyArn": POLICY}, tags, IS_TRUNCATED, BOTH_TAGS),
    iam.list_instance_profile_tags: (["I"], {"InstanceProfileName": "I"}, tags, IS_TRUNCATED, BOTH_TAGS),
    iam.list_entities_for_policy: (
        [POLICY],
        {"PolicyArn": POLICY},
        lambda name: {
            "PolicyRoles": [{"RoleName": name}],
            "PolicyUsers": [{"UserName": name}] if name == "First" else [],
            "PolicyGroups": [{"GroupName": name}] if name == "Second" else [],
        },
        IS_TRUNCATED,
        {"role": ["First", "Second"], "user": ["First"], "group": ["Second"]},
    ),
}

SERVICES = {events: "events", iam: "iam", kms: "kms", sns: "sns", ssm: "ssm", tagging: "resourcegroupstaggingapi"}


def service_of(function):
    return next(service for module, service in SERVICES.items() if module.__name__ == function.__module__)


@pytest.mark.parametrize("function", LISTS, ids=lambda function: function.__name__)
def test_lists_are_read_to_their_end(stubbed, function):
    arguments, parameters, answer, (says, asks), told = LISTS[function]
    operation = function.__name__
    client = stubbed(
        service_of(function),
        (operation, answer("First") | says, parameters),
        (operation, answer("Second"), parameters | asks),
    )
    assert function(client, *arguments) == told


# ---- what is not there, or gone already

# A call, the code by which AWS says that there is nothing, and what is answered then.
ABSENT = [
    (partial(kms.describe_key, key=KEY), "NotFoundException", None),
    (partial(kms.delete_alias, alias="alias/a"), "NotFoundException", None),
    (partial(sns.get_topic_attributes, arn=TOPIC), "NotFound", None),
    (partial(sns.list_topic_tags, arn=TOPIC), "ResourceNotFound", {}),
    (partial(sns.delete_topic, arn=TOPIC), "NotFound", None),
    (partial(events.describe_rule, name="R"), "ResourceNotFoundException", None),
    (partial(events.list_rule_tags, arn=RULE), "ResourceNotFoundException", {}),
    (partial(events.remove_targets, name="R", ids=["a"]), "ResourceNotFoundException", None),
    (partial(events.delete_rule, name="R"), "ResourceNotFoundException", None),
    (partial(ssm.describe_document, name="D"), "InvalidDocument", None),
    (partial(ssm.get_document, name="D", version="3"), "InvalidDocumentVersion", None),
    (partial(ssm.delete_document, name="D"), "InvalidDocument", None),
    (partial(iam.list_role_tags, name="R"), "NoSuchEntity", {}),
    (partial(iam.list_policy_tags, arn=POLICY), "NoSuchEntity", {}),
    (partial(iam.list_instance_profile_tags, name="I"), "NoSuchEntity", {}),
    (partial(iam.detach_role_policy, role="R", arn=POLICY), "NoSuchEntity", None),
    (partial(iam.delete_role_policy, role="R", name="P"), "NoSuchEntity", None),
    (partial(iam.delete_role, name="R"), "NoSuchEntity", None),
    (partial(iam.delete_policy_version, arn=POLICY, version="v1"), "NoSuchEntity", None),
    (partial(iam.delete_policy, arn=POLICY), "NoSuchEntity", None),
    (partial(iam.remove_role_from_instance_profile, name="I", role="R"), "NoSuchEntity", None),
    (partial(iam.delete_instance_profile, name="I"), "NoSuchEntity", None),
]


# The operations of the functions that are not named as AWS names them.
OPERATIONS = {
    sns.list_topic_tags: "list_tags_for_resource",
    events.list_rule_tags: "list_tags_for_resource",
    sns.set_topic_attribute: "set_topic_attributes",
    sns.tag_topic: "tag_resource",
    sns.untag_topic: "untag_resource",
    events.tag_rule: "tag_resource",
    events.untag_rule: "untag_resource",
    kms.tag_key: "tag_resource",
    kms.untag_key: "untag_resource",
    ssm.tag_document: "add_tags_to_resource",
    ssm.untag_document: "remove_tags_from_resource",
}


def refusing(aws, call, code):
    """Its client, which refuses the one call that it makes."""
    client = aws.client(service_of(call.func))
    stubber = Stubber(client)
    stubber.add_client_error(OPERATIONS.get(call.func, call.func.__name__), code, "No.")
    stubber.activate()
    return client


def told(call):
    return f"{call.func.__module__.rpartition('.')[2]}.{call.func.__name__}"


@pytest.mark.parametrize(("call", "code", "answer"), ABSENT, ids=[told(case[0]) for case in ABSENT])
def test_what_is_not_there(aws, call, code, answer):
    assert call(refusing(aws, call, code)) == answer


@pytest.mark.parametrize("call", [case[0] for case in ABSENT], ids=told)
def test_what_is_refused_is_not_taken_for_absent(aws, call):
    with pytest.raises(AwsError) as caught:
        call(refusing(aws, call, "InternalError"))
    assert caught.value.facts["aws_code"] == "InternalError"


# ---- what a failure says

ALIAS = "alias/ClumioEventPub"
FAILURES = [
    (partial(kms.describe_key, key=KEY), f"read the KMS key {KEY}"),
    (partial(kms.get_key_policy, key=KEY), f"read the policy of the KMS key {KEY}"),
    (partial(kms.get_key_rotation_status, key=KEY), f"read the rotation of the KMS key {KEY}"),
    (partial(kms.list_resource_tags, key=KEY), f"read the tags of the KMS key {KEY}"),
    (partial(kms.list_aliases, key=KEY), f"read the aliases of the KMS key {KEY}"),
    (partial(kms.create_key, name="N", description="", policy="{}", tags={}), "create the KMS key N"),
    (partial(kms.create_alias, alias=ALIAS, key=KEY), f"give the KMS key {KEY} the name {ALIAS}"),
    (partial(kms.enable_key_rotation, key=KEY), f"turn on the rotation of the KMS key {KEY}"),
    (partial(kms.disable_key_rotation, key=KEY), f"turn off the rotation of the KMS key {KEY}"),
    (partial(kms.enable_key, key=KEY), f"enable the KMS key {KEY}"),
    (partial(kms.disable_key, key=KEY), f"disable the KMS key {KEY}"),
    (partial(kms.cancel_key_deletion, key=KEY), f"cancel the deletion of the KMS key {KEY}"),
    (partial(kms.update_key_description, key=KEY, description="d"), f"describe the KMS key {KEY}"),
    (partial(kms.put_key_policy, key=KEY, policy="{}"), f"set the policy of the KMS key {KEY}"),
    (partial(kms.tag_key, key=KEY, tags={"a": "b"}), f"tag the KMS key {KEY}"),
    (partial(kms.untag_key, key=KEY, keys=["a"]), f"take tags off the KMS key {KEY}"),
    (partial(kms.delete_alias, alias=ALIAS), f"delete the name {ALIAS} of a KMS key"),
    (partial(kms.schedule_key_deletion, key=KEY), f"schedule the deletion of the KMS key {KEY}"),
    (partial(tagging.get_resources, kind="kms:key", tags={}), "find the resources of the kind kms:key by their tags"),
    (partial(sns.list_topics), "list the topics of the account"),
    (
        partial(sns.set_topic_attribute, arn=TOPIC, attribute="KmsMasterKeyId", value=""),
        f"set the attribute KmsMasterKeyId of the topic {TOPIC}",
    ),
    (partial(sns.tag_topic, arn=TOPIC, tags={"a": "b"}), f"tag the topic {TOPIC}"),
    (partial(sns.untag_topic, arn=TOPIC, keys=["a"]), f"take tags off the topic {TOPIC}"),
    (partial(sns.delete_topic, arn=TOPIC), f"delete the topic {TOPIC}"),
    (partial(events.tag_rule, arn=RULE, tags={"a": "b"}), f"tag the rule {RULE}"),
    (partial(events.untag_rule, arn=RULE, keys=["a"]), f"take tags off the rule {RULE}"),
    (partial(events.remove_targets, name="R", ids=["a"]), "remove targets of the rule R"),
    (partial(events.delete_rule, name="R"), "delete the rule R"),
    (partial(ssm.list_documents), "list the SSM documents of the account"),
    (partial(ssm.tag_document, name="D", tags={"a": "b"}), "tag the SSM document D"),
    (partial(ssm.untag_document, name="D", keys=["a"]), "take tags off the SSM document D"),
    (partial(ssm.delete_document, name="D"), "delete the SSM document D"),
    (partial(iam.list_roles), "list the roles of the account"),
    (partial(iam.list_policies), "list the policies of the account"),
    (partial(iam.list_instance_profiles), "list the instance profiles of the account"),
    (partial(iam.list_instance_profiles_for_role, name="R"), "read the instance profiles of the role R"),
    (partial(iam.list_entities_for_policy, arn=POLICY), f"read what uses the policy {POLICY}"),
    (partial(iam.list_role_tags, name="R"), "read the tags of the role R"),
    (partial(iam.list_policy_tags, arn=POLICY), f"read the tags of the policy {POLICY}"),
    (partial(iam.list_instance_profile_tags, name="I"), "read the tags of the instance profile I"),
    (
        partial(iam.put_role_permissions_boundary, name="R", boundary=POLICY),
        "set the permissions boundary of the role R",
    ),
    (partial(iam.delete_role_permissions_boundary, name="R"), "take the permissions boundary off the role R"),
    (partial(iam.detach_role_policy, role="R", arn=POLICY), f"detach {POLICY} from the role R"),
    (partial(iam.delete_role_policy, role="R", name="P"), "delete the inline policy P of the role R"),
    (partial(iam.delete_role, name="R"), "delete the role R"),
    (
        partial(iam.set_default_policy_version, arn=POLICY, version="v2"),
        f"make version v2 of the policy {POLICY} the default",
    ),
    (partial(iam.delete_policy_version, arn=POLICY, version="v2"), f"delete the version v2 of the policy {POLICY}"),
    (partial(iam.delete_policy, arn=POLICY), f"delete the policy {POLICY}"),
    (
        partial(iam.remove_role_from_instance_profile, name="I", role="R"),
        "take the role R out of the instance profile I",
    ),
    (partial(iam.delete_instance_profile, name="I"), "delete the instance profile I"),
    (partial(iam.untag_role, name="R", keys=["a"]), "take tags off the role R"),
    (partial(iam.untag_policy, arn=POLICY, keys=["a"]), f"take tags off the policy {POLICY}"),
    (partial(iam.untag_instance_profile, name="I", keys=["a"]), "take tags off the instance profile I"),
]


@pytest.mark.parametrize(("call", "task"), FAILURES, ids=[told(case[0]) for case in FAILURES])
def test_a_failure_says_what_was_to_be_done(aws, call, task):
    with pytest.raises(AwsError) as caught:
        call(refusing(aws, call, "InternalError"))
    assert caught.value.sentence == f"Cannot {task}: No (InternalError)."


def test_a_key_waits_a_week_for_its_deletion(stubbed):
    client = stubbed("kms", ("schedule_key_deletion", {}, {"KeyId": KEY, "PendingWindowInDays": 7}))
    assert kms.schedule_key_deletion(client, KEY) is None


def test_targets_that_are_not_removed_are_an_error(stubbed):
    failed = [{"TargetId": "a", "ErrorCode": "ManagedRuleException", "ErrorMessage": "It is managed."}]
    answer = {"FailedEntryCount": 1, "FailedEntries": failed}
    client = stubbed("events", ("remove_targets", answer, {"Rule": "R", "Ids": ["a"]}))
    with pytest.raises(AwsError) as caught:
        events.remove_targets(client, "R", ["a"])
    assert caught.value.sentence == (
        "Cannot remove targets of the rule R: a: It is managed (ManagedRuleException). "
        "A service of AWS keeps this rule; give ours another name."
    )
    assert caught.value.facts["aws_code"] == "ManagedRuleException"


def test_a_version_of_a_document_is_asked_for_by_its_number(stubbed):
    asked = {"Name": "Doc", "DocumentFormat": "JSON"}
    client = stubbed(
        "ssm",
        ("get_document", {"Content": "{}"}, asked),
        ("get_document", {"Content": "[]"}, asked | {"DocumentVersion": "3"}),
    )
    assert ssm.get_document(client, "Doc") == {"Content": "{}"}
    assert ssm.get_document(client, "Doc", "3") == {"Content": "[]"}
