"""What the saves of a project come to: how far it is, who did how much how fast, and what proposals were worth.

Each question is one query over the project; what databases have no word for in common, medians and days, is counted here.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from statistics import median
from typing import NamedTuple

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session, aliased

from workbench.store.database import Database
from workbench.store.naming import Becomes, resolve
from workbench.store.projects import project_in
from workbench.store.queries import best_of_each
from workbench.store.report import Acceptance, Deed, Report, Standing, Timed, Work, saving_of
from workbench.store.revisions import resolutions
from workbench.store.schema import AssignmentRow, DocumentRow, EventRow, HeadRow, MentionRow, RevisionRow, StateRow
from workbench.store.sight import Sight, sight_of

_NOTHING = "[]"
_LOOKED_AT = 500

_Key = tuple[int, int, str]


class _Save(NamedTuple):
    document_id: int
    author: str
    layer: str
    seconds: float | None
    created: datetime
    proposed: bool


class Statistics:
    """Sums over the saves of every project."""

    def __init__(self, database: Database) -> None:
        """Serve an open database."""
        self._database = database

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
            timed = _timed(saves, _lengths(session, project))
            accepted = _accepted(session, project, sight, becomes)
            comparable = [found for found in timed.values() if saving_of(found).share is not None]
            return Report(
                standing=_standing(session, project),
                work=_work(session, project, sight, saves, timed, accepted),
                days=dict(sorted(Counter(day for day, _ in _by_day(saves)).items())),
                labels=_labels(session, project, sight, becomes),
                acceptance=sum(accepted.values(), Acceptance()),
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
    columns = (RevisionRow.document_id, RevisionRow.author, RevisionRow.layer, RevisionRow.seconds, RevisionRow.created)
    query = (
        select(*columns, (cast(RevisionRow.prediction, Text) != _NOTHING).label("proposed"))
        .join(StateRow, StateRow.document_id == RevisionRow.document_id)
        .where(StateRow.project_id == project, StateRow.deleted.is_(None), RevisionRow.layer != "imported")
    )
    if sight.blind:
        query = query.where(RevisionRow.author == sight.account, RevisionRow.layer == "annotation")
    return [_Save(*row) for row in session.execute(query)]


def _lengths(session: Session, project: int) -> dict[int, int]:
    query = select(DocumentRow.id, func.length(DocumentRow.text)).where(DocumentRow.project_id == project)
    return {number: length for number, length in session.execute(query)}


def _timed(saves: Iterable[_Save], lengths: Mapping[int, int]) -> dict[str, list[Timed]]:
    """Return the documents that each annotator was timed on: one saved in parts took the parts together."""
    seconds: dict[tuple[str, int], float] = defaultdict(float)
    proposed: set[tuple[str, int]] = set()
    for save in saves:
        if save.layer == "annotation":
            key = save.author, save.document_id
            seconds[key] += save.seconds or 0
            if save.proposed:
                proposed.add(key)
    timed: dict[str, list[Timed]] = defaultdict(list)
    for (author, document_id), spent in seconds.items():
        if spent > 0 and lengths.get(document_id):
            timed[author].append(Timed(spent, lengths[document_id], (author, document_id) in proposed))
    return timed


def _by_day(saves: Iterable[_Save]) -> set[tuple[date, int]]:
    return {(save.created.astimezone().date(), save.document_id) for save in saves}


def _standing(session: Session, project: int) -> Standing:
    gone = StateRow.deleted.is_not(None)
    query = select(StateRow.status, gone, StateRow.flagged, func.count()).where(StateRow.project_id == project)
    counts: Counter[str] = Counter()
    for status, deleted, flagged, count in session.execute(query.group_by(StateRow.status, gone, StateRow.flagged)):
        counts["deleted" if deleted else status] += count
        counts["flagged"] += count if flagged and not deleted else 0
    return Standing(**counts)


def _accepted(session: Session, project: int, sight: Sight, becomes: Becomes) -> dict[str, Acceptance]:
    """Return what became of the proposals that each annotator had."""
    proposing = (
        select(func.max(RevisionRow.id).label("id"))
        .join(StateRow, StateRow.document_id == RevisionRow.document_id)
        .where(StateRow.project_id == project, StateRow.deleted.is_(None), RevisionRow.layer == "annotation")
        .where(cast(RevisionRow.prediction, Text) != _NOTHING)
        .group_by(RevisionRow.document_id, RevisionRow.author)
        .subquery()
    )
    last = aliased(RevisionRow)
    is_head = (HeadRow.document_id == RevisionRow.document_id) & (HeadRow.author == RevisionRow.author)
    # As text: an empty list, which most are, need not be read.
    columns = [cast(column, Text) for column in (RevisionRow.prediction, last.spans, last.proposals)]
    query = (
        select(RevisionRow.author, columns[0], columns[1], columns[2])
        .join(proposing, proposing.c.id == RevisionRow.id)
        .join(HeadRow, is_head & (HeadRow.layer == "annotation"))
        .join(last, last.id == HeadRow.revision_id)
    )
    if sight.blind:
        query = query.where(RevisionRow.author == sight.account)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for author, prediction, spans, undecided in session.execute(query):
        proposed = _keys(prediction, becomes) - (_keys(undecided, becomes) if undecided != _NOTHING else set())
        _count(found[author], proposed, _keys(spans, becomes))
    return {author: Acceptance(**counts) for author, counts in found.items()}


def _count(counts: Counter[str], proposed: set[_Key], saved: set[_Key]) -> None:
    """Count what became of the proposals of one document; see :class:`Acceptance`."""
    kept = proposed & saved
    counts["kept"] += len(kept)
    if kept == proposed == saved:
        return
    before, after = sorted(proposed - kept), sorted(saved - kept)
    left = _pair_off(before, after, lambda one, other: one[:2] == other[:2])
    left = _pair_off(left, after, lambda one, other: one[2] == other[2] and one[0] < other[1] and other[0] < one[1])
    counts["changed"] += len(before) - len(left)
    counts["removed"] += len(left)
    counts["added"] += len(after)


def _pair_off(before: Iterable[_Key], after: list[_Key], match: Callable[[_Key, _Key], bool]) -> list[_Key]:
    """Take from what is there after, one for one, what matches something before; return what nothing matches."""
    left = []
    for one in before:
        found = next((other for other in after if match(one, other)), None)
        if found is None:
            left.append(one)
        else:
            after.remove(found)
    return left


def _keys(stored: str, becomes: Becomes) -> set[_Key]:
    rows = json.loads(stored)
    if not becomes:
        return {(row["start"], row["end"], row["label"]) for row in rows}
    return {(row["start"], row["end"], resolve(row["label"], becomes)) for row in rows}


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
            days[save.author].add(save.created.astimezone().date())
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
