# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations


class ModuleDocFragment:
    """The options that are the sections of a plan; the argument spec is in module_utils/_sections.py."""

    DOCUMENTATION = r"""
options:
  account_id:
    description:
      - The AWS account, 12 digits. Quote it in YAML, so that leading zeros are kept.
      - With the region it names the connection, C(111122223333_us-west-2), which owns everything that is made.
    type: str
    required: true
"""

    PROVISIONING = r"""
notes:
  - What the module makes carries the tags C(Vendor=Clumio) and C(clumio:connection=<account>_<region>). A resource of
    the same name without the second tag, or with another connection in it, is never changed; the module fails before
    the first write.
attributes:
  check_mode:
    support: full
    description: Makes no writing call and returns the same resources as the real run would, on an empty account too.
  diff_mode:
    support: full
    description: Shows each resource that changes before and after, documents sorted for reading.
  idempotent:
    support: full
    description: A second run reads, changes nothing and makes no writing call.
"""

    TOPICS = r"""
options:
  topics:
    description: The SNS topics, as RV(clumio.aws.clumio_permissions_file#module:permissions) has them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the topic.
        type: str
        required: true
      arn:
        description: ARN of the topic. It follows from account, region and name; where it is given it must agree.
        type: str
      tags:
        description: Further tags, besides those that tell whose it is. Tags that others have set stay.
        type: dict
        default: {}
      policy:
        description: Access policy of the topic. A topic keeps the one it has if this is not given.
        type: dict
"""

    RULES = r"""
options:
  rules:
    description: The EventBridge rules, as RV(clumio.aws.clumio_permissions_file#module:permissions) has them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the rule, on the default event bus.
        type: str
        required: true
      arn:
        description: ARN of the rule. It follows from account, region and name; where it is given it must agree.
        type: str
      tags:
        description: Further tags, besides those that tell whose it is. Tags that others have set stay.
        type: dict
        default: {}
      description:
        description: Description of the rule.
        type: str
        default: ""
      event_pattern:
        description: Which events the rule matches.
        type: dict
        required: true
      state:
        description: Whether the rule is at work.
        type: str
        choices: [ENABLED, DISABLED]
        default: ENABLED
      targets:
        description:
          - Where matching events go.
          - Targets that the rule has beyond these stay.
        type: list
        elements: dict
        default: []
        suboptions:
          id:
            description: Id of the target in the rule. A target that is there already under another id keeps it.
            type: str
            required: true
          arn:
            description: ARN of the target.
            type: str
            required: true
          settings:
            description: Further members of the target in AWS's own spelling, V(Input) or V(RoleArn) say.
            type: dict
            default: {}
"""

    ROLES = r"""
options:
  policies:
    description:
      - The customer managed policies, as RV(clumio.aws.clumio_permissions_file#module:permissions) has them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the policy.
        type: str
        required: true
      arn:
        description: ARN of the policy. It follows from account, path and name; where it is given it must agree.
        type: str
      tags:
        description: Further tags, besides those that tell whose it is. Tags that others have set stay.
        type: dict
        default: {}
      path:
        description: IAM path of the policy.
        type: str
        default: /
      description:
        description: Description of the policy. AWS fixes it when the policy is created.
        type: str
        default: ""
      document:
        description: The policy document.
        type: dict
        required: true
  roles:
    description: The roles, as RV(clumio.aws.clumio_permissions_file#module:permissions) has them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the role.
        type: str
        required: true
      arn:
        description: ARN of the role. It follows from account, path and name; where it is given it must agree.
        type: str
      tags:
        description: Further tags, besides those that tell whose it is. Tags that others have set stay.
        type: dict
        default: {}
      path:
        description: IAM path of the role.
        type: str
        default: /
      description:
        description: Description of the role.
        type: str
        default: ""
      trust_policy:
        description: Who may assume the role.
        type: dict
        required: true
      managed_policies:
        description: ARNs of the managed policies to attach. Policies attached beyond these stay.
        type: list
        elements: str
        default: []
      inline_policies:
        description: The policies inside the role. Inline policies beyond these stay.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the policy.
            type: str
            required: true
          document:
            description: The policy document.
            type: dict
            required: true
  instance_profiles:
    description: The instance profiles, as RV(clumio.aws.clumio_permissions_file#module:permissions) has them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the instance profile.
        type: str
        required: true
      arn:
        description: ARN of the profile. It follows from account, path and name; where it is given it must agree.
        type: str
      tags:
        description: Further tags, besides those that tell whose it is. Tags that others have set stay.
        type: dict
        default: {}
      path:
        description: IAM path of the instance profile.
        type: str
        default: /
      role:
        description: Name of the role in it.
        type: str
        required: true
"""

    SSM_DOCUMENTS = r"""
options:
  ssm_documents:
    description:
      - The Systems Manager documents, as RV(clumio.aws.clumio_permissions_file#module:permissions) has them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the document.
        type: str
        required: true
      arn:
        description: ARN of the document. It follows from account, region and name; where it is given it must agree.
        type: str
      tags:
        description: Further tags, besides those that tell whose it is. Tags that others have set stay.
        type: dict
        default: {}
      content:
        description: Content of the document's default version.
        type: dict
        required: true
      document_type:
        description: Type of the document. AWS fixes it when the document is created.
        type: str
        default: Command
      target_type:
        description: Kind of resource that the document runs on.
        type: str
        default: /AWS::EC2::Instance
"""
