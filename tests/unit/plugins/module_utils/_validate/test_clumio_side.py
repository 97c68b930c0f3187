# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._validate.clumio_side import checks, outlook, state


def connection(status, ingestion=None, target_setup=None):
    return {"connection_status": status, "ingestion_status": ingestion, "target_setup_status": target_setup}


def statuses(connection, wait_for="connected"):
    return {check.name: (check.status, check.found) for check in checks("a_r", connection, wait_for)}


def hints(connection, wait_for="connected"):
    return [check.hint for check in checks("a_r", connection, wait_for)]


@pytest.mark.parametrize(
    ("seen", "for_connected", "for_completed"),
    [
        (None, "ended", "ended"),
        (connection("connecting", "initial", "initial"), "underway", "underway"),
        (connection("unlinked", "failed", "completed"), "underway", "underway"),
        (connection("waiting_to_be_connected"), "underway", "underway"),
        (connection(None), "underway", "underway"),
        (connection("connected"), "reached", "underway"),
        (connection("connected", "initial", "initial"), "reached", "underway"),
        (connection("connected", "in_progress", "completed"), "reached", "underway"),
        (connection("connected", "completed", None), "reached", "underway"),
        (connection("connected", "completed", "a new one"), "reached", "underway"),
        (connection("connected", "completed", "completed"), "reached", "reached"),
        (connection("connected", "failed", "in_progress"), "reached", "ended"),
        (connection("connected", "completed", "failed"), "reached", "ended"),
    ],
)
def test_outlook(seen, for_connected, for_completed):
    assert (outlook(seen, "connected"), outlook(seen, "completed")) == (for_connected, for_completed)


@pytest.mark.parametrize(
    ("seen", "for_connected", "for_completed"),
    [
        (None, "no connection any more", "no connection any more"),
        (connection("pending approval", "failed"), "pending approval", "pending approval"),
        (
            connection("connected", "in_progress"),
            "connected",
            "connected, ingestion_status in_progress, target_setup_status null",
        ),
    ],
)
def test_state(seen, for_connected, for_completed):
    assert (state(seen, "connected"), state(seen, "completed")) == (for_connected, for_completed)


def test_checks_of_a_connected_account():
    assert statuses(connection("connected", "in_progress", "completed")) == {
        "connection_status": ("ok", "connected"),
        "ingestion_status": ("ok", "in_progress"),
        "target_setup_status": ("ok", "completed"),
    }


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("connecting", "does not reach the account"),
        (None, "does not reach the account"),
        ("unlinked", "has lost its access"),
    ],
)
def test_checks_of_an_account_that_clumio_does_not_reach(status, told):
    (check, *_preparations) = checks("a_r", connection(status))
    assert (check.side, check.entity, check.status, check.expected) == ("clumio", "a_r", "different", "connected")
    assert check.found == str(status)
    assert told in check.hint
    assert "give it more time" in check.hint


@pytest.mark.parametrize("wait_for", ["connected", "completed"])
def test_checks_of_preparations_that_failed(wait_for):
    """Both statuses are shown, whichever has failed."""
    seen = connection("connected", "failed", "completed")
    assert statuses(seen, wait_for) == {
        "connection_status": ("ok", "connected"),
        "ingestion_status": ("different", "failed"),
        "target_setup_status": ("ok", "completed"),
    }
    (of_connection, of_ingestion, of_target_setup) = hints(seen, wait_for)
    assert (of_connection, of_target_setup) == ("", "")
    assert of_ingestion == (
        "Ask Clumio's support why its preparations failed (ingestion_status failed, target_setup_status completed)."
    )


def test_preparations_fail_where_clumio_does_not_reach_the_account():
    """Then that is what there is to do something about."""
    seen = connection("unlinked", "failed", "failed")
    assert [bool(hint) for hint in hints(seen)] == [True, False, False]
    assert [bool(hint) for hint in hints(seen, "completed")] == [True, False, False]


@pytest.mark.parametrize(("ingestion", "target_setup"), [(None, "initial"), ("in_progress", "a new one")])
def test_checks_of_preparations_that_are_not_completed(ingestion, target_setup):
    """They are no fault unless it is them that are waited for."""
    seen = connection("connected", ingestion, target_setup)
    assert {status for status, _found in statuses(seen).values()} == {"ok"}
    assert statuses(seen, "completed") == {
        "connection_status": ("ok", "connected"),
        "ingestion_status": ("different", ingestion),
        "target_setup_status": ("different", target_setup),
    }
    (of_connection, of_ingestion, of_target_setup) = hints(seen, "completed")
    assert of_connection == ""
    assert of_ingestion == of_target_setup
    assert f"ingestion_status {ingestion or 'null'}, target_setup_status {target_setup}" in of_ingestion


def test_checks_of_no_connection():
    (check,) = checks("a_r", None)
    assert (check.name, check.status, check.entity) == ("connection", "missing", "a_r")
    assert check.hint
