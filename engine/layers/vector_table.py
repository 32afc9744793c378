"""Vectors computed once and looked up by name: of characters' glyphs, of syllables' sounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

UNKNOWN = -1


class VectorTable(nn.Module):
    """A vector for each of N items; an item that is not in it is masked, never a vector of zeros."""

    vectors: Tensor

    def __init__(self, items: Sequence[str], width: int) -> None:
        """Make an empty table, to be filled or loaded."""
        super().__init__()
        self.items = tuple(items)
        self.rows = {item: row for row, item in enumerate(self.items)}
        self.register_buffer("vectors", torch.zeros(len(self.items), width))

    @property
    def width(self) -> int:
        """Return H."""
        return int(self.vectors.shape[1])

    @property
    def shape(self) -> dict[str, Any]:
        """Return what a checkpoint has to say of it, beside the vectors."""
        single = all(len(item) == 1 for item in self.items)  # a text of them says as much as a list, on one line
        return {"items": "".join(self.items) if single else list(self.items), "width": self.width}

    def find(self, items: Iterable[str | None]) -> list[int]:
        """Return each item's row, -1 for one that has none."""
        return [UNKNOWN if item is None else self.rows.get(item, UNKNOWN) for item in items]

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vectors ``[..., H]`` of rows ``[...]``, and which are known."""
        return self.vectors[rows.clamp_min(0)], rows != UNKNOWN

    def nearest(self, item: str, count: int) -> list[tuple[str, float]]:
        """Return the items most like one, with the cosine of the angle, the nearest first.

        The cosine is taken about the mean of all vectors: what they have in common does not tell them apart.
        """
        if item not in self.rows:
            return []
        centred = nn.functional.normalize(self.vectors.float() - self.vectors.float().mean(0), dim=-1)
        likeness = centred @ centred[self.rows[item]]
        likeness[self.rows[item]] = -torch.inf
        best = likeness.topk(min(count, len(self.items) - 1))
        return [(self.items[row], value) for row, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)]
