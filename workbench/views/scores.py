"""How likely each type is at each character: a strip of shares, coloured and written."""

from __future__ import annotations

from collections.abc import Mapping

from engine.evidence import Scores
from workbench.views.colours import ink_on, ramp
from workbench.views.escape import esc

_SHOWN = 120


def label_shares(scores: Scores) -> dict[str, list[float]]:
    """Add the tags of each type up: ``B-PER`` and ``I-PER`` give ``PER``; ``O`` is left out.

    Args:
        scores: ``[characters, columns]``, columns named as tags or as labels.
    """
    shares: dict[str, list[float]] = {}
    for column, name in enumerate(scores.columns):
        if name == "O":
            continue
        label = name[2:] if name[1:2] == "-" and name[0] in "BIMESLU" else name
        row = shares.setdefault(label, [0.0] * len(scores.values))
        for character, values in enumerate(scores.values):
            row[character] += values[column]
    return shares


def scores_html(scores: Scores, text: str, texts: Mapping[str, str], *, title: str = "", start: int = 0) -> str:
    """Draw types by characters; only this view may scroll sideways.

    Args:
        scores: the evidence.
        text: the characters it is aligned to.
        texts: the words ``views.scores.label``, ``views.scores.part`` (with ``%1``, ``%2``, ``%3``) and ``views.scores.none``.
        title: a caption above the strip.
        start: the first character to draw; a strip holds at most 120.
    """
    shares = label_shares(scores)
    if not text or not shares:
        return f'<p class="duomo-note">{esc(texts.get("views.scores.none", "Nothing to show."))}</p>'
    first = min(max(0, start), max(0, len(text) - _SHOWN))
    last = min(len(text), first + _SHOWN)
    label = title or texts.get("views.scores.label", "Share of each type, in percent")
    heads = "".join(f'<th scope="col" data-start="{at}">{esc(_mark(text[at]))}</th>' for at in range(first, last))
    rows = "".join(_row(name, row[first:last], text[first:last]) for name, row in shares.items())
    part = texts.get("views.scores.part", "Characters %1 to %2 of %3")
    for place, number in (("%1", first + 1), ("%2", last), ("%3", len(text))):
        part = part.replace(place, str(number))
    note = f'<p class="duomo-note">{esc(part)}</p>' if last - first < len(text) else ""
    return (
        f'<p class="duomo-caption">{esc(label)}</p>'
        f'<div class="duomo-scroll" role="region" tabindex="0" aria-label="{esc(label)}">'
        f'<table class="duomo-strip"><thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{note}'
    )


def _mark(character: str) -> str:
    return {"\n": "↵", "\r": "␍", "\t": "⇥", " ": "␣", "\u3000": "□"}.get(character, character)


def _row(label: str, values: list[float], text: str) -> str:
    cells = "".join(_cell(label, character, value) for character, value in zip(text, values, strict=True))
    return f'<tr><th scope="row">{esc(label)}</th>{cells}</tr>'


def _cell(label: str, character: str, value: float) -> str:
    # In steps of a hundredth: finer shades cannot be told apart, and equal cells compress well.
    light, dark = ramp(round(value, 2)), ramp(round(value, 2), dark=True)
    written = f"{value:.0%}".rstrip("%") if value >= 0.005 else ""
    style = f"--light:{light};--light-ink:{ink_on(light)};--dark:{dark};--dark-ink:{ink_on(dark)}"
    return f'<td class="duomo-cell" style="{style}" title="{esc(_mark(character))} {esc(label)} {value:.1%}">{written}</td>'
