"""A sheet of a figure: words, cells and lines at places in points from the top left corner, saved as PNG, SVG or PDF."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.drawing.lettering import typeface

FORMATS: Mapping[str, str] = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
"""What a figure can be saved as, with the media type of each."""
INK, GREY, RULE = "#1C1B19", "#6B6760", "#D0CCC2"
_DOTS = 220
# Matplotlib 3.10, which Python 3.10 has, measures its lines by these letters.
_MEASURE = "lp"
_SETTINGS: Any = {
    # Type 42 keeps the outlines as they are; words in SVG become paths, which need no font where they are opened.
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "duomo",
    "text.usetex": False,
}
# Matplotlib's settings hold for the whole process.
_drawing = threading.Lock()


class Sheet:
    """What is drawn on; :func:`sheet` opens one."""

    def __init__(self, width: float, height: float, fonts: Mapping[bool, Path]) -> None:
        """Lay out an empty white sheet.

        Args:
            width: in points.
            height: in points.
            fonts: the files of the plain and the bold typeface.
        """
        from matplotlib.figure import Figure

        self._fonts = fonts
        self._figure = Figure(figsize=(width / 72, height / 72), facecolor="white")
        self._axes: Any = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set(xlim=(0, width), ylim=(height, 0))
        self._axes.axis("off")

    def write(self, x: float, y: float, words: str, size: float, *, at: str = "left", bold: bool = False, ink: str = INK) -> None:
        """Write words, their baseline at ``y``; ``at`` says which part of them stands at ``x``."""
        from matplotlib.font_manager import FontProperties

        font = FontProperties(fname=str(self._fonts[bold]), size=size)
        # A dollar sign in a user's text is no mathematics.
        self._axes.text(x, y, words, fontproperties=font, ha=at, va="baseline", color=ink, parse_math=False)

    def paint(self, x: float, y: float, cell: tuple[float, float], shades: Sequence[Sequence[str]]) -> None:
        """Paint rows of cells with a little paper between them."""
        from matplotlib.collections import PolyCollection

        wide, high = cell
        corners, inks = [], []
        for row, line in enumerate(shades):
            for column, shade in enumerate(line):
                left, top = x + column * wide, y + row * high
                corners.append([(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)])
                inks.append(shade)
        cells = PolyCollection(corners, facecolors=inks, edgecolors="white", linewidths=0.7)
        self._axes.add_collection(cells, autolim=False)

    def ramp(self, x: float, y: float, size: tuple[float, float], shades: Sequence[str]) -> None:
        """Paint a bar of colours that run into each other."""
        from matplotlib.colors import to_rgb

        # An image, since between cells of their own some viewers show seams.
        place = (x, x + size[0], y + size[1], y)
        self._axes.imshow([[to_rgb(shade) for shade in shades]], extent=place, aspect="auto", interpolation="bilinear")

    def image(self, x: float, y: float, size: tuple[float, float], pixels: Any) -> None:
        """Put a picture, RGB, into a place; its pixels go into the file."""
        import numpy as np

        place = (x, x + size[0], y + size[1], y)
        self._axes.imshow(np.asarray(pixels), extent=place, aspect="auto", interpolation="antialiased")

    def tint(self, x: float, y: float, size: tuple[float, float], ink: str, share: float = 1.0) -> None:
        """Lay a colour over a place, which shows through as far as the share is below 1."""
        from matplotlib.patches import Rectangle

        self._axes.add_patch(Rectangle((x, y), *size, facecolor=ink, edgecolor="none", alpha=share))

    def dot(self, x: float, y: float, radius: float, ink: str) -> None:
        """Put a dot with a white rim."""
        from matplotlib.patches import Circle

        self._axes.add_patch(Circle((x, y), radius, facecolor=ink, edgecolor="white", linewidth=1.2, zorder=3))

    def line(self, points: Sequence[tuple[float, float]], ink: str, thick: float, *, dashed: bool = False) -> None:
        """Draw a line through points."""
        from matplotlib.lines import Line2D

        across, down = zip(*points, strict=True)
        style: Any = (0, (3, 2)) if dashed else "-"
        # Not by plot(), which asks what the axes' limits become: with thousands of lines that is most of the time.
        drawn = Line2D(across, down, color=ink, linewidth=thick, linestyle=style, solid_capstyle="butt", solid_joinstyle="miter")
        self._axes.add_artist(drawn)

    def fill(self, areas: Sequence[Sequence[tuple[float, float]]], ink: str, rim: str = "") -> None:
        """Fill areas, each given by its corners, with or without a thin rim."""
        from matplotlib.collections import PolyCollection

        edge: dict[str, Any] = (
            {"edgecolors": rim, "linewidths": 0.5, "zorder": 2.5} if rim else {"edgecolors": "none", "zorder": 1}
        )
        self._axes.add_collection(PolyCollection(list(areas), facecolors=ink, **edge), autolim=False)

    def frame(self, x: float, y: float, width: float, height: float) -> None:
        """Draw a thin line around something."""
        self.line([(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)], RULE, 0.5)

    def outline(self, x: float, y: float, size: tuple[float, float], ink: str, thick: float) -> None:
        """Draw a line of some thickness along the inside of a place."""
        from matplotlib.patches import Rectangle

        corner, inner = (x + thick / 2, y + thick / 2), [max(0.1, side - thick) for side in size]
        self._axes.add_patch(Rectangle(corner, *inner, fill=False, edgecolor=ink, linewidth=thick, joinstyle="miter"))

    def save(self, kind: str, title: str) -> bytes:
        """Return the sheet as a file.

        Args:
            kind: ``"png"``, ``"svg"`` or ``"pdf"``.
            title: what the file says of itself.
        """
        # No date: the same figure is the same file.
        about: dict[str, Any] = {"Title": title} | {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
        file = io.BytesIO()
        self._figure.savefig(file, format=kind, dpi=_DOTS, metadata=about)
        return file.getvalue()

    def bind(self, pages: Any) -> None:
        """Become the next page of a PDF, a ``PdfPages``."""
        pages.savefig(self._figure)


def bound(sheets: Iterable[Sheet], title: str) -> bytes:
    """Return sheets as the pages of one PDF; their typefaces must be there still.

    Args:
        sheets: at least one.
        title: what the file says of itself.
    """
    from matplotlib.backends.backend_pdf import PdfPages

    file = io.BytesIO()
    with PdfPages(file, metadata={"Title": title, "CreationDate": None}) as pages:
        for sheet in sheets:
            sheet.bind(pages)
    return file.getvalue()


@contextmanager
def sheet(width: float, height: float, words: Iterable[str], bold: Iterable[str]) -> Iterator[Sheet]:
    """Open a sheet on which some words can be written; what it needs in files is gone when it is closed.

    Args:
        width: in points.
        height: in points.
        words: all that will be written plain.
        bold: all that will be written bold.
    """
    with typefaces(words, bold) as fonts:
        yield Sheet(width, height, fonts)


@contextmanager
def typefaces(words: Iterable[str], bold: Iterable[str]) -> Iterator[Mapping[bool, Path]]:
    """Make the plain and the bold typeface with which some words can be written; sheets can be drawn until it is closed.

    Args:
        words: all that will be written plain.
        bold: all that will be written bold.
    """
    import matplotlib

    # Where a file that is still open cannot be deleted, the system's own cleaning gets it.
    with tempfile.TemporaryDirectory(prefix="duomo-", ignore_cleanup_errors=True) as folder:
        fonts = {False: Path(folder, "plain.ttf"), True: Path(folder, "bold.ttf")}
        opened: dict[str, Any] = {}
        fonts[False].write_bytes(typeface({*"".join(words), *_MEASURE}, opened=opened))
        fonts[True].write_bytes(typeface({*"".join(bold), *_MEASURE}, weight=650, opened=opened))
        with _drawing, matplotlib.rc_context(_SETTINGS):
            yield fonts
