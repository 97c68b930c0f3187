# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose roles, policies and instance profiles are: tags, adoption, what others have added and what is ours no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from aws_in_process import ACCOUNT, OURS
from permissions_files import EXTERNAL_ID, policy, trust_policy
from section_helpers import actions, converge, make, refused, run

from ansible_collections.clumio.aws.plugins.module_utils._aws import settle
from ansible_collections.clumio.aws.plugins.modules import clumio_connection_validate, clumio_iam_roles

IAM = f"arn:aws:iam::{ACCOUNT}"
MANAGED = f"{IAM}:policy/Managed"
BOUNDARY = f"{IAM}:policy/Boundary"
OTHER_BOUNDARY = f"{IAM}:policy/OtherBoundary"
TRUST = trust_policy(Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})
EC2_TRUST = policy(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
GET = policy(Action="s3:GetObject", Resource="*")
PUT = policy(Action="s3:PutObject", Resource="*")
THEIR_CONNECTION = f"{ACCOUNT}_us-east-1"

POLICY = {"name": "Managed", "description": "Reads", "document": GET}
ROLE = {
    "name": "Role",
    "description": "Works",
    "trust_policy": TRUST,
    "managed_policies": [MANAGED],
    "inline_policies": [{"name": "Inline", "document": PUT}],
}
PROFILE = {"name": "Profile", "role": "Role"}
ALL = {"policies": [POLICY], "roles": [ROLE], "instance_profiles": [PROFILE]}
TAGGING = ["TagPolicy", "TagRole", "TagInstanceProfile"]
UNTAGGING = ["UntagPolicy", "UntagRole", "UntagInstanceProfile"]


def pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def with_role(**members):
    return ALL | {"roles": [ROLE | members]}


def tagged(tags):
    """Everything with these tags of the user's."""
    return {section: [item | {"tags": tags} for item in items] for section, items in ALL.items()}


def tags_held(aws):
    """The tags of all three, without those that remember something."""
    everything = {
        "Managed": aws.policy(MANAGED)["tags"],
        "Role": aws.role("Role")["tags"],
        "Profile": aws.instance_profile("Profile")["tags"],
    }
    return {
        name: {key: value for key, value in tags.items() if key not in ("clumio:grants", "clumio:inline-policies")}
        for name, tags in everything.items()
    }


def all_tagged(tags):
    return dict.fromkeys(("Managed", "Role", "Profile"), tags)


def tag_all(aws, tags):
    iam = aws.client("iam")
    iam.tag_policy(PolicyArn=MANAGED, Tags=pairs(tags))
    iam.tag_role(RoleName="Role", Tags=pairs(tags))
    iam.tag_instance_profile(InstanceProfileName="Profile", Tags=pairs(tags))


def inline(*names, document=PUT):
    return [{"name": name, "document": document} for name in names]


def extras(result):
    return [(extra["section"], extra["name"], extra["extra"]) for extra in result["extras"]]


@pytest.fixture
def made(aws):
    """An account in which everything is as it should be, and two policies to be boundaries."""
    iam = aws.client("iam")
    for name in ("Boundary", "OtherBoundary"):
        iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(policy(Action="*", Resource="*")))
    make(aws, clumio_iam_roles, **ALL)
    return aws


# ---- tags


def test_tags_are_written_with_what_is_made(aws):
    writes = ["CreatePolicy", "CreateRole", "CreateInstanceProfile"]
    writes += ["AttachRolePolicy", "PutRolePolicy", "AddRoleToInstanceProfile"]
    result = converge(aws, clumio_iam_roles, writes, **tagged({"Team": "backup", "Cost": 42}))
    assert tags_held(aws) == all_tagged(OURS | {"Team": "backup", "Cost": "42"})
    assert result["roles"][0]["tags"] == aws.role("Role")["tags"]


def test_tags_are_added_and_changed(made):
    tag_all(made, {"Team": "x"})
    result = converge(made, clumio_iam_roles, TAGGING, **tagged({"Team": "backup", "Cost": "42"}))
    assert actions(result) == all_tagged(("update", ["tags"]))
    assert tags_held(made) == all_tagged(OURS | {"Team": "backup", "Cost": "42"})


