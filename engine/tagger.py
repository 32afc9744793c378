"""From documents to predictions with a checkpoint."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import torch

from engine import checkpoint as checkpoints
from engine.checkpoint import CheckpointInfo
from engine.document import Document, Span
from engine.errors import ConfigError
from engine.evidence import Characters, Evidence, Scores, check
from engine.precision import choose, computing, quantised
from engine.systems.contract import System
from engine.windows import Window, cut, stitch

CHARACTERS = {"cpu": 2048, "cuda": 65_536}
"""Most characters, padding included, of one forward pass: on a CPU as many as its caches hold."""
_OVERLAP = 24
_Value = TypeVar("_Value")
Piece = tuple[int, Window]
"""A stretch of one of several documents: the document's number, and which stretch."""


@dataclass(frozen=True)
class Prediction:
    """What a checkpoint says of a document.

    Attributes:
        document: with the predicted spans, scored.
        evidence: why; empty unless asked for.
        seconds: its share of the time taken.
    """

    document: Document
    evidence: tuple[Evidence, ...]
    seconds: float


class Tagger:
    """A loaded checkpoint; may be used from several threads, one after the other."""

    def __init__(self, info: CheckpointInfo, system: System, precision: str = "fp32") -> None:
        """Serve a system that lies on its device, ready to predict in this precision."""
        self.info = info
        self.system = system
        self.precision = precision
        self._turn = threading.Lock()

    def predict(self, documents: Sequence[Document], *, explain: bool = False, without: Sequence[str] = ()) -> list[Prediction]:
        """Find the entities of each document, as :func:`predict` does."""
        with self._turn:
            return predict(self.system, documents, explain=explain, precision=self.precision, without=without)

    @contextmanager
    def alone(self) -> Iterator[System]:
        """Lend the system to somebody who looks into it; nobody else is answered meanwhile."""
        with self._turn:
            yield self.system


@torch.inference_mode()
def predict(
    system: System,
    documents: Sequence[Document],
    *,
    explain: bool = False,
    precision: str = "fp32",
    without: Sequence[str] = (),
) -> list[Prediction]:
    """Find the entities of each document; annotations that it carries are not looked at.

    Args:
        system: in evaluation mode.
        documents: of any length: long ones are cut at sentence ends and stitched.
        explain: whether to return evidence; a long document's is stitched where it is per character, else left out.
        precision: number format to compute in, as :mod:`engine.precision` has them.
        without: optional modalities that are kept from the system.

    Raises:
        InputError: if the system cannot do without one of them.
    """
    device = next(system.parameters()).device
    overlap = min(_OVERLAP, system.window // 4)
    windows = [cut(document.text, system.window, overlap) for document in documents]
    pieces = [(i, window) for i, found in enumerate(windows) for window in found]
    results: dict[Piece, _Result] = {}
    for group in batched(pieces, CHARACTERS[device.type]):
        began = time.perf_counter()
        parts = [documents[i].part(window.start, window.end) for i, window in group]
        batch = system.collate(parts)
        for modality in without:
            batch = system.without(batch, modality)
        batch = batch.to(device)
        with computing(precision, device):
            spans = system.decode(batch)
            evidence: list[list[Evidence]] = system.explain(batch) if explain else [[] for _ in parts]
        share = (time.perf_counter() - began) / len(group)
        for key, found, why in zip(group, spans, evidence, strict=True):
            results[key] = _Result(found, why, share)
    return [
        _join(system, document, windows[i], [results[i, window] for window in windows[i]]) for i, document in enumerate(documents)
    ]


@dataclass(frozen=True)
class _Result:
    spans: list[Span]
    evidence: list[Evidence]
    seconds: float


def batched(pieces: Sequence[Piece], most: int) -> list[list[Piece]]:
    """Put pieces of like length together, so that little is padded."""
    ordered = sorted(pieces, key=lambda piece: piece[1].end - piece[1].start)
    batches: list[list[Piece]] = []
    for piece in ordered:
        width = piece[1].end - piece[1].start
        if not batches or (len(batches[-1]) + 1) * width > most:
            batches.append([])
        batches[-1].append(piece)
    return batches


def _join(system: System, document: Document, windows: Sequence[Window], results: Sequence[_Result]) -> Prediction:
    spans = stitch(windows, [result.spans for result in results], structure=system.structure)
    evidence = results[0].evidence if len(windows) == 1 else _stitch_evidence(windows, [result.evidence for result in results])
    checked = tuple(check(item, len(document)) for item in evidence)
    return Prediction(document.with_spans(spans), checked, sum(result.seconds for result in results))


def load(checkpoint: str | Path, *roots: str | Path, device: str = "auto", precision: str = "auto") -> Tagger:
    """Load a checkpoint by name or folder.

    Args:
        checkpoint: a name below the roots (the shipped checkpoints if none are given), or a folder.
        roots: folders of checkpoints.
        device: ``cpu``, ``cuda``, ``cuda:1``, …; ``auto`` takes a GPU if there is one.
        precision: ``fp32``, ``bf16`` or ``int8``; ``auto`` is bf16 where the processor or the GPU has it, else fp32.

    Raises:
        CheckpointError: if it is missing, damaged, unsafe or of another version.
        ConfigError: if there is no such device, or it has not got the precision.
    """
    info = checkpoints.find(checkpoint, *roots)
    system = checkpoints.load(info.path)
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    try:
        system = system.to(chosen)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"the device {chosen!r} cannot be used ({reason}); choose cpu, or auto") from error
    precision = choose(precision, torch.device(chosen))
    return Tagger(info, quantised(system) if precision == "int8" else system, precision)


def _stitch_evidence(windows: Sequence[Window], evidence: Sequence[Sequence[Evidence]]) -> list[Evidence]:
    """Join what is said of each character from each window's core; other kinds speak of one window only and are left out."""
    joined: list[Evidence] = []
    for items in zip(*evidence, strict=True):
        first = items[0]
        if isinstance(first, Scores):
            joined.append(replace(first, values=_cores(windows, [item.values for item in items if isinstance(item, Scores)])))
        elif isinstance(first, Characters):
            several = [item for item in items if isinstance(item, Characters)]
            forms, readings = (_cores(windows, [getattr(item, name) for item in several]) for name in ("forms", "readings"))
            joined.append(replace(first, forms=forms, readings=readings))
    return joined


def _cores(windows: Sequence[Window], values: Sequence[tuple[_Value, ...]]) -> tuple[_Value, ...]:
    joined: list[_Value] = []
    for window, row in zip(windows, values, strict=True):
        joined += row[window.core_start - window.start : window.core_end - window.start]
    return tuple(joined)
