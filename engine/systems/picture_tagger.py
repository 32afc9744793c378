"""What the systems that look at pictures have in common: a text side, a frozen vision encoder, and what was seen.

CMNER (Ji et al. 2024) gives a post up to eighteen pictures and averages their embeddings (section 4.2).
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.document import Document, LabelSet
from engine.errors import ConfigError
from engine.evidence import Evidence, Heatmap, RegionAttention
from engine.layers.seeing import Seen, Seer, grid_boxes
from engine.layers.vision_encoder import vision_encoder
from engine.modalities.images import MOST_IMAGES
from engine.modalities.text import CharacterVocabulary
from engine.systems.contract import Batch, Modality, Options, option
from engine.systems.encoder_tagger import EncoderConfig, EncoderTagger, text_side, text_side_of_shape

IMAGE = "image"
REGIONS, PICTURED = "regions", "pictured"
ALL, ONE, NONE = "all", "one", "none"
AVERAGE, BESIDE = "average", "beside"


@dataclass(frozen=True)
class PictureConfig(EncoderConfig):
    """Options of every system that looks at pictures."""

    vision: str = option("efficientnet-lite0", help="system.vision.help", structural=True)
    pictures: str = option(ALL, choices=(ALL, ONE, NONE), help="system.pictures.help", structural=True)
    blind: float = option(0.0, minimum=0, maximum=1, help="system.blind.help", retraining=False)


@dataclass(frozen=True)
class RegionConfig(PictureConfig):
    """Options of those that look at the regions of a grid over each picture."""

    several: str = option(AVERAGE, choices=(AVERAGE, BESIDE), help="system.several.help", structural=True)


@dataclass(frozen=True)
class Sight:
    """What a system has to know of its vision encoder before the first picture.

    Attributes:
        width: D, of its vectors.
        rows: of the grid of regions.
        columns: of the grid of regions.
        digest: of its weights.
    """

    width: int
    rows: int
    columns: int
    digest: str

    @classmethod
    def of(cls, name: str) -> Sight:
        """Look at an encoder.

        Raises:
            ConfigError: if it cannot be loaded.
        """
        encoder = vision_encoder(name)
        return cls(encoder.width, *encoder.grid, encoder.digest)


@dataclass(frozen=True)
class Regions:
    """Vectors of regions ``[B, S, H]``, and which of them there are, ``[B, S]``."""

    vectors: Tensor
    mask: Tensor


class PictureTagger(EncoderTagger):
    """Characters and pictures, each encoded by itself, fused; a CRF."""

    modalities = (Modality("text"), Modality(IMAGE, optional=True))
    detector: ClassVar[str] = ""

    def __init__(self, config: PictureConfig, labels: LabelSet, encoder: Any, sight: Sight, width: int = 0) -> None:
        """Make a system on a text side.

        Args:
            config: options.
            labels: entity types, and how they nest.
            encoder: reads the characters.
            sight: of the vision encoder.
            width: H, of the vectors that ``encode`` gives, if not the encoder's.
        """
        super().__init__(config, labels, encoder, width)
        self.sight = sight
        self.seer = Seer(config.vision, self.detector)

    @classmethod
    def build(cls, config: Options, labels: LabelSet, texts: Iterable[str]) -> PictureTagger:
        """Make a system on the named pre-trained encoders.

        Raises:
            ConfigError: if one of them cannot be loaded.
        """
        assert isinstance(config, PictureConfig)
        return cls(config, labels, text_side(config, texts), Sight.of(config.vision))

    @classmethod
    def restore(
        cls, config: Options, labels: LabelSet, vocabulary: CharacterVocabulary, shape: Mapping[str, Any]
    ) -> PictureTagger:
        """Make a system of a checkpoint's shape; the vision encoder, which is not in it, is loaded for the first picture."""
        assert isinstance(config, PictureConfig)
        encoder = {name: value for name, value in shape.items() if name != "sight"}
        return cls(config, labels, text_side_of_shape(config, vocabulary, encoder), Sight(**shape["sight"]))

    @classmethod
    def uses(cls, config: PictureConfig, modality: str) -> bool:
        """Tell whether a configuration makes use of a modality; of pictures only where it has a place for them."""
        return super().uses(config, modality) and (modality != IMAGE or config.pictures != NONE)

    @property
    def shape(self) -> dict[str, Any]:
        """Return the text encoder's settings, and what is known of the vision encoder."""
        return {**super().shape, "sight": asdict(self.sight)}

    @property
    def looks(self) -> bool:
        """Tell whether this configuration has a place for pictures."""
        return self.uses(self.config, IMAGE)

    def seen(self, document: Document) -> list[Seen | None]:
        """Return what is seen of the pictures that this configuration looks at.

        Raises:
            ConfigError: if the vision encoder is another than the system was trained with.
        """
        chosen = self._chosen(document)
        if not chosen:
            return []
        if self.seer.encoder.digest != self.sight.digest:
            raise ConfigError(
                f"the vision encoder {self.config.vision!r} has other weights than this system was trained with; "
                "put those it had back in their place, or leave the pictures out"
            )
        return self.seer.see(replace(document, images=chosen))

    def looked_at(self, document: Document) -> tuple[str, ...]:
        """Return the pictures that this configuration looks at: all, none, or one that is drawn by the document's name."""
        return self._chosen(document)[:MOST_IMAGES]

    def remember_in(self, folder: Path) -> None:
        """Keep what is seen of pictures there."""
        if self.looks:
            self.seer.remember_in(folder)

    def _chosen(self, document: Document) -> tuple[str, ...]:
        images = document.images if self.looks else ()
        if self.config.pictures == ALL or len(images) < 2:
            return images
        # the same one in every epoch, whatever else the corpus holds
        drawn = int.from_bytes(hashlib.sha256(document.id.encode("utf-8", "surrogatepass")).digest()[:8], "big")
        return (images[drawn % len(images)],)

    def without(self, batch: Batch, modality: str) -> Batch:
        """Return a batch in which nothing is seen of the pictures: of what says which of them there are, all is false."""
        if modality != IMAGE or not self.looks:
            return super().without(batch, modality)
        there = {name: torch.zeros_like(values) for name, values in batch.features.items() if values.dtype == torch.bool}
        return replace(batch, features={**batch.features, **there})

    def shown(self, mask: Tensor) -> Tensor:
        """Return which pictures are looked at, of those there are ``[B, ...]``; in training a share of documents has none."""
        if not (self.training and self.config.blind):
            return mask
        kept: Tensor = torch.rand(len(mask), device=mask.device) >= self.config.blind
        return mask & kept.view(-1, *(1 for _ in mask.shape[1:]))


