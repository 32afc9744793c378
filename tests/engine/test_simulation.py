"""Learning curves: figures by hand, curves that are resumed, the command from end to end."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from engine import formats
from engine.__main__ import main
from engine.errors import InputError, RunError
from engine.mixture import Corpus
from engine.run import Run
from engine.simulation import drawing
from engine.simulation.curve import FULL, START, Curve, Plan, Point, curve_of, kept
from engine.simulation.drawing import draw, read_pool, start_of
from engine.simulation.figures import area, over_seeds, reach, summarise
from engine.simulation.making import simulate, usual
from engine.simulation.settings import CHARACTERS, TRAINING, SimulationConfig
from engine.systems import get
from engine.systems.contract import from_json
from engine.training import TrainingConfig
from tests.engine.tiny import OPTIONS, known


@pytest.fixture
def corpora(tmp_path):
    formats.write(known(16), tmp_path / "train.jsonl")
    formats.write(known(24)[16:], tmp_path / "dev.jsonl")
    return tmp_path / "train.jsonl", tmp_path / "dev.jsonl"


def planned(corpora, training=None, **settings):
    train, dev = ((Corpus(str(file)),) for file in corpora)
    short = {"epochs": 1, "head_rate": 0.01, "precision": "fp32", "batch_size": 8}
    chosen = {"start": 4, "batch": 3, "rounds": 2, "steps": 2, "passes": 2, "committee": 2} | settings
    return Plan(
        "bilstm-crf",
        from_json(get("bilstm-crf").Config, OPTIONS).to_json(),
        from_json(TrainingConfig, TRAINING | short | (training or {})).to_json(),
        SimulationConfig(**chosen),
        train,
        dev,
    )


def carried_out(curve, folder):
    run = Run.create(folder / curve.key, curve.plan())
    assert run.carry_out(draw).state == "done"
    return kept(curve, folder)


def rounds_of(curve, folder):
    files = sorted((folder / curve.key).glob("round-*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def point(number, sentences, f1):
    return Point(number, sentences, 10 * sentences, 2 * sentences, f1, f1, f1, 1.0)


CURVE = [point(0, 10, 0.2), point(1, 20, 0.6), point(2, 30, 0.8)]


# figures


def test_where_a_curve_reaches_an_f1():
    assert reach(CURVE, 0.4, "sentences") == pytest.approx(15)
    assert reach(CURVE, 0.7, "characters") == pytest.approx(250)
    assert reach(CURVE, 0.2, "sentences") == reach(CURVE, 0.1, "sentences") == 10
    assert reach(CURVE, 0.8, "entities") == pytest.approx(60)
    assert reach(CURVE, 0.81, "sentences") is None
    assert reach([point(0, 10, 0.9), point(1, 20, 0.5)], 0.8, "sentences") == 10


def test_the_area_is_the_mean_f1_on_the_way():
    assert area(CURVE, "sentences", 30) == pytest.approx((0.4 + 0.7) / 2)
    assert area(CURVE, "sentences", 25) == pytest.approx((0.4 * 10 + 0.65 * 5) / 15)
    assert area(CURVE, "sentences", 10) == pytest.approx(0.2)


def test_intervals_are_students():
    figure = over_seeds([0.5, 0.6, 0.7])
    half = 4.302652729749464 * 0.1 / np.sqrt(3)  # t(0.975, 2 degrees of freedom)
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.6, 0.6 - half, 0.6 + half))
    assert over_seeds([0.5]).low is None


def test_savings_are_against_random_with_the_same_seed():
    full = {1: point(0, 100, 0.8), 2: point(0, 100, 0.8)}
    slow = [point(0, 10, 0.2), point(1, 40, 0.76)]
    quick = [point(0, 10, 0.2), point(1, 20, 0.76)]
    never = [point(0, 10, 0.2), point(1, 20, 0.5)]
    random, ours = summarise({"random": {1: slow, 2: slow}, "mnlp": {1: quick, 2: never}}, full, "sentences")
    saving = ours.savings["sentences"]
    assert (saving.share.value, saving.reached, saving.bounded) == (pytest.approx(0.2), 1, 1)
    assert saving.saved.value == pytest.approx((0.5 + (1 - 100 / 40)) / 2)
    assert random.savings["sentences"].saved.value == pytest.approx(0) and random.savings["sentences"].reached == 2
    assert ours.area.value == pytest.approx((0.48 + 0.35) / 2) and random.area.low is not None
    *_, ahead = summarise({"random": {1: never, 2: never}, "mnlp": {1: quick, 2: never}}, full, "sentences")
    assert (ahead.savings["sentences"].saved.value, ahead.savings["sentences"].bounded) == (pytest.approx(1 - 20 / 20), 1)
    (blind,) = summarise({"mnlp": {1: never}}, {1: point(0, 100, 0.0)}, "sentences")
    assert blind.savings["sentences"].share.value is None and blind.savings["sentences"].reached == 0
    (lone,) = summarise({"mnlp": {1: never}}, full, "sentences")
    assert lone.savings["entities"].share.value is None and "is not reached" in lone.savings["entities"].share.reason


# curves


def test_a_curve_is_known_by_what_determines_it(corpora, tmp_path):
    plan = planned(corpora)
    curve = curve_of(plan, "mnlp", 1)
    run = Run.create(tmp_path / curve.key, curve.plan())
    assert Curve.of(run) == curve and curve.begun == curve_of(plan, START, 1).key
    more = planned(corpora, rounds=5)
    assert curve_of(more, "mnlp", 1).key != curve.key and curve_of(plan, "mnlp", 2).key != curve.key
    assert curve_of(more, START, 1).key == curve_of(plan, START, 1).key
    assert curve_of(planned(corpora, start=5), FULL, 1).key == curve_of(plan, FULL, 1).key
    moved = tmp_path / "moved.jsonl"
    os.replace(corpora[0], moved)
    assert curve_of(planned((moved, corpora[1])), "mnlp", 1).key == curve.key
    with pytest.raises(RunError, match="holds another curve"):
        Curve.of(Run.create(tmp_path / "elsewhere", curve.plan()))
    with pytest.raises(RunError, match="is not the folder of a curve"):
        Curve.of(Run.create(tmp_path / "empty", {}))


@pytest.mark.parametrize("strategy", ["random", "mnlp+k-centre", "vote-entropy", "bald"])
def test_a_curve_labels_more_in_each_round_and_nothing_twice(strategy, corpora, tmp_path):
    plan = planned(corpora)
    begun = curve_of(plan, START, 1)
    assert len(carried_out(begun, tmp_path).points) == 1
    curve = curve_of(plan, strategy, 1)
    drawn = carried_out(curve, tmp_path)
    assert [p.sentences for p in drawn.points] == [4, 7, 10] and [p.round for p in drawn.points] == [0, 1, 2]
    labelled = rounds_of(curve, tmp_path)[-1]["labelled"]
    assert len(set(labelled)) == 10 and labelled[:4] == rounds_of(begun, tmp_path)[0]["labelled"]
    pool = read_pool(curve)
    assert drawn.points[-1].characters == sum(len(pool[i]) for i in labelled)
    assert drawn.points[-1].entities == sum(len(pool[i].spans) for i in labelled)


@pytest.mark.parametrize("warm", [False, True])
def test_a_curve_that_was_interrupted_goes_on_and_comes_to_the_same(warm, corpora, tmp_path, monkeypatch):
    plan = planned(corpora, warm=warm)
    curve = curve_of(plan, "mnlp", 1)
    for folder in (tmp_path / "whole", tmp_path / "broken"):
        carried_out(curve_of(plan, START, 1), folder)
    carried_out(curve, tmp_path / "whole")
    run = Run.create(tmp_path / "broken" / curve.key, curve.plan())
    keep = drawing._Drawing._keep

    def die(self, done, system):
        if done.point.round == 2:
            raise RuntimeError("the power went")
        keep(self, done, system)

    with monkeypatch.context() as patch:
        patch.setattr(drawing._Drawing, "_keep", die)
        with pytest.raises(RuntimeError, match="the power went"):
            run.carry_out(draw)
    assert kept(curve, tmp_path / "broken") is None and len(rounds_of(curve, tmp_path / "broken")) == 2
    assert run.carry_out(draw).state == "done"
    whole, broken = (rounds_of(curve, tmp_path / name) for name in ("whole", "broken"))
    for ours, theirs in zip(whole, broken, strict=True):
        assert ours["labelled"] == theirs["labelled"]
        if not warm:  # what a warm one goes on from is kept with half the digits
            assert ours["point"]["f1"] == theirs["point"]["f1"]


def test_a_curve_that_is_asked_to_stop_stops(corpora, tmp_path):
    curve = curve_of(planned(corpora), FULL, 1)
    run = Run.create(tmp_path / curve.key, curve.plan())
    drawer = drawing._Drawing(run)
    run.cancel()
    assert drawer.carry_out() is False and kept(curve, tmp_path) is None


def test_a_pool_that_is_used_up_ends_the_curve(corpora, tmp_path):
    plan = planned(corpora, start=10, batch=5, rounds=4)
    carried_out(curve_of(plan, START, 1), tmp_path)
    drawn = carried_out(curve_of(plan, "random", 1), tmp_path)
    assert [p.sentences for p in drawn.points] == [10, 15, 16]


def test_what_a_curve_begins_with_has_to_be_there(corpora, tmp_path):
    curve = curve_of(planned(corpora), "mnlp", 1)
    carried_out(curve_of(planned(corpora), START, 2), tmp_path)
    run = Run.create(tmp_path / curve.key, curve.plan())
    with pytest.raises(RunError):
        run.carry_out(draw)


def test_the_start_is_drawn_by_the_seed_alone():
    pool = known(16)
    assert start_of(pool, 4, "sentences", 1) == start_of(pool, 4, "sentences", 1) != start_of(pool, 4, "sentences", 2)
    chosen = start_of(pool, 60, CHARACTERS, 1)
    sizes = [len(pool[i]) for i in chosen]
    assert sum(sizes) >= 60 > sum(sizes[:-1])
    with pytest.raises(InputError, match="16 documents available / 17 requested"):
        start_of(pool, 17, "sentences", 1)


def test_a_damaged_report_is_said_and_drawn_again(corpora, tmp_path):
    curve = curve_of(planned(corpora), START, 1)
    carried_out(curve, tmp_path)
    (tmp_path / curve.key / "report.json").write_text("{}", encoding="utf-8")
    told = []
    assert kept(curve, tmp_path, told.append) is None and "is damaged" in told[0]


# from end to end


def call(capsys, *arguments):
    try:
        status = main(["simulate", *map(str, arguments)])
    except SystemExit as left:
        status = left.code
    told = capsys.readouterr()
    return status, told.out, told.err


@pytest.mark.slow
def test_the_command_draws_reports_and_goes_on(corpora, tmp_path, capsys):
    train, dev = corpora
    small = [f"--set={name}={value}" for name, value in OPTIONS.items()]
    arguments = ["--train", train, "--dev", dev, "--strategies", "token-entropy", "--seeds", "1", "--rounds", "1"]
    arguments += ["--start", "4", "--batch", "4", "--steps", "2", "--system", "bilstm-crf", "--set", "epochs=1"]
    arguments += ["--set", "precision=fp32", *small, "--out", tmp_path / "out", "--threads", "1"]
    status, out, err = call(capsys, *arguments)
    assert status == 0, err
    assert "to choose from: 16 sentences" in out and "token-entropy" in out and "random" in out and "missing" not in out
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert [one["strategy"] for one in report["strategies"]] == ["random", "token-entropy"]
    assert [p["sentences"] for p in report["curves"]["token-entropy"]["1"]] == [4, 8]
    assert report["full"]["1"]["sentences"] == 16 and report["missing"] == []
    assert (tmp_path / "out" / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "out" / "curves.svg").read_bytes()
    assert "token-entropy, seed 1: done in" in err
    status, out, err = call(capsys, *arguments, "--kept", "--json")
    assert status == 0 and "done in" not in err and json.loads(out) == report
    status, out, _ = call(capsys, *arguments, "--seeds", "1,2", "--kept")
    assert status == 0 and "missing: random, seed 2: not done yet" in out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--strategies": "best"}, "there is no strategy 'best'"),
        ({"--start": "17"}, "16 documents available / 17 requested"),
        ({"--start": "0"}, "start: expected int from 1"),
        ({"--by": "words"}, "by: expected one of sentences, characters"),
        ({"--train": "nowhere.txt"}, "there is no file"),
        ({"--seeds": "one"}, "--seeds: expected numbers"),
        ({"--processes": "0"}, "--processes: expected a number from 1 on, got 0"),
        ({"--set": "seed=3"}, "seed: give --seeds"),
        ({"--set": "colour=red"}, "there is no option colour"),
        ({"--system": "gpt"}, "there is no system 'gpt'"),
    ],
)
def test_bad_input_is_refused(change, message, corpora, tmp_path, capsys):
    given = {"--train": corpora[0], "--dev": corpora[1], "--out": tmp_path / "out", "--start": 4, "--system": "bilstm-crf"}
    status, _, err = call(capsys, *(part for pair in (given | change).items() for part in pair))
    assert status == 2 and message in err and not (tmp_path / "out").exists()


def test_strategies_and_options_are_listed(capsys):
    status, out, _ = call(capsys, "--list")
    assert status == 0 and "k-centre" in out and "dropout passes" in out
    status, out, _ = call(capsys, "--list", "--json")
    assert {one["name"] for one in json.loads(out)} >= {"random", "bald"}
    status, out, _ = call(capsys, "--options")
    assert status == 0 and "simulation" in out and "committee" in out
    assert call(capsys)[0] == 2


def test_what_reads_text_alone_is_not_asked_for_its_modalities(corpora, tmp_path):
    plan = planned(corpora)
    assert "modality-disagreement" not in usual(plan) and "bald" in usual(plan)
    told = []
    report, failed = simulate(plan, ["modality-disagreement"], [1], tmp_path / "out", None, told.append)
    assert "chooses like random" in told[0] and not failed and len(report.missing) == 2
