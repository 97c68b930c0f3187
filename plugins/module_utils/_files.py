# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that a user names, on the machine that runs the module."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ._errors import InputError
from ._permissions.documents import printable
from ._permissions.load import MAXIMUM_BYTES


def read(path: str | Path) -> bytes:
    """The content of a file, one byte more than a permissions file may have at most: then its reader refuses it.

    Devices and pipes are not read: they may have no end, or keep a reader waiting.

    Raises:
        InputError: C(unreadable_path).
    """
    try:
        # Opening a pipe waits for who writes to it, unless told not to.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError("it is no regular file")
            # Some files of the system have nothing to read yet, and give None.
            return file.read(MAXIMUM_BYTES + 1) or b""
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"The file '{_shown(path)}' cannot be read: {why}.", code="unreadable_path") from error


def difference(dest: str, raw: bytes) -> dict[str, str]:
    """For Ansible's diff mode, what writing C(raw) to C(dest) changes; empty where it is there already.

    Raises:
        InputError: C(unwritable_dest), or C(unreadable_path) for what is there.
    """
    try:
        # A file in the place of a device would harm others.
        is_there = _is_regular(dest)
        if not os.access(Path(dest).parent, os.W_OK):
            raise OSError("it is in a directory that is missing or cannot be written to")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"The file '{_shown(dest)}' cannot be written: {why}.", code="unwritable_dest") from error
    before = read(dest) if is_there else None
    if before == raw:
        return {}
    return {
        "before_header": dest,
        "after_header": dest,
        "before": (before or b"").decode(errors="replace"),
        "after": raw.decode(errors="replace"),
    }


def _is_regular(path: str) -> bool:
    """Whether there is a file; what is there and is none, is an error."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        raise OSError("it is no regular file")
    return True


def _shown(path: str | Path) -> str:
    return printable(str(path))
