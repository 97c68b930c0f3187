# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The recording proxy in front of AWS: passes every call on, and writes down what was called and what came of it."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web
from yarl import URL

from sandbox.keys import SANDBOX_KEY
from sandbox.server import serve

CONTROL = "/_sandbox/"

#: Verbs that actions which change nothing begin with.
READING_VERBS = (
    "AssumeRole",
    "BatchGet",
    "Decode",
    "Describe",
    "Get",
    "Head",
    "List",
    "Simulate",
    "Test",
    "Validate",
)

#: The services whose calls can be denied, by the names under which requests to them are signed, with IAM's own names:
#: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
IAM_SERVICES = {
    "events": "events",
    "iam": "iam",
    "kms": "kms",
    "sns": "sns",
    "ssm": "ssm",
    "sts": "sts",
    "tagging": "tag",
}

#: What the clients of amazon.aws, which all modules use, say in their User-Agent.
_ANSIBLE = "Ansible/"

#: Those of them that speak the query protocol and XML; the others speak JSON.
_QUERY_SERVICES = ("iam", "sns", "sts")
#: Parameters of IAM that name what a call is about, those first that come before others.
_IAM_NAMES = {
    "InstanceProfileName": "instance-profile",
    "RoleName": "role",
    "UserName": "user",
    "PolicyName": "policy",
}

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]*)/([^/]+)/aws4_request")
_RPC_PATH = re.compile(r"/service/[^/]+/operation/([^/]+)")
_XML_ERROR = re.compile(rb"<Code>([^<]+)</Code>")
_JSON_ERROR = re.compile(rb'"__type"\s*:\s*"([^"]+)"')
_XML_ACCESS_KEY = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")
_XML_ARN = re.compile(rb"<Arn>([^<]+)</Arn>")
_XML_USER = re.compile(rb"<UserName>([^<]+)</UserName>")
#: Of the connection, not of the message (RFC 9110, section 7.6.1), or set anew by the next hop.
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect")
)


@dataclass(frozen=True)
class Call:
    """One call to AWS, as it came in.

    Attributes:
        service: by the name under which the request is signed.
        account: of the caller; empty if the proxy cannot know.
        client: ``ansible`` for a module of Ansible, else ``other``.
    """

    number: int
    service: str
    action: str
    account: str
    client: str

    @property
    def kind(self) -> str:
        """``read`` or ``write``, by the action's verb; for an action named by its HTTP method, by that."""
        return "read" if self.action.startswith((*READING_VERBS, "GET ", "HEAD ")) else "write"

    @property
    def iam_action(self) -> str:
        """The action as policies name it."""
        return f"{IAM_SERVICES.get(self.service, self.service)}:{self.action}"


@dataclass
class Settings:
    """What the proxy does to calls.

    Attributes:
        latency_ms: milliseconds that every call waits before it goes on to AWS.
        denied: by account the actions, in IAM's words, that are answered with a refusal and not passed on.
    """

    latency_ms: float = 0.0
    denied: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, members: Any, *, over: Settings) -> Settings:
        """The settings with some members changed; what is denied in other accounts stays denied there.

        Raises:
            ValueError: unknown member, or a value that cannot be.
        """
        if not isinstance(members, dict) or members.keys() - asdict(over).keys():
            raise ValueError(f"settings are an object of {', '.join(asdict(over))}")
        changed = cls(**(asdict(over) | members))
        if not isinstance(changed.latency_ms, int | float) or not changed.latency_ms >= 0:
            raise ValueError("latency_ms must be a number of milliseconds, 0 or more")
        denied = changed.denied
        if not isinstance(denied, dict) or not all(
            re.fullmatch(r"\d{12}", account, re.ASCII) and isinstance(actions, list) and all(map(_deniable, actions))
            for account, actions in denied.items()
        ):
            services = ", ".join(sorted(IAM_SERVICES.values()))
            raise ValueError(
                f"denied must be an object of accounts of 12 digits, each with a list of actions of {services}, "
                "such as iam:CreateRole"
            )
        changed.denied = {account: actions for account, actions in (over.denied | denied).items() if actions}
        return changed

    def denies(self, call: Call) -> bool:
        return call.iam_action.lower() in (action.lower() for action in self.denied.get(call.account, []))


