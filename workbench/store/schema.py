"""The tables.

Documents, revisions, their evidence and events are only ever added; the migrations give the database triggers that hold it to
that. Everything else is a choice that can be changed, each change being an event, or follows from those.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, Text, TypeDecorator, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

FIRST = 1
"""The project that is always there: of documents from before there were projects, and of corrections made on Analyse."""


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(timezone.utc)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; a moment without a time zone is refused, because it could mean any."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; give it one")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment with its time zone."""
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


class Base(DeclarativeBase):
    """The tables of the store."""

    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON(), list[Any]: JSON(), str: Text()}


class ProjectRow(Base):
    """Documents that are annotated together, and how."""

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    nested: Mapped[bool] = mapped_column(default=True)
    guidelines: Mapped[str] = mapped_column(default="")
    overlap: Mapped[int] = mapped_column(default=1)
    blind: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime] = mapped_column(default=now)
    archived: Mapped[datetime | None] = mapped_column(default=None)


class LabelRow(Base):
    """One label of a project; ``becomes`` is the name it is read as since it was renamed or merged, empty for its own."""

    __tablename__ = "project_labels"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str]
    zh: Mapped[str] = mapped_column(default="")
    en: Mapped[str] = mapped_column(default="")
    colour: Mapped[str] = mapped_column(default="")
    key: Mapped[str] = mapped_column(default="")
    definition: Mapped[str] = mapped_column(default="")
    examples: Mapped[list[Any]] = mapped_column(default=list)
    position: Mapped[int]
    retired: Mapped[bool] = mapped_column(default=False)
    becomes: Mapped[str] = mapped_column(default="")


class DocumentRow(Base):
    """One text, exactly as it was given; ``digest`` is the SHA-256 of its UTF-8, by which equal texts are found."""

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    digest: Mapped[str] = mapped_column(index=True)
    created: Mapped[datetime] = mapped_column(default=now)
    # No foreign key: SQLite cannot add one to rows that there are. No project is ever deleted.
    project_id: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(default="")
    meta: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pictures: Mapped[list[Any]] = mapped_column(default=list)
    recording: Mapped[str] = mapped_column(default="")


