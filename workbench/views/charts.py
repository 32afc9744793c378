"""Training as it goes, and what it changed: a small chart and a table, drawn without a plotting library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.views.escape import esc

_WIDTH, _LEFT, _RIGHT = 480, 44, 64
_POINTS = 400


def training_chart(events: Sequence[Mapping[str, Any]], texts: Mapping[str, str], *, title: str = "") -> str:
    """Draw loss and dev F1 over the steps.

    Args:
        events: rows of a run's events with ``step``, ``loss`` and ``f1`` (a fraction); others are passed over.
        texts: the words ``views.chart.label``, ``.loss``, ``.f1``, ``.step`` and ``.none``.
        title: the chart's name for a screen reader.
    """
    losses, figures = _series(events, "loss"), _series(events, "f1")
    if not losses and not figures:
        return f'<p class="duomo-note">{esc(texts.get("views.chart.none", "The first figures will appear here."))}</p>'
    most = max(step for step, _ in [*losses, *figures]) or 1
    ceiling = max((loss for _, loss in losses), default=1.0) or 1.0
    label = title or texts.get("views.chart.label", "Training: loss and F1 by step")
    parts = [
        _panel(losses, (most, ceiling), 18, 120, "loss", texts.get("views.chart.loss", "Loss"), f"{ceiling:.2g}"),
        _panel(figures, (most, 1.0), 172, 112, "f1", texts.get("views.chart.f1", "Dev F1"), "100%"),
        f'<text x="{_LEFT}" y="304">0</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="304" text-anchor="end">{esc(texts.get("views.chart.step", "step"))} {most:.0f}</text>',
    ]
    return f'<svg class="duomo-chart" viewBox="0 0 {_WIDTH} 312" role="img" aria-label="{esc(label)}">{"".join(parts)}</svg>'


def _series(events: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    rows = [(_number(event.get("step")), _number(event.get(name))) for event in events]
    points = [(step, value) for step, value in rows if step is not None and value is not None]
    stride = max(1, math.ceil(len(points) / _POINTS))
    return points if stride == 1 else [*points[::stride], points[-1]]


def _number(value: object) -> float | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if plain else None  # type: ignore[arg-type]


def _panel(
    points: Sequence[tuple[float, float]], most: tuple[float, float], top: int, height: int, name: str, words: str, ceiling: str
) -> str:
    bottom = top + height
    axis = (
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>'
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{top}" y2="{top}" stroke-dasharray="2 4"/>'
        f'<text x="{_LEFT - 6}" y="{top + 4}" text-anchor="end">{ceiling}</text>'
        f'<text x="{_LEFT - 6}" y="{bottom + 4}" text-anchor="end">0</text>'
        f'<text x="{_LEFT}" y="{top - 6}">{esc(words)}</text>'
    )
    if not points:
        return axis
    wide = _WIDTH - _LEFT - _RIGHT
    places = [(_LEFT + wide * step / most[0], bottom - height * min(1.0, max(0.0, value / most[1]))) for step, value in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    last_x, last_y = places[-1]
    last = f"{points[-1][1]:.1%}" if name == "f1" else f"{points[-1][1]:.3g}"
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places) if name == "f1" and len(places) <= 40 else ""
    value = f'<text class="value" x="{last_x + 9:.1f}" y="{last_y + 4:.1f}">{last}</text>'
    return f'{axis}<polyline class="{name}" points="{path}"/>{dots}{value}'


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.1f}"


def _change(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return "–"
    points = round((after - before) * 100, 1)
    return "0.0" if points == 0 else f"▲ +{points:.1f}" if points > 0 else f"▼ −{-points:.1f}"
