"""Two readings of the same documents: what each finds that the other does not, and whether the difference is more than chance.

Documents, not entities, are drawn and exchanged, since the entities of one document are not independent of each other.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.evaluation.agreement.resampling import Array
from engine.evaluation.counts import CORRECT, FOUND, GOLD, Counts, f1_of, interval, resampled
from engine.evaluation.figures import count_slices, labels_of
from engine.evaluation.slicing import ENOUGH
from engine.evaluation.study import RIGHT, Difference, Interval, Reading, Study

_ALL, _TYPE, _SLICE = "all", "type:", "slice:"
_AT_ONCE = 4_000_000


def difference(study: Study, a: int, b: int, *, samples: int = 1000, seed: int = 1) -> Difference:
    """Compare two readings.

    Args:
        study: judged.
        a: index of the one.
        b: index of the other.
        samples: resamples of the documents, and exchanges.
        seed: of both.
    """
    (one, slices), (other, _) = (_counted(study, study.readings[index]) for index in (a, b))
    parts = [part for part in one.parts if part in other.parts]
    tables = [_columns(counts, parts) for counts in (one, other)]
    values = [f1_of(table.sum(axis=0)) for table in tables]
    drawn = [resampled(table, samples, seed) for table in tables]
    deltas = {
        part: interval(float(np.nan_to_num(values[1][i]) - np.nan_to_num(values[0][i])), drawn[1][:, i] - drawn[0][:, i])
        for i, part in enumerate(parts)
    }
    found = [_found(study.readings[index]) for index in (a, b)]
    wanted = {(row, span.key) for row, document in enumerate(study.gold) for span in document.spans}
    labels = [f"{_TYPE}{label}" for label in labels_of(study, study.readings[a])]
    enough = {part for i, part in enumerate(parts) if all(table[:, 3 * i + GOLD].sum() >= ENOUGH for table in tables)}
    return Difference(
        len(found[0] & found[1]),
        len(found[0] - found[1]),
        len(found[1] - found[0]),
        len(wanted - found[0] - found[1]),
        deltas[_ALL],
        _by_bootstrap(deltas[_ALL].value, drawn[1][:, 0] - drawn[0][:, 0]),
        _by_exchange(tables[0][:, :3], tables[1][:, :3], samples, seed),
        {part.removeprefix(_TYPE): deltas[part] for part in labels if part in deltas},
        {name: deltas[_SLICE + name] for name in slices if _SLICE + name in enough},
    )


def _counted(study: Study, reading: Reading) -> tuple[Counts, list[str]]:
    """Return what is counted, and the slices in the order of display."""
    counts = Counts(len(study.gold), {_ALL: 0})
    for case in reading.cases:
        right = case.outcome == RIGHT
        counts.add(case.row, _ALL, case.gold is not None, case.found is not None, right)
        if case.gold:
            counts.add(case.row, _TYPE + case.gold.label, 1, 0, right)
        if case.found:
            counts.add(case.row, _TYPE + case.found.label, 0, 1, 0)
    return counts, list(count_slices(study, reading, counts))


def _columns(counts: Counts, parts: list[str]) -> Array:
    columns = [3 * counts.parts[part] + side for part in parts for side in (GOLD, FOUND, CORRECT)]
    return counts.table()[:, columns]


def _found(reading: Reading) -> set[tuple[int, tuple[int, int, str]]]:
    return {(case.row, case.gold.key) for case in reading.cases if case.gold and case.outcome == RIGHT}


def _by_bootstrap(value: float, drawn: Array) -> float:
    """Return how often resamples move the difference as far as it is from none; if there is none, so often it looks as large."""
    defined = drawn[~np.isnan(drawn)]
    return float((1 + np.count_nonzero(np.abs(defined - value) >= abs(value) - 1e-12)) / (1 + len(defined)))


def _by_exchange(one: Array, other: Array, samples: int, seed: int) -> float:
    """Return how often a difference that is as large arises when the two readings of each document are exchanged by chance."""
    changed = np.any(one != other, axis=1)
    base, moved = one.sum(axis=0) + 0.0, (other - one)[changed]
    whole = base + moved.sum(axis=0)
    observed = abs(_gap(base, whole))
    as_large = sum(
        np.count_nonzero(np.abs(_gap(base + swapped, whole - swapped)) >= observed - 1e-12)
        for swapped in _swapped(moved, samples, seed)
    )
    return float((1 + as_large) / (1 + samples))


def _swapped(moved: Array, samples: int, seed: int) -> Iterator[Array]:
    """Yield what changes when about half of the documents are exchanged, ``[R, 3]``."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _AT_ONCE // max(len(moved), 1))
    for start in range(0, samples, at_once):
        rows = min(at_once, samples - start)
        yield generator.integers(0, 2, size=(rows, len(moved))).astype(np.float64) @ moved


def _gap(one: Array, other: Array) -> Array:
    return np.asarray(np.nan_to_num(f1_of(other)[..., 0]) - np.nan_to_num(f1_of(one)[..., 0]))


__all__ = ["Difference", "Interval", "difference"]
