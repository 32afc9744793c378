"""Which type was taken for which: types by types, with what is missed and what is made up; every number opens its sentences."""

from __future__ import annotations

from collections.abc import Sequence

from engine.evaluation.selecting import term
from engine.reporting.words import Words
from workbench.language import Texts
from workbench.views.colours import step
from workbench.views.escape import esc

NOTHING = "-"
"""In the place of a type: of the annotated one where an entity is made up, of the predicted one where it is missed."""


def confusion_html(labels: Sequence[str], counts: Sequence[Sequence[int]], words: Texts) -> str:
    """Draw the matrix.

    Args:
        labels: of rows and columns.
        counts: annotated types in rows, predicted ones in columns; the last row is made up, the last column missed.
        words: of the page.
    """
    named = Words(words.language)
    missed, spurious = named("outcome.missed"), named("outcome.spurious")
    heads = "".join(f'<th scope="col">{esc(label)}</th>' for label in [*labels, missed])
    rows = []
    names = [*labels, NOTHING]
    for row, (one, line) in enumerate(zip(names, counts, strict=True)):
        title = esc(spurious if one == NOTHING else one)
        total = sum(line) or 1
        cells = "".join(_cell(one, other, count, total, words) for other, count in zip(names, line, strict=True))
        kind = ' class="is-edge"' if row == len(labels) else ""
        rows.append(f'<tr{kind}><th scope="row">{title}</th>{cells}</tr>')
    corner = f'<th scope="col" class="confusion-corner">{esc(words("errors.confusion.corner"))}</th>'
    return (
        f'<div class="duomo-scroll"><table class="confusion"><thead><tr>{corner}{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def cell_name(one: str, other: str, words: Texts) -> str:
    """Say what a cell counts."""
    if one == NOTHING:
        return words("errors.confusion.spurious", found=other)
    if other == NOTHING:
        return words("errors.confusion.missed", gold=one)
    return words("errors.confusion.right" if one == other else "errors.confusion.cell", gold=one, found=other)


def _cell(one: str, other: str, count: int, total: int, words: Texts) -> str:
    if one == other == NOTHING:
        return '<td class="is-void"></td>'
    kind = "is-self" if one == other else "is-edge" if NOTHING in (one, other) else ""
    if not count:
        return f'<td class="{kind} is-zero">·</td>'
    hover = f"{cell_name(one, other, words)}: {count:,}"
    shade = f"duomo-cell duomo-q{step(count / total, 1.0) * 7 // 10}"
    select = f'data-do="pick" data-select="{esc(term("cell", one, other))}"'
    return (
        f'<td class="{kind}"><button type="button" class="confusion-count {shade}" {select} title="{esc(hover)}" '
        f'aria-label="{esc(hover)}">{count:,}</button></td>'
    )
