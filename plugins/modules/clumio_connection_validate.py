#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_connection_validate
version_added: 1.0.0
short_description: Tell whether an AWS account is connected to Clumio as planned
description:
  - Compares everything of a plan with what the AWS account holds, item by item.
  - Asks Clumio whether it is connected, and waits while it still tries.
  - Never changes anything.
  - What O(retired) names must not be there any more, unless it is not this connection's.
  - What others have added to the resources is told in RV(extras). With O(purge) it is a fault.
options:
  clumio:
    description: Whether to ask Clumio too. Without it no call to Clumio's API is made.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait until Clumio is connected; V(0) looks once, and so does the module where the AWS side
        is not as it should be.
    type: int
    default: 600
  fail_on_invalid:
    description: Whether the module fails when anything is not as it should be. RV(checks) comes with the failure.
    type: bool
    default: true
notes:
  - The credentials need C(sns:GetTopicAttributes), C(sns:ListTagsForResource), C(events:DescribeRule),
    C(events:ListTargetsByRule), C(events:ListTagsForResource), C(iam:GetRole), C(iam:ListAttachedRolePolicies),
    C(iam:ListRolePolicies), C(iam:GetRolePolicy), C(iam:GetPolicy), C(iam:GetPolicyVersion),
    C(iam:ListPolicyVersions), C(iam:ListPolicyTags), C(iam:GetInstanceProfile), C(ssm:DescribeDocument) and
    C(ssm:GetDocument). With O(kms_keys) they also need C(kms:DescribeKey), C(kms:GetKeyPolicy),
    C(kms:GetKeyRotationStatus) and C(kms:ListResourceTags), with O(retired) C(iam:ListEntitiesForPolicy) and
    C(iam:ListInstanceProfilesForRole).
seealso:
  - module: clumio.aws.clumio_permissions_file
  - module: clumio.aws.clumio_connection_info
attributes:
  check_mode:
    support: full
    description: Does the same, since it changes nothing.
  diff_mode:
    support: none
    description: What differs is in RV(checks).
  idempotent:
    support: full
    description: Changes nothing.
extends_documentation_fragment:
  - clumio.aws.sections
  - clumio.aws.sections.purge
  - clumio.aws.sections.topics
  - clumio.aws.sections.rules
  - clumio.aws.sections.roles
  - clumio.aws.sections.ssm_documents
  - clumio.aws.clumio_api
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The clumio.aws maintainers (@clumio-code)
"""

EXAMPLES = r"""
- name: Wait until Clumio is connected
  clumio.aws.clumio_connection_validate:
    account_id: "111122223333"
    region: us-west-2

- name: Compare the account with the plan and ask Clumio
  clumio.aws.clumio_connection_validate:
    account_id: "111122223333"
    region: us-west-2
    kms_keys: "{{ permissions_file_result.permissions.kms_keys }}"
    topics: "{{ permissions_file_result.permissions.topics }}"
    rules: "{{ permissions_file_result.permissions.rules }}"
    policies: "{{ permissions_file_result.permissions.policies }}"
    roles: "{{ permissions_file_result.permissions.roles }}"
    instance_profiles: "{{ permissions_file_result.permissions.instance_profiles }}"
    ssm_documents: "{{ permissions_file_result.permissions.ssm_documents }}"
    retired: "{{ permissions_file_result.permissions.retired }}"

- name: Fail too if others have added policies to the roles, or targets to the rules
  clumio.aws.clumio_connection_validate:
    account_id: "111122223333"
    region: us-west-2
    rules: "{{ permissions_file_result.permissions.rules }}"
    roles: "{{ permissions_file_result.permissions.roles }}"
    purge: true
    clumio: false

- name: Look for drift of the topic, without Clumio and without failing
  clumio.aws.clumio_connection_validate:
    account_id: "111122223333"
    region: us-west-2
    topics: "{{ permissions_file_result.permissions.topics }}"
    clumio: false
    fail_on_invalid: false
  register: drift
"""

RETURN = r"""
valid:
  description: Whether everything is as it should be.
  returned: always, except when a call failed
  type: bool
  sample: true
