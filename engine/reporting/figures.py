"""The figures of a report: confusion, error kinds, slices, reliability, differences; each can also be saved by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from engine.drawing.colours import ink_on, ramp
from engine.drawing.drawing import Drawing
from engine.drawing.sheet import GREY, INK, RULE
from engine.drawing.wording import shortened, spelled, wide, wrapped
from engine.errors import InputError
from engine.evaluation.study import Difference, Figures, Interval, KindCount, SliceLine, Study
from engine.reporting.findings import LETTERS, Findings
from engine.reporting.tables import confusion_names, difference_parts, eces, points
from engine.reporting.words import Words

NAMES = ("confusion", "kinds", "slices", "reliability", "difference")
"""Figures that there are."""
INKS = ("#0072B2", "#D55E00", "#009E73", "#8A4F7D")
MARKS = ("circle", "square", "triangle", "diamond")
"""Each reading has a colour, a mark and a letter: one of them is enough to tell it by."""
MARGIN = 16.0
_TITLE, _TEXT, _SMALL, _PRINT = 11.0, 8.5, 7.0, 6.5
_TITLE_LINE, _PRINT_LINE = 16.0, 9.5
_NARROWEST = 330.0
_CELL = (44.0, 20.0)
_BAR, _NAME, _PLOT = 11.0, 150.0, 240.0
_CURVE = 220.0
_Part = TypeVar("_Part", KindCount, SliceLine)


def figure(
    name: str,
    study: Study,
    figures: Sequence[Figures],
    differences: Mapping[tuple[int, int], Difference] | None = None,
    *,
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
        index: of the reading that a confusion matrix is of, or of the difference, in their order.
        kind: ``png``, ``svg`` or ``pdf``.
        language: ``zh`` or ``en``.

    Raises:
        InputError: if there is no such figure.
        ValueError: for a format or a language that there is not.
    """
    title, drawn = drawing(name, Findings.of(study, figures, differences or {}), Words(language), index=index)
    return drawn.save(kind, title)


def drawing(name: str, found: Findings, words: Words, *, index: int = 0) -> tuple[str, Drawing]:
    """Return a figure's title, and the figure; see :func:`figure`."""
    several = found.differences if name == "difference" else found.figures if name == "confusion" else (0,)
    if name not in NAMES or not 0 <= index < len(several):
        raise InputError(f"the figures of this report are {', '.join(NAMES)}; there is no {name!r} number {index}")
    if name == "confusion":
        return _confusion(found, words, index)
    if name == "difference":
        return _difference(found, words, index)
    if name == "kinds":
        return _kinds(found, words)
    return _slices(found, words) if name == "slices" else _reliability(found, words)


def framed(title: str, prints: Sequence[str], size: tuple[float, float]) -> tuple[Drawing, float, float]:
    """Return a drawing with a title above and small print below, and where there is room for what it shows: left, top.

    Args:
        title: of the figure.
        prints: the small print.
        size: of what is shown.
    """
    width = max(_NARROWEST, size[0] + 2 * MARGIN)
    heads = wrapped(title, _TITLE, width - 2 * MARGIN)
    lines = [line for one in prints for line in wrapped(one, _PRINT, width - 2 * MARGIN)]
    top = MARGIN + len(heads) * _TITLE_LINE + 4
    below = top + size[1] + 10
    drawn = Drawing(width, below + len(lines) * _PRINT_LINE + MARGIN)
    for number, line in enumerate(heads):
        drawn.write(MARGIN, MARGIN + _TITLE + number * _TITLE_LINE, line, _TITLE, bold=True)
    for number, line in enumerate(lines):
        drawn.write(MARGIN, below + _PRINT + number * _PRINT_LINE, line, _PRINT, ink=GREY)
    return drawn, MARGIN, top


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
    groups = _grouped(found, lambda figures: figures.slices)
    rows = [
        (words.group(group), words.slice(name), parts) for group, several in groups.items() for name, parts in several.items()
    ]
    lines = []
    for group, name, parts in rows:
        values = [(at, part.line.f1, part.enough) for at, part in sorted(parts.items())]
        counts = "/".join(f"{part.line.gold:,}" for _, part in sorted(parts.items()))
        same = len({part.line.gold for part in parts.values()}) == 1
        lines.append((group, name, values, counts.split("/")[0] if same else counts))
    title = f"{words('slices.title')} · {words('slices.figure')}"
    few = any(not part.enough for _, _, parts in rows for part in parts.values())
    notes = [*([words("slices.hint")] if few else []), *found.prints(words)]
    return title, _intervals(title, notes, lines, words, least=None)


