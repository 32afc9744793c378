"""predict and evaluate where there are pictures, with a system that looks and is hardly trained."""

import json

import pytest
import torch

from engine import checkpoint, formats
from engine.__main__ import main
from engine.document import Document, LabelSet, Span
from engine.modalities import picture_text
from engine.systems.dghc import Dghc
from tests.engine.systems.picturing import drawn

POST = "苹果又上新了"


@pytest.fixture(scope="module")
def looking(tmp_path_factory):
    torch.manual_seed(1)
    config = Dghc.Config(layers=2, width=64, window=64)
    system = Dghc.build(config, LabelSet(("ORG",)), [POST] * 2).eval()
    return checkpoint.save(system, tmp_path_factory.mktemp("looking") / "looking").path


@pytest.fixture
def call(capsys):
    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_pictures_beside_a_text_are_looked_at(call, looking, tmp_path):
    red, blue = drawn(tmp_path, "red"), drawn(tmp_path, "blue")
    asked = ("predict", "--checkpoint", looking, "--text", POST, "--image", red, "--image", blue, "--explain", "--json")
    status, out, _ = call(*asked)
    found = {item["name"]: item for item in json.loads(out)["evidence"]}
    assert status == 0 and len(found["correlation"]["values"]) == 2
    assert len(found["region_attention"]["boxes"]) == 2 and found["dynamic_gates"]["sources"][-1] == "2.3"


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["--text", POST, "--image", "gone.png"], "gone.png"),
        (["--text", POST, "--image", "page.jpg"], "page.jpg is a web page"),
        (["--text", POST, *["--image", "red-0.png"] * 19], "18 is the most"),
        (["--file", "page.jpg", "--image", "red-0.png"], "write its path into the field images"),
    ],
)
def test_what_is_wrong_with_pictures_is_said(call, looking, tmp_path, monkeypatch, arguments, advice):
    monkeypatch.chdir(tmp_path)
    drawn(tmp_path, "red")
    (tmp_path / "page.jpg").write_text("<html><body>404</body></html>", encoding="utf-8")
    status, _, err = call("predict", "--checkpoint", looking, *arguments)
    assert status == 2 and advice in err


def test_a_model_that_does_not_look_says_so(call, tmp_path, tiny):
    status, _, err = call("predict", "--checkpoint", tiny.path, "--text", POST, "--image", drawn(tmp_path, "red"))
    assert status == 2 and "does not look at pictures" in err


def test_how_related_pictures_are_told_is_judged_on_those_drawn_for_a_post(call, looking, tmp_path):
    paths = [drawn(tmp_path, shape, number) for shape in ("red", "blue") for number in range(3)]
    posts = [
        Document(POST, (Span(0, 2, "ORG"),), f"{number}.{way}", (path,), meta={"related": str(number % 2), "shown": way})
        for number, path in enumerate(paths)
        for way in ("drawn", "related")
    ]
    formats.write(posts, tmp_path / "dev.jsonl")
    asked = ("evaluate", "--checkpoint", looking, "--data", tmp_path / "dev.jsonl", "--correlation")
    status, out, _ = call(*asked, "--json")
    figures = json.loads(out)["correlation"]
    assert status == 0 and (figures["related"], figures["unrelated"]) == (3, 3) and 0 <= figures["auroc"] <= 1
    assert "AUROC" in call(*asked)[1]


def test_a_corpus_that_does_not_say_what_is_related_is_refused(call, looking, tiny, tmp_path):
    formats.write([Document(POST, (Span(0, 2, "ORG"),))], tmp_path / "plain.jsonl")
    for path, advice in ((looking, "does not say which pictures"), (tiny.path, "choose a dghc")):
        status, _, err = call("evaluate", "--checkpoint", path, "--data", tmp_path / "plain.jsonl", "--correlation")
        assert status == 2 and advice in err


def test_the_text_in_a_picture_is_given_beside_the_answer(call, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(picture_text, "read_text", lambda path: (picture_text.Line("苹果专卖", (0, 0.1, 0.5, 0.2), 0.875),))
    path = drawn(tmp_path, "red")
    asked = ("predict", "--checkpoint", tiny.path, "--text", POST, "--image", path, "--picture-text")
    status, out, _ = call(*asked, "--json")
    line = {"text": "苹果专卖", "box": [0, 0.1, 0.5, 0.2], "confidence": 0.875}
    assert status == 0 and json.loads(out)["picture_text"] == [{"image": path, "lines": [line]}]
    assert call(*asked)[1].splitlines()[-2:] == [f"{path}:", "   88%  苹果专卖"]
    monkeypatch.setattr(picture_text, "read_text", lambda path: ())
    assert call(*asked)[1].splitlines()[-1] == f"{path}: no text was found"
    status, _, err = call("predict", "--checkpoint", tiny.path, "--text", POST, "--picture-text")
    assert status == 2 and "give one with --image" in err
