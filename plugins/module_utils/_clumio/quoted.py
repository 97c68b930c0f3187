# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A secret in somebody else's words: gateways and servers quote what they were sent, as it came or encoded."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote

# A few letters of base64 may stand anywhere.
_LEAST_BASE64 = 12


def quoted(secret: str) -> re.Pattern[str]:
    """What finds a secret in a text: as it is, and as JSON, Python, HTML, URLs and base64 write it.

    Args:
        secret: ASCII; of an empty one nothing is found.
    """
    spellings = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], html.escape(secret), quote(secret)}
    spellings |= {quote(secret, safe=""), *_in_base64(secret.encode())}
    # The longest first: it may begin as a shorter one.
    found = "|".join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True) if spelling)
    # URLs have %2F or %2f.
    return re.compile(found or r"(?!)", re.IGNORECASE)


def _in_base64(secret: bytes) -> set[str]:
    """What of a text in base64 stands for nothing but the secret, wherever in the text it begins."""
    found = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret).rstrip(b"=").decode()
        # The first letters stand for what is before, and the last one for what follows unless a byte ends with it.
        own = encoded[(before * 8 + 5) // 6 : len(encoded) - bool((before + len(secret)) % 3)]
        found |= {own, own.replace("+", "-").replace("/", "_"), quote(own, safe="")}
    return {spelling for spelling in found if len(spelling) >= _LEAST_BASE64}
