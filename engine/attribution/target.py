"""The entity that is asked about, in the stretch of its document that a system reads at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.document import Document, Span
from engine.errors import InputError
from engine.systems.contract import Batch, System


@dataclass(frozen=True)
class Target:
    """An entity and where it stands.

    Attributes:
        system: in evaluation mode, on its device, its weights in full precision.
        document: the stretch that is read at once, without annotations.
        entity: in the offsets of the stretch.
        first: where in the whole document the stretch begins.
    """

    system: System
    document: Document
    entity: Span
    first: int

    @classmethod
    def of(cls, system: System, document: Document, entity: Span) -> Target:
        """Choose the stretch: the whole document, or as much around the entity as the system reads at once.

        Raises:
            InputError: if the system does not know the type, or the entity is not in the text or too long.
        """
        if entity.label not in system.labels.names:
            raise InputError(f"{system.name} does not know the type {entity.label}; it knows {', '.join(system.labels.names)}")
        if entity.end > len(document):
            raise InputError(
                f"the entity {entity.start}-{entity.end} reaches beyond the text of {len(document)} characters; give one in it"
            )
        size, window = entity.end - entity.start, system.window
        if size > window:
            raise InputError(f"the entity has {size} characters, and {system.name} reads {window} at once; give a shorter one")
        first = max(0, min(entity.start - (window - size) // 2, len(document) - window))
        part = document.part(first, min(len(document), first + window))
        return cls(system, part, replace(entity, start=entity.start - first, end=entity.end - first), first)

    def batch(self, *documents: Document) -> Batch:
        """Return documents as tensors on the system's device."""
        return self.system.collate(documents or (self.document,)).to(next(self.system.parameters()).device)

    def log_probability(self, batch: Batch) -> Tensor:
        """Return the logarithm of the entity's probability in each document of a batch, ``[B]``, in float64."""
        return self.system.log_probability(batch, self.entity).double()


@contextmanager
def looking_into() -> Iterator[None]:
    """Let gradients flow, through recurrent layers in evaluation mode too, which cuDNN does not do."""
    with torch.inference_mode(False), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        yield


def repeated(batch: Batch, times: int) -> Batch:
    """Return a batch of one document as a batch of so many."""
    features = {name: values.repeat(times, *(1 for _ in values.shape[1:])) for name, values in batch.features.items()}
    text = type(batch.text)(batch.text.ids.repeat(times, 1), batch.text.mask.repeat(times, 1))
    return Batch(batch.documents * times, text, None, None, features)
