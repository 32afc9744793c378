"""Pre-training: what is read, what is masked, what is learned, and that a kill changes nothing."""

import json
import lzma
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModel, AutoTokenizer

from engine import formats, samples
from engine.errors import ConfigError, InputError
from engine.layers.text_encoder import pretrained_encoder
from engine.modalities.text import EMOJI, CharacterVocabulary, character_tokenizer
from engine.pretraining import raw_text
from engine.pretraining.loop import LoopConfig, factor
from engine.pretraining.masked_lm import MaskedLM, MaskedLMConfig, Windows
from engine.pretraining.packing import WORD, PackedText, pack
from engine.pretraining.raw_text import TextSource
from engine.text_pretraining import prepare, pretrain_on_text

LINES = [line for document in samples.news() for line in document.text.splitlines()]
TINY = {"layers": 1, "width": 64, "sequence": 32, "batch_size": 8, "precision": "fp32", "generator": 64}


@pytest.fixture
def news(tmp_path):
    path = tmp_path / "news.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


def packed(tmp_path, sources, exclude=(), **options):
    return pack(sources, exclude, tmp_path / "corpus", **{"vocabulary_size": 8000, **options})


def report(tmp_path):
    return json.loads((tmp_path / "corpus" / "report.json").read_text(encoding="utf-8"))["sources"]


def kept_lines(tmp_path, number=0):
    return (tmp_path / "corpus" / f"text-{number}.txt").read_text(encoding="utf-8").splitlines()


def all_lines(tmp_path):
    return kept_lines(tmp_path) + (tmp_path / "corpus" / "held_out.txt").read_text(encoding="utf-8").splitlines()


def run_of(tmp_path, news, name="run", **options):
    config = MaskedLMConfig(**{**TINY, "steps": 40, **options})
    return prepare(tmp_path / name, [TextSource(str(news))], [], config, {"data": "our own"})


