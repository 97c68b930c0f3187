# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clumio.aws.plugins.module_utils._clumio.asset_types import (
    CANONICAL,
    filter_word,
    from_api,
    parse,
    wire,
)
from ansible_collections.clumio.aws.plugins.module_utils._errors import InputError

SPELLINGS = {
    "ebs": ["ebs", "EBS", "EC2/EBS", "ec2/ebs", "EC2", "ec2_ebs", "is_ebs_enabled"],
    "rds": ["rds", "RDS", "is_rds_enabled"],
    "dynamodb": ["dynamodb", "DynamoDB", "ddb", "DDB", "dynamo-db", "is_dynamodb_enabled"],
    "s3": ["s3", "S3", " s3 ", "is_s3_enabled"],
    "mssql": ["mssql", "EC2MSSQL", "ec2_mssql", "EC2/MSSQL", "ec2-mssql", "is_ec2_mssql_enabled"],
    "iceberg_on_glue": ["iceberg_on_glue", "IcebergOnGlue", "Iceberg on Glue", "is_iceberg_on_glue_enabled"],
    "iceberg_on_s3_tables": [
        "iceberg_on_s3_tables",
        "IcebergOnS3Tables",
        "iceberg-on-s3-tables",
        "is_iceberg_on_s3_tables_enabled",
    ],
}


@pytest.mark.parametrize(("word", "spelling"), [(word, one) for word, all_ in SPELLINGS.items() for one in all_])
def test_parse_spelling(word, spelling):
    assert word in parse([spelling, "ebs"])


@pytest.mark.parametrize(
    ("words", "parsed"),
    [
        (["s3", "EBS"], ("ebs", "s3")),
        (["S3", "s3", "ebs", "EC2"], ("ebs", "s3")),
        (["s3", "", " "], ("s3",)),
        (reversed(CANONICAL), CANONICAL),
    ],
)
def test_parse(words, parsed):
    assert parse(words) == parsed


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["efs", "s3", "azure"], "asset_types_unknown", "'efs', 'azure'"),
        (["fsx"], "asset_types_unknown", "'fsx'"),
        (["ebs,s3"], "asset_types_unknown", "'ebs,s3'"),
        (["EC2MSSQL", "s3"], "asset_types_incomplete", "mssql needs ebs"),
        ([], "asset_types_empty", "empty"),
        ([""], "asset_types_empty", "empty"),
    ],
)
def test_parse_refuses(words, code, said):
    with pytest.raises(InputError, match=said) as raised:
        parse(words)
    assert raised.value.code == code


def test_parse_names_what_is_known():
    with pytest.raises(InputError) as raised:
        parse(["efs"])
    assert all(word in raised.value.hint for word in CANONICAL)


@given(st.lists(st.sampled_from(CANONICAL), min_size=1), st.randoms())
def test_parse_does_not_mind_order_case_repetition_and_separators(words, random):
    spelt = ["".join(random.choice((c, c.upper())) + random.choice(("", "-", "_", "/", " ")) for c in w) for w in words]
    random.shuffle(spelt)
    assert parse([*spelt, "ebs"]) == tuple(word for word in CANONICAL if word in {*words, "ebs"})


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (None, ()),
        ([], ()),
        (["S3", "EC2/EBS"], ("ebs", "s3")),
        (["FSX", "S3", "FSX", "New-Type"], ("s3", "FSX", "New-Type")),
        (["EC2MSSQL"], ("mssql",)),
    ],
)
def test_from_api(words, known):
    assert from_api(words) == known


def test_wire():
    assert [wire(word) for word in (*CANONICAL, "New-Type")] == [
        "EBS",
        "RDS",
        "DynamoDB",
        "S3",
        "EC2MSSQL",
        "IcebergOnGlue",
        "IcebergOnS3Tables",
        "New-Type",
    ]


@pytest.mark.parametrize(
    ("word", "sent"), [("EC2/EBS", "ebs"), ("mssql", "ec2mssql"), ("iceberg-on-glue", "iceberg_on_glue"), ("S3", "s3")]
)
def test_filter_word(word, sent):
    assert filter_word(word) == sent


@pytest.mark.parametrize("word", ["efs", ""])
def test_filter_word_that_means_nothing(word):
    with pytest.raises(InputError, match=f"no asset type '{word}'") as raised:
        filter_word(word)
    assert raised.value.code == "asset_types_unknown"


@given(st.lists(st.sampled_from(CANONICAL)))
def test_what_is_sent_is_understood_when_it_comes_back(words):
    assert set(from_api([wire(word) for word in words])) == set(words)
