"""Attention from one modality to another, and UMT's interaction of two: characters ask speech, speech asks characters.

"A Large-Scale Chinese Multimodal NER Dataset with Speech Clues" (Sui et al. 2021), section 5.3, and Yu et al. (2020), section
2.3, whose image regions are speech here. B sentences, T characters, S speech vectors, H wide.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class CrossModalAttention(nn.Module):
    """CMA: several heads of queries of one modality over the keys and values of another, then a feed-forward network.

    Equation 1 of Sui et al. (2021): ``F^ = LN(X + MH-CA(X, S))``, ``F = LN(F^ + FFN(F^))``. Where there is nothing to attend to,
    MH-CA is nothing, not even its bias: ``F^ = LN(X)``.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        """Make the parameters.

        Args:
            width: H, of both modalities; a multiple of ``heads``.
            heads: m.
            dropout: probability, of the shares and in front of each residual.
        """
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.merge = (nn.Linear(width, width) for _ in range(4))
        self.merge_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.between = nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, queries: Tensor, others: Tensor, query_mask: Tensor, other_mask: Tensor, bias: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the fused vectors ``[B, T, H]`` and the shares that each query gives, ``[B, heads, T, S]``.

        Both are 0 for a query under the padding; the shares also where there is nothing to attend to.

        Args:
            queries: X, ``[B, T, H]``.
            others: keys and values, ``[B, S, H]``.
            query_mask: ``[B, T]``.
            other_mask: ``[B, S]``; a row that is all false has nothing to attend to, and S may be 0.
            bias: added to the similarities, ``[B, heads, T, S]``.
        """
        query = self.query(queries).unflatten(-1, (self.heads, -1))
        key, value = (layer(others).unflatten(-1, (self.heads, -1)) for layer in (self.key, self.value))
        similarity = torch.einsum("bthd,bshd->bhts", query, key) / math.sqrt(query.shape[-1])
        if bias is not None:
            similarity = similarity + bias
        any_other = other_mask.any(1)[:, None, None]
        filled = other_mask[:, None] | ~any_other  # an empty row has to have a share of something
        shares = similarity.float().masked_fill(~filled[:, None], -torch.inf).softmax(-1).to(queries.dtype)
        shares = shares * (query_mask[..., None] & any_other)[:, None]
        weighed = torch.einsum("bhts,bshd->bthd", self.dropout(shares), value).flatten(-2)
        attended = self.merge_norm(queries + self.dropout(self.merge(weighed)) * any_other)
        fused = self.norm(attended + self.dropout(self.between(attended)))
        return fused.masked_fill(~query_mask[..., None], 0.0), shares


class PlaceBias(nn.Module):
    """What each head adds to the similarity of a query and a vector by how far that lies from the place of the query.

    As the relative positions of T5 (Raffel et al. 2020, section 2.1), but from a place in the other modality. At first each head
    looks at another distance, from ``-REACH`` to ``REACH``, and hardly beyond.
    """

    REACH = 6
    _WIDTH, _BEYOND = 1.5, -8.0

    def __init__(self, heads: int) -> None:
        """Make the parameters: of each head one for each distance, the last for all that lies beyond."""
        super().__init__()
        distances = torch.arange(-self.REACH, self.REACH + 1.0)
        centres = torch.linspace(-self.REACH, self.REACH, heads + 2)[1:-1, None]
        near = -0.5 * ((distances - centres) / self._WIDTH) ** 2
        self.table = nn.Parameter(torch.cat((near, torch.full((heads, 1), self._BEYOND)), 1).clamp(min=self._BEYOND))

    def forward(self, places: Tensor, others: int) -> Tensor:
        """Return the bias ``[B, heads, T, S]``; 0 where a query has no place.

        Args:
            places: ``[B, T]``; below 0 for none.
            others: S.
        """
        distance = torch.arange(others, device=places.device) - places[..., None]
        beyond = distance.abs() > self.REACH
        rows = (distance + self.REACH).masked_fill(beyond, 2 * self.REACH + 1)
        return self.table[:, rows].transpose(0, 1).masked_fill((places < 0)[:, None, :, None], 0.0)


class MultimodalInteraction(nn.Module):
    """MMI: vectors of characters that know of the speech beside vectors of the speech at each character, which a gate weighs.

    Yu et al. (2020), section 2.3, in their letters with R for the characters and V for the speech, CMA(queries, others):

        P = CMA(V, R), A = CMA(R, P)    speech-aware characters: the layers are coupled as P has a vector for each of V, not of R
        Q = CMA(R, V)                   character-aware speech
        g = sigmoid(Wa A + Wq Q)        the gate, without a bias
        B = g * Q, H = [A; B]

    As there, it is Q that is gated: A is to be trusted without speech, so it is not. What Yu et al. do to R beforehand (a
    Transformer layer more on BERT) is left to the system.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        """Make the parameters.

        Args:
            width: H, of characters and speech; a multiple of ``heads``.
            heads: of each attention.
            dropout: probability, within each attention.
        """
        super().__init__()
        self.speech_over_text, self.text_over_aware, self.text_over_speech = (
            CrossModalAttention(width, heads, dropout) for _ in range(3)
        )
        self.gate = nn.Linear(2 * width, width, bias=False)

    def forward(self, text: Tensor, speech: Tensor, text_mask: Tensor, speech_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return ``[A; B]``, ``[B, T, 2H]``; the shares of Q's attention, ``[B, heads, T, S]``; and each mean gate, ``[B, T]``.

        All are 0 under the padding. Of a sentence without speech, B, the shares and the gates are 0.

        Args:
            text: R, ``[B, T, H]``.
            speech: V, ``[B, S, H]``.
            text_mask: ``[B, T]``.
            speech_mask: ``[B, S]``.
        """
        aware_speech, _ = self.speech_over_text(speech, text, speech_mask, text_mask)
        aware_text, _ = self.text_over_aware(text, aware_speech, text_mask, speech_mask)
        heard, shares = self.text_over_speech(text, speech, text_mask, speech_mask)
        gate = torch.sigmoid(self.gate(torch.cat((aware_text, heard), -1)))
        gate = gate * (text_mask & speech_mask.any(1, keepdim=True))[..., None]
        return torch.cat((aware_text, gate * heard), -1), shares, gate.mean(-1)
