"""The tables. Documents and revisions are only ever added; the migrations give the database triggers that hold it to that."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


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


class DocumentRow(Base):
    """One text, exactly as it was given; ``digest`` is the SHA-256 of its UTF-8, by which equal texts are found."""

    __tablename__ = "documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    digest: Mapped[str] = mapped_column(index=True)
    created: Mapped[datetime] = mapped_column(default=now)


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

    document: Mapped[DocumentRow] = relationship()


class RunRow(Base):
    """One training run: where its folder is, what it began from and what became of it."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    folder: Mapped[str]
    parent: Mapped[str]
    last_revision: Mapped[int]
    decision: Mapped[str] = mapped_column(default="")
    created: Mapped[datetime] = mapped_column(default=now)


class SettingRow(Base):
    """One small setting that outlives a restart, such as the checkpoint in use."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
