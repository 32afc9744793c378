"""BiLSTM-CRF over characters and hashed character bigrams: trained from scratch, quick on any CPU."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.document import LabelSet
from engine.layers.bigrams import HashedBigrams
from engine.layers.bilstm import BiLSTM
from engine.modalities.text import CharacterVocabulary, drop_characters
from engine.systems.contract import Batch, Modality, Options, Paper, option
from engine.systems.crf_tagger import CrfTagger
from engine.tags import FLAT, STRUCTURES


@dataclass(frozen=True)
class BilstmCrfConfig(Options):
    """Options of ``bilstm-crf``."""

    width: int = option(128, minimum=8, maximum=1024, help="system.width.help", structural=True)
    hidden: int = option(256, minimum=8, maximum=1024, help="system.hidden.help", structural=True)
    layers: int = option(1, minimum=1, maximum=4, help="system.layers.help", structural=True)
    bigrams: int = option(32768, minimum=0, maximum=1_000_000, help="system.bigrams.help", structural=True)
    bigram_width: int = option(64, minimum=8, maximum=512, help="system.bigram_width.help", structural=True)
    dropout: float = option(0.4, minimum=0, maximum=0.9, help="system.dropout.help", retraining=0.1)
    character_dropout: float = option(0.02, minimum=0, maximum=0.5, help="system.character_dropout.help", retraining=0.0)
    window: int = option(254, minimum=16, maximum=4096, help="system.window.help")
    structure: str = option(FLAT, choices=STRUCTURES, help="system.structure.help", structural=True)


class BilstmCrf(CrfTagger):
    """Embeddings of characters and of the bigrams they begin and end, a BiLSTM, a CRF."""

    name = "bilstm-crf"
    modalities = (Modality("text"),)
    paper = Paper(
        "Neural Architectures for Named Entity Recognition (Lample et al.); bigrams as in Zhang and Yang 2018",
        2016,
        "no character LSTM below, since the units are characters; bigrams are hashed and learned here, not pre-trained",
    )
    Config = BilstmCrfConfig

    def __init__(self, config: BilstmCrfConfig, labels: LabelSet, vocabulary: CharacterVocabulary) -> None:
        """Make an untrained system."""
        super().__init__(labels, vocabulary, 2 * config.hidden, config.dropout, config.structure)
        self.config = config
        self.characters = nn.Embedding(vocabulary.size, config.width, padding_idx=vocabulary.pad)
        self.bigrams = HashedBigrams(config.bigrams, config.bigram_width, vocabulary.pad) if config.bigrams else None
        width = config.width + (2 * config.bigram_width if config.bigrams else 0)
        self.bilstm = BiLSTM(width, config.hidden, config.layers, config.dropout)
        nn.init.normal_(self.characters.weight, std=0.3)

    @classmethod
    def build(cls, config: Options, labels: LabelSet, texts: Iterable[str]) -> BilstmCrf:
        """Make an untrained system with the characters of the texts."""
        assert isinstance(config, BilstmCrfConfig)
        return cls(config, labels, CharacterVocabulary.of(texts))

    @classmethod
    def restore(cls, config: Options, labels: LabelSet, vocabulary: CharacterVocabulary, shape: Mapping[str, Any]) -> BilstmCrf:
        """Make a system of a checkpoint's shape."""
        assert isinstance(config, BilstmCrfConfig)
        return cls(config, labels, vocabulary)

    @property
    def window(self) -> int:
        """Return the most characters of one pass."""
        return int(self.config.window)

    @property
    def embeddings(self) -> tuple[nn.Embedding, ...]:
        """Return the tables of characters and of bigrams."""
        return (self.characters,) if self.bigrams is None else (self.characters, self.bigrams)

    def encode(self, batch: Batch) -> Tensor:
        """Return ``[B, T, 2 * hidden]``."""
        ids, mask = batch.text.ids, batch.text.mask
        if self.training:
            ids = drop_characters(ids, mask, self.vocabulary, self.config.character_dropout)
        vectors = [self.characters(ids)]
        if self.bigrams is not None:
            vectors.append(self.bigrams(ids))
        encoded: Tensor = self.bilstm(self.dropout(torch.cat(vectors, -1)), mask)
        return encoded
