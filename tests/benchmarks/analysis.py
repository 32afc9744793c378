"""What it takes to analyse errors: scoring beside nervaluate and seqeval, and a whole report, cold and with the readings kept.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.analysis --data msra/dev.txt

All score the same predictions of the first checkpoint in turn, each in the form that it takes; making that form is not timed. We
count four forms over all and by type, as nervaluate does; seqeval counts one. The figures stand beside each other.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from engine import formats, tagger, tags
from engine.document import Document
from engine.evaluation.comparing import difference
from engine.evaluation.figures import figures_of
from engine.evaluation.forms import count_forms
from engine.evaluation.judging import study_of
from engine.evaluation.reading import read, reading_of
from engine.evaluation.study import BOUNDARY_ONLY, EXACT, PARTIAL, TYPE_ONLY, Reading
from engine.reporting import write_report
from engine.samples import news

_ROUNDS = 5
_THEIRS = {EXACT: "strict", BOUNDARY_ONLY: "exact", PARTIAL: "partial", TYPE_ONLY: "ent_type"}


def main() -> None:
    """Time both parts and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a corpus file; our own news by default")
    parser.add_argument("--checkpoint", action="append", help="two of them (zh-general, zh-news-small)")
    arguments = parser.parse_args()
    documents = formats.read(arguments.data) if arguments.data else news()
    names = arguments.checkpoint or ["zh-general", "zh-news-small"]
    size = f"{len(documents):,} sentences, {sum(map(len, documents)):,} characters"
    print(f"{size}, {torch.get_num_threads()} threads")
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold", "kept"):
            began = time.perf_counter()
            readings = [_read(name, documents, Path(folder)) for name in names]
            middle = time.perf_counter()
            _report(documents, readings, Path(folder) / "report.html")
            ended = time.perf_counter()
            print(f"report, {state}: {ended - began:6.1f} s, of which reading {middle - began:.1f} s")
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    _score(documents, readings[0].predicted)


def _read(name: str, documents: Sequence[Document], cache: Path) -> Reading:
    model = tagger.load(name)
    return reading_of(model, documents, read(model, documents, cache=cache))


def _report(documents: Sequence[Document], readings: Sequence[Reading], file: Path) -> None:
    study = study_of("data", documents, readings)
    write_report(file, study, [figures_of(study, i) for i in range(len(readings))], {(0, 1): difference(study, 0, 1)})


def _score(gold: Sequence[Document], predicted: Sequence[Document]) -> None:
    from nervaluate import Evaluator
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOBES

    sides = (gold, predicted)
    labels = sorted({span.label for side in sides for document in side for span in document.spans})
    rows: list[Any] = [
        [[{"label": s.label, "start": s.start, "end": s.end - 1} for s in document.spans] for document in side] for side in sides
    ]
    written: list[Any] = [[tags.encode_spans(document.spans, len(document)) for document in side] for side in sides]

    def seqeval() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return classification_report(*written, mode="strict", scheme=IOBES, output_dict=True, zero_division=0)

    works: dict[str, Callable[[], Any]] = {
        "ours": lambda: count_forms(gold, predicted),
        "nervaluate": lambda: Evaluator(*rows, tags=labels, loader="dict").evaluate(),
        "seqeval": seqeval,
    }
    found: dict[str, list[float]] = {}
    answers: dict[str, Any] = {}
    for _ in range(_ROUNDS):
        for name, work in works.items():
            began = time.perf_counter()
            answers[name] = work()
            found.setdefault(name, []).append(time.perf_counter() - began)
    ours = statistics.median(found["ours"])
    for name, seconds in found.items():
        median = statistics.median(seconds)
        print(f"scoring, {name:10} {1000 * median:8.1f} ms  {median / ours:6.1f} times ours")
    for form, theirs in _THEIRS.items():
        mine, other = answers["ours"].micro(form).f1, answers["nervaluate"]["overall"][theirs]
        gap = answers["ours"].credit(form) - other.correct - other.partial / 2
        print(f"F1 {form:8} ours {mine:.6f}, nervaluate {other.f1:.6f}, points more than it {gap:g}")
    print(f"F1 exact    ours {answers['ours'].micro(EXACT).f1:.6f}, seqeval {answers['seqeval']['micro avg']['f1-score']:.6f}")


if __name__ == "__main__":
    main()
