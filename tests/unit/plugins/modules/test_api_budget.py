# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many calls of AWS a run takes, and that it asks for nothing twice: a budget that no change is to exceed unseen.

All of it is for a permissions file with all asset types. The calls are counted by the sandbox's proxy, in front of a
server of moto; what they were about, which the proxy does not write down, is recorded between module and boto3.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from aws_in_process import ACCOUNT, REGION, Aws, Call
from clumio_helpers import run_main
from permissions_files import EXTERNAL_ID, TOKEN, permissions_file
from proxied_aws import proxied_aws

from ansible_collections.clumio.aws.plugins.modules import (
    clumio_connection_validate,
    clumio_eventbridge_rules,
    clumio_iam_roles,
    clumio_permissions_file,
    clumio_sns_topic,
    clumio_ssm_documents,
)
from sandbox.permissions import ASSET_TYPES
from sandbox.processes import http_json
from sandbox.repairs import patch_moto

# Calls for each resource that a first run makes, and readings for each that a second run finds in order, at most.
FIRST, SECOND = 1.6, 2.0

SECTIONS_OF_MODULES = {
    clumio_sns_topic: ("topics",),
    clumio_eventbridge_rules: ("rules",),
    clumio_iam_roles: ("policies", "roles", "instance_profiles"),
    clumio_ssm_documents: ("ssm_documents",),
}

# Every call, by the kind of the run. In check mode the account is empty, as it is before the first run.
CALLS: dict[ModuleType, dict[str, dict[str, int]]] = {
    clumio_sns_topic: {
        "check": {"GetTopicAttributes": 1},
        "first": {"GetTopicAttributes": 1, "CreateTopic": 1},
        "second": {"GetTopicAttributes": 1, "ListTagsForResource": 1},
    },
    clumio_eventbridge_rules: {
        "check": {"DescribeRule": 2},
        "first": {"DescribeRule": 2, "PutRule": 2, "PutTargets": 2},
        "second": {"DescribeRule": 2, "ListTargetsByRule": 2, "ListTagsForResource": 2},
    },
    clumio_iam_roles: {
        "check": {"GetPolicy": 16, "GetRole": 5, "GetInstanceProfile": 1},
        "first": {
            "GetPolicy": 16,
            "GetRole": 5,
            "GetInstanceProfile": 1,
            "CreatePolicy": 16,
            "CreateRole": 5,
            "AttachRolePolicy": 15,
            "PutRolePolicy": 8,
            "CreateInstanceProfile": 1,
            "AddRoleToInstanceProfile": 1,
        },
        "second": {
            "GetPolicy": 16,
            "GetPolicyVersion": 16,
            "GetRole": 5,
            "ListAttachedRolePolicies": 5,
            "ListRolePolicies": 5,
            "GetRolePolicy": 8,
            "GetInstanceProfile": 1,
        },
    },
    clumio_ssm_documents: {
        "check": {"ListDocuments": 1},
        "first": {"ListDocuments": 1, "CreateDocument": 16},
        "second": {"ListDocuments": 1, "GetDocument": 16},
    },
}

# What is asked about the whole account: whose it is, what it has room for, and how many rules it has already.
OF_THE_ACCOUNT = {"GetCallerIdentity": 1, "GetAccountSummary": 1, "ListRules": 1}

# These answer with whatever the account holds, page by page; in a large one there are hundreds of pages.
LISTINGS = {
    "GetAccountAuthorizationDetails",
    "GetResources",
    "ListGroups",
    "ListInstanceProfiles",
    "ListPolicies",
    "ListRoles",
    "ListTopics",
    "ListUsers",
}


@dataclass(frozen=True)
class Run:
    """The calls of one run of a module.

    Attributes:
        proxied: as the proxy has written them down.
        made: as the module has made them.
    """

    proxied: Sequence[Mapping[str, Any]]
    made: Sequence[Call]

    @property
    def actions(self) -> dict[str, int]:
        return dict(Counter(call["action"] for call in self.proxied))

    @property
    def reads(self) -> int:
        return sum(call["kind"] == "read" for call in self.proxied)

    @property
    def writes(self) -> int:
        return len(self.proxied) - self.reads


@dataclass
class Runs:
    """The runs over a permissions file with all asset types.

    Attributes:
        plan: the resolved file.
        of_modules: of each module that makes a part of it, by kind: in check mode, the first and the second one.
        of_survey: of the module that resolves the file and looks at the account, by what the account holds by then.
        of_validation: of the module that validates, with what the survey has seen.
    """

    plan: Mapping[str, Any]
    of_modules: dict[tuple[ModuleType, str], Run]
    of_survey: dict[str, Run]
    of_validation: Run

    def of(self, kind: str) -> list[Run]:
        return [self.of_modules[module, kind] for module in SECTIONS_OF_MODULES]


