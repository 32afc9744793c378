"""A study of errors: annotated documents, what one to four models say of them, every entity judged once, and the figures.

These are the nouns; :mod:`engine.evaluation.judging`, :mod:`engine.evaluation.figures`, :mod:`engine.evaluation.comparing` and
:mod:`engine.evaluation.selecting` speak them, and so do the page and the reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.document import Document, Span
from engine.evaluation.scores import PRF
from engine.evaluation.usage import Usage
from engine.tags import FLAT

RIGHT, BOUNDARY, TYPE, BOTH, MISSED, SPURIOUS = "right", "boundary", "type", "both", "missed", "spurious"
OUTCOMES = (RIGHT, BOUNDARY, TYPE, BOTH, MISSED, SPURIOUS)
"""Exactly right; right type, other boundary; right boundary, other type; neither, but overlapping; not found; made up."""
EXACT, PARTIAL, BOUNDARY_ONLY, TYPE_ONLY = "exact", "partial", "boundary", "type"
FORMS = (EXACT, PARTIAL, BOUNDARY_ONLY, TYPE_ONLY)
"""Of SemEval 2013 task 9: strict, partial (an overlap is worth a half), exact boundary of any type, type with any overlap."""


@dataclass(frozen=True, slots=True)
class Case:
    """One annotated entity, one predicted entity, or one of each that stand for each other.

    Every annotated and every predicted entity is in exactly one case.

    Attributes:
        row: number of its document in the study, from 0.
        gold: the annotated entity; none of one that is made up.
        found: the predicted entity; none of one that is not found.
        outcome: of :data:`OUTCOMES`.
        kinds: the names of the error kinds that it is of, the one that it counts as first; none if it is right.
    """

    row: int
    gold: Span | None
    found: Span | None
    outcome: str
    kinds: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[int, int]:
        """Return the stretch of text that the case is about."""
        spans = [span for span in (self.gold, self.found) if span]
        return min(span.start for span in spans), max(span.end for span in spans)


@dataclass(frozen=True)
class Known:
    """What a model has met, as far as it is known.

    Attributes:
        unknown: characters of the documents that its vocabulary does not have.
        training: the annotated documents that it was trained on; empty if they are not at hand.
        usage: how mentions are used in these, with the labels of the study; of a reading that is judged.
    """

    unknown: frozenset[str] = frozenset()
    training: tuple[Document, ...] = ()
    usage: Usage | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Reading:
    """What one model, given one kind of input, says of all documents.

    Attributes:
        name: as it is shown, e.g. ``zh-general`` or ``mpm-cner - glyph``.
        digest: of the weights, or of the file of predictions.
        without: the modality that was kept from it; empty for none.
        labels: the types that it can find.
        predicted: the documents with the predicted spans, scored.
        cases: of all documents, in their order.
        known: what the model has met.
        seconds: that the reading took.
        cached: how many documents were read before, and were not read again.
        structure: ``flat`` or ``nested``: what spans the model finds.
    """

    name: str
    digest: str
    without: str
    labels: tuple[str, ...]
    predicted: tuple[Document, ...]
    cases: tuple[Case, ...]
    known: Known = field(default_factory=Known)
    seconds: float = 0.0
    cached: int = 0
    structure: str = FLAT


@dataclass(frozen=True)
class Study:
    """Documents and readings.

    Attributes:
        name: of the data, as it is shown.
        digest: of the documents' content.
        gold: the annotated documents, renamed and reduced to the spans that are judged.
        structure: ``flat`` or ``nested``: which spans count.
        readings: one to four.
    """

    name: str
    digest: str
    gold: tuple[Document, ...]
    structure: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the bounds between which it lies in 95% of the resamplings of documents.

    Attributes:
        value: the figure.
        low: where the interval begins.
        high: where it ends.
        known: whether there is an interval; one document has none, nor has a figure of nothing: both bounds are the value then.
    """

    value: float
    low: float
    high: float
    known: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one part: of a type, a form or a slice.

    Attributes:
        name: of the part.
        gold: annotated entities in it.
        found: predicted ones.
        correct: those that are right; in the form ``partial`` an overlap adds a half.
        precision: of these.
        recall: of these.
        f1: with its interval.
    """

    name: str
    gold: int
    found: int
    correct: float
    precision: float
    recall: float
    f1: Interval


@dataclass(frozen=True, slots=True)
class KindCount:
    """How often an error kind occurs.

    Attributes:
        name: of the kind.
        group: whose kind it is: ``cnerta``, ``cmner`` or ``duomo``.
        once: cases that count as it, each case once in its group.
        together: cases that it applies to at all.
    """

    name: str
    group: str
    once: int
    together: int


@dataclass(frozen=True, slots=True)
class SliceLine:
    """The figures of a slice.

    Attributes:
        name: of the slice, e.g. ``polyphonic``; what comes in values is named ``length=4-5``.
        group: what it slices by, e.g. ``length``.
        documents: in it.
        line: its figures.
        enough: whether it has so many annotated entities that its figures say anything.
    """

    name: str
    group: str
    documents: int
    line: Line
    enough: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of like confidence: how many, how sure on average, what share is right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Figures:
    """All figures of one reading.

    Attributes:
        forms: micro-averaged, by form of :data:`FORMS`.
        macro: unweighted mean over the types, by form.
        structures: exact figures of ``flat`` (topmost spans alone) and ``nested`` (all), micro-averaged.
        types: exact figures of each type.
        labels: of the rows and columns of ``confusion``.
        confusion: cases by annotated type (rows) and predicted type (columns); the last row is made up, the last column missed.
        outcomes: cases by outcome.
        kinds: error kinds.
        slices: slices that hold anything.
        bins: reliability curve.
        ece: expected calibration error, in [0, 1]; ``None`` if nothing is predicted or no prediction is scored.
        documents: number of documents.
        characters: number of characters.
    """

    forms: Mapping[str, Line]
    macro: Mapping[str, PRF]
    structures: Mapping[str, Line]
    types: tuple[Line, ...]
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    outcomes: Mapping[str, int]
    kinds: tuple[KindCount, ...]
    slices: tuple[SliceLine, ...]
    bins: tuple[Bin, ...]
    ece: float | None
    documents: int
    characters: int

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """Two readings of the same documents, A and B.

    Attributes:
        both_right: annotated entities that both find exactly.
        only_a: that only A does.
        only_b: that only B does.
        both_wrong: that neither does.
        f1: of B less that of A, with its interval (paired bootstrap over documents).
        p_bootstrap: two-sided, by the paired bootstrap (Berg-Kirkpatrick, Burkett and Klein 2012).
        p_permutation: two-sided, by approximate randomisation (Noreen 1989; Yeh 2000).
        types: difference of F1 of each type.
        slices: difference of F1 of each slice that has enough cases.
    """

    both_right: int
    only_a: int
    only_b: int
    both_wrong: int
    f1: Interval
    p_bootstrap: float
    p_permutation: float
    types: Mapping[str, Interval]
    slices: Mapping[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """Return the difference as plain values."""
        return asdict(self)
