"""An answer that listened: the recording, where each character and entity is heard in it, where it pauses and is listened to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.document import Document
from engine.evidence import Alignment, Evidence, Pauses, SpeechAttention
from workbench.views.changes import changes_html
from workbench.views.escape import esc
from workbench.views.listening import heads_html
from workbench.views.recording import Recording
from workbench.views.speech_figure import Key, SpeechFigure, apart_html, figure_html, stretch

DOUBTFUL = 0.3
"""Below this confidence the alignment is warned of."""


@dataclass(frozen=True, slots=True)
class SpokenAnswer:
    """An answer about a text that was also heard.

    Attributes:
        document: with its predicted spans.
        recording: as it is drawn; without one there is nothing to see.
        evidence: what the system gave.
        remarks: of :class:`engine.modalities.speech.Speech`.
        title: a caption; empty for the view's own.
    """

    document: Document
    recording: Recording | None
    evidence: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()
    title: str = ""


def speech_html(
    document: Document,
    recording: Recording | None,
    evidence: Iterable[Evidence],
    texts: Mapping[str, str],
    *,
    remarks: Sequence[str] = (),
) -> str:
    """Draw why an answer that listened is as it is; nothing without a recording.

    Args:
        document: the predicted document.
        recording: as it is drawn.
        evidence: what the system gave; alignment, attention to speech and pauses are drawn where they are there.
        texts: the words ``views.speech.*``, ``views.heatmap.heads``, ``.mean`` and ``.head``.
        remarks: of :class:`engine.modalities.speech.Speech`.
    """
    return _section(SpokenAnswer(document, recording, tuple(evidence), tuple(remarks)), texts, "speech")


def compared_html(left: SpokenAnswer, right: SpokenAnswer, texts: Mapping[str, str], title: str = "") -> str:
    """Set two answers about the same words, read in two ways, under each other and mark the entities that differ.

    Args:
        left: the answer about the first reading.
        right: the answer about the second.
        texts: the words of :func:`speech_html`, ``views.changes.*``, ``views.alternatives.added`` and ``.removed``.
        title: what is compared; empty for two readings of the same words.
    """
    keys = [frozenset(span.key for span in answer.document.spans) for answer in (left, right)]
    titled = [
        replace(answer, title=answer.title or texts[key])
        for answer, key in ((left, "views.speech.first"), (right, "views.speech.second"))
    ]
    first = _section(titled[0], texts, "speech-first", keys[0] - keys[1], "removed")
    second = _section(titled[1], texts, "speech-second", keys[1] - keys[0], "added")
    words = {**texts, "views.changes.title": title or texts["views.speech.compared"]}
    return f'<div class="duomo-compared">{changes_html(left.document, right.document, words)}{first}{second}</div>'


def _section(
    answer: SpokenAnswer,
    texts: Mapping[str, str],
    name: str,
    changed: frozenset[Key] = frozenset(),
    change: str = "",
) -> str:
    if answer.recording is None:
        return ""
    alignment = next((item for item in answer.evidence if isinstance(item, Alignment)), None)
    attention = next((item for item in answer.evidence if isinstance(item, SpeechAttention)), None)
    if attention and not (attention.values and attention.values[0]):
        attention = None
    pauses = tuple(time for item in answer.evidence if isinstance(item, Pauses) for time in item.times)
    times = alignment.times if alignment else None
    figure = SpeechFigure(answer.document, answer.recording, times, attention, pauses, texts, changed, change)
    title = esc(answer.title or texts["views.speech.title"])
    heads = heads_html(attention, f"{name}-heads", texts) if attention else ""
    # Of two answers the first says what can be done with both.
    hint = "" if change == "added" else _hint(figure)
    return (
        f'<section class="duomo-speech" aria-label="{title}" data-seconds="{answer.recording.seconds:.3f}">'
        f'<p class="duomo-caption">{title}</p>{_warnings(alignment, answer, texts)}'
        f'{hint}<div class="duomo-speech-tools">{_play(figure)}{heads}</div>{figure_html(figure, title)}{apart_html(figure)}'
        f'<audio preload="auto" src="{esc(answer.recording.sound_url)}"></audio></section>'
    )


def _hint(figure: SpeechFigure) -> str:
    keys = [*(["views.speech.hint.play"] if figure.heard else []), *(["views.speech.hint.listen"] if figure.attention else [])]
    words = " ".join(figure.texts[key] for key in keys)
    return f'<p class="duomo-hint">{esc(words)}</p>' if words else ""


def _warnings(alignment: Alignment | None, answer: SpokenAnswer, texts: Mapping[str, str]) -> str:
    found = []
    if alignment and answer.document.text and not any(end > start for start, end in alignment.times):
        found.append(texts["views.speech.unaligned"])
    elif alignment and answer.document.text and alignment.confidence < DOUBTFUL:
        found.append(texts["views.speech.doubtful"].format(confidence=f"{alignment.confidence:.0%}"))
    found += [texts.get(f"views.speech.remark.{remark}", remark) for remark in answer.remarks]
    return "".join(f'<p class="duomo-speech-warning">{esc(words)}</p>' for words in found)


def _play(figure: SpeechFigure) -> str:
    words, stop = esc(figure.texts["views.speech.play"]), esc(figure.texts["views.speech.stop"])
    whole = stretch((0.0, figure.recording.seconds))
    return f'<button type="button" data-whole {whole} data-words="{words}" data-stop="{stop}">▶ {words}</button>'
