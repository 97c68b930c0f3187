# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sandbox for plays that know nothing of it, such as those of the collection's own playbooks.

Where the sandbox listens is known only once it runs, too late for the settings of Molecule. Ansible makes its callbacks
before it runs anything, and what they set in its environment all its workers and modules inherit.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: sandbox_environment
type: notification
short_description: Points AWS and Clumio clients at the sandbox that the scenario default has started
description:
  - Takes the place of the person's own AWS and Clumio settings. The access key chooses the account, E(SANDBOX_ACCOUNT)
    or E(SANDBOX_CREDENTIALS_OF). With E(SANDBOX_WITHOUT_CLUMIO) Clumio's API cannot be reached.
"""

OWN = ("AWS_", "CLUMIO_API", "CLUMIO_ORGANIZATIONAL_UNIT")


class CallbackModule(CallbackBase):
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "sandbox_environment"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        exports = Path(os.environ["SANDBOX_EXPORTS"])
        # The scenario default begins and ends without.
        if exports.exists():
            set_environment(exports.read_text(encoding="utf-8"))


def set_environment(exports):
    """Take what C(python -m sandbox start) has printed."""
    for name in [name for name in os.environ if name.startswith(OWN)]:
        del os.environ[name]
    for _export, setting in map(shlex.split, exports.splitlines()):
        name, _equals, value = setting.partition("=")
        os.environ[name] = value
    account = os.environ.get("SANDBOX_CREDENTIALS_OF") or os.environ["SANDBOX_ACCOUNT"]
    os.environ["AWS_ACCESS_KEY_ID"] = f"SANDBOX{account}"
    if os.environ.get("SANDBOX_WITHOUT_CLUMIO"):
        del os.environ["CLUMIO_API_TOKEN"]
        os.environ["CLUMIO_API_BASE_URL"] = "http://127.0.0.1:9"
