# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from collections import Counter

import pytest
from aws_in_process import ACCOUNT, OURS
from permissions_files import EXTERNAL_ID, permissions_file, policy, resolved, trust_policy
from section_helpers import REFUSALS, actions, converge, make, refused, run

from ansible_collections.clumio.aws.plugins.module_utils._aws import settle
from ansible_collections.clumio.aws.plugins.modules import clumio_iam_roles

IAM = f"arn:aws:iam::{ACCOUNT}"
TRUST = trust_policy(Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})
EC2_TRUST = policy(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
READ = policy(Sid="Read", Action=["s3:GetObject", "s3:ListBucket"], Resource=["arn:aws:s3:::a", "arn:aws:s3:::b"])
WRITE = policy(Sid="Write", Action="s3:PutObject", Resource="*")
OTHERS_TAGS = {"Untagged": [], "Others": [{"Key": "clumio:connection", "Value": f"{ACCOUNT}_us-east-1"}]}

POLICY = {"name": "Managed", "description": "Reads", "document": READ}
ROLE = {
    "name": "Role",
    "description": "Works",
    "trust_policy": TRUST,
    "managed_policies": [f"{IAM}:policy/Managed"],
    "inline_policies": [{"name": "Inline", "document": WRITE}],
}
PROFILE = {"name": "Profile", "role": "Role"}
ALL = {"policies": [POLICY], "roles": [ROLE], "instance_profiles": [PROFILE]}
MAKING = ["CreatePolicy", "CreateRole", "CreateInstanceProfile"]
FILLING = ["AttachRolePolicy", "PutRolePolicy", "AddRoleToInstanceProfile"]

HELD_POLICY = {
    "path": "/",
    "description": "Reads",
    "document": READ,
    "default": "v1",
    "versions": ["v1"],
    "tags": OURS,
}
HELD_ROLE = {
    "path": "/",
    "description": "Works",
    "trust_policy": TRUST,
    "managed_policies": [f"{IAM}:policy/Managed"],
    "inline_policies": {"Inline": WRITE},
    "tags": OURS,
}
HELD_PROFILE = {"path": "/", "roles": ["Role"], "tags": OURS}


def with_role(**members):
    return ALL | {"roles": [ROLE | members]}


def with_policy(**members):
    return ALL | {"policies": [POLICY | members]}


def held(aws, path=""):
    """What AWS holds of all three, without the tags that remember what is granted and what in a role is ours."""
    found = (
        aws.policy(f"{IAM}:policy{path}/Managed"),
        aws.role("Role"),
        aws.instance_profile("Profile"),
    )
    for resource in found:
        for tag in ("clumio:grants", "clumio:inline-policies"):
            resource["tags"].pop(tag, None)
    return found


@pytest.fixture
def made(aws):
    """An account in which everything is as it should be."""
    make(aws, clumio_iam_roles, **ALL)
    return aws


def extras(result):
    """What the result says that others have added to the role."""
    place = {"section": "roles", "name": "Role", "arn": f"{IAM}:role/Role"}
    assert [{member: extra[member] for member in place} for extra in result["extras"]] == [place] * len(
        result["extras"]
    )
    return [extra["extra"] for extra in result["extras"]]


def without_tagging(writes):
    return [operation for operation in writes if not operation.startswith(("Tag", "Untag"))]


# ---- create


def test_create(aws):
    result = converge(aws, clumio_iam_roles, MAKING + FILLING, **ALL)
    assert actions(result) == {name: ("create", []) for name in ("Managed", "Role", "Profile")}
    assert held(aws) == (HELD_POLICY, HELD_ROLE, HELD_PROFILE)


def test_create_at_a_path(aws):
    path = {"path": "/clumio/a/"}
    arn = f"{IAM}:policy/clumio/a/Managed"
    wanted = {
        "policies": [POLICY | path],
        "roles": [ROLE | path | {"managed_policies": [arn]}],
        "instance_profiles": [PROFILE | path],
    }
    result = converge(aws, clumio_iam_roles, MAKING + FILLING, **wanted)
    assert result["roles"][0]["arn"] == f"{IAM}:role/clumio/a/Role"
    assert held(aws, "/clumio/a") == (
        HELD_POLICY | path,
        HELD_ROLE | path | {"managed_policies": [arn]},
        HELD_PROFILE | path,
    )


def test_create_from_a_permissions_file(aws):
    plan = resolved(permissions_file("ebs", "dynamodb", "s3", "mssql")).plan.as_dict()
    wanted = {section: plan[section] for section in ("policies", "roles", "instance_profiles")}
    writes = Counter(
        CreatePolicy=len(plan["policies"]),
        CreateRole=len(plan["roles"]),
        CreateInstanceProfile=1,
        AddRoleToInstanceProfile=1,
        AttachRolePolicy=sum(len(role["managed_policies"]) for role in plan["roles"]),
        PutRolePolicy=sum(len(role["inline_policies"]) for role in plan["roles"]),
    )
    converge(aws, clumio_iam_roles, list(writes.elements()), **wanted)
    for role in plan["roles"]:
        found = aws.role(role["name"])
        assert found["trust_policy"] == role["trust_policy"]
        assert found["managed_policies"] == sorted(role["managed_policies"])
        assert found["inline_policies"] == {item["name"]: item["document"] for item in role["inline_policies"]}
    for item in plan["policies"]:
        assert aws.policy(item["arn"])["document"] == item["document"]


def test_bare_entities_come_before_what_names_them(aws):
    """A role may name any other, whatever their order: nothing is attached or put before all of them are there."""
    second = ROLE | {"name": "Another"}
    _result, writes = run(aws, clumio_iam_roles, **ALL | {"roles": [ROLE, second]})
    assert sorted(writes[:4]) == sorted([*MAKING, "CreateRole"])
    assert sorted(writes[4:]) == sorted([*FILLING, "AttachRolePolicy", "PutRolePolicy"])


def test_a_first_run_that_was_cut_short_is_finished(aws):
    aws.refuse("PutRolePolicy", "ServiceFailure", times=1)
    result, _writes = run(aws, clumio_iam_roles, **ALL)
    assert result["failed"]
    converge(aws, clumio_iam_roles, ["PutRolePolicy"], **ALL)
    assert held(aws) == (HELD_POLICY, HELD_ROLE, HELD_PROFILE)


# ---- modify


OTHER_TRUST = trust_policy(Condition={"StringEquals": {"sts:ExternalId": "Other"}})

MODIFICATIONS = {
    "description of a role": (
        with_role(description="Else"),
        ["UpdateRole"],
        {"Role": ["description"]},
        (HELD_POLICY, HELD_ROLE | {"description": "Else"}, HELD_PROFILE),
    ),
    "trust policy": (
        with_role(trust_policy=OTHER_TRUST),
        ["UpdateAssumeRolePolicy"],
        {"Role": ["trust_policy"]},
        (HELD_POLICY, HELD_ROLE | {"trust_policy": OTHER_TRUST}, HELD_PROFILE),
    ),
    "inline policy": (
        with_role(inline_policies=[{"name": "Inline", "document": READ}]),
        ["PutRolePolicy"],
        {"Role": ["inline_policies"]},
        (HELD_POLICY, HELD_ROLE | {"inline_policies": {"Inline": READ}}, HELD_PROFILE),
    ),
    "an inline policy more": (
        with_role(inline_policies=[*ROLE["inline_policies"], {"name": "Second", "document": READ}]),
        ["PutRolePolicy"],
        {"Role": ["inline_policies"]},
        (HELD_POLICY, HELD_ROLE | {"inline_policies": {"Inline": WRITE, "Second": READ}}, HELD_PROFILE),
    ),
    "managed policy": (
        with_policy(document=WRITE),
        ["CreatePolicyVersion"],
        {"Managed": ["document"]},
        (HELD_POLICY | {"document": WRITE, "default": "v2", "versions": ["v1", "v2"]}, HELD_ROLE, HELD_PROFILE),
    ),
}


@pytest.mark.parametrize(("wanted", "writes", "differing", "after"), MODIFICATIONS.values(), ids=MODIFICATIONS)
def test_modify(made, wanted, writes, differing, after):
    options = wanted | {"approve_changes": True}
    check, none = run(made, clumio_iam_roles, check_mode=True, **options)
    first, written = run(made, clumio_iam_roles, **options)
    again, nothing = run(made, clumio_iam_roles, **options)
    assert (none, without_tagging(written), nothing) == ([], writes, [])
    assert (check["changed"], first["changed"], again["changed"]) == (True, True, False)
    for section in ALL:
        assert check[section] == first[section] == again[section]
    told = {name: [member for member in members if member != "tags"] for name, (_, members) in actions(first).items()}
    assert {name: members for name, members in told.items() if members} == differing
    assert held(made) == after


def test_modify_attaches_a_further_policy(made):
    made.client("iam").create_policy(PolicyName="Second", PolicyDocument=json.dumps(READ))
    arn = f"{IAM}:policy/Second"
    wanted = with_role(managed_policies=[*ROLE["managed_policies"], arn])
    refused(made, clumio_iam_roles, "widening_not_approved", **wanted)
    converge(made, clumio_iam_roles, ["AttachRolePolicy", "TagPolicy", "TagRole"], **wanted, approve_changes=True)
    assert held(made)[1]["managed_policies"] == [f"{IAM}:policy/Managed", arn]


def test_description_of_a_managed_policy_is_fixed(made):
    converge(made, clumio_iam_roles, [], **with_policy(description="Else"))
    assert held(made)[0]["description"] == "Reads"


# ---- drift


def add_versions(iam, arn, count, default):
    """Further versions of the policy, so that it has this many in all."""
    for number in range(2, count + 1):
        document = json.dumps(policy(Sid=f"V{number}", Action="s3:A", Resource="*"))
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=number == default)


