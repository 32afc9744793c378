import os

import numpy as np
import pytest

from engine.errors import EngineError, InputError
from engine.synthesis import speaking
from engine.synthesis.speaking import LANGUAGE, VOICES, Voice, can_speak, synthesise, synthesise_all

spoken = pytest.mark.skipif(not can_speak(), reason="there is no eSpeak NG; pip install espeakng-loader")


class Fatal:
    """What ends the process that it is sent to, as a crash in a library would."""

    def __reduce__(self):
        return os._exit, (3,)


def test_a_voice_is_read():
    assert Voice.parse(LANGUAGE) == Voice(LANGUAGE, pitch=50, range=50, speed=175)
    assert Voice.parse(f"{LANGUAGE}+f2@speed=140,pitch=60") == Voice(f"{LANGUAGE}+f2", pitch=60, range=50, speed=140)
    assert len({Voice.parse(voice) for voice in VOICES}) == len(VOICES) >= 5


@pytest.mark.parametrize(
    ("voice", "message"),
    [
        ("en", "does not speak Pinyin"),
        ("", "does not speak Pinyin"),
        (f"{LANGUAGE}@pitch=101", "got 'pitch=101'"),
        (f"{LANGUAGE}@pitch=-1", "got 'pitch=-1'"),
        (f"{LANGUAGE}@pitch", "got 'pitch'"),
        (f"{LANGUAGE}@volume=3", "got 'volume=3'"),
    ],
)
def test_what_is_no_voice_is_refused(voice, message):
    with pytest.raises(InputError, match=message):
        Voice.parse(voice)


def test_without_espeak_it_is_said_how_to_get_it(silent):
    assert not can_speak()
    with pytest.raises(InputError, match="pip install espeakng-loader"):
        synthesise("a1")


@spoken
class TestSpeaking:
    def test_a_syllable_sounds(self):
        waveform, rate = synthesise("zhang3")
        assert waveform.dtype == np.float32 and waveform.ndim == 1 and 8000 <= rate <= 48000
        assert 0.1 < len(waveform) / rate < 2 and 0.1 < np.abs(waveform).max() <= 1

    def test_tones_and_voices_differ(self):
        sounds = [synthesise("ma1"), synthesise("ma4"), synthesise("ma1", f"{LANGUAGE}+f2")]
        assert len({waveform.tobytes() for waveform, _ in sounds}) == 3

    @pytest.mark.parametrize("syllable", ["xiong2", "qiong1", "jiong3"])
    def test_what_espeak_would_spell_in_english_is_said_in_chinese(self, syllable):
        speaker = speaking._speaker()
        speaker.check(Voice.parse(LANGUAGE))
        iao, yong = f"{syllable[0]}iao{syllable[-1]}", f"yong{syllable[-1]}"
        phonemes = speaker._phonemes(speaking.Syllable.parse(syllable))
        assert "(en)" not in phonemes and phonemes.endswith(speaker._look_up(yong))
        assert phonemes.startswith(speaker._look_up(iao).partition("j")[0])
        assert len(synthesise(syllable)[0])

    @pytest.mark.parametrize("syllable", ["hng5", "m2", "n4"])
    def test_what_espeak_cannot_say_is_not_said_wrong(self, syllable):
        with pytest.raises(InputError, match=f"does not know how to say {syllable}"):
            synthesise(syllable)

    def test_a_variant_that_is_not_there_is_refused(self):
        with pytest.raises(InputError, match=r"no variant 'nobody'; it has .*f2"):
            synthesise("a1", f"{LANGUAGE}+nobody")

    def test_in_a_process_of_its_own_it_sounds_the_same_each_time(self):
        once, again = (list(synthesise_all(["ma1", "hng5", "xi4"], f"{LANGUAGE}+f2")) for _ in range(2))
        assert [len(said) for said in (once, again)] == [3, 3]
        assert once[1] == again[1] == "eSpeak NG does not know how to say hng5"
        assert [np.array_equal(once[i][0], again[i][0]) for i in (0, 2)] == [True, True]

    def test_a_crash_takes_only_its_own_process(self, monkeypatch):
        monkeypatch.setattr(speaking, "_try_to_say", Fatal())
        with pytest.raises(EngineError, match="crashed while speaking"):
            list(synthesise_all(["ma1"], LANGUAGE))
