"""The bench's place on a page: a sentence and a checkpoint, edits by pointing, the grid of outcomes, the attribution below.

``lay_out`` is all that a page calls. Another part of the page puts a document on the bench by
:meth:`~workbench.bench_panel.bench.Bench.receive`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from engine.attribution.attribution import METHODS
from engine.counterfactual.kinds import parse
from engine.drawing.sheet import FORMATS
from engine.errors import EngineError
from workbench.bench_panel.asking import Asked
from workbench.bench_panel.bench import Bench, BenchState, lay_parts
from workbench.errors import UserError
from workbench.tabs import QUIET, Context, guard, hand_over
from workbench.uploads import uploaded
from workbench.views.agreement_figure import table_figure
from workbench.views.attribution import CURVES, GRID, ITEM, curves_figure, heatmap_of, title_of
from workbench.views.figure import figure
from workbench.views.outcomes import grid_table

MOST = 40
"""Edits on the bench at most."""
_LONGEST_VALUE = 24
_DIGITS = 16
_ASK: dict[str, Any] = {"concurrency_id": "bench", "concurrency_limit": 2, "trigger_mode": "once"}
_BUSY = "(...values) => duomo.busy(true, values)"
_DONE = "() => duomo.busy(false)"


def lay_out(context: Context) -> Bench:
    """Lay the bench out where the caller stands, and wire it."""
    bench = lay_parts(context)
    does, guarded = _Handlers(bench), guard(context, bench.problem)
    asked = [bench.text, bench.checkpoint, bench.speech, bench.pictures, bench.state]
    events = [
        bench.run.click(guarded(does.look), asked, bench.results, js=_BUSY, **QUIET, **_ASK),
        bench.menu.edit(guarded(does.edit), [bench.state], bench.results, **QUIET, **_ASK),
        bench.menu.battery(guarded(does.battery), [bench.state], bench.results, js=_BUSY, **QUIET, **_ASK),
        bench.menu.clear(guarded(does.clear), [bench.state], bench.results, **QUIET, **_ASK),
        bench.grid.drop(guarded(does.drop), [bench.state], bench.results, **QUIET, **_ASK),
        bench.why.explain(guarded(does.explain), [bench.state], [bench.problem, bench.why], js=_BUSY, **QUIET, **_ASK),
    ]
    for event in events:
        event.then(None, js=_DONE, **QUIET)
    bench.hero.point(guarded(does.point), [bench.state], [bench.problem, bench.menu], **QUIET, trigger_mode="always_last")
    for panel in (bench.grid, bench.why):
        drawn = panel.figure(guarded(does.figure), [bench.state], [bench.problem, bench.file], trigger_mode="once", **QUIET)
        hand_over(drawn, bench.file)
    return bench


@dataclass(frozen=True)
class _Handlers:
    bench: Bench

    def look(
        self, text: str, checkpoint: str, speech: str | None, pictures: Sequence[str] | None, state: BenchState
    ) -> dict[Any, Any]:
        """Take a sentence with what stands beside it, and show what is found in it."""
        services = self.bench.context.services
        audio = str(services.keep_speech(uploaded(speech)).path) if speech else ""
        images = tuple(str(services.keep_picture(uploaded(path)).path) for path in pictures or ())
        asked = Asked(text, checkpoint or "", (), audio, images)
        state.received = state.received and not speech and not pictures and text == state.asked.text
        if state.received:  # what came with it stays, be it another who is asked
            asked = replace(state.asked, checkpoint=checkpoint or "")
        if replace(asked, checkpoint="") != replace(state.asked, checkpoint=""):
            state.edits, state.at = (), -1
        state.asked, state.target = asked, None
        state.edits = tuple(words for words in state.edits if self._fits(words, asked))
        return self.bench.shown(state)

    def point(self, event: gr.EventData, state: BenchState) -> dict[Any, Any]:
        """Show what can be done to a character, and to the entities around it."""
        state.at = max(-1, min(int(event.at), len(state.asked.text) - 1))
        return {self.bench.menu: self.bench.offered(state)} if state.asked.text else {}

    def edit(self, event: gr.EventData, state: BenchState) -> dict[Any, Any]:
        """Do one more thing, each by itself; what is done already stands there once."""
        typed = str(getattr(event, "typed", "") or "")[:_LONGEST_VALUE]
        return self._with(state, [f"{str(event.edit)[:200]}{f'={typed}' if typed else ''}"])

    def battery(self, state: BenchState) -> dict[Any, Any]:
        """Do all that is worth trying."""
        return self._with(state, self.bench.asking.worth_trying(state.asked))

    def drop(self, event: gr.EventData, state: BenchState) -> dict[Any, Any]:
        """Take an edit off the bench."""
        state.edits = tuple(words for number, words in enumerate(state.edits) if number != int(event.row))
        return self.bench.shown(state)

    def clear(self, state: BenchState) -> dict[Any, Any]:
        """Take all edits off the bench."""
        state.edits = ()
        return self.bench.shown(state)

    def explain(self, event: gr.EventData, state: BenchState) -> dict[Any, Any]:
        """Attribute one entity by one method."""
        method = str(event.method)
        if method not in METHODS:
            raise UserError("bench.gone.error")
        before = state.target, state.method
        state.target, state.method = (int(event.start), int(event.end), str(event.label)), method
        try:
            return {self.bench.why: self.bench.explained(state)}
        except EngineError:
            state.target, state.method = before
            raise

    def figure(self, event: gr.EventData, state: BenchState) -> dict[Any, Any]:
        """Draw the strip, the curves or the grid as a file for the browser to save."""
        bench, kind, item = self.bench, str(event.format), int(event.item)
        words, info = bench.context.texts, bench.asking.info(state.asked)
        document = bench.asking.prediction(state.asked).document
        model = words("views.figure.model", name=info.name, digest=info.digest[:_DIGITS])
        found = bench.attribution(state)
        if item == GRID and state.edits:
            table = grid_table(bench.asking.grid(state.asked, state.edits), words)
            drawn, name = table_figure(table, title=words("bench.grid.title"), note=model, kind=kind), "outcomes"
        elif found and item == ITEM:
            title = title_of(found, document, words)
            drawn = figure(heatmap_of(found, words), document, words.words, title=title, model=model, kind=kind)
            name = f"attribution-{found.method}"
        elif found and item == CURVES:
            drawn, name = curves_figure(found, document, words, model=model, kind=kind), f"faithfulness-{found.method}"
        else:
            raise UserError("bench.gone.error")
        file = {"name": f"{name}.{kind}", "type": FORMATS[kind], "base64": b64encode(drawn).decode("ascii")}
        return {bench.file: file}

    def _with(self, state: BenchState, more: Sequence[str]) -> dict[Any, Any]:
        """Do more to the sentence; if one of these cannot be done, none is."""
        before = state.edits
        wanted = tuple(dict.fromkeys((*before, *(str(parse(words)) for words in more))))
        if len(wanted) > MOST:
            raise UserError("bench.many.error", most=MOST)
        state.edits = wanted
        try:
            return self.bench.shown(state)
        except (EngineError, UserError):
            state.edits = before
            raise

    def _fits(self, words: str, asked: Asked) -> bool:
        try:
            self.bench.asking.grid(asked, (words,))
        except EngineError:  # another checkpoint makes no use of it
            return False
        return True
