import json
from dataclasses import replace

import pytest

from engine.document import Span
from engine.errors import RunError
from engine.evaluation.relatedness import Relatedness
from engine.evaluation.slices import Comparison
from engine.reproduction import outcome
from tests.engine.tiny import known

GOLD = tuple(known(6))
FOUND = tuple(document.with_spans(document.spans[:1]) for document in GOLD)
BLANK = tuple(document.with_spans([Span(0, 1, "PER", 0.25)]) for document in GOLD)
FACTS = (frozenset("龘"), frozenset("龘一"), frozenset({GOLD[2].text}))


@pytest.fixture
def folder(tmp_path):
    states = {"best": Comparison(GOLD, FOUND, *FACTS), "last": Comparison(GOLD, BLANK, *FACTS)}
    outcome.write(tmp_path, outcome.Outcome(states, {"best": 2, "last": 3}, 5, 50, 1.5, "cpu"))
    return tmp_path


def test_an_outcome_is_read_as_it_was_written(folder):
    found = outcome.read(folder)
    assert found.states["best"] == Comparison(GOLD, FOUND, *FACTS)
    assert found.states["last"].predicted == BLANK and found.states["last"].predicted[0].spans[0].score == 0.25
    assert (found.epochs, found.train, found.whole, found.seconds, found.device) == ({"best": 2, "last": 3}, 5, 50, 1.5, "cpu")
    content = json.loads((folder / "scores.json").read_text())
    assert content["best"].keys() == {"epoch", "precision", "recall", "f1"} and content["best"]["precision"] == 1


def cut_scores(folder):
    path = folder / "scores.json"
    path.write_text(path.read_text()[:40])


def lose_predictions(folder):
    (folder / "predicted-last.jsonl").unlink()


def cut_predictions(folder):
    path = folder / "predicted-best.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def change_predictions(folder):
    path = folder / "predicted-best.jsonl"
    path.write_bytes((folder / "predicted-last.jsonl").read_bytes())


def break_gold(folder):
    (folder / "gold.jsonl").write_text("{\n")


def lose_facts(folder):
    path = folder / "scores.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "repeated": [99]}))


@pytest.mark.parametrize("damage", [cut_scores, lose_predictions, cut_predictions, change_predictions, break_gold, lose_facts])
def test_a_damaged_outcome_is_named(folder, damage):
    damage(folder)
    assert outcome.is_kept(folder)
    with pytest.raises(RunError) as caught:
        outcome.read(folder)
    assert str(caught.value).startswith(f"{folder} is damaged (") and "\n" not in str(caught.value)


def test_what_is_known_of_pictures_is_kept_with_it(folder):
    assert outcome.read(folder).relatedness is None
    told = Relatedness(3, 2, 0.75, 0.5, -0.25)
    outcome.write(folder, replace(outcome.read(folder), relatedness=told))
    assert outcome.read(folder).relatedness == told


def test_without_scores_nothing_is_kept(tmp_path):
    assert not outcome.is_kept(tmp_path)
