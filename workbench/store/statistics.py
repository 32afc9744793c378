"""What the saves of a project come to: how far it is, who did how much how fast, and what proposals were worth.

Each question is one query over the project; what databases have no word for in common, medians and days, is counted here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from statistics import median
from typing import NamedTuple

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from workbench.store.acceptance import Acceptances
from workbench.store.database import Database
from workbench.store.naming import Becomes, resolve
from workbench.store.projects import project_in
from workbench.store.queries import best_of_each
from workbench.store.report import Acceptance, Deed, Report, Standing, Timed, Work, saving_of, total
from workbench.store.revisions import resolutions
from workbench.store.schema import AssignmentRow, DocumentRow, EventRow, HeadRow, MentionRow, RevisionRow, StateRow
from workbench.store.sight import Sight, sight_of

_NOTHING = "[]"
_LOOKED_AT = 500
_QUARTER = 900


class _Save(NamedTuple):
    document_id: int
    author: str
    layer: str
    seconds: float | None
    proposed: bool
    characters: int
    day: date


class Statistics:
    """Sums over the saves of every project."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database
        self._acceptances = Acceptances()

    def report(self, project: int, account: str | None = None) -> Report:
        """Return what a project comes to.

        Args:
            project: which.
            account: who asks; ``None`` for the program itself, which sees all.

        Raises:
            StoreError: if there is no such project, or the account has no part in it.
        """
        with self._database.reading() as session:
            project_in(session, project)
            sight, becomes = sight_of(session, project, account), resolutions(session, project)
            saves = _saves(session, project, sight)
            timed = _timed(saves)
            accepted = self._acceptances.of(session, project, sight, becomes)
            comparable = [found for found in timed.values() if saving_of(found).share is not None]
            return Report(
                standing=_standing(session, project),
                work=_work(session, project, sight, saves, timed, accepted),
                days=_days(saves),
                labels=_labels(session, project, sight, becomes),
                acceptance=total(accepted.values()),
                saving=saving_of([each for found in (comparable or timed.values()) for each in found]),
                own=sight.blind,
            )

    def latest(self, project: int, account: str | None = None, limit: int = 8) -> tuple[Deed, ...]:
        """Return what was done last, latest first; the same in a row by the same person is one.

        Raises:
            StoreError: if there is no such project, or the account has no part in it.
        """
        saves = select(RevisionRow.layer, RevisionRow.author, RevisionRow.created, RevisionRow.document_id)
        saves = saves.join(StateRow, StateRow.document_id == RevisionRow.document_id)
        saves = saves.where(StateRow.project_id == project, RevisionRow.layer != "imported").order_by(RevisionRow.id.desc())
        events = select(EventRow.kind, EventRow.account, EventRow.created, EventRow.document_id)
        events = events.where(EventRow.project_id == project).order_by(EventRow.id.desc())
        with self._database.reading() as session:
            project_in(session, project)
            sight = sight_of(session, project, account)
            if sight.blind:
                saves = saves.where(RevisionRow.author == account, RevisionRow.layer == "annotation")
                events = events.where(EventRow.account == account)
            found = [
                Deed("judged" if row[0] == "gold" else "saved", *row[1:]) for row in session.execute(saves.limit(_LOOKED_AT))
            ]
            found += [Deed(*row) for row in session.execute(events.limit(_LOOKED_AT))]
        return tuple(_in_a_row(sorted(found, key=lambda deed: deed.created, reverse=True), limit))

    def saved(self, project: int) -> Mapping[int, datetime]:
        """Return when the last annotation of each annotator of each document was saved, by the revision's id."""
        query = select(RevisionRow.id, RevisionRow.created).join(HeadRow, HeadRow.revision_id == RevisionRow.id)
        query = query.join(StateRow, StateRow.document_id == HeadRow.document_id)
        query = query.where(StateRow.project_id == project, HeadRow.layer == "annotation")
        with self._database.reading() as session:
            return {number: created for number, created in session.execute(query)}


def _saves(session: Session, project: int, sight: Sight) -> list[_Save]:
    row = RevisionRow.__table__.c
    proposed = (cast(row.prediction, Text) != _NOTHING).label("proposed")
    query = (
        select(row.document_id, row.author, row.layer, row.seconds, proposed, func.length(DocumentRow.text), row.created)
        .join(StateRow, StateRow.document_id == row.document_id)
        .join(DocumentRow, DocumentRow.id == row.document_id)
        .where(StateRow.project_id == project, StateRow.deleted.is_(None), row.layer != "imported")
    )
    if sight.blind:
        query = query.where(row.author == sight.account, row.layer == "annotation")
    day_of = _Days()
    return [_Save._make((*said, day_of[created])) for *said, created in session.connection().execute(query)]


