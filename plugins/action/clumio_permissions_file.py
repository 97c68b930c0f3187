# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the module of the same name, inside Ansible's worker where that can be."""

from __future__ import annotations

from ..modules import clumio_permissions_file
from ..plugin_utils.in_worker import InWorker


class ActionModule(InWorker):
    """See InWorker."""

    module = clumio_permissions_file
