"""This machine's microphone: which there are, how loud it is, one recording at a time and not too long."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.modalities.speech import RATE, read_speech
from workbench.errors import UserError
from workbench.recording import Recorder, devices


class Sound(ModuleType):
    """Stands for sounddevice with PortAudio under it."""

    class PortAudioError(Exception):
        """What PortAudio refuses."""

    class CallbackStop(Exception):
        """What ends a stream from within."""

    def __init__(self, *inputs: int, rate: int = RATE) -> None:
        super().__init__("sounddevice")
        self.inputs, self.rate, self.streams = inputs, rate, []
        self.default = SimpleNamespace(device=(2, 0))
        self.refusing = False

    def query_devices(self, device: int | None = None, kind: str = "") -> Any:
        found = [{"name": f"microphone {n}", "max_input_channels": n, "default_samplerate": self.rate} for n in self.inputs]
        return found[device or 0] if kind else found

    def check_input_settings(self, *, samplerate: int, **_: Any) -> None:
        if samplerate != self.rate:
            raise self.PortAudioError("Invalid sample rate")

    def InputStream(self, **options: Any) -> Any:  # noqa: N802
        if self.refusing:
            raise self.PortAudioError("Device unavailable")
        stream = SimpleNamespace(**options, start=lambda: None, closed=False)
        stream.close = lambda: setattr(stream, "closed", True)
        self.streams.append(stream)
        return stream

    def give(self, seconds: float, loudness: float = 0.3) -> None:
        count = int(seconds * self.rate)
        tone = loudness * np.sin(np.arange(count, dtype=np.float32) * np.float32(2 * np.pi * 440 / self.rate))
        self.streams[-1].callback(tone.astype(np.float32)[:, None], count, None, None)


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> Sound:
    made = Sound(0, 1, 2)
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    return made


def refused(do: Any, *given: Any) -> str:
    with pytest.raises(UserError) as error:
        do(*given)
    return error.value.key


def test_inputs_are_listed_the_standard_one_first(sound: Sound) -> None:
    assert [(device.number, device.name) for device in devices()] == [(2, "microphone 2"), (1, "microphone 1")]


def test_it_is_said_why_there_is_no_microphone(sound: Sound, monkeypatch: pytest.MonkeyPatch) -> None:
    sound.inputs = (0,)
    assert refused(devices) == "recording.device.error"
    monkeypatch.setattr(sound, "query_devices", lambda: (_ for _ in ()).throw(sound.PortAudioError("no host")))
    assert refused(devices) == "recording.device.error"
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert refused(devices) == "recording.portaudio.error"


def test_a_package_without_portaudio_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert refused(devices) == "recording.portaudio.error"
    assert refused(Recorder(tmp_path).start) == "recording.portaudio.error"


def test_what_is_recorded_is_a_file_that_can_be_read(sound: Sound, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "speech")
    assert (recorder.running, recorder.level(), recorder.seconds) == (False, 0.0, 0.0)
    recorder.start(1)
    assert recorder.begun and recorder.seconds == 0
    sound.give(0.5)
    sound.give(0.5)
    assert recorder.running and recorder.seconds == 1.0 and 0.7 < recorder.level() < 0.9
    path = recorder.stop()
    assert sound.streams[0].closed and sound.streams[0].device == 1
    assert path.parent == tmp_path / "speech" and read_speech(path).seconds == 1.0
    assert (soundfile.info(path).samplerate, soundfile.info(path).channels) == (RATE, 1)
    assert not recorder.running and not recorder.begun and refused(recorder.stop) == "recording.idle.error"


def test_a_device_of_another_rate_is_recorded_at_its_own(sound: Sound, tmp_path: Path) -> None:
    sound.rate = 48_000
    recorder = Recorder(tmp_path)
    recorder.start(1)
    sound.give(1)
    assert soundfile.info(recorder.stop()).frames == RATE


def test_a_recording_ends_after_a_minute(sound: Sound, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.start()
    sound.give(59.5)
    with pytest.raises(Sound.CallbackStop):
        sound.give(1)
    assert not recorder.running and recorder.seconds > 60
    assert soundfile.info(recorder.stop()).duration == 60


def test_one_at_a_time_and_a_full_one_makes_room(sound: Sound, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.start()
    assert refused(recorder.start) == "recording.busy.error"
    with pytest.raises(Sound.CallbackStop):
        sound.give(60)
    recorder.start()
    assert sound.streams[0].closed and recorder.running


def test_a_device_that_cannot_be_opened_and_one_that_gives_nothing(sound: Sound, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    sound.refusing = True
    assert refused(recorder.start) == "recording.open.error" and not recorder.running
    sound.refusing = False
    recorder.start()
    assert refused(recorder.stop) == "recording.nothing.error" and list(tmp_path.iterdir()) == []


def test_of_many_who_stop_one_gets_the_file(sound: Sound, tmp_path: Path) -> None:
    recorder, paths = Recorder(tmp_path), []
    recorder.start()
    sound.give(0.2)

    def stop() -> None:
        try:
            paths.append(recorder.stop())
        except UserError as error:
            assert error.key == "recording.idle.error"

    threads = [threading.Thread(target=stop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 1
