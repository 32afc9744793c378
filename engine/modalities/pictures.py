"""What is seen of a character, and heard of a syllable, as pictures to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.modalities.glyphs import GlyphDatabase
from engine.modalities.pinyin import Syllable, syllables
from engine.modalities.sounds import SoundDatabase

MODALITIES = {"glyphs": "glyph", "sounds": "phonetic"}
"""The databases of pictures, and the modality that each serves."""


@dataclass(frozen=True)
class Pictures:
    """What there is to learn from: R pictures of N items in V variants.

    Attributes:
        pictures: ``[R, C, 48, 48]``, bytes.
        items: names of the N items: characters or toned syllables.
        groups: of each item, ``[N]``: its radical, or its syllable without the tone.
        item: of each picture, ``[R]``.
        variants: names of the V variants: typefaces or speakers.
        variant: of each picture, ``[R]``.
    """

    pictures: NDArray[np.uint8]
    items: tuple[str, ...]
    groups: NDArray[np.int64]
    item: NDArray[np.int64]
    variants: tuple[str, ...]
    variant: NDArray[np.int64]

    def read(self, rows: NDArray[np.int64]) -> Tensor:
        """Return some of the pictures, ``[B, C, 48, 48]``."""
        order = np.argsort(rows)  # of a file on the disk, in its order
        read = np.empty((len(rows), *self.pictures.shape[1:]), np.uint8)
        read[order] = self.pictures[rows[order]]
        return torch.from_numpy(read)


def read_pictures(task: str, folder: str | Path) -> Pictures:
    """Open a database as what is learned from.

    Raises:
        InputError: if it is missing or damaged.
    """
    return glyph_pictures(GlyphDatabase.open(folder)) if task == "glyphs" else sound_pictures(SoundDatabase.open(folder))


def glyph_pictures(glyphs: GlyphDatabase) -> Pictures:
    """Return glyphs as pictures in groups of one radical."""
    faces, count = glyphs.pictures.shape[:2]
    return Pictures(
        glyphs.pictures.reshape(faces * count, 1, *glyphs.pictures.shape[2:]),
        glyphs.characters,
        np.array(glyphs.radicals),
        np.tile(np.arange(count), faces),
        glyphs.typefaces,
        np.repeat(np.arange(faces), count),
    )


def sound_pictures(sounds: SoundDatabase) -> Pictures:
    """Return Mel-spectrograms as pictures in groups of one initial and final; of syllables that are read, no others."""
    read = set(syllables())
    rows = np.array([row for row, syllable in enumerate(sounds.syllables) if syllable in read])
    said = np.array(sounds.syllables)[rows]
    items = tuple(sorted(set(said.tolist())))
    speakers = tuple(dict.fromkeys(sounds.speakers))
    return Pictures(
        sounds.mels[rows].transpose(0, 3, 1, 2),
        items,
        np.unique([Syllable.parse(item).toneless for item in items], return_inverse=True)[1].astype(np.int64),
        np.searchsorted(np.array(items), said).astype(np.int64),
        speakers,
        np.array([speakers.index(sounds.speakers[row]) for row in rows]),
    )
