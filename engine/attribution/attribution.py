"""An attribution, the methods that make one, and whose shares each tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.attribution.faithfulness import Faithfulness
from engine.document import Span

GRADIENTS, OCCLUSION, SHAPLEY = "integrated_gradients", "occlusion", "shapley"
CHARACTERS, MODALITIES = "characters", "modalities"
METHODS: Mapping[str, tuple[str, ...]] = {
    GRADIENTS: (CHARACTERS,),
    OCCLUSION: (CHARACTERS, MODALITIES),
    SHAPLEY: (MODALITIES, CHARACTERS),
}
"""Whose share each method tells; the first where nobody says."""


@dataclass(frozen=True)
class Attribution:
    """What adds how much to the probability of an entity.

    Attributes:
        method: of :data:`METHODS`.
        over: ``characters`` or ``modalities``.
        target: the entity, with its probability.
        players: the characters of the whole text, or the names of the modalities.
        values: of each player, in nats; what is far from the entity in a long text, and was not read with it, has 0.
        whole: the logarithm of the entity's probability as it is.
        empty: that of where the method begins: nothing known.
        gap: by how much the values miss the difference of the two; none where the method does not promise it.
        faithfulness: how far to trust it; none of a single player.
        seconds: that it took.
    """

    method: str
    over: str
    target: Span
    players: tuple[str, ...]
    values: tuple[float, ...]
    whole: float
    empty: float
    gap: float | None
    faithfulness: Faithfulness | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        target = {"start": self.target.start, "end": self.target.end, "label": self.target.label, "score": self.target.score}
        rest = {name: getattr(self, name) for name in ("method", "over", "whole", "empty", "gap", "seconds")}
        measured = self.faithfulness.to_json() if self.faithfulness else None
        plain = {"target": target, "players": list(self.players), "values": list(self.values)}
        return {**rest, **plain, "faithfulness": measured}
