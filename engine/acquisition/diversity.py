"""What a document has to do with the others: how many are like it, and whether one that is labelled already is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.acquisition.contract import Array, Need, Predictions, Strategy
from engine.document import Document

_NOTHING = 1e-12
"""Of the squares of two lengths: a squared distance below is rounding."""


def density(vectors: Array) -> Array:
    """Return the mean cosine of each of N vectors with the others; below 0 counts as 0, of one vector alone it is 1.

    Settles and Craven (2008), information density, with the encoder's vectors in the place of counts of features.
    """
    if len(vectors) < 2:
        return np.ones(len(vectors))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    alike = unit @ unit.sum(0) - (unit * unit).sum(1)
    mean: Array = np.clip(alike / (len(vectors) - 1), 0.0, 1.0)
    return mean


def weighted_by_density(strategy: Strategy, beta: float = 1.0) -> Strategy:
    """Return a strategy whose scores are multiplied by the density of the pool around each document, to a power.

    Information density, Settles and Craven (2008): what is odd teaches little of the rest.

    Args:
        strategy: any whose scores are not negative.
        beta: the power; 0 leaves the scores as they are.
    """

    def score(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
        weighted: Array = strategy.score(pool, predictions, rng) * density(predictions.vectors) ** beta
        return weighted

    return Strategy(
        f"density*{strategy.name}",
        f"{strategy.title}, where the pool is dense",
        f"Settles and Craven 2008; {strategy.paper}",
        score,
        strategy.needs | {Need.VECTORS},
    )


def k_centre(pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """How far each document was from all that are labelled or chosen when it was chosen, the farthest first.

    Greedy k-centre, Sener and Savarese (2018), "Active Learning for Convolutional Neural Networks: A Core-Set Approach",
    algorithm 1. Those distances never grow, so the n highest scores are the batch of n. With nothing labelled a first one is
    drawn. An empty text is never far.
    """
    filled = np.array([len(document) > 0 for document in pool], dtype=bool)
    scores = np.zeros(len(pool))
    if filled.any():
        scores[filled] = farthest_first(predictions.vectors[filled], predictions.labelled, rng, predictions.wanted)
    return scores


def farthest_first(vectors: Array, labelled: Array, rng: np.random.Generator, most: int = 0) -> Array:
    """Return at which distance each vector is chosen, farthest first.

    Args:
        vectors: ``[N, H]``.
        labelled: ``[M, H]``, chosen before.
        rng: draws the first where nothing is labelled.
        most: how many to choose; the others get their distance to what is chosen. 0 for all.
    """
    count = len(vectors)
    if not count:
        return np.zeros(0)
    squares = (vectors * vectors).sum(1)
    nearest = np.full(count, np.inf)
    for one in labelled:
        nearest = np.minimum(nearest, _distances(vectors, squares, one))
    radii, chosen = np.zeros(count), np.zeros(count, dtype=bool)
    for number in range(min(most, count) if most else count):
        drawn = number == 0 and not len(labelled)
        place = int(rng.integers(count)) if drawn else int(np.where(chosen, -np.inf, nearest).argmax())
        radii[place], chosen[place] = nearest[place], True
        nearest = np.minimum(nearest, _distances(vectors, squares, vectors[place]))
    radii[~chosen] = nearest[~chosen]
    first = np.isposinf(radii)
    radii[first] = 2 * radii[~first].max(initial=0.5)  # the first of all is farther than any
    return radii


def distances(vectors: Array, others: Array) -> Array:
    """Return the Euclidean distances ``[N, M]``."""
    squares = (vectors * vectors).sum(1)
    return np.stack([_distances(vectors, squares, one) for one in others], 1) if len(others) else np.zeros((len(vectors), 0))


def _distances(vectors: Array, squares: Array, one: Array) -> Array:
    whole = squares + one @ one
    found = whole - 2 * (vectors @ one)
    away: Array = np.sqrt(np.where(found > _NOTHING * whole, found, 0.0))
    return away
