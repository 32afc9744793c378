"""A made-up answer that listened: each character by a tone of its own, its stretch of time, attention and pauses known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.document import Document
from engine.evidence import Alignment, Evidence, Pauses, SpeechAttention
from engine.modalities.speech import RATE, Waveform

SYLLABLE, PAUSE, EDGE, COLUMN = 0.18, 0.15, 0.1, 0.04
"""In seconds."""
HEADS = 2


def sounding(text: str, pauses: Sequence[int] = (), silent: Sequence[int] = ()) -> tuple[Waveform, Alignment, Pauses]:
    """Return a sound, where its characters are, and where it pauses.

    Args:
        text: each character is a tone.
        pauses: offsets of characters before which there is silence.
        silent: offsets of characters that are not said.
    """
    pieces, times, gaps, now = [np.zeros(round(EDGE * RATE))], [], [], EDGE
    for at in range(len(text)):
        if at in pauses:
            pieces.append(np.zeros(round(PAUSE * RATE)))
            gaps.append((now, now + PAUSE))
            now += PAUSE
        if at in silent:
            times.append((0.0, 0.0))
            continue
        moments = np.arange(round(SYLLABLE * RATE)) / RATE
        shape = np.minimum(1, np.minimum(moments, moments[::-1]) / 0.03)
        pitches = (220 + 60 * (at % 5), 1100 + 130 * (at % 7), 2600 + 210 * (at % 4))
        pieces.append(0.2 * shape * sum(np.sin(2 * np.pi * pitch * moments) for pitch in pitches))
        times.append((now, now + SYLLABLE))
        now += SYLLABLE
    pieces.append(np.zeros(round(EDGE * RATE)))
    waveform = np.concatenate(pieces).astype(np.float32)
    return waveform, Alignment("alignment", tuple(times), 0.92), Pauses("pauses", tuple(gaps))


def listening(alignment: Alignment, seconds: float) -> SpeechAttention:
    """Return attention that looks where a character is, the second head a little later."""
    moments = (np.arange(max(1, round(seconds / COLUMN))) + 0.5) * COLUMN

    def row(middle: float) -> tuple[float, ...]:
        heights = np.exp(-(((moments - middle) / 0.12) ** 2)) + 0.02
        return tuple((heights / heights.sum()).tolist())

    middles = [(start + end) / 2 for start, end in alignment.times]
    heads = tuple(tuple(row(middle + 0.2 * head) for middle in middles) for head in range(HEADS))
    mean = tuple(tuple(sum(parts) / HEADS for parts in zip(*rows, strict=True)) for rows in zip(*heads, strict=True))
    return SpeechAttention("speech_attention", COLUMN, mean, heads)


def heard(
    document: Document, pauses: Sequence[int] = (), silent: Sequence[int] = (), confidence: float = 0.92
) -> tuple[Waveform, tuple[Evidence, ...]]:
    """Return the sound of a document and all that a system would say of it."""
    waveform, alignment, gaps = sounding(document.text, pauses, silent)
    attention = listening(alignment, len(waveform) / RATE)
    return waveform, (attention, gaps, replace(alignment, confidence=confidence))
