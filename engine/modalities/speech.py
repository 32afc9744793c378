"""What a system hears of a recording: its waveform, the features that an acoustic encoder takes, and where it pauses.

The features are those of Section 4.3 of "A Large-Scale Chinese Multimodal NER Dataset with Speech Clues" (Sui et al., ACL 2021):
pre-emphasis, frames under a window, the power spectrum of a short-time Fourier transform, and filter banks. The paper gives no
numbers; here they are those that speech recognition usually takes.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError

Waveform = NDArray[np.float32]
Features = NDArray[np.float32]

RATE = 16_000
"""Samples a second of everything that is heard."""
BANDS = 80
"""Mel filter banks."""
FRAME_SHIFT, FRAME_LENGTH = 0.010, 0.025
"""Of the features, in seconds."""
SHORTEST, LONGEST = 0.1, 60.0
"""What a recording may last, in seconds."""
SHORTEST_PAUSE = 0.06
"""In seconds; what is shorter may as well be the closure of a consonant."""

_FFT, _PRE_EMPHASIS, _RANGE = 512, 0.97, 1e-8
_SILENT, _QUIET = 10 ** (-60 / 20), 10 ** (-35 / 20)
_FULL_SCALE, _CLIPPED_SHARE = 0.999, 0.001
_TELEPHONE_RATE, _TELEPHONE_HZ, _TELEPHONE_SHARE = 8000, 4200, 1e-6
_STEP, _BELOW_LOUDEST, _ABOVE_NOISE, _LEAST_BELOW = 0.005, 25.0, 6.0, 10.0
_RUMBLE_HZ, _SHORTEST_SOUND = 120, 3
_SOUNDS = re.compile(
    rb"....(ftyp|moov|mdat|wide)|\x1aE\xdf\xa3|0&\xb2u\x8ef\xcf\x11|#!AMR|RIFF|FORM|FLV|OggS|ID3|ADIF|caff|\0\0\1\xba"
    rb"|\xff[\xe2\xe3\xf0-\xf3\xf8-\xfb]",
    re.DOTALL,
)
"""How a file begins that holds sound: MP4, Matroska, ASF, AMR, …; the last are frames of AAC or MP3."""


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """A recording as it is listened to.

    Attributes:
        waveform: ``[N]``, mono, :data:`RATE` samples a second, in [-1, 1].
        remarks: what is worth knowing of it, in this order: ``stereo`` (its channels were averaged), ``clipped`` (recorded too
            loud), ``quiet`` (too soft), ``telephone`` (nothing above 4 kHz, where s and f are told apart).
    """

    waveform: Waveform
    remarks: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return len(self.waveform) / RATE


def read_speech(path: str | Path) -> Speech:
    """Read a recording: wav, flac, mp3 or ogg; m4a, aac and the sound of videos where ffmpeg is installed.

    Raises:
        InputError: if there is none, it is empty, no sound, silent, shorter than 0.1 s or longer than 60 s, or not finite.
    """
    import librosa

    path = Path(path)
    if not path.is_file():
        raise InputError(f"there is no recording {path}; check the path, or ask without speech")
    if not path.stat().st_size:
        raise InputError(f"{path} is empty, a file of 0 bytes; record it again, or copy it again from where it is whole")
    channels, rate = _decoded(path)
    if len(channels) < SHORTEST * rate:
        raise InputError(f"{path} lasts {len(channels) / rate:.3f} s; {SHORTEST} s is the least: record a whole utterance")
    if not np.isfinite(channels).all():
        raise InputError(f"{path} holds samples that are no numbers (NaN or infinite); export it again as 16-bit PCM")
    mono: Waveform = channels.mean(axis=1, dtype=np.float32)
    waveform = mono if rate == RATE else librosa.resample(mono, orig_sr=rate, target_sr=RATE)
    loudness = float(np.sqrt(_powers(waveform - waveform.mean(), FRAME_LENGTH, FRAME_SHIFT).max()))
    if loudness < _SILENT:
        raise InputError(
            f"{path} is silent: nothing in its {len(mono) / rate:.1f} s is louder than -60 dB; see to the microphone"
        )
    remarks = {
        "stereo": channels.shape[1] > 1,
        "clipped": float(np.mean(np.abs(channels) >= _FULL_SCALE)) > _CLIPPED_SHARE,
        "quiet": loudness < _QUIET,
        "telephone": rate <= _TELEPHONE_RATE or _share_above(waveform, _TELEPHONE_HZ) < _TELEPHONE_SHARE,
    }
    within = (waveform / max(1.0, float(np.abs(waveform).max()))).astype(np.float32)
    return Speech(within, tuple(remark for remark, holds in remarks.items() if holds))


def _decoded(path: Path) -> tuple[Waveform, int]:
    """Return samples ``[N, C]`` and their rate."""
    import soundfile

    try:
        _check_length(path, soundfile.info(path).duration)
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.SoundFileError:
        samples, rate = _decoded_by_ffmpeg(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check who may read it") from error
    return samples, int(rate)


def _decoded_by_ffmpeg(path: Path) -> tuple[Waveform, int]:
    """Decode what libsndfile does not know with whatever audioread finds on this machine.

    Only what begins like a file of sound is handed on: ffmpeg takes some plain texts for the speech of a telephone, and would
    follow the paths and addresses in a playlist.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tries modules that newer Pythons discourage
        import audioread

        try:
            if not _begins_like_sound(path):
                raise audioread.DecodeError
            with audioread.audio_open(str(path)) as sound:
                rate, width = sound.samplerate, sound.channels
                if not rate or not width:
                    raise audioread.DecodeError
                _check_length(path, sound.duration)
                pieces, left = [], (LONGEST + 1) * rate * width * 2
                for piece in sound:
                    pieces.append(piece)
                    left -= len(piece)
                    if left < 0:
                        break
        except (audioread.DecodeError, EOFError, OSError) as error:
            raise InputError(
                f"{path} cannot be decoded as sound; give a wav, flac, mp3 or ogg file "
                "(m4a, aac and the sound of videos can be read where ffmpeg is installed)"
            ) from error
    content = b"".join(pieces)
    whole = np.frombuffer(content, dtype="<i2", count=len(content) // (2 * width) * width)
    samples = whole.reshape(-1, width).astype(np.float32) / np.float32(32768)
    _check_length(path, len(samples) / rate)
    return samples, rate


def _begins_like_sound(path: Path) -> bool:
    with path.open("rb") as file:
        return _SOUNDS.match(file.read(12)) is not None


def _check_length(path: Path, seconds: float) -> None:
    if seconds > LONGEST:
        raise InputError(f"{path} lasts {seconds:.1f} s; {LONGEST:.0f} s is the most: cut it into its sentences")


def _share_above(waveform: Waveform, hz: float) -> float:
    """Return the share of a sound's power that is above a frequency."""
    spectrum = np.abs(np.fft.rfft(waveform)) ** 2
    return float(spectrum[int(hz * len(waveform) / RATE) :].sum() / spectrum[1:].sum())


def _powers(waveform: NDArray[np.floating[Any]], length: float, shift: float) -> NDArray[np.float64]:
    """Return the mean square of each frame, ``[F]``; frame lengths and shifts are in seconds."""
    width, hop = round(length * RATE), round(shift * RATE)
    squares = np.concatenate([[0.0], np.cumsum(waveform.astype(np.float64) ** 2)])
    starts = np.arange(0, max(len(waveform) - width, 0) + 1, hop)
    powers: NDArray[np.float64] = np.maximum(squares[np.minimum(starts + width, len(waveform))] - squares[starts], 0) / width
    return powers


def speech_features(waveform: Waveform) -> Features:
    """Return what an acoustic encoder takes: logarithms of Mel filter banks, normalised over the utterance.

    Each frame of 25 ms begins 10 ms after the one before; the last one is the last that is whole. Loudness makes no difference: a
    band has mean 0 and variance 1 over the utterance, and what is 80 dB below its loudest band and frame is silence.

    Args:
        waveform: ``[N]``, mono, :data:`RATE` samples a second; shorter than a frame, it is filled up with silence.

    Returns:
        ``[F, 80]``, F = 1 + (N - 400) // 160.
    """
    width, hop = round(FRAME_LENGTH * RATE), round(FRAME_SHIFT * RATE)
    sound = np.pad(waveform, (0, max(0, width - len(waveform))))
    emphasised = np.append(sound[:1], sound[1:] - np.float32(_PRE_EMPHASIS) * sound[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(emphasised, width)[::hop]  # [F, 400]
    spectrum = np.fft.rfft(frames * np.hamming(width), _FFT)  # [F, 257]
    energies = (spectrum.real**2 + spectrum.imag**2) @ _filters().T  # [F, 80]
    bands = np.log(np.maximum(energies, max(float(energies.max()) * _RANGE, 1e-30)))
    centred = bands - bands.mean(axis=0)
    features: Features = (centred / np.maximum(bands.std(axis=0), 1e-5)).astype(np.float32)
    return features


@cache
def _filters() -> NDArray[np.float64]:
    import librosa

    filters: NDArray[np.float64] = librosa.filters.mel(sr=RATE, n_fft=_FFT, n_mels=BANDS).astype(np.float64)
    return filters


def pauses(waveform: Waveform) -> list[tuple[float, float]]:
    """Return the silent stretches inside an utterance, from 60 ms on, as start and end in seconds.

    Silent is what is 25 dB below the utterance's own loudness, or near its own background noise where that is louder. The silence
    before the first sound and behind the last is no pause, and a click within a pause does not end it.

    Args:
        waveform: ``[N]``, mono, :data:`RATE` samples a second.
    """
    spectrum = np.fft.rfft(waveform)
    spectrum[: int(_RUMBLE_HZ * len(waveform) / RATE)] = 0  # below every voice, background is strong and comes and goes
    decibels = 10 * np.log10(np.maximum(_powers(np.fft.irfft(spectrum, len(waveform)), 2 * _STEP, _STEP), 1e-12))
    loud, background = np.percentile(decibels, [95, 5])
    sounding = decibels > np.clip(background + _ABOVE_NOISE, loud - _BELOW_LOUDEST, loud - _LEAST_BELOW)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], sounding.astype(int), [0]])))  # [2R]: where each run begins and has ended
    runs = edges.reshape(-1, 2)
    runs = runs[runs[:, 1] - runs[:, 0] >= _SHORTEST_SOUND]
    # a frame sounds as soon as a little sound is in it: the sound ends in the first half of its last frame, begins in the second
    starts, ends = (runs[:-1, 1] - 0.5) * _STEP, (runs[1:, 0] + 1.5) * _STEP
    return [(float(start), float(end)) for start, end in zip(starts, ends, strict=True) if end - start >= SHORTEST_PAUSE - 1e-9]
