"""Agreement on spans: what two annotators said of each stretch, start and end, that either of them marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.document import Document
from engine.evaluation.agreement.characters import Classes
from engine.evaluation.agreement.coefficients import cohen_kappa, f1
from engine.evaluation.agreement.layers import Layers
from engine.evaluation.agreement.resampling import Array, Tally

Labels = tuple[str, ...]
"""The labels that one annotator gave a stretch, sorted; empty if it is not marked."""


@dataclass(frozen=True)
class Stretches:
    """The stretches that either of two annotators marked.

    Attributes:
        classes: of each the labels that either gave it, as numbers; the first is none.
        labels: what the numbers stand for.
    """

    classes: Classes
    labels: tuple[Labels, ...]

    @classmethod
    def of(cls, layers: Layers, one: int, other: int) -> Stretches:
        """Collect them from the documents that both annotated."""
        numbers: dict[Labels, int] = {(): 0}
        found: list[tuple[int, int, int]] = []
        for document, row in enumerate(layers.rows):
            left, right = row[one], row[other]
            if left is None or right is None:
                continue
            sides = _labels_of(left), _labels_of(right)
            for stretch in sides[0].keys() | sides[1].keys():
                first, second = (numbers.setdefault(side.get(stretch, ()), len(numbers)) for side in sides)
                found.append((document, first, second))
        columns = np.array(found, np.int64).reshape(-1, 3).T
        return cls(Classes(columns[1:], columns[0], len(layers.rows), len(numbers)), tuple(numbers))

    def kappa(self, label: str | None = None) -> Tally:
        """Return Cohen's kappa on the labels of the stretches, or on whether they have one label or not."""
        classes = self.classes
        if label is not None:
            holds = np.array([label in labels for labels in self.labels], np.int64)
            classes = Classes(holds[classes.given], classes.document, classes.documents, 2)
        return Tally((classes.pair(0, 1),), cohen_kappa)

    def f1(self, label: str | None = None) -> Tally:
        """Return F1 of the exact spans, of all labels or of one."""
        wanted = sorted({name for labels in self.labels for name in labels}) if label is None else [label]
        counts = np.zeros((self.classes.documents, 3))
        for name in wanted:
            counts += self._shared(np.array([name in labels for labels in self.labels], np.bool_))
        return Tally((counts,), f1)

    def border_f1(self) -> Tally:
        """Return F1 of the stretches, whatever their labels."""
        return Tally((self._shared(np.array([bool(labels) for labels in self.labels], np.bool_)),), f1)

    def _shared(self, counted: npt.NDArray[np.bool_]) -> Array:
        one, other = counted[self.classes.given]
        return np.hstack([self.classes.units(among) for among in (one & other, one, other)])


def _labels_of(document: Document) -> Mapping[tuple[int, int], Labels]:
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for span in document.spans:
        found[span.start, span.end].add(span.label)
    return {stretch: tuple(sorted(labels)) for stretch, labels in found.items()}


def spans_marked(layers: Layers, annotators: Sequence[int], label: str | None = None) -> int:
    """Count the spans, of all labels or of one, in the documents that all of some annotators have."""
    rows = [[row[i] for i in annotators] for row in layers.rows]
    shared = [document for row in rows if None not in row for document in row if document is not None]
    return sum(label is None or span.label == label for document in shared for span in document.spans)
