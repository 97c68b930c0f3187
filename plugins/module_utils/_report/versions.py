# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The versions of all that had a part in a run."""

from __future__ import annotations

import json
import platform
import re
from importlib import metadata, util
from pathlib import Path

_OURS = Path(__file__).parents[3]
_LIBRARIES = ("boto3", "botocore")


def versions() -> dict[str, str]:
    """By name; C(unknown) for what does not tell."""
    theirs = util.find_spec("ansible_collections.amazon.aws")
    places = list(theirs.submodule_search_locations or ()) if theirs else []
    return {
        "clumio.aws": of_collection(_OURS),
        "ansible-core": _of_library("ansible-core"),
        "Python": platform.python_version(),
        "amazon.aws": of_collection(Path(places[0])) if places else "unknown",
        **{name: _of_library(name) for name in _LIBRARIES},
    }


def of_collection(root: Path) -> str:
    """The version of a collection, installed (C(MANIFEST.json)) or as a checkout (C(galaxy.yml)).

    Source: https://docs.ansible.com/ansible/latest/dev_guide/collections_galaxy_meta.html
    """
    manifest, galaxy = root / "MANIFEST.json", root / "galaxy.yml"
    if manifest.is_file():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    found = (
        re.search(r"^version: *['\"]?([^\s'\"]+)", galaxy.read_text(encoding="utf-8"), re.MULTILINE)
        if galaxy.is_file()
        else None
    )
    return found[1] if found else "unknown"


def _of_library(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"
