# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that a user names, on the machine that runs the module."""

from __future__ import annotations

import os
from pathlib import Path

from ._errors import InputError
from ._permissions.load import MAXIMUM_BYTES


def read(path: str | Path) -> bytes:
    """The content of a file, one byte more than a permissions file may have at most: then its reader refuses it.

    Raises:
        InputError: C(unreadable_path).
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(MAXIMUM_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"The file '{path}' cannot be read: {why}.", code="unreadable_path") from error


def difference(dest: str, raw: bytes) -> dict[str, str]:
    """For Ansible's diff mode, what writing C(raw) to C(dest) changes; empty where it is there already.

    Raises:
        InputError: C(unwritable_dest), or C(unreadable_path) for what is there.
    """
    path = Path(dest)
    before = read(path) if path.is_file() else None
    if before == raw:
        return {}
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"{path} is a directory, or is in one that cannot be written to.", code="unwritable_dest")
    return {
        "before_header": dest,
        "after_header": dest,
        "before": (before or b"").decode(errors="replace"),
        "after": raw.decode(errors="replace"),
    }
