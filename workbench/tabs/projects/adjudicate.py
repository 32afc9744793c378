"""Adjudicate: weigh what several annotators said of a document, and say what is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.document import Document, Span
from engine.errors import DocumentError
from workbench.adjudication import Weighed, check_flat, following, neighbour, rival, weigh
from workbench.annotating import labels_of
from workbench.errors import UserError
from workbench.judging import begin_from
from workbench.names import called
from workbench.span_editor import SpanEditor, editor_notes, editor_texts, read_remarks, word_borders
from workbench.store import Dispute, Note, Revision
from workbench.tabs import QUIET, Context, Door, Session, Tab, account_of, guard, notice, project_of
from workbench.views.escape import esc
from workbench.views.versions import units_html, versions_html

KEY = "adjudicate"
_JUDGES = ("curator", "admin")
_SCOPE = "gold"
_LISTED = 200
_EXCERPT = 36


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    work: gr.Column
    hidden: gr.Checkbox
    whole: gr.Checkbox
    judged: gr.Checkbox
    head: gr.HTML
    versions: gr.HTML
    table: gr.HTML
    editor: SpanEditor
    status: gr.HTML
    queue: gr.HTML

    @property
    def compared(self) -> list[Any]:
        return [self.problem, self.head, self.versions, self.table, self.queue]

    @property
    def drawn(self) -> list[Any]:
        return [*self.compared, self.work, self.editor, self.status, self.hidden, self.whole, self.judged]


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("adjudicate.tab.label"), id=KEY) as item:
        parts = _layout(context)
    does, guarded, session = _Handlers(context, parts), guard(context, parts.problem), [context.session]
    show, step = guarded(does.show), guarded(does.step)
    item.select(show, session, parts.drawn, **QUIET)
    for source in (parts.head, parts.queue, parts.status):
        source.open(guarded(does.open), session, parts.drawn, **QUIET)
    parts.editor.save(guarded(does.save), [parts.editor, *session], parts.drawn, **QUIET, trigger_mode="multiple")
    parts.editor.next(step, session, parts.drawn, **QUIET)
    parts.editor.previous(guarded(does.step_back), session, parts.drawn, **QUIET)
    choices = [parts.hidden, parts.whole, parts.judged]
    for choice in choices:
        choice.input(guarded(does.look), [*session, *choices], parts.compared, **QUIET)
    return Tab(item, opening=Door(show, session, parts.drawn))


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew: the document that is asked for, else the one at hand, else the first that waits."""
        session.page = KEY
        project = project_of(self.context, session, request)
        if self.context.services.store.projects.role(project, account_of(request)) not in _JUDGES:
            told = notice(self.context.texts("adjudicate.role.note"), "info")
            return {self.parts.problem: told, self.parts.work: gr.update(visible=False)}
        wanted, session.wanted = session.wanted or session.judging, 0
        there = [each.document_id for each in self._disputes(session, request, judged=True)]
        waiting = [each.document_id for each in self._disputes(session, request)]
        session.judging = wanted if wanted in there else next(iter(waiting), 0)
        choices = {
            self.parts.hidden: session.judging_blindly,
            self.parts.whole: session.judging_whole,
            self.parts.judged: session.judging_judged,
        }
        return {self.parts.work: gr.update(visible=True), self.parts.status: "", **choices, **self._draw(session, request)}

    def open(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Put a document on the table."""
        session.judging = int(event.id)
        return {self.parts.status: "", **self._draw(session, request)}

    def step(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Go to the next document."""
        return self._go(session, request, 1)

    def step_back(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Go to the document before."""
        return self._go(session, request, -1)

    def look(self, session: Session, hidden: bool, whole: bool, judged: bool, request: gr.Request) -> dict[Any, Any]:
        """Hide names, show what all agree on, list what has gold: what is in the editor stays."""
        session.judging_blindly, session.judging_whole, session.judging_judged = hidden, whole, judged
        drawn = self._draw(session, request)
        return {part: value for part, value in drawn.items() if part in self.parts.compared}

    def save(self, event: gr.EventData, value: dict[str, Any], session: Session, request: gr.Request) -> dict[Any, Any]:
        """Append to the gold layer, say so, and go on to the next document."""
        before = self._disputes(session, request, judged=True)
        revision = _save(self.context, event, account_of(request))
        shown = revision.document_id == session.judging
        answered = {"acknowledged": event.client_key, "revision": revision.id}
        if not shown:
            return {self.parts.editor: {**value, **answered}}
        if revision.conflicted:
            answered["other"] = rival(self.context.services.store, self.context.texts, revision)
            told = notice(self.context.texts("adjudicate.conflict.note"), "warning")
            return {self.parts.editor: {**value, **answered}, self.parts.status: told}
        after = following(before, session.judging, judged=session.judging_judged)
        saved = self._saved(revision)
        session.judging = after
        drawn = self._draw(session, request)
        return {
            **drawn,
            self.parts.editor: {**drawn[self.parts.editor], "acknowledged": event.client_key, "onward": True},
            self.parts.status: saved,
        }

    def _saved(self, revision: Revision) -> str:
        t, stored = self.context.texts, self.context.services.store.document(revision.document_id)
        line = t("adjudicate.saved.line", name=stored.name or stored.id, spans=len(revision.spans))
        again = f'<button type="button" class="weigh-link" data-id="{stored.id}">{esc(t("adjudicate.saved.again"))}</button>'
        return f'<p class="notice notice-success" role="status">{esc(line)} {again}</p>'

    def _go(self, session: Session, request: gr.Request, by: int) -> dict[Any, Any]:
        target = neighbour(self._disputes(session, request), session.judging, by)
        if target:
            session.judging = target.document_id
        return {self.parts.status: "", **self._draw(session, request)}

    def _disputes(self, session: Session, request: gr.Request, *, judged: bool | None = None) -> tuple[Dispute, ...]:
        project = project_of(self.context, session, request)
        if self.context.services.store.projects.role(project, account_of(request)) not in _JUDGES:
            raise UserError("projects.role.error", roles=_roles(self.context))
        asked = session.judging_judged if judged is None else judged
        return self.context.services.store.disputes.list(project, judged=asked)

    def _draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        listed = self._disputes(session, request)
        queue = _queue(self.context, listed, session.judging)
        if not session.judging:
            return self._nothing(queue)
        weighed = weigh(
            self.context.services.store, self.context.texts, session.judging, account_of(request), hidden=session.judging_blindly
        )
        t, document = self.context.texts.words, weighed.view.document
        flat = not self.context.services.store.projects.get(document.project_id).nested
        drawn = (document.text, weighed.voices, weighed.units, t)
        table = units_html(*drawn, whole=session.judging_whole, flat=flat, key=weighed.key)
        return {
            self.parts.head: _head(self.context, weighed, listed),
            self.parts.versions: versions_html(*drawn, whole=session.judging_whole),
            self.parts.table: _bar(self.context, weighed) + table,
            self.parts.editor: _value(self.context, weighed, listed, account_of(request)),
            self.parts.queue: queue,
        }

    def _nothing(self, queue: str) -> dict[Any, Any]:
        said = f'<p class="empty">{esc(self.context.texts("adjudicate.nothing.line"))}</p>'
        blank = {self.parts.versions: "", self.parts.table: "", self.parts.editor: _empty(self.context)}
        return {self.parts.head: said, self.parts.queue: queue, **blank}


def _layout(context: Context) -> _Parts:
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    with gr.Column(elem_id="adjudicate-page") as work:
        status = _opening("adjudicate-status")
        with gr.Row(elem_classes="desk", equal_height=False):
            with gr.Column(scale=7, min_width=280):
                head = _opening("adjudicate-head")
                versions = gr.HTML(elem_id="adjudicate-versions")
                table = gr.HTML(js_on_load="duomoWeigh.listen(element)", elem_id="adjudicate-table")
                gr.HTML(f"<h3>{esc(t('adjudicate.result.label'))}</h3>")
                editor = SpanEditor(_empty(context), elem_id="adjudicate-editor")
            with gr.Column(scale=2, min_width=220):
                with gr.Group(elem_classes="weigh-choices"):
                    hidden = gr.Checkbox(label=t("adjudicate.hidden.label"), elem_id="adjudicate-hidden")
                    whole = gr.Checkbox(label=t("adjudicate.whole.label"), elem_id="adjudicate-whole")
                    judged = gr.Checkbox(label=t("adjudicate.judged.label"), elem_id="adjudicate-judged")
                queue = _opening("adjudicate-queue")
    return _Parts(problem, work, hidden, whole, judged, head, versions, table, editor, status, queue)


def _opening(name: str) -> gr.HTML:
    """Return a part whose buttons open documents."""
    return gr.HTML(js_on_load="duomo.openings(element, trigger, 'open')", elem_id=name)


def _save(context: Context, event: gr.EventData, account: str) -> Revision:
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


def _value(context: Context, weighed: Weighed, listed: Sequence[Dispute], account: str) -> dict[str, Any]:
    view, store = weighed.view, context.services.store
    gold = view.gold
    spans = begin_from(weighed.units, gold.spans if gold else None)
    own = [note for note in store.notes.of(view.document.id, account) if note.account == account]
    said = [span.label for voice in weighed.voices for span in voice.spans]
    marked = [Span(span["start"], span["end"], span["label"]) for span in spans]
    at = next((number for number, each in enumerate(listed, start=1) if each.document_id == view.document.id), None)
    steps = {"position": at, "total": len(listed), "skip": False, "flag": False} if at else None
    return _empty(context) | {
        "key": weighed.key,
        "text": view.document.text,
        "spans": spans,
        "labels": labels_of(context.services, view.document.project_id, context.texts.language, said),
        "boundaries": word_borders(view.document.text),
        "revision": gold.id if gold else None,
        "notes": editor_notes(own, marked),
        "navigation": steps,
    }


def _empty(context: Context) -> dict[str, Any]:
    more = {"acknowledged": "", "scope": _SCOPE, "decided": True}
    return {"key": "", "text": "", "spans": [], "labels": [], "texts": editor_texts(context.texts), **more}


def _head(context: Context, weighed: Weighed, listed: Sequence[Dispute]) -> str:
    t, document = context.texts, weighed.view.document
    at = next((number for number, each in enumerate(listed, start=1) if each.document_id == document.id), 0)
    place = t("adjudicate.position.line", position=at, total=len(listed)) if at else ""
    sides = "".join(
        _step(context, name, sign, neighbour(listed, document.id, by) if at else None)
        for name, sign, by in (("previous", "‹", -1), ("next", "›", 1))
    )
    title = f"<strong>{esc(document.name or t('adjudicate.document.name', number=document.id))}</strong>"
    gold = weighed.view.gold
    who = called(gold.author, context.services.store, t) if gold else ""
    when = f"{gold.created.astimezone():%Y-%m-%d %H:%M}" if gold else ""
    judged = f'<p class="weigh-gold">{esc(t("adjudicate.gold.line", name=who, time=when))}</p>' if gold else ""
    notes = _notes(context, document.text, context.services.store.notes.of(document.id), weighed.names)
    return (
        f'<div class="weigh-head">{title}<span>{esc(place)}</span><span class="weigh-steps">{sides}</span></div>{judged}{notes}'
    )


def _step(context: Context, name: str, sign: str, target: Dispute | None) -> str:
    rest = f'data-id="{target.document_id}"' if target else "disabled"
    words = esc(context.texts(f"adjudicate.step.{name}"))
    return f'<button type="button" data-step="{name}" {rest} aria-label="{words}" title="{words}">{sign}</button>'


def _notes(context: Context, text: str, notes: Iterable[Note], names: Mapping[str, str]) -> str:
    items = []
    for note in notes:
        if note.closed:
            continue
        about = f"「{text[slice(*note.extent)]}」" if note.extent else ""
        name = names.get(note.account) or called(note.account, context.services.store, context.texts)
        items.append(f"<li><b>{esc(name)}</b> {esc(about)} {esc(note.text)}</li>")
    if not items:
        return ""
    return f'<ul class="weigh-notes" aria-label="{esc(context.texts("adjudicate.notes.label"))}">{"".join(items)}</ul>'


def _bar(context: Context, weighed: Weighed) -> str:
    t = context.texts
    agreed, differing = (sum(unit.differs is differs for unit in weighed.units) for differs in (False, True))
    line = t("adjudicate.units.line", differing=differing, agreed=agreed)
    buttons = "".join(
        f'<button type="button" data-act="{act}" class="{kind}">{esc(t(f"adjudicate.act.{act}"))}</button>'
        for act, kind in (("majority", ""), ("next", ""), ("save", "weigh-save"))
    )
    left, done = esc(t("adjudicate.left.line")), esc(t("adjudicate.left.done"))
    return (
        f'<p class="weigh-line">{esc(line)}</p><div class="weigh-bar" data-left="{left}" data-done="{done}">'
        f'<span class="weigh-left" role="status"></span>{buttons}</div><p class="weigh-keys">{esc(t("adjudicate.keys.hint"))}</p>'
    )


def _queue(context: Context, listed: Sequence[Dispute], shown: int) -> str:
    t = context.texts
    if not listed:
        return f'<p class="empty">{esc(t("adjudicate.queue.empty"))}</p>'
    differing = sum(each.differing > 0 for each in listed)
    head = esc(t("adjudicate.queue.line", total=len(listed), differing=differing))
    more = esc(t("adjudicate.queue.more", count=len(listed) - _LISTED)) if len(listed) > _LISTED else ""
    entries = "".join(_entry(context, each, each.document_id == shown) for each in listed[:_LISTED])
    return f'<p class="weigh-line">{head}</p><ul class="documents">{entries}</ul><p class="weigh-line">{more}</p>'


def _entry(context: Context, each: Dispute, here: bool) -> str:
    t = context.texts
    what = t("adjudicate.queue.differing", count=each.differing) if each.differing else t("adjudicate.queue.agreed")
    facts = " · ".join(
        part
        for part in (
            each.name,
            t("adjudicate.queue.annotators", count=each.annotators),
            what,
            t("adjudicate.queue.judged") if each.judged else "",
        )
        if part
    )
    current = ' aria-current="true"' if here else ""
    return (
        f'<li><button type="button" class="document" data-id="{each.document_id}"{current}>'
        f'<span class="document-text" lang="zh">{esc(" ".join(each.excerpt[:_EXCERPT].split()))}</span>'
        f'<span class="document-facts">{esc(facts)}</span></button></li>'
    )


def _roles(context: Context) -> str:
    return ", ".join(context.texts(f"role.{role}.label") for role in _JUDGES)
