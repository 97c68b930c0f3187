# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make a newer permissions file of another one, with a change of every kind: ``newer.py OLD NEW``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def policy(name: str, statement: dict[str, Any]) -> dict[str, str]:
    """A policy of the file, with one statement."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    return {"name": name, "description": f"What {name} allows", "policy_document": json.dumps(document)}


def newer(text: str) -> dict[str, Any]:
    """The newer file. Clumio's API shows that it has connected only where the old names are part of the new ones."""
    # A managed policy that another one replaces, with all mentions of it.
    text = text.replace('"ClumioEC2RestorePolicy"', '"ClumioEC2RestorePolicyV2"')
    text = text.replace("CLUMIOEC2RESTOREPOLICY", "CLUMIOEC2RESTOREPOLICYV2")
    # An inline policy with a new name.
    text = text.replace('"ClumioKMSPolicy"', '"ClumioKMSPolicyV2"')
    file: dict[str, Any] = json.loads(text)

    # New actions in a managed policy; one of them is about the new role.
    backup = next(
        held for held in file["roles"]["ClumioIAMRole"]["managed_policies"] if held["name"] == "ClumioEC2BackupPolicy"
    )
    document = json.loads(backup["policy_document"])
    document["Statement"] += [
        {"Sid": "Lock", "Effect": "Allow", "Action": ["ec2:LockSnapshot", "ec2:UnlockSnapshot"], "Resource": "*"},
        {"Sid": "Pass", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "CLUMIOARCHIVEROLE"},
    ]
    backup["policy_document"] = json.dumps(document)

    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    archive = {"Action": "ec2:ModifySnapshotTier", "Resource": "arn:aws:ec2:*::snapshot/*"}
    file["roles"]["ClumioArchiveRole"] = {
        "description": "EventBridge Scheduler takes on this role to archive snapshots",
        "steps": "Create the role, then create and attach its managed policy.",
        "trust_policy": json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        "managed_policies": [policy("ClumioArchivePolicy", archive)],
        "inline_policies": [policy("ClumioArchiveInlinePolicy", {"Action": "tag:GetResources", "Resource": "*"})],
    }
    file["rules"]["ClumioArchiveEventRule"] = {
        "description": "Snapshots that were archived",
        "steps": "Create the rule and add the topic as its target.",
        "event_pattern": json.dumps({"source": ["aws.ec2"], "detail-type": ["EBS Snapshot Notification"]}),
        "targets": ["CLUMIOEVENTPUB"],
    }
    heartbeat = file["ssm_documents"]["Clumio-SystemHeartbeat-CLUMIOTOKEN"]
    heartbeat["mainSteps"][0]["inputs"]["runCommand"].append('Write-Output "newer"')
    return file


if __name__ == "__main__":
    old, new = map(Path, sys.argv[1:])
    new.write_text(json.dumps(newer(old.read_text(encoding="utf-8"))), encoding="utf-8")
