# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A call that makes one more each time is not made again when only its answer was lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_in_process import REGION, Aws
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from ansible_collections.clumio.aws.plugins.module_utils._aws import clients

URL = "https://aws.example.com"


def attempts(service: str, call: Callable[[Any], Any], error: Exception, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often a call is sent when this happens to it each time."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    client = clients.connect(REGION, None, {})(service)
    sent = []

    def fail(**_event: Any) -> None:
        sent.append(1)
        raise error

    client.meta.events.register_first("before-send", fail)
    with pytest.raises(type(error)):
        call(client)
    return len(sent)


def create_key(kms: Any) -> None:
    kms.create_key()


def create_version(iam: Any) -> None:
    iam.create_policy_version(PolicyArn="arn:aws:iam::123456789012:policy/ours", PolicyDocument="{}")


def delete_alias(kms: Any) -> None:
    kms.delete_alias(AliasName="alias/ours")


LOST = [ConnectionClosedError(endpoint_url=URL), ReadTimeoutError(endpoint_url=URL)]
NOT_SENT = EndpointConnectionError(endpoint_url=URL)


@pytest.mark.parametrize("error", LOST)
@pytest.mark.parametrize(("service", "call"), [("kms", create_key), ("iam", create_version)])
@pytest.mark.usefixtures("aws")
def test_it_is_sent_once_if_aws_may_have_taken_it(
    service: str, call: Callable[[Any], None], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attempts(service, call, error, monkeypatch) == 1


@pytest.mark.parametrize(
    ("call", "error"), [(create_key, NOT_SENT), (delete_alias, LOST[0])], ids=["it was not sent", "it can be repeated"]
)
@pytest.mark.usefixtures("aws")
def test_it_is_sent_again_where_that_does_no_harm(
    call: Callable[[Any], None], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attempts("kms", call, error, monkeypatch) > 1


@pytest.mark.usefixtures("aws")
def test_a_good_answer_is_the_answer(aws: Aws) -> None:
    create_key(clients.connect(REGION, None, {})("kms"))

    assert len(aws.client("kms").list_keys()["Keys"]) == 1
