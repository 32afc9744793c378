"""What the same small system learned from chosen and from control documents: both curves, their difference, what it means."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from engine.evaluation.agreement.resampling import Figure
from engine.signed import signed
from engine.simulation.arms import CHOSEN, CONTROL, Compared
from workbench.retraining.arms import Result
from workbench.retraining.savings import Outlook, advise_curve, project
from workbench.views.escape import esc
from workbench.views.plots import Line, lines_svg

Words = Callable[..., str]
_ARMS = (CONTROL, CHOSEN)
_NONE = "—"


def arms_html(result: Result | None, aim: float, words: Words) -> str:
    """Draw a comparison.

    Args:
        result: what came of it; none where there was none yet.
        aim: the F1 that is aimed at.
        words: of the page.
    """
    if result is None:
        return f'<p class="duomo-hint">{esc(words("arms.none"))}</p>'
    compared = result.compared
    ahead = {arm: _ahead(compared, arm, aim) for arm in _ARMS}
    advice = advise_curve(compared.curve(CHOSEN), ahead[CHOSEN], aim)
    gain = _NONE if advice.gain is None else signed(100 * advice.gain, 1)
    said = words(f"savings.advice.{advice.kind}", gain=gain, aim=f"{aim:.0%}")
    lines = [f'<p class="savings-advice is-{advice.kind}">{esc(said)}</p>', f"<p>{esc(_verdict(compared, words))}</p>"]
    lines += [f"<p>{esc(_going_on(ahead[arm], arm, aim, words))}</p>" for arm in _ARMS]
    hint = words(f"arms.hint.{result.by}", count=f"{compared.held_out:,}", system=compared.system, date=result.created[:10])
    return f'{"".join(lines)}{_plot(compared, words)}{_table(compared, words)}<p class="duomo-hint">{esc(hint)}</p>'


def _verdict(compared: Compared, words: Words) -> str:
    """Say whether choosing helps, by the largest size."""
    size = compared.sizes[-1]
    found = compared.difference(size)
    if found.value is None or found.low is None or found.high is None:
        return words("arms.verdict.unknown", documents=f"{size:,}")
    kind = "better" if found.low > 0 else "worse" if found.high < 0 else "open"
    gain, low, high = (signed(100 * value, 1) for value in (found.value, found.low, found.high))
    return words(f"arms.verdict.{kind}", documents=f"{size:,}", gain=gain, low=low, high=high)


@lru_cache(maxsize=32)
def _ahead(compared: Compared, arm: str, aim: float) -> Outlook | None:
    """Return how a curve goes on; a hundred fits take a second, and a page that watches a job draws itself every second."""
    return project(compared.curve(arm), aim)


def _going_on(ahead: Outlook | None, arm: str, aim: float, words: Words) -> str:
    name = words(f"savings.arm.{arm}")
    if ahead is None:
        return words("arms.ahead.unknown", arm=name)
    if ahead.needed is None:
        return words("arms.ahead.never", arm=name, aim=f"{aim:.0%}", most=f"{ahead.most:.1%}")
    needed, few, many = (f"{value:,.0f}" for value in ahead.needed)
    return words("arms.ahead.needed", arm=name, aim=f"{aim:.0%}", needed=needed, low=few, high=many)


def _plot(compared: Compared, words: Words) -> str:
    lines = []
    for arm in _ARMS:
        figures = dict(compared.curve(arm))
        lines.append(Line(words(f"savings.arm.{arm}"), [_place(figures.get(size)) for size in compared.sizes]))
    return lines_svg(lines, [f"{size:,}" for size in compared.sizes], title=words("arms.plot.label"))


def _place(figure: Figure | None) -> tuple[float, float | None, float | None] | None:
    if figure is None or figure.value is None:
        return None
    # With few seeds Student's interval is wide; F1 is between 0 and 1 all the same.
    low, high = (None if value is None else min(1.0, max(0.0, value)) for value in (figure.low, figure.high))
    return figure.value, low, high


def _table(compared: Compared, words: Words) -> str:
    names = [words("arms.documents"), *(words(f"savings.arm.{arm}") for arm in _ARMS), words("arms.difference")]
    heads = "".join(f'<th scope="col">{esc(name)}</th>' for name in names)
    curves = [dict(compared.curve(arm)) for arm in _ARMS]
    rows = "".join(
        f'<tr><th scope="row">{size:,}</th>{"".join(f"<td>{_percent(curve.get(size))}</td>" for curve in curves)}'
        f"<td>{_points(compared.difference(size))}</td></tr>"
        for size in compared.sizes
    )
    table = f'<table class="savings"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="duomo-scroll">{table}</div>'


def _percent(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return _NONE
    low, high = figure.low, figure.high
    interval = "" if low is None or high is None else f" <small>{max(0.0, low):.0%}–{min(1.0, high):.0%}</small>"
    return f"{figure.value:.1%}{interval}"


def _points(figure: Figure) -> str:
    if figure.value is None:
        return _NONE
    low, high = figure.low, figure.high
    interval = "" if low is None or high is None else f" <small>{signed(100 * low, 1)}–{signed(100 * high, 1)}</small>"
    return f"{signed(100 * figure.value, 1)}{interval}"
