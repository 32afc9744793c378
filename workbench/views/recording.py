"""A recording as it is drawn and played: its outline, its spectrogram, its sound, all held by the page itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.modalities.speech import FRAME_LENGTH, FRAME_SHIFT, RATE, Waveform, speech_features
from workbench.views.data_urls import png_url, wav_url

COLUMNS = 600
"""Of a waveform's outline, at most."""
_FRAMES = 1500
_PALEST, _DARKEST = -0.8, 2.4


@dataclass(frozen=True, slots=True)
class Recording:
    """What the page needs of a recording.

    Attributes:
        seconds: how long it lasts.
        peaks: the lowest and the highest sample of each column, the loudest of all at 1 or -1.
        spectrogram_url: a picture as wide as the recording lasts, low bands below.
        sound_url: a wav file.
    """

    seconds: float
    peaks: tuple[tuple[float, float], ...]
    spectrogram_url: str
    sound_url: str


def recording_of(waveform: Waveform) -> Recording:
    """Return what the page needs of a sound; of a minute, 2.6 MB.

    Args:
        waveform: ``[N]`` in [-1, 1], mono, 16 kHz, not empty.
    """
    loudest = max(float(np.abs(waveform).max()), 1e-9)
    columns = np.array_split(waveform / loudest, min(COLUMNS, len(waveform)))
    peaks = tuple((float(column.min()), float(column.max())) for column in columns)
    return Recording(len(waveform) / RATE, peaks, png_url(_spectrogram(waveform)), wav_url(waveform, RATE))


def frames_drawn(seconds: float) -> int:
    """Return how many frames of 10 ms a recording's spectrogram stands for; the last may go beyond its end."""
    return max(1, int(np.ceil(round(seconds / FRAME_SHIFT, 6))))


def _spectrogram(waveform: Waveform) -> NDArray[np.uint8]:
    """Return ``[80, F]``: each band against its own mean, the louder the more ink."""
    # A frame is looked at from its middle, so that the picture begins and ends with the sound.
    hop, width = round(FRAME_SHIFT * RATE), round(FRAME_LENGTH * RATE)
    missing = frames_drawn(len(waveform) / RATE) * hop + width - hop - len(waveform)
    bands = speech_features(np.pad(waveform, (missing // 2, missing - missing // 2), mode="symmetric"))
    if len(bands) > _FRAMES:
        bands = np.stack([part.mean(0) for part in np.array_split(bands, _FRAMES)])
    inks = np.clip((bands - _PALEST) / (_DARKEST - _PALEST), 0, 1) * 255
    return np.ascontiguousarray(inks.T[::-1]).astype(np.uint8)
