"""DGHC's two answers to a picture that has little to do with the text: a correlation that corrects it, and a gate in each layer.

"DGHC" (Liu et al. 2024), equations 2 to 8 and 13. B sentences, I pictures beside each, c visual blocks of each picture: the whole
of it and the objects in it; H wide.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Correlation(nn.Module):
    """What a text thinks of a picture: equations 2 to 5.

    ``M = tanh(h^T W_TI v)``, ``C = tanh(W_T h + W_I v M)``, ``v^C = Linear(C * v)``, ``V^C = [v, o_1, …] * v^C``.
    """

    def __init__(self, width: int) -> None:
        """Make the parameters."""
        super().__init__()
        self.similarity = nn.Linear(width, width, bias=False)
        self.text, self.image = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.correct = nn.Linear(width, width)
        self.scale = width**-0.5

    def forward(self, text: Tensor, blocks: Tensor) -> tuple[Tensor, Tensor]:
        """Return the corrected blocks ``[B, I, c, H]`` and M, ``[B, I]``.

        Args:
            text: h, the vector of the begin mark, ``[B, H]``.
            blocks: v first, then the objects, ``[B, I, c, H]``.
        """
        whole = blocks[:, :, 0]
        matched = torch.tanh(self.score(text, whole))
        coefficient = torch.tanh(self.text(text)[:, None] + self.image(whole) * matched[..., None])
        corrected: Tensor = blocks * self.correct(coefficient * whole)[:, :, None]
        return corrected, matched

    def score(self, text: Tensor, whole: Tensor) -> Tensor:
        """Return what M is the tanh of, ``[B, I]``; with ``whole`` of other sentences too, ``[1, J, H]``, those as well."""
        matched: Tensor = (self.similarity(text)[:, None] * whole).sum(-1) * self.scale
        return matched


class DynamicGates(nn.Module):
    """How far each layer lets in each block: ``softmax(LeakyReLU(W_l mean(V^C)))``, equations 6 to 8."""

    def __init__(self, layers: int, blocks: int, width: int) -> None:
        """Make the parameters."""
        super().__init__()
        self.gates = nn.ModuleList(nn.Linear(width, blocks) for _ in range(layers))

    def forward(self, blocks: Tensor, mask: Tensor) -> Tensor:
        """Return the gates of each layer, ``[layers, B, I, c]``; those of a picture sum to 1, those of what is not there are 0.

        Args:
            blocks: V^C, ``[B, I, c, H]``.
            mask: which there are, ``[B, I, c]``.
        """
        there = mask[..., None].to(blocks.dtype)
        mean = (blocks * there).sum(2) / there.sum(2).clamp(min=1)
        signals = [nn.functional.leaky_relu(layer(mean)) for layer in self.gates]
        empty = ~mask.any(-1, keepdim=True)
        return torch.stack([s.float().masked_fill(~(mask | empty), -torch.inf).softmax(-1) * mask for s in signals]).to(
            blocks.dtype
        )


class VisualPrefix(nn.Module):
    """From gated blocks to the keys and values of each layer: ``phi_k, phi_v = V_g W^phi_l``, equation 13."""

    def __init__(self, layers: int, width: int) -> None:
        """Make the parameters."""
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, 2 * width, bias=False) for _ in range(layers))

    def forward(self, gated: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return the keys and the values of each layer, ``[B, I * c, H]`` each, of ``[layers, B, I, c, H]``."""
        pairs = [layer(blocks.flatten(1, 2)).chunk(2, -1) for layer, blocks in zip(self.layers, gated, strict=True)]
        return tuple(keys for keys, _ in pairs), tuple(values for _, values in pairs)
