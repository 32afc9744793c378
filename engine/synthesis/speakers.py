"""Speakers of single syllables: people by their recordings, and synthetic voices."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.modalities.pinyin import Syllable, syllables
from engine.modalities.speech import RATE
from engine.synthesis.sound_building import SoundProblem, read_recording, syllable_of
from engine.synthesis.speaking import synthesise_all

Waveform = NDArray[np.float32]

LOUDNESS = 0.1
"""The level of every syllable: the root of its mean square, over what is not soft in it."""
_SHORTEST, _LONGEST = 0.05, 1.25
_SILENCE = 1e-3
_WINDOW, _STEP = 160, 40
_ONSET_DB, _END_DB, _SOFT_DB = 28, 18, 20
_NEAR_TONES = {1: "4253", 2: "3154", 3: "2541", 4: "1523", 5: "4132"}
"""Which tone is heard in place of another that a speaker lacks."""
_AUDIO_CMN = "by the names of its files audio-cmn (github.com/hugolpz/audio-cmn), CC BY-SA, and so is what is built from it"
_UNKNOWN = "not known here: that of whoever made the recordings"
_ESPEAK = "spoken by eSpeak NG, whose GPL-3 is the program's, not that of what it says"


@dataclass(frozen=True, slots=True, eq=False)
class Speaker:
    """Someone who says single syllables.

    Attributes:
        name: the folder's, or the voice.
        source: ``recordings`` or ``espeak-ng``.
        sounds: by syllable the waveform ``[N]``, mono, 16 kHz, without silence about it, all of one level.
        licence: of the sounds, as far as it is known.
        problems: what could not be used.
    """

    name: str
    source: str
    sounds: Mapping[str, Waveform]
    licence: str = ""
    problems: tuple[SoundProblem, ...] = ()

    def nearest(self, syllable: str) -> str | None:
        """Return the syllable that the speaker says for another: itself, else in the nearest tone; ``None`` if in no tone."""
        if syllable in self.sounds:
            return syllable
        parsed = Syllable.parse(syllable)
        others = [f"{parsed.toneless}{tone}" for tone in _NEAR_TONES[parsed.tone]]
        return next((other for other in others if other in self.sounds), None)


def recorded_speaker(folder: str | Path) -> Speaker:
    """Read a person's recordings; of several of one syllable, the first by name.

    Args:
        folder: of files whose names hold a syllable: ``cmn-chang2.mp3``.

    Raises:
        InputError: if the folder cannot be read, or none of its files can be used.
    """
    folder = Path(folder)
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"{folder}: the recordings cannot be read ({reason}); give a folder with files like zhang3.wav"
        ) from error
    sounds: dict[str, Waveform] = {}
    problems: list[SoundProblem] = []
    for name in names:
        try:
            syllable = syllable_of(name)
            if syllable not in sounds:
                sounds[syllable] = prepared(*read_recording(folder / name))
        except InputError as error:
            problems.append(SoundProblem(str(folder / name), str(error)))
    if not sounds:
        first = f"; the first of {len(problems)} problems is {problems[0]}" if problems else ""
        raise InputError(f"{folder} holds no recording of a syllable that can be used{first}: give files like zhang3.wav")
    licence = _AUDIO_CMN if sum(name.startswith("cmn-") for name in names) > len(names) / 2 else _UNKNOWN
    return Speaker(folder.resolve().name, "recordings", sounds, licence, tuple(problems))


def synthetic_speaker(voice: str) -> Speaker:
    """Let a voice of eSpeak NG say every syllable, always all of them, so that each sounds the same each time.

    Raises:
        InputError: if there is no eSpeak NG or no such voice.
        EngineError: if eSpeak NG crashes.
    """
    sounds: dict[str, Waveform] = {}
    problems: list[SoundProblem] = []
    for syllable, said in zip(syllables(), synthesise_all(syllables(), voice), strict=True):
        try:
            if isinstance(said, str):
                raise InputError(said)
            sounds[syllable] = prepared(*said)
        except InputError as error:
            problems.append(SoundProblem(f"espeak-ng:{voice}", f"{syllable}: {error}"))
    return Speaker(voice, "espeak-ng", sounds, _ESPEAK, tuple(problems))


def prepared(waveform: Waveform, rate: int) -> Waveform:
    """Return a syllable at 16 kHz, without the silence about it, levelled.

    Args:
        waveform: ``[N]``, mono.
        rate: its rate in Hz.

    Raises:
        InputError: if it is silent, shorter than 0.05 s or longer than 1.25 s, or not finite.
    """
    import librosa

    if not np.isfinite(waveform).all():
        raise InputError("holds samples that are no numbers")
    if len(waveform) < _SHORTEST * rate or np.abs(waveform).max() < _SILENCE:
        raise InputError("is silent, or hardly there")
    sound = waveform if rate == RATE else librosa.resample(waveform, orig_sr=rate, target_sr=RATE)
    decibels = _decibels(sound)
    first = int(np.flatnonzero(decibels > -_ONSET_DB)[0])
    last = int(np.flatnonzero(decibels > -_END_DB)[-1])
    sound = sound[first * _STEP : last * _STEP + _WINDOW]
    if not _SHORTEST <= len(sound) / RATE <= _LONGEST:
        raise InputError(f"sounds for {len(sound) / RATE:.2f} s; a syllable takes {_SHORTEST} to {_LONGEST} s")
    loud = _decibels(sound) > -_SOFT_DB
    level = np.sqrt(np.mean(_frames(sound)[loud] ** 2))
    levelled: Waveform = (sound * (LOUDNESS / level)).astype(np.float32)
    return levelled


def _frames(sound: Waveform) -> Waveform:
    frames: Waveform = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_STEP]
    return frames


def _decibels(sound: Waveform) -> NDArray[np.float64]:
    """Return the power of each frame, ``[F]``, in dB below the loudest."""
    powers = np.mean(_frames(sound).astype(np.float64) ** 2, axis=1)
    decibels: NDArray[np.float64] = 10 * np.log10(np.maximum(powers / powers.max(), 1e-12))
    return decibels
