"""M3T: cross-modal attention, and a masked CTC loss that aligns the speech with the characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from engine.document import Document, LabelSet
from engine.errors import ConfigError
from engine.evidence import Alignment, Evidence
from engine.layers.cross_modal import PlaceBias
from engine.layers.masked_ctc import ForcedAlignment, align_all, ctc_loss, sentence_log_probs, stretches
from engine.modalities.scripts import said_of
from engine.systems.cma import Cma
from engine.systems.contract import Batch, Output, Paper, option
from engine.systems.speech_tagger import VECTOR_SECONDS, Heard, SpeechConfig

SAID = "said"
ALIGNED, ANYWHERE = "aligned", "anywhere"


@dataclass(frozen=True)
class M3tConfig(SpeechConfig):
    """Options of ``m3t``."""

    ctc: float = option(1.0, minimum=0, maximum=100, help="system.ctc.help")
    attend: str = option(ALIGNED, choices=(ALIGNED, ANYWHERE), help="system.attend.help", structural=True)


class M3t(Cma):
    """CMA with one more task: every character of the sentence is found in the speech.

    Published, a character's attention is free to go anywhere, and has to learn from the CRF's loss alone that the speech of its
    own place matters; from a few thousand sentences it does not. So its heads are led there by the alignment that CTC learns:
    each adds to its similarities what it has learned for the distance from where the character is first heard. Where that cannot
    be told, as of punctuation, attention is free.
    """

    name = "m3t"
    emits = (*Cma.emits, "alignment")
    paper = Paper(
        "A Large-Scale Chinese Multimodal NER Dataset with Speech Clues (Sui et al., ACL 2021)",
        2021,
        "a character's heads look around where the alignment hears it (attend=anywhere is the published form); what is not said, "
        "as punctuation, is no target of the alignment; the acoustic encoder's layers normalise before their sub-layers",
    )
    Config = M3tConfig

    def __init__(self, config: M3tConfig, labels: LabelSet, encoder: Any) -> None:
        """Make a system on a text side.

        Raises:
            ConfigError: if that reads word pieces.
        """
        if encoder.vocabulary.pieces is not None:
            raise ConfigError(
                "pieces: m3t finds each character in the speech, so it has to read them one by one; leave pieces out"
            )
        super().__init__(config, labels, encoder)
        self.units = nn.Linear(encoder.width, encoder.vocabulary.size + 1)
        """The CTC projection: the blank, and a unit for each character."""
        self.near = PlaceBias(config.heads) if config.attend == ALIGNED else None

    def collate(self, documents: Sequence[Document]) -> Batch:
        """Add which characters are said, ``[B, T]``."""
        batch = super().collate(documents)
        said = torch.zeros_like(batch.text.mask)
        for row, document in enumerate(documents):
            said[row, list(said_of(document))] = True
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

    def bias(self, batch: Batch, heard: Heard) -> Tensor | None:
        """Lead the heads of a character to the place where it is heard."""
        return None if self.near is None else self.near(self._places(batch, heard), heard.vectors.shape[1])

    def _places(self, batch: Batch, heard: Heard) -> Tensor:
        """Return which vector each character is first heard in, ``[B, T]``; -1 for what is not said or cannot be aligned."""
        places = torch.full_like(batch.text.ids, -1)
        with torch.no_grad():
            log_probs, targets = self._units(batch, heard)
        said = batch.features[SAID] & batch.text.mask
        for row, found in enumerate(align_all(log_probs, heard.mask, targets, said)):
            if found is not None:
                places[row, said[row]] = torch.tensor(found.first, device=places.device)
        return places

    def explain(self, batch: Batch) -> list[list[Evidence]]:
        """Add where each character is heard."""
        with torch.no_grad():
            heard = self.listen(batch)
            log_probs, targets = self._units(batch, heard)
        aligned = align_all(log_probs, heard.mask, targets, batch.features[SAID])
        rows = zip(super().explain(batch), batch.documents, aligned, batch.features[SAID], strict=True)
        return [[*evidence, _alignment(found, said, len(document))] for evidence, document, found, said in rows]

    def _units(self, batch: Batch, heard: Heard) -> tuple[Tensor, Tensor]:
        return sentence_log_probs(
            heard.vectors, self.units.weight, self.units.bias, batch.text.ids + 1, batch.features[SAID] & batch.text.mask
        )


def _alignment(found: ForcedAlignment | None, said: Tensor, length: int) -> Alignment:
    times = [(0.0, 0.0)] * length
    if found is None:
        return Alignment("alignment", tuple(times), 0.0)
    for place, stretch in zip(said.nonzero().flatten().tolist(), stretches(found, VECTOR_SECONDS), strict=True):
        times[place] = stretch
    return Alignment("alignment", tuple(times), found.confidence)