@pytest.mark.parametrize(("given", "left"), [({"Team": "backup"}, {"Team": "backup"}), ({}, {})], ids=["some", "none"])
def test_where_tags_are_given_others_go(made, given, left):
    tag_all(made, {"Team": "backup", "Old": "x", "aws:cloudformation:stack-name": "s"})
    converge(made, clumio_iam_roles, UNTAGGING, **tagged(given))
    assert tags_held(made) == all_tagged(OURS | left | {"aws:cloudformation:stack-name": "s"})


@pytest.mark.parametrize(
    "options", [ALL, tagged({}) | {"purge_tags": False}], ids=["none are given", "purge_tags is off"]
)
def test_where_no_tags_are_given_all_stay(made, options):
    tag_all(made, {"Old": "x"})
    converge(made, clumio_iam_roles, [], **options)
    assert tags_held(made) == all_tagged(OURS | {"Old": "x"})


def test_tags_change_on_both_sides_at_once(made):
    tag_all(made, {"Old": "x"})
    converge(made, clumio_iam_roles, TAGGING + UNTAGGING, **tagged({"Team": "backup"}))
    assert tags_held(made) == all_tagged(OURS | {"Team": "backup"})


def test_our_tags_are_not_the_users(made):
    before = made.role("Role")["tags"]
    ours = {"clumio:connection": THEIR_CONNECTION, "Vendor": "x", "clumio:grants": "x", "clumio:inline-policies": "x"}
    result = refused(made, clumio_iam_roles, "invalid_resources", **with_role(tags=ours))
    assert all(key in result["msg"] for key in ours)
    assert made.role("Role")["tags"] == before


@pytest.mark.parametrize("operation", [*TAGGING, *UNTAGGING])
def test_iam_is_asked_again_while_it_is_busy_with_the_tags(made, operation):
    """Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html (ConcurrentModification)"""
    tag_all(made, {"Old": "x"})
    made.refuse(operation, "ConcurrentModification", times=1)
    make(made, clumio_iam_roles, **tagged({"Team": "backup"}))
    assert tags_held(made) == all_tagged(OURS | {"Team": "backup"})


# ---- taking over


def make_foreign(aws, tags):
    """Resources of the names of ours, made by somebody else."""
    iam = aws.client("iam")
    iam.create_policy(PolicyName="Managed", Description="Theirs", PolicyDocument=json.dumps(PUT), Tags=pairs(tags))
    iam.create_role(RoleName="Role", AssumeRolePolicyDocument=json.dumps(EC2_TRUST), Tags=pairs(tags))
    iam.put_role_policy(RoleName="Role", PolicyName="Theirs", PolicyDocument=json.dumps(GET))
    iam.create_instance_profile(InstanceProfileName="Profile", Tags=pairs(tags))


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_nobodys_is_refused_and_told(aws, check_mode):
    """When it was made, what it seems to belong to, its tags, and the three ways out."""
    make_foreign(aws, {"aws:cloudformation:stack-name": "clumio", "ManagedBy": "terraform", "Team": "x"})
    before = aws.role("Role")
    result = refused(aws, clumio_iam_roles, "foreign_resource", **ALL, check_mode=check_mode)
    findings = {finding["entity"]: finding for finding in result["failure"]["findings"]}
    assert set(findings) == {"Managed", "Role", "Profile"}
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    for finding in findings.values():
        assert finding["code"] == "foreign_resource"
        assert finding["found"].endswith(
            f"(made on {day}, part of the CloudFormation stack clumio, tagged as Terraform's, "
            "its tags: ManagedBy=terraform, Team=x, aws:cloudformation:stack-name=clumio)"
        )
        assert finding["found"] in result["msg"]
        assert all(way in finding["hint"] for way in ("adopt: true", "another name", "remove it"))
    assert aws.role("Role") == before


