"""doccano: JSON lines of sequence labelling, offsets in code points.

``{"id": 1, "text": …, "label": [[start, end, label], …], "Comments": []}``, ``labels`` in older releases; projects with relations
write ``"entities": [{"id", "label", "start_offset", "end_offset"}, …], "relations": […]``. Every other key is further data of the
document: strings as they are, anything else as JSON. The first shape is written, which doccano imports.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.document import Document
from engine.formats.contract import Format, first_row
from engine.formats.fields import text_of
from engine.formats.keys import places_of, spans_of
from engine.formats.losses import ANNOTATED, PICTURES, READINGS, SCORES, SPEECH, Part
from engine.formats.source import Source, json_text, write_lines

SPAN_KEYS = ("label", "labels", "entities")
KEYS = ("id", "text", *SPAN_KEYS, "relations", "meta")


def further(row: dict[str, Any], known: Iterable[str]) -> dict[str, str]:
    """Return what a row says under other keys, as strings; what is empty says nothing."""
    others = {key: value for key, value in row.items() if key not in known and value not in (None, [], {})}
    return {key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for key, value in others.items()}


def _parse(source: Source) -> Iterator[Document]:
    for number, row in source.rows():
        before = len(source.problems)
        text = text_of(source, number, row, "text")
        places = places_of(source, number, row, SPAN_KEYS, "[start, end, label], or label, start_offset and end_offset")
        if isinstance(row.get("relations"), list):
            source.note("relations: not kept", len(row["relations"]))
        spans = [] if text is None else [span for span in spans_of(source, number, text, places) if span]
        if text is not None and len(source.problems) == before:
            meta = row.get("meta") if isinstance(row.get("meta"), dict) else {}
            yield Document(text, tuple(spans), str(row.get("id", "")), meta=further({**(meta or {}), **row}, KEYS))


def _row(document: Document) -> dict[str, Any]:
    return {"id": document.id, "text": document.text, "label": [list(span.key) for span in document.spans], **document.meta}


def _write(documents: Iterable[Document], path: Path) -> None:
    write_lines(path, (json_text(_row(document)) + "\n" for document in documents))


def _renamed(document: Document) -> Document:
    return replace(document, meta={key: value for key, value in document.meta.items() if key not in KEYS})


def _sniff(head: str, path: Path) -> float:
    row = first_row(head)
    if not isinstance(row.get("text"), str):
        return 0.0
    entities = row.get("entities")
    if isinstance(entities, list) and (
        "relations" in row or all(isinstance(e, dict) and "start_offset" in e for e in entities or [0])
    ):
        return 0.95
    spans = row.get("label", row.get("labels"))
    triples = isinstance(spans, list) and all(isinstance(span, list) and len(span) == 3 for span in spans)
    return 0.9 if triples else 0.0


NAMES = Part("meta-names", "further data under a name of doccano's own", lambda d: len(d.meta) - len(_renamed(d).meta), _renamed)
LACKS = (SCORES, PICTURES, SPEECH, ANNOTATED, READINGS, NAMES)
DOCCANO = Format("doccano", "doccano, sequence labelling", (".jsonl",), _sniff, _parse, _write, LACKS)
