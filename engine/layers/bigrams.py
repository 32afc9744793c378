"""Embeddings of character bigrams, hashed into a table of fixed size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_PRIME = 1_000_003


class HashedBigrams(nn.Embedding):
    """A vector for the bigram that begins at each character beside that of the one that ends there."""

    def __init__(self, rows: int, width: int, pad: int) -> None:
        """Make a table of ``rows`` vectors; ``pad`` is the index of the character behind the last."""
        super().__init__(rows, width)
        self.pad = pad
        nn.init.normal_(self.weight, std=0.3)

    def forward(self, ids: Tensor) -> Tensor:
        """Look up, ``[B, T] -> [B, T, 2 * width]``."""
        following = torch.roll(ids, -1, 1)
        following[:, -1] = self.pad
        begins: Tensor = super().forward((ids * _PRIME + following) % self.num_embeddings)
        ends = torch.roll(begins, 1, 1)
        ends[:, 0] = 0
        return torch.cat((begins, ends), -1)
