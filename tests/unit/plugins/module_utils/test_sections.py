# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from aws_in_process import ACCOUNT
from permissions_files import PLACE, permissions_file, policy, resolved

from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences
from ansible_collections.clumio.aws.plugins.module_utils._provision.choices import Choices
from ansible_collections.clumio.aws.plugins.module_utils._sections import (
    SECTIONS,
    argument_spec,
    choices,
    provisioning_argument_spec,
    work,
)


def validated(**sections):
    """The parameters as Ansible hands them to a module with all sections."""
    checked = ArgumentSpecValidator(argument_spec(*SECTIONS)).validate({"account_id": ACCOUNT, **sections})
    assert checked.error_messages == []
    return checked.validated_parameters


@pytest.mark.parametrize(
    "preferences",
    [
        Preferences(),
        Preferences(
            tags={"Team": "backup"}, permissions_boundary=f"arn:aws:iam::{ACCOUNT}:policy/Boundary", kms_key="create"
        ),
        Preferences(tags={}, permissions_boundary="", kms_key=""),
    ],
    ids=["nothing chosen", "everything chosen", "all taken away"],
)
def test_a_plan_goes_through_options_unchanged(preferences):
    plan = resolved(permissions_file("ebs", "dynamodb", "s3", "mssql"), preferences=preferences).plan
    options = json.loads(json.dumps(plan.as_dict()))
    wanted = work(SECTIONS, validated(**options), PLACE, lambda service: service)
    assert {item.noun.section: tuple(item.wanted) for item in wanted} == {
        section: resources for section, resources in plan.sections().items() if resources
    }
    assert not any(item.unwanted for item in wanted)


def test_what_a_plan_retires_is_not_wanted():
    plan = resolved(permissions_file("ebs"), preferences=Preferences(support_role=False)).plan
    assert plan.retired == (PLACE.role_arn("ClumioSupportRole"),)
    wanted = work(SECTIONS, validated(**json.loads(json.dumps(plan.as_dict()))), PLACE, lambda service: service)
    assert {item.noun.section: list(item.unwanted) for item in wanted if item.unwanted} == {
        "roles": [("ClumioSupportRole", PLACE.role_arn("ClumioSupportRole"))]
    }


def test_retired_resources_are_known_by_their_arns():
    arns = {
        "policies": PLACE.policy_arn("P", "/a/b/"),
        "roles": PLACE.role_arn("R"),
        "instance_profiles": PLACE.instance_profile_arn("I", "/a/"),
    }
    wanted = work(SECTIONS, validated(retired=list(arns.values())), PLACE, lambda service: service)
    assert {item.noun.section: (list(item.wanted), item.unwanted) for item in wanted} == {
        section: ([], [(arn.rpartition("/")[2], arn)]) for section, arn in arns.items()
    }


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111122223333:role/R",
        "arn:aws-cn:iam::123456789012:role/R",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::123456789012:user/U",
        PLACE.topic_arn("T"),
        "R",
    ],
)
def test_what_cannot_be_retired(arn):
    with pytest.raises(InputError, match="in retired is no role, policy or instance profile of 123456789012") as caught:
        work(SECTIONS, validated(retired=[PLACE.role_arn("R"), arn]), PLACE, lambda service: service)
    assert caught.value.code == "invalid_resources"


def test_a_client_is_made_for_the_sections_that_have_something_to_do():
    made = []
    sections = {
        "topics": [{"name": "T"}],
        "policies": [{"name": "P", "document": policy()}],
        "roles": [{"name": "R", "trust_policy": policy()}],
    }
    work(SECTIONS, validated(**sections), PLACE, made.append)
    assert set(made) == {"iam", "sns"}


def test_arns_follow_from_names_and_paths():
    sections = {
        "roles": [{"name": "R", "path": "/a/", "trust_policy": policy(), "arn": f"arn:aws:iam::{ACCOUNT}:role/a/R"}],
        "instance_profiles": [{"name": "I", "path": "/b/", "role": "R"}],
    }
    (role,), (profile,) = (item.wanted for item in work(SECTIONS, validated(**sections), PLACE, lambda name: name))
    assert role.arn == f"arn:aws:iam::{ACCOUNT}:role/a/R"
    assert profile.arn == f"arn:aws:iam::{ACCOUNT}:instance-profile/b/I"


@pytest.mark.parametrize(
    ("topics", "said"),
    [
        ([{"name": "T", "arn": "arn:aws:sns:us-west-2:111122223333:T"}], "T is given with the ARN"),
        ([{"name": "T", "arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:T"}], "in 123456789012_us-west-2 it is"),
        ([{"name": "T", "arn": PLACE.topic_arn("U")}], "T is given with the ARN"),
        ([{"name": "T"}, {"name": "U"}, {"name": "T"}], "T is given twice"),
        ([{"name": "T", "arn": "x"}, {"name": "U", "arn": "y"}, {"name": "U"}], "T is .* U is .* U is given twice"),
    ],
)
def test_resources_that_cannot_be_the_connections(topics, said):
    with pytest.raises(InputError, match=said) as caught:
        work(("topics",), validated(topics=topics), PLACE, lambda service: service)
    assert caught.value.code == "invalid_resources"


def test_wrong_resources_of_all_sections_are_told_at_once():
    sections = {"topics": [{"name": "T", "arn": "x"}], "ssm_documents": [{"name": "D", "arn": "y", "content": {}}]}
    with pytest.raises(InputError, match=r"T is given .* D is given"):
        work(SECTIONS, validated(**sections), PLACE, lambda service: service)


# ---- the options of a module

OPTIONS = {
    "topics": (("kms_keys", "topics"), {"approve_changes"}, set()),
    "rules": (("rules",), {"purge"}, {"approve_changes"}),
    "roles": (("policies", "roles", "instance_profiles"), {"purge", "retired", "approve_changes"}, set()),
    "documents": (("ssm_documents",), set(), {"purge", "retired", "approve_changes"}),
}


@pytest.mark.parametrize(("sections", "options", "without"), OPTIONS.values(), ids=OPTIONS)
def test_a_module_has_the_options_that_its_sections_can_use(sections, options, without):
    spec = provisioning_argument_spec(*sections)
    assert {"account_id", "state", "adopt", "purge_tags", *sections, *options} <= set(spec)
    assert not without & set(spec)


def test_what_the_user_allows_unless_told_otherwise():
    checked = ArgumentSpecValidator(provisioning_argument_spec("roles")).validate({"account_id": ACCOUNT})
    assert choices(checked.validated_parameters) == Choices()
    allowed = {"adopt": True, "purge": True, "purge_tags": False, "approve_changes": True}
    assert choices(allowed) == Choices(adopt=True, purge=True, purge_tags=False, approve_changes=True)
