"""Where the characters of a text are once stretches of it have been replaced by others, longer or shorter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.document import Document, Span
from engine.modalities.scripts import WORDS


@dataclass(frozen=True, slots=True)
class Replaced:
    """A stretch of the old text, ``[start, end)``, and how long what stands in its place is."""

    start: int
    end: int
    length: int


@dataclass(frozen=True, slots=True)
class Offsets:
    """From the offsets of an old text to those of a new one.

    Attributes:
        replaced: what was replaced, in order; stretches share no character.
    """

    replaced: tuple[Replaced, ...] = ()

    def border(self, place: int) -> int:
        """Return where a border between two characters is now.

        One inside a stretch that is longer or shorter now keeps its distance from the stretch's start, at most to its end.
        """
        moved = 0
        for stretch in self.replaced:
            if place >= stretch.end:
                moved += stretch.length - (stretch.end - stretch.start)
            elif place > stretch.start:
                return stretch.start + moved + min(place - stretch.start, stretch.length)
        return place + moved

    def is_exact(self, place: int) -> bool:
        """Tell whether a border has a place of its own in the new text: it is not inside a stretch of another length now."""
        return not any(
            stretch.start < place < stretch.end and stretch.length != stretch.end - stretch.start for stretch in self.replaced
        )

    def stretch(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the old text is now; one whose every character is gone is empty."""
        return self.border(start), self.border(end)

    def touches(self, start: int, end: int) -> bool:
        """Tell whether a character of a stretch of the old text was replaced."""
        return any(stretch.start < end and start < stretch.end for stretch in self.replaced)


def spliced(document: Document, replaced: Iterable[tuple[int, int, str]]) -> tuple[Document, Offsets]:
    """Return a document with stretches of its text replaced, and where its characters are now.

    What is annotated is left out, and so are readings of what is replaced; all else stays beside the new text.

    Args:
        document: stays as it is.
        replaced: start, end and the new characters of each stretch; stretches share no character.
    """
    pieces, notes, place = [], [], 0
    for start, end, words in sorted(replaced):
        pieces += [document.text[place:start], words]
        notes.append(Replaced(start, end, len(words)))
        place = end
    offsets = Offsets(tuple(notes))
    readings = {
        offsets.border(offset): reading
        for offset, reading in document.readings.items()
        if not offsets.touches(offset, offset + 1)
    }
    text = "".join([*pieces, document.text[place:]])
    meta = {name: value for name, value in document.meta.items() if name != WORDS}
    return replace(document, text=text, spans=(), readings=readings, meta=meta), offsets


def moved(span: Span, offsets: Offsets) -> Span | None:
    """Return where a span is now; none if nothing is left of it."""
    start, end = offsets.stretch(span.start, span.end)
    return Span(start, end, span.label, span.score) if end > start else None
