# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest

from ansible_collections.clumio.aws.plugins.module_utils._validate.clumio_side import (
    Seen,
    checks,
    wait_for_connected,
)


def reader(*statuses):
    """Reads connections of these statuses one after the other, the last one again and again; None reads nothing."""
    left = list(statuses)

    def read():
        status = left.pop(0) if len(left) > 1 else left[0]
        return None if status is None else {"connection_status": status}

    return read


@pytest.mark.parametrize(
    ("statuses", "timeout", "slept", "connected"),
    [
        (["connected"], 600, [], True),
        (["connecting", "connected"], 600, [0.5], True),
        (["connecting", "unlinked", "connecting", "connected"], 600, [0.5, 1, 2], True),
        (["pending approval", "connected"], 600, [0.5], True),
        (["connecting"], 0, [], False),
        (["connecting"], -1, [], False),
        (["connecting"], 2, [0.5, 1, 0.5], False),
        (["unlinked"], 30, [0.5, 1, 2, 4, 8, 10, 4.5], False),
        (["connecting", "connected"], 0.25, [0.25], True),
    ],
)
def test_wait(clock, statuses, timeout, slept, connected):
    seen = wait_for_connected(reader(*statuses), timeout, clock=clock, sleep=clock.sleep)
    assert clock.slept == slept
    assert seen.connected is connected
    assert seen.waited_seconds == sum(slept)


@pytest.mark.parametrize("statuses", [[None], ["connecting", None]])
def test_wait_ends_where_there_is_no_connection(clock, statuses):
    seen = wait_for_connected(reader(*statuses), 600, clock=clock, sleep=clock.sleep)
    assert seen.connection is None
    assert seen.connected is False
    assert len(clock.slept) == len(statuses) - 1


def test_time_that_reading_takes_counts(clock):
    def read():
        clock.now += 40
        return {"connection_status": "connecting"}

    seen = wait_for_connected(read, 60, clock=clock, sleep=clock.sleep)
    assert (clock.slept, seen.waited_seconds) == ([0.5], 80.5)


def statuses(seen):
    return {check.name: (check.status, check.found) for check in checks("a_r", seen)}


def test_checks_of_a_connected_account():
    connection = {
        "connection_status": "connected",
        "ingestion_status": "in_progress",
        "target_setup_status": "completed",
    }
    assert statuses(Seen(connection, 1.0)) == {
        "connection_status": ("ok", "connected"),
        "ingestion_status": ("ok", "in_progress"),
        "target_setup_status": ("ok", "completed"),
    }


@pytest.mark.parametrize("status", ["connecting", "unlinked", None])
def test_checks_of_an_account_that_clumio_does_not_reach(status):
    seen = Seen({"connection_status": status}, 600.4)
    (check, *_preparations) = checks("a_r", seen)
    assert (check.side, check.entity, check.status, check.expected) == ("clumio", "a_r", "different", "connected")
    assert check.found == str(status)
    assert "After 600 s" in check.hint


def test_checks_of_preparations_that_failed():
    connection = {"connection_status": "connected", "ingestion_status": "failed", "target_setup_status": "failed"}
    assert statuses(Seen(connection, 0)) == {
        "connection_status": ("ok", "connected"),
        "ingestion_status": ("different", "failed"),
        "target_setup_status": ("different", "failed"),
    }
    assert [bool(check.hint) for check in checks("a_r", Seen(connection, 0))] == [False, True, True]


def test_preparations_fail_where_clumio_does_not_reach_the_account():
    """Then that is what there is to do something about."""
    connection = {"connection_status": "unlinked", "ingestion_status": "failed", "target_setup_status": "failed"}
    assert [bool(check.hint) for check in checks("a_r", Seen(connection, 0))] == [True, False, False]


def test_checks_of_no_connection():
    (check,) = checks("a_r", Seen(None, 0))
    assert (check.name, check.status, check.entity) == ("connection", "missing", "a_r")
    assert check.hint