@contextmanager
def recording_aws() -> Iterator[tuple[Aws, str]]:
    """An empty account behind a proxy that records, both in this process, and the URL of the proxy."""
    # A role with all asset types needs 14 managed policies; AWS's default quota is 10.
    patch_moto({"AttachedPoliciesPerRoleQuota": 14})
    try:
        with proxied_aws() as (url, patches):
            http_json("POST", f"{url}/_sandbox/reset?moto=true")
            aws = Aws()
            aws.intercept(patches)
            yield aws, url
    finally:
        patch_moto()


@pytest.fixture(scope="module")
def runs() -> Runs:
    """All runs, made once."""
    with recording_aws() as (aws, url):

        def run(module: ModuleType, **options: Any) -> tuple[Run, dict[str, Any]]:
            before = len(http_json("GET", f"{url}/_sandbox/calls")["calls"])
            with aws.recorded() as made:
                result = run_main(module, {"account_id": ACCOUNT, "region": REGION} | options)
            assert not result.get("failed"), result["msg"]
            return Run(http_json("GET", f"{url}/_sandbox/calls")["calls"][before:], made), result

        file = {"content": permissions_file(*ASSET_TYPES), "token": TOKEN, "external_id": EXTERNAL_ID}
        surveys, of_modules = {}, {}
        surveys["empty"], resolved = run(clumio_permissions_file, check_account=True, **file)
        plan = resolved["permissions"]
        for kind in ("check", "first", "second"):
            for module, sections in SECTIONS_OF_MODULES.items():
                options = {section: plan[section] for section in sections}
                of_modules[module, kind], _ = run(module, _ansible_check_mode=kind == "check", **options)
        surveys["in order"], resolved = run(clumio_permissions_file, check_account=True, **file)
        # As the playbook hands it on.
        seen = resolved["account"]["in_order"]
        assert seen
        validation, _ = run(clumio_connection_validate, seen=seen, clumio=False)
    return Runs(plan, of_modules, surveys, validation)


def resources(plan: Mapping[str, Any], *sections: str) -> int:
    """How many resources these sections of the plan are, by the types that Terraform has for them.

    Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs
    """
    counted = {
        "topics": lambda topic: 2,  # noqa: ARG005, aws_sns_topic and aws_sns_topic_policy
        "rules": lambda rule: 1 + len(rule["targets"]),  # aws_cloudwatch_event_rule, _target
        "policies": lambda policy: 1,  # noqa: ARG005, aws_iam_policy
        # aws_iam_role, aws_iam_role_policy_attachment, aws_iam_role_policy
        "roles": lambda role: 1 + len(role["managed_policies"]) + len(role["inline_policies"]),
        "instance_profiles": lambda profile: 1,  # noqa: ARG005, aws_iam_instance_profile, with its role
        "ssm_documents": lambda document: 1,  # noqa: ARG005, aws_ssm_document
    }
    return sum(counted[section](resource) for section in sections for resource in plan[section])


def everything(plan: Mapping[str, Any]) -> int:
    """How many resources the whole plan is."""
    return resources(plan, *(section for sections in SECTIONS_OF_MODULES.values() for section in sections))


