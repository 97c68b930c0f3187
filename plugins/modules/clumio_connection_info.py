#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell what AWS connections Clumio has."""

from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_connection_info
short_description: Get information about AWS connections in Clumio
version_added: "1.0.0"
description:
  - Lists the AWS connections that the API token may see, all of them or those that fit every option that is set.
author:
  - The clumio.aws maintainers (@clumio-code)
attributes:
  action_group:
    description: Use C(group/clumio.aws.clumio) in C(module_defaults) to set the options of Clumio's API once.
    support: full
    membership:
      - clumio.aws.clumio
  check_mode:
    description: Can run in C(check_mode) and return what would change without changing anything.
    support: full
    details:
      - This module never changes anything.
  diff_mode:
    description: Shows what has changed, or would change in C(check_mode), in C(diff) mode.
    support: N/A
    details:
      - This module never changes anything.
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
    details:
      - This module never changes anything.
options:
  account_id:
    description:
      - Only connections of this AWS account. Quote the number, so that YAML does not take leading zeros away.
      - Together with O(region) the one connection is read by itself, and only then Clumio tells its external id.
    type: str
  account_id_prefix:
    description:
      - Only connections of AWS accounts whose number begins so. Quote it.
    type: str
  account_alias:
    description:
      - Only connections of AWS accounts whose alias, C(account_name) in the result, contains this.
    type: str
  region:
    description:
      - Only connections of this AWS region.
    type: str
  asset_type:
    description:
      - Only connections that protect this, V(ebs) (EC2 and EBS), V(rds), V(dynamodb), V(s3), V(mssql) (SQL Server on
        EC2), V(iceberg_on_glue) or V(iceberg_on_s3_tables), in any spelling that
        O(clumio.aws.clumio_connection#module:asset_types) takes.
    type: str
  connection_type:
    description:
      - Only connections of this type. V(protect) are those whose assets Clumio backs up, V(discover) those whose assets
        it knows.
    type: str
    choices: [discover, protect]
  connection_status:
    description:
      - Only connections with this status. Clumio documents V(connecting), V(connected) and V(unlinked).
    type: str
  organizational_unit_id:
    description:
      - Only connections in the organizational unit with this id. Not to be confused with O(organizational_unit), the
        unit that the API token acts in.
    type: str
extends_documentation_fragment:
  - clumio.aws.clumio_api
seealso:
  - module: clumio.aws.clumio_connection
"""

EXAMPLES = r"""
- name: List all connections
  clumio.aws.clumio_connection_info:
  register: all_connections

- name: Get one connection, with its external id
  clumio.aws.clumio_connection_info:
    account_id: "111122223333"
    region: us-west-2
  register: found

- name: Stop if Clumio does not have it
  ansible.builtin.assert:
    that: found.connections | length == 1

- name: List the connections of a region that Clumio lost access to
  clumio.aws.clumio_connection_info:
    region: us-west-2
    connection_status: unlinked
  register: lost

- name: Show why, and what to do
  ansible.builtin.debug:
    msg: "{{ lost.connections | map(attribute='explanation') }}"

- name: List the connections of an organizational unit that protect S3
  clumio.aws.clumio_connection_info:
    organizational_unit_id: 6f1c3c0e-1d2b-4c3a-9e4f-0a1b2c3d4e5f
    asset_type: s3
"""

RETURN = r"""
connections:
  description:
    - The connections, each with every member that Clumio's API answers, except the links between its objects.
    - Empty if there are none.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 111122223333_us-west-2
      account_native_id: "111122223333"
      aws_region: us-west-2
      account_name: production
      asset_types: [ebs, s3]
      clumio_aws_account_id: "999988887777"
      clumio_aws_region: us-west-2
      connection_status: connected
      data_plane_account_id: "888877776666"
      description: Production
      explanation: ""
      external_id: ExternalID_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
      ingestion_status: completed
      organizational_unit_id: 00000000-0000-0000-0000-000000000000
      resources: null
      target_setup_status: completed
      token: 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
  contains:
    id:
      description: Account and region, joined by an underscore.
      type: str
    account_native_id:
      description: Number of the AWS account.
      type: str
    aws_region:
      description: AWS region.
      type: str
    asset_types:
      description:
        - The enabled asset types, in the words of O(clumio.aws.clumio_connection#module:asset_types). One that this
          collection does not know is given as Clumio writes it.
      type: list
      elements: str
    clumio_aws_account_id:
      description: AWS account of Clumio that the trust policies let in.
      type: str
    clumio_aws_region:
      description: AWS region of Clumio's control plane.
      type: str
    connection_status:
      description: V(connecting) until Clumio has reached the account, then V(connected), V(unlinked) if it lost access.
      type: str
    explanation:
      description:
        - Why the connection is V(unlinked), and the way out, as sentences. Empty with any other C(connection_status).
      type: str
    organizational_unit_id:
      description: Id of the organizational unit that the connection is in.
      type: str
    data_plane_account_id:
      description: AWS account of Clumio's data plane, V(*) if Clumio does not say.
      type: str
    description:
      description: Description of the connection.
      type: str
    external_id:
      description:
        - External id that the trust policies have to ask for, V(ExternalID_<token>) if Clumio leaves it empty.
        - Null in a list, unless O(account_id) and O(region) are both set.
      type: str
    token:
      description: Token of the connection, which is part of the names of some AWS resources. It is no secret.
      type: str
    ingestion_status:
      description: How far Clumio is with the first inventory, V(initial), V(in_progress), V(completed) or V(failed).
      type: str
    target_setup_status:
      description: How far Clumio is with its own set-up, V(initial), V(in_progress), V(completed) or V(failed).
      type: str
    resources:
      description:
        - The ARNs that were handed over, in the shape of O(clumio.aws.clumio_connection#module:resources). Null if
          there are none.
      type: dict
elapsed:
  description: Seconds that the module took.
  returned: success
  type: float
  sample: 0.42
failure:
  description: The failure for a machine, with a stable C(code), a C(hint), and facts that depend on the code.
  returned: failure
  type: dict
  sample:
    code: api_token_refused
    status: 401
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clumio.aws.plugins.module_utils._clumio import arguments, asset_types, connections
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection


def build_argument_spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        "account_id": {"type": "str"},
        "account_id_prefix": {"type": "str"},
        "account_alias": {"type": "str"},
        "region": {"type": "str"},
        "asset_type": {"type": "str"},
        "connection_type": {"type": "str", "choices": ["discover", "protect"]},
        "connection_status": {"type": "str"},
        "organizational_unit_id": {"type": "str"},
        **arguments.argument_spec(),
    }


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read the one connection, or list those that fit."""
    params = module.params
    account_id, region = params["account_id"], params["region"]
    # Checks what is given; the stand-ins are never sent.
    place = Connection("0" * 12 if account_id is None else account_id, "us-west-2" if region is None else region)
    wanted = _filter(params)
    client = arguments.client_from(params)
    if account_id is None or region is None:
        found = connections.list_all(client, wanted)
        shown = [connections.view(row, with_external_id=False) for row in found]
    elif wanted.keys() == {"account_native_id", "aws_region"} or connections.list_all(client, wanted):
        one = connections.read(client, place.id)
        shown = [] if one is None else [connections.view(one)]
    else:
        shown = []
    return {"changed": False, "connections": shown}


def _filter(params: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The options as the filter of Clumio's API.

    Raises:
        InputError: the asset type means nothing here.
    """
    given = {
        "account_id": ("account_native_id", "$in", lambda value: [value]),
        "account_id_prefix": ("account_native_id", "$begins_with", str),
        "account_alias": ("account_alias", "$contains", str),
        "region": ("aws_region", "$in", lambda value: [value]),
        "asset_type": ("services_enabled", "$contains", asset_types.filter_word),
        "connection_type": ("connection_type", "$eq", str),
        "connection_status": ("connection_status", "$eq", str),
        "organizational_unit_id": ("organizational_unit_id", "$in", lambda value: [value]),
    }
    return {
        member: {operator: sent(params[option])}
        for option, (member, operator, sent) in given.items()
        if params[option] is not None
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec=build_argument_spec(),
        mutually_exclusive=[["account_id", "account_id_prefix"]],
        supports_check_mode=True,
    )
    try:
        result = timed(run, module)
    except ClumioError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
