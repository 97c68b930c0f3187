# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A secret is found in whatever words it is quoted, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clumio.aws.plugins.module_utils._clumio.quoted import quoted

tokens = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=60)

WRITTEN = {
    "plain": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "Python": lambda text: repr(text)[1:-1],
    "HTML": html.escape,
    "path": quote,
    "URL": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "URL in small letters": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@given(token=tokens)
def test_all_of_it_is_found(written, token):
    assert quoted(token).sub("<>", f"Bearer {written(token)}!") == "Bearer <>!"


@given(token=tokens, before=st.binary(max_size=8), after=st.binary(max_size=8))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_of_it_gives_nothing_away_but_letters_at_its_ends(encode, token, before, after):
    text = encode(before + token.encode() + after).decode()
    left = quoted(token).sub("<>", text)
    assert "<>" in left
    assert len(left) <= len("<>") + (len(before) + len(after)) * 4 / 3 + 8


@given(token=tokens)
def test_nothing_else_is_found(token):
    text = "Clumio refused the API token for GET /connections/aws/111122223333_us-west-2."
    assert quoted(token).sub("<>", text) == text
    assert quoted("").sub("<>", text) == text
