"""How far each picture has to do with the text: a dial from unrelated to related, with the word for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.evidence import Correlation
from workbench.views.escape import esc
from workbench.views.picture import Picture, caption

RELATED, UNRELATED = 0.3, -0.3
"""From the one upwards a picture counts as related, from the other downwards as unrelated; in between, in part."""


def correlation_html(
    correlation: Correlation,
    pictures: Sequence[Picture],
    texts: Mapping[str, str],
    visible: Sequence[bool] = (),
    below: str = "",
) -> str:
    """Draw a row for each picture: its thumbnail, the dial, the number and the word.

    Args:
        correlation: the evidence.
        pictures: that it is about, in its order.
        texts: the words ``views.correlation.*`` and ``views.picture.name``.
        visible: which of them could be seen; by default all.
        below: HTML under the rows.
    """
    if not pictures or len(pictures) != len(correlation.values):
        return ""
    seen = list(visible) or [True] * len(pictures)
    rows = "".join(
        _row(picture, value, there, texts) for picture, value, there in zip(pictures, correlation.values, seen, strict=True)
    )
    title = esc(texts["views.correlation.title"])
    return (
        f'<section class="duomo-panel duomo-correlation" aria-label="{title}"><p class="duomo-caption">{title}</p>'
        f'<p class="duomo-hint">{esc(correlation_hint(texts))}</p><ul>{rows}</ul>{below}</section>'
    )


def correlation_word(value: float) -> str:
    """Return ``related``, ``partly`` or ``unrelated``."""
    return "related" if value >= RELATED else "unrelated" if value <= UNRELATED else "partly"


def correlation_hint(texts: Mapping[str, str]) -> str:
    """Return what the numbers mean."""
    return texts["views.correlation.hint"].format(related=_signed(RELATED), unrelated=_signed(UNRELATED))


def correlation_said(value: float, texts: Mapping[str, str]) -> str:
    """Return the word and the number."""
    return f"{texts[f'views.correlation.{correlation_word(value)}']} {_signed(value)}"


def _row(picture: Picture, value: float, visible: bool, texts: Mapping[str, str]) -> str:
    name = caption(picture, texts)
    # A file of the page's own, never an address from elsewhere.
    image = f'<img src="{esc(picture.thumbnail_url)}" alt="">'
    if not visible:
        return f"<li>{image}<span>{name}</span><span>{esc(texts['views.correlation.unseen'])}</span></li>"
    word = correlation_word(value)
    said = correlation_said(value, texts)
    place = (max(-1.0, min(1.0, value)) + 1) / 2
    return (
        f'<li>{image}<span class="duomo-named">{name}</span>'
        f'<span class="duomo-dial is-{word}" role="meter" aria-valuemin="-1" aria-valuemax="1" aria-valuenow="{value:.2f}" '
        f'aria-label="{name}" aria-valuetext="{esc(said)}" title="{esc(said)}">'
        f'<i style="left:{place:.1%}"></i></span><span class="duomo-said" aria-hidden="true">{esc(said)}</span></li>'
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
