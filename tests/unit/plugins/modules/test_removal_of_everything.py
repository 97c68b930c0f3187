# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Removing everything of a connection has to be asked for: an empty list is not enough."""

from __future__ import annotations

import pytest
from section_helpers import converge, make, refused

from ansible_collections.clumio.aws.plugins.modules import (
    clumio_eventbridge_rules,
    clumio_iam_roles,
    clumio_sns_topic,
    clumio_ssm_documents,
)

MADE = {
    clumio_sns_topic: {"topics": [{"name": "Topic"}]},
    clumio_eventbridge_rules: {"rules": [{"name": "Rule", "event_pattern": {"source": ["aws.ec2"]}}]},
    clumio_iam_roles: {
        "policies": [
            {
                "name": "Policy",
                "document": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
                },
            }
        ]
    },
    clumio_ssm_documents: {"ssm_documents": [{"name": "Clumio-Document", "content": {"schemaVersion": "2.2"}}]},
}
MODULES = pytest.mark.parametrize("module", MADE, ids=lambda module: module.__name__.rpartition(".")[2])


@MODULES
def test_nothing_listed_is_nothing_removed(aws, module):
    make(aws, module, **MADE[module])
    result = converge(aws, module, [], state="absent")
    assert (result["changes"], result["kept"]) == ([], [])
    converge(aws, module, [], **MADE[module])


@MODULES
def test_everything_is_only_for_removal(aws, module):
    refused(aws, module, "everything_to_make", everything=True, **MADE[module])


@MODULES
def test_to_remove_a_resource_its_name_is_enough(aws, module):
    make(aws, module, **MADE[module])
    ((section, (item,)),) = MADE[module].items()
    result = make(aws, module, state="absent", **{section: [{"name": item["name"]}]})
    assert [(change["name"], change["action"]) for change in result["changes"]] == [(item["name"], "delete")]


@pytest.mark.parametrize(
    ("module", "section", "member"),
    [
        (clumio_sns_topic, "kms_keys", "policy"),
        (clumio_eventbridge_rules, "rules", "event_pattern"),
        (clumio_iam_roles, "policies", "document"),
        (clumio_iam_roles, "roles", "trust_policy"),
        (clumio_iam_roles, "instance_profiles", "role"),
        (clumio_ssm_documents, "ssm_documents", "content"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_to_make_it_that_is_not_enough(aws, module, section, member):
    result = refused(aws, module, "invalid_resources", **{section: [{"name": "Resource"}]})
    assert f"Resource has no {member}" in result["msg"]
