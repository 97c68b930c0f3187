# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of the role C(report). Between them the data goes as JSON text.

Ansible looks through every dictionary that it keeps or hands on; for hundreds of connections that takes longer than
all the rest, and a text is one thing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..module_utils._report import connection as one
from ..module_utils._report import words
from ..module_utils._report.drawing import WIDTH, drawing
from ..module_utils._report.run import run_report as run_document
from ..module_utils._report.summary import heading, summary
from ..module_utils._report.versions import versions

TEMPLATES = Path(__file__).parents[2] / "roles/report/templates"

# What the environment of the controller has that must not be in a report, should an error message quote it.
SECRET_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "CLUMIO_API_TOKEN")

# What ansible-core before 2.19 would take for a template of its own when it reads a fact.
_TEMPLATE = re.compile(r"\{(?=[{%#])")


def connection_report(
    results: Mapping[str, Any],
    account: str,
    region: str,
    playbook: str,
    dry_run: bool = False,
    by_wizard: bool = False,
    failure: Mapping[str, Any] | None = None,
    secrets: Sequence[str] = (),
) -> str:
    """The report of one connection, see C(connection_report.yml)."""
    if not isinstance(results, Mapping):
        raise AnsibleFilterError(f"clumio.aws.connection_report takes a dictionary of results, not {results!r}.")
    run = one.Run(playbook=str(playbook), dry_run=bool(dry_run), by_wizard=bool(by_wizard))
    hidden = [*secrets, *(os.environ.get(name, "") for name in SECRET_VARIABLES)]
    report = one.connection_report(
        results, run, account=str(account), region=str(region), failure=failure or None, secrets=filter(None, hidden)
    )
    return _json(report)


def run_report(
    connections: Mapping[str, str | None], playbook: str, started: str, finished: str, dry_run: bool = False
) -> str:
    """The JSON document of a run, see C(run_report.yml)."""
    reports = [json.loads(text) if text else one.not_run(str(host)) for host, text in connections.items()]
    document = run_document(
        reports,
        playbook=str(playbook),
        dry_run=bool(dry_run),
        started=str(started),
        finished=str(finished),
        versions=versions(),
    )
    return _json(document, indent=1)


def report_page(document: str) -> str:
    """The HTML page of a run, see C(report_page.yml)."""
    page = _environment().get_template("report.html.j2")
    style, script = (_source(name) for name in ("report.css", "report.js"))
    parsed = json.loads(document)
    html = page.render(
        document=parsed,
        heading=heading(parsed),
        words=words,
        drawing=drawing,
        width=WIDTH,
        style=Markup(style),
        script=Markup(script),
        # Nothing is loaded from anywhere, and no other script runs, whatever a name or a message has in it.
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return _TEMPLATE.sub("&#123;", html)


def report_summary(document: str, files: Sequence[str] = ()) -> list[str]:
    """The lines for the console, see C(report_summary.yml)."""
    lines: list[str] = summary(json.loads(document), [str(path) for path in files])
    return lines


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json_number"] = lambda value: f"{value:,}"
    return environment


@cache
def _source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()


def _json(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    # The structure of JSON has no two such characters in a row, so that this meets only what stands in a text.
    # ansible-core before 2.19 would make a dictionary of a text that begins with a brace.
    return "\n" + _TEMPLATE.sub(r"\\u007b", text)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "connection_report": connection_report,
            "run_report": run_report,
            "report_page": report_page,
            "report_summary": report_summary,
        }
