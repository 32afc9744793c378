"""Which sentences stand behind a number: a selection is a short text, so that it can stand in an address.

Terms with spaces between hold together::

    all                      everything
    cell:PER:LOC             annotated PER, predicted LOC; ``-`` as the row is made up, as the column missed
    outcome:missed           of :data:`engine.evaluation.study.OUTCOMES`; ``wrong`` is all but ``right``
    kind:too_long            of :data:`engine.evaluation.kinds.KINDS`; ``first:too_long`` where it counts as it
    type:PER                 annotated or predicted as PER
    bin:0.8-0.9              predicted with such confidence: a bin of the reliability curve
    slice:polyphonic         as :class:`~engine.evaluation.study.SliceLine` names it
    both_right only_a only_b both_wrong    annotated entities, by which of two readings finds them
    text:北京 /大学$/ label=PER             the rest of the selection: parts of the text, patterns, or labels that occur in it

What is not plain, such as a colon or a space in a label, is written as in an address: ``type:A%20B`` (:func:`term`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

from engine.document import Document
from engine.errors import InputError
from engine.evaluation.conditions import condition_of
from engine.evaluation.figures import BINS, bin_name, bin_of, cases_by_row, slices_of
from engine.evaluation.kinds import KINDS, first_of
from engine.evaluation.slicing import dimension_of
from engine.evaluation.study import OUTCOMES, RIGHT, Case, Reading, Study

ALL, WRONG = "all", "wrong"
BOTH_RIGHT, ONLY_A, ONLY_B, BOTH_WRONG = "both_right", "only_a", "only_b", "both_wrong"
COMPARED = (BOTH_RIGHT, ONLY_A, ONLY_B, BOTH_WRONG)
_TEXT = "text:"
_NONE = "-"
_BINS = frozenset(bin_name(number / BINS, (number + 1) / BINS) for number in range(BINS))
Selection = str
_Test = Callable[[Case], bool]


@dataclass(frozen=True, slots=True)
class Hit:
    """A sentence that a selection finds: the number of its document, and its cases that are meant; none if it has none."""

    row: int
    cases: tuple[Case, ...]


def term(name: str, *values: str) -> Selection:
    """Write a term of a selection: ``term("cell", "PER", "-")`` is ``cell:PER:-``."""
    return ":".join([name, *(quote(value, safe="-=+._/") if value.isascii() else _quoted(value) for value in values)])


def _quoted(value: str) -> str:
    return "".join(character if not character.isascii() else quote(character, safe="-=+._/") for character in value)


def select(study: Study, selection: Selection, a: int = 0, b: int | None = None) -> tuple[Hit, ...]:
    """Return the sentences that a selection finds, in order.

    Args:
        study: judged.
        selection: as above.
        a: the reading whose cases are meant.
        b: the one that it is compared with, for terms that compare.

    Raises:
        InputError: if the selection cannot be read, or compares with nothing.
    """
    before, is_text, condition = selection.partition(_TEXT)
    terms = before.split()
    if not terms and not is_text:
        raise InputError("the selection is empty; write for instance kind:too_long, or all")
    reading = study.readings[a]
    tests = [_test(study, reading, one, a, b) for one in terms]
    keeps = condition_of(condition) if is_text else None
    whole = not any(one != ALL for one in terms)
    return tuple(_hits(study, reading, tests, keeps, whole))


def _hits(
    study: Study, reading: Reading, tests: list[_Test], keeps: Callable[[Document, Document], bool] | None, whole: bool
) -> Iterator[Hit]:
    by_row = cases_by_row(reading)
    for row, (truth, guess) in enumerate(zip(study.gold, reading.predicted, strict=True)):
        if keeps is None or keeps(truth, guess):
            cases = tuple(case for case in by_row.get(row, ()) if all(test(case) for test in tests))
            if cases or whole:
                yield Hit(row, cases)


def _test(study: Study, reading: Reading, term: str, a: int, b: int | None) -> _Test:
    name, *values = (unquote(part) for part in term.split(":"))
    if term == ALL:
        return lambda case: True
    if term in COMPARED:
        return _compared(study, term, a, b)
    if name == "cell" and len(values) == 2:
        row, column = values
        return lambda case: _label(case.gold) == row and _label(case.found) == column
    if name == "slice" and len(values) == 1:
        return _in_slice(study, reading, values[0])
    if len(values) == 1 and (simple := _simple(name, values[0])):
        return simple
    raise InputError(
        f"{term!r} selects nothing that there is; write all, cell:ROW:COLUMN, outcome:NAME, kind:NAME, type:LABEL, slice:NAME, "
        f"bin:0.8-0.9, text:CONDITION, or one of {', '.join(COMPARED)}"
    )


def _simple(name: str, value: str) -> _Test | None:
    if name == "outcome" and value in OUTCOMES:
        return lambda case: case.outcome == value
    if name == "outcome" and value == WRONG:
        return lambda case: case.outcome != RIGHT
    if name == "kind" and value in KINDS:
        return lambda case: value in case.kinds
    if name == "first" and value in KINDS:
        return lambda case: first_of(case.kinds, KINDS[value].group) == value
    if name == "bin" and value in _BINS:
        return lambda case: case.found is not None and case.found.score is not None and bin_of(case.found.score) == value
    if name == "type":
        return lambda case: value in (_label(case.gold), _label(case.found))
    return None


def _label(span: object) -> str:
    return getattr(span, "label", _NONE)


def _in_slice(study: Study, reading: Reading, name: str) -> _Test:
    rows: set[int] = set()
    cases: set[int] = set()
    for item in slices_of(study, reading, [dimension_of(name)]):
        if item.name == name:
            if item.case is None:
                rows.add(item.row)
            else:
                cases.add(id(item.case))
    return lambda case: case.row in rows or id(case) in cases


def _compared(study: Study, term: str, a: int, b: int | None) -> _Test:
    if b is None:
        raise InputError(f"{term} compares two readings; say with which")
    found = [_right(study.readings[index].cases) for index in (a, b)]
    wanted = {BOTH_RIGHT: (True, True), ONLY_A: (True, False), ONLY_B: (False, True), BOTH_WRONG: (False, False)}[term]
    return lambda case: case.gold is not None and tuple((case.row, case.gold.key) in side for side in found) == wanted


def _right(cases: Iterable[Case]) -> set[tuple[int, tuple[int, int, str]]]:
    return {(case.row, case.gold.key) for case in cases if case.gold and case.outcome == RIGHT}
