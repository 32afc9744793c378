"""Adaptive co-attention of characters and the regions of pictures (Zhang et al. 2018), with its gated fusion and filtration gate.

"Adaptive Co-attention Network for Named Entity Recognition in Tweets", section 3.3. B sentences, T characters, S regions, H wide.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SUM, CONCATENATION = "sum", "concatenation"


class Additive(nn.Module):
    """The shares that queries give to others by ``softmax(w tanh(Wo o + Wq q + b))``, ``[B, T, S]``.

    Zhang et al. (2018) put the two side by side within the tanh instead of adding them. What a query adds to the similarity is
    then the same for all the others, and falls out of the softmax: every query gives the same shares. ``joined`` says which.
    """

    def __init__(self, width: int, joined: str) -> None:
        """Make the parameters.

        Args:
            width: H.
            joined: ``sum``, or ``concatenation`` as published.
        """
        super().__init__()
        hidden = max(16, width // 4)
        self.joined = joined
        self.other, self.weigh = nn.Linear(width, hidden, bias=False), nn.Linear(hidden, 1, bias=False)
        self.query = nn.Linear(width, hidden) if joined == SUM else None

    def forward(self, queries: Tensor, others: Tensor, mask: Tensor) -> Tensor:
        """Return the shares, 0 where there is nothing to attend to.

        Args:
            queries: ``[B, T, H]``.
            others: ``[B, S, H]``.
            mask: of the others, ``[B, S]``.
        """
        projected = self.other(others)[:, None]
        if self.query is not None:
            projected = projected + self.query(queries)[:, :, None]
        similarity = self.weigh(torch.tanh(projected))[..., 0].expand(-1, queries.shape[1], -1).float()
        there = mask[:, None]
        shares = similarity.masked_fill(~there & mask.any(1)[:, None, None], -torch.inf).softmax(-1)
        used: Tensor = (shares * there).to(queries.dtype)
        return used


class AdaptiveCoAttention(nn.Module):
    """What the pictures add to each character, ``[B, T, H]``.

    In the letters of Zhang et al. (2018): h the characters, v the regions, ``v^_t`` the regions as character t looks at them,
    ``h^_t`` the characters as ``v^_t`` looks at them; the gated fusion ``m_t = g h_v^ + (1 - g) h_h^``, ``g = sigmoid(W [h_v^;
    h_h^])``; the filtration gate ``s_t = sigmoid(W h_t + W m_t)``, ``u_t = s_t tanh(W m_t)``. Nothing is added without pictures.
    """

    def __init__(self, width: int, joined: str) -> None:
        """Make the parameters.

        Args:
            width: H, of characters and regions.
            joined: as :class:`Additive` takes it.
        """
        super().__init__()
        self.look, self.listen = Additive(width, joined), Additive(width, joined)
        self.visual, self.textual, self.multimodal = (nn.Linear(width, width) for _ in range(3))
        self.fuse = nn.Linear(2 * width, width)
        self.filter = nn.Linear(2 * width, width)

    def forward(self, text: Tensor, regions: Tensor, text_mask: Tensor, region_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return u ``[B, T, H]``, where each character looks ``[B, T, S]``, and its mean filtration gate ``[B, T]``.

        All are 0 under the padding and of a sentence without pictures.

        Args:
            text: h, ``[B, T, H]``.
            regions: v, ``[B, S, H]``.
            text_mask: ``[B, T]``.
            region_mask: ``[B, S]``.
        """
        used = (text_mask & region_mask.any(1, keepdim=True))[..., None]
        shares = self.look(text, regions, region_mask) * used
        looked = shares @ regions
        told = self.listen(looked, text, text_mask) @ text
        visual, textual = torch.tanh(self.visual(looked)), torch.tanh(self.textual(told))
        gate = torch.sigmoid(self.fuse(torch.cat((visual, textual), -1)))
        multimodal = gate * visual + (1 - gate) * textual
        filtration = torch.sigmoid(self.filter(torch.cat((text, multimodal), -1))) * used
        return filtration * torch.tanh(self.multimodal(multimodal)), shares, filtration.mean(-1)
