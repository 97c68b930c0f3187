# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starting and stopping a sandbox: three background processes, and a directory that knows them.

The directory holds ``state.json`` and one log per process. A process keeps a lock on its log for as long as it lives,
since the log is its standard output: that tells a process of ours from a stranger with the same number, in every
later command and on every Unix.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.server import base_url, listening_socket

_CHECKOUT = Path(__file__).resolve().parents[1]
DEFAULT_DIRECTORY = _CHECKOUT / ".sandbox"

START_DEADLINE = 60.0
"""Seconds within which every process has to answer."""

_STOP_DEADLINE = 10.0
_POLL = 0.05

#: The processes, and where each can be asked whether it is up.
_PROBES = {"aws": "/moto-api/config", "proxy": "/_sandbox/settings", "clumio_api": "/_sandbox/connections"}


class SandboxError(Exception):
    """A command cannot do what it was asked for; the text is for the person who gave it."""


@dataclass(frozen=True)
class Options:
    """What a person may choose at ``start``. Delays are seconds, the latency is milliseconds.

    Quotas are IAM's, by their names in ``iam:GetAccountSummary``.
    """

    account: str
    region: str
    latency: float
    quotas: dict[str, int]
    connect_delay: float
    ingest_delay: float


@dataclass(frozen=True)
class State:
    """A sandbox that was started.

    Attributes:
        account: the account that the credentials in the environment belong to.
        region: its region.
        urls: base URL by process; ``aws`` is moto itself, behind the proxy.
        pids: process id by process.
        environment: variables with which AWS and Clumio clients find the sandbox.
    """

    account: str
    region: str
    urls: dict[str, str]
    pids: dict[str, int]
    environment: dict[str, str]


def http_json(method: str, url: str, body: Any = None, *, timeout: float = 30.0) -> Any:
    """The JSON answer of a server on loopback, whatever proxy the environment names.

    Args:
        body: sent as JSON; None sends nothing.

    Raises:
        OSError: no answer, or not a good one.
    """
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)
    with build_opener(ProxyHandler({})).open(request, timeout=timeout) as response:
        return json.load(response)


