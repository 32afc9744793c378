"""The acoustic encoder of CNERTA's systems: filter banks are shortened by convolutions, then seen in context by a Transformer.

"A Large-Scale Chinese Multimodal NER Dataset with Speech Clues" (Sui et al. 2021), section 4.3, after the Speech-Transformer
(Dong et al. 2018). B utterances, F frames, S vectors, H wide.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

SUBSAMPLING = 4
"""Frames that each vector stands for: of 10 ms each, 40 ms. Vector s has seen frames 4s - 3 to 4s + 3 before the Transformer."""

_CHANNELS = 64
"""Of each convolution; the paper does not say how many."""


def sinusoids(length: int, width: int, device: torch.device | None = None) -> Tensor:
    """Return the positions of Vaswani et al. (2017), section 3.5, ``[length, width]``: sines at even places, cosines at odd."""
    rates = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10_000) / width))
    angles = torch.arange(length, device=device)[:, None] * rates
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)


class AcousticEncoder(nn.Module):
    """Two 3x3 convolutions with stride 2 in time and frequency, sinusoidal positions of any length, Transformer layers.

    The layers normalise before attention and before the feed-forward network, and once more at the end (Xiong et al. 2020),
    where the paper's normalise behind: so an encoder that starts from nothing also learns at the rates, and with the short
    warm-up, that suit the pretrained text encoder beside it.
    """

    def __init__(self, bands: int, width: int, layers: int, heads: int, dropout: float) -> None:
        """Make the parameters.

        Args:
            bands: of the filter bank.
            width: H, even and a multiple of ``heads``; the feed-forward networks are four times as wide.
            layers: of the Transformer; 6 in the paper.
            heads: of each layer's attention.
            dropout: probability, behind the positions and everywhere within the layers.
        """
        super().__init__()
        self.width = width
        self.convolutions = nn.ModuleList(nn.Conv2d(ins, _CHANNELS, 3, stride=2, padding=1) for ins in (1, _CHANNELS))
        self.project = nn.Linear(_CHANNELS * math.ceil(bands / SUBSAMPLING), width)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True, norm_first=True),
            layers,
            norm=nn.LayerNorm(width),
            enable_nested_tensor=False,
        )

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return vectors ``[B, S, H]``, 0 under the padding, and their mask ``[B, S]``; S is F / 4, rounded up.

        Args:
            features: log filter banks, normalised for each utterance, ``[B, F, bands]``.
            mask: ``[B, F]``, true over a prefix of every row; a row may be without speech.
        """
        if not features.shape[1]:
            return features.new_zeros(len(features), 0, self.width), mask
        planes = features[:, None]
        for convolution in self.convolutions:
            # what is under the padding, also what the last convolution has put there, is to be what lies beyond the end
            planes = convolution(planes.masked_fill(~mask[:, None, :, None], 0.0)).relu()
            mask = mask[:, ::2]
        vectors = self.project(planes.transpose(1, 2).flatten(2)) * math.sqrt(self.width)
        vectors = self.dropout(vectors + sinusoids(vectors.shape[1], self.width, vectors.device))
        filled = mask | ~mask.any(1, keepdim=True)  # an empty row has to attend to something
        return self.layers(vectors, src_key_padding_mask=~filled).masked_fill(~mask[..., None], 0.0), mask
