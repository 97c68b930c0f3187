#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Register, change and remove an AWS connection in Clumio."""

from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_connection
short_description: Manage an AWS connection in Clumio
version_added: "1.0.0"
description:
  - Registers an AWS account and region with Clumio, which gives the token and the external id that the AWS side is
    made with.
  - Hands the ARNs of the AWS side over to Clumio, which then checks them and connects.
  - Changes the description, adds asset types, moves the connection to another organizational unit, and removes it.
  - One connection is one region of an account. To add a region, register another connection with the same
    O(account_id); topic, rules and roles of its own go with it.
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
  diff_mode:
    description: Shows what has changed, or would change in C(check_mode), in C(diff) mode.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
options:
  account_id:
    description:
      - Number of the AWS account. Quote it, so that YAML does not take leading zeros away.
    type: str
    required: true
  region:
    description:
      - AWS region to connect.
    type: str
    required: true
  state:
    description:
      - V(present) registers the connection if it is missing, and changes it where options are set.
      - V(absent) removes the connection from Clumio. Backups stay, and so does everything in the AWS account. The other
        options about the connection are then ignored.
    type: str
    choices: [present, absent]
    default: present
  asset_types:
    description:
      - What Clumio protects. V(ebs) (EC2 and EBS), V(rds), V(dynamodb), V(s3), V(mssql) (SQL Server on EC2, needs
        V(ebs)), V(iceberg_on_glue), V(iceberg_on_s3_tables). Case, slashes, hyphens and underscores do not matter, and
        the spellings of Clumio's API and Terraform provider are understood, for example V(EC2/EBS) or V(ddb).
      - If not set, an existing connection keeps its asset types, and Clumio chooses for a new one.
      - Clumio can add asset types to a connection, but never take one away. The module fails before it changes anything
        if the list lacks one that is enabled.
      - Clumio takes asset types together with the ARNs that they need. To an existing connection new ones are therefore
        only added if O(resources) is set too; until then RV(pending_asset_types) names them.
    type: list
    elements: str
  description:
    description:
      - Description of the connection in Clumio. An empty text takes it away.
      - If not set, the description is left as it is.
    type: str
  resources:
    description:
      - ARNs of what was made in the AWS account for Clumio. Setting this hands them over.
      - Clumio always takes all of them at once, so leave out only those that do not apply. An ARN that was handed over
        before and is left out now is taken away.
      - Not possible for a connection that a CloudFormation stack or a connection group manages.
    type: dict
    suboptions:
      clumio_iam_role_arn:
        description: ARN of the IAM role that Clumio assumes.
        type: str
        required: true
      clumio_event_pub_arn:
        description: ARN of the SNS topic.
        type: str
        required: true
      clumio_support_role_arn:
        description: ARN of the IAM role for Clumio's support.
        type: str
      event_rules:
        description: ARNs of the EventBridge rules.
        type: dict
        suboptions:
          cloudtrail_rule_arn:
            description: ARN of the rule for events from CloudTrail.
            type: str
          cloudwatch_rule_arn:
            description: ARN of the rule for events of the services themselves.
            type: str
      service_roles:
        description: ARNs of the roles for single asset types.
        type: dict
        suboptions:
          s3:
            description: For the asset type V(s3).
            type: dict
            suboptions:
              continuous_backups_role_arn:
                description: ARN of the IAM role with which EventBridge forwards events for continuous backups.
                type: str
          mssql:
            description: For the asset type V(mssql).
            type: dict
            suboptions:
              ssm_notification_role_arn:
                description: ARN of the IAM role with which Systems Manager publishes notifications.
                type: str
              ec2_ssm_instance_profile_arn:
                description: ARN of the instance profile (not of its role) of the EC2 instances.
                type: str
              ec2_instance_profile_role_arn:
                description: ARN of the IAM role in that instance profile.
                type: str
      service_instance_profiles:
        description: ARNs of the instance profiles for single asset types.
        type: dict
        suboptions:
          mssql:
            description: For the asset type V(mssql).
            type: dict
            suboptions:
              ec2_ssm_instance_profile_arn:
                description:
                  - ARN of the instance profile of the EC2 instances, in the second place that Clumio's API has for it.
                  - Sent only if set; O(resources.service_roles.mssql.ec2_ssm_instance_profile_arn) is what counts.
                type: str
  organizational_unit_id:
    description:
      - Id (not the name) of the organizational unit that the connection is to be in. The global one has
        V(00000000-0000-0000-0000-000000000000). Not to be confused with O(organizational_unit), the unit that the API
        token acts in.
      - A new connection is registered in that unit. An existing one is moved, and the module waits until Clumio has
        done so.
      - Clumio moves a connection one level of organizational unit up or down at a time. If the unit is farther away,
        the module fails before it changes anything, and tells the way to go.
      - Clumio can only move a connection that is connected. Until then it stays where it is, with a warning, and
        RV(pending_organizational_unit_id) tells the unit.
      - If not set, an existing connection stays where it is, and a new one is registered in the unit that the API token
        acts in.
    type: str
  wait_timeout:
    description:
      - Seconds to wait until Clumio has moved the connection to another organizational unit. If the time is over, the
        module fails, while Clumio goes on.
    type: int
    default: 600
