# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Results of roles as the modules return them, with all that a report must not show, and reports made of them."""

from __future__ import annotations

from typing import Any

from ansible_collections.clumio.aws.plugins.filter.report import connection_report, run_report

EXTERNAL_ID = "ExternalID_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
TOKEN = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
API_TOKEN = "abcdefgh-api-token-of-clumio"
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SECRETS = (EXTERNAL_ID, TOKEN, API_TOKEN, ACCESS_KEY, SECRET_KEY)

# What somebody may write into a file, a tag or a name.
MARKUP = "<script>alert(1)</script><b onclick='x'>\"&{{ 7 * 7 }}{% raw %}"

POLICIES = ("ClumioBaseManagedPolicy", "ClumioEC2BackupPolicy", "ClumioEC2RestorePolicy", "ClumioS3BackupPolicy")


def plan(account: str, region: str) -> dict[str, list[Any]]:
    """As clumio_permissions_file returns it in C(permissions), shortened."""
    topic = f"arn:aws:sns:{region}:{account}:ClumioEventPub"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::999988887777:role/ClumioCustomerProtectRole"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
            }
        ],
    }
    service = {"Statement": {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}}
    iam = f"arn:aws:iam::{account}"
    return {
        "kms_keys": [],
        "topics": [{"name": "ClumioEventPub", "arn": topic, "policy": {}, "tags": None}],
        "rules": [
            {
                "name": name,
                "arn": f"arn:aws:events:{region}:{account}:rule/{name}",
                "targets": [{"id": "clumio-publish", "arn": topic, "settings": {}}],
            }
            for name in ("ClumioCloudtrailEventRule", "ClumioCloudwatchEventRule")
        ],
        "policies": [{"name": name, "arn": f"{iam}:policy/{name}", "document": {}} for name in POLICIES],
        "roles": [
            {"name": "ClumioIAMRole", "arn": f"{iam}:role/ClumioIAMRole", "trust_policy": trust},
            {
                "name": "ClumioS3ContinuousBackupEventBridgeRole",
                "arn": f"{iam}:role/ClumioS3ContinuousBackupEventBridgeRole",
                "trust_policy": service,
            },
        ],
        "instance_profiles": [],
        "ssm_documents": [
            {
                "name": f"Clumio-AGDetails-{TOKEN}",
                "arn": f"arn:aws:ssm:{region}:{account}:document/Clumio-AGDetails-{TOKEN}",
                "content": {"timeoutSeconds": "{{executionTimeout}}"},
            }
        ],
        "retired": [],
    }


MADE_BY = {
    "sns_topic": ("kms_keys", "topics"),
    "eventbridge_rules": ("rules",),
    "iam_roles": ("policies", "roles", "instance_profiles"),
    "ssm_documents": ("ssm_documents",),
}


def onboarded(account: str = "111122223333", region: str = "us-west-2", action: str = "create") -> dict[str, Any]:
    """The results of all roles of a run of C(onboard) in which all went well."""
    planned = plan(account, region)
    made = {
        role: {
            "changed": True,
            "changes": [
                {"section": section, "name": item["name"], "arn": item["arn"], "action": action, "differences": []}
                for section in sections
                for item in planned[section]
            ],
            "extras": [],
            "kept": [],
            "elapsed": 0.5,
            "diff": [{"before": "", "after": f"external id {EXTERNAL_ID}"}],
            "invocation": {"module_args": {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}},
        }
        for role, sections in MADE_BY.items()
    }
    return {
        "connection": {"changed": True, "connection": connection(account, region), "elapsed": 0.25},
        "permissions_file": {
            "permissions": planned,
            "arns": {"clumio_iam_role_arn": planned["roles"][0]["arn"], "service_roles": {"s3": {"empty_arn": ""}}},
            "findings": [],
            "elapsed": 0.125,
        },
        **made,
        "validation": validated(account, region),
    }


def connection(account: str, region: str, status: str = "connected") -> dict[str, Any]:
    """As clumio_connection returns it."""
    return {
        "id": f"{account}_{region}",
        "connection_status": status,
        "ingestion_status": "completed",
        "target_setup_status": "completed",
        "asset_types": ["ebs", "s3"],
        "description": "Production",
        "clumio_aws_account_id": "999988887777",
        "organizational_unit_id": "00000000-0000-0000-0000-000000000000",
        "external_id": EXTERNAL_ID,
        "token": TOKEN,
    }


