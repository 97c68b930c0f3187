# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roles, policies and instance profiles are taken away again: ours, all of them, and nothing else."""

from __future__ import annotations

import json

import pytest
from aws_in_process import ACCOUNT
from permissions_files import EXTERNAL_ID, permissions_file, policy, resolved, trust_policy
from section_helpers import make, refused, run

from ansible_collections.clumio.aws.plugins.module_utils._aws import settle
from ansible_collections.clumio.aws.plugins.modules import clumio_iam_roles

IAM = f"arn:aws:iam::{ACCOUNT}"
MANAGED = f"{IAM}:policy/Managed"
EC2_TRUST = policy(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
GET = policy(Action="s3:GetObject", Resource="*")
THEIR_CONNECTION = f"{ACCOUNT}_us-east-1"

POLICY = {"name": "Managed", "document": GET}
ROLE = {
    "name": "Role",
    "trust_policy": trust_policy(Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}),
    "managed_policies": [MANAGED],
    "inline_policies": [{"name": "Inline", "document": GET}],
}
PROFILE = {"name": "Profile", "role": "Role"}
ALL = {"policies": [POLICY], "roles": [ROLE], "instance_profiles": [PROFILE]}
LETTING_GO = ["RemoveRoleFromInstanceProfile", "DetachRolePolicy", "DeleteRolePolicy"]
DELETING = ["DeleteInstanceProfile", "DeleteRole", "DeletePolicy"]

# What is listed, or everything that is the connection's.
WHAT = {"what is listed": ALL, "everything": {"everything": True}}


def pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def names(aws):
    """What is there, by section."""
    iam = aws.client("iam")
    return {
        "policies": {item["PolicyName"] for item in iam.list_policies(Scope="Local")["Policies"]},
        "roles": {item["RoleName"] for item in iam.list_roles()["Roles"]},
        "instance_profiles": {item["InstanceProfileName"] for item in iam.list_instance_profiles()["InstanceProfiles"]},
    }


NOTHING = {"policies": set(), "roles": set(), "instance_profiles": set()}


def remove(aws, **options):
    """Remove in check mode, for real, and both again; gives the result of the first real run and what it wrote."""
    before = names(aws)
    check, none = run(aws, clumio_iam_roles, state="absent", check_mode=True, **options)
    assert not check.get("failed"), check["msg"]
    assert (names(aws), none) == (before, [])
    first, writes = run(aws, clumio_iam_roles, state="absent", **options)
    assert not first.get("failed"), first["msg"]
    for member in ("changed", "changes", "diff", "kept", "extras", *ALL):
        assert check[member] == first[member], member
    for check_mode in (False, True):
        again, nothing = run(aws, clumio_iam_roles, state="absent", check_mode=check_mode, **options)
        assert (again["changed"], again["changes"], nothing) == (False, [], [])
        assert again["kept"] == first["kept"]
    return first, writes


def removed(result):
    return {(change["section"], change["name"], change["action"]) for change in result["changes"]}


EVERYTHING_REMOVED = {
    ("policies", "Managed", "delete"),
    ("roles", "Role", "delete"),
    ("instance_profiles", "Profile", "delete"),
}


@pytest.fixture
def made(aws):
    make(aws, clumio_iam_roles, **ALL)
    return aws


# ---- ours


@pytest.mark.parametrize("listed", WHAT.values(), ids=WHAT)
def test_it_is_removed(made, listed):
    result, writes = remove(made, **listed)
    assert removed(result) == EVERYTHING_REMOVED
    assert {change["arn"] for change in result["changes"]} == {
        MANAGED,
        f"{IAM}:role/Role",
        f"{IAM}:instance-profile/Profile",
    }
    assert (sorted(writes[:3]), sorted(writes[3:])) == (sorted(LETTING_GO), sorted(DELETING))
    assert (result["policies"], result["roles"], result["instance_profiles"]) == ([], [], [])
    assert result["widening"] == []
    assert names(made) == NOTHING
    assert {(bool(diff["before"]), diff["after"]) for diff in result["diff"]} == {(True, "")}


