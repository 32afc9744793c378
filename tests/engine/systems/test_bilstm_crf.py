import torch

from engine.document import Document, LabelSet
from engine.systems.bilstm_crf import BilstmCrf, BilstmCrfConfig
from tests.engine.systems.contract import SystemContract, pytest_generate_tests

__all__ = ["pytest_generate_tests"]

TINY = {"width": 32, "hidden": 32, "bigrams": 512, "bigram_width": 16, "dropout": 0.1}


class TestContract(SystemContract):
    kind = BilstmCrf
    configs = {
        "plain": TINY,
        "without bigrams": {**TINY, "bigrams": 0},
        "two layers": {**TINY, "layers": 2, "character_dropout": 0.0},
    }


def test_bigrams_tell_apart_what_characters_cannot():
    torch.manual_seed(1)
    config = BilstmCrfConfig(**TINY)
    system = BilstmCrf.build(config, LabelSet(("LOC",)), ["北京东京"] * 2).eval()
    first, second = (system.encode(system.collate([Document(text)])) for text in ("北京", "东京"))
    embedded = system.collate([Document("北京"), Document("东京")]).text.ids
    assert embedded[0, 1] == embedded[1, 1]
    assert not torch.allclose(first[:, 1], second[:, 1])
