"""The command ``analyse``."""

import json
import re

import pytest

from engine import formats, tagger
from engine.document import Document, relabel
from engine.evaluation.scores import score
from tests.engine.test_commands import call  # noqa: F401
from tests.engine.tiny import known


@pytest.fixture
def data(tmp_path):
    """Return a file of annotated documents, fewer than the tiny system knows."""
    formats.write(known(12), tmp_path / "gold.jsonl", "jsonl")
    return tmp_path / "gold.jsonl"


@pytest.fixture
def analyse(call, tiny, tmp_path):  # noqa: F811
    def run(*arguments):
        return call("analyse", "--cache", tmp_path / "cache", "--samples", "50", *arguments)

    return run


def test_figures_are_those_of_evaluate_and_the_second_time_nothing_is_read(analyse, data, tiny):
    status, out, err = analyse("--checkpoint", tiny.path, "--data", data, "--json")
    content = json.loads(out)
    (one,) = content["readings"]
    predicted = [p.document for p in tagger.load(tiny.path).predict(known(12))]
    gold = [d.with_spans(d.judged(d.spans)) for d in known(12)]
    expected = score(gold, [d.with_spans(d.judged(d.spans)) for d in predicted])
    assert status == 0 and one["figures"]["forms"]["exact"]["f1"]["value"] == pytest.approx(expected.micro.f1)
    assert one["cached"] == 0
    again = json.loads(analyse("--checkpoint", tiny.path, "--data", data, "--json")[1])
    assert again["readings"][0]["cached"] == 12
    assert again["readings"][0]["figures"] == one["figures"]


def test_predictions_of_another_system_are_compared_though_cut_otherwise(analyse, data, tiny, tmp_path):
    rows = known(12)
    theirs = [Document(d.text + "\n", d.spans) for d in rows]
    formats.write(rows[:6], tmp_path / "training.jsonl", "jsonl")
    formats.write(theirs, tmp_path / "theirs.jsonl", "jsonl")
    target = tmp_path / "out" / "out.json"
    status, out, err = analyse(
        "--checkpoint",
        tiny.path,
        "--predictions",
        tmp_path / "theirs.jsonl",
        "--data",
        data,
        "--json",
        target,
        "--training",
        tmp_path / "training.jsonl",
    )
    assert status == 0 and "brought onto its documents" in err
    assert "theirs.jsonl against tiny" in out
    content = json.loads(target.read_text(encoding="utf-8"))
    assert content["readings"][1]["figures"]["forms"]["exact"]["f1"]["value"] == 1.0
    assert content["differences"][0]["only_a"] == 0
    assert {"seen_entity", "unseen_entity"} <= {part["name"] for part in content["readings"][0]["figures"]["slices"]}


def test_a_report_is_written(analyse, data, tiny, tmp_path):
    target = tmp_path / "report.html"
    points = [{"sentences": 50, "f1": 0.4321}]
    (tmp_path / "report.json").write_text(json.dumps({"curves": {"mnlp": {"1": points}}}))
    status, out, err = analyse(
        "--checkpoint", tiny.path, "--data", data, "--report", target, "--language", "en", "--curve", tmp_path
    )
    assert status == 0, err
    written = target.read_text(encoding="utf-8")
    assert "tiny" in written and "Learning curves" in written and "43.21" in written


def test_gold_with_other_labels_is_refused_with_a_mapping_that_works(analyse, tiny, tmp_path):
    others = {"PER": "PER.NAM", "LOC": "GPE.NAM", "ORG": "ORG.NAM"}
    rows = [relabel(d, others) for d in known(12)]
    formats.write([Document(d.text, d.spans) for d in rows], tmp_path / "other.jsonl", "jsonl")
    status, out, err = analyse("--checkpoint", tiny.path, "--data", tmp_path / "other.jsonl", "--json")
    assert status == 2 and "none in common" in err and not out
    mapping = err.split("--map ")[1].split()[0]
    status, out, err = analyse("--checkpoint", tiny.path, "--data", tmp_path / "other.jsonl", "--map", mapping, "--json")
    assert status == 0 and json.loads(out)["readings"][0]["figures"]["forms"]["exact"]["f1"]["value"] > 0


def test_labels_that_a_model_does_not_find_are_told(analyse, tiny, tmp_path):
    rows = [Document(d.text, relabel(d, {"PER": "TITLE"}).spans) for d in known(12)]
    formats.write(rows, tmp_path / "other.jsonl", "jsonl")
    status, out, err = analyse("--checkpoint", tiny.path, "--data", tmp_path / "other.jsonl", "--json")
    assert status == 0 and "does not find TITLE" in err and "the corpus has no PER" in err
    status, out, err = analyse("--checkpoint", tiny.path, "--data", tmp_path / "other.jsonl", "--map", "TITLE=,PER=", "--json")
    assert status == 0 and not err


def test_one_document_has_no_interval_and_is_told(analyse, tiny, tmp_path):
    formats.write(known(1), tmp_path / "one.jsonl", "jsonl")
    status, out, err = analyse("--checkpoint", tiny.path, "--data", tmp_path / "one.jsonl")
    assert status == 0 and "one document: there are no intervals" in out and " to " not in out.split("slice")[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--checkpoint or --predictions"),
        (("--checkpoint", "tiny", "--without", "glyph"), "no checkpoint can do without it.*tiny: nothing"),
        (("--checkpoint", "tiny", *["--predictions", "x"] * 4), "up to 4"),
        (("--checkpoint", "tiny", "--samples", "-1"), "--samples"),
        (("--checkpoint", "tiny", "--map", "PER=,LOC=,ORG="), "no entity is left to be judged after --map"),
        (("--checkpoint", "tiny", "--curve", "nowhere"), "no learning curves"),
        (("--checkpoint", "tiny", "--report", "report.docx"), "report.*html.*docx"),
    ],
)
def test_what_cannot_be_is_refused(analyse, data, tiny, arguments, message):
    named = [tiny.path if argument == "tiny" else argument for argument in arguments]
    status, out, err = analyse(*named, "--data", data)
    assert status == 2 and re.search(message, err), err


def test_nothing_annotated_is_refused(analyse, tiny, tmp_path):
    formats.write([Document("北京")], tmp_path / "empty.jsonl", "jsonl")
    status, out, err = analyse("--checkpoint", tiny.path, "--data", tmp_path / "empty.jsonl")
    assert status == 2 and "no entity is left to be judged; is it the annotated file?" in err


def test_an_empty_file_is_refused(analyse, tiny, tmp_path):
    (tmp_path / "none.jsonl").write_text("")
    status, out, err = analyse("--checkpoint", tiny.path, "--data", tmp_path / "none.jsonl", "--format", "jsonl")
    assert status == 2 and "no documents" in err