class RevisionRow(Base):
    """One saved annotation of a document; ``number`` counts from 1 within the document."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    client_key: Mapped[str] = mapped_column(unique=True)
    spans: Mapped[list[Any]]
    prediction: Mapped[list[Any]]
    labels: Mapped[list[Any]]
    author: Mapped[str]
    checkpoint: Mapped[str]
    readings: Mapped[dict[str, Any]]
    recording: Mapped[str]
    pictures: Mapped[list[Any]]
    seconds: Mapped[float | None]
    base_revision: Mapped[int | None]
    conflicted: Mapped[bool]
    created: Mapped[datetime] = mapped_column(default=now)
    layer: Mapped[str] = mapped_column(default="annotation")
    sources: Mapped[list[Any]] = mapped_column(default=list)
    proposals: Mapped[list[Any]] = mapped_column(default=list)


class EvidenceRow(Base):
    """Why the model had proposed what a revision corrects; apart from the revision, which is read far more often."""

    __tablename__ = "evidence"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), primary_key=True)
    content: Mapped[Any] = mapped_column(JSON)


class EventRow(Base):
    """Something done that is no annotation: who did what to which document or project, and when."""

    __tablename__ = "events"
    # The last event of no document tells whether projects, labels, members or accounts have changed: asked all the time.
    __table_args__ = (
        Index("ix_events_of_none", "id", sqlite_where=text("document_id IS NULL"), postgresql_where=text("document_id IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int | None] = mapped_column(index=True, default=None)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"), index=True, default=None)
    account: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created: Mapped[datetime] = mapped_column(default=now)


class StateRow(Base):
    """What the revisions and events of a document come to, so that lists need not go through them."""

    __tablename__ = "document_states"

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    project_id: Mapped[int] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(default="open")
    flagged: Mapped[bool] = mapped_column(default=False)
    deleted: Mapped[datetime | None] = mapped_column(default=None)


class HeadRow(Base):
    """The latest revision of each annotator of a document, of its import, and of its adjudication (author empty for both).

    ``disagrees`` tells whether it differs from what a model had proposed; it is null where none had.
    """

    __tablename__ = "heads"

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    layer: Mapped[str] = mapped_column(primary_key=True)
    author: Mapped[str] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), index=True)
    disagrees: Mapped[bool | None]


class MentionRow(Base):
    """One span of a head, as it was said: by these, documents are found by label and spans counted."""

    __tablename__ = "mentions"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    end: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True, index=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)


class MeasureRow(Base):
    """What one piece of a model's evidence came to over a stretch of a revision's text; from 0 to 0 over all of it.

    ``wrong`` tells whether what the model had proposed there is not what was saved; it is null where that is not decided.
    """

    __tablename__ = "measures"

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    end: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    highest: Mapped[float]
    mean: Mapped[float]
    wrong: Mapped[bool | None]


class AccountRow(Base):
    """One person who may sign in; of the password there is the Argon2 hash alone. Never deleted, for revisions name it."""

    __tablename__ = "accounts"

    name: Mapped[str] = mapped_column(primary_key=True)
    shown: Mapped[str]
    hash: Mapped[str]
    role: Mapped[str]
    created: Mapped[datetime] = mapped_column(default=now)
    disabled: Mapped[datetime | None] = mapped_column(default=None)


class MemberRow(Base):
    """That somebody works in a project, and as what."""

    __tablename__ = "members"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    role: Mapped[str]


class AssignmentRow(Base):
    """That a document was given to somebody. No foreign key to accounts: a workbench that has none gives documents out too."""

    __tablename__ = "assignments"
    __table_args__ = (Index("ix_assignments_queue", "account", "project_id", "position"),)

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[int]
    position: Mapped[int]
    given: Mapped[datetime] = mapped_column(default=now)
    finished: Mapped[datetime | None] = mapped_column(default=None)
    skipped: Mapped[datetime | None] = mapped_column(default=None)


class SelectionRow(Base):
    """That active learning chose a document to be annotated: by which arm, why, and what the model said of it then."""

    __tablename__ = "selections"
    __table_args__ = (Index("ix_selections_project", "project_id", "position"),)

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    project_id: Mapped[int]
    round: Mapped[int]
    position: Mapped[int]
    arm: Mapped[str]
    strategy: Mapped[str]
    checkpoint: Mapped[str]
    learned: Mapped[int]
    predicted: Mapped[list[Any]]
    reason: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=now)


class RunRow(Base):
    """One training run: where its folder is, what it began from and what became of it."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    folder: Mapped[str]
    parent: Mapped[str]
    last_revision: Mapped[int]
    project_id: Mapped[int] = mapped_column(default=FIRST)
    kind: Mapped[str] = mapped_column(default="retraining")
    decision: Mapped[str] = mapped_column(default="")
    created: Mapped[datetime] = mapped_column(default=now)


class RequestRow(Base):
    """That a retraining was asked for; what it learns is settled when its turn comes."""

    __tablename__ = "requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int]
    account: Mapped[str]
    cause: Mapped[str]
    priority: Mapped[int]
    options: Mapped[dict[str, Any]]
    system_options: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="waiting", index=True)
    run_id: Mapped[str] = mapped_column(default="")
    message: Mapped[str] = mapped_column(default="")
    created: Mapped[datetime] = mapped_column(default=now)


class ListRow(Base):
    """One named list of sentences."""

    __tablename__ = "lists"
    __table_args__ = (Index("ix_lists_name", "project_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int]
    name: Mapped[str]
    account: Mapped[str]
    created: Mapped[datetime] = mapped_column(default=now)


class ListEntryRow(Base):
    """One sentence of a list, whole: what it came from may be changed or go; never taken off."""

    __tablename__ = "list_entries"
    __table_args__ = (Index("ix_list_entries_digest", "list_id", "digest", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"))
    digest: Mapped[str]
    document: Mapped[dict[str, Any]]
    predicted: Mapped[list[Any]]
    about: Mapped[dict[str, Any]]
    account: Mapped[str]
    created: Mapped[datetime] = mapped_column(default=now)


class SettingRow(Base):
    """One small setting that outlives a restart, such as the checkpoint in use."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
