"""DGHC: pictures as a prefix in every attention layer, corrected by their correlation with the text, and gated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.document import Document, LabelSet
from engine.evidence import Correlation, Evidence, Gates, RegionAttention
from engine.layers import visual_gates
from engine.layers.seeing import PROPOSED, WHOLE, Seen, Seer
from engine.layers.text_encoder import TextEncoder
from engine.layers.visual_prefix import Prefix, take_prefixes
from engine.modalities.objects import MOST_OBJECTS
from engine.modalities.text import TextFeatures
from engine.systems.contract import Batch, Output, Paper, option
from engine.systems.picture_tagger import ALL, NONE, PictureConfig, PictureTagger, Sight
from engine.variants import known_pictures

BLOCKS, PRESENT = "blocks", "present"
_WITH_PICTURES = ("dynamic_gates", "correlation", "region_attention")


@dataclass(frozen=True)
class DghcConfig(PictureConfig):
    """Options of ``dghc``; ``correlation``, ``gates`` and ``objects`` are the paper's ablations."""

    correlation: bool = option(True, help="system.correlation.help", structural=True)
    gates: bool = option(True, help="system.gates.help", structural=True)
    objects: bool = option(True, help="system.objects.help", structural=True)
    detector: str = option(PROPOSED, help="system.detector.help")
    matching: float = option(0.0, minimum=0, maximum=100, help="system.matching.help")


