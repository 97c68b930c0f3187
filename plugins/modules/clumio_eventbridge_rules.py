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
  - All rules are read and written in parallel.
  - Event patterns are compared as EventBridge reads them, every list being a set.
notes:
  - Targets that somebody has added to a rule stay.
  - The credentials need C(events:DescribeRule), C(events:ListTargetsByRule), C(events:ListTagsForResource),
    C(events:PutRule), C(events:TagResource) and C(events:PutTargets).
seealso:
  - module: clumio.aws.clumio_permissions_file
extends_documentation_fragment:
  - clumio.aws.sections
  - clumio.aws.sections.provisioning
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
from ansible_collections.clumio.aws.plugins.module_utils._provision.converge import provision

SECTIONS = ("rules",)


def build_argument_spec():
    return sections.argument_spec(*SECTIONS)


def run(module):
    connection = Connection(module.params["account_id"], module.region or "")
    work = sections.work(SECTIONS, module.params, connection, partial(module.client, config=config()))
    return as_result(provision(work, connection, check_mode=module.check_mode, approve_changes=True), *SECTIONS)


def main():
    module = AnsibleAWSModule(argument_spec=build_argument_spec(), supports_check_mode=True)
    try:
        result = run(module)
    except ClumioError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
