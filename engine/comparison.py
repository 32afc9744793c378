"""The documents of a retraining's run that parent and new checkpoint both read, and what the gate makes of the two readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine import formats, gate
from engine.document import Document
from engine.gate import CORRECTIONS, HELD_OUT, POOL, PROTECTED, Gate, Part
from engine.prediction_changes import Changed, changes_of
from engine.systems.contract import System
from engine.tagger import predict

PARTS = (CORRECTIONS, HELD_OUT, PROTECTED, POOL)
Readings = Mapping[str, Sequence[Document]]
"""Every part, as one checkpoint reads it."""


def file_of(folder: Path, part: str) -> Path:
    """Return where a run keeps the documents of a part."""
    return folder / f"{part}.jsonl"


class Comparison:
    """What is read twice.

    Attributes:
        parts: the documents: corrections, held-out part, protected test set and pool.
    """

    def __init__(self, folder: Path, known: Sequence[str]) -> None:
        """Read a run's documents.

        Args:
            folder: of the run.
            known: the labels that the parent knows.
        """
        self.parts: Readings = {part: formats.read(file_of(folder, part), "jsonl") for part in PARTS}
        self.known = tuple(known)

    def read(self, system: System) -> Readings:
        """Return every part as a system reads it."""
        system.eval()
        return {part: [found.document for found in predict(system, documents)] for part, documents in self.parts.items()}

    def judge(self, old: Readings, new: Readings, structure: str, margin: float, support: int) -> tuple[Gate, list[Changed]]:
        """Return the verdict, and every document that is read otherwise.

        Args:
            old: what the parent reads.
            new: what the new checkpoint reads.
            structure: what spans both can find.
            margin: points of F1 that a type may fall by.
            support: gold spans from which on a fall counts as it is.
        """
        judged = [part for part in (HELD_OUT, PROTECTED) if part == HELD_OUT or self.parts[part]]
        figures = [gate.compare(part, self.parts[part], old[part], new[part], self.known, structure) for part in judged]
        changes = [
            changed
            for part, documents in self.parts.items()
            for changed in changes_of(part, documents, old[part], new[part], structure, gold=part != POOL)
        ]
        learned = gate.learned_of(self.parts[CORRECTIONS], old[CORRECTIONS], new[CORRECTIONS], structure)
        return gate.decide(figures, learned, changes, margin, support), changes


def before_and_after(part: Part) -> dict[str, Any]:
    """Return the figures of a part over what the parent knows, those of before and of after apart."""
    known = [row for row in part.types if row.before is not None]
    return {
        "documents": part.documents,
        "before": {
            "micro": asdict(part.micro.before) if part.micro.before else {},
            "types": {row.type: asdict(row.before) for row in known if row.before},
        },
        "after": {"micro": asdict(part.micro.after), "types": {row.type: asdict(row.after) for row in known}},
    }
