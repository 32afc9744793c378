"""All figures of one reading of a study, with intervals over resamples of its documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from engine.document import Document, Span, topmost
from engine.evaluation.conditions import condition_of
from engine.evaluation.counts import Counts, lines
from engine.evaluation.forms import FormCounts
from engine.evaluation.kinds import GROUPS, KINDS, first_of
from engine.evaluation.slicing import DIMENSIONS, ENOUGH, Dimension, Entity, name_of
from engine.evaluation.study import (
    FORMS,
    OUTCOMES,
    RIGHT,
    Bin,
    Case,
    Figures,
    KindCount,
    Line,
    Reading,
    SliceLine,
    Study,
)
from engine.evaluation.usage import Usage
from engine.tags import FLAT, NESTED

BINS = 10
CONDITION = "text"
"""Group of the slices that a free condition makes."""
_OfEntities = tuple[Dimension, Callable[[Entity], str]]
_FORM, _STRUCTURE, _TYPE, _SLICE = "form:", "structure:", "type:", "slice:"


def figures_of(study: Study, index: int, *, samples: int = 1000, seed: int = 1, conditions: Sequence[str] = ()) -> Figures:
    """Return the figures of a reading.

    Args:
        study: judged.
        index: of the reading.
        samples: resamples of the documents, for the intervals; 0 leaves them out.
        seed: of the resampling.
        conditions: on the text, as :func:`engine.evaluation.conditions.condition_of` reads them; each makes one more slice.

    Raises:
        InputError: if a condition cannot be read.
    """
    reading = study.readings[index]
    counts, forms = Counts(len(study.gold)), FormCounts()
    _count_forms(study, reading, counts, forms)
    sliced = count_slices(study, reading, counts) | _count_conditions(study, reading, counts, conditions)
    drawn = lines(counts, samples, seed)
    labels = labels_of(study, reading)
    bins, ece = _calibration(reading.cases)
    return Figures(
        {form: _named(drawn, _FORM, form) for form in FORMS},
        {form: forms.macro(form) for form in FORMS},
        {structure: _named(drawn, _STRUCTURE, structure) for structure in _structures(study)},
        tuple(_named(drawn, _TYPE, label) for label in labels if _TYPE + label in drawn),
        labels,
        confusion(reading.cases, labels),
        {outcome: sum(case.outcome == outcome for case in reading.cases) for outcome in OUTCOMES},
        count_kinds(reading.cases),
        tuple(_slice_line(name, group, documents, _named(drawn, _SLICE, name)) for name, (group, documents) in sliced.items()),
        bins,
        ece,
        len(study.gold),
        sum(map(len, study.gold)),
    )


def labels_of(study: Study, reading: Reading) -> tuple[str, ...]:
    """Return the types that are annotated or predicted, sorted."""
    documents = (*study.gold, *reading.predicted)
    return tuple(sorted({span.label for document in documents for span in document.spans}))


def confusion(cases: Sequence[Case], labels: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return the cases by annotated (rows) and predicted type; the last row is made up, the last column missed."""
    counts = Counter((case.gold.label if case.gold else "", case.found.label if case.found else "") for case in cases)
    return tuple(tuple(counts[row, column] for column in (*labels, "")) for row in (*labels, ""))


def count_kinds(cases: Sequence[Case]) -> tuple[KindCount, ...]:
    """Return how often each kind of error occurs."""
    together = Counter(kind for case in cases for kind in case.kinds)
    once = Counter(first for case in cases for group in GROUPS if (first := first_of(case.kinds, group)))
    return tuple(KindCount(kind.name, kind.group, once[kind.name], together[kind.name]) for kind in KINDS.values())


class Sliced(NamedTuple):
    """What is in a slice: a whole sentence, or one side of a case.

    Attributes:
        row: number of the document.
        name: of the slice.
        group: of the slice.
        case: whose entity it is; none for a whole sentence.
        is_gold: whether it is the annotated entity, not the predicted one.
    """

    row: int
    name: str
    group: str
    case: Case | None = None
    is_gold: bool = False


def slices_of(study: Study, reading: Reading, dimensions: Sequence[Dimension] = DIMENSIONS) -> Iterator[Sliced]:
    """Yield what is in any slice of some dimensions, document by document."""
    by_row = cases_by_row(reading)
    of_sentences = [(dimension, dimension.sentence) for dimension in dimensions if dimension.sentence]
    of_answers = [(dimension, dimension.answer) for dimension in dimensions if dimension.answer]
    of_entities = [(dimension, dimension.entity) for dimension in dimensions if dimension.entity]
    for row, document in enumerate(study.gold):
        for dimension, tell in of_sentences:
            if value := tell(document):
                yield Sliced(row, name_of(dimension, value), dimension.name)
        for dimension, tell in of_answers:
            if value := tell(reading.predicted[row]):
                yield Sliced(row, name_of(dimension, value), dimension.name)
        for case in by_row.get(row, ()):
            for is_gold, span in ((True, case.gold), (False, case.found)):
                if span:
                    yield from _sliced(case, span, is_gold, document, reading, of_entities)


def _sliced(
    case: Case, span: Span, is_gold: bool, document: Document, reading: Reading, dimensions: Sequence[_OfEntities]
) -> Iterator[Sliced]:
    answer = reading.predicted[case.row]
    there = reading.known.usage or Usage(reading.known.training)
    beside = document.spans if is_gold else answer.spans
    entity = Entity(document, answer, span, document.mention(span), beside, reading.known, there)
    for dimension, tell in dimensions:
        if value := tell(entity):
            yield Sliced(case.row, name_of(dimension, value), dimension.name, case, is_gold)


