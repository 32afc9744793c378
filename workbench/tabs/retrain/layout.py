"""What stands where on Retrain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.tabs import Context, Section
from workbench.tabs.retrain import meter, protected, queue
from workbench.tabs.retrain.form import FORM, SYSTEM_FORM, USUAL, SystemForm, control_of, depth_choice, system_form

BUSY, IDLE = 1.0, 5.0
"""Seconds between two looks while a job runs, and while none does: a policy may start one."""


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    problem: gr.HTML
    model: gr.Dropdown
    count: gr.HTML
    depth: gr.Radio
    settings: gr.Accordion
    controls: Sequence[Any]
    systems: Mapping[str, SystemForm]
    start: gr.Button
    cancel: gr.Button
    progress: gr.HTML
    result: gr.HTML
    causes: gr.HTML
    use: gr.Button
    override: gr.Button
    keep: gr.Button
    lineage: gr.HTML
    timer: gr.Timer
    queue: Section
    protected: Section
    meter: Section

    @property
    def drawn(self) -> list[Any]:
        """Return what is drawn when the page is."""
        first = [self.problem, self.count, self.depth, self.settings, self.start, self.cancel, self.progress, self.result]
        forms = [part for form in self.systems.values() for part in (form.row, *form.controls)]
        decided = [self.causes, self.model, self.use, self.override, self.keep, self.lineage, self.timer]
        return [*first, *forms, *decided, *self.queue.drawn, *self.protected.drawn, *self.meter.drawn]


def lay_out(context: Context) -> Parts:
    """Lay the page out."""
    t = context.texts
    problem = gr.HTML(elem_classes="notices")
    count = gr.HTML(elem_classes="lead", elem_id="retrain-count")
    result = gr.HTML(
        elem_classes="panel", elem_id="retrain-result", visible=False, js_on_load="duomo.deeds(element, trigger, ['cause'])"
    )
    causes = gr.HTML(elem_id="retrain-causes")
    depth = depth_choice(context)
    with gr.Row(elem_classes="actions"):
        start = gr.Button(t("retrain.start.label"), variant="primary", elem_id="retrain-start", scale=0, min_width=180)
        cancel = gr.Button(t("retrain.cancel.label"), elem_id="retrain-cancel", visible=False, scale=0, min_width=140)
        use = gr.Button(t("retrain.use.label"), variant="primary", elem_id="retrain-use", visible=False, scale=0, min_width=180)
        override = gr.Button(t("retrain.override.label"), elem_id="retrain-override", visible=False, scale=0, min_width=180)
        keep = gr.Button(t("retrain.keep.label"), elem_id="retrain-keep", visible=False, scale=0, min_width=180)
    progress = gr.HTML(elem_id="retrain-progress")
    with gr.Accordion(t("retrain.settings.label"), open=False, elem_id="retrain-settings") as settings:
        controls = {"depth": depth, **_controls(context, lambda name: name in USUAL)}
        with gr.Accordion(t("retrain.more.label"), open=False, elem_id="retrain-more"):
            controls |= _controls(context, lambda name: name not in controls)
            systems = {name: system_form(name, context) for name in SYSTEM_FORM}
    guarding = protected.build(context)
    waiting = queue.build(context)
    saving = meter.build(context)
    model = gr.Dropdown(
        [], label=t("retrain.model.label"), info=t("retrain.model.hint"), filterable=False, elem_id="retrain-model"
    )
    with gr.Accordion(t("lineage.title"), open=False, elem_id="retrain-lineage"):
        lineage = gr.HTML()
    timer = gr.Timer(IDLE)
    return Parts(
        problem,
        model,
        count,
        depth,
        settings,
        [controls[option.name] for option in FORM],
        systems,
        start,
        cancel,
        progress,
        result,
        causes,
        use,
        override,
        keep,
        lineage,
        timer,
        waiting,
        guarding,
        saving,
    )


def _controls(context: Context, wanted: Callable[[str], bool]) -> dict[str, Any]:
    """Lay those options of a retraining out that are wanted here."""
    with gr.Row(elem_classes="form"):
        return {option.name: control_of(option, context) for option in FORM if wanted(option.name)}
