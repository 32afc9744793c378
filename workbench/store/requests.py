"""Retrainings that were asked for: one queue for all projects, since they share one machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workbench.store.checking import check_json
from workbench.store.database import Database
from workbench.store.errors import StoreError
from workbench.store.projects import project_row
from workbench.store.schema import RequestRow

Cause = Literal["hand", "corrections", "minutes", "idle"]
State = Literal["waiting", "started", "withdrawn", "refused"]


@dataclass(frozen=True, slots=True)
class Request:
    """A retraining that was asked for.

    Attributes:
        id: rises with every request.
        project: whose corrections are to be learned: those that there are when its turn comes.
        account: who asked; empty for a policy, and where nobody has to sign in.
        cause: ``"hand"``, or the policy that asked.
        priority: a greater one comes first.
        options: of the retraining, by name.
        system_options: of the checkpoint's system.
        state: ``"waiting"``, ``"started"``, ``"withdrawn"`` by somebody, or ``"refused"`` when its turn came.
        run_id: the run that it became.
        message: why it was refused.
        created: when, in UTC.
    """

    id: int
    project: int
    account: str
    cause: Cause
    priority: int
    options: Mapping[str, Any]
    system_options: Mapping[str, Any]
    state: State
    run_id: str
    message: str
    created: datetime


class Requests:
    """The queue."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def add(
        self,
        project: int,
        options: Mapping[str, Any],
        system_options: Mapping[str, Any],
        *,
        by: str = "",
        cause: Cause = "hand",
        priority: int = 0,
    ) -> Request:
        """Ask for a retraining.

        Raises:
            StoreError: if there is no such project, or an option cannot be kept.
        """
        check_json([dict(options), dict(system_options)])
        said = {"account": by, "cause": cause, "priority": priority, "options": dict(options)}
        with self._database.writing() as session:
            project_row(session, project)
            row = RequestRow(project_id=project, system_options=dict(system_options), **said)
            session.add(row)
            session.flush()
            return _read(row)

    def get(self, request_id: int) -> Request:
        """Return a request, whatever became of it.

        Raises:
            StoreError: if there is none of this id.
        """
        with self._database.reading() as session:
            row = session.get(RequestRow, request_id)
            if row is None:
                raise StoreError(f"nobody asked for a retraining {request_id}; reload the page to see those there are")
            return _read(row)

    def waiting(self) -> tuple[Request, ...]:
        """Return what waits, in the order in which it is to be done."""
        query = select(RequestRow).where(RequestRow.state == "waiting").order_by(RequestRow.priority.desc(), RequestRow.id)
        with self._database.reading() as session:
            return tuple(_read(row) for row in session.scalars(query))

    def latest(self, limit: int = 20) -> tuple[Request, ...]:
        """Return what was asked for last, whatever became of it, latest first."""
        with self._database.reading() as session:
            return tuple(_read(row) for row in session.scalars(select(RequestRow).order_by(RequestRow.id.desc()).limit(limit)))

    def raise_to(self, request_id: int, priority: int) -> None:
        """Give a waiting request another priority.

        Raises:
            StoreError: if it does not wait.
        """
        self._change(request_id, priority=priority)

    def withdraw(self, request_id: int) -> None:
        """Take a waiting request back.

        Raises:
            StoreError: if it does not wait.
        """
        self._change(request_id, state="withdrawn")

    def refuse(self, request_id: int, message: str) -> None:
        """Note why a request cannot be carried out.

        Raises:
            StoreError: if it does not wait.
        """
        self._change(request_id, state="refused", message=message)

    def started(self, request_id: int, run_id: str) -> None:
        """Note which run a request has become.

        Raises:
            StoreError: if it does not wait.
        """
        self._change(request_id, state="started", run_id=run_id)

    def _change(self, request_id: int, **values: Any) -> None:
        with self._database.writing() as session:
            _waiting_row(session, request_id)
            session.execute(update(RequestRow).where(RequestRow.id == request_id).values(**values))


def _waiting_row(session: Session, request_id: int) -> RequestRow:
    row = session.get(RequestRow, request_id)
    if row is None or row.state != "waiting":
        raise StoreError("this retraining does not wait any more; reload the page to see what became of it")
    return row


def _read(row: RequestRow) -> Request:
    return Request(
        id=row.id,
        project=row.project_id,
        account=row.account,
        cause=cast(Cause, row.cause),
        priority=row.priority,
        options=row.options,
        system_options=row.system_options,
        state=cast(State, row.state),
        run_id=row.run_id,
        message=row.message,
        created=row.created,
    )
