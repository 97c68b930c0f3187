# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Compares this collection with a playbook of amazon.aws and with a plain script, on the same objects (`make bench`).

All run on this machine against one sandbox, in turns. After every first run the account is compared with what our roles
have made: who makes something else is not measured.
"""

# A command line tool prints.
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.figures import (
    Target,
    between,
    differences,
    markdown_table,
    order,
    ratio,
    summarized,
    table,
    with_spread,
)
from benchmarks.machine import machine, today, versions
from benchmarks.measure import (
    CHECKOUT,
    calls,
    client_environment,
    count_by_action,
    count_by_kind,
    measure,
    sandbox,
)
from benchmarks.place import BenchmarkError, Place, unwind_on_sigterm
from sandbox.processes import http_json

ACCOUNT = "111122223333"
REGION = "us-west-2"
LATENCY_MS = 60
ASSETS = ("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue", "iceberg_on_s3_tables")
#: What Clumio's wizard shows. Onboarding gets its own from the Clumio API.
EXTERNAL_ID = "ExternalID_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
TOKEN = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

BENCHMARKS = CHECKOUT / "benchmarks"
VENV = CHECKOUT / ".venv-bench"
README = CHECKOUT / "README.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"

#: In the order in which each contender goes through them, beginning with an empty account.
SITUATIONS = {
    "check_empty": "check mode, empty account",
    "first": "first run",
    "second": "second run, nothing to change",
}
CONTENDERS = {
    "onboard": "clumio.aws.onboard, everything",
    "provision": "clumio.aws, provisioning only",
    "by_tasks": "amazon.aws tasks, provisioning only",
    "boto3": "boto3 script, provisioning only",
}
#: What the tasks cannot do: cloudwatchevent_rule knows no tags.
IGNORED = {"by_tasks": {"rules": "Tags"}}

_OURS = ("by_tasks", "provision")
TARGETS = (
    Target("provisioning, first run, wall time", "first", "wall_seconds", _OURS, 10, 20),
    Target("provisioning, first run, CPU", "first", "cpu_seconds", _OURS, 10, 20),
    Target("provisioning, second run, wall time", "second", "wall_seconds", _OURS, 10, 20),
    Target("provisioning, second run, CPU", "second", "cpu_seconds", _OURS, 10, 20),
    Target("provisioning, check mode on an empty account, wall time", "check_empty", "wall_seconds", _OURS, 10, 20),
    Target("provisioning, check mode on an empty account, CPU", "check_empty", "cpu_seconds", _OURS, 10, 20),
    Target("whole onboarding, first run, wall time", "first", "wall_seconds", ("by_tasks", "onboard"), 8, 20),
    Target("whole onboarding, first run, CPU", "first", "cpu_seconds", ("by_tasks", "onboard"), 8, 20),
    Target("floor, first run, wall time", "first", "wall_seconds", ("provision", "boto3"), 4, 2.5, at_most=True),
    Target("floor, second run, wall time", "second", "wall_seconds", ("provision", "boto3"), 4, 2.5, at_most=True),
)
#: Processes that want to run before anything has begun (the average of a minute), from which on figures get unreliable.
_BUSY = 0.5
_RATIOS = (("by_tasks", "onboard"), ("by_tasks", "provision"), ("provision", "boto3"))


class Bench(Place):
    """What is measured there."""

    def reset(self) -> None:
        """Empty everything. Clumio finds all in order at once: how long it takes to look is not ours."""
        sandbox("reset", state_dir=self.state_dir)
        settings = f"{self.environment['CLUMIO_API_BASE_URL']}/_sandbox/settings"
        http_json("PUT", settings, {"findings": {f"{ACCOUNT}_{REGION}": []}})

    def dump(self) -> dict[str, Any]:
        held: dict[str, Any] = json.loads(
            sandbox("dump", "--account", ACCOUNT, "--region", REGION, state_dir=self.state_dir)
        )
        return held

    def command(self, contender: str, situation: str) -> list[str]:
        check = ["--check"] if situation.startswith("check_") else []
        plan = self.directory / "plan.json"
        match contender:
            case "onboard":
                return _playbook("clumio.aws.onboard", check, assets=",".join(ASSETS))
            case "provision":
                given = {"permissions_file": str(self.directory / "permissions.json")}
                return _playbook(BENCHMARKS / "provision.yml", check, external_id=EXTERNAL_ID, token=TOKEN, **given)
            case "by_tasks":
                arguments = ["--extra-vars", f"@{self.directory / 'plan_variable.json'}", *check]
                return _playbook(BENCHMARKS / "by_tasks.yml", arguments, aws_cli=str(VENV / "bin" / "aws"))
            case _:
                action = "make" if situation == "first" else "verify"
                return [sys.executable, str(BENCHMARKS / "floor.py"), action, str(plan)]

    def run(self, contender: str, situation: str) -> dict[str, Any]:
        """Run one contender once.

        Raises:
            BenchmarkError: it failed, or wrote something that it must not.
        """
        before = len(calls(self.state_dir))
        log = self.directory / f"{contender}-{situation}.log"
        measured = measure(self.command(contender, situation), env=self.environment, cwd=self.directory, log=log)
        recorded = calls(self.state_dir)[before:]
        if measured.returncode:
            end = log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:]
            raise BenchmarkError(
                "\n".join(
                    [*(line[:400] for line in end), f"{contender} failed with {measured.returncode}, {situation}."]
                )
            )
        counted = count_by_kind(recorded)
        if counted["write"] and situation != "first" and contender != "by_tasks":
            raise BenchmarkError(
                f"{contender} must not write anything, {situation}, and has called {count_by_action(recorded)}."
            )
        if contender == "boto3" and situation == "second":
            seen = json.loads(log.read_text(encoding="utf-8"))
            if seen.keys() != {"equal"}:
                raise BenchmarkError(f"boto3 does not find what it has made: {seen}.")
        return {
            "contender": contender,
            "situation": situation,
            **{figure: round(value, 3) for figure, value in asdict(measured).items() if figure != "returncode"},
            "calls": counted,
            "calls_by_action": count_by_action(recorded),
        }


def _playbook(playbook: str | Path, arguments: Sequence[str], **variables: str) -> list[str]:
    variables = {"account": ACCOUNT, "region": REGION, **variables}
    given = [word for name, value in variables.items() for word in ("--extra-vars", f"{name}={value}")]
    return ["ansible-playbook", str(playbook), *given, *arguments]


# ---- before anything is measured


def prepare(bench: Bench) -> dict[str, Any]:
    """Make the plan, in the form that those need who cannot read a permissions file.

    Returns:
        what an account holds that the roles of this collection have provisioned.
    """
    arguments = ["--extra-vars", json.dumps({"assets": ASSETS, "directory": str(bench.directory)})]
    command = _playbook(BENCHMARKS / "plan.yml", arguments, external_id=EXTERNAL_ID, token=TOKEN)
    log = bench.directory / "plan.log"
    if measure(command, env=bench.environment, cwd=bench.directory, log=log).returncode:
        raise BenchmarkError(f"{log.read_text(encoding='utf-8')}\nThere is no plan.")
    bench.run("provision", "first")
    held: dict[str, Any] = bench.dump()["aws"]
    plan = json.loads((bench.directory / "permissions_resolved.json").read_text(encoding="utf-8"))
    tags = {_identity(item): item["Tags"] for section in held.values() for item in section}
    for resource in (resource for section in plan.values() for resource in section if isinstance(resource, dict)):
        # The tags that say whose a resource is are not in the plan; all contenders are to make the same ones.
        resource["tags"] = tags.get(resource["arn"]) or tags[resource["name"]]
    for target in (target for rule in plan["rules"] for target in rule["targets"]):
        # No rule uses it, and cloudwatchevent_rule has members of its own for it.
        del target["settings"]
    for document in plan["ssm_documents"]:
        # Ansible would take the braces in a document for its own.
        file = bench.directory / f"{document['name']}.json"
        file.write_text(json.dumps(document.pop("content")), encoding="utf-8")
        document["file"] = str(file)
    (bench.directory / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    (bench.directory / "plan_variable.json").write_text(json.dumps({"plan": plan}), encoding="utf-8")
    return held


def _identity(item: Mapping[str, Any]) -> str:
    return str(item.get("Arn") or item.get("TopicArn") or item.get("Name"))


# ---- measuring


def go_through(
    bench: Bench, contender: str, wanted: Mapping[str, Any], situations: Sequence[str]
) -> list[dict[str, Any]]:
    """Run a contender in every situation, beginning with an empty account.

    Raises:
        BenchmarkError: it has not made the same as the others.
    """
    bench.reset()
    runs = []
    for situation in situations:
        run = bench.run(contender, situation)
        runs.append(run)
        print(
            f"  {contender:10} {situation:12} {run['wall_seconds']:7.2f} s {run['cpu_seconds']:7.2f} s CPU "
            f"{run['peak_memory_mb']:5.0f} MiB {run['calls']['read']:4} reads {run['calls']['write']:4} writes",
            flush=True,
        )
        if situation == "first":
            compare_account(contender, wanted, bench.dump())
    return runs


def compare_account(contender: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """
    Args:
        wanted: what the roles of this collection have made in AWS.
        found: what there is in AWS and at Clumio.

    Raises:
        BenchmarkError: the contender has made something else.
    """
    if contender == "onboard":
        # Its SSM documents have a token in their names that the Clumio API has made up.
        counted, expected = (
            {section: len(items) for section, items in held.items()} for held in (found["aws"], wanted)
        )
        if counted != expected:
            raise BenchmarkError(f"onboard has made {counted} instead of {expected}.")
        states = [connection["connection_status"] for connection in found["clumio"]["connections"]]
        if states != ["connected"]:
            raise BenchmarkError(f"onboard has ended with connections that are {states}.")
        return
    told = differences(wanted, found["aws"], ignored=IGNORED.get(contender, {}))
    if told:
        raise BenchmarkError("\n".join([*told, f"{contender} has not made the same as the roles of this collection."]))


def measured_rounds(bench: Bench, rounds: int, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All runs of all rounds, after one that does not count: it fills the caches of the machine."""
    print("Warming up", flush=True)
    for contender in CONTENDERS:
        go_through(bench, contender, wanted, ["first"])
    runs = []
    for number in range(rounds):
        print(f"Round {number + 1} of {rounds}", flush=True)
        for contender in order(list(CONTENDERS), number):
            done = go_through(bench, contender, wanted, list(SITUATIONS))
            runs += [{"round": number + 1, **run} for run in done]
    return runs