checks:
  description: Everything that was looked at.
  returned: always, except when a call failed
  type: list
  elements: dict
  contains:
    name:
      description: What was looked at.
      type: str
      returned: always
      sample: role ClumioIAMRole
    side:
      description: V(aws) or V(clumio).
      type: str
      returned: always
      sample: aws
    entity:
      description: ARN on the side of AWS, id of the connection on the side of Clumio.
      type: str
      returned: always
      sample: arn:aws:iam::111122223333:role/ClumioIAMRole
    status:
      description: V(ok), V(missing) or V(different).
      type: str
      returned: always
      sample: different
    expected:
      description: What should be; of a resource only the members that differ.
      type: raw
      returned: always
      sample: {"description": "The role that Clumio assumes"}
    found:
      description: What is.
      type: raw
      returned: always
      sample: {"description": "Somebody's role"}
    differences:
      description: What differs, each in words; empty where there is nothing more to say.
      type: list
      elements: str
      returned: always
      sample: ["description is changed"]
    hint:
      description: What to do.
      type: str
      returned: always
      sample: Run the onboard playbook again to put it back.
extras:
  description: What others have added to the resources and what stays; see O(purge).
  returned: always, except when a call failed
  type: list
  elements: dict
  contains:
    section:
      description: Section of the resource.
      type: str
      returned: always
      sample: roles
    name:
      description: Name of the resource.
      type: str
      returned: always
      sample: ClumioIAMRole
    arn:
      description: ARN of the resource.
      type: str
      returned: always
      sample: arn:aws:iam::111122223333:role/ClumioIAMRole
    extra:
      description: What was added, in words.
      type: str
      returned: always
      sample: inline policy Mine
msg:
  description: The result in a sentence.
  returned: always
  type: str
  sample: "The connection 111122223333_us-west-2 is as it should be (27 checks)."
connection:
  description:
    - The connection as Clumio has it, as RV(clumio.aws.clumio_connection#module:connection); V(null) where Clumio was
      not asked or has none.
  returned: always, except when a call failed
  type: dict
  sample: {"id": "111122223333_us-west-2", "connection_status": "connected"}
elapsed:
  description: Seconds that the module took.
  returned: always, except when a call failed
  type: float
  sample: 0.42
failure:
  description: What is wrong, for a machine; C(code) is stable.
  returned: when something is not as it should be, or a call failed
  type: dict
  sample:
    code: invalid
    hint: Run the onboard playbook again to put it back.
"""

from functools import cache, partial

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils import _sections as sections
from ansible_collections.clumio.aws.plugins.module_utils._aws._call import config
from ansible_collections.clumio.aws.plugins.module_utils._change import extras
from ansible_collections.clumio.aws.plugins.module_utils._clumio import arguments, connections
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError, InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection
from ansible_collections.clumio.aws.plugins.module_utils._provision.converge import compare
from ansible_collections.clumio.aws.plugins.module_utils._validate import aws_side, clumio_side
from ansible_collections.clumio.aws.plugins.module_utils._validate.check import as_result


def build_argument_spec():
    return {
        "clumio": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 600},
        "fail_on_invalid": {"type": "bool", "default": True},
        **sections.argument_spec(*sections.SECTIONS),
        **arguments.argument_spec(),
    }


def run(module):
    params = module.params
    connection = Connection(params["account_id"], module.region or "")
    work = sections.work(sections.SECTIONS, params, connection, cache(partial(module.client, config=config())))
    client = arguments.client_from(params) if params["clumio"] else None
    if not work and not client:
        raise InputError(
            "There is nothing to validate.", code="nothing_to_validate", hint="Give a section or set clumio to true."
        )
    # A part of a plan does not tell what the whole of it grants.
    changes = compare(work, connection, sections.choices(params), remember_grants=False)
    checks = aws_side.checks(changes)
    shown = None
    if client:
        # Clumio looks at the same things, so there is nothing to wait for while they are not in order.
        patience = params["wait_timeout"] if all(check.status == "ok" for check in checks) else 0
        seen = clumio_side.wait_for_connected(partial(connections.read, client, connection.id), patience)
        checks += clumio_side.checks(connection.id, seen)
        shown = connections.view(seen.connection) if seen.connection else None
    return as_result(connection.id, checks, extras(changes)) | {"connection": shown}


def main():
    module = AnsibleAWSModule(argument_spec=build_argument_spec(), supports_check_mode=True)
    try:
        result = timed(run, module)
    except ClumioError as error:
        module.fail_json(**error.as_result())
    if module.params["fail_on_invalid"] and not result["valid"]:
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
