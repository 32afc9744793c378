import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine import formats
from engine.__main__ import main
from engine.document import Document, LabelSet, Span
from engine.mixture import Corpus
from engine.systems import SYSTEMS
from tests.engine.tiny import CARD, known

ROOT = Path(__file__).parents[2]
COMMANDS = [
    "predict",
    "evaluate",
    "analyse",
    "agreement",
    "train",
    "retrain",
    "influence",
    "counterfactual",
    "attribute",
    "pretrain masked-lm",
    "pretrain glyphs",
    "pretrain sounds",
    "build glyphs",
    "build sounds",
    "build utterances",
    "build pictures",
    "reproduce",
    "simulate",
    "systems",
    "checkpoints",
    "convert",
    "formats",
]


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Return a function that runs a command and returns status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUOMO_DATA", raising=False)

    def run(*arguments):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as left:
            status = left.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def rows(out):
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def corpus(tmp_path):
    formats.write(known(), tmp_path / "corpus.jsonl")
    return tmp_path / "corpus.jsonl"


@pytest.fixture(scope="module")
def hearing(tmp_path_factory):
    """Return the folder of a checkpoint, untrained, of a system that listens to how characters are read."""
    from engine import checkpoint
    from engine.systems.mpm_cner import MpmCner, MpmCnerConfig

    config = MpmCnerConfig(layers=1, width=64, window=64, lstm=16)
    system = MpmCner.build(config, LabelSet(("LOC", "PER")), [document.text for document in known()])
    return checkpoint.save(system.eval(), tmp_path_factory.mktemp("hearing") / "hearing", CARD).path


def test_systems_are_listed(call):
    status, out, _ = call("systems", "--json")
    (listed,) = rows(out)
    assert status == 0 and [system["name"] for system in listed] == list(SYSTEMS)
    for system in listed:
        assert set(system) == {"name", "modalities", "emits", "nested", "paper"}
        assert system["modalities"][0] == "text" and system["nested"] is True
    status, out, _ = call("systems")
    assert status == 0 and all(name in out for name in SYSTEMS)


def test_checkpoints_are_listed(call, tiny):
    status, out, _ = call("checkpoints", tiny.path.parent, "--json")
    (listed,) = rows(out)
    (mine,) = [info for info in listed if info["name"] == "tiny"]
    assert status == 0
    assert mine == {
        "name": "tiny",
        "system": "bilstm-crf",
        "labels": list(tiny.labels),
        "size_bytes": tiny.size_bytes,
        "path": str(tiny.path),
    }
    assert "tiny" in call("checkpoints", tiny.path.parent)[1]
    others = {info["name"]: info["system"] for info in listed if not info["labels"]}
    assert others["zh-char-small"] == "encoder" and others["efficientnet-lite0"] == "vision encoder"
    assert others["zh-glyph-small"] == "glyph vectors"


@pytest.mark.parametrize(
    ("name", "advice"), [("zh-char-small", "train a system on it"), ("efficientnet-lite0", "such as vision or glyph_encoder")]
)
def test_an_encoder_is_no_checkpoint_and_says_what_it_is_for(call, name, advice):
    status, _, err = call("predict", "--checkpoint", name, "--text", "王")
    assert status == 2 and "which finds no entities by itself" in err and advice in err


def test_a_text_is_predicted_as_one_object(call, tiny):
    document = known(1)[0]
    status, out, _ = call("predict", "--checkpoint", tiny.path, "--text", document.text, "--json")
    (row,) = rows(out)
    assert status == 0 and set(row) == {"text", "spans", "evidence", "seconds"}
    assert row["text"] == document.text and row["evidence"] == [] and row["seconds"] > 0
    for found, gold in zip(row["spans"], document.spans, strict=True):
        assert set(found) == {"start", "end", "label", "text", "score"}
        assert (found["start"], found["end"], found["label"], found["text"]) == (*gold.key, document.mention(gold))
        assert 0 < found["score"] <= 1


def test_evidence_is_given_when_asked_for(call, tiny):
    _, out, _ = call("predict", "--checkpoint", tiny.path, "--text", "在杭州", "--explain", "--json")
    (row,) = rows(out)
    assert [item["name"] for item in row["evidence"]] == ["label_probabilities", "alternatives"]
    assert len(row["evidence"][0]["values"]) == 3


