"""CLUENER: ten fine types; one JSON object a line, in either of its two releases.

- CLUE's own: ``{"text": …, "label": {type: {mention: [[start, last], …]}}}``, where ``last`` is the last character itself.
- The converted one: ``{"text": …, "entity_list": [{"entity_type", "entity", "entity_index": {"begin", "end"}}, …]}``,
  end-exclusive.

The first is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.document import Document, Span
from engine.formats.contract import Format, first_row
from engine.formats.fields import list_of, span_of, text_of
from engine.formats.losses import ANNOTATED, META, PICTURES, READINGS, SCORES, SPEECH
from engine.formats.source import Source, json_text, write_lines

TYPES = frozenset("address book company game government movie name organization position scene".split())


def parse_row(source: Source, number: int, row: dict[str, Any]) -> Document | None:
    """Return one row's document, or report what is wrong with it."""
    text = text_of(source, number, row, "text")
    if text is None:
        return None
    before = len(source.problems)
    spans = _inclusive(source, number, text, row["label"]) if "label" in row else _listed(source, number, text, row)
    if len(source.problems) > before:
        return None
    return Document(text, tuple(span for span in spans if span), id=str(row.get("id", "")))


def _listed(source: Source, number: int, text: str, row: dict[str, Any]) -> list[Span | None]:
    spans: list[Span | None] = []
    for entity in list_of(source, number, row, "entity_list"):
        try:
            place, label, mention = entity["entity_index"], entity["entity_type"], entity["entity"]
            values = (place["begin"], place["end"], label)
        except (TypeError, KeyError):
            source.report(number, "entity_type, entity and entity_index with begin and end", str(entity))
        else:
            spans.append(span_of(source, number, text, values, mention))
    return spans


def _inclusive(source: Source, number: int, text: str, labels: Any) -> list[Span | None]:
    spans: list[Span | None] = []
    try:
        places = [(label, mention, *place) for label, found in labels.items() for mention, at in found.items() for place in at]
    except (AttributeError, TypeError):
        places = [()]
    for place in places:
        if len(place) == 4 and type(place[3]) is int:
            label, mention, start, last = place
            spans.append(span_of(source, number, text, (start, last + 1, label), mention))
        else:
            source.report(number, "{type: {mention: [[start, last], …]}}", str(labels))
    return spans


def types_of(head: str) -> set[str]:
    """Return the entity types that the first lines of an ``entity_list`` file mention."""
    found: set[str] = set()
    for line in head.split("\n"):
        entities = first_row(line).get("entity_list")
        if isinstance(entities, list):
            found.update(str(entity.get("entity_type")) for entity in entities if isinstance(entity, dict))
    return found


def _parse(source: Source) -> Iterator[Document]:
    for number, row in source.rows():
        document = parse_row(source, number, row)
        if document is not None:
            yield document


def _row(document: Document) -> dict[str, Any]:
    label: dict[str, dict[str, list[list[int]]]] = {}
    for span in document.spans:
        label.setdefault(span.label, {}).setdefault(document.mention(span), []).append([span.start, span.end - 1])
    return {"id": document.id, "text": document.text, "label": label}


def _write(documents: Iterable[Document], path: Path) -> None:
    write_lines(path, (json_text(_row(document)) + "\n" for document in documents))


def _sniff(head: str, path: Path) -> float:
    row = first_row(head)
    if isinstance(row.get("label"), dict) and "text" in row:
        return 1.0
    if "entity_list" not in row or "text" not in row:
        return 0.0
    types = types_of(head)
    return 0.5 + 0.5 * len(types & TYPES) / max(1, len(types))


LACKS = (SCORES, PICTURES, SPEECH, META, ANNOTATED, READINGS)
CLUENER = Format("cluener", "CLUENER, ten fine types", (".json", ".jsonl"), _sniff, _parse, _write, LACKS)
