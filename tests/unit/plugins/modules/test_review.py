# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What clumio_permissions_file tells somebody who reviews a file, and the choices that this person has."""

from __future__ import annotations

import copy
import json

import pytest
from aws_in_process import ACCOUNT, REGION
from clumio_helpers import run_main
from permissions_files import CLUMIO_ACCOUNT, EXTERNAL_ID, PLACE, TOKEN, permissions_file, policy, trust_policy
from section_helpers import make

from ansible_collections.clumio.aws.plugins.modules import clumio_iam_roles, clumio_permissions_file, clumio_sns_topic

FILE = permissions_file("ebs")


@pytest.fixture
def review(aws):
    """Run the module; it writes nothing to AWS, and calls it only to compare with it."""

    def review(content=FILE, **options):
        place = {"account_id": ACCOUNT, "region": REGION, "token": TOKEN, "external_id": EXTERNAL_ID}
        source = {} if "path" in options else {"content": content}
        with aws.recorded() as calls:
            result = run_main(clumio_permissions_file, place | source | options)
        assert [call.operation for call in calls if call.writes] == []
        if options.get("previous") != "account":
            assert calls == []
        return result

    return review


def passed(result):
    assert not result.get("failed"), result["msg"]
    return result


def refused(result, code, said):
    """The module has failed with one sentence."""
    assert result.get("failed"), result
    assert result["failure"]["code"] == code
    assert said in result["msg"]
    assert "\n" not in result["msg"]


def inline(file, name, role="ClumioIAMRole"):
    """A policy of a role of the file, to be changed."""
    return next(item for item in file["roles"][role]["inline_policies"] if item["name"] == name)


def with_statement(file, name, **statement):
    """The file with a statement more in a policy of its main role."""
    result = copy.deepcopy(file)
    item = inline(result, name)
    document = json.loads(item["policy_document"])
    document["Statement"].append({"Effect": "Allow", "Resource": "*"} | statement)
    item["policy_document"] = document
    return result


def lines(result):
    return {item["holder"]: (item["change"], item["text"]) for item in passed(result)["difference"]}


# ---- catalogue


def test_catalogue(review):
    file = permissions_file("ebs", "s3")
    file["roles"]["ClumioIAMRole"]["inline_policies"].append(
        {
            "name": "ClumioS3Probe",
            "policy_document": policy(
                Action=["s3:GetObject", "S3:putobject", "kms:Decrypt"], Resource="arn:aws:s3:::a/*"
            ),
        }
    )
    found = passed(review(file))["catalogue"]
    assert {
        "holder": "ClumioIAMRole",
        "policy": "ClumioS3Probe",
        "asset_type": "s3",
        "service": "s3",
        "access_level": "write",
        "actions": ["PutObject"],
        "on_every_resource": False,
        "conditional": False,
    } in found
    assert {row["asset_type"] for row in found} == {"", "ebs", "s3"}
    assert {row["access_level"] for row in found} & {"unknown"} == set()
    assert [row["service"] for row in found if row["policy"] == "ClumioS3Probe"] == ["kms", "s3", "s3"]


def test_catalogue_of_a_preview(review):
    assigned = passed(review())["catalogue"]
    assert passed(review(token=None, external_id=None, preview=True))["catalogue"] == assigned


# ---- compared with an older file


@pytest.fixture
def older(tmp_path):
    def older(file):
        path = tmp_path / "older.json"
        path.write_text(json.dumps(file))
        return str(path)

    return older


def test_without_previous_there_is_no_difference(review):
    assert passed(review())["difference"] == []


def test_the_same_file(review, older):
    """However the other one is written."""
    other = {"resources": {name: dict(reversed(section.items())) for name, section in FILE.items()}}
    assert passed(review(previous=older(other)))["difference"] == []


def test_more_than_in_an_older_file(review, older):
    newer = with_statement(FILE, "ClumioKMSPolicy", Action="kms:CreateGrant")
    result = passed(review(newer, previous=older(FILE)))
    assert result["difference"] == [
        {
            "holder": "roles.ClumioIAMRole",
            "change": "changed",
            "widened": [
                {"effect": "Allow", "principal": "", "action": "kms:creategrant", "resource": "*", "condition": ""}
            ],
            "narrowed": [],
            "text": ["+ Allow kms:creategrant on *"],
        }
    ]
    assert lines(review(FILE, previous=older(newer))) == {
        "roles.ClumioIAMRole": ("changed", ["- Allow kms:creategrant on *"])
    }


def test_assets_more(review, older):
    """The roles that come with them are new, and what mentions them is as well."""
    found = lines(review(permissions_file("ebs", "s3"), previous=older(FILE)))
    changes = {holder: change for holder, (change, _text) in found.items()}
    assert changes == {
        "roles.ClumioIAMRole": "changed",
        "roles.ClumioS3ContinuousBackupEventBridgeRole": "added",
        "trust_policies.ClumioS3ContinuousBackupEventBridgeRole": "added",
    }
    assert all(line.startswith("+ Allow ") for _change, text in found.values() for line in text)