DRIFTS = {
    "description": (lambda iam: iam.update_role(RoleName="Role", Description="x"), ["UpdateRole"], {"Role"}),
    "trust policy": (
        lambda iam: iam.update_assume_role_policy(RoleName="Role", PolicyDocument=json.dumps(EC2_TRUST)),
        ["UpdateAssumeRolePolicy"],
        {"Role"},
    ),
    "inline policy": (
        lambda iam: iam.put_role_policy(RoleName="Role", PolicyName="Inline", PolicyDocument=json.dumps(READ)),
        ["PutRolePolicy"],
        {"Role"},
    ),
    "inline policy gone": (
        lambda iam: iam.delete_role_policy(RoleName="Role", PolicyName="Inline"),
        ["PutRolePolicy"],
        {"Role"},
    ),
    "managed policy detached": (
        lambda iam: iam.detach_role_policy(RoleName="Role", PolicyArn=f"{IAM}:policy/Managed"),
        ["AttachRolePolicy"],
        {"Role"},
    ),
    "role out of the profile": (
        lambda iam: iam.remove_role_from_instance_profile(InstanceProfileName="Profile", RoleName="Role"),
        ["AddRoleToInstanceProfile"],
        {"Profile"},
    ),
    "everything at once": (
        lambda iam: (
            iam.update_role(RoleName="Role", Description="x"),
            iam.delete_role_policy(RoleName="Role", PolicyName="Inline"),
            iam.remove_role_from_instance_profile(InstanceProfileName="Profile", RoleName="Role"),
        ),
        ["UpdateRole", "PutRolePolicy", "AddRoleToInstanceProfile"],
        {"Role", "Profile"},
    ),
}


