import pytest
import torch

from engine import checkpoint
from engine.document import LabelSet
from engine.errors import ConfigError
from engine.modalities.text import CharacterVocabulary
from engine.systems.bert_crf import BertCrf, BertCrfConfig
from engine.tagger import predict
from engine.training import TrainingConfig, fit
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


class TestFrozen:
    """The bottom layers, and the embeddings below them, do not learn; what is above does."""

    def moved(self, frozen, **options):
        torch.manual_seed(1)
        config = BertCrfConfig(**{**TINY, "layers": 3, "frozen": frozen, **options})
        system = BertCrf.build(config, LabelSet.of(lesson()), [document.text for document in lesson()])
        before = {name: tensor.clone() for name, tensor in system.named_parameters()}
        rates = {"encoder_rate": 0.01, "head_rate": 0.01, "weight_decay": 0.5, "precision": "fp32", "keep": "last"}
        fit(system, lesson(), lesson(), TrainingConfig(epochs=1, batch_size=8, **rates))
        return {name for name, tensor in system.named_parameters() if not torch.equal(tensor, before[name])}, set(before)

    def test_nothing_is_frozen_unless_it_is_asked_for(self):
        moved, every = self.moved(0)
        assert moved == every

    @pytest.mark.parametrize("frozen", [1, 3])
    def test_what_is_below_stays(self, frozen):
        moved, every = self.moved(frozen)
        below = ("encoder.model.embeddings", *(f"encoder.model.layers.{i}." for i in range(frozen)))
        still = {name for name in every if name.startswith(below)}
        assert moved == every - still and still

    def test_a_training_that_is_frozen_goes_on_after_a_stop(self, tmp_path):
        def train(folder, stop):
            torch.manual_seed(1)
            system = BertCrf.build(BertCrfConfig(**{**TINY, "layers": 2, "frozen": 1}), LabelSet.of(lesson()), ["王" * 2])
            config = TrainingConfig(epochs=2, batch_size=4, precision="fp32", keep="last")
            steps = iter(range(9))
            return system, fit(system, lesson(), lesson(), config, folder=folder, should_stop=lambda: next(steps) == stop)

        assert train(tmp_path / "a", 3)[1].stopped
        (gone_on, _), (straight, _) = train(tmp_path / "a", -1), train(tmp_path / "b", -1)
        assert all(torch.equal(tensor, straight.state_dict()[name]) for name, tensor in gone_on.state_dict().items())

    def test_a_folder_of_the_bert_kind_is_frozen_too(self, folder):
        system = BertCrf.build(BertCrfConfig(encoder=str(folder), frozen=1), LabelSet(("LOC",)), [])
        assert system.parts()["encoder"] == []
        assert not any(parameter.requires_grad for parameter in system.encoder.parameters())
        with pytest.raises(ConfigError, match="frozen: 2 layers cannot be frozen, the encoder has 1"):
            BertCrf.build(BertCrfConfig(encoder=str(folder), frozen=2), LabelSet(("LOC",)), [])
