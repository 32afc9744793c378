"""A recording that somebody has put beside a text: read, then kept in the workspace under its content's hash."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.errors import InputError

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


@lru_cache(_REMEMBERED)
def _listened(path: str, changed: int) -> tuple[float, tuple[tuple[float, float], ...], tuple[str, ...]]:
    from engine.modalities.speech import pauses, read_speech

    speech = read_speech(path)
    return speech.seconds, tuple(pauses(speech.waveform)), speech.remarks


def _copied(file: Path, folder: Path) -> Path:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    ending = file.suffix.lower()
    kept = folder / f"{digest[:32]}{ending if _ENDING.fullmatch(ending) else ''}"
    if kept.exists():
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=folder, prefix=".partial-")
    os.close(handle)
    try:
        shutil.copyfile(file, partial)
        os.replace(partial, kept)
    finally:
        Path(partial).unlink(missing_ok=True)
    return kept
