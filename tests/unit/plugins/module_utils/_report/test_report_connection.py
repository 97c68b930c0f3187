# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a report tells of a connection."""

from __future__ import annotations

import pytest
import report_samples as samples

from ansible_collections.clumio.aws.plugins.module_utils._report.connection import Run, connection_report
from ansible_collections.clumio.aws.plugins.module_utils._report.secrets import HIDDEN

ACCOUNT, REGION = "111122223333", "us-west-2"
TOPIC = "arn:aws:sns:us-west-2:111122223333:ClumioEventPub"
OK = {"status": "ok", "faults": 0, "unknown": 0}


def report(results, playbook="onboard", failure=None, **run):
    return connection_report(
        results, Run(playbook=playbook, **run), account=ACCOUNT, region=REGION, failure=failure, secrets=[]
    )


def removed(**kept):
    """The results of an offboarding of everything but what is kept."""
    results = samples.onboarded(action="delete")
    del results["permissions_file"], results["validation"]
    results["connection"] |= {"connection": None, "diff": {"before": {"resources": {"topic": TOPIC, "gone": "arn:x"}}}}
    results["iam_roles"]["kept"] = [
        {"section": "roles", "name": name, "arn": f"arn:{name}", "reason": reason} for name, reason in kept.items()
    ]
    return results


def test_an_onboarding_that_went_well():
    told = report(samples.onboarded())
    assert (told["id"], told["status"], told["failure"]) == ("111122223333_us-west-2", "ok", None)
    assert told["sentence"] == (
        "made 10 resources in AWS and updated the connection at Clumio; 12 checks, all in order, Clumio says connected."
    )
    assert told["sides"] == {
        "aws": OK | {"looked_at": 9},
        "access": OK | {"looked_at": 7},
        "clumio": OK | {"looked_at": 1},
    }
    assert told["changes"] == {"create": 10, "update": 0, "adopt": 0, "delete": 0}
    assert told["resources"][0] == {
        "section": "topics",
        "name": "ClumioEventPub",
        "arn": TOPIC,
        "action": "create",
        "differences": [],
        "check": "ok",
        "reason": "",
        "uses": [],
    }
    assert [row["uses"] for row in told["resources"] if row["uses"]] == [
        [TOPIC],
        [TOPIC],
        ["999988887777"],
        ["events.amazonaws.com"],
    ]
    assert told["clumio"]["connection_status"] == "connected"
    assert told["steps"][0] == {"name": "connection at Clumio", "seconds": 0.25}
    assert len(told["steps"]) == 7
    assert told["arns"] == {}


def test_a_second_run_has_nothing_to_change():
    results = samples.onboarded()
    for role in samples.MADE_BY:
        results[role]["changes"] = []
    told = report(results)
    assert told["sentence"] == "updated the connection at Clumio; 12 checks, all in order, Clumio says connected."
    results["connection"]["changed"] = False
    told = report(results)
    assert told["sentence"] == "nothing to change in AWS; 12 checks, all in order, Clumio says connected."
    assert {row["action"] for row in told["resources"]} == {"none"}


@pytest.mark.parametrize(
    ("status", "clumio"), [(None, "register the connection"), ("connecting", "change the connection")]
)
def test_a_dry_run_tells_what_would_be(status, clumio):
    results = samples.onboarded()
    del results["validation"]
    results["connection"]["connection"]["connection_status"] = status
    told = report(results, dry_run=True)
    assert told["sentence"] == f"a dry run. It would make 10 resources in AWS and {clumio} at Clumio."
    assert told["sides"] == {"aws": None, "access": None, "clumio": None}
    assert told["permissions"] is None


def test_a_dry_run_with_nothing_to_do():
    assert report({"connection": {"changed": False}}, dry_run=True)["sentence"] == (
        "a dry run. There is nothing to change."
    )


def test_the_wizard_is_told_the_arns_that_there_are():
    told = report(samples.onboarded() | {"connection": {}}, by_wizard=True)
    assert told["arns"] == {"clumio_iam_role_arn": "arn:aws:iam::111122223333:role/ClumioIAMRole"}
    assert told["sentence"].endswith("all in order, Clumio was not asked.")
    assert report(samples.onboarded(), "validate", by_wizard=True)["arns"] == {}


