"""Warm latency of a system that listens: from a recording on disk to spans and evidence, the alignment among it, on the CPU.

    python tests/benchmarks/speech.py [--checkpoint C] [--seconds 5] [--rate 48000] [--threads N] [--repeat 20]

Prints one JSON object: median and 95th percentile in milliseconds with the recording and with the text alone, asked in turn, and
the ratio of the medians. Without a checkpoint it is an m3t on zh-char-small with default options, untrained, which takes as long
as a trained one. The text is one of our own sample sentences, four characters a second; the recording is a tone for each. Every
turn has a file of its own, so that nothing is remembered from the one before; a browser records at 48 kHz.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.document import Document, LabelSet  # noqa: E402 - the folder is known only now
from engine.errors import EngineError, InputError  # noqa: E402

_A_SECOND, _WARMING = 4, 3


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(json.dumps(measure(arguments, Path(folder)), ensure_ascii=False))
        except EngineError as error:
            print(f"speech.py: {error}", file=sys.stderr)
            return 2
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("speech.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--checkpoint", metavar="C", help="name or folder of a checkpoint; an untrained m3t by default")
    made.add_argument("--seconds", type=float, default=5.0, metavar="S", help="of the recording (5)")
    made.add_argument("--rate", type=int, default=48_000, metavar="HZ", help="of the recording (48000)")
    made.add_argument("--repeat", type=int, default=20, metavar="N", help="times that each is measured (20)")
    made.add_argument("--threads", type=int, metavar="N", help="CPU threads; as many as there are cores by default")
    return made


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    import torch

    from engine import samples, tagger
    from engine.modalities import hearing
    from engine.shipped import SHIPPED

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    model = tagger.load(arguments.checkpoint or _untrained(folder), SHIPPED, device="cpu")
    if "alignment" not in model.system.emits:
        raise InputError(f"{model.info.name} does not say where characters are heard; give an m3t")
    hearing.warm()
    text = "".join(document.text for document in samples.news())[: round(arguments.seconds * _A_SECOND)]
    times: dict[str, list[float]] = {"speech": [], "text": []}
    for turn in range(_WARMING + arguments.repeat):
        path = _recorded(folder / f"{turn}.wav", text, arguments.seconds, arguments.rate)
        times["speech"].append(_milliseconds(model, Document(text, audio=str(path))))
        times["text"].append(_milliseconds(model, Document(text)))
    milliseconds = {name: _summary(values[_WARMING:]) for name, values in times.items()}
    return {
        "checkpoint": model.info.name if arguments.checkpoint else "m3t, untrained",
        "precision": model.precision,
        "threads": torch.get_num_threads(),
        "seconds": arguments.seconds,
        "rate": arguments.rate,
        "characters": len(text),
        "milliseconds": milliseconds,
        "ratio": round(milliseconds["speech"]["median"] / milliseconds["text"]["median"], 2),
    }


def _untrained(folder: Path) -> Path:
    import torch

    from engine import checkpoint, samples
    from engine.systems.m3t import M3t, M3tConfig

    torch.manual_seed(0)
    documents = samples.news()
    system = M3t.build(M3tConfig(encoder="zh-char-small"), LabelSet.of(documents), [document.text for document in documents])
    return checkpoint.save(system.eval(), folder / "m3t", {"data": "none"}).path


def _recorded(path: Path, text: str, seconds: float, rate: int) -> Path:
    """Write a tone for each character, soft at both ends."""
    import soundfile

    times = np.arange(round(seconds * rate / len(text))) / rate
    shape = np.sin(np.pi * times * len(text) / seconds)
    tones = [0.3 * shape * np.sin(2 * np.pi * (200 + ord(character) % 97 * 20) * times) for character in text]
    soundfile.write(path, np.concatenate(tones), rate)
    return path


def _milliseconds(model: Any, document: Document) -> float:
    began = time.perf_counter()
    (prediction,) = model.predict([document], explain=True)
    taken = 1000 * (time.perf_counter() - began)
    (alignment,) = [item for item in prediction.evidence if item.name == "alignment"]
    if bool(document.audio) != any(end for _, end in alignment.times):
        raise InputError(f"{document.audio or 'the text alone'} was not answered as expected: aligned to {alignment.times}")
    return taken


def _summary(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(0.95 * (len(ordered) - 1) + 0.5)], 1)}


if __name__ == "__main__":
    sys.exit(main())
