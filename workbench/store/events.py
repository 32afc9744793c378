"""Who did what, when, that is no annotation. Events are only ever added; what they come to stands in other tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from workbench.store.database import Database
from workbench.store.schema import EventRow

Kind = Literal[
    # of a document
    "imported",
    "given",
    "withdrawn",
    "finished",
    "skipped",
    "reopened",
    "flagged",
    "unflagged",
    "note",
    "note_closed",
    "deleted",
    "restored",
    # of a project
    "project",
    "label",
    "member",
    "chosen",
    # of nothing else
    "account",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done.

    Attributes:
        id: rises with every event.
        kind: what was done.
        account: who did it; empty where nobody had to sign in.
        created: when, in UTC.
        project_id: where.
        document_id: to which document.
        payload: the rest: a reason, a note, what a choice was before and is after.
    """

    id: int
    kind: Kind
    account: str
    created: datetime
    project_id: int | None = None
    document_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


class Events:
    """What was done in a project, or to accounts; of one document, see :meth:`Reading.history`."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def list(
        self, project: int | None = None, *, kinds: Iterable[Kind] = KINDS, limit: int = 100, offset: int = 0
    ) -> tuple[Event, ...]:
        """Return events, latest first.

        Args:
            project: where; ``None`` for those of accounts.
            kinds: of these kinds only.
            limit: how many at most.
            offset: how many of the latest are left out.
        """
        query = select(EventRow).where(EventRow.project_id == project, EventRow.kind.in_(list(kinds)))
        with self._database.reading() as session:
            rows = session.scalars(query.order_by(EventRow.id.desc()).limit(limit).offset(offset))
            return tuple(read_event(row) for row in rows)


def record(
    session: Session,
    kind: Kind,
    account: str,
    *,
    project: int | None = None,
    document: int | None = None,
    payload: Mapping[str, Any] | None = None,
) -> EventRow:
    """Add an event to what a session will commit."""
    row = EventRow(kind=kind, account=account, project_id=project, document_id=document, payload=dict(payload or {}))
    session.add(row)
    return row


def read_event(row: EventRow) -> Event:
    """Return the record of a row."""
    return Event(row.id, cast(Kind, row.kind), row.account, row.created, row.project_id, row.document_id, row.payload)
