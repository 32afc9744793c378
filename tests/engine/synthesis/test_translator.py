"""The real path through transformers, with tiny models of random weights: what they say is rubbish, how they are used is not."""

import json
import socket

import pytest

from engine import formats
from engine.__main__ import main
from engine.document import Document, Span
from engine.errors import ConfigError
from engine.synthesis.translator import PretrainedTranslator
from tests.engine.synthesis.translator_folder import write_marian, write_nllb
from tests.engine.systems.encoder_folder import write_encoder


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a test asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def nllb(tmp_path_factory):
    return str(write_nllb(tmp_path_factory.mktemp("nllb")))


@pytest.fixture(scope="module")
def marian(tmp_path_factory):
    return str(write_marian(tmp_path_factory.mktemp("marian")))


def generated(translator, monkeypatch, text):
    """Return what a translator's model is asked with, and what it says, both with their marks."""
    calls = []
    generate = translator.model.generate

    def watch(**settings):
        made = generate(**settings)
        calls.append((settings, made))
        return made

    monkeypatch.setattr(translator.model, "generate", watch)
    translator.translate([text])
    ((settings, made),) = calls
    decode = translator.tokenizer.convert_ids_to_tokens
    return decode(settings["input_ids"][0].tolist()), decode(made[0].tolist()), settings


def test_a_model_for_many_languages_is_told_which(nllb, monkeypatch):
    given, said, settings = generated(PretrainedTranslator(nllb, "en", "zh", beams=2, device="cpu"), monkeypatch, "abc")
    assert given[0] == "eng_Latn" and given[-1] == "</s>"
    assert said[1] == "zho_Hans" and settings["num_beams"] == 2
    given, said, _ = generated(PretrainedTranslator(nllb, "zho_Hans", "eng_Latn", device="cpu"), monkeypatch, "北京")
    assert (given[0], said[1]) == ("zho_Hans", "eng_Latn")


def test_a_model_for_one_pair_is_told_nothing(marian, monkeypatch):
    given, _, settings = generated(PretrainedTranslator(marian, "en", "zh", device="cpu"), monkeypatch, "abc")
    assert given == ["▁", "a", "b", "c", "</s>"] and "forced_bos_token_id" not in settings


@pytest.mark.parametrize("kind", ["nllb", "marian"])
def test_the_batch_does_not_alter_a_translation(kind, request):
    translator = PretrainedTranslator(request.getfixturevalue(kind), "en", "zh", beams=1, device="cpu")
    texts = ["abc", "a", "SPAN1 in SPAN2", *(f"{letter} .," for letter in "abcdefghijklmnopq"), "abc"]
    together = translator.translate(texts)
    assert together == [translator.translate([text])[0] for text in texts] and together[0] == together[-1]


def test_a_text_longer_than_the_model_takes_is_not_cut(nllb):
    translator = PretrainedTranslator(nllb, "en", "zh", beams=1, device="cpu")
    assert translator.longest == 24
    found = translator.translate(["a" * 40, "a"])
    assert found[0] is None and isinstance(found[1], str)


def test_what_determines_a_translation_is_said(nllb, marian):
    one, other = (PretrainedTranslator(name, "en", "zh", device="cpu").described for name in (nllb, marian))
    assert one["weights"] != other["weights"] and (one["type"], other["type"]) == ("m2m_100", "marian")
    assert (one["from"], one["to"], one["beams"]) == ("en", "zh", 4)


def test_what_cannot_be_loaded_says_what_to_do(nllb, tmp_path):
    with pytest.raises(ConfigError, match=r"the translator '.*none' cannot be loaded .*; give a local folder of a translation"):
        PretrainedTranslator(str(tmp_path / "none"), "en", "zh")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        PretrainedTranslator(str(write_encoder(tmp_path)), "en", "zh")
    with pytest.raises(ConfigError, match="knows no language 'fr'; it knows eng_Latn, zho_Hans"):
        PretrainedTranslator(nllb, "en", "fr")
    with pytest.raises(ConfigError, match="knows no language 'a'"):  # a piece of words, and no language
        PretrainedTranslator(nllb, "a", "zh")
    with pytest.raises(ConfigError, match="--beams: expected a number from 1 on, got 0"):
        PretrainedTranslator(nllb, "en", "zh", beams=0)


def test_the_command_writes_what_is_left_and_tells_what_was_lost(nllb, tmp_path, capsys):
    posts = [Document("a in b", (Span(0, 1, "PER"), Span(5, 6, "LOC")), "lost"), Document("abc", (), "kept")]
    posts.append(Document("a" * 99, (), "long"))
    formats.write(posts, tmp_path / "posts.jsonl")
    command = ["build", "translation", "--data", str(tmp_path / "posts.jsonl"), "--translator", nllb, "--device", "cpu"]
    out = tmp_path / "zh" / "posts.jsonl"
    assert main([*command, "--beams", "1", "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["translated"] == 1 and sum(said["lost"].values()) == 2
    assert {row["id"]: row["reason"] for row in said["left_out"]} == {
        "lost": "a placeholder was lost",
        "long": "it is longer than the translator takes",
    }
    (kept,) = formats.read(out)
    assert kept.id == "kept" and kept.meta == {"translated_from": "en", "translated_to": "zh"}
    assert main([*command, "--out", str(out)]) == 0
    assert "left out 1, a placeholder was lost: lost" in capsys.readouterr().out
    assert main([*command, "--out", str(out), "--to-language", "en"]) == 2
    assert "both 'en'" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
def test_marian_with_its_own_tokenizer(tmp_path):
    """Opus-mt as it is downloaded: SentencePiece models, and a mark for the language where one model knows several."""
    sentencepiece = pytest.importorskip("sentencepiece")
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    (tmp_path / "text.txt").write_text("\n".join(["SPAN1 in SPAN2 .", "北京在柏林", "abcdefghijklmnopqrstuvwxyz 0123456789"] * 9))
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text.txt"), model_prefix=str(tmp_path / "source"), vocab_size=60, hard_vocab_limit=False
    )
    model = (tmp_path / "source.model").read_bytes()
    for name in ("source.spm", "target.spm"):
        (tmp_path / name).write_bytes(model)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "source.model"))
    tokens = ["</s>", "<unk>", *(pieces.id_to_piece(i) for i in range(3, len(pieces))), ">>cmn_Hans<<", ">>yue<<", "<pad>"]
    (tmp_path / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(dict.fromkeys(tokens))}))
    tokenizer = MarianTokenizer(
        *(str(tmp_path / name) for name in ("source.spm", "target.spm", "vocab.json")), source_lang="en", target_lang="zh"
    )
    folder = tmp_path / "folder"
    tokenizer.save_pretrained(folder)
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "max_position_embeddings": 64}
    pad = tokenizer.pad_token_id
    MarianMTModel(
        MarianConfig(vocab_size=len(tokenizer), pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad, **sizes, **heads)
    ).save_pretrained(folder)
    translator = PretrainedTranslator(str(folder), "en", "zh", beams=2, device="cpu")
    assert translator._prefix == ">>cmn_Hans<< "
    assert isinstance(translator.translate(["SPAN1 in SPAN2 ."])[0], str)
    with pytest.raises(ConfigError, match="knows no language 'fr'; it knows cmn_Hans, yue"):
        PretrainedTranslator(str(folder), "en", "fr")
