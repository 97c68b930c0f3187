# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An AWS account behind the sandbox's proxy, which lets single calls go wrong; and one of everything to make in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import boto3
from aws_in_process import ACCOUNT, REGION
from botocore.config import Config
from clumio_helpers import run_main
from permissions_files import EXTERNAL_ID, policy, trust_policy
from proxied_aws import proxied_aws

from ansible_collections.clumio.aws.plugins.module_utils._aws import settle
from ansible_collections.clumio.aws.plugins.modules import (
    clumio_eventbridge_rules,
    clumio_iam_roles,
    clumio_sns_topic,
    clumio_ssm_documents,
)
from sandbox import dump
from sandbox.processes import http_json

IAM = f"arn:aws:iam::{ACCOUNT}"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:Topic"
TRUST = trust_policy(Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})

ROLE = {
    "name": "Role",
    "trust_policy": TRUST,
    "managed_policies": [f"{IAM}:policy/Managed"],
    "inline_policies": [{"name": "Inline", "document": policy(Action="s3:PutObject", Resource="*")}],
    # A policy of the same plan.
    "permissions_boundary": f"{IAM}:policy/Limit",
}
SCRIPT = {"action": "aws:runShellScript", "name": "run", "inputs": {"runCommand": ["true"]}}

#: One of everything, by the module that makes it; topics are encrypted with the key.
EVERYTHING: dict[ModuleType, dict[str, Any]] = {
    clumio_sns_topic: {
        "kms_keys": [
            {"name": "Key", "policy": policy(Principal={"AWS": f"{IAM}:root"}, Action="kms:*", Resource="*")},
        ],
        "topics": [
            {
                "name": "Topic",
                "policy": policy(Principal={"AWS": f"{IAM}:root"}, Action="sns:Subscribe", Resource=TOPIC),
                "kms_key": "alias/Key",
            },
        ],
    },
    clumio_eventbridge_rules: {
        "rules": [
            {"name": "Rule", "event_pattern": {"source": ["aws.ec2"]}, "targets": [{"id": "Target", "arn": TOPIC}]},
        ],
    },
    clumio_iam_roles: {
        "policies": [
            {"name": "Managed", "document": policy(Action="s3:GetObject", Resource="*")},
            {"name": "Limit", "document": policy(Action="s3:*", Resource="*")},
        ],
        "roles": [ROLE],
        "instance_profiles": [{"name": "Profile", "role": "Role"}],
    },
    clumio_ssm_documents: {
        "ssm_documents": [{"name": "Document", "content": {"schemaVersion": "2.2", "mainSteps": [SCRIPT]}}],
    },
}


def changed(module: ModuleType) -> dict[str, Any]:
    """The same with something else in each of them."""
    options: dict[str, Any] = json.loads(json.dumps(EVERYTHING[module]))
    for section, member, value in (
        ("kms_keys", "description", "Else"),
        ("topics", "policy", policy(Principal={"AWS": f"{IAM}:root"}, Action="sns:Publish", Resource=TOPIC)),
        ("rules", "event_pattern", {"source": ["aws.rds"]}),
        ("rules", "targets", [{"id": "Target", "arn": f"{TOPIC}Else"}]),
        ("policies", "document", policy(Action="s3:ListBucket", Resource="*")),
        ("roles", "description", "Else"),
        ("roles", "trust_policy", trust_policy(Condition={"StringEquals": {"sts:ExternalId": "Else"}})),
        ("ssm_documents", "content", {"schemaVersion": "2.2", "description": "Else", "mainSteps": [SCRIPT]}),
    ):
        for resource in options.get(section, []):
            resource[member] = value
    for resources in options.values():
        for resource in resources:
            resource["tags"] = {"Team": "backup"}
    return options | ({"approve_changes": True} if module in (clumio_iam_roles, clumio_sns_topic) else {})


@dataclass(frozen=True)
class FaultyAws:
    """The account, by the URL of the proxy."""

    url: str

    def set(self, **settings: Any) -> None:
        """Change settings of the account, see ``sandbox.proxy``."""
        by_account = {name: {ACCOUNT: value} for name, value in settings.items()}
        http_json("PUT", f"{self.url}/_sandbox/settings", by_account)

    def fault(self, *faults: dict[str, Any]) -> None:
        """What goes wrong from now on; without any, nothing does."""
        self.set(faults=[*faults])

    def refuse(self, calls: str, code: str, message: str = "No.", *, times: int = 1, skip: int = 0) -> None:
        """Refuse some calls with a code of AWS."""
        refusal = {"kind": "error", "status": 400, "code": code, "message": message}
        self.fault(refusal | {"calls": calls, "times": times, "skip": skip})

    def run(self, module: ModuleType, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """What the module returns, whose options are those of EVERYTHING unless others are given."""
        place = {"account_id": ACCOUNT, "region": REGION, "_ansible_check_mode": check_mode, "_ansible_diff": True}
        return run_main(module, place | (options or EVERYTHING[module]))

    def make(self, module: ModuleType, **options: Any) -> dict[str, Any]:
        """The same of a run that succeeds."""
        result = self.run(module, **options)
        assert not result.get("failed"), result["msg"]
        return result

    def is_in_order(self, module: ModuleType, **options: Any) -> bool:
        """Whether a further run reports no change, and makes no writing call."""
        before = len(self.calls)
        result = self.make(module, **options)
        return not result["changed"] and all(call["kind"] == "read" for call in self.calls[before:])

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Those of modules, as the proxy has written them down."""
        every: list[dict[str, Any]] = http_json("GET", f"{self.url}/_sandbox/calls")["calls"]
        return [call for call in every if call["client"] == "ansible"]

    def count(self, action: str) -> int:
        return Counter(call["action"] for call in self.calls)[action]

    @property
    def writes(self) -> list[str]:
        """The writing calls that have succeeded, sorted."""
        return sorted(call["action"] for call in self.calls if call["kind"] == "write" and not call["error"])

    def client(self, service: str) -> Any:
        """A client of somebody else, whose calls nothing happens to."""
        return boto3.client(service, region_name=REGION, config=Config(retries={"total_max_attempts": 1}))

    def held(self) -> dict[str, Any]:
        """All that the account holds."""
        return dump.of_account(self.url, ACCOUNT, REGION)

    def empty(self) -> None:
        http_json("POST", f"{self.url}/_sandbox/reset?moto=true")


@contextmanager
def faulty_aws() -> Iterator[FaultyAws]:
    """The account, for everything that uses boto3; what is made may be waited for in hundredths of a second."""
    with proxied_aws() as (url, patches):
        patches.setattr(settle, "_FIRST_PAUSE_SECONDS", 0.01)
        yield FaultyAws(url)
