"""A strip: rows of shares over the characters of a text, coloured and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.views.colours import ink_on, ramp
from workbench.views.escape import esc

_SHOWN = 120


def strip_html(
    rows: Mapping[str, Sequence[float]],
    text: str,
    texts: Mapping[str, str],
    *,
    title: str,
    start: int = 0,
    most: float = 1.0,
    below: Sequence[str] = (),
) -> str:
    """Draw rows by characters; only this view may scroll sideways.

    Args:
        rows: by name, a value for each character.
        text: the characters.
        texts: the words ``views.strip.part`` (with ``%1``, ``%2``, ``%3``) and ``views.strip.none``.
        title: a caption above the strip.
        start: the first character to draw; a strip holds at most 120.
        most: the value that has the strongest colour.
        below: a word under each character, or nothing.
    """
    if not text or not rows:
        return f'<p class="duomo-note">{esc(texts.get("views.strip.none", "Nothing to show."))}</p>'
    first = min(max(0, start), max(0, len(text) - _SHOWN))
    last = min(len(text), first + _SHOWN)
    heads = "".join(f'<th scope="col" data-start="{at}">{esc(_mark(text[at]))}</th>' for at in range(first, last))
    drawn = "".join(_row(name, row[first:last], text[first:last], most) for name, row in rows.items())
    feet = "".join(f"<th>{esc(word)}</th>" for word in below[first:last])
    part = texts.get("views.strip.part", "Characters %1 to %2 of %3")
    for place, number in (("%1", first + 1), ("%2", last), ("%3", len(text))):
        part = part.replace(place, str(number))
    note = f'<p class="duomo-note">{esc(part)}</p>' if last - first < len(text) else ""
    return (
        f'<p class="duomo-caption">{esc(title)}</p>'
        f'<div class="duomo-scroll" role="region" tabindex="0" aria-label="{esc(title)}">'
        f'<table class="duomo-strip"><thead><tr><td></td>{heads}</tr></thead><tbody>{drawn}</tbody>'
        f"{f'<tfoot><tr><td></td>{feet}</tr></tfoot>' if feet else ''}</table></div>{note}"
    )


def _mark(character: str) -> str:
    return {"\n": "↵", "\r": "␍", "\t": "⇥", " ": "␣", "\u3000": "□"}.get(character, character)


def _row(label: str, values: Sequence[float], text: str, most: float) -> str:
    cells = "".join(_cell(label, character, value, most) for character, value in zip(text, values, strict=True))
    return f'<tr><th scope="row">{esc(label)}</th>{cells}</tr>'


def _cell(label: str, character: str, value: float, most: float) -> str:
    # In steps of a hundredth: finer shades cannot be told apart, and equal cells compress well.
    place = round(value / most, 2) if most else 0.0
    light, dark = ramp(place), ramp(place, dark=True)
    written = f"{value:.0%}".rstrip("%") if value >= 0.005 else ""
    style = f"--light:{light};--light-ink:{ink_on(light)};--dark:{dark};--dark-ink:{ink_on(dark)}"
    return f'<td class="duomo-cell" style="{style}" title="{esc(_mark(character))} {esc(label)} {value:.1%}">{written}</td>'
