"""What choosing brings: F1 of the control arm by what the model had learned, how long each arm takes, and whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.signed import signed
from workbench.retraining.savings import Advice, Fared, Outlook, Point
from workbench.views.escape import esc
from workbench.views.plots import Line, lines_svg

Words = Callable[..., str]
_NONE = "—"
_ARMS = ("control", "chosen")


def savings_html(points: Sequence[Point], ahead: Outlook | None, advice: Advice, aim: float, words: Words) -> str:
    """Draw the meter.

    Args:
        points: how each model fared.
        ahead: how it goes on, where that can be told.
        advice: whether to go on.
        aim: the F1 that is aimed at.
        words: of the page.
    """
    if not points:
        return f'<p class="empty">{esc(words("savings.none"))}</p>'
    gain = _NONE if advice.gain is None else signed(100 * advice.gain, 1)
    said = words(f"savings.advice.{advice.kind}", gain=gain, aim=f"{aim:.0%}")
    lines = [f'<p class="savings-advice is-{advice.kind}">{esc(said)}</p>', _ahead(ahead, aim, words), _plot(points, words)]
    return f'{"".join(lines)}{_table(points, words)}<p class="duomo-hint">{esc(words("savings.hint"))}</p>'


def _ahead(ahead: Outlook | None, aim: float, words: Words) -> str:
    if ahead is None:
        return ""
    gain, low, high = (signed(100 * value, 1) for value in ahead.gain)
    said = [words("savings.gain.line", gain=gain, low=low, high=high, most=f"{ahead.most:.1%}")]
    if ahead.needed is None:
        said.append(words("savings.unreached.line", aim=f"{aim:.0%}"))
    else:
        needed, few, many = (f"{value:,.0f}" for value in ahead.needed)
        said.append(words("savings.needed.line", aim=f"{aim:.0%}", needed=needed, low=few, high=many))
    return f"<p>{esc(' '.join(said))}</p>"


def _plot(points: Sequence[Point], words: Words) -> str:
    lines = [Line(words(f"savings.arm.{arm}"), [_value(point.arms.get(arm)) for point in points]) for arm in _ARMS]
    return lines_svg(lines, [f"{point.learned:,}" for point in points], title=words("savings.plot.label"))


def _value(fared: Fared | None) -> tuple[float, float | None, float | None] | None:
    return None if fared is None or fared.f1.value is None else (fared.f1.value, fared.f1.low, fared.f1.high)


def _table(points: Sequence[Point], words: Words) -> str:
    arms = "".join(f'<th scope="colgroup" colspan="3">{esc(words(f"savings.arm.{arm}"))}</th>' for arm in _ARMS)
    names = "".join(f'<th scope="col">{esc(words(f"savings.{name}"))}</th>' for name in ("documents", "f1", "seconds"))
    model, learned = (f'<th scope="col" rowspan="2">{esc(words(f"savings.{name}"))}</th>' for name in ("model", "learned"))
    heads = f"<thead><tr>{model}{learned}{arms}</tr><tr>{names * len(_ARMS)}</tr></thead>"
    rows = "".join(
        f'<tr><th scope="row">{esc(point.checkpoint)}</th><td>{point.learned:,}</td>'
        f"{''.join(_cells(point.arms.get(arm)) for arm in _ARMS)}</tr>"
        for point in points
    )
    return f'<div class="duomo-scroll"><table class="savings">{heads}<tbody>{rows}</tbody></table></div>'


def _cells(fared: Fared | None) -> str:
    if fared is None:
        return f"<td>{_NONE}</td>" * 3
    f1 = _NONE if fared.f1.value is None else f"{fared.f1.value:.1%}"
    interval = "" if fared.f1.low is None else f" <small>{fared.f1.low:.0%}–{fared.f1.high:.0%}</small>"
    seconds = _NONE if fared.seconds is None else f"{fared.seconds:.0f}"
    return f"<td>{fared.documents:,}</td><td>{f1}{interval}</td><td>{seconds}</td>"
