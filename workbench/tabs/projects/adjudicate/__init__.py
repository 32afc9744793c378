"""Adjudicate: weigh what several annotators said of a document, and say what is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.adjudication import following, neighbour, rival, weigh
from workbench.errors import UserError
from workbench.span_editor import SpanEditor
from workbench.store import Dispute, Revision
from workbench.tabs import QUIET, Context, Session, Tab, account_of, guard, notice, opening, project_of
from workbench.tabs.projects.adjudicate.drawing import bar_html, head_html, narrowed_html, queue_html
from workbench.tabs.projects.adjudicate.gold import editor_value, no_value, save_gold
from workbench.views.escape import esc
from workbench.views.versions import units_html, versions_html

KEY = "adjudicate"
_JUDGES = ("curator", "admin")


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    work: gr.Column
    narrowed: gr.HTML
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
        return [self.problem, self.narrowed, self.head, self.versions, self.table, self.queue]

    @property
    def drawn(self) -> list[Any]:
        return [*self.compared, self.work, self.editor, self.status, self.hidden, self.whole, self.judged]


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("adjudicate.tab.label"), id=KEY) as item:
        parts = _layout(context)
    does, guarded, session = _Handlers(context, parts), guard(context, parts.problem), [context.session]
    for source in (parts.head, parts.queue, parts.status):
        source.open(guarded(does.open), session, parts.drawn, **QUIET)
    parts.editor.save(guarded(does.save), [parts.editor, *session], parts.drawn, **QUIET, trigger_mode="multiple")
    parts.editor.next(guarded(does.step), session, parts.drawn, **QUIET)
    parts.editor.previous(guarded(does.step_back), session, parts.drawn, **QUIET)
    parts.narrowed.widen(guarded(does.widen), session, parts.drawn, **QUIET)
    choices = [parts.hidden, parts.whole, parts.judged]
    for choice in choices:
        choice.input(guarded(does.look), [*session, *choices], parts.compared, **QUIET)
    return Tab(item, opening=opening(context, item, parts.problem, does.show, parts.drawn))


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew: the document that is asked for, else the one at hand, else the first that waits."""
        project = project_of(self.context, session, request)
        if self.context.services.store.projects.role(project, account_of(request)) not in _JUDGES:
            told = notice(self.context.texts("adjudicate.role.note"), "info")
            return {self.parts.problem: told, self.parts.work: gr.update(visible=False)}
        disputed = session.disputed
        if disputed and (disputed.project != project or (session.wanted and session.wanted not in disputed.documents)):
            # Another project is worked in, or a document is asked for that has nothing to do with it.
            session.disputed = None
        wanted, session.wanted = session.wanted or session.judging, 0
        found = self._disputes(session, request)
        there, waiting = ([each.document_id for each in some] for some in (found, _listed(session, found)))
        session.judging = wanted if wanted in there else next(iter(waiting), 0)
        choices = {
            self.parts.hidden: session.judging_blindly,
            self.parts.whole: session.judging_whole,
            self.parts.judged: session.judging_judged,
        }
        return {self.parts.work: gr.update(visible=True), self.parts.status: "", **choices, **self._draw(session, request, found)}

    def open(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Put a document on the table."""
        session.judging = int(event.id)
        return {self.parts.status: "", **self._draw(session, request, self._disputes(session, request))}

    def widen(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """List every document again, not those of one disagreement alone."""
        session.disputed = None
        return self.show(session, request)

    def step(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Go to the next document."""
        return self._go(session, request, 1)

    def step_back(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Go to the document before."""
        return self._go(session, request, -1)

    def look(self, session: Session, hidden: bool, whole: bool, judged: bool, request: gr.Request) -> dict[Any, Any]:
        """Hide names, show what all agree on, list what has gold: what is in the editor stays."""
        session.judging_blindly, session.judging_whole, session.judging_judged = hidden, whole, judged
        drawn = self._draw(session, request, self._disputes(session, request))
        return {part: value for part, value in drawn.items() if part in self.parts.compared}

    def save(self, event: gr.EventData, value: dict[str, Any], session: Session, request: gr.Request) -> dict[Any, Any]:
        """Append to the gold layer, say so, and go on to the next document."""
        self._check(session, request)
        revision = save_gold(self.context, event, account_of(request))
        shown = revision.document_id == session.judging
        answered = {"acknowledged": event.client_key, "revision": revision.id}
        if not shown:
            return {self.parts.editor: {**value, **answered}}
        if revision.conflicted:
            answered["other"] = rival(self.context.services.store, self.context.texts, revision)
            told = notice(self.context.texts("adjudicate.conflict.note"), "warning")
            return {self.parts.editor: {**value, **answered}, self.parts.status: told}
        found, saved = self._disputes(session, request), self._saved(revision)
        session.judging = following(found, session.judging, judged=_shows_judged(session))
        drawn = self._draw(session, request, found)
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
        found = self._disputes(session, request)
        target = neighbour(_listed(session, found), session.judging, by)
        if target:
            session.judging = target.document_id
        return {self.parts.status: "", **self._draw(session, request, found)}

    def _check(self, session: Session, request: gr.Request) -> int:
        project = project_of(self.context, session, request)
        if self.context.services.store.projects.role(project, account_of(request)) not in _JUDGES:
            raise UserError("projects.role.error", roles=", ".join(self.context.texts(f"role.{role}.label") for role in _JUDGES))
        return project

    def _disputes(self, session: Session, request: gr.Request) -> tuple[Dispute, ...]:
        """Return what there is to adjudicate, what has gold too: the store goes through the project for it, so ask once."""
        found = self.context.services.store.disputes.list(self._check(session, request), judged=True)
        disputed = session.disputed
        return tuple(each for each in found if each.document_id in disputed.documents) if disputed else found

    def _draw(self, session: Session, request: gr.Request, found: Sequence[Dispute]) -> dict[Any, Any]:
        listed = _listed(session, found)
        queue = queue_html(self.context, listed, session.judging)
        if not session.judging:
            return {**self._nothing(queue), self.parts.narrowed: narrowed_html(self.context, session.disputed, 0)}
        weighed = weigh(
            self.context.services.store, self.context.texts, session.judging, account_of(request), hidden=session.judging_blindly
        )
        t, document = self.context.texts.words, weighed.view.document
        flat = not self.context.services.store.projects.get(document.project_id).nested
        drawn = (document.text, weighed.voices, weighed.units, t)
        table = units_html(*drawn, whole=session.judging_whole, flat=flat, key=weighed.key)
        return {
            self.parts.narrowed: narrowed_html(self.context, session.disputed, len(listed)),
            self.parts.head: head_html(self.context, weighed, listed),
            self.parts.versions: versions_html(*drawn, whole=session.judging_whole),
            self.parts.table: bar_html(self.context, weighed) + table,
            self.parts.editor: editor_value(self.context, weighed, listed, account_of(request)),
            self.parts.queue: queue,
        }

    def _nothing(self, queue: str) -> dict[Any, Any]:
        said = f'<p class="empty">{esc(self.context.texts("adjudicate.nothing.line"))}</p>'
        blank = {self.parts.versions: "", self.parts.table: "", self.parts.editor: no_value(self.context)}
        return {self.parts.head: said, self.parts.queue: queue, **blank}


def _shows_judged(session: Session) -> bool:
    # Annotators differ where there is gold, too: whoever asks for a disagreement gets all of it.
    return session.judging_judged or session.disputed is not None


def _listed(session: Session, found: Sequence[Dispute]) -> Sequence[Dispute]:
    """Return which of them are listed."""
    return found if _shows_judged(session) else [each for each in found if not each.judged]


def _layout(context: Context) -> _Parts:
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    with gr.Column(elem_id="adjudicate-page") as work:
        narrowed = gr.HTML(js_on_load="duomo.deeds(element, trigger, ['widen'])", elem_id="adjudicate-narrowed")
        status = _opening("adjudicate-status")
        with gr.Row(elem_classes="desk", equal_height=False):
            with gr.Column(scale=7, min_width=280):
                head = _opening("adjudicate-head")
                versions = gr.HTML(elem_id="adjudicate-versions")
                table = gr.HTML(js_on_load="duomoWeigh.listen(element)", elem_id="adjudicate-table")
                gr.HTML(f"<h3>{esc(t('adjudicate.result.label'))}</h3>")
                editor = SpanEditor(no_value(context), elem_id="adjudicate-editor")
            with gr.Column(scale=2, min_width=220):
                with gr.Group(elem_classes="weigh-choices"):
                    hidden = gr.Checkbox(label=t("adjudicate.hidden.label"), elem_id="adjudicate-hidden")
                    whole = gr.Checkbox(label=t("adjudicate.whole.label"), elem_id="adjudicate-whole")
                    judged = gr.Checkbox(label=t("adjudicate.judged.label"), elem_id="adjudicate-judged")
                queue = _opening("adjudicate-queue")
    return _Parts(problem, work, narrowed, hidden, whole, judged, head, versions, table, editor, status, queue)


def _opening(name: str) -> gr.HTML:
    """Return a part whose buttons open documents."""
    return gr.HTML(js_on_load="duomo.openings(element, trigger, 'open')", elem_id=name)
