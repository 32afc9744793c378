"""A typeface for a figure: the page's own font, of which as much as the figure's words need, as matplotlib can read it.

The page's font comes in slices of woff2, each with some of the characters; matplotlib reads one TrueType file. So the outlines
of the characters asked for are taken from their slices and put into a new, small font. Every machine draws the same figure.
"""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FONTS = Path(__file__).parent / "fonts"
"""Slices of Noto Sans SC, and their style sheet for a page."""
# Not the original's name: a font that is not the original must not bear it.
_NAME = "Duomo Figure"
_1970 = 0x7C259DC0


def drawable(text: str) -> frozenset[str]:
    """Return those characters of a text that the font can draw."""
    return frozenset(character for character in text if ord(character) in _index())


def typeface(characters: Iterable[str], *, weight: int = 400, opened: dict[str, Any] | None = None) -> bytes:
    """Return a TrueType font that holds some characters.

    Args:
        characters: what to hold; those that the page's font has not are left out.
        weight: 100 to 900; rare characters have one weight.
        opened: slices that are open already, and where those that are opened are left: unpacking one takes longest.
    """
    from fontTools.ttLib import TTFont

    slices = {} if opened is None else opened
    glyphs, widths, places = {".notdef": _outline(None, "")}, {".notdef": 1000}, {}
    by_slice: dict[str, list[int]] = {}
    for code in sorted({ord(character) for character in characters}):
        if code in _index():
            by_slice.setdefault(_index()[code], []).append(code)
    for name, codes in by_slice.items():
        if name not in slices:
            slices[name] = TTFont(io.BytesIO((FONTS / name).read_bytes()))
        font = slices[name]
        named = font.getBestCmap()
        outlines = font.getGlyphSet(location={"wght": weight} if "fvar" in font else None)
        for code in codes:
            glyph = f"u{code:04X}"
            glyphs[glyph], places[code] = _outline(outlines, named[code]), glyph
            widths[glyph] = round(outlines[named[code]].width)
    # Matplotlib tells the glyphs of two fonts in one SVG apart by the fonts' names alone, and so does a page that holds two SVGs.
    held = hashlib.sha256("".join(map(chr, places)).encode("utf-8", "surrogatepass")).hexdigest()
    return _font(glyphs, widths, places, f"{_NAME} {held[:8]} {weight}")


@functools.cache
def _index() -> dict[int, str]:
    """Return which slice has which character."""
    from fontTools.ttLib import TTFont

    found: dict[int, str] = {}
    # Slices of all weights come last: what several have, they give.
    for path in sorted(FONTS.glob("*.woff2"), key=lambda path: ("-wght-" in path.name, path.name)):
        with TTFont(path) as font:
            found |= dict.fromkeys(font.getBestCmap(), path.name)
    return found


def _outline(outlines: Any, name: str) -> Any:
    from fontTools.pens.recordingPen import DecomposingRecordingPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    if outlines is not None:
        whole = DecomposingRecordingPen(outlines)
        outlines[name].draw(whole)
        whole.replay(pen)
    return pen.glyph()


def _font(glyphs: dict[str, Any], widths: dict[str, int], places: dict[int, str], name: str) -> bytes:
    from fontTools.fontBuilder import FontBuilder

    made = FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder(list(glyphs))
    made.setupCharacterMap(places)
    made.setupGlyf(glyphs)
    lefts = {name: getattr(glyph, "xMin", 0) for name, glyph in glyphs.items()}
    made.setupHorizontalMetrics({name: (width, lefts[name]) for name, width in widths.items()})
    made.setupHorizontalHeader(ascent=880, descent=-120)
    made.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=1160, usWinDescent=288)
    made.setupNameTable({"familyName": name, "styleName": "Regular", "psName": name.replace(" ", "")})
    made.setupPost()
    # The same words give the same file: no moment of making in it.
    made.font["head"].created = made.font["head"].modified = _1970
    made.font.recalcTimestamp = False
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()
