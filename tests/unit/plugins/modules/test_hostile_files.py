# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever stands in a permissions file, or in its place, the preflight says what it saw and touches nothing."""

from __future__ import annotations

import copy
import json
import os
import socket
import time
import tracemalloc

import pytest
from aws_in_process import ACCOUNT, REGION
from clumio_helpers import run_main
from permissions_files import (
    CLUMIO_ACCOUNT,
    EXTERNAL_ID,
    TOKEN,
    permissions_file,
    policy,
    smallest_file,
    trust_policy,
)

from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import MAXIMUM_BYTES
from ansible_collections.clumio.aws.plugins.modules import clumio_permissions_file

OPTIONS = {
    "account_id": ACCOUNT,
    "region": REGION,
    "token": TOKEN,
    "external_id": EXTERNAL_ID,
    "clumio_account_id": CLUMIO_ACCOUNT,
}
FILE = permissions_file("ebs")
STRANGER = "666666666666"
SSM = {"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {}}]}

# Seconds of the processor: more than any of these needs, and far less than what they would take without limits.
SOON = 10


def run(**options):
    """The result, which did not take much time."""
    begin = time.process_time()
    result = run_main(clumio_permissions_file, OPTIONS | options)
    assert time.process_time() - begin < SOON
    assert "Traceback" not in json.dumps(result)
    return result


def refused(result, code):
    """The module has failed with one sentence that can be shown."""
    assert result["failed"]
    assert result["failure"]["code"] == code
    assert result["msg"].isprintable()
    assert len(result["msg"]) < 100 * 1200
    return result["msg"]


def found(result):
    """Code and place of every error."""
    return {
        (finding["code"], ".".join(filter(None, (finding[part] for part in ("section", "entity", "member")))))
        for finding in result["failure"]["findings"]
        if finding["level"] == "error"
    }


# ---- what it says


def test_everything_that_is_wrong_is_told_at_once(aws):
    """A file that tries it in every way: one list, and not one call that writes."""
    file = copy.deepcopy(FILE)
    file["topics"]["ClumioEventPub"]["policies"][0]["policy_document"] = policy(
        Principal={"AWS": f"arn:aws:iam::{STRANGER}:root"}, Action="sns:*", Resource="CLUMIOEVENTPUB"
    )
    file["topics"]["Open"] = {
        "policies": [{"name": "P", "policy_document": policy(Principal="*", Action="sns:*", Resource="CLUMIOEVENTPUB")}]
    }
    file["rules"]["ClumioCloudtrailEventRule"]["targets"] = [f"arn:aws:sns:{REGION}:{STRANGER}:Mine"]
    file["rules"]["\x1b[31mred\x1b[0m\n"] = {"event_pattern": {"source": ["a"]}, "description": "\x1b]0;title\x07"}
    trusts = {
        "Stranger": {"Principal": {"AWS": [f"arn:aws:iam::{STRANGER}:root", CLUMIO_ACCOUNT]}},
        "Anyone": {"Principal": {"AWS": "*"}},
        "AnyoneElse": {"NotPrincipal": {"AWS": CLUMIO_ACCOUNT}},
        "Web": {"Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity"},
        "Machine": {"Principal": {"Service": "evil.example.com"}},
        "WithoutId": {"Condition": {}},
        "AnyId": {"Condition": {"StringLike": {"sts:ExternalId": "*"}}},
        "OtherId": {"Condition": {"StringEquals": {"sts:ExternalId": "mine"}}},
        "../../Admin": {},
        "CLUMIOiamROLE": {},
        "x" * 65: {},
        "{{ lookup('pipe', 'id') }}": {},
        "Clumi\u043e": {},
        "nul\0": {},
    }
    for name, statement in trusts.items():
        file["roles"][name] = {"trust_policy": trust_policy(**statement)}
    file["roles"]["ClumioIAMRole"]["trust_policy"] = {
        "Statement": [
            *trust_policy()["Statement"],
            *trust_policy(Principal={"AWS": STRANGER})["Statement"],
        ]
    }
    file["policies"] |= {
        "arn:aws:iam::aws:policy/AdministratorAccess": {"policy_document": policy(Action="a:b", Resource="*")},
        "Everything": {"policy_document": policy(NotAction="a:b", Resource="*")},
        "Iam": {"policy_document": policy(Action="iam:*", Resource="*")},
        "Foreign": {"policy_document": policy(Action="sts:AssumeRole", Resource=f"arn:aws:iam::{STRANGER}:role/x")},
    }
    file["ssm_documents"] = {"AWS-RunShellScript": SSM, "<script>alert(1)</script>": SSM}

    with aws.recorded() as calls:
        results = [run(content=file, check_account=True, _ansible_check_mode=mode) for mode in (True, False)]
    assert [call.operation for call in calls if call.writes] == []
    for result in results:
        told = refused(result, "ambiguous_placeholder")
        assert "for 29 reasons" in told
        assert found(result) == {
            ("foreign_principal", "topics.ClumioEventPub.policy"),
            ("open_topic", "topics.Open.policy"),
            ("foreign_target", "rules.ClumioCloudtrailEventRule.targets"),
            ("invalid_name", r"rules.\x1b[31mred\x1b[0m\n"),
            ("invalid_description", r"rules.\x1b[31mred\x1b[0m\n.description"),
            ("foreign_principal", "roles.ClumioIAMRole.trust_policy.Statement[1]"),
            ("foreign_principal", "roles.Stranger.trust_policy.Statement[0]"),
            ("wildcard_principal", "roles.Anyone.trust_policy.Statement[0]"),
            ("wildcard_principal", "roles.AnyoneElse.trust_policy.Statement[0]"),
            ("foreign_principal", "roles.Web.trust_policy.Statement[0]"),
            ("foreign_principal", "roles.Machine.trust_policy.Statement[0]"),
            ("missing_external_id_condition", "roles.WithoutId.trust_policy.Statement[0]"),
            ("missing_external_id_condition", "roles.AnyId.trust_policy.Statement[0]"),
            ("foreign_external_id", "roles.OtherId.trust_policy.Statement[0]"),
            ("invalid_name", "roles.../../Admin"),
            ("duplicate_name", "roles.CLUMIOiamROLE"),
            ("duplicate_name", "roles.ClumioIAMRole"),
            ("ambiguous_placeholder", "roles.ClumioIAMRole.inline_policies.ClumioBasePolicy"),
            ("ambiguous_placeholder", "roles.ClumioIAMRole.inline_policies.ClumioDriftDetectPolicy"),
            ("name_too_long", f"roles.{'x' * 65}"),
            ("invalid_name", "roles.{{ lookup('pipe', 'id') }}"),
            ("invalid_name", "roles.Clumi\u043e"),
            ("invalid_name", r"roles.nul\x00"),
            ("invalid_name", "policies.arn:aws:iam::aws:policy/AdministratorAccess"),
            ("allows_everything", "policies.Everything.document"),
            ("allows_everything", "policies.Iam.document"),
            ("foreign_account", ""),
            ("invalid_name", "ssm_documents.AWS-RunShellScript"),
            ("invalid_name", "ssm_documents.<script>alert(1)</script>"),
        }


TEMPLATES = [
    "{{ lookup('pipe', 'touch {marker}') }}",
    "{% set x = lookup('pipe', 'touch {marker}') %}{{ x }}",
    "{# x #}{{ 1 }}",
    "!unsafe {{ 1 }}",
    "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  00",
    "!!python/object/apply:os.system ['touch {marker}']",
    "$(touch {marker}) `touch {marker}`; touch {marker}",
    "${jndi:ldap://x} %(x)s {0} {x.__class__}",
    "<script>alert(1)</script>",
]
MEMBERS = ["__proto__", "__class__", "ansible_facts", "a.b", ""]


def test_what_looks_like_a_template_is_text(tmp_path):
    marker = tmp_path / "marker"
    texts = [text.replace("{marker}", str(marker)) for text in TEMPLATES]
    content = SSM | {"parameters": {key: {"type": "String", "default": texts} for key in MEMBERS}}
    pattern = {"detail": {text: [text] for text in texts} | {key: ["x"] for key in MEMBERS}}
    result = run(
        content=json.dumps(
            smallest_file(
                topics={"ClumioEventPub": {}},
                rules={"R": {"event_pattern": pattern, "description": texts[0]}},
                ssm_documents={"Clumio-D": content},
            )
        )
    )
    assert result["permissions"]["ssm_documents"][0]["content"] == content
    assert result["permissions"]["rules"][0]["event_pattern"] == pattern
    assert result["permissions"]["rules"][0]["description"] == texts[0]
    assert not marker.exists()


@pytest.mark.parametrize("member", ["__ansible_type", "__ansible_unsafe", "__ansible_vault", "_ansible_no_log"])
@pytest.mark.parametrize("write", [lambda document: document, json.dumps], ids=["as objects", "as text"])
def test_what_ansible_would_take_for_its_own_is_refused(member, write):
    """It would not be a text any more, or end Ansible with an error of its own."""
    document = write(SSM | {"parameters": {"p": {member: {"x": "y"}}}})
    told = refused(run(content=json.dumps(smallest_file(ssm_documents={"D": document}))), "invalid_permissions_file")
    assert "_ansible_" in told or "neither JSON nor YAML" in told


def test_yaml_of_an_ssm_document_runs_nothing(tmp_path):
    marker = tmp_path / "marker"
    text = f"schemaVersion: '2.2'\nmainSteps: [a]\nx: !!python/object/apply:os.system ['touch {marker}']\n"
    refused(run(content=smallest_file(ssm_documents={"D": text})), "invalid_permissions_file")
    assert not marker.exists()


# ---- how much of it there is


def many(entities, entity):
    return {f"N{number}": entity for number in range(entities)}


ENDLESS = {
    "nesting": '{"roles": ' + '{"a":' * 100_000,
    "nesting that ends": '{"roles": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "empty objects": '{"roles": [' + "{}," * (MAXIMUM_BYTES // 3 - 10) + "{}]}",
    "one name": json.dumps({"roles": {"x" * (MAXIMUM_BYTES - 100): 1}}),
    "one name twice": '{"' + "x" * 2_000_000 + '": 1, "' + "x" * 2_000_000 + '": 1}',
    "roles": json.dumps({"roles": many(50_000, {"trust_policy": {}})}),
    "faulty roles, as many as are read": json.dumps({"roles": many(1000, {"trust_policy": 1})}),
    "policies of a role": json.dumps(smallest_file(roles={"R": {"inline_policies": [1] * 1_000_000}})),
    "targets of a rule": json.dumps(smallest_file(rules={"R": {"event_pattern": {}, "targets": [1] * 1_000_000}})),
    "permissions of a policy": json.dumps(
        smallest_file(policies={"P": {"policy_document": policy(Action=["a"] * 5000, Resource=["b"] * 5000)}})
    ),
    "permissions of many statements": json.dumps(
        smallest_file(policies={"P": {"policy_document": {"Statement": policy()["Statement"] * 50_000}}})
    ),
    "strings in strings": json.dumps(json.dumps(json.dumps(json.dumps(json.dumps(json.dumps({"roles": {}})))))),
    "aliases": json.dumps(smallest_file(ssm_documents={"D": "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"})),
    "digits": '{"roles": ' + "9" * 1_000_000 + "}",
}


@pytest.mark.parametrize("raw", ENDLESS.values(), ids=ENDLESS)
def test_a_file_of_a_size_that_none_has(tmp_path, raw):
    path = tmp_path / "file.json"
    path.write_text(raw)
    refused(run(path=str(path)), "invalid_permissions_file")


def test_a_file_full_of_placeholders_takes_no_time():
    """As many as there can be, each compared with as many words."""
    names = {f"Clumio{number:04}": {"policy_document": policy(Action="a:b", Resource="*")} for number in range(900)}
    text = "CLUMIO0899 CLUMIO " * 100_000
    file = smallest_file(policies=names, ssm_documents={"Clumio-D": SSM | {"description": text}})
    refused(run(content=json.dumps(file)), "unknown_placeholder")


# ---- what stands in its place


@pytest.fixture
def places(tmp_path):
    """Paths of what is no file, or none that could be read."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to-pipe").symlink_to("pipe")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "nowhere").symlink_to("missing")
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(2**40)
    end = socket.socket(socket.AF_UNIX)
    end.bind(os.path.relpath(tmp_path / "socket"))
    yield lambda name: name if name.startswith("/") else str(tmp_path / name)
    end.close()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(
            (name, "unreadable_path")
            for name in ("pipe", "to-pipe", "round", "nowhere", "socket", ".", "a\0b", "x" * 5000)
        ),
        *((name, "unreadable_path") for name in ("/dev/zero", "/dev/null", "/dev/tty", "/dev/stdin", "/proc/self/mem")),
        *((name, "invalid_permissions_file") for name in ("sparse", "/proc/self/environ", "/proc/cpuinfo")),
    ],
)
@pytest.mark.parametrize("option", ["path", "previous"])
def test_a_path_of_something_else(places, name, code, option):
    tracemalloc.start()
    try:
        told = refused(run(**{"content": FILE} if option == "previous" else {}, **{option: places(name)}), code)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MAXIMUM_BYTES
    # What is in it, the environment say, is not told.
    assert len(told) < 6000
    assert "PATH=" not in told


def look(path):
    """What is at a path: its kind, and which one it is."""
    try:
        there = os.lstat(path)
    except (OSError, ValueError):
        return None
    return there.st_mode, there.st_ino


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    "name", ["pipe", "to-pipe", "round", "socket", ".", "a\0b", "x" * 5000, "/dev/null", "/proc/self/x", "missing/x"]
)
def test_a_dest_of_something_else(places, name, check_mode):
    dest = places(name)
    before = look(dest)
    told = run(content=FILE, dest=dest, _ansible_check_mode=check_mode)
    assert told["failed"]
    assert told["failure"]["code"] == "unwritable_dest"
    assert look(dest) == before


@pytest.mark.parametrize("target", ["there", "missing"])
def test_a_dest_that_is_a_link_is_replaced_and_not_followed(tmp_path, target):
    (tmp_path / "there").write_text("precious")
    (tmp_path / "link").symlink_to(target)
    raw = json.dumps(FILE)
    assert run(content=raw, dest=str(tmp_path / "link"))["changed"]
    assert (tmp_path / "link").read_text() == raw
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "precious"
    assert not (tmp_path / "missing").exists()
