"""How a revision is appended, and all that follows from it kept beside it: heads, mentions, the document's status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from engine.document import Span
from workbench.store.checking import NONE, check_flat, check_storable, checked
from workbench.store.errors import StoreError
from workbench.store.memory import remembered
from workbench.store.naming import Becomes, resolve
from workbench.store.projects import Project, project_in, read_project
from workbench.store.queries import digest_of
from workbench.store.records import Revision, dump_readings, dump_spans, read_revision
from workbench.store.schema import (
    AssignmentRow,
    DocumentRow,
    HeadRow,
    LabelRow,
    MentionRow,
    ProjectRow,
    RevisionRow,
    StateRow,
    now,
)

_REVISIONS, _HEADS, _MENTIONS = (cast(Table, row.__table__) for row in (RevisionRow, HeadRow, MentionRow))


def revision_row(
    text: str,
    spans: Iterable[Span],
    *,
    prediction: Iterable[Span] = (),
    proposals: Iterable[Span] = (),
    readings: Mapping[int, str] = NONE,
    **plain: Any,
) -> RevisionRow:
    """Return a revision, checked, that :func:`append` will number.

    Args:
        text: what it annotates.
        spans: the annotations.
        prediction: what a model had proposed.
        proposals: of these, what is not decided yet.
        readings: how characters are read, by offset.
        plain: further columns, kept as they are.

    Raises:
        StoreError: if it cannot be stored.
    """
    document, proposed, undecided = checked(text, spans, readings), checked(text, prediction), checked(text, proposals)
    labels = (span.label for found in (document, proposed, undecided) for span in found.spans)
    check_storable(*readings.values(), *labels)
    for value in plain.values():
        check_storable(*[part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)])
    if not plain["client_key"]:
        raise StoreError("a save needs a client key; without one a repeated save could not be recognised")
    return RevisionRow(
        spans=dump_spans(document.spans),
        prediction=dump_spans(proposed.spans),
        proposals=dump_spans(undecided.spans),
        readings=dump_readings(document.readings),
        **{"layer": "annotation", "sources": [], "checkpoint": "", **plain},
    )


def resolutions(session: Session, project: int) -> Becomes:
    """Return what former names of a project's labels are read as."""
    query = select(LabelRow.name, LabelRow.becomes).where(LabelRow.project_id == project, LabelRow.becomes != "")
    return remembered(session, ("becomes", project), lambda: {name: becomes for name, becomes in session.execute(query)})


def document_row(session: Session, document_id: int) -> DocumentRow:
    """Return the row of a document.

    Raises:
        StoreError: if there is none of this id.
    """
    row = session.get(DocumentRow, document_id)
    if row is None:
        raise no_document(document_id)
    return row


def no_document(document_id: int) -> StoreError:
    """Return what is said of a document that is not there."""
    return StoreError(f"there is no document {document_id}; reload the page to see those there are")


def state_row(session: Session, document_id: int) -> StateRow:
    """Return the row of a document's state.

    Raises:
        StoreError: if there is no document of this id.
    """
    row = session.get(StateRow, document_id)
    if row is None:
        raise no_document(document_id)
    return row


def add_document(session: Session, row: DocumentRow) -> DocumentRow:
    """Add a document with its state."""
    session.add(row)
    session.flush()
    session.add(StateRow(document_id=row.id, project_id=row.project_id, status="open", flagged=False, deleted=None))
    return row


def earlier(session: Session, client_key: str) -> Revision | None:
    """Return the revision that a client key has made already."""
    row = session.scalar(select(RevisionRow).where(RevisionRow.client_key == client_key))
    if row is None:
        return None
    return read_revision(row, resolutions(session, document_row(session, row.document_id).project_id))


@dataclass(frozen=True, slots=True)
class Before:
    """What a revision is appended to.

    Attributes:
        document_id: the document.
        text: of it.
        project: where it is.
        heads: the latest revisions, by layer and author.
        number: of the last revision, 0 for none.
        repeated: id of the revision that the client key has made already, 0 for none.
    """

    document_id: int
    text: str
    project: Project
    heads: Mapping[tuple[str, str], int] = field(default_factory=dict)
    number: int = 0
    repeated: int = 0


def begin(session: Session, text: str, project: int) -> Before:
    """Add a text as a document that nobody has annotated yet.

    Raises:
        StoreError: if there is no such project.
    """
    rules = project_in(session, project)
    row = add_document(session, DocumentRow(text=text, digest=digest_of(text), project_id=project))
    return Before(row.id, text, rules)


def before(session: Session, document_id: int, client_key: str) -> Before:
    """Return what a document comes to, in one question: all who save wait for each other's answers.

    Raises:
        StoreError: if there is none of this id.
    """
    made = select(RevisionRow.id).where(RevisionRow.client_key == client_key).scalar_subquery()
    of_head = (HeadRow.layer, HeadRow.author, HeadRow.revision_id, RevisionRow.number)
    query = (
        select(DocumentRow.text, ProjectRow.__table__, made.label("repeated"), *of_head)
        .join(ProjectRow, ProjectRow.id == DocumentRow.project_id)
        .outerjoin(HeadRow, HeadRow.document_id == DocumentRow.id)
        .outerjoin(RevisionRow, RevisionRow.id == HeadRow.revision_id)
        .where(DocumentRow.id == document_id)
    )
    rows = session.execute(query).all()
    if not rows:
        raise no_document(document_id)
    heads = {(row.layer, row.author): row.revision_id for row in rows if row.layer is not None}
    # Numbers count all revisions, of which the latest is a head.
    number = max((row.number for row in rows if row.number), default=0)
    return Before(document_id, rows[0].text, read_project(rows[0]), heads, number, rows[0].repeated or 0)