@pytest.mark.parametrize(("drift", "writes", "changed"), DRIFTS.values(), ids=DRIFTS)
def test_drift(made, drift, writes, changed):
    drift(made.client("iam"))
    result = converge(made, clumio_iam_roles, writes, **ALL)
    assert set(actions(result)) == changed
    assert held(made) == (HELD_POLICY, HELD_ROLE, HELD_PROFILE)


def test_drift_of_a_managed_policy(made):
    """Its content stands in no other version any more, so a new one is written."""
    iam, arn = made.client("iam"), f"{IAM}:policy/Managed"
    add_versions(iam, arn, 2, default=2)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    converge(made, clumio_iam_roles, ["CreatePolicyVersion"], **ALL)
    assert held(made)[0] == HELD_POLICY | {"default": "v3", "versions": ["v2", "v3"]}


@pytest.mark.parametrize("count", [2, 5])
def test_the_version_that_has_the_content_is_made_the_default_again(made, count):
    """Even where there is no room for another version nothing has to go."""
    add_versions(made.client("iam"), f"{IAM}:policy/Managed", count, default=count)
    result = converge(made, clumio_iam_roles, ["SetDefaultPolicyVersion"], **ALL)
    (change,) = result["changes"]
    assert (change["action"], change["differences"], change["ready_version"]) == ("update", ["document"], "v1")
    versions = [f"v{number}" for number in range(1, count + 1)]
    assert held(made)[0] == HELD_POLICY | {"versions": versions}


