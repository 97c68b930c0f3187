# Copyright: Contributors to the clumio.aws collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Systems Manager documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Lock
from typing import Any

from .._aws import ssm
from .._aws._tags import from_list
from .._change import Change
from .._errors import ClumioError
from .._permissions.documents import compact
from .._permissions.names import Connection
from .._permissions.plan import SsmDocument
from .converge import Details, Found, Noun, Stage
from .ownership import foreign

# Versions of a document that are looked at for content that is there already; AWS keeps up to 1,000.
_MOST_VERSIONS_READ = 10


class SsmDocuments(Noun[SsmDocument]):
    """Documents whose default version has the wanted content."""

    section = "ssm_documents"
    kind = "SSM document"

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._ssm = client("ssm")
        self._lists = False
        self._listing = Lock()
        # The list, or why there is none; asked for by whoever comes first.
        self._listed: Future[dict[str, dict[str, Any]]] = Future()

    def list_first(self, *, first: bool) -> None:
        self._lists = first

    def read(self, name: str, arn: str) -> Found[SsmDocument] | None:
        description = self._description(name)
        document = ssm.get_document(self._ssm, name) if description else None
        if description is None or document is None:
            return None
        found = SsmDocument(
            name=name,
            arn=arn,
            content=json.loads(document["Content"]),
            document_type=description["DocumentType"],
            target_type=description.get("TargetType", ""),
            tags=from_list(description.get("Tags", [])),
        )
        return Found(found, f"{description['CreatedDate']:%Y-%m-%d}")

    def _description(self, name: str) -> Mapping[str, Any] | None:
        """Type, target type, day of creation and tags; None where there is no document."""
        if not self._lists:
            return ssm.describe_document(self._ssm, name)
        with self._listing:
            if not self._listed.done():
                self._list()
        return self._listed.result().get(name)

    def _list(self) -> None:
        try:
            self._listed.set_result({document["Name"]: document for document in ssm.list_documents(self._ssm)})
        except ClumioError as error:
            self._listed.set_exception(error)

    def details(self, desired: SsmDocument, found: SsmDocument) -> Details:
        """The youngest version that has the wanted content without being the default: AWS takes no content twice."""
        if found.content == desired.content:
            return {}
        latest = int((ssm.describe_document(self._ssm, desired.name) or {}).get("LatestVersion", 0))
        for version in range(latest, max(0, latest - _MOST_VERSIONS_READ), -1):
            document = ssm.get_document(self._ssm, desired.name, str(version))
            if document and json.loads(document["Content"]) == desired.content:
                return {"ready_version": str(version)}
        return {}

    def stages(self, change: Change[SsmDocument]) -> Sequence[Stage]:
        document = change.resource
        content = compact(document.content)
        if change.before is None:
            create = partial(
                ssm.create_document,
                self._ssm,
                document.name,
                content=content,
                document_type=document.document_type,
                target_type=document.target_type,
                tags=document.tags or {},
            )
            return [[create]]
        if change.differences == ("tags",):
            return []
        return [[partial(self._update, document, content, change.details.get("ready_version"))]]

    def tag(self, resource: SsmDocument, tags: Mapping[str, str]) -> None:
        ssm.tag_document(self._ssm, resource.name, tags)

    def untag(self, resource: SsmDocument, keys: Sequence[str]) -> None:
        ssm.untag_document(self._ssm, resource.name, keys)

    def owned(self, connection: Connection) -> Sequence[tuple[str, str]]:
        return [
            (document["Name"], connection.ssm_document_arn(document["Name"]))
            for document in ssm.list_documents(self._ssm)
            if not foreign(connection, from_list(document.get("Tags", [])))
        ]

    def removal(self, resource: SsmDocument) -> Sequence[Stage]:
        return [[partial(ssm.delete_document, self._ssm, resource.name)]]

    def _update(self, document: SsmDocument, content: str, ready_version: str | None) -> None:
        version = ready_version or ssm.update_document(
            self._ssm, document.name, content=content, target_type=document.target_type
        )
        ssm.set_default_version(self._ssm, document.name, version)
