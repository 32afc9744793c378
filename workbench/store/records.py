"""What the store hands out: frozen records, free of the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from engine.document import Document, Span
from workbench.store.naming import UNCHANGED, Becomes, resolved
from workbench.store.schema import FIRST, DocumentRow, RevisionRow, RunRow, StateRow

Layer = Literal["annotation", "imported", "gold"]
Status = Literal["open", "begun", "finished", "gold"]
RunKind = Literal["retraining", "comparison"]
"""A training that learns corrections, or one that compares what was chosen with what chance drew."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One saved annotation.

    Attributes:
        id: rises with every save in the store; what is new since some id can be asked for.
        document_id: the document it annotates.
        number: counts from 1 within the document.
        spans: the annotations.
        author: who saved.
        created: when, in UTC.
        client_key: the key that made the save idempotent.
        prediction: what the model had proposed.
        checkpoint: the model that had proposed it.
        labels: the labels that could be chosen from.
        readings: how characters are read where the annotator has said so, by offset, as numbered pinyin.
        recording: name of the file in the workspace that lay beside the text; empty for none.
        pictures: names of the files in the workspace that the pictures beside the text are in, in their order.
        seconds: how long the annotator took, where known.
        base_revision: id of the revision that the annotator had begun from, where known.
        conflicted: whether somebody else had saved since then; both revisions are kept.
        layer: ``"annotation"``, of its author; ``"imported"``, as a file said; ``"gold"``, adjudicated.
        sources: ids of the revisions that a gold one was made from.
        proposals: what a model had proposed and the annotator has not decided yet; nothing is learned from such a revision.
    """

    id: int
    document_id: int
    number: int
    spans: tuple[Span, ...]
    author: str
    created: datetime
    client_key: str
    prediction: tuple[Span, ...]
    checkpoint: str
    labels: tuple[str, ...] = ()
    readings: Mapping[int, str] = field(default_factory=dict)
    recording: str = ""
    pictures: tuple[str, ...] = ()
    seconds: float | None = None
    base_revision: int | None = None
    conflicted: bool = False
    layer: Layer = "annotation"
    sources: tuple[int, ...] = ()
    proposals: tuple[Span, ...] = ()


BEGINNING = 80
"""How many characters of a text a list is given."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A document as a list shows it.

    Attributes:
        id: its number.
        text: how it begins.
        status: how far it is, as :attr:`StoredDocument.status` says.
        flagged: whether somebody asks for it to be looked at.
        revisions_count: how many revisions it has.
        spans_count: how many spans the last saved of them has.
    """

    id: int
    text: str
    status: Status
    flagged: bool
    revisions_count: int
    spans_count: int


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A text in the store, with its latest revision.

    Attributes:
        id: its number.
        text: exactly as given.
        revisions_count: how many revisions it has.
        latest: the last saved of them.
        project_id: the project that it belongs to.
        name: what the file that it came from calls it.
        meta: whatever else that file says.
        pictures: names of the files in the workspace that came with it.
        recording: name of the file in the workspace that came with it; empty for none.
        status: ``"open"``, nobody has annotated it; ``"begun"``; ``"finished"``, by all that it was given to; ``"gold"``,
            adjudicated.
        flagged: whether somebody asks for it to be looked at.
        deleted: since when it is in the recycle bin.
        created: when it came into the store, in UTC.
    """

    id: int
    text: str
    revisions_count: int
    latest: Revision | None
    project_id: int = FIRST
    name: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)
    pictures: tuple[str, ...] = ()
    recording: str = ""
    status: Status = "open"
    flagged: bool = False
    deleted: datetime | None = None
    created: datetime | None = None

    def glance(self) -> Glance:
        """Return it as a list shows it."""
        spans = len(self.latest.spans) if self.latest else 0
        return Glance(self.id, self.text[:BEGINNING], self.status, self.flagged, self.revisions_count, spans)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A training run as the store knows it.

    Attributes:
        run_id: its name.
        folder: where it lives.
        parent: the checkpoint that it began from.
        last_revision: the latest revision that it learned from.
        project: whose corrections it learned.
        kind: ``"retraining"``, or ``"comparison"`` of what was chosen with what chance drew.
        decision: ``"used"``, ``"kept"`` (the old model was) or ``""`` while undecided.
        created: when it was added, in UTC.
    """

    run_id: str
    folder: str
    parent: str
    last_revision: int
    project: int
    kind: RunKind
    decision: str
    created: datetime


def dump_spans(spans: Iterable[Span]) -> list[dict[str, Any]]:
    """Return spans as plain values; a score is kept where there is one."""
    rows = [{"start": span.start, "end": span.end, "label": span.label, "score": span.score} for span in spans]
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def read_spans(rows: Sequence[dict[str, Any]]) -> tuple[Span, ...]:
    """Return what :func:`dump_spans` wrote."""
    return tuple(Span(row["start"], row["end"], row["label"], row.get("score")) for row in rows)


def dump_readings(readings: Mapping[int, str]) -> dict[str, str]:
    """Return chosen readings as plain values; JSON's names are text."""
    return {str(offset): reading for offset, reading in sorted(readings.items())}