def _deniable(action: Any) -> bool:
    """Whether this is an action of a service in whose protocol the proxy can refuse it."""
    service, _, name = action.partition(":") if isinstance(action, str) else ("", "", "")
    return service in IAM_SERVICES.values() and name.isalnum()


@dataclass
class _Callers:
    """Whose an access key is: account and ARN, both empty for a key that the proxy has not seen handed out."""

    _known: dict[str, tuple[str, str]] = field(default_factory=dict)

    def of(self, access_key: str) -> tuple[str, str]:
        if sandbox_key := SANDBOX_KEY.fullmatch(access_key):
            return sandbox_key[1], f"arn:aws:iam::{sandbox_key[1]}:root"
        return self._known.get(access_key, ("", ""))

    def remember(self, call: Call, answer: bytes) -> None:
        """Take a key that AWS has handed out: a user's, or a role's that was assumed."""
        named = {"AssumeRole": _XML_ARN, "CreateAccessKey": _XML_USER}.get(call.action)
        if named and (key := _XML_ACCESS_KEY.search(answer)) and (found := named.search(answer)):
            name = found[1].decode()
            arn = name if call.action == "AssumeRole" else f"arn:aws:iam::{call.account}:user/{name}"
            # A role works in its own account, whoever assumes it.
            self._known[key[1].decode()] = arn.split(":")[4], arn


def _action(request: web.BaseRequest, form: Mapping[str, list[str]]) -> str:
    """The API action: by the query protocol, the JSON protocols, Smithy's RPC, or else HTTP method and path."""
    if form.get("Action"):
        return form["Action"][0]
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2]
    rpc = _RPC_PATH.search(request.path)
    return rpc[1] if rpc else f"{request.method} {request.path}"


def _error_code(status: int, headers: Mapping[str, str], answer: bytes) -> str:
    """AWS's code of a failed call; empty for one that succeeded, or whose answer names none."""
    if status < 400:
        return ""
    named = headers.get("x-amzn-ErrorType", "")
    if not named and (xml := _XML_ERROR.search(answer)):
        named = xml[1].decode()
    if not named and (member := _JSON_ERROR.search(answer)):
        named = member[1].decode()
    # JSON protocols may say namespace#Code:link.
    return named.rpartition("#")[2].partition(":")[0]


