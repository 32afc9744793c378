"""The nouns everything else speaks: spans, documents and label sets.

Offsets are half-open indices of Unicode code points into the text exactly as it was given. The text is never normalised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
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

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two share a character."""
        return self.start < other.end and other.start < self.end


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
        ordered = sorted(dict.fromkeys(self.spans), key=lambda span: (span.start, -span.end, span.label))
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
    """The entity types a model or a project knows, in order and each once."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the names.

        Raises:
            DocumentError: for an empty or repeated name.
        """
        if "" in self.names or len(set(self.names)) < len(self.names):
            raise DocumentError(f"labels must be distinct and not empty: got {list(self.names)}")

    @classmethod
    def of(cls, documents: Iterable[Document]) -> LabelSet:
        """Collect the labels of a corpus, sorted."""
        return cls(tuple(sorted({span.label for document in documents for span in document.spans})))


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
