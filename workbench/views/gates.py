"""Gates as bars: how far each source of a model was let in, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

from engine.evidence import Gates
from workbench.views.escape import esc
from workbench.views.strip import hint_html


def gates_html(gates: Gates, texts: Mapping[str, str]) -> str:
    """Draw a table, a row for each source and a column for each layer.

    Args:
        gates: the evidence; of a weight beyond -1 or 1 the bar stops there, the number does not.
        texts: the words ``views.gates.<name of the evidence>``, ``views.gates.layer`` (with ``%1``), ``views.modality.*`` and
            ``views.hint.<name of the evidence>``.
    """
    title = texts.get(f"views.gates.{gates.name}", gates.name)
    several = len(gates.values) > 1
    layers = "".join(f'<th scope="col">{esc(_layer(number, texts))}</th>' for number in range(1, len(gates.values) + 1))
    head = f"<thead><tr><td></td>{layers}</tr></thead>" if several else ""
    rows = "".join(
        f'<tr><th scope="row">{esc(texts.get(f"views.modality.{source}", source))}</th>'
        f"{''.join(_cell(layer[place]) for layer in gates.values)}</tr>"
        for place, source in enumerate(gates.sources)
    )
    return (
        f'<p class="duomo-caption">{esc(title)}</p>{hint_html(gates.name, texts)}'
        f'<div class="duomo-scroll" role="region" tabindex="0" aria-label="{esc(title)}">'
        f'<table class="duomo-gates">{head}<tbody>{rows}</tbody></table></div>'
    )


def _layer(number: int, texts: Mapping[str, str]) -> str:
    return texts.get("views.gates.layer", "Layer %1").replace("%1", str(number))


def _cell(value: float) -> str:
    fill = f'<span class="duomo-bar-fill" style="width:{min(1.0, abs(value)):.1%}"></span>'
    written = f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
    return f'<td><span class="duomo-bar-track" aria-hidden="true">{fill}</span>{written}</td>'
