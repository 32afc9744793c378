import json
import unicodedata

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from engine.document import Document
from engine.errors import CheckpointError
from engine.modalities.text import SPECIAL, CharacterVocabulary, encode_text


@given(st.lists(st.text(max_size=20), max_size=5), st.text(max_size=20))
@example(["1A"], "¹Ａ①B")
@example(["O"], "Ò")
def test_every_character_has_one_index(texts, text):
    vocabulary = CharacterVocabulary.of(texts, at_least=1)
    ids = vocabulary.encode(text)
    assert len(ids) == len(text)
    assert all(0 <= index < vocabulary.size for index in ids)
    known = set("".join(texts))
    for index, character in zip(ids, text, strict=True):
        plain = unicodedata.normalize("NFKC", character)
        bare = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
        assert (index == vocabulary.unknown) == known.isdisjoint({character, plain, bare})


def test_frequent_characters_come_first_and_rare_ones_are_unknown():
    vocabulary = CharacterVocabulary.of(["甲乙甲", "乙甲丙"])
    assert vocabulary.indices == {"甲": len(SPECIAL), "乙": len(SPECIAL) + 1}
    assert vocabulary.encode("丙A\r") == [vocabulary.unknown] * 3
    assert vocabulary.size == len(SPECIAL) + 2


def test_astral_characters_are_one_unit_each():
    vocabulary = CharacterVocabulary.of(["𠮷😀"], at_least=1)
    assert len(vocabulary.encode("𠮷😀𠮷")) == 3
    assert vocabulary.unknown not in vocabulary.encode("𠮷😀")


@given(st.lists(st.text(max_size=12), max_size=5))
def test_a_saved_vocabulary_is_read_again(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("vocabulary")
    vocabulary = CharacterVocabulary.of(texts, at_least=1)
    vocabulary.save(folder)
    assert CharacterVocabulary.load(folder) == vocabulary


@given(st.lists(st.text(max_size=9), min_size=1, max_size=5))
def test_documents_are_padded_at_their_end(texts):
    vocabulary = CharacterVocabulary.of(texts, at_least=1)
    features = encode_text([Document(text) for text in texts], vocabulary)
    assert features.ids.shape == features.mask.shape == (len(texts), max(1, *map(len, texts), 0))
    assert features.mask.sum(1).tolist() == [len(text) for text in texts]
    assert features.ids.dtype is torch.long
    for row, text in enumerate(texts):
        assert features.ids[row, : len(text)].tolist() == vocabulary.encode(text)
        assert (features.ids[row, len(text) :] == vocabulary.pad).all()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"indices": {}, "size": 5, "colour": 1}',
        '{"indices": {"甲": 5}, "size": 5}',
        '{"indices": {"甲": "x"}, "size": 9}',
        '{"indices": [1], "size": 9}',
        '{"indices": {}, "size": 2}',
    ],
)
def test_a_damaged_vocabulary_is_refused(tmp_path, content):
    (tmp_path / "vocab.json").write_text(content, encoding="utf-8")
    with pytest.raises(CheckpointError, match="vocab.json cannot be read .*fetch the checkpoint again"):
        CharacterVocabulary.load(tmp_path)


def test_the_file_is_plain_ascii_json(tmp_path):
    CharacterVocabulary.of(["甲甲\u2028\u2028"]).save(tmp_path)
    content = (tmp_path / "vocab.json").read_bytes()
    assert content.isascii()
    assert set(json.loads(content)["indices"]) == {"甲", "\u2028"}
