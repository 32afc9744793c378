"""Krippendorff's alpha for unitizing: how far apart the borders are that annotators give to the spans of a label.

Krippendorff (1995), On the reliability of unitizing contiguous data, Sociological Methodology 25, as restated in Krippendorff
(2004), Content Analysis, 2nd edition, chapter 11. Two units that overlap differ by the squares of the distances between their
starts and between their ends; a unit that lies in a gap of the other annotator's, by the square of its length.

Here the continuum is the documents, one behind another, and as no span can lie across their border, a gap ends there; on one
document this is the published coefficient. A unit is a span; of spans of one label that overlap the longest counts, as the
coefficient knows none such.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from engine.document import Document, Span
from engine.evaluation.agreement.coefficients import ratio
from engine.evaluation.agreement.layers import Layers
from engine.evaluation.agreement.resampling import Array, Tally
from engine.tags import flatten


@dataclass(frozen=True)
class Units:
    """What is summed of one label.

    Attributes:
        lengths: ``[U]``, the lengths that units have.
        counts: ``[D, 1 + 2U]``: differences over ordered pairs of annotators; units of each length; places where a unit of each
            length could lie in the gaps.
    """

    lengths: Array
    counts: Array


class Continuum:
    """The documents that all annotators have, as one continuum."""

    def __init__(self, layers: Layers) -> None:
        """Collect the units of each label; documents that somebody is missing from have no length and no units."""
        self.annotators = len(layers.annotators)
        self.characters = np.zeros((len(layers.rows), 1))
        marked: dict[str, dict[int, list[list[Span]]]] = defaultdict(dict)
        for number, row in enumerate(layers.rows):
            layer = [document for document in row if document is not None]
            if len(layer) == self.annotators:
                self.characters[number] = len(layer[0])
                for label in {span.label for document in layer for span in document.spans}:
                    marked[label][number] = [_units(document, label) for document in layer]
        self.units = {label: self._count(documents) for label, documents in sorted(marked.items())}

    def tally(self, label: str | None = None) -> Tally:
        """Return alpha of all labels or of one."""
        counted = [units for name, units in self.units.items() if label in (None, name)]

        def alpha(characters: Array, *sums: Array) -> Array:
            whole = characters[..., 0]
            observed, expected = np.zeros_like(whole), np.zeros_like(whole)
            for units, counts in zip(counted, sums, strict=True):
                observed += counts[..., 0]
                expected += _expected(counts, units.lengths, self.annotators * whole)
            places = self.annotators * (self.annotators - 1) * whole**2
            return 1 - ratio(ratio(observed, places), 2 * ratio(expected, whole))

        return Tally((self.characters, *(units.counts for units in counted)), alpha)

    def _count(self, documents: dict[int, list[list[Span]]]) -> Units:
        found = sorted({unit.end - unit.start for row in documents.values() for units in row for unit in units})
        lengths = np.array(found, np.float64)
        observed, units = np.zeros_like(self.characters), np.zeros((len(self.characters), len(lengths)))
        room = self.annotators * _places(self.characters, lengths)
        for number, row in documents.items():
            observed[number] = 2 * sum(_difference(one, other) for one, other in combinations(row, 2))
            sizes = np.array([unit.end - unit.start for side in row for unit in side])
            units[number] = (sizes[:, None] == lengths).sum(0)
            gaps = np.array([gap for side in row for gap in _gaps(side, int(self.characters[number, 0]))])
            room[number] = _places(gaps[:, None], lengths).sum(0)
        return Units(lengths, np.hstack([observed, units, room]))


def _expected(counts: Array, lengths: Array, continuum: Array) -> Array:
    """Return the difference expected of one label by chance, times half the continuum's length."""
    units, room = np.split(counts[..., 1:], 2, axis=-1)
    among_units = (units.sum(-1) - 1) / 3 * (units * (2 * lengths**3 - 3 * lengths**2 + lengths)).sum(-1)
    in_gaps = (units * lengths**2 * room).sum(-1)
    pairs = continuum * (continuum - 1) - (units * lengths * (lengths - 1)).sum(-1)
    return np.nan_to_num(ratio(among_units + in_gaps, pairs))


def _places(gaps: Array, lengths: Array) -> Array:
    return np.maximum(gaps - lengths + 1, 0)


def _units(document: Document, label: str) -> list[Span]:
    return flatten(span for span in document.spans if span.label == label)


def _gaps(units: Sequence[Span], length: int) -> list[int]:
    ends = [0, *(unit.end for unit in units)]
    starts = [*(unit.start for unit in units), length]
    return [start - end for end, start in zip(ends, starts, strict=True)]


def _difference(one: Sequence[Span], other: Sequence[Span]) -> int:
    """Return the difference of two annotators' units in one document, each pair of sections once."""
    total, met = 0, set()
    for unit in one:
        beside = [theirs for theirs in other if unit.overlaps(theirs)]
        met.update(beside)
        total += sum((unit.start - theirs.start) ** 2 + (unit.end - theirs.end) ** 2 for theirs in beside)
        total += 0 if beside else (unit.end - unit.start) ** 2
    return total + sum((theirs.end - theirs.start) ** 2 for theirs in other if theirs not in met)