def validated(account: str = "111122223333", region: str = "us-west-2", **wrong: dict[str, Any]) -> dict[str, Any]:
    """As clumio_connection_validate returns it; C(wrong) are members of the check of a role or policy, by its name."""
    planned = plan(account, region)
    kinds = {"topics": "topic", "rules": "rule", "policies": "managed policy", "roles": "role"}
    checks = [
        check(f"{kind} {item['name']}", item["arn"], **wrong.get(item["name"], {}))
        for section, kind in kinds.items()
        for item in planned[section]
    ]
    role = planned["roles"][0]["arn"]
    checks += [check(f"{what} of role ClumioIAMRole", role, **wrong.get(what, {})) for what in ("access", "trust")]
    checks.append(check("connection_status", f"{account}_{region}", side="clumio", **wrong.get("clumio", {})))
    granted = {"roles": ["ClumioIAMRole"], "actions": 12, "missing": [], "causes": []}
    rows = [("ebs", "inventory"), ("ebs", "backup"), ("ebs", "restore"), ("s3", "inventory"), ("s3", "backup")]
    permissions = [{"asset_type": kind, "capability": what, "status": "granted", **granted} for kind, what in rows]
    faulty = any(found["status"] in ("missing", "different", "denied") for found in checks)
    if "access" in wrong:
        permissions[1] |= {
            "status": "partly",
            "missing": ["ec2:CreateSnapshot", "ec2:CreateTags"],
            "causes": ["the permissions boundary"],
        }
    result = {
        "valid": not faulty,
        "checks": checks,
        "permissions": permissions,
        "extras": [],
        "connection": connection(account, region),
        "elapsed": 1.5,
        "msg": "told",
    }
    return result | ({"failed": True, "failure": {"code": "invalid", "hint": ""}} if faulty else {})


def check(name: str, entity: str, **members: Any) -> dict[str, Any]:
    """One check, in order unless told otherwise."""
    usual = {"side": "aws", "status": "ok", "expected": None, "found": None, "differences": [], "hint": ""}
    return {"name": name, "entity": entity, **usual, **members}


REPAIR = "Run the onboard playbook again to put it back."


def drifted(account: str = "111122223333", region: str = "us-west-2") -> dict[str, Any]:
    """The results of C(validate) where a role was changed, a policy is gone and Clumio lost the account."""
    trust = {"trust_policy": {"Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}}}
    validation = validated(
        account,
        region,
        ClumioIAMRole={
            "status": "different",
            "expected": trust,
            "found": {},
            "differences": ["trust policy is changed", f"tag {MARKUP} is missing"],
            "hint": REPAIR,
        },
        ClumioS3BackupPolicy={"status": "missing", "hint": REPAIR},
        access={"status": "denied", "differences": ["2 actions are denied by the permissions boundary"]},
        clumio={"status": "different", "expected": "connected", "found": "unlinked", "hint": "Look at Clumio's UI."},
    )
    validation["connection"] = connection(account, region, "unlinked")
    validation["extras"] = [
        {"section": "roles", "name": "ClumioIAMRole", "arn": "", "extra": f"inline policy {MARKUP}"}
    ]
    results = onboarded(account, region)
    return {
        "connection": results["connection"] | {"changed": False},
        "permissions_file": results["permissions_file"],
        "validation": validation,
    }


def unsure(account: str = "111122223333", region: str = "us-west-2") -> dict[str, Any]:
    """The results of C(validate) with credentials that may not ask AWS's simulator."""
    hint = "Allow iam:SimulatePrincipalPolicy."
    validation = validated(account, region, access={"status": "unknown", "found": "not allowed to ask", "hint": hint})
    validation["permissions"] = [row | {"status": "unknown"} for row in validation["permissions"]]
    return {"permissions_file": onboarded(account, region)["permissions_file"], "validation": validation}


INVALID = {
    "task": "Validate | Compare",
    "msg": f"It is not as it should be, with {EXTERNAL_ID}.",
    "failure": {"code": "invalid"},
}
DENIED = {
    "task": "Present | Ensure the roles are there",
    "msg": f"IAM refused CreateRole for {ACCESS_KEY}: {MARKUP} Bearer {API_TOKEN}.",
    "failure": {"code": "aws_denied", "hint": "Ask for the right."},
}


def fleet(number: int, playbook: str = "validate") -> str:
    """Of ten connections one fails, one has drifted, one cannot tell, one is not reached; the others are in order."""
    reports: dict[str, str | None] = {}
    for index in range(number):
        account, region = f"{200000000000 + index}", ("us-west-2", "eu-central-1")[index % 2]
        kind = index % 10
        results, failure = onboarded(account, region), None
        if kind == 0:
            results, failure = {}, DENIED
        elif kind == 1:
            results, failure = drifted(account, region), INVALID
        elif kind == 2:
            results = unsure(account, region)
        report = connection_report(results, account, region, playbook, failure=failure, secrets=[API_TOKEN])
        reports[f"{account}_{region}"] = None if kind == 3 else report
    return document(reports, playbook)


def document(reports: dict[str, str | None], playbook: str = "validate", *, dry_run: bool = False) -> str:
    """The document of these reports, of a run of 70.5 seconds."""
    return run_report(
        reports, playbook, "2026-11-22T20:13:00.250+00:00", "2026-11-22T20:14:10.750+00:00", dry_run=dry_run
    )
