#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_account_credentials
version_added: 1.0.0
short_description: Assume a role in an AWS account, and make sure that the credentials are those of the account
description:
  - Fails unless the credentials belong to the account, so that nothing is looked for, or made, in another.
  - With O(role_arn) a role is assumed, and it is its credentials that count. They are returned for later tasks;
    use C(no_log) then.
  - Does what M(amazon.aws.sts_assume_role) and M(amazon.aws.aws_caller_info) do, with one call.
options:
  account_id:
    description: The AWS account, 12 digits. Quote it in YAML, so that leading zeros are kept.
    type: str
    required: true
  role_arn:
    description: The role to assume. If it is not set, the credentials are only looked at.
    type: str
  role_session_name:
    description: Name of the session of the role, by which CloudTrail tells who it was.
    type: str
    default: clumio.aws
attributes:
  check_mode:
    support: full
    description: Does the same, since it changes nothing.
  diff_mode:
    support: none
    description: Nothing is changed.
  idempotent:
    support: full
    description: Changes nothing.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The clumio.aws maintainers (@clumio-code)
seealso:
  - module: amazon.aws.sts_assume_role
"""

EXAMPLES = r"""
- name: Enter a member account of the organization
  clumio.aws.clumio_account_credentials:
    account_id: "111122223333"
    region: us-west-2
    role_arn: arn:aws:iam::111122223333:role/OrganizationAccountAccessRole
  no_log: true
  register: entered

- name: Make sure that nobody has mixed up the accounts
  clumio.aws.clumio_account_credentials:
    account_id: "111122223333"
    region: us-west-2
"""

RETURN = r"""
account:
  description: The account of the credentials.
  returned: success
  type: str
  sample: "111122223333"
arn:
  description: Who they belong to.
  returned: success
  type: str
  sample: arn:aws:sts::111122223333:assumed-role/OrganizationAccountAccessRole/clumio.aws
credentials:
  description: Those of the role, named as the options of all modules for AWS.
  returned: with O(role_arn)
  type: dict
  contains:
    access_key:
      description: Access key id.
      type: str
      returned: always
      sample: ASIAIOSFODNN7EXAMPLE
    secret_key:
      description: Secret access key.
      type: str
      returned: always
      sample: "***"
    session_token:
      description: Session token.
      type: str
      returned: always
      sample: "***"
elapsed:
  description: Seconds that the module took.
  returned: success
  type: float
  sample: 0.12
failure:
  description: What went wrong, for a machine; C(code) is stable, V(foreign_credentials) for those of another account.
  returned: failure
  type: dict
  sample:
    code: foreign_credentials
    hint: Use credentials of 111122223333, or assume a role in it.
"""

from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils._aws import clients, regions, sts
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import audit_credentials
from ansible_collections.clumio.aws.plugins.module_utils._permissions.findings import refuse_errors
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection


def build_argument_spec():
    return {
        "account_id": {"type": "str", "required": True},
        "role_arn": {"type": "str"},
        "role_session_name": {"type": "str", "default": "clumio.aws"},
    }


def run(module):
    params = module.params
    connection = Connection(params["account_id"], module.region or "")
    regions.require_known(connection.region, connection.partition)
    client = clients.connect(*get_aws_connection_info(module))("sts")
    credentials = {}
    if params["role_arn"]:
        assumed = sts.assume_role(client, params["role_arn"], params["role_session_name"])
        arn, given = assumed["AssumedRoleUser"]["Arn"], assumed["Credentials"]
        credentials["credentials"] = {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "session_token": given["SessionToken"],
        }
    else:
        arn = sts.get_caller_identity(client)["Arn"]
    account = arn.split(":")[4]
    refuse_errors(audit_credentials(connection, account), f"Cannot work on {connection.id}")
    return {"changed": False, "account": account, "arn": arn, **credentials}


def main():
    module = AnsibleAWSModule(argument_spec=build_argument_spec(), supports_check_mode=True)
    try:
        result = timed(run, module)
    except ClumioError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
