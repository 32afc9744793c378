"""Finds documents of a project by what is in them and what was done with them, as far as whoever asks may see it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, collate, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from workbench.store.measures import Measured, has_measure
from workbench.store.naming import Becomes, names_of
from workbench.store.records import BEGINNING, Glance, Layer, Status, StoredDocument, read_stored_document
from workbench.store.revisions import resolutions
from workbench.store.schema import AssignmentRow, DocumentRow, HeadRow, MentionRow, RevisionRow, SelectionRow, StateRow
from workbench.store.sight import ALL, Sight, sight_of

Order = Literal["recent", "oldest", "newest", "name", "longest", "shortest"]
Origin = Layer | Literal["predicted"]
"""Who says so: annotators, the import, the gold; or a model, of what it proposed before they decided, or when it chose."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What documents are looked for; what is left out is not asked. All that is given must hold.

    Attributes:
        text: is in the text or the name; small and capital letters of ASCII are one.
        labels: a span of any of these is in a latest annotation of anyone, the import or the gold, under this or a former name.
        labels_by: only what these say counts.
        at_least: how many code points the text has, or more.
        at_most: how many it has, or fewer.
        author: has annotated the document; empty for who had not signed in.
        status: how far the document is.
        flagged: whether somebody asks for it to be looked at.
        disagreement: whether the latest revision differs from what a model had proposed; where none had, neither is true.
        conflicted: whether the latest revision was saved over somebody else's.
        assigned: was given to this account.
        measured: what the evidence came to that a model had given, and whether the model was right.
        order: ``"recent"``, last saved first; by arrival, ``"oldest"`` or ``"newest"`` first; by name or by length.
    """

    text: str = ""
    labels: tuple[str, ...] = ()
    labels_by: Origin | None = None
    at_least: int | None = None
    at_most: int | None = None
    author: str | None = None
    status: Status | None = None
    flagged: bool | None = None
    disagreement: bool | None = None
    conflicted: bool | None = None
    assigned: str | None = None
    measured: Measured | None = None
    order: Order = "recent"


@dataclass(frozen=True, slots=True)
class Found:
    """Some of the documents that were looked for, and how many there are in all."""

    documents: tuple[StoredDocument, ...]
    total: int


EVERYTHING = Criteria()


def search(session: Session, project: int, criteria: Criteria, account: str | None, limit: int, offset: int) -> Found:
    """Find documents; see :meth:`workbench.store.store.Store.search`."""
    sight, becomes = sight_of(session, project, account), resolutions(session, project)
    status = _status(sight)
    wanted = _wanted(session, project, criteria, sight, status)
    ordering = _ordering(session, criteria.order)
    told = (StateRow.document_id, RevisionRow.id.label("revision_id"), status.label("status"), func.count().over().label("total"))
    page = wanted.with_only_columns(*told).order_by(*ordering).limit(limit).offset(offset).subquery()
    query = (
        select(DocumentRow, StateRow, RevisionRow, page.c.status, page.c.total)
        .join(page, page.c.document_id == DocumentRow.id)
        .join(StateRow, StateRow.document_id == DocumentRow.id)
        .outerjoin(RevisionRow, RevisionRow.id == page.c.revision_id)
    )
    rows = session.execute(query.order_by(*ordering)).all()
    # A page behind the last knows of none.
    total = rows[0][4] if rows else (session.scalar(select(func.count()).select_from(wanted.subquery())) or 0 if offset else 0)
    return Found(tuple(read_stored_document(row[0], row[1], row[2], becomes, row[3]) for row in rows), total)


def found_ids(session: Session, project: int, criteria: Criteria) -> list[int]:
    """Return every document that is found, in the order asked for, as the program itself sees them."""
    wanted = _wanted(session, project, criteria, ALL, StateRow.status.expression)
    return list(session.scalars(wanted.order_by(*_ordering(session, criteria.order))))


def recent(session: Session, project: int, account: str | None, limit: int) -> list[Glance]:
    """Return the documents last saved; see :meth:`workbench.store.reading.Reading.recent`.

    It goes down the newest revisions and no further than it must: it is drawn at every save, however large the project.
    """
    sight = sight_of(session, project, account)
    here = (StateRow.project_id == project, StateRow.deleted.is_(None))
    heads = select(HeadRow.document_id, HeadRow.revision_id).join(StateRow, StateRow.document_id == HeadRow.document_id)
    newest = heads.where(*here, sight.heads()).order_by(HeadRow.revision_id.desc()).limit(limit)
    shown: dict[int, int | None] = {}
    rows = session.execute(newest).all()
    while rows and len(shown) < limit:
        for document, revision in rows:
            shown.setdefault(document, revision)
        rows = session.execute(newest.where(HeadRow.revision_id < rows[-1].revision_id)).all()
    if len(shown) < limit:
        rest = select(StateRow.document_id).where(*here, StateRow.document_id.not_in(shown)).order_by(StateRow.document_id.desc())
        shown |= dict.fromkeys(session.scalars(rest.limit(limit - len(shown))))
    chosen = dict(list(shown.items())[:limit])
    revisions = [revision for revision in chosen.values() if revision is not None]
    query = (
        select(DocumentRow.id, func.substr(DocumentRow.text, 1, BEGINNING), _status(sight), StateRow.flagged)
        .add_columns(func.coalesce(RevisionRow.number, 0), func.coalesce(func.json_array_length(RevisionRow.spans), 0))
        .join(StateRow, StateRow.document_id == DocumentRow.id)
        .outerjoin(RevisionRow, and_(RevisionRow.document_id == DocumentRow.id, RevisionRow.id.in_(revisions)))
        .where(DocumentRow.id.in_(chosen))
    )
    found = {row[0]: Glance(*row) for row in session.execute(query)}
    return [found[document] for document in chosen]


def holds(session: Session, column: Any, part: str) -> ColumnElement[bool]:
    """Return the condition that a column holds a text, where small and capital letters of ASCII are one.

    LIKE would read ``%`` and ``_`` as wildcards, and folds on SQLite other letters than on PostgreSQL.
    """
    if session.get_bind().dialect.name == "sqlite":
        return func.instr(func.lower(column), func.lower(part)) > 0
    return func.strpos(func.lower(collate(column, "C")), func.lower(collate(literal(part), "C"))) > 0


def _wanted(session: Session, project: int, criteria: Criteria, sight: Sight, status: ColumnElement[str]) -> Select[int]:
    newest = select(func.max(HeadRow.revision_id)).where(HeadRow.document_id == StateRow.document_id, sight.heads())
    shown = newest.correlate(StateRow).scalar_subquery()
    return (
        select(DocumentRow.id)
        .join(StateRow, StateRow.document_id == DocumentRow.id)
        .outerjoin(RevisionRow, RevisionRow.id == shown)
        .where(StateRow.project_id == project, StateRow.deleted.is_(None))
        .where(*_conditions(session, criteria, sight, resolutions(session, project), status))
    )


def _conditions(
    session: Session, criteria: Criteria, sight: Sight, becomes: Becomes, status: ColumnElement[str]
) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if criteria.text:
        asked.append(or_(holds(session, DocumentRow.text, criteria.text), holds(session, DocumentRow.name, criteria.text)))
    if criteria.labels:
        names = sorted({name for label in criteria.labels for name in names_of(label, becomes)})
        asked.append(_foretold(session, names, sight) if criteria.labels_by == "predicted" else _said(names, criteria, sight))
    length = func.length(DocumentRow.text)
    if criteria.at_least is not None:
        asked.append(length >= criteria.at_least)
    if criteria.at_most is not None:
        asked.append(length <= criteria.at_most)
    if criteria.author is not None:
        said = and_(HeadRow.document_id == DocumentRow.id, HeadRow.layer == "annotation", HeadRow.author == criteria.author)
        asked.append(select(HeadRow.author).where(said, sight.heads()).exists())
    if criteria.status is not None:
        asked.append(status == criteria.status)
    if criteria.flagged is not None:
        asked.append(StateRow.flagged.is_(criteria.flagged))
    if criteria.disagreement is not None:
        latest = select(HeadRow.author).where(HeadRow.revision_id == RevisionRow.id)
        asked.append(latest.where(HeadRow.disagrees.is_(criteria.disagreement)).exists())
    if criteria.conflicted is not None:
        asked.append(func.coalesce(RevisionRow.conflicted, False).is_(criteria.conflicted))
    if criteria.assigned is not None:
        given = and_(AssignmentRow.document_id == DocumentRow.id, AssignmentRow.account == criteria.assigned)
        asked.append(select(AssignmentRow.account).where(given).exists())
    if criteria.measured is not None:
        asked.append(has_measure(criteria.measured, sight, DocumentRow.id.expression))
    return asked


def _said(names: list[str], criteria: Criteria, sight: Sight) -> ColumnElement[bool]:
    """Return the condition that a latest revision that may be seen has a span of one of some labels."""
    mentions = select(MentionRow.label).join(HeadRow, HeadRow.revision_id == MentionRow.revision_id)
    if criteria.labels_by:
        mentions = mentions.where(HeadRow.layer == criteria.labels_by)
    return mentions.where(MentionRow.document_id == DocumentRow.id, MentionRow.label.in_(names), sight.heads()).exists()


def _foretold(session: Session, names: list[str], sight: Sight) -> ColumnElement[bool]:
    """Return the condition that a model has proposed a span of one of some labels."""
    place = func.instr if session.get_bind().dialect.name == "sqlite" else func.strpos

    def among(spans: Any) -> ColumnElement[bool]:
        # As json.dumps has written it; a quotation mark within a label would have a backslash before it.
        return or_(*(place(cast(spans, Text), f'"label": {json.dumps(name)}') > 0 for name in names))

    head = aliased(RevisionRow)
    before = select(HeadRow.author).join(head, head.id == HeadRow.revision_id)
    proposed = before.where(HeadRow.document_id == DocumentRow.id, sight.heads(), among(head.prediction)).exists()
    chosen = select(SelectionRow.document_id).where(SelectionRow.document_id == DocumentRow.id, among(SelectionRow.predicted))
    return or_(proposed, chosen.exists())


def _status(sight: Sight) -> ColumnElement[str]:
    """Return how far a document is: for who sees nobody else, how far they are with it themselves."""
    if not sight.blind:
        return StateRow.status.expression
    own = and_(AssignmentRow.document_id == StateRow.document_id, AssignmentRow.account == sight.account)
    finished = select(AssignmentRow.account).where(own, AssignmentRow.finished.is_not(None)).exists()
    said = and_(HeadRow.document_id == StateRow.document_id, HeadRow.layer == "annotation", HeadRow.author == sight.account)
    return case((finished, "finished"), (select(HeadRow.author).where(said).exists(), "begun"), else_="open")


def _ordering(session: Session, order: Order) -> list[Any]:
    # Each database compares texts by a language of its own; code points are the same to both.
    name = DocumentRow.name if session.get_bind().dialect.name == "sqlite" else collate(DocumentRow.name, "C")
    first: dict[Order, list[Any]] = {
        "recent": [RevisionRow.id.desc().nulls_last(), DocumentRow.id.desc()],
        "oldest": [],
        "newest": [DocumentRow.id.desc()],
        "name": [name],
        "longest": [func.length(DocumentRow.text).desc()],
        "shortest": [func.length(DocumentRow.text)],
    }
    return [*first[order], DocumentRow.id]
