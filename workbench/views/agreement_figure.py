"""How far annotators agree, as a figure that leaves the screen: a table, a matrix or a plot, as SVG, PNG or PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from engine.drawing.colours import ink_on, ramp
from engine.drawing.sheet import FORMATS, GREY, INK, RULE, Sheet, sheet
from engine.drawing.wording import shortened, spelled, wide, wrapped
from engine.evaluation.agreement import Agreement, Figure, Window
from workbench.views.agreement import BY_LABEL, JUDGED, NONE, OVERALL, called, interval, meaning, value_of

_MARGIN, _NARROWEST, _GAP = 16.0, 330.0, 14.0
_TITLE, _CELL, _PRINT = 11.0, 8.5, 6.5
_TITLE_LINE, _ROW, _PRINT_LINE = 16.0, 17.0, 9.5
_NAME = 160.0
"""How wide a name may be; what is longer is cut."""
_PLOT = (360.0, 150.0)
_GREEK = str.maketrans({"κ": "kappa", "α": "alpha"})
_LINES = ("#0072B2", "#D55E00")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table: words, and how strong a shade lies under them, 0 to 1."""

    words: str
    shade: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table to draw: names of its columns, and rows that begin with their name."""

    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    hint: str = ""


def overall_table(agreement: Agreement, texts: Mapping[str, str]) -> Table:
    """Return every figure of all labels, with its interval and what it means."""
    rows = []
    for name in ("kappa", *OVERALL):
        figure = getattr(agreement.overall, name)
        if figure is not None:
            said = meaning(figure, texts) if name in ("kappa", *JUDGED) else ""
            cells = (value_of(figure), interval(figure, texts), said)
            rows.append((texts[f"views.agreement.{name}"], [Cell(words) for words in cells]))
    heads = [texts[f"views.agreement.{name}"] for name in ("measure", "value", "interval", "meaning")]
    overall = {"annotators": len(agreement.annotators), "shared": agreement.shared, "complete": agreement.complete}
    return Table(heads, rows, texts["views.agreement.basis"].format(**overall, characters=agreement.characters))


def pairs_table(agreement: Agreement, names: Mapping[str, str], texts: Mapping[str, str]) -> Table:
    """Return annotator by annotator: kappa above the diagonal, F1 of spans below it."""
    found = {pair.annotators: pair for pair in agreement.pairs}

    def cell(one: str, other: str) -> Cell:
        above, below = found.get((one, other)), found.get((other, one))
        figure = above.kappa if above else below.f1 if below else None
        return Cell("") if figure is None else Cell(value_of(figure), max(0.0, figure.value or 0.0))

    rows = [(names[one], [cell(one, other) for other in agreement.annotators]) for one in agreement.annotators]
    # The mark of the lowest is the page's alone: here the shades say it.
    hint = texts["views.agreement.pairs_figure"]
    return Table(["", *(names[name] for name in agreement.annotators)], rows, hint)


def labels_table(agreement: Agreement, texts: Mapping[str, str]) -> Table:
    """Return the figures of each label."""

    def cell(figure: Figure) -> Cell:
        return Cell(f"{value_of(figure)} {interval(figure, texts)}" if figure.value is not None else NONE)

    rows = [(label, [cell(getattr(figures, name)) for name in BY_LABEL]) for label, figures in agreement.labels.items()]
    return Table([texts[f"views.agreement.{name}"] for name in ("label", *BY_LABEL)], rows)


def confusion_table(confusion: Mapping[tuple[str, str], int], texts: Mapping[str, str]) -> Table:
    """Return label by label how often one annotator said the one and another the other; what differs is shaded."""
    labels = sorted({label for pair in confusion for label in pair}, key=lambda label: (label == NONE, label))
    most = max((count for (one, other), count in confusion.items() if one != other), default=0) or 1

    def cell(one: str, other: str) -> Cell:
        count = confusion.get((one, other)) or confusion.get((other, one)) or 0
        return Cell("") if one == other == NONE else Cell(f"{count:,}", count / most if count and one != other else None)

    rows = [(called(one, texts), [cell(one, other) for other in labels]) for one in labels]
    return Table(["", *(called(label, texts) for label in labels)], rows, texts["views.agreement.confusion_figure"])


def table_figure(table: Table, *, title: str, note: str, kind: str) -> bytes:
    """Draw a table.

    Args:
        table: what to draw.
        title: what stands above.
        note: the small print.
        kind: one of :data:`engine.drawing.sheet.FORMATS`.

    Raises:
        ValueError: for a format that there is not.
    """
    lines = [[_fit(name), *(_written(cell.words) for cell in cells)] for name, cells in table.rows]
    heads = [_fit(head) for head in table.heads]
    widths = [max(wide(line[column], _CELL) for line in (heads, *lines)) + _GAP for column in range(len(heads))]
    page = _Page(sum(widths), _ROW * (len(lines) + 1), title, [table.hint, note], kind)
    with page.open([*(word for line in lines for word in line[1:])], [*heads, *(line[0] for line in lines)]) as drawn:
        top = page.top
        _row(drawn, heads, widths, top, INK)
        for number, (line, (_, cells)) in enumerate(zip(lines, table.rows, strict=True), start=1):
            y = top + number * _ROW
            drawn.line([(_MARGIN, y), (_MARGIN + sum(widths), y)], RULE, 0.5)
            _shades(drawn, cells, widths, y)
            _row(drawn, line, widths, y, INK, cells)
        return page.finish(drawn)


def time_figure(windows: Sequence[Window], texts: Mapping[str, str], *, title: str, note: str, kind: str) -> bytes:
    """Draw kappa and F1 over time with their intervals.

    Args:
        windows: the course; at least one.
        texts: the words ``views.agreement.*``.
        title: what stands above.
        note: the small print.
        kind: one of :data:`engine.drawing.sheet.FORMATS`.

    Raises:
        ValueError: for a format that there is not, or without windows.
    """
    if not windows:
        raise ValueError("there is no course to draw: it needs at least one window")
    hint = texts["views.agreement.time_hint"].format(count=windows[0].agreement.documents)
    names = [_written(texts[f"views.agreement.{name}_short"]) for name in ("kappa", "f1")]
    courses = [[getattr(window.agreement.overall, name) for window in windows] for name in ("kappa", "f1")]
    places = [f"{window.last.astimezone():%m-%d %H:%M}" for window in windows]
    page = _Page(_PLOT[0] + 120, _PLOT[1] + 26, title, [hint, note], kind)
    with page.open(["0123456789.", *places], names) as drawn:
        _plot(drawn, page.top, courses, names, places)
        return page.finish(drawn)


class _Page:
    """The sheet around a figure: title above, small print below."""

    def __init__(self, width: float, height: float, title: str, notes: Sequence[str], kind: str) -> None:
        if kind not in FORMATS:
            raise ValueError(f"a figure is one of {', '.join(FORMATS)}; got {kind!r}")
        self._kind, self._title = kind, title
        self._width = max(_NARROWEST, width + 2 * _MARGIN)
        room = self._width - 2 * _MARGIN
        self._heads = wrapped(_written(title), _TITLE, room)
        self._prints = [line for note in notes if note for line in wrapped(_written(note), _PRINT, room)]
        self.top = _MARGIN + len(self._heads) * _TITLE_LINE + 4
        self._below = self.top + height + 10
        self._height = self._below + len(self._prints) * _PRINT_LINE + _MARGIN

    def open(self, words: Sequence[str], bold: Sequence[str]) -> AbstractContextManager[Sheet]:
        """Open it for what will be written."""
        return sheet(self._width, self._height, [*words, *self._prints], [*bold, *self._heads])

    def finish(self, drawn: Sheet) -> bytes:
        """Write what stands around, and return the file."""
        for number, line in enumerate(self._heads):
            drawn.write(_MARGIN, _MARGIN + _TITLE + number * _TITLE_LINE, line, _TITLE, bold=True)
        for number, line in enumerate(self._prints):
            drawn.write(_MARGIN, self._below + _PRINT + number * _PRINT_LINE, line, _PRINT, ink=GREY)
        return drawn.save(self._kind, self._title)


def _written(words: str) -> str:
    """Return words as the figure's font can write them: it has no Greek."""
    return spelled(words.translate(_GREEK))


