"""The bench's place on a page: a sentence and a checkpoint, edits by pointing, the grid of outcomes, the attribution below.

``lay_out`` is all that a page calls. Another part of the page puts a document on the bench by :meth:`Bench.receive`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from engine.attribution.attribution import GRADIENTS, METHODS, Attribution
from engine.counterfactual.kinds import parse
from engine.document import Document, Span
from engine.drawing.sheet import FORMATS
from engine.errors import EngineError
from workbench.bench_panel.asking import Asked, Asking
from workbench.bench_panel.offering import offered, whole
from workbench.errors import UserError
from workbench.tabs import QUIET, Context, guard, hand_over
from workbench.uploads import uploaded
from workbench.views.agreement_figure import table_figure
from workbench.views.attribution import (
    CURVES,
    GRID,
    ITEM,
    attribution_html,
    choices_html,
    curves_figure,
    heatmap_of,
    title_of,
)
from workbench.views.escape import esc
from workbench.views.figure import figure
from workbench.views.outcomes import grid_html, grid_table, menu_html
from workbench.views.saving import save_html
from workbench.views.spans import spans_html

MOST = 40
"""Edits on the bench at most."""
_LONGEST_VALUE = 24
_DIGITS = 16
_ASK: dict[str, Any] = {"concurrency_id": "bench", "concurrency_limit": 2, "trigger_mode": "once"}
_BUSY = "(...values) => duomo.busy(true, values)"
_DONE = "() => duomo.busy(false)"


@dataclass
class BenchState:
    """What one open page has on its bench; small, and changed in place as a session is.

    Attributes:
        asked: the sentence, and who is asked about it.
        edits: what is done to it, as it is written.
        at: the character that is pointed at; -1 for none.
        target: start, end and label of the entity whose attribution is shown; none for none.
        method: of the attribution.
        received: whether another part of the page has put the sentence here, with what stands beside it.
    """

    asked: Asked = Asked()
    edits: tuple[str, ...] = ()
    at: int = -1
    target: tuple[int, int, str] | None = None
    method: str = GRADIENTS
    received: bool = False


@dataclass(frozen=True)
class Bench:
    """The bench's components.

    Attributes:
        context: of the page.
        asking: asks the checkpoints.
        state: of the page; a :class:`BenchState`.
        text: the sentence.
        checkpoint: who is asked.
        run: asks.
        speech: a recording of the sentence.
        pictures: beside it.
        problem: what went wrong.
        hero: the sentence with what is found in it.
        menu: what can be done where somebody points, and to the whole.
        grid: what came of it.
        why: what makes an entity probable.
        file: a figure on its way to the browser.
    """

    context: Context
    asking: Asking
    state: gr.State
    text: gr.Textbox
    checkpoint: gr.Dropdown
    run: gr.Button
    speech: gr.File
    pictures: gr.File
    problem: gr.HTML
    hero: gr.HTML
    menu: gr.HTML
    grid: gr.HTML
    why: gr.HTML
    file: gr.HTML

    @property
    def results(self) -> list[Any]:
        """Return what an answer fills."""
        return [self.problem, self.hero, self.menu, self.grid, self.why]

    @property
    def filled(self) -> list[Any]:
        """Return what :meth:`receive` fills."""
        return [self.text, self.checkpoint, self.speech, self.pictures, *self.results]

    def receive(self, document: Document, checkpoint: str, state: BenchState) -> dict[Any, Any]:
        """Put a document on the bench, with a checkpoint, and show what is found in it; for the handlers of a page.

        Args:
            document: with its readings, recording and pictures, as paths in the workspace.
            checkpoint: name or folder; empty for the one in use.
            state: of the page, see :attr:`state`.
        """
        images = tuple(str(self.context.services.keep_picture(path).path) for path in document.images)
        audio = str(self.context.services.keep_speech(document.audio).path) if document.audio else ""
        asked = Asked(document.text, checkpoint, tuple(sorted(document.readings.items())), audio, images)
        state.asked, state.edits, state.at, state.target, state.received = asked, (), -1, None, True
        info = self.asking.info(asked)
        beside: dict[Any, Any] = {self.speech: None, self.pictures: None}
        chosen = {self.checkpoint: gr.update(choices=_choices(self.context), value=str(info.path) if checkpoint else "")}
        return {self.problem: "", self.text: document.text, **chosen, **beside, **self.shown(state)}

    def shown(self, state: BenchState) -> dict[Any, Any]:
        """Return what the bench shows of its state."""
        words, prediction = self.context.texts, self.asking.prediction(state.asked)
        document = prediction.document
        grid = self.asking.grid(state.asked, state.edits)
        saved = f'<div data-item="{GRID}">{save_html(words.words)}</div>' if state.edits else ""
        head = _line(_beside(state.asked, words)) + _line(words("bench.hero.hint"))
        return {
            self.hero: spans_html(document, words.words, title=words("bench.hero.title"), singly=True) + head,
            self.menu: self._menu(state),
            self.grid: grid_html(grid, words) + saved,
            self.why: self.explained(state),
        }

    def explained(self, state: BenchState) -> str:
        """Return the attribution that is asked for, below what can be asked for."""
        words, document = self.context.texts, self.asking.prediction(state.asked).document
        target = Span(*state.target) if state.target else None
        title = f"<h3>{esc(words('bench.why.head'))}</h3>{_line(words('bench.why.hint'))}"
        choices = choices_html(document, target, state.method, words)
        found = self.attribution(state)
        drawn = attribution_html(found, document, words, dict(words.words)) if found else ""
        return f"{title}{choices}{drawn}"

    def attribution(self, state: BenchState) -> Attribution | None:
        """Return the attribution that is asked for, if one is."""
        return self.asking.attribution(state.asked, Span(*state.target), state.method) if state.target else None

    def _menu(self, state: BenchState) -> str:
        words, document = self.context.texts, self.asking.prediction(state.asked).document
        system, setting = self.asking.tagger(state.asked).system, self.asking.setting(state.asked)
        note = "note_zh" if words.language == "zh" else "note_en"
        pictures = [(key, str(getattr(shown, note))) for key, shown in self.asking.pictures.items()]
        groups = [*offered(document, state.at, system, setting, words), whole(document, system, pictures, words)]
        tools = (
            '<div class="bench-tools">'
            f'<button type="button" class="quiet" data-do="battery">{esc(words("bench.menu.try"))}</button>'
            f'<button type="button" class="quiet" data-do="clear"{"" if state.edits else " disabled"}>'
            f"{esc(words('bench.menu.clear'))}</button></div>"
        )
        pointed = "" if state.at >= 0 else _line(words("bench.menu.hint"))
        return f'<div class="bench-menu" data-at="{state.at}">{tools}{pointed}{menu_html(groups, words)}</div>'


def lay_out(context: Context) -> Bench:
    """Lay the bench out where the caller stands, and wire it."""
    bench = _parts(context)
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
        return {self.bench.menu: self.bench._menu(state)} if state.asked.text else {}

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
            table = _table(bench, state)
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


def _parts(context: Context) -> Bench:
    t: Callable[..., str] = context.texts
    state = gr.State(BenchState())
    with gr.Row(elem_classes="ask", equal_height=False):
        with gr.Column(scale=5, min_width=280):
            text = gr.Textbox(
                context.services.examples[0].text,
                label=t("bench.text.label"),
                placeholder=t("bench.text.hint"),
                lines=2,
                max_lines=6,
                elem_id="bench-text",
            )
        with gr.Column(scale=2, min_width=220):
            checkpoint = gr.Dropdown(
                _choices(context), value="", label=t("bench.checkpoint.label"), filterable=False, elem_id="bench-checkpoint"
            )
            run = gr.Button(t("bench.run.label"), variant="primary", elem_id="bench-run")
    with gr.Accordion(t("bench.beside.label"), open=False, elem_id="bench-beside"):
        with gr.Row():
            speech = gr.File(label=t("bench.speech.label"), file_types=["audio"], elem_id="bench-speech", height=120)
            pictures = gr.File(
                label=t("bench.pictures.label"), file_count="multiple", file_types=["image"], elem_id="bench-pictures", height=120
            )
    problem = gr.HTML(elem_classes="notices", elem_id="bench-problem")
    hero = gr.HTML(js_on_load="duomoBench.sentence(element, trigger, 'point')", elem_classes="hero", elem_id="bench-hero")
    menu = gr.HTML(
        js_on_load="duomoBench.menu(element, trigger, 'edit'); duomo.deeds(element, trigger, ['edit', 'battery', 'clear'])",
        elem_id="bench-menu",
    )
    grid = gr.HTML(
        js_on_load="duomoPanels.saving(element, trigger, 'figure'); duomo.deeds(element, trigger, ['drop'])", elem_id="bench-grid"
    )
    why = gr.HTML(
        js_on_load="duomoPanels.saving(element, trigger, 'figure'); duomo.deeds(element, trigger, ['explain'])",
        elem_id="bench-why",
    )
    file = gr.HTML(html_template="", js_on_load=None, visible="hidden")
    beside = (speech, pictures, problem, hero, menu, grid, why, file)
    return Bench(context, Asking(context.services), state, text, checkpoint, run, *beside)


def _table(bench: Bench, state: BenchState) -> Any:
    return grid_table(bench.asking.grid(state.asked, state.edits), bench.context.texts)


def _choices(context: Context) -> list[tuple[str, str]]:
    services, t = context.services, context.texts
    try:
        current = services.checkpoints.in_use()
    except (EngineError, UserError):
        return [(t("analyse.checkpoint.none"), "")]
    others = [(info.name, str(info.path)) for info in services.checkpoints.all() if info.path != current.path]
    return [(t("analyse.checkpoint.current", name=current.name), ""), *others]


def _beside(asked: Asked, words: Callable[..., str]) -> str:
    """Say what stands beside the sentence; nothing where nothing does."""
    there = [words("bench.beside.speech")] if asked.speech else []
    there += [words("bench.beside.pictures", count=len(asked.pictures))] if asked.pictures else []
    there += [words("bench.beside.readings", count=len(asked.readings))] if asked.readings else []
    return " · ".join(there)


def _line(words: str) -> str:
    return f'<p class="duomo-hint">{esc(words)}</p>' if words else ""
