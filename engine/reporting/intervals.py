"""Values with their intervals, a row each name: F1 of slices, differences of F1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.drawing.drawing import Drawing
from engine.drawing.framing import framed
from engine.drawing.sheet import GREY, INK, RULE
from engine.drawing.wording import shortened, spelled, wide
from engine.evaluation.study import Interval
from engine.reporting.findings import INKS, LETTERS, MARKS, Findings

_TEXT, _SMALL = 8.5, 7.0
_NAME, _PLOT, _END = 170.0, 260.0, 64.0
_LINE, _AROUND, _GROUP, _AXIS, LEGEND = 7.0, 7.0, 18.0, 34.0, 16.0
_STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)


@dataclass(frozen=True)
class Row:
    """One name.

    Attributes:
        group: above it; empty for none.
        name: of the row.
        values: by the number of the reading, with whether they say much; a value of nothing is left out.
        end: what stands behind.
    """

    group: str
    name: str
    values: Sequence[tuple[int, Interval, bool]]
    end: str


def intervals(title: str, prints: Sequence[str], rows: Sequence[Row], found: Findings, *, axis: str, about_0: bool) -> Drawing:
    """Draw rows.

    Args:
        title: of the figure.
        prints: the small print.
        rows: in their order.
        found: whose readings are named above.
        axis: what the values are.
        about_0: whether the axis reaches as far below 0 as above it; else it ends at 1.
    """
    high = _LINE * max((len(row.values) for row in rows), default=1) + _AROUND
    groups = len({row.group for row in rows if row.group})
    size = (_NAME + _PLOT + _END, LEGEND + high * len(rows) + _GROUP * groups + _AXIS)
    drawn, left, top = framed(title, prints, size)
    legend(drawn, left, top, found, sorted({at for row in rows for at, _, _ in row.values}))
    ticks = _ticks([value for row in rows for _, value, enough in row.values if enough], about_0)
    scale = _Scale(left + _NAME, ticks[0], ticks[-1])
    bottom = top + size[1] - _AXIS + 4
    for tick in ticks:
        x, zero = scale.at(tick), about_0 and abs(tick) < 1e-9
        drawn.line([(x, top + LEGEND), (x, bottom)], GREY if zero else RULE, 0.8 if zero else 0.5)
        said = f"{100 * tick:+.4g}" if about_0 and not zero else f"{abs(100 * tick):.4g}"
        drawn.write(x, bottom + 10, said, _SMALL, at="center", ink=GREY)
    drawn.write(left + _NAME + _PLOT / 2, bottom + 22, axis, _SMALL, at="center", ink=GREY)
    y, last = top + LEGEND, ""
    for row in rows:
        if row.group and row.group != last:
            drawn.write(left, y + 12, shortened(spelled(row.group), _TEXT, _NAME), _TEXT, bold=True, ink=GREY)
            y, last = y + _GROUP, row.group
        _row(drawn, row, (left, y + high / 2), scale)
        y += high
    return drawn


def legend(drawn: Drawing, x: float, y: float, found: Findings, readings: Sequence[int]) -> None:
    """Say which mark is which model's, if there are several."""
    if len(readings) < 2:
        return
    for at in readings:
        drawn.dots([(x + 4, y + 3)], MARKS[at], 3.0, INKS[at])
        said = shortened(spelled(f"{LETTERS[at]} {found.study.readings[at].name}"), _SMALL, 110)
        drawn.write(x + 11, y + 6, said, _SMALL, bold=True, ink=INKS[at])
        x += wide(said, _SMALL) + 26


@dataclass(frozen=True)
class _Scale:
    left: float
    least: float
    most: float

    def at(self, value: float) -> float:
        inside = min(self.most, max(self.least, value))
        return self.left + _PLOT * (inside - self.least) / (self.most - self.least)


def _ticks(values: Sequence[Interval], about_0: bool) -> list[float]:
    """Return round numbers that reach as far as the values do."""
    if about_0:
        furthest = max((abs(bound) for value in values for bound in (value.low, value.high, value.value)), default=0.0)
        step = next((step for step in _STEPS if step * 3 >= furthest), 0.5)
        many = max(1, math.ceil(round(furthest / step, 6)))
        return [step * number for number in range(-many, many + 1)]
    room = 1.0 - min((min(value.low, value.value) for value in values), default=0.0)
    step = next((step for step in _STEPS if step * 5 >= room), 0.5)
    many = max(1, math.ceil(round(room / step, 6)))
    return [1.0 - step * number for number in range(many, -1, -1)]


def _row(drawn: Drawing, row: Row, place: tuple[float, float], scale: _Scale) -> None:
    left, middle = place
    ink = INK if all(enough for _, _, enough in row.values) and row.values else GREY
    drawn.write(left + _NAME - 10, middle + 3, shortened(spelled(row.name), _TEXT, _NAME - 14), _TEXT, at="right", ink=ink)
    drawn.write(left + _NAME + _PLOT + 8, middle + 3, row.end, _SMALL, ink=GREY)
    for number, (at, value, enough) in enumerate(row.values):
        y = middle + _LINE * (number - (len(row.values) - 1) / 2)
        if value.known and value.high > value.low:
            drawn.line([(scale.at(value.low), y), (scale.at(value.high), y)], INKS[at], 1.3, dashed=not enough)
        drawn.dots([(scale.at(value.value), y)], MARKS[at], 2.6, INKS[at])
