"""What is written in a picture: its lines of text, read with PP-OCR through rapidocr, which brings its models along.

rapidocr is loaded only where it is installed and somebody asks; nothing is fetched from anywhere. Duomo's pictures have at most
:data:`~engine.modalities.images.LONGEST_SIDE` pixels a side, so that small print in a large photograph is not read.
"""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from engine.errors import ConfigError
from engine.evidence import Box
from engine.modalities.images import read_image

NEEDED = ("rapidocr", "onnxruntime")
"""What has to be installed."""
_HINT = f"pip install {' '.join(NEEDED)}, then start again; all else works without"
_REMEMBERED = 256
_SLIMMEST = 2
"""The finder of lines scales the shorter side up: a longer side of more than twice that would take gigabytes."""
_SAME_ROW = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a picture.

    Attributes:
        text: its characters, as the reader gives them.
        box: where it is: left, top, right and bottom as shares of the picture's width and height.
        confidence: the reader's, in [0, 1]; lines below 0.5 are left out.
    """

    text: str
    box: Box
    confidence: float


def can_read_text() -> bool:
    """Tell whether what reads text in pictures is installed."""
    return all(importlib.util.find_spec(name) is not None for name in NEEDED)


def read_text(path: str | Path) -> tuple[Line, ...]:
    """Return the lines of text in a picture, from top to bottom, those side by side from left to right; none is no error.

    What was read is remembered by the picture's content. One picture at a time is read, whoever asks.

    Args:
        path: of the picture.

    Raises:
        InputError: if the picture cannot be read.
        ConfigError: if rapidocr is not installed, or does not load or run.
    """
    image = read_image(path)
    return _reader().read(image.digest, image.pixels)


def in_reading_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return lines from top to bottom; those that share at least half of their height stand in one row, from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        if rows and _side_by_side(rows[-1][0].box, line.box):
            rows[-1].append(line)
        else:
            rows.append([line])
    return tuple(line for row in rows for line in sorted(row, key=lambda line: line.box[0]))


def _side_by_side(one: Box, other: Box) -> bool:
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared >= _SAME_ROW * min(one[3] - one[1], other[3] - other[1])


class _Reader:
    """rapidocr, loaded at the first question, and what it has read."""

    def __init__(self) -> None:
        self._reading = threading.Lock()
        self._engine: Any = None
        self._known: OrderedDict[str, tuple[Line, ...]] = OrderedDict()

    def read(self, digest: str, pixels: PIL.Image.Image) -> tuple[Line, ...]:
        with self._reading:
            if digest not in self._known:
                self._known[digest] = self._lines(pixels)
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
            self._known.move_to_end(digest)
            return self._known[digest]

    def _lines(self, pixels: PIL.Image.Image) -> tuple[Line, ...]:
        self._engine = self._engine or _loaded()
        try:
            found = self._engine(np.asarray(_padded(pixels))[:, :, ::-1])
        except Exception as error:  # OpenCV and ONNX Runtime have errors of their own, without a common name
            raise ConfigError(f"the text in a picture could not be read ({_reason(error)}); {_HINT}") from error
        if found.txts is None:
            return ()
        lines = zip(found.txts, found.boxes, found.scores, strict=True)
        return in_reading_order(
            Line(str(text), _box(corners, pixels.size), float(score)) for text, corners, score in lines if text.strip()
        )


@lru_cache(1)
def _reader() -> _Reader:
    return _Reader()


def _loaded() -> Any:
    try:
        from rapidocr import RapidOCR

        return RapidOCR(params={"Global.log_level": "critical"})
    except Exception as error:  # what is missing shows as an ImportError, an OSError or one of the library's own
        raise ConfigError(f"text in pictures is read by rapidocr, which cannot be loaded ({_reason(error)}); {_HINT}") from error


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _padded(pixels: PIL.Image.Image) -> PIL.Image.Image:
    """Return a picture that is not too slim, with paper on the right or below; places in it stay what they are."""
    width, height = pixels.size
    size = (max(width, -(-height // _SLIMMEST)), max(height, -(-width // _SLIMMEST)))
    if size == pixels.size:
        return pixels
    padded = PIL.Image.new("RGB", size, "white")
    padded.paste(pixels)
    return padded


def _box(corners: Sequence[Sequence[float]], size: tuple[int, int]) -> Box:
    """Return the upright box around four corners, in pixels ``[4, 2]``, as shares of the picture."""
    across, down = ([min(1.0, max(0.0, float(corner[side]) / size[side])) for corner in corners] for side in (0, 1))
    return min(across), min(down), max(across), max(down)
