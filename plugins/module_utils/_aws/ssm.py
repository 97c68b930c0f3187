# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls of AWS Systems Manager about documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._call import call, find
from ._tags import to_list
from .settle import remove, write

_ABSENT = ("InvalidDocument", "InvalidDocumentVersion")

LATEST = "$LATEST"


def describe_document(ssm: Any, name: str) -> dict[str, Any] | None:
    """Type, target type, versions, status and tags of the document; None where there is none."""
    answer = find(ssm.describe_document, f"read the SSM document {name}", _ABSENT, Name=name)
    return dict(answer["Document"]) if answer else None


def get_document(ssm: Any, name: str, version: str | None = None) -> dict[str, Any] | None:
    """The content as JSON text in C(Content) and its C(DocumentVersion); the default version unless one is named."""
    return find(
        ssm.get_document,
        f"read the content of the SSM document {name}",
        _ABSENT,
        Name=name,
        DocumentFormat="JSON",
        **({"DocumentVersion": version} if version else {}),
    )


def create_document(
    ssm: Any, name: str, *, content: str, document_type: str, target_type: str, tags: Mapping[str, str]
) -> None:
    """Create the document from JSON text."""
    write(
        ssm.create_document,
        f"create the SSM document {name}",
        Name=name,
        Content=content,
        DocumentType=document_type,
        DocumentFormat="JSON",
        TargetType=target_type,
        Tags=to_list(tags),
    )


def update_document(ssm: Any, name: str, *, content: str, target_type: str) -> str:
    """Write a new version, which is not yet the default one; gives its number."""
    answer = write(
        ssm.update_document,
        f"write a new version of the SSM document {name}",
        Name=name,
        Content=content,
        DocumentVersion=LATEST,
        DocumentFormat="JSON",
        TargetType=target_type,
    )
    return str(answer["DocumentDescription"]["DocumentVersion"])


def set_default_version(ssm: Any, name: str, version: str) -> None:
    """Make this version the default one."""
    write(
        ssm.update_document_default_version,
        f"make version {version} of the SSM document {name} the default",
        Name=name,
        DocumentVersion=version,
    )


def tag_document(ssm: Any, name: str, tags: Mapping[str, str]) -> None:
    """Add or replace tags."""
    write(
        ssm.add_tags_to_resource,
        f"tag the SSM document {name}",
        ResourceType="Document",
        ResourceId=name,
        Tags=to_list(tags),
    )


def untag_document(ssm: Any, name: str, keys: Sequence[str]) -> None:
    """Take tags away."""
    write(
        ssm.remove_tags_from_resource,
        f"take tags off the SSM document {name}",
        ResourceType="Document",
        ResourceId=name,
        TagKeys=list(keys),
    )


def delete_document(ssm: Any, name: str) -> None:
    """Delete the document with all its versions; one that is gone is no error."""
    remove(ssm.delete_document, f"delete the SSM document {name}", _ABSENT, Name=name)


def list_documents(ssm: Any) -> list[dict[str, Any]]:
    """The account's own documents, with their tags, without content."""
    documents: list[dict[str, Any]] = []
    page: dict[str, Any] = {"Filters": [{"Key": "Owner", "Values": ["Self"]}], "MaxResults": 50}
    while True:
        answer = call(ssm.list_documents, "list the SSM documents of the account", **page)
        documents += answer["DocumentIdentifiers"]
        if not answer.get("NextToken"):
            return documents
        page["NextToken"] = answer["NextToken"]
