# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the one who runs the playbooks has to be allowed in AWS: the one list, by task and by resource. Pure.

C(docs/operator-policy.json) is made from it, after a change anew:

    python -m ansible_collections.clumio.aws.plugins.module_utils._permissions.operator > docs/operator-policy.json

Actions and the resources that they know: https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from .documents import Document
from .model import CLUMIO_ROLE, TOPIC
from .names import Connection, Naming

VALIDATE, ONBOARD, OFFBOARD = TASKS = ("validate", "onboard", "offboard")

# Choices of the user that take rights of their own: a permissions boundary of the roles, encryption by a key that there
# is already, encryption by a key that is made, and asking the simulator what the roles may do.
BOUNDARY, GIVEN_KEY, MADE_KEY, SIMULATE = CHOICES = ("permissions_boundary", "given_key", "made_key", "simulate")


@dataclass(frozen=True)
class Right:
    """Actions on one kind of resources.

    Args:
        tasks: that need it.
        resources: a key of C(_places).
        actions: in AWS's spelling.
        choice: without which nothing needs it; empty for what is always needed.
    """

    tasks: tuple[str, ...]
    resources: str
    actions: tuple[str, ...]
    choice: str = ""


def _right(tasks: str | tuple[str, ...], resources: str, *actions: str, choice: str = "") -> Right:
    return Right((tasks,) if isinstance(tasks, str) else tasks, resources, actions, choice)