def read_readings(row: Mapping[str, str]) -> dict[int, str]:
    """Return what :func:`dump_readings` wrote."""
    return {int(offset): reading for offset, reading in row.items()}


def read_revision(row: RevisionRow, becomes: Becomes = UNCHANGED) -> Revision:
    """Return the record of a row, its labels under the names that they are read as now."""
    return Revision(
        id=row.id,
        document_id=row.document_id,
        number=row.number,
        spans=resolved(read_spans(row.spans), becomes),
        author=row.author,
        created=row.created,
        client_key=row.client_key,
        prediction=resolved(read_spans(row.prediction), becomes),
        checkpoint=row.checkpoint,
        labels=tuple(row.labels),
        readings=read_readings(row.readings),
        recording=row.recording,
        pictures=tuple(row.pictures),
        seconds=row.seconds,
        base_revision=row.base_revision,
        conflicted=row.conflicted,
        layer=cast(Layer, row.layer),
        sources=tuple(row.sources),
        proposals=resolved(read_spans(row.proposals), becomes),
    )


def read_stored_document(
    row: DocumentRow, state: StateRow, latest: RevisionRow | None, becomes: Becomes = UNCHANGED, status: str = ""
) -> StoredDocument:
    """Return the record of a document and its latest revision; the revision's number is how many there are."""
    return StoredDocument(
        id=row.id,
        text=row.text,
        revisions_count=latest.number if latest else 0,
        latest=read_revision(latest, becomes) if latest else None,
        project_id=row.project_id,
        name=row.name,
        meta=row.meta,
        pictures=tuple(row.pictures),
        recording=row.recording,
        status=cast(Status, status or state.status),
        flagged=state.flagged,
        deleted=state.deleted,
        created=row.created,
    )


def read_run(row: RunRow) -> RunRecord:
    """Return the record of a row."""
    kind = cast(RunKind, row.kind)
    return RunRecord(row.id, row.folder, row.parent, row.last_revision, row.project_id, kind, row.decision, row.created)


def correction(document: DocumentRow, revision: RevisionRow, becomes: Becomes = UNCHANGED) -> Document:
    """Return a revision as a document to learn from; its recording and pictures are named, and lie in the workspace."""
    meta = {
        "document": str(document.id),
        "revision": str(revision.id),
        "author": revision.author,
        "checkpoint": revision.checkpoint,
    }
    return Document(
        document.text,
        resolved(read_spans(revision.spans), becomes),
        id=str(document.id),
        images=tuple(revision.pictures),
        audio=revision.recording or None,
        meta=meta,
        readings=read_readings(revision.readings),
    )
