"""M3T: cross-modal attention, and a masked CTC loss that aligns the speech with the characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from engine.document import Document, LabelSet
from engine.evidence import Alignment, Evidence
from engine.layers.masked_ctc import align, ctc_loss, sentence_log_probs, stretches
from engine.modalities.scripts import script_of
from engine.systems.cma import Cma
from engine.systems.contract import Batch, Output, Paper, option
from engine.systems.speech_tagger import VECTOR_SECONDS, Heard, SpeechConfig

SAID = "said"


@dataclass(frozen=True)
class M3tConfig(SpeechConfig):
    """Options of ``m3t``."""

    ctc: float = option(1.0, minimum=0, maximum=100, help="system.ctc.help")


class M3t(Cma):
    """CMA with one more task: every character of the sentence is found in the speech."""

    name = "m3t"
    emits = (*Cma.emits, "alignment")
    paper = Paper(
        "A Large-Scale Chinese Multimodal NER Dataset with Speech Clues (Sui et al., ACL 2021)",
        2021,
        "what is not said, as punctuation, is no target of the alignment; the acoustic encoder's layers normalise before their "
        "sub-layers",
    )
    Config = M3tConfig

    def __init__(self, config: M3tConfig, labels: LabelSet, encoder: Any) -> None:
        """Make a system on a text side."""
        super().__init__(config, labels, encoder)
        self.units = nn.Linear(encoder.width, encoder.vocabulary.size + 1)
        """The CTC projection: the blank, and a unit for each character."""

    def collate(self, documents: Sequence[Document]) -> Batch:
        """Add which characters are said, ``[B, T]``."""
        batch = super().collate(documents)
        said = torch.zeros_like(batch.text.mask)
        for row, document in enumerate(documents):
            said[row, list(script_of(document).said)] = True
        return replace(batch, features={**batch.features, SAID: said})

    def forward(self, batch: Batch) -> Output:
        """Return the loss L = Lcrf + ctc * Lctc (equation 3) and the emissions."""
        heard = self.listen(batch)
        output = self.judge(batch, self.fuse(batch, heard)[0])
        if output.loss is None:
            return output
        log_probs, targets = self._units(batch, heard)
        aligned = ctc_loss(log_probs, heard.mask, targets, batch.features[SAID])
        return Output(output.loss + self.config.ctc * aligned, output.emissions)

    def explain(self, batch: Batch) -> list[list[Evidence]]:
        """Add where each character is heard."""
        with torch.no_grad():
            heard = self.listen(batch)
            log_probs, targets = self._units(batch, heard)
        rows = zip(super().explain(batch), batch.documents, strict=True)
        return [
            [*found, self._alignment(len(document), row, heard, log_probs, targets, batch.features[SAID])]
            for row, (found, document) in enumerate(rows)
        ]

    def _units(self, batch: Batch, heard: Heard) -> tuple[Tensor, Tensor]:
        return sentence_log_probs(
            heard.vectors, self.units.weight, self.units.bias, batch.text.ids + 1, batch.features[SAID] & batch.text.mask
        )

    @staticmethod
    def _alignment(length: int, row: int, heard: Heard, log_probs: Tensor, targets: Tensor, said: Tensor) -> Alignment:
        places = said[row].nonzero().flatten().tolist()
        found = align(log_probs[row, heard.mask[row]], targets[row, said[row]])
        times = [(0.0, 0.0)] * length
        if found is None:
            return Alignment("alignment", tuple(times), 0.0)
        for place, stretch in zip(places, stretches(found, VECTOR_SECONDS), strict=True):
            times[place] = stretch
        return Alignment("alignment", tuple(times), found.confidence)
