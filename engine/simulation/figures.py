"""What learning curves come to: their area, what share of the data reaches most of the full F1, what is saved against random.

Each figure is made seed by seed, and compares strategies that began with the same documents; then come the mean over the seeds
and the 95% interval of Student's t, which one seed has none of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.acquisition import RANDOM
from engine.evaluation.agreement.resampling import LEVEL, Figure
from engine.simulation.curve import Point

AXES = ("sentences", "characters", "entities")
REACHED = 0.95
"""Share of the F1 of all data that is to be reached."""
Curves = Mapping[str, Mapping[int, Sequence[Point]]]


@dataclass(frozen=True)
class Saving:
    """What a strategy needs of one unit to reach most of the full F1.

    Attributes:
        share: of all there is.
        saved: less than random, as a share of what random needs; below 0 it needs more. It is at least so much: of a seed with
            which only one of the two gets there, random is taken to need no more than it had after its last round, the strategy
            all there is. A seed with which neither does is left out.
        reached: how many seeds reach it, of those that are drawn.
        bounded: how many seeds only one of the two reaches it with.
    """

    share: Figure
    saved: Figure
    reached: int
    bounded: int


@dataclass(frozen=True)
class Summary:
    """What the curves of a strategy come to.

    Attributes:
        strategy: its name.
        seeds: that are drawn.
        f1: after the last round.
        area: mean F1 on the way there, as far as all strategies of a seed went.
        savings: by unit.
    """

    strategy: str
    seeds: tuple[int, ...]
    f1: Figure
    area: Figure
    savings: Mapping[str, Saving]

    def to_json(self) -> dict[str, Any]:
        """Return the summary as plain values."""
        return asdict(self)


def summarise(curves: Curves, full: Mapping[int, Point], axis: str) -> list[Summary]:
    """Return what the curves come to.

    Args:
        curves: by strategy and seed; a curve without a point does not count.
        full: by seed, what all data comes to.
        axis: unit over which the area is taken.
    """
    ends: dict[int, float] = {}
    for by_seed in curves.values():
        for seed, points in by_seed.items():
            ends[seed] = min(ends.get(seed, math.inf), points[-1].at(axis))
    able = {seed for seed, point in full.items() if point.f1 > 0}  # of a model that finds nothing no share is reached
    needed = {
        unit: {
            strategy: {seed: reach(points, REACHED * full[seed].f1, unit) for seed, points in by_seed.items() if seed in able}
            for strategy, by_seed in curves.items()
        }
        for unit in AXES
    }
    return [
        Summary(
            strategy,
            tuple(by_seed),
            over_seeds([points[-1].f1 for points in by_seed.values()]),
            over_seeds([area(points, axis, ends[seed]) for seed, points in by_seed.items()]),
            {
                unit: _saving(
                    needed[unit],
                    strategy,
                    {seed: point.at(unit) for seed, point in full.items()},
                    {seed: points[-1].at(unit) for seed, points in curves.get(RANDOM, {}).items()},
                )
                for unit in AXES
            },
        )
        for strategy, by_seed in curves.items()
        if by_seed
    ]


def _saving(
    needed: Mapping[str, Mapping[int, float | None]], strategy: str, whole: Mapping[int, float], ends: Mapping[int, float]
) -> Saving:
    ours, random = needed[strategy], needed.get(RANDOM, {})
    shares = [value / whole[seed] for seed, value in ours.items() if value is not None]
    pairs = {seed: (value, random[seed]) for seed, value in ours.items() if seed in random and {value, random[seed]} != {None}}
    known = {
        seed: (whole[seed] if value is None else value, ends[seed] if other is None else other)
        for seed, (value, other) in pairs.items()
    }
    saved = [1 - value / other for value, other in known.values() if other]
    share = over_seeds(shares) if shares else Figure(None, reason=f"{REACHED:.0%} of the full F1 is not reached, or it is 0")
    against = over_seeds(saved) if saved else Figure(None, reason="no seed with which either reaches it")
    return Saving(share, against, len(shares), sum(None in pair for pair in pairs.values()))


def reach(points: Sequence[Point], wanted: float, axis: str) -> float | None:
    """Return how much is labelled where a curve first comes to an F1, on the line between two rounds; nothing if never."""
    for before, after in zip([points[0], *points], points, strict=False):
        if after.f1 >= wanted:
            rise = after.f1 - before.f1
            share = (wanted - before.f1) / rise if before.f1 < wanted and rise > 0 else 0.0
            start = before if before.f1 < wanted else after
            return start.at(axis) + share * (after.at(axis) - start.at(axis))
    return None


def area(points: Sequence[Point], axis: str, end: float) -> float:
    """Return the mean F1 of a curve from its start to an end on the axis, by trapezoids."""
    x, y = (np.array(values, dtype=np.float64) for values in ([p.at(axis) for p in points], [p.f1 for p in points]))
    if end <= x[0]:
        return float(y[0])
    inside = x < end
    x, y = np.append(x[inside], end), np.append(y[inside], np.interp(end, x, y))
    return float(np.trapezoid(y, x) / (end - x[0]))


def over_seeds(values: Sequence[float]) -> Figure:
    """Return the mean of some seeds' values, with Student's interval for two or more."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return Figure(mean)
    from scipy.stats import t

    half = float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Figure(mean, mean - half, mean + half)
