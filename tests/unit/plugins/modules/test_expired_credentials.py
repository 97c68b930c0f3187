# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Credentials that end in the middle of a run, as those of an assumed role do: told once, and the next run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from faulty_aws import EVERYTHING, FaultyAws, faulty_aws
from permissions_files import EXTERNAL_ID, TOKEN, permissions_file

from ansible_collections.clumio.aws.plugins.modules import (
    clumio_account_credentials,
    clumio_connection_validate,
    clumio_iam_roles,
    clumio_permissions_file,
    clumio_ssm_documents,
)

MESSAGE = "The security token included in the request is expired"


@pytest.fixture(scope="module")
def account() -> Iterator[FaultyAws]:
    with faulty_aws() as account:
        yield account


@pytest.fixture
def aws(account: FaultyAws) -> FaultyAws:
    """An empty account, with which nothing is the matter."""
    account.empty()
    return account


def name_of(case: Any) -> str:
    return case.__name__.rpartition(".")[2] if isinstance(case, ModuleType) else str(case)


def told(result: dict[str, Any], code: str) -> None:
    """It has failed in one sentence about the credentials, however many calls were under way."""
    assert result.get("failed"), result
    assert (result["failure"]["code"], result["failure"]["aws_code"]) == ("aws_credentials", code)
    assert result["msg"].startswith("Cannot ")
    assert result["msg"].endswith(
        f": AWS does not accept the credentials ({code}). Sign in again or renew the credentials, and run this again: "
        "it goes on where it was stopped."
    )
    assert result["msg"].count("AWS does not accept") == 1
    assert "\n" not in result["msg"]


@pytest.mark.parametrize("module", EVERYTHING, ids=name_of)
def test_each_run_goes_on_where_the_credentials_have_ended_before(aws: FaultyAws, module: ModuleType) -> None:
    aws.make(module)
    undisturbed, made = aws.held(), creations(aws)
    taken = len(aws.calls)
    aws.empty()
    for number in range(0, taken, max(1, taken // 3)):
        aws.refuse("*", "ExpiredToken", MESSAGE, times=0, skip=number)
        result = aws.run(module)
        # The last of them may have had nothing left to do.
        if number < taken // 2 or result.get("failed"):
            told(result, "ExpiredToken")
    aws.fault()
    assert not aws.run(module).get("failed")
    assert aws.held() == undisturbed
    # What is made stays, and is not made again.
    assert creations(aws) == made
    assert aws.is_in_order(module)


def creations(aws: FaultyAws) -> list[str]:
    return [action for action in aws.writes if action.startswith("Create")]


@pytest.mark.parametrize("module", [clumio_iam_roles, clumio_ssm_documents], ids=name_of)
def test_so_does_a_removal(aws: FaultyAws, module: ModuleType) -> None:
    aws.make(module)
    everything = {"state": "absent", "everything": True}
    before = len(aws.calls)
    aws.make(module, **everything)
    taken = len(aws.calls) - before
    removed = aws.held()
    aws.empty()
    aws.make(module)
    for number in (0, taken // 2):
        aws.refuse("*", "ExpiredTokenException", MESSAGE, times=0, skip=number)
        result = aws.run(module, **everything)
        # The last looks may find that all is gone.
        if result.get("failed"):
            told(result, "ExpiredTokenException")
    aws.fault()
    aws.make(module, **everything)
    assert aws.held() == removed
    assert aws.is_in_order(module, **everything)


@pytest.mark.parametrize(
    "code",
    [
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ],
)
def test_all_that_aws_says_of_such_credentials(aws: FaultyAws, code: str) -> None:
    aws.refuse("*", code, MESSAGE, times=0, skip=6)
    told(aws.run(clumio_iam_roles), code)


FILE = {"content": permissions_file("ebs"), "token": TOKEN, "external_id": EXTERNAL_ID, "check_account": True}
LOOKS = [
    (clumio_permissions_file, FILE, 0),
    (clumio_permissions_file, FILE, 3),
    (clumio_connection_validate, {**EVERYTHING[clumio_iam_roles], "clumio": False}, 0),
    (clumio_connection_validate, {**EVERYTHING[clumio_iam_roles], "clumio": False}, 2),
    (clumio_account_credentials, {"role_arn": None}, 0),
]


@pytest.mark.parametrize(("module", "options", "taken"), LOOKS, ids=name_of)
def test_looks_end_with_the_same(aws: FaultyAws, module: ModuleType, options: dict[str, Any], taken: int) -> None:
    aws.refuse("*", "ExpiredToken", MESSAGE, times=0, skip=taken)
    told(aws.run(module, **options), "ExpiredToken")
