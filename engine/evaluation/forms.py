"""Entities counted in four ways: exactly, by their extent alone, by their type alone, and with half a point for an overlap.

The forms are those of SemEval 2013, task 9.1 (Segura-Bedmar et al. 2013), after MUC-5 (Chinchor and Sundheim 1993):

======== =====================================================================================================
exact    start, end and type are right; seqeval's figures in strict mode, nervaluate's ``strict``
boundary start and end are right, the type may be any; nervaluate's ``exact``
partial  as ``boundary``; what overlaps without being right adds half a point; nervaluate's ``partial``
type     the type is right and something overlaps; nervaluate's ``ent_type``
======== =====================================================================================================

Every entity counts once: of several that overlap one, one gets the point, and so many points are given as can be (a maximum
matching). On entities that do not overlap each other, the first three forms are nervaluate's to the last digit. Otherwise
nervaluate 1.2.1 goes from left to right and takes what comes first, so that the order of the predictions decides: a prediction
that overlaps an entity can use it up before the one that is exactly right is looked at (nested entities), and a prediction of
another type before one of the right type (``ent_type``). Its figures are never above ours then. seqeval knows flat entities
alone, and outside of strict mode lets one begin at ``I-``, so that tags that are not of the scheme are read as if they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.document import Document, Span
from engine.evaluation.scores import PRF, pairs
from engine.evaluation.study import BOUNDARY_ONLY, EXACT, FORMS, PARTIAL, TYPE_ONLY

_Key = tuple[int, int, str]


@dataclass
class FormCounts:
    """What the four forms count, in a document or in many.

    Attributes:
        gold: annotated entities by label.
        found: predicted ones by label.
        exact: right ones by label.
        typed: by label, pairs of that label that overlap, each entity in one at most.
        bounded: pairs of equal extent.
        bounded_gold: by label, annotated entities whose extent is predicted.
        bounded_found: by label, predicted ones whose extent is annotated.
        touching: pairs of those that have no equal extent which overlap.
    """

    gold: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    exact: Counter[str] = field(default_factory=Counter)
    typed: Counter[str] = field(default_factory=Counter)
    bounded: int = 0
    bounded_gold: Counter[str] = field(default_factory=Counter)
    bounded_found: Counter[str] = field(default_factory=Counter)
    touching: int = 0

    def add(self, gold: Iterable[Span], found: Iterable[Span]) -> None:
        """Count the entities of one more document."""
        wanted, said = {span.key for span in gold}, {span.key for span in found}
        right = wanted & said
        self.gold.update(key[2] for key in wanted)
        self.found.update(key[2] for key in said)
        self.exact.update(key[2] for key in right)
        self.typed.update(key[2] for key in right)
        self.bounded += len(right)
        self.bounded_gold.update(key[2] for key in right)
        self.bounded_found.update(key[2] for key in right)
        if len(right) < len(wanted) and len(right) < len(said):
            self._compare(sorted(wanted - right), sorted(said - right))

    def merge(self, other: FormCounts) -> None:
        """Add what somebody else has counted."""
        for name in ("gold", "found", "exact", "typed", "bounded_gold", "bounded_found"):
            getattr(self, name).update(getattr(other, name))
        self.bounded += other.bounded
        self.touching += other.touching

    def _compare(self, wanted: list[_Key], said: list[_Key]) -> None:
        """Count what is left when all that is right is taken out."""
        for label in {key[2] for key in wanted} & {key[2] for key in said}:
            mine, theirs = ([key for key in side if key[2] == label] for side in (wanted, said))
            self.typed[label] += matched(mine, theirs)
        places = Counter(key[:2] for key in wanted) & Counter(key[:2] for key in said)
        if places:
            self.bounded += places.total()
            wanted = self._without(wanted, places, self.bounded_gold)
            said = self._without(said, places, self.bounded_found)
        self.touching += matched(wanted, said)

    @staticmethod
    def _without(keys: list[_Key], places: Counter[tuple[int, int]], bounded: Counter[str]) -> list[_Key]:
        rest, left = [], Counter(places)
        for key in keys:
            if left[key[:2]] > 0:
                left[key[:2]] -= 1
                bounded[key[2]] += 1
            else:
                rest.append(key)
        return rest

    def credit(self, form: str) -> float:
        """Return how many points a form gives."""
        points = {
            EXACT: self.exact.total(),
            BOUNDARY_ONLY: self.bounded,
            PARTIAL: self.bounded + self.touching / 2,
            TYPE_ONLY: self.typed.total(),
        }
        return points[form]

    def micro(self, form: str) -> PRF:
        """Return the figures over all entities."""
        return _prf(self.gold.total(), self.found.total(), self.credit(form), self.credit(form))

    def macro(self, form: str) -> PRF:
        """Return the mean of the figures of all labels that occur; each is judged by itself, but for the extent of any label."""
        labels = sorted(self.gold.keys() | self.found.keys())
        each = [self.of_label(form, label) for label in labels]
        count = max(len(each), 1)
        return PRF(*(sum(getattr(prf, name) for prf in each) / count for name in ("precision", "recall", "f1")))

    def of_label(self, form: str, label: str) -> PRF:
        """Return the figures of one label."""
        gold, found, exact = self.gold[label], self.found[label], self.exact[label]
        if form == BOUNDARY_ONLY:
            return _prf(gold, found, self.bounded_gold[label], self.bounded_found[label])
        points = {EXACT: exact, TYPE_ONLY: self.typed[label], PARTIAL: (exact + self.typed[label]) / 2}[form]
        return _prf(gold, found, points, points)


def count_forms(gold: Sequence[Document], predicted: Sequence[Document]) -> FormCounts:
    """Count the entities of documents in all forms.

    Raises:
        InputError: if the two differ in number or in a text.
    """
    counts = FormCounts()
    for truth, guess in pairs(gold, predicted):
        counts.add(truth.spans, guess.spans)
    return counts


def matched(first: Sequence[_Key], second: Sequence[_Key]) -> int:
    """Return into how many pairs that overlap two sorted lists can be put, each item in one at most (a maximum matching)."""
    if not first or not second:
        return 0
    if _is_flat(first) and _is_flat(second):
        return _matched_flat(first, second)
    return _matched_any(first, second)


def _is_flat(keys: Sequence[_Key]) -> bool:
    return all(before[1] <= after[0] for before, after in zip(keys, keys[1:], strict=False))


def _matched_flat(first: Sequence[_Key], second: Sequence[_Key]) -> int:
    """From left to right: of two that overlap neither can do better than with the other, as all later ones end later."""
    count = i = j = 0
    while i < len(first) and j < len(second):
        if first[i][1] <= second[j][0]:
            i += 1
        elif second[j][1] <= first[i][0]:
            j += 1
        else:
            count, i, j = count + 1, i + 1, j + 1
    return count


def _matched_any(first: Sequence[_Key], second: Sequence[_Key]) -> int:
    """By augmenting paths (Kuhn 1955)."""
    near = [[j for j, other in enumerate(second) if other[0] < key[1] and key[0] < other[1]] for key in first]
    partner: dict[int, int] = {}

    def place(start: int) -> bool:
        came: dict[int, int] = {}
        waiting = [start]
        while waiting:
            i = waiting.pop()
            for j in near[i]:
                if j in came:
                    continue
                came[j] = i
                if j not in partner:
                    _shift(partner, came, j, start)
                    return True
                waiting.append(partner[j])
        return False

    return sum(place(i) for i in range(len(first)))


def _shift(partner: dict[int, int], came: dict[int, int], free: int, start: int) -> None:
    """Give each item on a path, from its free end back to the start, the partner before it."""
    held = {i: j for j, i in partner.items()}
    j = free
    while True:
        i = came[j]
        partner[j] = i
        if i == start:
            return
        j = held[i]


def _prf(gold: int, found: int, recalled: float, precise: float) -> PRF:
    precision, recall = precise / found if found else 0.0, recalled / gold if gold else 0.0
    return PRF(precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0)


__all__ = ["FORMS", "FormCounts", "count_forms", "matched"]
