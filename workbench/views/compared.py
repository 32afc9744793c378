"""Two readings of the same sentences: what both find, what only one does, and whether the difference may be chance, in words."""

from __future__ import annotations

from collections.abc import Callable

from engine.evaluation.study import Difference
from workbench.views.escape import esc
from workbench.views.slices import signed

Words = Callable[..., str]
PARTS = ("both_right", "only_a", "only_b", "both_wrong")
SURE = 0.05


def compared_html(difference: Difference, a: str, b: str, words: Words) -> str:
    """Draw the four counts, each leading to its sentences, and say what the difference comes to.

    Args:
        difference: of B less A.
        a: the name of one reading.
        b: the name of the other.
        words: of the page.
    """
    counts = [getattr(difference, part) for part in PARTS]
    total = sum(counts) or 1
    cells = "".join(
        f'<li><button type="button" class="compared-part" data-do="pick" data-select="{part}">'
        f"<b>{count:,}</b> <span>{esc(words(f'errors.compared.{part}', a=a, b=b))}</span> <small>{count / total:.1%}</small>"
        f"</button></li>"
        for part, count in zip(PARTS, counts, strict=True)
    )
    return (
        f'<p class="compared-said">{esc(said(difference, a, b, words))}</p>'
        f'<ul class="compared-parts">{cells}</ul><p class="duomo-hint">{esc(words("errors.compared.hint"))}</p>'
    )


def said(difference: Difference, a: str, b: str, words: Words) -> str:
    """Say by how much one is better, and whether it may be chance."""
    figure = difference.f1
    bounds = {"low": signed(figure.low), "high": signed(figure.high)}
    tests = {"bootstrap": chance(difference.p_bootstrap), "permutation": chance(difference.p_permutation)}
    if round(figure.value * 100, 1) == 0:
        return words("errors.compared.same", a=a, b=b, **bounds, **tests)
    better, worse = (b, a) if figure.value > 0 else (a, b)
    if figure.value < 0:
        bounds = {"low": signed(-figure.high), "high": signed(-figure.low)}
    sure = max(difference.p_bootstrap, difference.p_permutation) < SURE
    key = "errors.compared.better" if sure else "errors.compared.unsure"
    return words(key, better=better, worse=worse, points=f"{abs(figure.value) * 100:.1f}", **bounds, **tests)


def chance(p: float) -> str:
    """Return a probability as it is written in a paper."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
