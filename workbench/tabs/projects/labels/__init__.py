"""Labels and rules: the labels of the project, its guidelines and its choices. Sections know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from workbench.tabs import Context, Section, Session, Tab, opening
from workbench.tabs.projects.labels import choices, guidelines, label_set

KEY = "labels"


def build(context: Context) -> Tab:
    """Lay the page out and wire it."""
    with gr.Tab(context.texts("labels.tab.label"), id=KEY) as item:
        problem = gr.HTML(elem_classes="notices", elem_id="labels-problem")
        sections: list[Section] = [module.build(context, problem) for module in (label_set, guidelines, choices)]

    def show(session: Session, request: gr.Request) -> dict[Any, Any]:
        """Draw the page anew."""
        return {part: value for section in sections for part, value in section.draw(session, request).items()}

    drawn = [*dict.fromkeys(part for section in sections for part in section.drawn)]
    changes = [change for section in sections for change in section.changes]
    return Tab(item, opening=opening(context, item, problem, show, drawn), signals={"projects": _any(changes)})


def _any(changes: list[Any]) -> Callable[..., Any]:
    """Return what joins a listener to each of some changes."""
    return lambda *args, **kwargs: [change.success(*args, **kwargs) for change in changes][-1]
