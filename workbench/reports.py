"""The buttons that save a report of a study, or all its figures, and what they hand to the browser."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.evaluation.study import Difference, Figures, Study
from engine.reporting import FORMATS, figures_zip, report_bytes
from workbench.tabs import QUIET, Context, Session, guard, hand_over
from workbench.views.reports import FIGURES, reports_html


@dataclass(frozen=True)
class Reported:
    """What a report is of.

    Attributes:
        study: with its readings.
        figures: one of each reading.
        differences: by the numbers of the two readings.
    """

    study: Study
    figures: Sequence[Figures]
    differences: Mapping[tuple[int, int], Difference]


Asked = Callable[[Session, gr.Request], Reported]
"""Says what the page is about, for whoever may see it; raises a :class:`~workbench.errors.UserError` where there is nothing."""


@dataclass(frozen=True)
class ReportButtons:
    """The components.

    Attributes:
        problem: what went wrong.
        buttons: one for each format.
        file: what is handed to the browser.
    """

    problem: gr.HTML
    buttons: gr.HTML
    file: gr.JSON

    @classmethod
    def lay_out(cls, context: Context) -> ReportButtons:
        """Lay them out, where the caller stands."""
        problem = gr.HTML(elem_classes="notices")
        buttons = gr.HTML(
            reports_html(context.texts.words),
            js_on_load="duomoPanels.saving(element, trigger, 'figure')",
            elem_id="report-buttons",
        )
        return cls(problem, buttons, gr.JSON(visible=False))


def wire(context: Context, parts: ReportButtons, asked: Asked) -> None:
    """Have the buttons save what the page is about.

    Args:
        context: of the page.
        parts: laid out before.
        asked: says what the page is about, and to whom.
    """

    def save(event: gr.EventData, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Hand the report, or its figures, to the browser."""
        return {parts.file: file_of(context, asked(session, request), int(event.item), str(event.format))}

    saved = parts.buttons.figure(
        guard(context, parts.problem)(save), [context.session], [parts.problem, parts.file], trigger_mode="once", **QUIET
    )
    hand_over(saved, parts.file)


def file_of(context: Context, found: Reported, item: int, kind: str) -> dict[str, str]:
    """Write a report, or draw all its figures, in the page's language, as a file for the browser.

    Args:
        context: of the page.
        found: what it is of.
        item: :data:`~workbench.views.reports.REPORT` or :data:`~workbench.views.reports.FIGURES`.
        kind: the format.
    """
    of, language = (found.study, found.figures, found.differences), context.texts.language
    if item == FIGURES:
        name, media, content = f"figures-{kind}.zip", "application/zip", figures_zip(kind, *of, language=language)
    else:
        name, media, content = f"report.{kind}", FORMATS.get(kind, ""), report_bytes(kind, *of, language=language)
    return {"name": name, "type": media, "base64": b64encode(content).decode("ascii")}