def test_names_are_no_difference(review, older):
    """An older file is read with the same choices as the newer one."""
    options = {"name_suffix": "-z", "iam_path": "/a/", "names": {"ClumioKMSPolicy": "Keys"}, "support_role": False}
    assert passed(review(previous=older(FILE), **options))["difference"] == []


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [("{", "invalid_permissions_file", "it is not JSON"), (None, "unreadable_path", "No such file")],
)
def test_an_older_file_that_cannot_be_read(review, tmp_path, text, code, said):
    path = tmp_path / "older.json"
    if text:
        path.write_text(text)
    refused(review(previous=str(path)), code, said)


# ---- compared with the account


def provision(aws, result):
    """Make what grants in a plan."""
    plan = passed(result)["permissions"]
    make(aws, clumio_sns_topic, topics=plan["topics"], approve_changes=True)
    wanted = {section: plan[section] for section in ("policies", "roles", "instance_profiles", "retired")}
    make(aws, clumio_iam_roles, **wanted, approve_changes=True)


def test_an_empty_account(review):
    found = lines(review(previous="account"))
    assert {change for change, _text in found.values()} == {"added"}
    assert {holder for holder in found if holder.startswith("trust_policies.")} == {
        "trust_policies.ClumioIAMRole",
        "trust_policies.ClumioSupportRole",
    }
    assert "topics.ClumioEventPub" in found


def test_an_account_that_grants_just_this(aws, review):
    provision(aws, review())
    assert lines(review(previous="account")) == {}


def test_an_account_that_grants_less(aws, review):
    provision(aws, review())
    newer = with_statement(FILE, "ClumioKMSPolicy", Action="kms:CreateGrant")
    assert lines(review(newer, previous="account")) == {
        "roles.ClumioIAMRole": ("changed", ["+ Allow kms:creategrant on *"])
    }


def test_an_account_that_has_drifted(aws, review):
    provision(aws, review())
    iam = aws.client("iam")
    trust = trust_policy(Principal={"AWS": "111122223333"}, Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})
    iam.update_assume_role_policy(RoleName="ClumioSupportRole", PolicyDocument=json.dumps(trust))
    iam.detach_role_policy(RoleName="ClumioIAMRole", PolicyArn=PLACE.policy_arn("ClumioEC2BackupPolicy"))
    found = lines(review(previous="account"))
    assert set(found) == {"policies.ClumioEC2BackupPolicy", "roles.ClumioIAMRole", "trust_policies.ClumioSupportRole"}
    assert [line[0] for line in found["trust_policies.ClumioSupportRole"][1]] == ["-", "+"]


def test_an_account_after_the_change(aws, review):
    """What was ours is gone; what others have put inside stays, and is not told as lost."""
    newer = copy.deepcopy(FILE)
    newer["roles"]["ClumioIAMRole"]["inline_policies"].remove(inline(newer, "ClumioKMSPolicy"))
    provision(aws, review())
    document = json.dumps(policy(Action="s3:GetObject", Resource="*"))
    aws.client("iam").put_role_policy(RoleName="ClumioIAMRole", PolicyName="Theirs", PolicyDocument=document)
    assert lines(review(newer, previous="account"))["roles.ClumioIAMRole"][1][0].startswith("- Allow kms:")
    provision(aws, review(newer))
    held = aws.role("ClumioIAMRole")["inline_policies"]
    assert ("ClumioKMSPolicy" in held, "Theirs" in held) == (False, True)
    assert lines(review(newer, previous="account")) == {}


# ---- the support role


def test_without_the_support_role(review):
    result = passed(review(support_role=False))
    assert [role["name"] for role in result["permissions"]["roles"]] == ["ClumioIAMRole"]
    plan = result["permissions"]
    assert plan.pop("retired") == [PLACE.role_arn("ClumioSupportRole")]
    assert "SupportRole" not in json.dumps([plan, result["catalogue"]])
    assert result["arns"]["clumio_support_role_arn"] == ""
    assert result["arns"]["clumio_iam_role_arn"] == PLACE.role_arn("ClumioIAMRole")
    assert result["findings"] == []
    with_it = passed(review())
    assert with_it["arns"] == result["arns"] | {"clumio_support_role_arn": PLACE.role_arn("ClumioSupportRole")}


def test_the_support_role_that_an_earlier_run_has_made_goes(aws, review):
    provision(aws, review())
    without = review(support_role=False)
    provision(aws, without)
    roles = aws.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles] == ["ClumioIAMRole"]
    assert lines(review(support_role=False, previous="account")) == {}


def test_without_the_support_role_where_a_policy_needs_it(review):
    file = with_statement(
        FILE,
        "ClumioKMSPolicy",
        Action="iam:GetRole",
        Condition={"ArnEquals": {"aws:PrincipalArn": "CLUMIOSUPPORTROLE"}},
    )
    passed(review(file))
    refused(review(file, support_role=False), "unknown_placeholder", "CLUMIOSUPPORTROLE")


# ---- names


