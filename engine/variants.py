"""How a document of a built corpus is spoken, or what it is shown with: what its meta says of it.

A document that is held out stands there several times, each time otherwise, so that a system is judged in each way by itself.
"""

from __future__ import annotations

from engine.document import Document

PAUSES = "pauses"
"""Under which key of the meta stands how a document is spoken."""
NATURAL, NO_PAUSES, MISLEADING, MUTE = "natural", "none", "misleading", "mute"
"""With pauses between words; without any; with pauses inside words instead; not at all."""
SHOWN = "shown"
"""Under which key of the meta stands which pictures a document has."""
DRAWN, RELATED, UNRELATED, TEXT = "drawn", "related", "unrelated", "text"
"""Those that were drawn for it; fitting ones alone; ones that do not fit alone; none."""
FITS = "related"
"""Under which key of the meta stands, for each picture of a document, 1 if it has to do with the text, else 0."""


def spoken(document: Document) -> str:
    """Return how a document is spoken; naturally, where its corpus does not say."""
    return document.meta.get(PAUSES, NATURAL)


def shown(document: Document) -> str:
    """Return which pictures a document has; those drawn for it, where its corpus does not say."""
    return document.meta.get(SHOWN, DRAWN)


def is_usual(document: Document) -> bool:
    """Tell whether a document is spoken naturally and has the pictures drawn for it, or its corpus does not say."""
    return spoken(document) == NATURAL and shown(document) == DRAWN


def known_pictures(document: Document) -> list[bool] | None:
    """Return of each picture of a document whether it has to do with the text; nothing where the corpus does not say."""
    said = document.meta.get(FITS, "")
    marks = said.split(",") if said else []
    if not document.images or len(marks) != len(document.images) or not set(marks) <= {"0", "1"}:
        return None
    return [mark == "1" for mark in marks]
