"""Warm latency of a system that looks at pictures: from files on disk to spans and evidence, on the CPU.

    python tests/benchmarks/pictures.py [--checkpoint C] [--pictures 4] [--side 1024] [--threads N] [--repeat 10]

Prints one JSON object: median and 95th percentile in milliseconds with pictures that were never seen before, with the same ones
again, which are remembered by their content, and with the text alone, asked in turn; and the ratios of the medians to the text's.
Without a checkpoint it is a dghc on zh-char-small with default options, untrained, which takes as long as a trained one: it looks
at each picture and at up to three objects in it. The text is one of our own sample sentences, the pictures are coloured shapes on
noise, as JPEG.
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
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.document import Document, LabelSet  # noqa: E402 - the folder is known only now
from engine.errors import EngineError, InputError  # noqa: E402

_CHARACTERS, _WARMING = 40, 2


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(json.dumps(measure(arguments, Path(folder)), ensure_ascii=False))
        except EngineError as error:
            print(f"pictures.py: {error}", file=sys.stderr)
            return 2
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("pictures.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--checkpoint", metavar="C", help="name or folder of a checkpoint; an untrained dghc by default")
    made.add_argument("--pictures", type=int, default=4, metavar="N", help="beside the text (4)")
    made.add_argument("--side", type=int, default=1024, metavar="PX", help="the longer side of each (1024)")
    made.add_argument("--repeat", type=int, default=10, metavar="N", help="times that each is measured (10)")
    made.add_argument("--threads", type=int, metavar="N", help="CPU threads; as many as there are cores by default")
    return made


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    import torch

    from engine import samples, tagger
    from engine.shipped import SHIPPED

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    model = tagger.load(arguments.checkpoint or _untrained(folder), SHIPPED, device="cpu")
    if "region_attention" not in model.system.emits:
        raise InputError(f"{model.info.name} does not look at pictures; give an acn, umt or dghc")
    text = "".join(document.text for document in samples.news())[:_CHARACTERS]
    times: dict[str, list[float]] = {"new": [], "remembered": [], "text": []}
    for turn in range(_WARMING + arguments.repeat):
        paths = tuple(_drawn(folder, turn * arguments.pictures + place, arguments.side) for place in range(arguments.pictures))
        for name, images in (("new", paths), ("remembered", paths), ("text", ())):
            times[name].append(_milliseconds(model, Document(text, images=images)))
    milliseconds = {name: _summary(values[_WARMING:]) for name, values in times.items()}
    return {
        "checkpoint": model.info.name if arguments.checkpoint else "dghc, untrained",
        "precision": model.precision,
        "threads": torch.get_num_threads(),
        "pictures": arguments.pictures,
        "side": arguments.side,
        "characters": len(text),
        "milliseconds": milliseconds,
        "ratios": {
            name: round(milliseconds[name]["median"] / milliseconds["text"]["median"], 2) for name in ("new", "remembered")
        },
    }


def _untrained(folder: Path) -> Path:
    import torch

    from engine import checkpoint, samples
    from engine.systems.dghc import Dghc, DghcConfig

    torch.manual_seed(0)
    documents = samples.news()
    system = Dghc.build(DghcConfig(encoder="zh-char-small"), LabelSet.of(documents), [document.text for document in documents])
    return checkpoint.save(system.eval(), folder / "dghc", {"data": "none"}).path


def _drawn(folder: Path, number: int, side: int) -> str:
    """Draw three shapes on noise, others in each picture."""
    drawn = np.random.default_rng(number)
    width, height = side, 3 * side // 4
    picture = Image.fromarray(drawn.integers(100, 140, (height, width, 3)).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for place in range(3):
        left, top = (place + drawn.uniform(0.1, 0.4)) * width / 3, drawn.uniform(0.1, 0.5) * height
        pen.ellipse((left, top, left + width / 5, top + height / 3), tuple(drawn.integers(0, 256, 3).tolist()))
    path = folder / f"{number}.jpg"
    picture.save(path)
    return str(path)


def _milliseconds(model: Any, document: Document) -> float:
    began = time.perf_counter()
    (prediction,) = model.predict([document], explain=True)
    taken = 1000 * (time.perf_counter() - began)
    (attention,) = [item for item in prediction.evidence if item.name == "region_attention"]
    if [bool(boxes) for boxes in attention.boxes] != [True] * len(document.images):
        raise InputError(f"{document.images} were not all seen: {attention.boxes}")
    return taken


def _summary(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(0.95 * (len(ordered) - 1) + 0.5)], 1)}


if __name__ == "__main__":
    sys.exit(main())
