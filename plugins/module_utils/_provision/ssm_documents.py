# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Systems Manager documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from .._aws import ssm
from .._aws._tags import from_list
from .._change import Change
from .._permissions.documents import compact
from .._permissions.plan import SsmDocument
from .converge import Found, Noun, Stage
from .settle import settled

# Versions of a document that are looked at for content that is there already; AWS keeps up to 1,000.
_MOST_VERSIONS_READ = 10


class SsmDocuments(Noun[SsmDocument]):
    """Documents whose default version has the wanted content."""

    section = "ssm_documents"
    kind = "SSM document"

    def __init__(self, client: Any) -> None:
        self._ssm = client

    def read(self, desired: SsmDocument) -> Found[SsmDocument] | None:
        description = ssm.describe_document(self._ssm, desired.name)
        document = ssm.get_document(self._ssm, desired.name) if description else None
        if description is None or document is None:
            return None
        found = SsmDocument(
            name=desired.name,
            arn=desired.arn,
            content=json.loads(document["Content"]),
            document_type=description["DocumentType"],
            target_type=description.get("TargetType", ""),
            tags=from_list(description.get("Tags", [])),
        )
        ready = self._ready_version(desired, description) if found.content != desired.content else {}
        return Found(found, ready)

    def _ready_version(self, desired: SsmDocument, description: Mapping[str, Any]) -> dict[str, str]:
        """The youngest version that has the wanted content without being the default: AWS takes no content twice."""
        latest = int(description["LatestVersion"])
        for version in range(latest, max(0, latest - _MOST_VERSIONS_READ), -1):
            document = ssm.get_document(self._ssm, desired.name, str(version))
            if document and json.loads(document["Content"]) == desired.content:
                return {"ready_version": str(version)}
        return {}

    def stages(self, change: Change[SsmDocument]) -> Sequence[Stage]:
        document = change.after
        content = compact(document.content)
        if change.action == "create":
            create = partial(
                ssm.create_document,
                self._ssm,
                document.name,
                content=content,
                document_type=document.document_type,
                target_type=document.target_type,
                tags=document.tags,
            )
            return [[create]]
        if change.differences == ("tags",):
            return []
        return [[partial(self._update, document, content, change.details.get("ready_version"))]]

    def tag(self, resource: SsmDocument, tags: Mapping[str, str]) -> None:
        ssm.tag_document(self._ssm, resource.name, tags)

    def _update(self, document: SsmDocument, content: str, ready_version: str | None) -> None:
        version = ready_version or ssm.update_document(
            self._ssm, document.name, content=content, target_type=document.target_type
        )
        set_default = partial(ssm.set_default_version, self._ssm, document.name, version)
        settled(set_default, ("InvalidDocumentVersion", "InvalidDocumentOperation"))