def _fit(name: str) -> str:
    return shortened(_written(name), _CELL, _NAME)


def _row(drawn: Sheet, line: Sequence[str], widths: Sequence[float], y: float, ink: str, cells: Sequence[Cell] = ()) -> None:
    x = _MARGIN
    for column, (word, width) in enumerate(zip(line, widths, strict=True)):
        cell = cells[column - 1] if cells and column else None
        bold = not cells or not column
        on = ink if cell is None or cell.shade is None else ink_on(ramp(cell.shade))
        drawn.write(x + 4, y + _ROW - 5.5, word, _CELL, bold=bold, ink=on)
        x += width


def _shades(drawn: Sheet, cells: Sequence[Cell], widths: Sequence[float], y: float) -> None:
    x = _MARGIN + widths[0]
    for cell, width in zip(cells, widths[1:], strict=True):
        if cell.shade is not None:
            drawn.tint(x, y, (width, _ROW), ramp(cell.shade))
        x += width


def _plot(drawn: Sheet, top: float, courses: Sequence[Sequence[Figure]], names: Sequence[str], places: Sequence[str]) -> None:
    wide_, high = _PLOT
    left, values = _MARGIN + 30, [part for course in courses for figure in course for part in _parts(figure)]
    least = min([0.0, *values]) if min(values, default=0.0) < 0.5 else 0.5
    step = wide_ / max(1, len(places) - 1)

    def at(number: int, value: float) -> tuple[float, float]:
        return left + step * number, top + high * (1 - (value - least) / (1 - least))

    for tick in (least, (least + 1) / 2, 1.0):
        y = at(0, tick)[1]
        drawn.line([(left, y), (left + wide_, y)], RULE, 0.5)
        drawn.write(left - 5, y + 3, f"{tick:.2f}", _PRINT, at="right", ink=GREY)
    for number in {0, len(places) - 1} if len(places) > 4 else range(len(places)):
        drawn.write(at(number, least)[0], top + high + 14, places[number], _PRINT, at="center", ink=GREY)
    ends = []
    for course, name, ink in zip(courses, names, _LINES, strict=True):
        there = [(number, figure) for number, figure in enumerate(course) if figure.value is not None]
        points = [at(number, figure.value or 0.0) for number, figure in there]
        if not points:
            continue
        drawn.line(points, ink, 1.4)
        for (number, figure), (x, y) in zip(there, points, strict=True):
            if figure.low is not None and figure.high is not None:
                drawn.line([(x, at(number, figure.low)[1]), (x, at(number, figure.high)[1])], ink, 0.7)
            drawn.dot(x, y, 2.6, ink)
        ends.append((points[-1], name, ink))
    _names(drawn, ends)


def _names(drawn: Sheet, ends: Sequence[tuple[tuple[float, float], str, str]]) -> None:
    """Write the names of lines behind their ends, none over another."""
    below = float("-inf")
    for (x, y), name, ink in sorted(ends, key=lambda end: end[0][1]):
        below = max(y + 3, below + _CELL + 3)
        drawn.write(x + 8, below, name, _CELL, bold=True, ink=ink)


def _parts(figure: Figure) -> list[float]:
    return [value for value in (figure.value, figure.low, figure.high) if value is not None]
