"""Kept pictures as they are drawn; what is kept under a path never changes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from engine.errors import InputError
from workbench.views.picture import Picture, picture_of

_REMEMBERED = 128


def thumbnail_url(path: str) -> str:
    """Return a small picture; nothing to see of one that is gone."""
    try:
        return _drawn(path).thumbnail_url
    except InputError:
        return "data:,"


def drawn(path: str, number: int, name: str) -> Picture:
    """Return a picture as the page needs it.

    Args:
        path: where it is kept.
        number: its place in the row, from 1.
        name: what the user calls it.

    Raises:
        InputError: if it cannot be read any more.
    """
    picture = _drawn(path)
    return Picture(number, name, picture.thumbnail_url, picture.url, picture.size)


def drawn_if_there(path: str, number: int) -> Picture | None:
    """Return a picture as the page needs it, or none if it is gone or cannot be read any more.

    Args:
        path: where it is kept.
        number: its place beside the text, from 1.
    """
    try:
        return drawn(path, number, "") if Path(path).is_file() else None
    except InputError:
        return None


@lru_cache(_REMEMBERED)
def _drawn(path: str) -> Picture:
    return picture_of(path, 0, "")
