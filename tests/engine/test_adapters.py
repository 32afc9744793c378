"""Low-rank adapters: what learns, what stays, and that a merged checkpoint is an ordinary one."""

import pytest
import torch

from engine import checkpoint
from engine.adapters import Adapters
from engine.document import Document, Span
from engine.errors import ConfigError
from engine.gate import read_gate
from engine.retraining import RetrainConfig, prepare, retrain
from engine.shipped import SHIPPED
from engine.systems.bert_crf import BertCrf, BertCrfConfig
from engine.tagger import predict
from tests.engine.test_quick_update import TAUGHT, small
from tests.engine.tiny import known, untrained

DOCUMENTS = [Document("王芳昨天到了杭州。"), Document("李雷在北京大学读书，韩梅梅在上海。")]


def shipped():
    """Return an untrained head on the shipped encoder."""
    from engine.document import LabelSet

    torch.manual_seed(1)
    return BertCrf.build(BertCrfConfig(encoder="zh-char-small"), LabelSet.of(known()), []).eval()


@pytest.mark.skipif(not (SHIPPED / "zh-char-small").is_dir(), reason="the encoder is not there")
def test_adapters_learn_the_encoder_stays_and_merging_changes_no_answer():
    system = shipped()
    plain = {name: tensor.clone() for name, tensor in system.state_dict().items()}
    adapters = Adapters(system, 4)
    before = {name: tensor.clone() for name, tensor in system.state_dict().items()}
    learning = [parameter for parameter in system.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=0.01)
    for _ in range(3):
        system.train()
        system(system.collate(known(4))).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    system.eval()
    after = system.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert {name for name in moved if name.startswith("encoder.")} == {name for name in before if "lora_" in name}
    assert any("lora_A" in name for name in moved) and "emit.weight" in moved
    unmerged, spans = system.represent(system.collate(DOCUMENTS)), predict(system, DOCUMENTS)
    adapters.merge()
    assert set(system.state_dict()) == set(plain)
    mask = system.collate(DOCUMENTS).text.mask
    assert torch.allclose(system.represent(system.collate(DOCUMENTS))[mask], unmerged[mask], atol=1e-4)
    assert [p.document.spans for p in predict(system, DOCUMENTS)] == [p.document.spans for p in spans]
    assert any(not torch.equal(plain[name], tensor) for name, tensor in system.state_dict().items() if "encoder" in name)


@pytest.mark.parametrize("depth", ["full", "quick"])
def test_a_retraining_with_adapters_leaves_an_ordinary_checkpoint(tmp_path, depth):
    parent = checkpoint.save(small(), tmp_path / "small", {})
    options = {"epochs": 20, "replay": 1, "hold_out": 0, "distillation": 0, "quick_distillation": 0, "head_rate": 0.01}
    config = RetrainConfig(**options, lora_rank=2, depth=depth, encoder_rate=1e-3, quick_rate=0.02)
    run = prepare(TAUGHT, parent, config, tmp_path / "run")
    assert run.carry_out(retrain).state == "done"
    before, after = (checkpoint.load(folder).state_dict() for folder in (parent.path, run.checkpoint))
    assert set(before) == set(after)
    matrices = {name for name in before if name.startswith("encoder.") and not torch.equal(before[name], after[name])}
    assert matrices and all(name.endswith(("Wqkv.weight", "Wo.weight", "Wi.weight")) for name in matrices)
    assert depth == "quick" or read_gate(run.folder).learned.after == 1.0


def test_without_a_transformer_there_is_nothing_to_adapt(tiny, tmp_path):
    with pytest.raises(ConfigError, match="has no Transformer encoder; leave lora_rank at 0"):
        Adapters(untrained(), 4)
    with pytest.raises(ConfigError, match="lora_rank"):
        prepare([Document("在杭州", (Span(1, 3, "LOC"),))], tiny, RetrainConfig(lora_rank=4), tmp_path / "run").carry_out(retrain)
