"""Rows of weights over the characters, as the papers draw them: the mean of the heads, and each head at the turn of a switch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.document import Document
from engine.evidence import Heatmap
from workbench.views.escape import esc
from workbench.views.grid import SHOWN as GRID
from workbench.views.grid import grid_html, is_square
from workbench.views.strip import SHOWN as STRIP
from workbench.views.strip import hint_html, scale_html, strip_html

# Fine enough that the browser rounds as Python does.
_UNIT = 100_000


def heatmap_title(heatmap: Heatmap, texts: Mapping[str, str], head: int | None = None) -> str:
    """Return what a heatmap is called.

    Args:
        heatmap: the evidence.
        texts: the words ``views.heatmap.<name of the evidence>``, ``.mean`` and ``.head`` (with ``%1``).
        head: the head to name too, from 1, or 0 for the mean; only where there are several.
    """
    title = texts.get(f"views.heatmap.{heatmap.name}", heatmap.name)
    if head is None or len(heatmap.heads) < 2:
        return title
    return f"{title} · {_head(head, texts)}"


def with_named_rows(heatmap: Heatmap, texts: Mapping[str, str]) -> Heatmap:
    """Return a heatmap whose rows have the plain names ``views.rows.<name of the evidence>.<row>``, where there are such."""
    rows = tuple(texts.get(f"views.rows.{heatmap.name}.{row}", row) for row in heatmap.rows)
    return replace(heatmap, rows=rows)


def heatmap_html(heatmap: Heatmap, document: Document, texts: Mapping[str, str]) -> str:
    """Draw a heatmap with a colour bar, the predicted types under their characters.

    Args:
        heatmap: the evidence.
        document: the predicted document it is aligned to.
        texts: the words of its title, ``views.heatmap.heads``, ``views.hint.<name of the evidence>`` and those of the strip.
    """
    if not document.text:
        return strip_html([], "", texts, title="")
    below = [""] * len(document)
    for span in document.spans:
        below[span.start] = span.label
    title, most = heatmap_title(heatmap, texts), _most(heatmap.values)
    before = hint_html(heatmap.name, texts) + _switch(heatmap, texts)
    square = is_square(heatmap, document.text)
    if square:
        drawn = f'<p class="duomo-caption">{esc(title)}</p>{before}'
        drawn += grid_html(heatmap.values, document.text, texts, title=title, most=most, below=below)
    else:
        rows = list(zip(heatmap.rows, heatmap.values, strict=True))
        drawn = strip_html(rows, document.text, texts, title=title, most=most, below=below, hint=before)
    return f'<div class="duomo-map"{_heads(heatmap, GRID if square else STRIP, square)}>{drawn}{scale_html(most)}</div>'


def _most(values: Sequence[Sequence[float]]) -> float:
    return max((value for row in values for value in row), default=0.0)


def _head(number: int, texts: Mapping[str, str]) -> str:
    if not number:
        return texts.get("views.heatmap.mean", "Mean")
    return texts.get("views.heatmap.head", "Head %1").replace("%1", str(number))


def _switch(heatmap: Heatmap, texts: Mapping[str, str]) -> str:
    """Let the reader choose the mean or a head."""
    if len(heatmap.heads) < 2:
        return ""
    choices = "".join(
        f'<label><input type="radio" name="{esc(heatmap.name)}" value="{number}"{"" if number else " checked"}>'
        f"<span>{esc(_head(number, texts))}</span></label>"
        for number in range(len(heatmap.heads) + 1)
    )
    legend = esc(texts.get("views.heatmap.heads", "Heads"))
    return f'<div class="duomo-switch" role="radiogroup" aria-label="{legend}">{choices}</div>'


def _heads(heatmap: Heatmap, shown: int, square: bool) -> str:
    """Write the mean and the heads as whole numbers: the browser paints one over the other, a table for each would be heavy."""
    if len(heatmap.heads) < 2:
        return ""
    several = (heatmap.values, *heatmap.heads)
    rows = shown if square else None
    shares = [[[round(value * _UNIT) for value in row[:shown]] for row in values[:rows]] for values in several]
    strongest = [round(_most(values) * _UNIT) for values in several]
    written, most = (json.dumps(numbers, separators=(",", ":")) for numbers in (shares, strongest))
    return f' data-heads="{written}" data-most="{most}"'
