#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_eventbridge_rules
version_added: 1.0.0
short_description: Make the EventBridge rules that tell Clumio about changes in an AWS account
description:
  - Creates rules on the default event bus with their patterns and targets, and keeps them as they should be.
  - With O(state=absent) removes them with all their targets. With O(everything=true) that is every rule of the default
    event bus that carries the connection's tag.
  - All rules are read and written in parallel.
  - Event patterns are compared as EventBridge reads them, every list being a set.
notes:
  - The credentials need C(events:DescribeRule), C(events:ListTargetsByRule), C(events:ListTagsForResource),
    C(events:PutRule), C(events:PutTargets), C(events:TagResource) and C(events:UntagResource), with O(purge) also
    C(events:RemoveTargets).
  - For O(state=absent) the credentials need, besides the reading ones of these, C(events:RemoveTargets) and
    C(events:DeleteRule), with O(everything) also C(events:ListRules).
seealso:
  - module: clumio.aws.clumio_permissions_file
extends_documentation_fragment:
  - clumio.aws.sections
  - clumio.aws.sections.provisioning
  - clumio.aws.sections.purge
  - clumio.aws.sections.rules
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The clumio.aws maintainers (@clumio-code)
"""

EXAMPLES = r"""
- name: Make the rules of a permissions file
  clumio.aws.clumio_eventbridge_rules:
    account_id: "111122223333"
    region: us-west-2
    rules: "{{ permissions_file_result.permissions.rules }}"

- name: Make a rule of one's own
  clumio.aws.clumio_eventbridge_rules:
    account_id: "111122223333"
    region: us-west-2
    rules:
      - name: ClumioCloudwatchEventRule
        event_pattern:
          source: [aws.tag]
        targets:
          - id: clumio-publish
            arn: arn:aws:sns:us-west-2:111122223333:ClumioEventPub

- name: Take over rules that were made by hand, and remove the targets that others have added
  clumio.aws.clumio_eventbridge_rules:
    account_id: "111122223333"
    region: us-west-2
    adopt: true
    purge: true
    rules: "{{ permissions_file_result.permissions.rules }}"

- name: Take the rules away again that a permissions file has
  clumio.aws.clumio_eventbridge_rules:
    account_id: "111122223333"
    region: us-west-2
    state: absent
    rules: "{{ permissions_file_result.permissions.rules }}"

- name: Take everything away that carries the tag of the connection, without any list
  clumio.aws.clumio_eventbridge_rules:
    account_id: "111122223333"
    region: us-west-2
    state: absent
"""

RETURN = r"""
rules:
  description: The rules as AWS holds them afterwards, or would hold them in check mode; the shape of O(rules).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the rule.
      type: str
      returned: always
      sample: ClumioCloudwatchEventRule
    arn:
      description: ARN of the rule.
      type: str
      returned: always
      sample: arn:aws:events:us-west-2:111122223333:rule/ClumioCloudwatchEventRule
    description:
      description: Description of the rule.
      type: str
      returned: always
      sample: Watches for tag changes.
    event_pattern:
      description: Which events the rule matches.
      type: dict
      returned: always
      sample: {"source": ["aws.tag"]}
    state:
      description: V(ENABLED) or V(DISABLED).
      type: str
      returned: always
      sample: ENABLED
    targets:
      description: Where matching events go; each with C(id), C(arn) and C(settings).
      type: list
      elements: dict
      returned: always
      sample:
        - id: clumio-publish
          arn: arn:aws:sns:us-west-2:111122223333:ClumioEventPub
          settings: {}
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
      sample: rules
    name:
      description: Name of the resource.
      type: str
      returned: always
      sample: ClumioCloudwatchEventRule
    arn:
      description: ARN of the resource.
      type: str
      returned: always
      sample: arn:aws:events:us-west-2:111122223333:rule/ClumioCloudwatchEventRule
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
  description: What others have added to the resources and what stays; see O(purge).
  returned: success
  type: list
  elements: dict
  contains:
    section:
      description: Section of the resource.
      type: str
      returned: always
      sample: rules
    name:
      description: Name of the resource.
      type: str
      returned: always
      sample: ClumioCloudwatchEventRule
    arn:
      description: ARN of the resource.
      type: str
      returned: always
      sample: arn:aws:events:us-west-2:111122223333:rule/ClumioCloudwatchEventRule
    extra:
      description: What was added, in words.
      type: str
      returned: always
      sample: target mine (arn:aws:sqs:us-west-2:111122223333:mine)
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
      sample: rules
    name:
      description: Name of the resource.
      type: str
      returned: always
      sample: ClumioCloudwatchEventRule
    arn:
      description: ARN of the resource.
      type: str
      returned: always
      sample: arn:aws:events:us-west-2:111122223333:rule/ClumioCloudwatchEventRule
    reason:
      description: Why it is not, in half a sentence.
      type: str
      returned: always
      sample: it belongs to the connection 111122223333_us-east-1
elapsed:
  description: Seconds that the module took.
  returned: success
  type: float
  sample: 0.42
failure:
  description:
    - What went wrong, for a machine; C(code) is stable. Where the module refuses to begin, C(findings) has everything
      that forbids it, each with C(code), C(section), C(entity), C(member), C(message), C(found) and C(hint).
    - Codes of findings are V(foreign_resource).
  returned: failure
  type: dict
  sample:
    code: foreign_resource
    hint: ""
    findings:
      - level: error
        code: foreign_resource
        section: rules
        entity: ClumioCloudwatchEventRule
        member: ""
        message: The rule ClumioCloudwatchEventRule exists, but it has no tag clumio:connection.
        found: "it has no tag clumio:connection (its tags: none)"
        limit: null
        hint: "Take it over with adopt: true, give ours another name (name_suffix or names) or remove it."
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils import _sections as sections
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError

SECTIONS = ("rules",)


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
