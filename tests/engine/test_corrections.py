"""Corrections that contradict each other, or overlap with what measures them."""

import pytest
import torch

from engine import checkpoint, formats
from engine.corrections import MAJORITY, NEWEST, REFUSE, check_apart, hold_out, resolve
from engine.document import Document, Span
from engine.errors import InputError
from engine.gate import read_gate
from engine.retraining import RetrainConfig, prepare, retrain

TEXT = "巴旦木小镇很安静。"
PLACE, FIRM = (Span(0, 5, "LOC"),), (Span(0, 5, "ORG"),)
QUICK = {"epochs": 6, "batch_size": 8, "encoder_rate": 0.01, "head_rate": 0.02, "replay": 2, "hold_out": 0}


def read(*spans, text=TEXT, **more):
    return Document(text, spans, **more)


SAID = [read(*PLACE), read(*PLACE), read(text="另一句。"), read(*FIRM)]


@pytest.mark.parametrize(("how", "kept"), [(NEWEST, (3,)), (MAJORITY, (0, 1))])
def test_a_contradiction_is_listed_and_decided(how, kept):
    learned, (found,) = resolve(SAID, how)
    assert (found.text, found.rows, found.kept) == (TEXT, (0, 1, 3), kept)
    assert found.readings == (PLACE, PLACE, FIRM)
    assert learned == [SAID[row] for row in sorted([*kept, 2])]
    assert found.to_json()["readings"][2] == [{"start": 0, "end": 5, "label": "ORG"}]


def test_of_equally_many_the_newest_counts():
    assert resolve([read(*PLACE), read(*FIRM)], MAJORITY)[1][0].kept == (1,)
    assert resolve([read(*FIRM), read(*PLACE), read(*PLACE), read(*FIRM)], MAJORITY)[1][0].kept == (0, 3)


def test_contradictions_can_be_refused_and_are_named():
    named = "1 texts are corrected .*\n.*row 0 says 巴旦木小镇=LOC\n(.*\n)*.*row 3 says 巴旦木小镇=ORG"
    with pytest.raises(InputError, match=named):
        resolve(SAID, REFUSE)
    assert resolve(SAID[:3], REFUSE) == (SAID[:3], [])


def test_other_pictures_other_readings_and_other_labels_are_no_contradiction():
    several = [
        read(*PLACE),
        read(*FIRM, images=("a.jpg",)),
        read(*FIRM, audio="a.flac"),
        read(*PLACE, annotated=("LOC",)),
        read(annotated=("PER",)),
    ]
    assert resolve(several, REFUSE) == (several, [])
    assert resolve([read(*PLACE), read(annotated=("LOC",))], NEWEST)[1][0].kept == (1,)


def test_what_is_dropped_is_neither_learned_nor_measured_with_and_stands_in_the_report(tiny, tmp_path):
    run = prepare(SAID, tiny, RetrainConfig(**{**QUICK, "epochs": 1}), tmp_path / "run")
    assert formats.read(run.folder / "corrections.jsonl", "jsonl") == SAID[2:]
    run.carry_out(retrain)
    (told,) = run.report()["contradictions"]
    assert (told["rows"], told["kept"]) == ([0, 1, 3], [3])
    with pytest.raises(InputError, match="contradict each other"):
        prepare(SAID, tiny, RetrainConfig(**QUICK, contradictions="refuse"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_text_is_held_out_with_all_its_corrections():
    many = [read(text=f"第{n}天。", audio=f"{copy}.flac") for n in range(10) for copy in range(3)]
    for seed in range(5):
        learned, aside = hold_out(many, 0.3, torch.Generator().manual_seed(seed))
        assert (len(learned), len(aside)) == (21, 9)
        assert not {document.text for document in learned} & {document.text for document in aside}
    assert hold_out(many[:12], 0.3, torch.Generator()) == (many[:12], [])


def test_an_overlap_is_refused_with_its_number_and_an_example():
    check_apart([read()], {"held-out part": [read(text="另一句。")]})
    with pytest.raises(InputError, match="1 texts of the held-out part are learned from too, e.g. '巴旦木小镇很安静。'"):
        check_apart(SAID, {"held-out part": [read(), read()]})


def test_a_protected_set_that_was_corrected_is_refused(tiny, tmp_path):
    formats.write([read(*PLACE), read(text="另一句。")], tmp_path / "test.jsonl")
    config = RetrainConfig(**QUICK, protected=str(tmp_path / "test.jsonl"))
    with pytest.raises(InputError, match="texts of the protected test set are learned from too"):
        prepare([read(*PLACE)], tiny, config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("part", ["held_out", "protected"])
def test_a_run_whose_parts_overlap_fails_before_it_learns(tiny, tmp_path, part):
    run = prepare([read(*PLACE)], tiny, RetrainConfig(**QUICK), tmp_path / "run")
    formats.write([read(*PLACE)], run.folder / f"{part}.jsonl")
    with pytest.raises(InputError, match="are learned from too"):
        run.carry_out(retrain)
    assert run.status().state == "failed" and not run.checkpoint.exists()


def test_what_is_measured_with_is_never_replayed_though_it_comes_twice(tiny, tmp_path):
    twice = [Document(f"第{n // 2}号仓库。") for n in range(40)]
    formats.write(twice, tmp_path / "own.jsonl")
    run = prepare([read(*PLACE)], tiny, RetrainConfig(**QUICK, replay_corpus=str(tmp_path / "own.jsonl")), tmp_path / "run")
    replayed, measured = (
        {document.text for document in formats.read(run.folder / f"{name}.jsonl", "jsonl")} for name in ("replay", "held_out")
    )
    assert replayed and measured and not replayed & measured


def test_one_document_alone_is_learned(tiny, tmp_path):
    run = prepare([read(*PLACE)], tiny, RetrainConfig(**{**QUICK, "hold_out": 0.5}), tmp_path / "run")
    assert run.carry_out(retrain).state == "done"
    learned = read_gate(run.folder).learned
    assert (learned.documents, learned.before, learned.after) == (1, 0.0, 1.0)


def test_a_label_never_seen_passes_the_gate_and_old_labels_keep_their_figures(tiny, tmp_path):
    new = [read(Span(0, 5, "TOWN")), read(Span(3, 8, "TOWN"), text="我们在巴旦木小镇住了两天。")]
    config = RetrainConfig(**{**QUICK, "epochs": 10, "encoder_rate": 0.005, "head_rate": 0.01})
    run = prepare(new, tiny, config, tmp_path / "run")
    run.carry_out(retrain)
    gate = read_gate(run.folder)
    assert checkpoint.verify(run.checkpoint).labels == (*tiny.labels, "TOWN")
    assert gate.verdict == "passed" and gate.learned.after == 1.0
    (held,) = gate.parts
    old = [row for row in held.types if row.before is not None]
    assert {row.type for row in old} <= set(tiny.labels) and held.micro.before.f1 > 0
    assert all(row.fall <= gate.margin for row in old if row.support)
