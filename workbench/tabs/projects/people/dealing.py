"""Deal documents: to whom, which, how many each, and what would come of it before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.errors import UserError
from workbench.store import Criteria, Outlook
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, require
from workbench.tabs.projects.people.which import EVERY, Which, lay_out
from workbench.views.escape import esc


@dataclass(frozen=True)
class _Parts:
    section: gr.Column
    people: gr.CheckboxGroup
    which: Which
    overlap: gr.Number
    seed: gr.Number
    preview: gr.HTML
    deal: gr.Button
    told: gr.HTML

    @property
    def drawn(self) -> list[Any]:
        return [self.section, self.people, *self.which.all, self.overlap, self.preview, self.deal]


def build(context: Context) -> Section:
    """Lay the section out and wire it."""
    parts = _layout(context)
    does, guarded = _Handlers(context, parts), guard(context, parts.told)
    chosen = [context.session, parts.people, parts.overlap, parts.seed, *parts.which.all]
    preview, foretold = guarded(does.preview), [parts.told, parts.preview, parts.deal]
    for control in chosen[1:]:
        if control is not parts.which.text:
            control.input(preview, chosen, foretold, **QUIET, trigger_mode="always_last")
    # Gradio tells of typing one letter late; of the change in time, but also of one that the page made, which wipes nothing away.
    typed, last = guard(context, parts.preview)(does.typed), {**QUIET, "trigger_mode": "always_last"}
    parts.which.text.change(typed, chosen, [parts.preview, parts.deal], **last)
    dealt = parts.deal.click(guarded(does.deal), chosen, parts.told, **QUIET, trigger_mode="once")
    return Section(does.draw, parts.drawn, parts.told, [dealt])


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Offer the members who annotate, all of them chosen."""
        store, account = self.context.services.store, account_of(request)
        role = store.projects.role(session.project, account)
        if not session.project or not account or role not in ("curator", "admin"):
            return {self.parts.section: gr.update(visible=False)}
        out = {found.name for found in store.accounts.list() if found.disabled}
        members = [member for member in store.projects.members(session.project) if member.account not in out]
        chosen = [member.account for member in members if member.role == "annotator"]
        overlap = store.projects.get(session.project).overlap
        return {
            self.parts.section: gr.update(visible=bool(members)),
            self.parts.people: gr.update(choices=[(member.shown, member.account) for member in members], value=chosen),
            **self.parts.which.cleared(self.context, session.project),
            self.parts.overlap: overlap,
            **self._foretold(session, chosen, overlap, 0, EVERY),
        }

    def preview(self, session: Session, request: gr.Request, people: Sequence[str], *asked: Any) -> dict[Any, Any]:
        """Say how many documents are meant and how many each would get; the button waits until that is any.

        Args:
            session: whose project it is.
            request: who asks.
            people: who is to get them.
            asked: how many each document is to have, the seed, and which documents.
        """
        require(self.context, session, request, "curator", "admin")
        overlap, seed, *which = asked
        return self._foretold(session, people, overlap, seed, self.parts.which.criteria(*which))

    def typed(self, session: Session, request: gr.Request, people: Sequence[str], *asked: Any) -> dict[Any, Any]:
        """Say the same of what is typed; a field that is shown for the first time tells of itself before anybody is chosen."""
        if not people and self.parts.which.criteria(*asked[2:]) == EVERY:
            return {self.parts.preview: gr.skip(), self.parts.deal: gr.skip()}
        return self.preview(session, request, people, *asked)

    def deal(self, session: Session, request: gr.Request, people: Sequence[str], *asked: Any) -> dict[Any, Any]:
        """Deal them; asked as :meth:`preview` is."""
        by = require(self.context, session, request, "curator", "admin")
        if not people:
            raise UserError("people.person.error")
        overlap, seed, *which = asked
        assign, found = self.context.services.store.assignments.assign, self.parts.which.criteria(*which)
        count = assign(session.project, people, overlap=int(overlap or 1), seed=int(seed or 0), documents=found, by=by)
        return {self.parts.told: notice(self.context.texts("people.deal.done", count=count), "success")}

    def _foretold(
        self, session: Session, people: Sequence[str], overlap: float | None, seed: float | None, which: Criteria
    ) -> dict[Any, Any]:
        t, each, preview = self.context.texts, int(overlap or 1), self.context.services.store.assignments.preview
        enough = len(people) >= each
        outlook = preview(session.project, people if enough else (), overlap=each, seed=int(seed or 0), documents=which)
        meant = t("people.deal.all" if which == EVERY else "people.deal.meant", count=outlook.documents)
        if not outlook.documents:
            line = t("documents.empty.project" if which == EVERY else "documents.empty.found")
        elif not enough:
            line = meant + t("people.deal.few", overlap=each, chosen=len(people))
        else:
            line = meant + _line(self.context, session, outlook, each)
        return {
            self.parts.preview: f'<p class="people-preview" role="status">{esc(line)}</p>',
            self.parts.deal: gr.update(interactive=any(outlook.shares.values())),
        }


def _line(context: Context, session: Session, outlook: Outlook, overlap: int) -> str:
    t, total = context.texts, sum(outlook.shares.values())
    if not total:
        return t("people.deal.nothing", overlap=overlap)
    shown = {member.account: member.shown for member in context.services.store.projects.members(session.project)}
    each = [t("people.deal.share", person=shown.get(name, name), count=count) for name, count in outlook.shares.items()]
    return t("people.deal.preview", count=total, shares=" · ".join(each))


def _layout(context: Context) -> _Parts:
    t = context.texts
    with gr.Column(visible=False, elem_classes="people-part", elem_id="people-dealing") as section:
        gr.HTML(f"<h2>{t('people.deal.title')}</h2>")
        people = gr.CheckboxGroup([], label=t("people.deal.who"), elem_id="people-who")
        which = lay_out(context)
        with gr.Row(elem_classes="people-numbers"):
            words: dict[str, Any] = {"label": t("people.deal.overlap"), "info": t("people.deal.overlap_hint")}
            overlap = gr.Number(1, precision=0, step=1, minimum=1, **words, min_width=200, elem_id="people-overlap")
            words = {"label": t("people.deal.seed"), "info": t("people.deal.seed_hint")}
            seed = gr.Number(0, precision=0, step=1, **words, min_width=200, elem_id="people-seed")
        preview = gr.HTML(elem_id="people-preview")
        told = gr.HTML(elem_classes="notices")
        with gr.Row(elem_classes="people-actions"):
            deal = gr.Button(t("people.deal.label"), variant="primary", scale=0, min_width=150, elem_id="people-deal")
    return _Parts(section, people, which, overlap, seed, preview, deal, told)
