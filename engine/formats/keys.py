"""The names and shapes under which other people's JSON and tables keep a text and its spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.document import Span
from engine.formats.fields import list_of, span_of
from engine.formats.offsets import same, settle
from engine.formats.source import Source

TEXT = ("text", "sentence", "content", "raw_text", "sent", "query", "文本", "句子", "正文", "内容")
SPANS = ("spans", "entities", "entity", "labels", "label", "annotations", "entity_list", "ents", "ner", "实体", "标注", "标签")
START = ("start", "begin", "start_offset", "start_idx", "start_index", "start_pos", "startOffset", "from", "offset")
END = ("end", "end_offset", "end_idx", "end_index", "end_pos", "endOffset", "stop", "to")
LABEL = ("label", "type", "entity_type", "tag", "class", "entity_group", "category", "labels", "entity")
MENTION = ("mention", "text", "word", "entity", "surface", "value", "name", "span")

Place = tuple[object, object, object, object]
"""Start, end, label and mention of a span as a file gives them, unchecked; the mention is ``None`` if it gives none."""


def one_key(source: Source, number: int, row: Mapping[str, Any], names: Sequence[str], what: str) -> str | None:
    """Return the one key of a row that is among some names, or report that there is none or more than one."""
    found = [name for name in names if name in row]
    if len(found) == 1:
        return found[0]
    if found:
        source.report(number, f"one key for {what}; rename or remove the others of", ", ".join(found))
    else:
        source.report(number, f"{what} under one of {', '.join(names)}", ", ".join(map(str, row)) or "no keys")
    return None


def place_of(value: Any) -> Place | None:
    """Return a span as a file gives it, from ``[start, end, label(, mention)]`` or an object; ``None`` if it is neither."""
    if isinstance(value, list) and len(value) in (3, 4):
        start, end, label = value[:3]
        mention = value[3] if len(value) == 4 else None
        if isinstance(label, str) and isinstance(start, str):  # [label, start, end]
            start, end, label = end, label, start
        return start, end, label, mention if isinstance(mention, str) else None
    if not isinstance(value, dict):
        return None
    start, end, label = (_first(value, names) for names in (START, END, LABEL))
    if isinstance(label, list) and len(label) == 1:
        label = label[0]
    if start is None or end is None or label is None:
        return None
    mention = _first(value, [name for name in MENTION if value.get(name) != label])
    return start, end, label, mention if isinstance(mention, str) else None


def places_of(source: Source, number: int, row: dict[str, Any], names: Sequence[str], expected: str) -> list[Place]:
    """Return the spans that a row gives under one of some names, as it gives them; what is none is reported.

    Args:
        source: the file.
        number: of the line.
        row: its object.
        names: under one of which the spans are.
        expected: what a span looks like in this format, to say where one does not.
    """
    key = one_key(source, number, row, names, "the spans")
    places: list[Place] = []
    for value in list_of(source, number, row, key) if key else ():
        place = place_of(value)
        if place is None:
            source.report(number, expected, str(value))
        else:
            places.append(place)
    return places


def _first(value: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((value[name] for name in names if name in value), None)


def spans_of(
    source: Source, number: int | Sequence[int], text: str, places: Sequence[Place], inclusive: bool = False
) -> Iterator[Span | None]:
    """Yield the spans of a text, or report what is wrong with one and yield ``None``.

    Offsets that are right only when counted another way than by code points are converted and noted.

    Args:
        source: what is read.
        number: the line, for reports, or that of each span.
        text: the text.
        places: the spans as the file gives them.
        inclusive: whether ends that prove to name the last character itself are taken so, and noted.
    """
    named = [(start, end, mention) for start, end, _, mention in places if mention is not None]
    way, convert = settle(text, named)
    shift = 0
    if way is None and inclusive:
        way, convert = settle(text, [(start, end + 1 if type(end) is int else end, quoted) for start, end, quoted in named])
        shift = int(way is not None)
        source.note("documents whose ends name the last character: converted to one past it", shift)
    if way:
        source.note(f"documents whose offsets count {way}: converted to code points")
    lines = [number] * len(places) if isinstance(number, int) else number
    for line, (start, end, label, mention) in zip(lines, places, strict=True):
        at = convert(start) if type(start) is int else start, convert(end + shift) if type(end) is int else end
        quoted = mention if isinstance(mention, str) and not same(mention, _cut(text, *at)) else None
        yield span_of(source, line, text, (*at, label), quoted)


def _cut(text: str, start: object, end: object) -> str:
    return text[start:end] if isinstance(start, int) and isinstance(end, int) and 0 <= start <= end else ""
