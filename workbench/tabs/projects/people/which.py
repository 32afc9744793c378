"""Which documents are dealt: the choices, and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.store import Criteria
from workbench.tabs import Context

_STATES = ("open", "begun", "finished", "gold")
_ORIGINS = ("annotation", "imported", "gold", "predicted")
EVERY = Criteria(order="oldest")
"""All of them, as they came."""


@dataclass(frozen=True)
class Which:
    """The choices, in the order in which handlers get them."""

    labels: gr.Dropdown
    origin: gr.Dropdown
    at_least: gr.Number
    at_most: gr.Number
    status: gr.Dropdown
    text: gr.Textbox

    @property
    def all(self) -> list[Any]:
        """Return every choice, in that order."""
        return list(vars(self).values())

    def cleared(self, context: Context, project: int) -> dict[Any, Any]:
        """Return the choices with nothing chosen, and what there is to choose in a project."""
        labels = context.services.store.labels
        names = dict.fromkeys([*(label.name for label in labels.list(project)), *labels.used(project)])
        empty = {self.origin: "", self.status: "", self.text: "", self.at_least: None, self.at_most: None}
        return {**empty, self.labels: gr.update(choices=list(names), value=[])}

    def criteria(self, *chosen: Any) -> Criteria:
        """Return what was chosen, as the store is asked."""
        said = dict(zip(vars(self), chosen, strict=True))
        return Criteria(
            text=said["text"] or "",
            labels=tuple(said["labels"] or ()),
            labels_by=said["origin"] or None,
            at_least=said["at_least"],
            at_most=said["at_most"],
            status=said["status"] or None,
            order=EVERY.order,
        )


def lay_out(context: Context) -> Which:
    """Lay the choices out; they are closed until somebody wants them."""
    t = context.texts

    def choice(name: str, *values: str) -> gr.Dropdown:
        options = [(t(f"documents.{name}.{value or 'any'}"), value) for value in values]
        return gr.Dropdown(options, value="", label=t(f"documents.{name}.label"), elem_id=f"people-{name}", min_width=140)

    def number(name: str) -> gr.Number:
        label = t(f"documents.{name}.label")
        return gr.Number(None, label=label, precision=0, step=1, elem_id=f"people-{name}", min_width=120)

    with gr.Accordion(t("people.deal.some"), open=False, elem_id="people-which"):
        with gr.Row():
            several: dict[str, Any] = {"multiselect": True, "elem_id": "people-labels", "min_width": 260, "scale": 2}
            labels = gr.Dropdown([], value=[], label=t("people.deal.labels"), **several)
            origin = choice("origin", "", *_ORIGINS)
        with gr.Row():
            at_least, at_most, status = number("at_least"), number("at_most"), choice("status", "", *_STATES)
            words: dict[str, Any] = {"label": t("documents.text.label"), "placeholder": t("documents.text.hint")}
            text = gr.Textbox(**words, max_lines=1, elem_id="people-text", min_width=200, scale=2)
    return Which(labels, origin, at_least, at_most, status, text)
