# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""On what, with what and when something was measured."""

from __future__ import annotations

import json
import os
import platform
import re
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import CHECKOUT

_CPU_MODEL = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)
_MEMORY = re.compile(r"^MemTotal:\s+(\d+) kB$", re.MULTILINE)


def machine() -> dict[str, Any]:
    """Processor, the cores that may be used, memory in GiB and operating system."""
    cpu = _CPU_MODEL.search(Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = _MEMORY.search(Path("/proc/meminfo").read_text(encoding="utf-8"))
    release = platform.freedesktop_os_release()
    return {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(int(memory[1]) / 1024**2, 1) if memory else None,
        "os": f"{release.get('PRETTY_NAME', release['NAME'])}, Linux {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Of this collection, Python and what both sides of a comparison use, in the environment that runs this."""
    ours = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))
    return {
        "clumio.aws": str(ours["version"]),
        "python": platform.python_version(),
        "ansible-core": version("ansible-core"),
        "amazon.aws": _of_collection("amazon.aws"),
        "community.aws": _of_collection("community.aws"),
        "boto3": version("boto3"),
    }


def _of_collection(name: str) -> str:
    folder = Path(import_module(f"ansible_collections.{name}").__path__[0])
    manifest = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    return str(manifest["collection_info"]["version"])


def today() -> str:
    """The date in UTC, as ``2026-01-31``."""
    return f"{datetime.now(UTC):%Y-%m-%d}"