def test_a_reading_is_chosen_for_a_text(call, hearing):
    def heard(*options):
        status, out, err = call("predict", "--checkpoint", hearing, "--text", "南京市长江大桥", "--explain", "--json", *options)
        assert status == 0, err
        return {item["name"]: item for item in rows(out)[0]["evidence"]}["characters"]["readings"]

    assert heard()[3] == "chang2"
    assert heard("--reading", "3=zhang3", "--reading", "5=dai4")[3:6] == ["zhang3", "jiang1", "dai4"]


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        (["7=zhang3"], "an offset from 0 to 6"),
        (["-1=zhang3"], "an offset from 0 to 6"),
        (["zhang3"], "an offset from 0 to 6"),
        (["3=zhang"], "its tone behind it"),
        (["3=xx1"], "no character is read 'xx'"),
        (["3=zhang3", "3=chang2"], "two readings"),
    ],
)
def test_a_wrong_reading_is_refused(call, hearing, readings, said):
    options = [f"--reading={reading}" for reading in readings]
    status, out, err = call("predict", "--checkpoint", hearing, "--text", "南京市长江大桥", *options)
    assert status == 2 and not out and said in err


def test_a_reading_goes_with_one_text_and_a_model_that_listens(call, tiny, corpus):
    status, _, err = call("predict", "--checkpoint", tiny.path, "--file", corpus, "--reading", "0=wang2")
    assert status == 2 and "--text" in err
    status, _, err = call("predict", "--checkpoint", tiny.path, "--text", "南京市", "--reading", "0=nan2")
    assert status == 2 and "tiny does not listen" in err


def test_readings_of_a_corpus_are_heard(call, hearing, tmp_path):
    formats.write([Document("南京市长江大桥", readings={3: "zhang3"})], tmp_path / "chosen.jsonl")
    _, out, _ = call("predict", "--checkpoint", hearing, "--file", "chosen.jsonl", "--explain", "--json")
    assert {item["name"]: item for item in rows(out)[0]["evidence"]}["characters"]["readings"][3] == "zhang3"


def test_for_people_the_entities_stand_below_the_text(call, tiny):
    document = known(1)[0]
    _, out, _ = call("predict", "--checkpoint", tiny.path, "--text", document.text)
    lines = out.splitlines()
    assert lines[0] == document.text and len(lines) == 1 + len(document.spans)
    assert document.mention(document.spans[0]) in lines[1] and "%" in lines[1]


def test_a_plain_file_is_a_document_a_line(call, tiny, tmp_path):
    (tmp_path / "news.txt").write_bytes("\ufeff在杭州。\r\n\r\n 我说😀\n".encode())
    status, out, _ = call("predict", "--checkpoint", tiny.path, "--file", "news.txt", "--json")
    assert status == 0 and [row["text"] for row in rows(out)] == ["在杭州。", " 我说😀"]
    _, out, _ = call("predict", "--checkpoint", tiny.path, "--file", "news.txt", "--whole", "--json")
    assert [row["text"] for row in rows(out)] == ["在杭州。\r\n\r\n 我说😀\n"]


def test_a_corpus_is_recognised_and_its_annotations_not_looked_at(call, tiny, corpus):
    _, out, _ = call("predict", "--checkpoint", tiny.path, "--file", corpus, "--json")
    assert [row["text"] for row in rows(out)] == [document.text for document in known()]


def test_standard_input_is_a_document_a_line(call, tiny, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("在杭州。\n在北京。".encode())))
    status, out, _ = call("predict", "--checkpoint", tiny.path, "-", "--json")
    assert status == 0 and [row["text"] for row in rows(out)] == ["在杭州。", "在北京。"]


def test_evaluation_gives_fractions(call, tiny, corpus):
    status, out, _ = call("evaluate", "--checkpoint", tiny.path, "--data", corpus, "--json")
    (result,) = rows(out)
    assert status == 0 and set(result) == {
        "micro",
        "types",
        "counts",
        "structure",
        "errors",
        "seconds",
        "characters_per_second",
    }
    assert set(result["micro"]) == {"precision", "recall", "f1"} and 0.8 < result["micro"]["f1"] <= 1
    assert set(result["types"]) == {"PER", "LOC", "ORG"}
    assert result["counts"]["documents"] == 24 and result["characters_per_second"] > 0
    assert "24 documents" in call("evaluate", "--checkpoint", tiny.path, "--data", corpus)[1]


