"""A sample of sentences for each error kind: the stretch around an error, what is annotated in it and what is predicted."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.document import Span
from engine.evaluation.study import RIGHT, Case, Study

EACH = 3
"""Sentences of a kind."""
_AROUND = 16
_LONGEST = 60


@dataclass(frozen=True)
class Mark:
    """An entity in a stretch of text.

    Attributes:
        start: its first character in the stretch.
        end: one past its last one there.
        label: its type.
        level: 0 nearest to the text; of marks that overlap each has a level of its own.
        asked: whether it is of the case that the stretch is shown for.
        cut: whether it reaches beyond the stretch.
    """

    start: int
    end: int
    label: str
    level: int
    asked: bool
    cut: bool


@dataclass(frozen=True)
class Sample:
    """A stretch of a document around a case.

    Attributes:
        case: that it is shown for.
        document: id of the document.
        text: the stretch.
        before: whether there is text before it.
        after: whether there is text after it.
        gold: annotated entities in it.
        found: predicted ones.
    """

    case: Case
    document: str
    text: str
    before: bool
    after: bool
    gold: tuple[Mark, ...]
    found: tuple[Mark, ...]


def samples(study: Study, index: int, *, each: int = EACH, seed: int = 1) -> dict[str, tuple[int, list[Sample]]]:
    """Draw some sentences of each error kind.

    Args:
        study: with its readings.
        index: of the reading.
        each: how many of a kind at most.
        seed: of the drawing.

    Returns:
        How many cases are of each kind, and those drawn, in the order of the documents; a kind that is named first counts as
        before one that is named second.
    """
    reading = study.readings[index]
    by_kind: dict[str, list[Case]] = defaultdict(list)
    for case in reading.cases:
        if case.outcome != RIGHT:
            for kind in case.kinds or (case.outcome,):
                by_kind[kind].append(case)
    chosen = {}
    for kind, cases in by_kind.items():
        drawn = random.Random(f"{seed} {kind}").sample(range(len(cases)), min(each, len(cases)))
        chosen[kind] = len(cases), [sample(study, index, cases[at]) for at in sorted(drawn)]
    return chosen


def sample(study: Study, index: int, case: Case) -> Sample:
    """Return the stretch around a case."""
    gold, predicted = study.gold[case.row], study.readings[index].predicted[case.row]
    first, last = case.place
    start, end = max(0, first - _AROUND), min(len(gold), min(last, first + _LONGEST) + _AROUND)
    return Sample(
        case,
        gold.id,
        gold.text[start:end],
        start > 0,
        end < len(gold),
        _marks(gold.spans, case.gold, start, end),
        _marks(predicted.spans, case.found, start, end),
    )


def bracketed(text: str, marks: Sequence[Mark]) -> str:
    """Return a text with its entities in brackets, types behind them: ``在【北京】LOC★``; the star is at the one it is about."""
    opening: dict[int, list[Mark]] = defaultdict(list)
    closing: dict[int, list[Mark]] = defaultdict(list)
    for mark in marks:
        opening[mark.start].append(mark)
        closing[mark.end].append(mark)
    written = []
    for at in range(len(text) + 1):
        written += [f"】{mark.label}{'★' if mark.asked else ''}" for mark in sorted(closing[at], key=lambda mark: -mark.start)]
        written += ["【"] * len(opening[at])
        written += text[at : at + 1]
    return "".join(written)


def _marks(spans: Iterable[Span], asked: Span | None, start: int, end: int) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    for span in sorted((s for s in spans if s.start < end and start < s.end), key=lambda s: (s.end - s.start, s.start)):
        first, last = max(span.start, start) - start, min(span.end, end) - start
        taken = {mark.level for mark in marks if mark.start < last and first < mark.end}
        level = next(level for level in range(len(marks) + 1) if level not in taken)
        marks.append(Mark(first, last, span.label, level, span == asked, span.start < start or end < span.end))
    return tuple(sorted(marks, key=lambda mark: (mark.start, -mark.end)))