def test_what_is_nobodys_is_taken_over(aws):
    """The differences are told, tags and all; what others have put inside stays."""
    make_foreign(aws, {"Team": "x"})
    writes = ["CreatePolicyVersion", "UpdateRole", "UpdateAssumeRolePolicy", "AttachRolePolicy", "PutRolePolicy"]
    result = converge(
        aws,
        clumio_iam_roles,
        [*writes, "AddRoleToInstanceProfile", *TAGGING],
        **ALL,
        adopt=True,
        approve_changes=True,
    )
    assert actions(result) == {
        "Managed": ("adopt", ["document", "tags"]),
        "Role": ("adopt", ["description", "inline_policies", "managed_policies", "tags", "trust_policy"]),
        "Profile": ("adopt", ["role", "tags"]),
    }
    assert all("so far not ours: it has no tag clumio:connection" in diff["before_header"] for diff in result["diff"])
    assert tags_held(aws) == all_tagged(OURS | {"Team": "x"})
    assert aws.policy(MANAGED)["description"] == "Theirs"
    assert aws.role("Role")["inline_policies"] == {"Inline": PUT, "Theirs": GET}
    assert extras(result) == [("roles", "Role", "inline policy Theirs")]
    # It is ours from now on.
    converge(aws, clumio_iam_roles, [], **ALL)


def test_what_is_taken_over_with_purge_has_nothing_of_others_left(aws):
    make_foreign(aws, {"Team": "x"})
    make(aws, clumio_iam_roles, **tagged({}), adopt=True, purge=True, approve_changes=True)
    assert aws.role("Role")["inline_policies"] == {"Inline": PUT}
    assert tags_held(aws) == all_tagged(OURS)


def test_what_is_taken_over_gains_nothing_without_approval(aws):
    make_foreign(aws, {})
    result = refused(aws, clumio_iam_roles, "widening_not_approved", **ALL, adopt=True)
    assert "roles.Role: + Allow s3:putobject on *" in result["msg"]


def test_what_grants_as_much_already_is_taken_over_without_approval(made):
    iam = made.client("iam")
    for call, whose in (
        (iam.untag_policy, {"PolicyArn": MANAGED}),
        (iam.untag_role, {"RoleName": "Role"}),
        (iam.untag_instance_profile, {"InstanceProfileName": "Profile"}),
    ):
        call(**whose, TagKeys=[*OURS, "clumio:grants", "clumio:inline-policies"])
    result = converge(made, clumio_iam_roles, TAGGING, **ALL, adopt=True)
    assert actions(result) == all_tagged(("adopt", ["tags"]))


@pytest.mark.parametrize("check_mode", [True, False])
def test_nothing_is_taken_over_from_another_connection(aws, check_mode):
    make_foreign(aws, {"clumio:connection": THEIR_CONNECTION})
    result = refused(
        aws, clumio_iam_roles, "foreign_resource", **ALL, adopt=True, approve_changes=True, check_mode=check_mode
    )
    findings = result["failure"]["findings"]
    assert [finding["found"] for finding in findings] == [f"it belongs to the connection {THEIR_CONNECTION}"] * 3
    assert not any("adopt" in finding["hint"] for finding in findings)


@pytest.mark.parametrize("adopt", [True, False])
def test_what_lies_at_another_path_is_refused(aws, adopt):
    """Whoever made it: a role cannot be moved."""
    iam = aws.client("iam")
    iam.create_role(RoleName="Role", Path="/theirs/", AssumeRolePolicyDocument=json.dumps(TRUST))
    code = "unchangeable" if adopt else "foreign_resource"
    result = refused(aws, clumio_iam_roles, code, roles=[ROLE], adopt=adopt, approve_changes=True)
    assert [finding["code"] for finding in result["failure"]["findings"]] == [code]
    if adopt:
        assert "The role Role has the path /theirs/, and / is wanted" in result["msg"]


# ---- what others have added


def add_theirs(aws):
    iam = aws.client("iam")
    iam.create_policy(PolicyName="Theirs", PolicyDocument=json.dumps(GET))
    iam.attach_role_policy(RoleName="Role", PolicyArn=f"{IAM}:policy/Theirs")
    iam.put_role_policy(RoleName="Role", PolicyName="Mine", PolicyDocument=json.dumps(GET))


