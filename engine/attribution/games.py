"""A question as a game (Shapley 1953): players, and how probable the entity is with some of them alone.

The players are the characters of the text, or the modalities that are there. What is not there is hidden, not cut out: in the
place of a character is one that no vocabulary knows, without glyph or sound, so that all others keep their places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from engine.attribution.target import Target
from engine.counterfactual.wording import UNKNOWN_CHARACTER
from engine.document import Document
from engine.systems.contract import Batch
from engine.tagger import CHARACTERS

TEXT = "text"
_BESIDE = {"speech": lambda document: document.audio is not None, "image": lambda document: bool(document.images)}
Row = tuple[bool, ...]


@dataclass(frozen=True)
class Game:
    """Players, and what some of them are worth together.

    Attributes:
        players: their names.
        worth: of rows that say which players are there, the logarithm of the entity's probability.
    """

    players: tuple[str, ...]
    worth: Callable[[Sequence[Row]], list[float]]
    _known: dict[Row, float] = field(default_factory=dict, repr=False)

    def values(self, rows: Sequence[Row]) -> list[float]:
        """Return what each row is worth; each is worked out once."""
        wanted = [row for row in dict.fromkeys(rows) if row not in self._known]
        if wanted:
            self._known.update(zip(wanted, self.worth(wanted), strict=True))
        return [self._known[row] for row in rows]

    def forward(self, present: Tensor) -> Tensor:
        """Return what rows ``[N, P]`` of ones and zeros are worth, ``[N]``; captum asks for it."""
        rows = [tuple(value > 0.5 for value in row) for row in present.tolist()]
        return torch.tensor(self.values(rows), dtype=torch.float64)


def characters_of(target: Target) -> Game:
    """Return the game whose players are the characters."""
    document = target.document

    def worth(rows: Sequence[Row]) -> list[float]:
        return _probabilities(target, [hidden(document, row) for row in rows])

    return Game(tuple(document.text), worth)


def modalities_of(target: Target) -> Game:
    """Return the game whose players are the text and the modalities beside it that are there and can be left out."""
    system, document = target.system, target.document
    beside = [name for name in system.optional_modalities if _BESIDE.get(name, lambda _: True)(document)]
    players = (TEXT, *beside)

    def worth(rows: Sequence[Row]) -> list[float]:
        return [_with(target, [name for name, there in zip(players, row, strict=True) if not there]) for row in rows]

    return Game(players, worth)


def hidden(document: Document, there: Sequence[bool]) -> Document:
    """Return a document of whose characters some alone are there."""
    text = "".join(character if shown else UNKNOWN_CHARACTER for character, shown in zip(document.text, there, strict=True))
    readings = {offset: reading for offset, reading in document.readings.items() if there[offset]}
    return replace(document, text=text, spans=(), readings=readings)


@torch.no_grad()
def _probabilities(target: Target, documents: Sequence[Document]) -> list[float]:
    batch = max(1, CHARACTERS["cpu"] // max(1, len(target.document)))
    found: list[float] = []
    for first in range(0, len(documents), batch):
        found += target.log_probability(target.batch(*documents[first : first + batch])).tolist()
    return found


@torch.no_grad()
def _with(target: Target, missing: Sequence[str]) -> float:
    """Return what is left without some modalities.

    Without the text its characters are not known, but look and sound as they do.
    """
    batch = target.batch()
    if TEXT in missing:
        batch = without_text(target, batch)
    for name in missing:
        if name != TEXT:
            batch = target.system.without(batch, name)
    return float(target.log_probability(batch)[0])


def without_text(target: Target, batch: Batch) -> Batch:
    """Return a batch in which every character is one that the vocabulary does not know; what goes on with a piece goes on."""
    vocabulary, text = target.system.vocabulary, batch.text
    known = text.mask & (text.ids != vocabulary.continues)
    return replace(batch, text=replace(text, ids=text.ids.masked_fill(known, vocabulary.unknown)))
