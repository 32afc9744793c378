"""Why a model says what it says: typed, named and aligned to the characters of the text.

A system declares which of these it emits; a view draws each kind. ``name`` is the key of its caption in the interface's texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import DocumentError

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of a picture's width and height."""


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Rows of weights over the characters, e.g. classes by characters.

    Attributes:
        name: e.g. ``"class_attention"``.
        rows: what each row is.
        values: ``[rows, characters]``; of an attention with several heads, their mean.
        heads: ``[heads, rows, characters]``, or empty.
    """

    name: str
    rows: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    heads: tuple[tuple[tuple[float, ...], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Scores:
    """For each character, the probability of each tag or label, from the CRF's marginals.

    Attributes:
        name: e.g. ``"tag_probabilities"``.
        columns: what each column is.
        values: ``[characters, columns]``.
    """

    name: str
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Characters:
    """As what each character was seen and heard.

    Attributes:
        name: e.g. ``"characters"``.
        forms: the character whose glyph was looked at, ``""`` where none was.
        readings: the syllable that was listened to, as numbered pinyin, ``""`` where none was.
    """

    name: str
    forms: tuple[str, ...]
    readings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gates:
    """How far each source was let in, per layer.

    Attributes:
        name: e.g. ``"modality_gates"``.
        sources: what each column is.
        values: ``[layers, sources]``: 0 lets nothing in; those of a sigmoid are in [0, 1], a learned weight may be any.
    """

    name: str
    sources: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where in a recording each character is heard.

    Attributes:
        name: e.g. ``"alignment"``.
        times: ``[characters, 2]``, start and end in seconds; both 0 for what is not heard.
        confidence: how far the speech says this text, in [0, 1]; 0 where nothing could be aligned.
    """

    name: str
    times: tuple[tuple[float, float], ...]
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class SpeechAttention:
    """Where in a recording each character listens.

    Attributes:
        name: e.g. ``"speech_attention"``.
        seconds: that each column stands for.
        values: ``[characters, columns]``; of several heads, their mean; no columns where there is no speech.
        heads: ``[heads, characters, columns]``, or empty.
    """

    name: str
    seconds: float
    values: tuple[tuple[float, ...], ...]
    heads: tuple[tuple[tuple[float, ...], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Pauses:
    """Where a recording pauses: ``times`` is ``[pauses, 2]``, start and end in seconds."""

    name: str
    times: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class RegionAttention:
    """Where in the pictures beside a text each character looks.

    Attributes:
        name: e.g. ``"region_attention"``.
        boxes: the regions of each picture, ``[pictures, regions, 4]``.
        values: ``[pictures, characters, regions]``; of several heads or layers, their mean. A picture that cannot be seen has no
            regions; without pictures there are no rows.
    """

    name: str
    boxes: tuple[tuple[Box, ...], ...]
    values: tuple[tuple[tuple[float, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Correlation:
    """How far each picture has to do with the text: ``values`` is ``[pictures]``, in [-1, 1]; 0 for one that cannot be seen."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of the whole text: its spans as ``(start, end, label)`` and its probability."""

    spans: tuple[tuple[int, int, str], ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The n best readings, most probable first."""

    name: str
    readings: tuple[Alternative, ...]


Evidence = (
    Heatmap | Scores | Characters | Gates | Alignment | SpeechAttention | Pauses | RegionAttention | Correlation | Alternatives
)


def to_json(evidence: Evidence) -> dict[str, Any]:
    """Return the evidence as plain values, with its kind."""
    return {"kind": type(evidence).__name__, **asdict(evidence)}


def check(evidence: Evidence, characters: int) -> Evidence:
    """Return the evidence if it is finite and aligned to the characters.

    Raises:
        DocumentError: if a value is not finite or a row has not one value for each character.
    """
    match evidence:
        case Heatmap(name, _, mean, heads):
            values = (*mean, *(row for head in heads for row in head))
            lengths = {len(row) for row in values} or {characters}
        case Scores(name, _, values):
            lengths = {len(values)}
        case Characters(name, forms, readings):
            values, lengths = (), {len(forms), len(readings)}
        case Alignment(name, times, confidence):
            values, lengths = (*times, (confidence,)), {len(times)}
        case SpeechAttention(name, _, mean, heads):
            values, lengths = (*mean, *(row for head in heads for row in head)), {len(mean), *map(len, heads)}
        case Pauses(name, times):
            values, lengths = times, {characters}
        case RegionAttention(name, boxes, pictures):
            values, lengths = tuple(row for rows in pictures for row in rows), {len(rows) for rows in pictures} or {characters}
            regions = [len(found) for found in boxes]
            if [{len(row) for row in rows} - {count} for count, rows in zip(regions, pictures, strict=False)] != [set()] * len(
                pictures
            ):
                raise DocumentError(f"{name}: evidence for other regions than the {regions} of its pictures")
        case Correlation(name, correlations):
            values, lengths = (correlations,), {characters}
        case Gates(name, _, values):
            lengths = {characters}
        case Alternatives(name, readings):
            values, lengths = (tuple(r.probability for r in readings),), {characters}
    if lengths != {characters}:
        raise DocumentError(f"{name}: evidence for {sorted(lengths)} characters, but the text has {characters}")
    if not _finite(values):
        raise DocumentError(f"{name}: evidence has values that are not finite; the checkpoint may be damaged")
    return evidence


def _finite(rows: Iterable[Iterable[float]]) -> bool:
    return all(math.isfinite(value) for row in rows for value in row)
