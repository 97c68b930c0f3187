# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets leave every text, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clumio.aws.plugins.module_utils._report.secrets import HIDDEN, hide

UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key AKIAIOSFODNN7EXAMPLE of it", f"key {HIDDEN} of it"),
        ("ASIAIOSFODNN7EXAMPLE", HIDDEN),
        (f"ExternalID_{UUID}", HIDDEN),
        ("Authorization: Bearer a.b-c_d=", f"Authorization: Bearer {HIDDEN}"),
        (f"document/Clumio-AGDetails-{UUID}", f"document/Clumio-AGDetails-{HIDDEN}"),
        (f"arn:aws:kms:us-west-2:111122223333:key/{UUID}", f"arn:aws:kms:us-west-2:111122223333:key/{UUID}"),
        ("arn:aws:iam::111122223333:role/ClumioIAMRole", "arn:aws:iam::111122223333:role/ClumioIAMRole"),
    ],
)
def test_what_is_secret_by_its_form_goes(text, shown):
    assert hide(text) == shown


def test_a_longer_secret_goes_before_one_that_is_a_part_of_it():
    assert hide("ours-secret-longer", ["ours-secret", "ours-secret-longer"]) == HIDDEN


def test_short_secrets_are_passed_over():
    assert hide("sandboxes", ["sandbox", "", None]) == "sandboxes"


texts = st.text(max_size=20)


@given(
    secret=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40),
    value=st.recursive(
        texts | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
    ),
)
def test_a_known_secret_is_nowhere(secret, value):
    def texts_of(found):
        if isinstance(found, dict):
            return [text for item in found.values() for text in texts_of(item)]
        if isinstance(found, list):
            return [text for item in found for text in texts_of(item)]
        return [found] if isinstance(found, str) else []

    shown = hide({"a": [f"x{secret}y", value]}, [secret])
    assert all(secret not in text for text in texts_of(shown) if secret not in HIDDEN)
