"""Where in a recording characters listen, as a curve: of all characters or of one, of all heads or of one."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.evidence import SpeechAttention
from workbench.views.escape import esc

_BYTES, _FEWEST = 400_000, 60
_TALLEST = 255


def curves(attention: SpeechAttention) -> NDArray[np.uint8]:
    """Return ``[heads, rows, columns]``: first the mean of the heads, first the mean of the characters; a row's highest is 255.

    Of long texts and recordings neighbouring columns are put together: the page holds all of them.
    """
    several = np.array([attention.values, *(attention.heads if len(attention.heads) > 1 else ())], np.float64)
    rows = np.concatenate([several.mean(1, keepdims=True), several], 1)
    most = max(_FEWEST, _BYTES // (rows.shape[0] * rows.shape[1]))
    if rows.shape[2] > most:
        edges = np.linspace(0, rows.shape[2], most, endpoint=False).astype(int)
        rows = np.add.reduceat(rows, edges, axis=2)
    highest = rows.max(2, keepdims=True)
    shares = np.divide(rows, highest, out=np.zeros_like(rows), where=highest > 0)
    return np.rint(np.clip(shares, 0, 1) * _TALLEST).astype(np.uint8)


def listens_at(attention: SpeechAttention, character: int) -> float:
    """Return the moment, in seconds, at which a character listens most, by the mean of the heads."""
    return (int(np.argmax(attention.values[character])) + 0.5) * attention.seconds


def curve_html(attention: SpeechAttention, seconds: float, texts: Mapping[str, str]) -> str:
    """Draw the curve that the page redraws: at first of all characters and heads.

    Args:
        attention: the evidence, of at least one character and column.
        seconds: how long the recording lasts.
        texts: the words ``views.speech.all`` and ``views.speech.one`` (with ``%1``).
    """
    drawn = curves(attention)
    everything, one = texts["views.speech.all"], texts["views.speech.one"]
    share = len(attention.values[0]) * attention.seconds / seconds
    return (
        f'<div class="duomo-listening" data-curves="{b64encode(drawn.tobytes()).decode("ascii")}" '
        f'data-shape="{json.dumps(drawn.shape)}" data-all="{esc(everything)}" data-one="{esc(one)}">'
        f'<svg viewBox="0 0 {drawn.shape[2]} {_TALLEST}" preserveAspectRatio="none" style="width:{share:.3%}" '
        f'role="img" aria-label="{esc(everything)}"><path d="{_path(drawn[0, 0])}"/></svg>'
        f'<span class="duomo-listener" aria-hidden="true">{esc(everything)}</span></div>'
    )


def heads_html(attention: SpeechAttention, name: str, texts: Mapping[str, str]) -> str:
    """Let the reader choose the mean or a head; nothing where there is one.

    Args:
        attention: the evidence.
        name: of the switch, that no other on the page has.
        texts: the words ``views.heatmap.heads``, ``.mean`` and ``.head`` (with ``%1``).
    """
    if len(attention.heads) < 2:
        return ""
    words = [texts["views.heatmap.mean"]]
    words += [texts["views.heatmap.head"].replace("%1", str(number + 1)) for number in range(len(attention.heads))]
    choices = "".join(
        f'<label><input type="radio" name="{esc(name)}" value="{number}"{"" if number else " checked"}>'
        f"<span>{esc(word)}</span></label>"
        for number, word in enumerate(words)
    )
    return f'<div class="duomo-switch" role="radiogroup" aria-label="{esc(texts["views.heatmap.heads"])}">{choices}</div>'


def _path(row: NDArray[np.uint8]) -> str:
    """Return the curve as steps from the ground up; the page draws the others in the same way."""
    steps = "".join(f"V{_TALLEST - int(height)}H{at + 1}" for at, height in enumerate(row))
    return f"M0 {_TALLEST}{steps}V{_TALLEST}Z"
