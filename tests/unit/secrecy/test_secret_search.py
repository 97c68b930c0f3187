# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who looks for secrets finds them: in texts, and in what a playbook leaves that gives one away."""

from __future__ import annotations

import base64
import html
import json
import textwrap
from urllib.parse import quote, quote_plus

import pytest
from cloud import Secrets
from secret_search import leaks

SECRETS = Secrets.new()
SPELLINGS = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"a": secret})),
    "Python": repr,
    "HTML": html.escape,
    "URL": lambda secret: quote(secret, safe=""),
    "URL with plus": quote_plus,
    "cut off": lambda secret: secret[:30],
    "wrapped": lambda secret: "\n  ".join(textwrap.wrap(secret, 20)),
    "hex": lambda secret: secret.encode().hex(),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 in a URL": lambda secret: quote(base64.b64encode(secret.encode()).decode(), safe=""),
    "base64 in lines": lambda secret: base64.encodebytes(b"Authorization: Bearer " + secret.encode() * 2).decode(),
    **{
        f"base64 behind {number}": lambda secret, number=number: base64.b64encode(
            b"x" * number + secret.encode() + b"yz"
        ).decode()
        for number in range(1, 6)
    },
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("secret", [SECRETS.api_token, SECRETS.session_token], ids=["token of Clumio", "token of AWS"])
def test_a_secret_is_found_in_every_spelling(spelling, secret):
    text = f"before {SPELLINGS[spelling](secret)} after".encode()
    found = leaks({"it": secret, "another": SECRETS.secret_key}, {"here": text, "there": b"x" * 1000})
    assert found
    assert all(line.startswith("here: it, ") for line in found)


def test_what_is_no_secret_is_not_found():
    others = Secrets.new()
    assert leaks({"it": SECRETS.api_token}, {"here": (others.api_token + others.secret_key).encode()}) == []
