"""Small typefaces made on the spot: each character a bar at a height and of a width of its own."""

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


def write_typeface(path, characters, *, blank="", weight=200):
    """Write a TrueType file that draws some characters, and lists some more without drawing them."""
    names = {character: f"u{ord(character):X}" for character in characters + blank}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap({ord(character): name for character, name in names.items()})
    drawn = {".notdef": TTGlyphPen(None).glyph()}
    for place, (character, name) in enumerate(names.items()):
        pen = TTGlyphPen(None)
        if character not in blank:
            low, right = 100 * (place % 6), 300 + 100 * (place % 5)
            pen.moveTo((100, low))
            for point in ((100, low + weight), (right, low + weight), (right, low)):
                pen.lineTo(point)
            pen.closePath()
        drawn[name] = pen.glyph()
    builder.setupGlyf(drawn)
    builder.setupHorizontalMetrics({name: (1000, 100) for name in drawn})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path
