"""A quick update: the encoder stays as it is, what is above it learns, and what the encoder says of a text is computed once.

Where bigrams stand beside the encoder and no label is new, their table alone learns: what changes then changes around the bigrams
that were taught, while another emission layer would move every text. Where there is no pre-trained encoder below, all but the
tables that characters are looked up in learns: the layers nearest the output.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from engine.layers.bigrams import HashedBigrams
from engine.layers.text_encoder import TextEncoder
from engine.modalities.text import TextFeatures
from engine.systems.contract import System

QUICK, FULL = "quick", "full"
_MOST_BYTES = 1 << 30
"""Of vectors that are remembered."""


def freeze_below(system: System, *, labels_are_new: bool = False) -> None:
    """Let only what a quick update trains learn.

    Args:
        system: to be trained.
        labels_are_new: whether it has labels that its emission layer must learn.
    """
    parts = system.parts()
    head = {id(parameter) for parameter in parts["head"]}
    bigrams = [parameter for module in system.modules() if isinstance(module, HashedBigrams) for parameter in module.parameters()]
    if parts.get("encoder") and bigrams and not labels_are_new:
        head = {id(parameter) for parameter in bigrams}
    if not parts.get("encoder"):
        tables = (module for module in system.modules() if isinstance(module, nn.Embedding | nn.EmbeddingBag))
        head -= {id(parameter) for table in tables for parameter in table.parameters()}
    for parameter in system.parameters():
        if id(parameter) not in head:
            parameter.requires_grad_(False)


@contextmanager
def remembering(system: System, parent: System) -> Iterator[None]:
    """Let the text encoders of a system, where none of their parameters learn, compute each text once while this lasts.

    They compute as in prediction: nothing is dropped in them, so that a text has one vector for each of its characters.

    Args:
        system: what learns.
        parent: what it was made from, whose encoders are the same and share what is remembered.
    """
    twins = dict(parent.named_modules())
    remembered: list[TextEncoder] = []
    for name, encoder in system.named_modules():
        if isinstance(encoder, TextEncoder) and not any(parameter.requires_grad for parameter in encoder.parameters()):
            twin = twins[name]
            assert isinstance(twin, TextEncoder)
            remembered.append(encoder)
            encoder.forward = twin.forward = _Memory(encoder)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for encoder in remembered:
            del encoder.forward


class _Memory:
    """Stands for an encoder: ``[B, T] -> [B, T, H]``."""

    def __init__(self, encoder: TextEncoder) -> None:
        self.encoder = encoder
        self.known: dict[tuple[int, ...], Tensor] = {}
        self.bytes = 0

    def __deepcopy__(self, memo: dict[int, Any]) -> _Memory:
        return self  # a copy of the system has the same encoder

    def __call__(self, text: TextFeatures, **attention: Any) -> Tensor:
        if attention:
            return self._compute(text, **attention)
        lengths = text.mask.sum(1).tolist()
        keys = [tuple(row[:length]) for row, length in zip(text.ids.tolist(), lengths, strict=True)]
        new = list({key: i for i, key in enumerate(keys) if key not in self.known}.values())
        if self.bytes > _MOST_BYTES and new:
            return self._compute(text)
        if new:
            computed = self._compute(TextFeatures(text.ids[new], text.mask[new]))
            for row, i in enumerate(new):
                self.known[keys[i]] = computed[row, : lengths[i]].clone()
                self.bytes += self.known[keys[i]].nbytes
        width = text.ids.shape[1]
        return torch.stack([nn.functional.pad(self.known[key], (0, 0, 0, width - len(key))) for key in keys])

    @torch.no_grad()
    def _compute(self, text: TextFeatures, **attention: Any) -> Tensor:
        was = self.encoder.training
        self.encoder.eval()
        try:
            return TextEncoder.forward(self.encoder, text, **attention).float()
        finally:
            self.encoder.train(was)
