# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting as a person sees it: C(ansible-playbook) itself against the sandbox's Clumio API."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.clumio.aws.plugins.action import clumio_connection_validate as action
from ansible_collections.clumio.aws.plugins.module_utils import _sections as sections
from ansible_collections.clumio.aws.plugins.module_utils._clumio import connections
from ansible_collections.clumio.aws.plugins.module_utils._clumio.client import Client
from sandbox.clumio_api import create_app
from sandbox.connections import Verification
from sandbox.server import running

TOKEN = "the-api-token-of-these-tests"
ACCOUNT, REGION = "111122223333", "us-west-2"
ID = f"{ACCOUNT}_{REGION}"
HANDED_IN = {
    "clumio_iam_role_arn": f"arn:aws:iam::{ACCOUNT}:role/ClumioIAMRole",
    "clumio_event_pub_arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:ClumioEventPub",
}


class Clumio:
    """A Clumio API that does not reach the account before it is told to, and counts how often it has tried."""

    def __init__(self):
        self.url = ""
        self.reaches = threading.Event()
        self.looks = 0

    def verify(self, _connection):
        self.looks += 1
        return Verification(() if self.reaches.is_set() else ("not there yet",))


@pytest.fixture
def clumio():
    clumio = Clumio()
    app = create_app(token=TOKEN, verify=clumio.verify, connect_delay=0, ingest_delay=0)
    with running(app) as clumio.url:
        client = Client(clumio.url, TOKEN)
        connections.create(client, ACCOUNT, REGION, types=["ebs"])
        connections.update(client, ID, description="", types=["ebs"], resources=HANDED_IN)
        yield clumio


