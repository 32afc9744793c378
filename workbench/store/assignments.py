"""Who is to annotate what, and in which order. Every step is an event; the table of assignments is what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from workbench.store.database import Database
from workbench.store.dealing import deal
from workbench.store.errors import StoreError
from workbench.store.events import record
from workbench.store.projects import project_row, role_in
from workbench.store.queue import RANK, documents_of, free_documents, rank_of, standing, standing_among_free, waiting_for
from workbench.store.revisions import refresh_status
from workbench.store.schema import AssignmentRow, EventRow, SelectionRow, StateRow, now
from workbench.store.searching import Criteria, found_ids


@dataclass(frozen=True, slots=True)
class Assignment:
    """A document that was given to somebody: since when, and when they finished it or put it off."""

    document_id: int
    account: str
    given: datetime
    finished: datetime | None
    skipped: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far somebody is in a project: documents given to them, of these finished and skipped, and the rest."""

    account: str
    given: int
    finished: int
    skipped: int

    @property
    def waiting(self) -> int:
        """Return how many are left to do."""
        return self.given - self.finished - self.skipped


@dataclass(frozen=True, slots=True)
class Outlook:
    """What dealing documents would come to.

    Attributes:
        documents: how many are meant, those that have their annotators among them.
        shares: how many each account would get.
    """

    documents: int
    shares: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands among those that somebody is to do in a project.

    Attributes:
        position: from 1; ``None`` where the document is not among them.
        total: how many they are, those that are done among them.
        waiting: how many are not done.
        before: the document before it.
    """

    position: int | None
    total: int
    waiting: int
    before: int | None


class Assignments:
    """The assignments of every project."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

    def assign(
        self,
        project: int,
        accounts: Sequence[str],
        *,
        overlap: int | None = None,
        seed: int = 0,
        documents: Sequence[int] | Criteria | None = None,
        by: str = "",
    ) -> int:
        """Deal documents evenly; assignments there are stay and count. Return how many were added.

        Args:
            project: whose documents.
            accounts: who gets them.
            overlap: how many annotators each document is to have; by default as the project says.
            seed: settles who gets which.
            documents: these alone, or those that are found, to be worked on in this order; by default all, as they came.
            by: who assigns.

        Raises:
            StoreError: if there is no such project or document, an account has no part in the project, or they are too few.
        """
        with self._database.writing() as session:
            meant = _meant(session, project, documents)
            dealt = _dealt(session, project, accounts, overlap, seed, meant)
            _give(session, project, dealt, by)
            return len(dealt)

    def preview(
        self,
        project: int,
        accounts: Sequence[str],
        *,
        overlap: int | None = None,
        seed: int = 0,
        documents: Sequence[int] | Criteria | None = None,
    ) -> Outlook:
        """Return what would come of :meth:`assign`, which this does not do; of no accounts, only how many documents are meant.

        Raises:
            StoreError: as :meth:`assign`.
        """
        with self._database.reading() as session:
            meant = _meant(session, project, documents)
            dealt = _dealt(session, project, accounts, overlap, seed, meant) if accounts else []
            counted = Counter(account for _, account in dealt)
            return Outlook(len(meant), {account: counted[account] for account in sorted(set(accounts))})

    def take_back(self, project: int, account: str, *, by: str = "") -> int:
        """Take back what somebody has not finished, so that it can be given to others; return how many documents."""
        query = select(AssignmentRow).where(AssignmentRow.project_id == project, AssignmentRow.account == account)
        with self._database.writing() as session:
            rows = session.scalars(query.where(AssignmentRow.finished.is_(None))).all()
            for row in rows:
                session.delete(row)
                record(session, "withdrawn", by, project=project, document=row.document_id, payload={"from": account})
                refresh_status(session, row.document_id)
            return len(rows)

    def next(self, project: int, account: str, *, after: int = 0, unassigned: bool = False) -> int | None:
        """Return the document that somebody is to do next, nothing if all is done.

        Args:
            project: where.
            account: who.
            after: a document to go on from; when none waits behind it, the first that waits is returned.
            unassigned: after their own, offer what was given to nobody and nobody has annotated.
        """
        with self._database.reading() as session:
            own = _next_own(session, project, account, after)
            return own if own is not None or not unassigned else _first_free(session, project, after)

    def place(self, project: int, account: str, document_id: int = 0, *, unassigned: bool = False) -> Place:
        """Return where a document stands among those that somebody is to do, in the order of :meth:`next`.

        Args:
            project: where.
            account: who.
            document_id: which; 0 for none.
            unassigned: count what was given to nobody and nobody has annotated, behind what was given to them.
        """
        asked = {"project": project, "account": account, "document": document_id}
        with self._database.reading() as session:
            own = session.execute(standing(), asked).one()
            if not unassigned:
                return Place(own.ahead if own.here else None, own.total, own.waiting, own.before)
            free = session.execute(standing_among_free(), asked).one()
            total, waiting = own.total + free.total, own.waiting + free.total
            if own.here or not free.here:
                return Place(own.ahead if own.here else None, total, waiting, own.before)
            return Place(own.total + free.ahead, total, waiting, free.before or own.before)

    def claim(self, project: int, account: str, *, after: int = 0) -> int | None:
        """Return the document that somebody is to do next, and give them one that is nobody's where none of theirs is left.

        Of two who ask at once, each gets another. What is gone on from comes again only if there is nothing else. What was chosen
        and is nobody's comes before what is theirs and was not.

        Args:
            project: where.
            account: who.
            after: a document to go on from.

        Raises:
            StoreError: if there is no such project, or they have no part in it.
        """
        with self._database.reading() as session:
            own = _next_own(session, project, account, after)
            if own not in (None, after) and (_is_chosen(session, own) or _first_chosen(session, project, after) is None):
                return own
        with self._database.writing() as session:
            if role_in(session, project, account) is None:
                raise StoreError(f"{account} is no member of {project_row(session, project).name}; admit them first")
            found = _first_free(session, project, after)
            if found is None:
                return own
            _give(session, project, [(found, account)], account)
            return found

    def of(self, document_id: int) -> tuple[Assignment, ...]:
        """Return to whom a document was given, by name."""
        query = select(AssignmentRow).where(AssignmentRow.document_id == document_id).order_by(AssignmentRow.account)
        with self._database.reading() as session:
            return tuple(_read(row) for row in session.scalars(query))

    def progress(self, project: int) -> tuple[Progress, ...]:
        """Return how far everyone is in a project, by name; documents in the recycle bin do not count."""
        query = (
            select(AssignmentRow.account, func.count(), func.count(AssignmentRow.finished), func.count(AssignmentRow.skipped))
            .join(StateRow, StateRow.document_id == AssignmentRow.document_id)
            .where(AssignmentRow.project_id == project, StateRow.deleted.is_(None))
            .group_by(AssignmentRow.account)
            .order_by(AssignmentRow.account)
        )
        with self._database.reading() as session:
            return tuple(Progress(a, g, f, s) for a, g, f, s in session.execute(query))


