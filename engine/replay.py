"""What keeps a retraining from forgetting: documents with known annotations to replay, and distillation from the old model.

Replay is Robins (1995): known documents are mixed in, from a corpus that the user names, the one the model was trained on if it
lies here, or the shipped samples. Distillation is Learning without Forgetting (Li and Hoiem 2016): on replayed documents the
emissions stay near the old model's.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from engine import formats, samples
from engine.checkpoint import CheckpointInfo
from engine.document import Document
from engine.mixture import Corpus, read_all
from engine.systems.contract import System
from engine.windows import split

_DISTILLED = 16


class Distillation:
    """How far a system's emissions on replayed documents have moved from where they were when this was made."""

    def __init__(self, system: System, replay: Sequence[Document], weight: float) -> None:
        """Remember a copy of the system as it is now."""
        self.student, self.teacher = system, copy.deepcopy(system).eval().requires_grad_(False)
        self.replay = [piece for document in replay for piece in split(document, system.window) if piece.text]
        self.weight = weight

    def __call__(self) -> Tensor:
        """Return the weighted mean squared difference on some of the documents, drawn anew each time."""
        drawn = [self.replay[i] for i in torch.randint(len(self.replay), (_DISTILLED,)).tolist()]
        batch = self.student.collate(drawn).to(next(self.student.parameters()).device)
        with torch.no_grad():
            before = self.teacher(batch).emissions
        moved = (self.student(batch).emissions - before)[batch.text.mask]
        distance: Tensor = self.weight * moved.square().mean()
        return distance


def replay_source(named: str, parent: CheckpointInfo) -> list[Document]:
    """Return what is replayed from: the user's choice, the parent's own corpus if it lies here, or the shipped samples.

    Raises:
        FormatError: if the corpus cannot be read.
    """
    if named:
        return formats.read(named)
    described = parent.card.get("corpus", {})
    corpora = [Corpus.from_json(row) for row in described.get("train", [])]
    if "map" in described:  # cards of 0.1.0 have one mapping for all
        corpora = [replace(corpus, map=described["map"]) for corpus in corpora]
    return read_all(corpora) if corpora and all(corpus.present for corpus in corpora) else samples.news()