class TestReading:
    def test_every_line_is_learned_from_held_out_or_accounted_for(self, tmp_path, news):
        packed(tmp_path, [TextSource(str(news))])
        (count,) = report(tmp_path)
        fates = sum(count[name] for name in ("kept", "held_out", "foreign", "repeated", "excluded", "unreadable"))
        assert fates == count["lines"] == len(LINES)
        assert count["kept"] == len(kept_lines(tmp_path)) > 3 * count["held_out"] > 0

    def test_the_indices_give_the_text_back_and_words_begin_where_jieba_cuts(self, tmp_path, news):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import jieba
        text, _ = packed(tmp_path, [TextSource(str(news))])
        tokenizer = AutoTokenizer.from_pretrained(tmp_path / "corpus" / "tokenizer")
        names = tokenizer.convert_ids_to_tokens((text.indices & (WORD - 1)).tolist())
        lines = "".join("\n" if name == "[SEP]" else name for name in names).splitlines()
        assert lines == kept_lines(tmp_path)
        starts = (text.indices[: len(lines[0])] >= WORD).nonzero()[0].tolist()
        lengths = [len(word) for word in jieba.cut(lines[0])]
        assert starts == np.cumsum([0, *lengths[:-1]]).tolist()

    def test_lines_of_another_encoding_are_read_and_noise_is_left_out(self, tmp_path):
        mixed = tmp_path / "mixed.txt"
        noise = random.Random(1).randbytes(4000).replace(b"\n", b"")
        parts = [LINES[0].encode(), LINES[1].encode("gb18030"), noise, b"\x00\x01" + LINES[2].encode(), LINES[3].encode() + b"\r"]
        mixed.write_bytes(b"\n".join(parts))
        packed(tmp_path, [TextSource(str(mixed))])
        (count,) = report(tmp_path)
        assert sorted(all_lines(tmp_path)) == sorted([LINES[0], LINES[1], LINES[3]])
        assert (count["other_encoding"], count["unreadable"], count["lines"]) == (1, 2, 5)

    def test_one_enormous_line_is_read_in_parts_without_breaking_a_character(self, tmp_path):
        one = tmp_path / "one.txt"
        sentence = "北京的秋天很长，上海的冬天很短𠮷"
        one.write_text("".join(f"{i}{sentence}" for i in range(100_000)), encoding="utf-8")  # 5.5 MB
        packed(tmp_path, [TextSource(str(one))])
        (count,) = report(tmp_path)
        assert count["unreadable"] == 0 and count["lines"] > 50
        assert max(map(len, kept_lines(tmp_path))) < raw_text.LONGEST_LINE
        whole = one.read_text(encoding="utf-8")
        assert all(line in whole for line in kept_lines(tmp_path)[:5])

    @given(st.text(alphabet="a中é𠮷😀", min_size=1, max_size=60), st.integers(5, 17))
    @settings(deadline=None)
    def test_parts_of_a_long_line_are_the_line(self, text, size):
        import io

        monkey = pytest.MonkeyPatch()
        with monkey.context() as patch:
            patch.setattr(raw_text, "LONGEST_LINE", size)
            parts = list(raw_text._pieces(io.BytesIO(text.encode())))
        assert "".join(part.decode("utf-8") for part in parts) == text

    def test_repeated_and_excluded_sentences_are_not_learned_from(self, tmp_path, news):
        dev = tmp_path / "dev.jsonl"
        formats.write(samples.news()[:30], dev)
        twice = tmp_path / "twice.txt"
        twice.write_text("\n".join(LINES[30:60] + [f" {line} " for line in LINES[30:60]]), encoding="utf-8")
        packed(tmp_path, [TextSource(str(twice)), TextSource(str(news))], [str(dev)])
        first, second = report(tmp_path)
        assert (first["repeated"], second["repeated"], second["excluded"]) == (30, 30, 30)
        assert not set(LINES[:30]) & {*kept_lines(tmp_path, 0), *kept_lines(tmp_path, 1)}

    def test_compressed_and_labelled_text_is_read_as_well(self, tmp_path):
        with lzma.open(tmp_path / "a.txt.xz", "wt", encoding="utf-8") as file:
            file.write("\n".join(LINES[:50]))
        formats.write(samples.news()[50:100], tmp_path / "b.jsonl")
        sources = [TextSource(str(tmp_path / "a.txt.xz")), TextSource(str(tmp_path / "b.jsonl") + "#-0/10", labelled=True)]
        packed(tmp_path, sources)
        assert [count["lines"] for count in report(tmp_path)] == [50, 45]

    def test_markup_left_in_a_text_goes(self, tmp_path):
        page = tmp_path / "page.txt"
        page.write_text("在一个被称为<ruby仓库<rtrepository</rt</ruby的页面里\n" + "\n".join(LINES[:20]), encoding="utf-8")
        packed(tmp_path, [TextSource(str(page))])
        assert "在一个被称为仓库的页面里" in all_lines(tmp_path)

    def test_some_lines_become_traditional(self, tmp_path, news):
        packed(tmp_path, [TextSource(str(news))], traditional=0.5)
        changed = set(kept_lines(tmp_path)) - set(LINES)
        assert 0.3 < len(changed) / len(kept_lines(tmp_path)) < 0.6
        assert any("國" in line for line in changed)

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe" + "北京".encode("utf-16-le") * 50, b"nothing but English here\n" * 9])
    def test_a_file_of_no_use_is_named_with_the_reason(self, tmp_path, content):
        (tmp_path / "bad.txt").write_bytes(content)
        with pytest.raises(InputError, match=r"bad\.txt: 0 of its \d+ lines can be learned from"):
            packed(tmp_path, [TextSource(str(tmp_path / "bad.txt"))])

    def test_noise_that_happens_to_decode_is_no_text(self, tmp_path):
        noise = random.Random(1).randbytes(200_000)
        (tmp_path / "noise.txt").write_bytes(noise + b"\n" + "\n".join(LINES[:9]).encode())
        with pytest.raises(InputError, match=r"noise\.txt: .* neither UTF-8 nor GB 18030"):
            packed(tmp_path, [TextSource(str(tmp_path / "noise.txt"))])

    def test_a_stray_control_character_costs_itself_alone(self, tmp_path):
        long = "".join(LINES[:30])
        (tmp_path / "page.txt").write_text(long[:700] + "\x01" + long[700:] + "\n" + "\n".join(LINES[30:40]), encoding="utf-8")
        packed(tmp_path, [TextSource(str(tmp_path / "page.txt"))])
        assert long in all_lines(tmp_path)

    def test_a_small_text_holds_out_a_larger_share(self, tmp_path):
        many = [
            f"{place}的第{number}位居民在{day}日搬走了。"
            for place in ("上海", "杭州")
            for day in range(400)
            for number in range(50)
        ]
        shares = []
        for lines in (many[:400], many):
            (tmp_path / "page.txt").write_text("\n".join(lines), encoding="utf-8")
            shutil.rmtree(tmp_path / "corpus", ignore_errors=True)
            packed(tmp_path, [TextSource(str(tmp_path / "page.txt"))])
            (count,) = report(tmp_path)
            shares.append(count["held_out"] / count["lines"])
        assert shares[0] > 0.05 > shares[1]

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(InputError, match="there is no file .*gone"):
            prepare(tmp_path / "run", [TextSource(str(tmp_path / "gone.txt"))], [], MaskedLMConfig())


