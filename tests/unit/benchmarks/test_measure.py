# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmarks import measure as measure_module
from benchmarks.measure import count_by_action, count_by_kind, measure

CALLS = [
    {"service": "iam", "action": "GetRole", "kind": "read"},
    {"service": "sns", "action": "CreateTopic", "kind": "write"},
    {"service": "iam", "action": "GetRole", "kind": "read"},
]


def run(code: str, directory: Path) -> measure_module.Measured:
    return measure([sys.executable, "-c", code], env=dict(os.environ), cwd=directory, log=directory / "log")


def test_what_is_written_and_how_it_ends(tmp_path):
    measured = run("import os, sys; print(os.getcwd(), flush=True); sys.exit('bad')", tmp_path)
    assert measured.returncode == 1
    assert (tmp_path / "log").read_text(encoding="utf-8").splitlines() == [str(tmp_path), "bad"]


def test_the_environment_is_exactly_the_given_one(tmp_path):
    code = "import os; print(sorted(name for name in os.environ if name != 'LC_CTYPE'))"
    measure([sys.executable, "-c", code], env={"A": "1"}, cwd=tmp_path, log=tmp_path / "log")
    assert (tmp_path / "log").read_text(encoding="utf-8") == "['A']\n"


def test_a_signal_is_a_negative_return_code(tmp_path):
    assert run("import os; os.kill(os.getpid(), 9)", tmp_path).returncode == -signal.SIGKILL


def test_cpu_is_that_of_the_whole_tree(tmp_path):
    busy = "import time\nwhile time.process_time() < 0.4: pass"
    measured = run(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])", tmp_path)
    assert 0.4 <= measured.cpu_seconds <= 2


def test_waiting_costs_wall_time_only(tmp_path):
    measured = run("import time; time.sleep(0.6)", tmp_path)
    assert measured.wall_seconds >= 0.6
    assert measured.cpu_seconds < 0.5


def test_memory_is_that_of_the_whole_tree_and_of_the_command(tmp_path):
    child = "import time; held = bytearray(64 << 20); time.sleep(0.8)"
    measured = run(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])", tmp_path)
    assert measured.peak_memory_mb > 64
    assert measured.peak_own_memory_mb < 40


def test_a_command_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError):
        measure(["/nonexistent"], env={}, cwd=tmp_path, log=tmp_path / "log")


def test_an_interruption_ends_the_whole_tree(tmp_path):
    """As Ansible's workers do, the child has a session of its own."""
    child = "import os, time; os.setsid(); open('child', 'w').write(str(os.getpid())); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    def interrupt() -> None:
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text(encoding="ascii"):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGUSR1)

    def interrupted(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupted)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(code, tmp_path)
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    pid = int((tmp_path / "child").read_text(encoding="ascii"))
    deadline = time.monotonic() + 5
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_count_by_kind():
    assert count_by_kind(CALLS) == {"read": 2, "write": 1, "total": 3}
    assert count_by_kind([]) == {"read": 0, "write": 0, "total": 0}


def test_count_by_action():
    assert list(count_by_action(CALLS).items()) == [("iam.GetRole", 2), ("sns.CreateTopic", 1)]


def test_client_environment(monkeypatch, tmp_path):
    monkeypatch.setattr(measure_module, "sandbox", lambda *_arguments, **_named: "export AWS_REGION='us-west-2'\n")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("ANSIBLE_FORKS", "50")
    monkeypatch.setenv("CLUMIO_API_TOKEN", "mine")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    monkeypatch.setenv("SOMETHING", "else")
    environment = measure_module.client_environment(tmp_path)
    assert environment["AWS_REGION"] == "us-west-2"
    assert environment["SOMETHING"] == "else"
    assert environment["PATH"].startswith(f"{Path(sys.executable).parent}:")
    assert not environment.keys() & {"AWS_PROFILE", "ANSIBLE_FORKS", "CLUMIO_API_TOKEN", "HTTPS_PROXY"}


def test_sandbox_says_why_it_failed(tmp_path):
    with pytest.raises(RuntimeError, match=r"sandbox env failed: No sandbox runs from .*; start one with"):
        measure_module.sandbox("env", state_dir=tmp_path)
