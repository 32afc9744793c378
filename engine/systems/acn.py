"""ACN: adaptive co-attention of characters and pictures on CNN-BiLSTM-CRF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.document import LabelSet
from engine.layers.co_attention import CONCATENATION, SUM, AdaptiveCoAttention
from engine.systems.contract import Batch, Paper, option
from engine.systems.encoder_tagger import CNN_BILSTM, ENCODER
from engine.systems.picture_tagger import RegionConfig, RegionTagger, Sight


@dataclass(frozen=True)
class AcnConfig(RegionConfig):
    """Options of ``acn``."""

    text: str = option(CNN_BILSTM, choices=(CNN_BILSTM, ENCODER), help="system.acn_text.help", structural=True)
    joined: str = option(SUM, choices=(SUM, CONCATENATION), help="system.joined.help", structural=True)


class Acn(RegionTagger):
    """A text side, a vision encoder, adaptive co-attention with a filtration gate, a CRF."""

    name = "acn"
    paper = Paper(
        "Adaptive Co-attention Network for Named Entity Recognition in Tweets (Zhang et al. 2018), as in CMNER (Ji et al. 2024)",
        2024,
        "the convolution goes over a character and its neighbours, since a character has no letters; in the similarity of a "
        "character and a region the two are added, not put side by side (joined=concatenation is the published form, in which "
        "every character looks the same way)",
    )
    Config = AcnConfig

    def __init__(self, config: AcnConfig, labels: LabelSet, encoder: Any, sight: Sight) -> None:
        """Make a system on a text side."""
        super().__init__(config, labels, encoder, sight)
        if self.looks:
            self.project = nn.Linear(sight.width, encoder.width)
            self.fusion = AdaptiveCoAttention(encoder.width, config.joined)
            self.join = nn.Linear(2 * encoder.width, encoder.width)

    def encode(self, batch: Batch) -> Tensor:
        """Return ``[B, T, H]``."""
        return self._fuse(batch)[0]

    def _fuse(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return fused vectors ``[B, T, H]``, where each character looks ``[B, T, S]``, and its filtration gate ``[B, T]``."""
        mask = batch.text.mask
        text = self.read(self.characters(batch), mask)
        if not self.looks:
            return text, text.new_zeros(*mask.shape, 0), torch.zeros_like(text[..., 0])
        regions = self.regions(batch)
        projected = torch.tanh(self.project(self.dropout(regions.vectors)))
        added, shares, filtration = self.fusion(text, projected, mask, regions.mask)
        return self.join(torch.cat((text, added), -1)), shares, filtration

    def looked(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return where each character looks, and how far its filtration gate is open."""
        return self._fuse(batch)[1:]
