# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from aws_in_process import ACCOUNT
from permissions_files import PLACE, permissions_file, policy, resolved

from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError
from ansible_collections.clumio.aws.plugins.module_utils._sections import SECTIONS, argument_spec, work


def validated(**sections):
    """The parameters as Ansible hands them to a module with all sections."""
    checked = ArgumentSpecValidator(argument_spec(*SECTIONS)).validate({"account_id": ACCOUNT, **sections})
    assert checked.error_messages == []
    return checked.validated_parameters


def test_a_plan_goes_through_options_unchanged():
    plan = resolved(permissions_file("ebs", "dynamodb", "s3", "mssql")).plan
    options = json.loads(json.dumps(plan.as_dict()))
    wanted = work(SECTIONS, validated(**options), PLACE, lambda service: service)
    assert {noun.section: tuple(resources) for noun, resources in wanted} == plan.sections()


def test_a_client_is_made_once_for_each_service_that_is_needed():
    made = []
    sections = {
        "topics": [{"name": "T"}],
        "policies": [{"name": "P", "document": policy()}],
        "roles": [{"name": "R", "trust_policy": policy()}],
    }
    work(SECTIONS, validated(**sections), PLACE, made.append)
    assert sorted(made) == ["iam", "sns"]


def test_arns_follow_from_names_and_paths():
    sections = {
        "roles": [{"name": "R", "path": "/a/", "trust_policy": policy(), "arn": f"arn:aws:iam::{ACCOUNT}:role/a/R"}],
        "instance_profiles": [{"name": "I", "path": "/b/", "role": "R"}],
    }
    ((_, (role,)), (_, (profile,))) = work(SECTIONS, validated(**sections), PLACE, lambda service: service)
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
