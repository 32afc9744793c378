"""Counts of entities by document, and the figures that their sums come to, with intervals over resamples of the documents."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.evaluation.agreement.resampling import LEVEL, Array, resamples_of
from engine.evaluation.scores import PRF
from engine.evaluation.study import Interval, Line

GOLD, FOUND, CORRECT = 0, 1, 2


@dataclass
class Counts:
    """Annotated, predicted and right entities of each of D documents, in each of C parts.

    Attributes:
        documents: D.
        parts: names of the parts, from the name to the column.
        rows: of what was counted, the document, in the order of counting.
        columns: of what was counted, the column of three for each part.
        values: how much was counted.
    """

    documents: int
    parts: dict[str, int] = field(default_factory=dict)
    rows: array[int] = field(default_factory=lambda: array("l"))
    columns: array[int] = field(default_factory=lambda: array("l"))
    values: array[float] = field(default_factory=lambda: array("d"))

    def add(self, row: int, part: str, gold: float, found: float, correct: float) -> None:
        """Count entities of a document in a part."""
        column = 3 * self.parts.setdefault(part, len(self.parts))
        for offset, value in enumerate((gold, found, correct)):
            if value:
                self.rows.append(row)
                self.columns.append(column + offset)
                self.values.append(value)

    def table(self) -> Array:
        """Return ``[D, 3C]``: for each part annotated, predicted and right entities."""
        table = np.zeros((self.documents, 3 * len(self.parts)))
        np.add.at(table, (np.array(self.rows, int), np.array(self.columns, int)), np.array(self.values))
        return table


def f1_of(sums: Array) -> Array:
    """Return the F1 of sums ``[..., 3C]``: ``[..., C]``, not-a-number where there is nothing."""
    gold, found, correct = sums[..., GOLD::3], sums[..., FOUND::3], sums[..., CORRECT::3]
    with np.errstate(invalid="ignore"):
        return np.asarray(2 * correct / (gold + found))


def resampled(table: Array, samples: int, seed: int) -> Array:
    """Return the F1 of each part in resamples of the documents, ``[R, C]``; of one document there are none."""
    rows = [f1_of(weights @ table) for weights in resamples_of(len(table), samples if len(table) > 1 else 0, seed)]
    return np.concatenate(rows) if rows else np.empty((0, table.shape[1] // 3))


def interval(value: float, drawn: Array) -> Interval:
    """Return a figure with its interval, from what it is in the resamples ``[R]``."""
    defined = drawn[~np.isnan(drawn)]
    if np.isnan(value):
        return Interval(0.0, 0.0, 0.0, False)
    if not len(defined) or 2 * len(defined) < len(drawn):
        return Interval(value, value, value, False)
    low, high = np.quantile(defined, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(value, float(low), float(high))


def lines(counts: Counts, samples: int, seed: int) -> dict[str, Line]:
    """Return the figures of each part, all from the same resamples."""
    table = counts.table()
    sums = table.sum(axis=0)
    values, drawn = f1_of(sums), resampled(table, samples, seed)
    return {
        part: _line(part, sums[3 * column : 3 * column + 3], float(values[column]), drawn[:, column])
        for part, column in counts.parts.items()
    }


def _line(part: str, sums: Sequence[float], f1: float, drawn: Array) -> Line:
    gold, found, correct = int(sums[GOLD]), int(sums[FOUND]), float(sums[CORRECT])
    figures = PRF(correct / found if found else 0.0, correct / gold if gold else 0.0, 0.0)
    return Line(part, gold, found, correct, figures.precision, figures.recall, interval(f1, drawn))
