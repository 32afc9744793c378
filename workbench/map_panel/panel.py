"""The panel: how to lay out how many mentions, the map, and what is done with those that are chosen.

What the browser does is panel.js's work: it draws the marks, moves and zooms, chooses by lasso, by rectangle or by what is in
view, and lists what is chosen. It says what is to be put on a list, or opened; the page that has the panel does so.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from engine.drawing.sheet import FORMATS
from engine.mapping import METHODS, MOST, WAYS, map_figure
from workbench.errors import UserError
from workbench.map_panel.maps import Maps, Subject
from workbench.steps import Outcome, steps
from workbench.tabs import QUIET, Context, Session, guard, hand_over
from workbench.views.escape import esc
from workbench.views.mention_map import mention_map_html

Asked = Callable[[Session, gr.Request], Subject]
"""Says what the page is about, for whoever may see it; raises a :class:`UserError` where there is nothing."""
_NUMBERS = (500, MOST, 5000)


@dataclass(frozen=True)
class MapPanel:
    """The panel's components.

    Attributes:
        problem: what went wrong.
        method: how mentions are laid out.
        most: how many.
        draw: makes the map.
        board: the map. Its ``listed`` event names what was chosen, ``rows`` and ``cases``; ``opened`` one ``row``.
        file: what is handed to the browser.
        maps: made lately.
    """

    problem: gr.HTML
    method: gr.Radio
    most: gr.Radio
    draw: gr.Button
    board: gr.HTML
    file: gr.JSON
    maps: Maps = field(default_factory=Maps)

    @classmethod
    def lay_out(cls, context: Context) -> MapPanel:
        """Lay the panel out, where the caller stands."""
        t = context.texts
        problem = gr.HTML(elem_classes="notices", elem_id="map-problem")
        with gr.Row(equal_height=False):
            methods = [(t(f"map.method.{method}"), method) for method in METHODS]
            method = gr.Radio(methods, value=METHODS[0], label=t("map.method.label"), elem_id="map-method", min_width=200)
            numbers = [(f"{number:,}", number) for number in _NUMBERS]
            most = gr.Radio(numbers, value=MOST, label=t("map.most.label"), elem_id="map-most", min_width=200)
            draw = gr.Button(t("map.draw.label"), variant="primary", min_width=100, scale=0, elem_id="map-draw")
        board = gr.HTML(
            js_on_load="duomoMap.mount(element, trigger, 'listed', 'opened'); duomoPanels.saving(element, trigger, 'figure')",
            elem_id="map-board",
        )
        return cls(problem, method, most, draw, board, gr.JSON(visible=False))

    @property
    def results(self) -> list[Any]:
        """Return what is emptied when the page is about something else."""
        return [self.problem, self.board]


def wire(context: Context, panel: MapPanel, asked: Asked) -> None:
    """Have the panel make its map and save it.

    Args:
        context: of the page.
        panel: laid out before.
        asked: says what the page is about, and to whom.
    """
    does, guarded = _Handlers(context, panel, asked), guard(context, panel.problem)
    inputs = [context.session, panel.method, panel.most]
    panel.draw.click(guarded(does.draw), inputs, panel.results, trigger_mode="once", **QUIET)
    saved = panel.board.figure(guarded(does.save), inputs, [panel.problem, panel.file], trigger_mode="once", **QUIET)
    hand_over(saved, panel.file)


@dataclass(frozen=True)
class _Handlers:
    context: Context
    panel: MapPanel
    asked: Asked

    def draw(self, session: Session, method: str, most: int, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Make the map, and tell how far it is."""
        subject, t = self.asked(session, request), self.context.texts
        if not subject.study.readings[subject.index].cases:
            raise UserError("map.empty.error")
        yield {self.panel.board: _progress(t("map.load.line"), 0.0)}
        for step in steps(lambda tell: self.panel.maps.of(subject, method, int(most), tell), "map"):
            if isinstance(step, Outcome):
                yield {self.panel.board: mention_map_html(step.value, subject.study, t.words, t.language)}
            else:
                done, total = step.said
                line = t("map.read.line", done=done, total=total) if done < total else t("map.place.line")
                yield {self.panel.board: _progress(line, done / max(1, total))}

    def save(self, event: gr.EventData, session: Session, method: str, most: int, request: gr.Request) -> dict[Any, Any]:
        """Hand the map to the browser as a figure, its marks as they are looked at."""
        subject, kind = self.asked(session, request), str(event.format)
        found = self.panel.maps.of(subject, method, int(most))
        way = WAYS[int(event.item)]
        drawn = map_figure(found, subject.study, subject.index, way=way, kind=kind, language=self.context.texts.language)
        file = {"name": f"map-{found.method}-{way}.{kind}", "type": FORMATS[kind]}
        return {self.panel.file: {**file, "base64": b64encode(drawn).decode("ascii")}}


def _progress(line: str, share: float) -> str:
    return f'<p class="duomo-loading" role="status">{esc(line)}</p><progress value="{share:.2f}" max="1"></progress>'
