"""One's own password."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.errors import UserError
from workbench.store.accounts import SHORTEST
from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice


@dataclass(frozen=True)
class _Parts:
    section: gr.Accordion
    old: gr.Textbox
    new: gr.Textbox
    again: gr.Textbox
    change: gr.Button
    told: gr.HTML

    @property
    def typed(self) -> list[Any]:
        return [self.old, self.new, self.again]


def build(context: Context) -> Section:
    """Lay the section out and wire it."""
    parts = _layout(context)
    does, guarded = _Handlers(context, parts), guard(context, parts.told)
    triggers = [parts.change.click, parts.again.submit]
    gr.on(triggers, guarded(does.change), parts.typed, [parts.told, *parts.typed], **QUIET, trigger_mode="once")
    return Section(does.draw, [parts.section], parts.told, [])


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Show it to who is signed in."""
        return {self.parts.section: gr.update(visible=bool(account_of(request)))}

    def change(self, old: str, new: str, again: str, request: gr.Request) -> dict[Any, Any]:
        """Change it, if the old one is right; this page stays signed in, others of theirs do not."""
        name, services = account_of(request), self.context.services
        if not name:
            raise UserError("people.own.nobody")
        if new != again:
            raise UserError("people.own.differ")
        if not services.signing.right(name, old):
            raise UserError("people.own.wrong")
        services.store.accounts.change_password(name, new, by=name)
        services.signing.sessions.renew(name, request.cookies.values())
        told = notice(self.context.texts("people.own.done"), "success")
        return {self.parts.told: told, **{part: "" for part in self.parts.typed}}


def _layout(context: Context) -> _Parts:
    t = context.texts

    def password(key: str, use: str, **more: Any) -> gr.Textbox:
        known = gr.InputHTMLAttributes(autocomplete=use)
        return gr.Textbox(label=t(key), type="password", max_lines=1, html_attributes=known, min_width=180, **more)

    with gr.Accordion(t("people.own.title"), open=False, visible=False, elem_id="people-own") as section:
        with gr.Row():
            old = password("people.own.old", "current-password", elem_id="people-own-old")
            hint = t("people.password.hint", shortest=SHORTEST)
            new = password("people.own.new", "new-password", placeholder=hint, elem_id="people-own-new")
            again = password("people.own.again", "new-password", elem_id="people-own-again")
        told = gr.HTML(elem_classes="notices")
        with gr.Row(elem_classes="people-actions"):
            change = gr.Button(t("people.own.label"), scale=0, min_width=150, elem_id="people-own-change")
    return _Parts(section, old, new, again, change, told)
