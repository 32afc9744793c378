"""How far an attribution says what the model goes by: players taken away, and given back, in its order and in random ones.

Deletion and insertion curves after Petsiuk, Das and Saenko (2018). If what an attribution puts first is what counts, the entity
gets improbable soon when that is hidden first, and probable soon when that is shown first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from engine.attribution.games import Game, Row


STEPS = 16
"""Points of a curve at most, beside the first."""
DRAWS = 8
"""Random orders that an attribution is compared with."""
CLEAR, MIXED, NO = "clear", "mixed", "no"


@dataclass(frozen=True, slots=True)
class Curve:
    """How probable the entity is as players are taken away, or given back.

    Attributes:
        shares: of the players that are dealt with, from 0 to 1.
        probabilities: of the entity.
    """

    shares: tuple[float, ...]
    probabilities: tuple[float, ...]

    @property
    def area(self) -> float:
        """Return the area under the curve, in [0, 1]."""
        points = list(zip(self.shares, self.probabilities, strict=True))
        return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(points[:-1], points[1:], strict=True))


@dataclass(frozen=True)
class Faithfulness:
    """What deletion and insertion say of an attribution.

    Attributes:
        deletion: players taken away, the highest first: the lower the better.
        insertion: players given back, the highest first: the higher the better.
        random_deletion: mean of the curves of random orders.
        random_insertion: mean of the curves of random orders.
        draws: how many random orders; of few players, all others there are.
        beaten: the share of them whose deletion curve has a larger area, and whose insertion curve a smaller one.
    """

    deletion: Curve
    insertion: Curve
    random_deletion: Curve
    random_insertion: Curve
    draws: int
    beaten: tuple[float, float]

    @property
    def score(self) -> float:
        """Return the mean of what both curves gain on random orders, in [-1, 1]: 0 is no better than chance."""
        deletion = self.random_deletion.area - self.deletion.area
        return (deletion + self.insertion.area - self.random_insertion.area) / 2

    @property
    def verdict(self) -> str:
        """Return ``clear`` if every random order is beaten in both ways, ``mixed`` if most are, else ``no``."""
        if min(self.beaten) == 1 and self.score > 0:
            return CLEAR
        return MIXED if sum(self.beaten) > 1 and self.score > 0 else NO

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values, with the areas."""
        names = ("deletion", "insertion", "random_deletion", "random_insertion")
        curves: dict[str, Curve] = {name: getattr(self, name) for name in names}
        plain = {
            name: {"shares": list(curve.shares), "probabilities": list(curve.probabilities), "area": curve.area}
            for name, curve in curves.items()
        }
        return {**plain, "draws": self.draws, "beaten": list(self.beaten), "score": self.score, "verdict": self.verdict}


def faithfulness(game: Game, values: Sequence[float], rng: np.random.Generator, draws: int = DRAWS) -> Faithfulness | None:
    """Measure an attribution; of a single player there is only one order, and nothing to measure.

    Args:
        game: that it is about.
        values: of each player.
        rng: draws the random orders.
        draws: how many at most.
    """
    if len(values) < 2:
        return None
    own = sorted(range(len(values)), key=lambda player: (-values[player], player))
    orders = [own, *_others(own, rng, draws)]
    counts = _counts(len(values))
    taken = [[_row(order[:count], len(values), there=False) for count in counts] for order in orders]
    given = [[_row(order[:count], len(values), there=True) for count in counts] for order in orders]
    game.values([row for rows in (*taken, *given) for row in rows])  # all in one go
    shares = tuple(count / max(1, len(values)) for count in counts)
    deletions, insertions = ([Curve(shares, _probabilities(game, rows)) for rows in several] for several in (taken, given))
    beaten = (
        _share([curve.area > deletions[0].area for curve in deletions[1:]]),
        _share([curve.area < insertions[0].area for curve in insertions[1:]]),
    )
    return Faithfulness(deletions[0], insertions[0], _mean(deletions[1:]), _mean(insertions[1:]), len(orders) - 1, beaten)


def _others(own: Sequence[int], rng: np.random.Generator, draws: int) -> list[list[int]]:
    """Return random orders; where there are no more than so many, every one but the own."""
    if math.factorial(min(len(own), draws + 2)) - 1 <= draws:
        return [list(order) for order in itertools.permutations(range(len(own))) if list(order) != list(own)]
    return [rng.permutation(len(own)).tolist() for _ in range(draws)]


def _counts(players: int) -> list[int]:
    step = max(1, math.ceil(players / STEPS))
    return [*range(0, players, step), players]


def _row(first: Sequence[int], players: int, *, there: bool) -> Row:
    dealt = set(first)
    return tuple((player in dealt) == there for player in range(players))


def _probabilities(game: Game, rows: Sequence[Row]) -> tuple[float, ...]:
    return tuple(math.exp(value) for value in game.values(rows))


def _mean(curves: Sequence[Curve]) -> Curve:
    several = zip(*(curve.probabilities for curve in curves), strict=True)
    return Curve(curves[0].shares, tuple(sum(values) / len(curves) for values in several))


def _share(won: Sequence[bool]) -> float:
    return sum(won) / max(1, len(won))