extends_documentation_fragment:
  - clumio.aws.clumio_api
seealso:
  - module: clumio.aws.clumio_connection_info
  - module: clumio.aws.clumio_connection_validate
"""

EXAMPLES = r"""
- name: Register an account and region
  clumio.aws.clumio_connection:
    account_id: "111122223333"
    region: us-west-2
    asset_types: [ebs, s3]
    description: Production
  register: registration

- name: Hand the ARNs over
  clumio.aws.clumio_connection:
    account_id: "111122223333"
    region: us-west-2
    asset_types: [ebs, s3]
    resources:
      clumio_iam_role_arn: arn:aws:iam::111122223333:role/ClumioIAMRole
      clumio_event_pub_arn: arn:aws:sns:us-west-2:111122223333:ClumioEventPub
      clumio_support_role_arn: arn:aws:iam::111122223333:role/ClumioSupportRole
      event_rules:
        cloudtrail_rule_arn: arn:aws:events:us-west-2:111122223333:rule/ClumioCloudtrailEventRule
        cloudwatch_rule_arn: arn:aws:events:us-west-2:111122223333:rule/ClumioCloudwatchEventRule
      service_roles:
        s3:
          continuous_backups_role_arn: arn:aws:iam::111122223333:role/ClumioS3ContinuousBackupEventBridgeRole

- name: Move the connection to another organizational unit, one level up or down
  clumio.aws.clumio_connection:
    account_id: "111122223333"
    region: us-west-2
    organizational_unit_id: 6f1c3c0e-1d2b-4c3a-9e4f-0a1b2c3d4e5f

- name: Change the description only, acting in another organizational unit
  clumio.aws.clumio_connection:
    account_id: "111122223333"
    region: us-west-2
    description: Production, finance
    organizational_unit: 6f1c3c0e-1d2b-4c3a-9e4f-0a1b2c3d4e5f

- name: Remove the connection from Clumio
  clumio.aws.clumio_connection:
    account_id: "111122223333"
    region: us-west-2
    state: absent
"""

RETURN = r"""
registered:
  description:
    - Whether Clumio knows the connection now. In check mode V(false) for one that would only be registered.
  returned: success
  type: bool
  sample: true
connection:
  description:
    - The connection as it is now, or would be in check mode. Null if there is none.
    - It has every member that Clumio's API answers, except the links between its objects. In check mode a connection
      that would only be registered has what is known beforehand, and null for what only Clumio can say.
  returned: success
  type: dict
  sample:
    id: 111122223333_us-west-2
    account_native_id: "111122223333"
    aws_region: us-west-2
    account_name: production
    asset_types: [ebs, s3]
    clumio_aws_account_id: "999988887777"
    clumio_aws_region: us-west-2
    connection_status: connecting
    data_plane_account_id: "888877776666"
    description: Production
    explanation: ""
    external_id: ExternalID_0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    ingestion_status: initial
    organizational_unit_id: 00000000-0000-0000-0000-000000000000
    resources: null
    target_setup_status: initial
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
        - The enabled asset types, in the words and the order of O(asset_types). One that this collection does not
          know is given as Clumio writes it.
      type: list
      elements: str
    clumio_aws_account_id:
      description: AWS account of Clumio that the trust policies let in. Null in check mode before registration.
      type: str
    clumio_aws_region:
      description: AWS region of Clumio's control plane. Null in check mode before registration.
      type: str
    connection_status:
      description:
        - V(connecting) until Clumio has reached the account, then V(connected), and V(unlinked) if it lost access. Null
          in check mode before registration.
      type: str
    explanation:
      description:
        - Why the connection is V(unlinked), and the way out, as sentences. Empty with any other C(connection_status).
      type: str
    organizational_unit_id:
      description:
        - Id of the organizational unit that the connection is in. Null in check mode before registration, unless
          O(organizational_unit_id) is set.
      type: str
    data_plane_account_id:
      description:
        - AWS account of Clumio's data plane, V(*) if Clumio does not say. Null in check mode before registration.
      type: str
    description:
      description: Description of the connection.
      type: str
    external_id:
      description:
        - External id that the trust policies have to ask for. V(ExternalID_<token>) if Clumio leaves it empty. Null in
          check mode before registration.
      type: str
    token:
      description:
        - Token of the connection, which is part of the names of some AWS resources. It is no secret. Null in check
          mode before registration.
      type: str
    ingestion_status:
      description: How far Clumio is with the first inventory, V(initial), V(in_progress), V(completed) or V(failed).
      type: str
    target_setup_status:
      description: How far Clumio is with its own set-up, V(initial), V(in_progress), V(completed) or V(failed).
      type: str
    resources:
      description: The ARNs that were handed over, in the shape of O(resources). Null if there are none.
      type: dict
