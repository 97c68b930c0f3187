# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import copy
import json

import pytest
from permissions_files import EXTERNAL_ID, NAMING, TOKEN, permissions_file, policy, smallest_file, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._permissions.arns import handed_over
from ansible_collections.clumio.aws.plugins.module_utils._permissions.leave_out import leave_out
from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import load
from ansible_collections.clumio.aws.plugins.module_utils._permissions.model import SUPPORT_ROLE
from ansible_collections.clumio.aws.plugins.module_utils._permissions.resolve import resolve

WORD = "CLUMIOSUPPORTROLE"
INSIDE = {"name": "Support", "policy_document": policy(Action="support:*", Resource="*")}
SUPPORT = {SUPPORT_ROLE: {"trust_policy": trust_policy(), "inline_policies": [INSIDE]}}


def loaded(file):
    return load(json.dumps(file))


def without(file):
    return leave_out(loaded(file), SUPPORT_ROLE)


def planned(file):
    return resolve(file, NAMING, token=TOKEN, external_id=EXTERNAL_ID)


def holding(**policies):
    """A file whose one role has these policies inside, the support role beside it."""
    inline = [{"name": name, "policy_document": document} for name, document in policies.items()]
    return smallest_file(roles=SUPPORT | {"ClumioIAMRole": {"trust_policy": trust_policy(), "inline_policies": inline}})


def statement(resource, **others):
    return {"Sid": "About", "Effect": "Allow", "Action": "iam:GetRole", "Resource": resource} | others


def statements(*items):
    return {"Version": "2012-10-17", "Statement": list(items)}


OTHER = statement("*", Sid="Other")


def test_the_role_is_gone_from_a_whole_file():
    file = without(permissions_file("ebs", "s3", "mssql"))
    result = planned(file)
    assert result.findings == ()
    assert "support" not in json.dumps(result.plan.as_dict()).lower()
    assert handed_over(file, NAMING)["clumio_support_role_arn"] == ""


def test_everything_else_stays():
    whole, left = (planned(file).plan for file in (loaded(permissions_file("ebs")), without(permissions_file("ebs"))))
    kept = {name: part for name, part in whole.sections().items() if name != "roles"}
    assert {name: part for name, part in left.sections().items() if name != "roles"} == kept
    assert [role.name for role in left.roles] == [role.name for role in whole.roles if role.name != SUPPORT_ROLE]


def test_the_arn_is_handed_over_empty_whether_the_file_has_the_role_or_not():
    file = loaded(permissions_file("ebs"))
    assert handed_over(file, NAMING)["clumio_support_role_arn"] == NAMING.role_arn(SUPPORT_ROLE)
    expected = handed_over(file, NAMING) | {"clumio_support_role_arn": ""}
    assert handed_over(file, NAMING, support_role=False) == expected
    assert handed_over(without(permissions_file("ebs")), NAMING) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (statements(statement(["CLUMIOIAMROLE", WORD])), [statement(["CLUMIOIAMROLE"])]),
        (statements(statement([WORD, "a", WORD, "b"])), [statement(["a", "b"])]),
        (statements(statement(WORD), OTHER), [OTHER]),
        (statements(statement([WORD]), OTHER), [OTHER]),
        (statements(statement([WORD, "a"], Effect="Deny"), OTHER), [statement(["a"], Effect="Deny"), OTHER]),
        (statement(["a", WORD]), [statement(["a"])]),
        (statements(OTHER, statement(["a", f"{WORD}POLICY"])), [OTHER, statement(["a", f"{WORD}POLICY"])]),
    ],
    ids=["list", "twice", "alone", "alone in a list", "denial", "one statement", "longer word"],
)
def test_statements_that_are_about_the_role(before, after):
    document = before if "Statement" in before else {"Version": "2012-10-17", "Statement": before}
    (role,) = without(holding(Probe=document)).roles
    assert role.inline_policies[0].document == statements(*after)


def test_a_policy_about_nothing_else_is_gone():
    about = statements(statement([WORD]), statement(WORD))
    file = holding(Inline=about, Kept=statements(OTHER))
    file["roles"]["ClumioIAMRole"]["managed_policies"] = [{"name": "Managed", "policy_document": about}]
    file["policies"] = {"Unattached": {"policy_document": about}, "Kept": {"policy_document": statements(OTHER)}}
    left = without(file)
    (role,) = left.roles
    assert [policy.name for policy in role.inline_policies] == ["Kept"]
    assert [policy.name for policy in role.managed_policies] == []
    assert [policy.name for policy in left.policies] == ["Kept"]


ELSEWHERE = {
    "condition": holding(Probe=statements(statement("*", Condition={"ArnEquals": {"aws:PrincipalArn": WORD}}))),
    "part of a resource": holding(Probe=statements(statement([f"{WORD}/*"]))),
    "excepted resource": holding(
        Probe=statements({"Effect": "Deny", "Action": "iam:GetRole", "NotResource": [WORD, "a"]})
    ),
    "trust policy": smallest_file(
        roles=SUPPORT | {"Other": {"trust_policy": policy(Principal={"AWS": WORD}, Action="sts:AssumeRole")}}
    ),
    "topic's policy": smallest_file(
        roles=SUPPORT,
        topics={
            "ClumioEventPub": {
                "policies": [
                    {
                        "name": "P",
                        "policy_document": policy(Principal={"AWS": WORD}, Action="sns:Publish", Resource="*"),
                    }
                ]
            }
        },
    ),
    "target of a rule": smallest_file(
        roles=SUPPORT, rules={"Rule": {"event_pattern": {"source": ["aws.ec2"]}, "targets": [WORD]}}
    ),
}


@pytest.mark.parametrize("file", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_mention_anywhere_else_is_found(file):
    assert planned(loaded(file)).findings == ()
    findings = planned(without(file)).findings
    assert [(finding.level, finding.code, finding.found) for finding in findings] == [
        ("error", "unknown_placeholder", WORD)
    ]


def test_a_file_without_the_role_loses_only_mentions_of_it():
    file = permissions_file("ebs")
    del file["roles"][SUPPORT_ROLE]
    assert leave_out(loaded(file), SUPPORT_ROLE) == without(permissions_file("ebs"))


def test_the_file_itself_is_left_as_it_was():
    file = loaded(permissions_file("ebs"))
    before = copy.deepcopy(file)
    leave_out(file, SUPPORT_ROLE)
    assert file == before
