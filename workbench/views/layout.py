"""Where the underline of each span goes: stacked levels that keep nested and overlapping spans, and their labels, apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from engine.document import Document, Span

LEVEL = 19
UNDERLINE = 3
_LABEL_EM = 0.27
_FAR = 60.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text under the same spans."""

    start: int
    end: int
    spans: tuple[Span, ...]


def tag_text(span: Span) -> str:
    """Return what is written under a span: its type, and the model's confidence if there is one."""
    return span.label if span.score is None else f"{span.label} {span.score:.0%}"


def levels(document: Document) -> dict[Span, int]:
    """Give each span a level, 0 nearest the text; inner spans come first, and labels never run into each other."""
    before = [0.0]
    for character in document.text:
        before.append(before[-1] + (_FAR if character in "\r\n" else 0.55 if ord(character) < 0x1100 else 1.0))
    rows: list[list[tuple[float, float]]] = []
    chosen: dict[Span, int] = {}
    for span in sorted(document.spans, key=lambda span: (span.end - span.start, span.start)):
        left = before[span.start]
        label = 0.4 + sum(_LABEL_EM if ord(character) < 0x1100 else _LABEL_EM * 1.7 for character in tag_text(span))
        right = max(before[span.end], left + label)
        free = (row for row, taken in enumerate(rows) if all(end <= left or right <= start for start, end in taken))
        level = next(free, len(rows))
        if level == len(rows):
            rows.append([])
        rows[level].append((left, right))
        chosen[span] = level
    return chosen


def lines(text: str) -> list[tuple[int, int, int]]:
    """Split the text at LF, CR and CRLF into ``(start, end, start of the next)``."""
    found = []
    start = at = 0
    while at < len(text):
        if text[at] in "\r\n":
            width = 2 if text.startswith("\r\n", at) else 1
            found.append((start, at, at + width))
            start = at = at + width
        else:
            at += 1
    return [*found, (start, len(text), len(text))]


def shown_from(span: Span, rows: Sequence[tuple[int, int, int]]) -> int:
    """Return where a span first shows: one that begins at a line break has its label on the next line.

    Args:
        span: the span.
        rows: the lines of the text.
    """
    inside = (max(start, span.start) for start, end, _ in rows if start < span.end and max(start, span.start) < end)
    return next(inside, span.start)


def pieces(start: int, end: int, spans: Sequence[Span]) -> list[Piece]:
    """Cut a line wherever a span begins or ends."""
    within = [span for span in spans if span.start < end and start < span.end]
    cuts = {start, end} | {max(start, span.start) for span in within} | {min(end, span.end) for span in within}
    points = sorted(cuts)
    return [
        Piece(left, right, tuple(span for span in within if span.start < right and left < span.end))
        for left, right in zip(points, points[1:], strict=False)
    ]


def cluster_end(text: str, start: int, limit: int) -> int:
    """Return the end of the first character as a reader sees it: with its marks, joiners and skin tones."""
    at = start + 1
    while at < limit:
        joined = text[at - 1] == "\u200d" or text[at] == "\u200d"
        regional = at == start + 1 and all(0x1F1E6 <= ord(character) <= 0x1F1FF for character in text[start : at + 1])
        extending = unicodedata.category(text[at]) in {"Mn", "Me", "Mc"} or 0x1F3FB <= ord(text[at]) <= 0x1F3FF
        if not (joined or regional or extending):
            break
        at += 1
    return at
