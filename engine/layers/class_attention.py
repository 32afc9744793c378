"""Classification Attention: entity classes attend to the characters of a sentence.

Equations of sections 3.2 and 3.3 of "Classification Attention for Chinese NER". B sentences, T characters, C classes, H wide.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def first_direction(entities: Tensor) -> Tensor:
    """Return the first left singular vector of the matrix whose columns are some entities, ``[S, H] -> [H]``."""
    wide = entities.double()
    # of many entities the singular vectors themselves cost minutes; the last eigenvector of their square is the same direction
    direction: Tensor = torch.linalg.eigh(wide.T @ wide).eigenvectors[:, -1].to(entities.dtype)
    return direction


def class_embedding(entities: Tensor, alpha: float, direction: Tensor | None = None) -> Tensor:
    """Return one class's embedding, ``[H]``: the mean of its entities after part of what they all share is taken away.

    From each entity its projection on a direction is removed, with weight ``alpha`` (section 3.2, after Arora et al. 2017).

    Args:
        entities: embeddings of the entities of the class in the training part, ``[S, H]``, S at least 1.
        alpha: weight in [0, 1].
        direction: of length 1, ``[H]``; by default the class's own first singular vector, as the paper has it.
    """
    shared = first_direction(entities) if direction is None else direction
    mean: Tensor = (entities - alpha * (entities @ shared)[:, None] * shared).mean(0)
    return mean


class ClassAttention(nn.Module):
    """Several heads of classes over characters, and the three sub-layers that follow attention in BERT.

    A class is a sentence of one unit: its query-key similarity with each character, made shares of one by a softmax over the
    characters, weighs the values of the characters. What the classes have weighed is merged by a matrix for each class, which is
    BERT's self-output matrix over the classes side by side, so that a class stays told from the others.
    """

    def __init__(self, classes: int, width: int, heads: int, dropout: float) -> None:
        """Make the parameters.

        Args:
            classes: C.
            width: H, of characters and classes; a multiple of ``heads``.
            heads: number of heads.
            dropout: probability, of the shares and after each matrix that a residual follows.
        """
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.merge = nn.Parameter(torch.empty(classes, width, width))
        nn.init.normal_(self.merge, std=0.02)
        self.merge_bias = nn.Parameter(torch.zeros(width))
        self.merge_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.between = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, vectors: Tensor, classes: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return vectors ``[B, T, H]`` and the share of each character, ``[B, heads, C, T]``, 0 under the padding.

        Args:
            vectors: of the characters, ``[B, T, H]``.
            classes: their embeddings, ``[C, H]``; a row of zeros is a class that is not known, and attends to nothing.
            mask: ``[B, T]``.
        """
        query, value = (layer(vectors).unflatten(-1, (self.heads, -1)) for layer in (self.query, self.value))
        key = self.key(classes).unflatten(-1, (self.heads, -1))
        similarity = torch.einsum("bthd,chd->bhct", query, key) / math.sqrt(query.shape[-1])
        filled = mask | ~mask.any(1, keepdim=True)  # an empty row has to have a share of something
        shares = similarity.float().masked_fill(~filled[:, None, None], -torch.inf).softmax(-1).to(vectors.dtype)
        shares = shares * classes.any(1)[:, None] * mask[:, None, None]
        weighed = torch.einsum("bhct,bthd->btchd", self.dropout(shares), value).flatten(-2)
        merged = torch.einsum("btch,chw->btw", weighed, self.merge.to(weighed.dtype)) + self.merge_bias
        attended = self.merge_norm(vectors + self.dropout(merged))
        return self.norm(attended + self.dropout(self.between(attended))), shares
