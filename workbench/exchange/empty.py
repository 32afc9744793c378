"""Documents without spans: found to hold no entity, or not looked at yet; few formats have a mark for it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.document import Document

_ANNOTATED = ("bio", "bmes", "bioes", "cmner", "cnerta", "twitter", "cluener", "boson", "csv-tokens", "bundle")
"""Formats of annotated corpora: what has no span there was seen to have none."""


@dataclass(frozen=True)
class Empty:
    """How many documents say nothing, in formats of annotated corpora and in others."""

    corpora: int = 0
    others: int = 0

    @classmethod
    def of(cls, format: str, document: Document) -> Empty:
        """Count one document."""
        if not says_nothing(document):
            return cls()
        return cls(corpora=1) if format in _ANNOTATED else cls(others=1)

    def __add__(self, other: Empty) -> Empty:
        """Count both."""
        return Empty(self.corpora + other.corpora, self.others + other.others)

    @property
    def count(self) -> int:
        """Return how many there are."""
        return self.corpora + self.others

    @property
    def annotated(self) -> bool:
        """Tell what most of their formats suggest: that they were found to hold no entity."""
        return self.corpora > self.others


def says_nothing(document: Document) -> bool:
    """Tell whether a document has neither spans nor readings; one that an export of ours calls not annotated does say so."""
    untouched = "document" in document.meta and "revision" not in document.meta
    return not document.spans and not document.readings and not untouched
