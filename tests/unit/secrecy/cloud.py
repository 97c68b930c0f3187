# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS and Clumio on loopback, with secrets that would be noticed, and answers that quote what was sent to them."""

from __future__ import annotations

import base64
import json
import re
import secrets
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from aiohttp import web

from sandbox import clumio_api, processes, proxy
from sandbox.server import running
from sandbox.verification import AwsVerifier

REGION = "us-west-2"
# The account of the credentials in the environment.
OWN_ACCOUNT = "700000000000"
# To be assumed in another account.
ROLE = "arn:aws:iam::{account}:role/OrganizationAccountAccessRole"

# In the message of a fault this stands for what AWS, or Clumio, was sent.
QUOTE = "<<what was sent>>"


def _secret(between: str, parts: int = 2) -> str:
    """Long parts, and between them what JSON, URLs, HTML or a shell write in another way."""
    letters = string.ascii_letters + string.digits
    return between.join("".join(secrets.choice(letters) for _ in range(24)) for _ in range(parts))


@dataclass(frozen=True)
class Secrets:
    """What nobody may see. Those of AWS are of the letters of base64; of Clumio's token only ASCII is known."""

    api_token: str
    secret_key: str
    session_token: str
    role_secret_key: str
    role_session_token: str

    @classmethod
    def new(cls) -> Secrets:
        # A session token has several hundred characters.
        keys, tokens = ([_secret("/+=", parts) for _ in range(2)] for parts in (2, 10))
        return cls(_secret("/+=\"&<%'\\"), keys[0], tokens[0], keys[1], tokens[1])


class Cloud:
    """A running sandbox.

    Attributes:
        secrets: of its users.
        environment: of one who uses it with all of them.
        session_tokens: that came with calls to AWS.
    """

    def __init__(self, known: Secrets, aws: str, clumio: str, session_tokens: set[str]) -> None:
        self.secrets = known
        self.session_tokens = session_tokens
        self._aws, self._clumio = aws, clumio
        self.environment = {
            "AWS_ENDPOINT_URL": aws,
            "AWS_ACCESS_KEY_ID": f"SANDBOX{OWN_ACCOUNT}",
            "AWS_SECRET_ACCESS_KEY": known.secret_key,
            "AWS_SESSION_TOKEN": known.session_token,
            "AWS_REGION": REGION,
            "CLUMIO_API_BASE_URL": clumio,
            "CLUMIO_API_TOKEN": known.api_token,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def empty(self) -> None:
        """Begin anew, as far as connections, resources, faults and what was seen go."""
        processes.http_json("POST", f"{self._aws}/_sandbox/reset?moto=true")
        processes.http_json("POST", f"{self._clumio}/_sandbox/reset")
        self.session_tokens.clear()

    def set_faults(self, aws: Mapping[str, list[dict[str, Any]]], clumio: Mapping[str, list[dict[str, Any]]]) -> None:
        """What goes wrong from now on, by account and by connection; see C(sandbox.faults)."""
        processes.http_json("PUT", f"{self._aws}/_sandbox/settings", {"faults": dict(aws)})
        processes.http_json("PUT", f"{self._clumio}/_sandbox/settings", {"faults": dict(clumio)})


@contextmanager
def running_cloud(directory: Path) -> Iterator[Cloud]:
    """A sandbox with new secrets.

    Args:
        directory: for what it keeps while it runs.
    """
    known = Secrets.new()
    options = processes.Options(OWN_ACCOUNT, REGION, latency=0, quotas={}, connect_delay=0, ingest_delay=0)
    aws = processes.start(directory, options).urls["aws"]
    try:
        clumio = clumio_api.create_app(
            token=known.api_token, verify=AwsVerifier(aws), connect_delay=0, ingest_delay=0, task_delay=0
        )
        in_front = proxy.create_app(aws)
        session_tokens: set[str] = set()
        clumio.middlewares.insert(0, _quoting)
        in_front.middlewares.extend([_quoting, _assuming(known, session_tokens)])
        with running(in_front) as aws_url, running(clumio) as clumio_url:
            yield Cloud(known, aws_url, clumio_url, session_tokens)
    finally:
        processes.stop(directory)


@web.middleware
async def _quoting(request: web.Request, handler: Any) -> web.StreamResponse:
    """Puts what was sent into an answer that asks for it: as it came, and as gateways and logs write it."""
    response: web.StreamResponse = await handler(request)
    mark = QUOTE.encode()
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        is_xml = response.content_type.endswith("xml")
        mark = escape(QUOTE).encode() if is_xml else mark
        if mark in response.body:
            said = _said_of(request)
            written = escape(said) if is_xml else json.dumps(said)[1:-1]
            _say(response, response.body.replace(mark, written.encode()))
    return response


def _say(response: web.Response, body: bytes) -> None:
    """Another body, with its own length."""
    response.headers.pop("Content-Length", None)
    response.body = body


def _said_of(request: web.Request) -> str:
    sent = dict(request.headers)
    secret = sent.get("X-Amz-Security-Token") or sent.get("Authorization", "")
    return " ".join(
        [secret, json.dumps(sent), repr(sent), quote(secret, safe=""), base64.b64encode(secret.encode()).decode()]
    )


def _assuming(known: Secrets, session_tokens: set[str]) -> Any:
    """AWS's secrets of a role that is assumed are random; here they are known."""

    @web.middleware
    async def assuming(request: web.Request, handler: Any) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        session_tokens.add(request.headers.get("X-Amz-Security-Token", ""))
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            body = re.sub(b"(?<=<SecretAccessKey>)[^<]+", known.role_secret_key.encode(), response.body)
            _say(response, re.sub(b"(?<=<SessionToken>)[^<]+", known.role_session_token.encode(), body))
        return response

    return assuming
