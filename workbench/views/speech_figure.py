"""What is drawn of an answer that listened, on one axis of time: sound, pauses, attention, characters and entities.

Offsets of characters stand under ``data-start`` and ``data-end``, as in every panel; seconds under ``data-from`` and ``data-to``,
which ``speech.js`` plays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.document import Document, Span
from engine.drawing.colours import palette
from engine.evidence import SpeechAttention
from workbench.views.escape import esc
from workbench.views.layout import tag_text
from workbench.views.listening import curve_html, listens_at
from workbench.views.recording import Recording
from workbench.views.strip import mark
from workbench.views.time_axis import lanes, pixels_per_second, ticks, written_within

_TALL = 200
Stretch = tuple[float, float]
Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class SpeechFigure:
    """What is drawn; ``changed`` are the spans that the answer beside it lacks, ``change`` whether it added or removed them."""

    document: Document
    recording: Recording
    times: tuple[Stretch, ...] | None
    attention: SpeechAttention | None
    pauses: tuple[Stretch, ...]
    texts: Mapping[str, str]
    changed: frozenset[Key] = frozenset()
    change: str = ""

    @property
    def heard(self) -> list[int]:
        """Return the characters that have their stretch of time."""
        return [at for at, (start, end) in enumerate(self.times or ()) if end > start]

    @property
    def pixels(self) -> float:
        """Return how wide a second is at least."""
        return pixels_per_second(self.times or (), self.recording.seconds)

    @property
    def colours(self) -> Mapping[str, str]:
        """Return the colours of the labels, those of the hero."""
        return palette(dict.fromkeys(span.label for span in self.document.spans))


def figure_html(figure: SpeechFigure, title: str) -> str:
    """Draw the figure; only it may scroll sideways.

    Args:
        figure: what is drawn.
        title: what it is called where it is read aloud, escaped.
    """
    width = round(figure.pixels * figure.recording.seconds)
    curve = curve_html(figure.attention, figure.recording.seconds, figure.texts) if figure.attention else ""
    return (
        f'<div class="duomo-scroll" role="region" tabindex="0" aria-label="{title}">'
        f'<div class="duomo-speech-figure" style="min-width:{width}px">{_pause_labels(figure)}{_sound(figure)}{curve}'
        f"{_characters(figure)}{_entities(figure)}{_axis(figure)}"
        '<i class="duomo-cursor" aria-hidden="true" hidden></i></div></div>'
    )


def _sound(figure: SpeechFigure) -> str:
    """Draw the waveform over the spectrogram, the pauses across both; time is a share of the width."""
    recording, columns = figure.recording, len(figure.recording.peaks)
    upper = "".join(f"L{at} {_height(high)}L{at + 1} {_height(high)}" for at, (_, high) in enumerate(recording.peaks))
    lower = "".join(
        f"L{at + 1} {_height(low)}L{at} {_height(low)}" for at, (low, _) in reversed(list(enumerate(recording.peaks)))
    )
    bands = "".join(
        f'<rect x="{start / recording.seconds * columns:.2f}" width="{(end - start) / recording.seconds * columns:.2f}" '
        f'y="0" height="{_TALL}"/>'
        for start, end in figure.pauses
    )
    return (
        f'<svg class="duomo-sound" viewBox="0 0 {columns} {_TALL}" preserveAspectRatio="none" role="img" '
        f'aria-label="{esc(_spoken(figure))}"><image href="{esc(recording.spectrogram_url)}" width="{columns}" '
        f'height="{_TALL}" preserveAspectRatio="none"/>{bands}<path d="M0 {_TALL // 2}{upper}{lower}Z"/></svg>'
    )


def _height(sample: float) -> int:
    return round(_TALL / 2 - sample * (_TALL / 2 - 4))


def _spoken(figure: SpeechFigure) -> str:
    words = figure.texts["views.speech.sound"].format(seconds=f"{figure.recording.seconds:.2f}")
    pause = figure.texts["views.speech.pause"]
    return words + "".join(pause.format(start=f"{start:.2f}", length=_milliseconds(start, end)) for start, end in figure.pauses)


def _milliseconds(start: float, end: float) -> str:
    return str(round((end - start) * 1000))


def _pause_labels(figure: SpeechFigure) -> str:
    if not figure.pauses:
        return ""
    seconds, words = figure.recording.seconds, figure.texts["views.speech.length"]
    labels = [words.format(length=_milliseconds(*pause)) for pause in figure.pauses]
    half = [len(label) * 4 / figure.pixels for label in labels]
    middles = [(start + end) / 2 for start, end in figure.pauses]
    rows = lanes([(middle - around, middle + around) for middle, around in zip(middles, half, strict=True)])
    body = "".join(
        f'<span style="left:{middle / seconds:.3%};--lane:{row}">{esc(label)}</span>'
        for label, middle, row in zip(labels, middles, rows, strict=True)
    )
    return f'<div class="duomo-pauses" aria-hidden="true" style="--lanes:{max(rows) + 1}">{body}</div>'


def _characters(figure: SpeechFigure) -> str:
    if not figure.heard or figure.times is None:
        return ""
    inner = _innermost(figure.document)
    signs = []
    for at in figure.heard:
        span = inner.get(at)
        kind = f' class="is-entity" style="--color:{figure.colours[span.label]};' if span else ' style="'
        signs.append(
            f'<button type="button"{kind}{_place(figure.times[at], figure)}" {_offsets(at, at + 1)} '
            f'{stretch(figure.times[at])} data-at="{at}" tabindex="{0 if at == figure.heard[0] else -1}" '
            f'aria-label="{esc(_named(at, figure))}">{esc(mark(figure.document.text[at]))}</button>'
        )
    label = esc(figure.texts["views.speech.characters"])
    return f'<div class="duomo-heard" role="toolbar" aria-label="{label}" data-row>{"".join(signs)}</div>'


def _named(at: int, figure: SpeechFigure) -> str:
    """Say of a character when it is heard and where it listens."""
    character, texts = mark(figure.document.text[at]), figure.texts
    start, end = figure.times[at] if figure.times else (0.0, 0.0)
    words = [character]
    if end > start:
        words = [texts["views.speech.character"].format(character=character, start=f"{start:.2f}", end=f"{end:.2f}")]
    if figure.attention and any(figure.attention.values[at]):
        words.append(texts["views.speech.listens"].format(second=f"{listens_at(figure.attention, at):.2f}"))
    return " · ".join(words)


def _innermost(document: Document) -> dict[int, Span]:
    chosen: dict[int, Span] = {}
    for span in sorted(document.spans, key=lambda span: span.start - span.end):
        chosen.update(dict.fromkeys(range(span.start, span.end), span))
    return chosen


def _entities(figure: SpeechFigure) -> str:
    """Draw a line under the stretch of each entity, inner ones nearest the characters."""
    found = []
    for span in sorted(figure.document.spans, key=lambda span: (span.end - span.start, span.start)):
        places = [figure.times[at] for at in figure.heard if span.start <= at < span.end] if figure.times else []
        if places:
            found.append((span, (min(start for start, _ in places), max(end for _, end in places))))
    if not found:
        return ""
    labels = [("● " if span.key in figure.changed else "") + tag_text(span) for span, _ in found]
    reached = [
        written_within(*time, len(label), figure.recording.seconds, figure.pixels)
        for (_, time), label in zip(found, labels, strict=True)
    ]
    rows = lanes([(start, end) for start, end, _ in reached])
    buttons = "".join(
        _entity(span, time, row, backwards, figure)
        for (span, time), row, (_, _, backwards) in zip(found, rows, reached, strict=True)
    )
    return f'<div class="duomo-stretches" data-row style="--lanes:{max(rows) + 1}">{buttons}</div>'


def _entity(span: Span, time: Stretch, row: int, backwards: bool, figure: SpeechFigure) -> str:
    words = figure.texts["views.speech.entity"].format(
        mention=figure.document.mention(span), label=span.label, start=f"{time[0]:.2f}", end=f"{time[1]:.2f}"
    )
    sign = ""
    if span.key in figure.changed:
        sign = f'<b aria-hidden="true">{"＋" if figure.change == "added" else "−"}</b>'
        words += f" · {figure.texts['views.speech.only']}"
    kinds = (f"is-{figure.change}" if sign else "", "is-backwards" if backwards else "")
    return (
        f'<button type="button" class="{" ".join(filter(None, kinds))}" {_offsets(span.start, span.end)} {stretch(time)} '
        f'style="--color:{figure.colours[span.label]};--lane:{row};{_place(time, figure)}" title="{esc(words)}" '
        f'aria-label="{esc(words)}">{sign}{esc(tag_text(span))}</button>'
    )


def _axis(figure: SpeechFigure) -> str:
    seconds, words = figure.recording.seconds, figure.texts["views.speech.second_mark"]
    marks = "".join(
        f'<span style="left:{tick / seconds:.3%}">{esc(words.format(second=f"{tick:g}"))}</span>'
        for tick in ticks(seconds, figure.pixels)
    )
    return f'<div class="duomo-seconds" aria-hidden="true">{marks}</div>'


def apart_html(figure: SpeechFigure) -> str:
    """List the characters that have no stretch: those that are not heard or, where nothing was aligned, all."""
    missing = [at for at in range(len(figure.document)) if at not in set(figure.heard)]
    if not missing or not (figure.attention or figure.times is not None):
        return ""
    words = figure.texts["views.speech.unheard" if figure.times is not None else "views.speech.choose"]
    signs = "".join(
        f'<button type="button" {_offsets(at, at + 1)} data-at="{at}" tabindex="{0 if at == missing[0] else -1}" '
        f'aria-label="{esc(_named(at, figure))}">{esc(mark(figure.document.text[at]))}</button>'
        if figure.attention
        else f"<span {_offsets(at, at + 1)}>{esc(mark(figure.document.text[at]))}</span>"
        for at in missing
    )
    unheard = " is-unheard" if figure.times is not None else ""
    return (
        f'<div class="duomo-apart{unheard}"><span>{esc(words)}</span>'
        f'<div role="toolbar" aria-label="{esc(words)}" data-row>{signs}</div></div>'
    )


def _offsets(start: int, end: int) -> str:
    return f'data-start="{start}" data-end="{end}"'


def stretch(time: Stretch) -> str:
    """Return the attributes that say what is played."""
    return f'data-from="{time[0]:.3f}" data-to="{time[1]:.3f}"'


def _place(time: Stretch, figure: SpeechFigure) -> str:
    start, end = (min(moment, figure.recording.seconds) / figure.recording.seconds for moment in time)
    return f"left:{start:.3%};width:{end - start:.3%}"
