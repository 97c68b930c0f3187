# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nothing waits for a fixed time and hopes: who waits looks at the thing itself again and again, with a deadline."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
FOLDERS = ("plugins", "roles", "playbooks")

#: Who may take time.sleep, as the default of a parameter ``sleep``, so that tests can put a clock in its place.
ALLOWED = {
    "plugins/module_utils/_aws/pace.py Pace.__init__":
        "until it is a call's turn, at the rate that AWS takes; calls that AWS goes on refusing end with the patience",
    "plugins/module_utils/_clumio/client.py Client.__init__":
        "between two attempts of a request: as long as Clumio asks for, or a backoff; ends with the deadline",
    "plugins/module_utils/_clumio/tasks.py wait":
        "between two looks at a task of Clumio, until it has ended or the time of the caller is over",
    "plugins/module_utils/_aws/settle.py seen":
        "between two looks at something that AWS says is there; ends with the deadline",
    "plugins/module_utils/_aws/settle.py settled":
        "between two attempts of a call that AWS refuses until it sees what was just made; ends with the deadline",
    "plugins/module_utils/_validate/waiting.py wait":
        "between two looks at a connection, until it is connected or the time of the caller is over",
}  # fmt: skip

_SLEEPERS = ("time", "asyncio", "eventlet", "gevent", "trio", "anyio")
#: A program that sleeps, in a command line or in a list of arguments.
_SLEEP_COMMAND = re.compile(r"(^|[\s;&|(`\"'/])u?sleep(\s+[\d.{$]|$)")
#: The modules of Ansible that run commands.
_COMMANDS = ("command", "shell", "raw", "script", "expect", "async_wrapper")


def python_files() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((CHECKOUT / folder).rglob("*.py"))]


def yaml_files() -> list[Path]:
    # The text of a filter's documentation is no task, but it does no harm either.
    return [path for folder in FOLDERS for path in sorted((CHECKOUT / folder).rglob("*.y*ml"))]


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


# ---- Python


def takers(source: str) -> list[str]:
    """The functions that take a sleep as the default of their parameter ``sleep``."""
    return [where for where, _default in _injected(ast.parse(source))]


def python_sleeps(source: str) -> list[str]:
    """Every sleep that is not such a default, or that is for a fixed time; with its line."""
    tree = ast.parse(source)
    injected = {id(default) for _where, default in _injected(tree)}
    aliases = _aliases(tree)
    found = []
    for node in ast.walk(tree):
        if id(node) not in injected and _is_sleep(node, aliases):
            found.append((node.lineno, "takes a sleep that is not the default of a parameter named sleep"))
        if isinstance(node, ast.ImportFrom) and node.module in _SLEEPERS:
            found += [(node.lineno, "imports a sleep by name") for name in node.names if name.name == "sleep"]
        if isinstance(node, ast.Call) and _last_name(node.func).endswith(("sleep", "wait")):
            seconds = [*node.args, *(keyword.value for keyword in node.keywords)][:1]
            found += [(node.lineno, "waits for a fixed time") for value in seconds if _is_fixed(value)]
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_command(node.value):
            found.append((node.lineno, "runs a command that sleeps"))
    return [f"line {line} {what}" for line, what in sorted(found)]


def _injected(tree: ast.AST, outer: str = "") -> Iterator[tuple[str, ast.expr]]:
    """The functions with a parameter ``sleep`` that has a default, by qualified name, and that default."""
    for node in ast.iter_child_nodes(tree):
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        where = f"{outer}{node.name}" if named else outer.rstrip(".")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            positional = [*node.args.posonlyargs, *node.args.args]
            defaults = [None] * (len(positional) - len(node.args.defaults)) + node.args.defaults
            parameters = [*zip(positional, defaults, strict=True)]
            parameters += zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            yield from ((where, default) for argument, default in parameters if argument.arg == "sleep" and default)
        yield from _injected(node, f"{where}." if where else "")


