# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The recording proxy in front of AWS: passes every call on, and writes down what was called and what came of it."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from yarl import URL

from sandbox.faults import FORM, Fault, Faults, are_faults
from sandbox.keys import SANDBOX_KEY
from sandbox.refusals import IAM_SERVICES, Answer, denial, refusal, throttling
from sandbox.server import cut, hold, serve

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

#: What the clients of amazon.aws, which all modules use, say in their User-Agent.
_ANSIBLE = "Ansible/"

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
    """What the proxy does to calls; all but the latency is set for each account apart.

    Attributes:
        latency_ms: milliseconds that every call waits before it goes on to AWS.
        denied: by account the actions, in IAM's words, that are answered with a refusal and not passed on.
        throttle: by account the calls per second that are passed on; see ``_Bucket``.
        unseen: by account for how many calls of Ansible's IAM does not see what it makes from now on; see ``_Unseen``.
        faults: by account what goes wrong with single calls of Ansible's, counted from now; see ``sandbox.faults``.
    """

    latency_ms: float = 0.0
    denied: dict[str, list[str]] = field(default_factory=dict)
    throttle: dict[str, float] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)
    faults: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, members: Any, *, over: Settings) -> Settings:
        """The settings with some members changed.

        Of a member that is by account, the accounts that are not named keep what they have, and an account with an
        empty value loses it.

        Raises:
            ValueError: unknown member, or a value that cannot be.
        """
        if not isinstance(members, dict) or members.keys() - asdict(over).keys():
            raise ValueError(f"settings are an object of {', '.join(asdict(over))}")
        settings = cls(**(asdict(over) | members))
        if not _is_number(settings.latency_ms):
            raise ValueError("latency_ms must be a number of milliseconds, 0 or more")
        for member, (is_value, sentence) in _BY_ACCOUNT.items():
            given = getattr(settings, member)
            if not isinstance(given, dict) or not all(
                re.fullmatch(r"\d{12}", account, re.ASCII) and (value is None or is_value(value))
                for account, value in given.items()
            ):
                raise ValueError(f"{member} must be an object of accounts of 12 digits, each with {sentence}")
            kept = {account: value for account, value in (getattr(over, member) | given).items() if value}
            setattr(settings, member, kept)
        return settings

    def without_accounts(self) -> Settings:
        """The settings with nothing left that is by account."""
        return Settings(latency_ms=self.latency_ms)

    def denies(self, call: Call) -> bool:
        return call.iam_action.lower() in (action.lower() for action in self.denied.get(call.account, []))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_deniable(actions: Any) -> bool:
    return isinstance(actions, list) and all(map(_is_deniable, actions))


def _is_deniable(action: Any) -> bool:
    """Whether this is an action of a service in whose protocol the proxy can refuse it."""
    service, _, name = action.partition(":") if isinstance(action, str) else ("", "", "")
    return service in IAM_SERVICES.values() and name.isalnum()


#: The settings that are by account: what an account's value can be, as a check and in words.
_BY_ACCOUNT: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "denied": (
        _are_deniable,
        f"a list of actions of {', '.join(sorted(IAM_SERVICES.values()))}, such as iam:CreateRole",
    ),
    "throttle": (_is_number, "a number of calls per second, 0 or more"),
    "unseen": (_is_count, "a number of calls, 0 or more"),
    "faults": (are_faults, f"a list of faults; each is {FORM}"),
}


class _Bucket:
    """AWS's way to throttle: a bucket of tokens, one for each call, that is filled at a fixed rate.

    It begins full, holds what one second brings, one token at least, and a call that it has no token for takes none.

    Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html, of EC2; other services do not tell
    how they do it.
    """

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._size = max(1.0, rate)
        self._tokens, self._filled = self._size, clock()

    def take(self) -> bool:
        """Whether there is a token for a call."""
        now = self._clock()
        self._tokens = min(self._size, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


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


def _parameters(body: bytes, form: Mapping[str, list[str]]) -> Mapping[str, Any]:
    """The parameters of a call in one of AWS's two protocols; empty for one in another."""
    if form:
        return {name: values[0] for name, values in form.items()}
    try:
        members = json.loads(body or b"{}")
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}


def _resource(call: Call, parameters: Mapping[str, Any]) -> str:
    """What a refusal says that the call is about: an ARN in it, or the one of what it names in IAM, or a star."""
    if call.service == "iam":
        for parameter, kind in _IAM_NAMES.items():
            if parameter in parameters:
                return f"arn:aws:iam::{call.account}:{kind}/{parameters[parameter]}"
    return next((value for value in parameters.values() if str(value).startswith("arn:")), "*")


class _Unseen:
    """Eventual consistency: what IAM has made it does not see at first, for as many calls as it is told.

    Calls that list the account or make the same again see it, as do all but Ansible's.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (changes are not always visible at once)
    """

    #: What makes something, and the parameter that names it then.
    _MAKES: Mapping[str, str] = {
        "CreateInstanceProfile": "InstanceProfileName",
        "CreatePolicy": "PolicyName",
        "CreateRole": "RoleName",
    }
    #: What parameters name; the name of a policy in other calls than ``CreatePolicy`` is that of an inline one.
    _KINDS: Mapping[str, str] = {
        "InstanceProfileName": "instance profile",
        "PermissionsBoundary": "policy",
        "PolicyArn": "policy",
        "PolicyName": "policy",
        "RoleName": "role",
    }

    def __init__(self) -> None:
        self._left: dict[tuple[str, str, str], int] = {}

    def made(self, call: Call, parameters: Mapping[str, Any], calls: int) -> None:
        """Take notice of a call that went well."""
        if call.service == "iam" and (parameter := self._MAKES.get(call.action)):
            self._left[self._named(call, parameter, parameters)] = calls

    def refuses(self, call: Call, parameters: Mapping[str, Any], calls: int) -> Answer | None:
        """What IAM says to a call about something that it does not see yet; such a call is counted."""
        if call.service != "iam" or call.client != "ansible" or not calls:
            return None
        # Its own name is one that a call which makes something is not refused for.
        for parameter in sorted(self._KINDS.keys() & parameters.keys() - {"PolicyName", self._MAKES.get(call.action)}):
            named = self._named(call, parameter, parameters)
            if self._left.get(named):
                self._left[named] -= 1
                return refusal("iam", 404, "NoSuchEntity", f"The {named[1]} with name {named[2]} cannot be found.")
        return None

    def _named(self, call: Call, parameter: str, parameters: Mapping[str, Any]) -> tuple[str, str, str]:
        """Account, kind and name of what a parameter names, by name or by ARN."""
        return call.account, self._KINDS[parameter], str(parameters[parameter]).rpartition("/")[2]


