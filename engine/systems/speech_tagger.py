"""What CNERTA's systems have in common: a text side, the acoustic encoder, and what was heard of each document.

"A Large-Scale Chinese Multimodal NER Dataset with Speech Clues" (Sui et al. 2021), sections 4.3 and 5.3. A subclass says how
characters and speech are fused (``fuse``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from engine.document import Document, LabelSet
from engine.errors import ConfigError
from engine.evidence import Evidence, Pauses, SpeechAttention
from engine.layers.acoustic_encoder import SUBSAMPLING, AcousticEncoder
from engine.layers.spec_augment import spec_augment
from engine.modalities.hearing import heard, heard_pauses
from engine.modalities.speech import BANDS, FRAME_SHIFT
from engine.systems.contract import Batch, Modality, option
from engine.systems.encoder_tagger import BILSTM, ENCODER, EncoderConfig, EncoderTagger

SPEECH, SPOKEN = "speech", "spoken"
VECTOR_SECONDS = SUBSAMPLING * FRAME_SHIFT
"""That a speech vector stands for."""


@dataclass(frozen=True)
class SpeechConfig(EncoderConfig):
    """Options of every system that listens."""

    text: str = option(ENCODER, choices=(ENCODER, BILSTM), help="system.text.help", structural=True)
    acoustic_layers: int = option(6, minimum=1, maximum=24, help="system.acoustic_layers.help", structural=True)
    heads: int = option(4, minimum=1, maximum=64, help="system.heads.help", structural=True)
    mute: float = option(0.0, minimum=0, maximum=1, help="system.mute.help", retraining=False)
    spec_augment: bool = option(True, help="system.spec_augment.help", retraining=False)


@dataclass(frozen=True)
class Heard:
    """Speech vectors ``[B, S, H]``, and which of them stand for speech, ``[B, S]``."""

    vectors: Tensor
    mask: Tensor


class SpeechTagger(EncoderTagger):
    """Characters and speech, each encoded by itself, fused; a CRF."""

    modalities = (Modality("text"), Modality(SPEECH, optional=True))
    emits: ClassVar[tuple[str, ...]] = ("label_probabilities", "alternatives", "speech_attention", "pauses")

    def __init__(self, config: SpeechConfig, labels: LabelSet, encoder: Any, width: int = 0) -> None:
        """Make a system on a text side, a :class:`TextEncoder` or a :class:`RecurrentEncoder`.

        Raises:
            ConfigError: if the heads do not divide the width.
        """
        if encoder.width % config.heads:
            raise ConfigError(f"heads: {config.heads} do not divide a width of {encoder.width}; choose a number that does")
        super().__init__(config, labels, encoder, width)
        self.acoustic = AcousticEncoder(BANDS, encoder.width, config.acoustic_layers, config.heads, config.dropout)

    def collate(self, documents: Sequence[Document]) -> Batch:
        """Add to the characters what is heard: filter banks ``[B, F, 80]``, and which frames there are, ``[B, F]``."""
        batch = super().collate(documents)
        found = [heard(document) for document in documents]
        lengths = [0 if features is None else len(features) for features in found]
        speech = torch.zeros(len(documents), max(lengths, default=0), BANDS)
        for row, features in enumerate(found):
            if features is not None:
                speech[row, : len(features)] = torch.from_numpy(features.astype(np.float32))
        spoken = torch.arange(speech.shape[1])[None] < torch.tensor(lengths, dtype=torch.long)[:, None]
        return replace(batch, features={SPEECH: speech, SPOKEN: spoken})

    def without(self, batch: Batch, modality: str) -> Batch:
        """Return a batch in which nothing is heard."""
        if modality != SPEECH:
            return super().without(batch, modality)
        return replace(batch, features={**batch.features, SPOKEN: torch.zeros_like(batch.features[SPOKEN])})

    def listen(self, batch: Batch) -> Heard:
        """Encode the speech; in training stretches and bands of it are masked, and of some documents all."""
        speech, spoken = batch.features[SPEECH], batch.features[SPOKEN]
        if self.training and self.config.mute:
            spoken = spoken & (torch.rand(len(spoken), 1) >= self.config.mute).to(spoken.device)
        if self.training and self.config.spec_augment:
            speech = spec_augment(speech, spoken, torch.default_generator)
        return Heard(*self.acoustic(speech, spoken))

    @abstractmethod
    def fuse(self, batch: Batch, heard: Heard) -> tuple[Tensor, Tensor]:
        """Return fused vectors ``[B, T, H]``, and the share of each speech vector for each character, ``[B, heads, T, S]``."""

    def encode(self, batch: Batch) -> Tensor:
        """Return ``[B, T, H]``."""
        return self.fuse(batch, self.listen(batch))[0]

    def explain(self, batch: Batch) -> list[list[Evidence]]:
        """Add where each character listens, and where the speech pauses."""
        with torch.no_grad():
            heard = self.listen(batch)
            shares = self.fuse(batch, heard)[1].float()
        characters, vectors = batch.text.mask.sum(1).tolist(), heard.mask.sum(1).tolist()
        return [
            [*found, _attention(shares[row, :, :t, :s]), Pauses("pauses", heard_pauses(document))]
            for row, (found, document, t, s) in enumerate(
                zip(super().explain(batch), batch.documents, characters, vectors, strict=True)
            )
        ]


def _attention(shares: Tensor) -> SpeechAttention:
    heads = tuple(tuple(tuple(row) for row in head) for head in shares.tolist())
    mean = tuple(tuple(row) for row in shares.mean(0).tolist())
    return SpeechAttention("speech_attention", VECTOR_SECONDS, mean, heads)
