"""The microphone of the machine that the workbench runs on."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.modalities.speech import LONGEST, RATE
from workbench.errors import UserError


@dataclass(frozen=True)
class Device:
    """An input: its number as PortAudio counts, and its name."""

    number: int
    name: str
    standard: bool = False


def devices() -> list[Device]:
    """Return the inputs that can be recorded from, the machine's standard one first.

    Raises:
        UserError: saying why there are none: no PortAudio, or no microphone.
    """
    sound = _sounddevice()
    try:
        found, standard = list(sound.query_devices()), int(sound.default.device[0])
    except sound.PortAudioError as error:
        raise UserError("recording.device.error") from error
    inputs = [
        Device(number, str(device["name"]), number == standard)
        for number, device in enumerate(found)
        if device["max_input_channels"] > 0
    ]
    if not inputs:
        raise UserError("recording.device.error")
    return sorted(inputs, key=lambda device: not device.standard)


class Recorder:
    """Records one utterance at a time, of at most a minute; any thread may ask."""

    def __init__(self, folder: Path) -> None:
        """Record into a folder, which is made when the first recording is done."""
        self._folder = folder
        self._changing = threading.Lock()
        self._take: _Take | None = None

    @property
    def running(self) -> bool:
        """Tell whether something is being recorded; after a minute nothing is, though it still waits for ``stop``."""
        take = self._take
        return take is not None and not take.full

    @property
    def begun(self) -> bool:
        """Tell whether there is a recording that waits for ``stop``."""
        return self._take is not None

    @property
    def seconds(self) -> float:
        """Return how long the recording is so far."""
        take = self._take
        return take.seconds if take else 0.0

    def start(self, device: int | None = None) -> None:
        """Begin to record.

        Args:
            device: number of the input; ``None`` for the machine's standard one.

        Raises:
            UserError: if something is being recorded, or the input cannot be opened.
        """
        sound = _sounddevice()
        with self._changing:
            if self.running:
                raise UserError("recording.busy.error")
            if self._take:  # a full one that nobody fetched: its page is gone
                self._take.close()
            self._take = None
            try:
                self._take = _Take(sound, device)
            except (sound.PortAudioError, ValueError) as error:
                raise UserError("recording.open.error", message=error) from error

    def level(self) -> float:
        """Return how loud it is now: 0 for -60 dB and below, 1 for full scale."""
        take = self._take
        return take.level if take and not take.full else 0.0

    def stop(self) -> Path:
        """End the recording and return its file, mono with 16,000 samples a second.

        Raises:
            UserError: if nothing is being recorded, or nothing has come from the microphone.
        """
        import soundfile

        with self._changing:
            take, self._take = self._take, None
        if take is None:
            raise UserError("recording.idle.error")
        waveform = take.close()
        if not len(waveform):
            raise UserError("recording.nothing.error")
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"recording-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}.wav"
        soundfile.write(path, waveform, RATE, subtype="PCM_16")
        return path


class _Take:
    """An open stream and what has come from it."""

    def __init__(self, sound: Any, device: int | None) -> None:
        self._stop: Callable[[], BaseException] = sound.CallbackStop
        self._adding = threading.Lock()
        self._pieces: list[NDArray[np.float32]] = []
        self._count = 0
        self.level = 0.0
        self._rate = _rate(sound, device)
        self._stream = sound.InputStream(samplerate=self._rate, device=device, channels=1, dtype="float32", callback=self._add)
        self._stream.start()

    @property
    def seconds(self) -> float:
        return self._count / self._rate

    @property
    def full(self) -> bool:
        return self.seconds >= LONGEST

    def close(self) -> NDArray[np.float32]:
        """Close the stream and return what it has given, at :data:`RATE`."""
        self._stream.close()
        with self._adding:
            waveform: NDArray[np.float32] = np.concatenate([np.zeros(0, np.float32), *self._pieces])
        waveform = waveform[: int(LONGEST * self._rate)]
        if self._rate == RATE or not len(waveform):
            return waveform
        import librosa

        resampled: NDArray[np.float32] = librosa.resample(waveform, orig_sr=self._rate, target_sr=RATE)
        return resampled[: int(LONGEST * RATE)]

    def _add(self, samples: NDArray[np.float32], frames: int, time: object, status: object) -> None:
        mono = samples[:, 0].copy()  # PortAudio uses its buffer again
        with self._adding:
            self._pieces.append(mono)
            self._count += len(mono)
        self.level = _loudness(mono)
        if self.full:
            raise self._stop()


def _rate(sound: Any, device: int | None) -> int:
    """Return 16,000 where the input has it, else the input's own."""
    try:
        sound.check_input_settings(device=device, channels=1, dtype="float32", samplerate=RATE)
    except sound.PortAudioError:
        return int(sound.query_devices(device, "input")["default_samplerate"])
    return RATE


def _loudness(samples: NDArray[np.float32]) -> float:
    power = float(np.mean(samples.astype(np.float64) ** 2)) if len(samples) else 0.0
    decibels = 10 * np.log10(max(power, 1e-12))
    return float(np.clip(1 + decibels / 60, 0, 1))


def _sounddevice() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the package is there, PortAudio is not
        raise UserError("recording.portaudio.error") from error
    return sounddevice
