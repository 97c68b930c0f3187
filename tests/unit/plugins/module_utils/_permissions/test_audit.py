# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from dataclasses import replace

import pytest
from aws_in_process import ACCOUNT, REGION
from permissions_files import CLUMIO_ACCOUNT, EXTERNAL_ID, PLACE, permissions_file, policy, resolved, trust_policy

from ansible_collections.clumio.aws.plugins.module_utils._permissions.audit import (
    audit,
    audit_credentials,
    audit_quotas,
    audit_rule_count,
)
from ansible_collections.clumio.aws.plugins.module_utils._permissions.documents import compact
from ansible_collections.clumio.aws.plugins.module_utils._permissions.plan import (
    InlinePolicy,
    InstanceProfile,
    KmsKey,
    Plan,
    Policy,
    Role,
    Rule,
    SsmDocument,
    Target,
    Topic,
)
from ansible_collections.clumio.aws.plugins.module_utils._permissions.preferences import key_policy

SMALL = policy(Action="s3:GetObject", Resource="*")
TRUST = trust_policy(Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}})


def plan(**sections):
    empty = dict.fromkeys(
        ("kms_keys", "topics", "rules", "policies", "roles", "instance_profiles", "ssm_documents"), ()
    )
    return Plan(**empty | {section: (resource,) for section, resource in sections.items()})


def key(name="K", document=None):
    return KmsKey(name=name, arn=PLACE.kms_alias_arn(name), policy=document or key_policy(PLACE, PLACE.topic_arn(name)))


def topic(name="T", document=None):
    return Topic(name=name, arn=PLACE.topic_arn(name), policy=document)


def rule(name="R", pattern=None):
    return Rule(name=name, arn=PLACE.rule_arn(name), event_pattern=pattern or {"source": ["a"]})


def managed(name="P", document=SMALL):
    return Policy(name=name, arn=PLACE.policy_arn(name), document=document)


def role(name="R", trust=TRUST, inline=(), attached=(), boundary=None):
    policies = tuple(InlinePolicy(name=f"I{number}", document=document) for number, document in enumerate(inline))
    return Role(
        name=name,
        arn=PLACE.role_arn(name),
        trust_policy=trust,
        inline_policies=policies,
        managed_policies=tuple(attached),
        permissions_boundary=boundary,
    )


def profile(name="I"):
    return InstanceProfile(name=name, arn=PLACE.instance_profile_arn(name), role="R")


def document(name="Doc", content=None):
    return SsmDocument(name=name, arn=PLACE.ssm_document_arn(name), content=content or {"schemaVersion": "2.2"})


MAKERS = {
    "kms_keys": key,
    "topics": topic,
    "rules": rule,
    "policies": managed,
    "roles": role,
    "instance_profiles": profile,
    "ssm_documents": document,
}


def errors(audited, **options):
    return [finding for finding in audit(audited, PLACE, **options) if finding.level == "error"]


def found(audited):
    return [(finding.code, finding.place, finding.found, finding.limit) for finding in errors(audited)]


def test_a_file_of_clumios_passes():
    for region_words in (["ebs"], ["ebs", "rds", "dynamodb", "s3"], ["ebs", "s3", "mssql", "iceberg_on_glue"]):
        assert audit(resolved(permissions_file(*region_words)).plan, PLACE) == []


# ---- names


@pytest.mark.parametrize(
    ("section", "longest"),
    [
        ("kms_keys", 250),
        ("topics", 256),
        ("rules", 64),
        ("policies", 128),
        ("roles", 64),
        ("instance_profiles", 128),
        ("ssm_documents", 128),
    ],
)
def test_length_of_names(section, longest):
    fits, too_long = "n" * longest, "n" * (longest + 1)
    assert found(plan(**{section: MAKERS[section](fits)})) == []
    assert found(plan(**{section: MAKERS[section](too_long)})) == [
        ("name_too_long", f"{section}.{too_long}", longest + 1, longest)
    ]


