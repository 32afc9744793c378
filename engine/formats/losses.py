"""What a format cannot hold of a document: counted before it is written, so that nothing is lost without being said."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.document import Document
from engine.tags import flatten


@dataclass(frozen=True)
class Part:
    """A part of documents that some format cannot hold.

    Attributes:
        key: what a program calls it, e.g. ``"overlaps"``.
        title: what a person calls it, in the plural.
        count: how many of it a document has.
        without: returns the document without it; ``None`` where nothing is left to write.
    """

    key: str
    title: str
    count: Callable[[Document], int]
    without: Callable[[Document], Document | None]


def is_named(document: Document) -> bool:
    """Tell whether a document has an identifier of its own, not the hash of its text."""
    return document.id != replace(document, id="").id


def has_break(value: str) -> bool:
    """Tell whether a value does not fit on the rest of a line, whose end may be LF or CRLF."""
    return "\n" in value or value.endswith("\r")


def _flat(document: Document) -> Document:
    return document.with_spans(flatten(document.spans))


def _unscored(document: Document) -> Document:
    return document.with_spans(replace(span, score=None) for span in document.spans)


def _unnamed(document: Document) -> Document:
    return replace(document, id="")


def _lies(path: str | None) -> bool:
    return path is not None and os.path.isfile(path)


def _at_hand(document: Document) -> Document:
    audio = document.audio if _lies(document.audio) else None
    return replace(document, images=tuple(filter(_lies, document.images)), audio=audio)


def _absent(document: Document) -> int:
    return sum(not _lies(path) for path in (*document.images, *([] if document.audio is None else [document.audio])))


OVERLAPS = Part("overlaps", "spans that overlap a longer one", lambda d: len(d.spans) - len(flatten(d.spans)), _flat)
SPANS = Part("spans", "spans", lambda d: len(d.spans), lambda d: d.with_spans(()))
SCORES = Part("scores", "confidences", lambda d: sum(span.score is not None for span in d.spans), _unscored)
IDS = Part("ids", "ids", lambda d: int(is_named(d)), _unnamed)
PICTURES = Part("pictures", "pictures", lambda d: len(d.images), lambda d: replace(d, images=()))
SPEECH = Part("speech", "recordings", lambda d: int(d.audio is not None), lambda d: replace(d, audio=None))
META = Part("meta", "further data", lambda d: len(d.meta), lambda d: replace(d, meta={}))
ANNOTATED = Part("annotated", "marked labels", lambda d: int(d.annotated is not None), lambda d: replace(d, annotated=None))
READINGS = Part("readings", "readings", lambda d: len(d.readings), lambda d: replace(d, readings={}))
EMPTY = Part("empty", "documents without text", lambda d: int(not d.text), lambda d: d if d.text else None)
BLANK = Part("empty", "documents without text", lambda d: int(not d.text.strip()), lambda d: d if d.text.strip() else None)
BROKEN_IDS = Part("broken-ids", "ids with a line break", lambda d: int(has_break(d.id)), _unnamed)
ABSENT = Part("absent", "pictures and recordings that are not where they are said to be", _absent, _at_hand)
