"""Why a document was chosen, as data: what the strategy's value is, and what stood out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.acquisition.contract import Array, Masked, Predicted, Predictions, Strategy
from engine.acquisition.diversity import distances
from engine.acquisition.mixing import places
from engine.acquisition.uncertainty import mean
from engine.document import Document, Span
from engine.evidence import Alternative

_CHARACTERS = 5
_Key = tuple[int, int, str]


@dataclass(frozen=True)
class Uncertain:
    """A character that stood out.

    Attributes:
        offset: in the document.
        value: by which it stood out, in nats: how unsure its tag is, what dropout moves, or how far a committee disagrees.
        tags: the most probable tag and the next with their probabilities; empty where these were not asked for.
    """

    offset: int
    value: float
    tags: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Effect:
    """What one modality does to the answer.

    Attributes:
        modality: which one.
        moved: how far the tags' distributions move without it, mean over the characters, in [0, 1].
        lost: spans that are found with it alone, as start, end, label.
        gained: spans that are found without it alone.
    """

    modality: str
    moved: float
    lost: tuple[_Key, ...]
    gained: tuple[_Key, ...]

    @property
    def flips(self) -> bool:
        """Tell whether the answer is another without it."""
        return bool(self.lost or self.gained)


@dataclass(frozen=True)
class Neighbour:
    """The labelled document that is nearest by the encoder's vectors.

    Attributes:
        id: its document's.
        distance: Euclidean.
    """

    id: str
    distance: float


@dataclass(frozen=True)
class Reason:
    """Why a document came.

    Attributes:
        strategy: its name.
        value: of the document; higher = more useful.
        place: among the pool, 1 for the highest value; what is equal shares the first of its places.
        pool: how many documents there are.
        readings: the two best, with their probabilities.
        characters: what stands out most, the first the most.
        modalities: what each one does, the one that moves most first.
        neighbour: the nearest labelled document, if vectors were asked for and any is labelled.
        parts: of a mixture, each strategy with its weight and where it puts the document, 1 the highest.
    """

    strategy: str
    value: float
    place: int
    pool: int
    readings: tuple[Alternative, ...] = ()
    characters: tuple[Uncertain, ...] = ()
    modalities: tuple[Effect, ...] = ()
    neighbour: Neighbour | None = None
    parts: tuple[tuple[str, float, float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the reason as plain values."""
        return asdict(self)


def explain(
    strategy: Strategy,
    pool: Sequence[Document],
    predictions: Predictions,
    scores: Array,
    index: int,
    *,
    labelled: Sequence[Document] = (),
    rng: np.random.Generator | None = None,
) -> Reason:
    """Return why a document of the pool has its score, as far as what was predicted tells.

    Args:
        strategy: whose scores they are.
        pool: N documents.
        predictions: of these.
        scores: ``[N]``.
        index: which document.
        labelled: the documents whose vectors the predictions hold as labelled.
        rng: as the scores were made with it, for the parts of a mixture; without it these are left out.
    """
    found = predictions.documents[index]
    return Reason(
        strategy.name,
        float(scores[index]),
        1 + int((scores > scores[index]).sum()),
        len(pool),
        tuple(Alternative(_keys(r.spans), math.exp(r.log_probability)) for r in found.readings),
        _characters(found, predictions.tag_names),
        _effects(found),
        _neighbour(found, predictions.labelled, labelled),
        _parts(strategy, pool, predictions, index, rng) if rng is not None else (),
    )


def _characters(found: Predicted, names: Sequence[str]) -> tuple[Uncertain, ...]:
    """Return the characters that stand out by what was asked for most particularly: votes, then dropout, then entropy."""
    if found.votes is not None:
        values = np.maximum(found.votes.entropy, found.votes.divergence)
    elif found.information is not None:
        values = found.information
    elif found.doubt is not None:
        values = found.doubt.entropy
    else:
        return ()
    offsets = [int(i) for i in np.argsort(-values, kind="stable")[:_CHARACTERS] if values[i] > 0]
    return tuple(Uncertain(i, float(values[i]), _tags(found, names, i)) for i in offsets)


def _tags(found: Predicted, names: Sequence[str], offset: int) -> tuple[tuple[str, float], ...]:
    if found.doubt is None:
        return ()
    pairs = zip(found.doubt.tags[offset].tolist(), found.doubt.shares[offset].tolist(), strict=True)
    return tuple((names[tag], share) for tag, share in pairs)


def _effects(found: Predicted) -> tuple[Effect, ...]:
    ours = _keys(found.readings[0].spans) if found.readings else ()
    effects = [_effect(name, ours, masked) for name, masked in found.masked.items()]
    return tuple(sorted(effects, key=lambda effect: -effect.moved))


def _effect(modality: str, ours: Sequence[_Key], masked: Masked) -> Effect:
    theirs = _keys(masked.spans)
    lost, gained = (tuple(sorted(set(a) - set(b))) for a, b in ((ours, theirs), (theirs, ours)))
    return Effect(modality, mean(masked.moved), lost, gained)


def _neighbour(found: Predicted, vectors: Array, labelled: Sequence[Document]) -> Neighbour | None:
    if found.vector is None or not len(vectors) or not labelled:
        return None
    away = distances(found.vector[None], vectors)[0]
    nearest = int(away.argmin())
    return Neighbour(labelled[nearest].id, float(away[nearest]))


def _parts(
    strategy: Strategy, pool: Sequence[Document], predictions: Predictions, index: int, rng: np.random.Generator
) -> tuple[tuple[str, float, float], ...]:
    return tuple((part.name, weight, float(places(part.score(pool, predictions, rng))[index])) for weight, part in strategy.parts)


def _keys(spans: Sequence[Span]) -> tuple[_Key, ...]:
    return tuple(span.key for span in spans)
