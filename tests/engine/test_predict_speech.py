"""``predict --speech``: a text with a recording of it, and what is said of recordings that will not do."""

import json

import numpy as np
import pytest
import soundfile
import torch

from engine import checkpoint
from engine.__main__ import main
from engine.document import Document, LabelSet
from engine.systems.m3t import M3t, M3tConfig
from tests.engine.systems.speaking import said

BRIDGE = "南京市长江大桥"
TINY = {"layers": 1, "width": 64, "window": 64, "acoustic_layers": 1, "heads": 2}


@pytest.fixture(scope="module")
def listening(tmp_path_factory):
    """A checkpoint of a system that listens, untrained."""
    torch.manual_seed(1)
    system = M3t.build(M3tConfig(**TINY), LabelSet(("LOC",)), [BRIDGE] * 2)
    return str(checkpoint.save(system.eval(), tmp_path_factory.mktemp("m3t") / "m3t", {"data": "none"}).path)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return said(Document(BRIDGE, id="bridge"), tmp_path_factory.mktemp("said"), [3])[0].audio


def predict(capsys, *options):
    try:
        status = main(["predict", "--text", BRIDGE, *options])
    except SystemExit as left:
        status = left.code
    read = capsys.readouterr()
    return status, read.out, read.err


def test_a_recording_is_listened_to(capsys, listening, recording):
    status, out, err = predict(capsys, "--checkpoint", listening, "--speech", recording, "--explain", "--json")
    assert (status, err) == (0, "")
    evidence = {item["name"]: item for item in json.loads(out)["evidence"]}
    assert len(evidence["pauses"]["times"]) == 1
    assert len(evidence["alignment"]["times"]) == 7 and evidence["alignment"]["confidence"] > 0
    columns = {len(row) for row in evidence["speech_attention"]["values"]}
    assert len(columns) == 1 and columns.pop() == pytest.approx(soundfile.info(recording).duration / 0.04, abs=2)


def test_one_that_is_not_quite_right_is_told_of(capsys, listening, tmp_path):
    sound = np.clip(2 * np.sin(np.arange(8000) / 5), -1, 1)
    soundfile.write(tmp_path / "loud.wav", np.stack([sound, sound], 1), 16000)
    status, out, err = predict(capsys, "--checkpoint", listening, "--speech", str(tmp_path / "loud.wav"))
    assert status == 0 and out.startswith(BRIDGE)
    assert "its channels were averaged" in err and "recorded too loud" in err


def test_one_that_will_not_do_is_refused(capsys, listening, tmp_path):
    (tmp_path / "notes.wav").write_text("这不是录音。", encoding="utf-8")
    soundfile.write(tmp_path / "silent.wav", np.zeros(16000), 16000)
    for name, why in (("notes.wav", "cannot be decoded as sound"), ("silent.wav", "is silent"), ("none.wav", "no recording")):
        status, out, err = predict(capsys, "--checkpoint", listening, "--speech", str(tmp_path / name))
        assert status == 2 and not out and why in err


def test_it_goes_with_one_text_and_a_model_that_listens(capsys, listening, recording, tmp_path):
    status, _, err = predict(capsys, "--checkpoint", "zh-news-small", "--speech", recording)
    assert status == 2 and "zh-news-small does not listen to speech" in err
    (tmp_path / "news.txt").write_text(BRIDGE, encoding="utf-8")
    assert main(["predict", "--checkpoint", listening, "--file", str(tmp_path / "news.txt"), "--speech", recording]) == 2
    assert "field audio" in capsys.readouterr().err
