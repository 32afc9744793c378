"""BERT-CRF; where asked for with further layers or a BiLSTM between the two, and with bigrams beside the encoder's vectors.

``upper_layers=1`` on a BERT of twelve layers is the 13-layer baseline of Classification Attention; ``lstm`` makes BERT+LSTM+CRF.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.document import LabelSet
from engine.layers.bigrams import HashedBigrams
from engine.layers.bilstm import BiLSTM
from engine.layers.text_encoder import (
    TextEncoder,
    dropout_settings,
    encoder_settings,
    pretrained_encoder,
    restored_encoder,
    small_encoder,
)
from engine.modalities.text import CharacterVocabulary, TextFeatures, drop_characters
from engine.systems.contract import Batch, Modality, Options, Paper, option
from engine.systems.crf_tagger import CrfTagger


@dataclass(frozen=True)
class BertCrfConfig(Options):
    """Options of ``bert-crf``; ``layers`` and ``width`` count only where no pre-trained encoder is named."""

    encoder: str = option("", help="system.encoder.help", structural=True)
    layers: int = option(5, minimum=1, maximum=24, help="system.layers.help", structural=True)
    width: int = option(256, minimum=64, maximum=1024, help="system.width.help", structural=True)
    upper_layers: int = option(0, minimum=0, maximum=12, help="system.upper_layers.help", structural=True)
    lstm: int = option(0, minimum=0, maximum=1024, help="system.lstm.help", structural=True)
    bigrams: int = option(0, minimum=0, maximum=1_000_000, help="system.bigrams.help", structural=True)
    bigram_width: int = option(64, minimum=8, maximum=512, help="system.bigram_width.help", structural=True)
    dropout: float = option(0.1, minimum=0, maximum=0.9, help="system.dropout.help")
    character_dropout: float = option(0.02, minimum=0, maximum=0.5, help="system.character_dropout.help", retraining=0.0)
    window: int = option(254, minimum=16, maximum=4096, help="system.window.help", structural=True)


class BertCrf(CrfTagger):
    """A Transformer encoder, a BiLSTM if asked for, a CRF."""

    name = "bert-crf"
    modalities = (Modality("text"),)
    paper = Paper(
        "BERT: Pre-training of Deep Bidirectional Transformers (Devlin et al. 2019) with the CRF of Lafferty et al. 2001",
        2019,
        "one unit for each character, Latin and digits included; a small encoder from scratch where none is named",
    )
    Config = BertCrfConfig

    def __init__(self, config: BertCrfConfig, labels: LabelSet, encoder: TextEncoder) -> None:
        """Make a system on an encoder."""
        width = encoder.width + (2 * config.bigram_width if config.bigrams else 0)
        super().__init__(labels, encoder.vocabulary, 2 * config.lstm or width, config.dropout)
        self.config = config
        self.encoder = encoder
        self.upper = nn.ModuleList(_layer(encoder.width, config.dropout) for _ in range(config.upper_layers))
        bigrams = HashedBigrams(config.bigrams, config.bigram_width, encoder.vocabulary.pad) if config.bigrams else None
        self.bigrams = bigrams
        self.bilstm = BiLSTM(width, config.lstm) if config.lstm else None

    @classmethod
    def build(cls, config: Options, labels: LabelSet, texts: Iterable[str]) -> BertCrf:
        """Make a system on the named pre-trained encoder, or on a small one with the characters of the texts."""
        assert isinstance(config, BertCrfConfig)
        if config.encoder:
            return cls(config, labels, pretrained_encoder(config.encoder, dropout=config.dropout))
        sizes = {"layers": config.layers, "width": config.width, "dropout": config.dropout, "longest": config.window}
        return cls(config, labels, small_encoder(CharacterVocabulary.of(texts), **sizes))  # type: ignore[arg-type]

    @classmethod
    def restore(cls, config: Options, labels: LabelSet, vocabulary: CharacterVocabulary, shape: Mapping[str, Any]) -> BertCrf:
        """Make a system of a checkpoint's shape."""
        assert isinstance(config, BertCrfConfig)
        settings = dict(shape)
        if not config.encoder:
            settings |= dropout_settings(settings["model_type"], config.dropout)
        return cls(config, labels, restored_encoder(settings, vocabulary))

    @property
    def shape(self) -> dict[str, Any]:
        """Return the encoder's settings."""
        return encoder_settings(self.encoder)

    @property
    def window(self) -> int:
        """Return the most characters of one pass, which the encoder's positions bound."""
        return min(int(self.config.window), self.encoder.longest)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        """Return the encoder's parameters, and the rest."""
        encoder = list(self.encoder.parameters())
        inside = {id(parameter) for parameter in encoder}
        return {"encoder": encoder, "head": [p for p in self.parameters() if id(p) not in inside]}

    def encode(self, batch: Batch) -> Tensor:
        """Return ``[B, T, H]``."""
        ids, mask = batch.text.ids, batch.text.mask
        if self.training:
            ids = drop_characters(ids, mask, self.vocabulary, self.config.character_dropout)
        vectors: Tensor = self.encoder(TextFeatures(ids, mask))
        empty = ~mask.any(1, keepdim=True)  # an empty row has to attend to something
        for layer in self.upper:
            vectors = layer(vectors, src_key_padding_mask=~(mask | empty))
        if self.bigrams is not None:
            vectors = torch.cat((vectors, self.bigrams(ids)), -1)
        return vectors if self.bilstm is None else self.bilstm(self.dropout(vectors), mask)


def _layer(width: int, dropout: float) -> nn.TransformerEncoderLayer:
    """Return a Transformer layer as BERT has them, untrained."""
    heads = max(1, width // 64)
    return nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, activation="gelu", batch_first=True)
