"""What stands around a figure: its title above, and below in small print what it is of."""

from __future__ import annotations

from collections.abc import Sequence

from engine.drawing.drawing import Drawing
from engine.drawing.sheet import GREY
from engine.drawing.wording import spelled, wrapped

_MARGIN, _NARROWEST = 16.0, 330.0
_TITLE, _PRINT = 11.0, 6.5
_TITLE_LINE, _PRINT_LINE = 16.0, 9.5


def framed(title: str, prints: Sequence[str], size: tuple[float, float]) -> tuple[Drawing, float, float]:
    """Return a drawing with a title and small print, and the left and top of the room that is left for what it shows.

    Args:
        title: of the figure.
        prints: the small print.
        size: of what is shown.
    """
    width = max(_NARROWEST, size[0] + 2 * _MARGIN)
    heads = wrapped(spelled(title), _TITLE, width - 2 * _MARGIN)
    lines = [line for one in prints for line in wrapped(spelled(one), _PRINT, width - 2 * _MARGIN)]
    top = _MARGIN + len(heads) * _TITLE_LINE + 6
    below = top + size[1] + 10
    drawn = Drawing(width, below + len(lines) * _PRINT_LINE + _MARGIN)
    for number, line in enumerate(heads):
        drawn.write(_MARGIN, _MARGIN + _TITLE + number * _TITLE_LINE, line, _TITLE, bold=True)
    for number, line in enumerate(lines):
        drawn.write(_MARGIN, below + _PRINT + number * _PRINT_LINE, line, _PRINT, ink=GREY)
    return drawn, _MARGIN, top
