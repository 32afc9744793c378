"""How a revision is appended, and all that follows from it kept beside it: heads, mentions, the document's status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from engine.document import Span
from workbench.store.checking import NONE, check_storable, checked
from workbench.store.errors import StoreError
from workbench.store.naming import Becomes, resolve
from workbench.store.projects import project_row
from workbench.store.queries import digest_of
from workbench.store.records import Revision, dump_readings, dump_spans, read_revision
from workbench.store.schema import AssignmentRow, DocumentRow, HeadRow, LabelRow, MentionRow, ProjectRow, RevisionRow, StateRow


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
    return {name: becomes for name, becomes in session.execute(query)}


def document_row(session: Session, document_id: int) -> DocumentRow:
    """Return the row of a document.

    Raises:
        StoreError: if there is none of this id.
    """
    row = session.get(DocumentRow, document_id)
    if row is None:
        raise StoreError(f"there is no document {document_id}; reload the page to see those there are")
    return row


def state_row(session: Session, document_id: int) -> StateRow:
    """Return the row of a document's state.

    Raises:
        StoreError: if there is no document of this id.
    """
    row = session.get(StateRow, document_id)
    if row is None:
        raise StoreError(f"there is no document {document_id}; reload the page to see those there are")
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


def document_of(session: Session, text: str, document_id: int | None, project: int) -> DocumentRow:
    """Return the document that a text is saved in, a new one of a project for no id.

    Raises:
        StoreError: if there is no such document or project, or the document has another text.
    """
    if document_id is None:
        project_row(session, project)
        return add_document(session, DocumentRow(text=text, digest=digest_of(text), project_id=project))
    row = document_row(session, document_id)
    if row.text != text:
        raise StoreError(f"document {document_id} has another text; offsets would not fit it; save this text as a new document")
    return row


def weighed(session: Session, document_id: int, sources: Sequence[int]) -> Sequence[RevisionRow]:
    """Return the revisions that a gold one is made from, in their order.

    Raises:
        StoreError: if one is not of the document.
    """
    found = session.scalars(select(RevisionRow).where(RevisionRow.document_id == document_id, RevisionRow.id.in_(sources))).all()
    if odd := set(sources) - {row.id for row in found}:
        raise StoreError(f"{min(odd)} is no revision of document {document_id}; reload the page to see those there are")
    return sorted(found, key=lambda row: list(sources).index(row.id))


def append(session: Session, row: RevisionRow, document: DocumentRow, becomes: Becomes) -> RevisionRow:
    """Add a revision to a document, number it, and see whether somebody else had saved since it was begun.

    Args:
        session: the only writer.
        row: the revision, all but its document, number and conflict.
        document: what it annotates.
        becomes: what labels are read as in its project.
    """
    heads = session.scalars(select(HeadRow).where(HeadRow.document_id == document.id)).all()
    # Numbers count all revisions, of which the greatest id is the latest head's.
    latest = max((head.revision_id for head in heads), default=None)
    number = session.scalar(select(RevisionRow.number).where(RevisionRow.id == latest)) if latest else 0
    row.document_id, row.number = document.id, (number or 0) + 1
    row.conflicted = row.base_revision is not None and _is_outdated(session, row, document, heads)
    session.add(row)
    session.flush()
    _index(session, row, heads, becomes)
    if row.layer == "gold":
        _set_status(session, row.document_id, "gold")
    elif row.layer == "annotation" and all(head.layer != "annotation" for head in heads):
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


def _is_outdated(session: Session, row: RevisionRow, document: DocumentRow, heads: Sequence[HeadRow]) -> bool:
    """Tell whether what a revision was begun from is no longer the last of its kind."""
    if row.layer == "gold":
        kind = [head.revision_id for head in heads if head.layer == "gold"]
    elif _is_independent(session, document.project_id):
        kind = [head.revision_id for head in heads if (head.layer, head.author) == ("annotation", row.author)]
    else:
        kind = [head.revision_id for head in heads if head.layer != "gold"]
    return bool(kind) and row.base_revision != max(kind)


def _is_independent(session: Session, project: int) -> bool:
    found = session.execute(select(ProjectRow.blind, ProjectRow.overlap).where(ProjectRow.id == project)).one()
    return found.blind or found.overlap > 1


def _index(session: Session, row: RevisionRow, heads: Sequence[HeadRow], becomes: Becomes) -> None:
    author = row.author if row.layer == "annotation" else ""
    disagrees = differ(row.spans, row.prediction, becomes) if row.checkpoint or row.prediction else None
    head = next((head for head in heads if (head.layer, head.author) == (row.layer, author)), None)
    if head is None:
        head = HeadRow(document_id=row.document_id, layer=row.layer, author=author)
        session.add(head)
    else:
        gone = delete(MentionRow).where(MentionRow.revision_id == head.revision_id)
        session.execute(gone, execution_options={"synchronize_session": False})
    head.revision_id, head.disagrees = row.id, disagrees
    session.flush()
    if row.spans:
        names = {"revision_id": row.id, "document_id": row.document_id}
        keys = {(span["start"], span["end"], span["label"]) for span in row.spans}
        session.execute(insert(MentionRow), [{**names, "start": s, "end": e, "label": label} for s, e, label in sorted(keys)])


def _set_status(session: Session, document_id: int, status: str, only_from: str = "") -> None:
    change = update(StateRow).where(StateRow.document_id == document_id).values(status=status)
    session.execute(change.where(StateRow.status == only_from) if only_from else change.where(StateRow.status != status))