def _aliases(tree: ast.AST) -> set[str]:
    """The names under which modules that can sleep are known."""
    imports = [name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    return {name.asname or name.name for name in imports if name.name in _SLEEPERS}


def _is_sleep(node: ast.AST, aliases: set[str]) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "sleep"
        and isinstance(node.value, ast.Name)
        and node.value.id in aliases
    )


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_fixed(node: ast.expr) -> bool:
    """Whether it is a number, worked out of numbers, or a constant of the module."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float)
    if isinstance(node, ast.UnaryOp):
        return _is_fixed(node.operand)
    if isinstance(node, ast.BinOp):
        return _is_fixed(node.left) and _is_fixed(node.right)
    return _last_name(node).isupper()


def _is_command(text: str) -> bool:
    """Whether it is a word or a line of a command; the prose of a documentation is neither."""
    return "\n" not in text and bool(_SLEEP_COMMAND.match(text.strip()) or re.search(r"[;&|]\s*sleep\s+\d", text))


@pytest.mark.parametrize("path", python_files(), ids=name_of)
def test_nothing_in_python_sleeps_for_a_fixed_time(path: Path) -> None:
    assert python_sleeps(path.read_text(encoding="utf-8")) == []


def test_only_who_looks_at_the_thing_itself_takes_a_sleep() -> None:
    found = [f"{name_of(path)} {where}" for path in python_files() for where in takers(path.read_text("utf-8"))]
    assert sorted(found) == sorted(ALLOWED)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time\ntime.sleep(5)", ["line 2 takes a sleep", "line 2 waits"]),
        ("import time\ntime.sleep(pause)", ["line 2 takes a sleep"]),
        ("import time as t\nwait = t.sleep", ["line 2 takes a sleep"]),
        ("import asyncio\nasync def f():\n    await asyncio.sleep(0.5)", ["line 3 takes a sleep", "line 3 waits"]),
        ("from time import monotonic, sleep", ["line 1 imports"]),
        ("import time\ndef f(pause=time.sleep):\n    pass", ["line 2 takes a sleep"]),
        ("def f(sleep):\n    sleep(5)", ["line 2 waits"]),
        ("def f(sleep):\n    sleep(60 * 5)", ["line 2 waits"]),
        ("def f(sleep):\n    sleep(_PAUSE_SECONDS)", ["line 2 waits"]),
        ("def f(self):\n    self._sleep(-1.5)", ["line 2 waits"]),
        ("def f(over):\n    over.wait(timeout=5)", ["line 2 waits"]),
        ("run(['sleep', str(seconds)])", ["line 1 runs"]),
        ("run('sleep 5')", ["line 1 runs"]),
        ("run('true && sleep 5')", ["line 1 runs"]),
        ("import time\ndef f(*, sleep=time.sleep):\n    sleep(min(pause, left))", []),
        ("import time\nclass A:\n    def f(self, sleep=time.sleep):\n        self._sleep = sleep", []),
        ("def f(over):\n    over.wait(self.remind())", []),
        ("'''Waits instead of letting a task sleep 5 seconds.'''", []),
    ],
)
def test_sleeps_in_python_are_found(source: str, found: list[str]) -> None:
    sleeps = python_sleeps(source)
    assert len(sleeps) == len(found)
    assert all(map(str.startswith, sleeps, found))


def test_takers_are_told_by_their_qualified_names() -> None:
    source = "import time\nclass A:\n  def f(self, sleep=time.sleep): ...\ndef g(a, *, b=1, sleep=time.sleep): ..."
    assert takers(source) == ["A.f", "g"]


# ---- YAML


class _Loader(yaml.SafeLoader):
    """Takes a tag of Ansible's for what stands behind it."""


_Loader.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_scalar(node))


def yaml_sleeps(text: str) -> list[str]:
    """What the tasks in it wait for without looking at anything."""
    return [what for document in yaml.load_all(text, _Loader) for what in _sleeps(document)]


