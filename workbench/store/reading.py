"""Documents as they are read: as somebody may see them, with all that was ever done to them, or as what is to be learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.document import Document
from workbench.store.database import Database
from workbench.store.events import Event, read_event
from workbench.store.measures import measured_in
from workbench.store.naming import Becomes
from workbench.store.projects import project_in
from workbench.store.queries import best_of_each, digest_of, latest_documents
from workbench.store.records import Glance, Layer, Revision, StoredDocument, correction, read_revision, read_stored_document
from workbench.store.revisions import document_row, no_document, resolutions
from workbench.store.schema import FIRST, DocumentRow, EventRow, EvidenceRow, HeadRow, RevisionRow, StateRow
from workbench.store.searching import recent
from workbench.store.sight import sight_of

_AT_ONCE = 200


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


class Reading:
    """The documents of every project, as they are read."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def get(self, document_id: int) -> StoredDocument:
        """Return a document with its latest revision, from the recycle bin too.

        Raises:
            StoreError: if there is none of this id.
        """
        with self._database.reading() as session:
            row, state = _document(session, document_id)
            latest = _newest(session, document_id)
            return read_stored_document(row, state, latest, resolutions(session, row.project_id))

    def view(self, document_id: int, account: str) -> View:
        """Return what somebody may see of a document.

        Raises:
            StoreError: if there is no such document, or they have no part in its project.
        """
        with self._database.reading() as session:
            row, state = _document(session, document_id)
            sight = sight_of(session, row.project_id, account)
            becomes = resolutions(session, row.project_id)
            query = select(RevisionRow).join(HeadRow, HeadRow.revision_id == RevisionRow.id)
            seen = query.where(HeadRow.document_id == document_id, sight.heads()).order_by(RevisionRow.id)
            rows = session.scalars(seen).all()
            status = sight.status(session, document_id, state.status)
            document = read_stored_document(row, state, rows[-1] if rows else None, becomes, status)
            independent = project_in(session, row.project_id).independent
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

    def find(self, text: str, project: int = FIRST) -> StoredDocument | None:
        """Return the document of a project last saved with exactly this text, if there is one."""
        same = (DocumentRow.digest == digest_of(text), DocumentRow.text == text, StateRow.project_id == project)
        query = latest_documents().where(*same, StateRow.deleted.is_(None))
        with self._database.reading() as session:
            found = session.execute(query.order_by(RevisionRow.id.desc().nulls_last(), DocumentRow.id.desc()).limit(1)).first()
            return read_stored_document(*found, resolutions(session, project)) if found else None

    def recent(self, project: int = FIRST, *, account: str | None = None, limit: int = 50) -> list[Glance]:
        """Return the documents of a project, those last saved first, then those nobody has saved, the last to come first.

        Args:
            project: which.
            account: who asks: what they may not see is as if it were not there; ``None`` for the program itself.
            limit: how many at most.

        Raises:
            StoreError: if there is no such project, or the account has no part in it.
        """
        with self._database.reading() as session:
            project_in(session, project)
            return recent(session, project, account, limit)

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

    def measures(self, project: int, account: str | None = None) -> tuple[str, ...]:
        """Return what documents of a project can be found by of the evidence that models gave, as far as an account may see it.

        Raises:
            StoreError: if the account has no part in the project.
        """
        with self._database.reading() as session:
            return measured_in(session, project, sight_of(session, project, account))


def _answer(document: DocumentRow, revision: RevisionRow, becomes: Becomes) -> Document:
    meta = {**document.meta, **correction(document, revision).meta, "layer": revision.layer}
    return replace(correction(document, revision, becomes), id=document.name or str(document.id), meta=meta)


def _as_came(row: DocumentRow) -> Document:
    meta = {**row.meta, "document": str(row.id)}
    return Document(row.text, (), row.name or str(row.id), tuple(row.pictures), row.recording or None, meta)


def _document(session: Session, document_id: int) -> tuple[DocumentRow, StateRow]:
    query = select(DocumentRow, StateRow).join(StateRow, StateRow.document_id == DocumentRow.id)
    found = session.execute(query.where(DocumentRow.id == document_id)).one_or_none()
    if found is None:
        raise no_document(document_id)
    return found[0], found[1]


def _newest(session: Session, document_id: int) -> RevisionRow | None:
    query = select(RevisionRow).where(RevisionRow.document_id == document_id).order_by(RevisionRow.number.desc()).limit(1)
    return session.scalar(query)


def _revisions(session: Session, document_id: int, becomes: Becomes) -> list[Revision]:
    query = select(RevisionRow).where(RevisionRow.document_id == document_id).order_by(RevisionRow.number)
    return [read_revision(row, becomes) for row in session.scalars(query)]
