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
    description: Path of a permissions file on the machine that runs the module, the controller as a rule.
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
  external_id:
    description: The connection's external id, which stands in the trust policies.
    type: str
  token:
    description: The connection's token of 36 characters, which stands in names of resources. It is no secret.
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
      - Ask AWS whether the credentials belong to O(account_id), and whether the account's IAM quotas leave room for
        the plan.
    type: bool
    default: false
  dest:
    description: Save the file here as it came, on the machine that runs the module.
    type: path
notes:
  - Exactly one of O(path), O(content) and O(asset_types) is needed. Clumio's API is used for O(asset_types) only.
  - With O(check_account) the credentials need C(sts:GetCallerIdentity) and C(iam:GetAccountSummary). Without it the
    module makes no call to AWS.
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

- name: Fetch the file, keep a copy, and see whether the account has room for it
  clumio.aws.clumio_permissions_file:
    asset_types: [ebs, s3]
    account_id: "111122223333"
    region: us-west-2
    external_id: "{{ connection_result.connection.external_id }}"
    token: "{{ connection_result.connection.token }}"
    check_account: true
    dest: permissions-111122223333-us-west-2.json
"""

RETURN = r"""
permissions:
  description: The plan, one list for each section, which is the option of the same name of the module that makes it.
  returned: success
  type: dict
  contains:
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
  description: What is worth knowing about the plan. Findings of level C(error) make the module fail.
  returned: always, except when the file cannot be read
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
      description: Member of the entity.
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
summary:
  description: How many resources of each section the plan has.
  returned: success
  type: dict
  sample: {"topics": 1, "rules": 2, "policies": 3, "roles": 2, "instance_profiles": 0, "ssm_documents": 0}
preview:
  description: Whether stand-ins took the place of a token or an external id; see O(preview).
  returned: success
  type: bool
  sample: false
failure:
  description: What went wrong, for a machine; C(code) is stable, C(findings) has all of it where there are several.
  returned: failure
  type: dict
  sample:
    code: foreign_account
    findings: []
"""

import json
from pathlib import Path
from tempfile import NamedTemporaryFile

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.clumio.aws.plugins.module_utils._aws import iam, regions, sts
from ansible_collections.clumio.aws.plugins.module_utils._aws._call import config
from ansible_collections.clumio.aws.plugins.module_utils._clumio import arguments, asset_types, templates
from ansible_collections.clumio.aws.plugins.module_utils._errors import ClumioError, InputError
from ansible_collections.clumio.aws.plugins.module_utils._permissions.arns import handed_over
from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import (
    audit,
    audit_credentials,
    audit_quotas,
)
from ansible_collections.clumio.aws.plugins.module_utils._permissions.findings import refuse_errors
from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import load
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection
from ansible_collections.clumio.aws.plugins.module_utils._permissions.resolve import resolve
from ansible_collections.clumio.aws.plugins.module_utils._provision import parallel


def build_argument_spec():
    return {
        "account_id": {"type": "str", "required": True},
        "path": {"type": "path"},
        "content": {"type": "json"},
        "asset_types": {"type": "list", "elements": "str", "aliases": ["assets"]},
        "external_id": {"type": "str"},
        "token": {"type": "str", "no_log": False},
        "placeholders": {"type": "dict", "default": {}},
        "preview": {"type": "bool", "default": False},
        "check_account": {"type": "bool", "default": False},
        "dest": {"type": "path"},
        **arguments.argument_spec(),
    }


def fetch(params, connection):
    """The file's bytes, from wherever they are to come."""
    if params["path"]:
        try:
            return Path(params["path"]).read_bytes()
        except OSError as error:
            raise InputError(
                f"The permissions file {params['path']} cannot be read: {error.strerror}.", code="unreadable_path"
            ) from error
    if params["content"] is not None:
        return params["content"].encode()
    types = asset_types.parse(params["asset_types"])
    answer = templates.create(arguments.client_from(params), types, connection.account_id, connection.region)
    return json.dumps(answer["resources"], indent=2).encode()


def ask_account(module, connection, plan):
    """What the account itself has against the plan; its two questions at once."""
    owner, quotas = parallel.run(
        [
            lambda: sts.account_id(module.client("sts", config=config())),
            lambda: iam.get_account_summary(module.client("iam", config=config())),
        ]
    )
    return [*audit_credentials(connection, owner), *audit_quotas(plan, quotas)]


def save(module, raw):
    """Write the file to O(dest) if that is not what is there."""
    dest = Path(module.params["dest"])
    before = dest.read_bytes() if dest.is_file() else None
    if before == raw:
        return {"changed": False}
    if not module.check_mode:
        try:
            with NamedTemporaryFile(dir=module.tmpdir, delete=False) as temporary:
                temporary.write(raw)
        except OSError as error:
            raise InputError(f"{dest} cannot be written: {error.strerror}.", code="unwritable_dest") from error
        module.atomic_move(temporary.name, str(dest))
    diff = {"before_header": str(dest), "after_header": str(dest), "before": (before or b"").decode(errors="replace")}
    return {"changed": True, "diff": diff | {"after": raw.decode(errors="replace")}}


def run(module):
    params = module.params
    connection = Connection(params["account_id"], module.region or "")
    regions.require_known(connection.region, connection.partition)
    raw = fetch(params, connection)
    file = load(raw)
    resolved = resolve(
        file,
        connection,
        token=params["token"],
        external_id=params["external_id"],
        placeholders=params["placeholders"],
        preview=params["preview"],
    )
    findings = [*resolved.findings, *audit(resolved.plan, connection)]
    if params["check_account"]:
        findings += ask_account(module, connection, resolved.plan)
    refuse_errors(findings, f"The permissions file cannot be used for {connection.id}")
    for finding in findings:
        module.warn(finding.sentence)
    saved = save(module, raw) if params["dest"] else {"changed": False}
    return {
        **saved,
        "permissions": resolved.plan.as_dict(),
        "arns": handed_over(file, connection),
        "findings": [finding.as_dict() for finding in findings],
        "summary": {section: len(resources) for section, resources in resolved.plan.sections().items()},
        "preview": resolved.preview,
    }


def main():
    module = AnsibleAWSModule(
        argument_spec=build_argument_spec(),
        mutually_exclusive=[("path", "content", "asset_types")],
        required_one_of=[("path", "content", "asset_types")],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClumioError as error:
        module.fail_json(**error.as_result())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
