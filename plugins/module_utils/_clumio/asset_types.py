# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words for what Clumio protects: how people spell them, how we do, and how Clumio's API does. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .._errors import InputError

CANONICAL = ("ebs", "rds", "dynamodb", "s3", "mssql", "iceberg_on_glue", "iceberg_on_s3_tables")
"""Our words, in the order in which they are always given."""

EBS_WIRE_VALUE = "EBS"
"""Sent for EC2 and EBS. Clumio's documentation prefers C(EC2/EBS) and calls this one deprecated, but it is the only
one that a released client, the Terraform provider, is known to send."""

_WIRE_VALUES = {
    "ebs": EBS_WIRE_VALUE,
    "rds": "RDS",
    "dynamodb": "DynamoDB",
    "s3": "S3",
    "mssql": "EC2MSSQL",
    "iceberg_on_glue": "IcebergOnGlue",
    "iceberg_on_s3_tables": "IcebergOnS3Tables",
}

# In small letters, without separators. From Clumio's REST API and its SDKs, its Terraform provider and module.
_SPELLINGS = {
    "ebs": "ebs",
    "ec2": "ebs",
    "ec2ebs": "ebs",
    "isebsenabled": "ebs",
    "rds": "rds",
    "isrdsenabled": "rds",
    "dynamodb": "dynamodb",
    "ddb": "dynamodb",
    "isdynamodbenabled": "dynamodb",
    "s3": "s3",
    "iss3enabled": "s3",
    "mssql": "mssql",
    "ec2mssql": "mssql",
    "isec2mssqlenabled": "mssql",
    "icebergonglue": "iceberg_on_glue",
    "isicebergonglueenabled": "iceberg_on_glue",
    "icebergons3tables": "iceberg_on_s3_tables",
    "isicebergons3tablesenabled": "iceberg_on_s3_tables",
}


def parse(words: Iterable[str]) -> tuple[str, ...]:
    """Canonical words for what a person wrote: each once, in the order of C(CANONICAL).

    Case, slashes, underscores, hyphens and white space do not matter; blank words are left out.

    Raises:
        InputError: words that mean nothing here (all of them are named), no word at all, or SQL Server without
            EC2 and EBS, which Clumio's API demands together.
    """
    given = [word for word in words if word.strip()]
    unknown = [word for word in given if _canonical(word) is None]
    if unknown:
        raise _unknown(unknown)
    if not given:
        raise InputError(
            "The list of asset types is empty.", code="asset_types_empty", hint=f"Known are {', '.join(CANONICAL)}."
        )
    parsed = from_api(given)
    if "mssql" in parsed and "ebs" not in parsed:
        raise InputError(
            "Asset type mssql needs ebs.", code="asset_types_incomplete", hint="Add ebs to the list.", missing=["ebs"]
        )
    return parsed


def from_api(words: Iterable[str] | None) -> tuple[str, ...]:
    """Canonical words for what Clumio's API answered, followed by the words unknown here, as they are.

    A portal may know more than this collection (C(FSX), for one), and that must not stop anybody.
    """
    found = list(words or ())
    known = {_canonical(word) for word in found}
    unknown = [word for word in found if _canonical(word) is None]
    return (*(word for word in CANONICAL if word in known), *dict.fromkeys(unknown))


def wire(word: str) -> str:
    """The value that Clumio's API takes for a canonical word; a word unknown here goes back as it came."""
    return _WIRE_VALUES.get(word, word)


def filter_word(word: str) -> str:
    """The value by which Clumio's list of connections is filtered, for what a person wrote.

    The list has spellings of its own (Clumio's Python SDK, aws_connections_v1.py, C(services_enabled)).

    Raises:
        InputError: the word means nothing here.
    """
    canonical = _canonical(word)
    if canonical is None:
        raise _unknown([word])
    return "ec2mssql" if canonical == "mssql" else canonical


def _unknown(words: list[str]) -> InputError:
    return InputError(
        f"Clumio has no asset type {', '.join(repr(word) for word in words)}.",
        code="asset_types_unknown",
        hint=f"Known are {', '.join(CANONICAL)}.",
        unknown=words,
    )


def _canonical(word: str) -> str | None:
    return _SPELLINGS.get(re.sub(r"[/_\-\s]", "", word).lower())
