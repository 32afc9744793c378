"""What there is to decide where several people annotated one text: stretch by stretch, who says what, and what most say."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.document import Span

Labels = tuple[str, ...]
"""What somebody calls a stretch, sorted; empty for no entity."""
_ENDS = re.compile(r"[。！？；\n]+[”’」』）]*|[.!?;]+\s+")
_MOST = 9
"""Alternatives of a span: each has a digit as its key."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One version that is weighed: an annotator's, who votes, or what only stands beside.

    Attributes:
        name: how it is called on the page.
        kind: an annotator votes; the others are shown.
        spans: what it marks.
    """

    name: str
    kind: Literal["annotator", "model", "imported", "gold"]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch that some version marks.

    Attributes:
        start: first code point.
        end: one past the last.
        said: what each version calls it, in their order.
        votes: how many annotators say what, most first.
        majority: what more than half of the annotators say; ``None`` if none do.
        differs: whether there is something to decide: annotators differ, or the gold there is says otherwise than all of them.
    """

    start: int
    end: int
    said: tuple[Labels, ...]
    votes: tuple[tuple[Labels, int], ...]
    majority: Labels | None
    differs: bool


def units_of(voices: Sequence[Voice]) -> tuple[Unit, ...]:
    """Return every stretch that some version marks, by place."""
    found: dict[tuple[int, int], list[set[str]]] = defaultdict(lambda: [set() for _ in voices])
    for number, voice in enumerate(voices):
        for span in voice.spans:
            found[span.start, span.end][number].add(span.label)
    places = sorted(found, key=lambda place: (place[0], -place[1]))
    return tuple(_unit(place, tuple(tuple(sorted(labels)) for labels in found[place]), voices) for place in places)


def begin_from(units: Iterable[Unit], gold: Sequence[Span] | None) -> list[dict[str, Any]]:
    """Return the spans that the editor begins with: gold where there is one, else what all agree on, the rest as proposals.

    A proposal is what most say of a stretch, with their share as its score and what the others say as its alternatives.

    Args:
        units: of the document.
        gold: what was adjudicated already.
    """
    if gold is not None:
        return [{**asdict(span), "score": None, "predicted": False} for span in gold]
    spans = []
    for unit in units:
        if unit.differs:
            spans += _proposal(unit)
        else:
            said = unit.majority or ()
            spans += [{"start": unit.start, "end": unit.end, "label": label, "predicted": False} for label in said]
    return spans


def passages(text: str, voices: Iterable[Voice]) -> list[tuple[int, int]]:
    """Return the sentences of a text, half-open; a border that lies inside somebody's span is none."""
    inside = {offset for voice in voices for span in voice.spans for offset in range(span.start + 1, span.end)}
    ends = [end.end() for end in _ENDS.finditer(text) if end.end() not in inside]
    borders = sorted({0, *ends, len(text)})
    return [(start, end) for start, end in zip(borders, borders[1:], strict=False) if text[start:end].strip()]


def versions(start: int, end: int, voices: Sequence[Voice]) -> list[tuple[list[Voice], tuple[Span, ...]]]:
    """Return the different versions of a passage with those who hold them, what most annotators hold first.

    Args:
        start: where the passage begins.
        end: where it ends; nobody's span goes beyond either.
        voices: the versions of the whole text, the spans of each in their order.
    """
    held: dict[tuple[Span, ...], list[Voice]] = defaultdict(list)
    for voice in voices:
        first, behind = (bisect_left(voice.spans, offset, key=_start) for offset in (start, end))
        held[tuple(sorted(voice.spans[first:behind]))].append(voice)
    ranked = [(holders, spans) for spans, holders in held.items()]
    return sorted(ranked, key=lambda version: -sum(voice.kind == "annotator" for voice in version[0]))


def _start(span: Span) -> int:
    return span.start


def _unit(place: tuple[int, int], said: tuple[Labels, ...], voices: Sequence[Voice]) -> Unit:
    votes = Counter(labels for labels, voice in zip(said, voices, strict=True) if voice.kind == "annotator").most_common()
    asked = sum(count for _, count in votes)
    majority = votes[0][0] if votes and 2 * votes[0][1] > asked else None
    gold = [labels for labels, voice in zip(said, voices, strict=True) if voice.kind == "gold"]
    return Unit(*place, said, tuple(votes), majority, len(votes) > 1 or any(labels != majority for labels in gold))


def _proposal(unit: Unit) -> list[dict[str, Any]]:
    asked = sum(count for _, count in unit.votes)
    ranked = [(labels, count / asked) for labels, count in unit.votes]
    said = next(((labels, share) for labels, share in ranked if labels), None)
    if said is None:
        return []
    place = {"start": unit.start, "end": unit.end}
    others = [
        {"label": labels[0], "score": share}
        if len(labels) == 1
        else {"spans": [{**place, "label": label} for label in labels], "score": share}
        for labels, share in ranked
        if labels != said[0]
    ]
    return [{**place, "label": said[0][0], "score": said[1], "predicted": True, "alternatives": others[:_MOST]}]
