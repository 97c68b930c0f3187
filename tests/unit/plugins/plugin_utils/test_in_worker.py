# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A module says the same, and does the same, wherever it runs: C(ansible-playbook) itself, both ways."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from permissions_files import permissions_file

from ansible_collections.clumio.aws.plugins.plugin_utils.in_worker import InWorker
from sandbox.clumio_api import create_app
from sandbox.connections import Verification
from sandbox.server import running

TOKEN = "the-api-token-of-these-tests"
ACCOUNT, REGION = "111122223333", "us-west-2"
PLACE = {"account_id": ACCOUNT, "region": REGION}
PASSWORD = b"a password of these tests"
MODULES = sorted(path.stem for path in (Path(__file__).parents[4] / "plugins/modules").glob("clumio_*.py"))
INSIDE = "runs inside the worker"


@pytest.mark.parametrize("name", MODULES)
def test_every_module_can_run_in_the_worker(name):
    action = importlib.import_module(f"ansible_collections.clumio.aws.plugins.action.{name}").ActionModule
    assert issubclass(action, InWorker)
    assert action.module.__name__.rpartition(".")[2] == name


WITHOUT_BOTO3 = """
import sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("boto3", "botocore"):
            raise ImportError(name)

sys.meta_path.insert(0, Nothing())
from ansible_collections.clumio.aws.plugins.action import {name}
"""


@pytest.mark.parametrize("name", ["clumio_connection_validate", "clumio_permissions_file"])
def test_the_controller_of_other_hosts_needs_no_boto3(name):
    run = subprocess.run([sys.executable, "-c", WITHOUT_BOTO3.format(name=name)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_a_profile_that_is_not_there_keeps_no_task_from_its_start():
    """Whoever connects is told."""
    environment = os.environ | {"AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": os.devnull}
    command = [sys.executable, "-c", "from ansible_collections.clumio.aws.plugins.action import clumio_connection"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def clumio():
    app = create_app(token=TOKEN, verify=lambda _: Verification(), connect_delay=0, ingest_delay=0)
    with running(app) as url:
        yield url


@pytest.fixture
def play(tmp_path, clumio):
    """Run tasks, by name; results by name, and everything that was shown."""
    file = json.dumps(permissions_file("ebs", "mssql", account=ACCOUNT)).replace('"Reads ', '"{{ executionTimeout }} ')
    (tmp_path / "file.json").write_text(file)
    (tmp_path / "password").write_bytes(PASSWORD)
    secret = VaultLib([("default", VaultSecret(PASSWORD))]).encrypt(TOKEN.encode()).decode()
    (tmp_path / "vault.yml").write_text("vaulted: !vault |\n" + "".join(f"  {line}\n" for line in secret.splitlines()))

    def play(tasks, **variables):
        for name, task in tasks.items():
            task |= {"name": name, "ignore_errors": True}
        whole = {
            "hosts": "all",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable} | variables,
            "vars_files": ["vault.yml"],
            "module_defaults": {"group/clumio.aws.clumio": {"api_token": "{{ vaulted }}", "api_base_url": clumio}},
            "tasks": list(tasks.values()),
        }
        (tmp_path / "play.yml").write_text(json.dumps([whole]))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
        environment |= {
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
            "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(tmp_path / "password"),
            "NO_PROXY": "127.0.0.1",
        }
        command = [sys.executable, "-m", "ansible", "playbook", "-vvvv", "-i", "here,", str(tmp_path / "play.yml")]
        # Not from the folder of the playbook, from which Ansible starts local modules.
        run = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
        shown = run.stdout + run.stderr
        assert TOKEN not in shown
        told = json.loads(run.stdout[run.stdout.index("\n{\n") :])
        return {task["task"]["name"]: task["hosts"]["here"] for task in told["plays"][0]["tasks"]}, shown

    return play


def resolve(**options):
    return {"clumio.aws.clumio_permissions_file": PLACE | {"path": "file.json", "token": "t", **options}}


def register(**options):
    return {"clumio.aws.clumio_connection": PLACE | {"asset_types": ["ebs"], **options}}


def tasks():
    return {
        # A relative path; texts that Ansible would take for templates; warnings.
        "plan": resolve(external_id="ExternalID_1", clumio_account_id="999988887777"),
        "not enough to resolve": resolve(),
        "unknown option": resolve(colour="red"),
        "text where there has to be a list": register(asset_types={"a": 1}),
        "dry run": register(description="{{ 'Straße' }}") | {"check_mode": True, "diff": True},
        "environment": {
            "clumio.aws.clumio_account_credentials": PLACE,
            "environment": {"AWS_PROFILE": "{{ 'of' ~ 'nobody' }}", "AWS_CONFIG_FILE": os.devnull},
        },
        "loop": register(region="{{ item }}") | {"check_mode": True, "loop": ["us-west-2", "nowhere"]},
        "delegated": register() | {"check_mode": True, "delegate_to": "localhost"},
        "hidden": register() | {"check_mode": True, "no_log": True},
    }


def comparable(result):
    """A result without what two runs never have in common."""
    if isinstance(result, dict):
        return {name: comparable(value) for name, value in result.items() if name != "elapsed"}
    return [comparable(item) for item in result] if isinstance(result, list) else result


def test_it_is_the_same_in_a_process_of_its_own(play, tmp_path):
    inside, shown = play(tasks())
    assert shown.count("runs inside the worker") == len(tasks()) + 1
    outside, shown = play(tasks(), clumio_aws_in_worker=False)
    assert shown.count("as a process, because clumio_aws_in_worker is false") == len(tasks()) + 1
    assert list(tmp_path.glob("remote/*")) == []
    for name in tasks():
        assert comparable(inside[name]) == comparable(outside[name]), name
    assert [name for name, result in inside.items() if result.get("failed")] == [
        "not enough to resolve",
        "unknown option",
        "text where there has to be a list",
        "environment",
        "loop",
    ]
    assert "{{ executionTimeout }} " in json.dumps(inside["plan"]["permissions"]["ssm_documents"])
    assert inside["dry run"]["connection"]["description"] == "Straße"
    assert "ofnobody" in inside["environment"]["msg"]


ELSEWHERE = {
    "another Python is to run it": {"vars": {"ansible_python_interpreter": "/usr/bin/env python"}},
    "another Python is to run it, whichever": {"vars": {"ansible_python_interpreter": "auto_silent"}},
    "it has to become another user": {"become": True},
    "it runs in the background": {"async": 10, "poll": 0},
    "the connection is not local": {"vars": {"ansible_connection": "ansible.builtin.ssh"}, "ignore_unreachable": True},
}


def test_where_it_cannot_run_in_the_worker_it_runs_as_any_module(play):
    _results, shown = play(
        {name: resolve(external_id="ExternalID_1") | keywords for name, keywords in ELSEWHERE.items()}
    )
    reasons = re.findall(r"runs as a process, because (.*)", shown)
    assert reasons == [name.partition(",")[0] for name in ELSEWHERE]
    assert "runs inside the worker" not in shown