pending_asset_types:
  description:
    - Asset types that are wanted, but not enabled yet, because an existing connection takes them only together with
      O(resources).
  returned: success
  type: list
  elements: str
  sample: []
pending_organizational_unit_id:
  description:
    - The unit of O(organizational_unit_id), if the connection cannot be moved there yet, because Clumio is not
      connected. Otherwise null.
  returned: success
  type: str
  sample: null
msg:
  description:
    - What a person should know, as sentences. That Clumio has lost its access to the account, and what to do about it;
      that the connection cannot be moved yet. Empty if there is nothing to say.
  returned: success
  type: str
  sample: ""
diff:
  description: What the options decide about, before and after.
  returned: success
  type: dict
  sample:
    before: {}
    after:
      account_native_id: "111122223333"
      aws_region: us-west-2
      asset_types: [ebs, s3]
      description: Production
      resources: {}
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
    code: asset_downgrade
    hint: Add s3 to the wanted asset types, or remove the connection and make it anew.
    dropped: [s3]
    enabled: [ebs, s3]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clumio.aws.plugins.module_utils._clumio import arguments, asset_types, connections
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection
from ansible_collections.clumio.aws.plugins.module_utils._provision import connection, organizational_unit


def build_argument_spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        "account_id": {"type": "str", "required": True},
        "region": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "asset_types": {"type": "list", "elements": "str"},
        "description": {"type": "str"},
        "resources": _option_of(connection.EMPTY_RESOURCES),
        "organizational_unit_id": {"type": "str"},
        "wait_timeout": {"type": "int", "default": 600},
        **arguments.argument_spec(),
    }


def _option_of(shape: dict[str, Any]) -> dict[str, Any]:
    """The argument spec of a dictionary of ARNs; topic and role are what every connection has."""
    required = ("clumio_iam_role_arn", "clumio_event_pub_arn")
    options = {
        member: _option_of(value)
        if isinstance(value, dict)
        else {"type": "str", **({"required": True} if member in required else {})}
        for member, value in shape.items()
    }
    return {"type": "dict", "options": options}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan and, outside check mode, apply."""
    params = module.params
    place = Connection(params["account_id"], params["region"])
    types = params["asset_types"]
    desired = connection.Desired(
        connection=place,
        present=params["state"] == "present",
        description=params["description"],
        asset_types=None if types is None else asset_types.parse(types),
        resources=params["resources"],
        organizational_unit_id=params["organizational_unit_id"],
    )
    client = arguments.client_from(params)
    read = connections.read(client, place.id)
    found = None if read is None else connections.view(read)
    move = organizational_unit.plan(client, found, desired.organizational_unit_id) if desired.present else None
    plan = connection.plan(desired, found, move)
    if module.check_mode:
        after = plan.expected()
    else:
        plan, after = connection.apply(client, plan, params["wait_timeout"])
    why_not_moved = plan.move.why_not if plan.move else ""
    if why_not_moved:
        module.warn(why_not_moved)
    return {
        "changed": plan.changed,
        "registered": after is not None and not (module.check_mode and plan.create),
        "connection": after,
        "pending_asset_types": list(plan.pending_asset_types),
        "pending_organizational_unit_id": plan.move.destination_id if plan.move and why_not_moved else None,
        "msg": " ".join(filter(None, [after["explanation"] if after else "", why_not_moved])),
        "diff": plan.diff,
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(argument_spec=build_argument_spec(), supports_check_mode=True)
    try:
        result = timed(run, module)
    except ClumioError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
