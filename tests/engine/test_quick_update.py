"""A quick update: what learns, what stays, and that the encoder computes each text once."""

import pytest
import torch

from engine import checkpoint
from engine.document import Document, LabelSet, Span
from engine.gate import read_gate
from engine.layers.text_encoder import TextEncoder
from engine.quick_update import freeze_below, remembering
from engine.retraining import RetrainConfig, prepare, retrain
from engine.systems.bert_crf import BertCrf, BertCrfConfig
from engine.tagger import predict
from tests.engine.tiny import known, untrained

TAUGHT = [
    Document("巴旦木小镇昨天开了夜市。", (Span(0, 5, "LOC"),)),
    Document("我们在巴旦木小镇住了两天。", (Span(3, 8, "LOC"),)),
]
OPTIONS = {"depth": "quick", "epochs": 20, "replay": 1, "hold_out": 0, "quick_distillation": 1, "quick_rate": 0.02}


def small():
    """Return an untrained system on a small Transformer."""
    torch.manual_seed(1)
    config = BertCrfConfig(layers=1, width=64, bigrams=512, bigram_width=16, window=64, character_dropout=0)
    return BertCrf.build(config, LabelSet.of(known()), [document.text for document in known()] * 2).eval()


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    return checkpoint.save(small(), tmp_path_factory.mktemp("parents") / "small", {})


def test_the_encoder_stays_as_it_was_and_the_table_of_bigrams_learns(parent, tmp_path):
    run = prepare(TAUGHT, parent, RetrainConfig(**OPTIONS), tmp_path / "run")
    assert run.carry_out(retrain).state == "done"
    before, after = (checkpoint.load(folder).state_dict() for folder in (parent.path, run.checkpoint))
    assert all(torch.equal(before[name], after[name]) for name in before if name.startswith("encoder."))
    assert not torch.equal(before["bigrams.weight"], after["bigrams.weight"])
    assert torch.equal(before["emit.weight"], after["emit.weight"])


def test_without_an_encoder_the_layers_nearest_the_output_learn(tiny, tmp_path):
    run = prepare(TAUGHT, tiny, RetrainConfig(**OPTIONS), tmp_path / "run")
    assert run.carry_out(retrain).state == "done"
    before, after = (checkpoint.load(folder).state_dict() for folder in (tiny.path, run.checkpoint))
    same = {name.split(".")[0] for name in before if torch.equal(before[name], after[name])}
    assert {"characters", "bigrams"} <= same and not {"emit", "bilstm"} & same
    assert read_gate(run.folder).learned.after == 1.0


def test_each_text_is_computed_once_and_comes_out_the_same(monkeypatch):
    system, other = small(), small()
    freeze_below(system)
    documents = [Document("王芳昨天到了杭州。"), Document("李雷"), Document(""), Document("王芳昨天到了杭州。")]
    alone = system.represent(system.collate(documents))
    computed = []
    forward = TextEncoder.forward

    def counted(self, text, **attention):
        computed.append(len(text.ids))
        return forward(self, text, **attention)

    monkeypatch.setattr(TextEncoder, "forward", counted)
    with remembering(system, other):
        mask = system.collate(documents).text.mask
        assert torch.allclose(system.represent(system.collate(documents))[mask], alone[mask], atol=1e-5)
        predict(other, documents)  # of the same encoder
        batch = system.train().collate(TAUGHT)
        for _ in range(3):
            system(batch).loss.backward()
    assert sum(computed) == 3 + len(TAUGHT)
    assert system.bigrams.weight.grad is not None and not any(p.grad is not None for p in system.encoder.parameters())
    computed.clear()
    system.eval().represent(system.collate(documents))
    assert sum(computed) == len(documents)


def test_an_encoder_that_learns_is_not_remembered(monkeypatch):
    system = small()
    with remembering(system, system):
        first = system.represent(system.collate(TAUGHT))
        with torch.no_grad():
            next(system.encoder.parameters()).mul_(2)
        assert not torch.equal(first, system.represent(system.collate(TAUGHT)))


def test_freezing_leaves_a_system_of_embeddings_something_to_learn():
    system = untrained()
    freeze_below(system)
    learning = {name.split(".")[0] for name, parameter in system.named_parameters() if parameter.requires_grad}
    assert learning == {"bilstm", "emit", "crf"}


def test_new_labels_open_the_whole_head():
    system = small()
    freeze_below(system, labels_are_new=True)
    learning = {name.split(".")[0] for name, parameter in system.named_parameters() if parameter.requires_grad}
    assert learning == {"bigrams", "emit", "crf"}


def test_a_label_never_seen_is_learned_quickly(parent, tmp_path):
    new = [document.with_spans([Span(s.start, s.end, "TOWN") for s in document.spans]) for document in TAUGHT]
    run = prepare(new, parent, RetrainConfig(**OPTIONS), tmp_path / "run")
    run.carry_out(retrain)
    assert read_gate(run.folder).learned.after == 1.0
