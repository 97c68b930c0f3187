# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The permissions files that the sandbox's Clumio API hands out.

A permissions file says what Clumio needs in one AWS account and region for the asset types a person has chosen. Its
shape is the one of Clumio's SDKs (``CategorisedResources``), where policies, trust policies and event patterns are
JSON in strings and SSM documents are objects.

The content stands in YAML: ``base.yml`` for every file and ``assets/<asset type>.yml`` for what an asset adds.
``build`` lays the files over each other: mappings are merged, lists are joined without repetitions. The notation:

- The members are those of a permissions file, but whatever has a name is a mapping by that name, and a policy has
  ``statements`` by their ``Sid``, all with the effect Allow.
- ``<account>``, ``<region>``, ``<partition>``, ``<clumio_account>`` and ``<data_plane_account>`` are filled in here.
- Words in capitals are Clumio's placeholders and stay for the reader of the file: ``ROLEEXTERNALID``, ``CLUMIOTOKEN``
  and, for the ARN of an entity, its name without punctuation (``CLUMIOIAMROLE``). One that names an entity the file
  does not have is left out of a statement's resources, and a statement without resources is left out altogether.
- A policy that only restores need has ``restore: true``. It is not in a file for ``inventory_backup``, nor is anything
  that names it.
- A rule has ``patterns`` by a name that only serves merging; an event that fits one of them fits the rule.
- An SSM document has only a description and parameters. Its script is a stand-in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, reduce
from pathlib import Path
from typing import Any

import yaml

ASSET_TYPES = ("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue", "iceberg_on_s3_tables")
"""The words for asset types, in the order in which their parts stand in a file."""

PERMISSION_SETS = ("all", "inventory_backup")
"""What Clumio may do: everything, or everything but restores."""

_HERE = Path(__file__).parent
_VARIABLE = re.compile(r"<([a-z_]+)>")
_SHOW_LENGTH = "Write-Output \"NAME: $('{{NAME}}'.Length) characters\""
_EXECUTION_TIMEOUT = {
    "type": "String",
    "description": "Seconds that the script may take",
    "default": "3600",
    "allowedPattern": "[0-9]+",
}


