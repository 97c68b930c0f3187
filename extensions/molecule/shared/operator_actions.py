# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the operator's policy has exactly the actions that scenarios have called.

python -m sandbox calls --json | python extensions/molecule/shared/operator_actions.py

Only calls of Ansible's modules count. That the policy has more is told only where all scenarios have run.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

_SCENARIOS = Path(__file__).resolve().parents[1]
_POLICY = _SCENARIOS.parents[1] / "docs/operator-policy.json"

# Scenarios that call Clumio's API only.
_WITHOUT_AWS = {"connection"}

# Services by the names with which their calls are signed, where IAM calls them differently.
_SERVICES = {"tagging": "tag"}

# What calls take besides the action of the same name. Every creation here sets tags, which takes the action to tag:
# IAM       https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html#access_tags_control-tags
# the rest  https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html and the API reference of the call
_IMPLIED = {
    "events:PutRule": ("events:TagResource",),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
    "iam:AddRoleToInstanceProfile": ("iam:PassRole",),
    "iam:CreateInstanceProfile": ("iam:TagInstanceProfile",),
    "iam:CreatePolicy": ("iam:TagPolicy",),
    "iam:CreateRole": ("iam:TagRole",),
    "kms:CreateKey": ("kms:TagResource",),
    "sns:CreateTopic": ("sns:TagResource",),
    "ssm:CreateDocument": ("ssm:AddTagsToResource",),
}

# What nobody has to be allowed in the account.
_NOT_NEEDED = {
    # It takes a right in the account of the credentials, not in the one that is entered.
    "sts:AssumeRole",
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: no permissions are required.
    "sts:GetCallerIdentity",
}


def needed(service: str, operation: str) -> set[str]:
    """The actions in IAM's words that a call takes.

    Args:
        service: as it signs calls, C(iam).
        operation: of its API, C(CreateRole).
    """
    action = f"{_SERVICES.get(service, service)}:{operation}"
    return {action, *_IMPLIED.get(action, ())} - _NOT_NEEDED


def differences(
    calls: Iterable[Mapping[str, Any]], policy: Mapping[str, Any], accounts: Collection[str]
) -> Iterable[str]:
    """What is wrong with the policy, in sentences.

    Args:
        calls: as C(python -m sandbox calls --json) prints them.
        policy: that of the operator.
        accounts: those of all scenarios that call AWS; only where each was called can an action be told to be too much.
    """
    calls = list(calls)
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    called = {
        action for call in calls if call["client"] == "ansible" for action in needed(call["service"], call["action"])
    }
    if called - allowed:
        yield f"It lacks {', '.join(sorted(called - allowed))}."
    if set(accounts) <= {call["account"] for call in calls} and allowed - called:
        yield f"It has {', '.join(sorted(allowed - called))}, which no scenario has called."


def accounts() -> set[str]:
    """The accounts of all scenarios that call AWS."""
    paths = [path for path in _SCENARIOS.glob("*/molecule.yml") if path.parent.name not in _WITHOUT_AWS]
    found = [yaml.safe_load(path.read_text()) for path in paths]
    return {one["ansible"]["env"]["SANDBOX_ACCOUNT"] for one in found if "ansible" in one}


def main() -> int:
    """Compare; 1 where something is wrong."""
    found = list(differences(json.load(sys.stdin), json.loads(_POLICY.read_text()), accounts()))
    for sentence in found:
        print(f"docs/operator-policy.json is not what the scenarios need. {sentence}", file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
