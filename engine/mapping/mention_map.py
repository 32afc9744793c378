"""A map of mentions: what they are, and where each of them lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InputError
from engine.evaluation.study import Case, Study
from engine.mapping.projection import pca, umap

if TYPE_CHECKING:
    from engine.tagger import Tagger

PCA, UMAP = "pca", "umap"
METHODS = (PCA, UMAP)
MOST = 2000
"""Mentions that are laid out unless more are asked for."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of text that is annotated, predicted or both.

    Attributes:
        row: number of its document in the study.
        case: number of its case in the reading.
        start: its first character.
        end: one past its last one.
        gold: type that the case is annotated with; empty of one that is made up.
        found: type that is predicted; empty of one that is missed.
        outcome: of the case, see :data:`engine.evaluation.study.OUTCOMES`.
        side: ``gold`` or ``found`` where the case has two stretches and this is the one; else ``both``, or the only one.
        x: where it lies across, in [0, 1].
        y: where it lies down, in [0, 1].
    """

    row: int
    case: int
    start: int
    end: int
    gold: str
    found: str
    outcome: str
    side: str
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class MentionMap:
    """Mentions in the plane.

    Attributes:
        method: of :data:`METHODS`.
        mentions: in the order of the documents; one scale for both directions.
        total: how many mentions there are, of which these are a sample if they are fewer.
        seed: of the sample and of UMAP.
        shares: of the variance that the two directions hold; (0, 0) for UMAP, whose directions say nothing.
    """

    method: str
    mentions: tuple[Mention, ...]
    total: int
    seed: int
    shares: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """Return the map as plain values."""
        return asdict(self)


def map_mentions(
    tagger: Tagger,
    study: Study,
    index: int,
    *,
    method: str = PCA,
    most: int = MOST,
    seed: int = 1,
    observe: Callable[[int, int], None] = lambda done, total: None,
) -> MentionMap:
    """Lay out the mentions of one reading by the vectors that its model makes of them.

    Args:
        tagger: the model of the reading.
        study: whose mentions they are.
        index: of the reading.
        method: one of :data:`METHODS`.
        most: mentions to lay out; of more, a sample.
        seed: of the sample and of UMAP.
        observe: told how many pieces of text are read, of how many.

    Raises:
        InputError: for another method, a number below 1, or if UMAP is asked for and cannot be had.
    """
    from engine.mapping.vectors import mention_vectors

    if method not in METHODS:
        raise InputError(f"a map is made by {' or '.join(METHODS)}; got {method!r}")
    if most < 1:
        raise InputError(f"a map shows 1 mention or more; got {most}")
    every = list(mentions_of(study, index))
    chosen = every
    if len(every) > most:
        drawn = np.random.default_rng(seed).choice(len(every), most, replace=False)
        chosen = [every[at] for at in sorted(drawn.tolist())]
    places = [(mention.row, mention.start, mention.end) for mention in chosen]
    reading = study.readings[index]
    vectors = mention_vectors(
        tagger.system, study.gold, places, without=reading.without, precision=tagger.precision, observe=observe
    )
    points, shares = (umap(vectors, seed), (0.0, 0.0)) if method == UMAP else pca(vectors)
    return MentionMap(method, tuple(_placed(chosen, points)), len(every), seed, shares)


def mentions_of(study: Study, index: int) -> Iterator[Mention]:
    """Yield the mentions of a reading: of each case one, or two where what is predicted has other borders."""
    for number, case in enumerate(study.readings[index].cases):
        gold, found = case.gold, case.found
        if gold and found and (gold.start, gold.end) != (found.start, found.end):
            yield _mention(number, case, gold.start, gold.end, "gold")
            yield _mention(number, case, found.start, found.end, "found")
        elif span := gold or found:
            yield _mention(number, case, span.start, span.end, "both" if gold and found else "gold" if gold else "found")


def _mention(number: int, case: Case, start: int, end: int, side: str) -> Mention:
    gold, found = (span.label if span else "" for span in (case.gold, case.found))
    return Mention(case.row, number, start, end, gold, found, case.outcome, side)


def _placed(mentions: list[Mention], points: Any) -> Iterator[Mention]:
    """Yield the mentions at their places in the unit square, both directions on one scale, the second one upwards."""
    low, high = (points.min(0), points.max(0)) if len(points) else (np.zeros(2), np.zeros(2))
    size = float(max(high - low)) or 1.0
    inside = (points - (low + high) / 2) / size + 0.5
    for mention, (x, y) in zip(mentions, inside, strict=True):
        values = asdict(mention) | {"x": round(float(x), 5), "y": round(1 - float(y), 5)}
        yield Mention(**values)
