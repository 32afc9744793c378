"""MMI: the multimodal interaction module of UMT with speech in the place of image regions; a CRF."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from engine.document import LabelSet
from engine.layers.cross_modal import MultimodalInteraction
from engine.systems.contract import Batch, Paper
from engine.systems.speech_tagger import Heard, SpeechConfig, SpeechTagger


class Mmi(SpeechTagger):
    """A text side, the acoustic encoder, multimodal interaction, a CRF."""

    name = "mmi"
    paper = Paper(
        "Improving Multimodal Named Entity Recognition via Entity Span Detection with Unified Multimodal Transformer "
        "(Yu et al. 2020), as in CNERTA (Sui et al. 2021)",
        2021,
        "the interaction module alone, as CNERTA takes it: no further layer on the text side, no detection of spans; the "
        "acoustic encoder's layers normalise before their sub-layers",
    )
    Config = SpeechConfig

    def __init__(self, config: SpeechConfig, labels: LabelSet, encoder: Any) -> None:
        """Make a system on a text side."""
        super().__init__(config, labels, encoder, 2 * encoder.width)
        self.fusion = MultimodalInteraction(encoder.width, config.heads, config.dropout)

    def fuse(self, batch: Batch, heard: Heard) -> tuple[Tensor, Tensor]:
        """Return fused vectors ``[B, T, 2H]`` and shares ``[B, heads, T, S]``."""
        text = self.read(self.characters(batch), batch.text.mask)
        fused, shares, _ = self.fusion(text, heard.vectors, batch.text.mask, heard.mask)
        return fused, shares
