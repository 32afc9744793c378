"""The four pre-training tasks of MPM-CNER (Mai et al. 2022, section 2.2), which are two, once for each kind of picture.

*Consistency* (RCI, PCI; equations 5 and 8): are two pictures of one group, the same radical or the same initial and final? Half
of the pairs are. *Classification* (GIC, PCM; equations 6 and 9): which character, or which toned syllable, is each picture? One
encoder learns both, weighted by a half each (equations 7 and 10).

Equations 5 and 8 put one matrix on the two vectors side by side. A sum of one number for each picture cannot say whether two
pictures agree, whatever the vectors are: such a head stays near chance. So a hidden layer stands between; ``hidden=0`` is the
published form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import ConfigError, InputError
from engine.layers.swin import PictureEncoder, swin_shape
from engine.modalities.pictures import Pictures
from engine.pretraining.loop import LoopConfig, Task
from engine.systems.contract import option

_JUDGED = 2048
_READ_TOGETHER = 256
_RESERVED = 20
"""One in so many pairs of items is never trained on."""


@dataclass(frozen=True)
class ConsistencyConfig(LoopConfig):
    """Options of ``pretrain glyphs`` and ``pretrain sounds``; ``batch_size`` counts pairs."""

    batch_size: int = option(128, minimum=1, maximum=65_536, help="pretraining.pairs.help")
    width: int = option(144, minimum=24, maximum=1536, help="pretraining.picture_width.help")
    depths: str = option("2,2", help="pretraining.depths.help")
    hidden: int = option(288, minimum=0, maximum=8192, help="pretraining.hidden.help")
    same: float = option(0.5, minimum=0, maximum=1, help="pretraining.same.help")
    consistency: float = option(0.5, minimum=0, maximum=1, help="pretraining.consistency.help")
    classification: float = option(0.5, minimum=0, maximum=1, help="pretraining.classification.help")
    shift: int = option(2, minimum=0, maximum=12, help="pretraining.shift.help")
    flip: bool = option(False, help="pretraining.flip.help")
    held_out: str = option("", help="pretraining.held_out.help")


class Pairs:
    """Pairs of pictures, half of them of one group; reserved pairs of items are only judged by."""

    def __init__(self, source: Pictures, rows: NDArray[np.int64], same: float) -> None:
        """Draw from some of the rows.

        Raises:
            InputError: if all of them are of one group.
        """
        self.source, self.same = source, same
        self.rows = rows[np.argsort(source.item[rows], kind="stable")]
        self.items, self.first, self.count = np.unique(source.item[self.rows], return_index=True, return_counts=True)
        groups = source.groups[self.items]
        if len(np.unique(groups)) < 2:
            raise InputError("pairs need pictures of at least two groups; give more characters or syllables")
        order = np.argsort(groups, kind="stable")
        self.items, self.first, self.count = self.items[order], self.first[order], self.count[order]
        self.group, self.start, self.size = np.unique(groups[order], return_index=True, return_counts=True)
        self.of = np.searchsorted(self.group, groups[order])

    def draw(self, count: int, random: np.random.Generator, *, reserved: bool = False) -> tuple[NDArray[np.int64], ...]:
        """Return the rows of the first and of the second pictures, ``[B]`` each."""
        firsts, seconds, found = [], [], 0
        while found < count:
            a, b = self._places(4 * count if reserved else count, random)
            low, high = np.minimum(self.items[a], self.items[b]), np.maximum(self.items[a], self.items[b])
            kept = _reserved(low, high) == reserved
            firsts.append(a[kept])
            seconds.append(b[kept])
            found += int(kept.sum())
        pair = (np.concatenate(firsts)[:count], np.concatenate(seconds)[:count])
        return tuple(self.rows[self.first[place] + random.integers(self.count[place])] for place in pair)

    def _places(self, count: int, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        a = random.integers(len(self.items), size=count)
        start, size = self.start[self.of[a]], self.size[self.of[a]]
        step = 1 + random.integers(np.maximum(size - 1, 1))
        alike = start + (a - start + np.where(size > 1, step, 0)) % size  # another of the group; itself where it has no other
        other = random.integers(np.maximum(len(self.items) - size, 1))
        unlike = np.where(other >= start, other + size, other)  # every item outside the group is as likely
        return a, np.where(random.random(count) < self.same, alike, unlike)


class Consistency(Task):
    """The encoder, its two heads, and the pairs it learns from."""

    def __init__(self, config: ConsistencyConfig, source: Pictures) -> None:
        """Make a task.

        Raises:
            ConfigError: if the variant to hold out is not there, or is the only one.
            InputError: if there are not pictures enough.
        """
        super().__init__()
        self.config, self.source = config, source
        held = np.zeros(len(source.item), bool)
        if config.held_out:
            if config.held_out not in source.variants or len(source.variants) < 2:
                raise ConfigError(f"held_out: {config.held_out!r} is not one of several: {', '.join(source.variants)}")
            held = source.variant == source.variants.index(config.held_out)
        self.pairs = Pairs(source, np.flatnonzero(~held), config.same)
        self.new_pairs = Pairs(source, np.flatnonzero(held), config.same) if config.held_out else None
        self.encoder = PictureEncoder(swin_shape(source.pictures.shape[1], width=config.width, depths=config.depths))
        self.agree = agreement_head(config.width, config.hidden)
        self.classify = nn.Linear(config.width, len(source.items))

    def batch(self, step: int, rank: int, processes: int) -> Mapping[str, Tensor]:
        """Return ``pictures [2B, C, 48, 48]``, ``classes [2B]`` and ``same [B]``."""
        random = np.random.default_rng((self.config.seed, step, rank))
        read = self._read(self.pairs.draw(self.config.batch_size, random))
        pictures = read["pictures"]
        if self.config.shift:
            pictures = _shifted(pictures, self.config.shift, random)
        if self.config.flip:
            flipped = torch.from_numpy(random.random(len(pictures)) < 0.5)
            pictures = torch.where(flipped[:, None, None, None], pictures.flip(-1), pictures)
        return {**read, "pictures": pictures}

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return equation 7, or 10."""
        vectors = self.encoder(batch["pictures"])
        agreed = self.agree(torch.cat(vectors.chunk(2), -1)).squeeze(-1).float()
        consistency = functional.binary_cross_entropy_with_logits(agreed, batch["same"])
        classification = functional.cross_entropy(self.classify(vectors).float(), batch["classes"])
        return self.config.consistency * consistency + self.config.classification * classification

    def units(self, batch: Mapping[str, Tensor]) -> int:
        """Return the number of pictures."""
        return len(batch["pictures"])

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """Return shares judged right: reserved pairs and their pictures, and the same in the variant never seen."""
        figures = self._judge(self.pairs, reserved=True)
        if self.new_pairs is not None:
            figures |= {f"held_out_{name}": value for name, value in self._judge(self.new_pairs, reserved=False).items()}
        return figures

    def _read(self, pair: Sequence[NDArray[np.int64]]) -> dict[str, Tensor]:
        items = self.source.item[np.concatenate(pair)]
        first, second = np.split(self.source.groups[items], 2)
        return {
            "pictures": self.source.read(np.concatenate(pair)),
            "classes": torch.from_numpy(items),
            "same": torch.from_numpy((first == second).astype(np.float32)),
        }

    def _judge(self, pairs: Pairs, *, reserved: bool) -> dict[str, float]:
        random = np.random.default_rng(0)
        device = next(self.parameters()).device
        agreed = classified = 0.0
        for _ in range(_JUDGED // _READ_TOGETHER):
            read = {
                name: tensor.to(device)
                for name, tensor in self._read(pairs.draw(_READ_TOGETHER, random, reserved=reserved)).items()
            }
            vectors = self.encoder(read["pictures"])
            said = self.agree(torch.cat(vectors.chunk(2), -1)).squeeze(-1) > 0
            agreed += float((said == read["same"].bool()).float().mean())
            classified += float((self.classify(vectors).argmax(-1) == read["classes"]).float().mean())
        rounds = _JUDGED // _READ_TOGETHER
        return {"pairs": agreed / rounds, "classes": classified / rounds}


def agreement_head(width: int, hidden: int) -> nn.Module:
    """Return what tells from two vectors side by side whether they agree: one matrix, or two with a hidden layer between."""
    if not hidden:
        return nn.Linear(2 * width, 1)
    return nn.Sequential(nn.Linear(2 * width, hidden), nn.GELU(), nn.Linear(hidden, 1))


def _reserved(low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which pairs of items are only judged by; the choice has nothing to do with their groups."""
    mixed = low.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) ^ high.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed = (mixed ^ mixed >> np.uint64(31)) * np.uint64(0x94D049BB133111EB)
    reserved: NDArray[np.bool_] = (mixed >> np.uint64(33)) % np.uint64(_RESERVED) == 0
    return reserved


def _shifted(pictures: Tensor, most: int, random: np.random.Generator) -> Tensor:
    """Move each picture by up to so many pixels along each axis."""
    padded = functional.pad(pictures, (most, most, most, most))
    moved: list[Any] = [
        picture[:, y : y + pictures.shape[2], x : x + pictures.shape[3]]
        for picture, (y, x) in zip(padded, random.integers(2 * most + 1, size=(len(pictures), 2)), strict=True)
    ]
    return torch.stack(moved)
