"""Swin Transformer over small pictures of a character: a glyph or a Mel-spectrogram of 48 by 48 (Liu et al. 2021).

MPM-CNER (Mai et al. 2022), equations 2 to 4: patches of 6 by 6, layers in windows and in shifted windows, 144 wide at the end.
The grid of 8 by 8 patches halves with each stage, so that there is room for two stages with windows of 4; the paper's windows of
7 and four stages do not fit into it. transformers builds its relative positions for the window that is asked for, which must
therefore fit into the last stage's grid.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import SwinConfig, SwinModel

from engine.errors import ConfigError
from engine.modalities.pictures import Pictures

SIDE, PATCH = 48, 6
_SMALLEST_HEAD = 24
_READ_TOGETHER = 256


class PictureEncoder(nn.Module):
    """From pictures to vectors, ``[B, C, 48, 48] -> [B, H]``."""

    def __init__(self, config: SwinConfig) -> None:
        """Make an untrained encoder of a shape."""
        super().__init__()
        self.model = SwinModel(config)

    @property
    def width(self) -> int:
        """Return H."""
        return int(self.model.num_features)

    def forward(self, pictures: Tensor) -> Tensor:
        """Encode pictures of bytes, ``[B, C, 48, 48]`` with 0 to 255."""
        values = pictures.float()
        spread, mean = torch.std_mean(values, (2, 3), keepdim=True)
        values = (values - mean) / (spread + 1)
        vectors: Tensor = self.model(values).pooler_output
        return vectors


def swin_shape(channels: int, *, width: int, depths: str, drop_path: float = 0.0) -> SwinConfig:
    """Return the shape of a Swin Transformer that ends ``width`` wide.

    Args:
        channels: C of the pictures: 1 of a glyph, 3 of a spectrogram.
        width: H.
        depths: layers of each stage, e.g. ``"2,2"``.
        drop_path: share of residual branches left out in training.

    Raises:
        ConfigError: if the depths cannot be, or do not fit the width.
    """
    try:
        layers = [int(depth) for depth in depths.split(",")]
    except ValueError:
        layers = []
    if not 1 <= len(layers) <= 3 or min(layers, default=0) < 1:
        raise ConfigError(f"depths: expected one to three numbers of layers like 2,2, got {depths!r}")
    first = width // 2 ** (len(layers) - 1)
    heads = max(1, first // _SMALLEST_HEAD)
    if first * 2 ** (len(layers) - 1) != width or first % heads:
        raise ConfigError(f"width: {width} cannot be reached by {len(layers)} stages that double; use 144")
    settings: Any = {
        "image_size": SIDE,
        "patch_size": PATCH,
        "num_channels": channels,
        "embed_dim": first,
        "depths": layers,
        "num_heads": [heads * 2**stage for stage in range(len(layers))],
        "window_size": SIDE // PATCH // 2 ** (len(layers) - 1) if len(layers) > 1 else 4,
        "use_absolute_embeddings": True,
        "drop_path_rate": drop_path,
    }
    return SwinConfig(**settings)


@torch.no_grad()
def encode_pictures(encoder: PictureEncoder, source: Pictures) -> Tensor:
    """Return a vector for each item, the mean over its pictures, ``[N, H]``; the encoder is in evaluation mode."""
    total, counts = torch.zeros(len(source.items), encoder.width), torch.zeros(len(source.items), 1)
    device = next(encoder.parameters()).device
    for first in range(0, len(source.item), _READ_TOGETHER):
        rows = np.arange(first, min(first + _READ_TOGETHER, len(source.item)))
        items = torch.from_numpy(source.item[rows])
        total.index_add_(0, items, encoder(source.read(rows).to(device)).float().cpu())
        counts.index_add_(0, items, torch.ones(len(rows), 1))
    return total / counts.clamp_min(1)
