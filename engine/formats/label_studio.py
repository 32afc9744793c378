"""Label Studio: a JSON array of tasks, or its JSON-MIN export.

A task is ``{"id", "data": {"text": …, "image": …}, "annotations": [{"result": [{"type": "labels", "value": MARK}]}],
"predictions": […]}``, a mark ``{"start", "end", "text", "labels"}``. Of several annotations the ground truth is read, else the
last that was not cancelled; predictions only where nobody has annotated. In JSON-MIN a task is ``{"id", "text", "label": [MARK,
…]}``.

Offsets count code points; older releases counted UTF-16 units, which :mod:`engine.formats.offsets` recognises and converts.
A local path in the data that ends as pictures or recordings do is an attachment, also behind ``/data/local-files/?d=``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from engine.document import Document, Span
from engine.formats.attachments import IMAGES, RECORDINGS, beside
from engine.formats.contract import Format
from engine.formats.doccano import further
from engine.formats.keys import TEXT, Place, one_key, spans_of
from engine.formats.losses import ANNOTATED, READINGS
from engine.formats.source import Source, json_text, write_lines

LOCAL = "/data/local-files/?d="
_MIN_KEYS = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time")


def _parse(source: Source) -> Iterator[Document]:
    for number, task in source.items():
        before = len(source.problems)
        data = task.get("data")
        if data is None:
            data = {key: value for key, value in task.items() if not _is_marks(value) and key not in _MIN_KEYS}
            results = [{"type": "labels", "value": mark} for value in task.values() if _is_marks(value) for mark in value]
        else:
            results = _results(source, number, task)
        if not isinstance(data, dict):
            source.report(number, "an object under 'data'", str(data))
            continue
        key = one_key(source, number, data, TEXT, "the text")
        if key is None or not isinstance(data[key], str):
            if key:
                source.report(number, f"a string under {key!r}", str(data[key]))
            continue
        spans = _spans(source, number, data[key], results)
        if len(source.problems) == before:
            yield _document(source, task, data, key, spans)


def _is_marks(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and {"start", "end"} <= v.keys() for v in value)


def _results(source: Source, number: int, task: dict[str, Any]) -> list[Any]:
    annotations, predictions = (
        [a for a in _list(task.get(key)) if isinstance(a, dict)] for key in ("annotations", "predictions")
    )
    finished = [annotation for annotation in annotations if not annotation.get("was_cancelled")]
    chosen = [annotation for annotation in finished if annotation.get("ground_truth")] or finished or predictions
    source.note("further annotations of a task that has several: not kept", max(0, len(finished) - 1))
    if finished:
        source.note("predictions of annotated tasks: not kept", len(predictions))
    return _list(chosen[-1].get("result")) if chosen else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _spans(source: Source, number: int, text: str, results: list[Any]) -> list[Span]:
    places: list[Place] = []
    scores: list[Any] = []
    for result in results:
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(result, dict) or result.get("type") != "labels" or not isinstance(value, dict):
            kind = result.get("type") if isinstance(result, dict) else None
            source.note(f"results of type {kind if isinstance(kind, str) else 'unknown'}: not kept")
            continue
        labels = _list(value.get("labels"))
        if not labels:
            source.note("results without a label: not kept")
        for label in labels:
            places.append((_number(value.get("start")), _number(value.get("end")), label, value.get("text")))
            scores.append(result.get("score", value.get("score")))
    found = spans_of(source, number, text, [(s, e, la, m if isinstance(m, str) else None) for s, e, la, m in places])
    return [replace(span, score=_score(score)) for span, score in zip(found, scores, strict=True) if span]


def _number(value: Any) -> Any:
    """Return an offset, which some exports write as a string."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12 else value


def _score(value: Any) -> float | None:
    known = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if known else None


def _document(source: Source, task: dict[str, Any], data: dict[str, Any], key: str, spans: list[Span]) -> Document:
    images: list[str] = []
    recordings: list[str] = []
    others: dict[str, Any] = {}
    for name, value in data.items():
        paths = value if isinstance(value, list) and value else [value]
        for ours, endings, files in ((("image", "images"), IMAGES, images), (("audio",), RECORDINGS, recordings)):
            if name != key and all(_is_local(path) and (name in ours or _ends(path, endings)) for path in paths):
                files += [beside(source, unquote(p.removeprefix(LOCAL)) if p.startswith(LOCAL) else p) for p in paths]
                break
        else:
            others[name] = value
    source.note("recordings after the first of a task: not kept", len(recordings[1:]))
    own = task.get("meta")
    meta = further(others, (key, "id")) | further(own if isinstance(own, dict) else {}, ())
    name = others.get("id", task.get("id", ""))
    return Document(data[key], tuple(spans), str(name), tuple(images), next(iter(recordings), None), meta)


def _is_local(path: Any) -> bool:
    return isinstance(path, str) and "://" not in path and not path.startswith("data:")


def _ends(path: str, endings: tuple[str, ...]) -> bool:
    return PurePosixPath(path).suffix.lower() in endings


def _task(document: Document) -> dict[str, Any]:
    data: dict[str, Any] = {"id": document.id, "text": document.text}
    if document.images:
        data |= {"image": document.images[0]} if len(document.images) == 1 else {"images": list(document.images)}
    if document.audio is not None:
        data["audio"] = document.audio
    result = [_result(document, number, span) for number, span in enumerate(document.spans, 1)]
    guessed = bool(result) and all(span.score is not None for span in document.spans)
    task: dict[str, Any] = {"data": data, "predictions" if guessed else "annotations": [{"result": result}]}
    return {**task, "meta": dict(document.meta)} if document.meta else task


def _result(document: Document, number: int, span: Span) -> dict[str, Any]:
    value = {"start": span.start, "end": span.end, "text": document.mention(span), "labels": [span.label]}
    result = {"id": f"span{number}", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    return result if span.score is None else {**result, "score": span.score}


def _write(documents: Iterable[Document], path: Path) -> None:
    def lines() -> Iterator[str]:
        before = "[\n"
        for document in documents:
            yield before + json_text(_task(document))
            before = ",\n"
        yield "[]\n" if before == "[\n" else "\n]\n"

    write_lines(path, lines())


def _sniff(head: str, path: Path) -> float:
    if not head.lstrip().startswith("["):
        return 0.0
    if '"data"' in head and ('"annotations"' in head or '"predictions"' in head):
        return 0.9
    if '"data"' in head and '"text"' in head:
        return 0.6
    return 0.7 if '"labels"' in head and '"start"' in head and '"lead_time"' in head else 0.0


LACKS = (ANNOTATED, READINGS)
LABEL_STUDIO = Format("label-studio", "Label Studio, tasks or JSON-MIN", (".json",), _sniff, _parse, _write, LACKS)
