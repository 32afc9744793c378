import json

import pytest
import torch

from engine import checkpoint, formats, retraining
from engine.document import Document, LabelSet, Span
from engine.errors import ConfigError, InputError
from engine.retraining import RetrainConfig, prepare, rebuilt, retrain
from engine.tagger import predict
from tests.engine.tiny import known, untrained

TAUGHT = [
    Document("巴旦木小镇昨天开了夜市。", (Span(0, 5, "LOC"),)),
    Document("我们在巴旦木小镇住了两天。", (Span(3, 8, "LOC"),)),
    Document("他说巴旦木小镇很安静。", (Span(2, 7, "LOC"),)),
]
QUICK = {"epochs": 6, "batch_size": 8, "encoder_rate": 0.01, "head_rate": 0.02, "replay": 2, "hold_out": 0}


@pytest.fixture(scope="module")
def done(tiny, tmp_path_factory):
    """Return a retraining that taught one new place."""
    run = prepare(TAUGHT, tiny, RetrainConfig(**QUICK), tmp_path_factory.mktemp("runs") / "run")
    assert run.carry_out(retrain).state == "done"
    return run


def spans(system, document):
    (prediction,) = predict(system, [Document(document.text)])
    return [span.key for span in prediction.document.spans]


def test_a_correction_is_learned(tiny, done):
    before, after = checkpoint.load(tiny.path), checkpoint.load(done.checkpoint)
    for document in TAUGHT:
        gold = [span.key for span in document.spans]
        assert spans(before, document) != gold
        assert spans(after, document) == gold


def test_the_report_says_what_came_of_it(tiny, done):
    report = done.report()
    assert set(report) == {"held_out", "corrections", "contradictions", "gate", "parent", "seconds"}
    assert report["parent"] == {"name": "tiny", "digest": tiny.digest}
    assert report["corrections"] == {"documents": 3, "learned_before": 0.0, "learned_after": 1.0}
    assert set(report["held_out"]) == {"documents", "before", "after"}
    for when in ("before", "after"):
        assert set(report["held_out"][when]) == {"micro", "types"}
        assert set(report["held_out"][when]["micro"]) == {"precision", "recall", "f1"}
    assert report["seconds"] > 0
    json.dumps(report)


def test_the_parent_stays_as_it_was_and_is_named_in_the_card(tiny, done):
    assert checkpoint.verify(tiny.path) == tiny
    card = checkpoint.verify(done.checkpoint).card
    assert (card["parent"], card["parent_digest"]) == ("tiny", tiny.digest)


def test_the_run_holds_its_data(done):
    files = {name: formats.read(done.folder / f"{name}.jsonl", "jsonl") for name in ("corrections", "replay", "held_out")}
    assert files["corrections"] == TAUGHT
    texts = {name: {document.text for document in documents} for name, documents in files.items()}
    assert len(files["replay"]) >= 6 and files["held_out"]
    assert not texts["replay"] & texts["held_out"]
    assert {row["kind"] for row in done.events()} >= {"stage", "step", "epoch", "done"}


def test_one_seed_gives_one_result(tiny, tmp_path):
    new = [TAUGHT[0].with_spans([Span(0, 5, "GPE")])]
    digests = set()
    for name in ("first", "second"):
        run = prepare(new, tiny, RetrainConfig(**{**QUICK, "epochs": 1}), tmp_path / name)
        run.carry_out(retrain)
        digests.add(checkpoint.verify(run.checkpoint).digest)
    assert len(digests) == 1


def test_a_share_of_the_corrections_is_held_out_where_they_can_be_spared(tiny, tmp_path):
    many = [Document(f"第{n}天他在巴旦木小镇。", (Span(5 + len(str(n)) - 1, 10 + len(str(n)) - 1, "LOC"),)) for n in range(10)]
    for count, held in ((4, 0), (10, 3)):
        run = prepare(many[:count], tiny, RetrainConfig(**{**QUICK, "hold_out": 0.3}), tmp_path / str(count))
        learned = formats.read(run.folder / "corrections.jsonl", "jsonl")
        kept = [d for d in formats.read(run.folder / "held_out.jsonl", "jsonl") if d in many]
        assert (len(learned), len(kept)) == (count - held, held)
        assert {document.text for document in [*learned, *kept]} == {document.text for document in many[:count]}


def test_what_was_corrected_is_not_replayed_as_it_was(tiny, tmp_path):
    corrected = [document.with_spans(()) for document in known(10)]
    run = prepare(corrected, tiny, RetrainConfig(**QUICK), tmp_path / "run")
    texts = {document.text for document in corrected}
    for name in ("replay.jsonl", "held_out.jsonl"):
        assert not texts & {document.text for document in formats.read(run.folder / name, "jsonl")}


