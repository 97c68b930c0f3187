# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options by which a module reaches Clumio's API; documented in the fragment C(clumio.aws.clumio_api)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import env_fallback

from .._errors import InputError
from .client import Client, base_urls_hint

# The names that users of Clumio's Terraform provider have set already.
_ENVIRONMENT = {
    "api_token": "CLUMIO_API_TOKEN",
    "api_base_url": "CLUMIO_API_BASE_URL",
    "organizational_unit": "CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT",
}


def argument_spec() -> dict[str, Any]:
    """Argument spec of C(api_token), C(api_base_url) and C(organizational_unit)."""
    return {
        option: {"type": "str", "no_log": option == "api_token", "fallback": (env_fallback, [variable])}
        for option, variable in _ENVIRONMENT.items()
    }


def client_from(params: Mapping[str, Any]) -> Client:
    """A client made from a module's parameters.

    Raises:
        InputError: token or base URL is missing (both are told at once), or cannot be used.
    """
    missing = [option for option in ("api_token", "api_base_url") if not (params[option] or "").strip()]
    if missing:
        named = " and ".join(f"{option} (or {_ENVIRONMENT[option]} in the environment)" for option in missing)
        hints = {
            "api_token": "An API token is made in Clumio's UI.",
            "api_base_url": base_urls_hint(),
        }
        raise InputError(
            f"Clumio's API cannot be reached without {named}.",
            code="api_credentials_missing",
            hint=" ".join(hints[option] for option in missing),
            missing=missing,
        )
    return Client(params["api_base_url"], params["api_token"], params["organizational_unit"] or "")
