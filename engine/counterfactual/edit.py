"""The nouns of what if: an edit, what it may have to know, and what it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.counterfactual.offsets import Offsets
from engine.document import Document, Span

if TYPE_CHECKING:
    from engine.layers.vector_table import VectorTable


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit, chosen.

    Attributes:
        name: of one of :data:`engine.counterfactual.kinds.KINDS`.
        start: first character, or the number of a picture, from 1; -1 for an edit of the whole.
        end: one past the last character.
        value: what to put there; empty for what the edit itself takes.
    """

    name: str
    start: int = -1
    end: int = -1
    value: str = ""

    def __str__(self) -> str:
        """Return it as it is written."""
        place = "" if self.start < 0 else f":{self.start}" if self.end <= self.start + 1 else f":{self.start}-{self.end}"
        return f"{self.name}{place}{f'={self.value}' if self.value else ''}"


@dataclass(frozen=True)
class Setting:
    """What edits may have to know beside the document.

    Attributes:
        entities: what is found in it as it is.
        times: start and end in seconds at which each character is heard; empty where that is not known.
        glyphs: vectors of glyphs, by which characters look alike; none where there are none.
        folder: where changed recordings are written; none where none may be.
    """

    entities: Sequence[Span] = ()
    times: Sequence[tuple[float, float]] = ()
    glyphs: VectorTable | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class Edited:
    """What an edit has made.

    Attributes:
        document: the new one, without annotations.
        offsets: from the old text to the new.
        without: a modality that the model is to leave out; empty for none.
        put: what was put there, where the edit chose it itself: a character, a name.
    """

    document: Document
    offsets: Offsets = field(default_factory=Offsets)
    without: str = ""
    put: str = ""
