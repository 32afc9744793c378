"""Sentences that are said: each character by a tone of its own, with silence between words where that is wanted."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from engine.document import Document
from engine.modalities.speech import RATE

SYLLABLE, PAUSE, EDGE = 0.16, 0.12, 0.1
"""In seconds."""


def said(document: Document, folder: Path, pauses: Iterable[int] = ()) -> tuple[Document, list[float]]:
    """Write a recording of a document; return the document with it, and when each character begins, in seconds.

    Args:
        document: its text is said, character by character.
        folder: of the recording.
        pauses: offsets of characters before which there is silence.
    """
    before, starts, pieces = set(pauses), [], [np.zeros(round(EDGE * RATE))]
    for offset, character in enumerate(document.text):
        if offset in before:
            pieces.append(np.zeros(round(PAUSE * RATE)))
        starts.append(sum(map(len, pieces)) / RATE)
        pieces.append(_tone(character))
    sound = np.concatenate([*pieces, np.zeros(round(EDGE * RATE))])
    sound += 1e-3 * np.random.default_rng(len(sound)).standard_normal(len(sound))
    path = folder / f"{document.id}-{len(before)}.wav"
    soundfile.write(path, sound.astype(np.float32), RATE)
    return replace(document, audio=str(path)), starts


def _tone(character: str) -> np.ndarray:
    """Return two notes that stand for a character, soft at both ends."""
    times = np.arange(round(SYLLABLE * RATE)) / RATE
    code = zlib.crc32(character.encode("utf-8"))
    low, high = 250 + code % 37 * 40, 2000 + code // 37 % 41 * 100
    shape = np.minimum(1, np.minimum(times, times[::-1]) / 0.02)
    return 0.3 * shape * (np.sin(2 * np.pi * low * times) + 0.5 * np.sin(2 * np.pi * high * times))