@pytest.mark.parametrize(
    ("section", "good", "bad"),
    [
        ("kms_keys", ["Clumio_Event-Pub", "a/b", "aws"], ["aws/sns", "a.b", "a b", "", "a\n"]),
        ("topics", ["Clumio_Event-Pub"], ["a.b", "a b", "", "ä", "a\n"]),
        ("rules", ["Clumio_Event.Rule-1"], ["a+b", "a/b", "", "ä"]),
        ("policies", ["Clumio+=,.@-_1"], ["a/b", "a b", "", "ä"]),
        ("roles", ["Clumio+=,.@-_1"], ["a:b", "", "ä"]),
        ("instance_profiles", ["Clumio+=,.@-_1"], ["a:b", ""]),
        ("ssm_documents", ["Cl.", "Clumio-X_1.2"], ["ab", "a+b", "a/b", "", "AWS-RunShellScript", "amazonX", "AmznX"]),
        ("topics", [], ["../x", "a\0b", "\x1b[2J", "\u0421lumio", "{{ 1 }}", "<script>"]),
        ("policies", [], ["arn:aws:iam::aws:policy/AdministratorAccess", "../x", "\u216dlumio", "{% raw %}"]),
        ("roles", [], ["../x", "a/b", "Clumio\u00adIAMRole", "ClumioIAMRo1e\n", "{{ lookup('pipe', 'id') }}"]),
        ("rules", [], ["../x", "default/x", "Clumio\u200bRule"]),
    ],
)
def test_characters_of_names(section, good, bad):
    for name in good:
        assert found(plan(**{section: MAKERS[section](name)})) == []
    for name in bad:
        (finding,) = errors(plan(**{section: MAKERS[section](name)}))
        assert (finding.code, finding.section, finding.found) == ("invalid_name", section, name)


@pytest.mark.parametrize(
    ("name", "codes"), [("n" * 128, []), ("n" * 129, ["name_too_long"]), ("a/b", ["invalid_name"])]
)
def test_names_of_inline_policies(name, codes):
    inline = Role(
        name="R",
        arn=PLACE.role_arn("R"),
        trust_policy=TRUST,
        inline_policies=(InlinePolicy(name=name, document=SMALL),),
    )
    assert [finding.code for finding in errors(plan(roles=inline))] == codes


# ---- descriptions


@pytest.mark.parametrize(
    ("section", "text", "code"),
    [
        *[(section, "Reads\ta\r\nb, 100 % <b>{{ 1 }}</b>", None) for section in ("rules", "policies", "roles")],
        *[(section, "a\x1b[2J", "invalid_description") for section in ("rules", "policies", "roles")],
        *[(section, "a\0", "invalid_description") for section in ("rules", "policies", "roles")],
        ("roles", "\u00ff", None),
        ("roles", "\u0441", "invalid_description"),
        ("policies", "\u0441", None),
        ("roles", "x" * 1001, "description_too_long"),
        ("policies", "x" * 1001, "description_too_long"),
        ("rules", "x" * 513, "description_too_long"),
        ("rules", "x" * 512, None),
    ],
)
def test_descriptions(section, text, code):
    made = replace(MAKERS[section](), description=text)
    expected = [(code, f"{section}.{made.name}.description")] if code else []
    assert [(finding.code, finding.place) for finding in errors(plan(**{section: made}))] == expected


# ---- sizes


def of_size(size, make=lambda text: policy(Sid=text, Action="a", Resource="*")):
    """A document with so many characters when it is sent."""
    text = make("x" * (size - len(compact(make("")))))
    assert len(compact(text)) == size
    return text


def trust_of_size(size):
    return of_size(size, lambda text: {**TRUST, "Id": text})


