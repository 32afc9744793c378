"""The store: saves annotations for good, and answers what was saved.

Documents and revisions are only ever added. A save is idempotent by its client key, so that a browser that got no answer can send
it again; of two people who annotate one document, both are kept. What else is stored has rooms of its own: ``store.projects``,
``store.labels``, ``store.accounts``, ``store.documents``, ``store.reading``, ``store.assignments``, ``store.marks``,
``store.notes``, ``store.events``, ``store.disputes``, ``store.requests``,
``store.selections``, ``store.statistics``, ``store.lists``, ``store.runs`` and ``store.settings``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from engine.document import Document, Span
from workbench.store.accounts import Accounts
from workbench.store.assignments import Assignments
from workbench.store.checking import NONE, check_json
from workbench.store.database import Database
from workbench.store.disputes import Disputes
from workbench.store.documents import Documents
from workbench.store.errors import StoreError
from workbench.store.events import Events
from workbench.store.labels import Labels
from workbench.store.lists import Lists
from workbench.store.marks import Marks
from workbench.store.measures import Measure, add_measures
from workbench.store.notes import Notes
from workbench.store.projects import Projects, project_in, role_in
from workbench.store.queries import learned
from workbench.store.reading import Reading
from workbench.store.records import (
    Revision,
    StoredDocument,
    correction,
    read_readings,
    read_revision,
)
from workbench.store.requests import Requests
from workbench.store.revisions import append, before, begin, document_row, earlier, resolutions, revision_row, weighed
from workbench.store.runs import Runs
from workbench.store.schema import FIRST, EvidenceRow, RevisionRow
from workbench.store.searching import EVERYTHING, Criteria, Found, search
from workbench.store.selections import Selections
from workbench.store.settings import Settings
from workbench.store.statistics import Statistics


class Store:
    """Everything durable that is not a run folder; one for the process, used by every thread."""

    def __init__(self, database: Database) -> None:
        """Serve an open database; see :meth:`open`."""
        self._database = database
        self.accounts = Accounts(database)
        self.assignments = Assignments(database)
        self.disputes = Disputes(database)
        self.documents = Documents(database)
        self.events = Events(database)
        self.labels = Labels(database)
        self.lists = Lists(database)
        self.marks = Marks(database)
        self.notes = Notes(database)
        self.projects = Projects(database)
        self.reading = Reading(database)
        self.requests = Requests(database)
        self.runs = Runs(database)
        self.selections = Selections(database)
        self.settings = Settings(database)
        self.statistics = Statistics(database)

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

    def together(self) -> AbstractContextManager[None]:
        """Let everything that is read in a block be of one moment, and be read faster; nothing is written in it."""
        return self._database.together()

    # annotations

    def save(
        self,
        text: str,
        spans: Iterable[Span],
        *,
        author: str,
        labels: Sequence[str],
        client_key: str,
        document_id: int | None = None,
        project: int = FIRST,
        prediction: Iterable[Span] = (),
        checkpoint: str = "",
        proposals: Iterable[Span] = (),
        readings: Mapping[int, str] = NONE,
        recording: str = "",
        pictures: Sequence[str] = (),
        seconds: float | None = None,
        base_revision: int | None = None,
        evidence: Any = None,
        measures: Iterable[Measure] = (),
    ) -> Revision:
        """Append a revision; the same client key again returns the revision that it made.

        Args:
            text: the text, kept exactly.
            spans: the annotations.
            author: who annotates.
            labels: the labels that could be chosen from.
            client_key: unique to this act of saving, chosen by whoever sends it.
            document_id: the document annotated; ``None`` for a new one.
            project: where a new document belongs.
            prediction: what a model had proposed.
            checkpoint: the model that had.
            proposals: of the prediction, what the annotator has not decided yet.
            readings: how characters are read where the annotator has said so, by offset, as numbered pinyin.
            recording: name of the file in the workspace that lies beside the text.
            pictures: names of the files in the workspace that the pictures beside the text are in.
            seconds: how long the annotator took.
            base_revision: id of the revision that the annotator began from; when somebody has saved since, the new revision is
                appended all the same and marked ``conflicted``. Where every annotator has a version of their own, only they can.
            evidence: why the model had proposed it, any JSON value; see :meth:`Reading.evidence`.
            measures: the same in numbers, by which documents are found.

        Raises:
            StoreError: if it cannot be saved; nothing is then changed.
        """
        row = revision_row(
            text,
            spans,
            prediction=prediction,
            proposals=proposals,
            readings=readings,
            labels=list(labels),
            client_key=client_key,
            author=author,
            checkpoint=checkpoint,
            recording=recording,
            pictures=list(pictures),
            seconds=seconds,
            base_revision=base_revision,
        )
        check_json(evidence)
        with self._database.writing() as session:
            if document_id is None:
                if made := earlier(session, client_key):
                    return made
                there = begin(session, text, project)
            else:
                there = before(session, document_id, client_key)
                if there.repeated and (made := earlier(session, client_key)):
                    return made
            if there.text != text:
                raise StoreError(
                    f"document {document_id} has another text; offsets would not fit it; save this text as a new document"
                )
            becomes = resolutions(session, there.project.id)
            append(session, row, there, becomes)
            if evidence is not None:
                session.add(EvidenceRow(revision_id=row.id, content=evidence))
            add_measures(session, row, measures, becomes)
            return read_revision(row, becomes)

    def adjudicate(
        self,
        document_id: int,
        spans: Iterable[Span],
        *,
        author: str,
        client_key: str,
        sources: Sequence[int],
        labels: Sequence[str] = (),
        seconds: float | None = None,
        base_revision: int | None = None,
    ) -> Revision:
        """Append to the gold layer of a document; readings, recording and pictures are those of the latest source.

        Args:
            document_id: what is adjudicated.
            spans: what is right.
            author: a curator of the document's project, or an admin.
            client_key: as of :meth:`save`.
            sources: ids of the revisions that were weighed.
            labels: the labels that could be chosen from.
            seconds: how long it took.
            base_revision: id of the gold revision that was there; if there is another by now, the new one is ``conflicted``.

        Raises:
            StoreError: if it cannot be saved, or the author may not.
        """
        spans = tuple(spans)
        with self._database.writing() as session:
            if made := earlier(session, client_key):
                return made
            document = document_row(session, document_id)
            if role_in(session, document.project_id, author) not in ("curator", "admin"):
                raise StoreError(f"{author or 'nobody'} is no curator of this project; ask one to adjudicate")
            of = weighed(session, document_id, sources)
            last = max(of, key=lambda source: source.id, default=None)
            row = revision_row(
                document.text,
                spans,
                readings=read_readings(last.readings) if last else NONE,
                labels=list(labels),
                client_key=client_key,
                author=author,
                recording=last.recording if last else document.recording,
                pictures=last.pictures if last else document.pictures,
                seconds=seconds,
                base_revision=base_revision,
                layer="gold",
                sources=[source.id for source in of],
            )
            becomes = resolutions(session, document.project_id)
            return read_revision(append(session, row, before(session, document_id, client_key), becomes), becomes)

    def search(
        self, project: int, criteria: Criteria = EVERYTHING, *, account: str | None = None, limit: int = 50, offset: int = 0
    ) -> Found:
        """Find documents of a project; those in the recycle bin are left out.

        Args:
            project: which.
            criteria: what they are found by, and their order.
            account: who asks: what they may not see is as if it were not there; ``None`` for the program itself.
            limit: how many at most.
            offset: how many of the first are left out.

        Raises:
            StoreError: if there is no such project, or the account has no part in it.
        """
        with self._database.reading() as session:
            project_in(session, project)
            return search(session, project, criteria, account, limit, offset)

    def document(self, document_id: int) -> StoredDocument:
        """Return a document with its latest revision.

        Raises:
            StoreError: if there is none of this id.
        """
        return self.reading.get(document_id)

    def revisions(self, document_id: int) -> list[Revision]:
        """Return every revision of a document, oldest first."""
        return self.reading.revisions(document_id)

    def find(self, text: str, project: int = FIRST) -> StoredDocument | None:
        """Return the document of a project last saved with exactly this text, if there is one."""
        return self.reading.find(text, project)

    # learning

    def corrections(
        self,
        since: datetime | None = None,
        after_revision: int | None = None,
        project: int = FIRST,
        *,
        up_to_revision: int | None = None,
    ) -> list[Document]:
        """Return what there is to learn from: of each text its gold, or else its latest revision by a person, oldest first.

        Documents with one and the same text count as one text, so that a model is never taught two answers to it. What files said
        is no correction; see :meth:`Reading.answers`. Neither is an annotation whose author has yet to decide about proposals.

        Args:
            since: only revisions of this moment or later.
            after_revision: only revisions with a greater id.
            project: whose documents.
            up_to_revision: only revisions with this id or a lesser one.
        """
        latest = learned(project).order_by(RevisionRow.id)
        if since is not None:
            latest = latest.where(RevisionRow.created >= since)
        if after_revision is not None:
            latest = latest.where(RevisionRow.id > after_revision)
        if up_to_revision is not None:
            latest = latest.where(RevisionRow.id <= up_to_revision)
        with self._database.reading() as session:
            becomes = resolutions(session, project)
            return [correction(document, revision, becomes) for document, revision in session.execute(latest)]

    def corrections_count(self, after_revision: int, project: int = FIRST) -> int:
        """Return how many documents :meth:`corrections` would give."""
        latest = learned(project).where(RevisionRow.id > after_revision)
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(latest.with_only_columns(RevisionRow.id).subquery())) or 0

    def latest_revision(self) -> int:
        """Return the greatest revision id, 0 before the first save."""
        with self._database.reading() as session:
            return session.scalar(select(func.max(RevisionRow.id))) or 0

    def last_saved(self) -> datetime | None:
        """Return when something was last saved, in any project; nothing before the first save."""
        with self._database.reading() as session:
            return session.scalar(select(RevisionRow.created).order_by(RevisionRow.id.desc()).limit(1))
