# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The account and the API that runs are disturbed in: what they hold stays, and all that matters of it is told.

A world changes the whole process, so that each of these is one fork.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from chaos import forks
from chaos.runs import Ended, go
from chaos.steps import OFFBOARD, ONBOARD, Memory, Words
from chaos.wire import Wire
from chaos.world import ACCOUNT, World, digest

T = TypeVar("T")
EBS = Words(assets=("ebs",))


def in_a_fork(work: Callable[[], T]) -> T:
    return next(forks.each([work], jobs=1))


def states(*changes: Callable[[World], Any]) -> list[str]:
    """Short names of the states of an onboarded account, before and after each change."""

    def work() -> list[str]:
        world = World(connect_delay=0)
        with world.clumio():
            go(ONBOARD, Memory(EBS), Wire())
        names = []
        for change in (lambda _world: None, *changes):
            change(world)
            # The API is served anew each time, and has kept the connection.
            with world.clumio() as url:
                assert world.state(url)["connections"]
                names.append(digest(world.state(url)))
        return names

    return in_a_fork(work)


def new_version(world: World) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
    arn = f"arn:aws:iam::{ACCOUNT}:policy/ClumioEC2BackupPolicy"
    world.client("iam").create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document))


def nameless_key(world: World) -> None:
    world.client("kms").create_key(Tags=[{"TagKey": "Vendor", "TagValue": "Clumio"}])


def test_the_same_state_has_the_same_name() -> None:
    before, after = states(lambda _world: None)

    assert before == after


@pytest.mark.parametrize("change", [new_version, nameless_key])
def test_another_state_has_another_name(change: Callable[[World], None]) -> None:
    _nothing, before, after = states(lambda _world: None, change)

    assert before != after


def test_clumio_finds_nothing_wrong_in_what_was_made_and_something_in_what_was_not() -> None:
    def work() -> list[tuple[str, ...]]:
        world = World(connect_delay=0)
        with world.clumio():
            go(ONBOARD, Memory(EBS), Wire())
        found = [world.findings()]
        world.client("iam").detach_role_policy(
            RoleName="ClumioIAMRole", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/ClumioEC2BackupPolicy"
        )
        return [*found, world.findings()]

    good, bad = in_a_fork(work)

    assert good == ()
    assert "ClumioEC2BackupPolicy" in bad[0]


def test_a_run_ends_at_the_first_step_that_fails() -> None:
    def work() -> Ended:
        with World(connect_delay=0).clumio():
            return go(ONBOARD, Memory(Words(assets=("no such asset",))), Wire())

    ended = in_a_fork(work)

    assert (ended.how, ended.step) == ("failed", "Onboard | Resolve the permissions file")
    assert "no such asset" in ended.told


def test_a_run_tells_which_steps_have_changed_something() -> None:
    def work() -> list[Ended]:
        with World(connect_delay=0).clumio():
            return [go(steps, Memory(EBS), Wire()) for steps in (ONBOARD, ONBOARD, OFFBOARD, OFFBOARD)]

    first, second, away, again = in_a_fork(work)

    assert [step.rpartition(" | ")[2] for step in first.changed] == [
        "Register the connection at Clumio, or ensure that it takes what is to come",
        "Make the topic",
        "Make the rules",
        "Make the roles",
        "Hand the ARNs over to Clumio",
    ]
    assert [step.rpartition(" | ")[2] for step in away.changed] == [
        "Remove the roles",
        "Remove the rules",
        "Remove the topic",
        "Remove the connection at Clumio",
    ]
    assert {ended.how for ended in (first, second, away, again)} == {"well"}
    assert second.changed == again.changed == []