THEIR_EXTRAS = [
    ("roles", "Role", f"attached policy {IAM}:policy/Theirs"),
    ("roles", "Role", "inline policy Mine"),
]


def test_extras_are_told_and_stay(made):
    add_theirs(made)
    before = made.role("Role")
    result = converge(made, clumio_iam_roles, [], **ALL)
    assert extras(result) == THEIR_EXTRAS
    assert made.role("Role") == before


def test_extras_are_purged(made):
    before = made.role("Role")
    add_theirs(made)
    writes = ["DetachRolePolicy", "DeleteRolePolicy"]
    result = converge(made, clumio_iam_roles, writes, **ALL, purge=True)
    assert actions(result) == {"Role": ("update", ["inline_policies", "managed_policies"])}
    assert result["extras"] == []
    assert made.role("Role") == before
    # The policy itself is theirs.
    assert made.policy(f"{IAM}:policy/Theirs")["document"] == GET


def test_extras_are_told_by_a_validation_and_with_purge_a_fault(made):
    add_theirs(made)
    told, writes = run(made, clumio_connection_validate, **ALL, clumio=False)
    assert (told["valid"], extras(told), writes) == (True, THEIR_EXTRAS, [])
    fault, writes = run(made, clumio_connection_validate, **ALL, clumio=False, purge=True)
    assert (fault["valid"], writes) == (False, [])
    assert "inline policy Mine is superfluous" in fault["msg"]


# ---- what was ours and is wanted no more


def test_a_policy_of_ours_that_is_attached_no_more_is_detached(made):
    wanted = {"roles": [ROLE | {"managed_policies": []}]}
    result = converge(made, clumio_iam_roles, ["DetachRolePolicy", "TagRole"], **wanted)
    assert made.role("Role")["managed_policies"] == []
    (change,) = result["changes"]
    assert (change["action"], change["superseded_policies"]) == ("update", [MANAGED])
    assert result["extras"] == []
    # The policy itself is nobody's to lose.
    assert made.policy(MANAGED)["document"] == GET


def test_a_policy_of_ours_makes_room_for_another(made):
    """IAM attaches ten to a role: the old one has to go first."""
    arn = f"{IAM}:policy/Second"
    wanted = {"policies": [{"name": "Second", "document": GET}], "roles": [ROLE | {"managed_policies": [arn]}]}
    with made.recorded() as calls:
        make(made, clumio_iam_roles, **wanted, approve_changes=True)
    operations = [call.operation for call in calls]
    assert operations.index("DetachRolePolicy") < operations.index("AttachRolePolicy")
    assert made.role("Role")["managed_policies"] == [arn]


def test_a_policy_of_ours_stays_attached_until_the_one_in_its_place_is_there(made):
    """A role that serves backups loses nothing where the new policy cannot be made."""
    arn = f"{IAM}:policy/Second"
    wanted = {"policies": [{"name": "Second", "document": GET}], "roles": [ROLE | {"managed_policies": [arn]}]}
    made.refuse("CreatePolicy", "LimitExceeded", times=1)
    _result, writes = run(made, clumio_iam_roles, **wanted, approve_changes=True)
    assert writes == ["CreatePolicy"]
    assert made.role("Role")["managed_policies"] == [MANAGED]


def test_a_policy_of_another_connection_stays_attached(made):
    iam, arn = made.client("iam"), f"{IAM}:policy/Theirs"
    tags = pairs({"clumio:connection": THEIR_CONNECTION})
    iam.create_policy(PolicyName="Theirs", PolicyDocument=json.dumps(GET), Tags=tags)
    iam.attach_role_policy(RoleName="Role", PolicyArn=arn)
    result = converge(made, clumio_iam_roles, [], **ALL)
    assert extras(result) == [("roles", "Role", f"attached policy {arn}")]


def test_an_inline_policy_that_is_named_otherwise_now(made):
    """The one of the old name is ours, as the role remembers, and goes; it needs no approval."""
    writes = ["DeleteRolePolicy", "PutRolePolicy", "TagRole"]
    result = converge(made, clumio_iam_roles, writes, **with_role(inline_policies=inline("Renamed")))
    assert made.role("Role")["inline_policies"] == {"Renamed": PUT}
    assert (result["extras"], result["widening"]) == ([], [])