def test_what_is_not_in_order_is_a_finding():
    told = report(samples.drifted(), "validate", samples.INVALID)
    assert told["status"] == "failed"
    assert told["sentence"] == "not as it should be: 4 faults in 12 checks."
    assert [(found["level"], found["about"]) for found in told["findings"]] == [
        ("fault", "managed policy ClumioS3BackupPolicy"),
        ("fault", "role ClumioIAMRole"),
        ("fault", "access of role ClumioIAMRole"),
        ("fault", "connection_status"),
        ("warning", "ClumioIAMRole"),
    ]
    assert told["findings"][1]["details"][0] == "trust policy is changed"
    assert told["findings"][3]["message"] == "It is not as it should be: found unlinked, not connected."
    assert told["checks"] == {"ok": 8, "missing": 1, "different": 2, "denied": 1}
    assert [told["sides"][side]["faults"] for side in ("aws", "access", "clumio")] == [2, 2, 1]
    assert {row["name"]: row["check"] for row in told["resources"]}["ClumioS3BackupPolicy"] == "missing"
    assert {row["action"] for row in told["resources"]} == {None}
    assert told["permissions"][1]["missing"] == ["ec2:CreateSnapshot", "ec2:CreateTags"]


def test_what_cannot_be_told_is_no_fault():
    told = report(samples.unsure(), "validate")
    assert told["status"] == "attention"
    assert told["sentence"] == "12 checks, 1 cannot be told, Clumio says connected."
    assert told["sides"]["access"] == {"status": "unknown", "faults": 0, "unknown": 6, "looked_at": 7}
    assert [found["level"] for found in told["findings"]] == ["warning"]


@pytest.mark.parametrize("row", [{"status": "unknown"}, {"status": "missing"}])
def test_a_permission_that_is_not_granted_is_to_be_looked_at(row):
    results = samples.onboarded()
    results["validation"]["permissions"][0] |= row
    assert report(results)["status"] == "attention"


def test_a_failure_without_checks_is_the_finding():
    told = report({}, failure=samples.DENIED)
    assert (told["status"], told["failure"]["code"]) == ("failed", "aws_denied")
    assert told["failure"]["task"] == "Present | Ensure the roles are there"
    assert told["sentence"].startswith("IAM refused CreateRole for <hidden>")
    assert [found["message"] for found in told["findings"]] == [told["failure"]["message"]]


def test_a_failure_for_several_reasons_has_each_as_a_finding():
    found = {
        "level": "error",
        "section": "roles",
        "entity": "ClumioIAMRole",
        "member": "",
        "message": "Bad.",
        "hint": "Do.",
    }
    failure = {"task": "t", "msg": "all", "failure": {"code": "c", "findings": [found, found | {"level": "warning"}]}}
    told = report({}, failure=failure)["findings"]
    assert [(each["level"], each["about"], each["message"], each["hint"]) for each in told] == [
        ("fault", "roles.ClumioIAMRole", "Bad.", "Do."),
        ("warning", "roles.ClumioIAMRole", "Bad.", "Do."),
    ]
    facts = {"code": "c", "failures": [{"msg": "One."}, {"msg": "Two."}, {"msg": "One."}]}
    told = report({}, failure={"task": "t", "msg": "all", "failure": facts})["findings"]
    assert [each["message"] for each in told] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("results", "findings"), [(samples.onboarded(), ["connection at Clumio"]), (samples.drifted(), [])]
)
def test_what_clumio_has_to_say_is_told_once(results, findings):
    results["connection"] |= {"msg": "It cannot be moved yet."}
    told = [found["about"] for found in report(results)["findings"]]
    assert [about for about in told if "Clumio" in about and "at" in about.split()] == findings


def test_a_failure_without_words_and_a_long_one():
    assert report({}, failure={"task": "t"})["sentence"] == "It failed without a word."
    long = report({}, failure={"msg": "word " * 200})
    assert long["sentence"].endswith("word ...")
    assert len(long["sentence"]) < 410
    assert len(long["failure"]["message"]) > 900