def start(directory: Path, options: Options) -> State:
    """Bring up AWS, the proxy and the Clumio API, and wait until they answer.

    When that fails, whatever was started is ended again, and only the logs stay.

    Raises:
        SandboxError: a sandbox already runs there, or a process did not come up.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as files:
        logs = {name: files.enter_context(_locked_log(directory, name)) for name in _PROBES}
        sockets = {name: files.enter_context(listening_socket()) for name in _PROBES}
        urls = {name: base_url(sockets[name]) for name in _PROBES}
        token = secrets.token_urlsafe(24)
        with ExitStack() as undo:
            processes: dict[str, subprocess.Popen[bytes]] = {}
            for name, arguments in _arguments(urls, options).items():
                descriptor = sockets[name].fileno()
                processes[name] = subprocess.Popen(
                    [sys.executable, "-m", f"sandbox.{name}", "--fd", str(descriptor), *arguments],
                    cwd=_CHECKOUT,
                    env=_child_environment(token),
                    stdin=subprocess.DEVNULL,
                    stdout=logs[name],
                    stderr=logs[name],
                    pass_fds=[descriptor],
                    start_new_session=True,
                )
                undo.callback(_end_child, processes[name])
            # From here on a connection lives and dies with its process.
            files.close()
            state = State(
                account=options.account,
                region=options.region,
                urls=urls,
                pids={name: process.pid for name, process in processes.items()},
                environment=_environment(urls, options, token),
            )
            _write(directory, state)
            undo.callback(_state_file(directory).unlink)
            deadline = time.monotonic() + START_DEADLINE
            for name, process in processes.items():
                _wait_until_up(name, process, urls[name] + _PROBES[name], _log_file(directory, name), deadline)
            undo.pop_all()
    return state


def running(directory: Path) -> State:
    """The sandbox of a directory.

    Raises:
        SandboxError: none runs there, or not all of it.
    """
    state = _read(directory)
    if state is None:
        raise SandboxError(f"No sandbox runs from {directory}; start one with: python -m sandbox start")
    if dead := [name for name in state.pids if not _lives(directory, name)]:
        raise SandboxError(
            f"The sandbox in {directory} has lost {', '.join(dead)}, see the logs there; "
            "end the rest with: python -m sandbox stop"
        )
    return state


def stop(directory: Path) -> bool:
    """End the processes of a directory's sandbox, and remove what it kept there.

    Returns:
        whether there was one.

    Raises:
        SandboxError: a process does not end.
    """
    state = _read(directory)
    if state is None:
        return False
    for how in (signal.SIGTERM, signal.SIGKILL):
        alive = [name for name in state.pids if _lives(directory, name)]
        for name in alive:
            os.kill(state.pids[name], how)
        if _all_end(directory, alive):
            break
    else:
        raise SandboxError(f"The sandbox in {directory} does not end: {state.pids}")
    _state_file(directory).unlink()
    for name in state.pids:
        _log_file(directory, name).unlink()
    if not any(directory.iterdir()):
        directory.rmdir()
    return True


# ---- the directory


def _state_file(directory: Path) -> Path:
    return directory / "state.json"


def _log_file(directory: Path, name: str) -> Path:
    return directory / f"{name}.log"


def _read(directory: Path) -> State | None:
    try:
        return State(**json.loads(_state_file(directory).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _write(directory: Path, state: State) -> None:
    """The state holds the API token: nobody else may read it, from its first moment on."""
    new = directory / "state.json.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(state), indent=2), encoding="utf-8")
    new.replace(_state_file(directory))


def _locked_log(directory: Path, name: str) -> IO[bytes]:
    """The emptied log of a process, locked; whoever inherits the file holds the lock.

    Raises:
        SandboxError: a living process holds it.
    """
    log = _log_file(directory, name).open("ab")
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.close()
        raise SandboxError(
            f"A sandbox already runs from {directory}; show it with: python -m sandbox env; "
            "end it with: python -m sandbox stop"
        ) from None
    log.truncate(0)
    return log


def _lives(directory: Path, name: str) -> bool:
    try:
        with _log_file(directory, name).open("rb") as log:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


# ---- the processes


def _arguments(urls: Mapping[str, str], options: Options) -> dict[str, list[str]]:
    return {
        "aws": ["--quotas", json.dumps(options.quotas)],
        "proxy": ["--aws", urls["aws"], "--latency", str(options.latency)],
        # Clumio is another actor: what it does in AWS is not among the calls of the clients under test.
        "clumio_api": [
            *("--aws", urls["aws"]),
            *("--connect-delay", str(options.connect_delay)),
            *("--ingest-delay", str(options.ingest_delay)),
        ],
    }


def _environment(urls: Mapping[str, str], options: Options, token: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": urls["proxy"],
        "AWS_ACCESS_KEY_ID": f"SANDBOX{options.account}",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_DEFAULT_REGION": options.region,
        "AWS_REGION": options.region,
        # boto3 would take a proxy even to loopback.
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "CLUMIO_API_BASE_URL": urls["clumio_api"],
        "CLUMIO_API_TOKEN": token,
    }


def _child_environment(token: str) -> dict[str, str]:
    """Without a person's AWS settings and HTTP proxies: the servers talk to each other only."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "MOTO_")) and not name.lower().endswith("_proxy")
    }
    return {**kept, "CLUMIO_API_TOKEN": token}


def _wait_until_up(name: str, process: subprocess.Popen[bytes], url: str, log: Path, deadline: float) -> None:
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise SandboxError(f"{name} does not answer within {START_DEADLINE:.0f} seconds; see {log}")
        try:
            # The socket listens already: a process that is still importing answers as soon as it can.
            http_json("GET", url, timeout=left)
        except (URLError, OSError):
            time.sleep(_POLL)
        else:
            return
    last_lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
    raise SandboxError(f"{name} ended with {process.returncode} instead of answering: {' | '.join(last_lines)}")


def _end_child(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _all_end(directory: Path, names: Sequence[str]) -> bool:
    deadline = time.monotonic() + _STOP_DEADLINE
    while any(_lives(directory, name) for name in names):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
