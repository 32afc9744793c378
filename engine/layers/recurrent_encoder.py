"""A text side without any pre-training: embeddings of characters and a BiLSTM, in the place of a Transformer encoder."""

from __future__ import annotations

from torch import Tensor, nn

from engine.layers.bilstm import BiLSTM
from engine.modalities.text import CharacterVocabulary, TextFeatures


class RecurrentEncoder(nn.Module):
    """From characters to vectors, ``[B, T] -> [B, T, H]``, as :class:`~engine.layers.text_encoder.TextEncoder` gives them."""

    def __init__(self, vocabulary: CharacterVocabulary, width: int, dropout: float) -> None:
        """Make the parameters.

        Args:
            vocabulary: its characters.
            width: H, even; half of it in each direction.
            dropout: probability, of the embeddings.
        """
        super().__init__()
        self.vocabulary = vocabulary
        self.width = width
        self.longest = 1 << 20
        self.embedding = nn.Embedding(vocabulary.size, width, padding_idx=vocabulary.pad)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.dropout = nn.Dropout(dropout)
        self.bilstm = BiLSTM(width, width // 2)

    def forward(self, text: TextFeatures) -> Tensor:
        """Encode."""
        encoded: Tensor = self.bilstm(self.dropout(self.embedding(text.ids)), text.mask)
        return encoded
