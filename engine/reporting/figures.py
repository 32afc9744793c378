"""The figures of a report: confusion, error kinds, slices, reliability, differences, learning; each can be saved by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from engine.drawing.colours import ink_on, ramp
from engine.drawing.drawing import Drawing
from engine.drawing.framing import framed
from engine.drawing.sheet import GREY, INK, RULE
from engine.drawing.wording import shortened, spelled, wide
from engine.errors import InputError
from engine.evaluation.learning import Learned
from engine.evaluation.study import Difference, Figures, KindCount, SliceLine, Study
from engine.reporting.curves import learning_figure
from engine.reporting.findings import INKS, LETTERS, MARKS, Findings
from engine.reporting.intervals import LEGEND, Row, intervals, legend
from engine.reporting.tables import confusion_names, difference_parts, eces, points
from engine.reporting.words import Words

NAMES = ("confusion", "kinds", "slices", "reliability", "difference", "learning")
"""Figures that there are."""
_TEXT, _SMALL = 8.5, 7.0
_CELL = (44.0, 20.0)
_BAR, _NAME, _PLOT, _CURVE = 11.0, 170.0, 260.0, 220.0
_Part = TypeVar("_Part", KindCount, SliceLine)


def figure(
    name: str,
    study: Study,
    figures: Sequence[Figures],
    differences: Mapping[tuple[int, int], Difference] | None = None,
    *,
    curves: Mapping[str, Sequence[Learned]] | None = None,
    index: int = 0,
    kind: str = "png",
    language: str = "zh",
) -> bytes:
    """Draw a figure by itself, with its title, the models with their hashes and the data in small print.

    Args:
        name: one of :data:`NAMES`.
        study: with its readings.
        figures: one of each reading.
        differences: by the numbers of the two readings.
        curves: of learning, if there are any.
        index: of the reading that a confusion matrix is of, or of the difference, in their order.
        kind: ``png``, ``svg`` or ``pdf``.
        language: ``zh`` or ``en``.

    Raises:
        InputError: if there is no such figure.
        ValueError: for a format or a language that there is not.
    """
    title, drawn = drawing(name, Findings.of(study, figures, differences, curves), Words(language), index=index)
    return drawn.save(kind, title)


def drawing(name: str, found: Findings, words: Words, *, index: int = 0) -> tuple[str, Drawing]:
    """Return a figure's title, and the figure; see :func:`figure`."""
    count = {"difference": len(found.differences), "confusion": len(found.figures), "learning": min(1, len(found.curves))}
    if name not in NAMES or not 0 <= index < count.get(name, 1):
        raise InputError(f"the figures of this report are {', '.join(NAMES)}; there is no {name!r} number {index}")
    if name == "confusion":
        return _confusion(found, words, index)
    if name == "difference":
        return _difference(found, words, index)
    if name == "kinds":
        return _kinds(found, words)
    if name == "learning":
        return learning_figure(found.curves, words)
    return _slices(found, words) if name == "slices" else _reliability(found, words)


def _confusion(found: Findings, words: Words, index: int) -> tuple[str, Drawing]:
    letter, _, figures = found.read[index]
    cells = figures.confusion
    rows, columns = confusion_names(figures.labels, len(cells), words)
    wide_, high = _CELL
    beside = min(110.0, max(wide(name, _TEXT) for name in rows) + 10) + 12
    title = f"{words('confusion.title')} {words('confusion.figure', letter=letter)}"
    size = (beside + wide_ * len(columns), 32 + high * len(rows))
    drawn, left, top = framed(title, found.prints(words, [index]), size)
    left, top = left + beside, top + 32
    drawn.write(left + wide_ * len(columns) / 2, top - 22, words("confusion.columns"), _SMALL, at="center", ink=GREY)
    drawn.write(left - beside, top - 8, words("confusion.rows"), _SMALL, ink=GREY)
    for column, name in enumerate(columns):
        drawn.write(
            left + (column + 0.5) * wide_, top - 8, shortened(spelled(name), _SMALL, wide_ - 3), _SMALL, at="center", bold=True
        )
    for row, (name, counts) in enumerate(zip(rows, cells, strict=True)):
        y, total = top + row * high, sum(counts)
        drawn.write(left - 8, y + high / 2 + 3, shortened(spelled(name), _TEXT, beside - 14), _TEXT, at="right", bold=True)
        for column, count in enumerate(counts):
            shade = ramp(count / total if total else 0.0)
            drawn.tint(left + column * wide_, y, (wide_, high), shade)
            if count:
                x = left + (column + 0.5) * wide_
                drawn.write(x, y + high / 2 + 3, f"{count:,}", _TEXT, at="center", bold=row == column, ink=ink_on(shade))
    for number in range(len(rows) + 1):
        y, x = top + number * high, left + number * wide_
        drawn.line([(left, y), (left + wide_ * len(columns), y)], RULE, 0.5)
        drawn.line([(x, top), (x, top + high * len(rows))], RULE, 0.5)
    return title, drawn


