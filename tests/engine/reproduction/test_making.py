"""A table from the command line to its files: what is missing is trained, what is kept is not trained again."""

import json

import pytest

from engine.__main__ import main
from engine.reproduction import schedule
from engine.run import Run
from tests.engine.reproduction.tiny_table import carried_out, cell


@pytest.fixture
def call(capsys, table, data, tmp_path):
    """Return a function that reproduces the tiny table and returns status, standard output and standard error."""

    def run(*arguments):
        status = main(["reproduce", "tiny", "--data", str(data), "--out", str(tmp_path), *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def started(monkeypatch):
    """Return the list of folders whose runs were started."""
    folders = []
    start = Run.start

    def watch(self, environment=None):
        folders.append(self.folder.name)
        return start(self, environment)

    monkeypatch.setattr(Run, "start", watch)
    return folders


@pytest.mark.slow
def test_a_table_is_made_once_and_what_is_damaged_is_done_again(call, started, data, tmp_path):
    carried_out(cell(data, seed=1), tmp_path / "cells")
    status, out, err = call("--seeds", "1,2", "--processes", "2", "--json")
    assert status == 0, err
    first = json.loads(out)
    keys = {cell(data, row, seed).key for row in ("plain", "bigrams") for seed in (1, 2)}
    assert set(started) == keys - {cell(data, seed=1).key} and {path.name for path in (tmp_path / "cells").iterdir()} == keys
    assert "resume is left out: there is no" in err and f"{cell(data, seed=2).name}: done in" in err
    assert any("resume, for there is no" in what for what in first["missing"])
    assert first["corpora"] == {"weibo": "learned from 16 sentences, judged by 9, 1 of them also in the training part"}
    assert [figure["f1"]["best"]["seeds"] for figure in first["figures"]] == [2, 2, 2, 2]
    assert json.loads((tmp_path / "tiny.json").read_text()) == first

    started.clear()
    status, out, _ = call("--seeds", "1,2", "--json")
    assert (status, started) == (0, []) and json.loads(out) == first

    hurt = tmp_path / "cells" / cell(data, "plain", 2).key
    (hurt / "gold.jsonl").write_text("{}\n")
    status, out, err = call("--seeds", "1,2", "--json")
    assert (status, started) == (0, [hurt.name]) and json.loads(out) == first
    assert f"{hurt} is damaged (" in err and "it is done again" in err


def test_what_is_done_so_far_is_shown_without_training(call, started, data, tmp_path):
    carried_out(cell(data), tmp_path / "cells")
    status, out, _ = call("--seeds", "1,2", "--corpus", "weibo", "--kept")
    assert (status, started) == (0, [])
    assert "tiny: whether bigrams help" in out and "weibo, all sentences: 9 sentences" in out
    assert "missing: plain on weibo, seed 1: not done yet" in out and "missing: bigrams on weibo, seed 2: not done yet" in out
    assert "# tiny: whether bigrams help" in (tmp_path / "tiny.md").read_text()


def test_a_cell_that_fails_is_named_and_the_others_are_made(call, data, tmp_path, monkeypatch):
    carried_out(cell(data), tmp_path / "cells")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    failing = cell(data, "plain")
    begin = schedule.begin

    def lose(wanted, folder, environment, done):
        run, ours = begin(wanted, folder, {**environment, "PYTHONHOME": "/nowhere"}, done)
        return run, ours

    monkeypatch.setattr(schedule, "begin", lose)
    status, out, err = call("--seeds", "1", "--corpus", "weibo")
    assert status == 1 and f"{failing.name} failed: the process ended without a word" in err and "log.txt" in err
    assert "bigrams" in out and "missing: plain on weibo, seed 1: the process ended" in out


def test_the_tables_are_listed(capsys):
    assert main(["reproduce", "--list", "--seeds", "1,2", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert listed["mpm-cner-5"]["cells"] == 8 * 3 * 2 and listed["class-attention"]["cells"] == 4 * 3 * 2
    assert main(["reproduce", "--list"]) == 0
    assert "mpm-cner-8" in capsys.readouterr().out
