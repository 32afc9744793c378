"""Tables of vectors as a pre-training on pictures has left them, and such as learn on with everything else.

MPM-CNER trains its encoders of pictures along with the rest, at a rate of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import SwinConfig, SwinModel
from transformers.utils import logging

from engine.errors import ConfigError, InputError
from engine.layers.swin import PictureEncoder, encode_pictures
from engine.layers.vector_table import UNKNOWN, VectorTable
from engine.modalities.databases import database
from engine.modalities.pictures import MODALITIES, Pictures, read_pictures
from engine.shipped import SHIPPED

ITEMS, TABLE = "items.json", "table.safetensors"

_READ_TOGETHER = 256


class LearnedTable(VectorTable):
    """In training each item's vector is computed from one of its pictures, drawn by chance; otherwise it is looked up.

    The vectors that are looked up are computed anew, from the first picture of each item, when evaluation follows training.
    """

    def __init__(self, items: Sequence[str], width: int, encoder: PictureEncoder, pictures: Pictures | None = None) -> None:
        """Make an empty table; without pictures it is only looked up, and its encoder stays as it is."""
        super().__init__(items, width)
        self.encoder = encoder
        self.pictures = pictures
        self._stale = False
        if pictures is not None:
            order = np.argsort(pictures.item, kind="stable")
            names, first, count = np.unique(pictures.item[order], return_index=True, return_counts=True)
            place = {pictures.items[name]: at for at, name in enumerate(names)}
            at = np.array([place[item] for item in self.items])
            self._rows, self._first, self._count = order, first[at], count[at]

    @property
    def shape(self) -> dict[str, Any]:
        """Return what a checkpoint has to say of it, the encoder's settings included."""
        return {**super().shape, "swin": self.encoder.model.config.to_diff_dict()}

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vectors ``[..., H]`` of rows ``[...]``, and which are known."""
        if not self.training or self.pictures is None:
            return super().forward(rows)
        wanted, place = torch.unique(rows.clamp_min(0), return_inverse=True)
        at = wanted.cpu().numpy()
        chance = torch.rand(len(at)).numpy()
        drawn = self._rows[self._first[at] + (chance * self._count[at]).astype(np.int64)]
        self._stale = True
        vectors: Tensor = self.encoder(self.pictures.read(drawn).to(rows.device))
        return vectors[place], rows != UNKNOWN

    def train(self, mode: bool = True) -> LearnedTable:
        """Switch to training or evaluation; what training has moved is computed anew for the latter."""
        super().train(mode)
        if not mode and self._stale and self.pictures is not None:
            self._renew(self.pictures)
            self._stale = False
        return self

    @torch.no_grad()
    def _renew(self, pictures: Pictures) -> None:
        firsts = self._rows[self._first]
        for start in range(0, len(firsts), _READ_TOGETHER):
            part = slice(start, start + _READ_TOGETHER)
            self.vectors[part] = self.encoder(pictures.read(firsts[part]).to(self.vectors.device)).float()


def our_tables() -> list[tuple[Path, str]]:
    """List the folders of vectors that ship, with their modality."""
    folders = sorted(SHIPPED.iterdir()) if SHIPPED.is_dir() else []
    found = [folder for folder in folders if (folder / ITEMS).is_file()]
    return [(folder, json.loads((folder / ITEMS).read_text(encoding="utf-8"))["modality"]) for folder in found]


def restored_table(shape: Mapping[str, Any]) -> VectorTable:
    """Make a table of a checkpoint's shape, whose vectors are loaded next; one that was trained along is looked up alone."""
    if "swin" not in shape:
        return VectorTable(shape["items"], shape["width"])
    return LearnedTable(shape["items"], shape["width"], PictureEncoder(SwinConfig(**shape["swin"])))


def load_table(modality: str, name: str, *, pretrained: bool = True, trained: bool = False) -> VectorTable:
    """Load the vectors of a modality.

    Args:
        modality: ``glyph`` or ``phonetic``.
        name: a folder that a pre-training has made, or the name of one of ours.
        pretrained: false: the vectors of an untrained encoder of the same shape, computed from the pictures in the cache.
        trained: whether the encoder is to be trained further, on the pictures in the cache.

    Raises:
        ConfigError: if there is no such folder, it is of another modality, or damaged.
        InputError: if the pictures are needed and are not there.
    """
    folder = Path(name) if (Path(name) / ITEMS).is_file() else SHIPPED / name
    try:
        content = json.loads((folder / ITEMS).read_text(encoding="utf-8"))
        vectors = load_file(folder / TABLE)["vectors"].float()
        if len(content["items"]) != len(vectors):
            raise ValueError(f"{len(content['items'])} items and {len(vectors)} vectors")
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ConfigError(
            f"{modality}_encoder: {name!r} holds no vectors that can be read ({error}); name a folder that "
            "python -m engine pretrain glyphs, or sounds, has made"
        ) from error
    if content["modality"] != modality:
        raise ConfigError(f"{modality}_encoder: {name!r} holds {content['modality']} vectors; name one for {modality}")
    items = content["items"]
    if pretrained and not trained:
        table = VectorTable(items, vectors.shape[1])
        table.vectors.copy_(vectors)
        return table
    source = _pictures_of(items, modality)
    encoder = _encoder(folder, pretrained).eval()
    made = LearnedTable(items, encoder.width, encoder, source) if trained else VectorTable(items, encoder.width)
    places = {item: place for place, item in enumerate(source.items)}
    made.vectors.copy_(vectors if pretrained else encode_pictures(encoder, source)[[places[item] for item in items]])
    return made


def _pictures_of(items: Sequence[str], modality: str) -> Pictures:
    task = next(task for task, made in MODALITIES.items() if made == modality)
    source = read_pictures(task, database(task))
    known = set(source.items)
    if missing := [item for item in items if item not in known]:
        raise InputError(
            f"the {task} in {database(task)} lack {len(missing)} of the {len(items)} items, e.g. {missing[0]}; "
            f"build them from the sources that the model card names"
        )
    return source


def _encoder(folder: Path, pretrained: bool) -> PictureEncoder:
    encoder = PictureEncoder(SwinConfig.from_pretrained(folder))
    if pretrained:
        quieten: Any = logging.disable_progress_bar
        quieten()  # a bar for a second's work
        loaded = SwinModel.from_pretrained(folder, use_safetensors=True, dtype=torch.float32)
        encoder.model.load_state_dict(loaded.state_dict())
    return encoder
