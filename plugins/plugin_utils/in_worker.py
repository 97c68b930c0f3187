# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs a module inside Ansible's worker, where there is nothing to send it to.

A module on the controller is sent to where it is already: packed, written to a file and run by a new Python, which then
imports boto3 and reads AWS's descriptions of its services. That is most of what such a task costs. Here the very same
main() runs in the worker, a fork of a process that has all of that.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ansible import constants
from ansible.module_utils import basic
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import filter_loader, test_loader
from ansible.utils.display import Display
from ansible.vars.clean import remove_internal_keys

from ..module_utils._aws import clients

try:
    from ansible.module_utils.common.json import Direction, get_module_encoder

    _encoder: dict[str, Any] = {"cls": get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)}
    _profile: tuple[str, ...] = ("legacy",)
except ImportError:
    # ansible-core before 2.19 knows no profiles of JSON.
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    _encoder = {"cls": AnsibleJSONEncoder, "vault_to_text": True}
    _profile = ()

display = Display()

# From there on Ansible shows with which arguments a module was run.
_VERBOSE = 3
# What Ansible says of options that a module does not have.
_UNKNOWN_OPTION = "Unsupported parameters"

# Ansible imports the action plugin of a task before it forks its worker. So this is done once, and not in each.
# Ansible's own filters and tests are found by reading its folders, which each worker would do for its first template.
clients.preload()
filter_loader.get("ansible.builtin.default")
test_loader.get("ansible.builtin.defined")
# What stays anyway is not looked through in search of garbage: that would copy its memory into every worker.
gc.freeze()


class InWorker(ActionBase):  # type: ignore[misc]
    """An action plugin for a module of this collection; a subclass only says which.

    Attributes:
        module: has the C(main) to run.
    """

    _supports_async = True
    module: ModuleType

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        result |= self.outcome(task_vars or {})
        unknown = str(result.get("msg", "")).startswith(_UNKNOWN_OPTION)
        if display.verbosity < _VERBOSE or unknown:
            # Nobody sees it then, and the whole plan is in it. Of an option that the module does not have, a secret for
            # another one, say, nobody knows that it must not be seen.
            result.pop("invocation", None)
        return result

    def outcome(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """What comes of the task: that of one run of the module, unless a subclass knows better."""
        return self.run_module(self._task.args, task_vars)

    def run_module(self, options: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The result of the module, run here or there.

        Args:
            options: of the module.
            task_vars: of the task.
        """
        reason = self._why_elsewhere(task_vars)
        place = f"as a process, because {reason}" if reason else "inside the worker"
        display.vvv(f"{self._task.action} runs {place}", host=task_vars.get("inventory_hostname"))
        if not reason:
            return self._run_here(dict(options), task_vars)
        in_background = bool(self._task.async_val) and not self._connection.has_native_async
        try:
            result: dict[str, Any] = self._execute_module(
                module_args=dict(options), task_vars=task_vars, wrap_async=in_background
            )
            return result
        finally:
            if not in_background:
                # No file of the module, which holds secrets, is left while an action goes on.
                self.cleanup()

    def _why_elsewhere(self, task_vars: dict[str, Any]) -> str:
        """What asks for a process of its own, in words; empty if nothing does."""
        host = task_vars
        if self._task.delegate_to:
            host = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        python = self._templar.template(host.get("ansible_python_interpreter"))
        reasons = {
            "clumio_aws_in_worker is false": not boolean(
                self._templar.template(task_vars.get("clumio_aws_in_worker", True))
            ),
            "the connection is not local": self._connection.transport != "local",
            "another Python is to run it": python != sys.executable,
            "it has to become another user": self._play_context.become,
            "it runs in the background": bool(self._task.async_val),
            "its files are to be kept": constants.DEFAULT_KEEP_REMOTE_FILES,
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def _run_here(self, options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._update_module_args(self._task.action, options, task_vars)
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        output, errors = io.StringIO(), io.StringIO()
        with (
            _arguments(options),
            _environment(environment),
            _directory(self._loader.get_basedir()),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
            contextlib.suppress(SystemExit),
        ):
            self.module.main()
        # The same way back as from a process: as text, and taken for what a stranger says.
        data: dict[str, Any] = self._parse_returned_data(
            {"stdout": output.getvalue(), "stderr": errors.getvalue()}, *_profile
        )
        remove_internal_keys(data)
        return data


@contextlib.contextmanager
def _arguments(options: Mapping[str, Any]) -> Iterator[None]:
    """The arguments where AnsibleModule takes them from; as text, so that a module gets plain types, as always."""
    before = {name: value for name, value in vars(basic).items() if name in ("_ANSIBLE_ARGS", "_ANSIBLE_PROFILE")}
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": options}, **_encoder).encode()
    if _profile:
        basic._ANSIBLE_PROFILE = _profile[0]
    try:
        yield
    finally:
        vars(basic).update(before)


@contextlib.contextmanager
def _environment(variables: Mapping[str, Any]) -> Iterator[None]:
    """The environment of the task."""
    before = dict(os.environ)
    os.environ.update({name: str(value) for name, value in variables.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _directory(path: str) -> Iterator[None]:
    """The directory in which Ansible starts local processes."""
    before = Path.cwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)
