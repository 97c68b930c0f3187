# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A sample with whole playbooks: ansible-playbook is killed, or meets a fault, at chosen calls to a sandbox.

Each account is onboarded and offboarded, each disturbed once and then run again, twice. The undisturbed account comes
first; the calls of its runs are compared with those of the steps that run in process.
"""

# A command line tool prints.
# ruff: noqa: T201

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import client_environment, sandbox
from chaos import forks
from chaos.scenes import SCENES
from chaos.trials import Reference, different, reference_of
from chaos.world import ACCOUNT as ACCOUNT_IN_PROCESS
from sandbox.processes import http_json
from sandbox.refusals import IAM_SERVICES

REGION = "us-west-2"
_SCENES = {"onboard": SCENES["onboard"], "offboard": SCENES["offboard"]}
_WORDS = _SCENES["onboard"].words
#: Seconds that a playbook may take, and between two looks at whether a call is held.
_SECONDS = 180.0
_LOOK_EVERY = 0.05
_GRANTS = re.compile(r'"clumio:grants": "([0-9a-f]+)"')
_NOT_COMPARED = ("_etag", "created_timestamp")


@dataclass(frozen=True)
class Disturbance:
    """What goes wrong with a run of a playbook.

    Attributes:
        kind: of ``sandbox.faults``; one that holds a call has the playbook killed meanwhile.
        calls: as there.
        skip: how many of these calls go well before.
        times: how many have the fault then; 0 are all to come.
        status: HTTP status of an error.
        code: of an error.
    """

    kind: str
    calls: str
    skip: int = 0
    times: int = 1
    status: int = 500
    code: str = "InternalFailure"

    @property
    def is_clumios(self) -> bool:
        return " " in self.calls

    @property
    def kills(self) -> bool:
        return self.kind.startswith("hold")

    def __str__(self) -> str:
        what = {
            "hold": "killed before it",
            "hold_after": "killed after it",
            "cut_after": "cut after it",
            "error": f"error {self.code}" if self.code != "InternalFailure" else f"error {self.status}",
        }[self.kind]
        return f"{what}{'' if self.times else ', from there on'}"


#: For each account what disturbs its onboarding, and what its offboarding.
SAMPLE = (
    (Disturbance("hold_after", "POST /connections/aws"), Disturbance("hold", "iam:DetachRolePolicy")),
    (Disturbance("hold_after", "kms:CreateKey"), Disturbance("hold_after", "iam:DeleteRole")),
    (Disturbance("hold_after", "sns:CreateTopic"), Disturbance("hold", "iam:DeletePolicy", skip=4)),
    (Disturbance("hold", "events:PutTargets"), Disturbance("hold_after", "ssm:DeleteDocument", skip=3)),
    (Disturbance("hold_after", "iam:CreatePolicy"), Disturbance("hold_after", "events:RemoveTargets", skip=1)),
    (Disturbance("hold", "iam:CreateRole", skip=1), Disturbance("hold_after", "sns:DeleteTopic")),
    (Disturbance("hold_after", "iam:AttachRolePolicy", skip=9), Disturbance("hold_after", "kms:ScheduleKeyDeletion")),
    (Disturbance("hold_after", "ssm:CreateDocument", skip=2), Disturbance("hold", "DELETE /connections/aws/*")),
    (Disturbance("hold", "PATCH /connections/aws/*"), Disturbance("cut_after", "DELETE /connections/aws/*")),
    (Disturbance("cut_after", "iam:CreateRole", skip=1), Disturbance("error", "iam:Delete*", skip=2, times=0)),
    (
        Disturbance("error", "iam:*", skip=60, status=403, code="AccessDenied", times=0),
        Disturbance("error", "*", skip=12, status=400, code="Throttling", times=20),
    ),
)


class PlaybookError(Exception):
    """What nothing disturbs does not go well: there is nothing to compare with."""


@dataclass(frozen=True)
class Run:
    """How a run of a playbook ended; a code of less than 0 is the signal that killed it."""

    returncode: int
    changed: int
    log: str

    @property
    def good(self) -> bool:
        return self.returncode == 0


@dataclass(frozen=True)
class Place:
    """A sandbox, and a folder for logs."""

    directory: Path
    state_dir: Path
    environment: Mapping[str, str]

    def run(self, playbook: str, account: str, name: str, kill_at: Disturbance | None = None) -> Run:
        """Run a playbook for an account, to its end or until a call of it is held."""
        typed: dict[str, Any] = {"account": account, "region": REGION}
        if playbook == "onboard":
            typed |= {name: value for name, value in asdict(_WORDS).items() if value}
        else:
            typed["confirm"] = f"{account}_{REGION}"
        log = self.directory / f"{account}-{playbook}-{name}.log"
        environment = {**self.environment, "AWS_ACCESS_KEY_ID": f"SANDBOX{account}"}
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["ansible-playbook", f"clumio.aws.{playbook}", "--extra-vars", json.dumps(typed)],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                ends = time.perf_counter() + _SECONDS
                while process.poll() is None and time.perf_counter() < ends:
                    if kill_at and self._holds(account, kill_at):
                        break
                    # The clocks of this process may have been put forward; this one waits.
                    threading.Event().wait(_LOOK_EVERY)
            finally:
                _kill(process)
        text = log.read_text(encoding="utf-8", errors="replace")
        return Run(process.returncode, sum(map(int, re.findall(r" changed=(\d+)", text))), text)

    def disturb(self, account: str, disturbance: Disturbance | None) -> None:
        """Let this go wrong with the account's next run, or nothing any more."""
        of_clumio = [asdict(disturbance)] if disturbance and disturbance.is_clumios else []
        of_aws = [asdict(disturbance)] if disturbance and not disturbance.is_clumios else []
        http_json("PUT", f"{self._aws}/_sandbox/settings", {"faults": {account: of_aws}})
        http_json("PUT", f"{self._clumio}/_sandbox/settings", {"faults": {f"{account}_{REGION}": of_clumio}})

    def state(self, account: str) -> Mapping[str, Any]:
        """What AWS and Clumio hold of the account, without its number and its token."""
        text = sandbox("dump", "--account", account, "--region", REGION, state_dir=self.state_dir)
        dumped = json.loads(text)
        rows = [row for row in dumped["clumio"]["connections"] if row["account_native_id"] == account]
        kept = [{member: value for member, value in row.items() if member not in _NOT_COMPARED} for row in rows]
        text = json.dumps({**dumped["aws"], "connections": kept}).replace(account, "<account>")
        for row in rows:
            text = text.replace(row["token"], "<token>")
        # Digests are of what names the account.
        for number, grants in enumerate(dict.fromkeys(_GRANTS.findall(text)), start=1):
            text = text.replace(grants, f"<grants {number}>")
        state: Mapping[str, Any] = json.loads(text)
        return state

    def aws_calls(self, account: str) -> list[Mapping[str, Any]]:
        """Those that playbooks have made, in order."""
        calls = http_json("GET", f"{self._aws}/_sandbox/calls")["calls"]
        return [call for call in calls if call["account"] == account and call["client"] == "ansible"]

    def clumio_calls(self, account: str) -> list[Mapping[str, Any]]:
        """Those that playbooks have made; of all accounts where the path does not tell."""
        calls = http_json("GET", f"{self._clumio}/_sandbox/calls")["calls"]
        return [call for call in calls if account in call["path"] or "_" not in call["path"]]

    def _holds(self, account: str, disturbance: Disturbance) -> bool:
        if disturbance.is_clumios:
            return any(not call["status"] for call in self.clumio_calls(account))
        return any(call["error"] == disturbance.kind for call in self.aws_calls(account))

    @property
    def _aws(self) -> str:
        return self.environment["AWS_ENDPOINT_URL"]

    @property
    def _clumio(self) -> str:
        return self.environment["CLUMIO_API_BASE_URL"]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a playbook and its workers, which are sessions of their own; one that has ended is left alone."""
    if process.poll() is None:
        family = [process.pid, *_descendants(process.pid)]
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
    process.wait()


def _descendants(pid: int) -> Iterator[int]:
    """Linux only."""
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, file.read_text(encoding="ascii").split()):
            yield child
            yield from _descendants(child)


@contextmanager
def _place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        directory, state_dir = Path(name) / "logs", Path(name) / "sandbox"
        directory.mkdir()
        quota = ("--quota", "AttachedPoliciesPerRoleQuota=20")
        sandbox("start", "--connect-delay", "0", "--ingest-delay", "0", *quota, state_dir=state_dir)
        try:
            yield Place(directory, state_dir, client_environment(state_dir))
        finally:
            sandbox("stop", state_dir=state_dir)


def sample(*, jobs: int) -> bool:
    """Try the sample, and print what came of it.

    Returns:
        whether all is good.

    Raises:
        PlaybookError: an undisturbed run is not as it must be.
    """
    print(f"\n## playbooks\n\nansible-playbook on the sandbox, {2 * len(SAMPLE)} runs of it disturbed.\n", flush=True)
    begun = time.perf_counter()
    good = True
    with _place() as place:
        wanted = _undisturbed(place, "300000000000")
        rows = [["playbook", "call", "fault", "ended", "rerun", "one more run"], ["---"] * 6]
        problems: list[str] = []
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            accounts = [f"3000000000{number:02d}" for number in range(1, len(SAMPLE) + 1)]
            for shown in pool.map(partial(_tried, place, wanted), accounts, SAMPLE):
                for row, wrong in shown:
                    rows.append(row)
                    print(f"{' | '.join(row)}", flush=True)
                    problems += wrong
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    print()
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    if problems:
        good = False
        print("\nNot good:\n\n" + "\n\n".join(problems))
    print(f"\n{time.perf_counter() - begun:.0f} s", flush=True)
    return good


def _undisturbed(place: Place, account: str) -> Mapping[str, Mapping[str, Any]]:
    """The states that undisturbed runs leave, by playbook; their calls are those of the steps in process."""
    states: dict[str, Mapping[str, Any]] = {}
    for playbook, scene in _SCENES.items():
        reference = next(forks.each([partial(reference_of, playbook, scene)], jobs=1))
        aws_before, clumio_before = len(place.aws_calls(account)), len(place.clumio_calls(account))
        run = place.run(playbook, account, "undisturbed")
        if not run.good:
            raise PlaybookError(run.log)
        aws = Counter(
            f"{IAM_SERVICES.get(call['service'], call['service'])}:{call['action']}"
            for call in place.aws_calls(account)[aws_before:]
        )
        clumio = Counter(f"{call['method']} {call['path']}" for call in place.clumio_calls(account)[clumio_before:])
        _same_calls(playbook, reference, aws, clumio, account)
        again = place.run(playbook, account, "again")
        if not again.good or again.changed:
            raise PlaybookError(again.log)
        states[playbook] = place.state(account)
    return states


def _same_calls(playbook: str, reference: Reference, aws: Counter[str], clumio: Counter[str], account: str) -> None:
    """Ensure that the steps in process make the calls of the playbook.

    How often Clumio is asked for the connection depends on how long it takes to connect.

    Raises:
        PlaybookError: they do not.
    """
    calls = [call for step in reference.steps for call in step.calls]
    wanted_aws = Counter(call.name for call in calls if call.side == "aws")
    wanted_clumio = Counter(call.name.replace(ACCOUNT_IN_PROCESS, account) for call in calls if call.side == "clumio")
    for counter in (wanted_clumio, clumio):
        counter.pop(f"GET /connections/aws/{account}_{REGION}", None)
    for wanted, found in ((wanted_aws, aws), (wanted_clumio, clumio)):
        if wanted != found:
            only = f"in process only {dict(wanted - found)}, in the playbook only {dict(found - wanted)}"
            raise PlaybookError(f"{playbook} makes other calls than its steps in process: {only}")


def _tried(
    place: Place, wanted: Mapping[str, Mapping[str, Any]], account: str, disturbances: Sequence[Disturbance]
) -> list[tuple[list[str], list[str]]]:
    """For each playbook what is told of it in the table, and what is not good."""
    shown = []
    for (playbook, state), disturbance in zip(wanted.items(), disturbances, strict=True):
        place.disturb(account, disturbance)
        first = place.run(playbook, account, "disturbed", disturbance if disturbance.kills else None)
        place.disturb(account, None)
        rerun = place.run(playbook, account, "rerun")
        again = place.run(playbook, account, "again")
        told = f"{playbook} of {account}, {disturbance.calls}, {disturbance}"
        wrong = []
        if disturbance.kills and first.returncode != -signal.SIGKILL:
            wrong.append(f"{told}: it was not killed\n{first.log}")
        if not rerun.good:
            wrong.append(f"{told}: the rerun failed\n{rerun.log}")
        if not again.good or again.changed:
            wrong.append(f"{told}: one more run failed, or changed something\n{again.log}")
        wrong += [f"{told}: {text}" for text in different("It leaves another state", state, place.state(account))]
        ended = {0: "well", -signal.SIGKILL: "killed"}.get(first.returncode, "failed")
        same = "another state" if wrong else "same state"
        number = f" ({disturbance.skip + 1})" if disturbance.skip else ""
        row = [playbook, f"{disturbance.calls}{number}", str(disturbance), ended, same, f"changed={again.changed}"]
        shown.append((row, wrong))
    return shown
