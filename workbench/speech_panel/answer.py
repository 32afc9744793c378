"""What an answer owes to the recording: a summary, a drawing of it, and the same text answered without it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import gradio as gr

from engine.modalities.speech import read_speech
from workbench.services import Analysis
from workbench.tabs import Context, Session, notice
from workbench.views.changes import changes_html
from workbench.views.escape import esc
from workbench.views.recording import Recording, recording_of
from workbench.views.speech import speech_html
from workbench.views.spoken import spoken_html

_REMEMBERED = 8


@dataclass(frozen=True)
class SpeechAnswer:
    """The panel's components.

    Attributes:
        refusal: why a recording is not used.
        panel: what was heard.
        mute: answers without the recording, or with it again.
        changes: what that has changed.
        figure: the recording, and where the model heard what.
    """

    refusal: gr.HTML
    panel: gr.HTML
    mute: gr.Button
    changes: gr.HTML
    figure: gr.HTML

    @classmethod
    def lay_out(cls, context: Context, refusal: gr.HTML) -> SpeechAnswer:
        """Lay the panel out, where the caller stands; the notice stands above the answer already."""
        with gr.Row(elem_classes="speech-answer"):
            panel = gr.HTML(elem_id="analyse-speech")
            mute = gr.Button(context.texts("analyse.mute.label"), elem_id="analyse-mute", visible=False, scale=0, min_width=190)
        changes = gr.HTML(elem_classes="speech-part", elem_id="analyse-speech-changes")
        return cls(refusal, panel, mute, changes, gr.HTML(elem_classes="speech-part panel", elem_id="analyse-speech-figure"))

    @property
    def results(self) -> list[Any]:
        """Return what an analysis fills."""
        return [self.refusal, self.panel, self.mute, self.changes, self.figure]

    def shown(self, context: Context, session: Session, analysis: Analysis, before: Analysis | None = None) -> dict[Any, Any]:
        """Return what an analysis shows in the panel; nothing for a text without speech.

        Args:
            context: of the page.
            session: of the page.
            analysis: to show.
            before: the answer with the recording, or without it, to compare it with.
        """
        t, muted = context.texts, bool(session.muted and session.speech)
        refusal = t("analyse.speech.refused", message=analysis.unheard) if analysis.unheard else ""
        changes = changes_html(before.prediction.document, analysis.prediction.document, t.words) if before else ""
        return {
            self.refusal: notice(refusal, "warning"),
            self.panel: _panel(context, analysis, muted),
            self.mute: gr.update(
                visible=muted or (analysis.spoken is not None and analysis.listens),
                value=t("analyse.mute.back" if muted else "analyse.mute.label"),
            ),
            self.changes: changes,
            self.figure: "" if muted else _figure(context, analysis),
        }


def _panel(context: Context, analysis: Analysis, muted: bool) -> str:
    t, spoken = context.texts, analysis.spoken
    if muted:
        return f'<section class="spoken"><p class="facts-line" role="status">{esc(t("analyse.mute.line"))}</p></section>'
    if spoken is None:
        return ""
    deaf = "" if analysis.listens else _deaf(context, analysis)
    return spoken_html(spoken.seconds, len(spoken.pauses), spoken.remarks, t.words, without=deaf)


def _figure(context: Context, analysis: Analysis) -> str:
    """Draw what was heard; nothing for a model that does not listen."""
    spoken, prediction = analysis.spoken, analysis.prediction
    if spoken is None or not analysis.listens:
        return ""
    recording = _recording(str(spoken.path))
    return speech_html(prediction.document, recording, prediction.evidence, context.texts.words)


@lru_cache(_REMEMBERED)
def _recording(path: str) -> Recording:
    """Return the drawing of a recording; what is kept under a path never changes."""
    return recording_of(read_speech(path).waveform)


def _deaf(context: Context, analysis: Analysis) -> str:
    """Say that the model makes no use of speech, and which would."""
    name, others = analysis.checkpoint.name, context.services.listeners()
    if not others:
        return context.texts("analyse.deaf.all", name=name)
    return context.texts("analyse.deaf.line", name=name, others=" · ".join(others))
