# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the module of the same name, inside Ansible's worker where that can be."""

from __future__ import annotations

# Whoever connects an account has it reported, too: compiled here, before the fork, and not in each worker.
from ..filter import report as _report  # noqa: F401
from ..module_utils._clumio import client
from ..modules import clumio_connection
from ..plugin_utils.in_worker import InWorker

client.preload()


class ActionModule(InWorker):
    """See InWorker."""

    module = clumio_connection
