# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks for secrets in whatever a run has left, however they are written there."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

# What is of letters and digits looks the same in JSON, URLs, HTML, YAML, for a shell and for Python, and where the rest
# is cut off. A shorter part might stand there for another reason.
_PART = re.compile(r"[A-Za-z0-9]{12,}")


def spellings(secret: str) -> Iterator[tuple[bytes, str]]:
    """The ways in which a secret, or a part of it, can be written, each with its name."""
    parts = _PART.findall(secret)
    assert parts, "a secret of these tests has 12 letters and digits in a row"
    for part in parts:
        yield part.encode(), "plain"
        yield part.encode().hex().encode(), "hex"
        for offset in range(3):
            yield _in_base64(part.encode(), offset), "base64"


def _in_base64(part: bytes, offset: int) -> bytes:
    """What stands in base64 for a part of a text, if so many bytes stand before it, modulo 3, whatever they are."""
    encoded = base64.b64encode(b"\0" * offset + part).rstrip(b"=")
    first = (offset * 8 + 5) // 6
    # The last letter depends on what follows, unless it ends where a byte does.
    last = len(encoded) - (1 if (offset + len(part)) % 3 else 0)
    return encoded[first:last]


def leaks(secrets: Mapping[str, str], texts: Mapping[str, bytes]) -> list[str]:
    """Which secret is where and in which spelling, C(stdout: API token, base64), sorted; empty if none is anywhere.

    Args:
        secrets: by their names.
        texts: by where they are from.
    """
    found = set()
    for where, text in texts.items():
        # Ansible breaks long messages into lines.
        joined = re.sub(rb"\s+", b"", text)
        # URLs have another base64, or escape two of its letters.
        as_usual = joined.translate(bytes.maketrans(b"-_", b"+/"))
        as_usual = re.sub(rb"%2([BbFf])", lambda found: b"+" if found[1] in b"Bb" else b"/", as_usual)
        seen = {text, joined, as_usual}
        for name, secret in secrets.items():
            for spelling, kind in spellings(secret):
                if any(spelling in one for one in seen):
                    found.add(f"{where}: {name}, {kind}")
    return sorted(found)


def files_of(directory: Path) -> dict[str, bytes]:
    """All files in a directory, however deep, by their paths in it."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
