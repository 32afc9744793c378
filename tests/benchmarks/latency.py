"""Warm latency of a checkpoint: how long one text takes, evidence included, as the Analyse page asks for it.

    python tests/benchmarks/latency.py --checkpoint zh-general [--lengths 30,100,1000] [--threads N] [--repeat 50]

Prints one JSON object: for each length the median and the 95th percentile in milliseconds. The texts are our own sample
sentences, joined and cut to the length.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.document import Document  # noqa: E402 - the folder is known only now
from engine.errors import EngineError  # noqa: E402


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    try:
        print(json.dumps(measure(arguments), ensure_ascii=False))
    except EngineError as error:
        print(f"latency.py: {error}", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("latency.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--checkpoint", required=True, metavar="C", help="name or folder of a checkpoint")
    made.add_argument("--lengths", type=_numbers, default=[30, 100, 1000], metavar="N,…", help="characters (30,100,1000)")
    made.add_argument("--repeat", type=int, default=50, metavar="N", help="times each length is measured (50)")
    made.add_argument("--threads", type=int, metavar="N", help="CPU threads; as many as there are cores by default")
    made.add_argument("--device", default="cpu", help="cpu, cuda, … (cpu)")
    return made


def _numbers(value: str) -> list[int]:
    return [int(number) for number in value.split(",")]


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    import torch

    from engine import samples, tagger
    from engine.shipped import SHIPPED

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    model = tagger.load(arguments.checkpoint, SHIPPED, device=arguments.device)
    sentences = "".join(document.text for document in samples.news())
    latencies = {}
    for length in arguments.lengths:
        # another beginning each time, so that no length is measured on one lucky text
        joined = sentences * (1 + (length + 17 * arguments.repeat) // len(sentences))
        texts = [joined[17 * turn : 17 * turn + length] for turn in range(arguments.repeat)]
        for text in texts[:3]:
            model.predict([Document(text)], explain=True)
        latencies[str(length)] = _summary([_milliseconds(model, text) for text in texts])
    return {"checkpoint": model.info.name, "threads": torch.get_num_threads(), "milliseconds": latencies}


def _milliseconds(model: Any, text: str) -> float:
    began = time.perf_counter()
    model.predict([Document(text)], explain=True)
    return 1000 * (time.perf_counter() - began)


def _summary(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(0.95 * (len(ordered) - 1) + 0.5)], 1)}


if __name__ == "__main__":
    sys.exit(main())
