# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import requests
from aiohttp import web
from ansible_collections.amazon.aws.plugins.module_utils.botocore import _get_user_agent_string
from aws_account import REGION, SESSION
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from sandbox import processes
from sandbox.proxy import _Bucket, create_app
from sandbox.server import base_url, listening_socket, running

ACCOUNT = "333344445555"


def aws(proxy: str, service: str, key: str = f"SANDBOX{ACCOUNT}", token: str | None = None) -> Any:
    return SESSION.client(
        service,
        endpoint_url=proxy,
        aws_access_key_id=key,
        aws_secret_access_key="x",
        aws_session_token=token,
        config=Config(proxies={}, retries={"max_attempts": 0}),
    )


@pytest.fixture
def proxy(sandbox: processes.State) -> Iterator[str]:
    """A proxy of the test's own in front of the sandbox's AWS."""
    with running(create_app(sandbox.urls["aws"])) as url:
        yield url


def control(method: str, url: str, **arguments: Any) -> requests.Response:
    session = requests.Session()
    session.trust_env = False
    return session.request(method, url, timeout=30, **arguments)


def calls(proxy: str) -> list[dict[str, Any]]:
    recorded: list[dict[str, Any]] = control("GET", f"{proxy}/_sandbox/calls").json()["calls"]
    return recorded


