"""People: who works in the project, on what, and who may sign in. Sections know nothing of each other; they are joined here."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.tabs import QUIET, Context, Section, Session, Tab, account_of, guard, opening, project_of
from workbench.tabs.projects.people import accounts, dealing, members, own

KEY = "people"


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("people.tab.label"), id=KEY) as item:
        problem = gr.HTML(elem_classes="notices")
        sections: list[Section] = [module.build(context) for module in (members, dealing, accounts, own)]

    def draw(session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw what has changed; what was said about the change stays."""
        open_to = context.services.store.projects.list(account=account_of(request))
        session.project = project_of(context, session, request) if open_to else 0
        return {part: value for section in sections for part, value in section.draw(session, request).items()}

    def show(session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew."""
        return {**draw(session, request), **{section.told: "" for section in sections}}

    drawn = [problem, *(part for section in sections for part in (section.told, *section.drawn))]
    guarded = guard(context, problem)
    for section in sections:
        for change in section.changes:
            change.success(guarded(draw), context.session, drawn, **QUIET)
    return Tab(item, opening=opening(context, item, problem, show, drawn))
