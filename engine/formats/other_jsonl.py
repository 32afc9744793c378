"""JSON lines of nobody in particular: a text under ``sentence``, ``content``, …, its spans under ``entities``, ``label``, ….

The names are those of :mod:`engine.formats.keys`; a row with two of them is refused, since one would be a guess. A span is
``[start, end, label]``, or with the mention behind it, or an object with such names as ``start``, ``end``, ``type`` and ``text``.
Where mentions show that ends name the last character itself, or that offsets count UTF-16 units, they are converted and that is
noted; without mentions, ends are taken to be exclusive. ``{"id", "text", "entities": [{"start", "end", "label", "text"}], …}`` is
written, further data as further keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.document import Document
from engine.formats.contract import Format, first_row
from engine.formats.doccano import further
from engine.formats.fields import text_of
from engine.formats.keys import SPANS, TEXT, one_key, place_of, places_of, spans_of
from engine.formats.losses import ANNOTATED, PICTURES, READINGS, SCORES, SPEECH, Part
from engine.formats.source import Source, json_text, write_lines


def _parse(source: Source) -> Iterator[Document]:
    for number, row in source.rows():
        before = len(source.problems)
        text_key = one_key(source, number, row, TEXT, "the text")
        text = text_of(source, number, row, text_key) if text_key else None
        places = places_of(source, number, row, SPANS, "[start, end, label], or an object with start, end and label")
        spans = [] if text is None else [span for span in spans_of(source, number, text, places, inclusive=True) if span]
        if text is not None and len(source.problems) == before:
            yield Document(text, tuple(spans), str(row.get("id", "")), meta=further(row, ("id", *TEXT, *SPANS)))


def _row(document: Document) -> dict[str, Any]:
    entities = [
        {"start": span.start, "end": span.end, "label": span.label, "text": document.mention(span)} for span in document.spans
    ]
    return {"id": document.id, "text": document.text, "entities": entities, **document.meta}


def _write(documents: Iterable[Document], path: Path) -> None:
    write_lines(path, (json_text(_row(document)) + "\n" for document in documents))


def _renamed(document: Document) -> Document:
    own = ("id", *TEXT, *SPANS)
    return replace(document, meta={key: value for key, value in document.meta.items() if key not in own})


def _sniff(head: str, path: Path) -> float:
    row = first_row(head)
    texts, spans = ([name for name in names if isinstance(row.get(name), kind)] for names, kind in ((TEXT, str), (SPANS, list)))
    if not texts or not spans:
        return 0.0
    return 0.6 if any(all(place_of(value) for value in row[name]) for name in spans) else 0.0


NAMES = Part(
    "meta-names", "further data under a name of the text or the spans", lambda d: len(d.meta) - len(_renamed(d).meta), _renamed
)
LACKS = (SCORES, PICTURES, SPEECH, ANNOTATED, READINGS, NAMES)
OTHER_JSONL = Format("other-jsonl", "JSON lines with other keys", (".jsonl", ".json"), _sniff, _parse, _write, LACKS)