def test_names(review):
    result = passed(
        review(
            permissions_file("ebs", "mssql"),
            name_prefix="a-",
            name_suffix="-z",
            iam_path="/backup/",
            names={"ClumioIAMRole": "Clumio", "ClumioKMSPolicy": "Keys"},
        )
    )
    plan = result["permissions"]
    (topic,), roles = plan["topics"], {role["name"]: role for role in plan["roles"]}
    assert topic["arn"] == PLACE.topic_arn("a-ClumioEventPub-z")
    assert result["arns"]["clumio_iam_role_arn"] == roles["Clumio"]["arn"] == PLACE.role_arn("Clumio", "/backup/")
    assert "Keys" in [item["name"] for item in roles["Clumio"]["inline_policies"]]
    (profile,) = plan["instance_profiles"]
    assert profile["name"] == profile["role"] == "a-ClumioEC2MSSQLSSMInstanceRoleV2-z"
    assert profile["arn"] == PLACE.instance_profile_arn(profile["name"], "/backup/")
    assert result["arns"]["service_roles"]["mssql"]["ec2_ssm_instance_profile_arn"] == profile["arn"]
    assert {document["name"].startswith("Clumio-") for document in plan["ssm_documents"]} == {True}
    assert {target["arn"] for rule in plan["rules"] for target in rule["targets"]} == {topic["arn"]}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"names": {"ClumioIamRole": "x"}}, "unknown_name", "ClumioIamRole"),
        ({"names": {"ClumioIAMRole": 5}}, "invalid_names", "ClumioIAMRole"),
        ({"names": {"ClumioIAMRole": None}}, "invalid_names", "ClumioIAMRole"),
        ({"names": {"ClumioKMSPolicy": ["x"]}}, "invalid_names", "ClumioKMSPolicy"),
        ({"names": {"ClumioIAMRole": "a b"}}, "invalid_name", "roles.a b: "),
        ({"name_suffix": "-" + "z" * 60}, "name_too_long", "AWS allows 64"),
        ({"name_prefix": "a/"}, "invalid_name", "characters that AWS does not allow"),
        ({"iam_path": "backup"}, "invalid_path", "/backup/ for example"),
    ],
)
def test_names_that_cannot_be(review, options, code, said):
    refused(review(**options), code, said)


def test_two_regions_of_an_account(aws, review):
    """Both can be made: with a suffix of its own the second one is in nobody's way."""
    provision(aws, review())
    other = review(
        permissions_file("ebs", region="us-east-1"), region="us-east-1", name_suffix="-us-east-1", previous="account"
    )
    assert {item["change"] for item in passed(other)["difference"]} == {"added"}
    wanted = {section: other["permissions"][section] for section in ("policies", "roles", "instance_profiles")}
    result = make(aws, clumio_iam_roles, **wanted, region="us-east-1")
    assert {change["action"] for change in result["changes"]} == {"create"}
    assert lines(review(previous="account")) == {}


# ---- Clumio's account


def test_clumios_account(review):
    passed(review(clumio_account_id=CLUMIO_ACCOUNT))
    refused(review(clumio_account_id="444455556666"), "foreign_principal", CLUMIO_ACCOUNT)


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "111122223333"},
        {"AWS": ["arn:aws:iam::111122223333:root", f"arn:aws:iam::{CLUMIO_ACCOUNT}:root"]},
        {"AWS": "arn:aws:iam::111122223333:role/ClumioCustomerProtectRole"},
        {"AWS": "arn:aws:sts::111122223333:assumed-role/a/b"},
        {"AWS": "AIDACKCEVSQ6C2EXAMPLE"},
    ],
)
def test_a_role_that_trusts_another_account(review, principal):
    file = copy.deepcopy(FILE)
    file["roles"]["ClumioIAMRole"]["trust_policy"] = trust_policy(Principal=principal)
    # The topic is Clumio's in any case, and Clumio has one account.
    refused(review(file), "several_accounts", "roles.ClumioIAMRole.trust_policy")
    refused(review(file, clumio_account_id=CLUMIO_ACCOUNT), "foreign_principal", "roles.ClumioIAMRole.trust_policy")


def test_a_role_that_trusts_an_identity_provider(review):
    """Whoever has an account there could assume it, and Clumio comes from AWS."""
    file = copy.deepcopy(FILE)
    file["roles"]["ClumioIAMRole"]["trust_policy"] = policy(
        Principal={"Federated": "accounts.google.com"}, Action="sts:AssumeRoleWithWebIdentity"
    )
    refused(review(file, clumio_account_id=CLUMIO_ACCOUNT), "foreign_principal", "accounts.google.com")


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": CLUMIO_ACCOUNT},
        {"AWS": f"arn:aws:iam::{CLUMIO_ACCOUNT}:root"},
        {"Service": "ec2.amazonaws.com"},
    ],
)
def test_a_role_that_trusts_clumio_or_a_service(review, principal):
    file = copy.deepcopy(FILE)
    file["roles"]["ClumioIAMRole"]["trust_policy"] = trust_policy(Principal=principal)
    passed(review(file, clumio_account_id=CLUMIO_ACCOUNT))
