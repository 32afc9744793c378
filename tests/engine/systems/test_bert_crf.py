import pytest
import torch

from engine import checkpoint
from engine.document import LabelSet
from engine.errors import ConfigError
from engine.modalities.text import CharacterVocabulary
from engine.systems.bert_crf import BertCrf, BertCrfConfig
from engine.tagger import predict
from tests.engine.systems.contract import SystemContract, lesson, pytest_generate_tests, same
from tests.engine.systems.encoder_folder import write_encoder

__all__ = ["pytest_generate_tests"]

TINY = {"layers": 1, "width": 64, "window": 64, "dropout": 0.0, "character_dropout": 0.0}


class TestContract(SystemContract):
    kind = BertCrf
    configs = {
        "plain": TINY,
        "with an LSTM": {**TINY, "lstm": 32},
        "with a further layer": {**TINY, "upper_layers": 1},
        "with dropout": {**TINY, "dropout": 0.1},
        "with bigrams": {**TINY, "bigrams": 512, "bigram_width": 16},
    }
    rate = 0.003


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def pretrained(folder):
    config = BertCrfConfig(encoder=str(folder), window=128)
    return BertCrf.build(config, LabelSet(("LOC", "PER")), []).eval()


def test_a_local_folder_serves_as_encoder(pretrained):
    assert pretrained.encoder.width == 32
    assert pretrained.window == 60  # 64 positions, less the marks
    assert len(predict(pretrained, lesson())) == 8


def test_no_parameter_of_a_pretrained_encoder_is_idle(pretrained):
    pretrained(pretrained.collate(lesson())).loss.backward()
    assert [name for name, parameter in pretrained.named_parameters() if parameter.grad is None] == []
    pretrained.zero_grad()


def test_the_checkpoint_needs_the_encoders_folder_no_more(pretrained, tmp_path):
    absent = BertCrfConfig(**{**pretrained.config.to_json(), "encoder": str(tmp_path / "gone")})
    pretrained.config, kept = absent, pretrained.config
    checkpoint.save(pretrained, tmp_path / "saved")
    pretrained.config = kept
    again = checkpoint.load(tmp_path / "saved")
    for ours, theirs in zip(predict(pretrained, lesson()), predict(again, lesson()), strict=True):
        assert same(ours.document, theirs.document, 0.01)


def test_an_unknown_encoder_is_a_matter_of_configuration(tmp_path):
    with pytest.raises(ConfigError, match="gone' cannot be loaded .*give a local folder"):
        BertCrf.build(BertCrfConfig(encoder=str(tmp_path / "gone")), LabelSet(("LOC",)), [])


def test_a_checkpoint_of_the_shape_that_small_encoders_had_in_0_1_0_still_loads(tmp_path):
    vocabulary = CharacterVocabulary.of(["王芳在杭州北京"], at_least=1)
    sizes = {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 64}
    shape = {"model_type": "bert", "vocab_size": vocabulary.size, "max_position_embeddings": 68, "type_vocab_size": 1, **sizes}
    old = BertCrf.restore(BertCrfConfig(**{**TINY, "dropout": 0.3}), LabelSet(("LOC",)), vocabulary, shape).eval()
    assert old.encoder.model.config.hidden_dropout_prob == 0.3
    checkpoint.save(old, tmp_path / "old")
    again = checkpoint.load(tmp_path / "old")
    for ours, theirs in zip(predict(old, lesson()), predict(again, lesson()), strict=True):
        assert same(ours.document, theirs.document, 0.02)


def test_two_parts_learn_at_two_rates():
    system = BertCrf.build(BertCrfConfig(**TINY, lstm=32), LabelSet(("LOC",)), [])
    names = {id(parameter): name for name, parameter in system.named_parameters()}
    assert all(names[id(parameter)].startswith("encoder.") for parameter in system.parts()["encoder"])
    assert not any(names[id(parameter)].startswith("encoder.") for parameter in system.parts()["head"])


def test_a_trained_checkpoints_encoder_is_a_start_for_another_system(pretrained, tmp_path):
    checkpoint.save(pretrained, tmp_path / "trained")
    started = BertCrf.build(BertCrfConfig(encoder=str(tmp_path / "trained"), lstm=16), LabelSet(("ORG",)), [])
    theirs = pretrained.encoder.state_dict()
    assert all(torch.allclose(tensor, theirs[name], atol=1e-3) for name, tensor in started.encoder.state_dict().items())
    assert started.vocabulary == pretrained.vocabulary


def test_a_checkpoint_without_an_encoder_or_a_damaged_one_is_refused(pretrained, tmp_path):
    folder = tmp_path / "bilstm"
    folder.mkdir()
    (folder / "config.json").write_text('{"system": "bilstm-crf", "shape": {}}')
    with pytest.raises(ConfigError, match="has no encoder to start from"):
        BertCrf.build(BertCrfConfig(encoder=str(folder)), LabelSet(("ORG",)), [])
    checkpoint.save(pretrained, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(ConfigError, match="cut' cannot be loaded .*fetch the checkpoint again"):
        BertCrf.build(BertCrfConfig(encoder=str(tmp_path / "cut")), LabelSet(("ORG",)), [])
