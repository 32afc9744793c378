import os
import shutil
import subprocess
import sys

import audioread
import numpy as np
import pytest
import soundfile

from engine.errors import InputError
from engine.modalities import speech
from engine.modalities.speech import BANDS, RATE, pauses, read_speech, speech_features
from tests.engine.modalities.voiced import glide


def bursts(*stretches, seconds=3.0, snr_db=None, seed=0):
    """Return harmonic sounds at given stretches of time, in noise if wanted."""
    sound = np.zeros(int(seconds * RATE), np.float32)
    for start, end in stretches:
        voiced = glide(seconds=end - start, rate=RATE)
        sound[round(start * RATE) : round(start * RATE) + len(voiced)] = voiced
    if snr_db is not None:
        noise = np.random.default_rng(seed).standard_normal(len(sound))
        sound = sound + (noise * np.sqrt(np.mean(sound[sound != 0] ** 2) / 10 ** (snr_db / 10))).astype(np.float32)
    return sound


def hiss(seconds=1.0, rate=RATE, level=0.1):
    return (level * np.random.default_rng(1).standard_normal(int(seconds * rate))).astype(np.float32)


@pytest.fixture
def written(tmp_path):
    def write(sound, rate=RATE, name="speech.wav", **options):
        soundfile.write(tmp_path / name, sound, rate, **options)
        return tmp_path / name

    return write


class TestReading:
    @pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.mp3", "a.ogg", "录音 1.WAV"])
    def test_every_usual_format_is_read(self, written, name):
        heard = read_speech(written(hiss(), name=name))
        assert heard.waveform.dtype == np.float32 and heard.waveform.ndim == 1
        assert heard.seconds == pytest.approx(1, abs=0.01) and heard.remarks == ()

    def test_what_is_heard_is_what_was_written(self, written):
        sound = hiss()
        assert np.array_equal(read_speech(written(sound, subtype="FLOAT")).waveform, sound)

    @pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
    def test_it_is_resampled(self, written, rate):
        tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32) * 0.3
        waveform = read_speech(written(tone, rate)).waveform
        spectrum = np.abs(np.fft.rfft(waveform))
        assert len(waveform) == RATE and np.argmax(spectrum) == 440

    def test_stereo_is_averaged_and_told(self, written):
        left, right = hiss(), glide(seconds=1, rate=RATE)
        heard = read_speech(written(np.stack([left, right], axis=1), subtype="FLOAT"))
        assert heard.remarks == ("stereo",) and np.allclose(heard.waveform, (left + right) / 2, atol=1e-6)

    @pytest.mark.parametrize(
        ("sound", "rate", "remarks"),
        [
            (np.clip(hiss(level=0.8), -1, 1), RATE, ("clipped",)),
            (hiss(level=0.005), RATE, ("quiet",)),
            (hiss(rate=8000), 8000, ("telephone",)),
            (glide(seconds=1, rate=RATE), RATE, ("telephone",)),
        ],
    )
    def test_what_is_worth_knowing_is_remarked(self, written, sound, rate, remarks):
        assert read_speech(written(sound, rate)).remarks == remarks

    def test_a_loud_float_file_is_scaled_not_cut(self, written):
        sound = hiss() * 30
        heard = read_speech(written(sound, subtype="FLOAT"))
        assert np.abs(heard.waveform).max() == pytest.approx(1) and np.corrcoef(heard.waveform, sound)[0, 1] > 0.9999

    def test_what_libsndfile_does_not_know_is_left_to_others(self, tmp_path, monkeypatch):
        class Sound(list):
            samplerate, channels, duration = RATE, 2, 1.0

            def __enter__(self):
                return self

            def __exit__(self, *_):
                pass

        stereo = np.repeat(hiss(), 2)
        pieces = Sound([(stereo * 32767).astype("<i2").tobytes()])
        monkeypatch.setattr(audioread, "audio_open", lambda path: pieces)
        (tmp_path / "a.m4a").write_bytes(b"????ftypM4A ")
        heard = read_speech(tmp_path / "a.m4a")
        assert heard.remarks == ("stereo",) and np.allclose(heard.waveform, hiss(), atol=1e-4)
        endless = Sound(pieces * 70)
        monkeypatch.setattr(audioread, "audio_open", lambda path: endless)
        with pytest.raises(InputError, match="60 s is the most"):
            read_speech(tmp_path / "a.m4a")


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="there is no ffmpeg to make and to read an m4a with")
class TestFfmpeg:
    def made(self, source, name, *options):
        target = source.with_name(name)
        command = ["ffmpeg", "-loglevel", "error", "-i", str(source), *options, str(target)]
        subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
        return target

    @pytest.mark.parametrize(
        ("name", "options", "remarks", "late"),
        [
            ("录音 1.m4a", [], (), 0.02),
            ("a.m4a", ["-ar", "44100", "-ac", "2"], ("stereo",), 0.02),
            ("a.m4a", ["-c:a", "alac"], (), 0.02),
            ("a.mkv", ["-c:a", "aac"], (), 0.08),  # which does not say that the encoder's first 64 ms are none of the sound
        ],
    )
    def test_an_m4a_is_heard_when_it_was_said(self, written, name, options, remarks, late):
        sound = bursts((0.5, 1.0), (1.4, 2.5), snr_db=30)
        heard = read_speech(self.made(written(sound), name, *options))
        assert heard.remarks == remarks and heard.seconds == pytest.approx(3, abs=0.1)
        assert np.abs(np.array(pauses(heard.waveform)) - [(1.0, 1.4)]).max() <= late

    def test_bare_aac_is_read(self, written):
        assert read_speech(self.made(written(hiss()), "a.aac")).seconds == pytest.approx(1, abs=0.1)

    def test_one_too_long_or_cut_off_is_refused(self, written):
        with pytest.raises(InputError, match=r"lasts 75\.\d s; 60 s is the most"):
            read_speech(self.made(written(np.tile(hiss(), 75)), "a.m4a"))
        whole = self.made(written(hiss()), "b.m4a")
        whole.write_bytes(whole.read_bytes()[:2000])
        with pytest.raises(InputError, match="cannot be decoded as sound"):
            read_speech(whole)