# ---- telling


def results(
    runs: Sequence[Mapping[str, Any]], rounds: int, held: Mapping[str, Any], load_before: float
) -> dict[str, Any]:
    """What results.json holds."""
    summary = summarized(runs)
    return {
        "date": today(),
        "machine": {**machine(), "load_before": round(load_before, 2)},
        "versions": {**versions(), "aws-cli": _cli_version()},
        "sandbox": {"latency_ms": LATENCY_MS},
        "objects": {section: len(items) for section, items in held.items() if items},
        "rounds": rounds,
        "contenders": CONTENDERS,
        "situations": SITUATIONS,
        "summary": {situation: {name: summary[situation][name] for name in CONTENDERS} for situation in SITUATIONS},
        "ratios": {
            situation: {
                f"{above}/{below}": {
                    figure: round(ratio(summary, situation, figure, (above, below)), 2)
                    for figure in ("wall_seconds", "cpu_seconds")
                }
                for above, below in _RATIOS
            }
            for situation in SITUATIONS
        },
        "targets": [target.judged(summary) for target in TARGETS],
        "runs": runs,
    }


def _cli_version() -> str:
    told = subprocess.run([VENV / "bin" / "aws", "--version"], capture_output=True, text=True, check=True).stdout
    return told.split()[0].partition("/")[2]


