"""A study while it is made, and with all that has been computed of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.document import Document
from workbench.studies.asking import Model, Question

if TYPE_CHECKING:
    from engine.evaluation.study import Difference, Figures, Study


class StoppedError(Exception):
    """Somebody has asked a study to stop."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is.

    Attributes:
        model: key of the one that reads; empty when all have read, and the figures are computed.
        done: how many documents are read, by all models together.
        total: how many there are to read.
        left: seconds, where they can be guessed.
        f1: of the model, exact, as far as it has read.
    """

    model: str
    done: int
    total: int
    left: float | None = None
    f1: float | None = None


@dataclass
class Worked:
    """A study with all that has been computed of it so far.

    Attributes:
        key: under which it is remembered.
        question: that it answers.
        study: documents, readings, cases.
        models: what each reading is of.
        documents: as they came, before labels were renamed or left out.
    """

    key: str
    question: Question
    study: Study
    models: tuple[Model, ...]
    documents: tuple[Document, ...]
    _figures: dict[int, Figures] = field(default_factory=dict)
    _differences: dict[tuple[int, int], Difference] = field(default_factory=dict)
    _computing: threading.Lock = field(default_factory=threading.Lock)

    def figures(self, index: int) -> Figures:
        """Return the figures of a reading."""
        from engine.evaluation.figures import figures_of

        with self._computing:
            if index not in self._figures:
                self._figures[index] = figures_of(self.study, index)
            return self._figures[index]

    def difference(self, a: int, b: int) -> Difference:
        """Return how two readings differ."""
        from engine.evaluation.comparing import difference

        with self._computing:
            if (a, b) not in self._differences:
                self._differences[a, b] = difference(self.study, a, b)
            return self._differences[a, b]
