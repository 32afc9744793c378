"""A report as a PDF: pages of A4, laid out from the top to the bottom."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence

from engine.drawing.colours import palette
from engine.drawing.drawing import Drawing, book
from engine.drawing.lettering import drawable
from engine.drawing.sheet import GREY, INK, RULE
from engine.drawing.wording import shortened, spelled, wide, wrapped
from engine.reporting.content import Report, Section
from engine.reporting.markdown import one_line
from engine.reporting.sentences import Mark, Sample
from engine.reporting.tables import Table
from engine.reporting.words import Words

_PAGE = (595.0, 842.0)
_MARGIN, _FOOT = 50.0, 64.0
_ROOM = _PAGE[0] - 2 * _MARGIN
_H1, _H2, _H3, _TEXT, _CELL, _SMALL, _LETTER = 17.0, 13.0, 10.0, 9.5, 7.5, 7.0, 10.5
_ROW, _GAP = 13.5, 9.0


def pdf(report: Report) -> bytes:
    """Return the file."""
    flow = _Flow()
    flow.heading(report.title, _H1)
    for section in report.sections:
        _section(flow, section, report.words)
    return book(flow.numbered(report), report.title)


class _Flow:
    """Pages that are filled from the top; what does not fit any more begins the next one."""

    def __init__(self) -> None:
        self.pages: list[Drawing] = []
        self.y = 0.0
        self.turn()

    @property
    def page(self) -> Drawing:
        return self.pages[-1]

    def turn(self) -> None:
        """Begin a page."""
        self.pages.append(Drawing(*_PAGE))
        self.y = _MARGIN

    def need(self, height: float) -> bool:
        """Make room for something that may not be broken, and tell whether that took a new page."""
        if self.y + height <= _PAGE[1] - _FOOT or self.y == _MARGIN:
            return False
        self.turn()
        return True

    def heading(self, title: str, size: float, *, keep: float = 60.0) -> None:
        """Write a heading, and keep it together with some of what follows."""
        lines = wrapped(spelled(one_line(title)), size, _ROOM)
        above = size * 1.1 if self.y > _MARGIN else 0.0
        if not self.need(above + len(lines) * size * 1.35 + keep):
            self.y += above
        for line in lines:
            self.page.write(_MARGIN, self.y + size, line, size, bold=True)
            self.y += size * 1.35
        self.y += size * 0.3

    def paragraph(self, text: str, size: float = _TEXT, ink: str = INK) -> None:
        """Write a paragraph."""
        for line in wrapped(spelled(one_line(text)), size, _ROOM):
            self.need(size * 1.55)
            self.page.write(_MARGIN, self.y + size, line, size, ink=ink)
            self.y += size * 1.55
        self.y += size * 0.4

    def figure(self, drawn: Drawing) -> None:
        """Put a figure where there is room for it, smaller if it is larger than a page."""
        scale = min(1.0, _ROOM / drawn.width, (_PAGE[1] - _MARGIN - _FOOT) / drawn.height)
        self.need(drawn.height * scale)
        self.page.place(drawn, _MARGIN, self.y, scale)
        self.y += drawn.height * scale + _GAP

    def numbered(self, report: Report) -> list[Drawing]:
        """Write what stands at the foot of each page, and return them."""
        for number, page in enumerate(self.pages, start=1):
            y = _PAGE[1] - 34
            page.write(_MARGIN, y, shortened(spelled(f"{report.title} · {report.made}"), _SMALL, _ROOM - 90), _SMALL, ink=GREY)
            said = report.words("page", page=number, pages=len(self.pages))
            page.write(_PAGE[0] - _MARGIN, y, said, _SMALL, at="right", ink=GREY)
        return self.pages


def _section(flow: _Flow, section: Section, words: Words) -> None:
    first = section.figures[0][1].height + 20.0 * len(section.paragraphs) if section.figures else 0.0
    flow.heading(section.title, _H2, keep=min(max(60.0, first), 560.0))
    for line in section.paragraphs:
        flow.paragraph(line)
    for _, drawn in section.figures:
        flow.figure(drawn)
    for table in section.tables:
        # What a confusion matrix holds its figure says already.
        if table.rows and not (section.figures and table.name.startswith("confusion")):
            _table(flow, table)
    for some in section.sentences:
        flow.heading(some.title, _H3, keep=70)
        for sample in some.samples:
            _sample(flow, sample, words)


def _table(flow: _Flow, table: Table) -> None:
    size, widths = _fitted(table)
    for line in wrapped(spelled(one_line(table.caption)), _TEXT, _ROOM):
        flow.need(_TEXT * 1.5 + 3 * _ROW)
        flow.page.write(_MARGIN, flow.y + _TEXT, line, _TEXT, ink=GREY)
        flow.y += _TEXT * 1.5
    _head(flow, table, widths, size)
    for row in table.rows:
        if flow.need(_ROW):
            _head(flow, table, widths, size)
        _row(flow, table, row, widths, size, bold=False)
    _rule(flow, sum(widths))
    if table.note:
        flow.paragraph(table.note, _SMALL, GREY)
    flow.y += _GAP


def _fitted(table: Table) -> tuple[float, list[float]]:
    """Return a size of type and widths of columns with which a table fits; columns of words give way first."""
    lines = [tuple(map(one_line, row)) for row in (table.heads, *table.rows)]
    size = _CELL
    while True:
        widths = [max(wide(line[at], size) for line in lines) + 8 for at in range(len(table.heads))]
        over = sum(widths) - _ROOM
        yielding = sum(max(0.0, width - 50) for width in widths[: table.left])
        if over <= 0:
            return size, widths
        if yielding >= over and table.left:
            share = over / yielding
            return size, [w - max(0.0, w - 50) * share if at < table.left else w for at, w in enumerate(widths)]
        if size <= 4.5:
            return size, [width * _ROOM / sum(widths) for width in widths]
        size -= 0.5


def _head(flow: _Flow, table: Table, widths: Sequence[float], size: float) -> None:
    _rule(flow, sum(widths))
    _row(flow, table, table.heads, widths, size, bold=True)
    _rule(flow, sum(widths))


def _row(flow: _Flow, table: Table, row: Sequence[str], widths: Sequence[float], size: float, *, bold: bool) -> None:
    x, base = _MARGIN, flow.y + _ROW - 4
    for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
        words = shortened(spelled(one_line(cell)), size, width - 4)
        left = at < table.left
        flow.page.write(x if left else x + width - 6, base, words, size, at="left" if left else "right", bold=bold)
        x += width
    flow.y += _ROW


def _rule(flow: _Flow, width: float) -> None:
    flow.page.line([(_MARGIN, flow.y), (_MARGIN + width, flow.y)], RULE, 0.6)


def _sample(flow: _Flow, sample: Sample, words: Words) -> None:
    """Draw a stretch of text in lines: annotated entities above the characters, predicted ones below."""
    above, below = (1 + max((mark.level for mark in marks), default=0) for marks in (sample.gold, sample.found))
    left = _MARGIN + 40
    fits = max(10, int((_ROOM - 40) // (_LETTER)))
    height = 11.0 * (above + below) + _LETTER + 10
    text = ("…" if sample.before else "") + sample.text + ("…" if sample.after else "")
    shift = 1 if sample.before else 0
    flow.need(height + 10)
    flow.page.write(_MARGIN, flow.y + _SMALL, words("sentences.document", id=one_line(sample.document)), _SMALL, ink=GREY)
    flow.y += 11
    for first in range(0, len(text), fits):
        flow.need(height)
        base = flow.y + 11.0 * above + _LETTER
        flow.page.write(_MARGIN, base - _LETTER - 2, words("gold"), _SMALL, ink=GREY)
        flow.page.write(_MARGIN, base + 10, words("found"), _SMALL, ink=GREY)
        line = text[first : first + fits]
        for at, run in _runs(line):
            flow.page.write(left + at * _LETTER, base, run, _LETTER, at="left" if at == int(at) else "center")
        colours = palette(sorted({mark.label for mark in (*sample.gold, *sample.found)}))
        for marks, gold in ((sample.gold, True), (sample.found, False)):
            for mark in marks:
                _mark(flow.page, mark, (left, base), (first - shift, first - shift + len(line)), gold, colours[mark.label])
        flow.y += height
    flow.y += 4


def _runs(line: str) -> Iterator[tuple[float, str]]:
    """Yield what can be written at once: full-width characters, one em each, where they begin; any other by its middle."""
    for full, group in itertools.groupby(enumerate(line), lambda one: unicodedata.east_asian_width(one[1]) in "WF"):
        letters = list(group)
        text = "".join(letter for _, letter in letters)
        if full and drawable(text) >= set(text):
            yield letters[0][0], text
        else:
            yield from ((at + 0.5, spelled(one_line(letter))) for at, letter in letters if letter.strip())


def _mark(page: Drawing, mark: Mark, place: tuple[float, float], line: tuple[int, int], gold: bool, colour: str) -> None:
    start, end = max(mark.start, line[0]), min(mark.end, line[1])
    if start >= end:
        return
    left, base = place
    step = _LETTER
    x, to = left + (start - line[0]) * step + 1, left + (end - line[0]) * step - 1
    y = base - _LETTER - 1 - 11 * mark.level if gold else base + 4 + 11 * mark.level
    page.line([(x, y), (to, y)], colour, 1.8, dashed=not gold)
    words = spelled(mark.label) + ("★" if mark.asked else "")
    page.write((x + to) / 2, y - 2.5 if gold else y + 7.5, words, 6.0, at="center", bold=True)