def cases_by_row(reading: Reading) -> dict[int, list[Case]]:
    """Return the cases of each document that has any."""
    by_row: dict[int, list[Case]] = {}
    for case in reading.cases:
        by_row.setdefault(case.row, []).append(case)
    return by_row


def count_slices(study: Study, reading: Reading, counts: Counts) -> dict[str, tuple[str, int]]:
    """Count the entities of each slice, and return for each its group and its number of documents, in the order of display.

    A dimension in which all fall into one slice says nothing, and is left out.
    """
    totals = {row: _totals(cases) for row, cases in cases_by_row(reading).items()}
    groups: dict[str, str] = {}
    rows: dict[str, set[int]] = {}
    for item in slices_of(study, reading):
        groups[item.name] = item.group
        rows.setdefault(item.name, set()).add(item.row)
        if item.case is None:
            counts.add(item.row, _SLICE + item.name, *totals.get(item.row, (0, 0, 0)))
        else:
            right = item.is_gold and item.case.outcome == RIGHT
            counts.add(item.row, _SLICE + item.name, item.is_gold, not item.is_gold, right)
    several = {group for group, count in Counter(groups.values()).items() if count > 1}
    ordered = sorted((name for name in groups if groups[name] in several), key=lambda name: _order(name, groups[name]))
    return {name: (groups[name], len(rows[name])) for name in ordered}


def _count_conditions(study: Study, reading: Reading, counts: Counts, conditions: Sequence[str]) -> dict[str, tuple[str, int]]:
    by_row = cases_by_row(reading)
    found = {}
    for condition in conditions:
        holds, rows = condition_of(condition), 0
        counts.add(0, _SLICE + condition, 0, 0, 0)
        for row, (truth, guess) in enumerate(zip(study.gold, reading.predicted, strict=True)):
            if holds(truth, guess):
                rows += 1
                counts.add(row, _SLICE + condition, *_totals(by_row.get(row, ())))
        found[condition] = (CONDITION, rows)
    return found


def _totals(cases: Sequence[Case]) -> tuple[int, int, int]:
    gold, found = (sum(getattr(case, side) is not None for case in cases) for side in ("gold", "found"))
    return gold, found, sum(case.outcome == RIGHT for case in cases)


def _order(name: str, group: str) -> tuple[int, int, str]:
    number, dimension = next((i, dimension) for i, dimension in enumerate(DIMENSIONS) if dimension.name == group)
    value = name.removeprefix(f"{group}=")
    return number, dimension.order.index(value) if value in dimension.order else len(dimension.order), name


def _count_forms(study: Study, reading: Reading, counts: Counts, forms: FormCounts) -> None:
    for row, (truth, guess) in enumerate(zip(study.gold, reading.predicted, strict=True)):
        own = FormCounts()
        own.add(truth.spans, guess.spans)
        forms.merge(own)
        gold, found = own.gold.total(), own.found.total()
        for form in FORMS:
            counts.add(row, _FORM + form, gold, found, own.credit(form))
        for label in own.gold.keys() | own.found.keys():
            counts.add(row, _TYPE + label, own.gold[label], own.found[label], own.exact[label])
        for structure in _structures(study):
            sides = [{s.key for s in (topmost(d.spans) if structure == FLAT else d.spans)} for d in (truth, guess)]
            counts.add(row, _STRUCTURE + structure, len(sides[0]), len(sides[1]), len(sides[0] & sides[1]))
    for name in (*(_FORM + form for form in FORMS), *(_STRUCTURE + structure for structure in _structures(study))):
        counts.parts.setdefault(name, len(counts.parts))


def _structures(study: Study) -> tuple[str, ...]:
    return (FLAT, NESTED) if study.structure == NESTED else (FLAT,)


def _named(drawn: Mapping[str, Line], prefix: str, name: str) -> Line:
    return replace(drawn[prefix + name], name=name)


def _slice_line(name: str, group: str, documents: int, line: Line) -> SliceLine:
    return SliceLine(name, group, documents, line, line.gold >= ENOUGH)


def _calibration(cases: Sequence[Case]) -> tuple[tuple[Bin, ...], float | None]:
    """Return the reliability curve and the expected calibration error (Guo et al. 2017) of the predicted entities."""
    scored = [(case.found.score, case.outcome == RIGHT) for case in cases if case.found and case.found.score is not None]
    bins = []
    for number in range(BINS):
        inside = [(score, right) for score, right in scored if _bin(score) == number]
        if inside:
            confidence, accuracy = (sum(values) / len(inside) for values in zip(*inside, strict=True))
            bins.append(Bin(number / BINS, (number + 1) / BINS, len(inside), confidence, accuracy))
    error = sum(part.count * abs(part.confidence - part.accuracy) for part in bins)
    return tuple(bins), error / len(scored) if scored else None


def bin_name(low: float, high: float) -> str:
    """Return the name of a bin of the reliability curve, such as ``0.8-0.9``."""
    return f"{low:.1f}-{high:.1f}"


def bin_of(score: float) -> str:
    """Return the name of the bin that a confidence falls into."""
    return bin_name(_bin(score) / BINS, (_bin(score) + 1) / BINS)


def _bin(score: float) -> int:
    return min(int(score * BINS), BINS - 1)
