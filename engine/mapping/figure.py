"""A map of mentions as a figure: a mark for each, of a shape and a colour that say what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from engine.drawing.colours import palette
from engine.drawing.drawing import SHAPES, Drawing
from engine.drawing.framing import framed
from engine.drawing.sheet import GREY, RULE
from engine.drawing.wording import shortened, spelled
from engine.errors import InputError
from engine.evaluation.study import BOTH, BOUNDARY, MISSED, OUTCOMES, RIGHT, SPURIOUS, TYPE, Study
from engine.mapping.mention_map import PCA, Mention, MentionMap
from engine.reporting.findings import short
from engine.reporting.words import Words

WAYS = ("gold", "found", "outcome")
"""What the marks can tell: the annotated type, the predicted type, what became of it."""
NOTHING = "#8E8A82"
"""Ink of mentions that have no type on one side."""
OUTCOME_MARKS = {
    RIGHT: ("#0072B2", "circle"),
    BOUNDARY: ("#E69F00", "triangle"),
    TYPE: ("#D55E00", "diamond"),
    BOTH: ("#A4343A", "star"),
    MISSED: ("#7A4B94", "cross"),
    SPURIOUS: ("#009E73", "square"),
}
_TYPES = tuple(shape for shape in SHAPES if shape != "cross")
_SIDE, _LEGEND, _RADIUS = 380.0, 160.0, 2.6


def looks(found: MentionMap, way: str) -> dict[str, tuple[str, str]]:
    """Return the colour and the shape of each type or outcome that occurs, in the order in which they are named.

    Args:
        found: the map.
        way: one of :data:`WAYS`.

    Raises:
        InputError: for another way.
    """
    if way not in WAYS:
        raise InputError(f"the marks of a map tell {', '.join(WAYS)}; got {way!r}")
    present = {_said(mention, way) for mention in found.mentions}
    if way == "outcome":
        return {outcome: OUTCOME_MARKS[outcome] for outcome in OUTCOMES if outcome in present}
    labels = sorted({label for mention in found.mentions for label in (mention.gold, mention.found) if label})
    colours = palette(labels)
    own = {label: (colours[label], _TYPES[at % len(_TYPES)]) for at, label in enumerate(labels) if label in present}
    return own | ({"": (NOTHING, "cross")} if "" in present else {})


def map_figure(
    found: MentionMap, study: Study, index: int, *, way: str = "outcome", kind: str = "png", language: str = "zh"
) -> bytes:
    """Draw a map.

    Args:
        found: the map.
        study: whose mentions they are.
        index: of the reading.
        way: what the marks tell, one of :data:`WAYS`.
        kind: ``png``, ``svg`` or ``pdf``.
        language: ``zh`` or ``en``.

    Raises:
        InputError: for another way.
        ValueError: for a format or a language that there is not.
    """
    words = Words(language)
    chosen = looks(found, way)
    title = f"{words('map.title')} · {found.method.upper()} · {words(f'map.{way}')}"
    return _drawn(title, found, study, index, (way, chosen), words).save(kind, title)


def remarks(found: MentionMap, words: Words) -> list[str]:
    """Return in words what the map holds, and what its directions mean."""
    sampled = len(found.mentions) < found.total
    values = {"total": f"{found.total:,}", "count": f"{len(found.mentions):,}", "seed": found.seed}
    held = words("map.sample", **values) if sampled else words("map.all", total=f"{found.total:,}")
    return [held, words("map.share", share=f"{100 * sum(found.shares):.1f}") if found.method == PCA else words("map.umap")]


def _drawn(
    title: str, found: MentionMap, study: Study, index: int, marks: tuple[str, Mapping[str, tuple[str, str]]], words: Words
) -> Drawing:
    reading, (way, chosen) = study.readings[index], marks
    prints = [
        *remarks(found, words),
        f"{reading.name} · {short(reading.digest)}",
        words("print.data", name=study.name, digest=short(study.digest), documents=f"{len(study.gold):,}"),
    ]
    drawn, left, top = framed(title, prints, (_SIDE + _LEGEND, _SIDE))
    corners = [(left, top), (left + _SIDE, top), (left + _SIDE, top + _SIDE), (left, top + _SIDE), (left, top)]
    drawn.line(corners, RULE, 0.6)
    inner, edge = _SIDE - 24, 12.0
    counts = Counter(_said(mention, way) for mention in found.mentions)
    # What is frequent first, so that what is rare lies on top.
    for name, (ink, shape) in sorted(chosen.items(), key=lambda item: -counts[item[0]]):
        drawn.dots(_places(found.mentions, way, name, (left + edge, top + edge), inner), shape, _RADIUS, ink)
    for number, (name, (ink, shape)) in enumerate(chosen.items()):
        y = top + 8 + 15 * number
        drawn.dots([(left + _SIDE + 18, y)], shape, 3.6, ink)
        drawn.write(left + _SIDE + 28, y + 3, shortened(spelled(named(name, way, words)), 8, 106), 8)
        drawn.write(left + _SIDE + _LEGEND, y + 3, f"{counts[name]:,}", 7, at="right", ink=GREY)
    return drawn


def named(name: str, way: str, words: Words) -> str:
    """Return what a type or an outcome is called."""
    return words(f"outcome.{name}") if way == "outcome" else name or words("map.none")


def _said(mention: Mention, way: str) -> str:
    said: str = getattr(mention, way)
    return said


def _places(
    mentions: Iterable[Mention], way: str, name: str, corner: tuple[float, float], side: float
) -> list[tuple[float, float]]:
    return [(corner[0] + side * m.x, corner[1] + side * m.y) for m in mentions if _said(m, way) == name]
