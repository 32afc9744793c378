"""Documents as the Documents page shows them: what the store knows of them, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.document import Document
from workbench.language import Texts
from workbench.names import called
from workbench.picture_panel.drawing import drawn_if_there
from workbench.store import Assignment, Difference, Event, Revision, Store, StoredDocument, View
from workbench.versions import Version, versions_of
from workbench.views.beside import beside_html
from workbench.views.document_card import Card, Change, Step
from workbench.views.document_list import Row

if TYPE_CHECKING:
    from workbench.services import Services


def rows_of(
    documents: Iterable[StoredDocument], authors: Mapping[int, tuple[str, ...]], store: Store, texts: Texts, current: int = 0
) -> list[Row]:
    """Return documents as the list shows them.

    Args:
        documents: that were found, or are in the recycle bin.
        authors: who has annotated each, by its id.
        store: where they are.
        texts: words of the page.
        current: the one whose card is open.
    """
    return [
        Row(
            id=found.id,
            text=found.text,
            name=found.name,
            status=found.status,
            authors=tuple(called(name, store, texts) for name in authors.get(found.id, ())),
            spans=len(found.latest.spans) if found.latest else None,
            marks=marks_of(found, found.latest),
            time=when(found.deleted or (found.latest.created if found.latest else found.created)),
            current=found.id == current,
        )
        for found in documents
    ]


def marks_of(document: StoredDocument, latest: Revision | None) -> tuple[str, ...]:
    """Return what is to be said of a document besides how far it is."""
    said = {
        "flagged": document.flagged,
        "conflicted": bool(latest and latest.conflicted),
        "disagreement": bool(latest and (latest.checkpoint or latest.prediction) and set(latest.spans) != set(latest.prediction)),
    }
    return tuple(mark for mark, holds in said.items() if holds)


def card_of(services: Services, document_id: int, account: str, texts: Texts, revision: int = 0) -> Card:
    """Return what there is to say of a document to whoever may see it.

    Args:
        services: of the process.
        document_id: which.
        account: who asks.
        texts: words of the page.
        revision: the version whose text is to be shown; by default, the gold or else what is gone on from.

    Raises:
        StoreError: if there is no such document, or they have no part in its project.
    """
    store = services.store
    view = store.reading.view(document_id, account)
    done = versions_of(store, view, account)
    versions = [each.revision for each in done if isinstance(each, Version)]
    chosen = next((each for each in versions if each.id == revision), view.gold or view.document.latest)
    curating = store.projects.role(view.document.project_id, account) != "annotator"
    given = store.assignments.of(document_id) if not view.blind else ()
    document, names = view.document, (chosen.pictures if chosen else ()) or view.document.pictures
    drawn = [drawn_if_there(str(services.picture_folder / name), at) for at, name in enumerate(names, start=1)]
    notes = [note for note in store.notes.of(document_id, account) if not note.closed]
    return Card(
        id=document.id,
        name=document.name,
        status=document.status,
        marks=marks_of(document, document.latest),
        document=Document(document.text, chosen.spans if chosen else ()),
        version=_version(chosen, store, texts),
        facts=_facts(view, given, store, texts),
        notes=[(called(note.account, store, texts), _noted(note.text, note.extent, document.text)) for note in notes],
        steps=[_step(each, chosen, store, texts) for each in done],
        deed=("unbin" if document.deleted else "bin") if curating else "",
        beside=beside_html(drawn, texts.words),
    )


def when(moment: datetime | None) -> str:
    """Return a moment in local time."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else ""


def _version(chosen: Revision | None, store: Store, texts: Texts) -> str:
    if chosen is None:
        return texts("documents.version.none")
    who = called(chosen.author, store, texts) if chosen.layer != "imported" else texts("documents.layer.imported")
    return texts("documents.version.shown", number=chosen.number, who=who, time=when(chosen.created))


def _facts(view: View, given: Iterable[Assignment], store: Store, texts: Texts) -> list[tuple[str, str]]:
    document = view.document
    authors = [each for each in (view.own, *view.others) if each]
    said = [(texts("documents.fact.length"), texts("documents.fact.characters", count=len(document.text)))]
    if authors:
        told = (texts("documents.fact.spans", who=called(each.author, store, texts), count=len(each.spans)) for each in authors)
        said.append((texts("documents.fact.authors"), "；".join(told)))
    if assigned := [f"{called(each.account, store, texts)}（{_progress(each, texts)}）" for each in given]:
        said.append((texts("documents.fact.assigned"), "、".join(assigned)))
    said += [(str(name), str(value)) for name, value in document.meta.items()]
    return said


def _progress(given: Assignment, texts: Texts) -> str:
    return texts(f"documents.given.{'finished' if given.finished else 'skipped' if given.skipped else 'waiting'}")


def _noted(words: str, extent: tuple[int, int] | None, text: str) -> str:
    return f"“{text[extent[0] : extent[1]]}”：{words}" if extent else words


def _step(done: Version | Event, chosen: Revision | None, store: Store, texts: Texts) -> Step:
    if isinstance(done, Event):
        return _event(done, store, texts)
    revision = done.revision
    step = Step(
        what=texts(f"documents.layer.{revision.layer}"),
        who=called(revision.author, store, texts) if revision.layer != "imported" else "",
        time=when(revision.created),
        revision=revision.id,
        facts=_told(revision, texts),
        changes=_changes(done.changed),
        from_gold=_changes(done.from_gold),
        restorable=done.restorable,
        shown=chosen is not None and chosen.id == revision.id,
        warning=revision.conflicted,
    )
    return replace(step, what=f"{step.what} {texts('documents.step.number', number=revision.number)}")


def _told(revision: Revision, texts: Texts) -> tuple[str, ...]:
    facts = [texts("documents.spans.label", count=len(revision.spans))]
    if revision.seconds:
        facts.append(texts("documents.step.seconds", count=round(revision.seconds)))
    if revision.client_key.startswith("restore-"):
        facts.append(texts("documents.step.restored"))
    if revision.checkpoint:
        facts.append(texts("documents.step.model", name=revision.checkpoint))
    if revision.conflicted:
        facts.append(texts("documents.step.conflicted"))
    return tuple(facts)


def _event(event: Event, store: Store, texts: Texts) -> Step:
    payload: Mapping[str, Any] = event.payload
    facts = [str(payload[name]) for name in ("text", "reason") if payload.get(name)]
    facts += [f"→ {called(str(payload['to']), store, texts)}"] if "to" in payload else []
    facts += [called(str(payload["from"]), store, texts)] if "from" in payload else []
    facts += [texts("documents.event.bundle", count=payload.get("revisions", 0))] if "bundle" in payload else []
    return Step(
        texts(f"documents.event.{event.kind}"), called(event.account, store, texts), when(event.created), facts=tuple(facts)
    )


def _changes(difference: Difference | None) -> tuple[Change, ...] | None:
    if difference is None:
        return None
    return (
        *(("added", None, span) for span in difference.added),
        *(("removed", span, None) for span in difference.removed),
        *(("relabelled", before, after) for before, after in difference.relabelled),
        *(("moved", before, after) for before, after in difference.moved),
    )
