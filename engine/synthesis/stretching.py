"""Making a syllable shorter or longer without changing its pitch."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Waveform = NDArray[np.float32]

_HALF, _SEARCH = 240, 96
_ONSET, _ONSET_SHARE, _ONSET_LEAST = 960, 4, 3


def stretched(sound: Waveform, samples: int) -> Waveform:
    """Return a sound that takes another time, by waveform similarity (WSOLA, Verhelst and Roelands, ICASSP 1993).

    Frames of 30 ms are laid over each other by half; each is taken from where it continues the one before best, within 6 ms of
    where it should be. The first 60 ms, the consonant, keep their length if there is room for it.

    Args:
        sound: ``[N]`` at 16 kHz.
        samples: how long it is to be.
    """
    onset = min(_ONSET, len(sound) // _ONSET_SHARE, samples // _ONSET_LEAST)
    before = _HALF + _SEARCH
    padded = np.concatenate([np.zeros(before, np.float32), sound, np.zeros(2 * before + _HALF, np.float32)])
    count = -(-samples // _HALF) + 1
    middles = np.interp(np.arange(count) * _HALF, [0, onset, samples], [0, onset, len(sound)])
    wanted = np.round(middles).astype(int) + _SEARCH  # where each frame begins in what is padded
    made = np.zeros((count + 1) * _HALF, np.float32)
    begin = int(wanted[0])
    for k in range(count):
        if k:
            continuation = padded[begin + _HALF : begin + 2 * _HALF]
            low = int(wanted[k]) - _SEARCH
            around = padded[low : low + 2 * _SEARCH + _HALF]
            begin = low + int(np.argmax(np.correlate(around, continuation, "valid")))
        made[k * _HALF : (k + 2) * _HALF] += padded[begin : begin + 2 * _HALF] * _window()
    return made[_HALF : _HALF + samples]


@cache
def _window() -> Waveform:
    """Return a window whose halves add up to one."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(2 * _HALF) / _HALF)).astype(np.float32)
