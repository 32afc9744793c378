"""Sounds made of numbers, like a voice: a harmonic tone whose pitch glides."""

import numpy as np

RATE = 22050


def glide(start=200.0, end=300.0, seconds=0.4, rate=RATE):
    """Return a mono waveform ``[N]``."""
    pitch = np.linspace(start, end, int(seconds * rate))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    sound = sum(np.sin(k * phase) / k**2 for k in range(1, 6))
    fade = np.minimum(1, np.minimum(np.arange(len(sound)), np.arange(len(sound))[::-1]) / (0.01 * rate))
    return (0.4 * sound * fade).astype(np.float32)