def name_of(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


# ---- how many


def test_the_file_is_the_one_that_the_figures_are_for(runs: Runs) -> None:
    counted = {module: resources(runs.plan, *sections) for module, sections in SECTIONS_OF_MODULES.items()}
    assert list(counted.values()) == [2, 4, 45, 16]
    assert everything(runs.plan) == 67
    assert runs.plan["kms_keys"] == runs.plan["retired"] == []


@pytest.mark.parametrize("kind", ["check", "first", "second"])
@pytest.mark.parametrize("module", SECTIONS_OF_MODULES, ids=name_of)
def test_calls_of_a_module(runs: Runs, module: ModuleType, kind: str) -> None:
    run = runs.of_modules[module, kind]
    assert run.actions == CALLS[module][kind]
    assert {call["client"] for call in run.proxied} == {"ansible"}
    # Nothing was refused and called again, and nothing goes past boto3.
    assert Counter(call.operation for call in run.made) == run.actions
    assert run.writes == 0 or kind == "first"


@pytest.mark.parametrize("module", SECTIONS_OF_MODULES, ids=name_of)
def test_the_first_run_of_a_module_is_within_the_budget(runs: Runs, module: ModuleType) -> None:
    count = resources(runs.plan, *SECTIONS_OF_MODULES[module])
    assert len(runs.of_modules[module, "first"].proxied) <= FIRST * count


def test_all_first_runs_together_are_within_the_budget(runs: Runs) -> None:
    assert sum(len(run.proxied) for run in runs.of("first")) <= FIRST * everything(runs.plan)


@pytest.mark.parametrize("module", SECTIONS_OF_MODULES, ids=name_of)
def test_the_second_run_of_a_module_is_within_the_budget(runs: Runs, module: ModuleType) -> None:
    count = resources(runs.plan, *SECTIONS_OF_MODULES[module])
    assert runs.of_modules[module, "second"].reads <= SECOND * count


@pytest.mark.parametrize("module", SECTIONS_OF_MODULES, ids=name_of)
def test_a_dry_run_takes_no_more_than_a_second_run(runs: Runs, module: ModuleType) -> None:
    assert len(runs.of_modules[module, "check"].proxied) <= len(runs.of_modules[module, "second"].proxied)


def test_the_survey_of_an_empty_account_asks_what_a_dry_run_asks(runs: Runs) -> None:
    asked = sum((Counter(run.actions) for run in runs.of("check")), Counter())
    assert runs.of_survey["empty"].actions == asked + Counter(OF_THE_ACCOUNT)
    assert runs.of_survey["empty"].writes == 0


def test_what_is_found_in_order_is_read_once_for_the_whole_playbook(runs: Runs) -> None:
    asked = sum((Counter(run.actions) for run in runs.of("second")), Counter())
    survey = runs.of_survey["in order"]
    assert survey.actions == asked + Counter(OF_THE_ACCOUNT)
    assert runs.of_validation.proxied == []
    assert survey.writes == 0
    assert survey.reads <= SECOND * everything(runs.plan)


# ---- what for


def every_run(runs: Runs) -> Iterator[Run]:
    yield from (*runs.of_modules.values(), *runs.of_survey.values(), runs.of_validation)


def test_nothing_is_asked_twice(runs: Runs) -> None:
    assert [asked_twice(run.made) for run in every_run(runs) if asked_twice(run.made)] == []


def test_the_account_is_never_listed(runs: Runs) -> None:
    assert [sorted(LISTINGS & run.actions.keys()) for run in every_run(runs) if LISTINGS & run.actions.keys()] == []


def test_every_question_is_about_something_of_the_plan(runs: Runs) -> None:
    general = {name: dict(Counter(call.operation for call in run.made if not about(call))) for name, run in named(runs)}
    # One list of the account's own documents tells what a question for each would.
    documents = {"ListDocuments": 1}
    assert {name: calls for name, calls in general.items() if calls} == {
        "clumio_ssm_documents check": documents,
        "clumio_ssm_documents first": documents,
        "clumio_ssm_documents second": documents,
        "survey empty": OF_THE_ACCOUNT | documents,
        "survey in order": OF_THE_ACCOUNT | documents,
    }


def named(runs: Runs) -> Iterator[tuple[str, Run]]:
    yield from ((f"{name_of(module)} {kind}", run) for (module, kind), run in runs.of_modules.items())
    yield from ((f"survey {kind}", run) for kind, run in runs.of_survey.items())


def about(call: Call) -> set[str]:
    """The names of what a call is about, whether it gives names or ARNs."""
    texts = [value for name, value in call.parameters.items() if name not in ("NextToken", "Marker")]
    return {text.rpartition("/")[2].rpartition(":")[2] for text in texts if isinstance(text, str)}


def asked_twice(calls: Iterable[Call]) -> list[str]:
    """The questions that were asked again though nothing was written in between to what they are about."""
    found, asked = [], dict[str, set[str]]()
    for call in calls:
        if call.writes:
            asked = {question: names for question, names in asked.items() if not names & about(call)}
            continue
        question = f"{call.operation} {json.dumps(call.parameters, sort_keys=True, default=str)}"
        found += [question] if question in asked else []
        asked[question] = about(call)
    return found


ROLE, OTHER = {"RoleName": "Role"}, {"RoleName": "Other"}


@pytest.mark.parametrize(
    ("calls", "found"),
    [
        ([Call("GetRole", ROLE), Call("GetRole", ROLE)], ['GetRole {"RoleName": "Role"}']),
        ([Call("GetRole", ROLE), Call("TagRole", OTHER), Call("GetRole", ROLE)], ['GetRole {"RoleName": "Role"}']),
        ([Call("GetCallerIdentity", {})] * 3, ["GetCallerIdentity {}"] * 2),
        ([Call("GetRole", ROLE), Call("TagRole", ROLE), Call("GetRole", ROLE)], []),
        ([Call("GetRole", ROLE), Call("GetRole", OTHER), Call("ListRolePolicies", ROLE)], []),
        ([Call("CreateRole", ROLE), Call("CreateRole", ROLE)], []),
        (
            [
                Call("GetPolicy", {"PolicyArn": "arn:aws:iam::123456789012:policy/clumio/Policy"}),
                Call("CreatePolicy", {"PolicyName": "Policy", "Path": "/clumio/"}),
                Call("GetPolicy", {"PolicyArn": "arn:aws:iam::123456789012:policy/clumio/Policy"}),
            ],
            [],
        ),
    ],
)
def test_questions_asked_twice_are_found(calls: list[Call], found: list[str]) -> None:
    assert asked_twice(calls) == found
