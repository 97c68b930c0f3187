#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_operator_validate
version_added: 1.0.0
short_description: Tell which AWS actions the current credentials lack to connect an account to Clumio
description:
  - Asks IAM's policy simulator whether the role or user of the current credentials may do everything that connecting an
    account takes, before anything is tried. Permissions boundaries and an organization's SCPs count.
  - Needs neither a permissions file nor Clumio, and works on an account with nothing in it.
  - Returns the least policy that suffices, ready to be handed to the owner of the account.
  - Never changes anything.
options:
  account_id:
    description: The AWS account, 12 digits. Quote it in YAML, so that leading zeros are kept.
    type: str
    required: true
  tasks:
    description:
      - What the credentials are to be used for, in the words of the playbooks.
      - Who uses C(purge) or switches the support role off with V(onboard) removes something, and needs what V(offboard)
        needs, too.
    type: list
    elements: str
    choices: [validate, onboard, offboard]
    default: [validate, onboard, offboard]
  permissions_boundary:
    description:
      - The permissions boundary that roles are to have, as for M(clumio.aws.clumio_permissions_file). Whatever it is,
        even if it is empty, the actions to set and to remove one are asked about.
      - Where the credentials may make roles with this boundary only, it has to be given.
    type: str
  kms_key:
    description:
      - The encryption of the topic, as for M(clumio.aws.clumio_permissions_file). V(create) asks about the actions to
        make, keep and remove a KMS key, any other key about those to look at one.
    type: str
  simulate:
    description: Whether to ask about what the option C(simulate) of M(clumio.aws.clumio_connection_validate) takes.
    type: bool
    default: false
  name_prefix:
    description: Before the name of every topic, rule, role, managed policy and instance profile.
    type: str
    default: ""
  name_suffix:
    description: After the name of every topic, rule, role, managed policy and instance profile.
    type: str
    default: ""
  names:
    description:
      - AWS names, by the names in a permissions file; they win over O(name_prefix) and O(name_suffix).
      - All are in RV(policy), so that many of them make it longer than a managed policy may be, 6,144 characters.
    type: dict
    default: {}
  iam_path:
    description: IAM path of roles, managed policies and instance profiles.
    type: str
    default: /
  fail_on_invalid:
    description: Whether the module fails when actions are missing. RV(missing) comes with the failure.
    type: bool
    default: true
notes:
  - The credentials need C(iam:SimulatePrincipalPolicy) on themselves, those of a role also C(iam:GetRole) on it.
    Without these the checks are V(unknown), which is no failure.
  - Each action is asked about with an example of the resources that it is needed for, under the names that
    permissions files have. It counts as missing if it is refused for any of its examples.
  - AWS's simulator does not look at the policy of a session, at resource policies, at RCPs, nor at SCPs with
    conditions.
  - The root user may do everything that the organization lets it, so nothing is asked for it. Of a federated user AWS
    tells nothing.
seealso:
  - module: clumio.aws.clumio_connection_validate
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
"""

EXAMPLES = r"""
- name: Tell what the credentials lack
  clumio.aws.clumio_operator_validate:
    account_id: "111122223333"
    region: us-west-2

- name: Get the least policy by which an account can be looked at
  clumio.aws.clumio_operator_validate:
    account_id: "111122223333"
    region: us-west-2
    tasks: [validate]
    fail_on_invalid: false
  register: found

- name: Save it for the owner of the account
  ansible.builtin.copy:
    content: "{{ found.policy | to_nice_json }}"
    dest: operator-policy.json
    mode: "0644"

- name: Ask about a second region, with a permissions boundary and a KMS key
  clumio.aws.clumio_operator_validate:
    account_id: "111122223333"
    region: us-east-1
    name_suffix: -us-east-1
    permissions_boundary: arn:aws:iam::111122223333:policy/CompanyBoundary
    kms_key: create
"""

RETURN = r"""
valid:
  description: Whether nothing is known to be missing.
  returned: always, except when a call failed
  type: bool
  sample: false
missing:
  description: The actions that the credentials lack.
  returned: always, except when a call failed
  type: list
  elements: dict
  contains:
    action:
      description: The action.
      type: str
      returned: always
      sample: iam:CreateRole
    resource:
      description: The example of a resource that it was asked about, V(*) for an action that knows no resources.
      type: str
      returned: always
      sample: arn:aws:iam::111122223333:role/ClumioIAMRole
    cause:
      description: What the action was decided by.
      type: str
      returned: always
      sample: the permissions boundary
    tasks:
      description: The tasks that need it.
      type: list
      elements: str
      returned: always
      sample: [onboard]
