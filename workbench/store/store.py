"""The store: saves annotations for good, and answers what was saved.

Documents and revisions are only ever added. A save is idempotent by its client key, so that a browser that got no answer can send
it again; of two people who annotate one document, both are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.document import Document, Span
from engine.errors import DocumentError
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.records import (
    Revision,
    RunRecord,
    StoredDocument,
    correction,
    dump_readings,
    dump_spans,
    read_revision,
    read_run,
    read_stored_document,
)
from workbench.store.schema import DocumentRow, RevisionRow, RunRow, SettingRow

_NONE: Mapping[int, str] = MappingProxyType({})


class Store:
    """Everything durable that is not a run folder; one for the process, used by every thread."""

    def __init__(self, database: Database) -> None:
        """Serve an open database; see :meth:`open`."""
        self._database = database

    @classmethod
    def open(cls, url: str) -> Store:
        """Open a database, made or migrated as need be.

        Args:
            url: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.

        Raises:
            StoreError: if it cannot be used.
        """
        return cls(Database(url))

    def close(self) -> None:
        """Let go of every connection."""
        self._database.close()

    def save(
        self,
        text: str,
        spans: Iterable[Span],
        *,
        author: str,
        labels: Sequence[str],
        client_key: str,
        document_id: int | None = None,
        prediction: Iterable[Span] = (),
        checkpoint: str = "",
        readings: Mapping[int, str] = _NONE,
        recording: str = "",
        pictures: Sequence[str] = (),
        seconds: float | None = None,
        base_revision: int | None = None,
    ) -> Revision:
        """Append a revision; the same client key again returns the revision that it made.

        Args:
            text: the text, kept exactly.
            spans: the annotations.
            author: who annotates.
            labels: the labels that could be chosen from.
            client_key: unique to this act of saving, chosen by whoever sends it.
            document_id: the document annotated; ``None`` for a new one.
            prediction: what a model had proposed.
            checkpoint: the model that had.
            readings: how characters are read where the annotator has said so, by offset, as numbered pinyin.
            recording: name of the file in the workspace that lies beside the text.
            pictures: names of the files in the workspace that the pictures beside the text are in.
            seconds: how long the annotator took.
            base_revision: id of the revision that the annotator began from; when it is not the latest, the new revision is
                appended all the same and marked ``conflicted``.

        Raises:
            StoreError: if it cannot be saved; nothing is then changed.
        """
        document, proposed = _checked(text, spans, readings), _checked(text, prediction)
        kinds = [span.label for span in (*document.spans, *proposed.spans)]
        for value in (author, client_key, checkpoint, recording, *pictures, *labels, *readings.values(), *kinds):
            _check_storable(value)
        if not client_key:
            raise StoreError("a save needs a client key; without one a repeated save could not be recognised")
        row = RevisionRow(
            client_key=client_key,
            spans=dump_spans(document.spans),
            prediction=dump_spans(proposed.spans),
            labels=list(labels),
            author=author,
            checkpoint=checkpoint,
            readings=dump_readings(document.readings),
            recording=recording,
            pictures=list(pictures),
            seconds=seconds,
            base_revision=base_revision,
        )
        with self._database.writing() as session:
            earlier = session.scalar(select(RevisionRow).where(RevisionRow.client_key == client_key))
            return read_revision(earlier or _append(session, row, text, document_id))

    def document(self, document_id: int) -> StoredDocument:
        """Return a document with its latest revision.

        Raises:
            StoreError: if there is none of this id.
        """
        with self._database.reading() as session:
            row = _document_row(session, document_id)
            return read_stored_document(row, _latest(session, document_id))

    def find(self, text: str) -> StoredDocument | None:
        """Return the document last saved with exactly this text, if there is one."""
        latest = _latest_of_each(DocumentRow.digest).where(DocumentRow.digest == _digest(text), DocumentRow.text == text)
        with self._database.reading() as session:
            found = session.execute(latest).first()
            return read_stored_document(found[0], found[1]) if found else None

    def history(self, document_id: int) -> list[Revision]:
        """Return every revision of a document, oldest first."""
        query = select(RevisionRow).where(RevisionRow.document_id == document_id).order_by(RevisionRow.number)
        with self._database.reading() as session:
            return [read_revision(row) for row in session.scalars(query)]

    def recent(self, limit: int = 50, query: str = "") -> list[StoredDocument]:
        """Return the documents last saved, latest first.

        Args:
            limit: how many at most.
            query: only those whose text contains this.
        """
        latest = _latest_of_each(DocumentRow.id).order_by(RevisionRow.id.desc()).limit(limit)
        if query:
            latest = latest.where(DocumentRow.text.contains(query, autoescape=True))
        with self._database.reading() as session:
            return [read_stored_document(document, revision) for document, revision in session.execute(latest)]

    def corrections(self, since: datetime | None = None, after_revision: int | None = None) -> list[Document]:
        """Return what there is to learn from: of each text its latest revision, oldest first.

        Documents with one and the same text count as one text, so that a model is never taught two answers to it.

        Args:
            since: only revisions of this moment or later.
            after_revision: only revisions with a greater id.
        """
        latest = _latest_of_each(DocumentRow.digest).order_by(RevisionRow.id)
        if since is not None:
            latest = latest.where(RevisionRow.created >= since)
        if after_revision is not None:
            latest = latest.where(RevisionRow.id > after_revision)
        with self._database.reading() as session:
            return [correction(document, revision) for document, revision in session.execute(latest)]

    def corrections_count(self, after_revision: int) -> int:
        """Return how many documents :meth:`corrections` would give."""
        latest = _latest_of_each(DocumentRow.digest).where(RevisionRow.id > after_revision)
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(latest.with_only_columns(RevisionRow.id).subquery())) or 0

    def latest_revision(self) -> int:
        """Return the greatest revision id, 0 before the first save."""
        with self._database.reading() as session:
            return session.scalar(select(func.max(RevisionRow.id))) or 0

    def add_run(self, run_id: str, folder: str, parent: str, last_revision: int) -> None:
        """Add a run to the job table.

        Args:
            run_id: its name, not used before.
            folder: where it lives.
            parent: the checkpoint that it begins from.
            last_revision: the latest revision that it learns from.

        Raises:
            StoreError: if there is a run of this name.
        """
        with self._database.writing() as session:
            if session.get(RunRow, run_id) is not None:
                raise StoreError(f"there is a run {run_id} already; choose another name")
            session.add(RunRow(id=run_id, folder=str(folder), parent=parent, last_revision=last_revision))

    def runs(self) -> list[RunRecord]:
        """Return every run, latest first."""
        with self._database.reading() as session:
            return [read_run(row) for row in session.scalars(select(RunRow).order_by(RunRow.created.desc(), RunRow.id.desc()))]

    def mark_run(self, run_id: str, decision: Literal["used", "kept"]) -> None:
        """Note what became of a run: its model is used, or the old one was kept.

        Raises:
            StoreError: if there is no such run.
        """
        with self._database.writing() as session:
            row = session.get(RunRow, run_id)
            if row is None:
                raise StoreError(f"there is no run {run_id}; reload the page to see those there are")
            row.decision = decision

    def get(self, key: str, default: Any = None) -> Any:
        """Return a small setting, or the default where it was never put."""
        with self._database.reading() as session:
            row = session.get(SettingRow, key)
            return default if row is None else row.value

    def put(self, key: str, value: Any) -> None:
        """Keep a small setting, any JSON value."""
        with self._database.writing() as session:
            session.merge(SettingRow(key=key, value=value))


def _checked(text: str, spans: Iterable[Span], readings: Mapping[int, str] = _NONE) -> Document:
    _check_storable(text)
    try:
        return Document(text, tuple(spans), readings=readings)
    except DocumentError as error:
        raise StoreError(f"this annotation cannot be saved: {error}") from error


def _check_storable(value: str) -> None:
    if "\x00" in value:
        place = value.index("\x00")
        raise StoreError(
            f"character {place + 1} is the control character NUL, which databases cannot hold; delete it and save again"
        )
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise StoreError(
            f"character {error.start + 1} is half of a surrogate pair (U+{ord(value[error.start]):04X}), not a character; "
            "delete it and save again"
        ) from error


def _digest(text: str) -> str:
    # A lone surrogate is never stored, but may be asked for.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _append(session: Session, row: RevisionRow, text: str, document_id: int | None) -> RevisionRow:
    if document_id is None:
        row.document, latest = DocumentRow(text=text, digest=_digest(text)), None
    else:
        row.document, latest = _document_row(session, document_id), _latest(session, document_id)
        if row.document.text != text:
            raise StoreError(
                f"document {document_id} has another text; offsets would not fit it; save this text as a new document"
            )
    row.number = latest.number + 1 if latest else 1
    row.conflicted = row.base_revision is not None and latest is not None and row.base_revision != latest.id
    session.add(row)
    session.flush()
    return row


def _document_row(session: Session, document_id: int) -> DocumentRow:
    row = session.get(DocumentRow, document_id)
    if row is None:
        raise StoreError(f"there is no document {document_id}; reload the page to see those there are")
    return row


def _latest(session: Session, document_id: int) -> RevisionRow | None:
    query = select(RevisionRow).where(RevisionRow.document_id == document_id).order_by(RevisionRow.number.desc()).limit(1)
    return session.scalar(query)


def _latest_of_each(group: Any) -> Select[DocumentRow, RevisionRow]:
    newest = select(func.max(RevisionRow.id)).join(DocumentRow, RevisionRow.document_id == DocumentRow.id).group_by(group)
    return (
        select(DocumentRow, RevisionRow)
        .join(RevisionRow, RevisionRow.document_id == DocumentRow.id)
        .where(RevisionRow.id.in_(newest.scalar_subquery()))
    )
