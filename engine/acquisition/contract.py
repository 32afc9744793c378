"""What a strategy declares and is given.

A strategy is a function ``score(pool, predictions, rng) -> array[N]``, higher = more useful, and says what it needs to be
predicted; nothing else is computed. Adding one is a function, one line in ``engine/acquisition/__init__.py``, and its tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from engine.document import Document, Span

Array = npt.NDArray[np.float64]
Tags = npt.NDArray[np.int64]


class Need(str, Enum):
    """What a strategy needs to be predicted, from what costs little to what costs most."""

    READINGS = "n-best"
    TAGS = "marginals"
    VECTORS = "vectors"
    MODALITIES = "masked modalities"
    DROPOUT = "dropout passes"
    COMMITTEE = "committee"


@dataclass(frozen=True, eq=False)
class Likely:
    """One reading of a whole document: its spans and its log probability."""

    spans: tuple[Span, ...]
    log_probability: float


@dataclass(frozen=True, eq=False)
class Doubt:
    """How sure the CRF is of each of T characters.

    Attributes:
        entropy: of the tags' distribution in nats, ``[T]``.
        tags: index of the most probable tag and of the next, ``[T, 2]``.
        shares: their probabilities, ``[T, 2]``.
    """

    entropy: Array
    tags: Tags
    shares: Array


@dataclass(frozen=True, eq=False)
class Masked:
    """What becomes of an answer without one modality.

    Attributes:
        moved: total variation between the tags' distributions with and without it, ``[T]``, in [0, 1].
        spans: the answer without it.
    """

    moved: Array
    spans: tuple[Span, ...]


@dataclass(frozen=True, eq=False)
class Votes:
    """How far a committee agrees on each of T characters.

    Attributes:
        entropy: of the votes, each member's being the tag on its best path, in nats, ``[T]``.
        divergence: mean Kullback-Leibler divergence of the members' distributions from their mean, in nats, ``[T]``.
    """

    entropy: Array
    divergence: Array


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a model says of one document of T characters; what was not asked for is absent.

    Attributes:
        readings: the most probable two, or one where there is no other.
        doubt: of each character.
        vector: ``[H]``, the mean of its characters'.
        masked: by modality, of those that the model looks at and can do without.
        information: what each character's tag says of the model's parameters, by dropout, in nats, ``[T]``.
        votes: of a committee.
    """

    readings: tuple[Likely, ...] = ()
    doubt: Doubt | None = None
    vector: Array | None = None
    masked: Mapping[str, Masked] = field(default_factory=dict)
    information: Array | None = None
    votes: Votes | None = None


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says of a pool.

    Attributes:
        documents: N, in the pool's order.
        has: what they hold.
        tag_names: what the tags' indices mean.
        labelled: vectors of the documents that are labelled already, ``[M, H]``; M may be 0.
        wanted: how many documents are to be chosen, where a batch method may stop after them; 0 for all.
    """

    documents: tuple[Predicted, ...]
    has: frozenset[Need] = frozenset()
    tag_names: tuple[str, ...] = ()
    labelled: Array = field(default_factory=lambda: np.zeros((0, 0)))
    wanted: int = 0

    @property
    def vectors(self) -> Array:
        """Return the documents' vectors, ``[N, H]``."""
        found = [document.vector for document in self.documents if document.vector is not None]
        return np.stack(found) if found else np.zeros((0, 0))


Score = Callable[[Sequence[Document], Predictions, np.random.Generator], Array]


@dataclass(frozen=True)
class Strategy:
    """A way to tell how much a document would teach.

    Attributes:
        name: e.g. ``"mnlp"``.
        title: one line that says what it looks for.
        paper: where it is from.
        score: the function.
        needs: what it needs to be predicted.
        batch: whether the scores are those of a whole batch, whose documents were chosen to be unlike each other.
        parts: of a mixture, the strategies and their weights.
    """

    name: str
    title: str
    paper: str
    score: Score
    needs: frozenset[Need] = frozenset()
    batch: bool = False
    parts: tuple[tuple[float, Strategy], ...] = ()
