#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_sns_topic
version_added: 1.0.0
short_description: Make the SNS topics through which an AWS account reports to Clumio
description:
  - Creates standard SNS topics with their access policies and keeps them as they should be.
  - Access policies are compared as documents, not as text.
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
  - The credentials need C(sns:GetTopicAttributes), C(sns:ListTagsForResource), C(sns:CreateTopic),
    C(sns:TagResource) and C(sns:SetTopicAttributes).
seealso:
  - module: clumio.aws.clumio_permissions_file
extends_documentation_fragment:
  - clumio.aws.sections
  - clumio.aws.sections.provisioning
  - clumio.aws.sections.topics
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The clumio.aws maintainers (@clumio-code)
"""

EXAMPLES = r"""
- name: Make the topic of a permissions file
  clumio.aws.clumio_sns_topic:
    account_id: "111122223333"
    region: us-west-2
    topics: "{{ permissions_file_result.permissions.topics }}"

- name: Make a topic of one's own
  clumio.aws.clumio_sns_topic:
    account_id: "111122223333"
    region: us-west-2
    topics:
      - name: ClumioEventPub
        policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal:
                Service: events.amazonaws.com
              Action: sns:Publish
              Resource: arn:aws:sns:us-west-2:111122223333:ClumioEventPub
              Condition:
                StringEquals:
                  aws:SourceAccount: "111122223333"
"""

RETURN = r"""
topics:
  description: The topics as AWS holds them afterwards, or would hold them in check mode; the shape of O(topics).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the topic.
      type: str
      returned: always
      sample: ClumioEventPub
    arn:
      description: ARN of the topic.
      type: str
      returned: always
      sample: arn:aws:sns:us-west-2:111122223333:ClumioEventPub
    policy:
      description: Access policy of the topic; V(null) for a new topic without one, which gets AWS's own.
      type: dict
      returned: always
      sample: {"Version": "2012-10-17", "Statement": []}
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
      sample: topics
    name:
      description: Name of the resource.
      type: str
      returned: always
      sample: ClumioEventPub
    arn:
      description: ARN of the resource.
      type: str
      returned: always
      sample: arn:aws:sns:us-west-2:111122223333:ClumioEventPub
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

SECTIONS = ("topics",)


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
