"""A text side without a Transformer: embeddings of characters, a convolution over neighbours if asked for, and a BiLSTM."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.layers.bilstm import BiLSTM
from engine.layers.text_encoder import TextEncoder
from engine.modalities.text import CharacterVocabulary, TextFeatures


class RecurrentEncoder(nn.Module):
    """From characters to vectors, ``[B, T] -> [B, T, H]``, as :class:`~engine.layers.text_encoder.TextEncoder` gives them."""

    def __init__(self, vocabulary: CharacterVocabulary, width: int, dropout: float, *, convolved: bool = False) -> None:
        """Make the parameters.

        Args:
            vocabulary: its characters.
            width: H, even; half of it in each direction.
            dropout: probability, of the embeddings.
            convolved: whether the BiLSTM reads, beside each character, what a convolution makes of it and its two neighbours.
        """
        super().__init__()
        self.vocabulary = vocabulary
        self.width = width
        self.longest = 1 << 20
        self.embedding = nn.Embedding(vocabulary.size, width, padding_idx=vocabulary.pad)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.dropout = nn.Dropout(dropout)
        self.convolution = nn.Conv1d(width, width, 3, padding=1) if convolved else None
        self.bilstm = BiLSTM(2 * width if convolved else width, width // 2)

    @classmethod
    @torch.no_grad()
    def on_embeddings(cls, encoder: TextEncoder, dropout: float) -> RecurrentEncoder:
        """Make a convolved one that starts with the characters of a pre-trained encoder and their embeddings."""
        made = cls(encoder.vocabulary, encoder.width, dropout, convolved=True)
        table = encoder.model.get_input_embeddings()
        assert isinstance(table, nn.Embedding)
        made.embedding.weight.copy_(table.weight[: encoder.vocabulary.size])
        return made

    def forward(self, text: TextFeatures) -> Tensor:
        """Encode."""
        vectors = self.embedding(text.ids) * text.mask[..., None]
        if self.convolution is not None:
            around = torch.relu(self.convolution(self.dropout(vectors).transpose(1, 2)).transpose(1, 2))
            vectors = torch.cat((vectors, around), -1)
        encoded: Tensor = self.bilstm(self.dropout(vectors), text.mask)
        return encoded
