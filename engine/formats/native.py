"""Duomo's own format: JSON lines that hold everything a document does.

``{"id": …, "text": …, "spans": [[start, end, label], [start, end, label, score], …], "images": […], "audio": …, "meta": {…},
"annotated": [label, …], "readings": {"3": "zhang3"}}``; all but ``text`` may be absent. Offsets are half-open code points;
those of readings are strings, since JSON has no other keys. The path of a picture or a recording may be relative to the file's
own folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.document import Document, Span
from engine.errors import InputError
from engine.formats.attachments import beside
from engine.formats.contract import Format, first_row
from engine.formats.fields import list_of, span_of, text_of
from engine.formats.source import Source, json_text, write_lines
from engine.modalities.pinyin import Syllable

KEYS = ("id", "text", "spans", "images", "audio", "meta", "annotated", "readings")


def to_row(document: Document) -> dict[str, Any]:
    """Return a document as plain values; empty fields are left out."""
    spans = [[*span.key] if span.score is None else [*span.key, span.score] for span in document.spans]
    row: dict[str, Any] = {"id": document.id, "text": document.text, "spans": spans}
    if document.images:
        row["images"] = list(document.images)
    if document.audio is not None:
        row["audio"] = document.audio
    if document.meta:
        row["meta"] = dict(document.meta)
    if document.annotated is not None:
        row["annotated"] = list(document.annotated)
    if document.readings:
        row["readings"] = {str(offset): reading for offset, reading in document.readings.items()}
    return row


def from_row(source: Source, number: int, row: dict[str, Any]) -> Document | None:
    """Return one row's document, or report everything wrong with it."""
    before = len(source.problems)
    for key in sorted(row.keys() - KEYS):
        source.report(number, f"only the keys {', '.join(KEYS)}", key)
    text = text_of(source, number, row, "text")
    spans = [_span(source, number, text or "", value) for value in list_of(source, number, {"spans": [], **row}, "spans")]
    images = list_of(source, number, {"images": [], **row}, "images")
    if not all(isinstance(image, str) for image in images):
        source.report(number, "paths under 'images'", str(images))
    audio, name = row.get("audio"), text_of(source, number, {"id": "", **row}, "id")
    if audio is not None and not isinstance(audio, str):
        source.report(number, "a path under 'audio'", str(audio))
    meta = row.get("meta", {})
    if not isinstance(meta, dict) or not all(isinstance(value, str) for value in meta.values()):
        source.report(number, "strings under the keys of 'meta'", str(meta))
    annotated = None if row.get("annotated") is None else tuple(list_of(source, number, row, "annotated"))
    if annotated is not None and not all(isinstance(label, str) for label in annotated):
        source.report(number, "labels under 'annotated'", str(list(annotated)))
    readings = _readings(source, number, text or "", row.get("readings", {}))
    if len(source.problems) > before or text is None:
        return None
    seen = tuple(beside(source, image) for image in images)
    heard = None if audio is None else beside(source, audio)
    return Document(text, tuple(span for span in spans if span), name or "", seen, heard, meta, annotated, readings)


def _span(source: Source, number: int, text: str, value: Any) -> Span | None:
    if not isinstance(value, list) or len(value) not in (3, 4):
        source.report(number, "[start, end, label] or [start, end, label, score]", str(value))
        return None
    span = span_of(source, number, text, (value[0], value[1], value[2]))
    score = value[3] if len(value) == 4 else None
    if score is None or span is None:
        return span
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 <= score <= 1:
        source.report(number, "a score in [0, 1]", str(score))
        return None
    return replace(span, score=float(score))


def _readings(source: Source, number: int, text: str, value: Any) -> dict[int, str]:
    if not isinstance(value, dict):
        source.report(number, "an object under 'readings', of offset and syllable", str(value))
        return {}
    # Not by int(), which also takes " 3", "03" and "３": two of them would be one place.
    places = {str(place): place for place in range(len(text))} if value else {}
    readings = {}
    for offset, reading in value.items():
        if offset not in places:
            source.report(number, f"the offset of one of {len(text)} characters under 'readings'", offset)
        elif not _is_syllable(reading):
            source.report(number, f"a syllable such as zhang3 for character {offset} under 'readings'", str(reading))
        else:
            readings[places[offset]] = reading
    return readings


def _is_syllable(reading: Any) -> bool:
    try:
        return isinstance(reading, str) and bool(Syllable.parse(reading))
    except InputError:
        return False


def _parse(source: Source) -> Iterator[Document]:
    for number, row in source.rows():
        document = from_row(source, number, row)
        if document is not None:
            yield document


def _write(documents: Iterable[Document], path: Path) -> None:
    write_lines(path, (json_text(to_row(document)) + "\n" for document in documents))


def _sniff(head: str, path: Path) -> float:
    keys = first_row(head).keys()
    return 1.0 if "text" in keys and keys <= set(KEYS) else 0.0


JSONL = Format("jsonl", "Duomo JSON lines, lossless", (".jsonl",), _sniff, _parse, _write)
