"""How far off an alignment of characters with speech is, where it is known when each character is said.

What is compared is where a character starts. A system that is trained by CTC says a character in one vector or a few, anywhere
while it sounds and often late, so that where it ends is not to be read off (:class:`engine.layers.masked_ctc.ForcedAlignment`);
the bias tells how late, on average, and nothing here corrects it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.evidence import Alignment

Times = Sequence[tuple[float, float] | None]
"""Of each character its start and end in seconds; ``None`` for what is not said."""
TOLERANCES = (40, 60, 100)
"""In milliseconds; 40 is one vector of speech."""


@dataclass(frozen=True, slots=True)
class AlignmentError:
    """How far predicted starts of characters are from the known ones.

    Attributes:
        documents: how many were compared.
        unaligned: those of them of which nothing could be aligned.
        characters: how many were compared: those that are said, and have a predicted start.
        unheard: characters that are said, and have none.
        mean: of the distances, in milliseconds; this and what follows is ``None`` if no character was compared.
        median: of the distances, in milliseconds.
        bias: mean of predicted less known start, in milliseconds; above 0, the prediction is late.
        within: by milliseconds, of :data:`TOLERANCES`, the share of distances that are no longer.
    """

    documents: int
    unaligned: int
    characters: int
    unheard: int
    mean: float | None = None
    median: float | None = None
    bias: float | None = None
    within: Mapping[int, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain values; what is in milliseconds says so."""
        plain = asdict(self)
        for name in ("mean", "median", "bias", "within"):
            plain[f"{name}_ms"] = plain.pop(name)
        return plain


def alignment_error(predicted: Iterable[Alignment | None], known: Iterable[Times]) -> AlignmentError:
    """Compare alignments with known times, document by document in order.

    Args:
        predicted: of each document, its alignment; ``None`` if there is none, as of one that is longer than a window.
        known: of each document, when its characters are said.

    Raises:
        InputError: if a document has known times for another number of characters.
    """
    documents = unaligned = unheard = 0
    off: list[float] = []
    for alignment, times in zip(predicted, known, strict=True):
        found = alignment.times if alignment else ((0.0, 0.0),) * len(times)
        if len(found) != len(times):
            lengths = f"{len(found)} characters, and known times for {len(times)}"
            raise InputError(f"document {documents} has {lengths}; see that both are of one corpus")
        documents += 1
        unaligned += not any(end for _, end in found)
        for (start, end), truth in zip(found, times, strict=True):
            if truth is not None:
                if end:
                    off.append(1000 * (start - truth[0]))
                else:
                    unheard += 1
    if not off:
        return AlignmentError(documents, unaligned, 0, unheard)
    signed = np.array(off).round(3)
    distances = np.abs(signed)
    within = {limit: float(np.mean(distances <= limit)) for limit in TOLERANCES}
    mean, median, bias = (float(value) for value in (distances.mean(), np.median(distances), signed.mean()))
    return AlignmentError(documents, unaligned, len(off), unheard, mean, median, bias, within)


def read_times(path: str | Path) -> dict[str, Times]:
    """Read when characters are said, by a document's id, from the ``construction.jsonl`` of built speech.

    Raises:
        InputError: if it cannot be read, or a row is no object with an id and times, or gives other times for the id of another.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}; give the construction.jsonl of built speech"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start}; give the construction.jsonl of built speech") from error
    known: dict[str, Times] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            name, times = str(row["id"]), tuple(_times(value) for value in row["characters"])
        except (ValueError, KeyError, TypeError) as error:
            expected = '{"id": "…", "characters": [[0.1, 0.28], null, …]}, seconds'
            raise InputError(f"{path}:{number}: expected {expected}, got {line[:60]}") from error
        if known.setdefault(name, times) != times:
            raise InputError(f"{path}:{number}: the id {name!r} has other times above; give each document an id of its own")
    return known


def _times(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    start, end = map(float, value)
    if not (math.isfinite(end) and 0 <= start <= end):
        raise ValueError(f"{start} to {end} is no stretch of time")
    return start, end
