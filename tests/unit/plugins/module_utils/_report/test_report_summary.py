# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The document of a run, its numbers, and what the console shows of it."""

from __future__ import annotations

import json

import pytest
import report_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clumio.aws.plugins.filter.report import connection_report
from ansible_collections.clumio.aws.plugins.module_utils._report.run import VERSION
from ansible_collections.clumio.aws.plugins.module_utils._report.summary import MOST_LINES, summary

ACCOUNT, REGION = "111122223333", "us-west-2"


def of_one(results, playbook="onboard", dry_run=False, files=(), **more):
    text = connection_report(results, ACCOUNT, REGION, playbook, dry_run=dry_run, **more)
    return summary(json.loads(samples.document({"host": text}, playbook, dry_run=dry_run)), files)


def test_the_numbers_of_a_fleet():
    document = json.loads(samples.fleet(20))
    assert document["version"] == VERSION
    assert document["seconds"] == 70.5
    assert document["counts"] == {
        "connections": 20,
        "failed": 4,
        "attention": 2,
        "not_run": 2,
        "ok": 12,
        "changes": {"create": 120, "update": 0, "adopt": 0, "delete": 0},
        "checks": {"total": 192, "denied": 2, "different": 4, "missing": 2, "ok": 182, "unknown": 2},
        "permissions": {"granted": 68, "partly": 2, "unknown": 10},
        "findings": {"fault": 10, "warning": 4},
    }
    assert [one["status"] for one in document["connections"]] == (
        ["failed"] * 4 + ["attention"] * 2 + ["not_run"] * 2 + ["ok"] * 12
    )
    assert document["connections"][0]["id"] == "200000000000_us-west-2"
    assert set(document["versions"]) == {"clumio.aws", "ansible-core", "Python", "amazon.aws", "boto3", "botocore"}
    assert "unknown" not in document["versions"].values()


def test_every_connection_has_the_same_members():
    assert len({tuple(sorted(one)) for one in json.loads(samples.fleet(10))["connections"]}) == 1


@pytest.mark.parametrize("number", [1, 5, 10, 11, 40, 500])
def test_the_summary_is_a_screenful_at_most(number):
    document = json.loads(samples.fleet(number))
    lines = summary(document, ["/reports/page.html", "/reports/document.json"])
    assert len(lines) <= MOST_LINES
    assert lines[0].startswith("Validation of ")
    assert lines[-2:] == ["Report: /reports/page.html", "Report: /reports/document.json"]
    assert max(map(len, lines)) < 450


def test_the_worst_come_first_and_the_others_are_counted():
    lines = summary(json.loads(samples.fleet(500)))
    assert lines[0] == "Validation of 500 connections: 100 failed, 50 to look at, 50 not reached, 300 in order"
    assert lines[2].startswith("What Clumio may do: ")
    assert all("(failed)" in line for line in lines[3:-1])
    assert lines[-1] == f"and {200 - len(lines[3:-1])} more"


@given(number=st.integers(1, 60), files=st.integers(0, 2))
def test_every_connection_is_listed_or_counted(number, files):
    document = json.loads(samples.fleet(number))
    lines = summary(document, ["/file"] * files)
    listed = sum(line[:12].isdecimal() for line in lines)
    counted = [int(line.split()[1]) for line in lines if line.startswith("and ") and line.endswith(" more")]
    wanted = number if number <= 10 else number - document["counts"]["ok"]
    assert listed + sum(counted) == wanted
    assert len(lines) <= MOST_LINES


def test_an_onboarding_tells_what_it_has_made():
    assert of_one(samples.onboarded()) == [
        "Onboarding of 1 connection: 1 in order",
        "Resources in AWS: 10 made",
        "What Clumio may do: 5 granted",
        (
            "111122223333_us-west-2: made 10 resources in AWS and updated the connection at Clumio; "
            "12 checks, all in order, Clumio says connected."
        ),
        "  granted: EBS (inventory, backup, restore), S3 (inventory, backup)",
        "  made: topic ClumioEventPub",
        "  made: rules ClumioCloudtrailEventRule, ClumioCloudwatchEventRule",
        f"  made: managed policies {', '.join(samples.POLICIES)}",
        "  made: roles ClumioIAMRole, ClumioS3ContinuousBackupEventBridgeRole",
        "  made: SSM document Clumio-AGDetails-<hidden>",
    ]


def test_a_dry_run_says_that_nothing_was_changed():
    lines = of_one(samples.onboarded(), dry_run=True)
    assert lines[:3] == [
        "Onboarding of 1 connection, a dry run: 1 in order",
        "Resources in AWS: 10 to be made",
        "A dry run: nothing was changed.",
    ]
    assert "  to be made: topic ClumioEventPub" in lines


def test_the_arns_for_the_wizard_come_before_everything_else():
    lines = of_one(samples.onboarded() | {"connection": {}}, by_wizard=True)
    assert lines[4:6] == [
        "  To paste into Clumio's wizard:",
        "  clumio_iam_role_arn = arn:aws:iam::111122223333:role/ClumioIAMRole",
    ]


def test_a_failure_is_told_once():
    lines = of_one({}, failure={"task": "t", "msg": "It went wrong.", "failure": {}})
    assert lines[1:] == ["111122223333_us-west-2 (failed): It went wrong."]


def test_findings_are_told_with_what_to_do():
    lines = of_one(samples.drifted(), "validate", failure=samples.INVALID)
    assert lines[1] == "What Clumio may do: 1 partly, 4 granted"
    assert lines[2] == "111122223333_us-west-2 (failed): not as it should be: 4 faults in 12 checks."
    assert (
        lines[3]
        == "  managed policy ClumioS3BackupPolicy: It is missing. Run the onboard playbook again to put it back."
    )
    assert lines[5] == "  access of role ClumioIAMRole: 2 actions are denied by the permissions boundary."
    assert "  partly: EBS (backup)" in lines


def test_a_long_failure_is_told_once_too():
    told = " ".join(f"word{number}" for number in range(200))
    lines = of_one({}, failure={"task": "t", "msg": told, "failure": {}})
    assert len(lines) == 2
    assert lines[1].endswith(" ...")
