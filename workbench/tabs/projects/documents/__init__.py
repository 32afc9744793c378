"""Documents: find documents, see what was done to them, put them into the recycle bin and take them out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import gradio as gr

from workbench import listing, versions
from workbench.store import Criteria
from workbench.tabs import QUIET, Context, Session, Tab, account_of, guard, notice, opening, project_of, require
from workbench.tabs.projects.documents.filters import Filters, criteria_of, lay_out, offered
from workbench.views.document_card import card_html
from workbench.views.document_list import Leaf, list_html

KEY = "documents"
_SIZE = 50
_LIST = "duomo.deeds(element, trigger, ['card', 'turn', 'bin', 'unbin'])"
_CARD = "duomo.deeds(element, trigger, ['version', 'restore', 'annotate', 'bin', 'unbin'], watch)"


@dataclass(frozen=True)
class _Sought:
    """What the page looks for: it is remembered while the user is elsewhere."""

    project: int
    criteria: Criteria = Criteria()
    bin: bool = False
    page: int = 0
    card: int = 0


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML
    filters: Filters
    clear: gr.Button
    found: gr.HTML
    card: gr.HTML

    @property
    def listed(self) -> list[Any]:
        return [self.problem, self.found, self.card]

    @property
    def drawn(self) -> list[Any]:
        return [*self.listed, *self.filters.all]


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("documents.tab.label"), id=KEY) as item:
        parts = _layout(context)
    does, guarded, session = _Handlers(context, parts), guard(context, parts.problem), context.session
    filters = parts.filters
    asked = [session, *filters.all]
    typed = (filters.text, filters.value, filters.at_least, filters.at_most)
    chosen = [part.input for part in filters.all if part not in typed]
    gr.on(chosen, guarded(does.find), asked, parts.listed, **QUIET)
    gr.on([part.change for part in typed], guarded(does.find), asked, parts.listed, **QUIET, trigger_mode="always_last")
    parts.clear.click(guarded(does.clear), session, parts.drawn, **QUIET)
    parts.found.turn(guarded(does.turn), session, parts.listed, **QUIET)
    parts.found.card(guarded(does.open), session, [parts.problem, parts.card], **QUIET, trigger_mode="always_last")
    parts.card.version(guarded(does.open), session, [parts.problem, parts.card], **QUIET, trigger_mode="always_last")
    parts.card.restore(guarded(does.restore), session, parts.listed, **QUIET)
    for part in (parts.found, parts.card):
        part.bin(guarded(does.bin), session, parts.listed, **QUIET)
        part.unbin(guarded(does.unbin), session, parts.listed, **QUIET)
    opened = parts.card.annotate(guarded(does.annotate), session, parts.problem, **QUIET)
    return Tab(item, opening=opening(context, item, parts.problem, does.show, parts.drawn), signals={"opened": opened.success})


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew; of another project, with nothing looked for."""
        project = project_of(self.context, session, request)
        fresh = session.sought is None or session.sought.project != project
        if fresh:
            session.sought = _Sought(project)
        account, curates = account_of(request), self._curates(session, request)
        choices = offered(self.context, self.parts.filters, project, account, curates=curates, fresh=fresh)
        return {**choices, **self._listed(session, request, fresh or bool(session.sought.card))}

    def find(self, session: Session, request: gr.Request, *asked: Any) -> dict[Any, Any]:
        """List what was asked for, from the first page."""
        names = list(vars(self.parts.filters))
        said = dict(zip(names, asked, strict=True))
        project = project_of(self.context, session, request)
        binned = said["bin"] == "bin" and self._curates(session, request)
        before = session.sought
        kept = before.card if before and before.project == project and before.bin == binned else 0
        session.sought = _Sought(project, criteria_of(said), binned, card=kept)
        return self._listed(session, request, not kept)

    def clear(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Look for nothing in particular."""
        session.sought = None
        return self.show(session, request)

    def turn(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Go to another page of what was found."""
        session.sought = replace(self._sought(session, request), page=max(0, int(event.number)))
        return self._listed(session, request)

    def open(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Show the card of a document, with its text as it stands or as it stood in some version."""
        session.sought = replace(self._sought(session, request), card=int(event.id))
        return {self.parts.card: self._card(session, request, int(event._data.get("revision") or 0))}

    def restore(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Bring an earlier version back, as a new one."""
        revision = versions.restore(self.context.services.store, int(event.id), int(event.revision), account_of(request))
        said = self.context.texts("documents.restore.done", number=revision.number)
        return {**self._listed(session, request, True), self.parts.problem: notice(said, "success")}

    def annotate(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Ask for a document to be opened in Annotate; whoever has no part in its project is refused here."""
        session.wanted = 0
        self.context.services.store.reading.view(int(event.id), account_of(request))
        session.wanted = int(event.id)
        return {}

    def bin(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Put documents into the recycle bin."""
        return self._move(event, session, request, "bin")

    def unbin(self, event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Take documents out of the recycle bin, as they were."""
        return self._move(event, session, request, "unbin")

    def _move(self, event: gr.EventData, session: Session, request: gr.Request, deed: str) -> dict[Any, Any]:
        account = require(self.context, session, request, "curator", "admin")
        store, said = self.context.services.store, event._data
        numbers = [int(number) for number in said.get("ids") or [said["id"]]]
        project = project_of(self.context, session, request)
        own = [number for number in numbers if store.reading.view(number, account).document.project_id == project]
        moved = (store.documents.delete if deed == "bin" else store.documents.restore)(own, by=account)
        sought = self._sought(session, request)
        session.sought = replace(sought, card=0 if sought.card in own else sought.card)
        told = notice(self.context.texts(f"documents.{deed}.done", count=moved), "success")
        return {**self._listed(session, request, True), self.parts.problem: told}

    def _sought(self, session: Session, request: gr.Request) -> _Sought:
        project = project_of(self.context, session, request)
        if session.sought is None or session.sought.project != project:
            session.sought = _Sought(project)
        return cast(_Sought, session.sought)

    def _curates(self, session: Session, request: gr.Request) -> bool:
        project, account = project_of(self.context, session, request), account_of(request)
        return self.context.services.store.projects.role(project, account) in ("curator", "admin")

    def _listed(self, session: Session, request: gr.Request, card: bool = False) -> dict[Any, Any]:
        drawn = {self.parts.found: self._found(session, request)}
        return {**drawn, self.parts.card: self._card(session, request)} if card else drawn

    def _found(self, session: Session, request: gr.Request) -> str:
        store, account, sought = self.context.services.store, account_of(request), self._sought(session, request)
        while True:
            if sought.bin:
                total = store.documents.deleted_count(sought.project)
                shown = store.documents.deleted(sought.project, _SIZE, sought.page * _SIZE)
            else:
                found = store.search(sought.project, sought.criteria, account=account, limit=_SIZE, offset=sought.page * _SIZE)
                total, shown = found.total, list(found.documents)
            leaf = Leaf(sought.page, _SIZE, total)
            if leaf.number <= leaf.last:
                break
            # Somebody has taken documents away meanwhile.
            sought = session.sought = replace(sought, page=leaf.last)
        authors = store.reading.annotators(sought.project, [each.id for each in shown], account)
        rows = listing.rows_of(shown, authors, store, self.context.texts, sought.card)
        deed = ("unbin" if sought.bin else "bin") if self._curates(session, request) else ""
        narrowed = sought.criteria != Criteria(order=sought.criteria.order)
        query = "" if sought.bin else sought.criteria.text
        return list_html(rows, leaf, self.context.texts, query=query, deed=deed, narrowed=narrowed)

    def _card(self, session: Session, request: gr.Request, revision: int = 0) -> str:
        texts, number = self.context.texts, self._sought(session, request).card
        if not number:
            return ""
        card = listing.card_of(self.context.services, number, account_of(request), texts, revision)
        return card_html(card, texts, texts.words)


def _layout(context: Context) -> _Parts:
    problem = gr.HTML(elem_classes="notices")
    filters, clear = lay_out(context)
    with gr.Row(elem_classes="found-desk", equal_height=False):
        with gr.Column(scale=5, min_width=300):
            found = gr.HTML(js_on_load=_LIST, elem_id="documents-found")
        with gr.Column(scale=6, min_width=300, elem_classes="card-side"):
            card = gr.HTML(js_on_load=_CARD, elem_id="documents-card")
    return _Parts(problem, filters, clear, found, card)
