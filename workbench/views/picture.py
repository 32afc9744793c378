"""A picture as it is drawn: small, and held by the page itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.evidence import Box
from engine.modalities.images import read_image
from workbench.views.data_urls import jpeg_url
from workbench.views.escape import esc

THUMBNAIL, DRAWN = 144, 420
"""Pixels of the longer side: in a row, and with what is drawn on it."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the page needs of a picture.

    Attributes:
        number: its place in the row beside the text, from 1.
        name: what the user calls it.
        thumbnail_url: small.
        url: larger.
        size: width and height of either, as a proportion.
    """

    number: int
    name: str
    thumbnail_url: str
    url: str
    size: tuple[int, int]


def picture_of(path: str | Path, number: int, name: str) -> Picture:
    """Return what the page needs of a kept picture; of a photograph, 40 kB.

    Args:
        path: where it is kept.
        number: its place in the row, from 1.
        name: what the user calls it.

    Raises:
        InputError: if it cannot be read any more.
    """
    pixels = read_image(path).pixels
    return Picture(number, name, jpeg_url(pixels, THUMBNAIL), jpeg_url(pixels, DRAWN), pixels.size)


def caption(picture: Picture, texts: Mapping[str, str]) -> str:
    """Return what a picture is called, escaped.

    Args:
        picture: to name.
        texts: the words ``views.picture.name``.
    """
    return esc(texts["views.picture.name"].format(number=picture.number, name=picture.name))


def is_grid(boxes: tuple[Box, ...]) -> bool:
    """Tell whether regions are the cells of a grid, not the whole picture and objects in it."""
    return len(boxes) > 1 and WHOLE not in boxes


def region_name(boxes: tuple[Box, ...], place: int, texts: Mapping[str, str]) -> str:
    """Return what a region is called: the cell of a grid by its row and column, an object by its number.

    Args:
        boxes: all regions of the picture, row by row, or the whole picture and then its objects.
        place: of the region, from 0.
        texts: the words ``views.regions.cell``, ``.whole`` and ``.object``.
    """
    if not is_grid(boxes):
        return texts["views.regions.object"].format(number=place) if place else texts["views.regions.whole"]
    columns = len({box[0] for box in boxes})
    return texts["views.regions.cell"].format(row=place // columns + 1, column=place % columns + 1)
