"""Analyse: type a sentence, see its entities and why the model thinks so."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from engine.drawing.sheet import FORMATS
from engine.samples import Example
from workbench.character_panel import CharacterPanel, chosen_readings, is_seen, lay_out, shown, wire
from workbench.errors import UserError
from workbench.picture_panel import PictureAnswer, PictureSource, offered
from workbench.picture_panel import wire as wire_pictures
from workbench.pictured import Placed
from workbench.services import EXPLAINED, Analysis
from workbench.speech_panel import SpeechAnswer, SpeechSource, wire_comparison
from workbench.speech_panel import wire as wire_speech
from workbench.tabs import QUIET, Context, Door, Session, Tab, guard, hand_over
from workbench.views.card import card_html
from workbench.views.entities import entities_html
from workbench.views.escape import esc
from workbench.views.evidence import evidence_figure, evidence_html, figure_name
from workbench.views.examples import examples_html, note
from workbench.views.looking import is_of_pictures
from workbench.views.spans import spans_html

if TYPE_CHECKING:
    from engine.checkpoint import CheckpointInfo

KEY = "analyse"
# Two texts at a time: more would only share the same cores.
_TYPED = "(text, checkpoint) => [duomo.typed(text), checkpoint, null]"
_BUSY = "(...values) => duomo.busy(true, values)"
_DONE = "() => duomo.busy(false)"
_ANSWERED = "() => duomoCharacters.answered()"
_DIGITS = 16
_PREDICT: dict[str, Any] = {"concurrency_id": "predict", "concurrency_limit": 2, "trigger_mode": "once"}


@dataclass(frozen=True)
class _Parts:
    text: gr.Textbox
    source: SpeechSource
    pictures: PictureSource
    checkpoint: gr.Dropdown
    card: gr.HTML
    run: gr.Button
    problem: gr.HTML
    hero: gr.HTML
    speech: SpeechAnswer
    looking: PictureAnswer
    characters: CharacterPanel
    facts: gr.HTML
    correct: gr.Button
    table: gr.HTML
    evidence: gr.HTML
    examples: gr.HTML
    file: gr.HTML

    @property
    def results(self) -> list[Any]:
        own = [self.problem, self.hero, self.facts, self.correct, self.table, self.evidence, self.checkpoint, self.card]
        given = [*self.source.results, *self.pictures.results]
        return [*own, *given, *self.speech.results, *self.looking.results, *self.characters.results]


def build(context: Context) -> Tab:
    """Lay the tab out and wire it."""
    with gr.Tab(context.texts("analyse.tab.label"), id=KEY, elem_classes="page") as item:
        parts = _layout(context)
    does, guarded = _Handlers(context, parts), guard(context, parts.problem)
    analyse, present = guarded(does.analyse), guarded(does.present)
    inputs, predicted = [parts.text, parts.checkpoint, context.session], {"js": _BUSY, **QUIET, **_PREDICT}

    def read(text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        """Put a text into the box, where it stays whatever becomes of it, and read it."""
        return {parts.text: text, **analyse(text, checkpoint, session)}

    def example(event: gr.EventData, checkpoint: str, session: Session) -> dict[Any, Any]:
        chosen = context.services.examples[int(event.number)]
        return {parts.text: chosen.text, **present(chosen, checkpoint, session)}

    running = [
        parts.run.click(analyse, inputs, parts.results, **predicted),
        parts.examples.pick(example, inputs[1:], [parts.text, *parts.results], **predicted),
        *wire_speech(context, parts.source, analyse, inputs, parts.results, predicted),
        *wire_comparison(context, parts.speech, context.session, predicted),
        *wire_pictures(context, parts.pictures, parts.looking.comparing(context, analyse), inputs, parts.results, predicted),
        parts.looking.panel.use(guarded(does.use), inputs, parts.results, **predicted),
    ]
    for event in running:
        event.then(None, js=_DONE, **QUIET)
    wire(context, parts.characters, parts.hero)
    choose = guard(context, parts.characters.problem)(does.choose)
    for source in (parts.characters.strip, parts.characters.card):
        chosen = source.choose(choose, [context.session], parts.results, **QUIET, **_PREDICT)
        chosen.then(None, js=_ANSWERED, **QUIET)
    for panel in (parts.evidence, parts.looking.figure):
        drawn = panel.figure(guarded(does.figure), [context.session], [parts.problem, parts.file], trigger_mode="once", **QUIET)
        hand_over(drawn, parts.file)
    described = [parts.problem, parts.checkpoint, parts.card]
    parts.checkpoint.input(guarded(does.describe), [parts.checkpoint], described, **QUIET)
    return Tab(
        item,
        opening=Door(read, inputs, [parts.text, *parts.results], script=_TYPED),
        signals={"correct": parts.correct.click},
        doors={
            "refresh": Door(guarded(does.describe), [parts.checkpoint], described),
            "answer": Door(guarded(does.answer), [context.session], [parts.text, *parts.results]),
        },
    )


@dataclass(frozen=True)
class _Handlers:
    context: Context
    parts: _Parts

    def analyse(self, text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        """Read the text and show what was read and why."""
        before = self.context.services.analysis(session.analysis)
        asked = before.prediction.document if before else None
        # Readings and comparisons belong to the text that they were chosen in; lines after it leave its readings where they are.
        if asked is None or asked.text != text:
            session.forget_comparison()
            if session.speech_text not in ("", text):
                session.forget_speech()
        goes_on = asked is not None and (text + "\n").startswith(asked.text.removesuffix("\n") + "\n")
        return self._answer(text, checkpoint, asked.readings if asked and goes_on else {}, session)

    def present(self, example: Example, checkpoint: str, session: Session) -> dict[Any, Any]:
        """Read an example with its recording, compared with its second one, or its pictures, by a checkpoint that uses those."""
        # Readings, speech and pictures belong to the text that is left.
        session.analysis = ""
        session.forget_speech()
        language, services = self.context.texts.language, self.context.services
        kept = [(services.keep_picture(shown.image).path, note(shown, language)) for shown in example.pictures]
        session.pictures = tuple(Placed(str(path), name) for path, name in kept)
        first, second = [*example.readings, None, None][:2]
        if first:
            session.speech, session.speech_name = str(first.audio), note(first, language)
            session.speech_text = example.text
        if second:
            session.comparison, session.other, session.other_name = "other", str(second.audio), note(second, language)
        fitting = services.checkpoints.listening() if first else services.checkpoints.looking() if kept else []
        other = self._other(checkpoint, fitting)
        chosen = self._chosen(other) if other else {}
        answer = self._answer(example.text, other or checkpoint, {}, session) | chosen
        return answer | (self.parts.pictures.shown(self.context, session, open=True) if kept else {})

    def answer(self, session: Session, request: gr.Request) -> dict[Any, Any]:
        """Read the text that another tab asks about, by the checkpoint and with what it names."""
        asked, session.asked = session.asked, None
        if asked is None:
            return {}
        session.analysis = ""
        session.forget_speech()
        document = asked.document
        kept = [self.context.services.keep_picture(path) for path in document.images]
        session.pictures = tuple(Placed(str(picture.path), picture.path.name) for picture in kept)
        if document.audio:
            session.speech, session.speech_name, session.speech_text = document.audio, Path(document.audio).name, document.text
        shown = self._answer(document.text, asked.checkpoint, document.readings, session) | self._chosen(asked.checkpoint)
        return {self.parts.text: document.text, **shown}

    def use(self, event: gr.EventData, text: str, checkpoint: str, session: Session) -> dict[Any, Any]:
        """Have a model that looks at pictures answer, in place of the one that does not."""
        wanted = offered(self.context, event.model)
        return self.analyse(text, wanted, session) | self._chosen(wanted)

    def _chosen(self, checkpoint: str) -> dict[Any, Any]:
        return {
            self.parts.checkpoint: gr.update(
                choices=self.context.services.checkpoints.choices(self.context.texts), value=checkpoint
            )
        }

    def _other(self, checkpoint: str, fitting: Sequence[CheckpointInfo]) -> str:
        """Return what to choose in place of a checkpoint that does not fit; nothing where it does, or none does."""
        if not fitting or self.context.services.checkpoints.find(checkpoint or "").path in {info.path for info in fitting}:
            return ""
        return str(fitting[0].path)

    def _answer(self, text: str, checkpoint: str, readings: Mapping[int, str], session: Session) -> dict[Any, Any]:
        analysis = self._read(text, checkpoint or "", readings, session)
        return self._shown(analysis, session) | shown(self.parts.characters, self.context, analysis)

    def choose(self, event: gr.EventData, session: Session) -> dict[Any, Any]:
        """Read the text again with a character read otherwise, and show what that changes."""
        before = self.context.services.analysis(session.analysis)
        if before is None:
            raise UserError("analyse.card.error")
        offset, readings = chosen_readings(event, before)
        analysis = self._read(before.prediction.document.text, str(before.checkpoint.path), readings, session)
        characters = shown(self.parts.characters, self.context, analysis, before, offset)
        return self._shown(analysis, session) | characters

    def _read(self, text: str, checkpoint: str, readings: Mapping[int, str], session: Session) -> Analysis:
        services, pictures = self.context.services, session.shown_pictures
        session.analysis, analysis = services.analyse(text, checkpoint, readings, session.speech, pictures)
        session.speech = str(analysis.spoken.path) if analysis.spoken else ""
        return analysis

    def _shown(self, analysis: Analysis, session: Session) -> dict[Any, Any]:
        parts, context = self.parts, self.context
        speech = parts.speech.shown(context, session, analysis) | parts.source.shown(context, session)
        pictures = parts.looking.shown(context, session, analysis) | parts.pictures.shown(context, session)
        return _show(parts, context, analysis) | speech | pictures

    def describe(self, checkpoint: str) -> dict[Any, Any]:
        """Say which checkpoints there are and what the chosen one is."""
        info = self.context.services.checkpoints.find(checkpoint or "")
        return {
            self.parts.checkpoint: gr.update(choices=self.context.services.checkpoints.choices(self.context.texts)),
            self.parts.card: card_html(info, self.context.texts.words),
        }

    def figure(self, event: gr.EventData, session: Session) -> dict[Any, Any]:
        """Draw what was asked for, of the analysis that the page shows, as a file for the browser to save."""
        analysis = self.context.services.analysis(session.analysis)
        if analysis is None:
            raise UserError("analyse.figure.error")
        t, prediction, info = self.context.texts, analysis.prediction, analysis.checkpoint
        evidence, kind, head = prediction.evidence[int(event.item)], str(event.format), int(event.head)
        model = t("views.figure.model", name=info.name, digest=info.digest[:_DIGITS])
        if is_of_pictures(evidence):
            drawn = self.parts.looking.saved(self.context, session, analysis, event, model)
        else:
            drawn = evidence_figure(prediction.document, evidence, t.words, model=model, kind=kind, head=head)
        file = {"name": figure_name(evidence, kind, head), "type": FORMATS[kind], "base64": b64encode(drawn).decode("ascii")}
        return {self.parts.file: file}


def _layout(context: Context) -> _Parts:
    t = context.texts
    with gr.Row(elem_classes="ask", equal_height=False):
        with gr.Column(scale=5, min_width=280):
            text = gr.Textbox(
                context.services.examples[0].text,
                label=t("analyse.text.label"),
                placeholder=t("analyse.text.hint"),
                lines=2,
                max_lines=10,
                elem_id="analyse-text",
            )
            tried = examples_html(context.services.examples, t.language, t.words)
            examples = gr.HTML(tried, js_on_load="duomo.examples(element, trigger, 'pick')", elem_classes="examples")
            pictures = PictureSource.lay_out(context)
            source = SpeechSource.lay_out(context)
        with gr.Column(scale=2, min_width=220):
            checkpoint = gr.Dropdown(
                context.services.checkpoints.choices(context.texts),
                value="",
                label=t("analyse.checkpoint.label"),
                filterable=False,
                elem_id="analyse-checkpoint",
            )
            run = gr.Button(t("analyse.run.label"), variant="primary", elem_id="analyse-run")
    problem = gr.HTML(elem_classes="notices")
    refusal = gr.HTML(elem_classes="notices", elem_id="speech-refusal")
    hero = gr.HTML(
        _waiting(context),
        js_on_load="duomoCharacters.hero(element, trigger, 'look')",
        elem_classes="hero",
        elem_id="analyse-hero",
    )
    with gr.Row(elem_classes="under-hero"):
        facts = gr.HTML(elem_classes="facts")
        correct = gr.Button(t("analyse.correct.label"), elem_id="analyse-correct", interactive=False, scale=0, min_width=160)
    speech, looking = SpeechAnswer.lay_out(refusal), PictureAnswer.lay_out()
    characters = lay_out()
    with gr.Row(elem_classes="explanations", equal_height=False):
        with gr.Column(scale=4, min_width=280):
            table = gr.HTML(elem_classes="panel", elem_id="analyse-table")
            card = gr.HTML(elem_classes="panel", elem_id="analyse-card")
        with gr.Column(scale=5, min_width=280):
            evidence = gr.HTML(
                js_on_load="duomoPanels.saving(element, trigger, 'figure')", elem_classes="panel", elem_id="analyse-evidence"
            )
    file = gr.HTML(html_template="", js_on_load=None, visible="hidden")
    asked = (text, source, pictures, checkpoint, card, run)
    return _Parts(*asked, problem, hero, speech, looking, characters, facts, correct, table, evidence, examples, file)


def _show(parts: _Parts, context: Context, analysis: Analysis) -> dict[Any, Any]:
    t, document = context.texts, analysis.prediction.document
    facts = t(
        "analyse.facts.line",
        entities=len(document.spans),
        characters=len(document),
        milliseconds=f"{analysis.prediction.seconds * 1000:.0f}",
        checkpoint=analysis.checkpoint.name,
    )
    lost = context.services.checkpoints.lost()
    told = f'<p class="facts-line" role="alert">{esc(t("checkpoints.lost", lost=lost.lost, used=lost.used))}</p>' if lost else ""
    return {
        parts.hero: spans_html(document, t.words, singly=is_seen(analysis) or analysis.looks),
        parts.facts: f'<p class="facts-line" role="status">{esc(facts)}</p>{told}',
        parts.correct: gr.update(interactive=True),
        parts.table: entities_html(document, t.words),
        parts.evidence: evidence_html(document, analysis.prediction.evidence, t.words, longest=EXPLAINED),
        parts.checkpoint: gr.update(choices=context.services.checkpoints.choices(context.texts)),
        parts.card: card_html(analysis.checkpoint, t.words),
    }


def _waiting(context: Context) -> str:
    return f'<p class="duomo-loading waiting" role="status">{esc(context.texts("analyse.hero.waiting"))}</p>'
