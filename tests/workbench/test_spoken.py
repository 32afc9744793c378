"""Recordings that are kept, and what is made of them: the same moved in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.modalities.speech import RATE, read_speech
from workbench.spoken import keep, keep_shifted, shifted

SOUND = np.random.default_rng(0).uniform(-0.5, 0.5, RATE).astype(np.float32)


@given(st.floats(-2, 2))
def test_a_shifted_sound_is_as_long_and_silent_where_nothing_was(seconds: float) -> None:
    moved, by = shifted(SOUND, seconds), round(seconds * RATE)
    assert moved.shape == SOUND.shape and moved.dtype == SOUND.dtype
    kept, gone = (slice(by, None), slice(None, by)) if by >= 0 else (slice(None, by), slice(by, None))
    assert not moved[gone].any() or by == 0
    came_from = SOUND[: max(0, len(SOUND) - by)] if by >= 0 else SOUND[-by:]
    assert np.array_equal(moved[kept], came_from)


def test_a_shifted_sound_leaves_the_one_it_was_made_of() -> None:
    before = SOUND.copy()
    shifted(SOUND, 0.0)[:] = 0
    assert np.array_equal(SOUND, before)


def test_what_is_shifted_is_kept_beside_the_recording_once(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "said.wav", SOUND, RATE)
    folder = tmp_path / "speech"
    recording = keep(tmp_path / "said.wav", folder)
    later, again, earlier = (keep_shifted(recording.path, folder, seconds) for seconds in (0.2, 0.204, -0.2))
    assert later.path == again.path == folder / f"{recording.path.stem}+0.20s.wav" and later.seconds == recording.seconds
    assert sorted(path.name for path in folder.iterdir()) == sorted({recording.path.name, later.path.name, earlier.path.name})
    heard, first = read_speech(later.path).waveform, read_speech(recording.path).waveform
    assert not heard[: RATE // 5].any() and np.allclose(heard[RATE // 5 :], first[: -RATE // 5], atol=1e-4)


def test_what_is_shifted_out_of_hearing_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "said.wav", SOUND, RATE)
    with pytest.raises(InputError, match="is silent"):
        keep_shifted(keep(tmp_path / "said.wav", tmp_path / "speech").path, tmp_path / "speech", 1.5)
