# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runs that are disturbed: what is typed, and the account in which it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.runs import run_through
from chaos.steps import OFFBOARD, ONBOARD, Step, Words
from chaos.world import ACCOUNT, World

ALL = ("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue", "iceberg_on_s3_tables")

_FIRST = Words(assets=("ebs", "mssql", "s3"), description="Before", resource_tags={"Owner": "backup", "Stage": "test"})
_ALL = Words(assets=ALL, description="All of it", resource_tags={"Owner": "backup"}, kms_key="create")
_GROWN = Words(
    assets=ALL,
    description="After",
    resource_tags={"Owner": "storage", "CostCenter": "4711"},
    kms_key="create",
    approve_changes=True,
)
_SMALL = Words(assets=("ebs",))


@dataclass(frozen=True)
class Scene:
    """One run, and what comes before it.

    Attributes:
        about: what it is, in a sentence.
        prepare: brings the account to where the run begins.
    """

    about: str
    steps: Sequence[Step]
    words: Words
    prepare: Callable[[World], None]


def warm_up(world: World) -> None:
    """Run both playbooks once for nothing: what is read and compiled by that, no fork has to read and compile."""
    for steps in (ONBOARD, OFFBOARD):
        run_through(world, steps, _ALL)
    world.empty()


def _nothing(_world: World) -> None:
    """An empty account that Clumio does not know."""


def _onboarded(*words: Words) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        for one in words:
            run_through(world, ONBOARD, one)

    return prepare


def _tampered(world: World) -> None:
    """Onboarded, and then changed by hand: a policy, a role, a rule and an SSM document are not as they were."""
    _onboarded(_FIRST)(world)
    iam, events, ssm = world.client("iam"), world.client("events"), world.client("ssm")
    policy = f"arn:aws:iam::{ACCOUNT}:policy/ClumioS3BackupPolicy"
    nothing = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]}
    )
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=nothing, SetAsDefault=True)
    iam.detach_role_policy(RoleName="ClumioIAMRole", PolicyArn=policy)
    iam.untag_role(RoleName="ClumioIAMRole", TagKeys=["Owner"])
    rule = events.list_rules()["Rules"][0]["Name"]
    events.disable_rule(Name=rule)
    targets = events.list_targets_by_rule(Rule=rule)["Targets"]
    events.remove_targets(Rule=rule, Ids=[target["Id"] for target in targets])
    document = ssm.list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])["DocumentIdentifiers"][0]["Name"]
    content = json.loads(ssm.get_document(Name=document, DocumentFormat="JSON")["Content"])
    changed = ssm.update_document(
        Name=document,
        Content=json.dumps(content | {"description": "Changed by hand"}),
        DocumentVersion="$LATEST",
        DocumentFormat="JSON",
    )["DocumentDescription"]["DocumentVersion"]
    ssm.update_document_default_version(Name=document, DocumentVersion=changed)


SCENES = {
    "onboard": Scene(
        "A first run with all asset types and a KMS key; the permissions file comes from Clumio's API.",
        ONBOARD,
        _ALL,
        _nothing,
    ),
    "update": Scene(
        "From three asset types to all, with other tags, a KMS key, and things changed by hand.",
        ONBOARD,
        _GROWN,
        _tampered,
    ),
    "offboard": Scene(
        "Takes away all of it: the connection of an account with all asset types and a KMS key.",
        OFFBOARD,
        _ALL,
        _onboarded(_ALL),
    ),
    "onboard_small": Scene("A first run with EBS only.", ONBOARD, _SMALL, _nothing),
    "offboard_small": Scene("Takes away EBS only.", OFFBOARD, _SMALL, _onboarded(_SMALL)),
}
#: Those that are disturbed unless others are asked for.
WHOLE = ("onboard", "update", "offboard")
