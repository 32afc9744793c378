"""Rows of weights over the characters, as the papers draw them: the mean of the heads, and each head behind a click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.document import Document
from engine.evidence import Heatmap
from workbench.views.colours import ramp
from workbench.views.escape import esc
from workbench.views.strip import strip_html

_STEPS = 8


def heatmap_html(heatmap: Heatmap, document: Document, texts: Mapping[str, str]) -> str:
    """Draw a heatmap with a colour bar, the predicted types under their characters.

    Args:
        heatmap: the evidence.
        document: the predicted document it is aligned to.
        texts: the words ``views.heatmap.<name of the evidence>``, ``.heads``, ``.head`` (with ``%1``) and those of the strip.
    """
    below = [""] * len(document)
    for span in document.spans:
        below[span.start] = span.label
    title = texts.get(f"views.heatmap.{heatmap.name}", heatmap.name)
    mean = _rows(heatmap.rows, heatmap.values)
    drawn = strip_html(mean, document.text, texts, title=title, most=_most(heatmap.values), below=below)
    if len(heatmap.heads) < 2:
        return drawn + _bar(_most(heatmap.values))
    heads = "".join(
        strip_html(
            _rows(heatmap.rows, values),
            document.text,
            texts,
            title=texts.get("views.heatmap.head", "Head %1").replace("%1", str(number)),
            most=_most(values),
        )
        for number, values in enumerate(heatmap.heads, 1)
    )
    summary = esc(texts.get("views.heatmap.heads", "Head by head"))
    return f"{drawn}{_bar(_most(heatmap.values))}<details><summary>{summary}</summary>{heads}</details>"


def _rows(names: Sequence[str], values: Sequence[Sequence[float]]) -> dict[str, Sequence[float]]:
    return dict(zip(names, values, strict=True))


def _most(values: Sequence[Sequence[float]]) -> float:
    return max((value for row in values for value in row), default=0.0)


def _bar(most: float) -> str:
    """Draw which colour is how much."""
    stops = [step / _STEPS for step in range(_STEPS + 1)]
    light, dark = (", ".join(ramp(stop, dark=night) for stop in stops) for night in (False, True))
    return (
        f'<p class="duomo-scale"><span>0</span><span class="duomo-ramp" style="--light:{light};--dark:{dark}"></span>'
        f"<span>{most:.0%}</span></p>"
    )
