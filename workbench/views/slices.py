"""Parts of the data as a table that can be sorted: figures with intervals; a part with too few cases says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.evaluation.selecting import term
from engine.evaluation.study import Interval, Line, SliceLine
from engine.reporting.words import Words
from workbench.language import Texts
from workbench.views.escape import esc

_HEADS = ("name", "documents", "gold", "precision", "recall", "f1")


def slices_html(slices: Sequence[SliceLine], words: Texts, differences: Mapping[str, Interval] | None = None) -> str:
    """Draw a row for each slice.

    Args:
        slices: to draw, by group.
        words: of the page.
        differences: of another model's F1, by slice; nothing where there is no other.
    """
    heads = [*_HEADS, *(["difference"] if differences else [])]
    # What is sorted by is said by the browser, which does it.
    head = "".join(
        f'<th scope="col"><button type="button" data-sort="{number}">{esc(words(f"errors.slices.{name}"))}</button></th>'
        for number, name in enumerate(heads)
    )
    rows = "".join(_row(each, words, differences) for each in slices)
    return (
        f'<p class="duomo-hint">{esc(words("errors.slices.hint"))}</p><div class="duomo-scroll">'
        f'<table class="slices"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def types_html(types: Sequence[Line], words: Texts, differences: Mapping[str, Interval] | None = None) -> str:
    """Draw a row for each type, as for slices."""
    heads = ["type", "gold", "found", "precision", "recall", "f1", *(["difference"] if differences else [])]
    head = "".join(
        f'<th scope="col"><button type="button" data-sort="{number}">{esc(words(f"errors.slices.{name}"))}</button></th>'
        for number, name in enumerate(heads)
    )
    rows = []
    for line in types:
        cells = [_opening(term("type", line.name), line.name, line.name), _count(line.gold), _count(line.found)]
        cells += [_share(line.precision), _share(line.recall), _figure(line.f1)]
        cells += [_difference((differences or {}).get(line.name), words)] if differences else []
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'<div class="duomo-scroll"><table class="slices is-types"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(each: SliceLine, words: Texts, differences: Mapping[str, Interval] | None) -> str:
    line, named = each.line, Words(words.language)
    name = named.slice(each.name)
    cells = [_opening(term("slice", each.name), name, f"{named.group(each.group)} {name}")]
    cells += [_count(each.documents), _count(line.gold), _share(line.precision), _share(line.recall)]
    few = "" if each.enough else f'<small class="slices-few">{esc(words("errors.slices.few", count=line.gold))}</small>'
    cells.append(_figure(line.f1, few))
    if differences:
        cells.append(_difference(differences.get(each.name), words))
    kind = "" if each.enough else ' class="is-few"'
    return f"<tr{kind}>{''.join(cells)}</tr>"


def _opening(select: str, name: str, value: str) -> str:
    button = f'<button type="button" class="slices-open" data-do="pick" data-select="{esc(select)}">{esc(name)}</button>'
    return f'<th scope="row" data-value="{esc(value)}">{button}</th>'


def _count(count: int) -> str:
    return f'<td data-value="{count}">{count:,}</td>'


def _share(value: float) -> str:
    return f'<td data-value="{value:.6f}">{value:.1%}</td>'


def _figure(figure: Interval, more: str = "") -> str:
    bar = (
        f'<span class="interval" aria-hidden="true"><i style="left:{figure.low:.1%};right:{1 - figure.high:.1%}"></i>'
        f'<b style="left:{figure.value:.1%}"></b></span>'
    )
    bounds = bounds_of(figure)
    shown = f'<span class="slices-figure">{figure.value:.1%}</span> <small>{bounds}</small>{bar}{more}'
    return f'<td data-value="{figure.value:.6f}">{shown}</td>'


def _difference(figure: Interval | None, words: Texts) -> str:
    if figure is None:
        return f'<td data-value="-9"><small>{esc(words("errors.slices.no_difference"))}</small></td>'
    sure = figure.known and (figure.low > 0 or figure.high < 0)
    sign = "▲" if figure.value > 0 else "▼" if figure.value < 0 else ""
    bounds = f"{signed(figure.low)} – {signed(figure.high)}" if figure.known else ""
    kind = "is-sure" if sure else ""
    return f'<td data-value="{figure.value:.6f}" class="{kind}">{sign} {signed(figure.value)} <small>{bounds}</small></td>'


def bounds_of(figure: Interval) -> str:
    """Return the bounds of a share in points; nothing where there is no interval."""
    return f"{figure.low * 100:.1f}–{figure.high * 100:.1f}" if figure.known else ""


def signed(value: float) -> str:
    """Return a difference of shares in points, with its sign."""
    points = round(value * 100, 1)
    return "0.0" if points == 0 else f"+{points:.1f}" if points > 0 else f"−{-points:.1f}"
