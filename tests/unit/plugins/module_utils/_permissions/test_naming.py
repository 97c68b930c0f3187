# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of the user's choice, from the file through the plan, its check and the ARNs that are handed over."""

from __future__ import annotations

import json
import re

import pytest
from aws_in_process import ACCOUNT, REGION
from permissions_files import EXTERNAL_ID, PLACE, TOKEN, permissions_file, policy, resolved, smallest_file, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._permissions.arns import handed_over
from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import audit
from ansible_collections.clumio.aws.plugins.module_utils._permissions.load import load
from ansible_collections.clumio.aws.plugins.module_utils._permissions.names import Connection, Naming

ASSETS = ("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue", "iceberg_on_s3_tables")
EVERYTHING = permissions_file(*ASSETS)
GET = policy(Action="s3:GetObject", Resource="*")

# One entity of each kind, and a policy that mentions all of them.
KINDS = {
    "topics": {"ClumioTopic": {}},
    "rules": {"ClumioRule": {"event_pattern": {"source": ["aws.ec2"]}, "targets": ["CLUMIOTOPIC"]}},
    "policies": {"ClumioUnattached": {"policy_document": GET}},
    "roles": {
        "ClumioIAMRole": {
            "trust_policy": trust_policy(),
            "managed_policies": [{"name": "ClumioManaged", "policy_document": GET}],
            "inline_policies": [
                {
                    "name": "ClumioInline",
                    "policy_document": policy(
                        Action="a:B",
                        Resource=[
                            "CLUMIOTOPIC",
                            "CLUMIORULE",
                            "CLUMIOUNATTACHED",
                            "CLUMIOMANAGED",
                            "CLUMIOINSTANCEROLE",
                        ],
                    ),
                }
            ],
        },
        "ClumioInstanceRole": {
            "trust_policy": policy(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
        },
    },
    "ssm_documents": {
        "Clumio-Document-CLUMIOTOKEN": {
            "schemaVersion": "2.2",
            "mainSteps": [{"action": "aws:runPowerShellScript", "name": "run", "inputs": {"runCommand": ["1"]}}],
        }
    },
}


def errors(file, naming):
    """Code and place of everything that speaks against the plan of a file."""
    result = resolved(file, naming)
    findings = [*result.findings, *audit(result.plan, naming.connection)]
    return [(finding.code, finding.section, finding.entity) for finding in findings if finding.level == "error"]


def named(**naming):
    """The name of each entity as it is in AWS; whatever mentions another, does so by that name."""
    plan = resolved(KINDS, Naming(PLACE, **naming)).plan
    role, instance_role = sorted(plan.roles, key=lambda role: not role.inline_policies)
    managed, unattached = sorted(plan.policies, key=lambda policy: policy.arn not in role.managed_policies)
    (inline,), (topic,), (rule,) = role.inline_policies, plan.topics, plan.rules
    (profile,), (document,) = plan.instance_profiles, plan.ssm_documents
    mentioned = [topic.arn, rule.arn, unattached.arn, managed.arn, instance_role.arn]
    assert inline.document["Statement"][0]["Resource"] == mentioned
    assert role.managed_policies == (managed.arn,)
    assert [target.arn for target in rule.targets] == [topic.arn]
    assert (profile.name, profile.role) == (instance_role.name, instance_role.name)
    for resource in plan.resources():
        assert re.split("[:/]", resource.arn)[-1] == resource.name
    assert document.name == f"Clumio-Document-{TOKEN}"
    return {
        "ClumioTopic": topic.name,
        "ClumioRule": rule.name,
        "ClumioUnattached": unattached.name,
        "ClumioManaged": managed.name,
        "ClumioIAMRole": role.name,
        "ClumioInstanceRole": instance_role.name,
        "ClumioInline": inline.name,
    }


NAMES = ("ClumioTopic", "ClumioRule", "ClumioUnattached", "ClumioManaged", "ClumioIAMRole", "ClumioInstanceRole")
PLAIN = {name: name for name in (*NAMES, "ClumioInline")}
OWN = {name: name.removeprefix("Clumio") for name in PLAIN}


@pytest.mark.parametrize(
    ("naming", "names"),
    [
        ({}, PLAIN),
        ({"prefix": "a-", "suffix": "-z"}, PLAIN | {name: f"a-{name}-z" for name in NAMES}),
        ({"names": OWN}, OWN),
        (
            {"suffix": "-z", "names": {"ClumioManaged": "M", "ClumioInline": "N"}},
            PLAIN | {name: f"{name}-z" for name in NAMES} | {"ClumioManaged": "M", "ClumioInline": "N"},
        ),
    ],
    ids=["the file's", "prefix and suffix", "one's own", "some of one's own"],
)
def test_each_kind_and_what_mentions_it(naming, names):
    assert named(**naming) == names
    assert named(**naming, path="/backup/clumio/") == names


def test_path():
    """It stands in ARNs of IAM and in no other."""
    plan = resolved(KINDS, Naming(PLACE, path="/backup/clumio/")).plan
    iam = [*plan.policies, *plan.roles, *plan.instance_profiles]
    assert {resource.path for resource in iam} == {"/backup/clumio/"}
    assert {resource.arn.removesuffix(resource.name) for resource in iam} == {
        f"arn:aws:iam::{ACCOUNT}:{kind}/backup/clumio/" for kind in ("policy", "role", "instance-profile")
    }
    others = [*plan.topics, *plan.rules, *plan.ssm_documents]
    assert "/backup/" not in json.dumps([resource.as_dict() for resource in others])


def test_a_whole_file_under_other_names():
    """None of the ARNs that the file's own names would make is left anywhere."""
    plain = resolved(EVERYTHING).plan
    named = resolved(EVERYTHING, Naming(PLACE, path="/backup/", suffix="-z"))
    assert named.findings == ()
    text = json.dumps(named.plan.as_dict())
    others = [resource.arn for resource in plain.resources() if resource not in plain.ssm_documents]
    assert [arn for arn in others if f'"{arn}"' in text] == []


def test_handed_over():
    plain, named = (
        handed_over(load(json.dumps(EVERYTHING)), naming)
        for naming in (Naming(PLACE), Naming(PLACE, path="/b/", suffix="-z", names={"ClumioSupportRole": "Help"}))
    )
    assert named["clumio_event_pub_arn"] == f"{plain['clumio_event_pub_arn']}-z"
    assert named["clumio_iam_role_arn"] == PLACE.role_arn("ClumioIAMRole-z", "/b/")
    assert named["clumio_support_role_arn"] == PLACE.role_arn("Help", "/b/")
    assert named["event_rules"] == {word: f"{arn}-z" for word, arn in plain["event_rules"].items()}
    mssql = named["service_roles"]["mssql"]
    assert mssql["ec2_ssm_instance_profile_arn"] == PLACE.instance_profile_arn(
        "ClumioEC2MSSQLSSMInstanceRoleV2-z", "/b/"
    )


def test_two_regions_of_an_account_collide_in_nothing():
    """IAM knows no regions: what one region has there, the other neither makes nor mentions."""

    def plan(region, suffix):
        file = permissions_file(*ASSETS, region=region)
        result = resolved(
            file, Naming(Connection(ACCOUNT, region), suffix=suffix), token=TOKEN, external_id=EXTERNAL_ID
        )
        assert result.findings == ()
        assert [
            finding for finding in audit(result.plan, Connection(ACCOUNT, region)) if finding.level == "error"
        ] == []
        return result.plan

    one, other = plan(REGION, ""), plan("us-east-1", "-us-east-1")
    arns, other_arns = ({resource.arn for resource in part.resources()} for part in (one, other))
    assert len(arns) == len(one.resources())
    assert arns & other_arns == set()
    for text, foreign in ((one, other_arns), (other, arns)):
        assert {arn for arn in foreign if f'"{arn}"' in json.dumps(text.as_dict())} == set()


# ---- names that cannot be


@pytest.mark.parametrize(
    ("name", "said"),
    [("ClumioIamRole", "ClumioIAMRole"), ("Clumio-Document-CLUMIOTOKEN", "ClumioTopic"), ("", "ClumioInline")],
    ids=["a slip of the pen", "a name that is fixed", "none"],
)
def test_a_name_for_what_cannot_be_renamed(name, said):
    (finding,) = resolved(KINDS, Naming(PLACE, names={name: "Own"})).findings
    assert (finding.level, finding.code, finding.found) == ("error", "unknown_name", name)
    assert said in finding.hint


@pytest.mark.parametrize(
    ("section", "name", "longest"),
    [
        ("topics", "ClumioTopic", 256),
        ("rules", "ClumioRule", 64),
        ("policies", "ClumioManaged", 128),
        ("policies", "ClumioUnattached", 128),
        ("policies", "ClumioInline", 128),
        ("roles", "ClumioIAMRole", 64),
        ("roles", "ClumioInstanceRole", 64),
    ],
)
def test_longest_names(section, name, longest):
    assert errors(KINDS, Naming(PLACE, names={name: "n" * longest})) == []
    too_long = "n" * (longest + 1)
    assert errors(KINDS, Naming(PLACE, names={name: too_long})) == [("name_too_long", section, too_long)]


def test_a_suffix_can_make_names_too_long():
    """All of them are told, each with the name it would have; the profile of a role may be longer than the role."""
    suffix = "-" + "s" * 50
    found = errors(EVERYTHING, Naming(PLACE, suffix=suffix))
    too_long = {(section, name) for code, section, name in found if code == "name_too_long"}
    plan = resolved(EVERYTHING, Naming(PLACE, suffix=suffix)).plan
    assert too_long == {
        (section, resource.name)
        for section in ("rules", "roles")
        for resource in plan.sections()[section]
        if len(resource.name) > 64
    }
    assert too_long


@pytest.mark.parametrize("affix", [" ", "/", ":", "ä", "\n", "*", "{{ x }}"])
@pytest.mark.parametrize("where", ["prefix", "suffix"])
def test_affixes_with_signs_that_aws_does_not_take(where, affix):
    found = errors(KINDS, Naming(PLACE, **{where: affix}))
    assert {section for code, section, _name in found if code == "invalid_name"} >= {
        "topics",
        "rules",
        "policies",
        "roles",
    }


@pytest.mark.parametrize("naming", [{"suffix": "-CLUMIOTOKEN"}, {"names": {"ClumioInline": "CLUMIONOWHERE"}}])
def test_placeholders_are_no_part_of_names(naming):
    codes = {finding.code for finding in resolved(KINDS, Naming(PLACE, **naming)).findings}
    assert codes == {"placeholder_in_name"}


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("policies", {"ClumioManaged": "Same", "ClumioUnattached": "Same"}),
        ("policies", {"ClumioManaged": "ClumioUnattached"}),
        ("roles", {"ClumioIAMRole": "Same", "ClumioInstanceRole": "Same"}),
        ("roles", {"ClumioIAMRole": "same", "ClumioInstanceRole": "SAME"}),
    ],
    ids=["policies", "a policy and another's own", "roles", "roles in another case"],
)
def test_one_name_for_two_is_found_before_anything_is_made(section, names):
    """IAM tells names apart without looking at their case.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    assert section in {where for _code, where, _name in errors(KINDS, Naming(PLACE, names=names))}


def test_one_name_for_two_policies_inside_a_role_is_found():
    """AWS would keep only the one that is written last."""
    file = permissions_file("ebs")
    names = {"ClumioKMSPolicy": "Same", "ClumioInventoryPolicy": "Same"}
    assert errors(file, Naming(PLACE, names=names)) != []


def test_one_name_inside_two_roles_is_fine():
    inline = [{"name": "ClumioInline", "policy_document": GET}]
    roles = {name: {"trust_policy": trust_policy(), "inline_policies": inline} for name in ("ClumioIAMRole", "Other")}
    assert errors(smallest_file(roles=roles), Naming(PLACE, names={"ClumioInline": "Same"})) == []