def build(
    asset_types: Sequence[str],
    account: str,
    region: str,
    *,
    clumio_account: str,
    data_plane_account: str,
    permission_set: str = "all",
) -> dict[str, Any]:
    """The permissions file for some asset types in one account and region.

    Args:
        asset_types: any of ``ASSET_TYPES``, in any order; none makes a file without rules.
        account: the 12 digits of the customer's account.
        region: an AWS region; it also decides the partition of every ARN.
        clumio_account: the account of Clumio's roles that assume the customer's.
        data_plane_account: the account that holds the backups.
        permission_set: one of ``PERMISSION_SETS``.

    Returns:
        ``policies``, ``roles``, ``rules``, ``ssm_documents`` and ``topics``, each a mapping by name and sorted, as
        Clumio's own API sorts them. It is the caller's to change.

    Raises:
        ValueError: an asset type or the permission set is unknown, or ``mssql`` comes without ``ebs``.
    """
    if unknown := sorted(set(asset_types) - set(ASSET_TYPES)):
        raise ValueError(f"unknown asset types: {', '.join(unknown)}")
    if "mssql" in asset_types and "ebs" not in asset_types:
        raise ValueError("mssql needs ebs")
    if permission_set not in PERMISSION_SETS:
        raise ValueError(f"unknown permission set: {permission_set}")

    parts = [_HERE / "base.yml", *(_HERE / "assets" / f"{word}.yml" for word in ASSET_TYPES if word in asset_types)]
    source = _filled(
        reduce(_merged, map(_loaded, parts)),
        {
            "account": account,
            "region": region,
            "partition": _partition(region),
            "clumio_account": clumio_account,
            "data_plane_account": data_plane_account,
        },
    )
    source["rules"] = {name: rule for name, rule in source["rules"].items() if "patterns" in rule}
    if permission_set == "inventory_backup":
        for holder in (source, *source["roles"].values()):
            for member in {"policies", "inline_policies", "managed_policies"} & holder.keys():
                holder[member] = {name: policy for name, policy in holder[member].items() if "restore" not in policy}

    managed = [name for role in source["roles"].values() for name in role["managed_policies"]]
    entities = {
        re.sub(r"[^A-Z0-9]", "", name.upper())
        for name in [*source["topics"], *source["rules"], *source["roles"], *source["policies"], *managed]
    }

    def policies(by_name: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [_policy(name, by_name[name], entities) for name in by_name]

    roles = {
        name: {
            "description": role["description"],
            "inline_policies": policies(role["inline_policies"]),
            "managed_policies": policies(role["managed_policies"]),
            "steps": role["steps"],
            "trust_policy": _trust_policy(role["trust_policy"]),
        }
        for name, role in source["roles"].items()
    }
    rules = {
        name: {
            "description": rule["description"],
            "event_pattern": _event_pattern(rule["patterns"]),
            "steps": rule["steps"],
            "targets": rule["targets"],
        }
        for name, rule in source["rules"].items()
    }
    topics = {
        name: {"policies": policies(topic["policies"]), "steps": topic["steps"]}
        for name, topic in source["topics"].items()
    }
    unattached = {policy["name"]: policy for policy in policies(source["policies"])}
    documents = {name: _ssm_document(**document) for name, document in source["ssm_documents"].items()}
    return {
        section: dict(sorted(by_name.items()))
        for section, by_name in (
            ("policies", unattached),
            ("roles", roles),
            ("rules", rules),
            ("ssm_documents", documents),
            ("topics", topics),
        )
    }


@lru_cache
def _loaded(path: Path) -> dict[str, Any]:
    """A YAML file, read once. Nobody may change it: the cache gives everyone the same one."""
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def _merged(first: Any, second: Any) -> Any:
    """Both mappings in one, or both lists in one without repetitions. Changes neither."""
    if isinstance(first, dict):
        return first | {key: _merged(first[key], value) if key in first else value for key, value in second.items()}
    return first + [item for item in second if item not in first]


def _filled(node: Any, variables: Mapping[str, str]) -> Any:
    """A copy in which every ``<variable>`` has its value; an unknown one is a KeyError."""
    if isinstance(node, dict):
        return {key: _filled(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(item, variables) for item in node]
    if isinstance(node, str):
        return _VARIABLE.sub(lambda match: variables[match[1]], node)
    return node


def _partition(region: str) -> str:
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws"


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def _policy(name: str, policy: Mapping[str, Any], entities: Collection[str]) -> dict[str, Any]:
    statements = [_statement(sid, statement, entities) for sid, statement in policy["statements"].items()]
    document = {"Version": "2012-10-17", "Statement": [statement for statement in statements if statement["Resource"]]}
    return {"description": policy["description"], "name": name, "policy_document": _json(document)}


def _statement(sid: str, statement: Mapping[str, Any], entities: Collection[str]) -> dict[str, Any]:
    resources = statement["resources"]
    if isinstance(resources, str):
        resources = [resources]
    present = [resource for resource in resources if not resource.startswith("CLUMIO") or resource in entities]
    return {
        "Sid": sid,
        "Effect": "Allow",
        **({"Principal": statement["principal"]} if "principal" in statement else {}),
        "Action": statement["actions"],
        # One resource stands alone, as in Clumio's documents: it also keeps them under IAM's limits.
        "Resource": present[0] if len(present) == 1 else present,
        **({"Condition": statement["condition"]} if "condition" in statement else {}),
    }


def _trust_policy(trust: Mapping[str, Any]) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": trust["principal"],
        "Action": "sts:AssumeRole",
        **({"Condition": trust["condition"]} if "condition" in trust else {}),
    }
    return _json({"Version": "2012-10-17", "Statement": [statement]})


def _event_pattern(patterns: Mapping[str, Any]) -> str:
    alternatives = list(patterns.values())
    return _json(alternatives[0] if len(alternatives) == 1 else {"$or": alternatives})


def _ssm_document(description: str, parameters: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """A document whose script tells how long each value is: some are secrets, so none is written out."""
    return {
        "schemaVersion": "2.2",
        "description": description,
        "parameters": {
            **{name: {"type": "String", **parameter} for name, parameter in parameters.items()},
            "executionTimeout": dict(_EXECUTION_TIMEOUT),
        },
        "mainSteps": [
            {
                "action": "aws:runPowerShellScript",
                "name": "runCommands",
                "precondition": {"StringEquals": ["platformType", "Windows"]},
                "inputs": {
                    "timeoutSeconds": "{{executionTimeout}}",
                    "runCommand": [
                        "# Stands in for Clumio's script and changes nothing.",
                        *(_SHOW_LENGTH.replace("NAME", name) for name in parameters),
                        'Write-Output "executionTimeout: {{executionTimeout}} seconds"',
                    ],
                },
            }
        ],
    }
