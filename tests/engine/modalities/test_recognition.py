"""A recording written down by a recogniser of the user's choice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

transformers = pytest.importorskip("transformers")

from engine.errors import ConfigError, InputError  # noqa: E402
from engine.modalities import recognition  # noqa: E402
from engine.modalities.recognition import recognise  # noqa: E402


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    recognition._recogniser.cache_clear()
    yield
    recognition._recogniser.cache_clear()


@pytest.fixture
def said(tmp_path: Path) -> Path:
    path = tmp_path / "said.wav"
    soundfile.write(path, 0.3 * np.sin(np.arange(8000) / 5), 8000)
    return path


def test_what_is_heard_is_written_down_by_a_recogniser_loaded_once(said: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def pipeline(task: str, **options: Any) -> Any:
        made.append((task, options["model"]))
        return lambda sound: {"text": f" {len(sound['raw'])} at {sound['sampling_rate']} "}

    monkeypatch.setattr(transformers, "pipeline", pipeline)
    assert [recognise(said, "small"), recognise(said, "small")] == ["16000 at 16000"] * 2
    assert made == [("automatic-speech-recognition", "small")]


def test_a_recogniser_that_cannot_be_loaded_is_named(said: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigError, match=r"nothing-here cannot be loaded \(.+\); .*--asr or DUOMO_ASR"):
        recognise(said, str(tmp_path / "nothing-here"))


def test_a_recording_that_cannot_be_read_needs_no_recogniser(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no recording"):
        recognise(tmp_path / "none.wav", "none")