def test_a_version_is_known_by_what_it_says(made):
    """However it is written; of several the youngest is taken."""
    iam, arn = made.client("iam"), f"{IAM}:policy/Managed"
    statement = READ["Statement"][0]
    spelled = {"Version": "2012-10-17", "Statement": {**statement, "Action": statement["Action"][::-1]}}
    for document in (spelled, WRITE):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
    converge(made, clumio_iam_roles, ["SetDefaultPolicyVersion"], **ALL)
    assert held(made)[0]["default"] == "v2"


@pytest.mark.parametrize(("default", "goes"), [(5, "v1"), (1, "v2")])
def test_the_oldest_version_that_is_not_the_default_makes_room(made, default, goes):
    iam, arn = made.client("iam"), f"{IAM}:policy/Managed"
    add_versions(iam, arn, 5, default)
    wanted = with_policy(document=WRITE)
    _result, writes = run(made, clumio_iam_roles, **wanted, approve_changes=True)
    assert without_tagging(writes) == ["DeletePolicyVersion", "CreatePolicyVersion"]
    found = held(made)[0]
    assert (found["document"], found["default"]) == (WRITE, "v6")
    assert found["versions"] == sorted({"v1", "v2", "v3", "v4", "v5", "v6"} - {goes})


def test_versions_count_as_numbers(made):
    """The tenth version is younger than the ninth."""
    iam, arn = made.client("iam"), f"{IAM}:policy/Managed"
    for number in range(2, 11):
        if number > 5:
            iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{number - 5}")
        document = json.dumps(policy(Sid=f"V{number}", Action="s3:A", Resource="*"))
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
    assert held(made)[0]["versions"] == ["v10", "v6", "v7", "v8", "v9"]
    run(made, clumio_iam_roles, **ALL)
    assert held(made)[0]["versions"] == ["v10", "v11", "v7", "v8", "v9"]


def put_in_another_role(iam):
    iam.remove_role_from_instance_profile(InstanceProfileName="Profile", RoleName="Role")
    iam.create_role(RoleName="Wrong", AssumeRolePolicyDocument=json.dumps(EC2_TRUST))
    iam.add_role_to_instance_profile(InstanceProfileName="Profile", RoleName="Wrong")


def test_a_profile_with_another_role(made):
    put_in_another_role(made.client("iam"))
    writes = ["RemoveRoleFromInstanceProfile", "AddRoleToInstanceProfile"]
    result = converge(made, clumio_iam_roles, writes, **ALL)
    assert actions(result) == {"Profile": ("update", ["role"])}
    assert held(made)[2] == HELD_PROFILE


def test_a_profile_with_another_role_whose_own_is_not_seen_yet(made, monkeypatch):
    """The other role is taken out once; putting in ours is repeated."""
    monkeypatch.setattr(settle, "DEADLINE_SECONDS", 2)
    put_in_another_role(made.client("iam"))
    made.refuse("AddRoleToInstanceProfile", "NoSuchEntity", times=1)
    result, writes = run(made, clumio_iam_roles, **ALL)
    assert not result.get("failed"), result["msg"]
    assert writes == ["RemoveRoleFromInstanceProfile", "AddRoleToInstanceProfile", "AddRoleToInstanceProfile"]
    assert held(made)[2] == HELD_PROFILE


# ---- unchanged


def test_unchanged_in_another_spelling(made):
    read = policy(Sid="Read", Action=["S3:listbucket", "s3:getobject"], Resource=["arn:aws:s3:::b", "arn:aws:s3:::a"])
    write = {"Statement": {**WRITE["Statement"][0], "Resource": ["*"]}, "Version": "2012-10-17"}
    role = ROLE | {
        "inline_policies": [{"name": "Inline", "document": write}],
        "trust_policy": trust_policy(Condition={"StringEquals": {"STS:ExternalID": [EXTERNAL_ID]}}),
    }
    converge(made, clumio_iam_roles, [], **with_policy(document=read) | {"roles": [role]})
    assert held(made) == (HELD_POLICY, HELD_ROLE, HELD_PROFILE)


