"""Scores by character: how likely each type is, or how much each modality changed; a strip of shares, coloured and written."""

from __future__ import annotations

from collections.abc import Mapping

from engine.evidence import Heatmap, Scores
from workbench.views.strip import hint_html, scale_html, strip_html

_EFFECT = "modality_effect"
# Smaller effects are small: none may look strong only because the others are weaker still.
_STRONG = 0.2


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


def rows(scores: Scores, texts: Mapping[str, str]) -> Heatmap:
    """Turn scores into rows over the characters, named in the page's words.

    Args:
        scores: the evidence.
        texts: the words ``views.modality.*``.
    """
    shares = label_shares(scores)
    names = tuple(texts.get(f"views.modality.{name}", name) if scores.name == _EFFECT else name for name in shares)
    return Heatmap(scores.name, names, tuple(tuple(row) for row in shares.values()))


def strongest(scores: Scores) -> float:
    """Return the value that has the strongest colour: certainty for probabilities, for effects the largest one."""
    if scores.name != _EFFECT:
        return 1.0
    return max([_STRONG, *(value for row in scores.values for value in row)])


def scores_title(scores: Scores, texts: Mapping[str, str]) -> str:
    """Return the caption ``views.scores.<name of the evidence>``."""
    return texts.get(f"views.scores.{scores.name}", scores.name)


def scores_html(scores: Scores, text: str, texts: Mapping[str, str], *, start: int = 0) -> str:
    """Draw types, or modalities, by characters.

    Args:
        scores: the evidence.
        text: the characters it is aligned to.
        texts: the words ``views.scores.<name>``, ``views.hint.<name>`` and those of the strip.
        start: the first character to draw.
    """
    drawn, most = rows(scores, texts), strongest(scores)
    named = list(zip(drawn.rows, drawn.values, strict=True))
    strip = strip_html(
        named, text, texts, title=scores_title(scores, texts), start=start, most=most, hint=hint_html(scores.name, texts)
    )
    return strip + scale_html(most) if scores.name == _EFFECT and text else strip
