"""Words of a figure: written with what its font has, and broken into lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from engine.drawing.lettering import drawable


def spelled(text: str) -> str:
    """Return a text in which the code stands for each character that the font has not."""
    known = drawable(text)
    return "".join(character if character in known else f"U+{ord(character):04X}" for character in text)


def wide(text: str, size: float) -> float:
    """Guess how wide words are, in points; the guess is on the generous side."""
    return sum(size if unicodedata.east_asian_width(character) in "WFA" else size * 0.62 for character in text)


def wrapped(text: str, size: float, width: float) -> Sequence[str]:
    """Break words into lines: at a space where Latin words stand, else between any two characters.

    Args:
        text: to break.
        size: of the type, in points.
        width: of the lines, in points.
    """
    lines, line = [], ""
    for character in text:
        if line and wide(line + character, size) > width:
            at = line.rfind(" ") if ord(character) < 0x1100 else -1
            lines.append(line[:at] if at > 0 else line)
            line = line[at + 1 :] if at > 0 else ""
        line += character
    return [*lines, line] if line else lines


def shortened(text: str, size: float, width: float) -> str:
    """Return words that fit into a line, with an ellipsis for the rest."""
    if wide(text, size) <= width:
        return text
    while text and wide(text + "…", size) > width:
        text = text[:-1]
    return text + "…"
