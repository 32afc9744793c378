"""What stands on the bench: its state, its components, and what they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.attribution.attribution import GRADIENTS, Attribution
from engine.document import Document, Span
from workbench.bench_panel.asking import Asked, Asking
from workbench.bench_panel.offering import offered, whole
from workbench.tabs import Context
from workbench.views.attribution import GRID, attribution_html, choices_html
from workbench.views.escape import esc
from workbench.views.outcomes import grid_html, menu_html
from workbench.views.saving import save_html
from workbench.views.spans import spans_html


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
        chosen = {
            self.checkpoint: gr.update(
                choices=self.context.services.checkpoints.choices(self.context.texts), value=str(info.path) if checkpoint else ""
            )
        }
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
            self.menu: self.offered(state),
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

    def offered(self, state: BenchState) -> str:
        """Return what can be done where somebody points, and to the whole."""
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


def lay_parts(context: Context) -> Bench:
    """Lay the components out where the caller stands; nothing is wired yet."""
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
                context.services.checkpoints.choices(context.texts),
                value="",
                label=t("bench.checkpoint.label"),
                filterable=False,
                elem_id="bench-checkpoint",
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


def _beside(asked: Asked, words: Callable[..., str]) -> str:
    """Say what stands beside the sentence; nothing where nothing does."""
    there = [words("bench.beside.speech")] if asked.speech else []
    there += [words("bench.beside.pictures", count=len(asked.pictures))] if asked.pictures else []
    there += [words("bench.beside.readings", count=len(asked.readings))] if asked.readings else []
    return " · ".join(there)


def _line(words: str) -> str:
    return f'<p class="duomo-hint">{esc(words)}</p>' if words else ""
