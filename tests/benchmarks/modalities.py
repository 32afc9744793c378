"""What looking at characters and listening to them costs ``mpm-cner`` when it predicts: characters a second, with and without.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.modalities

The shipped system and one of the same shape without either modality read the same sentences in turn; ratios are against the
latter. "Looking up" is the part of it in which readings and traditional forms are found for a batch, with nothing remembered.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from engine import checkpoint, formats
from engine.document import Document
from engine.samples import news
from engine.shipped import SHIPPED
from engine.systems import get, mpm_cner
from engine.systems.mpm_cner import MpmCner
from engine.tagger import predict

_ROUNDS = 5


def main() -> None:
    """Time the shipped checkpoint and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="a corpus file; our own news by default")
    parser.add_argument("--checkpoint", default=str(SHIPPED / "mpm-cner"))
    arguments = parser.parse_args()
    documents = formats.read(arguments.data) if arguments.data else news()
    whole = checkpoint.load(arguments.checkpoint)
    assert isinstance(whole, MpmCner)
    neither = get("mpm-cner").build(replace(whole.config, glyph=False, phonetic=False), whole.labels, [])
    characters = sum(map(len, documents))
    print(f"{len(documents):,} sentences, {characters:,} characters, {torch.get_num_threads()} threads, batches of 32")
    looking = whole.collate
    found: dict[str, list[float]] = {}
    for _ in range(_ROUNDS):
        for name, system in (("neither", neither), ("both", whole)):
            mpm_cner._read.cache_clear()
            found.setdefault(name, []).append(_seconds(lambda system=system: predict(system.eval(), documents)))
        mpm_cner._read.cache_clear()
        found.setdefault("looking up", []).append(_seconds(lambda: _in_batches(looking, documents)))
    base = statistics.median(found["neither"])
    for name, seconds in found.items():
        median = statistics.median(seconds)
        print(f"{name:18} {characters / median:9,.0f} characters/s  {median / base:5.2f} of the time of neither")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _in_batches(collate: Callable[[Sequence[Document]], object], documents: Sequence[Document]) -> None:
    for first in range(0, len(documents), 32):
        collate(documents[first : first + 32])


if __name__ == "__main__":
    main()
