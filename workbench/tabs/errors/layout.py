"""What stands where on Errors: what is studied, how far it is, the figures, the sentences, the lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.bench_panel import Bench
from workbench.bench_panel import lay_out as lay_bench_out
from workbench.map_panel import MapPanel
from workbench.studies import MOST_MODELS
from workbench.tabs import Context

_FIGURES = "duomo.deeds(element, trigger, ['begin', 'pick', 'count', 'labels']); duomoErrors.tables(element)"
_DEEDS = ("evidence", "annotate", "keep", "explain", "turn")
_SENTENCES = f"duomo.deeds(element, trigger, {[*_DEEDS]}); duomoErrors.arrive(element, watch)"

DATA, TRAINING = "data", "training"
"""What an uploaded file is."""
REPORTS: Mapping[str, str] = {"html": "HTML", "pdf": "PDF", "tex": "LaTeX", "md": "Markdown", "csv": "CSV", "json": "JSON"}
FIGURES: Mapping[str, str] = {"png": "PNG", "svg": "SVG", "pdf": "PDF"}


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    problem: gr.HTML
    data: gr.Dropdown
    training: gr.Dropdown
    models: gr.Dropdown
    run: gr.Button
    cancel: gr.Button
    use: gr.Radio
    files: gr.File
    progress: gr.HTML
    mapping: gr.HTML
    switch: gr.Row
    a: gr.Radio
    b: gr.Radio
    link: gr.HTML
    figures: gr.HTML
    below: gr.Column
    condition: gr.Textbox
    named: gr.Dropdown
    told: gr.HTML
    sentences: gr.HTML
    workbench: gr.Accordion
    bench: Bench
    map: MapPanel
    lists: gr.HTML
    file: gr.JSON
    address: gr.HTML
    asked: gr.Textbox

    @property
    def offered(self) -> list[Any]:
        """Return what is drawn when the tab is chosen."""
        return [self.problem, self.data, self.training, self.models, self.figures, self.named, self.lists]

    @property
    def shown(self) -> list[Any]:
        """Return what a study fills."""
        about = [self.progress, self.cancel, self.run, self.mapping, self.switch, self.a, self.b]
        return [*self.offered, *about, self.below, *self.listed]

    @property
    def listed(self) -> list[Any]:
        """Return what a selection fills."""
        return [self.problem, self.told, self.sentences, self.address, self.condition]


def lay_out(context: Context) -> Parts:
    """Lay the page out."""
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    with gr.Row(elem_classes="errors-ask", equal_height=False):
        data = gr.Dropdown([], label=t("errors.data.label"), elem_id="errors-data", min_width=220, scale=3)
        training = gr.Dropdown(
            [(t("errors.training.none"), "")],
            value="",
            label=t("errors.training.label"),
            elem_id="errors-training",
            min_width=220,
            scale=3,
        )
        models = gr.Dropdown(
            [],
            label=t("errors.models.label", most=MOST_MODELS),
            multiselect=True,
            max_choices=MOST_MODELS,
            elem_id="errors-models",
            min_width=260,
            scale=4,
        )
        run = gr.Button(t("errors.run.label"), variant="primary", elem_id="errors-run", min_width=160, scale=0)
        cancel = gr.Button(t("errors.cancel.label"), elem_id="errors-cancel", min_width=90, scale=0, visible=False)
    with gr.Accordion(t("errors.files.title"), open=False, elem_id="errors-upload"):
        uses = [(t(f"errors.use.{use}"), use) for use in (DATA, TRAINING)]
        use = gr.Radio(uses, value=DATA, label=t("errors.use.label"), elem_id="errors-use")
        files = gr.File(label=t("errors.files.label"), file_count="multiple", elem_id="errors-files", height=140)
    progress = gr.HTML(elem_id="errors-progress")
    mapping = gr.HTML(js_on_load="duomoErrors.mapping(element, trigger, 'map')", elem_id="errors-mapping")
    with gr.Row(visible=False, elem_classes="errors-switch", equal_height=False) as switch:
        a = gr.Radio([], label=t("errors.a.label"), elem_id="errors-a", min_width=240)
        b = gr.Radio([], label=t("errors.b.label"), elem_id="errors-b", min_width=240)
    figures = gr.HTML(js_on_load=_FIGURES, elem_id="errors-figures")
    with gr.Column(visible=False, elem_id="errors-below") as below:
        link = gr.HTML(
            _link(context),
            js_on_load="duomoErrors.link(element); duomo.deeds(element, trigger, ['report'])",
            elem_id="errors-link",
        )
        with gr.Row(elem_classes="errors-sieve", equal_height=False):
            condition = gr.Textbox(
                label=t("errors.condition.label"),
                placeholder=t("errors.condition.hint"),
                max_lines=1,
                elem_id="errors-condition",
                min_width=260,
                scale=3,
            )
            named = gr.Dropdown(
                [],
                label=t("errors.named.label"),
                allow_custom_value=True,
                elem_id="errors-named",
                min_width=200,
                scale=2,
            )
        told = gr.HTML(elem_classes="notices", elem_id="errors-told")
        sentences = gr.HTML(js_on_load=_SENTENCES, elem_id="errors-sentences")
    with gr.Accordion(t("errors.bench.title"), open=False, elem_id="errors-bench") as workbench:
        bench = lay_bench_out(context)
    with gr.Accordion(t("errors.map.title"), open=False, elem_id="errors-map"):
        map = MapPanel.lay_out(context)
    with gr.Accordion(t("errors.lists.title"), open=False, elem_id="errors-lists-frame"):
        lists = gr.HTML(js_on_load="duomo.deeds(element, trigger, ['study', 'save'])", elem_id="errors-lists")
    file = gr.JSON(visible=False)
    address = gr.HTML(html_template="", js_on_load="watch('value', () => duomoErrors.address(props.value))", visible="hidden")
    asked = gr.Textbox(visible=False)
    return Parts(
        problem,
        data,
        training,
        models,
        run,
        cancel,
        use,
        files,
        progress,
        mapping,
        switch,
        a,
        b,
        link,
        figures,
        below,
        condition,
        named,
        told,
        sentences,
        workbench,
        bench,
        map,
        lists,
        file,
        address,
        asked,
    )


def _link(context: Context) -> str:
    t = context.texts
    link = f'<button type="button" class="quiet" data-link data-done="{t("errors.link.done")}">{t("errors.link.label")}</button>'
    reports = _buttons("report", REPORTS, t("errors.report.label"))
    return f'<p class="errors-save">{link}{reports}{_buttons("figures", FIGURES, t("errors.report.figures"))}</p>'


def _buttons(what: str, kinds: Mapping[str, str], label: str) -> str:
    buttons = "".join(
        f'<button type="button" class="quiet" data-do="report" data-what="{what}" data-kind="{kind}" '
        f'aria-label="{label}: {called}">{called}</button>'
        for kind, called in kinds.items()
    )
    return f"<span>{label}</span>{buttons}"