def test_a_corpus_of_ones_own_may_be_replayed(tiny, tmp_path):
    own = [Document(f"第{n}号仓库在杭州。", (Span(5 + len(str(n)), 7 + len(str(n)), "LOC"),)) for n in range(30)]
    formats.write(own, tmp_path / "own.jsonl")
    run = prepare(TAUGHT, tiny, RetrainConfig(**QUICK, replay_corpus=str(tmp_path / "own.jsonl")), tmp_path / "run")
    assert all(document in own for document in formats.read(run.folder / "replay.jsonl", "jsonl"))


def test_a_new_label_extends_the_system_and_keeps_what_it_knew(tiny):
    system = checkpoint.load(tiny.path)
    wider = rebuilt(system, LabelSet(("GPE", "PER")), {})
    assert wider.labels.names == (*tiny.labels, "GPE")
    kept = len(system.tags)
    assert wider.tags.names[:kept] == system.tags.names
    mine, theirs = wider.state_dict(), system.state_dict()
    for name, tensor in theirs.items():
        rows = mine[name][tuple(slice(0, size) for size in tensor.shape)]
        assert torch.equal(rows, tensor), name


def test_without_anything_new_the_system_is_the_same_one(tiny):
    system = checkpoint.load(tiny.path)
    assert rebuilt(system, LabelSet(("PER",)), {}) is system


def test_a_new_label_is_learned(tiny, tmp_path):
    new = [document.with_spans([Span(s.start, s.end, "TOWN") for s in document.spans]) for document in TAUGHT]
    run = prepare(new, tiny, RetrainConfig(**{**QUICK, "epochs": 10}), tmp_path / "run")
    run.carry_out(retrain)
    assert checkpoint.verify(run.checkpoint).labels == (*tiny.labels, "TOWN")
    assert run.report()["corrections"]["learned_after"] == 1.0
    assert "TOWN" not in run.report()["held_out"]["after"]["types"]


def test_a_nested_system_learns_a_nesting_and_a_flat_one_does_not(tmp_path):
    school = [Span(3, 7, "ORG"), Span(3, 5, "LOC")]
    seen = [Document("他在北京大学读书", (Span(2, 6, "ORG"), Span(2, 4, "LOC")))]
    taught = [Document("我们在江岸小学开会", tuple([*school, Span(3, 4, "PER")])), Document("王江住在江岸", (Span(0, 2, "PER"),))]
    for structure, nestings in (("nested", (("ORG", "LOC"), ("ORG", "LOC", "PER"))), ("flat", ())):
        parent = checkpoint.save(untrained(seen, structure=structure), tmp_path / structure)
        run = prepare(
            taught, parent, RetrainConfig(**{**QUICK, "epochs": 40, "replay": 0, "share": 1}), tmp_path / f"{structure}-run"
        )
        assert run.carry_out(retrain).state == "done"
        after = checkpoint.load(run.checkpoint)
        assert after.labels == LabelSet(("LOC", "ORG", "PER"), nestings)
        assert run.report()["corrections"]["learned_after"] == 1.0
        assert len(spans(after, taught[0])) == (3 if structure == "nested" else 1)


def test_a_request_to_stop_is_honoured(tiny, tmp_path):
    run = prepare(TAUGHT, tiny, RetrainConfig(**QUICK), tmp_path / "run")
    run.cancel()
    assert run.carry_out(retrain).state == "cancelled"
    assert run.report() is None and not run.checkpoint.exists()


def test_free_options_may_change_and_structural_ones_may_not(tiny, tmp_path):
    run = prepare(TAUGHT, tiny, RetrainConfig(**{**QUICK, "epochs": 1}), tmp_path / "run", {"dropout": 0.3})
    run.carry_out(retrain)
    assert checkpoint.load(run.checkpoint).config.dropout == 0.3
    for values in ({"width": 64}, {"colour": "red"}):
        with pytest.raises(ConfigError, match="a trained bilstm-crf can change only"):
            prepare(TAUGHT, tiny, RetrainConfig(**QUICK), tmp_path / "other", values)
    with pytest.raises(ConfigError, match="dropout: expected float from 0 to 0.9, got 2"):
        prepare(TAUGHT, tiny, RetrainConfig(**QUICK), tmp_path / "other", {"dropout": 2})
    assert not (tmp_path / "other").exists()


def test_without_corrections_there_is_nothing_to_learn(tiny, tmp_path):
    with pytest.raises(InputError, match="there is no correction to learn from"):
        prepare([], tiny, RetrainConfig(), tmp_path / "run")


def test_every_option_is_bounded():
    free = {"replay_corpus", "protected", "pool"}
    for option in retraining.options(RetrainConfig):
        assert option.name in free or option.choices or None not in (option.minimum, option.maximum)
        assert option.help == f"retrain.{option.name}.help"