@pytest.mark.parametrize("listed", [True, False], ids=WHAT)
def test_all_of_a_permissions_file_is_removed(aws, listed):
    plan = resolved(permissions_file("ebs", "dynamodb", "s3", "mssql")).plan.as_dict()
    sections = {section: plan[section] for section in ALL}
    make(aws, clumio_iam_roles, **sections)
    result, _writes = remove(aws, **(sections if listed else {"everything": True}))
    assert len(result["changes"]) == sum(map(len, sections.values()))
    assert names(aws) == NOTHING


@pytest.mark.parametrize("listed", WHAT.values(), ids=WHAT)
def test_an_empty_account(aws, listed):
    result, writes = remove(aws, **listed)
    assert (result["changed"], result["kept"], writes) == (False, [], [])


@pytest.mark.parametrize("listed", WHAT.values(), ids=WHAT)
def test_a_policy_with_all_the_versions_it_can_have(made, listed):
    iam = made.client("iam")
    for number in range(4):
        document = json.dumps(policy(Action=f"s3:A{number}", Resource="*"))
        iam.create_policy_version(PolicyArn=MANAGED, PolicyDocument=document, SetAsDefault=number == 1)
    _result, writes = remove(made, **listed)
    assert writes.count("DeletePolicyVersion") == 4
    assert names(made) == NOTHING


@pytest.mark.parametrize("listed", WHAT.values(), ids=WHAT)
def test_a_role_to_which_others_have_added(made, listed):
    """The role goes with all that is in it; a policy of theirs that is attached stays."""
    iam = made.client("iam")
    iam.create_policy(PolicyName="Theirs", PolicyDocument=json.dumps(GET))
    iam.attach_role_policy(RoleName="Role", PolicyArn=f"{IAM}:policy/Theirs")
    iam.put_role_policy(RoleName="Role", PolicyName="Mine", PolicyDocument=json.dumps(GET))
    result, writes = remove(made, **listed)
    assert (writes.count("DetachRolePolicy"), writes.count("DeleteRolePolicy")) == (2, 2)
    assert removed(result) == EVERYTHING_REMOVED
    assert names(made) == NOTHING | {"policies": {"Theirs"}}


def test_a_role_with_a_policy_of_ours_as_its_boundary(made):
    """Both go, the role first."""
    role = ROLE | {"permissions_boundary": MANAGED}
    make(made, clumio_iam_roles, **ALL | {"roles": [role]}, approve_changes=True)
    remove(made, everything=True)
    assert names(made) == NOTHING


def test_only_what_is_listed_is_removed(made):
    second = ROLE | {"name": "Second"}
    make(made, clumio_iam_roles, **ALL | {"roles": [ROLE, second]}, approve_changes=True)
    result, _writes = remove(made, roles=[second])
    assert removed(result) == {("roles", "Second", "delete")}
    assert names(made) == {"policies": {"Managed"}, "roles": {"Role"}, "instance_profiles": {"Profile"}}


def test_what_is_listed_is_removed_together_with_what_is_retired(made):
    retired = [f"{IAM}:role/Role", f"{IAM}:instance-profile/Profile"]
    result, _writes = remove(made, policies=[POLICY], retired=retired)
    assert removed(result) == EVERYTHING_REMOVED


def test_a_name_is_enough_to_remove_something(made):
    """What the rest of it says is of no matter, its path aside, which is part of the ARN of a policy."""
    listed = {
        "policies": [{"name": "Managed", "document": policy(Action="s3:*", Resource="*")}],
        "roles": [{"name": "Role", "trust_policy": EC2_TRUST}],
        "instance_profiles": [{"name": "Profile", "role": "Else"}],
    }
    result, _writes = remove(made, **listed)
    assert removed(result) == EVERYTHING_REMOVED


# ---- not ours


def make_theirs(aws, name, tags):
    """A role with a policy in an instance profile, all of them tagged so."""
    iam = aws.client("iam")
    iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(GET), Tags=pairs(tags))
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(EC2_TRUST), Tags=pairs(tags))
    iam.attach_role_policy(RoleName=name, PolicyArn=f"{IAM}:policy/{name}")
    iam.put_role_policy(RoleName=name, PolicyName="Inline", PolicyDocument=json.dumps(GET))
    iam.create_instance_profile(InstanceProfileName=name, Tags=pairs(tags))
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def state_of(aws, name):
    return aws.policy(f"{IAM}:policy/{name}"), aws.role(name), aws.instance_profile(name)


