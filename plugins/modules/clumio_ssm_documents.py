#!/usr/bin/python
# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: clumio_ssm_documents
version_added: 1.0.0
short_description: Make the Systems Manager documents by which Clumio works on SQL Server instances
description:
  - Creates Systems Manager documents and keeps their default version as it should be.
  - All documents are read and written in parallel.
  - A document whose content differs gets a new version, which becomes the default.
notes:
  - SSM documents hold expressions in double braces, such as those of their parameters. Ansible must not template them.
    Take them from M(clumio.aws.clumio_permissions_file) or mark them with C(!unsafe).
  - The credentials need C(ssm:DescribeDocument), C(ssm:GetDocument), C(ssm:CreateDocument),
    C(ssm:AddTagsToResource), C(ssm:UpdateDocument) and C(ssm:UpdateDocumentDefaultVersion).
seealso:
  - module: clumio.aws.clumio_permissions_file
extends_documentation_fragment:
  - clumio.aws.sections
  - clumio.aws.sections.provisioning
  - clumio.aws.sections.ssm_documents
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - The clumio.aws maintainers (@clumio-code)
"""

EXAMPLES = r"""
- name: Make the SSM documents of a permissions file
  clumio.aws.clumio_ssm_documents:
    account_id: "111122223333"
    region: us-west-2
    ssm_documents: "{{ permissions_file_result.permissions.ssm_documents }}"

- name: Make a document of one's own
  clumio.aws.clumio_ssm_documents:
    account_id: "111122223333"
    region: us-west-2
    ssm_documents:
      - name: Clumio-Heartbeat
        content:
          schemaVersion: "2.2"
          description: Says that it is there
          parameters:
            executionTimeout:
              type: String
              default: "3600"
          mainSteps:
            - action: aws:runPowerShellScript
              name: runCommands
              inputs:
                timeoutSeconds: !unsafe "{{ executionTimeout }}"
                runCommand:
                  - Write-Output "here"
"""

RETURN = r"""
ssm_documents:
  description: The documents as AWS holds them afterwards, or would in check mode; the shape of O(ssm_documents).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the document.
      type: str
      returned: always
      sample: Clumio-SystemHeartbeat-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    arn:
      description: ARN of the document.
      type: str
      returned: always
      sample: arn:aws:ssm:us-west-2:111122223333:document/Clumio-SystemHeartbeat-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    content:
      description: Content of the default version.
      type: dict
      returned: always
      sample: {"schemaVersion": "2.2", "mainSteps": []}
    document_type:
      description: Type of the document.
      type: str
      returned: always
      sample: Command
    target_type:
      description: Kind of resource that the document runs on.
      type: str
      returned: always
      sample: /AWS::EC2::Instance
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
      sample: ssm_documents
    name:
      description: Name of the resource.
      type: str
      returned: always
      sample: Clumio-SystemHeartbeat-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    arn:
      description: ARN of the resource.
      type: str
      returned: always
      sample: arn:aws:ssm:us-west-2:111122223333:document/Clumio-SystemHeartbeat-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
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
    ready_version:
      description: The latest version, where it has the wanted content already and only becomes the default.
      type: str
      returned: when there is one
      sample: "2"
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

SECTIONS = ("ssm_documents",)


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
