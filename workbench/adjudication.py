"""A document on the table of whoever adjudicates it: its versions, what there is to decide, and what comes after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from engine.document import Document, Span
from workbench.errors import UserError
from workbench.judging import Unit, Voice, units_of
from workbench.language import Texts
from workbench.names import called
from workbench.store import Dispute, Revision, Store, View


@dataclass(frozen=True)
class Weighed:
    """A document on the table: the versions, what there is to decide, and the revisions that are weighed."""

    view: View
    voices: tuple[Voice, ...]
    units: tuple[Unit, ...]
    sources: tuple[Revision, ...]
    names: Mapping[str, str]

    @property
    def key(self) -> str:
        """Return the editor's name for it: of other versions, a draft would be of something else."""
        return f"{self.view.document.id}.{'-'.join(str(source.id) for source in self.sources)}"


def weigh(store: Store, texts: Texts, document_id: int, account: str, *, hidden: bool) -> Weighed:
    """Gather what is to be weighed of a document.

    Args:
        store: where it is.
        texts: how versions are called.
        document_id: which.
        account: who weighs.
        hidden: whether annotators are numbered, in another order in each document.

    Raises:
        StoreError: if there is no such document, or the account has no part in its project.
    """
    view = store.reading.view(document_id, account)
    annotations = [found for found in (view.own, *view.others) if found is not None]
    annotations.sort(key=lambda found: _shuffled(document_id, found.author) if hidden else found.author)
    t = texts
    names = {
        found.author: t("adjudicate.hidden.name", number=number) if hidden else called(found.author, store, t)
        for number, found in enumerate(annotations, start=1)
    }
    voices = [Voice(names[found.author], "annotator", found.spans) for found in annotations]
    model = max((found for found in annotations if found.prediction), key=lambda found: found.id, default=None)
    if model:
        voices.append(Voice(t("adjudicate.model.name", name=model.checkpoint or "?"), "model", _bare(model.prediction)))
    if view.imported:
        voices.append(Voice(t("adjudicate.imported.name"), "imported", view.imported.spans))
    if view.gold:
        voices.append(Voice(t("adjudicate.gold.name"), "gold", view.gold.spans))
    sources = sorted([*annotations, *([view.imported] if view.imported else [])], key=lambda found: found.id)
    return Weighed(view, tuple(voices), units_of(voices), tuple(sources), names)


def _bare(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(Span(*span.key) for span in spans)


def _shuffled(document_id: int, author: str) -> str:
    """Return what hidden annotators are ordered by: another order in every document, or the third would soon be known."""
    return sha256(f"{document_id}.{author}".encode()).hexdigest()


def check_flat(document: Document) -> None:
    """See that no spans overlap.

    Raises:
        UserError: if two do.
    """
    furthest: Span | None = None
    for span in document.spans:
        if furthest and span.overlaps(furthest):
            raise UserError("adjudicate.flat.error", one=document.mention(furthest), other=document.mention(span))
        furthest = span


def rival(store: Store, texts: Texts, revision: Revision) -> dict[str, Any]:
    """Return the gold that somebody else had saved meanwhile, to be compared."""
    earlier = [found for found in store.revisions(revision.document_id) if found.layer == "gold"]
    before = max((found for found in earlier if found.id < revision.id), key=lambda found: found.id)
    spans = [asdict(span) for span in before.spans]
    return {"author": called(before.author, store, texts), "spans": spans, "revision": before.id}


def following(before: Sequence[Dispute], document_id: int, *, judged: bool) -> int:
    """Return the document after one that was adjudicated, from the top again after the last; 0 if none is left.

    Args:
        before: what can be adjudicated, before or after that, those that have gold too.
        document_id: the one.
        judged: whether those that have gold are gone through too.
    """
    waiting = [each for each in before if judged or not each.judged or each.document_id == document_id]
    target = neighbour(waiting, document_id, 1) or next((each for each in waiting if not each.judged), None)
    return target.document_id if target and target.document_id != document_id else 0


def neighbour(listed: Sequence[Dispute], document_id: int, by: int) -> Dispute | None:
    """Return what stands so far after a document in a list; the first of the list for one that is not in it."""
    at = next((number for number, each in enumerate(listed) if each.document_id == document_id), None)
    if at is None:
        return listed[0] if listed else None
    return listed[at + by] if 0 <= at + by < len(listed) else None
