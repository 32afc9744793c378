"""The guidelines of a project, in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.tabs import QUIET, Context, Section, Session, account_of, guard, notice, project_of, require
from workbench.views.escape import esc
from workbench.views.markdown import markdown_html


@dataclass(frozen=True)
class _Parts:
    told: gr.HTML
    text: gr.Textbox
    writing: gr.Column
    shown: gr.HTML
    save: gr.Button

    @property
    def drawn(self) -> list[Any]:
        return [self.told, self.text, self.writing, self.shown]


def build(context: Context, told: gr.HTML) -> Section:
    """Lay the section out and wire it."""
    parts = _layout(context, told)
    does, guarded = _Handlers(context, parts), guard(context, told)
    parts.text.change(does.preview, parts.text, parts.shown, **QUIET, trigger_mode="always_last")
    parts.save.click(guarded(does.save), [context.session, parts.text], [told, parts.shown], **QUIET)
    return Section(does.draw, parts.drawn, told, [])


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def draw(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Show them, and to a curator what they are written in."""
        store, project = self.context.services.store, project_of(self.context, session, request)
        text = store.projects.get(project).guidelines
        writes = store.projects.role(project, account_of(request)) in ("curator", "admin")
        return {self.parts.text: text, self.parts.writing: gr.update(visible=writes), self.parts.shown: self.preview(text)}

    def preview(self, text: str) -> str:
        """Show what the guidelines will look like."""
        return markdown_html(text or self.context.texts("labels.guidelines.none"), self.context.texts.words)

    def save(self, session: Session, text: str, request: gr.Request) -> dict[Any, Any]:
        """Keep the guidelines."""
        account = require(self.context, session, request, "curator", "admin")
        self.context.services.store.projects.change(project_of(self.context, session, request), guidelines=text, by=account)
        said = notice(self.context.texts("labels.guidelines.saved"), "success")
        return {self.parts.shown: self.preview(text), self.parts.told: said}


def _layout(context: Context, told: gr.HTML) -> _Parts:
    t = context.texts
    gr.HTML(f"<h2>{esc(t('labels.guidelines.title'))}</h2><p>{esc(t('labels.guidelines.hint'))}</p>")
    with gr.Row(elem_classes="guidelines", equal_height=False):
        with gr.Column(min_width=280) as writing:
            text = gr.Textbox(label=t("labels.guidelines.label"), lines=10, max_lines=24, elem_id="labels-guidelines")
            save = gr.Button(t("labels.guidelines.save"), elem_id="labels-guidelines-save", scale=0, min_width=140)
        with gr.Column(min_width=280):
            shown = gr.HTML(elem_id="labels-guidelines-shown", elem_classes="guidelines-shown")
    return _Parts(told, text, writing, shown, save)
