"""CMA: characters attend to speech by cross-modal attention; a CRF."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from engine.document import LabelSet
from engine.layers.cross_modal import CrossModalAttention
from engine.systems.contract import Batch, Paper
from engine.systems.speech_tagger import Heard, SpeechConfig, SpeechTagger


class Cma(SpeechTagger):
    """A text side, the acoustic encoder, cross-modal attention, a CRF."""

    name = "cma"
    paper = Paper(
        "Multimodal Transformer for Unaligned Multimodal Language Sequences (Tsai et al. 2019), as in CNERTA (Sui et al. 2021)",
        2021,
        "the acoustic encoder's layers normalise before their sub-layers; a document without speech has nothing added",
    )
    Config = SpeechConfig

    def __init__(self, config: SpeechConfig, labels: LabelSet, encoder: Any) -> None:
        """Make a system on a text side."""
        super().__init__(config, labels, encoder)
        self.fusion = CrossModalAttention(encoder.width, config.heads, config.dropout)

    def fuse(self, batch: Batch, heard: Heard) -> tuple[Tensor, Tensor]:
        """Return fused vectors ``[B, T, H]`` and shares ``[B, heads, T, S]``; equation 1 of CNERTA."""
        text = self.read(self.characters(batch), batch.text.mask)
        fused: tuple[Tensor, Tensor] = self.fusion(text, heard.vectors, batch.text.mask, heard.mask, self.bias(batch, heard))
        return fused

    def bias(self, batch: Batch, heard: Heard) -> Tensor | None:
        """Return what is added to the similarities of characters and speech, ``[B, heads, T, S]``; nothing here."""
        return None
