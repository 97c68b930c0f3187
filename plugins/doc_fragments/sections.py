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
  purge_tags:
    description:
      - Whether a resource that is given with C(tags) is to have no others, besides those that tell whose it is and
        those of AWS (C(aws:...)). If V(false), tags that others have set stay.
      - A resource that is given without C(tags) keeps all that it has, in any case. With empty C(tags) it is to have
        none.
    type: bool
    default: true
"""

    PURGE = r"""
options:
  purge:
    description:
      - Whether what others have added to the resources of this connection has to go, that is targets of a rule, and
        policies that are attached to a role or inside it. If V(false), it stays and is told in RV(extras).
    type: bool
    default: false
"""

    APPROVAL = r"""
options:
  approve_changes:
    description:
      - Whether an update may grant more than what was approved before.
      - A first run approves what it makes, and a digest of it is kept in the tag C(clumio:grants) of everything that
        grants. Putting that back needs no approval. An update that grants more fails before the first write, unless
        this is set; C(failure.findings) then tells what. Taking resources over with O(adopt) is such an update.
      - In check mode such an update does not fail. RV(widening) tells what it would grant.
    type: bool
    default: false
"""

    PROVISIONING = r"""
options:
  state:
    description:
      - V(present) makes everything that is listed, and keeps it as given.
      - V(absent) removes everything that is listed, if it is there and this connection's. Of each resource only the
        name and the IAM path count then. What is another connection's, or nobody's, stays and is told in RV(kept).
    type: str
    choices: [present, absent]
    default: present
  everything:
    description:
      - With O(state=absent), removes everything of the module's kinds that carries the tag of this connection, listed
        or not. It lists the account for that, so that no plan is needed.
    type: bool
    default: false
  adopt:
    description:
      - Whether to take over resources of the same name that are nobody's, that is without the tag C(clumio:connection).
        They get that tag and become as given; RV(changes) tells what that changes. From then on they belong to the
        connection and are removed with it.
      - Resources of another connection are never taken over.
    type: bool
    default: false
notes:
  - What the module makes carries the tags C(Vendor=Clumio) and C(clumio:connection=<account>_<region>). A resource of
    the same name with another connection in the second tag is never changed, and neither is one without that tag unless
    O(adopt) is set. Such a resource in the way makes the module fail.
  - Everything that forbids the run is told at once, in C(failure.findings), before the first write.
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
  kms_keys:
    description:
      - The symmetric KMS keys that encrypt topics, as RV(clumio.aws.clumio_permissions_file#module:permissions) has
        them. A key is made before the topics and removed after them.
      - A key is known by its alias. One whose deletion is scheduled is kept as long as it has its alias.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the key's alias, without C(alias/).
        type: str
        required: true
      arn:
        description: ARN of the alias. It follows from account, region and name; where it is given it must agree.
        type: str
      tags:
        description:
          - Further tags, besides those that tell whose it is. If not given, tags stay as they are. See O(purge_tags).
        type: dict
      description:
        description: Description of the key.
        type: str
        default: ""
      policy:
        description: Who may use the key, and who may administer it. Needed, unless the resource is to be removed.
        type: dict
      rotation:
        description: Whether AWS makes new key material every year.
        type: bool
        default: true
      enabled:
        description: Whether the key is at work. What is encrypted with a disabled key cannot be read.
        type: bool
        default: true
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
        description:
          - Further tags, besides those that tell whose it is. If not given, tags stay as they are. See O(purge_tags).
        type: dict
      policy:
        description: Access policy of the topic. A topic keeps the one it has if this is not given.
        type: dict
      kms_key:
        description:
          - Id, ARN or alias (C(alias/...)) of the KMS key that encrypts the topic. If empty, nothing does; if not
            given, that stays as it is.
          - The key may be one of O(kms_keys). Any other is never changed, and its policy has to let EventBridge use it.
        type: str
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
        description:
          - Further tags, besides those that tell whose it is. If not given, tags stay as they are. See O(purge_tags).
        type: dict
      description:
        description: Description of the rule.
        type: str
        default: ""
      event_pattern:
        description: Which events the rule matches. Needed, unless the resource is to be removed.
        type: dict
      state:
        description: Whether the rule is at work.
        type: str
        choices: [ENABLED, DISABLED]
        default: ENABLED
      targets:
        description: Where matching events go. For targets that the rule has beyond these see O(purge).
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
        description:
          - Further tags, besides those that tell whose it is. If not given, tags stay as they are. See O(purge_tags).
        type: dict
      path:
        description: IAM path of the policy.
        type: str
        default: /
      description:
        description: Description of the policy. AWS fixes it when the policy is created; that of an existing one stays.
        type: str
        default: ""
      document:
        description: Document of the policy's default version. Needed, unless the resource is to be removed.
        type: dict
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
        description:
          - Further tags, besides those that tell whose it is. If not given, tags stay as they are. See O(purge_tags).
        type: dict
      path:
        description: IAM path of the role.
        type: str
        default: /
      description:
        description: Description of the role.
        type: str
        default: ""
      trust_policy:
        description: Who may assume the role. Needed, unless the resource is to be removed.
        type: dict
      managed_policies:
        description:
          - ARNs of the managed policies to attach. Of others that are attached, those of this connection are detached;
            for the rest see O(purge).
        type: list
        elements: str
        default: []
      inline_policies:
        description:
          - The policies inside the role. Of others that are inside, those that an earlier run has put there go; for the
            rest see O(purge).
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
      permissions_boundary:
        description:
          - ARN of a managed policy, of the account or of AWS, that bounds what the role may do. If empty, the role is
            to have none; if not given, it keeps the one it has.
        type: str
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
        description:
          - Further tags, besides those that tell whose it is. If not given, tags stay as they are. See O(purge_tags).
        type: dict
      path:
        description: IAM path of the instance profile.
        type: str
        default: /
      role:
        description: Name of the role in it. Needed, unless the resource is to be removed.
        type: str
  retired:
    description:
      - ARNs of roles, policies and instance profiles that an earlier run has made and that are not wanted any more, as
        RV(clumio.aws.clumio_permissions_file#module:permissions) has them. Whatever the state, those that are this
        connection's are not to be there.
    type: list
    elements: str
    default: []
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
        description:
          - Further tags, besides those that tell whose it is. If not given, tags stay as they are. See O(purge_tags).
        type: dict
      content:
        description: Content of the document's default version. Needed, unless the resource is to be removed.
        type: dict
      document_type:
        description: Type of the document. AWS fixes it when the document is created.
        type: str
        default: Command
      target_type:
        description: Kind of resource that the document runs on.
        type: str
        default: /AWS::EC2::Instance
"""
