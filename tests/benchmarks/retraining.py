"""A retraining on the CPU: seconds to the first progress row and to the end, memory, and what was learned and forgotten.

    python tests/benchmarks/retraining.py --checkpoint zh-general --data DIR [--count 50] [--set NAME=VALUE]

The corrections are sentences of resume/train.char.bmes, which no shipped checkpoint learned labels from, that the checkpoint
reads wrongly, with their annotated persons, places and organisations, drawn with --seed. F1 is measured on msra/dev.txt before
and after; --dev-limit takes its first sentences alone. Prints one JSON object: first_row_seconds
is the first line of the run's log, first_step_seconds the first with a loss. The run's folder is kept where --run names one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.document import Document  # noqa: E402 - the folder is known only now
from engine.errors import EngineError  # noqa: E402
from tests.benchmarks.corpora import CORPORA, LABELS, Corpus, plain  # noqa: E402

TAUGHT = Corpus("resume", "resume/train.char.bmes", {"NAME": "PER"})


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    # a GPU in the machine would be taken by itself
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(json.dumps(measure(arguments, Path(arguments.run or folder)), ensure_ascii=False))
        except EngineError as error:
            print(f"retraining.py: {error}", file=sys.stderr)
            return 2
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("retraining.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--checkpoint", required=True, metavar="C", help="name or folder of a checkpoint")
    made.add_argument("--data", required=True, metavar="DIR", help="folder of the corpora")
    made.add_argument("--count", type=int, default=50, metavar="N", help="corrections (50)")
    made.add_argument("--seed", type=int, default=1, metavar="N", help="which sentences are drawn (1)")
    made.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="an option of the retraining")
    made.add_argument("--dev-limit", type=int, metavar="N", help="sentences of msra/dev.txt to measure with (all)")
    made.add_argument("--run", metavar="DIR", help="a new folder for the run, which is kept")
    return made


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from engine import tagger
    from engine.commands.output import parse_pairs
    from engine.retraining import RetrainConfig, prepare
    from engine.shipped import SHIPPED
    from engine.systems.contract import from_json

    data = Path(arguments.data)
    model = tagger.load(arguments.checkpoint, SHIPPED, device="cpu")
    config = from_json(RetrainConfig, parse_pairs(arguments.set, "--set"))
    corrections = wrongly_read(model, TAUGHT.read(data), arguments.count, arguments.seed)
    dev = CORPORA["msra"].read(data)[: arguments.dev_limit]
    before = _f1(model, dev)
    run = prepare(corrections, model.info, config, folder)
    timing = _follow(run)
    report = run.report() or {}
    after = _f1(tagger.load(run.checkpoint, device="cpu"), dev)
    held_out = report["held_out"]
    return {
        "checkpoint": model.info.name,
        "options": config.to_json(),
        **timing,
        "corrections": report["corrections"],
        "held_out_f1": {when: held_out[when]["micro"]["f1"] for when in ("before", "after")},
        "msra_dev_f1": {"documents": len(dev), "before": before, "after": after},
    }


def wrongly_read(model: Any, documents: Sequence[Document], count: int, seed: int) -> list[Document]:
    """Return documents, each with an entity, that the model does not read as annotated."""
    wrong: list[Document] = []
    drawn = [document for document in documents if document.spans]
    random.Random(seed).shuffle(drawn)
    while drawn and len(wrong) < count:
        asked, drawn = drawn[:64], drawn[64:]
        read = [plain(prediction.document) for prediction in model.predict(asked)]
        wrong += [replace(gold, annotated=LABELS) for gold, found in zip(asked, read, strict=True) if gold.spans != found.spans]
    return wrong[:count]


def _f1(model: Any, documents: Sequence[Document]) -> float:
    from engine.evaluation.scores import score

    return score(documents, [plain(prediction.document) for prediction in model.predict(documents)]).micro.f1


def _follow(run: Any) -> dict[str, Any]:
    """Start the run and watch it to its end."""
    began = time.perf_counter()
    peak = _Peak(run.start())
    peak.start()
    reached: dict[str, float] = {}
    while (status := run.status()).state in ("queued", "running"):
        rows, passed = run.events(), round(time.perf_counter() - began, 2)
        if rows:
            reached.setdefault("first_row_seconds", passed)
        if any(row.get("steps") for row in rows):
            reached.setdefault("first_step_seconds", passed)
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    peak.join()
    if status.state != "done":
        raise EngineError(f"the run is {status.state}: {status.message}")
    return {**reached, "seconds": round(seconds, 2), "peak_mb": peak.megabytes}


class _Peak(threading.Thread):
    """Watches the resident memory of a process and its children until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.megabytes = 0

    def run(self) -> None:
        try:
            while self.process.status() != psutil.STATUS_ZOMBIE:
                family = [self.process, *self.process.children(recursive=True)]
                self.megabytes = max(self.megabytes, round(sum(each.memory_info().rss for each in family) / 1e6))
                time.sleep(0.1)
        except psutil.NoSuchProcess:
            return


if __name__ == "__main__":
    sys.exit(main())