def test_a_step_that_failed_leaves_its_resources_open():
    results = samples.onboarded()
    results["iam_roles"] = {"failed": True, "msg": "no"}
    del results["ssm_documents"], results["validation"]
    actions = {row["section"]: row["action"] for row in report(results, failure=samples.DENIED)["resources"]}
    assert actions == {
        "topics": "create",
        "rules": "create",
        "policies": None,
        "roles": None,
        "ssm_documents": None,
    }


def test_an_offboarding():
    results = removed(Mine="it belongs to nobody")
    told = report(results, "offboard")
    assert told["sentence"] == "removed 10 resources in AWS and the connection at Clumio."
    assert [(found["about"], found["message"]) for found in told["findings"]] == [
        ("arn:Mine", "It is kept: it belongs to nobody."),
        ("arn:x", "It is known to Clumio, but not tagged as ours: gone already, or it stays."),
    ]
    assert told["status"] == "attention"
    dry = report(results, "offboard", dry_run=True)
    assert dry["sentence"] == "a dry run. It would remove 10 resources in AWS and the connection at Clumio."


def test_an_offboarding_that_was_cut_short_does_not_tell_what_it_has_not_looked_for():
    results = removed()
    del results["sns_topic"]
    assert [found["about"] for found in report(results, "offboard", samples.DENIED)["findings"]] == [""]


def test_an_offboarding_by_the_wizard_and_with_a_key():
    results = removed()
    del results["connection"]
    key = {"section": "kms_keys", "name": "k", "arn": "arn:k", "action": "delete", "differences": []}
    results["sns_topic"]["changes"].append(key)
    told = report(results, "offboard", by_wizard=True)
    assert told["sentence"] == "removed 11 resources in AWS."
    assert [found["message"] for found in told["findings"]] == [
        "AWS keeps a KMS key for 7 days before it deletes it.",
        "Clumio was not asked: remove the connection in its UI.",
    ]
    assert told["status"] == "ok"


def test_nothing_to_take_away():
    empty = {role: {"changes": [], "kept": []} for role in samples.MADE_BY}
    assert report(empty, "offboard")["sentence"] == "nothing to do."


def test_no_secret_is_in_it_and_no_document():
    for results, failure in (
        (samples.onboarded(), None),
        (samples.drifted(), samples.INVALID),
        (samples.onboarded(), samples.DENIED),
    ):
        told = connection_report(
            results,
            Run(playbook="onboard"),
            account=ACCOUNT,
            region=REGION,
            failure=failure,
            secrets=[samples.API_TOKEN, samples.SECRET_KEY],
        )
        assert [secret for secret in samples.SECRETS if secret in str(told)] == []
        assert "trust_policy" not in str(told)
        assert f"Clumio-AGDetails-{HIDDEN}" in str(told) or not results


def test_a_connection_of_which_nothing_is_known():
    told = report({})
    assert told["status"] == "ok"
    assert told["resources"] == []


@pytest.mark.parametrize("status", ["ok", "different"])
def test_who_may_assume_the_roles_is_told(status):
    validation = samples.validated(trust={"status": status})
    assert report({"validation": validation}, "validate")["trust"] == [{"role": "ClumioIAMRole", "status": status}]


@pytest.mark.parametrize(
    ("principal", "uses"),
    [
        ("*", ["*"]),
        (None, []),
        ({"AWS": ["arn:aws:iam::999988887777:root", "arn:x", "AIDA"]}, ["999988887777", "arn:x", "AIDA"]),
        ({"Service": "ec2.amazonaws.com"}, ["ec2.amazonaws.com"]),
    ],
)
def test_whoever_a_role_trusts_is_drawn(principal, uses):
    role = {"name": "R", "arn": "arn:R", "trust_policy": {"Statement": {"Principal": principal}}}
    told = report({"permissions_file": {"permissions": {"roles": [role]}}})
    assert told["resources"][0]["uses"] == uses
