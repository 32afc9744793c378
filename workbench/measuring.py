"""What a model's evidence comes to in numbers: over the whole text, and where something was proposed or is marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.document import Span
from engine.evidence import Correlation, Evidence, Gates, Heatmap, RegionAttention, Scores, SpeechAttention
from workbench.store import Measure

_Stretch = tuple[int, int]
_Rows = Sequence[Sequence[float]]
"""``[rows, characters]``"""


def measured(characters: int, spans: Iterable[Span], evidence: Iterable[Evidence]) -> list[Measure]:
    """Return the measures of a text: the highest value and the mean of each piece of evidence.

    A gate is let open for the whole text, so it is the same for each stretch of it. What only says where something is heard, or
    what the characters were taken for, measures nothing.

    Args:
        characters: of the text.
        spans: proposed or marked; of several on one stretch, the stretch counts once.
        evidence: what the system gave for this text.
    """
    stretches = sorted({(span.start, span.end) for span in spans})
    found = []
    for name, rows in _named(characters, evidence):
        for extent in (None, *stretches):
            start, end = extent or (0, characters)
            values = [value for row in rows for value in row[start:end]]
            if values:
                found.append(Measure(name, extent, max(values), sum(values) / len(values)))
    return found


def _named(characters: int, evidence: Iterable[Evidence]) -> Iterator[tuple[str, _Rows]]:
    for item in evidence:
        match item:
            case Heatmap(name, rows, values):
                yield name, values
                yield from _parts(name, rows, values)
            case Scores(name, columns, values):
                yield from _parts(name, columns, [[row[at] for row in values] for at in range(len(columns))])
            case Gates(name, sources, layers):
                yield from _parts(name, sources, [[layer[at] for layer in layers] for at in range(len(sources))], characters)
            case Correlation(name, values) if values:
                yield name, [[value] * characters for value in values]
            case RegionAttention(name, _, pictures):
                yield name, [[max(row, default=0.0) for row in rows] for rows in pictures]
            case SpeechAttention(name, _, values):
                yield name, [[max(row, default=0.0) for row in values]]


def _parts(name: str, parts: Sequence[str], values: _Rows, characters: int = 0) -> Iterator[tuple[str, _Rows]]:
    """Yield the rows by the names of their parts, where they are few and named: classes, modalities; not characters."""
    if len(set(parts)) != len(parts) or any(len(part) < 2 for part in parts):
        return
    for part, row in zip(parts, values, strict=True):
        yield f"{name}.{part}", [[value] * characters for value in row] if characters else [row]