class TestBadRecordings:
    def test_an_m4a_where_nothing_decodes_it(self, tmp_path, monkeypatch):
        monkeypatch.setattr(audioread, "audio_open", lambda path: (_ for _ in ()).throw(audioread.NoBackendError()))
        (tmp_path / "a.m4a").write_bytes(b"\0\0\0 ftypM4A " + os.urandom(5000))
        with pytest.raises(InputError, match=r"a\.m4a cannot be decoded .* can be read where ffmpeg is installed"):
            read_speech(tmp_path / "a.m4a")

    @pytest.mark.parametrize("content", [b"#EXTM3U\nhttp://localhost/a.m4a\n", b"ffconcat version 1.0\nfile a.wav\n"])
    def test_a_playlist_is_not_followed(self, tmp_path, monkeypatch, content):
        monkeypatch.setattr(audioread, "audio_open", None)
        (tmp_path / "a.m4a").write_bytes(content)
        with pytest.raises(InputError, match="cannot be decoded as sound"):
            read_speech(tmp_path / "a.m4a")

    def test_a_missing_one(self, tmp_path):
        for path in (tmp_path / "nowhere.wav", tmp_path):
            with pytest.raises(InputError, match="there is no recording .*; check the path"):
                read_speech(path)

    def test_an_empty_one(self, tmp_path):
        (tmp_path / "a.wav").touch()
        with pytest.raises(InputError, match=r"a\.wav is empty, a file of 0 bytes"):
            read_speech(tmp_path / "a.wav")

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.wav", "这不是录音\n".encode() * 500),
            ("a.mp4", b"\0\0\0 ftypisom" + os.urandom(5000)),
            ("a.flac", b"fLaC" + b"\0" * 99),
        ],
    )
    def test_what_is_no_sound(self, tmp_path, name, content):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="cannot be decoded as sound; give a wav"):
            read_speech(tmp_path / name)

    @pytest.mark.parametrize("sound", [np.zeros(RATE), np.full(RATE, 0.4), hiss(level=1e-5)])
    def test_silence(self, written, sound):
        with pytest.raises(InputError, match=r"is silent: nothing in its 1\.0 s is louder"):
            read_speech(written(sound, subtype="FLOAT"))

    def test_one_too_long_is_not_even_decoded(self, written, monkeypatch):
        path = written(np.tile(hiss(), 75), name="a.flac")
        monkeypatch.setattr(soundfile, "read", None)
        with pytest.raises(InputError, match=r"lasts 75\.0 s; 60 s is the most"):
            read_speech(path)

    @pytest.mark.parametrize("samples", [0, 1, 1599])
    def test_one_too_short(self, written, samples):
        with pytest.raises(InputError, match=r"lasts 0\.\d+ s; 0\.1 s is the least"):
            read_speech(written(hiss()[:samples]))

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_what_is_not_finite(self, written, value):
        sound = hiss()
        sound[100] = value
        with pytest.raises(InputError, match="no numbers"):
            read_speech(written(sound, subtype="FLOAT"))


