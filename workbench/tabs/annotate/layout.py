"""What stands where on Annotate: the editor with what lies beside the text, the queue and the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench import annotating
from workbench.span_editor import SpanEditor, editor_texts
from workbench.tabs import Context
from workbench.tabs.annotate import choosing

_BEAT = 10
_UNOPENED = "unopened"
"""Whose drafts are the editor's is known only when something is opened in it."""
_PULSE = f"duomo.pulse(element, watch, trigger, 'beat', 'news', {_BEAT})"


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    problem: gr.HTML
    guide: gr.Accordion
    rules: gr.HTML
    pictures: gr.HTML
    sound: gr.HTML
    reason: gr.HTML
    editor: SpanEditor
    propose: gr.Button
    status: gr.HTML
    queue: gr.HTML
    take: gr.Button
    choosing: choosing.Parts
    search: gr.Textbox
    recent: gr.HTML
    naming: gr.Row
    label: gr.Textbox
    add: gr.Button
    pulse: gr.HTML
    draft: gr.Textbox

    @property
    def around(self) -> list[Any]:
        """Return what stands beside the editor."""
        return [self.problem, self.guide, self.rules, self.queue, self.take, self.choosing.frame, self.recent, self.naming]

    @property
    def opened(self) -> list[Any]:
        """Return what is drawn when a document is opened."""
        return [*self.around, self.pictures, self.sound, self.reason, self.editor, self.propose, self.status]


def lay_out(context: Context) -> Parts:
    """Lay the page out."""
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    with gr.Row(elem_classes="desk", equal_height=False):
        with gr.Column(scale=5, min_width=280):
            with gr.Accordion(t("annotate.guide.label"), open=False, visible=False, elem_id="annotate-guide") as guide:
                rules = gr.HTML(elem_classes="rules")
            pictures = gr.HTML(elem_id="annotate-pictures", elem_classes="picture-part")
            sound = gr.HTML(elem_id="annotate-sound")
            reason = gr.HTML(elem_id="annotate-reason")
            editor = SpanEditor({**empty_desk(context, 0), "scope": _UNOPENED}, elem_id="annotate-editor")
            status = gr.HTML(elem_classes="facts", elem_id="annotate-status")
            propose = gr.Button(t("annotate.propose.label"), visible=False, scale=0, min_width=160, elem_id="annotate-propose")
        with gr.Column(scale=2, min_width=240):
            queue = gr.HTML(elem_id="annotate-queue")
            take = gr.Button(t("annotate.take.label"), variant="primary", visible=False, elem_id="annotate-take")
            chooser = choosing.lay_out(context)
            words: dict[str, Any] = {"label": t("annotate.recent.label"), "placeholder": t("annotate.search.hint")}
            search = gr.Textbox(**words, max_lines=1, elem_id="annotate-search")
            recent = gr.HTML(js_on_load="duomo.openings(element, trigger, 'open')", elem_id="annotate-recent")
            with gr.Row(elem_classes="add-label", equal_height=True) as naming:
                words = {"label": t("annotate.label.label"), "placeholder": t("annotate.label.hint")}
                label = gr.Textbox(**words, max_lines=1, elem_id="annotate-label", min_width=120)
                add = gr.Button(t("annotate.label.add"), min_width=80, scale=0, elem_id="annotate-add")
    pulse = gr.HTML(html_template="<span></span>", js_on_load=_PULSE, elem_id="annotate-pulse")
    draft = gr.Textbox(visible=False)
    return Parts(
        problem,
        guide,
        rules,
        pictures,
        sound,
        reason,
        editor,
        propose,
        status,
        queue,
        take,
        chooser,
        search,
        recent,
        naming,
        label,
        add,
        pulse,
        draft,
    )


def empty_desk(context: Context, project: int) -> dict[str, Any]:
    """Return the editor's value with no document in it."""
    labels = annotating.labels_of(context.services, project, context.texts.language)
    return {"key": "", "text": "", "spans": [], "labels": labels, "texts": editor_texts(context.texts), "acknowledged": ""}