def summary(call: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(call[name] for name in ("number", "service", "action", "account", "kind", "status", "error"))


def test_calls_of_every_protocol_are_written_down(proxy: str) -> None:
    aws(proxy, "sns").create_topic(Name="topic")
    aws(proxy, "events").put_rule(Name="rule", EventPattern='{"source":["aws.ec2"]}')
    aws(proxy, "ssm").list_documents()
    aws(proxy, "iam").list_roles()
    aws(proxy, "cloudwatch").describe_alarms()
    aws(proxy, "s3").list_buckets()
    key_id = aws(proxy, "kms").create_key()["KeyMetadata"]["KeyId"]
    aws(proxy, "kms").describe_key(KeyId=key_id)
    aws(proxy, "resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["kms:key"])
    assert [summary(call) for call in calls(proxy)] == [
        (1, "sns", "CreateTopic", ACCOUNT, "write", 200, ""),
        (2, "events", "PutRule", ACCOUNT, "write", 200, ""),
        (3, "ssm", "ListDocuments", ACCOUNT, "read", 200, ""),
        (4, "iam", "ListRoles", ACCOUNT, "read", 200, ""),
        (5, "monitoring", "DescribeAlarms", ACCOUNT, "read", 200, ""),
        (6, "s3", "GET /", ACCOUNT, "read", 200, ""),
        (7, "kms", "CreateKey", ACCOUNT, "write", 200, ""),
        (8, "kms", "DescribeKey", ACCOUNT, "read", 200, ""),
        (9, "tagging", "GetResources", ACCOUNT, "read", 200, ""),
    ]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "status", "code"),
    [
        ("iam", "get_role", {"RoleName": "none"}, 404, "NoSuchEntity"),
        ("sns", "get_topic_attributes", {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:none"}, 404, "NotFound"),
        ("events", "describe_rule", {"Name": "none"}, 400, "ResourceNotFoundException"),
        ("ssm", "describe_document", {"Name": "none"}, 400, "InvalidDocument"),
        ("kms", "describe_key", {"KeyId": "alias/none"}, 400, "NotFoundException"),
    ],
)
def test_refusals_reach_the_client_and_are_written_down(
    proxy: str, service: str, operation: str, arguments: dict[str, str], status: int, code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(aws(proxy, service), operation)(**arguments)
    assert refused.value.response["Error"]["Code"] == code
    assert [(call["status"], call["error"]) for call in calls(proxy)] == [(status, code)]


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("AssumeRole", "read"),
        ("GetCallerIdentity", "read"),
        ("ListTopics", "read"),
        ("DescribeStacks", "read"),
        ("SimulatePrincipalPolicy", "read"),
        ("DecodeAuthorizationMessage", "read"),
        ("CreateRole", "write"),
        ("PutTargets", "write"),
        ("TagRole", "write"),
        ("SetTopicAttributes", "write"),
        ("DeletePolicy", "write"),
        ("UpdateAssumeRolePolicy", "write"),
        ("UntagResource", "write"),
        ("RemoveTagsFromResource", "write"),
        ("RemoveTargets", "write"),
        ("DetachRolePolicy", "write"),
        ("ScheduleKeyDeletion", "write"),
        ("CancelKeyDeletion", "write"),
        ("EnableKeyRotation", "write"),
        ("GE", "write"),
    ],
)
def test_reading_and_writing_actions(proxy: str, action: str, kind: str) -> None:
    control("POST", proxy, data={"Action": action})
    assert [(call["action"], call["kind"]) for call in calls(proxy)] == [(action, kind)]


def test_the_access_key_picks_the_account(proxy: str) -> None:
    for account in (ACCOUNT, "444455556666"):
        identity = aws(proxy, "sts", key=f"SANDBOX{account}").get_caller_identity()
        assert identity["Account"] == account
    aws(proxy, "sns").create_topic(Name="mine")
    assert aws(proxy, "sns", key="SANDBOX444455556666").list_topics()["Topics"] == []


def test_an_assumed_role_is_in_its_own_account_and_can_assume_the_next(proxy: str) -> None:
    sts, accounts = aws(proxy, "sts"), ["444455556666", "555566667777"]
    for account in accounts:
        role = f"arn:aws:iam::{account}:role/path/Deploy"
        given = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        sts = aws(proxy, "sts", key=given["AccessKeyId"], token=given["SessionToken"])
        identity = sts.get_caller_identity()
        assert (identity["Account"], identity["Arn"]) == (account, f"arn:aws:sts::{account}:assumed-role/Deploy/test")
    assert [(call["action"], call["account"], call["kind"]) for call in calls(proxy)] == [
        ("AssumeRole", ACCOUNT, "read"),
        ("GetCallerIdentity", "444455556666", "read"),
        ("AssumeRole", "444455556666", "read"),
        ("GetCallerIdentity", "555566667777", "read"),
    ]


def test_the_key_of_an_account_is_its_root_user(proxy: str) -> None:
    assert aws(proxy, "sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_a_user_s_key_belongs_to_its_account(proxy: str) -> None:
    iam = aws(proxy, "iam")
    iam.create_user(UserName="someone")
    key = iam.create_access_key(UserName="someone")["AccessKey"]["AccessKeyId"]
    assert aws(proxy, "sts", key=key).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/someone"
    assert calls(proxy)[-1]["account"] == ACCOUNT
    aws(proxy, "sts", key="unknown").get_caller_identity()
    assert calls(proxy)[-1]["account"] == ""


@pytest.mark.parametrize(
    ("agent", "client"),
    [
        ("APN/1.0 Ansible/2.19.14 amazon.aws/10.1.2 Boto3/1.44.5 md/Botocore#1.44.5", "ansible"),
        ("Boto3/1.44.5 md/Botocore#1.44.5 lang/python#3.11.7", "other"),
        ("", "other"),
    ],
)
def test_who_calls_is_written_down(proxy: str, agent: str, client: str) -> None:
    control("POST", proxy, data={"Action": "ListTopics"}, headers={"User-Agent": agent})
    assert [call["client"] for call in calls(proxy)] == [client]


def test_clients_of_amazon_aws_are_those_of_ansible(proxy: str) -> None:
    config = Config(proxies={}, user_agent=_get_user_agent_string())
    SESSION.client("sts", endpoint_url=proxy, config=config).get_caller_identity()
    aws(proxy, "sts").get_caller_identity()
    assert [call["client"] for call in calls(proxy)] == ["ansible", "other"]


# ---- settings

NOTHING_SET = {"latency_ms": 0.0, "denied": {}, "throttle": {}, "unseen": {}, "faults": {}}


def test_every_call_waits_for_the_latency(proxy: str) -> None:
    sts = aws(proxy, "sts")
    sts.get_caller_identity()
    settings = control("PUT", f"{proxy}/_sandbox/settings", json={"latency_ms": 300})
    assert (settings.status_code, settings.json()) == (200, NOTHING_SET | {"latency_ms": 300})
    assert control("GET", f"{proxy}/_sandbox/settings").json() == NOTHING_SET | {"latency_ms": 300}
    started = time.perf_counter()
    sts.get_caller_identity()
    assert time.perf_counter() - started >= 0.3
    before, after = calls(proxy)
    assert before["duration_ms"] < 300 <= after["duration_ms"]


def test_calls_wait_side_by_side(sandbox: processes.State) -> None:
    with running(create_app(sandbox.urls["aws"], latency_ms=500)) as proxy, ThreadPoolExecutor(8) as pool:
        sts = aws(proxy, "sts")
        started = time.perf_counter()
        list(pool.map(lambda _: sts.get_caller_identity(), range(8)))
        assert time.perf_counter() - started < 8 * 0.5
        assert [call["number"] for call in calls(proxy)] == list(range(1, 9))


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '{"latency": 1}',
        '{"latency_ms": -1}',
        '{"latency_ms": "1"}',
        '{"latency_ms": null}',
        '{"denied": null}',
        '{"denied": {"1": ["iam:GetRole"]}}',
        '{"denied": {"333344445555": "iam:GetRole"}}',
        '{"denied": {"333344445555": ["GetRole"]}}',
        '{"denied": {"333344445555": ["iam:*"]}}',
        '{"denied": {"333344445555": ["s3:GetObject"]}}',
        '{"denied": {"333344445555": ["tagging:GetResources"]}}',
        '{"denied": {"333344445555": [1]}}',
        '{"latency_ms": true}',
        '{"throttle": 5}',
        '{"throttle": {"1": 5}}',
        '{"throttle": {"333344445555": "5"}}',
        '{"throttle": {"333344445555": -1}}',
        '{"throttle": {"333344445555": [5]}}',
        '{"throttle": {"333344445555": true}}',
        '{"throttle": {"333344445555": NaN}}',
        '{"throttle": {"333344445555": Infinity}}',
        '{"unseen": 1}',
        '{"unseen": {"333344445555": -1}}',
        '{"unseen": {"333344445555": 1.5}}',
        '{"unseen": {"333344445555": true}}',
        '{"faults": []}',
        '{"faults": {"333344445555": {}}}',
        '{"faults": {"333344445555": "cut"}}',
        '{"faults": {"333344445555": [{}]}}',
        '{"faults": {"333344445555": [{"kind": "fire"}]}}',
        '{"faults": {"333344445555": [{"kind": "cut", "who": "iam:*"}]}}',
    ],
)
def test_settings_that_cannot_be(proxy: str, body: str) -> None:
    answer = control("PUT", f"{proxy}/_sandbox/settings", data=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert "\n" not in answer.json()["error"]
    assert control("GET", f"{proxy}/_sandbox/settings").json() == NOTHING_SET


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"slow": 1}, "settings are an object of latency_ms, denied, throttle, unseen, faults"),
        ({"latency_ms": -1}, "latency_ms must be a number of milliseconds, 0 or more"),
        (
            {"denied": {ACCOUNT: ["s3:GetObject"]}},
            (
                "denied must be an object of accounts of 12 digits, each with a list of actions of events, iam, kms, "
                "sns, ssm, sts, tag, such as iam:CreateRole"
            ),
        ),
        (
            {"throttle": {ACCOUNT: -1}},
            "throttle must be an object of accounts of 12 digits, each with a number of calls per second, 0 or more",
        ),
        (
            {"unseen": {ACCOUNT: "1"}},
            "unseen must be an object of accounts of 12 digits, each with a number of calls, 0 or more",
        ),
        (
            {"faults": {ACCOUNT: [{"kind": "fire"}]}},
            (
                "faults must be an object of accounts of 12 digits, each with a list of faults; each is an object of "
                "kind, calls, skip, times, status, code, message, answer, of the kind error, answer, cut, cut_after, "
                "hold, hold_after, rival"
            ),
        ),
    ],
)
def test_what_cannot_be_set_is_told_in_a_sentence(proxy: str, body: dict[str, Any], sentence: str) -> None:
    assert control("PUT", f"{proxy}/_sandbox/settings", json=body).json() == {"error": sentence}


