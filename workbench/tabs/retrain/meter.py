"""What choosing brought in the project that is worked in: F1 on the control arm, time, outlook, and whether to go on."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.errors import UserError
from workbench.savings import advise, outlook, points
from workbench.tabs import QUIET, Context, Session, guard, project_of
from workbench.views.savings import savings_html

_AIM = 85


def build(context: Context) -> None:
    """Lay the section out and wire it."""
    t = context.texts
    with gr.Accordion(t("savings.title"), open=False, elem_id="retrain-savings") as frame:
        told = gr.HTML(elem_classes="notices")
        with gr.Row():
            aim = gr.Number(_AIM, label=t("savings.aim.label"), precision=0, scale=0, min_width=140, elem_id="savings-aim")
        drawn = gr.HTML(elem_id="savings-drawn")

    def draw(session: Session, aim: float | None, request: gr.Request) -> dict[Any, Any]:
        """Draw the meter for an F1 that is aimed at."""
        if aim is None or not 1 <= aim <= 100:
            raise UserError("savings.aim.error")
        project = project_of(context, session, request)
        known = points(context.services.store.selections.judged(project))
        return {drawn: savings_html(known, outlook(known, aim / 100), advise(known, aim / 100), aim / 100, t)}

    guarded = guard(context, told)(draw)
    frame.expand(guarded, [context.session, aim], [told, drawn], **QUIET)
    aim.change(guarded, [context.session, aim], [told, drawn], trigger_mode="always_last", **QUIET)
