# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever answers in place of Clumio's API, a module ends soon, in little memory, with one clear sentence."""

from __future__ import annotations

import copy
import gzip
import itertools
import json
import time
import tracemalloc

import pytest
from clumio_helpers import TOKEN, run_main
from hostile_server import answer, head, hostile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.clumio.aws.plugins.module_utils._clumio import client as client_module
from ansible_collections.clumio.aws.plugins.module_utils._clumio import pages
from ansible_collections.clumio.aws.plugins.module_utils._clumio.client import Client
from ansible_collections.clumio.aws.plugins.modules import (
    clumio_connection,
    clumio_connection_info,
    clumio_connection_validate,
    clumio_permissions_file,
)

PLACE = {"account_id": "111122223333", "region": "us-west-2"}
CONNECTION_ID = "111122223333_us-west-2"

# Every way in which a module asks Clumio first.
WAYS = {
    "register": (clumio_connection, PLACE | {"asset_types": ["ebs"]}),
    "look": (clumio_connection_info, PLACE),
    "list": (clumio_connection_info, {}),
    "fetch": (clumio_permissions_file, PLACE | {"asset_types": ["ebs"]}),
    "validate": (clumio_connection_validate, PLACE),
}
# One that tries again, and one that must not.
TWO_WAYS = ["register", "fetch"]

# Of the client, for these tests: long enough for loopback.
SILENCE, DEADLINE = 0.2, 0.5
# Seconds for all but waiting, on a machine that is busy.
SLACK = 5


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    """Real limits, but short ones; the pauses between attempts take no time, and are kept."""
    slept = []
    for name, value in (("timeout_seconds", SILENCE), ("deadline_seconds", DEADLINE), ("sleep", slept.append)):
        monkeypatch.setitem(Client.__init__.__kwdefaults__, name, value)
    return slept


def run(way, server):
    module, options = WAYS[way]
    return run_main(module, options | {"api_token": TOKEN, "api_base_url": server.url})


def refused(result, *codes):
    """The module has failed with one clear sentence; gives the failure."""
    assert result["failed"]
    assert result["failure"]["code"] in codes
    assert result["msg"].isprintable()
    assert len(result["msg"]) < 2500
    assert "Clumio" in result["msg"]
    assert "Traceback" not in json.dumps(result)
    return result["failure"]


# ---- answers that mean nothing

UNEXPECTED = ("api_answer_unexpected", "api_no_permissions_file")
HTML = b"<!DOCTYPE html><html><form action='/login'>Log in</form></html>"