def test_nested_annotations_are_scored_as_their_topmost_or_one_by_one(call, tiny, tmp_path):
    nested = [
        d.with_spans([*d.spans, *(Span(s.start, s.start + 1, "PER") for s in d.spans if s.end - s.start > 1)]) for d in known()
    ]
    formats.write(nested, tmp_path / "nested.jsonl")
    evaluate = ("evaluate", "--checkpoint", tiny.path, "--data", "nested.jsonl", "--json")
    by_default, flat, every = (
        rows(call(*evaluate, *more)[1])[0] for more in ((), *(("--structure", s) for s in ("flat", "nested")))
    )
    assert by_default["structure"] == flat["structure"] == "flat" and by_default["counts"] == flat["counts"]
    assert flat["counts"]["gold"] == sum(len(d.spans) for d in known())
    assert every["structure"] == "nested" and every["counts"]["gold"] == sum(len(d.spans) for d in nested)
    for result in (flat, every):
        wrong = result["counts"]["predicted"] - result["counts"]["correct"]
        assert result["errors"]["type"] + result["errors"]["boundary"] == wrong
    assert "nested spans; " in call(*evaluate[:-1], "--structure", "nested")[1]
    assert "topmost" in call("evaluate", "--help")[1]


def test_labels_are_renamed_and_dropped_on_both_sides(call, tiny, tmp_path, corpus):
    names = {"PER": "PER.NAM", "LOC": "GPE.NAM", "ORG": "ORG.NAM"}
    written = [Document(d.text, tuple(Span(s.start, s.end, names[s.label]) for s in d.spans)) for d in known()]
    formats.write([d.with_spans([*d.spans, Span(0, 1, "PER.NOM")]) for d in written], tmp_path / "weibo.jsonl")
    evaluate = ("evaluate", "--checkpoint", tiny.path, "--json", "--data")
    plain = rows(call(*evaluate, corpus, "--map", "ORG=")[1])[0]
    mapping = "PER.NAM=PER,GPE.NAM=LOC,PER.NOM="
    mapped = rows(call(*evaluate, "weibo.jsonl", "--map", mapping, "--map", "ORG.NAM=,ORG=")[1])[0]
    assert set(mapped["types"]) == {"PER", "LOC"}
    assert mapped["micro"] == plain["micro"] and mapped["counts"] == plain["counts"]


TINY = ["width=16", "hidden=16", "bigrams=0", "epochs=2", "batch_size=8", "precision=fp32"]


def test_a_corpus_becomes_a_checkpoint(call, corpus, tmp_path):
    options = [part for value in TINY for part in ("--set", value)]
    status, out, err = call(
        *("train", "--system", "bilstm-crf", "--train", corpus, "--dev", corpus, "--map", "ORG="),
        *(*options, "--run", "run", "--out", "mine", "--json"),
    )
    assert status == 0, err
    (result,) = rows(out)
    assert set(result) == {"run", "checkpoint", "report"}
    assert set(result["report"]) == {"dev", "epoch", "steps", "seconds"}
    assert Path(result["checkpoint"]) == tmp_path / "mine"
    (listed,) = rows(call("checkpoints", tmp_path, "--json")[1])
    assert [row["labels"] for row in listed if row["name"] == "mine"] == [["LOC", "PER"]]
    status, out, err = call("train", "--run", "run")
    assert (status, out) == (1, "") and "is done" in err


def test_a_training_starts_from_a_checkpoint_with_the_labels_of_both(call, tiny, tmp_path):
    import torch

    from engine import checkpoint

    told = [Document("饺子好吃。", (Span(0, 2, "FOOD"),)), Document("王芳在杭州。", (Span(0, 2, "PER"), Span(3, 5, "LOC")))]
    formats.write(told, tmp_path / "told.jsonl")
    still = ["epochs=1", "encoder_rate=0", "head_rate=0", "keep=last", "precision=fp32", "dropout=0.3"]
    options = [part for value in still for part in ("--set", value)]
    status, out, err = call(
        *("train", "--from", tiny.path, "--train", "told.jsonl", "--dev", "told.jsonl", *options, "--run", "run", "--json")
    )
    assert status == 0, err
    made = checkpoint.verify(rows(out)[0]["checkpoint"])
    assert made.labels == (*tiny.labels, "FOOD")
    assert (made.card["parent"], made.card["parent_digest"]) == ("tiny", tiny.digest)
    assert f"train --from {tiny.path} --train told.jsonl" in made.card["command"]
    assert checkpoint.options_of(made).to_json() == checkpoint.options_of(tiny).to_json() | {"dropout": 0.3}
    before, after = checkpoint.load(tiny.path).state_dict(), checkpoint.load(made.path).state_dict()
    kept = [name for name, tensor in before.items() if after[name].shape == tensor.shape]
    assert len(kept) > len(before) / 2 and all(torch.equal(before[name], after[name]) for name in kept)


