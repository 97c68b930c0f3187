# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A local AWS and a local Clumio API.

eval "$(python -m sandbox start)"   start it, and point AWS and Clumio clients at it
python -m sandbox calls --summary   what was called in AWS since then
python -m sandbox dump              what AWS and the Clumio API hold
python -m sandbox stop              end it; nothing is kept
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from sandbox.processes import (
    DEFAULT_DIRECTORY,
    Options,
    SandboxError,
    State,
    http_json,
    running,
    start,
    stop,
)

_COLUMNS = ("number", "service", "action", "account", "kind", "status", "error", "duration_ms")
_SUMMARY_COLUMNS = ("calls", "service", "action", "kind")
_HELD_COLUMNS = ("section", "name", "state")


def _account(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not an AWS account of 12 digits")
    return text


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is not an AWS region")
    return text


def _duration(text: str) -> float:
    try:
        duration = float(text)
    except ValueError:
        duration = -1.0
    if not 0 <= duration < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, 0 or more")
    return duration


def _quota(text: str) -> tuple[str, int]:
    name, _, value = text.partition("=")
    if not name or not value.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBER")
    return name, int(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state-dir",
        type=Path,
        default=Path(os.environ.get("CLUMIO_SANDBOX_STATE_DIR") or DEFAULT_DIRECTORY),
        metavar="DIR",
        help="one sandbox can run per directory (default: $CLUMIO_SANDBOX_STATE_DIR, else .sandbox in the checkout)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[common])

    one = command("start", "start it in the background, and print its environment for the shell")
    one.add_argument("--account", type=_account, default="111122223333", help="of the credentials (%(default)s)")
    one.add_argument("--region", type=_region, default="us-west-2", help="default region of clients (%(default)s)")
    one.add_argument("--latency", type=_duration, default=0.0, metavar="MS", help="that each AWS call takes longer")
    one.add_argument(
        "--quota",
        type=_quota,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an IAM quota by its name in iam:GetAccountSummary; may be repeated",
    )
    one.add_argument(
        "--connect-delay",
        type=_duration,
        default=0.5,
        metavar="S",
        help="seconds until Clumio looks at ARNs handed in (%(default)s)",
    )
    one.add_argument(
        "--ingest-delay",
        type=_duration,
        default=0.5,
        metavar="S",
        help="seconds from connected to ingested (%(default)s)",
    )
    command("env", "print its environment for the shell")
    one = command("calls", "list the AWS calls of its clients")
    one.add_argument("--json", action="store_true", help="as JSON instead of a table")
    one.add_argument("--write-only", action="store_true", help="only calls that may change something")
    one.add_argument("--summary", action="store_true", help="how many of each action, instead of each call")
    one = command("dump", "print as JSON what AWS and the Clumio API hold")
    one.add_argument("--summary", action="store_true", help="a table of ARNs and states instead")
    one.add_argument("--account", type=_account, help="(default: the account it was started with)")
    one.add_argument("--region", type=_region, help="(default: the region it was started with)")
    one = command("scp", "set the SCP that the policy simulator evaluates for an account")
    one.add_argument("--account", type=_account, required=True)
    one.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the policy as JSON (default: no SCP)")
    command("reset", "empty AWS, the Clumio API and the lists of calls")
    command("stop", "end it; nothing is kept")
    return parser


def _print_environment(state: State) -> None:
    for name, value in state.environment.items():
        print(f"export {name}='{value}'")


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, sort_keys=True))


def _print_table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    lines = [list(columns), *([str(row[column]) for column in columns] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _print_calls(state: State, options: argparse.Namespace) -> None:
    calls = http_json("GET", f"{state.urls['proxy']}/_sandbox/calls")["calls"]
    if options.write_only:
        calls = [call for call in calls if call["kind"] == "write"]
    columns: Sequence[str] = _COLUMNS
    if options.summary:
        columns = _SUMMARY_COLUMNS
        counted = Counter((call["service"], call["action"], call["kind"]) for call in calls)
        calls = [dict(zip(columns, (count, *key), strict=True)) for key, count in sorted(counted.items())]
    if options.json:
        _print_json(calls)
    else:
        _print_table(columns, calls)


def _print_dump(state: State, options: argparse.Namespace) -> None:
    # It takes boto3 along, which costs every other command half a second.
    from sandbox import dump

    aws = dump.of_account(state.urls["aws"], options.account or state.account, options.region or state.region)
    clumio = http_json("GET", f"{state.urls['clumio_api']}/_sandbox/connections")
    if options.summary:
        held = [
            (section, _held_name(item), item.get("KeyState", "")) for section, items in aws.items() for item in items
        ]
        held += [("connections", item["id"], item["connection_status"]) for item in clumio["connections"]]
        _print_table(_HELD_COLUMNS, [dict(zip(_HELD_COLUMNS, row, strict=True)) for row in held])
    else:
        _print_json({"aws": aws, "clumio": clumio})


def _held_name(item: dict[str, Any]) -> str:
    """What identifies a resource: its ARN, an SSM document's name, a KMS key's aliases or else its description."""
    name = item.get("Arn") or item.get("TopicArn") or item.get("Name") or ", ".join(item["Aliases"])
    return str(name or item["Description"])


def _policy(file: Path) -> Any:
    """
    Raises:
        SandboxError: the file cannot be read, or is not JSON.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SandboxError(f"{file} cannot be read: {error}") from error


def _set_scp(state: State, account: str, file: Path | None) -> None:
    """
    Raises:
        SandboxError: the file holds no policy.
    """
    policy = _policy(file) if file else None
    try:
        http_json("PUT", f"{state.urls['aws']}/_sandbox/scps", {account: policy})
    except HTTPError as error:
        raise SandboxError(f"{file}: {json.load(error)['error']}") from error


def _reset(state: State) -> None:
    http_json("POST", f"{state.urls['proxy']}/_sandbox/reset?moto=true")
    http_json("POST", f"{state.urls['clumio_api']}/_sandbox/reset")


def _run(options: argparse.Namespace) -> None:
    directory: Path = options.state_dir.resolve()
    match options.command:
        case "start":
            chosen = Options(
                account=options.account,
                region=options.region,
                latency=options.latency,
                quotas=dict(options.quota),
                connect_delay=options.connect_delay,
                ingest_delay=options.ingest_delay,
            )
            _print_environment(start(directory, chosen))
        case "env":
            _print_environment(running(directory))
        case "calls":
            _print_calls(running(directory), options)
        case "dump":
            _print_dump(running(directory), options)
        case "scp":
            _set_scp(running(directory), options.account, options.file)
        case "reset":
            _reset(running(directory))
        case "stop":
            if not stop(directory):
                print(f"No sandbox runs from {directory}", file=sys.stderr)


def _ended(_number: int, _frame: object) -> None:
    """Unwind on SIGTERM as on Ctrl-C, so that a ``start`` that is ended leaves no process behind."""
    sys.exit(128 + signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0, or 1 when the command could not do what it was asked for.
    """
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _ended)
    sys.exit(main())
