# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps of the playbooks onboard and offboard, as their tasks run them: same order, conditions and options.

A test compares the names of the tasks with those of the playbooks, and `make chaos` the calls with those of
ansible-playbook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chaos.modules import Options, Result
from chaos.world import ACCOUNT, REGION

_HERE = {"account_id": ACCOUNT, "region": REGION}
_TOPIC, _RULES = ("kms_keys", "topics"), ("rules",)
_ROLES, _DOCUMENTS = ("policies", "roles", "instance_profiles", "retired"), ("ssm_documents",)


@dataclass(frozen=True)
class Words:
    """What a person types after the name of a playbook; None stands for what is not typed."""

    assets: Sequence[str] = ()
    description: str | None = None
    resource_tags: Mapping[str, str] | None = None
    kms_key: str | None = None
    approve_changes: bool = False


@dataclass
class Memory:
    """What a playbook knows: what was typed, and the results of its tasks by the names they are registered under."""

    words: Words
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def connection(self) -> Result:
        return self.results.get("connection_result", {}).get("connection") or {}

    @property
    def registered(self) -> bool:
        return bool(self.results["connection_result"]["registered"])

    @property
    def file(self) -> Result:
        return self.results["permissions_file_result"]


@dataclass(frozen=True)
class Step:
    """One task that runs a module.

    Attributes:
        task: its name in the playbook; of several tasks that a role or file has for it the name of what imports it.
        result: the name that its result is registered under.
        when: whether it runs.
        check_mode: whether it only looks.
    """

    task: str
    module: str
    result: str
    options: Callable[[Memory], Options]
    when: Callable[[Memory], bool] = lambda _memory: True
    check_mode: Callable[[Memory], bool] = lambda _memory: False


def _connection(resources: Callable[[Memory], Options | None]) -> Callable[[Memory], Options]:
    return lambda memory: {
        **_HERE,
        "asset_types": list(memory.words.assets),
        "description": memory.words.description,
        "resources": resources(memory),
    }


def _file(check_account: Callable[[Memory], bool]) -> Callable[[Memory], Options]:
    return lambda memory: {
        **_HERE,
        "asset_types": list(memory.words.assets),
        "external_id": memory.connection.get("external_id"),
        "token": memory.connection.get("token"),
        "clumio_account_id": memory.connection.get("clumio_aws_account_id"),
        "tags": memory.words.resource_tags,
        "kms_key": memory.words.kms_key,
        "preview": not memory.registered,
        "check_account": check_account(memory),
        "approve_changes": memory.words.approve_changes,
    }


def _planned(memory: Memory, sections: Sequence[str]) -> Options:
    return {section: memory.file["permissions"][section] for section in sections}


def _make(name: str, title: str, sections: Sequence[str], *, grants: bool) -> Step:
    """The step of a role of this collection that makes some sections of the plan."""

    def options(memory: Memory) -> Options:
        approved = {"approve_changes": memory.words.approve_changes} if grants else {}
        return {**_HERE, **_planned(memory, sections), **approved}

    return Step(
        f"Onboard | Make the {title}",
        f"clumio_{name}",
        f"{name}_result",
        options,
        when=lambda memory: name in memory.file["to_do"],
    )


def _validation(memory: Memory) -> Options:
    seen = memory.file["account"].get("in_order") or {}
    sections = ("kms_keys", "topics", *_RULES, *_ROLES, *_DOCUMENTS)
    return {**_HERE, **({} if seen else _planned(memory, sections)), "seen": seen}


ONBOARD = (
    Step(
        "Onboard | Find the connection",
        "clumio_connection",
        "connection_result",
        lambda _memory: _HERE,
        check_mode=lambda _memory: True,
    ),
    Step(
        "Onboard | Resolve the permissions file",
        "clumio_permissions_file",
        "permissions_file_result",
        _file(lambda _memory: True),
    ),
    Step(
        "Onboard | Register the connection at Clumio, or ensure that it takes what is to come",
        "clumio_connection",
        "connection_result",
        _connection(lambda memory: memory.file["arns"] if memory.registered else None),
        check_mode=lambda memory: memory.registered,
    ),
    Step(
        "Onboard | Resolve the permissions file with what Clumio has assigned",
        "clumio_permissions_file",
        "permissions_file_result",
        _file(lambda memory: memory.file["account"].get("found", 1) > 0),
        when=lambda memory: bool(memory.file["preview"]),
    ),
    _make("sns_topic", "topic", _TOPIC, grants=True),
    _make("eventbridge_rules", "rules", _RULES, grants=False),
    _make("iam_roles", "roles", _ROLES, grants=True),
    _make("ssm_documents", "SSM documents", _DOCUMENTS, grants=False),
    Step(
        "Onboard | Hand the ARNs over to Clumio",
        "clumio_connection",
        "connection_result",
        _connection(lambda memory: memory.file["arns"]),
    ),
    Step("Onboard | Validate", "clumio_connection_validate", "validation_result", _validation),
)


def _remove(name: str, title: str) -> Step:
    everything = {**_HERE, "state": "absent", "everything": True}
    return Step(f"Offboard | Remove the {title}", f"clumio_{name}", f"{name}_result", lambda _memory: everything)


OFFBOARD = (
    Step(
        "Offboard | Enter the account",
        "clumio_account_credentials",
        "entered_account",
        lambda _memory: _HERE,
    ),
    Step(
        "Offboard | Find the connection at Clumio",
        "clumio_connection",
        "connection_result",
        lambda _memory: _HERE,
        check_mode=lambda _memory: True,
    ),
    _remove("iam_roles", "roles"),
    _remove("ssm_documents", "SSM documents"),
    _remove("eventbridge_rules", "rules"),
    _remove("sns_topic", "topic"),
    Step(
        "Offboard | Remove the connection at Clumio",
        "clumio_connection",
        "connection_result",
        lambda _memory: {**_HERE, "state": "absent"},
    ),
)

#: Tasks of the playbooks that are no step here, and why.
LEFT_OUT = {
    "Onboard | Begin": "writes down the time only",
    "Onboard | Enter the account": "only with assume_role; offboarding has the same step always",
    "Onboard | Ask for approval of what is granted anew": "asks a person",
    "Onboard | Move the connection to its organizational unit": "only with organizational_unit",
    "Offboard | Begin": "writes down the time only",
    "Offboard | Ensure that no stack keeps the connection": "looks at what was read",
    "Offboard | Ensure that this connection is meant": "looks at what was typed",
}