def report(told: Mapping[str, Any]) -> str:
    """All of it as tables, and which targets are met."""
    parts = []
    for situation, title in SITUATIONS.items():
        rows = []
        for name, contender in CONTENDERS.items():
            entry = told["summary"][situation][name]
            rows.append(
                [
                    contender,
                    with_spread(entry["wall_seconds"], 2),
                    f"{entry['wall_seconds']['mad']:.2f}",
                    with_spread(entry["cpu_seconds"], 2),
                    f"{entry['cpu_seconds']['mad']:.2f}",
                    f"{entry['peak_memory_mb']['median']:.0f}",
                    *(f"{entry['calls'][kind]:g}" for kind in ("read", "write", "total")),
                ]
            )
        columns = [title, "wall s (min..max)", "MAD", "CPU s (min..max)", "MAD", "MiB", "reads", "writes", "calls"]
        ratios = told["ratios"][situation]
        parts.append(table(columns, rows))
        parts.append(
            table(
                ["times as much", *(f"{name}" for name in ratios)],
                [
                    [word, *(f"{entry[figure]:.1f}" for entry in ratios.values())]
                    for word, figure in (("wall time", "wall_seconds"), ("CPU", "cpu_seconds"))
                ],
            )
        )
    columns = ["target", "wanted", "reach", "measured", "verdict"]
    parts.append(
        table(
            columns,
            [[t["name"], t["wanted"], t["reach"], f"{t['measured']:.1f}", t["verdict"]] for t in told["targets"]],
        )
    )
    return "\n\n".join(parts)


