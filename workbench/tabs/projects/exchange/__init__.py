"""Import and export: bring documents in, and take them out in any format."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.tabs import QUIET, Context, Door, Session, Tab, guard
from workbench.tabs.projects.exchange import exporting, importing

KEY = "exchange"


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("exchange.tab.label"), id=KEY) as item:
        problem = gr.HTML(elem_classes="notices")
        with gr.Row(elem_classes="exchange", equal_height=False):
            incoming = importing.build(context, problem)
            outgoing, telling = exporting.build(context, problem)

    def show(session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew."""
        session.page = KEY
        return {**incoming.draw(session, request), **outgoing.draw(session, request)}

    guarded, drawn = guard(context, problem), [problem, *incoming.drawn, *outgoing.drawn]
    opening = Door(guarded(show), [context.session], drawn)
    opened = item.select(opening.handler, context.session, drawn, **QUIET)
    opened.success(telling.handler, telling.inputs, telling.outputs, **QUIET)
    return Tab(item, opening=opening)
