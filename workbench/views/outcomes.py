"""What became of each entity under each edit of a sentence: a grid in words and marks, and what each decision hangs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from engine.counterfactual.edit import Edit
from engine.counterfactual.outcomes import Fate, Grid, Hinge, Row
from engine.counterfactual.wording import UNKNOWN_CHARACTER
from engine.document import Document, Span
from engine.drawing.colours import palette
from engine.modalities.pinyin import Syllable
from workbench.views.agreement_figure import Cell, Table
from workbench.views.escape import esc

Words = Callable[..., str]
MARKS = {"kept": "✓", "relabelled": "≠", "moved": "↔", "both": "↔≠", "lost": "✗"}
NEW = "＋"
_PLAIN = {"kept": "=", "relabelled": "!", "moved": "<>", "both": "<>!", "lost": "x"}
"""The marks as a figure's font has them."""
_UNKNOWN = "\ufffd"
_NAMED = 4
_SLIGHT = 0.005


def edit_words(edit: Edit, document: Document, put: str, words: Words) -> str:
    """Say in plain words what an edit does.

    Args:
        edit: to say.
        document: that it is done to.
        put: what it puts there, where it chooses that itself.
        words: those of the page: ``bench.edit.*``, ``bench.modality.*``.
    """
    old = document.text[edit.start : edit.end] if edit.start >= 0 else ""
    value = put or edit.value
    if edit.name == "reading":
        value = Syllable.parse(edit.value).marked
    elif edit.name == "without":
        value = words(f"bench.modality.{edit.value}")
    elif edit.name == "no_picture" and edit.start < 0:
        return words("bench.edit.no_pictures")
    return words(f"bench.edit.{edit.name}", old=old, put=value.replace(UNKNOWN_CHARACTER, _UNKNOWN), number=edit.start)


def grid_html(grid: Grid, words: Words) -> str:
    """Draw a row for each edit: what it is, the sentence that it makes, what became of each entity, and what is new."""
    if not grid.rows:
        return f'<p class="duomo-note">{esc(words("bench.grid.empty"))}</p>'
    spans = grid.original.spans
    colours = palette(dict.fromkeys(span.label for span in _all(grid)))
    heads = "".join(f'<th scope="col">{_entity(grid.original, span, colours)}</th>' for span in spans)
    new = f'<th scope="col">{esc(words("bench.grid.new"))}</th>'
    rows = "".join(_row(grid, number, row, colours, words) for number, row in enumerate(grid.rows))
    title = esc(words("bench.grid.title"))
    legend = " · ".join(f"{mark} {words(f'bench.fate.{fate}')}" for fate, mark in MARKS.items())
    return (
        f'<section class="bench-outcomes" aria-label="{title}"><h3>{title}</h3>{hinges_html(grid, words)}'
        f'<div class="duomo-scroll" role="region" tabindex="0" aria-label="{title}"><table class="bench-grid">'
        f'<thead><tr><th scope="col">{esc(words("bench.grid.edit"))}</th>{heads}{new}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<p class="duomo-note">{esc(legend)}</p></section>'
    )


def hinges_html(grid: Grid, words: Words) -> str:
    """Say of each entity what the decision hangs on."""
    items = "".join(f"<li>{esc(hinge_words(grid, hinge, words))}</li>" for hinge in grid.hinges)
    return f'<ul class="bench-hinges" role="status">{items}</ul>' if items else ""


def hinge_words(grid: Grid, hinge: Hinge, words: Words) -> str:
    """Say what the decision on one entity hangs on."""
    name = {"text": grid.original.mention(hinge.entity), "label": hinge.entity.label, "total": len(grid.rows)}
    if hinge.flips:
        flips = words("bench.hinge.and").join(_edit(grid, grid.rows[at], words) for at in hinge.flips[:_NAMED])
        more = words("bench.hinge.more", count=len(hinge.flips) - _NAMED) if len(hinge.flips) > _NAMED else ""
        return words("bench.hinge.flips", **name, count=len(hinge.flips), edits=flips) + more
    if hinge.shaken is None:
        return words("bench.hinge.none", **name)
    row = grid.rows[hinge.shaken]
    change = next(fate.change for fate in row.fates if fate.entity == hinge.entity)
    if change is None or abs(change) < _SLIGHT:
        return words("bench.hinge.none", **name)
    return words("bench.hinge.shaken", **name, edit=_edit(grid, row, words), points=f"{abs(change):.0%}".rstrip("%"))