ANSWERS = {
    "login page": (answer(HTML, kind="text/html"), "api_answer_not_json"),
    "login page that says it is JSON": (answer(HTML), "api_answer_invalid_json"),
    "nothing": (head(204), *UNEXPECTED),
    "empty object": (answer({}), *UNEXPECTED),
    "picture": (answer(b"\x89PNG\r\n\x1a\n\0\0", kind="image/png"), "api_answer_not_json"),
    "type of content with control characters": (answer(b"x", kind="te\x1bxt/\x07\x9b31m"), "api_answer_not_json"),
    "half JSON": (answer(b'{"id": '), "api_answer_invalid_json"),
    "UTF-16": (answer('{"id": "x"}'.encode("utf-16")), "api_answer_invalid_json"),
    "nesting, 100,000 deep": (answer(b'{"a":' * 100_000), "api_answer_invalid_json"),
    "nesting that ends, 900 deep": (
        answer(b'{"resources":' * 900 + b"1" + b"}" * 900),
        "api_answer_invalid_json",
    ),
    "number of 5,000 digits": (answer(b'{"id": ' + b"9" * 5000 + b"}"), "api_answer_invalid_json"),
    "NaN": (answer(b'{"id": NaN}'), "api_answer_invalid_json"),
    "infinity": (answer(b'{"resources": {"a": -Infinity}}'), "api_answer_invalid_json"),
    "number beyond all": (answer(b'{"resources": {"a": 1e999}}'), "api_answer_invalid_json"),
    "half a character": (answer(rb'{"resources": {"a": "\ud800"}}'), "api_answer_invalid_json"),
    "key twice": (answer(b'{"id": "a", "id": "b"}'), "api_answer_invalid_json"),
    "list": (answer([{}]), "api_answer_unexpected"),
    "text": (answer("resources"), "api_answer_unexpected"),
    "null members": (answer({"id": None, "token": None, "resources": None, "_embedded": 1}), *UNEXPECTED),
    "lists for objects": (answer({"id": [], "token": [], "resources": [], "_embedded": [1]}), *UNEXPECTED),
    "numbers for texts": (answer({"id": 7, "token": 7, "resources": 7, "_embedded": {"items": [7]}}), *UNEXPECTED),
    # Packed, and unpacked by nobody.
    "gzip bomb": (
        answer(gzip.compress(b" " * 50_000_000), 200, "Content-Encoding: gzip"),
        "api_answer_invalid_json",
    ),
    "status of a protocol that nobody asked for": (head(101, "Upgrade: websocket"), "api_refused"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.9\r\n", "api_unreachable"),
    "status line without end": (b"HTTP/1.1 " + b"2" * 70_000, "api_unreachable"),
    "status beyond all": (b"HTTP/1.1 20000000000 OK\r\n\r\n", "api_unreachable"),
    "header line without end": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, "api_unreachable"),
    "1,000 headers": (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1000 + b"\r\n", "api_unreachable"),
    "header that is none": (
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}",
        "api_answer_not_json",
        "api_unreachable",
        *UNEXPECTED,
    ),
    "body of two lengths": (answer({}, 200, "Content-Length: 4") + b"evil", "api_answer_invalid_json"),
    "body shorter than it says": (head(200, "Content-Length: 1000000") + b"{}", "api_unreachable"),
    "chunk of a negative size": (head(200, "Transfer-Encoding: chunked") + b"-5\r\n{}\r\n", "api_unreachable"),
    "chunk of no size": (head(200, "Transfer-Encoding: chunked") + b"x\r\n{}\r\n", "api_unreachable"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("expected", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none(way, expected):
    raw, *codes = expected
    with hostile(raw) as server:
        refused(run(way, server), *codes)
        # A module stops at the first answer that makes no sense.
        assert len(server.requests) <= client_module.MAX_ATTEMPTS


# ---- redirects

PLACES = {
    "another server": "http://{elsewhere}/connections/aws",
    "another scheme": "https://{elsewhere}/connections/aws",
    "without a scheme": "//{elsewhere}/connections/aws",
    "with credentials": "http://user:password@{elsewhere}/",
    "its own server": "/elsewhere",
    "a file": "file:///etc/passwd",
    "an address that is none": "http://[",
    "an address with a port that is none": "http://host:port/",
    "one that moves the cursor": "http://{elsewhere}/\x1b[2J\x07",
    "nowhere": "",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status, place):
    with hostile(answer({})) as elsewhere:
        location = place.format(elsewhere=elsewhere.address)
        with hostile(answer({}, status, f"Location: {location}?query=secret")) as server:
            for way in WAYS:
                failure = refused(run(way, server), "api_redirect")
                assert "secret" not in json.dumps(failure)
            assert len(server.requests) == len(WAYS)
        assert elsewhere.requests == []


# ---- without end


def endless(*pieces):
    """Talk that begins with these pieces and repeats the last one as fast as it is taken."""
    return lambda _: itertools.chain(pieces, itertools.repeat(pieces[-1]))


def dripping(*pieces, every=0.05):
    """Talk that begins with these pieces and repeats the last one slowly."""

    def talk(server):
        yield from pieces
        while server.pause(every):
            yield pieces[-1]

    return talk


def silent(server):
    server.pause(10)
    return []


CHUNKED = head(200, "Transfer-Encoding: chunked")
CHUNK = b"10000\r\n" + b" " * 65536 + b"\r\n"

TOO_LARGE = {
    "announced": endless(head(200, f"Content-Length: {10**15}") + b"{", b" " * 65536),
    "announced with more digits than fit": endless(head(200, f"Content-Length: {'9' * 5000}") + b"{", b" " * 65536),
    "not announced": endless(head() + b"{", b" " * 65536),
    "in chunks": endless(CHUNKED, CHUNK),
    "in chunks, of an error": endless(head(500, "Transfer-Encoding: chunked"), CHUNK),
}


@pytest.mark.parametrize("way", TWO_WAYS)
@pytest.mark.parametrize("talk", TOO_LARGE.values(), ids=TOO_LARGE)
def test_an_answer_without_end_takes_little_memory(way, talk):
    with hostile(talk) as server:
        tracemalloc.start()
        try:
            failure = refused(run(way, server), "api_answer_too_large")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert failure["status"] in (200, 500)
        assert peak < 3 * client_module.MAX_BODY_BYTES
        assert len(server.requests) == 1


def test_many_small_pieces_take_no_more_memory_than_a_few_large_ones(monkeypatch):
    monkeypatch.setattr(client_module, "MAX_BODY_BYTES", 50_000)
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "deadline_seconds", 10)
    with hostile(endless(CHUNKED, b"2\r\n  \r\n" * 10_000)) as server:
        tracemalloc.start()
        try:
            refused(run("fetch", server), "api_answer_too_large")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 4_000_000


SLOW = {
    "silence": silent,
    "status line, byte by byte": dripping(b"HTTP/1.1 2", b"0"),
    "headers, byte by byte": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "headers, line by line": dripping(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
    "body, byte by byte": dripping(head() + b"{", b" "),
    "chunk, byte by byte": dripping(CHUNKED + b"ffff\r\n", b" "),
    "size of a chunk, byte by byte": dripping(CHUNKED, b"0"),
    "trailers, line by line": dripping(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: x\r\n"),
    "flood of trailers": endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: x\r\n" * 1000),
    "flood of interim answers": endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
}


@pytest.mark.parametrize("way", TWO_WAYS)
@pytest.mark.parametrize("talk", SLOW.values(), ids=SLOW)
def test_a_slow_answer_ends_with_the_time(way, talk):
    with hostile(talk) as server:
        begin = time.monotonic()
        refused(run(way, server), "api_timeout")
        assert time.monotonic() - begin < DEADLINE + SLACK
        assert server.requests


PROXIES = {
    "headers of the tunnel": dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    # A record of TLS, of 16 KiB that do not come.
    "handshake in the tunnel": dripping(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03\x3f\xff", b"\0"),
}


@pytest.mark.parametrize("talk", PROXIES.values(), ids=PROXIES)
def test_a_slow_proxy_ends_with_the_time(monkeypatch, talk):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with hostile(talk) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        module, options = WAYS["fetch"]
        begin = time.monotonic()
        result = run_main(module, options | {"api_token": TOKEN, "api_base_url": "https://us-west-2.api.clumio.com"})
        refused(result, "api_timeout")
        assert time.monotonic() - begin < DEADLINE + SLACK
        assert all(request.startswith("CONNECT us-west-2.api.clumio.com:443") for request in proxy.requests)
        assert TOKEN not in "".join(proxy.requests)


def test_pages_without_end(monkeypatch):
    monkeypatch.setattr(pages, "MAX_PAGES", 5)
    numbers = itertools.count(2)

    def page(_server):
        row = {"id": CONNECTION_ID, "token": "t", "account_native_id": "111122223333"}
        links = {"_next": {"href": f"http://elsewhere.example.com/steal?start={next(numbers)}"}}
        return [answer({"_embedded": {"items": [row]}, "_links": links, "total_count": next(numbers)})]

    with hostile(page) as server:
        refused(run("list", server), "api_endless_pages")
        assert len(server.requests) == 5
        assert all(request.startswith("GET /connections/aws?limit=100") for request in server.requests)


# ---- what is told of a refusal

WORDS = {
    "control characters": "\x1b[31mred\x07\x00\r\nINFO all is well\n\x9b2J\u202egnp",
    "template": "{{ lookup('pipe', 'touch /tmp/x') }}{% raw %}",
    "a long text": "x" * 5_000,
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("status", [400, 401, 404, 409, 418, 429, 500])
def test_what_clumio_is_said_to_have_said(status, words):
    errors = [{"error_code": words, "error_message": words}] * 100
    with hostile(answer({"errors": errors}, status, f"X-{status}: x")) as server:
        for way in ("fetch", "validate", "list"):
            result = run(way, server)
            if (way, status) == ("validate", 404):
                assert result["failure"]["code"] == "invalid"
                continue
            failure = refused(
                result,
                *("api_refused", "api_token_refused", "api_not_found", "api_conflict"),
                *("api_throttled", "api_unavailable"),
            )
            assert len(failure["error_messages"]) <= 10
            assert all(text.isprintable() and len(text) <= 1000 for text in failure["error_messages"])
            assert failure["error_code"].isprintable()
            assert len(failure["error_code"]) <= 1000


@pytest.mark.parametrize(
    "asked",
    [
        *("-1", "NaN", "Infinity", "1e308", "9" * 400, "86401", "999999999", "0x10", "1;2", "\x1b[2J"),
        *("Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "Wed, 21 Oct 99999 07:28:00 GMT"),
        *("Wed, 21 Oct 2015 07:28:00 +9999", "Wed, 21 Oct 2015 07:28:00 -0000"),
    ],
)
def test_nobody_is_made_to_wait_for_ever(limits, asked):
    headers = [f"Retry-After: {asked}", "Date: Wed, 21 Oct 2015 07:28:00 GMT"]
    with hostile(answer(b"", 503, *headers)) as server:
        failure = refused(run("look", server), "api_unavailable")
    assert sum(limits) < DEADLINE + client_module.MAX_BACKOFF_SECONDS
    assert (failure["retry_after"] or 0) <= client_module.MAX_RETRY_AFTER_SECONDS


def test_an_echoed_token_is_in_no_result():
    """run_main looks for it in everything that a module says."""
    connection = {"id": CONNECTION_ID, "token": "t", "description": f"Bearer {TOKEN}", "x": {TOKEN: [TOKEN]}}
    pages_of = {"_embedded": {"items": [connection]}, "_links": {}}
    for body in (connection | pages_of, {"resources": {TOKEN: TOKEN}}, {"errors": [{"error_message": TOKEN}]}):
        with hostile(answer(body)) as server:
            for way in WAYS:
                run(way, server)


# ---- any JSON in place of an answer

CONNECTION = {
    "id": CONNECTION_ID,
    "token": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    "account_native_id": "111122223333",
    "aws_region": "us-west-2",
    "asset_types": ["ebs"],
    "config": {"asset_types_enabled": ["EBS"]},
    "connection_status": "connected",
    "clumio_aws_account_id": "999988887777",
    "description": "",
    "external_id": "",
    "ingestion_status": "completed",
    "organizational_unit_id": "a",
    "protect_asset_types_enabled": ["EBS"],
    "resources": {"clumio_iam_role_arn": "a", "event_rules": {"cloudtrail_rule_arn": "b"}},
    "stack_arn": None,
    "target_setup_status": "completed",
    "_links": {"_self": {"href": "x"}},
}


def listed(*rows):
    return {"_embedded": {"items": list(rows)}, "_links": {"_next": None}}


GOOD = {
    "/connections/aws/templates": {"resources": {"roles": {}}},
    f"/connections/aws/{CONNECTION_ID}": CONNECTION,
    "/connections/aws": listed(CONNECTION),
    "/organizational-units/b": {"task_id": "t"},
    "/organizational-units": listed(
        {"id": "a", "name": "A", "parent_id": None}, {"id": "b", "name": "B", "parent_id": "a"}
    ),
    "/datasources/aws/environments": listed({"id": "e"}),
    "/tasks/t": {"status": "completed"},
}
MOVE = (clumio_connection, PLACE | {"organizational_unit_id": "b", "wait_timeout": 0})
HAND_OVER = (
    clumio_connection,
    PLACE
    | {
        "asset_types": ["ebs"],
        "resources": {
            "clumio_iam_role_arn": "arn:aws:iam::111122223333:role/R",
            "clumio_event_pub_arn": "arn:aws:sns:us-west-2:111122223333:T",
        },
    },
)
RUNS = [*WAYS.values(), MOVE, HAND_OVER]

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["connected", "a", CONNECTION_ID, "\x1b[2J", "{{ 1 }}", "x" * 5000, "?start=2", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from([*CONNECTION]), inner),
    max_leaves=8,
)


def positions(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from positions(item, (*path, key))


@st.composite
def answers(draw):
    """Good answers by path, one or two of them with something else somewhere."""
    told = copy.deepcopy(GOOD)
    for path in draw(st.lists(st.sampled_from([*GOOD]), min_size=1, max_size=2, unique=True)):
        *parents, last = [path, *draw(st.sampled_from([*positions(GOOD[path])]))]
        holder = told
        for parent in parents:
            holder = holder[parent]
        holder[last] = draw(ANY_JSON)
    return told


@pytest.fixture(scope="module")
def told():
    """A server that answers by path; the answers are set by the test."""
    bodies = {}

    def talk(server):
        path = server.requests[-1].split(" ")[1].partition("?")[0]
        return [answer(bodies.get(path, {}))]

    with hostile(talk) as server:
        yield server, bodies


@given(bodies=answers(), chosen=st.sampled_from(RUNS))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_answer_is_taken_or_refused(told, bodies, chosen):
    server, current = told
    current |= bodies
    module, options = chosen
    result = run_main(module, options | {"api_token": TOKEN, "api_base_url": server.url})
    assert "Traceback" not in json.dumps(result)
    if result.get("failed"):
        assert result["failure"]["code"]
        assert result["msg"].isprintable()
        assert len(result["msg"]) < 5000
    elif result.get("connection"):
        assert result["connection"]["id"] == CONNECTION_ID


@given(raw=st.binary(max_size=300) | st.binary(max_size=60).map(lambda junk: b"HTTP/1.1 200 OK\r\n" + junk))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_bytes_are_refused(raw):
    with hostile(raw) as server:
        result = run("fetch", server)
    assert result["failed"]
    assert result["failure"]["code"]
    assert result["msg"].isprintable()
