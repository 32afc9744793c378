"""A drawing: words, lines and shapes at places in points from the top left corner, to be put where it is wanted.

One drawing is an inline SVG of a page of HTML, whose words stay words; a PNG, SVG or PDF by itself, whose words are drawn with
the figures' own typeface; or a place on a page of a PDF.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from engine.drawing.sheet import FORMATS, INK, Sheet, bound, typefaces
from engine.drawing.wording import spelled

Point = tuple[float, float]
SHAPES = ("circle", "square", "triangle", "diamond", "cross", "star")
"""Marks that are told apart without their colours."""
_CORNERS: Mapping[str, Sequence[Point]] = {
    "circle": [(math.cos(turn * math.pi / 8), math.sin(turn * math.pi / 8)) for turn in range(16)],
    "square": [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
    "triangle": [(0, -1.15), (1.05, 0.75), (-1.05, 0.75)],
    "diamond": [(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)],
    "cross": [
        *((-1, -0.45), (-0.45, -1), (0, -0.55), (0.45, -1), (1, -0.45), (0.55, 0)),
        *((1, 0.45), (0.45, 1), (0, 0.55), (-0.45, 1), (-1, 0.45), (-0.55, 0)),
    ],
    "star": [
        (length * math.sin(turn * math.pi / 5), -length * math.cos(turn * math.pi / 5))
        for turn, length in enumerate((1.35, 0.55) * 5)
    ],
}
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Words:
    """Words on one line; ``at`` says which part of them stands at the place, whose ``y`` is their baseline."""

    x: float
    y: float
    words: str
    size: float
    at: str
    bold: bool
    ink: str


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, dashed or not."""

    points: tuple[Point, ...]
    ink: str
    thick: float
    dashed: bool


@dataclass(frozen=True, slots=True)
class Patch:
    """Areas of one colour; with a rim they are told apart where they lie over each other."""

    areas: tuple[tuple[Point, ...], ...]
    ink: str
    rim: str


Mark = Words | Stroke | Patch


class Drawing:
    """What was drawn, to be drawn again."""

    def __init__(self, width: float, height: float) -> None:
        """Begin an empty drawing of a size in points."""
        self.width, self.height = width, height
        self.marks: list[Mark] = []

    def write(self, x: float, y: float, words: str, size: float, *, at: str = "left", bold: bool = False, ink: str = INK) -> None:
        """Write words, their baseline at ``y``; ``at`` is ``left``, ``center`` or ``right``."""
        if words:
            self.marks.append(Words(x, y, words, size, at, bold, ink))

    def line(self, points: Sequence[Point], ink: str, thick: float, *, dashed: bool = False) -> None:
        """Draw a line through points."""
        self.marks.append(Stroke(tuple(points), ink, thick, dashed))

    def tint(self, x: float, y: float, size: Point, ink: str) -> None:
        """Paint a rectangle."""
        self.marks.append(Patch((((x, y), (x + size[0], y), (x + size[0], y + size[1]), (x, y + size[1])),), ink, ""))

    def dots(self, places: Iterable[Point], shape: str, radius: float, ink: str, rim: str = "#FFFFFF") -> None:
        """Put marks of one shape and colour at places; the shape is one of :data:`SHAPES`."""
        corners = _CORNERS[shape]
        areas = tuple(tuple((x + radius * across, y + radius * down) for across, down in corners) for x, y in places)
        if areas:
            self.marks.append(Patch(areas, ink, rim))

    def place(self, other: Drawing, x: float, y: float, scale: float = 1.0) -> None:
        """Put another drawing into this one, its top left corner at a place."""

        def moved(points: Iterable[Point]) -> tuple[Point, ...]:
            return tuple((x + scale * across, y + scale * down) for across, down in points)

        for mark in other.marks:
            match mark:
                case Words():
                    ((left, base),) = moved([(mark.x, mark.y)])
                    self.marks.append(replace(mark, x=left, y=base, size=mark.size * scale))
                case Stroke():
                    self.marks.append(replace(mark, points=moved(mark.points), thick=mark.thick * scale))
                case Patch():
                    self.marks.append(replace(mark, areas=tuple(moved(area) for area in mark.areas)))

    def words(self, *, bold: bool) -> list[str]:
        """Return all that is written bold, or plain."""
        return [spelled(mark.words) for mark in self.marks if isinstance(mark, Words) and mark.bold == bold]

    def onto(self, sheet: Sheet) -> Sheet:
        """Draw on a sheet that has the typefaces for it, and return it."""
        for mark in self.marks:
            match mark:
                case Words():
                    words = spelled(mark.words)
                    sheet.write(mark.x, mark.y, words, mark.size, at=mark.at, bold=mark.bold, ink=mark.ink)
                case Stroke():
                    sheet.line(mark.points, mark.ink, mark.thick, dashed=mark.dashed)
                case Patch():
                    sheet.fill(mark.areas, mark.ink, mark.rim)
        return sheet

    def inline(self, title: str) -> str:
        """Return it as SVG for a page of HTML; its words are text in the page's own typeface."""
        marks = "".join(map(_svg, self.marks))
        box = f'viewBox="0 0 {self.width:.1f} {self.height:.1f}" style="max-width:{self.width * 1.6:.0f}px"'
        return f'<svg {box} role="img" aria-label="{xml(title)}">{marks}</svg>'

    def save(self, kind: str, title: str) -> bytes:
        """Return it as a file.

        Args:
            kind: one of :data:`~engine.drawing.sheet.FORMATS`.
            title: what the file says of itself.

        Raises:
            ValueError: for a format that there is not.
        """
        if kind not in FORMATS:
            raise ValueError(f"a figure is one of {', '.join(FORMATS)}; got {kind!r}")
        with typefaces(self.words(bold=False), self.words(bold=True)) as fonts:
            return self.onto(Sheet(self.width, self.height, fonts)).save(kind, spelled(title))


def book(pages: Sequence[Drawing], title: str) -> bytes:
    """Return drawings as the pages of a PDF.

    Args:
        pages: at least one.
        title: what the file says of itself.
    """
    plain, bold = ([words for page in pages for words in page.words(bold=heavy)] for heavy in (False, True))
    with typefaces(plain, bold) as fonts:
        return bound((page.onto(Sheet(page.width, page.height, fonts)) for page in pages), spelled(title))


def xml(text: str) -> str:
    """Return a text as HTML and SVG can hold it: nothing in it is markup, and characters that no file may hold are replaced."""
    return escape(_UNFIT.sub("\ufffd", text), quote=True)


def _svg(mark: Mark) -> str:
    match mark:
        case Words():
            anchor = {"left": "", "center": ' text-anchor="middle"', "right": ' text-anchor="end"'}[mark.at]
            weight = ' font-weight="650"' if mark.bold else ""
            place = f'x="{mark.x:.1f}" y="{mark.y:.1f}" font-size="{mark.size:.1f}" fill="{mark.ink}"'
            return f"<text {place}{anchor}{weight}>{xml(mark.words)}</text>"
        case Stroke():
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in mark.points)
            dashes = ' stroke-dasharray="3 2"' if mark.dashed else ""
            return f'<polyline points="{points}" fill="none" stroke="{mark.ink}" stroke-width="{mark.thick:.2f}"{dashes}/>'
        case Patch():
            path = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in area) + "Z" for area in mark.areas)
            rim = f' stroke="{mark.rim}" stroke-width="0.7"' if mark.rim else ""
            return f'<path d="{path}" fill="{mark.ink}"{rim}/>'
