# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the module of the same name, again while Clumio still connects, and shows on the console how far it is."""

from __future__ import annotations

from typing import Any

from ansible.utils.display import Display

from ..module_utils._validate.waiting import Progress, is_needed, until_aws_shows_it, wait
from ..modules import clumio_connection_validate
from ..plugin_utils.in_worker import InWorker

display = Display()

# The options of the module that are about the side of AWS. Looks after the first ask Clumio only.
PLAN = (
    "instance_profiles",
    "kms_keys",
    "policies",
    "retired",
    "roles",
    "rules",
    "seen",
    "ssm_documents",
    "topics",
)


class ActionModule(InWorker):
    """What can be done only here: to show something while the task still runs."""

    # It goes on after the first run of the module.
    _supports_async = False
    module = clumio_connection_validate

    def outcome(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        first = super().outcome(task_vars)
        # As the module has read them: checked, and with their defaults.
        params = first.get("invocation", {}).get("module_args", {})
        if params.get("wait_timeout", 0) <= 0:
            return first
        first = until_aws_shows_it(
            first, lambda: self.run_module(self._task.args, task_vars), params["wait_for"], params["wait_timeout"]
        )
        if not is_needed(first, params["wait_for"]):
            return first
        clumio_only = {option: value for option, value in self._task.args.items() if option not in PLAN}
        connection_id = next(check["entity"] for check in first["checks"] if check["side"] == "clumio")
        with Progress(connection_id, params["wait_timeout"], self._tell) as progress:
            result = wait(first, lambda: self.run_module(clumio_only, task_vars), progress, params["wait_for"])
        if params["fail_on_invalid"] and not result.get("valid"):
            result["failed"] = True
        return result

    def _tell(self, line: str) -> None:
        """Show a line, beside what the playbook prints: that may be meant for a program."""
        if not self._task.no_log:
            display.display(line, stderr=True)
