# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible as a person runs it, in a place of its own, and everything that it says and leaves there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from cloud import Cloud, running_cloud
from secret_search import files_of, leaks

PASSWORD = b"a password of these tests"

# Nobody waits between attempts here.
HASTE = """
import time

def hurry(seconds, sleep=time.sleep):
    sleep(min(seconds, 0.01))

time.sleep = hurry
"""


@dataclass(frozen=True)
class Run:
    """What one command has said, and the files that it has left."""

    code: int
    stdout: str
    stderr: str
    files: Mapping[str, bytes]

    @property
    def texts(self) -> dict[str, bytes]:
        return {"stdout": self.stdout.encode(), "stderr": self.stderr.encode(), **self.files}


class Workplace:
    """Where commands run. What they are given is in C(given); all else that is there comes from them."""

    def __init__(self, directory: Path, cloud: Cloud) -> None:
        self.cloud = cloud
        self.given, self.left = directory / "given", directory / "left"
        for path in (self.given, self.left / "home", self.left / "tmp"):
            path.mkdir(parents=True)
        self.give("haste/sitecustomize.py", HASTE)
        self.give("password", PASSWORD.decode())
        self.environment = {
            "HOME": str(self.left / "home"),
            "LANG": "C.UTF-8",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.given / "haste"),
            "TMPDIR": str(self.left / "tmp"),
            "ANSIBLE_FORKS": "4",
            "ANSIBLE_LOG_PATH": str(self.left / "ansible.log"),
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.left / "facts"),
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit,ansible.builtin.tree",
            "ANSIBLE_CALLBACK_TREE_DIR": str(self.left / "tree"),
            "JUNIT_OUTPUT_DIR": str(self.left / "junit"),
            "ANSIBLE_RETRY_FILES_ENABLED": "true",
            "ANSIBLE_RETRY_FILES_SAVE_PATH": str(self.left / "retry"),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.given / "password"),
            **cloud.environment,
        }

    def give(self, name: str, content: Any) -> Path:
        """Write a file that a command is given: a text, or JSON, which Ansible takes for YAML."""
        path = self.given / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def give_vaulted(self, name: str, variable: str, secret: str) -> Path:
        """Write a file of one variable, encrypted by Ansible Vault."""
        encrypted = VaultLib([("default", VaultSecret(PASSWORD))]).encrypt(secret.encode()).decode()
        return self.give(name, f"{variable}: !vault |\n" + "".join(f"  {line}\n" for line in encrypted.splitlines()))

    def run(self, *command: str, without: tuple[str, ...] = (), **environment: str) -> Run:
        """Run a command to its end.

        Args:
            command: of the tools beside this Python.
            without: names of variables of the environment that are not to be there.
            environment: more of them, or others.
        """
        chosen = {name: value for name, value in self.environment.items() if name not in without} | environment
        done = subprocess.run(
            command, env=chosen, cwd=self.left, capture_output=True, text=True, check=False, timeout=300
        )
        return Run(done.returncode, done.stdout, done.stderr, files_of(self.left))

    def playbook(self, *arguments: str, **more: Any) -> Run:
        """C(ansible-playbook), as loud as it can be."""
        return self.run("ansible-playbook", "-vvvv", "--diff", *arguments, **more)

    def leaks(self, run: Run) -> list[str]:
        """The secrets that a run shows; empty for none."""
        return leaks(asdict(self.cloud.secrets), run.texts)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running_cloud(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def workplace(tmp_path: Path, cloud: Cloud) -> Workplace:
    cloud.empty()
    return Workplace(tmp_path, cloud)
