"""Named lists of sentences that somebody wants to come back to, each with what a model said of it; nothing is taken off again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.document import Document, Span
from engine.formats.native import from_row, to_row
from engine.formats.source import Source
from workbench.store.checking import check_json, check_name
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.projects import project_row, role_in
from workbench.store.records import dump_spans, read_spans
from workbench.store.schema import ListEntryRow, ListRow
from workbench.store.sight import sight_of


@dataclass(frozen=True, slots=True)
class SentenceList:
    """A list.

    Attributes:
        id: its number.
        project: that it was made in.
        name: unique in its project.
        account: who made it; empty where nobody has to sign in.
        created: when, in UTC.
        count: how many sentences are in it.
    """

    id: int
    project: int
    name: str
    account: str
    created: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A sentence of a list.

    Attributes:
        document: with its gold annotation; recordings and pictures are named as they are in the workspace.
        predicted: what the model said.
        about: which model, of which data, for what the sentence was chosen; any JSON object.
        account: who added it.
        created: when, in UTC.
    """

    document: Document
    predicted: tuple[Span, ...] = ()
    about: Mapping[str, Any] | None = None
    account: str = ""
    created: datetime | None = None


class Lists:
    """The lists of every project."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def of(self, project: int, account: str) -> tuple[SentenceList, ...]:
        """Return the lists of a project that somebody may see, by name: in a blind project an annotator's own alone."""
        with self._database.reading() as session:
            if role_in(session, project, account) is None:
                return ()
            query = select(ListRow).where(ListRow.project_id == project).order_by(ListRow.name)
            return tuple(_read(session, row) for row in session.scalars(query) if _sees(session, row, account))

    def get(self, list_id: int, account: str) -> SentenceList | None:
        """Return a list, if there is one and the account may see it."""
        with self._database.reading() as session:
            row = session.get(ListRow, list_id)
            return _read(session, row) if row is not None and _sees(session, row, account) else None

    def entries(self, list_id: int, account: str) -> tuple[Entry, ...]:
        """Return the sentences of a list, in the order in which they were added.

        Raises:
            StoreError: if there is no such list, or the account may not see it.
        """
        with self._database.reading() as session:
            row = session.get(ListRow, list_id)
            if row is None or not _sees(session, row, account):
                raise StoreError(f"there is no list {list_id} that you may see; choose another")
            query = select(ListEntryRow).where(ListEntryRow.list_id == list_id).order_by(ListEntryRow.id)
            return tuple(_entry(entry) for entry in session.scalars(query))

    def add(self, project: int, name: str, entries: Sequence[Entry], *, by: str = "") -> tuple[SentenceList, int]:
        """Add sentences to a list, which is made if there is none of this name; return it, and how many were new to it.

        Args:
            project: that the list belongs to.
            name: of the list.
            entries: what is added; the same sentence as the same model reads it is in a list once.
            by: who adds.

        Raises:
            StoreError: if the name is taken by a list that the account may not see, or something cannot be kept.
        """
        called, added = check_name(name, "a list"), 0
        with self._database.writing() as session:
            project_row(session, project)
            row = session.scalar(select(ListRow).where(ListRow.project_id == project, ListRow.name == called))
            if row is None:
                row = ListRow(project_id=project, name=called, account=by)
                session.add(row)
                session.flush()
            elif not _sees(session, row, by):
                raise StoreError(f"{called} is the name of somebody else's list; choose another name")
            query = select(ListEntryRow.digest).where(ListEntryRow.list_id == row.id)
            known = set(session.scalars(query))
            for entry in entries:
                made = _row(row.id, entry, by)
                if made.digest not in known:
                    known.add(made.digest)
                    session.add(made)
                    added += 1
            session.flush()
            return _read(session, row), added


def _row(list_id: int, entry: Entry, by: str) -> ListEntryRow:
    document, about = to_row(entry.document), dict(entry.about or {})
    check_json([document, about])
    said = [document["text"], document["spans"], about.get("model"), [span.key for span in entry.predicted]]
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    return ListEntryRow(
        list_id=list_id, digest=digest, document=document, predicted=dump_spans(entry.predicted), about=about, account=by
    )


def _sees(session: Session, row: ListRow, account: str) -> bool:
    if role_in(session, row.project_id, account) is None:
        return False
    return row.account == account or not sight_of(session, row.project_id, account).blind


def _read(session: Session, row: ListRow) -> SentenceList:
    count = session.scalar(select(func.count()).select_from(ListEntryRow).where(ListEntryRow.list_id == row.id)) or 0
    return SentenceList(row.id, row.project_id, row.name, row.account, row.created, count)


def _entry(row: ListEntryRow) -> Entry:
    document = from_row(Source(Path(f"list {row.list_id}")), row.id, row.document)
    if document is None:
        raise StoreError(f"sentence {row.id} of the list cannot be read; restore the database from a backup")
    return Entry(document, read_spans(row.predicted), row.about, row.account, row.created)