def weighed(session: Session, document_id: int, sources: Sequence[int]) -> Sequence[RevisionRow]:
    """Return the revisions that a gold one is made from, in their order.

    Raises:
        StoreError: if one is not of the document.
    """
    found = session.scalars(select(RevisionRow).where(RevisionRow.document_id == document_id, RevisionRow.id.in_(sources))).all()
    if odd := set(sources) - {row.id for row in found}:
        raise StoreError(f"{min(odd)} is no revision of document {document_id}; reload the page to see those there are")
    return sorted(found, key=lambda row: list(sources).index(row.id))


def append(session: Session, row: RevisionRow, there: Before, becomes: Becomes) -> RevisionRow:
    """Add a revision to a document, number it, and see whether somebody else had saved since it was begun.

    Args:
        session: the only writer.
        row: the revision, all but its document, number and conflict.
        there: what it is appended to.
        becomes: what labels are read as in its project.

    Raises:
        StoreError: if spans overlap in a flat project.
    """
    if not there.project.nested:
        check_flat(there.text, keys_of(row.spans, becomes))
    row.document_id, row.number, row.created = there.document_id, there.number + 1, now()
    row.conflicted = row.base_revision is not None and _is_outdated(row, there)
    values = {column.key: getattr(row, column.key) for column in _REVISIONS.columns if column.key != "id"}
    row.id = session.execute(insert(_REVISIONS).values(values).returning(_REVISIONS.c.id)).scalar_one()
    _index(session, row, there, becomes)
    if row.layer == "gold":
        _set_status(session, row.document_id, "gold")
    elif row.layer == "annotation" and all(layer != "annotation" for layer, _ in there.heads):
        _set_status(session, row.document_id, "begun", only_from="open")
    return row


def refresh_status(session: Session, document_id: int) -> None:
    """See anew how far a document is, after its assignments changed."""
    session.flush()
    layers = set(session.scalars(select(HeadRow.layer).where(HeadRow.document_id == document_id)))
    given = session.scalars(select(AssignmentRow).where(AssignmentRow.document_id == document_id)).all()
    waits = any(row.finished is None and row.skipped is None for row in given)
    if "gold" in layers:
        status = "gold"
    elif not waits and any(row.finished for row in given):
        status = "finished"
    else:
        status = "begun" if "annotation" in layers else "open"
    _set_status(session, document_id, status)


def differ(spans: Iterable[Any], prediction: Iterable[Any], becomes: Becomes) -> bool:
    """Tell whether stored spans differ from what a model had proposed, as their labels are read now."""
    return keys_of(spans, becomes) != keys_of(prediction, becomes)


def keys_of(spans: Iterable[Any], becomes: Becomes) -> set[tuple[int, int, str]]:
    """Return where stored spans are and how their labels are read now."""
    return {(span["start"], span["end"], resolve(span["label"], becomes)) for span in spans}


def _is_outdated(row: RevisionRow, there: Before) -> bool:
    """Tell whether what a revision was begun from is no longer the last of its kind."""
    if row.layer == "gold":
        kind = [number for (layer, _), number in there.heads.items() if layer == "gold"]
    elif there.project.independent:
        kind = [number for head, number in there.heads.items() if head == ("annotation", row.author)]
    else:
        kind = [number for (layer, _), number in there.heads.items() if layer != "gold"]
    return bool(kind) and row.base_revision != max(kind)


def _index(session: Session, row: RevisionRow, there: Before, becomes: Becomes) -> None:
    author = row.author if row.layer == "annotation" else ""
    disagrees = differ(row.spans, row.prediction, becomes) if row.checkpoint or row.prediction else None
    former = there.heads.get((row.layer, author))
    if former is None:
        head = {"document_id": row.document_id, "layer": row.layer, "author": author}
        session.execute(insert(_HEADS).values(**head, revision_id=row.id, disagrees=disagrees))
    else:
        session.execute(delete(_MENTIONS).where(_MENTIONS.c.revision_id == former))
        of = (_HEADS.c.document_id == row.document_id, _HEADS.c.layer == row.layer, _HEADS.c.author == author)
        session.execute(update(_HEADS).where(*of).values(revision_id=row.id, disagrees=disagrees))
    if row.spans:
        names = {"revision_id": row.id, "document_id": row.document_id}
        keys = {(span["start"], span["end"], span["label"]) for span in row.spans}
        session.execute(insert(_MENTIONS), [{**names, "start": s, "end": e, "label": label} for s, e, label in sorted(keys)])


def _set_status(session: Session, document_id: int, status: str, only_from: str = "") -> None:
    change = update(StateRow).where(StateRow.document_id == document_id).values(status=status)
    session.execute(change.where(StateRow.status == only_from) if only_from else change.where(StateRow.status != status))
