#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_iam_roles
version_added: 1.0.0
short_description: Make the IAM roles, policies and instance profiles that Clumio works with
description:
  - Creates customer managed policies, roles with their trust policies, attached and inline policies, and instance
    profiles, and keeps them as they should be.
  - Everything is read and written in parallel, in two stages. Bare roles, managed policies and instance profiles come
    first; what names them, attachments, inline policies and the role inside a profile, comes second.
  - Policies are compared as documents, not as text.
options:
  approve_changes:
    description:
      - Whether an update may grant more than what was approved before.
      - A first run approves what it makes, and a digest of it is kept in the tag C(clumio:grants) of everything that
        grants. Putting that back needs no approval. An update that grants more fails before the first write, unless
        this is set; C(failure.differences) then tells what.
      - In check mode such an update does not fail. RV(widening) tells what it would grant.
    type: bool
    default: false
notes:
  - A managed policy that has to change gets a new default version. If it has five versions, the oldest one that is
    not the default is deleted first.
  - Policies that somebody has attached to a role or put inside it stay.
  - The credentials need C(iam:GetRole), C(iam:ListAttachedRolePolicies), C(iam:ListRolePolicies),
    C(iam:GetRolePolicy), C(iam:CreateRole), C(iam:TagRole), C(iam:UpdateRole), C(iam:UpdateAssumeRolePolicy),
    C(iam:PutRolePolicy), C(iam:AttachRolePolicy), C(iam:GetPolicy), C(iam:GetPolicyVersion),
    C(iam:ListPolicyVersions), C(iam:CreatePolicy), C(iam:TagPolicy), C(iam:CreatePolicyVersion),
    C(iam:DeletePolicyVersion), C(iam:GetInstanceProfile), C(iam:CreateInstanceProfile), C(iam:TagInstanceProfile),
    C(iam:AddRoleToInstanceProfile), C(iam:RemoveRoleFromInstanceProfile) and, for a role inside an instance profile,
    C(iam:PassRole).
seealso:
  - module: clumio.aws.clumio_permissions_file
extends_documentation_fragment:
  - clumio.aws.sections
  - clumio.aws.sections.provisioning
  - clumio.aws.sections.roles
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The clumio.aws maintainers (@clumio-code)
"""

EXAMPLES = r"""
- name: Make the roles of a permissions file with their policies
  clumio.aws.clumio_iam_roles:
    account_id: "111122223333"
    region: us-west-2
    policies: "{{ permissions_file_result.permissions.policies }}"
    roles: "{{ permissions_file_result.permissions.roles }}"
    instance_profiles: "{{ permissions_file_result.permissions.instance_profiles }}"

- name: Make a role of one's own
  clumio.aws.clumio_iam_roles:
    account_id: "111122223333"
    region: us-west-2
    roles:
      - name: ClumioS3ContinuousBackupEventBridgeRole
        trust_policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal:
                Service: events.amazonaws.com
              Action: sts:AssumeRole
"""

RETURN = r"""
policies:
  description: The managed policies as AWS holds them afterwards, or would hold them; the shape of O(policies).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the policy.
      type: str
      returned: always
      sample: ClumioEC2BackupPolicy
    arn:
      description: ARN of the policy.
      type: str
      returned: always
      sample: arn:aws:iam::111122223333:policy/ClumioEC2BackupPolicy
    path:
      description: IAM path.
      type: str
      returned: always
      sample: /
    description:
      description: Description of the policy.
      type: str
      returned: always
      sample: Backup of EC2 and EBS
    document:
      description: The default version's document.
      type: dict
      returned: always
      sample: {"Version": "2012-10-17", "Statement": []}