class Dghc(PictureTagger):
    """A text encoder with a visual prefix in each layer, a vision encoder, a CRF.

    Liu et al. (2024), equations 1 to 17. Each picture has c visual blocks: the whole of it and up to three objects. With several
    pictures each is corrected by its own correlation and gated by itself, and all of their blocks stand in the prefix; with one
    this is the published form.
    """

    encoder: TextEncoder

    name = "dghc"
    emits: ClassVar[tuple[str, ...]] = ("label_probabilities", "alternatives", *_WITH_PICTURES)
    paper = Paper(
        "DGHC: A Hybrid Algorithm for Multi-Modal Named Entity Recognition Using Dynamic Gating and Correlation Coefficients "
        "With Visual Enhancements (Liu et al. 2024)",
        2024,
        "the vision encoder is frozen, and its vectors are projected to the width of the text encoder; several pictures; the "
        "text's own vector is that of the begin mark in a reading without pictures; matching adds a loss, not published, that "
        "tells the pictures that have to do with a text from others",
    )
    Config = DghcConfig

    def __init__(self, config: DghcConfig, labels: LabelSet, encoder: Any, sight: Sight) -> None:
        """Make a system on a text encoder.

        Raises:
            ConfigError: if the encoder takes no prefix.
        """
        super().__init__(config, labels, encoder, sight)
        self.seer = Seer(config.vision, config.detector if config.objects else "")
        if config.pictures == NONE:
            return
        layers, width = take_prefixes(encoder), encoder.width
        self.project = nn.Sequential(nn.Linear(sight.width, width), nn.LayerNorm(width))
        self.correlate = visual_gates.Correlation(width) if config.correlation else None
        self.gate = visual_gates.DynamicGates(layers, self.blocks, width) if config.gates else None
        self.prefix = visual_gates.VisualPrefix(layers, width)

    @property
    def blocks(self) -> int:
        """Return c."""
        return 1 + MOST_OBJECTS if self.config.objects else 1

    @property
    def evidence_names(self) -> tuple[str, ...]:
        """Return what this configuration gives."""
        off = {"correlation": not self.config.correlation, "dynamic_gates": not self.config.gates}
        return tuple(name for name in self.emits if not off.get(name) and (self.looks or name not in _WITH_PICTURES))

    def collate(self, documents: Sequence[Document]) -> Batch:
        """Add the visual blocks of each picture, ``[B, I, c, D]``, and which there are, ``[B, I, c]``."""
        batch = super().collate(documents)
        if not self.looks:
            return batch
        found = [[None if seen is None else self._blocks(seen) for seen in self.seen(document)] for document in documents]
        most = max(map(len, found), default=0)
        blocks = torch.zeros(len(documents), most, self.blocks, self.sight.width)
        present = torch.zeros(len(documents), most, self.blocks, dtype=torch.bool)
        for row, several in enumerate(found):
            for place, vectors in enumerate(several):
                if vectors is not None:
                    blocks[row, place, : len(vectors)] = torch.from_numpy(vectors)
                    present[row, place, : len(vectors)] = True
        return Batch(batch.documents, batch.text, batch.tags, batch.possible, {BLOCKS: blocks, PRESENT: present})

    def _blocks(self, seen: Seen) -> NDArray[np.float32]:
        objects = seen.objects[: self.blocks - 1]
        return np.concatenate((seen.whole[None], objects)).astype(np.float32)

    def encode(self, batch: Batch) -> Tensor:
        """Return ``[B, T, H]``."""
        return self._read(batch, self._look(batch, self.characters(batch)))

    def forward(self, batch: Batch) -> Output:
        """Return the CRF's loss, with that of matching where it is asked for, and the emissions."""
        looked = self._look(batch, self.characters(batch))
        output = self.judge(batch, self._read(batch, looked))
        if output.loss is None or looked is None or self.correlate is None or not self.config.matching:
            return output
        return Output(output.loss + self.config.matching * self._matching(looked, batch.documents), output.emissions)

    def _matching(self, looked: _Looked, documents: Sequence[Document]) -> Tensor:
        """Tell the pictures that have to do with each text from all others in the batch, by what the correlation is the tanh of.

        A text's own pictures have to do with it, unless the corpus says of one that it has not.
        """
        assert self.correlate is not None
        there = looked.present[..., 0]
        rows, places = there.nonzero(as_tuple=True)
        texts = there.any(1).nonzero()[:, 0]
        fits = [self._fits(documents[row], place) for row, place in there.nonzero().tolist()]
        own = (texts[:, None] == rows) & torch.tensor(fits, dtype=torch.bool, device=rows.device)
        if not own.any() or own.all():
            return looked.text.new_zeros(())
        scores = self.correlate.score(looked.text[texts], looked.whole[rows, places][None]).float()  # [texts, pictures]
        target = own.to(scores.dtype)
        weights = target / target.sum() + (1 - target) / (1 - target).sum()  # as much of the ones as of the others
        loss = nn.functional.binary_cross_entropy_with_logits(scores, target, weights, reduction="sum") / 2
        return loss

    def _fits(self, document: Document, place: int) -> bool:
        known = known_pictures(document) if self.config.pictures == ALL else None
        return known is None or known[place]

    def _look(self, batch: Batch, ids: Tensor) -> _Looked | None:
        """Return what the pictures of a batch become; nothing if there are none."""
        if not self.looks or not batch.features[BLOCKS].shape[1]:
            return None
        blocks = self.project(self.dropout(batch.features[BLOCKS]))  # [B, I, c, H]
        present = self.shown(batch.features[PRESENT])
        features = TextFeatures(ids, batch.text.mask)
        text = self.encoder.marked(features)[:, 0] if self.correlate is not None else blocks[:, 0, 0]
        corrected, matched = (blocks, None) if self.correlate is None else self.correlate(text, blocks)
        if self.gate is not None:
            gates = self.gate(corrected, present)
        else:
            gates = present.to(corrected.dtype).expand(self._layers, *present.shape)
        keys, values = self.prefix(gates[..., None] * corrected)
        return _Looked(text, blocks[:, :, 0], present, matched, gates, Prefix(keys, values, present.flatten(1)), ids)

    def _read(self, batch: Batch, looked: _Looked | None) -> Tensor:
        if looked is None:
            return self.read(self.characters(batch), batch.text.mask)
        vectors: Tensor = self.encoder(TextFeatures(looked.ids, batch.text.mask), prefix=looked.prefix)
        return vectors

    @property
    def _layers(self) -> int:
        return len(self.prefix.layers)

    def explain(self, batch: Batch) -> list[list[Evidence]]:
        """Add each layer's gates, the correlation of each picture, and which blocks each character looks at."""
        found = super().explain(batch)
        if not self.looks:
            return found
        with torch.no_grad():
            looked = self._look(batch, batch.text.ids)
            shares = self._shares(batch, looked)
        for row, (items, document) in enumerate(zip(found, batch.documents, strict=True)):
            seen = self.seen(document)
            present = [] if looked is None else looked.present[row, : len(seen)].tolist()
            gates = None if looked is None else looked.gates[:, row, : len(seen)]
            if self.config.gates:
                items.append(_gates(gates, present, self.blocks))
            if self.config.correlation:
                matched = [] if looked is None or looked.matched is None else looked.matched[row, : len(seen)].tolist()
                there = [any(blocks) for blocks in present]
                items.append(Correlation("correlation", tuple(m if t else 0.0 for m, t in zip(matched, there, strict=True))))
            boxes = tuple((WHOLE, *one.boxes[: self.blocks - 1]) if one else () for one in seen)
            own = shares[row, : len(document)].tolist()
            values = tuple(
                tuple(tuple(share[place * self.blocks : place * self.blocks + len(regions)]) for share in own)
                for place, regions in enumerate(boxes)
            )
            items.append(RegionAttention("region_attention", boxes, values))
        return found

    def _shares(self, batch: Batch, looked: _Looked | None) -> Tensor:
        """Return what each character gives to each block, the mean over the layers, ``[B, T, I * c]``."""
        if looked is None:
            return torch.zeros(*batch.text.mask.shape, 0)
        looked.prefix.shares = []
        self._read(batch, looked)
        shares = self.encoder.spread(TextFeatures(looked.ids, batch.text.mask), torch.stack(looked.prefix.shares).mean(0))
        return shares[:, 1 : batch.text.mask.shape[1] + 1]


@dataclass
class _Looked:
    """What the pictures of a batch become.

    Attributes:
        text: the texts' own vectors, ``[B, H]``.
        whole: of each picture, ``[B, I, H]``.
        present: which blocks there are, ``[B, I, c]``.
        matched: M, ``[B, I]``.
        gates: ``[layers, B, I, c]``.
        prefix: of each layer.
        ids: the characters as they were read.
    """

    text: Tensor
    whole: Tensor
    present: Tensor
    matched: Tensor | None
    gates: Tensor
    prefix: Prefix
    ids: Tensor


def _gates(gates: Tensor | None, present: list[list[bool]], blocks: int) -> Gates:
    """Return the gates of a document's pictures ``[layers, I, c]`` as evidence: column ``1.0`` is the whole of the first."""
    sources = tuple(f"{picture}.{block}" for picture in range(1, len(present) + 1) for block in range(blocks))
    values = () if gates is None or not sources else tuple(tuple(row) for row in gates.flatten(1).float().tolist())
    return Gates("dynamic_gates", sources if values else (), values)