class _Proxy:
    """The handlers, and the record."""

    def __init__(self, target: str, settings: Settings) -> None:
        self._target = target
        self._settings = settings
        self._buckets: dict[str, _Bucket] = {}
        self._faults: dict[str, Faults] = {}
        self._unseen = _Unseen()
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
        parameters = _parameters(body, form)
        if refused := self._refused(call, caller, parameters):
            return self._answered(call, started, refused)
        fault = self._faults_of(call.account).of(call.iam_action) if call.client == "ansible" else None
        if fault and fault.kind == "error":
            return self._answered(call, started, refusal(call.service, fault.status, fault.code, fault.message))
        if fault and fault.kind == "answer":
            self._write_down(call, started, 200, "")
            return web.json_response(fault.answer, content_type="application/x-amz-json-1.1")
        if fault and fault.kind in ("cut", "hold"):
            return await self._unanswered(request, call, started, fault)
        try:
            if fault and fault.kind == "rival":
                await self._passed_on(request, headers, body)
            status, reason, given, answer = await self._passed_on(request, headers, body)
        except aiohttp.ClientError as error:
            self._write_down(call, started, 502, type(error).__name__)
            return web.Response(status=502, text=f"{self._target} does not answer: {error}")
        if status < 400:
            self._callers.remember(call, answer)
            self._unseen.made(call, parameters, self._settings.unseen.get(call.account, 0))
        if fault and fault.kind in ("cut_after", "hold_after"):
            return await self._unanswered(request, call, started, fault)
        self._write_down(call, started, status, _error_code(status, given, answer))
        kept = {name: value for name, value in given.items() if name.lower() not in _HOP_BY_HOP}
        return web.Response(status=status, reason=reason, headers=kept, body=answer)

    def _refused(self, call: Call, caller: str, parameters: Mapping[str, Any]) -> Answer | None:
        """What AWS says of itself to a call that it does not take."""
        # First, as in AWS: who calls too often is not even asked for rights.
        if self._is_too_much(call):
            return throttling(call.service)
        if self._settings.denies(call):
            return denial(call.service, call.iam_action, caller, _resource(call, parameters))
        return self._unseen.refuses(call, parameters, self._settings.unseen.get(call.account, 0))

    async def _passed_on(
        self, request: web.Request, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str | None, Mapping[str, str], bytes]:
        """Status, reason, headers and body of what AWS answers."""
        url = URL(self._target + request.raw_path, encoded=True)
        async with self._http.request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        ) as response:
            return response.status, response.reason, response.headers, await response.read()

    def _answered(self, call: Call, started: float, answer: Answer) -> web.Response:
        self._write_down(call, started, answer.status, answer.code)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    async def _unanswered(self, request: web.Request, call: Call, started: float, fault: Fault) -> web.Response:
        """No answer: the connection is cut, or held until the client gives up."""
        self._write_down(call, started, 0, fault.kind)
        if fault.kind.startswith("cut"):
            cut(request)
        else:
            await hold(request)
        return web.Response()

    def _faults_of(self, account: str) -> Faults:
        return self._faults.setdefault(account, Faults(self._settings.faults.get(account, ())))

    def _is_too_much(self, call: Call) -> bool:
        rate = self._settings.throttle.get(call.account)
        if not rate or call.service not in IAM_SERVICES:
            return False
        bucket = self._buckets.get(call.account)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[call.account] = _Bucket(rate)
        return not bucket.take()

    def _write_down(self, call: Call, started: float, status: int, error: str) -> None:
        duration = round((time.perf_counter() - started) * 1000, 1)
        result = {"kind": call.kind, "status": status, "error": error, "duration_ms": duration}
        self._record.append(asdict(call) | result)

    # ---- control

    async def show_calls(self, _request: web.Request) -> web.Response:
        return web.json_response({"calls": sorted(self._record, key=lambda call: int(call["number"]))})

    async def reset(self, request: web.Request) -> web.Response:
        """Forget the calls and the settings of accounts; with ``?moto=true`` AWS forgets everything, too."""
        if request.query.get("moto") == "true":
            async with self._http.post(f"{self._target}/moto-api/reset") as response:
                response.raise_for_status()
        self._settings = self._settings.without_accounts()
        self._buckets.clear()
        self._faults.clear()
        self._unseen = _Unseen()
        self._record.clear()
        self._number = 0
        return web.json_response({})

    async def show_settings(self, _request: web.Request) -> web.Response:
        return web.json_response(asdict(self._settings))

    async def change_settings(self, request: web.Request) -> web.Response:
        try:
            given = json.loads(await request.read())
            self._settings = Settings.of(given, over=self._settings)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        for account in given.get("faults", {}):
            self._faults.pop(account, None)
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
