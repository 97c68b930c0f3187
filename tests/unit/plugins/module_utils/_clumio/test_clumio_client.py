# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.clumio.aws.plugins.module_utils._clumio import client as client_module
from ansible_collections.clumio.aws.plugins.module_utils._clumio.client import COLLECTION_VERSION, ApiError, Client
from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError

ACCEPT = "application/api.clumio.aws-connections=v1+json"
PATH = "/connections/aws"


def get(client, path=PATH, **more):
    return client.request("GET", path, accept=ACCEPT, **more)


def failure(client, method="GET", **more):
    with pytest.raises(ApiError) as raised:
        client.request(method, PATH, accept=ACCEPT, **more)
    return raised.value


def errors(*messages):
    return {"errors": [{"error_code": 111 + number, "error_message": text} for number, text in enumerate(messages)]}


# ---- requests


def test_request_sends_what_clumio_expects(server, client, token):
    server.reply(body={"id": "x"})

    assert client.request("PATCH", f"{PATH}/a%2Fb", accept=ACCEPT, body={"description": "ü"}) == {"id": "x"}

    call = server.calls[0]
    headers = {name.lower(): value for name, value in call.headers.items()}
    agent = f"clumio.aws ansible collection {COLLECTION_VERSION}"
    assert (call.method, call.path, json.loads(call.body)) == ("PATCH", "/connections/aws/a%2Fb", {"description": "ü"})
    assert headers["authorization"] == f"Bearer {token}"
    assert headers["accept"] == ACCEPT
    assert headers["content-type"] == "application/json"
    assert headers["x-clumio-organizationalunit-context"] == "an-organizational-unit"
    assert headers["x-clumio-api-client"] == headers["user-agent"] == agent


def test_organizational_unit_header_is_sent_empty(server, token):
    server.reply()
    get(Client(server.url, token))
    headers = {name.lower(): value for name, value in server.calls[0].headers.items()}
    assert headers["x-clumio-organizationalunit-context"] == ""
    assert headers["content-type"] == "application/json"


def test_in_global_unit(server, client, token):
    server.reply()
    get(client.in_global_unit())
    get(client)
    headers = [{name.lower(): value for name, value in call.headers.items()} for call in server.calls]
    units = [sent["x-clumio-organizationalunit-context"] for sent in headers]
    assert units == ["", "an-organizational-unit"]
    assert [sent["authorization"] for sent in headers] == [f"Bearer {token}"] * 2
    assert (client.in_global_unit().organizational_unit, client.organizational_unit) == ("", "an-organizational-unit")


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        (None, PATH),
        ({}, PATH),
        ({"filter": '{"a": 1}', "limit": "2"}, f"{PATH}?filter=%7B%22a%22%3A+1%7D&limit=2"),
        ("start=eyJ%3D%3D", f"{PATH}?start=eyJ%3D%3D"),
    ],
)
def test_query(server, client, query, sent):
    server.reply()
    get(client, query=query)
    assert server.calls[0].path == sent


@pytest.mark.parametrize("trailing", ["", "/", "//", "/portal", "/portal/"])
def test_base_url_may_have_slashes_and_a_path(server, token, trailing):
    server.reply()
    get(Client(server.url + trailing, token))
    assert server.calls[0].path == trailing.rstrip("/") + PATH


