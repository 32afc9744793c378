"""What an answer owes to the recording: a summary, a drawing of it, and what the same words are heard as otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from engine.errors import InputError
from workbench.errors import UserError
from workbench.services import Analysis
from workbench.speech_panel.comparison import WAYS, Comparison, compare, compared, drawn, seconds_of, ways_html
from workbench.tabs import Context, Session, guard, notice
from workbench.uploads import uploaded
from workbench.views.spoken import spoken_html


@dataclass(frozen=True)
class SpeechAnswer:
    """The panel's components.

    Attributes:
        refusal: why a recording is not used.
        panel: what was heard.
        ways: what it can be compared with.
        problem: why it cannot be.
        changes: what the comparison changes, where nothing else says it.
        figure: the recording, and where the model heard what; or both that are compared.
    """

    refusal: gr.HTML
    panel: gr.HTML
    ways: gr.HTML
    problem: gr.HTML
    changes: gr.HTML
    figure: gr.HTML

    @classmethod
    def lay_out(cls, refusal: gr.HTML) -> SpeechAnswer:
        """Lay the panel out, where the caller stands; the notice stands above the answer already."""
        panel = gr.HTML(elem_classes="speech-part", elem_id="analyse-speech")
        ways = gr.HTML(
            js_on_load="duomoSpeech.compare(element, trigger, upload, 'compare', 'put')",
            elem_classes="speech-part",
            elem_id="analyse-compare",
        )
        problem = gr.HTML(elem_classes="notices", elem_id="compare-problem")
        changes = gr.HTML(elem_classes="speech-part", elem_id="analyse-speech-changes")
        figure = gr.HTML(elem_classes="speech-part panel", elem_id="analyse-speech-figure")
        return cls(refusal, panel, ways, problem, changes, figure)

    @property
    def results(self) -> list[Any]:
        """Return what an analysis fills."""
        return [self.refusal, self.panel, *self.compared]

    @property
    def compared(self) -> list[Any]:
        """Return what a comparison fills; the answer itself stays."""
        return [self.ways, self.problem, self.changes, self.figure]

    def shown(self, context: Context, session: Session, analysis: Analysis) -> dict[Any, Any]:
        """Return what an analysis shows in the panel, compared as the session says; nothing for a text without speech."""
        t = context.texts
        refusal = t("analyse.speech.refused", message=t.said(analysis.unheard)) if analysis.unheard else ""
        comparison, problem = compared(context, session, analysis)
        return {
            self.refusal: notice(refusal, "warning"),
            self.panel: _panel(context, analysis),
            **self.set_beside(context, session, analysis, comparison),
            self.problem: notice(problem),
        }

    def set_beside(self, context: Context, session: Session, analysis: Analysis, comparison: Comparison | None) -> dict[Any, Any]:
        """Return what a comparison shows, or the answer alone."""
        changes, figure = drawn(context, session, analysis, comparison)
        return {self.ways: ways_html(context, session, analysis), self.changes: changes, self.figure: figure}


def wire_comparison(context: Context, answer: SpeechAnswer, session: gr.State, event: dict[str, Any]) -> list[Any]:
    """Have the answer compared as is asked for; return those events.

    Args:
        context: of the page.
        answer: laid out before.
        session: of the page.
        event: how a prediction is registered.
    """
    does, guarded = _Handlers(context, answer), guard(context, answer.problem)
    return [
        answer.ways.compare(guarded(does.compare), [session], answer.compared, **event),
        answer.ways.put(guarded(does.put), [session], answer.compared, **event),
    ]


@dataclass(frozen=True)
class _Handlers:
    context: Context
    answer: SpeechAnswer

    def compare(self, event: gr.EventData, session: Session) -> dict[Any, Any]:
        """Compare the answer without the speech, with it moved, with the other recording; or show it alone again."""
        way = str(event.way)
        if way and (way not in WAYS or (way == "other" and not session.other)):
            raise UserError("analyse.speech.error")
        shift = seconds_of(event.shift) if way == "shifted" else session.shift
        return self._compare(session, lambda asked: replace(asked, comparison=way, shift=shift))

    def put(self, event: gr.EventData, session: Session) -> dict[Any, Any]:
        """Compare with another recording of the same words."""
        try:
            kept = self.context.services.keep_speech(uploaded(event.path))
        except InputError as error:
            raise UserError("analyse.compare.refused", message=error) from error
        name = str(event.name)
        return self._compare(session, lambda asked: replace(asked, comparison="other", other=str(kept.path), other_name=name))

    def _compare(self, session: Session, asking: Callable[[Session], Session]) -> dict[Any, Any]:
        """Change the session only where what is asked for can be had."""
        analysis = self.context.services.analysis(session.analysis)
        if analysis is None:
            raise UserError("analyse.speech.error")
        asked = asking(session)
        comparison = compare(self.context, asked, analysis)
        session.comparison, session.shift = asked.comparison, asked.shift
        session.other, session.other_name = asked.other, asked.other_name
        return self.answer.set_beside(self.context, session, analysis, comparison)


def _panel(context: Context, analysis: Analysis) -> str:
    spoken = analysis.spoken
    if spoken is None:
        return ""
    deaf = "" if analysis.listens else _deaf(context, analysis)
    return spoken_html(spoken.seconds, len(spoken.pauses), spoken.remarks, context.texts.words, without=deaf)


def _deaf(context: Context, analysis: Analysis) -> str:
    """Say that the model makes no use of speech, and which would."""
    name, others = analysis.checkpoint.name, [info.name for info in context.services.checkpoints.listening()]
    if not others:
        return context.texts("analyse.deaf.all", name=name)
    return context.texts("analyse.deaf.line", name=name, others=" · ".join(others))
