"""What is seen of a document's pictures: vectors of each as a whole, of its regions and of objects in it, remembered by content.

A vision encoder is frozen, so that a picture has the same vectors in every epoch, and is looked at once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from engine.document import Document
from engine.errors import InputError
from engine.evidence import Box
from engine.layers.vision_encoder import VisionEncoder, vision_encoder
from engine.modalities.detection import detect
from engine.modalities.images import MOST_IMAGES, Image, read_image
from engine.modalities.objects import MOST_OBJECTS, propose

Vectors = NDArray[np.float16]

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
PROPOSED = "saliency"
"""The detector that stands for no detector: what of a picture stands out, whatever it is."""
_REMEMBERED = 6144
"""Pictures; of one with 49 regions of 1,280 numbers, 135 kB."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is seen of one picture.

    Attributes:
        whole: ``[D]``.
        regions: ``[R, D]``, row by row.
        objects: ``[O, D]``, O at most 3; what the detector is surest of first.
        boxes: where each object is.
    """

    whole: Vectors
    regions: Vectors
    objects: Vectors
    boxes: tuple[Box, ...]


class Seer:
    """A vision encoder and a detector, and what they have seen; may be used from several threads."""

    def __init__(self, encoder: str, detector: str = PROPOSED) -> None:
        """Name them; they are loaded for the first picture.

        Args:
            encoder: as :func:`engine.layers.vision_encoder.vision_encoder` takes it.
            detector: a detector of transformers by name or folder, ``saliency``, or empty for no objects.
        """
        self.name, self.detector = encoder, detector
        self._turn = threading.Lock()
        self._remembered: OrderedDict[str, Seen | None] = OrderedDict()
        self._folder: Path | None = None

    @property
    def encoder(self) -> VisionEncoder:
        """Return the encoder, on a GPU where there is one.

        Raises:
            ConfigError: if it cannot be loaded.
        """
        return _loaded(self.name)

    def remember_in(self, folder: Path) -> None:
        """Keep what is seen in a folder too, for other processes; what they have kept there is not looked at again.

        Raises:
            ConfigError: if the encoder, whose weights are a part of the names there, cannot be loaded.
        """
        looking = hashlib.sha256(self.detector.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        self._folder = folder / f"{self.encoder.digest[:16]}-{looking}"

    def see(self, document: Document) -> list[Seen | None]:
        """Return what is seen of each picture of a document; nothing of one that cannot be read, which is told of in the log.

        Pictures beyond the most that a text may have are told of and not looked at.
        """
        if len(document.images) > MOST_IMAGES:
            _tell_of_many(document.id, len(document.images))
        return [self._seen(path) for path in document.images[:MOST_IMAGES]]

    def _seen(self, path: str) -> Seen | None:
        digest = _digest(path, _changed(path))
        if digest is None:
            return None
        with self._turn:
            if digest not in self._remembered:
                self._remembered[digest] = self._kept(digest, path)
                while len(self._remembered) > _REMEMBERED:
                    self._remembered.popitem(last=False)
            self._remembered.move_to_end(digest)
            return self._remembered[digest]

    def _kept(self, digest: str, path: str) -> Seen | None:
        if self._folder is None:
            return self._look(path)
        file = self._folder / f"{digest}.safetensors"
        if (seen := _read(file)) is None and (seen := self._look(path)) is not None:
            _write(seen, file)
        return seen

    def _look(self, path: str) -> Seen | None:
        try:
            image = read_image(path)
        except InputError as error:
            _log.warning("left out: %s", error)
            return None
        return self._vectors(image)

    @torch.inference_mode()
    def _vectors(self, image: Image) -> Seen:
        encoder = self.encoder
        boxes = self._boxes(image)
        width, height = image.pixels.size
        parts = [image.pixels.crop(_pixels(box, width, height)) for box in boxes]
        device = next(encoder.parameters()).device
        seen = encoder(torch.stack([encoder.pixels(part) for part in (image.pixels, *parts)]).to(device))
        whole = seen.whole.to(torch.float16).cpu().numpy()
        return Seen(whole[0], seen.regions[0].to(torch.float16).cpu().numpy(), whole[1:], boxes)

    def _boxes(self, image: Image) -> tuple[Box, ...]:
        if not self.detector or "plain" in image.remarks:
            return ()
        found = propose(image.pixels) if self.detector == PROPOSED else detect(image.pixels, self.detector)
        return tuple((box.left, box.top, box.right, box.bottom) for box in found[:MOST_OBJECTS])


def grid_boxes(rows: int, columns: int) -> tuple[Box, ...]:
    """Return the regions of a grid over a whole picture, row by row."""
    return tuple(
        (column / columns, row / rows, (column + 1) / columns, (row + 1) / rows)
        for row in range(rows)
        for column in range(columns)
    )


def _pixels(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Return a box in pixels, of at least one."""
    left, top = min(int(box[0] * width), width - 1), min(int(box[1] * height), height - 1)
    return left, top, max(left + 1, round(box[2] * width)), max(top + 1, round(box[3] * height))


def _read(file: Path) -> Seen | None:
    """Return what was kept of a picture; nothing if it was not, or is damaged."""
    try:
        kept = load_file(file)
        return Seen(kept["whole"], kept["regions"], kept["objects"], tuple(tuple(box) for box in kept["boxes"].tolist()))
    except (OSError, SafetensorError, KeyError):
        return None


def _write(seen: Seen, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f".{file.name}.{os.getpid()}")
    boxes = np.array(seen.boxes, dtype=np.float64).reshape(-1, 4)
    kept = {"whole": seen.whole, "regions": seen.regions, "objects": seen.objects, "boxes": boxes}
    save_file({name: np.ascontiguousarray(values) for name, values in kept.items()}, half)  # which it does not see to itself
    os.replace(half, file)


@lru_cache(4)
def _loaded(name: str) -> VisionEncoder:
    encoder = vision_encoder(name)
    return encoder.cuda() if torch.cuda.is_available() else encoder


def _changed(path: str) -> int:
    file = Path(path)
    return file.stat().st_mtime_ns if file.is_file() else 0


@lru_cache(1 << 12)
def _tell_of_many(name: str, pictures: int) -> None:
    """Say once that a document has more pictures than are seen."""
    _log.warning("%s has %d pictures, only the first %d are seen", name, pictures, MOST_IMAGES)


@lru_cache(1 << 16)
def _digest(path: str, changed: int) -> str | None:
    """Return the hash of a file's content; nothing if it cannot be read, which is told of once."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        _log.warning("left out: %s cannot be read (%s); check the path", path, error.strerror)
        return None
