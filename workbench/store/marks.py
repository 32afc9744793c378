"""What annotators say of a document besides its spans: that they are done with it, put it off, or want it looked at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.store.assignments import last_position
from workbench.store.checking import check_storable
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.events import Kind, record
from workbench.store.revisions import refresh_status, state_row
from workbench.store.schema import AssignmentRow, HeadRow, now


class Marks:
    """The marks on every document; each is an event, and the assignments are what they come to."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def finish(self, document_id: int, account: str) -> None:
        """Note that somebody is done with a document, given to them or not.

        Raises:
            StoreError: if there is no such document, or they have not saved an annotation of it.
        """
        with self._database.writing() as session:
            said = (HeadRow.document_id == document_id, HeadRow.layer == "annotation", HeadRow.author == account)
            state_row(session, document_id)
            if session.scalar(select(HeadRow.revision_id).where(*said)) is None:
                raise StoreError("nothing is saved of this document; save it first, without spans where there is nothing to mark")
            _mark(session, document_id, account, "finished", finished=now(), skipped=None)

    def skip(self, document_id: int, account: str, reason: str = "") -> None:
        """Note that somebody puts a document off; it is not handed out to them any more.

        Raises:
            StoreError: if there is no such document.
        """
        check_storable(reason)
        with self._database.writing() as session:
            _mark(session, document_id, account, "skipped", reason, finished=None, skipped=now())

    def reopen(self, document_id: int, account: str) -> None:
        """Take finishing or skipping back.

        Raises:
            StoreError: if there is no such document.
        """
        with self._database.writing() as session:
            _mark(session, document_id, account, "reopened", finished=None, skipped=None)

    def flag(self, document_id: int, account: str, reason: str) -> None:
        """Ask for a document to be looked at.

        Raises:
            StoreError: if there is no such document.
        """
        self._flag(document_id, account, True, reason)

    def unflag(self, document_id: int, account: str, reason: str = "") -> None:
        """Say that a document has been looked at.

        Raises:
            StoreError: if there is no such document.
        """
        self._flag(document_id, account, False, reason)

    def _flag(self, document_id: int, account: str, flagged: bool, reason: str) -> None:
        check_storable(account, reason)
        with self._database.writing() as session:
            state = state_row(session, document_id)
            kind: Kind = "flagged" if flagged else "unflagged"
            record(session, kind, account, project=state.project_id, document=document_id, payload={"reason": reason})
            state.flagged = flagged


def _mark(session: Session, document_id: int, account: str, kind: Kind, reason: str = "", **moments: datetime | None) -> None:
    check_storable(account)
    state = state_row(session, document_id)
    row = session.get(AssignmentRow, (document_id, account))
    if row is None:
        position = last_position(session, state.project_id) + 1
        row = AssignmentRow(document_id=document_id, account=account, project_id=state.project_id, position=position)
        session.add(row)
    for what, moment in moments.items():
        setattr(row, what, moment)
    payload = {"reason": reason} if reason else {}
    record(session, kind, account, project=state.project_id, document=document_id, payload=payload)
    refresh_status(session, document_id)