def _meant(session: Session, project: int, documents: Sequence[int] | Criteria | None) -> list[int]:
    project_row(session, project)
    if isinstance(documents, Criteria):
        return found_ids(session, project, documents)
    there = session.scalars(documents_of(project)).all()
    wanted = list(there if documents is None else dict.fromkeys(documents))
    if odd := set(wanted) - set(there):
        raise StoreError(f"project {project} has no document {min(odd)}; reload the page to see those there are")
    return wanted


def _dealt(
    session: Session, project: int, accounts: Sequence[str], overlap: int | None, seed: int, documents: Sequence[int]
) -> list[tuple[int, str]]:
    row = project_row(session, project)
    for account in accounts:
        if role_in(session, project, account) is None:
            raise StoreError(f"{account} is no member of {row.name}; admit them first")
    holders: dict[int, set[str]] = {}
    for document_id, account in session.execute(_holders(project)):
        holders.setdefault(document_id, set()).add(account)
    return deal(documents, accounts, overlap or row.overlap, seed, holders)


def _next_own(session: Session, project: int, account: str, after: int) -> int | None:
    """Return what waits of somebody's behind a document, else the first that does; what was chosen before what was not."""
    own = session.execute(waiting_for(project, account)).all()
    place = next((row.position for row in own if row.document_id == after), None)
    if place is None and after:
        found = session.get(AssignmentRow, (after, account))
        place = found.position if found else None
    waiting = [row for row in own if row.chosen and row.document_id != after] or own
    following = [row for row in waiting if place is not None and row.position > place]
    return next((int(row.document_id) for row in following or waiting), None)


def _is_chosen(session: Session, document_id: int | None) -> bool:
    return bool(document_id) and session.get(SelectionRow, document_id) is not None


def _first_chosen(session: Session, project: int, after: int) -> int | None:
    chosen = free_documents(project).where(SelectionRow.document_id.is_not(None), StateRow.document_id != after)
    return session.scalar(chosen.limit(1))


def _first_free(session: Session, project: int, after: int) -> int | None:
    free = free_documents(project)
    behind = free.where(RANK > rank_of(session, after))
    return _first_chosen(session, project, after) or session.scalar(behind.limit(1)) or session.scalar(free.limit(1))


def _holders(project: int) -> Any:
    return select(AssignmentRow.document_id, AssignmentRow.account).where(AssignmentRow.project_id == project)


def _give(session: Session, project: int, dealt: Sequence[tuple[int, str]], by: str) -> None:
    position, moment = last_position(session, project), now()
    gifts, events = [], []
    for place, (document_id, account) in enumerate(dealt, start=position + 1):
        where = {"project_id": project, "document_id": document_id}
        gifts.append({**where, "account": account, "position": place, "given": moment})
        events.append({**where, "account": by, "kind": "given", "payload": {"to": account}, "created": moment})
    if gifts:
        session.execute(insert(AssignmentRow), gifts)
        session.execute(insert(EventRow), events)
        for document_id in session.scalars(documents_of(project).where(StateRow.status == "finished")).all():
            refresh_status(session, document_id)


def last_position(session: Session, project: int) -> int:
    """Return the place of the last document that was given out in a project, 0 for none."""
    return session.scalar(select(func.max(AssignmentRow.position)).where(AssignmentRow.project_id == project)) or 0


def _read(row: AssignmentRow) -> Assignment:
    return Assignment(row.document_id, row.account, row.given, row.finished, row.skipped)
