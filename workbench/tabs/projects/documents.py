"""Documents: find documents, see what was done to them, put them into the recycle bin and take them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.tabs import QUIET, Context, Door, Session, Tab, guard, project_of

KEY = "documents"


@dataclass(frozen=True)
class _Parts:
    problem: gr.HTML

    @property
    def drawn(self) -> list[Any]:
        return [self.problem]


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("documents.tab.label"), id=KEY) as item:
        parts = _Parts(gr.HTML(elem_classes="notices"))
    show = guard(context, parts.problem)(_Handlers(context, parts).show)
    item.select(show, context.session, parts.drawn, **QUIET)
    return Tab(item, opening=Door(show, [context.session], parts.drawn))


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def show(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew."""
        session.page = KEY
        project_of(self.context, session, request)
        return {}
