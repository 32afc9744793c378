"""Small plots of a project: lines over time with their intervals, bars by day, bars by name; drawn without a plotting library."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from workbench.views.escape import esc

_WIDTH, _LEFT, _RIGHT = 460, 36, 84
_TOP, _HEIGHT = 14, 150
_MOST_BARS = 45
_APART = 15.0
_SIGNS = ("●", "▲", "■", "◆")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a plot: its name, and for each place on the axis value, low and high, ``None`` where there is none."""

    name: str
    points: Sequence[tuple[float, float | None, float | None] | None]


def lines_svg(lines: Sequence[Line], places: Sequence[str], *, title: str, all_named: bool = False) -> str:
    """Draw lines between 0 and 1, or the least there is, over places named below; each line has a sign of its own.

    Args:
        lines: what to draw.
        places: what stands below each point.
        title: the plot's name for a screen reader.
        all_named: whether each place is short enough to be named; else of many the first and last alone are.
    """
    values = [value for line in lines for point in line.points if point for value in point if value is not None]
    least = min([0.0, *values]) if min(values, default=0) < 0.5 else 0.5
    step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(places) - 1)
    bottom = _TOP + _HEIGHT

    def at(number: int, value: float) -> tuple[float, float]:
        return _LEFT + step * number, bottom - _HEIGHT * (value - least) / (1 - least)

    ticks = [least, (least + 1) / 2, 1.0]
    axis = "".join(
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at(0, tick)[1]:.1f}" y2="{at(0, tick)[1]:.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{at(0, tick)[1] + 4:.1f}" text-anchor="end">{tick:.2f}</text>'
        for tick in ticks
    )
    names = _names(lines, at)
    drawn = "".join(_line(line, number, at, names.get(number, 0.0)) for number, line in enumerate(lines))
    shown = {0, len(places) - 1} if len(places) > 4 and not all_named else set(range(len(places)))
    below = "".join(
        f'<text x="{at(number, least)[0]:.1f}" y="{bottom + 18}" text-anchor="middle">{esc(place)}</text>'
        for number, place in enumerate(places)
        if number in shown
    )
    size = f'viewBox="0 0 {_WIDTH} {bottom + 26}"'
    return f'<svg class="duomo-plot" {size} role="img" aria-label="{esc(title)}">{axis}{drawn}{below}</svg>'


def days_svg(days: Sequence[tuple[str, int]], *, title: str) -> str:
    """Draw a bar for each day, the last forty-five of them.

    Args:
        days: what the day is called, and how many.
        title: the plot's name for a screen reader.
    """
    shown = days[-_MOST_BARS:]
    most = max((count for _, count in shown), default=0) or 1
    room = _WIDTH - _LEFT - 10
    step = min(36.0, room / max(1, len(shown)))
    bottom = _TOP + 100
    bars = "".join(
        f'<rect x="{_LEFT + step * number + 1:.1f}" y="{bottom - 100 * count / most:.1f}" width="{max(1.0, step - 3):.1f}" '
        f'height="{100 * count / most:.1f}"><title>{esc(day)}: {count}</title></rect>'
        for number, (day, count) in enumerate(shown)
    )
    axis = (
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{bottom}" y2="{bottom}"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{most}</text>'
        f'<text x="{_LEFT - 6}" y="{bottom + 4}" text-anchor="end">0</text>'
    )
    ends = ""
    if shown:
        ends = f'<text x="{_LEFT}" y="{bottom + 18}">{esc(shown[0][0])}</text>'
        if len(shown) > 3:
            ends += f'<text x="{_LEFT + step * len(shown):.1f}" y="{bottom + 18}" text-anchor="end">{esc(shown[-1][0])}</text>'
    size = f'viewBox="0 0 {_WIDTH} {bottom + 26}"'
    return f'<svg class="duomo-plot" {size} role="img" aria-label="{esc(title)}">{axis}{bars}{ends}</svg>'


def bars_html(counts: Mapping[str, int], colours: Mapping[str, str], *, title: str) -> str:
    """Draw a bar for each name, with its count and share beside it.

    Args:
        counts: how many of each, in the order to draw.
        colours: of the names.
        title: the list's name for a screen reader.
    """
    most, total = max(counts.values(), default=0) or 1, sum(counts.values()) or 1
    rows = "".join(
        f'<li><span class="bar-name">{esc(name)}</span>'
        f'<span class="bar-track"><i style="width:{100 * count / most:.1f}%;--color:{colours[name]}"></i></span>'
        f'<span class="bar-count">{count:,} <small>{count / total:.0%}</small></span></li>'
        for name, count in counts.items()
    )
    return f'<ul class="duomo-bars" aria-label="{esc(title)}">{rows}</ul>'


def _names(lines: Sequence[Line], at: Callable[[int, float], tuple[float, float]]) -> dict[int, float]:
    """Return how high the name of each line stands: beside its end, but none over another, nor beyond the plot."""
    ends = sorted((at(0, found[-1][0])[1], number) for number, line in enumerate(lines) if (found := _found(line)))
    placed: dict[int, float] = {}
    lowest = -math.inf
    for y, number in ends:
        placed[number] = lowest = max(y, lowest + _APART)
    highest = float(_TOP + _HEIGHT)
    for _, number in reversed(ends):
        placed[number] = min(placed[number], highest)
        highest = placed[number] - _APART
    return placed


def _found(line: Line) -> list[tuple[float, float | None, float | None]]:
    return [point for point in line.points if point is not None]


def _line(line: Line, number: int, at: Callable[[int, float], tuple[float, float]], height: float) -> str:
    found = [(place, point) for place, point in enumerate(line.points) if point is not None]
    if not found:
        return ""
    path = " ".join("{:.1f},{:.1f}".format(*at(place, point[0])) for place, point in found)
    sign = _SIGNS[number % len(_SIGNS)]
    marks = []
    for place, (value, low, high) in found:
        x, y = at(place, value)
        interval = "" if low is None or high is None else f" ({low:.3f}–{high:.3f})"
        if low is not None and high is not None:
            marks.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{at(place, low)[1]:.1f}" y2="{at(place, high)[1]:.1f}"/>')
        hover = f"<title>{esc(line.name)} {value:.3f}{interval}</title>"
        marks.append(f'<text class="mark" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{sign}{hover}</text>')
    x, _ = at(found[-1][0], found[-1][1][0])
    name = f'<text class="value" x="{x + 12:.1f}" y="{height + 4:.1f}">{sign} {esc(line.name)}</text>'
    return f'<g class="line-{number}"><polyline points="{path}"/>{"".join(marks)}{name}</g>'
