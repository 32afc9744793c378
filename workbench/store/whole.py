"""A project as a whole, as records: every document, revision and event, as they were written; for copies that lose nothing.

Labels are given under the names that were said; what they are read as since stands in the project's labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select

from workbench.store.assignments import Assignment
from workbench.store.events import Event, read_event
from workbench.store.measures import Measure
from workbench.store.records import Revision, StoredDocument, read_revision, read_stored_document
from workbench.store.schema import (
    AssignmentRow,
    DocumentRow,
    EventRow,
    EvidenceRow,
    MeasureRow,
    RevisionRow,
    SelectionRow,
    StateRow,
)
from workbench.store.selections import Selection, read_selection
from workbench.store.store import Store

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a model had proposed what a revision corrects: as it was stored, and in numbers."""

    revision_id: int
    content: Any
    measures: tuple[Measure, ...] = ()


class Whole:
    """A project at one moment: what is added while it is read is not part of it."""

    def __init__(self, store: Store, project: int, *, author: str | None = None, documents: frozenset[int] | None = None) -> None:
        """Note what there is.

        Args:
            store: where.
            project: which.
            author: only what this account did; by default everybody.
            documents: only what concerns these; by default all, those in the recycle bin too.
        """
        self._database, self._project = store._database, project
        self._author, self._among = author, documents
        with self._database.reading() as session:
            self._document = session.scalar(select(func.max(DocumentRow.id))) or 0
            self._revision = session.scalar(select(func.max(RevisionRow.id))) or 0
            self._event = session.scalar(select(func.max(EventRow.id))) or 0

    def documents(self) -> Iterator[StoredDocument]:
        """Yield the documents without their revisions, as they came."""
        query = select(DocumentRow, StateRow).join(StateRow, StateRow.document_id == DocumentRow.id)
        for row, state in self._paged(query.where(DocumentRow.project_id == self._project), DocumentRow.id, self._document):
            if self._holds(row.id):
                yield read_stored_document(row, state, None)

    def revisions(self) -> Iterator[Revision]:
        """Yield the revisions in the order in which they were saved."""
        query = select(RevisionRow).join(DocumentRow, DocumentRow.id == RevisionRow.document_id)
        query = query.where(DocumentRow.project_id == self._project, RevisionRow.document_id <= self._document)
        if self._author is not None:
            query = query.where(RevisionRow.author == self._author, RevisionRow.layer == "annotation")
        for (row,) in self._paged(query, RevisionRow.id, self._revision):
            if self._holds(row.document_id):
                yield read_revision(row)

    def evidence(self) -> Iterator[Evidence]:
        """Yield the evidence of the revisions."""
        query = select(RevisionRow.id, RevisionRow.document_id, EvidenceRow.content)
        query = query.join(DocumentRow, DocumentRow.id == RevisionRow.document_id)
        query = query.outerjoin(EvidenceRow, EvidenceRow.revision_id == RevisionRow.id)
        measured = select(MeasureRow.revision_id).where(MeasureRow.revision_id == RevisionRow.id).exists()
        query = query.where(DocumentRow.project_id == self._project, or_(EvidenceRow.revision_id.is_not(None), measured))
        if self._author is not None:
            query = query.where(RevisionRow.author == self._author, RevisionRow.layer == "annotation")
        for number, document, content in self._paged(query, RevisionRow.id, self._revision):
            if self._holds(document):
                yield Evidence(number, content, self._measures(number))

    def events(self) -> Iterator[Event]:
        """Yield the events of the documents, and of the project itself where all of it is asked for, oldest first."""
        query = select(EventRow).where(EventRow.project_id == self._project)
        if self._author is not None:
            query = query.where(EventRow.account == self._author)
        for (row,) in self._paged(query, EventRow.id, self._event):
            if self._author is None if row.document_id is None else self._holds(row.document_id):
                yield read_event(row)

    def assignments(self) -> Iterator[Assignment]:
        """Yield who was given what, in the order in which they are to do it."""
        query = select(AssignmentRow).where(AssignmentRow.project_id == self._project)
        if self._author is not None:
            query = query.where(AssignmentRow.account == self._author)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(AssignmentRow.position, AssignmentRow.document_id, AssignmentRow.account)).all()
        for row in rows:
            if self._holds(row.document_id):
                yield Assignment(row.document_id, row.account, row.given, row.finished, row.skipped)

    def selections(self) -> Iterator[Selection]:
        """Yield which documents were chosen, in the order in which they were to come."""
        query = select(SelectionRow).where(SelectionRow.project_id == self._project)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(SelectionRow.position, SelectionRow.document_id)).all()
        yield from (read_selection(row) for row in rows if self._holds(row.document_id))

    def _holds(self, document: int) -> bool:
        return document <= self._document and (self._among is None or document in self._among)

    def _measures(self, revision: int) -> tuple[Measure, ...]:
        query = select(MeasureRow).where(MeasureRow.revision_id == revision)
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(MeasureRow.name, MeasureRow.start, MeasureRow.end)).all()
        return tuple(Measure(r.name, (r.start, r.end) if r.end else None, r.highest, r.mean) for r in rows)

    def _paged(self, query: Any, column: Any, last: int) -> Iterator[Any]:
        """Yield the rows of a query a few in memory at a time, by a column that rises."""
        after = 0
        while True:
            with self._database.reading() as session:
                wanted = query.add_columns(column.label("place")).where(column > after, column <= last)
                rows = session.execute(wanted.order_by(column).limit(_AT_ONCE)).all()
            yield from (row[:-1] for row in rows)
            if len(rows) < _AT_ONCE:
                return
            after = rows[-1][-1]