class _Days:
    """Tells on which day of the server's clock a moment was; where days begin is looked up once for every quarter of an hour."""

    def __init__(self) -> None:
        self._known: dict[int, date] = {}

    def __getitem__(self, moment: datetime) -> date:
        quarter = int(moment.timestamp()) // _QUARTER
        day = self._known.get(quarter)
        if day is None:
            day = self._known[quarter] = moment.astimezone().date()
        return day


def _timed(saves: Iterable[_Save]) -> dict[str, list[Timed]]:
    """Return the documents that each annotator was timed on: one saved in parts took the parts together."""
    seconds: dict[tuple[str, int], float] = defaultdict(float)
    proposed: set[tuple[str, int]] = set()
    characters: dict[int, int] = {}
    for save in saves:
        if save.layer == "annotation":
            key = save.author, save.document_id
            seconds[key] += save.seconds or 0
            characters[save.document_id] = save.characters
            if save.proposed:
                proposed.add(key)
    timed: dict[str, list[Timed]] = defaultdict(list)
    for (author, document_id), spent in seconds.items():
        if spent > 0 and characters[document_id]:
            timed[author].append(Timed(spent, characters[document_id], (author, document_id) in proposed))
    return timed


def _days(saves: Iterable[_Save]) -> dict[date, int]:
    return dict(sorted(Counter(day for day, _ in {(save.day, save.document_id) for save in saves}).items()))


def _standing(session: Session, project: int) -> Standing:
    gone = StateRow.deleted.is_not(None)
    query = select(StateRow.status, gone, StateRow.flagged, func.count()).where(StateRow.project_id == project)
    counts: Counter[str] = Counter()
    for status, deleted, flagged, count in session.execute(query.group_by(StateRow.status, gone, StateRow.flagged)):
        counts["deleted" if deleted else status] += count
        counts["flagged"] += count if flagged and not deleted else 0
    return Standing(**counts)


def _labels(session: Session, project: int, sight: Sight, becomes: Becomes) -> dict[str, int]:
    best = best_of_each(sight.account if sight.blind else None)
    chosen = best.where(StateRow.project_id == project, StateRow.deleted.is_(None)).subquery()
    query = select(MentionRow.label, func.count()).join(chosen, chosen.c.revision_id == MentionRow.revision_id)
    counts: Counter[str] = Counter()
    for label, count in session.execute(query.group_by(MentionRow.label)):
        counts[resolve(label, becomes)] += count
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _spans(session: Session, project: int) -> dict[str, int]:
    query = (
        select(HeadRow.author, func.count())
        .join(MentionRow, MentionRow.revision_id == HeadRow.revision_id)
        .join(StateRow, StateRow.document_id == HeadRow.document_id)
        .where(StateRow.project_id == project, StateRow.deleted.is_(None), HeadRow.layer == "annotation")
    )
    return {author: count for author, count in session.execute(query.group_by(HeadRow.author))}


def _given(session: Session, project: int) -> dict[str, tuple[int, int, int]]:
    done, later = func.count(AssignmentRow.finished), func.count(AssignmentRow.skipped)
    query = (
        select(AssignmentRow.account, func.count(), done, later)
        .join(StateRow, StateRow.document_id == AssignmentRow.document_id)
        .where(AssignmentRow.project_id == project, StateRow.deleted.is_(None))
    )
    return {account: (given, f, s) for account, given, f, s in session.execute(query.group_by(AssignmentRow.account))}


def _work(
    session: Session,
    project: int,
    sight: Sight,
    saves: Iterable[_Save],
    timed: Mapping[str, Sequence[Timed]],
    accepted: Mapping[str, Acceptance],
) -> tuple[Work, ...]:
    documents: dict[str, set[int]] = defaultdict(set)
    days: dict[str, set[date]] = defaultdict(set)
    for save in saves:
        if save.layer == "annotation":
            documents[save.author].add(save.document_id)
            days[save.author].add(save.day)
    spans, given = _spans(session, project), _given(session, project)
    names = {sight.account or ""} if sight.blind else set(documents) | set(given)
    return tuple(
        Work(
            name,
            *given.get(name, (0, 0, 0)),
            documents=len(documents[name]),
            spans=spans.get(name, 0),
            days=len(days[name]),
            seconds=_median(each.seconds for each in timed.get(name, ())),
            speed=_median(60 * each.characters / each.seconds for each in timed.get(name, ())),
            acceptance=accepted.get(name, Acceptance()),
            saving=saving_of(timed.get(name, ())),
        )
        for name in sorted(names)
    )


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None


def _in_a_row(deeds: Iterable[Deed], limit: int) -> list[Deed]:
    rows: list[Deed] = []
    for deed in deeds:
        last = rows[-1] if rows else None
        if last and (last.kind, last.account) == (deed.kind, deed.account):
            rows[-1] = replace(last, times=last.times + 1)
        elif len(rows) == limit:
            break
        else:
            rows.append(deed)
    return rows