def test_a_stopped_training_is_gone_on_with_by_its_folder(call, corpus, tmp_path):
    from engine.corpus_training import prepare
    from engine.systems.bilstm_crf import BilstmCrfConfig
    from tests.engine.tiny import OPTIONS, training

    options = {"options": BilstmCrfConfig(**OPTIONS), "training": training(epochs=1)}
    run = prepare(tmp_path / "run", system="bilstm-crf", train=[Corpus(str(corpus))], dev=[Corpus(str(corpus))], **options)
    run.cancel()
    status, out, err = call("train", "--run", "run")
    assert (status, out) == (1, "") and "go on with: python -m engine train --run run" in err
    assert call("train", "--run", "run", "--json")[0] == 0
    assert run.status().state == "done"


def test_a_checkpoint_is_taught_a_file_of_corrections(call, tiny, tmp_path):
    formats.write([Document("巴旦木小镇很安静。", (Span(0, 5, "LOC"),))], tmp_path / "corrected.jsonl")
    options = ("--set", "epochs=1", "--run", "run", "--json")
    status, out, err = call("retrain", "--checkpoint", tiny.path, "--corrections", "corrected.jsonl", *options)
    assert status == 0, err
    (result,) = rows(out)
    assert set(result) == {"run", "checkpoint", "report"}
    assert result["report"]["corrections"]["documents"] == 1


def test_a_refused_checkpoint_ends_with_its_own_status_and_is_placed_only_by_override(call, tiny, tmp_path):
    formats.write([document.with_spans(()) for document in known()[:16]], tmp_path / "corrected.jsonl")
    formats.write(known()[16:], tmp_path / "test.jsonl")
    words = ["retrain", "--checkpoint", tiny.path, "--corrections", "corrected.jsonl", "--protected", "test.jsonl"]
    for pair in ("epochs=12", "head_rate=0.02", "share=1", "replay=0", "hold_out=0"):
        words += ["--set", pair]
    status, out, err = call(*words, "--run", "first", "--out", "mine")
    assert status == 3, err
    assert "protected" in out and "F1 before" in out and "refused: " in out
    assert "the gate refuses the new checkpoint; the parent stays as it is: first/checkpoint" in out
    assert not (tmp_path / "mine").exists() and (tmp_path / "first" / "checkpoint").is_dir()
    status, out, err = call(*words, "--run", "second", "--out", "mine", "--override", "--json")
    (result,) = rows(out)
    assert (status, result["checkpoint"]) == (0, str(tmp_path / "mine")) and result["report"]["gate"]["verdict"] == "refused"
    assert (tmp_path / "mine" / "config.json").is_file()


def test_the_options_of_a_retraining_are_listed(call):
    status, out, _ = call("retrain", "--options")
    assert status == 0 and "protected" in out and "margin" in out and "Points of F1" in out


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_the_options_of_a_training_are_listed(call, name):
    status, out, _ = call("train", "--options", "--system", name)
    assert status == 0 and "character_dropout" in out and "head_rate" in out and "best | last" in out
    assert "Sentences learned from at each step" in out