roles:
  description: The roles as AWS holds them afterwards, or would hold them; the shape of O(roles).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the role.
      type: str
      returned: always
      sample: ClumioIAMRole
    arn:
      description: ARN of the role.
      type: str
      returned: always
      sample: arn:aws:iam::111122223333:role/ClumioIAMRole
    path:
      description: IAM path.
      type: str
      returned: always
      sample: /
    description:
      description: Description of the role.
      type: str
      returned: always
      sample: The role that Clumio assumes
    trust_policy:
      description: Who may assume the role.
      type: dict
      returned: always
      sample: {"Version": "2012-10-17", "Statement": []}
    managed_policies:
      description: ARNs of all attached policies.
      type: list
      elements: str
      returned: always
      sample: ["arn:aws:iam::111122223333:policy/ClumioEC2BackupPolicy"]
    inline_policies:
      description: All policies inside the role, each with C(name) and C(document).
      type: list
      elements: dict
      returned: always
      sample:
        - name: ClumioKMSPolicy
          document: {"Version": "2012-10-17", "Statement": []}
instance_profiles:
  description: The instance profiles as AWS holds them afterwards, or would; the shape of O(instance_profiles).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the instance profile.
      type: str
      returned: always
      sample: ClumioEC2MSSQLSSMInstanceRoleV2
    arn:
      description: ARN of the instance profile.
      type: str
      returned: always
      sample: arn:aws:iam::111122223333:instance-profile/ClumioEC2MSSQLSSMInstanceRoleV2
    path:
      description: IAM path.
      type: str
      returned: always
      sample: /
    role:
      description: Name of the role in it.
      type: str
      returned: always
      sample: ClumioEC2MSSQLSSMInstanceRoleV2
changes:
  description: What was changed, or would be in check mode; one item per resource.
  returned: success
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
    action:
      description: V(create) or V(update).
      type: str
      returned: always
      sample: create
    differences:
      description: The members that differed before an update.
      type: list
      elements: str
      returned: always
      sample: []
    superfluous_version:
      description: Of a managed policy with five versions the oldest that is not the default, deleted to make room.
      type: str
      returned: when there is one
      sample: v1
widening:
  description: What an update grants beyond what AWS has granted so far; empty on a first run and for approved grants.
  returned: success
  type: list
  elements: dict
  contains:
    holder:
      description: The role, trust policy, topic or policy that gains.
      type: str
      returned: always
      sample: roles.ClumioIAMRole
    change:
      description: V(added) or V(changed).
      type: str
      returned: always
      sample: changed
    widened:
      description: The single permissions that are gained.
      type: list
      elements: dict
      returned: always
      sample:
        - effect: Allow
          principal: ""
          action: s3:getobject
          resource: "*"
          condition: ""
    narrowed:
      description: The single permissions that are lost, in the same shape.
      type: list
      elements: dict
      returned: always
      sample: []
    text:
      description: The same as lines of a diff.
      type: list
      elements: str
      returned: always
      sample: ["+ Allow s3:getobject on *"]
failure:
  description: What went wrong, for a machine; C(code) is stable.
  returned: failure
  type: dict
  sample:
    code: foreign_resource
    hint: Remove what is in the way, or tag it.
"""

from functools import partial

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils import _sections as sections
from ansible_collections.clumio.aws.plugins.module_utils._aws._call import config
from ansible_collections.clumio.aws.plugins.module_utils._change import as_result
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection
from ansible_collections.clumio.aws.plugins.module_utils._provision.approval import widening
from ansible_collections.clumio.aws.plugins.module_utils._provision.converge import provision

SECTIONS = ("policies", "roles", "instance_profiles")


def build_argument_spec():
    return {"approve_changes": {"type": "bool", "default": False}, **sections.argument_spec(*SECTIONS)}


def run(module):
    connection = Connection(module.params["account_id"], module.region or "")
    work = sections.work(SECTIONS, module.params, connection, partial(module.client, config=config()))
    changes = provision(
        work, connection, check_mode=module.check_mode, approve_changes=module.params["approve_changes"]
    )
    return as_result(changes, *SECTIONS) | {"widening": [found.as_dict() for found in widening(changes)]}


def main():
    module = AnsibleAWSModule(argument_spec=build_argument_spec(), supports_check_mode=True)
    try:
        result = run(module)
    except ClumioError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