def test_netrc_does_not_replace_the_token(server, client, token, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.reply()
    get(client)
    assert server.calls[0].headers["Authorization"] == f"Bearer {token}"


def test_loopback_is_not_asked_through_a_proxy(server, client, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.reply(body={"direct": True})
    assert get(client) == {"direct": True}


def test_https_goes_through_the_proxy(server, token, monkeypatch, clock):
    monkeypatch.setenv("https_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    remote = Client("https://us-west-2.api.clumio.com", token, clock=clock, sleep=clock.sleep)
    # The scripted server knows no CONNECT: it refuses, and nothing of the request has reached it.
    assert failure(remote).code == "api_unreachable"
    assert server.calls == []


def test_version_is_the_collections():
    galaxy = yaml.safe_load((Path(__file__).parents[5] / "galaxy.yml").read_text())
    assert galaxy["version"] == COLLECTION_VERSION


# ---- answers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226])
def test_any_2xx_is_success(server, client, status):
    server.reply(status, b"" if status == 204 else {"ok": True})
    assert get(client) == ({} if status == 204 else {"ok": True})


@pytest.mark.parametrize("body", [b"", b" \r\n", {}])
def test_empty_answer(server, client, body):
    server.reply(body=body)
    assert client.request("DELETE", PATH, accept=ACCEPT) == {}


@pytest.mark.parametrize(
    ("status", "body", "content_type", "code", "said"),
    [
        (200, b"<html>log in</html>", "text/html; charset=utf-8", "api_answer_not_json", "text/html instead of JSON"),
        (200, b'{"id": ', "application/json", "api_answer_invalid_json", "JSON that cannot be read"),
        (200, b"\xff\xfe\xfa", "application/x+json", "api_answer_invalid_json", "JSON that cannot be read"),
        (200, b"[" * 200_000, "application/json", "api_answer_invalid_json", "JSON that cannot be read"),
        (200, b"[1]", "application/json", "api_answer_unexpected", "a JSON list instead of an object"),
        (400, errors("Bad region.", "Bad type."), None, "api_refused", "(status 400): Bad region. Bad type."),
        (400, {"errors": None}, None, "api_refused", "(status 400)."),
        (400, {"errors": [None, {"error_code": None}]}, None, "api_refused", "(status 400)."),
        (400, b"", "text/plain", "api_refused", "(status 400)."),
        (401, errors("Expired."), None, "api_token_refused", "refused the API token for GET"),
        (403, b"<html/>", "text/html", "api_token_refused", "text/html instead of JSON"),
        (404, errors("No such connection."), None, "api_not_found", "No such connection."),
        (404, b"", "text/plain", "api_not_found", "does not know"),
        (404, b"<html>nothing here</html>", "text/html", "api_answer_not_json", "text/html instead of JSON"),
        (406, errors("No."), None, "api_not_acceptable", "media type"),
        (409, errors("It exists."), None, "api_conflict", "It exists."),
        (415, errors("No JSON."), None, "api_refused", "No JSON."),
        (501, errors("Never."), None, "api_unavailable", "tried once"),
    ],
)
def test_what_an_answer_means(server, client, status, body, content_type, code, said):
    server.reply(status, body, {"Content-Type": content_type} if content_type else {})
    error = failure(client)
    assert error.code == code
    assert said in error.message
    assert error.message.count("\n") == 0
    assert error.status == status
    assert error.as_result()["failure"].items() >= {"status": status, "method": "GET", "path": PATH}.items()
    assert len(server.calls) == 1


def test_api_messages_and_code_are_facts(server, client):
    server.reply(400, errors("One.", "Two."))
    error = failure(client)
    assert (error.error_code, error.error_messages) == (111, ("One.", "Two."))
    assert error.as_result()["failure"]["error_messages"] == ["One.", "Two."]


def test_refused_token_hints_at_the_portal(server, client):
    server.reply(401, errors("The API token is not valid."))
    error = failure(client)
    assert server.url in error.hint
    assert "same portal" in error.hint


def test_oversized_answer(server, client, monkeypatch):
    monkeypatch.setattr(client_module, "MAX_BODY_BYTES", 1024**2)
    server.reply(body=b" " * (1024**2 + 1))
    error = failure(client)
    assert error.code == "api_answer_too_large"
    assert "larger than 1 MiB" in error.message
    assert len(server.calls) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_redirect_is_not_followed(server, client, status, method):
    server.reply(status, b"", {"Location": f"{server.url}/elsewhere?secret=1"})
    error = failure(client, method)
    assert error.code == "api_redirect"
    assert f"{server.url}/elsewhere (" in error.message
    assert [call.path for call in server.calls] == [PATH]


def test_redirect_to_nowhere(server, client):
    server.reply(300)
    assert "an unnamed place" in failure(client).message


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 409, 500])
def test_echoed_token_is_scrubbed(server, client, token, status):
    server.reply(
        status,
        errors(f"Bearer {token} is bad.") if status >= 400 else b"<html>",
        {"Location": f"http://{token}.example.com/{token}"} | ({"Content-Type": f"x/{token}"} if status < 400 else {}),
    )
    error = failure(client)
    assert token not in json.dumps(error.as_result())
    assert "<API token>" in json.dumps(error.as_result())


# ---- retries


def test_retry_until_it_works(server, client, clock):
    server.reply(503, errors("Busy."))
    server.reply(hang_up=True)
    server.reply(body={"ok": True})
    assert get(client) == {"ok": True}
    assert len(server.calls) == 3
    assert [0.5 <= clock.slept[0] <= 1, 1 <= clock.slept[1] <= 2, len(clock.slept)] == [True, True, 2]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "api_throttled"),
        (500, "api_unavailable"),
        (502, "api_unavailable"),
        (503, "api_unavailable"),
        (504, "api_unavailable"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_idempotent_methods_are_tried_six_times(server, client, clock, method, status, code):
    server.reply(status, b"<html>gateway</html>", {"Content-Type": "text/html"})
    error = failure(client, method)
    assert error.code == code
    assert "tried 6 times (status" in error.message
    assert "text/html instead of JSON" in error.message
    assert len(server.calls) == 6
    assert len(clock.slept) == 5
    assert clock.slept == sorted(clock.slept)


@pytest.mark.parametrize(
    ("status", "headers", "calls"),
    [
        (429, {}, 1),
        (429, {"Retry-After": "1"}, 6),
        (500, {"Retry-After": "1"}, 1),
        (502, {"Retry-After": "1"}, 1),
        (503, {}, 1),
        (503, {"Retry-After": "soon"}, 1),
        (503, {"Retry-After": "1"}, 6),
        (504, {"Retry-After": "1"}, 1),
    ],
)
def test_post_is_tried_again_only_when_it_was_turned_away(server, client, status, headers, calls):
    server.reply(status, errors("Later."), headers)
    failure(client, "POST", body={})
    assert len(server.calls) == calls


def test_post_is_not_tried_again_when_the_connection_broke(server, client):
    server.reply(hang_up=True)
    error = failure(client, "POST", body={})
    assert error.code == "api_unreachable"
    assert "may have carried the request out" in error.hint
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("retry_after", "date", "waited"),
    [
        ("7", None, 7),
        ("0", None, 0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 30),
        ("Wed, 21 Oct 2015 07:27:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT", 0),
    ],
)
def test_retry_after(server, client, clock, retry_after, date, waited, monkeypatch):
    if date:
        monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: date)
    server.reply(429, errors("Slow down."), {"Retry-After": retry_after})
    server.reply(body={"ok": True})
    assert get(client) == {"ok": True}
    assert clock.slept == [waited]


