"""Evidence as a figure that leaves the screen: PNG, SVG or PDF, drawn alike on every machine.

Long texts go on in further bands, as lines of a text do; a map of characters by characters has its first 60, as on the page.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from engine.document import Document, Span
from engine.drawing.colours import ink_on, palette, ramp
from engine.drawing.lettering import drawable
from engine.drawing.sheet import FORMATS, GREY, Sheet, sheet
from engine.drawing.wording import spelled, wide, wrapped
from engine.evidence import Heatmap
from workbench.views.grid import SHOWN, is_square
from workbench.views.layout import levels
from workbench.views.strip import mark, part

_BAND = 40
_MARGIN, _NARROWEST = 16.0, 330.0
_STRIP_CELL, _SQUARE_CELL = (21.0, 18.0), (14.0, 14.0)
# Sizes of type: title, characters, characters of a square, names of rows, types below, numbers in cells, small print.
_TITLE, _LETTER, _SMALL, _ROW, _LABEL, _NUMBER, _PRINT = 11.0, 12.5, 10.0, 8.5, 7.0, 6.0, 6.5
_TITLE_LINE, _PRINT_LINE, _LEVEL, _LETTERS, _SCALE = 16.0, 9.5, 11.0, 20.0, 26.0
_NAMED = 12
# Signs that the font has, for those that the page takes from other fonts.
_MARKS = {"\n": "¶", "\t": "→"}


def figure(
    heatmap: Heatmap,
    document: Document,
    texts: Mapping[str, str],
    *,
    title: str,
    model: str,
    kind: str = "png",
    head: int = 0,
    most: float | None = None,
) -> bytes:
    """Draw a heatmap with a title, a colour bar, the predicted types under their characters, and small print.

    Args:
        heatmap: the evidence.
        document: the predicted document that it is aligned to.
        texts: the words ``views.figure.missing`` (with ``%1``) and ``views.strip.part``.
        title: what stands above.
        model: what the small print says of the model.
        kind: one of :data:`FORMATS`.
        head: which head to draw, from 1; 0 for the mean.
        most: the value that has the strongest colour; by default the largest.

    Raises:
        ValueError: for a format or a head that there is not.
    """
    if kind not in FORMATS:
        raise ValueError(f"a figure is one of {', '.join(FORMATS)}; got {kind!r}")
    if not 0 <= head <= len(heatmap.heads):
        raise ValueError(f"{heatmap.name} has heads 1 to {len(heatmap.heads)}, and 0 for their mean; got {head}")
    plan = _plan(heatmap, document, head, most)
    notes = [model, _missing(document.text[: plan.shown], texts)]
    if plan.shown < len(document):
        notes.insert(1, part(0, plan.shown, len(document), texts))
    room = plan.width - 2 * _MARGIN
    heads = wrapped(spelled(title), _TITLE, room)
    prints = [line for note in notes for line in wrapped(spelled(note), _PRINT, room)]
    height = 2 * _MARGIN + len(heads) * _TITLE_LINE + sum(map(plan.height, plan.bands)) + _SCALE + len(prints) * _PRINT_LINE
    words = [*prints, *(_sign(character) for character in document.text), "0123456789%"]
    bold = [*heads, *(() if plan.square else plan.rows), *(spelled(span.label) for span in document.spans)]
    with sheet(plan.width, height, words, bold) as drawn:
        y = _MARGIN
        for line in heads:
            drawn.write(_MARGIN, y + _TITLE, line, _TITLE, bold=True)
            y += _TITLE_LINE
        for band in plan.bands:
            _band(drawn, plan, band, y)
            y += plan.height(band)
        _scale(drawn, plan, y)
        for number, line in enumerate(prints):
            drawn.write(_MARGIN, y + _SCALE + _PRINT + number * _PRINT_LINE, line, _PRINT, ink=GREY)
        return drawn.save(kind, title)


@dataclass(frozen=True)
class _Plan:
    """What is drawn where: rows by characters, in bands of columns, in points."""

    rows: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    document: Document
    levels: Mapping[Span, int]
    shown: int
    bands: tuple[tuple[int, int], ...]
    square: bool
    left: float
    most: float

    @property
    def cell(self) -> tuple[float, float]:
        return _SQUARE_CELL if self.square else _STRIP_CELL

    @property
    def width(self) -> float:
        widest = max(last - first for first, last in self.bands)
        return max(_NARROWEST, self.left + widest * self.cell[0] + _MARGIN)

    def within(self, band: tuple[int, int]) -> list[Span]:
        return [span for span in self.document.spans if span.start < band[1] and band[0] < span.end]

    def height(self, band: tuple[int, int]) -> float:
        below = max((self.levels[span] + 1 for span in self.within(band)), default=0)
        return _LETTERS + len(self.rows) * self.cell[1] + 6 + below * _LEVEL + 8


def _plan(heatmap: Heatmap, document: Document, head: int, most: float | None) -> _Plan:
    square = is_square(heatmap, document.text)
    shown = min(len(document), SHOWN) if square else len(document)
    size = max(1, shown if square else math.ceil(shown / max(1, math.ceil(shown / _BAND))))
    bands = tuple((first, min(shown, first + size)) for first in range(0, shown, size)) or ((0, 0),)
    rows = tuple(name if square else spelled(name) for name in heatmap.rows[: shown if square else None])
    values = (heatmap.heads[head - 1] if head else heatmap.values)[: len(rows)]
    left = _MARGIN + (12 if square else max((wide(name, _ROW) for name in rows), default=0.0)) + 8
    if most is None:
        most = max((value for row in values for value in row), default=0.0)
    return _Plan(rows, values, document, levels(document), shown, bands, square, left, most)


def _band(drawn: Sheet, plan: _Plan, band: tuple[int, int], top: float) -> None:
    (first, last), (wide, high) = band, plan.cell
    for at in range(first, last):
        x = plan.left + (at - first + 0.5) * wide
        _letter(drawn, x, top + _LETTERS - 6, plan.document.text[at], _SMALL if plan.square else _LETTER)
    top += _LETTERS
    most = plan.most or 1.0
    shades = [[ramp(value / most) for value in row[first:last]] for row in plan.values]
    drawn.paint(plan.left, top, plan.cell, shades)
    drawn.frame(plan.left, top, (last - first) * wide, len(plan.rows) * high)
    for row, name in enumerate(plan.rows):
        middle = top + (row + 0.5) * high
        if plan.square:
            _letter(drawn, plan.left - 12, middle + _SMALL * 0.36, name, _SMALL)
            continue
        drawn.write(plan.left - 6, middle + _ROW * 0.36, name, _ROW, at="right", bold=True)
        for column, (value, shade) in enumerate(zip(plan.values[row][first:last], shades[row], strict=True)):
            if value >= 0.005:
                x = plan.left + (column + 0.5) * wide
                drawn.write(x, middle + _NUMBER * 0.36, f"{value * 100:.0f}", _NUMBER, at="center", ink=ink_on(shade))
    _labels(drawn, plan, band, top + len(plan.rows) * high + 6)


def _labels(drawn: Sheet, plan: _Plan, band: tuple[int, int], top: float) -> None:
    colours = palette(dict.fromkeys(span.label for span in plan.document.spans))
    for span in plan.within(band):
        first, last = max(span.start, band[0]), min(span.end, band[1])
        left, right = (plan.left + (at - band[0]) * plan.cell[0] for at in (first, last))
        y = top + plan.levels[span] * _LEVEL
        drawn.line([(left + 1, y), (right - 1, y)], colours[span.label], 1.8)
        drawn.write(left + 1, y + _LABEL + 1, spelled(span.label), _LABEL, bold=True)


def _letter(drawn: Sheet, x: float, y: float, character: str, size: float) -> None:
    sign = _sign(character)
    if character == " ":
        # The font has no open box.
        drawn.line([(x - 3.5, y - 2), (x - 3.5, y + 1), (x + 3.5, y + 1), (x + 3.5, y - 2)], GREY, 0.8)
        return
    if len(sign) == 1:
        drawn.write(x, y, sign, size, at="center")
        return
    # As fonts of last resort do: the code, on two lines.
    half = (len(sign) + 1) // 2
    for line, y_of_line in ((sign[:half], y - 5.5), (sign[half:], y + 0.5)):
        drawn.write(x, y_of_line, line, 5.5, at="center", ink=GREY)


def _scale(drawn: Sheet, plan: _Plan, top: float) -> None:
    steps = [ramp(step / 100) for step in range(101)]
    drawn.write(plan.left - 6, top + 8, "0", _PRINT, at="right", ink=GREY)
    drawn.ramp(plan.left, top + 2, (120, 7), steps)
    drawn.frame(plan.left, top + 2, 120, 7)
    drawn.write(plan.left + 126, top + 8, f"{plan.most:.0%}", _PRINT, ink=GREY)


def _sign(character: str) -> str:
    """Return how a character is written: as itself, as a mark that stands for it, or as its code."""
    shown = _MARKS.get(character) or mark(character)
    return shown if drawable(shown) else f"{ord(character):04X}"


def _missing(text: str, texts: Mapping[str, str]) -> str:
    """Name the characters that the font has not."""
    known = drawable(text)
    lost = [character for character in dict.fromkeys(text) if character not in known and not character.isspace()]
    if not lost:
        return ""
    named = ", ".join(f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip() for character in lost[:_NAMED])
    words = texts.get("views.figure.missing", "Not in the figure's font, shown by its code: %1")
    return words.replace("%1", named + (" …" if len(lost) > _NAMED else ""))
