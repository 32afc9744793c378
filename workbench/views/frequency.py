"""How well entities are found by how often the model met them in training: the learning curve of single entities."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.evaluation.study import SliceLine
from workbench.views.escape import esc
from workbench.views.plots import Line, lines_svg

Words = Callable[..., str]
GROUP = "frequency"


def frequency_html(slices: Sequence[SliceLine], words: Words) -> str:
    """Draw F1 by how often the mention was annotated in training; nothing where that is not known.

    Args:
        slices: of a reading; those by frequency in their order.
        words: of the page.
    """
    # Of what is nowhere annotated there is no F1, but what the model makes up.
    found = [each for each in slices if each.group == GROUP and each.line.gold]
    if len(found) < 2:
        return ""
    places = [each.name.partition("=")[2].replace("-", "–") for each in found]
    points = [(f1.value, f1.low, f1.high) if f1.known else (f1.value, None, None) for f1 in (each.line.f1 for each in found)]
    first, last = found[0], found[-1]
    said = words(
        "errors.frequency.said",
        few=places[0],
        low=f"{first.line.f1.value:.1%}",
        low_count=f"{first.line.gold:,}",
        many=places[-1],
        high=f"{last.line.f1.value:.1%}",
        high_count=f"{last.line.gold:,}",
    )
    drawn = lines_svg([Line("F1", points)], places, title=words("errors.frequency.title"), all_named=True)
    few = "" if all(each.enough for each in found) else f'<p class="duomo-hint">{esc(words("errors.frequency.few"))}</p>'
    axis = f'<p class="duomo-hint">{esc(words("errors.frequency.axis"))}</p>'
    return f"<p>{esc(said)}</p>{drawn}{axis}{few}"
