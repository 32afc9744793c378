"""The nouns everything else speaks: spans, documents and label sets.

Offsets are half-open indices of Unicode code points into the text exactly as it was given. The text is never normalised.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from engine.errors import DocumentError


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A labelled stretch of text, ``text[start:end]``.

    Attributes:
        start: first code point.
        end: one past the last code point.
        label: entity type, e.g. ``"PER"``.
        score: the model's confidence in [0, 1]; ``None`` for a human's annotation.
    """

    start: int
    end: int
    label: str
    score: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Check that the span is not empty and is labelled.

        Raises:
            DocumentError: if it is not.
        """
        if not 0 <= self.start < self.end:
            raise DocumentError(f"a span must hold at least one character: got start {self.start}, end {self.end}")
        if not self.label:
            raise DocumentError(f"the span {self.start}-{self.end} has no label; give it one")

    @property
    def key(self) -> tuple[int, int, str]:
        """Return what identifies the span in scoring: start, end, label."""
        return self.start, self.end, self.label

    @property
    def priority(self) -> tuple[int, int, str]:
        """Return the key that puts what starts earlier first, of one start the longer, of one extent the earlier label."""
        return self.start, -self.end, self.label

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two share a character."""
        return self.start < other.end and other.start < self.end

    def holds(self, other: Span) -> bool:
        """Tell whether the other lies in this one; equal extents hold each other."""
        return self.start <= other.start and other.end <= self.end

    def crosses(self, other: Span) -> bool:
        """Tell whether the two overlap and neither holds the other."""
        return self.overlaps(other) and not self.holds(other) and not other.holds(self)


@dataclass(frozen=True, slots=True)
class Document:
    """One text with its annotations and the files that belong to it.

    Attributes:
        text: exactly as given.
        spans: gold annotations, sorted by start, then longest first; nesting and overlap are allowed.
        id: the source's own identifier, or a hash of the text.
        images: paths of the pictures beside the text.
        audio: path of the recording of the text.
        meta: whatever else the source says, kept for export.
        annotated: the labels whose every entity is marked; what is not under a span may still be of any other label. ``None``:
            all labels.
        readings: how characters are read where a person has said so, by offset, as numbered pinyin: ``{4: "zhang3"}``.
    """

    text: str
    spans: tuple[Span, ...] = ()
    id: str = ""
    images: tuple[str, ...] = ()
    audio: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
    annotated: tuple[str, ...] | None = None
    readings: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the spans, name the document and freeze its meta and readings.

        Raises:
            DocumentError: if a span or a reading lies beyond the text.
        """
        for span in self.spans:
            if span.end > len(self.text):
                raise DocumentError(
                    f"the span {span.start}-{span.end} {span.label} reaches beyond the text of {len(self.text)} characters"
                )
        for offset in self.readings:
            if not 0 <= offset < len(self.text):
                raise DocumentError(f"a reading is given for character {offset} of a text of {len(self.text)} characters")
        ordered = sorted(dict.fromkeys(self.spans), key=lambda span: span.priority)
        object.__setattr__(self, "spans", tuple(ordered))
        object.__setattr__(self, "meta", MappingProxyType(dict(self.meta)))
        object.__setattr__(self, "readings", MappingProxyType(dict(self.readings)))
        if not self.id:
            digest = hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()
            object.__setattr__(self, "id", digest[:16])

    def __len__(self) -> int:
        """Return the number of code points."""
        return len(self.text)

    def mention(self, span: Span) -> str:
        """Return the characters under a span."""
        return self.text[span.start : span.end]

    def part(self, start: int, end: int, spans: Iterable[Span] = ()) -> Document:
        """Return a stretch of the document, ``text[start:end]``, with spans of its own offsets."""
        readings = {offset - start: reading for offset, reading in self.readings.items() if start <= offset < end}
        return replace(self, text=self.text[start:end], spans=tuple(spans), readings=readings)

    def judged(self, spans: Iterable[Span]) -> list[Span]:
        """Return those of some spans that the annotation here can confirm or refute."""
        return [span for span in spans if self.annotated is None or span.label in self.annotated]

    def with_spans(self, spans: Iterable[Span]) -> Document:
        """Return the same document with other annotations."""
        return replace(self, spans=tuple(spans))


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The entity types a model or a project knows, in order and each once.

    Attributes:
        names: the types.
        nestings: the types of mentions that lie in each other, outermost first, e.g. ``("ORG", "LOC")``; the most frequent first.
    """

    names: tuple[str, ...]
    nestings: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        """Check the names.

        Raises:
            DocumentError: for an empty or repeated name, or a nesting of other names.
        """
        if "" in self.names or len(set(self.names)) < len(self.names):
            raise DocumentError(f"labels must be distinct and not empty: got {list(self.names)}")
        for nesting in self.nestings:
            if len(nesting) < 2 or not set(nesting) <= set(self.names):
                raise DocumentError(f"a nesting holds two or more of the labels {list(self.names)}: got {list(nesting)}")

    @classmethod
    def of(cls, documents: Iterable[Document]) -> LabelSet:
        """Collect the labels of a corpus, sorted, and how its mentions lie in each other."""
        names: set[str] = set()
        seen: Counter[tuple[str, ...]] = Counter()
        for document in documents:
            names.update(span.label for span in document.spans)
            seen.update(path for path in _paths(document.spans) if len(path) > 1)
        return cls(tuple(sorted(names)), tuple(sorted(seen, key=lambda path: (-seen[path], path))))

    @property
    def flat(self) -> LabelSet:
        """Return the same labels without their nestings."""
        return LabelSet(self.names)

    def with_more(self, other: LabelSet) -> LabelSet:
        """Return these labels and nestings with those behind them that only the other has."""
        names, nestings = (*self.names, *other.names), (*self.nestings, *other.nestings)
        return LabelSet(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(nestings)))


def topmost(spans: Iterable[Span]) -> list[Span]:
    """Keep the spans that lie in no other, of equal extents the one with the first label; the flat view of nested annotations.

    Spans that cross stay, both of them.
    """
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: span.priority):
        if not kept or kept[-1].end < span.end:  # whatever holds it starts no later, so the last kept reaches the furthest
            kept.append(span)
    return kept


def uncrossed(spans: Iterable[Span]) -> list[Span]:
    """Keep a set of spans that nest properly, of such as cross the longer, then the earlier."""
    ordered = sorted(spans, key=lambda span: span.priority)
    if not _crossing(ordered):
        return ordered
    kept: list[Span] = []
    for span in sorted(ordered, key=lambda span: (span.start - span.end, span.start, span.label)):
        if not any(span.crosses(other) for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.priority)


def _crossing(ordered: Iterable[Span]) -> bool:
    around: list[Span] = []
    for span in ordered:
        while around and around[-1].end <= span.start:
            around.pop()
        if around and around[-1].end < span.end:
            return True
        around.append(span)
    return False


def _paths(spans: Iterable[Span]) -> Iterator[tuple[str, ...]]:
    """Yield for each span the labels of those that it lies in, outermost first, and its own."""
    around: list[Span] = []
    for span in uncrossed(spans):
        while around and around[-1].end <= span.start:
            around.pop()
        around.append(span)
        yield tuple(outer.label for outer in around)


def relabel(document: Document, mapping: Mapping[str, str]) -> Document:
    """Rename labels; a label mapped to the empty string is dropped, one not mentioned is kept.

    Args:
        document: the document to rename in.
        mapping: from old name to new name or ``""``.
    """
    renamed = [
        replace(span, label=mapping.get(span.label, span.label)) for span in document.spans if mapping.get(span.label, "x")
    ]
    return document.with_spans(renamed)
