"""What is written with letters is read as the encoder's own word pieces; one that has some, of random weights, is made here."""

import itertools
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertConfig, BertModel, BertTokenizer

from engine import checkpoint
from engine.document import Document, LabelSet, Span
from engine.errors import ConfigError
from engine.layers.text_encoder import pretrained_encoder
from engine.layers.visual_prefix import Prefix, take_prefixes
from engine.modalities.text import CharacterVocabulary, TextFeatures, drop_characters, encode_text
from engine.systems.acn import Acn, AcnConfig
from engine.systems.bert_crf import BertCrf, BertCrfConfig
from engine.systems.dghc import Dghc, DghcConfig
from engine.systems.m3t import M3t, M3tConfig
from engine.tagger import predict
from tests.engine.systems.encoder_folder import write_encoder
from tests.engine.systems.picturing import drawn

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["apple", "berlin", "merkel", "mer", "##kel", "##lin", "##s", "2008", "##08", "20", "##ing", "пет", "##р"]


def write(folder, lowercase=False):
    """Save an encoder that has a piece of every two letters that follow each other, and return the folder."""
    pairs = [f"{mark}{a}{b}" for a, b in itertools.pairwise(LETTERS) for mark in ("", "##")]
    wide = [f"##{a}{a}" for a in LETTERS] + [f"{a}{a}" for a in LETTERS]
    single = [*LETTERS, *(f"##{letter}" for letter in LETTERS), *"0123456789,.@#", *([] if lowercase else LETTERS.upper())]
    han = [chr(0x4E00 + i) for i in range(1200)] + ["芳", "杭"]
    tokens = list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *single, *pairs, *wide, *WORDS, *han]))
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt"), do_lower_case=lowercase).save_pretrained(folder)
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(tokens), max_position_embeddings=96, **sizes)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(write(tmp_path_factory.mktemp("pieces")))


@pytest.fixture(scope="module")
def encoder(folder):
    return pretrained_encoder(folder, pieces=True).eval()


@pytest.fixture(scope="module")
def tokenizer(folder):
    return BertTokenizer.from_pretrained(folder)


def features(texts, vocabulary):
    return encode_text([Document(text) for text in texts], vocabulary)


def named(encoder, text):
    """Return what each character is read as, ``-`` where it goes on."""
    names = {index: piece for piece, index in {**encoder.vocabulary.indices, **encoder.vocabulary.pieces}.items()}
    names |= {encoder.vocabulary.continues: "-", encoder.vocabulary.unknown: "?"}
    return [names[index] for index in encoder.vocabulary.encode(text)]


def test_a_piece_stands_at_its_first_character(encoder):
    assert named(encoder, "一apples丁") == ["一", "apple", "-", "-", "-", "-", "##s", "丁"]
    assert named(encoder, "merkel在2008") == ["merkel", *"-----", "?", "2008", *"---"]
    assert named(encoder, "петр, ab") == ["пет", "-", "-", "##р", ",", "?", "ab", "-"]


def test_what_pieces_cannot_make_up_is_read_by_its_characters(encoder):
    assert named(encoder, "appleЖ") == [*"apple", "?"]
    assert named(encoder, "café") == [*"caf", "e"]  # no piece goes on with é: the letter without its mark
    assert named(encoder, "ａb") == ["a", "b"]
    assert named(encoder, "a" * 101) == ["a"] * 101


def test_a_word_of_an_uncased_encoder_is_read_without_case_and_marks(tmp_path):
    encoder = pretrained_encoder(str(write(tmp_path, lowercase=True)), pieces=True)
    assert named(encoder, "Ápple") == named(encoder, "apple") == ["apple", *"----"]
    assert named(encoder, "a\u0301pple") == ["apple", *"-----"]
    assert named(encoder, "\u0301一") == ["?", "一"]


TEXTS = st.lists(st.sampled_from([*"abkelmrins208,. @一丁芳éЖ𠮷", "merkel", "ing", "\u0301", "😀"]), max_size=16).map("".join)


@given(TEXTS)
def test_words_are_cut_as_the_encoders_own_tokenizer_cuts_them(encoder, tokenizer, text):
    found = encoder.vocabulary.encode(text)
    assert len(found) == len(text)
    assert not found or found[0] != encoder.vocabulary.continues
    told = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    for index, (start, end) in zip(told["input_ids"], told["offset_mapping"], strict=True):
        if index != tokenizer.unk_token_id and text[start:end].isascii():
            assert found[start:end] == [index, *[encoder.vocabulary.continues] * (end - start - 1)]


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_each_character_has_the_vector_of_its_piece_whatever_the_padding(encoder, texts):
    vocabulary = encoder.vocabulary
    text = features(texts, vocabulary)
    with torch.no_grad():
        marked = encoder.marked(text)
        assert marked.shape == (len(texts), text.ids.shape[1] + 2, 32)
        for row, one in enumerate(texts):
            ids = [index for index in vocabulary.encode(one) if index != vocabulary.continues]
            whole = torch.tensor([[vocabulary.begin, *ids, vocabulary.end]])
            vectors = encoder.model(input_ids=whole).last_hidden_state[0]
            places = torch.tensor([index != vocabulary.continues for index in vocabulary.encode(one)]).long().cumsum(0)
            expected = torch.cat((vectors[:1], vectors[places.long()], vectors[-1:]))
            assert torch.allclose(marked[row, : len(one) + 2], expected, atol=1e-5)
            assert torch.allclose(encoder(text)[row, : len(one)], expected[1:-1], atol=1e-5)


