"""Predictions of another system brought onto the annotated documents, where it has cut the same text otherwise."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from engine.document import Document, Span
from engine.errors import InputError

_SHOWN = 15


@dataclass(frozen=True)
class Realigned:
    """Predictions on the annotated documents.

    Attributes:
        documents: one for each annotated document, with the predicted spans.
        moved: whether the two were cut otherwise or stood in another order.
        cut: predicted entities that reach over the end of an annotated document; the longest piece of each is kept.
    """

    documents: tuple[Document, ...]
    moved: bool
    cut: int


def realign(documents: Sequence[Document], predicted: Sequence[Document]) -> Realigned:
    """Bring predictions onto documents: as they stand, in another order, or over the joined text, white space aside.

    Args:
        documents: annotated.
        predicted: the same texts, cut into documents in whatever way.

    Raises:
        InputError: if the texts are not the same; it says where they differ.
    """
    if [d.text for d in documents] == [d.text for d in predicted]:
        pairs = zip(documents, predicted, strict=True)
        return Realigned(tuple(d.with_spans(found.spans) for d, found in pairs), False, 0)
    by_text: dict[str, deque[Document]] = defaultdict(deque)
    for document in predicted:
        by_text[document.text].append(document)
    if sorted(d.text for d in documents) == sorted(d.text for d in predicted):
        return Realigned(tuple(d.with_spans(by_text[d.text].popleft().spans) for d in documents), True, 0)
    return _over_joined(documents, predicted)


def _over_joined(documents: Sequence[Document], predicted: Sequence[Document]) -> Realigned:
    ours, theirs = _Stream(documents), _Stream(predicted)
    if ours.text != theirs.text:
        raise InputError(_difference(documents, ours, predicted, theirs))
    spans: list[list[Span]] = [[] for _ in documents]
    cut = 0
    for number, document in enumerate(predicted):
        for span in document.spans:
            pieces = ours.pieces(*theirs.place(number, span))
            if pieces:
                cut += len(pieces) > 1
                row, start, end = max(pieces, key=lambda piece: (piece[2] - piece[1], -piece[0]))
                spans[row].append(replace(span, start=start, end=end))
    return Realigned(tuple(d.with_spans(found) for d, found in zip(documents, spans, strict=True)), True, cut)


class _Stream:
    """All characters of documents that are not white space, one after the other."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.offsets = [[i for i, character in enumerate(d.text) if not character.isspace()] for d in documents]
        self.text = "".join(d.text[i] for d, offsets in zip(documents, self.offsets, strict=True) for i in offsets)
        self.starts = [0, *accumulate(map(len, self.offsets))]

    def place(self, row: int, span: Span) -> tuple[int, int]:
        """Return where a span of a document lies in the stream."""
        offsets, start = self.offsets[row], self.starts[row]
        return start + bisect_left(offsets, span.start), start + bisect_left(offsets, span.end)

    def pieces(self, first: int, last: int) -> list[tuple[int, int, int]]:
        """Return the stretches of documents, as row, start and end, that a stretch of the stream comes to."""
        found = []
        while first < last:
            row = bisect_right(self.starts, first) - 1
            end = min(last, self.starts[row + 1])
            offsets = self.offsets[row]
            found.append((row, offsets[first - self.starts[row]], offsets[end - 1 - self.starts[row]] + 1))
            first = end
        return found

    def where(self, place: int) -> int:
        """Return the row of the document that holds a place of the stream."""
        return min(bisect_right(self.starts, place) - 1, len(self.offsets) - 1)


def _difference(documents: Sequence[Document], ours: _Stream, predicted: Sequence[Document], theirs: _Stream) -> str:
    """Say where two texts first differ."""
    shorter = min(len(ours.text), len(theirs.text))
    place = next((i for i in range(shorter) if ours.text[i] != theirs.text[i]), shorter)
    row, other = ours.where(place), theirs.where(place)
    names = [f"{i} ({side[i].id})" if 0 <= i < len(side) else "none" for i, side in ((row, documents), (other, predicted))]
    left, right = (stream.text[place : place + _SHOWN] or "nothing more" for stream in (ours, theirs))
    before = ours.text[max(0, place - _SHOWN) : place]
    return (
        f"the predictions are of another text: after {before!r}, document {names[0]} goes on with {left!r}, document {names[1]} "
        f"of the predictions with {right!r}; give predictions of the same text, cut into documents in whatever way"
    )
