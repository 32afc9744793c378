"""Into which parts entities fall: by what they are made of, where they stand, what the model has met.

A dimension is one line of :data:`DIMENSIONS`; a slice is one of the values that it has. To slice by something else, add a line.
A dimension of sentences puts all entities of a document into one slice; one of entities asks of each annotated and of each
predicted entity alike. Where a dimension has nothing to say, as of training documents that are not at hand, there is no slice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.document import Document, Span
from engine.errors import InputError
from engine.evaluation.reading import CORRELATION, HEARD_PAUSES
from engine.evaluation.slices import has_polyphonic_entity
from engine.evaluation.study import Known
from engine.evaluation.usage import Usage
from engine.variants import PAUSES, known_pictures

ENOUGH = 20
"""Annotated entities from which on the figures of a slice say anything."""
ANNOTATOR, DOMAIN = "annotator", "domain"
"""Keys of a document's meta."""


class Entity(NamedTuple):
    """An entity, annotated or predicted, and what is known of it.

    Attributes:
        document: its document as it is annotated.
        answer: its document as it is predicted.
        span: the entity.
        mention: its characters.
        beside: the entities of the same side in the document.
        known: what the model has met.
        there: how mentions are used in its training documents.
    """

    document: Document
    answer: Document
    span: Span
    mention: str
    beside: Sequence[Span]
    known: Known
    there: Usage


@dataclass(frozen=True)
class Dimension:
    """One way to slice.

    Attributes:
        name: of the group of slices.
        sentence: names a document's slice; ``""`` for none.
        entity: names an entity's slice instead.
        answer: names the slice of a document as it is predicted.
        order: the slices in the order in which they are shown; others follow by name.
    """

    name: str
    sentence: Callable[[Document], str] | None = None
    entity: Callable[[Entity], str] | None = None
    answer: Callable[[Document], str] | None = None
    order: tuple[str, ...] = ()


def band(value: float, limits: Sequence[int]) -> str:
    """Return the band of a number: limits 1, 3 make ``1``, ``2-3`` and ``4+``."""
    lowest = 0 if limits[0] == 0 else 1
    for limit in limits:
        if value <= limit:
            return str(limit) if limit == lowest else f"{lowest}-{limit}"
        lowest = limit + 1
    return f"{lowest}+"


def _bands(limits: Sequence[int]) -> tuple[str, ...]:
    return tuple(band(value, limits) for value in (*limits, limits[-1] + 1))


_CORRELATIONS = ("below_-0.5", "-0.5_to_0", "0_to_0.5", "above_0.5")
_LENGTHS, _SENTENCES, _COUNTS, _TRAINED = (1, 2, 3, 5, 9), (20, 40, 80, 160), (0, 1, 3, 7), (0, 1, 4, 19, 99)


def _either(test: Callable[[Entity], bool], yes: str, no: str) -> Callable[[Entity], str]:
    return lambda entity: yes if test(entity) else no


def _if_trained(tell: Callable[[Entity], str]) -> Callable[[Entity], str]:
    return lambda entity: tell(entity) if entity.there else ""


def _said(key: str) -> Callable[[Document], str]:
    return lambda document: "_".join(document.meta.get(key, "").split())


def _position(entity: Entity) -> str:
    third = 3 * entity.span.start // max(len(entity.document), 1)
    return ("first", "middle", "last")[third]