RIGHTS = (
    # Reading what is ours, and what others have attached to it.
    _right(TASKS, "topics", "sns:GetTopicAttributes", "sns:ListTagsForResource"),
    _right(TASKS, "rules", "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule"),
    _right(
        TASKS,
        "roles",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
    ),
    _right(TASKS, "policies", "iam:ListEntitiesForPolicy", "iam:ListPolicyVersions"),
    _right(TASKS, "policies of anybody", "iam:GetPolicy", "iam:GetPolicyVersion"),
    _right(TASKS, "instance profiles", "iam:GetInstanceProfile"),
    _right(TASKS, "SSM documents", "ssm:DescribeDocument", "ssm:GetDocument"),
    # Room for what is to be made, and what is there.
    _right(ONBOARD, "*", "events:ListRules", "iam:GetAccountSummary", "ssm:ListDocuments"),
    # Making and updating.
    _right(ONBOARD, "topics", "sns:CreateTopic", "sns:SetTopicAttributes", "sns:TagResource", "sns:UntagResource"),
    _right(ONBOARD, "rules", "events:PutRule", "events:PutTargets", "events:TagResource", "events:UntagResource"),
    _right(
        ONBOARD,
        "policies",
        "iam:CreatePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeletePolicyVersion",
        "iam:SetDefaultPolicyVersion",
        "iam:TagPolicy",
        "iam:UntagPolicy",
    ),
    _right(
        ONBOARD,
        "roles",
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
    ),
    _right(
        ONBOARD,
        "instance profiles",
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:UntagInstanceProfile",
    ),
    _right(
        ONBOARD,
        "SSM documents",
        "ssm:AddTagsToResource",
        "ssm:CreateDocument",
        "ssm:RemoveTagsFromResource",
        "ssm:UpdateDocument",
        "ssm:UpdateDocumentDefaultVersion",
    ),
    # Finding, by the tags of everything in the account, what is ours.
    _right(
        OFFBOARD,
        "*",
        "events:ListRules",
        "iam:ListInstanceProfiles",
        "iam:ListPolicies",
        "iam:ListRoles",
        "sns:ListTopics",
        "ssm:ListDocuments",
        "tag:GetResources",
    ),
    _right(OFFBOARD, "all topics", "sns:ListTagsForResource"),
    _right(OFFBOARD, "all rules", "events:ListTagsForResource"),
    _right(OFFBOARD, "all policies", "iam:ListPolicyTags"),
    _right(OFFBOARD, "all roles", "iam:ListRoleTags"),
    _right(OFFBOARD, "all instance profiles", "iam:ListInstanceProfileTags"),
    # Removing.
    _right(OFFBOARD, "topics", "sns:DeleteTopic"),
    _right(OFFBOARD, "rules", "events:DeleteRule", "events:RemoveTargets"),
    _right(OFFBOARD, "policies", "iam:DeletePolicy", "iam:DeletePolicyVersion"),
    _right(OFFBOARD, "roles", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"),
    _right(OFFBOARD, "instance profiles", "iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile"),
    _right(OFFBOARD, "SSM documents", "ssm:DeleteDocument"),
    # What only a choice of the user takes.
    _right(ONBOARD, "roles", "iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary", choice=BOUNDARY),
    _right((VALIDATE, ONBOARD), "roles", "iam:SimulatePrincipalPolicy", choice=SIMULATE),
    _right(ONBOARD, "keys", "kms:DescribeKey", "kms:GetKeyPolicy", choice=GIVEN_KEY),
    _right(
        TASKS,
        "keys",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListResourceTags",
        choice=MADE_KEY,
    ),
    _right(ONBOARD, "*", "kms:CreateKey", "kms:ListAliases", "tag:GetResources", choice=MADE_KEY),
    _right(
        ONBOARD,
        "keys",
        "kms:CancelKeyDeletion",
        "kms:CreateAlias",
        "kms:EnableKey",
        "kms:EnableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateKeyDescription",
        choice=MADE_KEY,
    ),
    _right(ONBOARD, "aliases", "kms:CreateAlias", choice=MADE_KEY),
    _right(OFFBOARD, "*", "kms:ListAliases", choice=MADE_KEY),
    _right(OFFBOARD, "keys", "kms:DeleteAlias", "kms:ScheduleKeyDeletion", choice=MADE_KEY),
    _right(OFFBOARD, "aliases", "kms:DeleteAlias", choice=MADE_KEY),
)

# For the preflight itself: who the credentials are, and what they may do. It cannot ask about these.
_ABOUT_ONESELF = ("iam:GetRole", "iam:SimulatePrincipalPolicy")

# How the names in Clumio's permissions files begin. Prefix and suffix go around all but those of SSM documents.
_CLUMIO = "Clumio*"


@dataclass(frozen=True)
class Place:
    """Where the resources of one kind are.

    Args:
        patterns: ARNs with wildcards, for a policy; or a star, for actions that know no resources.
        example: an ARN that the patterns stand for, for the simulator; or a star.
    """

    patterns: tuple[str, ...]
    example: str


def _places(naming: Naming) -> dict[str, Place]:
    """Where the resources of every kind are, by what C(Right.resources) calls them."""
    here = naming.connection
    # What does not exist yet has no path, so IAM may decide about it without one.
    pathless = replace(naming, path="/")

    def all_of(arn: Callable[[str], str]) -> Place:
        return Place((arn("*"),), arn("another"))

    def ours(example: str, *arns: Callable[[str], str]) -> Place:
        named = (_CLUMIO, *naming.names)
        return Place(tuple(dict.fromkeys(arn(name) for arn in arns for name in named)), arns[0](example))

    def key(name: str) -> str:
        return f"arn:{here.partition}:kms:{here.region}:{here.account_id}:key/{name}"

    policies = all_of(here.policy_arn)
    return {
        "*": Place(("*",), "*"),
        "topics": ours(TOPIC, naming.topic_arn),
        "all topics": all_of(here.topic_arn),
        "rules": ours("ClumioCloudtrailEventRule", naming.rule_arn),
        "all rules": all_of(here.rule_arn),
        "policies": ours("ClumioBasePolicy", naming.policy_arn, pathless.policy_arn),
        "all policies": policies,
        "policies of anybody": replace(
            policies, patterns=(*policies.patterns, f"arn:{here.partition}:iam::aws:policy/*")
        ),
        "roles": ours(CLUMIO_ROLE, naming.role_arn, pathless.role_arn),
        "all roles": all_of(here.role_arn),
        "instance profiles": ours(CLUMIO_ROLE, naming.instance_profile_arn, pathless.instance_profile_arn),
        "all instance profiles": all_of(here.instance_profile_arn),
        "SSM documents": Place((here.ssm_document_arn("Clumio-*"),), here.ssm_document_arn("Clumio-SystemHeartbeat")),
        # Keys have no names, but ids.
        "keys": Place((key("*"),), key("00000000-0000-0000-0000-000000000000")),
        "aliases": ours(TOPIC, lambda name: here.kms_alias_arn(naming.name(name))),
    }


def chosen(tasks: Collection[str], choices: Collection[str]) -> Iterator[Right]:
    """The rights that some tasks need, with some choices of the user."""
    for right in RIGHTS:
        if set(right.tasks) & set(tasks) and (not right.choice or right.choice in choices):
            yield right


@dataclass(frozen=True)
class Need:
    """One action that a task needs.

    Args:
        action: C(iam:CreateRole).
        resource: an ARN without wildcards, or a star.
        task: one of C(TASKS).
    """

    action: str
    resource: str
    task: str


def needs(tasks: Collection[str], choices: Collection[str], naming: Naming) -> list[Need]:
    """Every action that some tasks need, each on an example of its resources.

    Args:
        tasks: some of C(TASKS).
        choices: some of C(CHOICES).
        naming: the names and the place of the resources.
    """
    places = _places(naming)
    found = [
        Need(action, places[right.resources].example, task)
        for right in chosen(tasks, choices)
        for action in right.actions
        for task in TASKS
        if task in right.tasks and task in tasks
    ]
    return list(dict.fromkeys(found))


def policy(tasks: Collection[str], choices: Collection[str], naming: Naming, principal: str = "") -> Document:
    """The least policy by which some tasks can be done, and asked about before: a statement for each kind of resource.

    Args:
        tasks: some of C(TASKS).
        choices: some of C(CHOICES).
        naming: the names and the place of the resources.
        principal: ARN of the role or user that gets the policy; empty for any.
    """
    here, places = naming.connection, _places(naming)
    actions: dict[tuple[str, str], set[str]] = {}
    for right in chosen(tasks, choices):
        actions.setdefault((right.choice, right.resources), set()).update(right.actions)
    statements = [
        _statement(f"{_title(resources)}{'For' if choice else ''}{_title(choice)}", found, places[resources].patterns)
        for (choice, resources), found in sorted(actions.items(), key=lambda item: item[0][0] != "")
    ]
    oneself = (principal,) if principal else (here.role_arn("*"), f"arn:{here.partition}:iam::{here.account_id}:user/*")
    statements.append(_statement("Oneself", _ABOUT_ONESELF, oneself))
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(sid: str, actions: Collection[str], resources: Collection[str]) -> Document:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}


def _title(words: str) -> str:
    """As the id of a statement, which takes letters and digits only: C(AllRoles)."""
    return "".join(f"{word[0].upper()}{word[1:]}" for word in words.replace("_", " ").replace("*", "account").split())


@dataclass(frozen=True)
class _Anywhere(Connection):
    """Every account and every region of the partition C(aws)."""

    account_id: str = "*"
    region: str = "*"

    def __post_init__(self) -> None:
        """Stars are neither an account nor a region, and need not be."""


def document() -> str:
    """The text of C(docs/operator-policy.json): all tasks with all choices, for any account and any prefix of names."""
    found = policy(TASKS, CHOICES, Naming(_Anywhere(), prefix="*"))
    return json.dumps(found, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