NOT_OURS = {
    "Untagged": {},
    "Vendors": {"Vendor": "Clumio", "clumio:grants": "x"},
    "Others": {"Vendor": "Clumio", "clumio:connection": THEIR_CONNECTION},
    # Begins as ours does, and is another.
    "Longer": {"clumio:connection": f"{ACCOUNT}_us-west-20"},
}


@pytest.mark.parametrize("listed", [True, False], ids=WHAT)
def test_what_is_not_ours_stays_as_it_is(made, listed):
    """Whether it is listed or not; adopt is about what is to be there."""
    for name, tags in NOT_OURS.items():
        make_theirs(made, name, tags)
    before = [state_of(made, name) for name in NOT_OURS]
    wanted = {section: items + [items[0] | {"name": name} for name in NOT_OURS] for section, items in ALL.items()}
    result, _writes = remove(made, **(wanted if listed else {"everything": True}), adopt=True)
    assert removed(result) == EVERYTHING_REMOVED
    assert [state_of(made, name) for name in NOT_OURS] == before
    if not listed:
        assert result["kept"] == []
        return
    kept = {(item["section"], item["name"]): item["reason"] for item in result["kept"]}
    assert set(kept) == {(section, name) for section in ALL for name in NOT_OURS}
    assert kept["roles", "Others"] == f"it belongs to the connection {THEIR_CONNECTION}"
    assert kept["policies", "Vendors"].startswith("it has no tag clumio:connection (made on ")


# ---- in use


def use_by_a_role(iam):
    iam.create_role(RoleName="Theirs", AssumeRolePolicyDocument=json.dumps(EC2_TRUST))
    iam.attach_role_policy(RoleName="Theirs", PolicyArn=MANAGED)


def use_by_a_user(iam):
    iam.create_user(UserName="jo")
    iam.attach_user_policy(UserName="jo", PolicyArn=MANAGED)


def use_by_a_group(iam):
    iam.create_group(GroupName="staff")
    iam.attach_group_policy(GroupName="staff", PolicyArn=MANAGED)


def use_as_a_boundary(iam):
    trust = json.dumps(EC2_TRUST)
    iam.create_role(RoleName="Theirs", AssumeRolePolicyDocument=trust, PermissionsBoundary=MANAGED)


def use_in_a_profile(iam):
    iam.create_instance_profile(InstanceProfileName="Theirs")
    iam.add_role_to_instance_profile(InstanceProfileName="Theirs", RoleName="Role")


USES = {
    "a role": (use_by_a_role, "The managed policy Managed is used by role Theirs"),
    "a user": (use_by_a_user, "The managed policy Managed is used by user jo"),
    "a group": (use_by_a_group, "The managed policy Managed is used by group staff"),
    "a boundary": (use_as_a_boundary, "The managed policy Managed is used by role Theirs"),
    "a profile": (use_in_a_profile, "The role Role is used by instance profile Theirs"),
}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("listed", WHAT.values(), ids=WHAT)
@pytest.mark.parametrize(("use", "said"), USES.values(), ids=USES)
def test_what_something_else_uses_is_refused(made, use, said, listed, check_mode):
    """Nothing is removed then: half of it would help nobody."""
    use(made.client("iam"))
    before = names(made)
    result = refused(made, clumio_iam_roles, "in_use", state="absent", check_mode=check_mode, **listed)
    assert said in result["msg"]
    assert len(result["failure"]["findings"]) == 1
    assert names(made) == before


def test_all_uses_are_told_at_once(made):
    for use, _said in (USES[name] for name in ("a role", "a user", "a profile")):
        use(made.client("iam"))
    result = refused(made, clumio_iam_roles, "in_use", state="absent", everything=True)
    found = [(finding["section"], finding["entity"], finding["found"]) for finding in result["failure"]["findings"]]
    assert found == [("policies", "Managed", "role Theirs, user jo"), ("roles", "Role", "instance profile Theirs")]


