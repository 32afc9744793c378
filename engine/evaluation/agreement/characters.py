"""Agreement on characters: each has a class for each annotator, and what is counted is who agrees with whom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from engine.evaluation.agreement.coefficients import cohen_kappa, fleiss_kappa, nominal_alpha
from engine.evaluation.agreement.layers import Layers
from engine.evaluation.agreement.resampling import Array, Tally
from engine.nested_tags import Stack, write_stacks
from engine.tags import Scheme

MISSING = -1


@dataclass(frozen=True)
class Classes:
    """The class that each annotator gave each unit.

    Attributes:
        given: ``[A, N]``, numbers of classes, or :data:`MISSING`; a document is missing as a whole.
        document: ``[N]``, the document of each unit, in order.
        documents: how many there are.
        size: how many classes there are.
    """

    given: npt.NDArray[np.int64]
    document: npt.NDArray[np.int64]
    documents: int
    size: int

    def counts(self, annotator: int, among: npt.NDArray[np.bool_]) -> Array:
        """Return how often an annotator gave each class in each document ``[D, K]``, among some units ``[N]``."""
        cells = self.document[among] * self.size + self.given[annotator][among]
        counted = np.bincount(cells, minlength=self.documents * self.size)
        return counted.reshape(self.documents, self.size).astype(np.float64)

    def units(self, among: npt.NDArray[np.bool_]) -> Array:
        """Return how many units there are in each document ``[D, 1]``, among some ``[N]``."""
        return np.bincount(self.document[among], minlength=self.documents)[:, None].astype(np.float64)

    def pair(self, one: int, other: int) -> Array:
        """Return the counts of two annotators for Cohen's kappa, ``[D, 2 + 2K]``."""
        shared = (self.given[one] != MISSING) & (self.given[other] != MISSING)
        agreed = shared & (self.given[one] == self.given[other])
        sides = self.counts(one, shared), self.counts(other, shared)
        return np.hstack([self.units(shared), self.units(agreed), *sides])


class Tags:
    """The BIO tags of characters, several where mentions lie in each other, as each annotator has them."""

    def __init__(self, layers: Layers) -> None:
        """Tag every document of every annotator."""
        lengths = [len(next(document for document in row if document is not None)) for row in layers.rows]
        starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        self.stacks: dict[Stack, int] = {(): 0}
        given = np.full((len(layers.annotators), starts[-1]), MISSING, np.int64)
        for number, row in enumerate(layers.rows):
            for annotator, document in enumerate(row):
                if document is not None:
                    stacks = write_stacks(document.spans, len(document), Scheme.BIO)
                    codes = [self.stacks.setdefault(stack, len(self.stacks)) for stack in stacks]
                    given[annotator, starts[number] : starts[number + 1]] = codes
        document_of = np.repeat(np.arange(len(lengths)), lengths)
        self.classes = Classes(given, document_of, len(lengths), len(self.stacks))

    def of(self, label: str) -> Classes:
        """Return the classes with the tags of one label alone."""
        own: dict[Stack, int] = {(): 0}
        table = [own.setdefault(tuple(tag for tag in stack if tag.partition("-")[2] == label), len(own)) for stack in self.stacks]
        projected = np.array([*table, MISSING])  # the last is what MISSING looks up
        return Classes(projected[self.classes.given], self.classes.document, self.classes.documents, len(own))


def tally_pair(classes: Classes, one: int, other: int) -> Tally:
    """Return Cohen's kappa of two annotators over the units that both have."""
    return Tally((classes.pair(one, other),), cohen_kappa)


def tally_all(classes: Classes) -> tuple[Tally, Tally]:
    """Return Fleiss' kappa over the units that all annotators have, and nominal alpha over those that two or more have."""
    there = classes.given != MISSING
    annotators, several = there.sum(0), there.sum(0) > 1
    counts = sum((classes.counts(i, several & there[i]) for i in range(len(there))), np.zeros((classes.documents, classes.size)))
    first = np.searchsorted(classes.document, np.arange(classes.documents))
    # a document is annotated as a whole, so that its first character tells; one of no characters counts nothing
    of_document = np.append(annotators, 0)[np.minimum(first, len(annotators))][:, None] * (classes.units(several) > 0)
    pairs = [(i, j) for i in range(len(there)) for j in range(i)]
    agreed = np.zeros((classes.documents, 1))
    for one, other in pairs:
        agreed += 2 * classes.units(there[one] & (classes.given[one] == classes.given[other]))
    possible = classes.units(several) * of_document * (of_document - 1)
    disagreed = (possible - agreed) / np.maximum(of_document - 1, 1)
    complete = of_document == len(there)
    fleiss = Tally((np.hstack([agreed, counts]) * complete,), partial(fleiss_kappa, annotators=len(there)))
    return fleiss, Tally((np.hstack([disagreed, counts]),), nominal_alpha)
