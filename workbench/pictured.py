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
_JFIF, _SCAN, _JFIF_SIZE = 0xE0, 0xDA, 16
_SEGMENTS = (_JFIF, 0xDB, 0xC0, 0xC4)
"""Of a JPEG as it is kept: its head, quantisation, frame and Huffman tables."""


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
    content = file.read_bytes()
    # What a workspace had kept, and was exported from there, comes back as it was: to write a JPEG anew would wear it.
    whole = image.pixels.size == image.size
    stored = content if whole and _is_stored(content) else stored_form(image)
    return Pictured(_written(stored, folder), file.name, image.size, image.remarks)


def _is_stored(content: bytes) -> bool:
    """Tell whether a picture is as it is kept: a JPEG of our size and quality, with nothing in it but the picture."""
    if content[:2] != b"\xff\xd8" or content[-2:] != b"\xff\xd9":
        return False
    at = 2
    while content[at : at + 1] == b"\xff" and content[at + 1] != _SCAN:
        size = int.from_bytes(content[at + 2 : at + 4], "big")
        if content[at + 1] not in _SEGMENTS or (content[at + 1] == _JFIF and size != _JFIF_SIZE):
            return False
        at += 2 + size
    scanned = content[at + 2 :]
    # After the picture's end there may be no more; inside, 0xFF is always followed by 0x00.
    return content[at + 1 : at + 2] == bytes([_SCAN]) and scanned.find(b"\xff\xd9") == len(scanned) - 2


@lru_cache(_REMEMBERED)
def _looked_at(path: str, changed: int) -> tuple[tuple[int, int], tuple[str, ...]]:
    image = read_image(path)
    return image.size, image.remarks


def _written(stored: bytes, folder: Path) -> Path:
    kept = folder / f"{hashlib.sha256(stored).hexdigest()[:_DIGITS]}.jpg"
    write_once(kept, lambda partial: Path(partial).write_bytes(stored))
    return kept