def _kinds(found: Findings, words: Words) -> tuple[str, Drawing]:
    """Draw bars, a row for each kind and reading: what counts once is filled, what counts together an outline."""
    groups = _grouped(found, lambda figures: figures.kinds)
    most = max((kind.together for figures in found.figures for kind in figures.kinds), default=0) or 1
    rows = sum(len(kinds) for kinds in groups.values())
    row = _BAR * len(found.figures) + 6
    title = f"{words('kinds.title')} · {words('kinds.figure')}"
    height = rows * row + 20 * len(groups) + 12
    drawn, left, y = framed(title, [words("kinds.hint"), *found.prints(words)], (_NAME + _PLOT + 70, height))
    for group, kinds in groups.items():
        drawn.write(left, y + 12, words.group(group), _TEXT, bold=True, ink=GREY)
        y += 20
        for name, counts in kinds.items():
            drawn.write(left + _NAME - 20, y + row / 2, _fit(words.kind(name)), _TEXT, at="right")
            for at in range(len(found.figures)):
                _bar(drawn, (left + _NAME, y + at * _BAR), at, counts.get(at), most, len(found.figures) > 1)
            y += row
    if not groups:
        drawn.write(left, y + 12, words("kinds.none"), _TEXT)
    return title, drawn


def _bar(drawn: Drawing, place: tuple[float, float], at: int, kind: KindCount | None, most: int, lettered: bool) -> None:
    once, together = (kind.once, kind.together) if kind else (0, 0)
    x, y = place
    if lettered:
        drawn.write(x - 6, y + _BAR - 3, LETTERS[at], _SMALL, at="right", bold=True, ink=INKS[at])
    filled, whole = (_PLOT * count / most for count in (once, together))
    if once:
        drawn.tint(x, y + 1, (filled, _BAR - 2), INKS[at])
    if together > once:
        drawn.line(
            [(x + filled, y + 1.5), (x + whole, y + 1.5), (x + whole, y + _BAR - 1.5), (x + filled, y + _BAR - 1.5)],
            INKS[at],
            0.8,
        )
    said = f"{once:,}" if once == together else f"{once:,} / {together:,}"
    drawn.write(x + whole + 5, y + _BAR - 3, said, _SMALL, ink=INK if together else GREY)


def _slices(found: Findings, words: Words) -> tuple[str, Drawing]:
    rows = []
    for group, named in _grouped(found, lambda figures: figures.slices).items():
        for name, parts in named.items():
            few = any(not part.enough for part in parts.values())
            values = [(at, part.line.f1, part.enough) for at, part in sorted(parts.items()) if part.line.gold or part.line.found]
            counts = [f"{part.line.gold:,}" for _, part in sorted(parts.items())]
            called = f"{words.slice(name)} {words('few')}" if few else words.slice(name)
            rows.append(Row(words.group(group), called, values, "/".join(counts if len(set(counts)) > 1 else counts[:1])))
    title = f"{words('slices.title')} · {words('slices.figure')}"
    few = any(not part.enough for figures in found.figures for part in figures.slices)
    prints = [words("slices.ends"), *([words("slices.hint")] if few else []), *found.prints(words)]
    return title, intervals(title, prints, rows, found, axis="F1, %", about_0=False)


def _difference(found: Findings, words: Words, index: int) -> tuple[str, Drawing]:
    (a, b), difference = list(found.differences.items())[index]
    title = f"{words('difference.title')} · {words('difference.figure', a=LETTERS[a], b=LETTERS[b])}"
    rows = [Row("", name, [(b, value, True)], points(value.value)) for name, value in difference_parts(difference, words)]
    return title, intervals(title, found.prints(words, [a, b]), rows, found, axis=words("difference.axis"), about_0=True)


def _reliability(found: Findings, words: Words) -> tuple[str, Drawing]:
    title = f"{words('reliability.title')} · {words('reliability.figure')}"
    prints = [*eces(found, words), words("reliability.hint"), *found.prints(words)]
    side, beside = _CURVE, 40.0
    drawn, left, top = framed(title, prints, (beside + side + 60, LEGEND + 14 + side + 34))
    legend(drawn, left, top, found, range(len(found.figures)))
    drawn.write(left, top + LEGEND + 5, f"{words('accuracy')}, %", _SMALL, ink=GREY)
    left, top = left + beside, top + LEGEND + 14

    def at(x: float, y: float) -> tuple[float, float]:
        return left + side * x, top + side * (1 - y)

    for number in range(6):
        tick = number / 5
        drawn.line([at(0, tick), at(1, tick)], RULE, 0.5)
        drawn.line([at(tick, 0), at(tick, 1)], RULE, 0.5)
        drawn.write(left - 6, at(0, tick)[1] + 3, f"{100 * tick:.0f}", _SMALL, at="right", ink=GREY)
        drawn.write(at(tick, 0)[0], top + side + 11, f"{100 * tick:.0f}", _SMALL, at="center", ink=GREY)
    drawn.line([at(0, 0), at(1, 1)], GREY, 0.8, dashed=True)
    drawn.write(left + side / 2, top + side + 25, f"{words('confidence')}, %", _SMALL, at="center", ink=GREY)
    for number, figures in enumerate(found.figures):
        places = [at(part.confidence, part.accuracy) for part in figures.bins if part.count]
        if len(places) > 1:
            drawn.line(places, INKS[number], 1.3)
        drawn.dots(places, MARKS[number], 3.2, INKS[number])
    return title, drawn


def _grouped(found: Findings, parts: Callable[[Figures], Sequence[_Part]]) -> dict[str, dict[str, dict[int, _Part]]]:
    """Return the parts of all readings by group and name, each by the number of its reading."""
    groups: dict[str, dict[str, dict[int, _Part]]] = {}
    for at, figures in enumerate(found.figures):
        for part in parts(figures):
            groups.setdefault(part.group, {}).setdefault(part.name, {})[at] = part
    return groups


def _fit(name: str) -> str:
    return shortened(spelled(name), _TEXT, _NAME - 24)
