"""On what annotators differ: what one calls a stretch and another calls otherwise, and in which documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from engine.document import Document, Span
from engine.evaluation.agreement import Layers

NONE = "—"
"""Stands for a stretch that was not marked."""
Pair = tuple[str, str]
"""What one annotator and another call a stretch, in either order: sorted, :data:`NONE` last; two of a kind are agreement."""
_LOWEST = 20


@dataclass(frozen=True, slots=True)
class Lowest:
    """A document on which annotators agree little: its id in the store, how it begins, and F1, the mean of the pairs."""

    document_id: int
    excerpt: str
    f1: float
    annotators: int


def differences(layers: Layers) -> dict[Pair, Counter[int]]:
    """Count what pairs of annotators called the stretches that either of them marked, by document."""
    found: dict[Pair, Counter[int]] = {}
    for row in layers.rows:
        for one, other in combinations([document for document in row if document is not None], 2):
            number = int(one.meta["document"])
            for pair in _pairs(_by_place(one), _by_place(other)):
                found.setdefault(pair, Counter())[number] += 1
    return found


def confusion(found: Mapping[Pair, Counter[int]]) -> dict[Pair, int]:
    """Return how often each pair of labels was given."""
    return {pair: documents.total() for pair, documents in found.items()}


def documents_of(found: Mapping[Pair, Counter[int]], one: str, other: str = "") -> tuple[int, ...]:
    """Return the documents in which somebody said the one label and somebody else the other.

    Args:
        found: what was counted.
        one: a label, or :data:`NONE`.
        other: another; empty for whatever is not the one.
    """
    wanted = [pair for pair in found if (set(pair) == {one, other} if other else one in pair and pair[0] != pair[1])]
    return tuple(sorted({number for pair in wanted for number in found[pair]}))


def lowest(layers: Layers, most: int = _LOWEST) -> tuple[Lowest, ...]:
    """Return the documents on which annotators agree least, the lowest first; those on which all agree are left out."""
    found = []
    for row in layers.rows:
        there = [document for document in row if document is not None]
        pairs = [_f1(set(one.spans), set(other.spans)) for one, other in combinations(there, 2)]
        if pairs and fmean(pairs) < 1:
            found.append(Lowest(int(there[0].meta["document"]), there[0].text[:80], fmean(pairs), len(there)))
    return tuple(sorted(found, key=lambda each: (each.f1, each.document_id))[:most])


def _pairs(one: Mapping[tuple[int, int], set[str]], other: Mapping[tuple[int, int], set[str]]) -> list[Pair]:
    pairs: list[Pair] = []
    for place in one.keys() | other.keys():
        mine, theirs = one.get(place, {NONE}), other.get(place, {NONE})
        pairs += [(label, label) for label in mine & theirs]
        if mine != theirs:
            pairs += [_ordered(a, b) for a in mine - theirs or {NONE} for b in theirs - mine or {NONE}]
    return [pair for pair in pairs if pair != (NONE, NONE)]


def _by_place(document: Document) -> dict[tuple[int, int], set[str]]:
    found: dict[tuple[int, int], set[str]] = {}
    for span in document.spans:
        found.setdefault((span.start, span.end), set()).add(span.label)
    return found


def _ordered(one: str, other: str) -> tuple[str, str]:
    first, second = sorted((one, other), key=lambda label: (label == NONE, label))
    return first, second


def _f1(one: set[Span], other: set[Span]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0