class TestWindows:
    def windows(self, weights=(1.0,), size=1000, length=17):
        indices = np.arange(size * len(weights), dtype=np.uint16)
        segments = tuple((i * size, (i + 1) * size, weight) for i, weight in enumerate(weights))
        return Windows(PackedText(indices, segments), length, 2, 1)

    def test_an_epoch_shows_each_place_at_most_once_and_nearly_all(self):
        windows = self.windows()
        seen = np.concatenate([windows[i][1:] for i in range(len(windows))])
        assert len(set(seen.tolist())) == len(seen) >= 1000 - 3 * 16

    def test_the_next_epoch_cuts_elsewhere(self):
        windows = self.windows()
        epochs = [{tuple(windows[e * len(windows) + i].tolist()) for i in range(len(windows))} for e in range(2)]
        assert not epochs[0] & epochs[1]

    def test_the_weight_of_a_source_is_how_often_it_comes(self):
        windows = self.windows((3.0, 0.5))
        first = sum(windows[i][1] < 1000 for i in range(len(windows)))
        assert first / (len(windows) - first) == pytest.approx(6, rel=0.05)

    def test_too_little_text_is_refused(self):
        with pytest.raises(InputError, match="not even one window"):
            self.windows(size=10)


@pytest.fixture
def task(tmp_path, news):
    text, held_out = packed(tmp_path, [TextSource(str(news))])
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "corpus" / "tokenizer")
    torch.manual_seed(1)

    def make(**options):
        config = MaskedLMConfig(**{**TINY, **options})
        return MaskedLM(config, CharacterVocabulary.of_tokenizer(tokenizer), tokenizer.mask_token_id, text, held_out)

    return make


class TestMasking:
    def test_whole_words_are_masked_at_the_rate_and_the_marks_never(self, task):
        masked = task(batch_size=200)
        packed_windows = np.stack([masked.windows[i] for i in range(200)])
        batch = masked.batch(0, 0, 1)
        chosen = (batch["labels"] != -100).numpy()
        words = np.cumsum(packed_windows >= WORD, axis=1)
        for row in range(200):
            for word in range(1, words[row].max() + 1):
                assert len(set(chosen[row, 1:][words[row, 1:] == word].tolist())) <= 1
        original = packed_windows & (WORD - 1)
        assert not chosen[(original == 2) | (original == 3)].any()
        assert chosen.mean() == pytest.approx(0.15, abs=0.02)
        ids = batch["ids"].numpy()
        assert (ids[~chosen] == original[~chosen]).all()
        assert (ids[chosen] == masked.mask).mean() == pytest.approx(0.8, abs=0.04)
        assert (ids[chosen] == original[chosen]).mean() == pytest.approx(0.1, abs=0.03)

    def test_masks_are_new_in_each_step_and_the_same_when_asked_again(self, task):
        masked = task()
        steps = len(masked.windows) // masked.config.batch_size + 1
        again, other = masked.batch(3, 0, 1), masked.batch(3 + steps, 0, 1)
        assert torch.equal(masked.batch(3, 0, 1)["ids"], again["ids"])
        assert not torch.equal(again["ids"], other["ids"])

    def test_several_processes_share_the_windows(self, task):
        masked = task()
        whole = [masked.windows[i].tolist() for i in range(16)]
        labels = [masked.batch(0, rank, 2) for rank in range(2)]
        restored = [torch.where(b["labels"] == -100, b["ids"], b["labels"]) for b in labels]
        assert torch.cat(restored).tolist() == [[index & (WORD - 1) for index in row] for row in whole]

    def test_only_predictions_of_masked_characters_are_computed(self, task):
        masked = task()
        batch = masked.batch(0, 0, 1)
        logits, labels = masked._predict(batch)
        assert logits.shape == (int((batch["labels"] != -100).sum()), masked.vocabulary.size)
        assert len(labels) == len(logits)

    @pytest.mark.parametrize("objective", ["masked", "replaced"])
    def test_it_learns(self, task, objective):
        learner = task(objective=objective)
        optimizer = torch.optim.AdamW([p for p in learner.parameters() if p.requires_grad], lr=3e-3)
        before = learner.eval().judge()["perplexity"]
        learner.train()
        for step in range(100):
            learner(learner.batch(step, 0, 1)).backward()
            optimizer.step()
            optimizer.zero_grad()
        assert learner.eval().judge()["perplexity"] < 0.75 * before

    def test_a_generator_and_what_it_tells_get_gradients(self, task):
        learner = task(objective="replaced")
        learner(learner.batch(0, 0, 1)).backward()
        idle = [name for name, p in learner.named_parameters() if p.requires_grad and p.grad is None]
        assert idle == []