def test_inline_policies_that_are_wanted_no_more(made):
    writes = ["DeleteRolePolicy", "TagRole", "TagPolicy"]
    converge(made, clumio_iam_roles, writes, **with_role(inline_policies=[]))
    assert made.role("Role")["inline_policies"] == {}


def test_an_inline_policy_of_others_with_a_name_that_was_ours(made):
    """What was taken away is forgotten: whoever makes one of that name later keeps it."""
    make(made, clumio_iam_roles, **with_role(inline_policies=[]))
    made.client("iam").put_role_policy(RoleName="Role", PolicyName="Inline", PolicyDocument=json.dumps(GET))
    result = converge(made, clumio_iam_roles, [], **with_role(inline_policies=[]))
    assert extras(result) == [("roles", "Role", "inline policy Inline")]


def test_an_inline_policy_of_the_new_name_comes_before_the_tag_that_remembers_it(made):
    """A run that is cut short in between forgets nothing: the next one still knows both."""
    wanted = with_role(inline_policies=inline("Renamed"))
    made.refuse("PutRolePolicy", "ServiceFailure", times=1)
    assert run(made, clumio_iam_roles, **wanted)[0]["failed"]
    converge(made, clumio_iam_roles, ["PutRolePolicy", "TagRole"], **wanted)
    assert made.role("Role")["inline_policies"] == {"Renamed": PUT}


# ---- asset types that a newer file lacks


def assets(*names):
    """A plan whose role has policies named as Clumio's."""
    arns = [f"{IAM}:policy/{name}" for name in names]
    return {
        "policies": [{"name": name, "document": GET} for name in names],
        "roles": [ROLE | {"managed_policies": arns}],
    }


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_asset_type_is_not_taken_away(aws, check_mode):
    make(aws, clumio_iam_roles, **assets("ClumioEC2BackupPolicy", "ClumioS3BackupPolicy"))
    before = aws.role("Role")
    result = refused(aws, clumio_iam_roles, "asset_downgrade", **assets("ClumioEC2BackupPolicy"), check_mode=check_mode)
    assert "The role Role would lose all policies for s3." in result["msg"]
    (finding,) = result["failure"]["findings"]
    assert (finding["section"], finding["entity"], finding["found"]) == ("roles", "Role", "s3")
    assert aws.role("Role") == before


def test_a_policy_of_an_asset_type_may_be_replaced(aws):
    make(aws, clumio_iam_roles, **assets("ClumioEC2BackupPolicy", "ClumioS3BackupPolicy"))
    newer = assets("ClumioEC2BackupPolicy", "ClumioS3BackupPolicyV2")
    make(aws, clumio_iam_roles, **newer, approve_changes=True)
    assert aws.role("Role")["managed_policies"] == newer["roles"][0]["managed_policies"]


def test_an_asset_type_whose_policies_another_role_has_now_is_not_lost(aws):
    make(aws, clumio_iam_roles, **assets("ClumioS3BackupPolicy"))
    (role,) = assets("ClumioS3BackupPolicy")["roles"]
    moved = assets("ClumioS3BackupPolicy") | {"roles": [role | {"managed_policies": []}, role | {"name": "Second"}]}
    make(aws, clumio_iam_roles, **moved, approve_changes=True)
    assert aws.role("Role")["managed_policies"] == []


# ---- permissions boundary


def boundary_of(aws):
    return aws.role("Role").get("permissions_boundary", "")


def test_a_role_is_made_with_its_boundary(aws):
    aws.client("iam").create_policy(PolicyName="Boundary", PolicyDocument=json.dumps(GET))
    with aws.recorded() as calls:
        result = make(aws, clumio_iam_roles, **with_role(permissions_boundary=BOUNDARY))
    (created,) = [call for call in calls if call.operation == "CreateRole"]
    assert created.parameters["PermissionsBoundary"] == BOUNDARY
    assert result["roles"][0]["permissions_boundary"] == boundary_of(aws) == BOUNDARY
    converge(aws, clumio_iam_roles, [], **with_role(permissions_boundary=BOUNDARY))


