"""How likely each type is at each character: a strip of shares, coloured and written."""

from __future__ import annotations

from collections.abc import Mapping

from engine.evidence import Scores
from workbench.views.strip import strip_html


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


def scores_html(scores: Scores, text: str, texts: Mapping[str, str], *, start: int = 0) -> str:
    """Draw types by characters.

    Args:
        scores: the evidence.
        text: the characters it is aligned to.
        texts: the words ``views.scores.label`` and those of the strip.
        start: the first character to draw.
    """
    title = texts.get("views.scores.label", "Share of each type, in percent")
    return strip_html(label_shares(scores), text, texts, title=title, start=start)