@pytest.mark.parametrize("retry_after", ["", "soon", "-1", "1e3", "9999999999", "Wed, 99 Oct"])
def test_broken_retry_after_is_ignored(server, client, clock, retry_after):
    server.reply(429, errors("Slow down."), {"Retry-After": retry_after})
    server.reply(body={"ok": True})
    assert get(client) == {"ok": True}
    assert 0.5 <= clock.slept[0] <= 1


def test_retry_after_beyond_the_deadline_ends_it(server, client, clock):
    server.reply(429, errors("Slow down."), {"Retry-After": "3600"})
    error = failure(client)
    assert (error.code, error.hint, clock.slept) == ("api_throttled", "Try again in 3600 s.", [])


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {"Retry-After": "3600"}, 3600), (503, {"Retry-After": "3600"}, 3600), (429, {}, None), (503, {}, None)],
)
def test_failure_tells_a_machine_how_long_to_wait(server, client, status, headers, seconds):
    server.reply(status, errors("Later."), headers)
    assert failure(client, "POST" if not headers else "GET").as_result()["failure"]["retry_after"] == seconds


def test_deadline_bounds_all_attempts(server, token, clock):
    server.reply(503, errors("Busy."), {"Retry-After": "8"})
    failure(Client(server.url, token, clock=clock, sleep=clock.sleep, deadline_seconds=20))
    assert clock.slept == [8, 8]


# ---- no answer


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refused_connection_is_tried_again(clock, token, method):
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    error = failure(Client(f"http://127.0.0.1:{port}", token, clock=clock, sleep=clock.sleep), method)
    assert error.code == "api_unreachable"
    assert "the connection was refused" in error.message
    assert "tried 6 times" in error.message
    assert "carried" not in error.hint
    assert (error.status, len(clock.slept)) == (None, 5)


