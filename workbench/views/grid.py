"""Characters by characters: a compact grid of colours, each number behind its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.evidence import Heatmap
from workbench.views.colours import step
from workbench.views.escape import esc
from workbench.views.strip import mark, part

SHOWN = 60
"""Characters that a grid holds at most, either way."""


def is_square(heatmap: Heatmap, text: str) -> bool:
    """Tell whether the rows of a heatmap are the characters of the text themselves."""
    return len(text) > 0 and heatmap.rows == tuple(text)


def grid_html(
    values: Sequence[Sequence[float]], text: str, texts: Mapping[str, str], *, title: str, most: float, below: Sequence[str] = ()
) -> str:
    """Draw characters by characters; only this view may scroll sideways.

    Args:
        values: ``[characters, characters]``, a row for each character that asks.
        text: the characters.
        texts: the words ``views.strip.part``.
        title: what it is called where it is read aloud.
        most: the value that has the strongest colour.
        below: a word under each character, or nothing.
    """
    last = min(len(text), SHOWN)
    marks = [esc(mark(character)) for character in text[:last]]
    heads = "".join(f'<th scope="col" data-start="{at}">{sign}</th>' for at, sign in enumerate(marks))
    body = "".join(
        # One stop for the Tab key; from it the arrow keys go on.
        f'<tr><th scope="row" data-start="{at}" tabindex="{-1 if at else 0}">{marks[at]}</th>'
        f"{''.join(_cell(marks[at], sign, value, most) for sign, value in zip(marks, row[:last], strict=True))}</tr>"
        for at, row in enumerate(values[:last])
    )
    feet = "".join(f"<th><span>{esc(word)}</span></th>" for word in below[:last])
    note = f'<p class="duomo-note">{esc(part(0, last, len(text), texts))}</p>' if last < len(text) else ""
    return (
        f'<div class="duomo-scroll" role="region" tabindex="0" aria-label="{esc(title)}">'
        f'<table class="duomo-strip duomo-grid"><thead><tr><td></td>{heads}</tr></thead><tbody>{body}</tbody>'
        f"{f'<tfoot><tr><td></td>{feet}</tr></tfoot>' if any(below[:last]) else ''}</table></div>{note}"
    )


def _cell(asks: str, answers: str, value: float, most: float) -> str:
    return f'<td class="duomo-cell duomo-q{step(value, most)}" title="{asks} {answers} {value:.1%}"></td>'
