"""Rows that learn from other corpora before their own."""

import json
import shutil
from dataclasses import replace

import pytest

from engine import formats
from engine.__main__ import main
from engine.document import Document, Span
from engine.reproduction import TABLES, cell_training, corpora, outcome
from engine.reproduction.cell import Cell, cell_of
from engine.reproduction.cell_training import train_cell
from engine.reproduction.corpora import find, find_first
from engine.reproduction.table import Row
from engine.run import Run
from engine.training_state import FILE
from tests.engine.reproduction.tiny_table import TINY, carried_out, cell
from tests.engine.tiny import known

ROW = Row("after msra", "bilstm-crf", {"epochs": 2}, first=("msra",))
LACKING = Row("after a translation", "bilstm-crf", first=("msra", "cmner-pictured-en"))
TABLE = replace(TINY, rows=(replace(TINY.rows[1], against=()), ROW, LACKING), corpora=("weibo",), sizes={"msra": 12})


@pytest.fixture(scope="module")
def both(data, tmp_path_factory):
    """Return a folder with weibo, and msra that calls people otherwise and has a label of its own."""
    folder = tmp_path_factory.mktemp("both")
    shutil.copytree(data / "weibo", folder / "weibo")
    (folder / "msra").mkdir()
    names = {"PER": "HUMAN"}
    renamed = [d.with_spans(replace(s, label=names.get(s.label, s.label)) for s in d.spans) for d in known(24)]
    formats.write([*renamed[:15], Document("在火星上", (Span(1, 3, "PLANET"),))] * 2, folder / "msra" / "train.txt.xz", "bioes")
    return folder


@pytest.fixture(autouse=True)
def renamed(monkeypatch):
    monkeypatch.setitem(corpora.RENAMED, "msra", {"HUMAN": "PER"})


def after(folder, row=ROW, **overrides):
    ((source,), _) = find(["weibo"], folder)
    return cell_of(TABLE, row, source, 1, overrides, find_first(row.first, folder)[0])


@pytest.fixture
def fits(monkeypatch):
    """Return the list of trainings: what each learned from, with which weights it began and ended."""
    calls = []
    fit = cell_training.fit

    def watch(system, train, dev, config, **rest):
        before = {name: tensor.clone() for name, tensor in system.state_dict().items()}
        result = fit(system, train, dev, config, **rest)
        weights = {name: tensor.clone() for name, tensor in system.state_dict().items()}
        calls.append((train, config, system.labels.names, before, weights))
        return result

    monkeypatch.setattr(cell_training, "fit", watch)
    return calls


def test_the_own_corpus_is_learned_from_the_weights_that_came_first(both, tmp_path, fits):
    carried_out(after(both), tmp_path)
    (first, second) = fits
    assert (len(first[0]), len(second[0])) == (12, 16)  # as many as the table draws of msra, and all of weibo
    assert first[1].keep == "last" and second[1].keep == "best"
    assert first[2] == second[2] and "HUMAN" not in first[2]
    assert all((first[4][name] == tensor).all() for name, tensor in second[3].items())
    assert any((first[3][name] != tensor).any() for name, tensor in first[4].items())


def test_a_cell_says_what_it_learns_from_first_and_one_without_says_nothing(both, data, tmp_path):
    one = after(both)
    assert one.name.endswith("on weibo after msra, seed 1") and one.first == {"msra": 12}
    assert "first/msra" in one.contents and "first" not in cell(data).identity
    assert "first_train" not in json.dumps(one.identity)
    assert Cell.of(Run.create(tmp_path / one.key, one.plan())) == one
    assert one.key != after(both, replace(ROW, first=())).key
    shutil.copytree(both, tmp_path / "moved")
    assert after(tmp_path / "moved").key == one.key
    train = tmp_path / "moved" / "msra" / "train.txt.xz"
    formats.write(known(3), train, "bioes")
    assert after(tmp_path / "moved").key != one.key


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_cell_that_was_stopped_in_either_part_goes_on_as_if_nothing_had_been(both, tmp_path, step):
    wanted = after(both)
    straight = outcome.read(carried_out(wanted, tmp_path / "straight").folder)
    run = Run.create(tmp_path / wanted.key, wanted.plan())
    tell, epochs = run.tell, []

    def watch(**row):
        tell(**row)
        epochs.extend([row] if row.get("kind") == "epoch" else [])
        if len(epochs) == step:
            run.cancel()

    run.tell = watch
    assert run.carry_out(train_cell).state == "cancelled" and not outcome.is_kept(run.folder)
    assert Run(run.folder).carry_out(train_cell).state == "done"
    found = outcome.read(run.folder)
    assert found.states == straight.states and found.epochs == straight.epochs
    assert sum(row["kind"] == "epoch" for row in run.events()) == 4
    assert not any((run.folder / name).exists() for name in ("first", "state"))


def test_a_damaged_first_state_is_told_and_begun_anew(both, tmp_path):
    wanted = after(both)
    run = Run.create(tmp_path / wanted.key, wanted.plan())
    (run.folder / "first").mkdir()
    (run.folder / "first" / FILE).write_bytes(b"half")
    assert run.carry_out(train_cell).state == "done"
    assert any("begun anew" in row.get("message", "") for row in run.events())


def test_a_row_of_which_a_corpus_is_not_there_is_left_out_and_named(both, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(TABLES, "tiny", TABLE)
    assert main(["reproduce", "tiny", "--data", str(both), "--out", str(tmp_path), "--seeds", "1", "--kept", "--json"]) == 0
    said = capsys.readouterr()
    missing = json.loads(said.out)["missing"]
    assert len(missing) == 3 and any(what.startswith("after a translation, for there is no") for what in missing)
    for told in (said.err, *[what for what in missing if "translation" in what]):
        assert "python -m engine build translation --data" in told and "--to-language en" in told and "none ships" in told


def test_twitters_other_counts_as_misc(tmp_path):
    formats.write([Document("at Glastonbury", (Span(3, 14, "OTHER"),))], tmp_path / "train.jsonl")
    for name in ("twitter2015-pictured", "twitter2015-pictured-zh"):
        assert [span.label for d in corpora.read(name, tmp_path / "train.jsonl") for span in d.spans] == ["MISC"]
    assert corpora.read("weibo", tmp_path / "train.jsonl")[0].spans[0].label == "OTHER"
