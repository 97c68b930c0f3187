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
  - Tells what Clumio may do with each asset type, by the policies that its roles really have in AWS.
  - Makes sure that nobody can assume the roles without the external id. That is told from their trust policies; nothing
    is assumed.
  - Asks Clumio whether it is connected, and waits while it still tries. Meanwhile a line at each change, and at least
    every 10 seconds, tells how far it is.
  - Never changes anything.
  - What O(retired) names must not be there any more, unless it is not this connection's.
  - What others have added to the resources is told in RV(extras). With O(purge) it is a fault.
options:
  seen:
    description:
      - What M(clumio.aws.clumio_permissions_file) has just seen of AWS, as it returns it in
        RV(clumio.aws.clumio_permissions_file#module:account.in_order), so that nothing is asked twice.
      - Only counts where no section of a plan is given.
    type: dict
    default: {}
  simulate:
    description:
      - Whether to ask IAM's policy simulator what the roles may do, so that a permissions boundary, an SCP of the
        organization or a denial that takes rights away from them is found and named.
      - Each permission of the plan is asked about with an example of a resource, and of a context in which its
        conditions hold. What cannot be asked like this is told from the policies alone, and so is everything where the
        credentials may not use the simulator; this is told too, and is no fault.
      - AWS's simulator does not look at SCPs with conditions, at resource policies of other accounts, nor at RCPs.
    type: bool
    default: false
  clumio:
    description: Whether to ask Clumio too. Without it no call to Clumio's API is made.
    type: bool
    default: true
  wait_for:
    description:
      - What Clumio has to have reached. V(connected) is that it reaches the account.
      - V(completed) is that it has also taken stock of the account and set up what it needs there, that is
        C(ingestion_status) and C(target_setup_status) are C(completed). Waiting ends at once where one has failed.
    type: str
    choices: [connected, completed]
    default: connected
  wait_timeout:
    description:
      - How many seconds to wait until Clumio has reached what O(wait_for) says, counted from the first look on.
      - V(0) looks once. There is also only one look where the AWS side is not as it should be, since Clumio looks at
        the same things; but while Clumio still connects, AWS is looked at again for up to a minute, since it may not
        show yet what was made a moment ago.
      - A look that Clumio's API throttles or does not answer is no failure while there is time left, except the first.
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
    C(iam:ListPolicyVersions), C(iam:GetInstanceProfile), C(ssm:DescribeDocument) and
    C(ssm:GetDocument). With O(kms_keys) they also need C(kms:DescribeKey), C(kms:GetKeyPolicy),
    C(kms:GetKeyRotationStatus) and C(kms:ListResourceTags), with O(retired) C(iam:ListEntitiesForPolicy) and
    C(iam:ListInstanceProfilesForRole), with O(simulate) C(iam:SimulatePrincipalPolicy).
seealso:
  - module: clumio.aws.clumio_permissions_file
  - module: clumio.aws.clumio_connection_info
attributes:
  action:
    support: full
    description: Waiting is done on the controller, where it can tell how far it is. Calls are made by the module.
  async:
    support: none
    description: A task with C(async) is refused, since nobody could see it wait. Use O(wait_timeout).
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

- name: Ask AWS too whether a permissions boundary or an SCP takes something away
  clumio.aws.clumio_connection_validate:
    account_id: "111122223333"
    region: us-west-2
    policies: "{{ permissions_file_result.permissions.policies }}"
    roles: "{{ permissions_file_result.permissions.roles }}"
    simulate: true
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
      description:
        - V(ok), V(missing) or V(different).
        - V(denied) if a right is lacking, to do what the plan grants, or to read the resource.
        - V(unknown) if the credentials do not allow to find out; no fault.
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
permissions:
  description:
    - What Clumio may do, by asset type and capability, as far as the roles of the plan are for it.
    - It is told by the names of policies what they are for. A policy that names no asset type counts for all of them.
  returned: always, except when a call failed
  type: list
  elements: dict
  contains:
    asset_type:
      description: Asset type, or V(all) for what is about none in particular.
      type: str
      returned: always
      sample: ebs
    capability:
      description: V(inventory), V(backup), V(restore), V(continuous_backup) or V(support).
      type: str
      returned: always
      sample: restore
    status:
      description:
        - V(granted), V(partly) if some actions are refused, V(missing) if all are.
        - V(unknown) if none is refused as far as can be told, but not all is known.
      type: str
      returned: always
      sample: partly
    roles:
      description: Names of the roles that have these permissions.
      type: list
      elements: str
      returned: always
      sample: [ClumioIAMRole]
    actions:
      description: How many different actions are needed.
      type: int
      returned: always
      sample: 44
    missing:
      description: The actions among them that are refused, on some of the resources at least.
      type: list
      elements: str
      returned: always
      sample: ["ec2:CreateVolume"]
    causes:
      description: What refuses them, or why it is not known.
      type: list
      elements: str
      returned: always
      sample: ["the permissions boundary"]
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
  sample: "The connection 111122223333_us-west-2 is as it should be (32 checks)."
connection:
  description:
    - The connection as Clumio has it, as RV(clumio.aws.clumio_connection#module:connection); V(null) where Clumio was
      not asked or has none.
  returned: always, except when a call failed
  type: dict
  sample: {"id": "111122223333_us-west-2", "connection_status": "connected"}
waited:
  description: How Clumio got on while it was waited for.
  returned: when there was something to wait for
  type: dict
  contains:
    outcome:
      description: V(reached) what O(wait_for) says, V(ended) since it cannot be reached, or V(timed_out).
      type: str
      returned: always
      sample: reached
    seconds:
      description: How long it was waited.
      type: float
      returned: always
      sample: 25.31
    states:
      description: Each state that was seen, and after how many seconds.
      type: list
      elements: dict
      returned: always
      sample: [{"state": "connecting", "seconds": 0.0}, {"state": "connected", "seconds": 25.31}]
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


from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils import _sections as sections
from ansible_collections.clumio.aws.plugins.module_utils._aws import clients
from ansible_collections.clumio.aws.plugins.module_utils._clumio import arguments, connections
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError, InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection
from ansible_collections.clumio.aws.plugins.module_utils._provision.converge import compare
from ansible_collections.clumio.aws.plugins.module_utils._validate import aws_side, clumio_side
from ansible_collections.clumio.aws.plugins.module_utils._validate.aws_side import AwsSide
from ansible_collections.clumio.aws.plugins.module_utils._validate.check import as_result


def build_argument_spec():
    return {
        "seen": {"type": "dict", "default": {}},
        "simulate": {"type": "bool", "default": False},
        "clumio": {"type": "bool", "default": True},
        "wait_for": {"type": "str", "choices": ["connected", "completed"], "default": "connected"},
        # The action plugin of the same name waits, and runs the module for each look.
        "wait_timeout": {"type": "int", "default": 600},
        "fail_on_invalid": {"type": "bool", "default": True},
        **sections.argument_spec(*sections.SECTIONS),
        **arguments.argument_spec(),
    }


def run(module):
    params = module.params
    connection = Connection(params["account_id"], module.region or "")
    service = clients.connect(*get_aws_connection_info(module))
    work = sections.work(sections.SECTIONS, params, connection, service)
    client = arguments.client_from(params) if params["clumio"] else None
    if not work and not client and not params["seen"]:
        raise InputError(
            "There is nothing to validate.", code="nothing_to_validate", hint="Give a section or set clumio to true."
        )
    if work:
        # A part of a plan does not tell what the whole of it grants.
        changes = compare(
            work, connection, sections.choices(params), remember_grants=False, may_be_denied=True, list_first=False
        )
        aws = aws_side.look(service("iam"), changes, connection, simulate=params["simulate"])
    else:
        aws = AwsSide.of(params["seen"])
    checks = list(aws.checks)
    shown = None
    if client:
        seen = connections.read(client, connection.id)
        checks += clumio_side.checks(connection.id, seen, params["wait_for"])
        shown = connections.view(seen) if seen else None
    told = {"permissions": list(aws.permissions), "connection": shown}
    return as_result(connection.id, checks, aws.extras) | told


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
