# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What C(ansible-doc) tells of the modules is what they take and return."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule, aws_argument_spec

from ansible_collections.clumio.aws.plugins.module_utils._change import as_result
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import (
    InstanceProfile,
    KmsKey,
    Policy,
    Role,
    Rule,
    SsmDocument,
    Topic,
)

MODULES = sorted(path.stem for path in (Path(__file__).parents[4] / "plugins/modules").glob("clumio_*.py"))

PROVISIONING = ["clumio_sns_topic", "clumio_eventbridge_rules", "clumio_iam_roles", "clumio_ssm_documents"]

RESOURCES = {
    "kms_keys": KmsKey,
    "topics": Topic,
    "rules": Rule,
    "policies": Policy,
    "roles": Role,
    "instance_profiles": InstanceProfile,
    "ssm_documents": SsmDocument,
}


def load(name):
    return import_module(f"ansible_collections.clumio.aws.plugins.modules.{name}")


@pytest.fixture(scope="module")
def shown():
    """What ansible-doc shows, with the doc fragments in their places, by the modules' names."""
    names = [f"clumio.aws.{name}" for name in MODULES]
    command = [sys.executable, "-m", "ansible", "doc", "--json", "--type", "module", *names]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.rpartition(".")[2]: told for name, told in json.loads(run.stdout).items()}


def facts(option, suboptions):
    """What documentation and argument spec both tell of an option, and of its suboptions."""
    return {
        "type": option.get("type", "str"),
        "elements": option.get("elements"),
        "required": bool(option.get("required")),
        "default": option.get("default"),
        "choices": option.get("choices"),
        "aliases": option.get("aliases") or [],
        "suboptions": {name: facts(sub, suboptions) for name, sub in (option.get(suboptions) or {}).items()},
    }


@pytest.mark.parametrize("name", MODULES)
def test_options_are_those_of_the_argument_spec(name, shown):
    module = load(name)
    documented, spec = shown[name]["doc"]["options"], module.build_argument_spec()
    of_aws = aws_argument_spec() if getattr(module, "AnsibleAWSModule", None) is AnsibleAWSModule else {}
    assert set(documented) == {*spec, *of_aws}
    assert {option: facts(documented[option], "suboptions") for option in spec} == {
        option: facts(told, "options") for option, told in spec.items()
    }


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_documented_options_only(name, shown):
    tasks = [task for task in DataLoader().load(shown[name]["examples"]) if f"clumio.aws.{name}" in task]
    assert tasks
    for task in tasks:
        assert set(task[f"clumio.aws.{name}"] or {}) <= set(shown[name]["doc"]["options"]), task["name"]


@pytest.mark.parametrize("name", PROVISIONING)
def test_everything_that_is_returned_is_documented(name, shown):
    module = load(name)
    returned = {*as_result([], *module.SECTIONS), "elapsed", "failure"} - {"changed", "diff"}
    if "approve_changes" in module.build_argument_spec():
        returned.add("widening")
    assert set(shown[name]["return"]) == returned
    for section in module.SECTIONS:
        members = {field.name for field in fields(RESOURCES[section])}
        assert set(shown[name]["return"][section]["contains"]) == members