def test_unknown_host_is_not_tried_again(token, clock, monkeypatch):
    def resolve(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    error = failure(Client("https://us-west-2.api.clumio.invalid", token, clock=clock, sleep=clock.sleep))
    assert error.code == "api_unreachable"
    assert "cannot be resolved" in error.message
    assert clock.slept == []


def test_trickling_server_cannot_outrun_the_deadline(server, token):
    server.reply(body=b"{", content_length=1_000_000, trickle=True)
    error = failure(Client(server.url, token, deadline_seconds=0.3))
    assert error.code == "api_timeout"
    assert "tried once" in error.message


def test_server_that_accepts_and_says_nothing(token, clock):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        silent = Client(url, token, clock=clock, sleep=clock.sleep, timeout_seconds=0.05)
        error = failure(silent)
    assert error.code == "api_timeout"
    assert "tried 6 times" in error.message


def test_truncated_answer_is_no_answer(server, client):
    server.reply(body=b'{"a": 1}', content_length=100)
    error = failure(client)
    assert error.code == "api_unreachable"
    assert len(server.calls) == 6


@pytest.fixture
def self_signed(tmp_path):
    """A TLS server with a certificate of nobody's authority; gives its URL."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    http = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    http.server_close()
    thread.join()


def test_untrusted_certificate(self_signed, token, clock):
    error = failure(Client(self_signed, token, clock=clock, sleep=clock.sleep))
    assert error.code == "api_tls"
    assert "self-signed certificate" in error.message
    assert clock.slept == []


def test_a_certificate_of_ssl_cert_file_is_trusted_for_its_host(self_signed, token, clock, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    # The server knows no GET; it was asked.
    assert failure(Client(self_signed, token, clock=clock, sleep=clock.sleep)).status == 501
    elsewhere = Client(self_signed.replace("127.0.0.1", "localhost"), token, clock=clock, sleep=clock.sleep)
    error = failure(elsewhere)
    assert error.code == "api_tls"
    assert "localhost" in error.message


def test_tls_to_a_server_without(server, token, clock):
    error = failure(Client(server.url.replace("http:", "https:"), token, clock=clock, sleep=clock.sleep))
    assert (error.code, clock.slept) == ("api_tls", [])


# ---- what a client is made from


@pytest.mark.parametrize(
    "base_url",
    [
        "http://us-west-2.api.clumio.com",
        "http://localhost.example.com",
        "http://128.0.0.1",
        "us-west-2.api.clumio.com",
        "ftp://127.0.0.1",
        "https://",
        "https://host?x=1",
        "https://host/#x",
        "https://host name",
        "https://host:port",
        "https://[::1",
        "https://a..b",
        "https://hôst\n",
        "",
    ],
)
def test_unusable_base_url(base_url, token):
    with pytest.raises(InputError) as raised:
        Client(base_url, token)
    assert raised.value.code == "api_base_url_invalid"
    assert "https://us-west-2.api.clumio.com (west)" in raised.value.hint


def test_base_url_with_credentials_does_not_show_them(token):
    with pytest.raises(InputError) as raised:
        Client("https://user:pass-word@us-west-2.api.clumio.com", token)
    assert "pass-word" not in raised.value.sentence


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "127.1.2.3", "[::1]:80"])
def test_plain_http_on_loopback(host, token):
    assert Client(f"http://{host}/", token).base_url == f"http://{host}"


@pytest.mark.parametrize("spoilt", ["to ken", "to\nken: x", "tökén"])
def test_unusable_token_is_refused_and_not_shown(spoilt):
    with pytest.raises(InputError) as raised:
        Client("https://us-west-2.api.clumio.com", spoilt)
    assert raised.value.code == "api_header_invalid"
    assert spoilt not in raised.value.sentence


def test_unusable_organizational_unit(token):
    with pytest.raises(InputError, match="organizational unit"):
        Client("https://us-west-2.api.clumio.com", token, "my unit")


def test_white_space_around_the_token_does_not_matter(server, token):
    server.reply()
    get(Client(f" {server.url} \n", f" {token}\n"))
    assert server.calls[0].headers["Authorization"] == f"Bearer {token}"
