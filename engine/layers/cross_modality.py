"""Cross-modality attention: each character's glyph, or sound, asks the characters of its sentence.

MPM-CNER (Mai et al. 2022), equations 11 to 13. B sentences, T characters, H and O wide.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_START = 0.01
"""At first every character answers alike: attention at random would put the wrong characters' meanings into each other."""


class CrossModalityAttention(nn.Module):
    """Vectors of one modality attend to the semantic vectors; what they gather is added to the semantic vector at their place.

    With a gate, what is added is weighed by one learned number that starts at 0; without, by 1 as equation 12 has it.
    """

    def __init__(self, width: int, other: int, *, gated: bool) -> None:
        """Make the matrix that brings the other modality's vectors, ``other`` wide, to the semantic vectors' width."""
        super().__init__()
        self.gate = nn.Parameter(torch.zeros(())) if gated else None
        self.project = nn.Linear(other, width, bias=False)
        nn.init.normal_(self.project.weight, std=_START)

    def forward(self, vectors: Tensor, others: Tensor, known: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the fused vectors ``[B, T, H]`` and each character's shares in each other's answer, ``[B, T, T]``.

        Args:
            vectors: semantic, ``[B, T, H]``: keys and values.
            others: of the other modality, ``[B, T, O]``: queries.
            known: where the other modality has a vector, ``[B, T]``; elsewhere nothing is asked and nothing added.
            mask: where there is a character, ``[B, T]``.
        """
        queries = self.project(functional.layer_norm(others, others.shape[-1:]))
        similarity = torch.einsum("bih,bjh->bij", queries, vectors) / math.sqrt(vectors.shape[-1])
        filled = mask | ~mask.any(1, keepdim=True)  # an empty row has to have a share of something
        shares = similarity.float().masked_fill(~filled[:, None], -torch.inf).softmax(-1).to(vectors.dtype)
        shares = shares * (known & mask)[..., None]
        gathered = shares @ vectors
        return vectors + (gathered if self.gate is None else self.gate * gathered), shares
