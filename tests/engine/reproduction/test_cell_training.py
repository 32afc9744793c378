from dataclasses import replace

import pytest

from engine import formats
from engine.document import Document, Span
from engine.evaluation.scores import score
from engine.reproduction import outcome
from engine.reproduction.cell import cell_of
from engine.reproduction.cell_training import train_cell
from engine.reproduction.corpora import find
from engine.reproduction.table import Row
from engine.run import Run
from engine.training_state import FILE
from tests.engine.reproduction.tiny_table import TINY, carried_out, cell
from tests.engine.systems.picturing import drawn


def f1s(run):
    return [row["f1"] for row in run.events() if row["kind"] == "epoch"]


def test_what_the_best_and_the_last_epoch_predict_is_kept(data, tmp_path):
    run = carried_out(cell(data, epochs=6, encoder_rate=0.05, head_rate=0.05), tmp_path)
    found = outcome.read(run.folder)
    epochs = f1s(run)
    for state, f1 in (("best", max(epochs)), ("last", epochs[-1])):
        comparison = found.states[state]
        assert score(comparison.gold, comparison.predicted).micro.f1 == pytest.approx(f1)
    assert found.epochs["last"] == 6 and epochs[found.epochs["best"] - 1] == max(epochs) > 0
    assert (found.train, found.whole, found.device) == (16, 16, "cpu") and found.seconds > 0
    dev, train = (formats.read(data / "weibo" / f"{part}.char.bmes") for part in ("dev", "train"))
    best = found.states["best"]
    assert list(best.gold) == dev and best.repeated == {dev[0].text}
    characters = {c for document in train for c in document.text}
    assert best.unseen == {c for document in dev for c in document.text} - characters
    assert best.unseen <= best.unknown  # the vocabulary is that of the training documents
    assert not (run.folder / "state").exists()


def stopped(wanted, folder, step):
    """Return the run of a cell that was stopped before a step."""
    run = Run.create(folder / wanted.key, wanted.plan())
    tell = run.tell

    def watch(**row):
        tell(**row)
        if row.get("kind") == "epoch" and row["epoch"] == step:
            run.cancel()

    run.tell = watch
    assert run.carry_out(train_cell).state == "cancelled" and not outcome.is_kept(run.folder)
    return run


def test_a_cell_that_was_stopped_goes_on_as_if_nothing_had_been(data, tmp_path):
    wanted = cell(data)
    straight = outcome.read(carried_out(wanted, tmp_path / "straight").folder)
    run = stopped(wanted, tmp_path, 1)
    assert Run(run.folder).carry_out(train_cell).state == "done"
    gone_on = outcome.read(run.folder)
    assert gone_on.states == straight.states and gone_on.epochs == straight.epochs
    assert len(f1s(run)) == 3


def test_a_damaged_state_is_told_and_begun_anew(data, tmp_path):
    wanted = cell(data)
    run = stopped(wanted, tmp_path, 2)
    (run.folder / "state" / FILE).write_bytes(b"half")
    assert Run(run.folder).carry_out(train_cell).state == "done"
    assert any("begun anew" in row.get("message", "") and "cannot be gone on from" in row["message"] for row in run.events())
    assert outcome.read(run.folder).states == outcome.read(carried_out(wanted, tmp_path / "straight").folder).states


def test_how_pictures_are_told_apart_is_judged_on_those_that_a_post_has(tmp_path):
    folder = tmp_path / "cmner-pictured"
    folder.mkdir()
    post, fits, does_not = "苹果又上新了", drawn(tmp_path, "red"), drawn(tmp_path, "blue")
    ways = {"drawn": ((fits, does_not), "1,0"), "related": ((fits,), "1")}
    posts = [
        Document(post, (Span(0, 2, "ORG"),), f"{number}.{way}", shown, meta={"related": known, "shown": way})
        for number in range(3)
        for way, (shown, known) in ways.items()
    ]
    formats.write([posts[0]], folder / "train.jsonl")
    formats.write(posts, folder / "dev.jsonl")
    (folder / "pictures.jsonl").touch()
    ((source,), _) = find(["cmner-pictured"], tmp_path)
    sizes = {"layers": 2, "width": 64, "window": 64}
    for row, judged in ((Row("gated", "dghc", sizes), True), (Row("silent", "dghc", {**sizes, "correlation": False}), False)):
        table = replace(TINY, rows=(row,), options={"epochs": 1, "batch_size": 2, "precision": "fp32"})
        found = outcome.read(carried_out(cell_of(table, row, source, 1, {}), tmp_path / "cells").folder).relatedness
        assert (found is not None) is judged
        assert found is None or (found.related, found.unrelated) == (3, 3)
