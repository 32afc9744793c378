"""Annotate: correct a sentence with our own span editor; every save is a new revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import gradio as gr

from engine.document import Document, Span
from engine.errors import DocumentError
from workbench.errors import UserError
from workbench.picture_panel.drawing import drawn_if_there
from workbench.services import LONGEST, Analysis
from workbench.span_editor import (
    SpanEditor,
    editor_notes,
    editor_texts,
    evidence_snippets,
    proposed_spans,
    read_remarks,
    word_borders,
)
from workbench.store import Revision, StoredDocument
from workbench.tabs import QUIET, Context, Door, Session, Tab, guard, notice
from workbench.views.beside import beside_html
from workbench.views.colours import editor_labels
from workbench.views.escape import esc

KEY = "annotate"
_NONE: Mapping[str, Any] = MappingProxyType({})
_SHOWN = 30
_EXCERPT = 42


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    editor: SpanEditor
    pictures: gr.HTML
    status: gr.HTML
    label: gr.Textbox
    add: gr.Button
    search: gr.Textbox
    recent: gr.HTML
    draft: gr.Textbox

    @property
    def opened(self) -> list[Any]:
        return [self.problem, self.editor, self.pictures, self.status, self.recent]


def build(context: Context) -> Tab:
    """Lay the tab out and wire it."""
    with gr.Tab(context.texts("annotate.tab.label"), id=KEY, elem_classes="page") as item:
        parts = _layout(context)
    does, guarded, session = _Handlers(context, parts), guard(context, parts.problem), context.session
    carry = guarded(does.carry)
    saved = parts.editor.save(guarded(does.save), [parts.editor, session], parts.opened, **QUIET, trigger_mode="multiple")
    parts.recent.open(guarded(does.reopen), [session], parts.opened, **QUIET)
    naming = [parts.add.click, parts.label.submit]
    gr.on(naming, guarded(does.add_label), [parts.label, parts.editor], [parts.problem, parts.editor, parts.label], **QUIET)
    parts.search.change(does.find, [parts.search], parts.recent, **QUIET, trigger_mode="always_last")
    item.select(guarded(does.visit), [session], parts.opened, **QUIET)
    return Tab(
        item,
        opening=Door(guarded(does.resume), [parts.draft, session], parts.opened, script="() => [duomo.latestDraft(), null]"),
        signals={"saved": saved.success},
        doors={"carry": Door(carry, [session], parts.opened)},
    )


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def carry(self, session: Session) -> dict[Any, Any]:
        """Bring the analysis that is shown into the editor, as proposals."""
        analysis = self.context.services.analysis(session.analysis)
        if analysis is None:
            raise UserError("annotate.carry.error")
        session.carried = session.analysis
        document, evidence = analysis.prediction.document, analysis.prediction.evidence
        more = {
            "spans": proposed_spans(document, evidence),
            "evidence": evidence_snippets(document, evidence, self.context.texts.words),
        }
        return self._open(session, document, more)

    def visit(self, session: Session) -> dict[Any, Any]:
        """Nobody meets an empty editor while there is an analysis to begin from."""
        if not session.document and self.context.services.analysis(session.analysis):
            return self.carry(session)
        return {self.parts.recent: _recent(self.context)}

    def reopen(self, event: gr.EventData, session: Session) -> dict[Any, Any]:
        """Bring a document of the list into the editor."""
        session.carried = ""
        stored = self.context.services.store.document(int(event.id))
        return self._open(session, _latest(stored), _undecided(stored))

    def resume(self, text: str, session: Session) -> dict[Any, Any]:
        """After a reload, go on with the draft that no server has acknowledged."""
        if not text or len(text) > LONGEST:
            return {self.parts.recent: _recent(self.context)}
        session.carried = ""
        stored = self.context.services.stored(text)
        return self._open(session, _latest(stored), _undecided(stored)) if stored else self._open(session, Document(text))

    def save(self, event: gr.EventData, value: dict[str, Any], session: Session, request: gr.Request) -> dict[Any, Any]:
        """Append a revision and tell the editor that it is safe."""
        revision = _save(self.context, event, session, request.username or "")
        answered = {"acknowledged": event.client_key, "revision": revision.id, **_rival(self.context, revision)}
        return {
            self.parts.editor: {**value, **answered},
            self.parts.status: _status(self.context, revision),
            self.parts.recent: _recent(self.context),
        }

    def add_label(self, name: str, value: dict[str, Any]) -> dict[Any, Any]:
        """Offer one more type."""
        self.context.services.add_label(name)
        labels = _labels(self.context, [span["label"] for span in value["spans"]])
        return {self.parts.editor: {**value, "labels": labels}, self.parts.label: ""}

    def find(self, query: str) -> str:
        """List the documents that hold some text."""
        return _recent(self.context, query)

    def _open(self, session: Session, document: Document, more: Mapping[str, Any] = _NONE) -> dict[Any, Any]:
        services = self.context.services
        stored = services.stored(document.text)
        latest = stored.latest if stored else None
        beside = _beside(document.text, services.analysis(session.carried), stored)
        session.document = document.id
        open_notes = services.store.notes.of(stored.id) if stored else ()
        value = _empty(self.context) | {
            "key": document.id,
            "text": document.text,
            "spans": [{**asdict(span), "predicted": False} for span in document.spans],
            "labels": _labels(self.context, [span.label for span in document.spans]),
            "boundaries": word_borders(document.text),
            "revision": latest.id if latest else None,
            "notes": editor_notes(open_notes, document.spans),
        }
        value |= more
        status = _status(self.context, latest) if latest else ""
        return {
            self.parts.editor: value,
            self.parts.pictures: _pictures(self.context, beside.get("pictures", ())),
            self.parts.status: status,
            self.parts.recent: _recent(self.context),
        }


def _layout(context: Context) -> _Parts:
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    with gr.Row(elem_classes="desk", equal_height=False):
        with gr.Column(scale=5, min_width=280):
            pictures = gr.HTML(elem_id="annotate-pictures", elem_classes="picture-part")
            editor = SpanEditor(_empty(context), elem_id="annotate-editor")
            status = gr.HTML(elem_classes="facts", elem_id="annotate-status")
        with gr.Column(scale=2, min_width=240):
            words: dict[str, Any] = {"label": t("annotate.recent.label"), "placeholder": t("annotate.search.hint")}
            search = gr.Textbox(**words, max_lines=1, elem_id="annotate-search")
            recent = gr.HTML(js_on_load="duomo.openings(element, trigger, 'open')", elem_id="annotate-recent")
            with gr.Row(elem_classes="add-label", equal_height=True):
                words = {"label": t("annotate.label.label"), "placeholder": t("annotate.label.hint")}
                label = gr.Textbox(**words, max_lines=1, elem_id="annotate-label", min_width=120)
                add = gr.Button(t("annotate.label.add"), min_width=80, scale=0, elem_id="annotate-add")
    draft = gr.Textbox(visible=False)
    return _Parts(problem, editor, pictures, status, label, add, search, recent, draft)


def _latest(stored: StoredDocument) -> Document:
    return Document(stored.text, stored.latest.spans if stored.latest else ())


def _undecided(stored: StoredDocument) -> dict[str, Any]:
    """Return the spans last saved, with the proposals that were still to be decided."""
    if stored.latest is None or not stored.latest.proposals:
        return {}
    decided = [{**asdict(span), "predicted": False} for span in stored.latest.spans]
    return {"spans": [*decided, *({**asdict(span), "predicted": True} for span in stored.latest.proposals)]}


def _rival(context: Context, revision: Revision) -> dict[str, Any]:
    """Return what somebody else had saved meanwhile, to be compared; nothing if nobody had."""
    if not revision.conflicted:
        return {"other": None}
    before = next(
        found for found in context.services.store.revisions(revision.document_id) if found.number == revision.number - 1
    )
    spans = [asdict(span) for span in before.spans]
    author = before.author or context.texts("annotate.other.author")
    return {"other": {"author": author, "spans": spans, "revision": before.id}}


def _empty(context: Context) -> dict[str, Any]:
    texts = editor_texts(context.texts)
    return {"key": "", "text": "", "spans": [], "labels": _labels(context), "texts": texts, "acknowledged": ""}


def _labels(context: Context, more: Iterable[str] = ()) -> list[dict[str, str]]:
    return editor_labels(context.services.labels(*more))


def _save(context: Context, event: gr.EventData, session: Session, author: str) -> Revision:
    services = context.services
    try:
        document = Document(str(event.text), _spans(event.spans))
        proposals = _spans(_said(event, "proposals") or ())
        remarks = read_remarks(_said(event, "notes") or {})
    except (AttributeError, DocumentError, KeyError, TypeError, ValueError) as error:
        raise UserError("annotate.save.error", message=error) from error
    # A draft of another text may be sent while this one is shown: what is known about the shown one is not about it.
    shown = document.id == session.document
    analysis = services.analysis(session.carried) if shown else None
    stored = services.stored(document.text)
    revision = services.store.save(
        document.text,
        document.spans,
        author=author,
        labels=services.labels(),
        client_key=str(event.client_key),
        document_id=stored.id if stored else None,
        base_revision=_said(event, "base_revision"),
        seconds=event.seconds,
        proposals=proposals,
        evidence=_said(event, "evidence") or None,
        **_beside(document.text, analysis, stored),
        **_origin(analysis),
    )
    services.store.notes.settle(revision.document_id, author, remarks)
    return revision


def _spans(said: Iterable[Mapping[str, Any]]) -> tuple[Span, ...]:
    return tuple(Span(int(span["start"]), int(span["end"]), str(span["label"]), span.get("score")) for span in said)


def _said(event: gr.EventData, name: str) -> Any:
    """Return what a save says beside its spans; a draft of an older version, sent again, does not say everything."""
    return getattr(event, name, None)


def _beside(text: str, analysis: Analysis | None, stored: StoredDocument | None) -> dict[str, Any]:
    """Return readings, recording and pictures: of the analysis that was brought along, else of the text's last save."""
    latest = stored.latest if stored else None
    kept: dict[str, Any] = {}
    if latest:
        kept = {"readings": latest.readings, "recording": latest.recording, "pictures": latest.pictures}
    if analysis is None or analysis.prediction.document.text != text:
        return kept
    heard = {"recording": analysis.spoken.path.name} if analysis.spoken else {}
    seen = {"pictures": [picture.path.name for picture in analysis.pictures]} if analysis.pictures else {}
    return {**kept, "readings": analysis.prediction.document.readings, **heard, **seen}


