# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running a module's real main() in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import redirect_stdout, suppress
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any

from ansible.module_utils.testing import patch_module_args

from ansible_collections.clumio.aws.plugins.action.clumio_connection_validate import ActionModule

Options = Mapping[str, Any]
Result = dict[str, Any]

# Imported here, and not in every fork.
_MODULES = {
    name: import_module(f"ansible_collections.clumio.aws.plugins.modules.{name}")
    for name in (
        "clumio_account_credentials",
        "clumio_connection",
        "clumio_connection_validate",
        "clumio_eventbridge_rules",
        "clumio_iam_roles",
        "clumio_permissions_file",
        "clumio_sns_topic",
        "clumio_ssm_documents",
    )
}


def run(name: str, options: Options, *, check_mode: bool = False) -> Result:
    """The result of a module, by its name; with ``failed`` set, of one that fails.

    Args:
        options: those that are None are left out.
    """
    if name == "clumio_connection_validate":
        return dict(_Validation(options).outcome({}))
    return _main(name, options, check_mode=check_mode)


def _main(name: str, options: Options, *, check_mode: bool = False) -> Result:
    given = {option: value for option, value in options.items() if value is not None}
    output = StringIO()
    given["_ansible_check_mode"] = check_mode
    with patch_module_args(given), redirect_stdout(output), suppress(SystemExit):
        _MODULES[name].main()
    result: Result = json.loads(output.getvalue())
    return result


class _Validation(ActionModule):  # type: ignore[misc]  # ansible has no types
    """The action plugin that runs this module, and waits for Clumio, without a task around it."""

    def __init__(self, options: Options) -> None:
        self._task = SimpleNamespace(args=dict(options), no_log=True)

    def run_module(self, options: Options, task_vars: Mapping[str, Any]) -> Result:  # noqa: ARG002
        return _main("clumio_connection_validate", options)
