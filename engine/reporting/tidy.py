"""The numbers of a report for other programs: one tidy CSV, a figure a row, and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from engine import __version__
from engine.evaluation.study import Difference, Figures, Interval, Line
from engine.reporting.findings import Findings

HEADS = ("data", "model", "hash", "without", "section", "group", "part", "figure", "value", "low", "high", "enough")
_Row = tuple[str, str, str, str, float | None, float | None, float | None, bool]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tidy_csv(found: Findings) -> str:
    """Return every figure as a row: of which data and model, of which part, what it is, its value and its interval.

    Names that a spreadsheet would take for a formula have an apostrophe in front.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(HEADS)
    name = found.study.name
    for reading, figures in zip(found.study.readings, found.figures, strict=True):
        for *names, value, low, high, enough in _of_reading(figures):
            words = (name, reading.name, reading.digest, reading.without, *names)
            writer.writerow((*map(plain, words), *map(_number, (value, low, high)), int(enough)))
    for (a, b), difference in found.differences.items():
        one, other = (found.study.readings[at] for at in (a, b))
        between = (name, f"{other.name} - {one.name}", f"{other.digest} - {one.digest}", f"{other.without} - {one.without}")
        for *names, value, low, high, enough in _of_difference(difference):
            writer.writerow((*map(plain, (*between, *names)), *map(_number, (value, low, high)), int(enough)))
    for curve, points in found.curves.items():
        for point in points:
            low, high = (point.f1.low, point.f1.high) if point.f1.known else (None, None)
            numbers = map(_number, (point.f1.value, low, high))
            writer.writerow(("", "", "", "", "learning", plain(curve), point.sentences, "f1", *numbers, 1))
    return file.getvalue()


def to_json(found: Findings) -> dict[str, Any]:
    """Return all figures as plain values."""
    study = found.study
    return {
        "made_by": f"Duomo {__version__}",
        "data": {"name": study.name, "digest": study.digest, "structure": study.structure, "documents": len(study.gold)},
        "readings": [
            {
                "name": reading.name,
                "digest": reading.digest,
                "without": reading.without,
                "labels": list(reading.labels),
                "seconds": reading.seconds,
                "cached": reading.cached,
                "figures": asdict(figures),
            }
            for reading, figures in zip(study.readings, found.figures, strict=True)
        ],
        "differences": [{"a": a, "b": b, **asdict(difference)} for (a, b), difference in found.differences.items()],
        "learning": {name: [asdict(point) for point in points] for name, points in found.curves.items()},
    }


def plain(words: str) -> str:
    """Return words that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{words}" if words.lstrip(" ").startswith(_FORMULA) else words


def _of_reading(figures: Figures) -> Iterator[_Row]:
    for form, line in figures.forms.items():
        yield from _line("form", "micro", form, line)
    for form, prf in figures.macro.items():
        for name, value in asdict(prf).items():
            yield "form", "macro", form, name, value, None, None, True
    for structure, line in figures.structures.items():
        yield from _line("structure", "micro", structure, line)
    for line in figures.types:
        yield from _line("type", "", line.name, line)
    for outcome, count in figures.outcomes.items():
        yield _plain("outcome", "", outcome, "count", count)
    for row, counts in zip((*figures.labels, "-"), figures.confusion, strict=False):
        for column, count in zip((*figures.labels, "-"), counts, strict=False):
            yield _plain("confusion", row, column, "count", count)
    for kind in figures.kinds:
        yield _plain("kind", kind.group, kind.name, "once", kind.once)
        yield _plain("kind", kind.group, kind.name, "together", kind.together)
    for part in figures.slices:
        yield _plain("slice", part.group, part.name, "documents", part.documents)
        yield from _line("slice", part.group, part.name, part.line, part.enough)
    for one in figures.bins:
        for name in ("count", "confidence", "accuracy"):
            yield _plain("reliability", "", f"{one.low:.2f}-{one.high:.2f}", name, getattr(one, name))
    if figures.ece is not None:
        yield _plain("reliability", "", "", "ece", figures.ece)


def _of_difference(difference: Difference) -> Iterator[_Row]:
    for name in ("both_right", "only_a", "only_b", "both_wrong", "p_bootstrap", "p_permutation"):
        yield _plain("difference", "", "", name, getattr(difference, name))
    yield _interval("difference", "all", "", difference.f1)
    for name, value in difference.types.items():
        yield _interval("difference", "type", name, value)
    for name, value in difference.slices.items():
        yield _interval("difference", "slice", name, value)


def _line(section: str, group: str, part: str, line: Line, enough: bool = True) -> Iterator[_Row]:
    for name in ("gold", "found", "correct", "precision", "recall"):
        yield section, group, part, name, getattr(line, name), None, None, enough
    low, high = (line.f1.low, line.f1.high) if line.f1.known else (None, None)
    yield section, group, part, "f1", line.f1.value, low, high, enough


def _plain(section: str, group: str, part: str, name: str, value: float) -> _Row:
    return section, group, part, name, value, None, None, True


def _interval(section: str, group: str, part: str, value: Interval) -> _Row:
    low, high = (value.low, value.high) if value.known else (None, None)
    return section, group, part, "f1", value.value, low, high, True


def _number(value: float | None) -> str:
    return "" if value is None else repr(value) if isinstance(value, int) else f"{value:.6g}"
