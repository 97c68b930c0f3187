# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connections that move from one organizational unit to another, and connections that Clumio has lost."""

from __future__ import annotations

import json

import pytest
from clumio_helpers import running_clumio

from ansible_collections.clumio.aws.plugins.module_utils._clumio import environments, organizational_units
from ansible_collections.clumio.aws.plugins.modules import clumio_connection

ID = "111122223333_us-west-2"
RESOURCES = {
    "clumio_iam_role_arn": "arn:aws:iam::111122223333:role/ClumioIAMRole",
    "clumio_event_pub_arn": "arn:aws:sns:us-west-2:111122223333:ClumioEventPub",
}
GLOBAL = organizational_units.GLOBAL
FINANCE = "6f1c3c0e-1d2b-4c3a-9e4f-0a1b2c3d4e5f"
PAYROLL = "8b3e5e20-3f4d-4e5c-9a6b-2c3d4e5f6071"
RESEARCH = "7a2d4d1f-2e3c-4d4b-8f5a-1b2c3d4e5f60"

NAMES = {
    GLOBAL: "Global Organizational Unit",
    FINANCE: "Finance",
    PAYROLL: "Payroll",
    RESEARCH: "Research",
}


@pytest.fixture
def clumio():
    with running_clumio(connect_delay=0) as running:
        yield running


@pytest.fixture
def run(clumio):
    """Run the module for the one account and region."""
    return lambda **options: clumio.run(clumio_connection, account_id="111122223333", region="us-west-2", **options)


@pytest.fixture
def connect(run):
    """Make a connection that is connected, in a unit."""

    def connect(unit):
        run(asset_types=["ebs"], organizational_unit_id=unit, resources=RESOURCES)
        connection = run()["connection"]
        assert (connection["connection_status"], connection["organizational_unit_id"]) == ("connected", unit)

    return connect


@pytest.mark.parametrize(
    ("origin", "destination", "changed_unit"),
    [
        (GLOBAL, FINANCE, FINANCE),
        (FINANCE, PAYROLL, PAYROLL),
        (PAYROLL, FINANCE, PAYROLL),
        (FINANCE, GLOBAL, FINANCE),
    ],
)
@pytest.mark.parametrize("acting_in", [None, FINANCE])
def test_move_of_one_level(clumio, run, connect, origin, destination, changed_unit, acting_in):
    connect(origin)
    results = {}

    def step(name, **more):
        results[name] = run(organizational_unit_id=destination, organizational_unit=acting_in, **more)

    assert clumio.writes(lambda: step("check", _ansible_check_mode=True)) == []
    assert clumio.writes(lambda: step("first")) == [("PATCH", f"/organizational-units/{changed_unit}", 202)]
    assert clumio.writes(lambda: step("again")) == []
    assert {name: result["changed"] for name, result in results.items()} == {
        "check": True,
        "first": True,
        "again": False,
    }
    assert results["check"]["diff"] == results["first"]["diff"]
    diff = results["first"]["diff"]
    assert diff["before"] == diff["after"] | {"organizational_unit_id": origin}
    assert diff["after"]["organizational_unit_id"] == destination
    assert results["again"]["diff"]["before"] == results["again"]["diff"]["after"] == diff["after"]
    assert results["check"]["connection"] == results["first"]["connection"] == results["again"]["connection"]
    assert all(result["pending_organizational_unit_id"] is None for result in results.values())


def test_description_and_unit_change_in_one_run(clumio, run, connect):
    connect(GLOBAL)
    results = []
    writes = clumio.writes(lambda: results.append(run(organizational_unit_id=FINANCE, description="new")))
    assert [path for _, path, _ in writes] == [f"/connections/aws/{ID}", f"/organizational-units/{FINANCE}"]
    assert results[0]["connection"]["description"] == "new"
    assert results[0]["connection"]["organizational_unit_id"] == FINANCE
    assert results[0]["connection"]["external_id"].startswith("ExternalID_")


def test_unit_that_is_not_given_stays(clumio, run, connect):
    connect(FINANCE)
    assert clumio.writes(lambda: run(description="new")) == [("PATCH", f"/connections/aws/{ID}", 200)]
    result = run()
    assert result["connection"]["organizational_unit_id"] == FINANCE
    assert "organizational_unit_id" not in result["diff"]["after"]
    assert not any(path.startswith("/organizational-units") for _, path, _ in clumio.calls()[-1:])


