# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the options by which a module reaches Clumio's API."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_token:
    description:
      - API token made in Clumio's UI. A personal token has the role of its owner.
      - If not set, the environment variable E(CLUMIO_API_TOKEN) is used. One of both is needed.
    type: str
  api_base_url:
    description:
      - Address of the API of your Clumio portal. Each portal has its own, and a token works with one of them only.
      - V(https://us-west-2.api.clumio.com) (west), V(https://us-east-1.api.clumio.com) (east),
        V(https://ca-central-1.ca.api.clumio.com) (canada), V(https://eu-central-1.de.api.clumio.com) (eu1),
        V(https://ap-southeast-2.au.api.clumio.com) (au).
      - Has to begin with V(https://), except on a loopback address.
      - If not set, the environment variable E(CLUMIO_API_BASE_URL) is used. One of both is needed.
    type: str
  organizational_unit:
    description:
      - Id (not the name) of the Clumio organizational unit to act in.
      - If not set, the environment variable E(CLUMIO_ORGANIZATIONAL_UNIT_CONTEXT) is used, and without that the
        global unit.
    type: str
notes:
  - Clumio's API is called from the host that the task runs on, usually V(localhost). Proxy variables such as
    E(HTTPS_PROXY) and E(NO_PROXY) are honoured, TLS certificates are always verified, redirects are never followed.
  - Requests that Clumio throttles or fails to answer are repeated for up to two minutes, where repeating can do no
    harm.
"""
