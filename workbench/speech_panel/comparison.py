"""The same words heard otherwise, beside the answer: without the speech, with it moved in time, or read by another recording."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.errors import EngineError, InputError
from engine.modalities.speech import read_speech
from workbench.errors import UserError
from workbench.services import Analysis
from workbench.speech_panel.source import file_buttons, file_words
from workbench.tabs import Context, Session, explain
from workbench.views.changes import changes_html
from workbench.views.escape import esc
from workbench.views.recording import Recording, recording_of
from workbench.views.speech import SpokenAnswer, compared_html, speech_html

WAYS = ("muted", "shifted", "other")
"""What an answer can be compared with: the same without the speech, with it moved in time, with another recording."""
MOST_SECONDS = 60.0
_REMEMBERED = 8
_NAME = 24


@dataclass(frozen=True)
class Comparison:
    """What an answer is compared with.

    Attributes:
        way: of :data:`WAYS`.
        second: the same text heard otherwise.
        title: what its recording is called.
    """

    way: str
    second: Analysis
    title: str = ""


def is_comparable(analysis: Analysis) -> bool:
    """Tell whether there is speech that the model made use of."""
    return analysis.spoken is not None and analysis.listens


def compare(context: Context, session: Session, analysis: Analysis) -> Comparison | None:
    """Have the text of an analysis heard as the session says; nothing where it says nothing.

    Raises:
        UserError: if the recording cannot be moved so far, or the other one cannot be read.
        EngineError: if the model cannot be asked any more.
    """
    t, services = context.texts, context.services
    if not session.comparison or not is_comparable(analysis) or analysis.spoken is None:
        return None
    if session.comparison == "muted":
        return Comparison("muted", services.hear_otherwise(analysis, None))
    if session.comparison == "shifted":
        moved = services.shift_speech(analysis.spoken, session.shift).path
        key = "analyse.compare.later" if session.shift >= 0 else "analyse.compare.earlier"
        title = t(key, seconds=f"{abs(session.shift):g}")
        return Comparison("shifted", services.hear_otherwise(analysis, moved), title)
    try:
        second = services.hear_otherwise(analysis, Path(session.other))
    except InputError as error:
        raise UserError("analyse.compare.refused", message=error) from error
    return Comparison("other", second, t("analyse.compare.second", name=session.other_name))


def compared(context: Context, session: Session, analysis: Analysis) -> tuple[Comparison | None, str]:
    """Compare as the session says; what cannot be compared any more is compared no longer, and the reason returned."""
    try:
        return compare(context, session, analysis), ""
    except (EngineError, UserError) as error:
        session.comparison = ""
        return None, explain(error, context)


def seconds_of(shift: object) -> float:
    """Return by how much the speech is to be moved, as the browser says.

    Raises:
        UserError: if that is no number.
    """
    try:
        seconds = round(float(str(shift)), 2)
    except ValueError:
        seconds = math.nan
    if not abs(seconds) <= MOST_SECONDS:
        raise UserError("analyse.shift.number")
    return seconds


def ways_html(context: Context, session: Session, analysis: Analysis) -> str:
    """Draw the row of what the answer can be compared with; nothing where there is no speech to do it with."""
    if not is_comparable(analysis):
        return ""
    t, label, unit = context.texts, context.texts("analyse.compare.label"), context.texts("analyse.compare.unit")
    help_words, record = esc(t("analyse.compare.shift")), t("analyse.compare.record")
    shift = (
        f'<span class="speech-shift">{_way(session, "shifted", t("analyse.compare.shifted"))}'
        f'<label title="{help_words}"><input type="number" step="0.1" min="-{MOST_SECONDS:g}" max="{MOST_SECONDS:g}" '
        f'value="{session.shift:g}" data-shift aria-label="{help_words}"> {esc(unit)}</label></span>'
    )
    other = _way(session, "other", t("analyse.compare.other", name=_shortened(session.other_name))) if session.other else ""
    # Always there, so that nothing below moves when it can be used.
    off = "" if session.comparison else " disabled"
    clear = f'<button type="button" class="quiet" data-compare=""{off}>{esc(t("analyse.compare.clear"))}</button>'
    return (
        f'<div class="speech-ways" data-words="{file_words(context, record)}" role="group" aria-label="{esc(label)}">'
        f'<span class="speech-label" aria-hidden="true">{esc(label)}</span>'
        f"{_way(session, 'muted', t('analyse.compare.muted'))}{shift}{other}"
        f"{file_buttons(t('analyse.compare.upload'), record)}{clear}"
        '<span class="speech-said" role="status"></span></div>'
    )


def _way(session: Session, way: str, words: str) -> str:
    pressed = str(session.comparison == way).lower()
    return f'<button type="button" class="quiet" data-compare="{way}" aria-pressed="{pressed}">{esc(words)}</button>'


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def drawn(context: Context, session: Session, analysis: Analysis, comparison: Comparison | None) -> tuple[str, str]:
    """Return what a comparison has changed and the recording, or both recordings, which then say themselves what has changed."""
    words, document = context.texts.words, analysis.prediction.document
    if not is_comparable(analysis) or analysis.spoken is None:
        return "", ""
    if comparison is None or comparison.way == "muted":
        figure = speech_html(document, _recording(str(analysis.spoken.path)), analysis.prediction.evidence, words)
        if comparison is None:
            return "", figure
        titled = {**words, "views.changes.title": words["analyse.compare.without"]}
        return changes_html(document, comparison.second.prediction.document, titled), figure
    name = session.speech_name or analysis.spoken.path.name
    left = _answer(analysis, context.texts("analyse.compare.first", name=name), ())
    remarks = comparison.second.spoken.remarks if comparison.way == "other" and comparison.second.spoken else ()
    title = words["analyse.compare.moved"] if comparison.way == "shifted" else ""
    return "", compared_html(left, _answer(comparison.second, comparison.title, remarks), words, title)


def _answer(analysis: Analysis, title: str, remarks: tuple[str, ...]) -> SpokenAnswer:
    recording = _recording(str(analysis.spoken.path)) if analysis.spoken else None
    return SpokenAnswer(analysis.prediction.document, recording, analysis.prediction.evidence, remarks, title)


@lru_cache(_REMEMBERED)
def _recording(path: str) -> Recording:
    """Return the drawing of a recording; what is kept under a path never changes."""
    return recording_of(read_speech(path).waveform)
