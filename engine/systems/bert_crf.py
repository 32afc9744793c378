"""BERT-CRF; where asked for with further layers or a BiLSTM between the two, and with bigrams beside the encoder's vectors.

``upper_layers=1`` on a BERT of twelve layers is the 13-layer baseline of Classification Attention; ``lstm`` makes BERT+LSTM+CRF.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.document import LabelSet
from engine.layers.bigrams import HashedBigrams
from engine.layers.bilstm import BiLSTM
from engine.layers.text_encoder import TextEncoder
from engine.systems.contract import Batch, Modality, Paper, option
from engine.systems.encoder_tagger import EncoderConfig, EncoderTagger


@dataclass(frozen=True)
class BertCrfConfig(EncoderConfig):
    """Options of ``bert-crf``."""

    upper_layers: int = option(0, minimum=0, maximum=12, help="system.upper_layers.help", structural=True)
    lstm: int = option(0, minimum=0, maximum=1024, help="system.lstm.help", structural=True)
    bigrams: int = option(0, minimum=0, maximum=1_000_000, help="system.bigrams.help", structural=True)
    bigram_width: int = option(64, minimum=8, maximum=512, help="system.bigram_width.help", structural=True)


class BertCrf(EncoderTagger):
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
        super().__init__(config, labels, encoder, 2 * config.lstm or width)
        self.upper = nn.ModuleList(_layer(encoder.width, config.dropout) for _ in range(config.upper_layers))
        bigrams = HashedBigrams(config.bigrams, config.bigram_width, encoder.vocabulary.pad) if config.bigrams else None
        self.bigrams = bigrams
        self.bilstm = BiLSTM(width, config.lstm) if config.lstm else None

    @property
    def embeddings(self) -> tuple[nn.Embedding, ...]:
        """Return the encoder's table, and that of bigrams."""
        return super().embeddings if self.bigrams is None else (*super().embeddings, self.bigrams)

    def encode(self, batch: Batch) -> Tensor:
        """Return ``[B, T, H]``."""
        ids, mask = self.characters(batch), batch.text.mask
        vectors = self.read(ids, mask)
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