def _sleeps(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _sleeps(item)
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _sleep_of_task(str(key), value)
            yield from _sleeps(value)


def _sleep_of_task(key: str, value: Any) -> Iterator[str]:
    """What is wrong with a member of a task, if this is one that names a module and its arguments."""
    module = key.rpartition(".")[2]
    if module in ("action", "local_action"):
        name = value.get("module", "") if isinstance(value, dict) else str(value).partition(" ")[0]
        rest = value if isinstance(value, dict) else str(value).partition(" ")[2]
        yield from _sleep_of_task(name or "action", rest) if name not in ("action", "local_action") else ()
    arguments = value if isinstance(value, dict) else dict(re.findall(r"(\w+)=(\S+)", str(value)))
    if module == "pause" and arguments.keys() & {"seconds", "minutes"}:
        yield "a pause for a time"
    # A plain word is an option of that name.
    if module == "wait_for" and (arguments or not value) and not arguments.keys() & {"port", "path"}:
        yield "a wait for nothing"
    if module in ("wait_for", "wait_for_connection") and "delay" in arguments:
        yield "a wait before the first look"
    if module in _COMMANDS and any(_SLEEP_COMMAND.search(line) for line in _lines(value)):
        yield "a command that sleeps"


def _lines(value: Any) -> list[str]:
    """The command lines of a task, however they are given."""
    if isinstance(value, dict):
        return [line for item in value.values() for line in _lines(item)]
    if isinstance(value, list):
        # One argument may be a whole script.
        return [" ".join(map(str, value)), *(line for item in value for line in _lines(item))]
    return str(value).splitlines()


@pytest.mark.parametrize("path", yaml_files(), ids=name_of)
def test_no_task_sleeps_for_a_fixed_time(path: Path) -> None:
    assert yaml_sleeps(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("task", "found"),
    [
        ("ansible.builtin.pause: {seconds: 5}", ["a pause for a time"]),
        ("pause: minutes=1", ["a pause for a time"]),
        ("ansible.builtin.pause: {prompt: Go on, seconds: 5}", ["a pause for a time"]),
        ("action: pause seconds=5", ["a pause for a time"]),
        ("local_action: {module: ansible.builtin.pause, seconds: 5}", ["a pause for a time"]),
        ("block: [{block: [], rescue: [{pause: {seconds: 5}}]}]", ["a pause for a time"]),
        ("wait_for: {timeout: 5}", ["a wait for nothing"]),
        ("ansible.builtin.wait_for: timeout=5", ["a wait for nothing"]),
        ("ansible.builtin.wait_for:", ["a wait for nothing"]),
        ("wait_for: {path: /tmp/file, delay: 5}", ["a wait before the first look"]),
        ("wait_for_connection: {delay: 5}", ["a wait before the first look"]),
        ("ansible.builtin.command: sleep 5", ["a command that sleeps"]),
        ("ansible.builtin.command: {argv: [sleep, '5']}", ["a command that sleeps"]),
        ("ansible.builtin.command: {argv: [/bin/sleep, '{{ seconds }}']}", ["a command that sleeps"]),
        ("ansible.builtin.command: {argv: [sh, -c, 'true; sleep 5']}", ["a command that sleeps"]),
        ("ansible.builtin.shell: {cmd: 'true && sleep 5'}", ["a command that sleeps"]),
        ('ansible.builtin.shell: "true\\nsleep 5"', ["a command that sleeps"]),
        ("ansible.builtin.raw: 'true|sleep 5'", ["a command that sleeps"]),
        ("ansible.builtin.pause: {prompt: Go on}", []),
        ("wait_for: {port: 443, timeout: 5}", []),
        ("clumio.aws.clumio_connection_validate: {wait_for: connected, wait_timeout: 600}", []),
        ("ansible.builtin.command: {argv: [true]}", []),
        ("vars: {key: !unsafe '{{ sleep }}', command: sleepless}", []),
    ],
)
def test_sleeps_in_tasks_are_found(task: str, found: list[str]) -> None:
    assert yaml_sleeps(f"- name: Wait\n  {task}") == found


def test_what_is_looked_through_is_there() -> None:
    assert {name_of(path).partition("/")[0] for path in python_files()} == {"plugins"}
    assert {name_of(path).partition("/")[0] for path in yaml_files()} == set(FOLDERS)
