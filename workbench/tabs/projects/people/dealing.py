"""Deal documents: to whom, how many each, and what would come of it before it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.errors import UserError
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, require
from workbench.views.escape import esc


@dataclass(frozen=True)
class _Parts:
    section: gr.Column
    people: gr.CheckboxGroup
    overlap: gr.Number
    seed: gr.Number
    preview: gr.HTML
    deal: gr.Button
    told: gr.HTML

    @property
    def drawn(self) -> list[Any]:
        return [self.section, self.people, self.overlap, self.preview, self.deal]


def build(context: Context) -> Section:
    """Lay the section out and wire it."""
    parts = _layout(context)
    does, guarded = _Handlers(context, parts), guard(context, parts.told)
    chosen = [context.session, parts.people, parts.overlap, parts.seed]
    preview, foretold = guarded(does.preview), [parts.told, parts.preview, parts.deal]
    for control in (parts.people, parts.overlap, parts.seed):
        control.input(preview, chosen, foretold, **QUIET, trigger_mode="always_last")
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
            self.parts.overlap: overlap,
            **self.preview(session, chosen, overlap, 0, request),
        }

    def preview(
        self, session: Session, people: Sequence[str], overlap: float | None, seed: float | None, request: gr.Request
    ) -> dict[Any, Any]:
        """Say how many documents each would get; the button waits until that is any."""
        require(self.context, session, request, "curator", "admin")
        t, each = self.context.texts, int(overlap or 1)
        if len(people) < each:
            line, ready = t("people.deal.few", overlap=each, chosen=len(people)), False
        else:
            store = self.context.services.store
            shares = store.assignments.preview(session.project, people, overlap=each, seed=int(seed or 0))
            line, ready = _line(self.context, session, shares, each), any(shares.values())
        return {
            self.parts.preview: f'<p class="people-preview" role="status">{esc(line)}</p>',
            self.parts.deal: gr.update(interactive=ready),
        }

    def deal(
        self, session: Session, people: Sequence[str], overlap: float | None, seed: float | None, request: gr.Request
    ) -> dict[Any, Any]:
        """Deal them."""
        by = require(self.context, session, request, "curator", "admin")
        if not people:
            raise UserError("people.person.error")
        assign = self.context.services.store.assignments.assign
        count = assign(session.project, people, overlap=int(overlap or 1), seed=int(seed or 0), by=by)
        return {self.parts.told: notice(self.context.texts("people.deal.done", count=count), "success")}


def _line(context: Context, session: Session, shares: Mapping[str, int], overlap: int) -> str:
    t, total = context.texts, sum(shares.values())
    if not total:
        return t("people.deal.nothing", overlap=overlap)
    shown = {member.account: member.shown for member in context.services.store.projects.members(session.project)}
    each = [t("people.deal.share", person=shown.get(name, name), count=count) for name, count in shares.items()]
    return t("people.deal.preview", count=total, shares=" · ".join(each))


def _layout(context: Context) -> _Parts:
    t = context.texts
    with gr.Column(visible=False, elem_classes="people-part", elem_id="people-dealing") as section:
        gr.HTML(f"<h2>{t('people.deal.title')}</h2>")
        people = gr.CheckboxGroup([], label=t("people.deal.who"), elem_id="people-who")
        with gr.Row(elem_classes="people-numbers"):
            words: dict[str, Any] = {"label": t("people.deal.overlap"), "info": t("people.deal.overlap_hint")}
            overlap = gr.Number(1, precision=0, step=1, minimum=1, **words, min_width=200, elem_id="people-overlap")
            words = {"label": t("people.deal.seed"), "info": t("people.deal.seed_hint")}
            seed = gr.Number(0, precision=0, step=1, **words, min_width=200, elem_id="people-seed")
        preview = gr.HTML(elem_id="people-preview")
        told = gr.HTML(elem_classes="notices")
        with gr.Row(elem_classes="people-actions"):
            deal = gr.Button(t("people.deal.label"), variant="primary", scale=0, min_width=150, elem_id="people-deal")
    return _Parts(section, people, overlap, seed, preview, deal, told)
