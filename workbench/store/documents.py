"""Documents: brought into a project, read, put into the recycle bin and taken out of it, with all that was ever done to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.document import Document
from workbench.store.checking import check_json, check_storable
from workbench.store.database import Database
from workbench.store.events import Event, read_event, record
from workbench.store.measures import measured_in
from workbench.store.naming import Becomes
from workbench.store.projects import project_row, read_project
from workbench.store.queries import best_of_each, digest_of, latest_documents
from workbench.store.records import (
    Layer,
    Revision,
    StoredDocument,
    correction,
    read_revision,
    read_stored_document,
)
from workbench.store.revisions import add_document, append, document_row, resolutions, revision_row, state_row
from workbench.store.schema import FIRST, DocumentRow, EventRow, EvidenceRow, HeadRow, RevisionRow, StateRow, now
from workbench.store.sight import sight_of

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


@dataclass(frozen=True, slots=True)
class View:
    """What somebody may see of a document.

    Attributes:
        document: its ``latest`` the last saved that may be seen.
        begin: what to begin from: one's own last save; else, where all go on from one another, the last of anybody; else the
            import.
        own: their own last save.
        imported: as the file said.
        others: the last saves of the other annotators, by name.
        gold: the adjudicated annotation.
        blind: whether what others did is kept from them.
    """

    document: StoredDocument
    begin: Revision | None
    own: Revision | None
    imported: Revision | None
    others: tuple[Revision, ...]
    gold: Revision | None
    blind: bool


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
        ids: list[int] = []
        for start in range(0, len(waiting), _AT_ONCE):
            with self._database.writing() as session:
                project_row(session, project)
                becomes = resolutions(session, project)
                for row, revision in waiting[start : start + _AT_ONCE]:
                    if _is_known(session, row):
                        continue
                    ids.append(add_document(session, row).id)
                    record(session, "imported", by, project=project, document=row.id)
                    if annotated or revision.spans or revision.readings:
                        append(session, revision, row, becomes)
        if not waiting:
            self._check_project(project)
        return Imported(tuple(ids), len(waiting) - len(ids))

    def get(self, document_id: int) -> StoredDocument:
        """Return a document with its latest revision, from the recycle bin too.

        Raises:
            StoreError: if there is none of this id.
        """
        with self._database.reading() as session:
            row = document_row(session, document_id)
            latest = _newest(session, document_id)
            becomes = resolutions(session, row.project_id)
            return read_stored_document(row, state_row(session, document_id), latest, becomes)

    def view(self, document_id: int, account: str) -> View:
        """Return what somebody may see of a document.

        Raises:
            StoreError: if there is no such document, or they have no part in its project.
        """
        with self._database.reading() as session:
            row, state = document_row(session, document_id), state_row(session, document_id)
            sight = sight_of(session, row.project_id, account)
            becomes = resolutions(session, row.project_id)
            query = select(RevisionRow).join(HeadRow, HeadRow.revision_id == RevisionRow.id)
            seen = query.where(HeadRow.document_id == document_id, sight.heads()).order_by(RevisionRow.id)
            rows = session.scalars(seen).all()
            status = sight.status(session, document_id, state.status)
            document = read_stored_document(row, state, rows[-1] if rows else None, becomes, status)
            independent = read_project(project_row(session, row.project_id)).independent
        heads = [read_revision(head, becomes) for head in rows]
        annotations = [head for head in heads if head.layer == "annotation"]
        own = next((head for head in annotations if head.author == account), None)
        imported = next((head for head in heads if head.layer == "imported"), None)
        last = own if independent else annotations[-1] if annotations else None
        return View(
            document=document,
            begin=last or imported,
            own=own,
            imported=imported,
            others=tuple(sorted((head for head in annotations if head is not own), key=lambda head: head.author)),
            gold=next((head for head in heads if head.layer == "gold"), None),
            blind=sight.blind,
        )

    def revisions(self, document_id: int) -> list[Revision]:
        """Return every revision of a document, oldest first."""
        with self._database.reading() as session:
            row = session.get(DocumentRow, document_id)
            return _revisions(session, document_id, resolutions(session, row.project_id)) if row else []

    def history(self, document_id: int, account: str | None = None) -> list[Revision | Event]:
        """Return every revision and event of a document, oldest first.

        Args:
            document_id: which.
            account: only what this account may see; ``None`` for everything.

        Raises:
            StoreError: if there is no such document, or the account has no part in its project.
        """
        with self._database.reading() as session:
            row = document_row(session, document_id)
            sight = sight_of(session, row.project_id, account)
            events = session.scalars(select(EventRow).where(EventRow.document_id == document_id).order_by(EventRow.id))
            revisions = _revisions(session, document_id, resolutions(session, row.project_id))
            done: list[Revision | Event] = [*map(read_event, events), *revisions]
            return sorted((entry for entry in done if sight.sees(entry)), key=lambda entry: entry.created)

    def evidence(self, revision_id: int) -> Any:
        """Return the evidence that was stored with a revision, ``None`` for none."""
        with self._database.reading() as session:
            row = session.get(EvidenceRow, revision_id)
            return row.content if row else None

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

    def find(self, text: str, project: int = FIRST) -> StoredDocument | None:
        """Return the document of a project last saved with exactly this text, if there is one."""
        same = (DocumentRow.digest == digest_of(text), DocumentRow.text == text, StateRow.project_id == project)
        query = latest_documents().where(*same, StateRow.deleted.is_(None))
        with self._database.reading() as session:
            found = session.execute(query.order_by(RevisionRow.id.desc().nulls_last(), DocumentRow.id.desc()).limit(1)).first()
            return read_stored_document(*found, resolutions(session, project)) if found else None

    def answers(
        self,
        project: int,
        *,
        author: str | None = None,
        layers: Sequence[Layer] = (),
        finished: bool = False,
        every: bool = False,
    ) -> Iterator[Document]:
        """Yield the annotated documents of a project, to be exported, trained on or compared; a few in memory at a time.

        Args:
            project: which.
            author: of this annotator their last saves; by default of each document the best there is: gold, else the last
                annotation, else the import.
            layers: those to look in alone, the best first.
            finished: only documents that are finished or adjudicated.
            every: the documents that nobody has annotated too, as they came.
        """
        after = 0
        here = [StateRow.project_id == project, StateRow.deleted.is_(None)]
        if finished:
            here.append(StateRow.status.in_(("finished", "gold")))
        while True:
            with self._database.reading() as session:
                becomes = resolutions(session, project)
                chosen = best_of_each(author, *layers).where(*here).subquery()
                rows = session.execute(
                    select(DocumentRow, RevisionRow)
                    .join(StateRow, StateRow.document_id == DocumentRow.id)
                    .join(chosen, chosen.c.document_id == DocumentRow.id, isouter=every)
                    .join(RevisionRow, RevisionRow.id == chosen.c.revision_id, isouter=every)
                    .where(*here, DocumentRow.id > after)
                    .order_by(DocumentRow.id)
                    .limit(_AT_ONCE)
                ).all()
            for document, revision in rows:
                yield _as_came(document) if revision is None else _answer(document, revision, becomes)
            if len(rows) < _AT_ONCE:
                return
            after = rows[-1][0].id

    def authors(self, project: int) -> tuple[str, ...]:
        """Return who has annotated documents of a project, by name."""
        query = select(HeadRow.author).distinct().join(StateRow, StateRow.document_id == HeadRow.document_id)
        of = query.where(StateRow.project_id == project, StateRow.deleted.is_(None), HeadRow.layer == "annotation")
        with self._database.reading() as session:
            return tuple(session.scalars(of.order_by(HeadRow.author)))

    def annotators(self, project: int, document_ids: Iterable[int], account: str | None = None) -> dict[int, tuple[str, ...]]:
        """Return who has annotated each of some documents of a project, by name, as far as an account may see it.

        Raises:
            StoreError: if the account has no part in the project.
        """
        with self._database.reading() as session:
            sight = sight_of(session, project, account)
            query = select(HeadRow.document_id, HeadRow.author).where(HeadRow.layer == "annotation", sight.heads())
            found: dict[int, tuple[str, ...]] = {}
            for number, author in session.execute(
                query.where(HeadRow.document_id.in_(list(document_ids))).order_by(HeadRow.author)
            ):
                found[number] = (*found.get(number, ()), author)
            return found

    def deleted_count(self, project: int) -> int:
        """Return how many documents are in the recycle bin of a project."""
        query = select(func.count()).select_from(StateRow).where(StateRow.project_id == project, StateRow.deleted.is_not(None))
        with self._database.reading() as session:
            return session.scalar(query) or 0

    def measures(self, project: int, account: str | None = None) -> tuple[str, ...]:
        """Return what documents of a project can be found by of the evidence that models gave, as far as an account may see it.

        Raises:
            StoreError: if the account has no part in the project.
        """
        with self._database.reading() as session:
            return measured_in(session, project, sight_of(session, project, account))

    def _check_project(self, project: int) -> None:
        with self._database.reading() as session:
            project_row(session, project)

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


def _answer(document: DocumentRow, revision: RevisionRow, becomes: Becomes) -> Document:
    meta = {**document.meta, **correction(document, revision).meta, "layer": revision.layer}
    return replace(correction(document, revision, becomes), id=document.name or str(document.id), meta=meta)


def _as_came(row: DocumentRow) -> Document:
    meta = {**row.meta, "document": str(row.id)}
    return Document(row.text, (), row.name or str(row.id), tuple(row.pictures), row.recording or None, meta)


def _is_known(session: Session, row: DocumentRow) -> bool:
    query = select(DocumentRow.id).join(StateRow, StateRow.document_id == DocumentRow.id)
    same = query.where(DocumentRow.digest == row.digest, DocumentRow.name == row.name, DocumentRow.project_id == row.project_id)
    return session.scalar(same.where(StateRow.deleted.is_(None)).limit(1)) is not None


def _newest(session: Session, document_id: int) -> RevisionRow | None:
    query = select(RevisionRow).where(RevisionRow.document_id == document_id).order_by(RevisionRow.number.desc()).limit(1)
    return session.scalar(query)


def _revisions(session: Session, document_id: int, becomes: Becomes) -> list[Revision]:
    query = select(RevisionRow).where(RevisionRow.document_id == document_id).order_by(RevisionRow.number)
    return [read_revision(row, becomes) for row in session.scalars(query)]