def for_readme(told: Mapping[str, Any]) -> str:
    """The medians, without spread: that is in results.json."""
    rows = []
    for situation, title in SITUATIONS.items():
        cells = []
        for name in CONTENDERS:
            entry = told["summary"][situation][name]
            cells.append(f"{entry['wall_seconds']['median']:.1f} s ({entry['cpu_seconds']['median']:.1f} s)")
        rows.append([title.capitalize(), *cells])
    entry = told["summary"]["first"]
    rows.append(["Calls to AWS, first run", *(f"{entry[name]['calls']['total']:g}" for name in CONTENDERS)])
    columns = [
        "Wall time (CPU)",
        "`clumio.aws.onboard`, whole",
        "`clumio.aws`, AWS only",
        "`amazon.aws` tasks, AWS only",
        "boto3 script, AWS only",
    ]
    host, used = told["machine"], told["versions"]
    conditions = (
        f"All seven asset types, {sum(told['objects'].values())} resources. Medians of {told['rounds']} runs in the "
        f"sandbox, where each call to AWS takes {LATENCY_MS} ms longer, on {host['cores']} cores of {host['cpu']} with "
        f"ansible-core {used['ansible-core']} and amazon.aws {used['amazon.aws']}, {told['date']}."
    )
    return f"{markdown_table(columns, rows)}\n\n{textwrap.fill(conditions, 120)}"


def _write(told: Mapping[str, Any], output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    file = output / "results.json"
    file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    subprocess.run([VENV / "bin" / "python", "-m", "benchmarks.plot", file], cwd=CHECKOUT, check=True)
    if output == BENCHMARKS:
        readme = README.read_text(encoding="utf-8")
        README.write_text(between(readme, BEGIN, END, for_readme(told)), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="that count (%(default)s)")
    parser.add_argument(
        "--output",
        type=Path,
        default=BENCHMARKS,
        metavar="DIR",
        help="where results.json and the picture go; elsewhere than by default the README stays as it is",
    )
    return parser.parse_args()


def main() -> int:
    """Measure, tell, and write it down.

    Returns:
        0 also when a target is missed, 1 when something could not be measured, 130 after Ctrl-C.
    """
    options = _options()
    begun = time.monotonic()
    load = os.getloadavg()[0]
    if load > _BUSY:
        print(f"This machine is busy with something else (load {load:.1f}): times will be too long.", flush=True)
    try:
        with ExitStack() as undo:
            directory = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="clumio-bench-")))
            state_dir = directory / "sandbox"
            undo.callback(sandbox, "stop", state_dir=state_dir)
            quota = "AttachedPoliciesPerRoleQuota=20"
            chosen = ("--latency", str(LATENCY_MS), "--account", ACCOUNT, "--quota", quota)
            sandbox("start", *chosen, "--connect-delay=0", "--ingest-delay=0", state_dir=state_dir)
            # No settings of a person's own: everybody begins with Ansible as it comes.
            config = directory / "ansible.cfg"
            config.touch()
            ansible = {"ANSIBLE_CONFIG": str(config), "ANSIBLE_HOME": str(directory / "ansible")}
            bench = Bench(directory, state_dir, {**client_environment(state_dir), **ansible})
            held = prepare(bench)
            runs = measured_rounds(bench, options.rounds, held)
        told = results(runs, options.rounds, held, load)
        print(f"\n{report(told)}\n")
        _write(told, options.output.resolve())
    except (BenchmarkError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the sandbox is stopped, and nothing is written.", file=sys.stderr)
        return 128 + signal.SIGINT
    print(f"{options.output / 'results.json'} and the picture are written, after {time.monotonic() - begun:.0f} s.")
    return 0


if __name__ == "__main__":
    unwind_on_sigterm()
    sys.exit(main())