def _refusal(call: Call, caller: str, parameters: Mapping[str, Any]) -> tuple[str, web.Response]:
    """Code and answer with which AWS refuses what no policy of the caller allows, in the protocol of the service.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    message = (
        f"User: {caller} is not authorized to perform: {call.iam_action} on resource: {_resource(call, parameters)} "
        f"because no identity-based policy allows the {call.iam_action} action"
    )
    request_id = str(uuid4())
    if call.service in _QUERY_SERVICES:
        # SNS has a code of its own: https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
        code = "AuthorizationError" if call.service == "sns" else "AccessDenied"
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        body = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
        return code, web.Response(status=403, text=body, content_type="text/xml")
    code = "AccessDeniedException"
    body = json.dumps({"__type": code, "Message": message})
    headers = {"x-amzn-RequestId": request_id}
    return code, web.Response(status=400, text=body, content_type="application/x-amz-json-1.1", headers=headers)


def _resource(call: Call, parameters: Mapping[str, Any]) -> str:
    """What a refusal says that the call is about: an ARN in it, or the one of what it names in IAM, or a star."""
    if call.service == "iam":
        for parameter, kind in _IAM_NAMES.items():
            if parameter in parameters:
                return f"arn:aws:iam::{call.account}:{kind}/{parameters[parameter]}"
    return next((value for value in parameters.values() if str(value).startswith("arn:")), "*")


class _Proxy:
    """The handlers, and the record."""

    def __init__(self, target: str, settings: Settings) -> None:
        self._target = target
        self._settings = settings
        self._callers = _Callers()
        self._number = 0
        self._record: list[dict[str, Any]] = []
        self._http: aiohttp.ClientSession

    async def session(self, _app: web.Application) -> AsyncIterator[None]:
        """Keep connections to AWS for as long as the application runs. Bodies pass as they are."""
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as self._http:
            yield

    async def forward(self, request: web.Request) -> web.Response:
        started = time.perf_counter()
        body = await request.read()
        is_form = request.content_type == "application/x-www-form-urlencoded"
        form = parse_qs(body.decode()) if is_form else {}
        scope = _CREDENTIAL.search(request.headers.get("Authorization", ""))
        access_key, service = (scope[1], scope[3]) if scope else ("", "")
        account, caller = self._callers.of(access_key)
        client = "ansible" if _ANSIBLE in request.headers.get("User-Agent", "") else "other"
        self._number += 1
        call = Call(self._number, service, _action(request, form), account, client)

        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        if call.account:
            headers["x-moto-account-id"] = call.account
        if self._settings.latency_ms:
            await asyncio.sleep(self._settings.latency_ms / 1000)
        if self._settings.denies(call):
            parameters = {name: values[0] for name, values in form.items()} if is_form else json.loads(body or b"{}")
            code, refusal = _refusal(call, caller, parameters)
            self._write_down(call, started, refusal.status, code)
            return refusal
        try:
            async with self._http.request(
                request.method,
                URL(self._target + request.raw_path, encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
            ) as response:
                answer = await response.read()
        except aiohttp.ClientError as error:
            self._write_down(call, started, 502, type(error).__name__)
            return web.Response(status=502, text=f"{self._target} does not answer: {error}")

        if response.ok:
            self._callers.remember(call, answer)
        self._write_down(call, started, response.status, _error_code(response.status, response.headers, answer))
        kept = {name: value for name, value in response.headers.items() if name.lower() not in _HOP_BY_HOP}
        return web.Response(status=response.status, reason=response.reason, headers=kept, body=answer)

    def _write_down(self, call: Call, started: float, status: int, error: str) -> None:
        duration = round((time.perf_counter() - started) * 1000, 1)
        result = {"kind": call.kind, "status": status, "error": error, "duration_ms": duration}
        self._record.append(asdict(call) | result)

    # ---- control

    async def show_calls(self, _request: web.Request) -> web.Response:
        return web.json_response({"calls": sorted(self._record, key=lambda call: int(call["number"]))})

    async def reset(self, request: web.Request) -> web.Response:
        """Forget the calls and what is denied; with ``?moto=true`` AWS forgets everything, too."""
        if request.query.get("moto") == "true":
            async with self._http.post(f"{self._target}/moto-api/reset") as response:
                response.raise_for_status()
        self._settings = replace(self._settings, denied={})
        self._record.clear()
        self._number = 0
        return web.json_response({})

    async def show_settings(self, _request: web.Request) -> web.Response:
        return web.json_response(asdict(self._settings))

    async def change_settings(self, request: web.Request) -> web.Response:
        try:
            self._settings = Settings.of(json.loads(await request.read()), over=self._settings)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return await self.show_settings(request)


def create_app(target: str, *, latency_ms: float = 0.0) -> web.Application:
    """A proxy with an empty record.

    Args:
        target: base URL of AWS, without a trailing slash.
        latency_ms: milliseconds that every call waits, until the settings are changed.
    """
    proxy = _Proxy(target, Settings(latency_ms=latency_ms))
    # SSM documents are up to 64 KB and CloudFormation templates up to 1 MB; the rest is far smaller.
    app = web.Application(client_max_size=16 * 1024**2)
    app.cleanup_ctx.append(proxy.session)
    app.add_routes(
        [
            web.get(f"{CONTROL}calls", proxy.show_calls),
            web.post(f"{CONTROL}reset", proxy.reset),
            web.get(f"{CONTROL}settings", proxy.show_settings),
            web.put(f"{CONTROL}settings", proxy.change_settings),
            web.route("*", "/{path:.*}", proxy.forward),
        ]
    )
    return app


def main() -> None:
    """Serve the proxy."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.proxy", description=main.__doc__)
    parser.add_argument("--fd", type=int, required=True, help="inherited listening socket")
    parser.add_argument("--aws", required=True, metavar="URL", help="AWS endpoint to pass calls on to")
    parser.add_argument("--latency", type=float, required=True, metavar="MS")
    options = parser.parse_args()
    serve(create_app(options.aws, latency_ms=options.latency), options.fd)


if __name__ == "__main__":
    main()