@given(st.text(alphabet="一丁芳，。 \n😀", max_size=12))
def test_chinese_alone_is_read_as_without_pieces(folder, encoder, text):
    plain = replace(encoder.vocabulary, pieces=None)
    assert encoder.vocabulary.encode(text) == plain.encode(text)
    with torch.no_grad():
        read = encoder(features([text], encoder.vocabulary))
    encoder.vocabulary, kept = plain, encoder.vocabulary
    try:
        with torch.no_grad():
            assert torch.allclose(read, encoder(features([text], plain)), atol=1e-6)
    finally:
        encoder.vocabulary = kept


def test_a_prefix_is_shared_by_the_characters_of_a_piece(folder):
    encoder = pretrained_encoder(folder, pieces=True).eval()
    layers = take_prefixes(encoder)
    text = features(["一merkel丁", "ab"], encoder.vocabulary)
    torch.manual_seed(1)
    vectors = tuple(torch.randn(2, 3, 32) for _ in range(layers))
    prefix = Prefix(vectors, vectors, torch.ones(2, 3, dtype=torch.bool), shares=[])
    with torch.no_grad():
        read = encoder(text, prefix=prefix)
    shares = encoder.spread(text, torch.stack(prefix.shares).mean(0))
    assert read.shape == (2, 8, 32) and shares.shape == (2, 10, 3)
    assert torch.equal(shares[0, 2], shares[0, 7]) and not torch.equal(shares[0, 1], shares[0, 2])
    assert torch.equal(shares[1, 1], shares[1, 2])


def test_a_piece_is_dropped_as_a_whole(encoder):
    vocabulary = encoder.vocabulary
    text = features(["一merkel丁"], vocabulary)
    dropped = drop_characters(text.ids, text.mask, vocabulary, 1.0)
    assert dropped.tolist() == [[vocabulary.unknown, vocabulary.unknown, *[vocabulary.continues] * 5, vocabulary.unknown]]
    with torch.no_grad():
        assert encoder(TextFeatures(dropped, text.mask)).isfinite().all()


LESSON = [
    Document("merkel在一丁", (Span(0, 6, "PER"), Span(7, 9, "LOC"))),
    Document("apples, berlin", (Span(8, 14, "LOC"),)),
    Document("", ()),
]


def test_a_system_that_reads_pieces_is_saved_and_loaded(folder, tmp_path):
    system = BertCrf.build(BertCrfConfig(encoder=folder, pieces=True, bigrams=64), LabelSet.of(LESSON), [])
    loss = system.train()(system.collate(LESSON)).loss
    assert loss.isfinite()
    loss.backward()
    before = predict(system.eval(), LESSON)
    checkpoint.save(system, tmp_path / "saved")
    again = checkpoint.load(tmp_path / "saved")
    assert again.config.pieces and again.vocabulary == system.vocabulary
    for ours, theirs in zip(before, predict(again.eval(), LESSON), strict=True):
        assert [span.key for span in ours.document.spans] == [span.key for span in theirs.document.spans]
    on_it = BertCrf.build(BertCrfConfig(encoder=str(tmp_path / "saved"), pieces=True), LabelSet.of(LESSON), [])
    assert on_it.vocabulary.pieces == system.vocabulary.pieces
    by_character = BertCrf.build(BertCrfConfig(encoder=str(tmp_path / "saved")), LabelSet.of(LESSON), [])
    assert by_character.vocabulary.pieces is None


def test_dghc_says_where_each_character_of_a_piece_looks(folder, tmp_path):
    document = replace(LESSON[0], images=(drawn(tmp_path, "red"),))
    system = Dghc.build(DghcConfig(encoder=folder, pieces=True, objects=False), LabelSet.of(LESSON), []).eval()
    (found,) = predict(system, [document], explain=True)
    (looks,) = [one for one in found.evidence if one.name == "region_attention"]
    values = looks.values[0]
    assert len(values) == len(document) and values[0] == values[5] != values[6]


def test_a_text_longer_than_a_window_is_read_in_pieces_too(folder):
    system = BertCrf.build(BertCrfConfig(encoder=folder, pieces=True, window=16), LabelSet.of(LESSON), []).eval()
    (found,) = predict(system, [Document("merkel apples 一丁" * 9)])
    assert all(span.end <= 9 * 16 for span in found.document.spans)


def test_a_vocabulary_without_pieces_is_written_as_before(tmp_path):
    CharacterVocabulary.of("一丁", at_least=1).save(tmp_path)
    assert "pieces" not in (tmp_path / "vocab.json").read_text(encoding="utf-8")
    assert CharacterVocabulary.load(tmp_path).pieces is None


def test_a_bilstm_reads_characters(folder):
    system = Acn.build(AcnConfig(encoder=folder, pieces=True, pictures="none"), LabelSet.of(LESSON), [])
    assert system.vocabulary.pieces is None and system.train()(system.collate(LESSON)).loss.isfinite()


def test_what_has_no_pieces_says_what_to_do(folder, tmp_path):
    labels = LabelSet(("PER",))
    for named in ("zh-char-small", str(write_encoder(tmp_path))):
        with pytest.raises(ConfigError, match="pieces: .* has no word pieces, it reads characters; leave pieces out, or name"):
            BertCrf.build(BertCrfConfig(encoder=named, pieces=True), labels, [])
    with pytest.raises(ConfigError, match="pieces: an encoder that is made here reads characters"):
        BertCrf.build(BertCrfConfig(pieces=True), labels, ["一"])
    with pytest.raises(ConfigError, match="pieces: the checkpoint '.*zh-general' reads characters"):
        BertCrf.build(BertCrfConfig(encoder="zh-general", pieces=True), labels, [])
    with pytest.raises(ConfigError, match="pieces: m3t finds each character in the speech"):
        M3t.build(M3tConfig(encoder=folder, pieces=True), labels, [])
