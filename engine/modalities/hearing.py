"""What is heard of a document, remembered from one epoch to the next."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.document import Document
from engine.errors import InputError
from engine.modalities.speech import RATE, pauses, read_speech, speech_features

_REMEMBERED = 8192
"""Utterances; of five seconds each, 80 kB."""
_log = logging.getLogger(__name__)


def heard(document: Document) -> NDArray[np.float16] | None:
    """Return the features of a document's recording, ``[F, 80]``; none if it has no recording, or none that can be read.

    One that cannot be read is told of once in the log, and the document is answered for by its text.
    """
    return None if document.audio is None else _features(document.audio, _changed(document.audio))


def heard_pauses(document: Document) -> tuple[tuple[float, float], ...]:
    """Return the pauses in a document's recording, start and end in seconds; none where there is nothing to hear."""
    if document.audio is None or heard(document) is None:
        return ()
    return tuple(pauses(read_speech(document.audio).waveform))


def warm() -> None:
    """Load what the first recording would take seconds for: the libraries that resample it and make its filter banks."""
    import librosa

    silence = np.zeros(RATE // 10, dtype=np.float32)
    librosa.resample(silence, orig_sr=2 * RATE, target_sr=RATE)
    speech_features(silence)


def _changed(path: str) -> int:
    file = Path(path)
    return file.stat().st_mtime_ns if file.is_file() else 0


@lru_cache(_REMEMBERED)
def _features(path: str, changed: int) -> NDArray[np.float16] | None:
    try:
        return speech_features(read_speech(path).waveform).astype(np.float16)
    except InputError as error:
        _log.warning("left out: %s", error)
        return None
