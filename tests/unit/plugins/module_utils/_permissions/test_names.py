# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming

ACCOUNT = "011122223333"


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-west-2", "aws"),
        ("ap-southeast-2", "aws"),
        ("cn-north-1", "aws-cn"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_arns_follow_from_account_and_region(region, partition):
    connection = Connection(ACCOUNT, region)
    assert connection.id == f"{ACCOUNT}_{region}"
    assert connection.partition == partition
    assert connection.kms_alias_arn("K") == f"arn:{partition}:kms:{region}:{ACCOUNT}:alias/K"
    assert connection.topic_arn("T") == f"arn:{partition}:sns:{region}:{ACCOUNT}:T"
    assert connection.rule_arn("R") == f"arn:{partition}:events:{region}:{ACCOUNT}:rule/R"
    assert connection.ssm_document_arn("D") == f"arn:{partition}:ssm:{region}:{ACCOUNT}:document/D"
    assert connection.role_arn("R") == f"arn:{partition}:iam::{ACCOUNT}:role/R"
    assert connection.policy_arn("P") == f"arn:{partition}:iam::{ACCOUNT}:policy/P"
    assert connection.instance_profile_arn("I") == f"arn:{partition}:iam::{ACCOUNT}:instance-profile/I"


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        (Connection.role_arn, "role"),
        (Connection.policy_arn, "policy"),
        (Connection.instance_profile_arn, "instance-profile"),
    ],
)
def test_path_stands_in_arns_of_iam(arn, kind):
    assert arn(Connection(ACCOUNT, "us-west-2"), "N", "/clumio/a/") == f"arn:aws:iam::{ACCOUNT}:{kind}/clumio/a/N"


@pytest.mark.parametrize(
    "account_id", ["", "11122223333", "0111222233334", "01112222333x", " 011122223333", "٠١١١٢٢٢٢٣٣٣٣"]
)
def test_account_ids_have_12_digits(account_id):
    with pytest.raises(InputError, match="12 digits") as caught:
        Connection(account_id, "us-west-2")
    assert caught.value.code == "invalid_connection"


@pytest.mark.parametrize(
    "region", ["us-west", "us-west-2a", "US-WEST-2", "us-west-2\n", "west", "../us-west-2", "us-west-123"]
)
def test_regions_look_like_those_of_aws(region):
    with pytest.raises(InputError, match="not the name of an AWS region") as caught:
        Connection(ACCOUNT, region)
    assert caught.value.code == "invalid_connection"


def test_everything_wrong_is_told_at_once():
    with pytest.raises(InputError, match=r"12 digits.*No region is given"):
        Connection("1", "")


PLACE = Connection(ACCOUNT, "us-west-2")


@pytest.mark.parametrize(
    ("naming", "name", "inline", "role_arn"),
    [
        (Naming(PLACE), "R", "R", "role/R"),
        (Naming(PLACE, path="/a/b/"), "R", "R", "role/a/b/R"),
        (Naming(PLACE, prefix="x-", suffix="-y"), "x-R-y", "R", "role/x-R-y"),
        (Naming(PLACE, prefix="x-", names={"R": "Own"}), "Own", "Own", "role/Own"),
        (Naming(PLACE, suffix="-y", names={"S": "Own"}), "R-y", "R", "role/R-y"),
    ],
)
def test_naming(naming, name, inline, role_arn):
    assert naming.name("R") == name
    assert naming.inline_name("R") == inline
    assert naming.role_arn("R") == f"arn:aws:iam::{ACCOUNT}:{role_arn}"
    assert naming.topic_arn("R") == f"arn:aws:sns:us-west-2:{ACCOUNT}:{name}"


@pytest.mark.parametrize("path", ["", "clumio/", "/clumio", "/a b/", "//", "/ä/", f"/{'a' * 511}/"])
def test_paths_that_iam_does_not_take(path):
    with pytest.raises(InputError, match="IAM path") as caught:
        Naming(PLACE, path=path)
    assert caught.value.code == "invalid_path"


@pytest.mark.parametrize("path", ["/", "/clumio/", "/a/b.c/", f"/{'a' * 510}/"])
def test_paths_that_iam_takes(path):
    assert Naming(PLACE, path=path).role_arn("R").endswith(f":role{path}R")
