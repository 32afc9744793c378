"""UMT: characters and the regions of pictures in one multimodal Transformer, and the detection of spans beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.document import LabelSet
from engine.layers.crf import CRF
from engine.layers.cross_modal import MultimodalInteraction
from engine.systems.contract import SCHEME, Batch, Output, Paper, option
from engine.systems.picture_tagger import NONE, RegionConfig, RegionTagger, Sight
from engine.tag_set import TagSet
from engine.tags import split_tag

_SPAN = "SPAN"
_SHARE = 0.25
"""What of a span tag each label gets: as published, one of four types; more labels would not change what is known of these."""


@dataclass(frozen=True)
class UmtConfig(RegionConfig):
    """Options of ``umt``."""

    heads: int = option(4, minimum=1, maximum=64, help="system.heads.help", structural=True)
    detection: float = option(0.5, minimum=0, maximum=100, help="system.detection.help")
    conversion: float = option(0.5, minimum=0, maximum=1, help="system.conversion.help", structural=True)


class Umt(RegionTagger):
    """A text encoder, a vision encoder, multimodal interaction with a visual gate, auxiliary detection of spans, a CRF.

    Yu et al. (2020), sections 2.2 to 2.4. One Transformer layer of its own on the encoder reads for the entities, another one for
    their spans alone: a second CRF over begin, inside, end, single and outside learns from these, and what it says is handed to
    the entities' emissions by the conversion matrix, which gives every label the same share of its span tag.
    """

    shares: Tensor
    belongs: Tensor

    name = "umt"
    paper = Paper(
        "Improving Multimodal Named Entity Recognition via Entity Span Detection with Unified Multimodal Transformer "
        "(Yu et al. 2020), as in CMNER (Ji et al. 2024)",
        2024,
        "spans in BIOES instead of BIO; of a nested model the outermost mentions are detected; several=beside lets characters "
        "look at the regions of each picture instead of their average",
    )
    Config = UmtConfig

    def __init__(self, config: UmtConfig, labels: LabelSet, encoder: Any, sight: Sight) -> None:
        """Make a system on a text encoder."""
        looks = config.pictures != NONE
        super().__init__(config, labels, encoder, sight, (2 if looks else 1) * encoder.width)
        width = encoder.width
        self.main, self.aside = (_layer(width, config.heads, config.dropout) for _ in range(2))
        if looks:
            self.project = nn.Linear(sight.width, width)
            self.fusion = MultimodalInteraction(width, config.heads, config.dropout)
        self.spans = TagSet(LabelSet((_SPAN,)), SCHEME)
        self.detect = nn.Linear(width, len(self.spans))
        self.detect_crf = CRF(self.spans.stacks, SCHEME)
        shares, belongs = _conversion(self.tags, self.spans)
        self.register_buffer("shares", shares, persistent=False)
        self.register_buffer("belongs", belongs, persistent=False)

    def encode(self, batch: Batch) -> Tensor:
        """Return ``[B, T, 2H]``."""
        return self._fuse(batch, self.read(self.characters(batch), batch.text.mask))[0]

    def forward(self, batch: Batch) -> Output:
        """Return the loss Lner + detection * Lesd and the converted emissions, sections 2.4 and 2.5."""
        text = self.read(self.characters(batch), batch.text.mask)
        spans = self.detect(self.dropout(_read(self.aside, text, batch.text.mask)))
        own = self.emit(self.dropout(self._fuse(batch, text)[0]))
        conversion = self.config.conversion
        output = self.score(batch, (1 - conversion) * own + conversion * spans @ self.shares)
        if output.loss is None or batch.tags is None:
            return output
        return Output(output.loss + self.config.detection * self._detection_loss(batch, spans), output.emissions)

    def _detection_loss(self, batch: Batch, emissions: Tensor) -> Tensor:
        assert batch.tags is not None
        if batch.possible is None:
            return self.detect_crf.loss(emissions, self.belongs.to(torch.uint8).argmax(0)[batch.tags], batch.text.mask)
        possible = (batch.possible[:, :, None] & self.belongs).any(-1)
        return self.detect_crf.partial_loss(emissions, possible, batch.text.mask)

    def _fuse(self, batch: Batch, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return fused vectors ``[B, T, 2H]``, where each character looks ``[B, T, S]``, and its visual gate ``[B, T]``."""
        mask = batch.text.mask
        read = _read(self.main, text, mask)
        if not self.looks:
            return read, text.new_zeros(*mask.shape, 0), torch.zeros_like(text[..., 0])
        regions = self.regions(batch)
        fused, shares, gates = self.fusion(read, self.project(self.dropout(regions.vectors)), mask, regions.mask)
        return fused, shares.mean(1), gates

    def looked(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return where each character looks, and how far its visual gate is open."""
        return self._fuse(batch, self.read(self.characters(batch), batch.text.mask))[1:]


def _layer(width: int, heads: int, dropout: float) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, activation="gelu", batch_first=True)


def _read(layer: nn.TransformerEncoderLayer, vectors: Tensor, mask: Tensor) -> Tensor:
    empty = ~mask.any(1, keepdim=True)  # an empty row has to attend to something
    read: Tensor = layer(vectors, src_key_padding_mask=~(mask | empty))
    return read


def _conversion(tags: TagSet, spans: TagSet) -> tuple[Tensor, Tensor]:
    """Return the share of each entity tag in each span tag, and which belong to which, ``[span tags, entity tags]`` both."""
    belongs = torch.zeros(len(spans), len(tags), dtype=torch.bool)
    for i, stack in enumerate(tags.stacks):
        outermost = (f"{split_tag(stack[0], SCHEME)[0]}-{_SPAN}",) if stack else ()
        belongs[spans.index[outermost], i] = True
    shares = belongs * _SHARE
    shares[spans.index[()], tags.index[()]] = 1.0
    return shares, belongs
