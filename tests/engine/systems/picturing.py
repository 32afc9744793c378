"""Pictures that tests draw: what they show is told by a colour and a shape."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from engine.document import Document

SHAPES = {"red": (210, 40, 40), "green": (40, 160, 60), "blue": (40, 60, 200)}


def drawn(folder: Path, shape: str, number: int = 0) -> str:
    """Draw a picture and return its path: a disc, a bar or a triangle on grey, at a place that the number says."""
    path = folder / f"{shape}-{number}.png"
    picture = Image.new("RGB", (160, 120), (190, 190, 185))
    pen, left = ImageDraw.Draw(picture), 20 + 11 * number % 60
    box = (left, 25, left + 60, 95)
    if shape == "red":
        pen.ellipse(box, SHAPES[shape])
    elif shape == "green":
        pen.rectangle(box, SHAPES[shape])
    else:
        pen.polygon(((left, 95), (left + 60, 95), (left + 30, 25)), SHAPES[shape])
    picture.save(path)
    return str(path)


def pictured(document: Document, *paths: str) -> Document:
    """Return a document with pictures."""
    return Document(document.text, document.spans, document.id, paths)


def lettered(path: Path, *lines: str) -> str:
    """Draw lines of text in the page's own font and return the picture's path."""
    from engine.drawing.lettering import typeface

    font = ImageFont.truetype(io.BytesIO(typeface("".join(lines))), 36)
    picture = Image.new("RGB", (520, 40 + 70 * len(lines)), (250, 248, 240))
    for number, line in enumerate(lines):
        ImageDraw.Draw(picture).text((30, 20 + 70 * number), line, (20, 20, 30), font)
    picture.save(path)
    return str(path)
