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
  - With O(state=absent) removes policies with all their versions, roles with all that is attached to them or inside
    them, and instance profiles. With O(everything=true) that is everything of the account that carries the connection's
    tag.
notes:
  - A managed policy that has to change gets a new default version. If a version with that document is there already,
    that one becomes the default again. If there are five versions, the oldest one that is not the default is deleted
    first.
  - Inline policies cannot be tagged. The tag C(clumio:inline-policies) of a role has digests of the names of those that
    are this connection's.
  - An update that would take all policies of an asset type from a role fails before the first write, since asset types
    cannot be taken away from a connection.
  - Something that has to go while a role, user, group or instance profile that stays uses it makes the module fail
    before the first write.
  - The credentials need C(iam:GetRole), C(iam:ListAttachedRolePolicies), C(iam:ListRolePolicies),
    C(iam:GetRolePolicy), C(iam:CreateRole), C(iam:TagRole), C(iam:UntagRole), C(iam:UpdateRole),
    C(iam:UpdateAssumeRolePolicy), C(iam:PutRolePolicy), C(iam:DeleteRolePolicy), C(iam:AttachRolePolicy),
    C(iam:DetachRolePolicy), C(iam:PutRolePermissionsBoundary), C(iam:DeleteRolePermissionsBoundary), C(iam:GetPolicy),
    C(iam:GetPolicyVersion), C(iam:ListPolicyVersions), C(iam:ListPolicyTags), C(iam:CreatePolicy), C(iam:TagPolicy),
    C(iam:UntagPolicy), C(iam:CreatePolicyVersion), C(iam:SetDefaultPolicyVersion), C(iam:DeletePolicyVersion),
    C(iam:GetInstanceProfile), C(iam:CreateInstanceProfile), C(iam:TagInstanceProfile), C(iam:UntagInstanceProfile),
    C(iam:AddRoleToInstanceProfile), C(iam:RemoveRoleFromInstanceProfile) and, for a role inside an instance profile,
    C(iam:PassRole).
  - For O(retired) and for O(state=absent) the credentials need, besides the reading ones of these,
    C(iam:ListEntitiesForPolicy), C(iam:DeletePolicyVersion), C(iam:DeletePolicy), C(iam:ListInstanceProfilesForRole),
    C(iam:DetachRolePolicy), C(iam:DeleteRolePolicy), C(iam:DeleteRole), C(iam:RemoveRoleFromInstanceProfile) and
    C(iam:DeleteInstanceProfile). With O(everything) they also need C(iam:ListRoles), C(iam:ListRoleTags),
    C(iam:ListPolicies), C(iam:ListPolicyTags), C(iam:ListInstanceProfiles) and C(iam:ListInstanceProfileTags).
seealso:
  - module: clumio.aws.clumio_permissions_file
extends_documentation_fragment:
  - clumio.aws.sections
  - clumio.aws.sections.provisioning
  - clumio.aws.sections.purge
  - clumio.aws.sections.approval
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
    retired: "{{ permissions_file_result.permissions.retired }}"

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

- name: Take over roles that were made by hand, and take away what others have attached to them or put inside
  clumio.aws.clumio_iam_roles:
    account_id: "111122223333"
    region: us-west-2
    adopt: true
    purge: true
    approve_changes: true
    policies: "{{ permissions_file_result.permissions.policies }}"
    roles: "{{ permissions_file_result.permissions.roles }}"

- name: Take everything away again that a permissions file has
  clumio.aws.clumio_iam_roles:
    account_id: "111122223333"
    region: us-west-2
    state: absent
    policies: "{{ permissions_file_result.permissions.policies }}"
    roles: "{{ permissions_file_result.permissions.roles }}"
    instance_profiles: "{{ permissions_file_result.permissions.instance_profiles }}"
    retired: "{{ permissions_file_result.permissions.retired }}"

- name: Take everything away that carries the tag of the connection, without any list
  clumio.aws.clumio_iam_roles:
    account_id: "111122223333"
    region: us-west-2
    state: absent
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
    tags:
      description: All tags of the resource.
      type: dict
      returned: always
      sample: {"Vendor": "Clumio", "clumio:connection": "111122223333_us-west-2"}
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
    permissions_boundary:
      description: ARN of the role's permissions boundary; empty where it has none.
      type: str
      returned: always
      sample: arn:aws:iam::111122223333:policy/CompanyBoundary
    tags:
      description: All tags of the resource.
      type: dict
      returned: always
      sample: {"Vendor": "Clumio", "clumio:connection": "111122223333_us-west-2"}
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
    tags:
      description: All tags of the resource.
      type: dict
      returned: always
      sample: {"Vendor": "Clumio", "clumio:connection": "111122223333_us-west-2"}
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
      description: V(create), V(update), V(adopt) or V(delete).
      type: str
      returned: always
      sample: create
    differences:
      description: The members that differed before an update or an adoption.
      type: list
      elements: str
      returned: always
      sample: []
    superfluous_version:
      description: Of a managed policy with five versions the oldest that is not the default, deleted to make room.
      type: str
      returned: when there is one
      sample: v1
    ready_version:
      description: The version of a managed policy that has the wanted document already and becomes the default again.
      type: str
      returned: when there is one
      sample: v2
    superseded_policies:
      description: ARNs of managed policies of this connection that the role has attached and that are detached.
      type: list
      elements: str
      returned: when there are any
      sample: ["arn:aws:iam::111122223333:policy/ClumioEC2BackupPolicyV1"]
extras:
  description: What others have added to the resources and what stays; see O(purge).
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
    extra:
      description: What was added, in words.
      type: str
      returned: always
      sample: inline policy Mine
kept:
  description: What was to be removed and stays, since it is not this connection's.
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
    reason:
      description: Why it is not, in half a sentence.
      type: str
      returned: always
      sample: it belongs to the connection 111122223333_us-east-1
widening:
  description: What an update grants beyond what AWS has granted so far; empty on a first run and for approved grants.
  returned: success
  type: list
  elements: dict
  contains:
    holder:
      description: What gains, such as a role, its trust policy or permissions boundary, a topic or a key.
      type: str
      returned: always
      sample: roles.ClumioIAMRole
    change:
      description: Whether it is itself V(added), V(removed) or V(changed).
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
elapsed:
  description: Seconds that the module took.
  returned: success
  type: float
  sample: 0.42
failure:
  description:
    - What went wrong, for a machine; C(code) is stable. Where the module refuses to begin, C(findings) has everything
      that forbids it, each with C(code), C(section), C(entity), C(member), C(message), C(found) and C(hint).
    - Codes of findings are V(foreign_resource), V(unchangeable), V(asset_downgrade), V(in_use) and
      V(widening_not_approved).
  returned: failure
  type: dict
  sample:
    code: foreign_resource
    hint: ""
    findings:
      - level: error
        code: foreign_resource
        section: roles
        entity: ClumioIAMRole
        member: ""
        message: The role ClumioIAMRole exists, but it has no tag clumio:connection.
        found: "it has no tag clumio:connection (its tags: none)"
        limit: null
        hint: "Take it over with adopt: true, give ours another name (name_suffix or names) or remove it."
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils import _sections as sections
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError

SECTIONS = ("policies", "roles", "instance_profiles")


def build_argument_spec():
    return sections.provisioning_argument_spec(*SECTIONS)


def main():
    module = AnsibleAWSModule(argument_spec=build_argument_spec(), supports_check_mode=True)
    try:
        result = timed(sections.run, module, *SECTIONS)
    except ClumioError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