REFUSED = [
    (["predict", "--checkpoint", "vast", "--text", "在杭州"], "there is no checkpoint 'vast'"),
    (["predict", "--checkpoint", "TINY", "--text", ""], "--text is empty"),
    (["predict", "--checkpoint", "TINY", "--text", " \n"], "--text is empty"),
    (["predict", "--checkpoint", "TINY", "--text", "\udc80"], "--text is not UTF-8"),
    (["predict", "--checkpoint", "TINY", "--file", "absent.txt"], "there is no file absent.txt"),
    (["predict", "--checkpoint", "TINY", "--file", "gbk.txt"], "gbk.txt is not UTF-8 at byte 0; convert it"),
    (["predict", "--checkpoint", "TINY", "--text", "在", "--device", "abacus"], "the device 'abacus' cannot be used"),
    (["predict", "--checkpoint", "TINY", "--text", "在", "--threads", "0"], "--threads: expected a number from 1 on, got 0"),
    (["evaluate", "--checkpoint", "TINY", "--data", "absent.txt"], "absent.txt"),
    (["evaluate", "--checkpoint", "TINY", "--data", "corpus.jsonl", "--format", "odd"], "there is no format 'odd'"),
    (["evaluate", "--checkpoint", "TINY", "--data", "corpus.jsonl", "--map", "PER"], "--map: expected NAME=VALUE, got 'PER'"),
    (["evaluate", "--checkpoint", "TINY", "--data", "broken.jsonl"], "broken.jsonl:2: expected"),
    (["train"], "give --train and --dev"),
    (["train", "--system", "odd", "--train", "corpus.jsonl", "--dev", "corpus.jsonl"], "there is no system 'odd'"),
    (["train", "--train", "absent.txt", "--dev", "corpus.jsonl"], "absent.txt; give the path of a corpus"),
    (["train", "--mixture", "corpus.jsonl", "--train", "corpus.jsonl"], "give --train and --dev, or --mixture alone"),
    (["train", "--mixture", "corpus.jsonl"], "is not a mixture of corpora"),
    (["train", "--from", "vast", "--train", "corpus.jsonl", "--dev", "corpus.jsonl"], "there is no checkpoint 'vast'"),
    (
        ["train", "--from", "TINY", "--train", "corpus.jsonl", "--dev", "corpus.jsonl", "--set", "width=64"],
        "width is 32 in tiny and shapes its weights; leave that option out",
    ),
    (
        ["train", "--from", "TINY", "--system", "bert-crf", "--train", "corpus.jsonl", "--dev", "corpus.jsonl"],
        "tiny is a bilstm-crf, which no bert-crf can start from",
    ),
    (["pretrain", "masked-lm", "--text", "absent.txt"], "there is no file absent.txt"),
    (["pretrain", "masked-lm"], "pre-training needs text"),
    (["pretrain", "masked-lm", "--text", "corpus.jsonl@0"], "the weight behind @"),
    (["predict", "--checkpoint", "TINY", "--text", "在", "--precision", "half"], "precision: expected one of"),
    (["train", "--train", "corpus.jsonl", "--dev", "corpus.jsonl", "--set", "epochs=0"], "epochs: expected int from 1 to 1000"),
    (["train", "--train", "corpus.jsonl", "--dev", "corpus.jsonl", "--set", "colour=1"], "there is no option colour"),
    (["retrain", "--checkpoint", "TINY", "--corrections", "absent.jsonl"], "absent.jsonl"),
    (["reproduce"], "name a table"),
    (["reproduce", "table-1"], "there is no table 'table-1'; choose one of class-attention"),
    (["reproduce", "class-attention", "--seeds", "1;2"], "--seeds: expected numbers from 0 on with commas between, got '1;2'"),
    (["reproduce", "class-attention", "--processes", "0"], "--processes: expected a number from 1 on, got 0"),
    (["reproduce", "class-attention"], "give --data DIR, or set DUOMO_DATA; looked for in it are weibo/train.char.bmes"),
    (["reproduce", "class-attention", "--data", "absent"], "there is no folder absent"),
    (["reproduce", "class-attention", "--data", "."], "none of the corpora is there: no weibo/train.char.bmes"),
    (["reproduce", "class-attention", "--data", ".", "--corpus", "novels"], "there is no corpus novels; choose from weibo"),
    (
        ["reproduce", "class-attention", "--data", ".", "--set", "upper_layers=1"],
        "it is what the rows",
    ),
    (
        ["reproduce", "class-attention", "--data", ".", "--set", "colour=1"],
        "colour: no system of class-attention",
    ),
    (["reproduce", "class-attention", "--data", ".", "--set", "seed=1"], "seed: give --seeds"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_what_cannot_be_used_is_one_line_and_status_two(call, tiny, corpus, tmp_path, arguments, message):
    (tmp_path / "gbk.txt").write_bytes("王芳昨天到了杭州。".encode("gb18030"))
    (tmp_path / "broken.jsonl").write_text('{"text": "在杭州"}\n{"text": 5}\n', encoding="utf-8")
    status, out, err = call(*(str(tiny.path) if part == "TINY" else part for part in arguments))
    assert (status, out) == (2, "")
    assert err.startswith("python -m engine: ") and message in err and err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


BAD_USAGE = [[], ["sing"], ["predict"], ["predict", "--text", "a", "--file", "b"], ["evaluate"], ["predict", "--loud"]]


@pytest.mark.parametrize("arguments", BAD_USAGE, ids=" ".join)
def test_bad_usage_is_told_with_the_usage(call, arguments):
    status, out, err = call(*arguments)
    assert (status, out) == (2, "") and "usage: python -m engine" in err and "error: " in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(call, command):
    status, out, _ = call(*command.split(), "--help")
    assert status == 0 and "--json" in out and out.startswith(f"usage: python -m engine {command}")
    assert command.split()[0] in call("--help")[1]


def test_as_a_program_it_keeps_its_two_streams_apart():
    command = [sys.executable, "-m", "engine", "predict", "--checkpoint", "vast", "--text", "在杭州", "--json"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "Traceback" not in answer.stderr and answer.stderr.startswith("python -m engine: there is no checkpoint 'vast'")
