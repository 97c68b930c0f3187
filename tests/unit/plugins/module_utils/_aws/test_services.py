# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from aws_in_process import ACCOUNT
from botocore.stub import Stubber

from ansible_collections.clumio.aws.plugins.module_utils._aws import events, iam, regions, sts
from ansible_collections.clumio.aws.plugins.module_utils._aws._call import AwsError
from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError

TARGETS = [{"Id": "a", "Arn": "arn:aws:sns:us-west-2:111122223333:T"}, {"Id": "b", "Arn": "arn:aws:sqs:us-west-2:1:Q"}]


@pytest.fixture
def stubbed(aws):
    """A client that answers what it is told to, operation by operation."""

    def make(service, *answers):
        client = aws.client(service)
        stubber = Stubber(client)
        for operation, answer, parameters in answers:
            stubber.add_response(operation, answer, parameters)
        stubber.activate()
        return client

    return make


def test_lists_of_iam_are_read_to_their_end(stubbed):
    client = stubbed(
        "iam",
        ("list_role_policies", {"PolicyNames": ["A", "B"], "IsTruncated": True, "Marker": "m"}, {"RoleName": "R"}),
        ("list_role_policies", {"PolicyNames": ["C"], "IsTruncated": False}, {"RoleName": "R", "Marker": "m"}),
    )
    assert iam.list_role_policies(client, "R") == ["A", "B", "C"]


def test_targets_are_read_to_their_end(stubbed):
    client = stubbed(
        "events",
        ("list_targets_by_rule", {"Targets": TARGETS[:1], "NextToken": "n"}, {"Rule": "R"}),
        ("list_targets_by_rule", {"Targets": TARGETS[1:]}, {"Rule": "R", "NextToken": "n"}),
    )
    assert events.list_targets(client, "R") == TARGETS


def test_refused_targets_are_an_error(stubbed):
    failed = [
        {"TargetId": "a", "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "try again"},
        {"TargetId": "b", "ErrorCode": "X", "ErrorMessage": "no such queue"},
    ]
    answer = {"FailedEntryCount": 2, "FailedEntries": failed}
    client = stubbed("events", ("put_targets", answer, {"Rule": "R", "Targets": TARGETS}))
    with pytest.raises(AwsError) as caught:
        events.put_targets(client, "R", TARGETS)
    assert caught.value.sentence == "Cannot add the targets of the rule R: a: try again; b: no such queue."
    assert caught.value.code == "aws_refused"
    assert caught.value.facts["aws_code"] == "ConcurrentModificationException"


def test_accepted_targets_are_none(stubbed):
    answer = {"FailedEntryCount": 0, "FailedEntries": []}
    client = stubbed("events", ("put_targets", answer, {"Rule": "R", "Targets": TARGETS}))
    assert events.put_targets(client, "R", TARGETS) is None


def test_account_of_the_credentials(aws):
    assert sts.account_id(aws.client("sts")) == ACCOUNT


def test_quotas(aws):
    assert iam.get_account_summary(aws.client("iam"))["AttachedPoliciesPerRoleQuota"] == 10


@pytest.mark.parametrize(
    ("region", "partition"), [("us-west-2", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_known_regions(region, partition):
    assert regions.require_known(region, partition) is None


@pytest.mark.parametrize(("region", "partition"), [("us-west-9", "aws"), ("us-west-2", "aws-cn")])
def test_unknown_regions(region, partition):
    with pytest.raises(InputError, match=f"AWS has no region {region}") as caught:
        regions.require_known(region, partition)
    assert caught.value.code == "unknown_region"
    assert len(caught.value.facts["known"]) > 1


def test_regions_are_known_whatever_profile_is_chosen(monkeypatch):
    """Which regions AWS has says no profile; one that does not exist is told by the call that needs it."""
    monkeypatch.setenv("AWS_PROFILE", "of-nobody")
    assert regions.require_known("us-west-2", "aws") is None
