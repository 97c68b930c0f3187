# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
import yaml

from ansible_collections.clumio.aws.plugins.doc_fragments.clumio_api import ModuleDocFragment
from ansible_collections.clumio.aws.plugins.module_utils._clumio.arguments import argument_spec, client_from
from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError

GIVEN = {"api_token": "a-token", "api_base_url": "https://us-west-2.api.clumio.com", "organizational_unit": None}


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        (["api_token"], ["api_token", "CLUMIO_API_TOKEN"]),
        (["api_base_url"], ["api_base_url", "CLUMIO_API_BASE_URL", "https://us-west-2.api.clumio.com (west)"]),
        (["api_token", "api_base_url"], ["api_token (or CLUMIO_API_TOKEN", "api_base_url (or CLUMIO_API_BASE_URL"]),
    ],
)
@pytest.mark.parametrize("empty", [None, "", " "])
def test_client_from_names_all_that_is_missing(missing, named, empty):
    with pytest.raises(InputError) as raised:
        client_from(GIVEN | dict.fromkeys(missing, empty))
    assert raised.value.code == "api_credentials_missing"
    assert raised.value.facts["missing"] == missing
    assert all(name in raised.value.sentence for name in named)


def test_client_from():
    assert client_from(GIVEN).base_url == "https://us-west-2.api.clumio.com"


def test_argument_spec_hides_the_token_only():
    assert {option: spec["no_log"] for option, spec in argument_spec().items()} == {
        "api_token": True,
        "api_base_url": False,
        "organizational_unit": False,
    }


def test_documentation_names_options_and_environment():
    options = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert options.keys() == argument_spec().keys()
    for option, spec in argument_spec().items():
        variable = spec["fallback"][1][0]
        assert any(f"E({variable})" in line for line in options[option]["description"])
