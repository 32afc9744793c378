"""The form that describes a label, and the ways to begin where a project has none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from engine.drawing.colours import palette
from workbench.labelling import colour_of
from workbench.store import Label
from workbench.tabs import Context
from workbench.views.escape import esc
from workbench.views.label_list import LabelCard


@dataclass(frozen=True)
class Form:
    """What describes a label: the one that is chosen, else a new one."""

    part: gr.Column
    title: gr.HTML
    chosen: gr.State
    name: gr.Textbox
    zh: gr.Textbox
    en: gr.Textbox
    colour: gr.ColorPicker
    key: gr.Textbox
    definition: gr.Textbox
    examples: gr.Textbox
    save: gr.Button
    new: gr.Button
    merging: gr.Column
    into: gr.Dropdown
    preview: gr.HTML
    merge: gr.Button

    @property
    def fields(self) -> list[Any]:
        """Return what is filled in."""
        return [self.name, self.zh, self.en, self.colour, self.key, self.definition, self.examples]

    @property
    def drawn(self) -> list[Any]:
        """Return what another label changes."""
        return [self.part, self.title, self.chosen, *self.fields, self.merging, self.into, self.preview, self.merge, self.new]


@dataclass(frozen=True)
class Begin:
    """The ways to begin."""

    part: gr.Column
    standard: gr.Button
    model: gr.Button
    project: gr.Dropdown
    copy: gr.Button


def lay_out_begin(context: Context) -> Begin:
    """Lay the ways to begin out."""
    t = context.texts
    with gr.Column(visible=False, elem_id="labels-begin") as part:
        gr.HTML(f"<p>{esc(t('labels.begin.label'))}</p>")
        standard = gr.Button(t("labels.begin.standard"), variant="primary", elem_id="labels-begin-standard")
        model = gr.Button(t("labels.begin.model"), elem_id="labels-begin-model")
        with gr.Row(equal_height=True, elem_classes="add-label"):
            project = gr.Dropdown(
                [], label=t("labels.begin.project"), filterable=False, min_width=160, elem_id="labels-begin-from"
            )
            copy = gr.Button(t("labels.begin.copy"), scale=0, min_width=90, elem_id="labels-begin-copy")
    return Begin(part, standard, model, project, copy)


def lay_out_form(context: Context) -> Form:
    """Lay the form out."""
    t = context.texts
    one: dict[str, Any] = {"max_lines": 1, "interactive": True}
    with gr.Column(scale=4, min_width=280, elem_id="labels-form") as part:
        title, chosen = gr.HTML(), gr.State("")
        name = gr.Textbox(label=t("labels.name.label"), elem_id="labels-name", **one)
        with gr.Row():
            zh = gr.Textbox(label=t("labels.zh.label"), elem_id="labels-zh", min_width=110, **one)
            en = gr.Textbox(label=t("labels.en.label"), elem_id="labels-en", min_width=110, **one)
        with gr.Row():
            key = gr.Textbox(label=t("labels.key.label"), elem_id="labels-key", min_width=80, max_length=1, **one)
            colour = gr.ColorPicker(label=t("labels.colour.label"), elem_id="labels-colour", min_width=110, interactive=True)
        definition = gr.Textbox(label=t("labels.definition.label"), lines=2, max_lines=8, elem_id="labels-definition")
        examples = gr.Textbox(label=t("labels.examples.label"), lines=2, max_lines=8, elem_id="labels-examples")
        with gr.Row(elem_classes="actions"):
            save = gr.Button(t("labels.save.label"), variant="primary", elem_id="labels-save", scale=0, min_width=120)
            new = gr.Button(t("labels.new.label"), elem_id="labels-new", scale=0, min_width=120)
        with gr.Column(visible=False, elem_id="labels-merging") as merging:
            into = gr.Dropdown([], label=t("labels.into.label"), filterable=False, elem_id="labels-into")
            preview = gr.HTML(elem_id="labels-preview", elem_classes="notices")
            merge = gr.Button(t("labels.merge.label"), elem_id="labels-merge", scale=0, min_width=120, interactive=False)
    fields = (name, zh, en, colour, key, definition, examples)
    return Form(part, title, chosen, *fields, save, new, merging, into, preview, merge)


def suggested(names: Iterable[str]) -> str:
    """Return the colour that the page would give to one more label."""
    return palette([*names, "*"])["*"]


def described(label: Label, own: str, said: tuple[str | None, ...]) -> Label:
    """Return a label as the form describes it; ``own`` is the colour that the page would choose."""
    zh, en, colour, key, definition, examples = ((each or "").strip() for each in said)
    listed = tuple(line.strip() for line in examples.splitlines() if line.strip())
    described: dict[str, Any] = {"zh": zh, "en": en, "colour": colour_of(colour, own), "key": key, "definition": definition}
    return replace(label, **described, examples=listed)


def card_of(label: Label, used: int, former: tuple[str, ...]) -> LabelCard:
    """Return a label as the list shows it."""
    words = (label.name, label.zh, label.en, label.colour, label.key, label.definition, label.examples, label.retired)
    return LabelCard(*words, used, former)
