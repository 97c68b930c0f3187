#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_sns_topic
version_added: 1.0.0
short_description: Make the SNS topics through which an AWS account reports to Clumio
description:
  - Creates standard SNS topics with their access policies, and the KMS keys that encrypt them, and keeps them as they
    should be.
  - With O(state=absent) removes them. With O(everything=true) that is everything that carries the connection's tag.
  - Access policies are compared as documents, not as text.
notes:
  - A key that is removed loses its alias at once, and AWS deletes it after 7 days. Until then the deletion can be
    cancelled. A later run with O(state=present) makes a new key.
  - The credentials need C(sns:GetTopicAttributes), C(sns:ListTagsForResource), C(sns:CreateTopic),
    C(sns:SetTopicAttributes), C(sns:TagResource) and C(sns:UntagResource). With O(kms_keys) they also need
    C(kms:DescribeKey), C(kms:GetKeyPolicy), C(kms:GetKeyRotationStatus), C(kms:ListResourceTags), C(kms:ListAliases),
    C(tag:GetResources), C(kms:CreateKey), C(kms:CreateAlias), C(kms:EnableKeyRotation), C(kms:DisableKeyRotation),
    C(kms:PutKeyPolicy), C(kms:UpdateKeyDescription), C(kms:EnableKey), C(kms:DisableKey), C(kms:CancelKeyDeletion),
    C(kms:TagResource) and C(kms:UntagResource).
  - For O(state=absent) the credentials need, besides the reading ones of these, C(sns:DeleteTopic),
    C(kms:DeleteAlias) and C(kms:ScheduleKeyDeletion), with O(everything) also C(sns:ListTopics).
seealso:
  - module: clumio.aws.clumio_permissions_file
extends_documentation_fragment:
  - clumio.aws.sections
  - clumio.aws.sections.provisioning
  - clumio.aws.sections.approval
  - clumio.aws.sections.topics
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The clumio.aws maintainers (@clumio-code)
"""

EXAMPLES = r"""
- name: Make the topic of a permissions file, with its KMS key if it has one
  clumio.aws.clumio_sns_topic:
    account_id: "111122223333"
    region: us-west-2
    kms_keys: "{{ permissions_file_result.permissions.kms_keys }}"
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

- name: Take over a topic that was made by hand, encrypt it with a key of one's own and leave its tags
  clumio.aws.clumio_sns_topic:
    account_id: "111122223333"
    region: us-west-2
    adopt: true
    topics:
      - name: ClumioEventPub
        kms_key: alias/company-events

- name: Take the topic away again that a permissions file has
  clumio.aws.clumio_sns_topic:
    account_id: "111122223333"
    region: us-west-2
    state: absent
    kms_keys: "{{ permissions_file_result.permissions.kms_keys }}"
    topics: "{{ permissions_file_result.permissions.topics }}"

- name: Take everything away that carries the tag of the connection, without any list
  clumio.aws.clumio_sns_topic:
    account_id: "111122223333"
    region: us-west-2
    state: absent
"""

RETURN = r"""
kms_keys:
  description: The KMS keys as AWS holds them afterwards, or would hold them in check mode; the shape of O(kms_keys).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the key's alias, without C(alias/).
      type: str
      returned: always
      sample: ClumioEventPub
    arn:
      description: ARN of the alias.
      type: str
      returned: always
      sample: arn:aws:kms:us-west-2:111122223333:alias/ClumioEventPub
    description:
      description: Description of the key.
      type: str
      returned: always
      sample: Encrypts the SNS topic ClumioEventPub
    policy:
      description: Policy of the key.
      type: dict
      returned: always
      sample: {"Version": "2012-10-17", "Statement": []}
    rotation:
      description: Whether AWS makes new key material every year.
      type: bool
      returned: always
      sample: true
    enabled:
      description: Whether the key is at work.
      type: bool
      returned: always
      sample: true
    tags:
      description: All tags of the resource.
      type: dict
      returned: always
      sample: {"Vendor": "Clumio", "clumio:connection": "111122223333_us-west-2"}
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
    kms_key:
      description: Id, ARN or alias of the key that encrypts the topic; empty where nothing does.
      type: str
      returned: always
      sample: arn:aws:kms:us-west-2:111122223333:alias/ClumioEventPub
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
extras:
  description: What others have added to the resources and what stays. Always empty for topics and keys.
  returned: success
  type: list
  elements: dict
  sample: []
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
    - Codes of findings are V(foreign_resource) and V(widening_not_approved).
  returned: failure
  type: dict
  sample:
    code: foreign_resource
    hint: ""
    findings:
      - level: error
        code: foreign_resource
        section: topics
        entity: ClumioEventPub
        member: ""
        message: The topic ClumioEventPub exists, but it has no tag clumio:connection.
        found: "it has no tag clumio:connection (its tags: none)"
        limit: null
        hint: "Take it over with adopt: true, give ours another name (name_suffix or names) or remove it."
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils import _sections as sections
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError

SECTIONS = ("kms_keys", "topics")


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
