"""How well a system's correlations tell pictures that have to do with a text from those that have not, where that is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.document import Document
from engine.evidence import Correlation
from engine.variants import known_pictures


@dataclass(frozen=True, slots=True)
class Relatedness:
    """Figures over all pictures of which it is known.

    Attributes:
        related: how many have to do with their text.
        unrelated: how many have not.
        auroc: the probability that one of the former has a higher correlation than one of the latter, ties by half; ``None`` if
            there is none of either.
        mean_related: of the correlations of the former; ``None`` if there are none.
        mean_unrelated: of the latter.
    """

    related: int
    unrelated: int
    auroc: float | None
    mean_related: float | None
    mean_unrelated: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return asdict(self)


def relatedness(documents: Sequence[Document], found: Iterable[Correlation | None]) -> Relatedness:
    """Compare correlations with what the corpus says.

    Args:
        documents: with their meta.
        found: what a system said of each; nothing, or another number of pictures, is left out.
    """
    values: dict[bool, list[float]] = {True: [], False: []}
    for document, correlation in zip(documents, found, strict=True):
        known = known_pictures(document)
        if known is not None and correlation is not None and len(correlation.values) == len(known):
            for fits, value in zip(known, correlation.values, strict=True):
                values[fits].append(value)
    related, unrelated = np.array(values[True]), np.array(values[False])
    auroc = None
    if len(related) and len(unrelated):
        ordered = np.sort(unrelated)
        below, upto = (np.searchsorted(ordered, related, side) for side in ("left", "right"))
        auroc = float((below + upto).mean() / 2 / len(unrelated))
    mean_related, mean_unrelated = (float(side.mean()) if len(side) else None for side in (related, unrelated))
    return Relatedness(len(related), len(unrelated), auroc, mean_related, mean_unrelated)
