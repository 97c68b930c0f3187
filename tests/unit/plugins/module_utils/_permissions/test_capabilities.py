# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from permissions_files import PLACE, permissions_file, policy, resolved, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._permissions.capabilities import ALL, Cell, needs
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import InlinePolicy, Policy, Role

EVERY_ASSET = ("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue", "iceberg_on_s3_tables")


def planned(*asset_types):
    plan = resolved(permissions_file(*asset_types)).plan
    return plan, needs(plan.roles, plan.policies)


def cells(found):
    return {(cell.asset_type, cell.capability) for need in found for cell in need.cells}


def of_inline(*names, action="ec2:Describe", role="ClumioIAMRole"):
    """What inline policies of these names are needed for."""
    inside = tuple(InlinePolicy(name=name, document=policy(Action=action, Resource="*")) for name in names)
    return needs([Role(name=role, arn=PLACE.role_arn(role), trust_policy=trust_policy(), inline_policies=inside)], [])


def test_the_table_of_a_file_with_everything():
    _plan, found = planned(*EVERY_ASSET)
    backed_up = {(asset, capability) for asset in EVERY_ASSET for capability in ("inventory", "backup", "restore")}
    assert cells(found) == backed_up | {("s3", "continuous_backup"), (ALL, "support")}


@pytest.mark.parametrize("asset_type", ["ebs", "rds", "dynamodb", "s3"])
def test_asset_types_that_the_file_is_not_about_are_not_in_the_table(asset_type):
    _plan, found = planned(asset_type)
    assert {asset for asset, _capability in cells(found)} == {asset_type, ALL}


def test_every_permission_of_a_role_is_needed_for_something():
    plan, found = planned(*EVERY_ASSET)
    assert {need.role for need in found} == {role.name for role in plan.roles}
    assert all(need.cells for need in found)


@pytest.mark.parametrize(
    ("name", "capabilities"),
    [
        ("ClumioEC2BackupPolicy", {"backup"}),
        ("ClumioEC2RestorePolicy", {"restore"}),
        ("ClumioEC2MSSQLBackupRestorePolicy", {"backup", "restore"}),
        ("ClumioS3ContinuousBackupEventBridgePolicy", {"continuous_backup"}),
        ("ClumioS3InventoryPolicy", {"inventory"}),
        ("ClumioSSMNotificationPolicy", {"backup"}),
        ("acme-ClumioRdsRestorePolicy-us-east-1", {"restore"}),
    ],
)
def test_the_name_of_a_policy_tells_what_for(name, capabilities):
    assert {capability for _asset, capability in cells(of_inline(name))} == capabilities


def test_a_policy_without_an_asset_type_counts_for_all_of_them():
    names = ("ClumioEC2BackupPolicy", "ClumioRdsBackupPolicy")
    assert cells(of_inline(*names, "ClumioBasePolicy")) == {
        ("ebs", "backup"),
        ("rds", "backup"),
        ("ebs", "inventory"),
        ("rds", "inventory"),
    }
    with_keys = {(asset, capability) for asset in ("ebs", "rds") for capability in ("backup", "restore")}
    assert cells(of_inline(*names, "ClumioKMSPolicy")) == with_keys


@pytest.mark.parametrize(("action", "asset_types"), [("ec2:a", {"ebs"}), ("rds:a", {"rds"}), ("kms:a", {"ebs", "rds"})])
def test_the_inventory_counts_by_service(action, asset_types):
    named = of_inline("ClumioEC2BackupPolicy", "ClumioRdsBackupPolicy", "ClumioInventoryPolicy", action=action)
    assert {asset for asset, capability in cells(named) if capability == "inventory"} == asset_types


def test_policies_of_one_s_own_names():
    assert cells(of_inline("Mine")) == {(ALL, "inventory")}
    assert cells(of_inline("Mine", role="acme-ClumioSupportRole")) == {(ALL, "support")}


def test_only_what_is_allowed_is_needed():
    document = {"Statement": [{"Effect": "Deny", "Action": "a:b", "Resource": "*"}, *policy(Action="a:c")["Statement"]]}
    managed = Policy(name="M", arn=PLACE.policy_arn("M"), document=document)
    unknown = PLACE.policy_arn("Unknown")
    role = Role(name="R", arn=PLACE.role_arn("R"), trust_policy=trust_policy(), managed_policies=(managed.arn, unknown))
    (need,) = needs([role], [managed])
    assert (need.role, need.grant.action, need.cells) == ("R", "a:c", (Cell(ALL, "inventory"),))
