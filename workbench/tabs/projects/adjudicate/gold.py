"""The gold layer in the editor: what it begins from, and how it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from engine.document import Document, Span
from engine.errors import DocumentError
from workbench.adjudication import Weighed, check_flat
from workbench.annotating import labels_of
from workbench.errors import UserError
from workbench.judging import begin_from
from workbench.span_editor import editor_notes, editor_texts, read_remarks, word_borders
from workbench.store import Dispute, Revision
from workbench.tabs import Context

_SCOPE = "gold"


def save_gold(context: Context, event: gr.EventData, account: str) -> Revision:
    """Append to the gold layer what the editor sends.

    Raises:
        UserError: if it is not as the editor sends it, something is undecided, or spans overlap in a flat project.
        StoreError: if it cannot be saved.
    """
    store = context.services.store
    try:
        number, _, sources = str(event.key).partition(".")
        document_id, weighed = int(number), [int(source) for source in sources.split("-") if source]
        said = Document(str(event.text), tuple(Span(int(s["start"]), int(s["end"]), str(s["label"])) for s in event.spans))
        remarks = read_remarks(event.notes or {})
        left, base, seconds = len(event.proposals or ()), event.base_revision, event.seconds
    except (AttributeError, DocumentError, KeyError, TypeError, ValueError) as error:
        raise UserError("annotate.save.error", message=error) from error
    if left:
        raise UserError("adjudicate.left.error", count=left)
    stored = store.document(document_id)
    if stored.text != said.text:
        raise UserError("annotate.save.error", message=document_id)
    if not store.projects.get(stored.project_id).nested:
        check_flat(said)
    revision = store.adjudicate(
        document_id,
        said.spans,
        author=account,
        client_key=str(event.client_key),
        sources=weighed,
        labels=[label["name"] for label in labels_of(context.services, stored.project_id, context.texts.language)],
        seconds=seconds,
        base_revision=base,
    )
    store.notes.settle(document_id, account, remarks)
    return revision


def editor_value(context: Context, weighed: Weighed, listed: Sequence[Dispute], account: str) -> dict[str, Any]:
    """Return what the editor begins from: the gold there is, else what all agree on."""
    view, store = weighed.view, context.services.store
    gold = view.gold
    spans = begin_from(weighed.units, gold.spans if gold else None)
    own = [note for note in store.notes.of(view.document.id, account) if note.account == account]
    said = [span.label for voice in weighed.voices for span in voice.spans]
    marked = [Span(span["start"], span["end"], span["label"]) for span in spans]
    at = next((number for number, each in enumerate(listed, start=1) if each.document_id == view.document.id), None)
    steps = {"position": at, "total": len(listed), "skip": False, "flag": False} if at else None
    return no_value(context) | {
        "account": account,
        "key": weighed.key,
        "text": view.document.text,
        "spans": spans,
        "labels": labels_of(context.services, view.document.project_id, context.texts.language, said),
        "boundaries": word_borders(view.document.text),
        "revision": gold.id if gold else None,
        "notes": editor_notes(own, marked),
        "navigation": steps,
    }


def no_value(context: Context) -> dict[str, Any]:
    """Return the editor's value with no document in it."""
    more = {"acknowledged": "", "scope": _SCOPE, "decided": True}
    return {"key": "", "text": "", "spans": [], "labels": [], "texts": editor_texts(context.texts), **more}