def _pictures(context: Context, names: Sequence[str]) -> str:
    folder = context.services.picture_folder
    return beside_html([drawn_if_there(str(folder / name), at) for at, name in enumerate(names, start=1)], context.texts.words)


def _origin(analysis: Analysis | None) -> dict[str, Any]:
    if analysis is None:
        return {}
    return {"prediction": analysis.prediction.document.spans, "checkpoint": analysis.checkpoint.name}


def _status(context: Context, revision: Revision) -> str:
    t = context.texts
    line = t("annotate.status.saved", number=revision.number, time=f"{revision.created.astimezone():%Y-%m-%d %H:%M}")
    conflict = notice(t("annotate.status.conflict"), "warning") if revision.conflicted else ""
    return f'{conflict}<p class="facts-line" role="status">{esc(line)}</p>'


def _recent(context: Context, query: str = "") -> str:
    t = context.texts
    documents = context.services.store.recent(limit=_SHOWN, query=query)
    if not documents:
        return f'<p class="empty">{esc(t("annotate.recent.none" if query else "annotate.recent.empty"))}</p>'
    return f'<ul class="documents">{"".join(_entry(context, stored) for stored in documents)}</ul>'


def _entry(context: Context, stored: StoredDocument) -> str:
    excerpt = " ".join(stored.text[:_EXCERPT].split())
    spans = len(stored.latest.spans) if stored.latest else 0
    facts = context.texts("annotate.recent.facts", spans=spans, revisions=stored.revisions_count)
    return (
        f'<li><button type="button" class="document" data-id="{stored.id}">'
        f'<span class="document-text" lang="zh">{esc(excerpt)}</span>'
        f'<span class="document-facts">{esc(facts)}</span></button></li>'
    )