class RegionTagger(PictureTagger):
    """A system that looks at the regions of a grid over each picture."""

    emits: ClassVar[tuple[str, ...]] = ("label_probabilities", "alternatives", "region_attention", "visual_gate")

    @property
    def evidence_names(self) -> tuple[str, ...]:
        """Return what is given; of pictures only where they are looked at."""
        return self.emits if self.looks else ("label_probabilities", "alternatives")

    def collate(self, documents: Sequence[Document]) -> Batch:
        """Add the regions of each picture, ``[B, I, R, D]``, and which pictures there are, ``[B, I]``."""
        batch = super().collate(documents)
        if not self.looks:
            return batch
        found = [self.seen(document) for document in documents]
        size = (self.sight.rows * self.sight.columns, self.sight.width)
        regions, pictured = padded([[None if seen is None else seen.regions for seen in several] for several in found], size)
        return Batch(batch.documents, batch.text, batch.tags, batch.possible, {REGIONS: regions, PICTURED: pictured})

    def regions(self, batch: Batch) -> Regions:
        """Return the regions of all pictures, ``[B, S, D]``: averaged over the pictures, or one picture's beside the other's."""
        vectors, pictured = batch.features[REGIONS], self.shown(batch.features[PICTURED])
        if self.config.several == BESIDE:
            return Regions(vectors.flatten(1, 2), pictured.repeat_interleave(vectors.shape[2], 1))
        shown = pictured[..., None, None].to(vectors.dtype)
        mean = (vectors * shown).sum(1) / shown.sum(1).clamp(min=1)
        return Regions(mean, pictured.any(1, keepdim=True).expand(-1, vectors.shape[2]))

    @abstractmethod
    def looked(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return what each character gives to each region, ``[B, T, S]``, and how far its visual gate is open, ``[B, T]``."""

    def explain(self, batch: Batch) -> list[list[Evidence]]:
        """Add where each character looks, and how far its visual gate is open."""
        found = super().explain(batch)
        if not self.looks:
            return found
        with torch.no_grad():
            shares, gates = self.looked(batch)
        for row, (items, length) in enumerate(zip(found, batch.text.mask.sum(1).tolist(), strict=True)):
            attention = self._attention(batch, row, shares[row, :length])
            open_at = (tuple(gates[row, :length].float().tolist()),) if any(attention.boxes) else ()
            items += [attention, Heatmap("visual_gate", ("pictures",) * len(open_at), open_at)]
        return found

    def _attention(self, batch: Batch, row: int, shares: Tensor) -> RegionAttention:
        """Return where the characters of a document look, of the shares that they give to the regions, ``[T, S]``."""
        there = batch.features[PICTURED][row, : len(self.looked_at(batch.documents[row]))].tolist()
        grid, values = grid_boxes(self.sight.rows, self.sight.columns), shares.float().tolist()
        drawn = []
        for place, visible in enumerate(there):
            start = place * len(grid) if self.config.several == BESIDE else 0
            drawn.append(tuple(tuple(value[start : start + len(grid)]) if visible else () for value in values))
        return RegionAttention("region_attention", tuple(grid if visible else () for visible in there), tuple(drawn))


def padded(found: Sequence[Sequence[NDArray[np.float16] | None]], size: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return the vectors of each document's pictures, ``[B, I, *size]``, and which there are, ``[B, I]``."""
    most = max(map(len, found), default=0)
    vectors = torch.zeros(len(found), most, *size)
    there = torch.zeros(len(found), most, dtype=torch.bool)
    for row, several in enumerate(found):
        for place, values in enumerate(several):
            if values is not None:
                vectors[row, place] = torch.from_numpy(values.astype(np.float32))
                there[row, place] = True
    return vectors, there
