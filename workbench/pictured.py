"""A picture that somebody has put beside a text: read, then kept in the workspace without its metadata.

It is kept as :func:`engine.modalities.images.stored_form` gives it, under the hash of that: once, and under a name that tells
nothing of the file that it came in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.errors import InputError
from engine.modalities.images import read_image, stored_form
from engine.modalities.picture_text import Line
from workbench.keeping import write_once

_REMEMBERED = 256
_DIGITS = 32


@dataclass(frozen=True)
class Pictured:
    """A picture as it is kept.

    Attributes:
        path: where it is kept.
        name: of the file that it came in, without its folder.
        size: width and height, upright.
        remarks: those of :class:`engine.modalities.images.Image`.
    """

    path: Path
    name: str
    size: tuple[int, int]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Placed:
    """A kept picture in the row beside a text.

    Attributes:
        path: where it is kept.
        name: what the user calls it.
        off: whether the text is answered without it.
        remarks: on the file that it came in.
        written: the lines of text in it, once somebody has asked for them.
    """

    path: str
    name: str
    off: bool = False
    remarks: tuple[str, ...] = ()
    written: tuple[Line, ...] | None = None

    @property
    def key(self) -> str:
        """Return what it is known by to the page."""
        return Path(self.path).stem


def keep(file: Path, folder: Path) -> Pictured:
    """Read a picture and keep it; what is kept is never overwritten.

    Args:
        file: the picture; one that is in the folder already stays as it is.
        folder: of all pictures.

    Raises:
        InputError: if it cannot be read; it is named by its name alone, for its folder is none that the user knows.
    """
    try:
        if file.resolve().parent == folder.resolve():
            return Pictured(file, file.name, *_looked_at(str(file), file.stat().st_mtime_ns if file.is_file() else 0))
        image = read_image(file)
    except InputError as error:
        raise InputError(str(error).replace(str(file), file.name)) from error
    return Pictured(_written(stored_form(image), folder), file.name, image.size, image.remarks)


@lru_cache(_REMEMBERED)
def _looked_at(path: str, changed: int) -> tuple[tuple[int, int], tuple[str, ...]]:
    image = read_image(path)
    return image.size, image.remarks


def _written(stored: bytes, folder: Path) -> Path:
    kept = folder / f"{hashlib.sha256(stored).hexdigest()[:_DIGITS]}.jpg"
    write_once(kept, lambda partial: Path(partial).write_bytes(stored))
    return kept
