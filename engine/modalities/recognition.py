"""What a recording says, written down by a speech recogniser that the user has chosen; Duomo comes with none."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import ConfigError
from engine.modalities.speech import RATE, read_speech

_PIECE_SECONDS = 30
"""What Whisper takes at a time; others are not hurt by it."""


def recognise(path: str | Path, model: str) -> str:
    """Return what a recording says.

    Args:
        path: of the recording.
        model: a recogniser that transformers can load: a folder, or the name of one in its cache.

    Raises:
        InputError: if the recording cannot be read.
        ConfigError: if the recogniser cannot be loaded.
    """
    speech = read_speech(path)
    said = _recogniser(model)({"raw": speech.waveform, "sampling_rate": RATE})
    return str(said["text"]).strip()


@lru_cache(1)
def _recogniser(model: str) -> Any:
    try:
        from transformers import pipeline

        return pipeline("automatic-speech-recognition", model=model, chunk_length_s=_PIECE_SECONDS)
    except (ImportError, KeyError, OSError, RuntimeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ConfigError(
            f"the speech recogniser {model} cannot be loaded ({reason}); name the folder of one that transformers can load, "
            "a Whisper or Wav2Vec2 model, with --asr or DUOMO_ASR"
        ) from error
