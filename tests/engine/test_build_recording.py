"""``build recording``: one sentence, said in the words that somebody marks."""

import json

import numpy as np
import pytest
import soundfile

from engine.__main__ import main
from engine.modalities.speech import RATE, pauses, read_speech
from engine.synthesis.speakers import prepared
from engine.synthesis.speaking import VOICES, can_speak
from tests.engine.modalities.voiced import glide


@pytest.fixture(scope="module")
def li(tmp_path_factory):
    """Return a folder of recordings of the syllables in both readings of 南京市长江大桥, but for da4."""
    folder = tmp_path_factory.mktemp("speakers") / "li"
    folder.mkdir()
    for n, syllable in enumerate(["nan2", "jing1", "shi4", "zhang3", "chang2", "jiang1", "da2", "qiao2"]):
        sound = prepared(np.pad(glide(180 + 10 * n, 200 + 9 * n, 0.35, RATE), 2000), RATE)
        soundfile.write(folder / f"{syllable}.wav", np.pad(sound, 3000), RATE)
    return folder


@pytest.fixture
def build(capsys, tmp_path):
    def run(*arguments):
        status = main(["build", "recording", *map(str, arguments)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.mark.parametrize("name", ["mayor.flac", "市长.WAV"])
def test_it_says_what_it_made(build, li, tmp_path, name):
    arguments = ("南京｜市长|江大桥。", "--out", tmp_path / name, "--recordings", li, "--pause", 0.2)
    status, out, err = build(*arguments, "--json")
    report = json.loads(out)
    assert (status, err) == (0, "") and report["text"] == "南京市长江大桥。" and report["words"] == ["南京", "市长", "江大桥。"]
    assert report["syllables"] == ["nan2", "jing1", "shi4", "zhang3", "jiang1", "da4", "qiao2", None]
    assert report["characters"][7] is None and report["replaced"] == {"5": "da2"} and report["unsaid"] == []
    assert report["speaker"] == "li" and "not known" in report["licence"]
    assert [end for _, end in report["pauses"]] == [report["characters"][i][0] for i in (2, 4)]
    heard = read_speech(tmp_path / name)
    assert heard.seconds == pytest.approx(report["seconds"], abs=1e-3)
    assert np.abs(np.array(pauses(heard.waveform)) - report["pauses"]).max() < 0.03
    content = (tmp_path / name).read_bytes()
    status, out, _ = build(*arguments)
    assert status == 0 and "南京 | 市长 | 江大桥。" in out and "said by li" in out and out.count("pause") == 2
    assert "da4 as da2" in out and (tmp_path / name).read_bytes() == content


def test_the_same_characters_are_said_in_two_ways(build, li, tmp_path):
    bridge, mayor = (
        json.loads(build(words, "--out", tmp_path / "a.wav", "--recordings", li, "--json")[1])
        for words in ("南京市|长江大桥", "南京|市长|江大桥")
    )
    assert bridge["text"] == mayor["text"] and (bridge["syllables"][3], mayor["syllables"][3]) == ("chang2", "zhang3")
    assert (len(bridge["pauses"]), len(mayor["pauses"])) == (1, 2)
    chosen = build("南京市|长江大桥", "--reading", "3=zhang3", "--out", tmp_path / "a.wav", "--recordings", li, "--json")[1]
    assert json.loads(chosen)["syllables"][3] == "zhang3"


def test_noise_and_echo_are_there_if_they_are_asked_for(build, li, tmp_path):
    softest = []
    for more in ((), ("--noise", 20), ("--echo", 0.3)):
        assert build("南京|市长", "--out", tmp_path / "a.wav", "--recordings", li, *more)[0] == 0
        waveform = read_speech(tmp_path / "a.wav").waveform
        softest.append(np.abs(waveform[-RATE // 20 :]).max())
    assert softest[0] == 0 and softest[1] > 1e-3 and softest[2] > 0


@pytest.mark.skipif(not can_speak(), reason="there is no eSpeak NG; pip install espeakng-loader")
def test_a_voice_says_it(build, tmp_path):
    status, out, _ = build("南京|市长", "--out", tmp_path / "a.flac", "--json")
    assert status == 0 and json.loads(out)["speaker"] == VOICES[0] and "eSpeak NG" in json.loads(out)["licence"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["南京||市长"], "word 2 of 3 is empty; leave its mark out"),
        (["南京|"], "word 2 of 2 is empty"),
        (["|", "--reading", "0=ma1"], "nothing between the marks"),
        (["OK!"], "nothing to say in 'OK!'"),
        (["杭州"], "nothing that li can say"),
        (["南京", "--reading", "3=jing1"], "expected an offset from 0 to 1"),
        (["南京", "--reading", "1=x1"], "no Pinyin|no character is read"),
        (["南京", "--pause", "0"], "--pause: expected 0.02 to 2"),
        (["南京", "--pause", "nan"], "--pause: expected"),
        (["南京", "--seed", "-1"], "--seed: expected"),
        (["南京" * 300], "60 s is the most"),
        (["南京", "--out", "a.txt"], "written as .wav or .flac"),
        (["南京", "--out", "absent/a.wav"], "there is no folder absent"),
        (["南京", "--out", "folder.wav"], "is a folder"),
        (["南京", "--recordings", "absent"], "the recordings cannot be read"),
    ],
)
def test_misuse_is_told(build, li, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.wav").mkdir()
    status, out, err = build("--out", "a.wav", "--recordings", li, *arguments)
    assert (status, out) == (2, "") and any(part in err for part in message.split("|")), err
    assert not (tmp_path / "a.wav").exists()
