"""What a syllable looks like: a picture of 48 x 48 in three channels, whatever its length and loudness.

The paper gives the Mel-spectrogram as 48 x 48 x 3 and does not say what the three are. Here they are what speech recognition
usually takes: log-Mel energies, and their first and second differences in time (delta and delta-delta).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError

Waveform = NDArray[np.float32]
Picture = NDArray[np.uint8]

SIDE = 48
SETTINGS: dict[str, float] = {
    "rate": 22050,
    "window": 1408,
    "fft": 2048,
    "lowest_hz": 50,
    "highest_hz": 6000,
    "trim_db": 30,
    "range_db": 80,
    "delta_db": 8,
    "delta_delta_db": 5,
    "delta_frames": 5,
}
"""All that a spectrogram depends on but the sound itself; a database keeps it, and one made otherwise is not used.

The window of 64 ms and bands up to 6 kHz only tell the harmonics of a voice apart, whose course in time is the tone."""
_SHORTEST, _LONGEST = 0.05, 1.5
_SILENCE = 0.001


def spectrogram(waveform: Waveform, rate: int) -> Picture:
    """Turn one syllable into a picture.

    Silence before and behind it is trimmed, its peak is levelled, and the hop is such that the syllable fills 48 frames. Values
    are scaled in a fixed way: log-Mel from 80 dB below the syllable's loudest point (0) up to it (255); the first differences
    from -8 to 8 dB a frame and the second from -5 to 5 dB, with no change at 128. What is beyond is clipped.

    Args:
        waveform: ``[N]``, mono.
        rate: its rate in Hz.

    Returns:
        ``[48, 48, 3]``: Mel bands from low to high, frames, channels.

    Raises:
        InputError: if it is silent, shorter than 0.05 s or longer than 1.5 s, or not finite.
    """
    import librosa

    sound = _trimmed(waveform, rate)
    if rate != SETTINGS["rate"]:
        sound = librosa.resample(sound, orig_sr=rate, target_sr=SETTINGS["rate"])
    hop = -(-len(sound) // (SIDE - 1))
    sound = np.pad(sound, (0, hop * (SIDE - 1) - len(sound)))
    energies = librosa.feature.melspectrogram(
        y=sound / np.abs(sound).max(),
        sr=SETTINGS["rate"],
        n_fft=int(SETTINGS["fft"]),
        win_length=int(SETTINGS["window"]),
        hop_length=hop,
        n_mels=SIDE,
        fmin=SETTINGS["lowest_hz"],
        fmax=SETTINGS["highest_hz"],
        htk=True,
    )
    decibels = librosa.power_to_db(energies, ref=np.max, top_db=SETTINGS["range_db"])  # [48, 48]
    width = int(SETTINGS["delta_frames"])
    scaled = [1 + decibels / SETTINGS["range_db"]]
    for order, name in ((1, "delta_db"), (2, "delta_delta_db")):
        scaled.append(0.5 + librosa.feature.delta(decibels, width=width, order=order) / (2 * SETTINGS[name]))
    picture: Picture = np.round(np.clip(np.stack(scaled, axis=-1), 0, 1) * 255).astype(np.uint8)
    return picture


def _trimmed(waveform: Waveform, rate: int) -> Waveform:
    import librosa

    if not np.isfinite(waveform).all():
        raise InputError("holds samples that are no numbers")
    if not len(waveform) or np.abs(waveform).max() < _SILENCE:
        raise InputError("is silent")
    frame = rate // 40
    sound: Waveform = librosa.effects.trim(waveform, top_db=SETTINGS["trim_db"], frame_length=frame, hop_length=frame // 4)[0]
    if not _SHORTEST <= len(sound) / rate <= _LONGEST:
        raise InputError(f"sounds for {len(sound) / rate:.2f} s; a syllable takes {_SHORTEST} to {_LONGEST} s")
    return sound


def flipped(mels: NDArray[Any]) -> NDArray[Any]:
    """Return spectrograms mirrored in time, with which the paper doubles its 1,310 to 2,620.

    It is the picture that is mirrored, as the paper has it. A rising tone then looks like a falling one, and only the channels of
    differences, which keep their sign, still tell them apart.

    Args:
        mels: ``[..., 48, 48, 3]``.
    """
    return np.flip(mels, axis=-2)
