"""Learning curves: F1 by how many sentences were learned from, a line each strategy, drawn and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.drawing.drawing import Drawing
from engine.drawing.framing import framed
from engine.drawing.sheet import GREY, RULE
from engine.drawing.wording import shortened, spelled
from engine.evaluation.learning import Learned
from engine.reporting.findings import INKS, MARKS
from engine.reporting.tables import Table, bounds, percent
from engine.reporting.words import Words

Curves = Mapping[str, Sequence[Learned]]
_SMALL = 7.0
_WIDE, _HIGH, _BESIDE, _NAMES, _AXIS = 300.0, 200.0, 40.0, 110.0, 34.0
_LINE = 13.0


def learning_table(curves: Curves, words: Words) -> Table:
    """Return every point of the curves."""
    rows = tuple(
        (name, f"{point.sentences:,}", percent(point.f1.value), bounds(point.f1))
        for name, points in curves.items()
        for point in points
    )
    heads = tuple(words(key) for key in ("learning.curve", "learning.sentences", "f1", "interval"))
    return Table("learning", words("learning.figure"), heads, rows)


def learning_figure(curves: Curves, words: Words) -> tuple[str, Drawing]:
    """Return the figure's title, and the figure."""
    title = f"{words('learning.title')} · {words('learning.figure')}"
    high = max(_HIGH, _LINE * len(curves))
    drawn, left, top = framed(title, [words("learning.hint")], (_BESIDE + _WIDE + _NAMES, 14 + high + _AXIS))
    drawn.write(left, top + 5, f"{words('f1')}, %", _SMALL, ink=GREY)
    left, top = left + _BESIDE, top + 14
    most = max((point.sentences for points in curves.values() for point in points), default=0) or 1
    least = min((point.f1.low for points in curves.values() for point in points), default=0.0)
    floor = 0.5 if least >= 0.5 else 0.0  # so that the marks of the axis are round

    def at(sentences: float, f1: float) -> tuple[float, float]:
        inside = min(1.0, max(floor, f1))
        return left + _WIDE * sentences / most, top + high * (1 - (inside - floor) / (1 - floor))

    for number in range(6):
        f1, sentences = floor + (1 - floor) * number / 5, most * number / 5
        drawn.line([at(0, f1), at(most, f1)], RULE, 0.5)
        drawn.write(left - 6, at(0, f1)[1] + 3, f"{100 * f1:.0f}", _SMALL, at="right", ink=GREY)
        drawn.write(at(sentences, 0)[0], top + high + 11, f"{sentences:,.0f}", _SMALL, at="center", ink=GREY)
    drawn.write(left + _WIDE / 2, top + high + 25, words("learning.sentences"), _SMALL, at="center", ink=GREY)
    for number, (name, points) in enumerate(curves.items()):
        # More lines than colours: the second four have another mark for the same colour.
        ink, mark = INKS[number % len(INKS)], MARKS[(number + number // len(INKS)) % len(MARKS)]
        for point in points:
            if point.f1.known:
                drawn.line([at(point.sentences, point.f1.low), at(point.sentences, point.f1.high)], ink, 0.7)
        places = [at(point.sentences, point.f1.value) for point in points]
        if len(places) > 1:
            drawn.line(places, ink, 1.3)
        drawn.dots(places, mark, 2.8, ink)
        drawn.dots([(left + _WIDE + 14, top + 4 + _LINE * number)], mark, 2.8, ink)
        called = shortened(spelled(name), _SMALL, _NAMES - 24)
        drawn.write(left + _WIDE + 21, top + 7 + _LINE * number, called, _SMALL, bold=True, ink=ink)
    return title, drawn