@pytest.fixture
def start(tmp_path):
    """Start a playbook of one task; it runs, and has its files, in C(tmp_path)."""
    started = []

    def start(clumio, options, *, callback="ansible.posix.json", hosts=("localhost",), **keywords):
        task = {"clumio.aws.clumio_connection_validate": {"region": REGION} | options, **keywords}
        defaults = {"group/clumio.aws.clumio": {"api_token": TOKEN, "api_base_url": clumio.url}}
        play = {
            "hosts": "all",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "module_defaults": defaults,
            "tasks": [task],
        }
        (tmp_path / "play.yml").write_text(json.dumps([play]))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
        environment |= {
            "ANSIBLE_STDOUT_CALLBACK": callback,
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
            "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
            "NO_PROXY": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", "ansible", "playbook", "-i", f"{','.join(hosts)},", str(tmp_path / "play.yml")]
        process = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ended(process):
    """Results of the one task by host, and the lines about waiting that nobody has read yet."""
    out, err = process.communicate(timeout=120)
    return json.loads(out)["plays"][0]["tasks"][0]["hosts"], progress_of(err)


def progress_of(err):
    return [line for line in err.splitlines() if line.startswith(f"{ID}: ")]


def test_the_person_sees_how_far_it_is(clumio, start):
    """While it waits, and beside what goes to a program: that is still JSON."""
    process = start(clumio, {"account_id": ACCOUNT, "wait_timeout": "100"})
    assert process.stderr.readline() == f"{ID}: connecting, 0 s of 100 s\n"
    clumio.reaches.set()
    results, (line,) = ended(process)
    assert re.fullmatch(rf"{ID}: connected, \d+ s of 100 s", line)
    (result,) = results.values()
    assert result["valid"] is True
    assert result["changed"] is False
    assert result["connection"]["connection_status"] == "connected"
    assert [seen["state"] for seen in result["waited"]["states"]] == ["connecting", "connected"]
    assert result["elapsed"] >= result["waited"]["seconds"]
    assert TOKEN not in json.dumps(results)


def test_a_timeout(clumio, start, tmp_path):
    """Nothing is left. In check mode, which is the same."""
    results, lines = ended(start(clumio, {"account_id": ACCOUNT, "wait_timeout": 2}, check_mode=True))
    (result,) = results.values()
    assert result["failed"] is True
    assert result["valid"] is False
    assert result["waited"]["outcome"] == "timed_out"
    assert re.search(r"After \d+ s the last that was seen is: connecting\.", result["msg"])
    assert lines[0] == f"{ID}: connecting, 0 s of 2 s"
    assert left(tmp_path) == []
    assert clumio.looks >= 2


def test_each_host_tells_of_its_own_connection(clumio, start):
    """Two at the same time, one of which Clumio does not know."""
    options = {"account_id": "{{ inventory_hostname }}", "wait_timeout": 100}
    process = start(clumio, options, hosts=(ACCOUNT, "111122224444"))
    assert process.stderr.readline() == f"{ID}: connecting, 0 s of 100 s\n"
    clumio.reaches.set()
    results, _lines = ended(process)
    assert results[ACCOUNT]["valid"] is True
    assert "connection is missing" in results["111122224444"]["msg"]


def test_it_can_be_interrupted(clumio, start, tmp_path):
    """Nobody waits on, and no file with the token is left of the pause: of a process of its own, for each look."""
    keywords = {"vars": {"clumio_aws_in_worker": False}}
    process = start(clumio, {"account_id": ACCOUNT, "wait_timeout": 100}, callback="default", **keywords)
    while clumio.looks < 3 or left(tmp_path):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert "User interrupted execution" in err
    assert "FAILED" not in out + err
    assert "Traceback" not in err
    assert clumio.looks == 3
    assert left(tmp_path) == []
    assert [place for place in map(working_directory, Path("/proc").glob("[0-9]*")) if place == tmp_path] == []


def left(place):
    """What modules have left where they put their files."""
    return list(place.glob("remote/*"))


def working_directory(process):
    try:
        return (process / "cwd").readlink()
    except OSError:
        return None


# ---- how the module is run


class Recorded(action.ActionModule):
    """An action that gives these results, and keeps the options that the module was run with."""

    def __init__(self, args, *results, **of_task):
        of_task = {"async_val": 0, "check_mode": False, "no_log": False, "action": "a"} | of_task
        self._task = SimpleNamespace(args=args, **of_task)
        self._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/tmp/x"))
        self.results, self.runs = list(results), []

    def run_module(self, options, task_vars):
        assert task_vars == {"a": "b"}
        self.runs.append(dict(options))
        return self.results.pop(0)


def seen(status, **params):
    defaults = {"wait_for": "connected", "wait_timeout": 30, "fail_on_invalid": True}
    ok = status == "connected"
    check = {"name": "connection_status", "side": "clumio", "entity": ID, "status": "ok" if ok else "different"}
    return {
        "checks": [check | {"expected": "connected", "found": status, "differences": [], "hint": ""}],
        "extras": [],
        "connection": {"connection_status": status},
        "elapsed": 0.1,
        "valid": ok,
        "invocation": {"module_args": defaults | params},
    } | ({} if ok else {"failed": True})


def test_the_options_of_the_plan_are_those_of_the_module():
    assert set(action.PLAN) == {*sections.SECTIONS, "retired", "seen"}


def test_aws_is_looked_at_only_once():
    """All other options stay as they are, credentials and region too."""
    others = {
        "account_id": ACCOUNT,
        "region": REGION,
        "profile": "p",
        "api_token": "t",
        "purge": True,
        "simulate": True,
    }
    args = others | {option: ["a"] for option in action.PLAN}
    run = Recorded(args, seen("connecting"), seen("connecting"), seen("connected"))
    assert run.run(task_vars={"a": "b"})["valid"] is True
    assert run.runs == [args, others, others]


def lagging(status, of_aws, **params):
    look = seen(status, **params)
    check = {"name": "role Role", "side": "aws", "entity": "arn", "status": of_aws, "expected": None, "found": None}
    return look | {"checks": [*look["checks"], check | {"differences": [], "hint": ""}], "failed": True, "valid": False}


@pytest.mark.parametrize("status", ["missing", "different"])
def test_what_aws_may_not_show_yet_is_looked_for_again_while_clumio_connects(status):
    """As long as it lags all is asked, then Clumio only."""
    args = {"account_id": ACCOUNT, "roles": ["a"]}
    looks = [lagging("connecting", status), lagging("connecting", status), lagging("connecting", "ok")]
    run = Recorded(args, *looks, seen("connected"))
    assert run.run(task_vars={"a": "b"})["valid"] is True
    assert run.runs == [args, args, args, {"account_id": ACCOUNT}]


@pytest.mark.parametrize(
    ("first", "looks"),
    [
        # Clumio has reached the account before: it was not made this moment.
        (lagging("connected", "missing"), 1),
        (lagging("connecting", "denied"), 1),
        (lagging("connecting", "missing", wait_timeout=0), 1),
        # AWS does not show it until the time is over.
        (lagging("connecting", "missing", wait_timeout=0.1), 2),
    ],
)
def test_what_aws_lacks_is_told(first, looks):
    run = Recorded({}, first, first)
    assert run.run(task_vars={"a": "b"})["failed"] is True
    assert len(run.runs) == looks


@pytest.mark.parametrize("wait_timeout", [0, -1])
def test_one_look_is_given_as_it_is(wait_timeout):
    first = seen("connecting", wait_timeout=wait_timeout)
    told = {name: value for name, value in first.items() if name != "invocation"}
    assert Recorded({}, first).run(task_vars={"a": "b"}) == told
    failure = {"failed": True, "msg": "No.", "failure": {"code": "api_throttled"}}
    assert Recorded({}, failure).run(task_vars={"a": "b"}) == failure


def test_a_call_that_fails_is_a_failure_whatever_the_verdict_may_be():
    failure = {"failed": True, "msg": "No.", "failure": {"code": "api_token_refused"}}
    run = Recorded({}, seen("connecting", fail_on_invalid=False), failure)
    assert run.run(task_vars={"a": "b"}) == failure


@pytest.mark.parametrize("fail_on_invalid", [True, False])
def test_whether_a_bad_verdict_is_a_failure_is_decided_at_the_end(fail_on_invalid):
    params = {"fail_on_invalid": fail_on_invalid, "wait_timeout": 0.2}
    result = Recorded({}, seen("connecting", **params), seen("connecting", **params)).run(task_vars={"a": "b"})
    assert (result["valid"], result.get("failed", False)) == (False, fail_on_invalid)


@pytest.mark.parametrize(("no_log", "told"), [(True, 0), (False, 2)])
def test_what_is_not_to_be_logged_is_not_shown(monkeypatch, no_log, told):
    shown = []
    monkeypatch.setattr(action.display, "display", lambda line, stderr: shown.append((line, stderr)))
    Recorded({}, seen("connecting"), seen("connected"), no_log=no_log).run(task_vars={"a": "b"})
    assert len(shown) == told
    assert all(line.startswith(ID) and stderr for line, stderr in shown)


def test_async_is_refused():
    run = Recorded({}, async_val=60)
    with pytest.raises(AnsibleActionFail, match="does not support async"):
        run.run(task_vars={"a": "b"})
    assert run.runs == []
