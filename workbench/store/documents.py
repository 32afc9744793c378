"""Documents: brought into a project, put into the recycle bin and taken out of it; for what they say see ``reading.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.document import Document
from workbench.store.checking import check_flat, check_json, check_storable
from workbench.store.database import Database
from workbench.store.events import record
from workbench.store.projects import project_in
from workbench.store.queries import digest_of, latest_documents
from workbench.store.records import (
    StoredDocument,
    read_stored_document,
)
from workbench.store.revisions import Before, add_document, append, keys_of, resolutions, revision_row, state_row
from workbench.store.schema import DocumentRow, RevisionRow, StateRow, now

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of documents that were brought in.

    Attributes:
        ids: of those added, in their order.
        known: how many were in the project already, under the same name and with the same text.
    """

    ids: tuple[int, ...]
    known: int


class Documents:
    """The documents of every project."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def add(
        self,
        project: int,
        documents: Iterable[Document],
        *,
        annotated: bool | None = None,
        by: str = "",
        file_name: Callable[[str], str] = lambda path: Path(path).name,
    ) -> Imported:
        """Bring documents into a project, a few at a time, so that others can save meanwhile.

        One that is there already is not added again, so that an import that broke off can be repeated.

        Args:
            project: into which.
            documents: their ids become names, their spans and readings the first revision.
            annotated: whether a document without spans and readings says that there are none; by default, it says nothing.
            by: who brings them.
            file_name: what the pictures and the recording of a document are called in the workspace, by their paths.

        Raises:
            StoreError: if there is no such project, or a document cannot be stored; none is then added.
        """
        waiting = [_new(project, document, file_name) for document in documents]
        self._check(project, waiting)
        ids: list[int] = []
        for start in range(0, len(waiting), _AT_ONCE):
            with self._database.writing() as session:
                rules = project_in(session, project)
                becomes = resolutions(session, project)
                for row, revision in waiting[start : start + _AT_ONCE]:
                    if _is_known(session, row):
                        continue
                    ids.append(add_document(session, row).id)
                    record(session, "imported", by, project=project, document=row.id)
                    if annotated or revision.spans or revision.readings:
                        append(session, revision, Before(row.id, row.text, rules), becomes)
        return Imported(tuple(ids), len(waiting) - len(ids))

    def delete(self, document_ids: Iterable[int], *, by: str = "") -> int:
        """Put documents into the recycle bin; return how many were not there yet.

        Raises:
            StoreError: if there is none of an id; nothing is then changed.
        """
        return self._bin(document_ids, by, deleted=True)

    def restore(self, document_ids: Iterable[int], *, by: str = "") -> int:
        """Take documents out of the recycle bin, as they were; return how many were in it.

        Raises:
            StoreError: if there is none of an id; nothing is then changed.
        """
        return self._bin(document_ids, by, deleted=False)

    def deleted(self, project: int, limit: int = 50, offset: int = 0) -> list[StoredDocument]:
        """Return what is in the recycle bin of a project, last deleted first."""
        query = latest_documents().where(StateRow.project_id == project, StateRow.deleted.is_not(None))
        with self._database.reading() as session:
            becomes = resolutions(session, project)
            rows = session.execute(query.order_by(StateRow.deleted.desc(), DocumentRow.id.desc()).limit(limit).offset(offset))
            return [read_stored_document(*row, becomes) for row in rows]

    def deleted_count(self, project: int) -> int:
        """Return how many documents are in the recycle bin of a project."""
        query = select(func.count()).select_from(StateRow).where(StateRow.project_id == project, StateRow.deleted.is_not(None))
        with self._database.reading() as session:
            return session.scalar(query) or 0

    def _check(self, project: int, waiting: Iterable[tuple[DocumentRow, RevisionRow]]) -> None:
        with self._database.reading() as session:
            rules, becomes = project_in(session, project), resolutions(session, project)
        for row, revision in waiting:
            if not rules.nested:
                check_flat(row.text, keys_of(revision.spans, becomes))

    def _bin(self, document_ids: Iterable[int], by: str, *, deleted: bool) -> int:
        changed, moment = 0, now()
        with self._database.writing() as session:
            for document_id in dict.fromkeys(document_ids):
                state = state_row(session, document_id)
                if deleted != (state.deleted is not None):
                    state.deleted = moment if deleted else None
                    kind: Any = "deleted" if deleted else "restored"
                    record(session, kind, by, project=state.project_id, document=document_id).created = moment
                    changed += 1
        return changed


def _new(project: int, document: Document, file_name: Callable[[str], str]) -> tuple[DocumentRow, RevisionRow]:
    beside: dict[str, Any] = {
        "pictures": [file_name(path) for path in document.images],
        "recording": file_name(document.audio) if document.audio else "",
    }
    check_storable(document.id)
    check_json(dict(document.meta))
    revision = revision_row(
        document.text,
        document.spans,
        readings=document.readings,
        labels=list(document.annotated or ()),
        client_key=f"import-{uuid4()}",
        author="",
        layer="imported",
        **beside,
    )
    meta, digest = dict(document.meta), digest_of(document.text)
    row = DocumentRow(text=document.text, digest=digest, project_id=project, name=document.id, meta=meta, **beside)
    return row, revision


def _is_known(session: Session, row: DocumentRow) -> bool:
    query = select(DocumentRow.id).join(StateRow, StateRow.document_id == DocumentRow.id)
    same = query.where(DocumentRow.digest == row.digest, DocumentRow.name == row.name, DocumentRow.project_id == row.project_id)
    return session.scalar(same.where(StateRow.deleted.is_(None)).limit(1)) is not None
