"""Revisions of another copy of a project, written here with the author and the moment that they had there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

from sqlalchemy import delete, insert

from workbench.store.checking import check_json
from workbench.store.errors import StoreError
from workbench.store.matching import AT_ONCE, Arriving, batches, key_here
from workbench.store.measures import add_measures
from workbench.store.naming import Becomes
from workbench.store.records import Layer, Revision
from workbench.store.revisions import differ, revision_row
from workbench.store.schema import EvidenceRow, HeadRow, MentionRow, RevisionRow

_LAYERS = get_args(Layer)


@dataclass
class Rewritten:
    """What was written.

    Attributes:
        added: how many revisions of each document here.
        layers: of these documents, the layers that there are now.
        labels: of the annotations that are the latest now, as they were said.
    """

    added: Counter[int] = field(default_factory=Counter)
    layers: dict[int, set[str]] = field(default_factory=dict)
    labels: dict[str, None] = field(default_factory=dict)


def rewrite(arriving: Arriving, becomes: Becomes, tell: Callable[[int, int], None]) -> Rewritten:
    """Add the revisions that are not here, with their evidence.

    Args:
        arriving: the copy, its documents added.
        becomes: what labels are read as here.
        tell: is told how many are in, of how many.

    Raises:
        StoreError: if one is not sound.
    """
    writing = _Writing(arriving, tell)
    writing.add()
    _add_evidence(arriving, writing.written, becomes)
    return _add_heads(arriving, writing, becomes)


class _Writing:
    def __init__(self, arriving: Arriving, tell: Callable[[int, int], None]) -> None:
        self.arriving, self.tell = arriving, tell
        self.ids = dict(arriving.found.revisions)
        self.waiting: dict[int, RevisionRow] = {}
        self.written: dict[int, RevisionRow] = {}
        self.added: Counter[int] = Counter()
        self.heads: dict[tuple[int, str, str], RevisionRow] = {}

    def add(self) -> None:
        found = self.arriving.found
        for past in self.arriving.past.revisions():
            if past.id in found.revisions or past.document_id in self.arriving.left:
                continue
            # What a revision was begun from must have its id before this one is written.
            if len(self.waiting) >= AT_ONCE or not self.waiting.keys().isdisjoint((past.base_revision, *past.sources)):
                self._flush()
            self.waiting[past.id] = self._row(past)
        self._flush()

    def _flush(self) -> None:
        self.arriving.add(self.waiting.values())
        self.ids.update({theirs: row.id for theirs, row in self.waiting.items()})
        self.written |= self.waiting
        self.waiting.clear()
        self.tell(len(self.written), sum(self.arriving.found.new.values()))

    def _row(self, past: Revision) -> RevisionRow:
        found, place = self.arriving.found, self.arriving.place(past.document_id)
        if past.layer not in _LAYERS:
            raise StoreError(f"revision {past.id} is of no known layer, {past.layer!r}; export the bundle again")
        row = revision_row(
            found.texts[past.document_id],
            past.spans,
            prediction=past.prediction,
            proposals=past.proposals,
            readings=past.readings,
            labels=list(past.labels),
            client_key=key_here(past.client_key, place) if past.client_key in found.taken else past.client_key,
            author=past.author,
            checkpoint=past.checkpoint,
            recording=past.recording,
            pictures=list(past.pictures),
            seconds=past.seconds,
            base_revision=self.ids.get(past.base_revision or 0),
            layer=past.layer,
            sources=[self.ids[source] for source in past.sources if source in self.ids],
        )
        found.taken.add(past.client_key)
        found.numbers[place] = found.numbers.get(place, 0) + 1
        row.document_id, row.number, row.created = place, found.numbers[place], past.created
        row.conflicted = past.conflicted or past.document_id in found.diverged
        self.added[place] += 1
        self.heads[place, past.layer, past.author if past.layer == "annotation" else ""] = row
        return row


def _add_heads(arriving: Arriving, writing: _Writing, becomes: Becomes) -> Rewritten:
    """Keep which revisions are the latest now, and what they mark."""
    session, rewritten = arriving.session, Rewritten(writing.added)
    for (place, layer, author), row in writing.heads.items():
        rewritten.layers.setdefault(place, set()).add(layer)
        rewritten.labels |= {span["label"]: None for span in row.spans}
        before = None if place in arriving.fresh else session.get(HeadRow, (place, layer, author))
        if before is not None:
            session.execute(delete(MentionRow).where(MentionRow.revision_id == before.revision_id))
            session.delete(before)
    session.flush()
    for some in batches(writing.heads.items()):
        heads, mentions = [], list[dict[str, Any]]()
        for (place, layer, author), row in some:
            disagrees = differ(row.spans, row.prediction, becomes) if row.checkpoint or row.prediction else None
            head = {"document_id": place, "layer": layer, "author": author, "revision_id": row.id}
            heads.append({**head, "disagrees": disagrees})
            keys = sorted({(span["start"], span["end"], span["label"]) for span in row.spans})
            names = {"revision_id": row.id, "document_id": place}
            mentions += [{**names, "start": start, "end": end, "label": label} for start, end, label in keys]
        session.execute(insert(HeadRow), heads)
        if mentions:
            session.execute(insert(MentionRow), mentions)
    return rewritten


def _add_evidence(arriving: Arriving, written: dict[int, RevisionRow], becomes: Becomes) -> None:
    for evidence in arriving.past.evidence():
        row = written.get(evidence.revision_id)
        if row is not None:
            check_json(evidence.content)
            if evidence.content is not None:
                arriving.session.add(EvidenceRow(revision_id=row.id, content=evidence.content))
            add_measures(arriving.session, row, evidence.measures, becomes)
    arriving.session.flush()
