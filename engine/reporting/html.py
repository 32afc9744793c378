"""A report as one HTML file: nothing in it is fetched from elsewhere, nothing in it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.drawing.colours import palette
from engine.drawing.drawing import xml
from engine.reporting.content import Report, Section, Sentences
from engine.reporting.sentences import Mark, Sample
from engine.reporting.tables import Table
from engine.reporting.words import Words


def html(report: Report) -> str:
    """Return the file."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    contents = "".join(f'<li><a href="#{s.name}">{xml(s.title)}</a></li>' for s in report.sections)
    colours = _colours(report)
    sections = "".join(_section(section, report.words, colours) for section in report.sections)
    lang = {"zh": "zh-Hans"}.get(report.words.language, report.words.language)
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Should anything of a user's text ever be taken for markup, it still could neither run nor fetch anything.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{xml(report.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"<header><h1>{xml(report.title)}</h1></header>\n"
        f'<nav aria-label="{xml(report.words("contents"))}"><ol>{contents}</ol></nav>\n'
        f"<main>\n{sections}</main>\n<footer>{xml(report.made)}</footer>\n</body>\n</html>\n"
    )


def _section(section: Section, words: Words, colours: dict[str, str]) -> str:
    parts = [f'<section id="{section.name}">\n<h2>{xml(section.title)}</h2>\n']
    parts += [f"<p>{xml(line)}</p>\n" for line in section.paragraphs]
    parts += [f"<figure>{drawn.inline(title)}</figure>\n" for title, drawn in section.figures]
    folded = bool(section.figures)
    parts += [_table(table, folded) for table in section.tables if table.rows]
    parts += [_sentences(some, words, colours) for some in section.sentences]
    return "".join([*parts, "</section>\n"])


def _table(table: Table, folded: bool) -> str:
    """Write a table; one that a figure shows already is folded up on a screen, and is there in print."""
    heads = "".join(f'<th scope="col"{_side(table, at)}>{xml(head)}</th>' for at, head in enumerate(table.heads))
    rows = "".join(f"<tr>{''.join(_cells(table, row))}</tr>\n" for row in table.rows)
    caption = xml(table.caption)
    note = f'<p class="note">{xml(table.note)}</p>\n' if table.note else ""
    inner = f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>"
    if folded:
        body = f'<div class="wide"><table aria-label="{caption}">\n{inner}</table></div>\n'
        return f"<details><summary>{caption}</summary>\n{body}{note}</details>\n"
    return f'<div class="wide"><table>\n<caption>{caption}</caption>\n{inner}</table></div>\n{note}'


def _cells(table: Table, row: Sequence[str]) -> Iterator[str]:
    for at, cell in enumerate(row):
        if at == 0 and table.left:
            yield f'<th scope="row">{xml(cell)}</th>'
        else:
            yield f"<td{_side(table, at)}>{xml(cell)}</td>"


def _side(table: Table, at: int) -> str:
    return "" if at < table.left else ' class="n"'


def _sentences(some: Sentences, words: Words, colours: dict[str, str]) -> str:
    shown = "".join(_sample(one, words, colours) for one in some.samples)
    return f"<h3>{xml(some.title)}</h3>\n{shown}"


def _sample(sample: Sample, words: Words, colours: dict[str, str]) -> str:
    """Write a stretch of text as a table of one column a character: gold marks above, predicted ones below."""
    before, after = "…" if sample.before else "", "…" if sample.after else ""
    letters = "".join(f"<td>{xml(_sign(letter))}</td>" for letter in sample.text)
    rows = [
        *(_row(sample, level, words("gold"), "gold", colours) for level in reversed(range(_levels(sample.gold)))),
        f'<tr class="text"><th scope="row"></th><td>{before}</td>{letters}<td>{after}</td></tr>\n',
        *(_row(sample, level, words("found"), "found", colours) for level in range(_levels(sample.found))),
    ]
    place = xml(words("sentences.document", id=sample.document))
    return f'<div class="sample"><p class="note">{place}</p><div class="wide"><table>\n{"".join(rows)}</table></div></div>\n'


def _levels(marks: Sequence[Mark]) -> int:
    return max((mark.level + 1 for mark in marks), default=1)


def _row(sample: Sample, level: int, name: str, side: str, colours: dict[str, str]) -> str:
    marks = [mark for mark in (sample.gold if side == "gold" else sample.found) if mark.level == level]
    cells, at = ["<td></td>"], 0
    for mark in marks:
        cells.append(_gap(mark.start - at))
        star = "★" if mark.asked else ""
        colour = colours.get(mark.label, "#6B6760")
        cells.append(
            f'<td colspan="{mark.end - mark.start}" class="mark" style="--ink:{colour}"><span>{xml(mark.label)}{star}</span></td>'
        )
        at = mark.end
    cells += [_gap(len(sample.text) - at), "<td></td>"]
    return f'<tr class="{side}"><th scope="row">{xml(name) if level == 0 else ""}</th>{"".join(cells)}</tr>\n'


def _gap(width: int) -> str:
    return f'<td colspan="{width}"></td>' if width else ""


def _sign(letter: str) -> str:
    return {"\n": "¶", "\r": "¶", "\t": "→"}.get(letter, letter)


def _colours(report: Report) -> dict[str, str]:
    marks = (
        mark.label
        for section in report.sections
        for some in section.sentences
        for sample in some.samples
        for mark in (*sample.gold, *sample.found)
    )
    return palette(sorted(set(marks)))