SIZES = {
    "topic policy": (lambda size: plan(topics=topic(document=of_size(size))), "topics.T.policy", 30720),
    "event pattern": (
        lambda size: plan(rules=rule(pattern=of_size(size, lambda text: {"source": [text]}))),
        "rules.R.event_pattern",
        2048,
    ),
    "managed policy": (lambda size: plan(policies=managed(document=of_size(size))), "policies.P.document", 6144),
    "trust policy": (lambda size: plan(roles=role(trust=trust_of_size(size))), "roles.R.trust_policy", 2048),
    "inline policies together": (
        lambda size: plan(roles=role(inline=[of_size(4000), of_size(size - 4000)])),
        "roles.R.inline_policies",
        10240,
    ),
    "key policy": (lambda size: plan(kms_keys=key(document=of_size(size))), "kms_keys.K.policy", 32768),
    "SSM document": (
        lambda size: plan(ssm_documents=document(content=of_size(size, lambda text: {"description": text}))),
        "ssm_documents.Doc.content",
        65536,
    ),
}


@pytest.mark.parametrize(("make", "place", "limit"), SIZES.values(), ids=SIZES)
def test_size_of_documents(make, place, limit):
    assert found(make(limit)) == []
    assert found(make(limit + 1)) == [("document_too_large", place, limit + 1, limit)]


def test_characters_count_in_iam_and_bytes_in_ssm():
    wide = "ä" * 100
    fits = of_size(6144, lambda text: policy(Sid=wide + text, Action="a", Resource="*"))
    too_large = of_size(65536, lambda text: {"description": wide + text})
    assert found(plan(policies=managed(document=fits), ssm_documents=document(content=too_large))) == [
        ("document_too_large", "ssm_documents.Doc.content", 65636, 65536)
    ]


def test_biggest_policy_breaks_only_in_partitions_with_long_names():
    """Sizes count after placeholders are replaced: what fits in one region may be too large in another."""
    documents = {
        region: next(
            item.document
            for item in resolved(permissions_file("ebs", region=region)).plan.policies
            if item.name == "ClumioEC2RestorePolicy"
        )
        for region in ("us-west-2", "us-gov-west-1")
    }
    assert len(compact(documents["us-west-2"])) < len(compact(documents["us-gov-west-1"]))


# ---- for whom it is made

ANOTHER = "111122223333"