def _difference(found: Findings, words: Words, index: int) -> tuple[str, Drawing]:
    (a, b), difference = list(found.differences.items())[index]
    title = f"{words('difference.title')} · {words('difference.figure', a=LETTERS[a], b=LETTERS[b])}"
    lines = [("", name, [(b, value, True)], points(value.value)) for name, value in difference_parts(difference, words)]
    largest = max(
        abs(bound) for _, _, values, _ in lines for _, value, _ in values for bound in (value.low, value.high, value.value)
    )
    return title, _intervals(title, found.prints(words, [a, b]), lines, words, least=-max(0.01, min(1.0, largest)))


_Row = tuple[str, str, Sequence[tuple[int, Interval, bool]], str]
"""Group, name, the values by reading with whether they say much, and what stands at the end."""


def _intervals(title: str, notes: Sequence[str], rows: Sequence[_Row], words: Words, *, least: float | None) -> Drawing:
    """Draw values with their intervals, a row each name: from some F1 up to 1, or symmetric about 0 from ``least``."""
    high = 7.0 * max((len(values) for _, _, values, _ in rows), default=1) + 7
    groups = len({group for group, *_ in rows if group})
    size = (_NAME + _PLOT + 70, high * len(rows) + 18 * groups + 24)
    drawn, left, top = framed(title, notes, size)
    symmetric = least is not None
    lows = [value.low for _, _, values, _ in rows for _, value, enough in values if enough]
    least = least if least is not None else min(0.9, max(0.0, min(lows, default=0.0) - 0.02))
    most = -least if symmetric else 1.0

    def across(value: float) -> float:
        return left + _NAME + _PLOT * (min(most, max(least, value)) - least) / (most - least)

    bottom = top + size[1] - 18
    for number in range(5):
        tick = least + (most - least) * number / 4
        zero = symmetric and number == 2
        drawn.line([(across(tick), top), (across(tick), bottom)], GREY if zero else RULE, 0.8 if zero else 0.5)
        drawn.write(
            across(tick), bottom + 11, f"{100 * tick:+.1f}" if symmetric else f"{100 * tick:.0f}", _SMALL, at="center", ink=GREY
        )
    y, last = top, ""
    for group, name, values, end in rows:
        if group and group != last:
            drawn.write(left, y + 12, group, _TEXT, bold=True, ink=GREY)
            y, last = y + 18, group
        few = any(not enough for _, _, enough in values)
        drawn.write(
            left + _NAME - 10,
            y + high / 2 + 3,
            _fit(name + (words("few") if few else "")),
            _TEXT,
            at="right",
            ink=GREY if few else INK,
        )
        drawn.write(left + _NAME + _PLOT + 8, y + high / 2 + 3, end, _SMALL, ink=GREY)
        for number, (at, value, enough) in enumerate(values):
            middle = y + 7 + 7.0 * number
            drawn.line([(across(value.low), middle), (across(value.high), middle)], INKS[at], 1.3, dashed=not enough)
            drawn.dots([(across(value.value), middle)], MARKS[at], 2.6, INKS[at])
        y += high
    return drawn


def _reliability(found: Findings, words: Words) -> tuple[str, Drawing]:
    title = f"{words('reliability.title')} · {words('reliability.figure')}"
    notes = eces(found, words)
    side, beside = _CURVE, 40.0
    drawn, left, top = framed(title, [*notes, words("reliability.hint"), *found.prints(words)], (beside + side + 60, side + 34))
    left += beside

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
    drawn.write(left - beside, top - 4, f"{words('accuracy')}, %", _SMALL, ink=GREY)
    ends: list[float] = []
    for number, (letter, _, figures) in enumerate(found.read):
        places = [at(part.confidence, part.accuracy) for part in figures.bins if part.count]
        if not places:
            continue
        if len(places) > 1:
            drawn.line(places, INKS[number], 1.3)
        drawn.dots(places, MARKS[number], 3.2, INKS[number])
        y = places[-1][1] + 3
        while any(abs(y - other) < 10 for other in ends):
            y += 10
        ends.append(y)
        drawn.write(places[-1][0] + 9, y, letter, _TEXT, bold=True, ink=INKS[number])
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
