import json

import numpy as np
import pytest

from engine.errors import ConfigError
from engine.modalities.databases import database
from engine.modalities.sounds import INDEX, MELS, Row, SoundDatabase, index_of

ROWS = [Row("ma1", "wang", "ma1.wav"), Row("ma3", "wang", "ma3.wav"), Row("ma1", "li", "ma1.wav")]


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / MELS, np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 48, 48, 3), np.uint8))
    (tmp_path / INDEX).write_text(index_of(ROWS), encoding="utf-8")
    return tmp_path


def test_a_database_is_read(folder):
    sounds = SoundDatabase.open(folder)
    assert len(sounds) == 3 and sounds.rows == tuple(ROWS)
    assert sounds.syllables == ("ma1", "ma3", "ma1") and sounds.speakers == ("wang", "wang", "li")
    assert sounds.rows_of("ma1") == (0, 2) and sounds.rows_of("ma2") == ()
    assert isinstance(sounds.mels, np.memmap) and not sounds.mels.flags.writeable
    assert sounds.mels[1].max() == sounds.mels[1].min() == 1


@pytest.mark.parametrize("absent", [MELS, INDEX])
def test_a_missing_database_says_how_to_make_it(folder, absent):
    (folder / absent).unlink()
    with pytest.raises(ConfigError, match="no database of sounds here.*python -m engine build sounds"):
        SoundDatabase.open(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", "3", '{"kind": "x"}', "\x00"])
def test_a_damaged_index_is_refused(folder, content):
    (folder / INDEX).write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="damaged.*python -m engine build sounds"):
        SoundDatabase.open(folder)


def test_rows_that_are_no_sounds_are_refused(folder):
    for broken in (index_of(ROWS[:2]), index_of([*ROWS[:2], Row("xyz9", "li", "")])):
        (folder / INDEX).write_text(broken, encoding="utf-8")
        with pytest.raises(ConfigError, match="damaged"):
            SoundDatabase.open(folder)


def test_spectrograms_that_are_none_are_refused(folder):
    for broken in (np.zeros((3, 48, 48, 3), np.float32), np.zeros((3, 48, 48), np.uint8)):
        np.save(folder / MELS, broken)
        with pytest.raises(ConfigError, match="damaged"):
            SoundDatabase.open(folder)
    (folder / MELS).write_bytes((folder / MELS).read_bytes()[:1000])
    with pytest.raises(ConfigError, match="damaged"):
        SoundDatabase.open(folder)


def test_nothing_is_unpickled(folder):
    np.save(folder / MELS, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ConfigError, match="damaged"):
        SoundDatabase.open(folder)


@pytest.mark.parametrize("change", [{"format": 2}, {"spectrogram": {"rate": 8000}}, {"kind": "duomo glyphs"}])
def test_another_versions_database_is_to_be_made_again(folder, change):
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    (folder / INDEX).write_text(json.dumps(index | change), encoding="utf-8")
    with pytest.raises(ConfigError, match="another version.*python -m engine build sounds"):
        SoundDatabase.open(folder)


def test_where_databases_lie(monkeypatch, tmp_path):
    monkeypatch.setenv("DUOMO_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert database("sounds") == tmp_path / "own" / "sounds"
    monkeypatch.delenv("DUOMO_CACHE")
    assert database("sounds") == tmp_path / "xdg" / "duomo" / "sounds"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert database("sounds") == tmp_path / ".cache" / "duomo" / "sounds"
