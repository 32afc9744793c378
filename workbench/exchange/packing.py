"""A project as a bundle: beside its documents all that :class:`workbench.store.whole.Whole` gives, as rows.

::

    documents.jsonl     the documents with the annotations that were asked for, for other programs
    project.jsonl       its name, guidelines and rules; not in an annotator's own bundle
    labels.jsonl        its labels, retired ones and former names too; not in an annotator's own bundle
    members.jsonl       who works in it, and as what; not in an annotator's own bundle
    texts.jsonl         the documents as they came, those in the recycle bin too
    revisions.jsonl     every revision in the order in which they were saved, labels as they were said
    evidence.jsonl      what models' proposals rested on
    events.jsonl        who did what else
    assignments.jsonl   who was given what, in their order
    selections.jsonl    which documents were chosen to be next, and why; not in an annotator's own bundle

Rows name documents, revisions and events by the numbers that they had, and pictures and recordings by their members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.document import Span
from engine.formats.bundle import Media, Rows
from workbench.services import Services
from workbench.store import Event, Revision, Selection, StoredDocument
from workbench.store.whole import Evidence, Whole

PROJECT, LABELS, TEXTS, REVISIONS = "project.jsonl", "labels.jsonl", "texts.jsonl", "revisions.jsonl"
EVIDENCE, EVENTS, ASSIGNMENTS = "evidence.jsonl", "events.jsonl", "assignments.jsonl"
MEMBERS, SELECTIONS = "members.jsonl", "selections.jsonl"


def members(
    services: Services, project: int, *, author: str | None = None, among: frozenset[int] | None = None
) -> dict[str, Rows]:
    """Return the members of a bundle beside the documents.

    Args:
        services: for the store and the workspace.
        project: which.
        author: of one annotator, what they did alone; by default of everybody.
        among: of these documents alone; by default of all.
    """
    whole, store = Whole(services.store, project, author=author, documents=among), services.store
    rows: dict[str, Rows] = {
        TEXTS: lambda media: _texts(whole, _Named(services, media), flags=author is None),
        REVISIONS: lambda media: (_revision(revision, _Named(services, media)) for revision in whole.revisions()),
        EVIDENCE: lambda media: map(_evidence, whole.evidence()),
        EVENTS: lambda media: map(_event, whole.events()),
        ASSIGNMENTS: lambda media: (_plain(asdict(given)) for given in whole.assignments()),
    }
    if author is None:
        labels, people = store.labels.list(project, all=True), store.projects.members(project)
        rows[PROJECT] = lambda media: [_plain(asdict(store.projects.get(project)))]
        rows[LABELS] = lambda media: (_plain(asdict(label)) for label in labels)
        rows[MEMBERS] = lambda media: map(asdict, people)
        rows[SELECTIONS] = lambda media: map(_selection, whole.selections())
    return rows


class _Named:
    """What members files of the workspace are; one that is no longer there keeps its name."""

    def __init__(self, services: Services, media: Media) -> None:
        self._services, self._media = services, media

    def pictures(self, names: Iterable[str]) -> list[str]:
        return [self._name(self._services.picture_folder, name, self._media.picture) for name in names]

    def recording(self, name: str) -> str:
        return self._name(self._services.speech_folder, name, self._media.recording)

    @staticmethod
    def _name(folder: Path, name: str, named: Callable[[str], str]) -> str:
        file = folder / Path(name).name
        return named(str(file)) if name and file.is_file() else name


def _texts(whole: Whole, named: _Named, *, flags: bool) -> Iterator[Mapping[str, Any]]:
    """Yield the documents; of an annotator's own export, without the flags that others set."""
    for document in whole.documents():
        yield _text(document, named) | ({} if flags else {"flagged": False})


def _text(document: StoredDocument, named: _Named) -> dict[str, Any]:
    return _plain(
        {
            "id": document.id,
            "name": document.name,
            "text": document.text,
            "meta": dict(document.meta),
            "pictures": named.pictures(document.pictures),
            "recording": named.recording(document.recording),
            "created": document.created,
            "flagged": document.flagged,
            "deleted": document.deleted,
        }
    )


def _revision(revision: Revision, named: _Named) -> dict[str, Any]:
    fields = {name: getattr(revision, name) for name in ("id", "number", "author", "created", "client_key", "checkpoint")}
    more = {name: getattr(revision, name) for name in ("seconds", "base_revision", "conflicted", "layer")}
    return _plain(
        {
            **fields,
            **more,
            "document": revision.document_id,
            "spans": _spans(revision.spans),
            "prediction": _spans(revision.prediction),
            "proposals": _spans(revision.proposals),
            "labels": list(revision.labels),
            "readings": {str(offset): reading for offset, reading in revision.readings.items()},
            "pictures": named.pictures(revision.pictures),
            "recording": named.recording(revision.recording),
            "sources": list(revision.sources),
        }
    )


def _evidence(evidence: Evidence) -> dict[str, Any]:
    measures = [[m.name, *(m.extent or (0, 0)), m.highest, m.mean] for m in evidence.measures]
    return {"revision": evidence.revision_id, "content": evidence.content, "measures": measures}


def _selection(selection: Selection) -> dict[str, Any]:
    names = ("round", "position", "strategy", "checkpoint", "learned", "created")
    pick = selection.pick
    why = {"arm": pick.arm, "predicted": _spans(pick.predicted), "reason": dict(pick.reason)}
    return _plain({"document": pick.document_id, **{name: getattr(selection, name) for name in names}, **why})


def _event(event: Event) -> dict[str, Any]:
    said = {name: getattr(event, name) for name in ("id", "kind", "account", "created")}
    return _plain({**said, "document": event.document_id, "payload": dict(event.payload)})


def _spans(spans: Iterable[Span]) -> list[list[Any]]:
    return [[*span.key] if span.score is None else [*span.key, span.score] for span in spans]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
