"""Chosen documents against control ones: equally many of either, the same judge, intervals over seeds."""

from __future__ import annotations

import json

import pytest

from engine import formats
from engine.__main__ import main
from engine.errors import InputError
from engine.evaluation.agreement.resampling import Figure
from engine.run import Run
from engine.simulation import arms
from engine.simulation.arms import CHOSEN, CONTROL, HELD_OUT, ArmsConfig, Compared, Trained, draw_arms, prepare_arms
from tests.engine.tiny import OPTIONS, known

SHORT = {"epochs": 1, "head_rate": 0.01, "precision": "fp32", "batch_size": 8}
CONFIG = ArmsConfig(sizes=2, seeds=2, steps=2)


@pytest.fixture
def parts():
    documents = known(40)
    return {CHOSEN: documents[:12], CONTROL: documents[12:22], HELD_OUT: documents[22:32]}


def prepared(parts, folder):
    return prepare_arms(parts, folder, CONFIG, "bilstm-crf", OPTIONS, SHORT)


def test_equally_many_of_either_are_learned_from_and_judged_alike(parts, tmp_path, monkeypatch):
    seen, judge = [], arms.judge
    monkeypatch.setattr(arms, "judge", lambda system, dev, precision: (seen.append(list(dev)), judge(system, dev, precision))[1])
    run = prepared(parts, tmp_path / "run")
    assert run.carry_out(draw_arms).state == "done"
    compared = Compared.from_json(run.report())
    assert [(t.arm, t.seed, t.documents) for t in compared.trained] == [
        (arm, seed, size) for seed in (1, 2) for arm in (CHOSEN, CONTROL) for size in (5, 10)
    ]
    assert seen == [parts[HELD_OUT]] * 8 and compared.held_out == 10 and compared.sizes == [5, 10]
    assert run.status().step == run.status().steps == 800
    again = prepared(parts, tmp_path / "again")
    again.carry_out(draw_arms)
    assert [t.f1 for t in Compared.from_json(again.report()).trained] == [t.f1 for t in compared.trained]


def test_what_was_interrupted_goes_on_and_a_request_to_stop_is_honoured(parts, tmp_path, monkeypatch):
    run, fit, count = prepared(parts, tmp_path / "run"), arms.fit, []

    def interrupted(*given, **named):
        count.append(1)
        if len(count) == 4:
            raise KeyboardInterrupt
        return fit(*given, **named)

    monkeypatch.setattr(arms, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.carry_out(draw_arms)
    run = Run(run.folder)
    run.cancel()
    (run.folder / "status.json").write_text(json.dumps({"state": "queued"}))
    assert run.carry_out(draw_arms).state == "cancelled" and run.report() is None
    assert run.carry_out(draw_arms).state == "done"
    assert len(count) == 3 + 1 + 1 + 5 and len(run.report()["trained"]) == 8


def test_the_intervals_are_students_and_the_difference_is_that_of_each_seed():
    f1 = {(CHOSEN, 1): 0.5, (CHOSEN, 2): 0.7, (CONTROL, 1): 0.4, (CONTROL, 2): 0.6}
    compared = Compared(tuple(Trained(arm, seed, 10, 100, 20, value, 1.0) for (arm, seed), value in f1.items()), 9, "bert-crf")
    ((size, chosen),) = compared.curve(CHOSEN)
    assert (size, chosen.value) == (10, pytest.approx(0.6))
    assert (chosen.low, chosen.high) == (pytest.approx(0.6 - 12.7062 * 0.1), pytest.approx(0.6 + 12.7062 * 0.1))
    assert compared.difference(10) == Figure(*[pytest.approx(0.1)] * 3)
    assert Compared.from_json(json.loads(json.dumps(compared.to_json()))) == compared


def test_too_few_or_overlapping_documents_are_refused(parts, tmp_path):
    for part in parts:
        with pytest.raises(InputError, match=f"7 documents available / 8 needed of the part {part}"):
            prepared({**parts, part: parts[part][:7]}, tmp_path / "run")
    with pytest.raises(InputError, match="learned from too"):
        prepared({**parts, HELD_OUT: parts[CHOSEN]}, tmp_path / "run")
    with pytest.raises(InputError, match="no entity"):
        prepared({**parts, HELD_OUT: [d.with_spans(()) for d in parts[HELD_OUT]]}, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_command_prints_both_curves(parts, tmp_path, capsys):
    for part, documents in parts.items():
        formats.write(documents, tmp_path / f"{part}.jsonl")
    said = ["simulate", "--chosen", f"{tmp_path}/chosen.jsonl", "--control", f"{tmp_path}/control.jsonl"]
    options = [f"{name}={value}" for name, value in {**OPTIONS, **SHORT}.items()]
    said += ["--system", "bilstm-crf", "--seeds", "1,2", "--sizes", "2", "--steps", "2", "--out", str(tmp_path / "out")]
    said += [word for each in options for word in ("--set", each)]
    assert main([*said, "--dev", f"{tmp_path}/held_out.jsonl"]) == 0
    out = capsys.readouterr().out
    assert "chosen above control" in out and "judged by 10 documents" in out
    assert main(said) == 2
