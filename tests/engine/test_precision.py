import warnings

import pytest
import torch

from engine import tagger
from engine.document import LabelSet
from engine.errors import ConfigError
from engine.precision import choose, quantised
from engine.systems.bert_crf import BertCrf, BertCrfConfig
from engine.tagger import predict
from tests.engine.systems.contract import same
from tests.engine.tiny import known

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8", "auto"])
def test_the_answers_are_nearly_the_same_in_every_precision(tiny, precision):
    exact = [p.document for p in tagger.load(tiny.path, precision="fp32", device="cpu").predict(known())]
    model = tagger.load(tiny.path, precision=precision, device="cpu")
    rough = [p.document for p in model.predict(known())]
    alike = [same(a, b, 0.2) for a, b in zip(exact, rough, strict=True)]
    assert sum(alike) >= 0.9 * len(alike)
    assert (model.precision == precision) or precision == "auto"


def test_int8_serves_an_encoder_too():
    torch.manual_seed(1)
    system = BertCrf.build(BertCrfConfig(layers=1, width=64, lstm=32), LabelSet(("PER",)), [d.text for d in known()]).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small = quantised(system)
    before, after = (predict(one, known()[:4], explain=True) for one in (system, small))
    assert [len(p.evidence) for p in before] == [len(p.evidence) for p in after]
    with torch.inference_mode():
        batch = system.collate(known()[:4])
        moved = (system(batch).emissions - small(batch).emissions).abs().max()
    assert 0 < moved < 0.1


def test_a_precision_that_cannot_be_is_refused(tiny):
    with pytest.raises(ConfigError, match="precision: expected one of auto, fp32, bf16, int8, got 'half'"):
        tagger.load(tiny.path, precision="half")
    with pytest.raises(ConfigError, match="int8 is for the CPU"):
        choose("int8", torch.device("cuda"))


@pytest.mark.parametrize(
    ("instructions", "chosen"),
    [({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx512_bf16": False, "avx2": True}, "fp32"), ({}, "fp32")],
)
def test_auto_is_bf16_where_the_processor_has_instructions_for_it(monkeypatch, instructions, chosen):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: instructions)
    assert choose("auto", CPU) == chosen
    assert choose("fp32", CPU) == "fp32"