def test_what_others_have_added_stays(made):
    iam = made.client("iam")
    iam.create_policy(PolicyName="Theirs", PolicyDocument=json.dumps(WRITE))
    iam.attach_role_policy(RoleName="Role", PolicyArn=f"{IAM}:policy/Theirs")
    iam.put_role_policy(RoleName="Role", PolicyName="Theirs", PolicyDocument=json.dumps(READ))
    iam.tag_role(RoleName="Role", Tags=[{"Key": "Team", "Value": "backup"}])
    result = converge(made, clumio_iam_roles, [], **ALL)
    assert [item["name"] for item in result["roles"][0]["inline_policies"]] == ["Inline", "Theirs"]
    assert extras(result) == [f"attached policy {IAM}:policy/Theirs", "inline policy Theirs"]
    converge(made, clumio_iam_roles, ["UpdateRole"], **with_role(description="Else"))
    assert held(made)[1] == HELD_ROLE | {
        "description": "Else",
        "managed_policies": [f"{IAM}:policy/Managed", f"{IAM}:policy/Theirs"],
        "inline_policies": {"Inline": WRITE, "Theirs": READ},
        "tags": OURS | {"Team": "backup"},
    }


# ---- refused before any write


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_belongs_to_others_is_refused_all_at_once(aws, check_mode):
    iam = aws.client("iam")
    for name, tags in OTHERS_TAGS.items():
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(EC2_TRUST), Tags=tags)
        iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(WRITE), Tags=tags)
        iam.create_instance_profile(InstanceProfileName=name, Tags=tags)
    names = (*OTHERS_TAGS, "New")
    wanted = {
        "policies": [POLICY | {"name": name} for name in names],
        "roles": [ROLE | {"name": name} for name in names],
        "instance_profiles": [PROFILE | {"name": name} for name in names],
    }
    result = refused(aws, clumio_iam_roles, "foreign_resource", **wanted, check_mode=check_mode)
    for kind in ("managed policy", "role", "instance profile"):
        assert f"The {kind} Untagged exists, but it has no tag clumio:connection" in result["msg"]
        assert f"The {kind} Others exists, but it belongs to the connection {ACCOUNT}_us-east-1" in result["msg"]
    assert result["msg"].startswith("This step wrote nothing, for 6 reasons: ")
    findings = result["failure"]["findings"]
    assert {(finding["section"], finding["entity"]) for finding in findings} == {
        (section, name) for section in ALL for name in OTHERS_TAGS
    }
    assert {finding["code"] for finding in findings} == {"foreign_resource"}
    assert {finding["entity"]: "adopt: true" in finding["hint"] for finding in findings} == {
        "Untagged": True,
        "Others": False,
    }


@pytest.mark.parametrize("check_mode", [True, False])
def test_another_path_is_refused(made, check_mode):
    wanted = {"roles": [ROLE | {"path": "/a/"}], "instance_profiles": [PROFILE | {"path": "/b/"}]}
    result = refused(made, clumio_iam_roles, "unchangeable", **wanted, check_mode=check_mode)
    assert "The role Role has the path /, and /a/ is wanted" in result["msg"]
    assert "The instance profile Profile has the path /, and /b/ is wanted" in result["msg"]
    assert [(item["entity"], item["member"], item["found"]) for item in result["failure"]["findings"]] == [
        ("Role", "path", "/"),
        ("Profile", "path", "/"),
    ]
    assert held(made) == (HELD_POLICY, HELD_ROLE, HELD_PROFILE)


def test_a_preview_is_good_for_check_mode_only(aws):
    plan = resolved(permissions_file("ebs"), token=None, external_id=None, preview=True).plan.as_dict()
    wanted = {"roles": plan["roles"], "policies": plan["policies"]}
    result, writes = run(aws, clumio_iam_roles, check_mode=True, **wanted)
    assert (result["changed"], writes) == (True, [])
    refused(aws, clumio_iam_roles, "preview_plan", **wanted)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"roles": [ROLE, ROLE]}, "Role is given twice"),
        ({"roles": [ROLE | {"arn": f"{IAM}:role/Role", "path": "/a/"}]}, f"it is {IAM}:role/a/Role"),
        ({"policies": [POLICY | {"arn": "arn:aws:iam::111122223333:policy/Managed"}]}, "Managed is given with"),
    ],
)
def test_resources_that_cannot_be_the_connections(aws, options, said):
    assert said in refused(aws, clumio_iam_roles, "invalid_resources", **options)["msg"]


