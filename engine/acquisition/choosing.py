"""From scores to the documents that are to be labelled next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.acquisition.contract import Array, Predictions, Strategy
from engine.document import Document
from engine.errors import InputError


def score(strategy: Strategy, pool: Sequence[Document], predictions: Predictions, rng: np.random.Generator) -> Array:
    """Return a strategy's scores, ``[N]``, higher = more useful.

    Raises:
        InputError: if the predictions are of another pool or lack what the strategy needs, or a score is not finite.
    """
    if len(pool) != len(predictions.documents):
        raise InputError(f"{len(predictions.documents)} documents predicted / {len(pool)} in the pool; predict the pool")
    if missing := sorted(need.value for need in strategy.needs - predictions.has):
        raise InputError(f"{strategy.name} needs {', '.join(missing)}, which the predictions do not hold; gather them too")
    scores = strategy.score(pool, predictions, rng)
    if wrong := int((~np.isfinite(scores)).sum()):
        raise InputError(f"{strategy.name}: {wrong} of {len(scores)} scores are not finite; the checkpoint may be damaged")
    return scores


def choose(scores: Array, count: int, rng: np.random.Generator) -> list[int]:
    """Return which documents have the highest scores, the highest first; between equal ones it is drawn.

    Raises:
        InputError: if more are asked for than there are.
    """
    if not 0 <= count <= len(scores):
        raise InputError(f"{len(scores)} documents available / {count} requested; request fewer, or add documents")
    return _ordered(scores, rng)[:count]


def choose_characters(scores: Array, pool: Sequence[Document], characters: int, rng: np.random.Generator) -> list[int]:
    """Return the documents of the highest scores that together have as many characters, the last perhaps some more.

    Raises:
        InputError: if more are asked for than there are.
    """
    available = sum(map(len, pool))
    if not 0 <= characters <= available:
        raise InputError(f"{available} characters available / {characters} requested; request fewer, or add documents")
    chosen: list[int] = []
    for index in _ordered(scores, rng):
        if characters <= 0:
            break
        chosen.append(index)
        characters -= len(pool[index])
    return chosen


def _ordered(scores: Array, rng: np.random.Generator) -> list[int]:
    order: list[int] = np.lexsort((rng.random(len(scores)), -scores)).tolist()
    return order
