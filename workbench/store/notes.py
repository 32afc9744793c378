"""Notes on a document or on a stretch of it. A note is an event; closing it is another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.store.checking import check_storable
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.events import read_event, record
from workbench.store.revisions import document_row
from workbench.store.schema import EventRow
from workbench.store.sight import ALL, Sight, sight_of


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody remarked.

    Attributes:
        id: of its event.
        account: who did.
        text: the remark.
        extent: the code points that it is about, half-open; ``None`` for the document.
        created: when, in UTC.
        closed: whether it is settled.
    """

    id: int
    account: str
    text: str
    extent: tuple[int, int] | None
    created: datetime
    closed: bool


class Notes:
    """The notes on every document."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def add(self, document_id: int, account: str, text: str, extent: tuple[int, int] | None = None) -> int:
        """Remark something; return the note's id.

        Raises:
            StoreError: if there is no such document, the note is empty, or the extent lies beyond the text.
        """
        check_storable(account, text)
        if not text.strip():
            raise StoreError("a note needs words; write some")
        with self._database.writing() as session:
            row = document_row(session, document_id)
            if extent is not None and not 0 <= extent[0] < extent[1] <= len(row.text):
                raise StoreError(f"{extent[0]}-{extent[1]} is no stretch of a text of {len(row.text)} characters; mark one in it")
            payload = {"text": text, "extent": list(extent) if extent else None}
            event = record(session, "note", account, project=row.project_id, document=document_id, payload=payload)
            session.flush()
            return event.id

    def settle(self, document_id: int, account: str, wanted: Iterable[tuple[tuple[int, int] | None, str]]) -> None:
        """Let somebody's open notes on a document be these: what is new is added, what is no longer there is closed.

        Args:
            document_id: which.
            account: whose; the notes of others are not touched.
            wanted: where each note belongs, and its words; blank ones do not count.

        Raises:
            StoreError: as of :meth:`add`.
        """
        said = {(extent, text) for extent, text in wanted if text.strip()}
        with self._database.reading() as session:
            own = [note for note in _notes(session, document_id) if note.account == account and not note.closed]
        known = {(note.extent, note.text) for note in own}
        for extent, text in sorted(said - known, key=lambda note: (note[0] or (-1, -1), note[1])):
            self.add(document_id, account, text, extent)
        for note in own:
            if (note.extent, note.text) not in said:
                self.close(note.id, account)

    def close(self, note_id: int, account: str) -> None:
        """Say that a note is settled; it stays.

        Raises:
            StoreError: if there is no such note.
        """
        with self._database.writing() as session:
            row = session.get(EventRow, note_id)
            if row is None or row.kind != "note":
                raise StoreError(f"there is no note {note_id}; reload the page to see those there are")
            payload = {"note": note_id}
            record(session, "note_closed", account, project=row.project_id, document=row.document_id, payload=payload)

    def of(self, document_id: int, account: str | None = None) -> tuple[Note, ...]:
        """Return the notes on a document, oldest first.

        Args:
            document_id: which.
            account: only those that this account may see; ``None`` for all.

        Raises:
            StoreError: if there is no such document, or the account has no part in its project.
        """
        with self._database.reading() as session:
            sight = sight_of(session, document_row(session, document_id).project_id, account)
            return _notes(session, document_id, sight)


def _notes(session: Session, document_id: int, sight: Sight = ALL) -> tuple[Note, ...]:
    query = select(EventRow).where(EventRow.document_id == document_id, EventRow.kind.in_(["note", "note_closed"]))
    events = [read_event(row) for row in session.scalars(query.order_by(EventRow.id))]
    closed = {event.payload["note"] for event in events if event.kind == "note_closed"}
    notes = []
    for event in events:
        if event.kind == "note" and sight.sees(event):
            extent = tuple(event.payload["extent"] or ()) or None
            notes.append(Note(event.id, event.account, event.payload["text"], extent, event.created, event.id in closed))
    return tuple(notes)
