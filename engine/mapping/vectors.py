"""The vectors of mentions: the mean of what the encoder makes of their characters, in their sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
import torch

from engine.document import Document
from engine.mapping.projection import Array
from engine.precision import computing
from engine.systems.contract import System
from engine.tagger import CHARACTERS, batched
from engine.windows import Window, cut

Place = tuple[int, int, int]
"""A mention: its document's number, start and end."""
_OVERLAP = 24
_NOT_MASKED = ("image", "speech")


@torch.inference_mode()
def mention_vectors(
    system: System,
    documents: Sequence[Document],
    places: Sequence[Place],
    *,
    without: str = "",
    precision: str = "fp32",
    observe: Callable[[int, int], None] = lambda done, total: None,
) -> Array:
    """Return a vector for each mention, ``[N, H]``; documents without mentions are not read.

    A mention that reaches over the end of a window has the mean of the part that is in it.

    Args:
        system: in evaluation mode.
        documents: of any length.
        places: of the mentions.
        without: modalities that are kept from the system, with commas between.
        precision: number format to compute in.
        observe: told how many pieces of text are read, of how many.
    """
    device = next(system.parameters()).device
    kept_back = [name.strip() for name in without.split(",") if name.strip()]
    masked = [name for name in kept_back if name not in _NOT_MASKED]
    overlap = min(_OVERLAP, system.window // 4)
    pieces: dict[tuple[int, Window], list[int]] = {}
    windows = {row: cut(documents[row].text, system.window, overlap) for row in sorted({row for row, _, _ in places})}
    for number, (row, start, _) in enumerate(places):
        window = next(window for window in windows[row] if window.core_start <= start < window.core_end)
        pieces.setdefault((row, window), []).append(number)
    found: list[Array | None] = [None] * len(places)
    done = 0
    for group in batched(sorted(pieces, key=lambda piece: piece[1].end - piece[1].start), CHARACTERS[device.type]):
        parts = [_shown(documents[row], kept_back).part(window.start, window.end) for row, window in group]
        batch = reduce(system.without, masked, system.collate(parts).to(device))
        with computing(precision, device):
            vectors = system.represent(batch).float().cpu().numpy().astype(np.float64)  # [B, T, H]
        for at, (row, window) in enumerate(group):
            for number in pieces[row, window]:
                _, start, end = places[number]
                found[number] = vectors[at, start - window.start : min(end, window.end) - window.start].mean(0)
        done += len(group)
        observe(done, len(pieces))
    return np.stack([vector for vector in found if vector is not None]) if places else np.zeros((0, 0))


def _shown(document: Document, kept_back: Sequence[str]) -> Document:
    images = () if "image" in kept_back else document.images
    return replace(document, images=images, audio=None if "speech" in kept_back else document.audio)
