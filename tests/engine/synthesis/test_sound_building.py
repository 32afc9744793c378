import json

import numpy as np
import pytest
import soundfile

from engine.__main__ import main
from engine.errors import InputError
from engine.modalities.pinyin import syllables
from engine.modalities.sounds import SoundDatabase, spectrogram
from engine.synthesis import sound_building
from engine.synthesis.sound_building import build_sounds, syllable_of
from engine.synthesis.speaking import LANGUAGE, can_speak
from tests.engine.modalities.voiced import RATE, glide


@pytest.fixture
def wang(tmp_path):
    """Return a folder of three recordings."""
    folder = tmp_path / "wang"
    folder.mkdir()
    for name, pitches in {"zhang3.wav": (300, 200), "cmn-ma1.flac": (250, 250), "lv4_again.ogg": (300, 150)}.items():
        soundfile.write(folder / name, glide(*pitches), RATE)
    return folder


@pytest.mark.parametrize(
    ("name", "syllable"),
    [
        ("cmn-chang2.mp3", "chang2"),
        ("zhang3.wav", "zhang3"),
        ("lv4_speakerB.flac", "lv4"),
        ("lü4.ogg", "lv4"),
        ("lu:4.wav", "lv4"),
        ("cmn-_m2.mp3", "m2"),
        ("cmn-jv4.MP3", "ju4"),
        ("take 3 - de5.wav", "de5"),
        ("zhang3-zhang3.wav", "zhang3"),
    ],
)
def test_a_name_holds_a_syllable(name, syllable):
    assert syllable_of(name) == syllable


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("zhang.wav", "no syllable with its tone"),
        ("3.wav", "no syllable"),
        ("cmn-_lvan3.mp3", "no character is read 'lvan'"),
        ("zhang3-chang2.wav", "several syllables, zhang3, chang2"),
        ("zhang3.txt", "no recording"),
        ("LICENSE", "no recording"),
    ],
)
def test_a_name_without_one_is_refused(name, message):
    with pytest.raises(InputError, match=message):
        syllable_of(name)


def test_a_database_is_built_from_recordings(wang, tmp_path):
    seen = []
    report = build_sounds(tmp_path / "sounds", [wang], [], lambda done, total: seen.append((done, total)))
    sounds = SoundDatabase.open(tmp_path / "sounds")
    assert set(sounds.syllables) == {"zhang3", "ma1", "lv4"} and set(sounds.speakers) == {"wang"}
    assert {row.source for row in sounds.rows} == {file.name for file in wang.iterdir()}
    waveform, rate = soundfile.read(wang / "zhang3.wav", dtype="float32")
    assert np.array_equal(sounds.mels[sounds.rows_of("zhang3")[0]], spectrogram(waveform, rate))
    assert (report.rows, report.syllables, dict(report.speakers), report.problems) == (3, 3, {"wang": 3}, ())
    assert len(report.missing) == len(syllables()) - 3 and report.size_bytes > 3 * 48 * 48 * 3
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sounds", "wang"]


def test_it_is_the_same_each_time_and_replaces_the_old_one(wang, tmp_path):
    contents = []
    for _ in range(2):
        build_sounds(tmp_path / "sounds", [wang], [])
        contents.append({file.name: file.read_bytes() for file in (tmp_path / "sounds").iterdir()})
    assert contents[0] == contents[1] and len(contents[0]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sounds", "wang"]


def test_a_stereo_recording_is_heard_as_one(wang, tmp_path):
    soundfile.write(wang / "ma2.wav", np.stack([glide(), 0.5 * glide()], axis=1), RATE)
    assert build_sounds(tmp_path / "sounds", [wang], []).rows == 4


def test_what_cannot_be_used_is_named_and_left_out(wang, tmp_path):
    soundfile.write(wang / "silent1.wav", np.zeros(9000), RATE)
    soundfile.write(wang / "ma2.wav", np.zeros(9000), RATE)
    soundfile.write(wang / "ma3.wav", np.clip(20 * glide(), -1, 1), RATE)
    soundfile.write(wang / "ma4.wav", glide(seconds=2), RATE)
    soundfile.write(wang / "na1.wav", np.zeros(0), RATE)
    soundfile.write(wang / "na2.wav", np.zeros(31 * 8000), 8000)
    (wang / "an1.wav").write_bytes(b"")
    (wang / "an2.mp3").write_bytes(b"not a sound" * 99)
    (wang / "an3.wav").mkdir()
    (wang / ".hidden").write_text("")
    report = build_sounds(tmp_path / "sounds", [wang], [])
    reasons = {problem.source.rpartition("/")[2]: problem.reason for problem in report.problems}
    assert report.rows == 3 and set(SoundDatabase.open(tmp_path / "sounds").syllables) == {"zhang3", "ma1", "lv4"}
    assert {name: reason.split("(")[0].split(":")[0].strip() for name, reason in reasons.items()} == {
        "silent1.wav": "'silent1'",
        "ma2.wav": "is silent",
        "ma3.wav": "is clipped",
        "ma4.wav": reasons["ma4.wav"],
        "na1.wav": "is silent",
        "na2.wav": "takes 31 s; cut it into syllables",
        "an1.wav": "cannot be read as a recording",
        "an2.mp3": "cannot be read as a recording",
        "an3.wav": "cannot be read as a recording",
    }
    assert "a syllable takes" in reasons["ma4.wav"] and "% of its samples" in reasons["ma3.wav"]


def test_nothing_at_all_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="nothing to build sounds from"):
        build_sounds(tmp_path / "sounds", [tmp_path / "empty"], [])
    (tmp_path / "empty" / "notes.txt").write_text("")
    with pytest.raises(InputError, match=r"first of 1 problems is .*notes\.txt"):
        build_sounds(tmp_path / "sounds", [tmp_path / "empty"], [])
    with pytest.raises(InputError, match="no such folder"):
        build_sounds(tmp_path / "sounds", [tmp_path / "nowhere"], [])
    assert not (tmp_path / "sounds").exists()