@pytest.mark.parametrize(
    ("resource", "regions"),
    [
        (f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/*", ["us-east-1"]),
        (["arn:aws:ec2:us-east-1::snapshot/*", f"arn:aws:rds:eu-west-1:{ACCOUNT}:db:*"], ["eu-west-1", "us-east-1"]),
        (f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/*", []),
        (f"arn:aws:ec2:*:{ACCOUNT}:instance/*", []),
        (f"arn:aws:iam::{ACCOUNT}:role/us-east-1", []),
        (f"arn:aws:sns:us-east-1:{CLUMIO_ACCOUNT}:ClumioSSMTopic", []),
    ],
)
def test_a_file_of_another_region(resource, regions):
    findings = errors(plan(policies=managed(document=policy(Action="a", Resource=resource))))
    assert [(finding.code, finding.found) for finding in findings] == [("foreign_region", region) for region in regions]


@pytest.mark.parametrize(
    ("statement", "accounts"),
    [
        ({"Resource": f"arn:aws:iam::{ANOTHER}:role/*"}, [ANOTHER]),
        ({"Resource": ["*", f"arn:aws-us-gov:ec2:{REGION}:{ANOTHER}:instance/*"]}, [ANOTHER]),
        ({"Resource": "*", "Condition": {"StringEquals": {"AWS:SourceAccount": ANOTHER}}}, [ANOTHER]),
        ({"Resource": "*", "Condition": {"StringLike": {"aws:sourceaccount": [ACCOUNT, ANOTHER]}}}, [ANOTHER]),
        (
            {"Resource": [f"arn:aws:iam::{ANOTHER}:role/a", "arn:aws:ec2:us-west-2:444455556666:volume/*"]},
            [ANOTHER, "444455556666"],
        ),
        ({"Resource": f"arn:aws:i*m::{ANOTHER}:role/*"}, [ANOTHER]),
        ({"Resource": f"arn:*:*::{ANOTHER}:*"}, [ANOTHER]),
        ({"Resource": "arn:aws:iam::11112222333?:role/*"}, ["11112222333?"]),
        ({"Resource": f"arn:aws:iam::{ACCOUNT}:role/*"}, []),
        ({"Resource": "arn:aws:iam::*:role/Clumio"}, []),
        ({"Resource": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, []),
        ({"Resource": "arn:aws:ec2:*::snapshot/*"}, []),
        # Clumio's own accounts have a place in the file
        ({"Resource": f"arn:aws:sns:{REGION}:{CLUMIO_ACCOUNT}:ClumioSSMTopic"}, []),
        ({"Resource": f"arn:aws:events:*:{CLUMIO_ACCOUNT}:event-bus/*"}, []),
        ({"Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{CLUMIO_ACCOUNT}:root"}}, []),
        ({"Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": ANOTHER}}}, []),
    ],
)
@pytest.mark.parametrize(
    ("make", "place"),
    [
        (lambda text: plan(topics=topic(document=text)), "topics.T.policy"),
        (lambda text: plan(policies=managed(document=text)), "policies.P.document"),
        (lambda text: plan(roles=role(inline=[text])), "roles.R.inline_policies.I0"),
    ],
    ids=["topic", "policy", "role"],
)
def test_a_file_of_another_account(make, place, statement, accounts):
    findings = errors(make(policy(Action="a", **statement)))
    assert [(finding.code, finding.found) for finding in findings] == [
        ("foreign_account", account) for account in accounts
    ]
    assert all(place in finding.message and ACCOUNT in finding.message for finding in findings)


def test_a_file_of_another_account_is_told_once():
    findings = audit(resolved(permissions_file("ebs", "s3", "mssql", account=ANOTHER)).plan, PLACE)
    (finding,) = findings
    assert (finding.code, finding.found) == ("foreign_account", ANOTHER)
    assert " more)" in finding.message


# ---- whom it trusts

ASKING = {"Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}}
OTHERS_ROLE = {"Principal": {"AWS": f"arn:aws:iam::{CLUMIO_ACCOUNT}:role/ClumioCustomerProtectRole"}}


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (OTHERS_ROLE | ASKING, None),
        (OTHERS_ROLE | {"Condition": {"StringEquals": {"STS:EXTERNALID": [EXTERNAL_ID]}}}, None),
        (OTHERS_ROLE | {"Effect": "Deny", "Condition": {}}, None),
        ({"Principal": {"Service": "ec2.amazonaws.com"}, "Condition": {}}, None),
        (OTHERS_ROLE | {"Condition": {}}, "missing_external_id_condition"),
        (OTHERS_ROLE | {"Condition": {"StringEquals": {"aws:PrincipalTag/x": "y"}}}, "missing_external_id_condition"),
        (OTHERS_ROLE | {"Condition": {"StringLike": {"sts:ExternalId": "*"}}}, "missing_external_id_condition"),
        (OTHERS_ROLE | {"Condition": {"StringNotEquals": {"sts:ExternalId": "x"}}}, "missing_external_id_condition"),
        (
            OTHERS_ROLE | {"Condition": {"StringEqualsIfExists": {"sts:ExternalId": EXTERNAL_ID}}},
            "missing_external_id_condition",
        ),
        (
            {"Principal": {"AWS": CLUMIO_ACCOUNT, "Service": "ec2.amazonaws.com"}, "Condition": {}},
            "missing_external_id_condition",
        ),
        ({"Principal": "*"} | ASKING, "wildcard_principal"),
        ({"Principal": {"AWS": "*"}} | ASKING, "wildcard_principal"),
        ({"Principal": {"AWS": [CLUMIO_ACCOUNT, "*"]}} | ASKING, "wildcard_principal"),
        ({"NotPrincipal": {"AWS": CLUMIO_ACCOUNT}, "Principal": None} | ASKING, "wildcard_principal"),
        ({"Principal": {"AWS": f"arn:aws:iam::{CLUMIO_ACCOUNT}:role/*"}} | ASKING, "wildcard_principal"),
        ({"Principal": {"AWS": "arn:aws:iam::99998888777?:root"}} | ASKING, "wildcard_principal"),
        ({"Principal": {"Service": "*"}}, "wildcard_principal"),
        ({"Principal": {"Service": "*.amazonaws.com"}}, "wildcard_principal"),
        ({"Principal": {"Federated": "*"}}, "wildcard_principal"),
        ({"Principal": {"Federated": "accounts.google.com"}}, "foreign_principal"),
        (
            {"Principal": {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}},
            "foreign_principal",
        ),
        ({"Principal": {"Service": "evil.example.com"}}, "foreign_principal"),
        ({"Principal": {"Service": ["ec2.amazonaws.com", "amazonaws.com"]}}, "foreign_principal"),
        ({"Principal": {"aws": CLUMIO_ACCOUNT}} | ASKING, "foreign_principal"),
        (
            OTHERS_ROLE | {"Condition": {"ForAnyValue:StringEquals": {"sts:ExternalId": "x"}}},
            "missing_external_id_condition",
        ),
        (OTHERS_ROLE | {"Condition": {"Null": {"sts:ExternalId": "false"}}}, "missing_external_id_condition"),
        ({"Principal": None} | ASKING, "missing_principal"),
        ({"Principal": {}} | ASKING, "missing_principal"),
    ],
)
def test_trust(statement, code):
    trust = trust_policy(**statement)
    trust["Statement"].insert(0, TRUST["Statement"][0])
    expected = [(code, "roles.R.trust_policy.Statement[1]")] if code else []
    assert [(finding.code, finding.place) for finding in errors(plan(roles=role(trust=trust)))] == expected


@pytest.mark.parametrize(
    ("principal", "trusted"),
    [
        (f"arn:aws:iam::{CLUMIO_ACCOUNT}:role/ClumioCustomerProtectRole", True),
        (f"arn:aws-us-gov:iam::{CLUMIO_ACCOUNT}:root", True),
        (CLUMIO_ACCOUNT, True),
        (ANOTHER, False),
        (f"arn:aws:iam::{ANOTHER}:role/ClumioCustomerProtectRole", False),
        ([CLUMIO_ACCOUNT, ANOTHER], False),
        (f"arn:aws:iam::{ANOTHER}:role/{CLUMIO_ACCOUNT}", False),
    ],
)
def test_only_clumios_account_is_trusted_where_it_is_known(principal, trusted):
    audited = plan(roles=role(trust=trust_policy(Principal={"AWS": principal}, **ASKING)))
    assert [finding.code for finding in errors(audited)] == (
        ["several_accounts"] if isinstance(principal, list) else []
    )
    findings = errors(audited, clumio_account_id=CLUMIO_ACCOUNT)
    assert [finding.code for finding in findings] == ([] if trusted else ["foreign_principal"])


@pytest.mark.parametrize(
    ("service", "warned"),
    [
        *[(f"{name}.amazonaws.com{ending}", False) for name in ("ec2", "events", "ssm") for ending in ("", ".cn")],
        ("lambda.amazonaws.com", True),
        ("edgelambda.us-west-2.amazonaws.com", True),
    ],
)
def test_a_service_that_known_files_do_not_trust(service, warned):
    audited = plan(roles=role(trust=policy(Principal={"Service": service}, Action="sts:AssumeRole")))
    expected = [("warning", "unusual_service", service)] if warned else []
    assert [(finding.level, finding.code, finding.found) for finding in audit(audited, PLACE)] == expected


def test_accounts_of_several_places_are_told_where_clumios_is_not_known():
    audited = plan(
        roles=role(trust=trust_policy(Principal={"AWS": CLUMIO_ACCOUNT}, **ASKING)),
        topics=topic(document=policy(Principal={"AWS": [ANOTHER, ACCOUNT]}, Action="sns:Subscribe", Resource="*")),
    )
    (finding,) = errors(audited)
    assert (finding.code, finding.found) == ("several_accounts", f"{ANOTHER}, {CLUMIO_ACCOUNT}")
    assert f"{ANOTHER} (see topics.T.policy), {CLUMIO_ACCOUNT} (see roles.R.trust_policy)" in finding.message
    (finding,) = errors(audited, clumio_account_id=CLUMIO_ACCOUNT)
    assert (finding.code, finding.place, finding.found) == ("foreign_principal", "topics.T.policy", ANOTHER)


# ---- where events go


@pytest.mark.parametrize(
    ("arn", "fits"),
    [
        (PLACE.topic_arn("ClumioEventPub"), True),
        (f"arn:aws:sns:{REGION}:{ANOTHER}:ClumioEventPub", False),
        (f"arn:aws:lambda:{REGION}:{ANOTHER}:function:x", False),
        (f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/x", False),
        (f"arn:aws-cn:sns:{REGION}:{ACCOUNT}:T", False),
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:a b", False),
        ("arn:aws:s3:::bucket", False),
        ("https://evil.example.com", False),
        ("{{ lookup('pipe', 'id') }}", False),
    ],
)
def test_a_rule_that_reports_elsewhere(arn, fits):
    (made,) = plan(rules=rule()).rules
    findings = errors(plan(rules=replace(made, targets=(Target(id="t", arn=arn),))))
    expected = [] if fits else [("foreign_target", "rules.R.targets", arn)]
    assert [(finding.code, finding.place, finding.found) for finding in findings] == expected


# ---- what it opens


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ({"Principal": "*"}, "open_topic"),
        ({"Principal": {"AWS": ["*"]}}, "open_topic"),
        ({"Principal": "*", "Condition": {}}, "open_topic"),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}, None),
        ({"Principal": "*", "Condition": {"StringEquals": {"AWS:SourceOwner": [ACCOUNT]}}}, None),
        ({"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": PLACE.rule_arn("*")}}}, None),
        ({"Principal": {"AWS": CLUMIO_ACCOUNT}}, None),
        ({"Principal": {"Service": "events.amazonaws.com"}}, None),
        ({"Principal": {"Service": "*"}}, "open_topic"),
        ({"Principal": {"AWS": "arn:aws:iam::*:root"}}, "open_topic"),
        ({"NotPrincipal": {"AWS": CLUMIO_ACCOUNT}}, "open_topic"),
        ({"Principal": {"Federated": "accounts.google.com"}}, "foreign_principal"),
        ({"Principal": {"Service": "evil.example.com"}}, "foreign_principal"),
        ({"Principal": "*", "Condition": {"StringLike": {"aws:SourceAccount": "*"}}}, "open_topic"),
        ({"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}}, "open_topic"),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}}, "open_topic"),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": []}}}, "open_topic"),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, ANOTHER]}}}, "open_topic"),
        ({"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ANOTHER}:*"}}}, "open_topic"),
        ({"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}, "open_topic"),
        ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, "open_topic"),
        ({"Principal": "*", "Effect": "Deny"}, None),
    ],
)
def test_a_topic_open_to_everybody(statement, code):
    document = policy(Action="sns:Publish", Resource="*", **statement)
    expected = [(code, "topics.T.policy")] if code else []
    assert [(finding.code, finding.place) for finding in errors(plan(topics=topic(document=document)))] == expected


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ({"Action": "*", "Resource": "*"}, "allows_everything"),
        ({"Action": ["s3:*", "*"], "Resource": ["arn:aws:s3:::a", "*"]}, "allows_everything"),
        ({"Action": "*:*", "Resource": "**"}, "allows_everything"),
        ({"Action": ["iam:*", "s3:*", "EC2:*"], "Resource": "arn:aws:*"}, "allows_everything"),
        ({"NotAction": "s3:GetObject", "Resource": "*"}, "allows_everything"),
        ({"Action": "?*", "NotResource": "arn:aws:s3:::a"}, "allows_everything"),
        ({"Action": "iam:*", "Resource": "*"}, "allows_everything"),
        ({"Action": ["iam:Create*", "iam:Put*", "iam:Attach*", "iam:Update*"], "Resource": "*"}, "allows_everything"),
        ({"Action": "iam:*", "Resource": f"arn:aws:iam::{ACCOUNT}:role/Clumio*"}, None),
        ({"Action": ["iam:Get*", "iam:List*"], "Resource": "*"}, None),
        ({"NotAction": "s3:GetObject", "Resource": "arn:aws:s3:::a"}, None),
        ({"Action": "*", "Resource": "*", "Effect": "Deny"}, None),
        ({"Action": "*", "Resource": "arn:aws:s3:::a"}, None),
        ({"Action": "s3:*", "Resource": "*"}, None),
    ],
)
def test_a_policy_that_allows_everything(statement, code):
    expected = [code] if code else []
    assert [finding.code for finding in errors(plan(policies=managed(document=policy(**statement))))] == expected
    assert [finding.code for finding in errors(plan(roles=role(inline=[policy(**statement)])))] == expected


@pytest.mark.parametrize(
    ("roles", "warned"),
    [
        ({}, True),
        ({"roles": role(attached=[PLACE.policy_arn("P")])}, False),
        ({"roles": role(boundary=PLACE.policy_arn("P"))}, False),
        ({"roles": role(boundary=PLACE.policy_arn("P2"))}, True),
        ({"roles": role(inline=[policy(Action="iam:GetPolicy", Resource=PLACE.policy_arn("P"))])}, False),
        ({"roles": role(inline=[policy(Action="iam:GetPolicy", Resource=PLACE.policy_arn("P2"))])}, True),
    ],
)
def test_a_policy_without_a_use(roles, warned):
    findings = audit(plan(policies=managed(), **roles), PLACE)
    expected = [("warning", "unreferenced_policy", "policies.P")] if warned else []
    assert [(finding.level, finding.code, finding.place) for finding in findings] == expected


# ---- what only the account tells


@pytest.mark.parametrize(
    ("existing", "total"),
    [([], None), ([f"Other{number}" for number in range(299)], None), ([f"R{number}" for number in range(300)], 301)],
)
def test_count_of_rules(existing, total):
    findings = audit_rule_count(plan(rules=rule()), existing)
    expected = [("warning", "too_many_rules", total, 300)] if total else []
    assert [(finding.level, finding.code, finding.found, finding.limit) for finding in findings] == expected


def test_rules_that_are_there_already_count_once():
    assert audit_rule_count(plan(rules=rule()), ["R", *(f"Other{number}" for number in range(299))]) == []


@pytest.mark.parametrize(
    ("attached", "quotas", "expected"),
    [
        (10, {"AttachedPoliciesPerRoleQuota": 10}, []),
        (11, {"AttachedPoliciesPerRoleQuota": 10}, [("too_many_attachments", "roles.R.managed_policies", 11, 10)]),
        (11, {"AttachedPoliciesPerRoleQuota": 20}, []),
        (11, {}, []),
    ],
)
def test_quota_of_attached_policies(attached, quotas, expected):
    audited = plan(roles=role(attached=[PLACE.policy_arn(f"P{number}") for number in range(attached)]))
    findings = audit_quotas(audited, quotas)
    assert [(finding.code, finding.place, finding.found, finding.limit) for finding in findings] == expected


def test_credentials_of_the_account():
    assert audit_credentials(PLACE, ACCOUNT) == []


def test_credentials_of_another_account():
    (finding,) = audit_credentials(PLACE, ANOTHER)
    assert (finding.code, finding.found) == ("foreign_credentials", ANOTHER)
    assert ACCOUNT in finding.hint
