"""``counterfactual`` and ``attribute`` from the command line."""

from __future__ import annotations

import json

import pytest

from engine.__main__ import main
from engine.tagger import load
from tests.engine.tiny import known

pytest.importorskip("captum")


@pytest.fixture(scope="module")
def case(tiny):
    """Return what is found in a known sentence: the text, and the first entity."""
    found = [prediction.document for prediction in load(tiny.path).predict(known()[:6])]
    document = next(document for document in found if document.spans)
    return document, document.spans[0]


@pytest.fixture
def call(tiny, capsys):
    """Return a function that runs a command on the tiny checkpoint and returns status, output and error."""

    def run(command, *words):
        status = main([command, "--checkpoint", str(tiny.path), "--device", "cpu", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_each_edit_is_a_row_and_says_what_became_of_each_entity(call, case):
    document, span = case
    place = f"{span.start}-{span.end}"
    edits = ["--edit", f"mask:{place}", "--edit", f"entity:{place}=白求恩"]
    status, out, _ = call("counterfactual", "--text", document.text, *edits, "--json")
    said = json.loads(out)
    assert status == 0 and [row["edit"] for row in said["rows"]] == [f"mask:{place}", f"entity:{place}=白求恩"]
    assert said["entities"][0]["text"] == document.mention(span)
    assert said["rows"][0]["text"] == document.text[: span.start] + "□" * (span.end - span.start) + document.text[span.end :]
    assert all(len(row["fates"]) == len(document.spans) for row in said["rows"])
    status, out, _ = call("counterfactual", "--text", document.text, *edits)
    assert status == 0 and f"mask:{place}" in out and f"{document.mention(span)} {span.label}" in out


def test_without_edits_what_is_worth_trying_is_tried(call, case):
    said = json.loads(call("counterfactual", "--text", case[0].text, "--json")[1])
    assert {row["edit"].partition(":")[0] for row in said["rows"]} >= {"entity", "mask"}


def test_an_attribution_has_a_value_for_each_character_and_its_measure(call, case):
    document, span = case
    asked = ["--text", document.text, "--entity", f"{span.start}-{span.end}:{span.label}"]
    for method in ("integrated_gradients", "occlusion", "shapley"):
        said = json.loads(call("attribute", *asked, "--method", method, "--json")[1])
        assert len(said["players"]) == len(said["values"]) == (1 if method == "shapley" else len(document))
        assert (said["faithfulness"] is None) == (method == "shapley")
    measured = json.loads(call("attribute", *asked, "--json")[1])
    assert measured["target"]["score"] == pytest.approx(span.score, abs=1e-3)
    assert set(measured["faithfulness"]) >= {"deletion", "insertion", "score", "verdict", "beaten"}
    out = call("attribute", *asked)[1]
    assert "faithfulness" in out and "gap" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("counterfactual", "--text", "王芳", "--edit", "nothing"), "there is no edit 'nothing'; there are replace"),
        (("counterfactual", "--text", "王芳", "--edit", "without=speech"), "it can leave out: none"),
        (("counterfactual", "--text", " "), "--text is empty"),
        (("counterfactual", "--text", "王芳", "--image", "/nowhere.png"), "nowhere"),
        (("attribute", "--text", "王芳", "--entity", "0:PER"), "expected START-END:LABEL"),
        (("attribute", "--text", "王芳", "--entity", "0-2:NOSUCH"), "does not know the type NOSUCH"),
        (("attribute", "--text", "王芳", "--entity", "0-2:PER", "--over", "modalities"), "not of modalities"),
        (("attribute", "--text", "王芳", "--entity", "0-2:PER", "--draws", "0"), "from 1 on"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(call, words, said):
    status, _, err = call(*words)
    assert status == 2 and said in err