class TestFeatures:
    @pytest.mark.parametrize(("samples", "frames"), [(1, 1), (400, 1), (559, 1), (560, 2), (RATE, 98), (5 * RATE, 498)])
    def test_frames(self, samples, frames):
        features = speech_features(hiss(5)[:samples])
        assert features.shape == (frames, BANDS) and features.dtype == np.float32 and np.isfinite(features).all()

    def test_each_band_is_normalised(self):
        features = speech_features(bursts((0.2, 1.0), (1.3, 2.5), snr_db=30))
        assert np.allclose(features.mean(axis=0), 0, atol=1e-4) and np.allclose(features.std(axis=0), 1, atol=1e-3)

    def test_silence_gives_no_surprise(self):
        assert np.allclose(speech_features(np.zeros(RATE, np.float32)), 0, atol=1e-6)

    def test_they_are_the_same_each_time_and_at_any_loudness(self):
        sound = bursts((0.2, 1.0), (1.3, 2.5))
        assert speech_features(sound).tobytes() == speech_features(sound).tobytes()
        assert np.allclose(speech_features(sound), speech_features(sound * np.float32(0.01)), atol=1e-2)

    def test_a_high_tone_is_in_a_high_band(self):
        times = np.arange(RATE) / RATE
        tones = [np.sin(2 * np.pi * hz * times).astype(np.float32) for hz in (300, 1000, 3000)]
        features = speech_features(np.concatenate(tones) + hiss(3)).reshape(-1, BANDS)
        raised = [
            np.median(np.flatnonzero(features[second * 100 + 20 : second * 100 + 80].mean(axis=0) > 1)) for second in range(3)
        ]
        assert raised[0] < raised[1] < raised[2]

    def test_librosa_is_not_imported_before_it_is_needed(self):
        command = "import sys, engine.modalities.speech; sys.exit('librosa' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", command], timeout=100, check=False).returncode == 0


class TestPauses:
    @pytest.mark.parametrize("snr_db", [None, 40, 25, 15])
    def test_they_are_found_within_15_milliseconds(self, snr_db):
        sound = bursts((0.3, 0.7), (0.8, 1.2), (1.24, 1.6), (1.9, 2.6), snr_db=snr_db)
        found = pauses(sound)
        assert len(found) == 2  # 40 ms are no pause
        assert np.abs(np.array(found) - [(0.7, 0.8), (1.6, 1.9)]).max() <= 0.015

    def test_loudness_makes_no_difference(self):
        sound = bursts((0.3, 0.7), (0.8, 1.2))
        assert pauses(sound) == pauses(sound * np.float32(0.01)) != []

    def test_a_click_does_not_end_one(self):
        sound = bursts((0.3, 0.7), (1.0, 1.4))
        sound[round(0.85 * RATE)] = 0.5
        assert len(pauses(sound)) == 1

    @pytest.mark.parametrize(
        "sound", [bursts((0.5, 2.0)), bursts((0, 3)), hiss(2), np.zeros(RATE, np.float32), hiss()[:200], hiss()[:1]]
    )
    def test_there_need_be_none(self, sound):
        assert pauses(sound) == []


def test_the_settings_are_those_of_the_docstrings():
    assert (speech.RATE, speech.BANDS, speech.FRAME_SHIFT, speech.FRAME_LENGTH) == (16_000, 80, 0.010, 0.025)
