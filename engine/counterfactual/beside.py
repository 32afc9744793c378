"""Edits of what stands beside the text: pauses in the speech, pictures, whole modalities."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.counterfactual.edit import Edit, Edited, Setting
from engine.document import Document
from engine.errors import InputError
from engine.modalities.speech import LONGEST, RATE, pauses, read_speech

Waveform = NDArray[np.float32]
LEFT = 0.02
"""Seconds that are left of a pause that is taken out: shorter than any that counts as one."""
_SECONDS, _LONGEST_PAUSE = 0.3, 5.0
_FADE = 0.003


def paused(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Let the speech pause before a character.

    Raises:
        InputError: if there is no speech, nobody knows where the character is heard, or the value is no time.
    """
    waveform = _heard(document, edit)
    seconds = _seconds(edit)
    times = setting.times
    if edit.start >= len(times) or not times[edit.start][1]:
        raise InputError(
            f"{edit}: it is not known where {document.text[edit.start]} is heard; choose a checkpoint that aligns speech with "
            "characters, as m3t does, or a character that is said"
        )
    if len(waveform) / RATE + seconds > LONGEST:
        raise InputError(f"{edit}: with it the recording would last more than {LONGEST:.0f} s; give a shorter pause")
    return _spoken(document, with_pause(waveform, times[edit.start][0], seconds), setting, f"{seconds:g}")


def unpaused(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Take the pauses out of the speech.

    Raises:
        InputError: if there is no speech, or it has no pause.
    """
    waveform = _heard(document, edit)
    found = pauses(waveform)
    if not found:
        raise InputError(f"{edit}: the recording has no pauses; leave this edit out")
    return _spoken(document, without_pauses(waveform, found), setting)


def no_picture(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Take a picture away, or all of them.

    Raises:
        InputError: if there is no such picture.
    """
    if edit.start < 0:
        _check_picture(document, edit, 1)
        return Edited(replace(document.with_spans(()), images=()))
    place = _check_picture(document, edit, edit.start)
    return Edited(replace(document.with_spans(()), images=document.images[:place] + document.images[place + 1 :]))


def swapped_picture(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Put another picture in the place of one.

    Raises:
        InputError: if there is no such picture, or the other one cannot be read.
    """
    from engine.modalities.images import read_image

    place = _check_picture(document, edit, max(1, edit.start))
    read_image(edit.value)
    images = (*document.images[:place], edit.value, *document.images[place + 1 :])
    return Edited(replace(document.with_spans(()), images=images), put=Path(edit.value).name)


def left_out(document: Document, edit: Edit, setting: Setting) -> Edited:
    """Have the model leave a modality out."""
    return Edited(document.with_spans(()), without=edit.value)


def with_pause(waveform: Waveform, at: float, seconds: float) -> Waveform:
    """Return a sound with silence in it, faded out before and in behind so that nothing clicks.

    Args:
        waveform: ``[N]``, mono, 16 kHz.
        at: where, in seconds.
        seconds: how long.
    """
    place = min(len(waveform), max(0, round(at * RATE)))
    before, behind = waveform[:place].copy(), waveform[place:].copy()
    size = min(round(_FADE * RATE), len(before), len(behind))
    if size:
        fade = np.linspace(1, 0, size, dtype=np.float32)
        before[-size:] *= fade
        behind[:size] *= fade[::-1]
    return np.concatenate([before, np.zeros(round(seconds * RATE), np.float32), behind])


def without_pauses(waveform: Waveform, found: Iterable[tuple[float, float]]) -> Waveform:
    """Return a sound of whose pauses only :data:`LEFT` seconds are left.

    Args:
        waveform: ``[N]``, mono, 16 kHz.
        found: start and end of each pause in seconds, in order.
    """
    kept, place = [], 0
    for start, end in found:
        half = LEFT / 2
        kept.append(waveform[place : round((start + half) * RATE)])
        place = round((end - half) * RATE)
    return np.concatenate([*kept, waveform[place:]])


def _heard(document: Document, edit: Edit) -> Waveform:
    if document.audio is None:
        raise InputError(f"{edit}: there is no recording beside the text; give one, or leave this edit out")
    return read_speech(document.audio).waveform


def _seconds(edit: Edit) -> float:
    try:
        seconds = float(edit.value or _SECONDS)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= _LONGEST_PAUSE:
        raise InputError(f"{edit}: expected seconds up to {_LONGEST_PAUSE:g}, got {edit.value!r}")
    return seconds


def _check_picture(document: Document, edit: Edit, number: int) -> int:
    if not 1 <= number <= len(document.images):
        count = len(document.images)
        there = f"the pictures 1 to {count}" if count else "no pictures"
        raise InputError(f"{edit}: there are {there} beside the text; give the number of one that there is, from 1")
    return number - 1


def _spoken(document: Document, waveform: Waveform, setting: Setting, put: str = "") -> Edited:
    if setting.folder is None:
        raise InputError("a changed recording has to be written somewhere; give a folder for it")
    return Edited(replace(document.with_spans(()), audio=str(_written(waveform, setting.folder))), put=put)


def _written(waveform: Waveform, folder: Path) -> Path:
    """Write a recording under the hash of what it holds: whole, or not at all."""
    import soundfile

    path = folder / f"{hashlib.sha256(waveform.tobytes()).hexdigest()[:32]}.wav"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=folder, prefix=".partial-")
    os.close(handle)
    try:
        write: Any = soundfile.write
        write(partial, waveform, RATE, format="WAV")
        os.replace(partial, path)
    finally:
        Path(partial).unlink(missing_ok=True)
    return path
