"""A strip: rows of shares over the characters of a text, coloured and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.drawing.colours import ramp
from workbench.views.colours import step
from workbench.views.escape import esc

_STOPS = 8
SHOWN = 120
"""Characters that a strip holds at most."""


def strip_html(
    rows: Sequence[tuple[str, Sequence[float]]],
    text: str,
    texts: Mapping[str, str],
    *,
    title: str,
    start: int = 0,
    most: float = 1.0,
    below: Sequence[str] = (),
    hint: str = "",
) -> str:
    """Draw rows by characters; only this view may scroll sideways.

    Args:
        rows: each with its name and a value for each character; names may repeat.
        text: the characters.
        texts: the words ``views.strip.part`` (with ``%1``, ``%2``, ``%3``) and ``views.strip.none``.
        title: a caption above the strip.
        start: the first character to draw; a strip holds at most 120.
        most: the value that has the strongest colour.
        below: a word under each character, or nothing.
        hint: HTML between the caption and the strip.
    """
    if not text or not rows:
        return f'<p class="duomo-note">{esc(texts.get("views.strip.none", "Nothing to show."))}</p>'
    first = min(max(0, start), max(0, len(text) - SHOWN))
    last = min(len(text), first + SHOWN)
    heads = "".join(f'<th scope="col" data-start="{at}">{esc(mark(text[at]))}</th>' for at in range(first, last))
    drawn = "".join(_row(name, row[first:last], text[first:last], most) for name, row in rows)
    feet = "".join(f"<th>{esc(word)}</th>" for word in below[first:last])
    note = f'<p class="duomo-note">{esc(part(first, last, len(text), texts))}</p>' if last - first < len(text) else ""
    return (
        f'<p class="duomo-caption">{esc(title)}</p>{hint}'
        f'<div class="duomo-scroll" role="region" tabindex="0" aria-label="{esc(title)}">'
        f'<table class="duomo-strip"><thead><tr><td></td>{heads}</tr></thead><tbody>{drawn}</tbody>'
        f"{f'<tfoot><tr><td></td>{feet}</tr></tfoot>' if feet else ''}</table></div>{note}"
    )


def mark(character: str) -> str:
    """Return what stands for a character that would show nothing; for any other, itself."""
    return {"\n": "↵", "\r": "␍", "\t": "⇥", " ": "␣", "\u3000": "□"}.get(character, character)


def part(first: int, last: int, length: int, texts: Mapping[str, str]) -> str:
    """Say which characters of a text are shown.

    Args:
        first: of the first one, counted from 0.
        last: of the one after the last.
        length: of the text.
        texts: the words ``views.strip.part`` (with ``%1``, ``%2``, ``%3``).
    """
    said = texts.get("views.strip.part", "Characters %1 to %2 of %3")
    for place, number in (("%1", first + 1), ("%2", last), ("%3", length)):
        said = said.replace(place, str(number))
    return said


def hint_html(name: str, texts: Mapping[str, str]) -> str:
    """Return the line ``views.hint.<name of the evidence>`` that says what a panel means, if there is one."""
    words = texts.get(f"views.hint.{name}", "")
    return f'<p class="duomo-hint">{esc(words)}</p>' if words else ""


def scale_html(most: float) -> str:
    """Draw which colour is how much, from nothing to ``most``."""
    stops = [number / _STOPS for number in range(_STOPS + 1)]
    light, dark = (", ".join(ramp(stop, dark=night) for stop in stops) for night in (False, True))
    return (
        f'<p class="duomo-scale"><span>0</span><span class="duomo-ramp" style="--light:{light};--dark:{dark}"></span>'
        f"<span>{most:.0%}</span></p>"
    )


def _row(label: str, values: Sequence[float], text: str, most: float) -> str:
    cells = "".join(_cell(label, character, value, most) for character, value in zip(text, values, strict=True))
    return f'<tr><th scope="row">{esc(label)}</th>{cells}</tr>'


def _cell(label: str, character: str, value: float, most: float) -> str:
    written = f"{value:.0%}".rstrip("%") if value >= 0.005 else ""
    title = f"{esc(mark(character))} {esc(label)} {value:.1%}"
    return f'<td class="duomo-cell duomo-q{step(value, most)}" title="{title}">{written}</td>'