def _density(document: Document) -> str:
    return band(-(-100 * len(document.spans) // max(len(document), 1)), (0, 2, 5, 10))


def _is_nested(entity: Entity) -> bool:
    span = entity.span
    return any(other.key != span.key and (other.holds(span) or span.holds(other)) for other in entity.beside)


def _consistency(entity: Entity) -> str:
    """Tell whether the training documents annotate the mention always, and always alike."""
    if not entity.there or not entity.there.count(entity.mention):
        return ""
    return "inconsistent" if entity.there.is_mixed(entity.mention) else "consistent"


def _correlation(document: Document) -> str:
    try:
        value = float(document.meta.get(CORRELATION, ""))
    except ValueError:
        return ""
    return _CORRELATIONS[sum(value >= limit for limit in (-0.5, 0, 0.5))]


def _pictures(document: Document) -> str:
    related = known_pictures(document)
    return "" if related is None else "fit" if all(related) else "mixed" if any(related) else "do_not_fit"


def _pause(entity: Entity) -> str:
    """Tell at how many of its borders a model hears a pause; where a text begins or ends, silence is no pause."""
    said = entity.answer.meta.get(HEARD_PAUSES)
    if said is None:
        return ""
    heard = {int(offset) for offset in said.split(",") if offset}
    return str((entity.span.start in heard) + (entity.span.end in heard))


DIMENSIONS = (
    Dimension("sound", sentence=lambda d: "polyphonic" if has_polyphonic_entity(d) else "monophonic"),
    Dimension("vocabulary", entity=_either(lambda e: bool(e.known.unknown & set(e.mention)), "unknown", "known")),
    Dimension("characters", entity=_if_trained(lambda e: "seen" if set(e.mention) <= e.there.characters else "unseen")),
    Dimension("training", entity=_if_trained(lambda e: "seen_entity" if e.there.count(e.mention) else "unseen_entity")),
    Dimension("frequency", entity=_if_trained(lambda e: band(e.there.count(e.mention), _TRAINED)), order=_bands(_TRAINED)),
    Dimension("consistency", entity=_consistency),
    Dimension("length", entity=lambda e: band(e.span.end - e.span.start, _LENGTHS), order=_bands(_LENGTHS)),
    Dimension("nesting", entity=_either(_is_nested, "nested", "single")),
    Dimension("position", entity=_position, order=("first", "middle", "last")),
    Dimension("sentence", sentence=lambda d: band(len(d), _SENTENCES), order=_bands(_SENTENCES)),
    Dimension("entities", sentence=lambda d: band(len(d.spans), _COUNTS), order=_bands(_COUNTS)),
    Dimension("density", sentence=_density, order=_bands((0, 2, 5, 10))),
    Dimension("picture", sentence=lambda d: "with_picture" if d.images else "without_picture"),
    Dimension("fitting", sentence=_pictures, order=("fit", "mixed", "do_not_fit")),
    Dimension("correlation", answer=_correlation, order=_CORRELATIONS),
    Dimension("speech", sentence=lambda d: "with_speech" if d.audio else "without_speech"),
    Dimension("pauses", sentence=_said(PAUSES)),
    Dimension("pause", entity=_pause, order=("0", "1", "2")),
    Dimension("domain", sentence=_said(DOMAIN)),
    Dimension("annotator", sentence=_said(ANNOTATOR)),
)
_WORDS = {
    "polyphonic": "sound",
    "monophonic": "sound",
    "unknown": "vocabulary",
    "known": "vocabulary",
    "seen": "characters",
    "unseen": "characters",
    "seen_entity": "training",
    "unseen_entity": "training",
    "consistent": "consistency",
    "inconsistent": "consistency",
    "nested": "nesting",
    "single": "nesting",
    "with_picture": "picture",
    "without_picture": "picture",
    "with_speech": "speech",
    "without_speech": "speech",
}
"""Slices whose names say enough by themselves, and their dimensions."""


def name_of(dimension: Dimension, value: str) -> str:
    """Return the name of a slice: ``polyphonic``, or ``length=4-5``."""
    return value if _WORDS.get(value) == dimension.name else f"{dimension.name}={value}"


def dimension_of(name: str) -> Dimension:
    """Return the dimension of a slice.

    Raises:
        InputError: if there is none.
    """
    wanted = _WORDS.get(name, name.partition("=")[0])
    for dimension in DIMENSIONS:
        if dimension.name == wanted:
            return dimension
    raise InputError(f"there is no slice {name!r}; there are: {', '.join(_WORDS)}, and those of {_valued()}, as length=4-5")


def _valued() -> str:
    return ", ".join(dimension.name for dimension in DIMENSIONS if dimension.name not in _WORDS.values())