def test_the_rate_rises_and_falls():
    config = LoopConfig(steps=100, warmup=0.1)
    factors = [factor(step, config) for step in range(100)]
    assert factors.index(max(factors)) in (9, 10) and max(factors) == pytest.approx(1)
    assert factors[:10] == sorted(factors[:10]) and factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[-1] == pytest.approx(0.02, abs=0.01)


def test_a_run_ends_in_a_folder_that_transformers_loads(tmp_path, news):
    run = run_of(tmp_path, news)
    assert run.carry_out(pretrain_on_text).state == "done"
    model, tokenizer = AutoModel.from_pretrained(run.checkpoint), AutoTokenizer.from_pretrained(run.checkpoint)
    ids = tokenizer("北京\t的😀", return_tensors="pt")
    assert model(**ids).last_hidden_state.shape == (1, 7, 64)
    assert model.dtype == torch.float16
    encoder = pretrained_encoder(str(run.checkpoint))
    assert encoder.vocabulary.encode("北京") == ids["input_ids"][0, 1:3].tolist()
    assert "our own" in (run.checkpoint / "README.md").read_text(encoding="utf-8")
    result = run.report()
    assert result["characters_seen"] == 40 * 8 * 32 and result["held_out"]["perplexity"] > 1


def test_a_pre_training_goes_on_from_an_encoder(tmp_path, news):
    first = run_of(tmp_path, news)
    first.carry_out(pretrain_on_text)
    whole = first.folder / "whole"
    second = run_of(tmp_path, news, "second", encoder=str(whole), steps=5)
    second.carry_out(pretrain_on_text)
    assert second.report()["held_out"]["perplexity"] < 1.2 * first.report()["held_out"]["perplexity"]


def test_an_encoder_with_another_vocabulary_is_refused(tmp_path, news):
    run = run_of(tmp_path, news, steps=1)
    run.carry_out(pretrain_on_text)
    more = character_tokenizer([chr(0x4E00 + i) for i in range(6000)])
    more.save_pretrained(run.checkpoint)
    with pytest.raises(ConfigError, match="different models"):
        pretrained_encoder(str(run.checkpoint))
    again = run_of(tmp_path, news, "again", encoder=str(run.checkpoint), steps=1)
    with pytest.raises(ConfigError, match="different models"):
        again.carry_out(pretrain_on_text)


@pytest.mark.slow
def test_a_killed_run_goes_on_as_if_nothing_had_been(tmp_path, news):
    """What comes after a kill -9 and a second start is, to the last bit, what comes of a run that was left alone."""
    options = {"steps": 400, "judgements": 1, "state_seconds": 0}
    runs = [run_of(tmp_path, news, name, **options) for name in ("left-alone", "killed")]
    left_alone, killed = runs
    for run in runs:
        packed(run.folder, [TextSource(str(news))])
    command = [sys.executable, "-m", "engine", "pretrain", "masked-lm", "--threads", "1", "--run"]
    subprocess.run([*command, str(left_alone.folder)], check=True)
    process = subprocess.Popen([*command, str(killed.folder)])
    end = time.monotonic() + 120
    while time.monotonic() < end and killed.status().step < 20:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 20 <= killed.status().step < 400
    before = len(killed.events())
    subprocess.run([*command, str(killed.folder)], check=True)
    went_on = [row["step"] for row in killed.events()[before:] if row["kind"] == "step"]
    assert 20 <= went_on[0] < 400
    assert killed.report()["held_out"] == left_alone.report()["held_out"]
    weights = [AutoModel.from_pretrained(run.checkpoint).state_dict() for run in runs]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


class TestVocabulary:
    vocabulary = CharacterVocabulary.of_tokenizer(character_tokenizer([*"ABC ", *(chr(0x4E00 + i) for i in range(1200))]))

    def test_emoji_share_a_row(self):
        bucket = self.vocabulary.emoji
        assert self.vocabulary.encode("😀❤️👩‍🚀") == [bucket] * 6
        assert bucket not in (None, self.vocabulary.unknown)

    def test_full_width_is_looked_up_as_half_width(self):
        assert self.vocabulary.encode("ＡＢ\u3000") == self.vocabulary.encode("AB ")

    def test_it_is_kept_in_a_checkpoint(self, tmp_path):
        self.vocabulary.save(tmp_path)
        assert CharacterVocabulary.load(tmp_path) == self.vocabulary

    def test_a_tokenizer_without_the_bucket_has_none(self):
        tokenizer = character_tokenizer([chr(0x4E00 + i) for i in range(1200)])
        assert EMOJI in tokenizer.get_vocab()
        assert CharacterVocabulary.of(["甲乙"]).emoji is None