@pytest.mark.parametrize(
    ("origin", "destination", "way"),
    [
        (GLOBAL, PAYROLL, [GLOBAL, FINANCE, PAYROLL]),
        (PAYROLL, GLOBAL, [PAYROLL, FINANCE, GLOBAL]),
        (FINANCE, RESEARCH, [FINANCE, GLOBAL, RESEARCH]),
        (RESEARCH, PAYROLL, [RESEARCH, GLOBAL, FINANCE, PAYROLL]),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_farther_moves_are_refused_before_anything_changes(clumio, run, connect, origin, destination, way, check_mode):
    connect(origin)
    results = []
    options = {"organizational_unit_id": destination, "description": "new", "_ansible_check_mode": check_mode}
    assert clumio.writes(lambda: results.append(run(**options))) == []
    assert results[0]["failed"]
    assert results[0]["failure"]["code"] == "organizational_unit_too_far"
    assert results[0]["failure"]["way"] == way
    assert "one level up or down at a time" in results[0]["msg"]
    assert results[0]["msg"].endswith(f"Begin with {NAMES[way[1]]} ({way[1]}).")


@pytest.mark.parametrize("registered", [True, False])
def test_unit_that_is_not_there(clumio, run, connect, registered):
    if registered:
        connect(GLOBAL)
    results = []
    writes = clumio.writes(lambda: results.append(run(organizational_unit_id="Finance", description="new")))
    assert writes == []
    assert results[0]["failure"]["code"] == "organizational_unit_unknown"
    assert f"Finance ({FINANCE})" in results[0]["msg"]


def test_unit_that_is_not_there_does_not_hinder_removal(run):
    run()
    result = run(state="absent", organizational_unit_id="none")
    assert (result["changed"], result["registered"]) == (True, False)


def test_move_waits_until_clumio_is_connected(clumio, run, monkeypatch):
    warnings = []
    monkeypatch.setattr(clumio_connection.AnsibleModule, "warn", lambda _, warning: warnings.append(warning))
    clumio.set(findings={ID: ["nothing is there yet"]})
    run(asset_types=["ebs"], resources=RESOURCES)
    for _ in range(2):
        results = []
        assert clumio.writes(lambda: results.append(run(organizational_unit_id=FINANCE))) == []  # noqa: B023
        [result] = results
        assert (result["changed"], result["pending_organizational_unit_id"]) == (False, FINANCE)
        assert result["connection"]["organizational_unit_id"] == GLOBAL
        assert "only a connection that is connected can be moved, and this one is connecting" in result["msg"]
        assert warnings.pop() == result["msg"]
    clumio.set(findings={ID: None})
    run()
    result = run(organizational_unit_id=FINANCE)
    assert (result["changed"], result["pending_organizational_unit_id"], result["msg"]) == (True, None, "")
    assert result["connection"]["organizational_unit_id"] == FINANCE
    assert warnings == []


def test_move_waits_until_the_environment_is_to_be_seen(clumio, run, connect, monkeypatch):
    connect(GLOBAL)
    asked = []
    monkeypatch.setattr(environments, "find", lambda client, *_: asked.append(client.organizational_unit))
    results = []
    options = {"organizational_unit_id": FINANCE, "organizational_unit": RESEARCH}
    assert clumio.writes(lambda: results.append(run(**options))) == []
    assert results[0]["pending_organizational_unit_id"] == FINANCE
    assert "is not to be seen yet" in results[0]["msg"]
    assert asked == [RESEARCH, ""]


@pytest.mark.parametrize("end", ["failed", "aborted"])
def test_move_that_fails(clumio, run, connect, end):
    connect(GLOBAL)
    clumio.set(failing={ID: {"task_status": end}})
    result = run(organizational_unit_id=FINANCE)
    assert result["failed"]
    assert (result["failure"]["code"], result["failure"]["status"]) == ("organizational_unit_move_failed", end)
    assert result["failure"]["task_id"] in result["msg"]
    assert f"has the status {end}" in result["msg"]
    clumio.set(failing={ID: None})
    assert run(organizational_unit_id=FINANCE)["connection"]["organizational_unit_id"] == FINANCE


def test_move_that_takes_too_long(clumio, run, connect):
    connect(GLOBAL)
    clumio.set(delays={ID: {"task_delay": 3600}})
    result = run(organizational_unit_id=FINANCE, wait_timeout=0)
    assert result["failure"]["code"] == "organizational_unit_move_unfinished"
    assert result["failure"]["status"] == "queued"
    again = run(organizational_unit_id=FINANCE, wait_timeout=0)
    assert again["failure"]["code"] == "api_conflict"
    assert "being moved already" in again["msg"]


def test_move_that_takes_a_while(clumio, run, connect):
    connect(GLOBAL)
    clumio.set(delays={ID: {"task_delay": 0.3}})
    assert run(organizational_unit_id=FINANCE)["connection"]["organizational_unit_id"] == FINANCE
    assert sum(path.startswith("/tasks/") for _, path, _ in clumio.calls()) >= 2


def test_way_that_is_not_to_be_seen(run, connect, monkeypatch):
    connect(PAYROLL)
    visible = organizational_units.list_all
    monkeypatch.setattr(
        organizational_units,
        "list_all",
        lambda client: [unit for unit in visible(client) if unit["name"] == "Research"],
    )
    result = run(organizational_unit_id=RESEARCH)
    assert (result["failure"]["code"], result["failure"]["way"]) == ("organizational_unit_too_far", [])
    assert "Use an API token that may see both units" in result["msg"]


def test_connection_that_clumio_lost_is_explained(clumio, run, connect):
    connect(GLOBAL)
    assert run()["msg"] == ""
    clumio.set(findings={ID: ["The role is gone."]})
    result = run()
    assert result["connection"]["connection_status"] == "unlinked"
    assert result["msg"] == result["connection"]["explanation"]
    assert "lost its access to account 111122223333 in us-west-2" in result["msg"]
    assert "clumio.aws.onboard puts it right" in result["msg"]
    clumio.set(findings={ID: None})
    run()
    assert json.dumps(run()).count("lost its access") == 0


def test_connection_is_removed_twice(clumio, run, connect):
    connect(FINANCE)
    assert clumio.writes(lambda: run(state="absent")) == [("DELETE", f"/connections/aws/{ID}", 200)]
    result = run(state="absent")
    assert (result["changed"], result["connection"], result["msg"]) == (False, None, "")


def test_throttling_tells_how_long_to_wait(clumio, run):
    clumio.set(throttle={ID: {"times": 1, "retry_after": 3600}})
    result = run()
    assert (result["failure"]["code"], result["failure"]["retry_after"]) == ("api_throttled", 3600)
    assert run()["registered"]
