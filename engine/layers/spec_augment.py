"""SpecAugment (Park et al. 2019): stretches of time and bands of frequency are taken out of an utterance; nothing is warped.

Two of each, of random widths: up to the shares that M3T's experiments took, and in time never more than the paper's 100 frames.
B utterances, F frames.
"""

from __future__ import annotations

import torch
from torch import Tensor

_MASKS = 2
_OF_BANDS, _OF_FRAMES = 0.3, 0.05
_LONGEST = 100


def spec_augment(features: Tensor, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Return features with masks drawn anew for each utterance and filled with 0, the mean of normalised features.

    For training only. What is under the padding stays as it is.

    Args:
        features: ``[B, F, bands]``.
        mask: ``[B, F]``, true over a prefix of every row.
        generator: what the widths and places are drawn from.
    """
    frames, bands = mask.sum(1), torch.full_like(mask[:, 0], features.shape[2], dtype=torch.long)
    silent = _drawn(frames, (frames * _OF_FRAMES).long().clamp(max=_LONGEST), features.shape[1], generator) & mask
    deaf = _drawn(bands, (bands * _OF_BANDS).long(), features.shape[2], generator)
    return features.masked_fill(silent[:, :, None] | (deaf[:, None] & mask[:, :, None]), 0.0)


def _drawn(totals: Tensor, most: Tensor, length: int, generator: torch.Generator) -> Tensor:
    """Return the union of masks of 0 to ``most`` places anywhere among the first ``totals``, ``[B, length]``."""
    draws = torch.rand(2, len(totals), _MASKS, generator=generator, device=generator.device).to(totals.device)
    widths = (draws[0] * (most[:, None] + 1)).long()
    starts = (draws[1] * (totals[:, None] - widths + 1)).long()
    places = torch.arange(length, device=totals.device)
    return ((places >= starts[..., None]) & (places < (starts + widths)[..., None])).any(1)