def test_a_boundary_is_set_without_approval(made):
    writes = ["PutRolePermissionsBoundary", "TagRole", "TagPolicy"]
    result = converge(made, clumio_iam_roles, writes, **with_role(permissions_boundary=BOUNDARY))
    assert "permissions_boundary" in actions(result)["Role"][1]
    assert boundary_of(made) == BOUNDARY


@pytest.mark.parametrize(
    ("wanted", "operation"), [(OTHER_BOUNDARY, "PutRolePermissionsBoundary"), ("", "DeleteRolePermissionsBoundary")]
)
def test_another_boundary_and_none_need_approval(made, wanted, operation):
    make(made, clumio_iam_roles, **with_role(permissions_boundary=BOUNDARY))
    options = with_role(permissions_boundary=wanted)
    result = refused(made, clumio_iam_roles, "widening_not_approved", **options)
    assert "permissions_boundaries.Role" in result["msg"]
    assert boundary_of(made) == BOUNDARY
    converge(made, clumio_iam_roles, [operation, "TagRole", "TagPolicy"], **options, approve_changes=True)
    assert boundary_of(made) == wanted


def test_a_boundary_that_nobody_asks_about_stays(made):
    make(made, clumio_iam_roles, **with_role(permissions_boundary=BOUNDARY))
    result = make(made, clumio_iam_roles, **ALL)
    assert result["roles"][0]["permissions_boundary"] == boundary_of(made) == BOUNDARY
    assert converge(made, clumio_iam_roles, [], **ALL)["widening"] == []


@pytest.mark.parametrize("wanted", [BOUNDARY, ""])
def test_drift_of_a_boundary_is_put_back_without_approval(made, wanted):
    make(made, clumio_iam_roles, **with_role(permissions_boundary=wanted))
    iam = made.client("iam")
    iam.put_role_permissions_boundary(RoleName="Role", PermissionsBoundary=OTHER_BOUNDARY)
    operation = "PutRolePermissionsBoundary" if wanted else "DeleteRolePermissionsBoundary"
    result = converge(made, clumio_iam_roles, [operation], **with_role(permissions_boundary=wanted))
    assert (boundary_of(made), result["widening"]) == (wanted, [])


def test_a_boundary_that_does_not_exist_is_told_after_a_while(made, monkeypatch):
    """It may have been made a moment ago, by whomever; the survey before a playbook's first write tells it at once."""
    monkeypatch.setattr(settle, "DEADLINE_SECONDS", 0.3)
    options = with_role(permissions_boundary=f"{IAM}:policy/Nowhere")
    result, writes = run(made, clumio_iam_roles, **options)
    assert (result["failure"]["code"], result["failure"]["aws_code"]) == ("aws_not_seen", "NoSuchEntity")
    assert result["msg"].startswith("Cannot set the permissions boundary of the role Role: ")
    assert {*writes} == {"PutRolePermissionsBoundary"}


@pytest.mark.parametrize("there", [True, False], ids=["role is there", "role is new"])
def test_a_policy_of_the_same_plan_may_be_the_boundary(aws, there):
    if there:
        make(aws, clumio_iam_roles, **ALL)
    arn = f"{IAM}:policy/Limit"
    wanted = with_role(permissions_boundary=arn) | {"policies": [POLICY, {"name": "Limit", "document": GET}]}
    make(aws, clumio_iam_roles, **wanted, approve_changes=True)
    assert boundary_of(aws) == arn


# ---- what an earlier plan has made


RETIRED = [f"{IAM}:instance-profile/Support", f"{IAM}:role/Support", f"{IAM}:policy/Support"]
SUPPORT = {
    "policies": [{"name": "Support", "document": GET}],
    "roles": [ROLE | {"name": "Support", "managed_policies": [RETIRED[2]]}],
    "instance_profiles": [{"name": "Support", "role": "Support"}],
}
REMOVING = ["RemoveRoleFromInstanceProfile", "DetachRolePolicy", "DeleteRolePolicy"]
DELETING = ["DeleteInstanceProfile", "DeleteRole", "DeletePolicy"]


