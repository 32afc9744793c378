"""Mixtures of strategies: each orders the pool, and the places are added by weight.

The scores of two strategies are not of one unit; their order of the documents is. Donmez, Carbonell and Bennett (2007), "Dual
Strategy Active Learning", mix uncertainty with density by weights; here any strategies, by ranks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.acquisition.contract import Array, Predictions, Strategy
from engine.document import Document
from engine.errors import InputError


def mixture(parts: Sequence[tuple[float, Strategy]]) -> Strategy:
    """Return the mixture of some strategies by weights.

    Raises:
        InputError: if there are none, or a weight is not above 0.
    """
    wrong = [f"{weight} of {strategy.name}" for weight, strategy in parts if not 0 < weight < float("inf")]
    if wrong or not parts:
        raise InputError(f"a mixture has strategies with weights above 0, got {', '.join(wrong) or 'none'}")
    whole = sum(weight for weight, _ in parts)
    shares = tuple((weight / whole, strategy) for weight, strategy in parts)

    def score(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
        added: Array = np.sum([share * places(part.score(pool, predictions, rng)) for share, part in shares], axis=0)
        return added

    return Strategy(
        "+".join(part.name if len({s for s, _ in shares}) == 1 else f"{weight:g}*{part.name}" for weight, part in parts),
        " and ".join(part.title for _, part in parts),
        "; ".join(dict.fromkeys(part.paper for _, part in parts)),
        score,
        frozenset().union(*(part.needs for _, part in parts)),
        any(part.batch for _, part in parts),
        shares,
    )


def places(scores: Array) -> Array:
    """Return where each score stands among all, from 0, the least, to 1; what is equal shares a place."""
    if len(scores) < 2:
        return np.zeros(len(scores))
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    found: Array = (below + (counts - 1) / 2)[group] / (len(scores) - 1)
    return found
