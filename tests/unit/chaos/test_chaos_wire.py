# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The faults, at the transport of a client of the collection: what reaches AWS, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from aws_in_process import REGION, Aws
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from chaos.faults import Call, Fault, of_clumio
from chaos.wire import KilledError, Wire


@pytest.fixture
def sns(aws: Aws) -> Any:  # noqa: ARG001
    """A client that says who it is, as those of the collection do, and never tries again."""
    config = Config(user_agent="clumio.aws", retries={"total_max_attempts": 1})
    return boto3.client("sns", region_name=REGION, config=config)


@pytest.fixture
def disturbed(sns: Any, aws: Aws) -> Callable[[Fault], tuple[BaseException | None, bool]]:
    """Creates a topic with a fault: what is raised, and whether there is a topic."""

    def create(fault: Fault) -> tuple[BaseException | None, bool]:
        wire = Wire()
        with wire.tapped():
            sns.create_topic(Name="scout")
            aws.client("sns").delete_topic(TopicArn=f"arn:aws:sns:{REGION}:123456789012:scout")
            wire.plan(fault, wire.calls[-1])
            wire.begin_step()
            raised: BaseException | None = None
            try:
                sns.create_topic(Name="scout")
            except BaseException as error:
                raised = error
        assert wire.met
        return raised, bool(aws.client("sns").list_topics()["Topics"])

    return create


@pytest.mark.parametrize(
    ("fault", "code", "made"),
    [
        (Fault.ERROR, "InternalFailure", False),
        (Fault.OUTAGE, "InternalFailure", False),
        (Fault.THROTTLED, "Throttling", False),
        (Fault.DENIED, "AuthorizationError", False),
    ],
)
def test_a_refusal_is_answered_in_the_words_of_aws(disturbed: Any, fault: Fault, code: str, made: bool) -> None:
    raised, is_made = disturbed(fault)

    assert isinstance(raised, ClientError)
    assert (raised.response["Error"]["Code"], is_made) == (code, made)


@pytest.mark.parametrize(
    ("fault", "kind", "made"),
    [
        (Fault.CUT_AFTER, ConnectionClosedError, True),
        (Fault.KILLED_BEFORE, KilledError, False),
        (Fault.KILLED_AFTER, KilledError, True),
    ],
)
def test_what_is_not_answered_is_carried_out_or_not(
    disturbed: Any, fault: Fault, kind: type[BaseException], made: bool
) -> None:
    raised, is_made = disturbed(fault)

    assert (type(raised), is_made) == (kind, made)


def test_nothing_leaves_a_process_that_was_killed(sns: Any) -> None:
    wire = Wire()
    with wire.tapped():
        sns.list_topics()
        wire.plan(Fault.KILLED_AFTER, wire.calls[0])
        wire.begin_step()
        for _ in range(3):
            with pytest.raises(KilledError):
                sns.list_topics()
        assert wire.dead
        assert len(wire.calls) == 1
        wire.mend()
        assert sns.list_topics()["Topics"] == []


def test_an_outage_lasts_and_a_denial_is_of_one_action(sns: Any) -> None:
    wire = Wire()
    with wire.tapped():
        sns.list_topics()
        call = wire.calls[0]
        wire.plan(Fault.DENIED, call)
        wire.begin_step()
        for _ in range(2):
            with pytest.raises(ClientError, match="not authorized to perform: sns:ListTopics"):
                sns.list_topics()
        sns.create_topic(Name="another-action")
        wire.mend()
        wire.plan(Fault.OUTAGE, call)
        wire.begin_step()
        for _ in range(2):
            with pytest.raises(ClientError, match="InternalFailure"):
                sns.list_topics()
        with pytest.raises(ClientError, match="InternalFailure"):
            sns.create_topic(Name="another-action")


def test_calls_are_told_apart_by_what_they_are_about_and_how_often_they_came(sns: Any, aws: Aws) -> None:
    wire = Wire()
    with wire.tapped():
        sns.create_topic(Name="one")
        sns.create_topic(Name="other")
        sns.list_topics()
        sns.list_topics()
        aws.client("sns").list_topics()  # not the collection's

    assert [(call.name, call.occurrence, call.writes) for call in wire.calls] == [
        ("sns:CreateTopic", 1, True),
        ("sns:CreateTopic", 1, True),
        ("sns:ListTopics", 1, False),
        ("sns:ListTopics", 2, False),
    ]
    assert len({call.about for call in wire.calls[:2]}) == 2
    assert wire.carried_out == 2


def test_faults_of_clumios_are_told_to_its_api() -> None:
    call = Call("clumio", "GET /connections/aws/1", "", 2, False)

    assert of_clumio(Fault.CUT_AFTER, call, 5) == {"kind": "cut_after", "calls": call.name, "skip": 1}
    assert of_clumio(Fault.OUTAGE, call, 5) == {"kind": "error", "calls": "*", "skip": 5, "times": 0}
    assert of_clumio(Fault.KILLED_AFTER, call, 5) is None
