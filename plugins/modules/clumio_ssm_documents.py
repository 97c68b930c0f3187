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
  - A document whose content differs gets a new version, which becomes the default. If a recent version has that content
    already, that one becomes the default.
  - With O(state=absent) removes documents with all their versions. With O(everything=true) that is every document that
    carries the connection's tag.
notes:
  - SSM documents hold expressions in double braces, such as those of their parameters. Ansible must not template them.
    Take them from M(clumio.aws.clumio_permissions_file) or mark them with C(!unsafe).
  - The credentials need C(ssm:ListDocuments), C(ssm:DescribeDocument), C(ssm:GetDocument), C(ssm:CreateDocument),
    C(ssm:UpdateDocument), C(ssm:UpdateDocumentDefaultVersion), C(ssm:AddTagsToResource) and
    C(ssm:RemoveTagsFromResource).
  - For O(state=absent) the credentials need C(ssm:ListDocuments), C(ssm:DescribeDocument), C(ssm:GetDocument) and
    C(ssm:DeleteDocument).
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

- name: Take over documents that were made by hand
  clumio.aws.clumio_ssm_documents:
    account_id: "111122223333"
    region: us-west-2
    adopt: true
    ssm_documents: "{{ permissions_file_result.permissions.ssm_documents }}"

- name: Take the documents away again that a permissions file has
  clumio.aws.clumio_ssm_documents:
    account_id: "111122223333"
    region: us-west-2
    state: absent
    ssm_documents: "{{ permissions_file_result.permissions.ssm_documents }}"

- name: Take everything away that carries the tag of the connection, without any list
  clumio.aws.clumio_ssm_documents:
    account_id: "111122223333"
    region: us-west-2
    state: absent
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
    ready_version:
      description: The version that has the wanted content already and becomes the default.
      type: str
      returned: when there is one
      sample: "2"
extras:
  description: What others have added to the resources and what stays. Always empty for documents.
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
    - Codes of findings are V(foreign_resource) and V(unchangeable).
  returned: failure
  type: dict
  sample:
    code: foreign_resource
    hint: ""
    findings:
      - level: error
        code: foreign_resource
        section: ssm_documents
        entity: Clumio-Heartbeat
        member: ""
        message: The SSM document Clumio-Heartbeat exists, but it has no tag clumio:connection.
        found: "it has no tag clumio:connection (its tags: none)"
        limit: null
        hint: "Take it over with adopt: true, give ours another name (name_suffix or names) or remove it."
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils import _sections as sections
from ansible_collections.clumio.aws.plugins.module_utils._elapsed import timed
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError

SECTIONS = ("ssm_documents",)


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