# ---- refused by AWS


@pytest.mark.parametrize(("code", "message", "said", "failure"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize(
    ("operation", "task"),
    [
        ("GetRole", "read the role Role"),
        ("CreatePolicy", "create the policy Managed"),
        ("PutRolePolicy", "write the inline policy Inline of the role Role"),
    ],
)
def test_refusal_by_aws(aws, operation, task, code, message, said, failure):
    aws.refuse(operation, code, message)
    result, writes = run(aws, clumio_iam_roles, **ALL)
    assert result["failed"]
    assert result["msg"].startswith(f"Cannot {task}: {said}")
    assert result["failure"]["code"] == failure
    assert (result["failure"]["aws_code"], result["failure"]["aws_operation"]) == (code, operation)
    # What goes on beside it is not cut off; what comes after it is not begun.
    expected = {"GetRole": [], "CreatePolicy": MAKING, "PutRolePolicy": MAKING + FILLING}[operation]
    assert sorted(writes) == sorted(expected)


@pytest.mark.parametrize("operation", ["AttachRolePolicy", "PutRolePolicy"])
@pytest.mark.parametrize("code", ["NoSuchEntity", "ConcurrentModification"])
def test_iam_is_asked_again_while_it_does_not_see_the_role_or_is_busy_with_it(aws, operation, code):
    """IAM may refuse changes of one role that come at once.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html (ConcurrentModification)
    """
    aws.refuse(operation, code, times=1)
    result, writes = run(aws, clumio_iam_roles, **ALL)
    assert not result.get("failed"), result["msg"]
    assert writes.count(operation) == 2
    assert held(aws) == (HELD_POLICY, HELD_ROLE, HELD_PROFILE)


@pytest.mark.parametrize("operation", ["UpdateRole", "UpdateAssumeRolePolicy"])
def test_iam_is_asked_again_while_it_is_busy_with_another_change_of_the_role(made, operation):
    made.refuse(operation, "ConcurrentModification", times=1)
    wanted = with_role(description="Else", trust_policy=OTHER_TRUST)
    result, _writes = run(made, clumio_iam_roles, **wanted, approve_changes=True)
    assert not result.get("failed"), result["msg"]
    assert held(made)[1] == HELD_ROLE | {"description": "Else", "trust_policy": OTHER_TRUST}


# ---- approved before it grants more


WIDER = with_role(inline_policies=[{"name": "Inline", "document": policy(Action="s3:*", Resource="*")}])
NARROWER = with_policy(document=policy(Sid="Read", Action="s3:GetObject", Resource="arn:aws:s3:::a"))


def test_a_grant_that_nobody_has_approved_is_refused(made):
    check, _writes = run(made, clumio_iam_roles, check_mode=True, **WIDER)
    assert not check.get("failed")
    assert [found["holder"] for found in check["widening"]] == ["roles.Role"]
    result = refused(made, clumio_iam_roles, "widening_not_approved", **WIDER)
    assert "s3:*" in result["msg"]
    assert held(made) == (HELD_POLICY, HELD_ROLE, HELD_PROFILE)


def test_a_grant_is_approved_once(made):
    result, _writes = run(made, clumio_iam_roles, **WIDER, approve_changes=True)
    assert [found["holder"] for found in result["widening"]] == ["roles.Role"]
    made.client("iam").delete_role_policy(RoleName="Role", PolicyName="Inline")
    result = converge(made, clumio_iam_roles, ["PutRolePolicy"], **WIDER)
    assert result["widening"] == []


def test_less_needs_no_approval(made):
    result, writes = run(made, clumio_iam_roles, **NARROWER)
    assert not result.get("failed"), result["msg"]
    assert without_tagging(writes) == ["CreatePolicyVersion"]
    assert held(made)[0]["document"] == NARROWER["policies"][0]["document"]
