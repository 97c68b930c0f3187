# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Grants are approved once: what the modules of roles and topics write, and what they refuse to, over several runs."""

from __future__ import annotations

import copy
import json

import pytest
from aws_in_process import ACCOUNT, OURS, REGION
from permissions_files import CLUMIO_ACCOUNT, EXTERNAL_ID, permissions_file, policy, resolved, trust_policy
from section_helpers import actions, make, refused, run

from ansible_collections.clumio.aws.plugins.modules import (
    clumio_connection_validate,
    clumio_iam_roles,
    clumio_sns_topic,
)

IAM = f"arn:aws:iam::{ACCOUNT}"
MANAGED = f"{IAM}:policy/Managed"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:Topic"
TAG = "clumio:grants"
GET = policy(Action="s3:GetObject", Resource="*")
PUT = policy(Action="s3:PutObject", Resource="*")
BOTH = policy(Action=["s3:GetObject", "s3:PutObject"], Resource="*")


def trusting(**members):
    return trust_policy(**{"Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}} | members)


def role(name="Role", *, attached=(MANAGED,), trust=None, **inline):
    return {
        "name": name,
        "description": "Works",
        "trust_policy": trust or trusting(),
        "managed_policies": list(attached),
        "inline_policies": [
            {"name": policy, "document": document} for policy, document in (inline or {"A": GET}).items()
        ],
    }


def wanted(*roles, managed=GET):
    return {"policies": [{"name": "Managed", "document": managed}], "roles": list(roles or [role()])}


def topic(principal=CLUMIO_ACCOUNT, action="sns:Subscribe"):
    access = policy(Principal={"AWS": principal}, Action=action, Resource=TOPIC_ARN)
    return {"topics": [{"name": "Topic", "policy": access}]}


PLAN = resolved(permissions_file("ebs", "s3", "mssql")).plan.as_dict()
SECTIONS = {
    clumio_iam_roles: {name: PLAN[name] for name in ("policies", "roles", "instance_profiles")},
    clumio_sns_topic: {"topics": PLAN["topics"]},
}


def iam_tags(aws, *names):
    return {name: aws.role(name)["tags"].get(TAG) for name in names} | {"Managed": aws.policy(MANAGED)["tags"].get(TAG)}


def holders(result):
    return [difference["holder"] for difference in result["widening"]]


def told(result, dry_run):
    """What a refused run says about it, in its sentence; as facts it has all that the dry run has."""
    (finding,) = result["failure"]["findings"]
    assert finding["code"] == "widening_not_approved"
    assert result["failure"]["differences"] == dry_run["widening"]
    text = finding["message"].removeprefix("It would grant more than was approved before (").removesuffix(").")
    assert finding["found"] == len(text.split("; "))
    return text.split("; ")


def gained(dry_run):
    """The lines of a dry run about what is allowed anew."""
    return [
        f"{difference['holder']}: {line}"
        for difference in dry_run["widening"]
        for line in difference["text"]
        if line.startswith("+")
    ]


# ---- the first run


@pytest.mark.parametrize("module", SECTIONS, ids=["roles", "topic"])
def test_the_first_run_of_a_whole_file(aws, module):
    """It needs no approval, and everything that grants is tagged with the digest of all of it."""
    options = SECTIONS[module]
    first = make(aws, module, **options)
    assert first["changed"] is True
    assert first["widening"] == []
    tagged = {
        **{item["name"]: aws.topic(item["name"])["tags"] for item in options.get("topics", [])},
        **{item["name"]: aws.role(item["name"])["tags"] for item in options.get("roles", [])},
        **{item["name"]: aws.policy(item["arn"])["tags"] for item in options.get("policies", [])},
    }
    digests = {tags.pop(TAG) for tags in tagged.values()}
    assert len(digests) == 1
    for tags in tagged.values():
        tags.pop("clumio:inline-policies", None)
        assert tags == OURS
    for item in options.get("instance_profiles", []):
        assert aws.instance_profile(item["name"])["tags"] == OURS

    again, writes = run(aws, module, **options)
    assert (again["changed"], again["widening"], writes) == (False, [], [])
    for section in options:
        assert again[section] == first[section]


def test_a_first_run_that_was_cut_short_goes_on_without_approval(aws):
    aws.refuse("PutRolePolicy", "ServiceFailure", times=1)
    aws.refuse("AttachRolePolicy", "ServiceFailure", times=1)
    assert run(aws, clumio_iam_roles, **wanted())[0]["failed"]
    result = make(aws, clumio_iam_roles, **wanted())
    assert actions(result)["Role"][0] == "update"
    assert aws.role("Role")["inline_policies"] == {"A": GET}
    assert aws.role("Role")["managed_policies"] == [MANAGED]


# ---- updates that grant more

MORE = {
    "inline policy": (wanted(role(A=BOTH)), ["roles.Role"], "+ Allow s3:putobject on *"),
    "another inline policy": (wanted(role(A=GET, B=PUT)), ["roles.Role"], "+ Allow s3:putobject on *"),
    "managed policy": (wanted(managed=BOTH), ["roles.Role"], "+ Allow s3:putobject on *"),
    "trust": (
        wanted(role(trust=trusting(Principal={"AWS": [CLUMIO_ACCOUNT, "111122223333"]}))),
        ["trust_policies.Role"],
        "by AWS:111122223333",
    ),
    "no external id": (
        wanted(role(trust=trusting(Condition={}))),
        ["trust_policies.Role"],
        "+ Allow sts:assumerole by",
    ),
    "a role": (
        wanted(role(), role("Second", attached=[], B=PUT)),
        ["roles.Second", "trust_policies.Second"],
        "+ Allow s3:putobject on *",
    ),
    "a role that can do the same": (
        wanted(role(), role("Second")),
        ["roles.Second", "trust_policies.Second"],
        "+ Allow s3:getobject on *",
    ),
}


@pytest.mark.parametrize(("more", "widened", "line"), MORE.values(), ids=MORE)
def test_an_update_that_grants_more_needs_approval(aws, more, widened, line):
    make(aws, clumio_iam_roles, **wanted())
    before = (aws.role("Role"), aws.policy(MANAGED))

    check, writes = run(aws, clumio_iam_roles, check_mode=True, **more)
    assert (check.get("failed", False), check["changed"], writes) == (False, True, [])
    assert holders(check) == widened

    result = refused(aws, clumio_iam_roles, "widening_not_approved", **more)
    assert told(result, check) == gained(check)
    assert line in result["msg"]
    assert "approve_changes" in result["msg"]
    assert (aws.role("Role"), aws.policy(MANAGED)) == before

    approved = make(aws, clumio_iam_roles, **more, approve_changes=True)
    assert approved["changed"] is True
    assert approved["widening"] == check["widening"]
    for section in more:
        assert approved[section] == check[section]
    digests = set(iam_tags(aws, *(item["name"] for item in more["roles"])).values())
    assert len(digests) == 1
    assert digests != {before[0]["tags"][TAG]}

    again, writes = run(aws, clumio_iam_roles, **more)
    assert (again["changed"], again["widening"], writes) == (False, [], [])


@pytest.mark.parametrize(
    "more",
    [topic(principal="*"), topic(principal=[CLUMIO_ACCOUNT, "111122223333"]), topic(action="sns:*")],
    ids=["everybody", "another account", "any action"],
)
def test_a_topic_that_is_opened_needs_approval(aws, more):
    make(aws, clumio_sns_topic, **topic())
    before = aws.topic("Topic")
    check, writes = run(aws, clumio_sns_topic, check_mode=True, **more)
    assert (check["changed"], holders(check), writes) == (True, ["topics.Topic"], [])
    result = refused(aws, clumio_sns_topic, "widening_not_approved", **more)
    assert told(result, check) == gained(check)
    assert aws.topic("Topic") == before

    approved = make(aws, clumio_sns_topic, **more, approve_changes=True)
    assert approved["widening"] == check["widening"]
    assert aws.topic("Topic")["policy"] == more["topics"][0]["policy"]
    again, writes = run(aws, clumio_sns_topic, **more)
    assert (again["changed"], again["widening"], writes) == (False, [], [])


def test_what_one_role_may_do_is_not_approved_for_another(aws):
    second = role("Second", attached=[], trust=trusting(Principal={"Service": "ssm.amazonaws.com"}), B=PUT)
    make(aws, clumio_iam_roles, **wanted(role(A=GET), second))
    exchanged = [role(A=PUT), second | {"inline_policies": [{"name": "B", "document": GET}]}]
    result = refused(aws, clumio_iam_roles, "widening_not_approved", **wanted(*exchanged))
    check, _writes = run(aws, clumio_iam_roles, check_mode=True, **wanted(*exchanged))
    assert holders(check) == ["roles.Role", "roles.Second"]
    assert told(result, check) == gained(check)


def test_what_was_approved_and_taken_back_needs_approval_again(aws):
    make(aws, clumio_iam_roles, **wanted(role(A=BOTH)))
    make(aws, clumio_iam_roles, **wanted(role(A=GET)))
    refused(aws, clumio_iam_roles, "widening_not_approved", **wanted(role(A=BOTH)))


def test_an_approved_update_that_was_cut_short_is_not_taken_for_done(aws):
    """The digest is written once the grants are in force: until then the rest needs approval as well."""
    more = wanted(role(A=BOTH, B=PUT), managed=BOTH)
    make(aws, clumio_iam_roles, **wanted())
    before = iam_tags(aws, "Role")
    aws.refuse("PutRolePolicy", "ServiceFailure", times=2)
    assert run(aws, clumio_iam_roles, **more, approve_changes=True)[0]["failed"]
    assert aws.policy(MANAGED)["document"] == BOTH
    assert iam_tags(aws, "Role") == before
    make(aws, clumio_iam_roles, **more, approve_changes=True)
    assert aws.role("Role")["inline_policies"] == {"A": BOTH, "B": PUT}
    assert iam_tags(aws, "Role") != before


# ---- updates that do not

NO_MORE = {
    "fewer actions": (wanted(role(A=BOTH)), wanted(role(A=GET))),
    "under a condition": (
        wanted(role(A=GET)),
        wanted(
            role(A=policy(Action="s3:GetObject", Resource="*", Condition={"Bool": {"aws:SecureTransport": "true"}}))
        ),
    ),
    "on fewer resources": (
        wanted(managed=GET),
        wanted(managed=policy(Action="s3:GetObject", Resource="arn:aws:s3:::a/*")),
    ),
    "a denial more": (
        wanted(role(A=GET)),
        wanted(role(A=GET, B=policy(Effect="Deny", Action="s3:GetObject", Resource="arn:aws:s3:::a/*"))),
    ),
    "a principal less": (
        wanted(role(trust=trusting(Principal={"AWS": [CLUMIO_ACCOUNT, "111122223333"]}))),
        wanted(role(trust=trusting(Principal={"AWS": CLUMIO_ACCOUNT}))),
    ),
    "a wildcard spelled out": (
        wanted(managed=policy(Action="kms:ReEncrypt*", Resource="*")),
        wanted(managed=policy(Action=["kms:ReEncryptFrom", "kms:ReEncryptTo"], Resource="*")),
    ),
    "a description": (wanted(role()), wanted(role() | {"description": "Else"})),
    "moved inside the role": (wanted(role(A=BOTH, B=GET)), wanted(role(A=GET, B=BOTH))),
    "moved from the managed policy": (
        wanted(role(A=GET), managed=BOTH),
        wanted(role(A=BOTH), managed=GET),
    ),
}


@pytest.mark.parametrize(("before", "after"), NO_MORE.values(), ids=NO_MORE)
def test_an_update_that_grants_no_more_needs_none(aws, before, after):
    make(aws, clumio_iam_roles, **before)
    result = make(aws, clumio_iam_roles, **after)
    assert (result["changed"], result["widening"]) == (True, [])
    assert len(set(iam_tags(aws, "Role").values())) == 1
    again, writes = run(aws, clumio_iam_roles, **after)
    assert (again["changed"], writes) == (False, [])


def test_a_topic_that_is_closed_needs_none(aws):
    make(aws, clumio_sns_topic, **topic(action=["sns:Subscribe", "sns:Publish"]))
    result = make(aws, clumio_sns_topic, **topic())
    assert (result["changed"], result["widening"]) == (True, [])
    assert aws.topic("Topic")["policy"] == topic()["topics"][0]["policy"]


def test_what_others_have_attached_and_put_inside_counts_for_nothing(aws):
    """It stays on both sides: neither is it a reason to ask, nor does it hide what is new."""
    make(aws, clumio_iam_roles, **wanted())
    iam = aws.client("iam")
    iam.put_role_policy(RoleName="Role", PolicyName="Theirs", PolicyDocument=json.dumps(PUT))
    again, writes = run(aws, clumio_iam_roles, **wanted())
    assert (again["changed"], again["widening"], writes) == (False, [], [])
    more = wanted(role(A=policy(Action=["s3:GetObject", "s3:DeleteObject"], Resource="*")))
    result = refused(aws, clumio_iam_roles, "widening_not_approved", **more)
    check, _writes = run(aws, clumio_iam_roles, check_mode=True, **more)
    assert told(result, check) == gained(check) == ["roles.Role: + Allow s3:deleteobject on *"]


# ---- drift


def detach(iam):
    iam.detach_role_policy(RoleName="Role", PolicyArn=MANAGED)


def delete_inline(iam):
    iam.delete_role_policy(RoleName="Role", PolicyName="A")


def edit_trust(iam):
    trust = json.dumps(trusting(Principal={"AWS": "111122223333"}))
    iam.update_assume_role_policy(RoleName="Role", PolicyDocument=trust)


def edit_policy(iam):
    iam.create_policy_version(PolicyArn=MANAGED, PolicyDocument=json.dumps(PUT), SetAsDefault=True)


def delete_role(iam):
    detach(iam)
    delete_inline(iam)
    iam.delete_role(RoleName="Role")


def delete_policy(iam):
    detach(iam)
    iam.delete_policy(PolicyArn=MANAGED)


def take_tag_of_role(iam):
    iam.untag_role(RoleName="Role", TagKeys=[TAG])
    delete_inline(iam)


@pytest.mark.parametrize(
    "drift", [detach, delete_inline, edit_trust, edit_policy, delete_role, delete_policy, take_tag_of_role]
)
def test_drift_is_put_back_without_approval(aws, drift):
    make(aws, clumio_iam_roles, **wanted())
    before = (aws.role("Role"), aws.policy(MANAGED)["document"])
    drift(aws.client("iam"))
    check, writes = run(aws, clumio_iam_roles, check_mode=True, **wanted())
    assert (check["changed"], check["widening"], writes) == (True, [], [])
    result = make(aws, clumio_iam_roles, **wanted())
    assert (result["changed"], result["widening"]) == (True, [])
    assert (aws.role("Role"), aws.policy(MANAGED)["document"]) == before
    again, writes = run(aws, clumio_iam_roles, **wanted())
    assert (again["changed"], writes) == (False, [])


@pytest.mark.parametrize("drift", [detach, delete_inline, edit_trust, edit_policy])
def test_drift_is_no_leave_to_grant_more(aws, drift):
    make(aws, clumio_iam_roles, **wanted())
    drift(aws.client("iam"))
    more = wanted(role(A=GET, B=policy(Action="kms:Decrypt", Resource="*")))
    result = refused(aws, clumio_iam_roles, "widening_not_approved", **more)
    assert "kms:decrypt" in result["msg"]


def test_drift_of_a_topic_is_put_back_without_approval(aws):
    make(aws, clumio_sns_topic, **topic())
    aws.client("sns").set_topic_attributes(
        TopicArn=TOPIC_ARN,
        AttributeName="Policy",
        AttributeValue=json.dumps(topic(principal="111122223333")["topics"][0]["policy"]),
    )
    result = make(aws, clumio_sns_topic, **topic())
    assert (result["changed"], result["widening"]) == (True, [])
    assert aws.topic("Topic")["policy"] == topic()["topics"][0]["policy"]


def test_lost_digests_are_written_again(aws):
    make(aws, clumio_iam_roles, **wanted())
    tags = iam_tags(aws, "Role")
    aws.client("iam").untag_role(RoleName="Role", TagKeys=[TAG])
    aws.client("iam").untag_policy(PolicyArn=MANAGED, TagKeys=[TAG])
    result, writes = run(aws, clumio_iam_roles, **wanted())
    assert (result["changed"], sorted(writes)) == (True, ["TagPolicy", "TagRole"])
    assert iam_tags(aws, "Role") == tags


# ---- policies that are none


@pytest.mark.parametrize(
    "document",
    [
        {"Statement": [{"Action": "sns:Publish"}]},
        {"Statement": ["Allow"]},
        {"Statement": [{"Effect": "Allow", "Principal": "me", "Action": "sns:Publish"}]},
        {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Condition": {"StringEquals": "x"}}]},
    ],
    ids=["no effect", "no statement", "principal", "condition"],
)
def test_a_document_that_is_no_policy_is_refused(aws, document):
    """Lists of resources may come from elsewhere than from a permissions file."""
    refused(aws, clumio_sns_topic, "invalid_resources", topics=[{"name": "Topic", "policy": document}])
    roles = copy.deepcopy(wanted())
    roles["roles"][0]["inline_policies"][0]["document"] = document
    refused(aws, clumio_iam_roles, "invalid_resources", **roles)


# ---- validation


@pytest.mark.parametrize("digest", ["0" * 32, None], ids=["another", "none"])
def test_validation_does_not_look_at_the_digest(aws, digest):
    make(aws, clumio_iam_roles, **wanted())
    make(aws, clumio_sns_topic, **topic())
    iam, sns = aws.client("iam"), aws.client("sns")
    if digest:
        tags = [{"Key": TAG, "Value": digest}]
        iam.tag_role(RoleName="Role", Tags=tags)
        iam.tag_policy(PolicyArn=MANAGED, Tags=tags)
        sns.tag_resource(ResourceArn=TOPIC_ARN, Tags=tags)
    else:
        iam.untag_role(RoleName="Role", TagKeys=[TAG])
        iam.untag_policy(PolicyArn=MANAGED, TagKeys=[TAG])
        sns.untag_resource(ResourceArn=TOPIC_ARN, TagKeys=[TAG])
    result = make(aws, clumio_connection_validate, **wanted(), **topic(), clumio=False)
    assert (result["valid"], {check["status"] for check in result["checks"]}) == (True, {"ok"})