@pytest.mark.parametrize(
    ("member", "value", "nothing"),
    [
        ("denied", ["iam:ListRoles"], []),
        ("denied", ["iam:ListRoles"], None),
        ("throttle", 5, 0),
        ("throttle", 5, None),
        ("unseen", 2, 0),
        ("unseen", 2, None),
        ("faults", [{"kind": "cut"}], []),
        ("faults", [{"kind": "cut"}], None),
    ],
)
def test_what_is_set_for_an_account_ends_with_an_empty_value(proxy: str, member: str, value: Any, nothing: Any) -> None:
    url, other = f"{proxy}/_sandbox/settings", "444455556666"
    control("PUT", url, json={member: {ACCOUNT: value}})
    assert control("PUT", url, json={member: {other: value}}).json()[member] == {ACCOUNT: value, other: value}
    assert control("PUT", url, json={member: {ACCOUNT: nothing}}).json()[member] == {other: value}


def deny(proxy: str, *actions: str, account: str = ACCOUNT) -> dict[str, list[str]]:
    """Deny an account these actions and no others; what is denied now, by account."""
    answer = control("PUT", f"{proxy}/_sandbox/settings", json={"denied": {account: actions}})
    denied: dict[str, list[str]] = answer.json()["denied"]
    return denied


DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": []})
NEW = {"RoleName": "New", "AssumeRolePolicyDocument": DOCUMENT}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "denied", "code", "status", "resource"),
    [
        ("iam", "create_role", NEW, "iam:CreateRole", "AccessDenied", 403, f"arn:aws:iam::{ACCOUNT}:role/New"),
        ("iam", "list_roles", {}, "iam:ListRoles", "AccessDenied", 403, "*"),
        ("sts", "get_caller_identity", {}, "sts:GetCallerIdentity", "AccessDenied", 403, "*"),
        (
            "sns",
            "get_topic_attributes",
            {"TopicArn": TOPIC},
            "sns:GetTopicAttributes",
            "AuthorizationError",
            403,
            TOPIC,
        ),
        ("events", "put_rule", {"Name": "rule", "EventPattern": "{}"}, "events:PutRule", "JSON", 400, "*"),
        ("ssm", "list_documents", {}, "ssm:ListDocuments", "JSON", 400, "*"),
        ("kms", "list_aliases", {}, "kms:listaliases", "JSON", 400, "*"),
        ("resourcegroupstaggingapi", "get_resources", {}, "tag:GetResources", "JSON", 400, "*"),
    ],
)
def test_denied_actions_are_refused_in_the_words_of_the_service(
    proxy: str,
    service: str,
    operation: str,
    arguments: dict[str, Any],
    denied: str,
    code: str,
    status: int,
    resource: str,
) -> None:
    client = aws(proxy, service)
    assert deny(proxy, denied, "iam:TagRole") == {ACCOUNT: [denied, "iam:TagRole"]}
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**arguments)
    expected = code.replace("JSON", "AccessDeniedException")
    error, metadata = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    assert (error["Code"], metadata["HTTPStatusCode"]) == (expected, status)
    action = denied.replace("listaliases", "ListAliases")
    assert error["Message"] == (
        f"User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )
    [call] = calls(proxy)
    assert (call["account"], call["status"], call["error"]) == (ACCOUNT, status, expected)


def test_what_is_denied_does_not_reach_aws_until_it_is_allowed_again(proxy: str) -> None:
    iam = aws(proxy, "iam")
    deny(proxy, "iam:CreateRole")
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.create_role(**NEW)
    assert "New" not in [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert deny(proxy) == {}
    iam.create_role(**NEW)
    iam.delete_role(RoleName="New")


def test_each_account_is_denied_things_of_its_own(proxy: str) -> None:
    other = "444455556666"
    deny(proxy, "iam:ListRoles")
    assert deny(proxy, "sns:ListTopics", account=other) == {ACCOUNT: ["iam:ListRoles"], other: ["sns:ListTopics"]}
    aws(proxy, "sns").list_topics()
    aws(proxy, "iam", key=f"SANDBOX{other}").list_roles()
    with pytest.raises(ClientError, match="AccessDenied"):
        aws(proxy, "iam").list_roles()


def test_roles_and_users_are_denied_what_their_account_is(proxy: str) -> None:
    account = "444455556666"
    role = f"arn:aws:iam::{account}:role/Deploy"
    given = aws(proxy, "sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    iam = aws(proxy, "iam", key=f"SANDBOX{account}")
    iam.create_user(UserName="denied")
    user = iam.create_access_key(UserName="denied")["AccessKey"]["AccessKeyId"]
    deny(proxy, "iam:SimulatePrincipalPolicy", account=account)
    for key, token, caller in (
        (given["AccessKeyId"], given["SessionToken"], f"arn:aws:sts::{account}:assumed-role/Deploy/test"),
        (user, None, f"arn:aws:iam::{account}:user/denied"),
    ):
        with pytest.raises(ClientError, match=f"User: {caller} is not .* on resource: {role} because"):
            aws(proxy, "iam", key=key, token=token).simulate_principal_policy(
                PolicySourceArn=role, ActionNames=["s3:GetObject"]
            )


def throttle(proxy: str, rate: float, account: str = ACCOUNT) -> None:
    control("PUT", f"{proxy}/_sandbox/settings", json={"throttle": {account: rate}})


def throttled(proxy: str) -> list[bool]:
    """Of each call so far, whether there was no token for it."""
    return [call["error"] != "" for call in calls(proxy)]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code", "message"),
    [
        ("iam", "create_role", NEW, "Throttling", "Rate exceeded"),
        ("sts", "get_caller_identity", {}, "Throttling", "Rate exceeded"),
        ("sns", "list_topics", {}, "Throttling", "Rate exceeded"),
        ("events", "list_rules", {}, "ThrottlingException", "Rate exceeded"),
        ("ssm", "list_documents", {}, "ThrottlingException", "Rate exceeded"),
        (
            "kms",
            "list_aliases",
            {},
            "ThrottlingException",
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
        ),
        ("resourcegroupstaggingapi", "get_resources", {}, "ThrottledException", "Rate exceeded"),
    ],
)
def test_one_call_too_many_is_refused_in_the_words_of_the_service(
    proxy: str, service: str, operation: str, arguments: dict[str, Any], code: str, message: str
) -> None:
    throttle(proxy, 0.01)
    aws(proxy, "sts").get_caller_identity()
    with pytest.raises(ClientError) as refused:
        getattr(aws(proxy, service), operation)(**arguments)
    error, metadata = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    assert (error["Code"], error["Message"], metadata["HTTPStatusCode"]) == (code, message, 400)
    call = calls(proxy)[-1]
    assert (call["account"], call["status"], call["error"]) == (ACCOUNT, 400, code)
    throttle(proxy, 0)
    assert "New" not in [role["RoleName"] for role in aws(proxy, "iam").list_roles()["Roles"]]


def test_all_services_of_an_account_share_its_tokens_and_other_accounts_have_theirs(proxy: str) -> None:
    throttle(proxy, 2)
    for service, operation in (("sns", "list_topics"), ("events", "list_rules")):
        getattr(aws(proxy, service), operation)()
    with pytest.raises(ClientError, match="Throttling"):
        aws(proxy, "iam").list_roles()
    aws(proxy, "iam", key="SANDBOX444455556666").list_roles()
    aws(proxy, "s3").list_buckets()
    assert throttled(proxy) == [False, False, True, False, False]


def test_a_throttled_account_is_not_asked_for_rights(proxy: str) -> None:
    throttle(proxy, 0.01)
    deny(proxy, "iam:ListRoles")
    for expected in ("AccessDenied", "Throttling"):
        with pytest.raises(ClientError, match=expected):
            aws(proxy, "iam").list_roles()


def test_tokens_come_back_with_time(proxy: str) -> None:
    throttle(proxy, 4)
    sts, began = aws(proxy, "sts"), time.monotonic()
    taken = 0
    while taken < 10:
        try:
            sts.get_caller_identity()
            taken += 1
        except ClientError:
            time.sleep(0.01)
    # Four at once, and six more one by one.
    assert 6 / 4 <= time.monotonic() - began < 2 * 6 / 4
    assert throttled(proxy)[:4] == [False] * 4
    assert throttled(proxy).count(False) == 10


def test_settings_that_change_nothing_fill_no_bucket(proxy: str) -> None:
    throttle(proxy, 0.01)
    aws(proxy, "sts").get_caller_identity()
    throttle(proxy, 0.01)
    throttle(proxy, 5, account="444455556666")
    with pytest.raises(ClientError, match="Throttling"):
        aws(proxy, "sts").get_caller_identity()


def test_reset_forgets_what_is_set_for_accounts_and_keeps_the_latency(proxy: str) -> None:
    deny(proxy, "iam:ListRoles")
    throttle(proxy, 0.01)
    control("PUT", f"{proxy}/_sandbox/settings", json={"latency_ms": 1})
    with pytest.raises(ClientError, match="AccessDenied"):
        aws(proxy, "iam").list_roles()
    control("POST", f"{proxy}/_sandbox/reset")
    assert control("GET", f"{proxy}/_sandbox/settings").json() == NOTHING_SET | {"latency_ms": 1}
    aws(proxy, "iam").list_roles()
    throttle(proxy, 0.01)
    aws(proxy, "iam").list_roles()


@pytest.mark.parametrize(("rate", "size"), [(5, 5), (2.5, 2), (1, 1), (0.5, 1)])
def test_a_bucket_holds_what_a_second_brings_but_one_token_at_least(rate: float, size: int) -> None:
    now = 1000.0
    bucket = _Bucket(rate, clock=lambda: now)
    assert [bucket.take() for _ in range(size + 2)] == [True] * size + [False] * 2
    now += 1000
    assert [bucket.take() for _ in range(size + 2)] == [True] * size + [False] * 2


def test_a_call_without_a_token_takes_none() -> None:
    now = 1000.0
    bucket = _Bucket(1, clock=lambda: now)
    taken = []
    for _ in range(9):
        taken.append(bucket.take())
        now += 0.25
    assert taken == [True, False, False, False] * 2 + [True]


# ---- faults of single calls


def fault(proxy: str, *faults: dict[str, Any], account: str = ACCOUNT) -> None:
    """Let these things go wrong with the account's calls, and no others."""
    answer = control("PUT", f"{proxy}/_sandbox/settings", json={"faults": {account: faults}})
    assert answer.status_code == 200, answer.text


def ansible(proxy: str, service: str, account: str = ACCOUNT) -> Any:
    """A client as modules make it, which tries once and loses its patience soon."""
    config = Config(
        proxies={}, retries={"max_attempts": 0}, user_agent=_get_user_agent_string(), read_timeout=1, connect_timeout=1
    )
    credentials = {"aws_access_key_id": f"SANDBOX{account}", "aws_secret_access_key": "x"}
    return SESSION.client(service, endpoint_url=proxy, config=config, **credentials)


def topics(proxy: str) -> list[str]:
    """The names of the topics that AWS holds, as somebody else sees them."""
    return [arn["TopicArn"].rpartition(":")[2] for arn in aws(proxy, "sns").list_topics()["Topics"]]


@pytest.fixture
def topic(proxy: str) -> Iterator[str]:
    """The name of a topic that is not there, and is taken away in the end."""
    name = "faulty"
    yield name
    control("POST", f"{proxy}/_sandbox/reset")
    aws(proxy, "sns").delete_topic(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}")


@pytest.mark.parametrize(
    ("kind", "error", "is_there"),
    [
        ("cut", ConnectionClosedError, False),
        ("cut_after", ConnectionClosedError, True),
        ("hold", ReadTimeoutError, False),
        ("hold_after", ReadTimeoutError, True),
    ],
)
def test_a_call_without_an_answer(proxy: str, topic: str, kind: str, error: type[Exception], is_there: bool) -> None:
    fault(proxy, {"kind": kind, "calls": "sns:Create*"})
    with pytest.raises(error):
        ansible(proxy, "sns").create_topic(Name=topic)
    assert (topic in topics(proxy)) is is_there
    call = calls(proxy)[0]
    assert (call["action"], call["status"], call["error"]) == ("CreateTopic", 0, kind)
    ansible(proxy, "sns").create_topic(Name=topic)
    assert topic in topics(proxy)


@pytest.mark.parametrize(
    ("service", "operation"),
    [("iam", "list_roles"), ("sns", "list_topics"), ("events", "list_rules"), ("ssm", "list_documents")],
)
def test_an_error_comes_in_the_protocol_of_the_service(proxy: str, service: str, operation: str) -> None:
    fault(proxy, {"kind": "error", "status": 409, "code": "Odd", "message": "It is <odd> & so on."})
    with pytest.raises(ClientError) as refused:
        getattr(ansible(proxy, service), operation)()
    error, metadata = refused.value.response["Error"], refused.value.response["ResponseMetadata"]
    assert (error["Code"], error["Message"], metadata["HTTPStatusCode"]) == ("Odd", "It is <odd> & so on.", 409)
    assert [(call["status"], call["error"]) for call in calls(proxy)] == [(409, "Odd")]


def test_an_error_is_an_internal_one_unless_said_otherwise(proxy: str) -> None:
    fault(proxy, {"kind": "error"})
    with pytest.raises(ClientError, match="InternalFailure"):
        ansible(proxy, "sts").get_caller_identity()
    assert calls(proxy)[0]["status"] == 500


def test_an_answer_of_the_tests_own(proxy: str) -> None:
    entry = {"TargetId": "a", "ErrorCode": "Odd", "ErrorMessage": "No."}
    answer = {"FailedEntryCount": 1, "FailedEntries": [entry]}
    fault(proxy, {"kind": "answer", "calls": "events:PutTargets", "answer": answer})
    answered = ansible(proxy, "events").put_targets(Rule="none", Targets=[{"Id": "a", "Arn": TOPIC}])
    assert answered["FailedEntries"] == [entry]
    assert [(call["status"], call["error"]) for call in calls(proxy)] == [(200, "")]


def test_a_rival_was_there_just_before(proxy: str) -> None:
    fault(proxy, {"kind": "rival", "calls": "iam:CreateRole"})
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        ansible(proxy, "iam").create_role(**NEW)
    assert [(call["action"], call["error"]) for call in calls(proxy)] == [("CreateRole", "EntityAlreadyExists")]
    aws(proxy, "iam").delete_role(RoleName="New")


def test_faults_begin_after_some_calls_end_after_some_and_are_counted_from_when_they_are_set(proxy: str) -> None:
    def outcome(operation: str) -> str:
        try:
            getattr(ansible(proxy, "iam"), operation)()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    ours = [
        {"kind": "error", "calls": "iam:ListR*", "skip": 1, "times": 2, "code": "Some"},
        {"kind": "error", "calls": "iam:ListPolicies", "times": 0, "code": "All"},
    ]
    fault(proxy, *ours)
    fault(proxy, {"kind": "cut"}, account="444455556666")
    for _ in range(2):
        assert [outcome("list_roles") for _ in range(4)] == ["", "Some", "Some", ""]
        assert [outcome("list_policies") for _ in range(3)] == ["All"] * 3
        assert outcome("list_users") == ""
        fault(proxy, *ours)
    control("POST", f"{proxy}/_sandbox/reset")
    assert [outcome(operation) for operation in ("list_roles", "list_roles", "list_policies")] == [""] * 3


def test_faults_meet_modules_of_ansible_only_and_other_accounts_not(proxy: str) -> None:
    fault(proxy, {"kind": "error"}, {"kind": "error", "skip": 1})
    aws(proxy, "iam").list_roles()
    ansible(proxy, "iam", account="444455556666").list_roles()
    with pytest.raises(ClientError, match="InternalFailure"):
        ansible(proxy, "iam").list_roles()


# ---- what IAM does not see yet

POLICY = f"arn:aws:iam::{ACCOUNT}:policy/New"
GRANT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)


@pytest.fixture
def unseen(proxy: str) -> Iterator[Any]:
    """A client of IAM for which a role, a policy and an instance profile were just made, which it does not see."""
    control("PUT", f"{proxy}/_sandbox/settings", json={"unseen": {ACCOUNT: 2}})
    iam = ansible(proxy, "iam")
    iam.create_policy(PolicyName="New", PolicyDocument=GRANT)
    iam.create_role(**NEW)
    iam.create_instance_profile(InstanceProfileName="New")
    yield iam
    control("POST", f"{proxy}/_sandbox/reset")
    others = aws(proxy, "iam")
    others.delete_instance_profile(InstanceProfileName="New")
    with suppress(ClientError):
        others.delete_role_policy(RoleName="New", PolicyName="P")
    with suppress(ClientError):
        others.delete_role(RoleName="Bounded")
    others.delete_role(RoleName="New")
    others.delete_policy(PolicyArn=POLICY)


SOMEWHERE = {"RoleName": "Bounded", "AssumeRolePolicyDocument": DOCUMENT, "PermissionsBoundary": POLICY}


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        ("get_role", {"RoleName": "New"}, "The role with name New cannot be found."),
        ("put_role_policy", {"RoleName": "New", "PolicyName": "P", "PolicyDocument": GRANT}, "The role with "),
        ("get_policy", {"PolicyArn": POLICY}, "The policy with name New cannot be found."),
        ("get_instance_profile", {"InstanceProfileName": "New"}, "The instance profile with name New cannot be found."),
        ("create_role", SOMEWHERE, "The policy with name New cannot be found."),
    ],
)
def test_what_was_just_made_is_not_seen_for_some_calls(
    unseen: Any, operation: str, arguments: dict[str, str], message: str
) -> None:
    for _ in range(2):
        with pytest.raises(ClientError, match="NoSuchEntity") as refused:
            getattr(unseen, operation)(**arguments)
        assert refused.value.response["Error"]["Message"].startswith(message)
    getattr(unseen, operation)(**arguments)


