"""A recording that somebody has put beside a text: read, then kept in the workspace under its content's hash.

What is made of a kept one lies beside it, under its name with what was done to it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.errors import InputError
from engine.modalities.speech import RATE, Waveform, pauses, read_speech
from workbench.keeping import write_once

LARGEST = 200_000_000
"""Bytes; a minute of the finest studio sound is less."""
_REMEMBERED = 64
_ENDING = re.compile(r"\.[a-z0-9]{1,8}")


@dataclass(frozen=True)
class Spoken:
    """A recording as it is kept.

    Attributes:
        path: where it is kept.
        seconds: how long it is.
        pauses: start and end of each, in seconds.
        remarks: those of :class:`engine.modalities.speech.Speech`.
    """

    path: Path
    seconds: float
    pauses: tuple[tuple[float, float], ...]
    remarks: tuple[str, ...]


def keep(file: Path, folder: Path) -> Spoken:
    """Read a recording and keep a copy of it; what is kept is never overwritten.

    Args:
        file: the recording; one that is in the folder already stays as it is.
        folder: of all recordings.

    Raises:
        InputError: if it cannot be read; it is named by its name alone, for its folder is none that the user knows.
    """
    try:
        size = file.stat().st_size if file.is_file() else 0
        if size > LARGEST:
            raise InputError(f"{file} has {size / 1e6:.0f} MB; {LARGEST / 1e6:.0f} MB is the most: cut it into its sentences")
        seconds, pauses, remarks = _listened(str(file), file.stat().st_mtime_ns if size else 0)
    except InputError as error:
        raise InputError(str(error).replace(str(file), file.name)) from error
    kept = file if file.resolve().parent == folder.resolve() else _copied(file, folder)
    return Spoken(kept, seconds, pauses, remarks)


def shifted(waveform: Waveform, seconds: float) -> Waveform:
    """Return a sound moved in time, as long as it was: what goes out at one end is silence at the other.

    Args:
        waveform: ``[N]``, mono, 16 kHz.
        seconds: later by so much; negative for earlier.
    """
    by = round(seconds * RATE)
    moved = np.zeros_like(waveform)
    if by >= 0:
        moved[by:] = waveform[: max(0, len(waveform) - by)]
    else:
        moved[:by] = waveform[-by:]
    return moved


def keep_shifted(file: Path, folder: Path, seconds: float) -> Spoken:
    """Keep a recording moved in time beside the one that is kept already.

    Args:
        file: a kept recording.
        folder: of all recordings.
        seconds: of :func:`shifted`, to the hundredth.

    Raises:
        InputError: if nothing of it is left to hear.
    """
    import soundfile

    kept = folder / f"{file.stem}{seconds:+.2f}s.wav"
    moved = shifted(read_speech(file).waveform, round(seconds, 2))
    write_once(kept, lambda partial: soundfile.write(partial, moved, RATE, format="WAV"))
    return keep(kept, folder)


@lru_cache(_REMEMBERED)
def _listened(path: str, changed: int) -> tuple[float, tuple[tuple[float, float], ...], tuple[str, ...]]:
    speech = read_speech(path)
    return speech.seconds, tuple(pauses(speech.waveform)), speech.remarks


def _copied(file: Path, folder: Path) -> Path:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    ending = file.suffix.lower()
    kept = folder / f"{digest[:32]}{ending if _ENDING.fullmatch(ending) else ''}"
    write_once(kept, lambda partial: shutil.copyfile(file, partial))
    return kept