def test_what_is_retired_is_removed(made):
    make(made, clumio_iam_roles, **{section: ALL[section] + SUPPORT[section] for section in ALL}, approve_changes=True)
    before = (made.policy(MANAGED)["document"], made.role("Role")["inline_policies"])
    writes = [*REMOVING, *DELETING, "TagPolicy", "TagRole"]
    result = converge(made, clumio_iam_roles, writes, **ALL, retired=RETIRED)
    told = actions(result)
    assert [name for name, (action, _members) in told.items() if action == "delete"] == ["Support"]
    assert [change["section"] for change in result["changes"] if change["action"] == "delete"] == list(ALL)
    assert [role["name"] for role in result["roles"]] == ["Role"]
    iam = made.client("iam")
    assert {role["RoleName"] for role in iam.list_roles()["Roles"]} == {"Role"}
    assert [profile["InstanceProfileName"] for profile in iam.list_instance_profiles()["InstanceProfiles"]] == [
        "Profile"
    ]
    assert "Support" not in {item["PolicyName"] for item in iam.list_policies(Scope="Local")["Policies"]}
    assert (made.policy(MANAGED)["document"], made.role("Role")["inline_policies"]) == before


def test_what_is_retired_goes_once_the_rest_is_there(made):
    make(made, clumio_iam_roles, **{section: ALL[section] + SUPPORT[section] for section in ALL}, approve_changes=True)
    newer = with_role(description="Else")
    _result, writes = run(made, clumio_iam_roles, **newer, retired=RETIRED)
    removing = [writes.index(operation) for operation in (*REMOVING, *DELETING)]
    assert max(writes.index("UpdateRole"), writes.index("TagRole")) < min(removing)
    assert max(removing[:3]) < min(removing[3:])


@pytest.mark.parametrize("tags", [{}, {"clumio:connection": THEIR_CONNECTION}], ids=["nobody's", "another's"])
@pytest.mark.parametrize("adopt", [True, False])
def test_what_is_retired_and_not_ours_stays(made, tags, adopt):
    make(made, clumio_iam_roles, **{section: ALL[section] + SUPPORT[section] for section in ALL}, approve_changes=True)
    make(made, clumio_iam_roles, **ALL)
    iam = made.client("iam")
    iam.untag_role(RoleName="Support", TagKeys=["clumio:connection"])
    iam.untag_policy(PolicyArn=RETIRED[2], TagKeys=["clumio:connection"])
    iam.untag_instance_profile(InstanceProfileName="Support", TagKeys=["clumio:connection"])
    if tags:
        iam.tag_role(RoleName="Support", Tags=pairs(tags))
        iam.tag_policy(PolicyArn=RETIRED[2], Tags=pairs(tags))
        iam.tag_instance_profile(InstanceProfileName="Support", Tags=pairs(tags))
    result = converge(made, clumio_iam_roles, [], **ALL, retired=RETIRED, adopt=adopt)
    assert {kept["arn"] for kept in result["kept"]} == set(RETIRED)
    reason = f"it belongs to the connection {THEIR_CONNECTION}" if tags else "it has no tag clumio:connection"
    assert all(kept["reason"].startswith(reason) for kept in result["kept"])


def test_what_is_retired_and_not_there_is_no_matter(made):
    result = converge(made, clumio_iam_roles, [], **ALL, retired=RETIRED)
    assert result["kept"] == []


def test_what_is_retired_and_in_use_is_refused(made):
    make(made, clumio_iam_roles, **{section: ALL[section] + SUPPORT[section] for section in ALL}, approve_changes=True)
    iam = made.client("iam")
    iam.create_role(RoleName="Theirs", AssumeRolePolicyDocument=json.dumps(EC2_TRUST))
    iam.attach_role_policy(RoleName="Theirs", PolicyArn=RETIRED[2])
    result = refused(made, clumio_iam_roles, "in_use", **ALL, retired=RETIRED)
    assert "The managed policy Support is used by role Theirs" in result["msg"]
