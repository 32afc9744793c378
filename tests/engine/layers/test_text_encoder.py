import os
import socket

import pytest
import torch

from engine.document import Document
from engine.errors import ConfigError
from engine.layers.text_encoder import encoder_settings, pretrained_encoder, restored_encoder, small_encoder
from engine.modalities.text import CharacterVocabulary, TextFeatures, character_tokenizer, encode_text
from tests.engine.systems.encoder_folder import write_encoder

TEXTS = ["王芳在杭州", "", "北京", "𠮷😀"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a test asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def vocabulary():
    return CharacterVocabulary.of("王芳在杭州北京", at_least=1)


@pytest.fixture
def small(vocabulary):
    torch.manual_seed(1)
    return small_encoder(vocabulary, layers=1, width=64, dropout=0.1, longest=20).eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.mark.parametrize(("own", "expected"), [(0.0, 0.3), (0.1, 0.1)])
def test_an_encoder_without_dropout_is_given_one_and_any_other_keeps_its_own(small, tmp_path, own, expected):
    config = small.model.config
    config.embedding_dropout = config.mlp_dropout = config.attention_dropout = own
    small.model.save_pretrained(tmp_path)
    character_tokenizer([chr(0x4E00 + i) for i in range(1200)]).save_pretrained(tmp_path)
    small.model.resize_token_embeddings(2000)
    small.model.save_pretrained(tmp_path)
    loaded = pretrained_encoder(str(tmp_path), dropout=0.3).model
    assert loaded.config.attention_dropout == expected
    assert {module.p for module in loaded.modules() if isinstance(module, torch.nn.Dropout)} == {expected}


def features(texts, vocabulary):
    return encode_text([Document(text) for text in texts], vocabulary)


def test_each_character_has_a_vector(small, vocabulary):
    assert small(features(TEXTS, vocabulary)).shape == (4, 5, small.width)
    assert small.width == 64


def test_a_sentence_stands_between_its_marks(small, vocabulary):
    ids, mask = small._mark(features(["北京", ""], vocabulary))
    north, capital = vocabulary.encode("北京")
    assert ids.tolist() == [[2, north, capital, 3], [2, 3, 0, 0]]
    assert mask.tolist() == [[True] * 4, [True, True, False, False]]


def test_marking_leaves_the_features_as_they_were(small, vocabulary):
    text = features(["北京", "在"], vocabulary)
    before = text.ids.clone()
    small(text)
    assert torch.equal(text.ids, before)


def test_padding_does_not_alter_the_encoding(small, vocabulary):
    together = small(features(TEXTS, vocabulary))
    for row, text in enumerate(TEXTS):
        alone = small(features([text], vocabulary))[0, : len(text)]
        assert torch.allclose(together[row, : len(text)], alone, atol=1e-5)


def test_what_stands_under_the_padding_does_not_matter(small, vocabulary):
    text = features(["王芳在杭州", "北京"], vocabulary)
    ids = text.ids.clone()
    ids[~text.mask] = 7
    assert torch.allclose(small(TextFeatures(ids, text.mask))[1, :2], small(text)[1, :2], atol=1e-5)


def test_the_longest_sentence_fits_with_its_marks(small, vocabulary):
    assert small.longest == 20
    assert small(features(["在" * 20], vocabulary)).shape[1] == 20


def test_an_encoder_is_made_again_from_its_settings(small, vocabulary):
    again = restored_encoder(encoder_settings(small), vocabulary)
    again.load_state_dict(small.state_dict())
    text = features(TEXTS, vocabulary)
    assert torch.equal(again.eval()(text), small(text))


def test_a_local_folder_is_read_without_its_pooler(folder):
    encoder = pretrained_encoder(str(folder))
    assert not [name for name in encoder.state_dict() if "pooler" in name]
    again = restored_encoder(encoder_settings(encoder), encoder.vocabulary)
    assert again.state_dict().keys() == encoder.state_dict().keys()
    assert str(folder) not in str(encoder_settings(encoder))


def test_a_tokenizers_single_characters_keep_their_indices(folder):
    vocabulary = pretrained_encoder(str(folder)).vocabulary
    tokens = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert vocabulary.encode("一a。") == [tokens.index(token) for token in "一a。"]
    assert vocabulary.size == len(tokens)
    assert (vocabulary.pad, vocabulary.unknown, vocabulary.begin, vocabulary.end) == (0, 2, 3, 4)
    assert "the" not in vocabulary.indices and vocabulary.encode("龘") == [2]


def test_an_uncased_tokenizers_characters_are_looked_up_in_lower_case(folder):
    vocabulary = pretrained_encoder(str(folder)).vocabulary
    assert vocabulary.lowercase
    assert vocabulary.encode("AİЖ") == [vocabulary.indices["a"], vocabulary.indices["i"], vocabulary.unknown]


def test_half_precision_weights_are_trained_in_full(tmp_path):
    encoder = pretrained_encoder(str(write_encoder(tmp_path, dtype=torch.float16)))
    assert {parameter.dtype for parameter in encoder.parameters()} == {torch.float32}


def test_a_tokenizer_without_chinese_characters_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="fewer than 1,000 Chinese characters .*character vocabulary"):
        pretrained_encoder(str(write_encoder(tmp_path, han=900)))


@pytest.mark.parametrize("damage", ["absent", "empty", "cut", "pickled"])
def test_what_cannot_be_loaded_is_told_with_what_to_do(tmp_path, damage):
    folder = tmp_path / "encoder"
    if damage != "absent":
        folder.mkdir()
    if damage in ("cut", "pickled"):
        write_encoder(folder)
        weights = folder / "model.safetensors"
        if damage == "cut":
            os.truncate(weights, 1000)
        else:
            weights.rename(folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"encoder' cannot be loaded .*; give a local folder with safetensors weights") as told:
        pretrained_encoder(str(folder))
    assert "\n" not in str(told.value)


def test_a_model_type_of_the_future_is_told(vocabulary):
    with pytest.raises(ConfigError, match="'telepathy' is not known to the installed transformers"):
        restored_encoder({"model_type": "telepathy"}, vocabulary)