policy:
  description:
    - The least IAM policy that suffices for O(tasks), for this account and region.
    - With a permissions boundary or an SCP, these have to allow the same actions.
  returned: always, except when a call failed
  type: dict
  sample:
    Version: "2012-10-17"
    Statement:
      - Sid: Topics
        Effect: Allow
        Action: [sns:GetTopicAttributes, sns:ListTagsForResource]
        Resource: ["arn:aws:sns:us-west-2:111122223333:Clumio*"]
principal:
  description: ARN of the role or user of the credentials; of another principal as AWS tells it.
  returned: always, except when a call failed
  type: str
  sample: arn:aws:iam::111122223333:role/team/Operator
checks:
  description: One item for each service that a task needs, in the shape of M(clumio.aws.clumio_connection_validate).
  returned: always, except when a call failed
  type: list
  elements: dict
  contains:
    name:
      description: Service and task.
      type: str
      returned: always
      sample: access to iam for onboard
    side:
      description: V(aws).
      type: str
      returned: always
      sample: aws
    entity:
      description: RV(principal).
      type: str
      returned: always
      sample: arn:aws:iam::111122223333:role/team/Operator
    status:
      description: V(ok), V(denied), or V(unknown) where AWS cannot be asked or does not decide.
      type: str
      returned: always
      sample: denied
    expected:
      description: The actions that are needed; V(null) where the status is V(ok).
      type: list
      elements: str
      returned: always
      sample: [iam:CreateRole, iam:TagRole]
    found:
      description: The actions that are refused or not decided about, by the cause; V(null) where the status is V(ok).
      type: dict
      returned: always
      sample: {"the permissions boundary": ["iam:CreateRole"]}
    differences:
      description: The same in words.
      type: list
      elements: str
      returned: always
      sample: ["1 action is denied by the permissions boundary: iam:CreateRole"]
    hint:
      description: What to do.
      type: str
      returned: always
      sample: Have the owner of the account give the credentials the returned policy.
msg:
  description: The result in a sentence.
  returned: always
  type: str
  sample: >-
    arn:aws:iam::111122223333:role/team/Operator may do what validate, onboard and offboard need in
    111122223333_us-west-2 (78 actions).
elapsed:
  description: Seconds that the module took.
  returned: always, except when a call failed
  type: float
  sample: 0.42
failure:
  description: What is wrong, for a machine; C(code) is stable.
  returned: when actions are missing, or a call failed
  type: dict
  sample:
    code: missing_access
    hint: Have the owner of the account give the credentials the returned policy.
"""


from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils._aws import clients, regions, sts
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError
from ansible_collections.clumio.aws.plugins.module_utils._permissions import operator
from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import audit_credentials
from ansible_collections.clumio.aws.plugins.module_utils._permissions.findings import refuse_errors
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import CREATE
from ansible_collections.clumio.aws.plugins.module_utils._validate import operator_side


def build_argument_spec():
    return {
        "account_id": {"type": "str", "required": True},
        "tasks": {
            "type": "list",
            "elements": "str",
            "choices": list(operator.TASKS),
            "default": list(operator.TASKS),
        },
        "permissions_boundary": {"type": "str"},
        "kms_key": {"type": "str", "no_log": False},
        "simulate": {"type": "bool", "default": False},
        "name_prefix": {"type": "str", "default": ""},
        "name_suffix": {"type": "str", "default": ""},
        "names": {"type": "dict", "default": {}},
        "iam_path": {"type": "str", "default": "/"},
        "fail_on_invalid": {"type": "bool", "default": True},
    }


def run(module):
    params = module.params
    connection = Connection(params["account_id"], module.region or "")
    regions.require_known(connection.region, connection.partition)
    naming = Naming(connection, params["iam_path"], params["name_prefix"], params["name_suffix"], params["names"])
    client = clients.connect(*get_aws_connection_info(module))
    caller = sts.get_caller_identity(client("sts"))
    refuse_errors(
        audit_credentials(connection, caller["Account"]), f"The credentials cannot be used for {connection.id}"
    )
    tasks = [task for task in operator.TASKS if task in params["tasks"]]
    who = operator_side.principal(client("iam"), caller["Arn"])
    needs = operator.needs(tasks, choices(params), naming)
    boundary = params["permissions_boundary"] or ""
    decisions = operator_side.decide(client("iam"), who, needs, connection, boundary)
    least = operator.policy(tasks, choices(params), naming, "" if who.root or who.unknown else who.arn)
    return operator_side.as_result(connection.id, tasks, who, decisions) | {"policy": least}


def choices(params):
    """What the user's choices take rights of their own for."""
    made = params["kms_key"] == CREATE
    taken = {
        operator.BOUNDARY: params["permissions_boundary"] is not None,
        operator.GIVEN_KEY: bool(params["kms_key"]) and not made,
        operator.MADE_KEY: made,
        operator.SIMULATE: params["simulate"],
    }
    return [choice for choice, chosen in taken.items() if chosen]


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
