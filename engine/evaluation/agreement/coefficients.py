"""The formulas, each on sums of counts whose last axis has what the docstring lists; not-a-number where they are not defined."""

from __future__ import annotations

import numpy as np

from engine.evaluation.agreement.resampling import Array


def ratio(part: Array, whole: Array) -> Array:
    """Divide, where there is something to divide by."""
    defined = whole != 0
    return np.where(defined, part / np.where(defined, whole, 1), np.nan)


def cohen_kappa(sums: Array) -> Array:
    """Return Cohen's kappa (1960).

    Args:
        sums: ``[..., 2 + 2K]``: units, units of one class for both, units of each class for one, and for the other.
    """
    units, agreed, classes = sums[..., 0], sums[..., 1], sums[..., 2:]
    one, other = np.split(classes, 2, axis=-1)
    chance = (one * other).sum(-1)
    return ratio(units * agreed - chance, units**2 - chance)


def fleiss_kappa(sums: Array, *, annotators: int) -> Array:
    """Return Fleiss' kappa (1971).

    Args:
        sums: ``[..., 1 + K]``: ordered pairs of annotators that agree, over all units; how often each class was given.
        annotators: how many there are of each unit.
    """
    agreed, classes = sums[..., 0], sums[..., 1:]
    given, chance = classes.sum(-1), (classes**2).sum(-1)
    return ratio(agreed * given / (annotators - 1) - chance, given**2 - chance)


def nominal_alpha(sums: Array) -> Array:
    """Return Krippendorff's alpha for nominal data (2004, chapter 11), from coincidences.

    Args:
        sums: ``[..., 1 + K]``: over all units, ordered pairs of annotators that disagree, divided by the unit's annotators less
            one; how often each class was given in units that have two annotators or more.
    """
    disagreed, classes = sums[..., 0], sums[..., 1:]
    given = classes.sum(-1)
    return 1 - ratio((given - 1) * disagreed, given**2 - (classes**2).sum(-1))


def f1(sums: Array) -> Array:
    """Return F1 of two sets, undefined if both are empty.

    Args:
        sums: ``[..., 3]``: elements of both, of one, and of the other.
    """
    return ratio(2 * sums[..., 0], sums[..., 1] + sums[..., 2])


def mean_of(values: Array) -> Array:
    """Return the mean over the first axis of what is defined."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0).sum(0), defined.sum(0))
