"""The table of M3T on a tiny corpus whose speech is built, and whose dev part is spoken in several ways."""

import json

import pytest

from engine import formats
from engine.__main__ import main
from engine.document import topmost
from engine.evaluation.errors import count_errors
from engine.evaluation.scores import score
from engine.reproduction import cell_training, outcome
from engine.reproduction.cell import cell_of
from engine.reproduction.cnerta import M3T, M3T_FLAT
from engine.reproduction.corpora import find
from engine.synthesis.utterance_building import Plan, build_utterances
from engine.training import fit
from tests.engine.reproduction.tiny_table import carried_out
from tests.engine.synthesis.test_utterances import NEWS, spoken

TINY = {"encoder": "", "layers": "1", "width": "64", "heads": "2", "acoustic_layers": "1", "epochs": "2", "precision": "fp32"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the corpus: two documents to learn from, and one that is spoken four ways."""
    folder = tmp_path_factory.mktemp("data")
    speaker = spoken(*(document.text for document in NEWS))
    build_utterances(folder / "cnerta-spoken", NEWS, [speaker], Plan(seed=1), hold_out=1)
    return folder


def cell(folder, row):
    ((source,), _) = find(["cnerta-spoken"], folder)
    return cell_of(M3T, M3T.row(row), source, 1, TINY)


@pytest.fixture(scope="module")
def done(folder, tmp_path_factory):
    """Return where two cells of the table lie, and their runs by row."""
    out = tmp_path_factory.mktemp("out")
    return out, {row: carried_out(cell(folder, row), out / "cells") for row in ("BERT-CRF", "BERT-M3T")}


def test_the_best_epoch_is_chosen_on_what_is_spoken_naturally(folder, tmp_path, monkeypatch):
    judged = []

    def watched(system, train, dev, *arguments, **options):
        judged.extend(document.meta["pauses"] for document in dev)
        return fit(system, train, dev, *arguments, **options)

    monkeypatch.setattr(cell_training, "fit", watched)
    found = outcome.read(carried_out(cell(folder, "BERT-CRF"), tmp_path).folder)
    assert judged == ["natural"]
    assert list(found.states["best"].gold) == formats.read(folder / "cnerta-spoken" / "dev.jsonl")
    assert [document.meta["pauses"] for document in found.states["last"].predicted] == ["natural", "none", "misleading", "mute"]


def test_what_does_not_listen_says_the_same_however_it_is_spoken(done):
    best = outcome.read(done[1]["BERT-CRF"].folder).states["best"]
    assert len({document.spans for document in best.predicted}) == 1


def test_the_table_is_made_of_every_way_of_speaking(folder, done, capsys):
    settings = [word for name, value in TINY.items() for word in ("--set", f"{name}={value}")]
    arguments = ["reproduce", "m3t", "--data", str(folder), "--out", str(done[0]), "--seeds", "1", "--kept", *settings]
    assert main([*arguments, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["corpora"] == {"cnerta-spoken": "learned from 2 sentences, judged by 1"}
    parts = ("natural", "flat", "no-pauses", "misleading", "mute")
    assert [(figure["part"], figure["row"]) for figure in made["figures"]] == [
        (part, row) for part in parts for row in ("BERT-CRF", "BERT-M3T")
    ]
    assert {figure["documents"] for figure in made["figures"]} == {1}
    published = {(figure["part"], figure["row"]): figure["published"] for figure in made["figures"]}
    assert published["natural", "BERT-M3T"] == 0.7945 and published["flat", "BERT-CRF"] == 0.7539
    assert {published[part, "BERT-M3T"] for part in parts[2:]} == {None}

    comparison = outcome.read(done[1]["BERT-M3T"].folder).states["best"]
    gold, predicted = (
        [document.with_spans(topmost(document.spans))] for document in (comparison.gold[0], comparison.predicted[0])
    )
    flat = next(figure for figure in made["figures"] if (figure["part"], figure["row"]) == ("flat", "BERT-M3T"))
    assert flat["f1"]["best"]["mean"] == score(gold, predicted).micro.f1 and flat["entities"] == len(gold[0].spans)
    assert flat["details"]["boundary_errors"]["best"]["mean"] == count_errors(gold, predicted).boundary
    assert flat["details"]["printed"] == {"precision": 77.71, "recall": 80.6, "type_errors": 94, "boundary_errors": 694}
    changes = {claim["part"]: claim["boundary_errors"]["published"] for claim in made["claims"]}
    assert changes["flat"] == pytest.approx(-0.144, abs=5e-4) and changes["natural"] == pytest.approx(-0.079, abs=5e-4)
    assert any("not AISHELL-1" in note for note in made["notes"])
    assert "BERT-CMA-CRF on cnerta-spoken, seed 1: not done yet" in made["missing"]

    assert main(arguments) == 0
    text = capsys.readouterr().out
    marked = (done[0] / "m3t.md").read_text()
    for shown in ("83.46 / 75.81 / 79.45", "129 / 719", "125 / 781", "-14.4 %", "-7.9 %", "boundary errors"):
        assert shown in text and shown in marked


def test_a_corpus_that_is_not_built_is_left_out_with_the_way_to_build_it(tmp_path, capsys):
    assert main(["reproduce", "m3t", "--data", str(tmp_path), "--out", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    wanted = f"build utterances --data {tmp_path}/cnerta/valid.json --hold-out 540 --seed 1 --out {tmp_path}/cnerta-spoken"
    assert "cnerta-spoken/train.jsonl" in err and wanted in err and "--recordings" in err


def test_how_a_corpus_was_built_is_part_of_a_cell(folder):
    one = cell(folder, "BERT-CRF")
    assert one.contents.keys() == {"train", "dev", "construction.jsonl"}
    construction = folder / "cnerta-spoken" / "construction.jsonl"
    content = construction.read_bytes()
    construction.write_bytes(content + b"{}\n")
    other = cell(folder, "BERT-CRF")
    construction.write_bytes(content)
    assert other.key != one.key and {**other.contents, "construction.jsonl": ""} == {**one.contents, "construction.jsonl": ""}


@pytest.mark.parametrize(("table", "structure"), [(M3T, "nested"), (M3T_FLAT, None)])
def test_every_row_is_of_one_structure_and_trained_alike(folder, table, structure):
    cells = [cell_of(table, row, find(["cnerta-spoken"], folder)[0][0], 1, {}) for row in table.rows]
    assert [found.system for found in cells] == ["bert-crf", "cma", "mmi", "m3t", "m3t"]
    assert {found.options.get("structure") for found in cells} == {structure}
    assert {found.training["epochs"] for found in cells} == {6}
    assert [found.options.get("acoustic_layers") for found in cells] == [None, 2, 2, 2, 2]
    assert [found.options.get("attend") for found in cells[3:]] == ["anywhere", "aligned"]