def test_others_see_what_was_just_made_and_its_name_is_taken(proxy: str, unseen: Any) -> None:
    aws(proxy, "iam").get_role(RoleName="New")
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        unseen.create_role(**NEW)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        unseen.get_role(RoleName="New")


def test_all_is_seen_when_the_setting_ends(proxy: str, unseen: Any) -> None:
    control("PUT", f"{proxy}/_sandbox/settings", json={"unseen": {ACCOUNT: 0}})
    assert unseen.get_role(RoleName="New")["Role"]["RoleName"] == "New"


def test_reset_forgets_calls_and_on_request_what_aws_holds() -> None:
    with running(moto_that_counts_resets()) as target, running(create_app(target)) as proxy:
        control("POST", proxy, data={"Action": "ListTopics"})
        assert len(calls(proxy)) == 1
        assert control("POST", f"{proxy}/_sandbox/reset").status_code == 200
        assert calls(proxy) == []
        assert control("GET", f"{target}/resets").json() == 0
        control("POST", f"{proxy}/_sandbox/reset?moto=true")
        assert control("GET", f"{target}/resets").json() == 1
        control("POST", proxy, data={"Action": "ListTopics"})
        assert [call["number"] for call in calls(proxy)] == [1]


def moto_that_counts_resets() -> web.Application:
    resets = 0

    async def reset(_request: web.Request) -> web.Response:
        nonlocal resets
        resets += 1
        return web.Response()

    async def count(_request: web.Request) -> web.Response:
        return web.json_response(resets)

    async def anything(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/moto-api/reset", reset), web.get("/resets", count), web.post("/", anything)])
    return app


def test_requests_and_answers_pass_unchanged() -> None:
    seen: dict[str, Any] = {}

    async def answer(request: web.Request) -> web.Response:
        seen.update(path=request.raw_path, host=request.headers["Host"], agent=request.headers["User-Agent"])
        seen["body"] = await request.read()
        return web.Response(status=418, body=b"\x00\xff", headers={"x-amzn-RequestId": "1", "Location": "/there"})

    target_app = web.Application()
    target_app.router.add_route("*", "/{path:.*}", answer)
    with running(target_app) as target, running(create_app(target)) as proxy:
        headers = {"Host": "bucket.s3.amazonaws.com", "User-Agent": "test"}
        got = control("PUT", f"{proxy}/a%2Fb%20c?list-type=2&x=%2B", data=b"\x01\xfe", headers=headers)
    assert seen == {
        "path": "/a%2Fb%20c?list-type=2&x=%2B",
        "host": "bucket.s3.amazonaws.com",
        "agent": "test",
        "body": b"\x01\xfe",
    }
    assert (got.status_code, got.content) == (418, b"\x00\xff")
    assert (got.headers["x-amzn-RequestId"], got.headers["Location"]) == ("1", "/there")


def test_an_aws_that_is_not_there_is_a_bad_gateway() -> None:
    with listening_socket() as listener:
        nobody = base_url(listener)
    with running(create_app(nobody)) as proxy:
        assert control("POST", proxy, data={"Action": "ListTopics"}).status_code == 502
        [call] = calls(proxy)
        assert (call["action"], call["status"], call["error"]) == ("ListTopics", 502, "ClientConnectorError")


def test_connections_of_clients_are_kept_alive(proxy: str) -> None:
    session = requests.Session()
    session.trust_env = False
    answers = [session.post(proxy, data={"Action": "ListTopics"}, timeout=30) for _ in range(2)]
    assert [answer.headers.get("Connection") for answer in answers] == [None, None]
