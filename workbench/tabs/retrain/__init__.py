"""Retrain: teach the model what was corrected, watch it learn, and decide whether to use it."""

from __future__ import annotations

import gradio as gr

from workbench.tabs import QUIET, Context, Door, Tab, guard
from workbench.tabs.retrain.handlers import Handlers
from workbench.tabs.retrain.layout import lay_out

KEY = "retrain"


def build(context: Context) -> Tab:
    """Lay the tab out and wire it."""
    with gr.Tab(context.texts("retrain.tab.label"), id=KEY, elem_classes="page") as item:
        parts = lay_out(context)
    does, guarded, session = Handlers(context, parts), guard(context, parts.problem), [context.session]
    show = guarded(does.show)
    once = {**QUIET, "trigger_mode": "once"}
    parts.start.click(
        guarded(does.start),
        [*session, *parts.controls, *(control for form in parts.systems.values() for control in form.controls)],
        parts.drawn,
        **once,
    )
    parts.cancel.click(guarded(does.cancel), session, [parts.problem, parts.cancel], **once)
    parts.keep.click(guarded(does.keep), session, parts.drawn, **once)
    parts.result.cause(guarded(does.cause), session, [parts.problem, parts.causes], **once)
    used = parts.use.click(guarded(does.use), session, parts.drawn, **once)
    overridden = parts.override.click(guarded(does.override), session, parts.drawn, **once)
    chosen = parts.model.input(guarded(does.choose), [*session, parts.model], parts.drawn, **once)
    parts.timer.tick(guarded(does.watch), session, parts.drawn, **once)
    item.select(show, session, parts.drawn, **QUIET)
    return Tab(
        item,
        opening=Door(show, session, parts.drawn),
        signals={"used": used.success, "overridden": overridden.success, "chosen": chosen.success},
        doors={"count": Door(guarded(does.recount), session, [parts.problem, parts.count, parts.start])},
    )
