"""Long texts as windows: cut at sentence ends, with overlap, and stitched together again, so that nothing is truncated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from engine.document import Document, Span
from engine.tags import findable

_ENDS = "。！？!?\n；;…"
_PAUSES = "，,、：: \t"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a document, ``text[start:end]``, of which ``text[core_start:core_end]`` is this window's to answer for."""

    start: int
    end: int
    core_start: int
    core_end: int


def cut(text: str, size: int, overlap: int) -> list[Window]:
    """Cut a text into windows of at most ``size`` characters that share about ``overlap`` with each neighbour.

    Cores follow each other without gap and end where a sentence does, if one ends in the latter half of the window; else at a
    pause, else anywhere.

    Args:
        text: the text.
        size: most characters of a window, overlap included.
        overlap: characters of context on each side of a core; less than a third of the size.
    """
    if len(text) <= size:
        return [Window(0, len(text), 0, len(text))]
    windows: list[Window] = []
    start = 0
    while start < len(text):
        begin = max(0, start - overlap)
        if begin + size >= len(text):
            windows.append(Window(begin, len(text), start, len(text)))
            break
        end = _break(text, start, begin + size - overlap)
        windows.append(Window(begin, min(len(text), begin + size), start, end))
        start = end
    return windows


def tile(text: str, size: int) -> list[Window]:
    """Cut a text into windows of at most ``size`` characters that follow each other without overlap."""
    cores = [(window.core_start, window.core_end) for window in cut(text, size, 0)]
    return [Window(start, end, start, end) for start, end in cores]


def split(document: Document, size: int) -> list[Document]:
    """Cut a document for training; no annotation is cut unless it is longer than a window."""
    if len(document) <= size:
        return [document]
    parts, start = [], 0
    while start < len(document):
        end = len(document) if len(document) - start <= size else _between_spans(document, start, size)
        inside = [
            replace(s, start=s.start - start, end=s.end - start) for s in document.spans if start <= s.start and s.end <= end
        ]
        parts.append(replace(document.part(start, end, inside), id=f"{document.id}.{start}"))
        start = end
    return parts


def stitch(windows: Sequence[Window], found: Sequence[Sequence[Span]], *, structure: str) -> tuple[Span, ...]:
    """Join what was found in each window, in the document's offsets.

    A span belongs to the window whose core holds its first character. Of spans that a system of this structure cannot find
    together, across a border, the longer counts, then the earlier.
    """
    joined = [
        replace(span, start=span.start + window.start, end=span.end + window.start)
        for window, spans in zip(windows, found, strict=True)
        for span in spans
        if window.core_start <= span.start + window.start < window.core_end
    ]
    return tuple(joined if len(windows) == 1 else findable(joined, structure))


def _break(text: str, start: int, limit: int) -> int:
    middle = start + (limit - start) // 2
    for marks in (_ENDS, _PAUSES):
        for position in range(limit, middle, -1):
            if text[position - 1] in marks:
                return position
    return limit


def _between_spans(document: Document, start: int, size: int) -> int:
    """Return where to end a piece: at the break, or near it where no annotation that fits into a window is cut."""
    end = _break(document.text, start, start + size)
    fitting = [span for span in document.spans if span.end - span.start <= size]
    for position in chain(range(end, start, -1), range(end + 1, start + size + 1)):
        if not any(span.start < position < span.end for span in fitting):
            return position
    return end