def grid_table(grid: Grid, words: Words) -> Table:
    """Return the grid as a table for a figure."""
    original = grid.original
    heads = [words("bench.grid.edit"), *(f"{original.mention(s)} {s.label}" for s in original.spans), words("bench.grid.new")]
    rows = []
    for row in grid.rows:
        cells = [f"{_PLAIN[fate.fate]} {_fate_words(row.document, fate, words)}" for fate in row.fates]
        new = ", ".join(f"{row.document.mention(span)} {span.label}" for span in row.new)
        rows.append((_edit(grid, row, words), [Cell(words) for words in (*cells, new)]))
    return Table(heads, rows, original.text)


def _edit(grid: Grid, row: Row, words: Words) -> str:
    return edit_words(row.edit, grid.original, row.put, words)


def _all(grid: Grid) -> Iterable[Span]:
    found = [fate.found for row in grid.rows for fate in row.fates if fate.found]
    return sorted((*grid.original.spans, *found, *(span for row in grid.rows for span in row.new)))


def _row(grid: Grid, number: int, row: Row, colours: dict[str, str], words: Words) -> str:
    said = _edit(grid, row, words)
    drop = (
        f'<button type="button" class="bench-drop" data-do="drop" data-row="{number}" '
        f'aria-label="{esc(words("bench.grid.drop", edit=said))}" title="{esc(words("bench.grid.drop", edit=said))}">×</button>'
    )
    sentence = _sentence(row) if row.document.text != grid.original.text else ""
    cells = "".join(_cell(row.document, fate, colours, words) for fate in row.fates)
    new = "".join(f"<p>{NEW} {_entity(row.document, span, colours)}</p>" for span in row.new) or "–"
    return f'<tr><th scope="row"><span>{esc(said)}</span>{drop}{sentence}</th>{cells}<td class="is-new">{new}</td></tr>'


def _sentence(row: Row) -> str:
    """Return the new sentence, what was put there marked."""
    text, parts, place, moved = row.document.text, [], 0, 0
    for stretch in row.offsets.replaced:
        start = stretch.start + moved
        moved += stretch.length - (stretch.end - stretch.start)
        parts += [esc(_shown(text[place:start])), f"<mark>{esc(_shown(text[start : start + stretch.length]))}</mark>"]
        place = start + stretch.length
    return f'<small lang="zh">{"".join(parts)}{esc(_shown(text[place:]))}</small>'


def _cell(document: Document, fate: Fate, colours: dict[str, str], words: Words) -> str:
    found = _entity(document, fate.found, colours) if fate.found and fate.fate != "kept" else ""
    mark = f'<span class="bench-mark" aria-hidden="true">{MARKS[fate.fate]}</span>'
    return f'<td class="is-{fate.fate}"><p>{mark} {esc(_said(fate, words))}</p>{found}</td>'


def _said(fate: Fate, words: Words) -> str:
    change = fate.change
    moved = "" if change is None or abs(change) < _SLIGHT else f" {'+' if change > 0 else '−'}{abs(change) * 100:.0f}%"
    return words(f"bench.fate.{fate.fate}") + (moved if fate.fate == "kept" else "")


def _fate_words(document: Document, fate: Fate, words: Words) -> str:
    found = f" {_shown(document.mention(fate.found))} {fate.found.label}" if fate.found and fate.fate != "kept" else ""
    return _said(fate, words) + found


def _entity(document: Document, span: Span, colours: dict[str, str]) -> str:
    sure = "" if span.score is None else f" {span.score:.0%}"
    return (
        f'<span class="bench-entity" style="--color:{colours.get(span.label, "#999999")}">{esc(_shown(document.mention(span)))}'
        f"<small>{esc(span.label)}{sure}</small></span>"
    )


def _shown(text: str) -> str:
    return text.replace(UNKNOWN_CHARACTER, _UNKNOWN)


def menu_html(groups: Sequence[tuple[str, Sequence[tuple[Edit, str]], str]], words: Words) -> str:
    """Draw what can be done, in groups, as buttons.

    Args:
        groups: of each its title, the edits with what they are called, and the edit whose value is typed, without it; or nothing.
        words: of the page.
    """
    return "".join(_group(title, offers, typed, words) for title, offers, typed in groups if offers or typed)


def _group(title: str, offers: Sequence[tuple[Edit, str]], typed: str, words: Words) -> str:
    buttons = "".join(
        f'<button type="button" class="quiet" data-do="edit" data-edit="{esc(edit)}">{esc(said)}</button>'
        for edit, said in offers
    )
    if typed:
        hint = esc(words("bench.menu.typed"))
        buttons += (
            f'<span class="bench-typed"><input type="text" maxlength="24" lang="zh" placeholder="{hint}" '
            f'aria-label="{esc(title)}: {hint}"><button type="button" class="quiet" data-typed="{esc(typed)}">'
            f"{esc(words('bench.menu.write'))}</button></span>"
        )
    return f'<div class="bench-group" role="group" aria-label="{esc(title)}"><h4>{esc(title)}</h4><div>{buttons}</div></div>'