def test_speakers_are_told_apart_by_name(wang, tmp_path):
    other = tmp_path / "other" / "wang"
    other.mkdir(parents=True)
    with pytest.raises(InputError, match="two speakers are called 'wang'"):
        build_sounds(tmp_path / "sounds", [wang, other], [])


def test_a_folder_of_something_else_is_never_replaced(wang, tmp_path):
    with pytest.raises(InputError, match="is not empty and no database of sounds"):
        build_sounds(wang, [wang], [])
    assert len(list(wang.iterdir())) == 3
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="no database of sounds"):
        build_sounds(tmp_path / "file", [wang], [])


def test_an_old_database_stays_if_the_new_one_fails(wang, tmp_path, monkeypatch):
    build_sounds(tmp_path / "sounds", [wang], [])
    monkeypatch.setattr(sound_building, "index_of", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_sounds(tmp_path / "sounds", [wang], [])
    assert len(SoundDatabase.open(tmp_path / "sounds")) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sounds", "wang"]


class TestCommand:
    def build(self, capsys, *arguments):
        status = main(["build", "sounds", *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out, said.err

    def test_it_reports(self, wang, tmp_path, capsys):
        (wang / "notes.txt").write_text("")
        arguments = ("--recordings", wang, "--no-synthesis", "--out", tmp_path / "sounds")
        status, out, _ = self.build(capsys, *arguments)
        assert status == 0 and "3 sounds of 3 syllables" in out and "3  wang" in out
        assert "nobody says 1346 syllables: a1 a2" in out and "notes.txt: is no recording" in out
        status, out, _ = self.build(capsys, *arguments, "--json")
        report = json.loads(out)
        assert status == 0 and report["speakers"] == {"wang": 3} and len(report["missing"]) == 1346
        assert report["problems"][0]["reason"].startswith("is no recording")

    def test_by_default_it_goes_where_databases_lie(self, wang, tmp_path, capsys, monkeypatch):
        monkeypatch.setenv("DUOMO_CACHE", str(tmp_path / "cache"))
        assert self.build(capsys, "--recordings", wang, "--no-synthesis")[0] == 0
        assert len(SoundDatabase.open(tmp_path / "cache" / "sounds")) == 3

    def test_without_espeak_recordings_are_enough(self, wang, tmp_path, capsys, silent):
        arguments = ("--recordings", wang, "--out", tmp_path / "sounds")
        status, _, err = self.build(capsys, *arguments)
        assert status == 2 and "pip install espeakng-loader" in err and "--no-synthesis" in err
        assert self.build(capsys, *arguments, "--no-synthesis")[0] == 0

    def test_misuse_is_told(self, tmp_path, capsys):
        out = ("--out", tmp_path / "sounds")
        assert self.build(capsys, "--no-synthesis", *out)[0] == 2
        status, _, err = self.build(capsys, "--no-synthesis", "--voice", LANGUAGE, *out)
        assert status == 2 and "contradict" in err

    @pytest.mark.skipif(not can_speak(), reason="there is no eSpeak NG; pip install espeakng-loader")
    def test_a_voice_is_a_speaker(self, wang, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(sound_building, "syllables", lambda: ("hng5", "ma1", "xiong2"))
        voice = f"{LANGUAGE}+f2@pitch=60"
        status, out, _ = self.build(capsys, "--recordings", wang, "--voice", voice, "--out", tmp_path / "sounds", "--json")
        report = json.loads(out)
        assert status == 0 and report["speakers"] == {"wang": 3, voice: 2} and report["missing"] == ["hng5"]
        assert report["problems"] == [{"source": f"espeak-ng:{voice}", "reason": "eSpeak NG does not know how to say hng5"}]
        assert len(SoundDatabase.open(tmp_path / "sounds").rows_of("ma1")) == 2

    @pytest.mark.skipif(not can_speak(), reason="there is no eSpeak NG; pip install espeakng-loader")
    def test_a_voice_that_is_not_there_is_told(self, tmp_path, capsys):
        status, _, err = self.build(capsys, "--voice", f"{LANGUAGE}+nobody", "--out", tmp_path / "sounds")
        assert status == 2 and "no variant 'nobody'" in err
