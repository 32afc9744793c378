"""The hero: a text with its entities, nested ones in stacked underlines, each with its type and the model's confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.document import Document, Span
from engine.drawing.colours import palette
from workbench.views.escape import esc
from workbench.views.layout import LEVEL, UNDERLINE, Piece, cluster_end, levels, lines, pieces, shown_from, tag_text

LONG = 400


@dataclass(frozen=True, slots=True)
class _Drawn:
    text: str
    order: Mapping[Span, int]
    levels: Mapping[Span, int]
    shown: Mapping[Span, int]
    colours: Mapping[str, str]
    singly: bool


def spans_html(
    document: Document,
    texts: Mapping[str, str],
    *,
    title: str = "",
    singly: bool = False,
    colours: Mapping[str, str] | None = None,
) -> str:
    """Draw the text large with its spans.

    Args:
        document: the text; a span with a score shows it in percent.
        texts: the words ``views.spans.label``, ``views.spans.none`` and ``views.spans.empty``.
        title: a caption above the text.
        singly: whether each character is to be pointed at by itself: its offset stands under ``data-at``.
        colours: of the labels, where several texts are drawn that are to have the same; by default their own.
    """
    label = title or texts.get("views.spans.label", "Text with its entities")
    if not document.text:
        return f'<p class="duomo-note">{esc(texts.get("views.spans.empty", "No text yet."))}</p>'
    order = {span: index for index, span in enumerate(document.spans)}
    rows = lines(document.text)
    shown = {span: shown_from(span, rows) for span in document.spans}
    colours = colours or palette(dict.fromkeys(span.label for span in document.spans))
    drawn = _Drawn(document.text, order, levels(document), shown, colours, singly)
    body = "".join(_line(start, end, after, document.spans, drawn) for start, end, after in rows)
    caption = f'<p class="duomo-caption">{esc(title)}</p>' if title else ""
    long = " is-long" if len(document) > LONG else ""
    none = "" if document.spans else f'<p class="duomo-note">{esc(texts.get("views.spans.none", "No entities found."))}</p>'
    return (
        f'<section class="duomo-hero{long}" aria-label="{esc(label)}">{caption}'
        f'<div class="duomo-text">{body}</div>{none}{_spoken(document)}</section>'
    )


def entities_rows(document: Document) -> list[list[str]]:
    """Return one row for each span: its text, type, confidence in percent or a dash, start and end."""
    return [
        [document.mention(span), span.label, "–" if span.score is None else f"{span.score:.1%}", str(span.start), str(span.end)]
        for span in document.spans
    ]


def _spoken(document: Document) -> str:
    items = "".join(f"<li>{esc(document.mention(span))}: {esc(tag_text(span))}</li>" for span in document.spans)
    return f'<ul class="duomo-hidden">{items}</ul>' if items else ""


def _line(start: int, end: int, after: int, spans: Sequence[Span], drawn: _Drawn) -> str:
    parts = pieces(start, end, spans)
    depth = 1 + max((drawn.levels[span] for piece in parts for span in piece.spans), default=0)
    body = "".join(_piece(piece, drawn) for piece in parts)
    # A zero-size carrier keeps the line break in the page's text, so that what is copied is what was given.
    broken = f'<span class="duomo-break">{esc(drawn.text[end:after])}</span>' if after > end else ""
    return f'<p class="duomo-line" style="--levels:{depth}">{body}{broken}</p>'


def _piece(piece: Piece, drawn: _Drawn) -> str:
    text = drawn.text[piece.start : piece.end]
    if not piece.spans:
        return _written(text, piece.start, drawn)
    starting = [span for span in piece.spans if drawn.shown[span] == piece.start]
    cut = cluster_end(drawn.text, piece.start, piece.end) - piece.start if starting else 0
    tags = "".join(_tag(span, drawn) for span in starting)
    head = f'<span class="duomo-head">{_written(text[:cut], piece.start, drawn)}{tags}</span>' if starting else ""
    written = _written(text[cut:], piece.start + cut, drawn)
    offsets = f'data-start="{piece.start}" data-end="{piece.end}"'
    return f'<span class="duomo-seg" {offsets} style="{_underline(piece, drawn)}">{head}{written}</span>'


def _written(text: str, start: int, drawn: _Drawn) -> str:
    if not drawn.singly:
        return esc(text)
    characters, at = [], 0
    while at < len(text):
        end = cluster_end(text, at, len(text))
        characters.append(f'<span class="duomo-character" data-at="{start + at}">{esc(text[at:end])}</span>')
        at = end
    return "".join(characters)


def _tag(span: Span, drawn: _Drawn) -> str:
    return (
        f'<i class="duomo-tag" aria-hidden="true" data-span="{drawn.order[span]}" '
        f'data-start="{span.start}" data-end="{span.end}" data-label="{esc(span.label)}" '
        f'style="--color:{drawn.colours[span.label]};--level:{drawn.levels[span]}">'
        f"{esc(tag_text(span))}</i>"
    )


def _underline(piece: Piece, drawn: _Drawn) -> str:
    depth = 1 + max(drawn.levels[span] for span in piece.spans)
    images, sizes, places = [], [], []
    for span in piece.spans:
        color = drawn.colours[span.label]
        first, last = span.start == piece.start, span.end == piece.end
        inset, up = first + last, (depth - drawn.levels[span]) * LEVEL - UNDERLINE
        tint = f"color-mix(in srgb,{color} 9%,transparent)"
        images += [f"linear-gradient({color},{color})", f"linear-gradient({tint},{tint})"]
        sizes += [f"calc(100% - {inset}px) {UNDERLINE}px", f"calc(100% - {inset}px) calc(100% - {depth * LEVEL}px)"]
        places += [f"{int(first)}px calc(100% - {up}px)", f"{int(first)}px 0"]
    return (
        f"padding-bottom:{depth * LEVEL}px;background-image:{','.join(images)};"
        f"background-size:{','.join(sizes)};background-position:{','.join(places)}"
    )
