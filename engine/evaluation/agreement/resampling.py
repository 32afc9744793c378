"""Figures with intervals: one formula on sums of counts over documents, and on those sums in resamples of the documents.

The interval is the percentile bootstrap's (Efron and Tibshirani 1993, chapter 13). What is drawn is whole documents, since the
characters of one are not independent of each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
LEVEL = 0.95
_CELLS = 4_000_000
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its interval.

    Attributes:
        value: at most 1; ``None`` if it is not defined.
        low: where the 95% interval begins; ``None`` for fewer than two documents, or if most resamples leave it undefined.
        high: where it ends.
        reason: why there is no value; empty if there is one.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the figure as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Tally:
    """A figure as a formula on sums over documents.

    Attributes:
        parts: counts, each ``[D, F]`` with a row for each document; tallies may share them.
        formula: from the sums of each part, each ``[..., F]``, to values ``[...]``; not-a-number where it is not defined.
    """

    parts: tuple[Array, ...]
    formula: Callable[..., Array]


def estimate(tallies: Mapping[_Key, Tally], *, resamples: int, seed: int) -> dict[_Key, Figure]:
    """Return each figure with its interval, all from the same resamples of the documents.

    Args:
        tallies: what to compute, over the same documents.
        resamples: how many times documents are drawn, with replacement, as many as there are; 0 leaves intervals out.
        seed: of the drawing.
    """
    parts = {id(part): part for tally in tallies.values() for part in tally.parts}
    documents = next((len(part) for part in parts.values()), 0)
    whole = {name: part.sum(axis=0) for name, part in parts.items()}
    drawn: dict[_Key, list[Array]] = {key: [] for key in tallies}
    for weights in resamples_of(documents, resamples if documents > 1 else 0, seed):
        sums = {name: weights @ part for name, part in parts.items()}
        for key, tally in tallies.items():
            drawn[key].append(tally.formula(*(sums[id(part)] for part in tally.parts)))
    return {
        key: _figure(float(tally.formula(*(whole[id(part)] for part in tally.parts))), drawn[key])
        for key, tally in tallies.items()
    }


def resamples_of(documents: int, resamples: int, seed: int) -> Iterator[Array]:
    """Yield how often each document is drawn, ``[R, D]``, for some resamples at once."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _CELLS // max(documents, 1))
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        drawn = generator.integers(documents, size=(rows, documents)) + documents * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * documents).reshape(rows, documents).astype(np.float64)


def _figure(value: float, drawn: list[Array]) -> Figure:
    if np.isnan(value):
        return Figure(None)
    values = np.concatenate(drawn) if drawn else np.empty(0)
    defined = values[~np.isnan(values)]
    if not len(defined) or 2 * len(defined) < len(values):
        return Figure(value)
    low, high = np.quantile(defined, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Figure(value, float(low), float(high))
