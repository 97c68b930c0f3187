# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the module of the same name, again while Clumio still connects, and shows on the console how far it is."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._validate.waiting import Progress, is_needed, wait

display = Display()

# The options of the module that are about the side of AWS. Looks after the first ask Clumio only.
PLAN = (
    "instance_profiles",
    "kms_keys",
    "policies",
    "retired",
    "roles",
    "rules",
    "ssm_documents",
    "topics",
)


class ActionModule(ActionBase):  # type: ignore[misc]
    """What can be done only here: to show something while the task still runs."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        first = self._look(self._task.args, task_vars)
        # As the module has read them: checked, and with their defaults.
        params = first.get("invocation", {}).get("module_args", {})
        if not is_needed(first, params.get("wait_for", "")) or params["wait_timeout"] <= 0:
            return first
        clumio_only = {option: value for option, value in self._task.args.items() if option not in PLAN}
        connection_id = next(check["entity"] for check in first["checks"] if check["side"] == "clumio")
        with Progress(connection_id, params["wait_timeout"], self._tell) as progress:
            result = wait(first, lambda: self._look(clumio_only, task_vars), progress, params["wait_for"])
        if params["fail_on_invalid"] and not result.get("valid"):
            result["failed"] = True
        return result

    def _look(self, options: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module, and leave no file of it, which holds the API token, for the time of the waiting."""
        try:
            result: dict[str, Any] = self._execute_module(module_args=dict(options), task_vars=task_vars)
            return result
        finally:
            self.cleanup()

    def _tell(self, line: str) -> None:
        """Show a line, beside what the playbook prints: that may be meant for a program."""
        if not self._task.no_log:
            display.display(line, stderr=True)