def test_what_is_used_by_ours_that_stays_is_refused(made):
    result = refused(made, clumio_iam_roles, "in_use", state="absent", policies=[POLICY])
    assert "The managed policy Managed is used by role Role, which this run does not remove." in result["msg"]


# ---- cut short


@pytest.mark.parametrize("operation", [*LETTING_GO, *DELETING])
@pytest.mark.parametrize("listed", WHAT.values(), ids=WHAT)
def test_a_removal_that_was_cut_short_goes_on(made, listed, operation):
    made.refuse(operation, "ServiceFailure", times=1)
    result, _writes = run(made, clumio_iam_roles, state="absent", **listed)
    assert result["failed"]
    assert result["failure"]["aws_operation"] == operation
    assert names(made) != NOTHING
    remove(made, **listed)
    assert names(made) == NOTHING


def test_nothing_is_deleted_before_all_have_let_go(made):
    made.refuse("DetachRolePolicy", "ServiceFailure", times=1)
    _result, writes = run(made, clumio_iam_roles, state="absent", everything=True)
    assert sorted(writes) == sorted(LETTING_GO)


@pytest.mark.parametrize("operation", DELETING)
def test_iam_is_asked_again_while_it_still_sees_what_was_let_go(made, operation):
    made.refuse(operation, "DeleteConflict", times=1)
    _result, writes = run(made, clumio_iam_roles, state="absent", everything=True)
    assert writes.count(operation) == 2
    assert names(made) == NOTHING


@pytest.mark.parametrize("operation", ["DetachRolePolicy", "DeleteRolePolicy", "DeleteRole"])
def test_iam_is_asked_again_while_it_is_busy_with_the_role(made, operation):
    """What is taken off one role is taken off at once.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html (ConcurrentModification)
    """
    made.refuse(operation, "ConcurrentModification", times=1)
    _result, writes = run(made, clumio_iam_roles, state="absent", everything=True)
    assert writes.count(operation) == 2
    assert names(made) == NOTHING


@pytest.mark.parametrize("operation", [*LETTING_GO, *DELETING])
def test_what_somebody_else_has_removed_meanwhile_is_no_error(made, monkeypatch, operation):
    monkeypatch.setattr(settle, "DEADLINE_SECONDS", 0.1)
    made.refuse(operation, "NoSuchEntity")
    result, _writes = run(made, clumio_iam_roles, state="absent", everything=True)
    # What is really still there may stand in the way of the rest; that alone is told.
    assert result.get("failure", {}).get("aws_code", "DeleteConflict") == "DeleteConflict"


def test_a_role_that_was_put_into_a_profile_meanwhile(made, monkeypatch):
    """After some time it is told."""
    monkeypatch.setattr(settle, "DEADLINE_SECONDS", 0.5)
    made.refuse("DeleteRole", "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
    result, _writes = run(made, clumio_iam_roles, state="absent", everything=True)
    assert result["failure"]["aws_code"] == "DeleteConflict"
    assert result["msg"].startswith("Cannot delete the role Role: ")


# ---- a first run that was cut short is removed as well


@pytest.mark.parametrize("operation", ["CreateRole", "AttachRolePolicy", "AddRoleToInstanceProfile"])
def test_what_was_half_made_is_removed(aws, operation):
    aws.refuse(operation, "ServiceFailure", times=1)
    assert run(aws, clumio_iam_roles, **ALL)[0]["failed"]
    assert names(aws) != NOTHING
    remove(aws, everything=True)
    assert names(aws) == NOTHING


# ---- what may not be read or removed


@pytest.mark.parametrize("operation", ["ListRoles", "ListPolicies", "ListInstanceProfiles", "ListRoleTags"])
def test_an_account_that_may_not_be_listed(made, operation):
    """Then nothing is removed: who cannot tell what is ours cannot tell what is not."""
    before = names(made)
    made.refuse(operation, "AccessDenied", "No")
    result, writes = run(made, clumio_iam_roles, state="absent", everything=True)
    assert (result["failure"]["code"], writes) == ("aws_access_denied", [])
    made.answer(operation, None)
    assert names(made) == before
