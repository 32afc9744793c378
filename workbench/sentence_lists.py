"""Sentences of a study on their way: onto a list, off it as a file, into a project."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.document import Document, Span
from engine.formats.native import to_row
from workbench.store import Entry
from workbench.store.errors import StoreError

if TYPE_CHECKING:
    from workbench.store import Store

_COLUMNS = ("id", "text", "gold", "predicted", "cases", "model", "data", "added", "by")


def entry_of(document: Document, predicted: Sequence[Span], about: Mapping[str, Any]) -> Entry:
    """Return a sentence as a list keeps it: files are named as they are in the workspace."""
    return Entry(_named(document), tuple(predicted), dict(about))


def jsonl_of(entries: Sequence[Entry]) -> str:
    """Return a list as JSON lines: documents as Duomo's own format has them; what else is known stands in their meta."""
    lines = []
    for entry in entries:
        row = to_row(entry.document)
        predicted = [[*span.key] if span.score is None else [*span.key, span.score] for span in entry.predicted]
        said = {"predicted": json.dumps(predicted, ensure_ascii=False), **{k: _said(v) for k, v in (entry.about or {}).items()}}
        lines.append(json.dumps({**row, "meta": {**row.get("meta", {}), **said}}, ensure_ascii=False) + "\n")
    return "".join(lines)


def csv_of(entries: Sequence[Entry]) -> str:
    """Return a list as a table that a spreadsheet opens; the mark at its beginning tells it that this is UTF-8."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    for entry in entries:
        document, about = entry.document, entry.about or {}
        marked = [" ".join(_mention(document, span) for span in spans) for spans in (document.spans, entry.predicted)]
        cases = "; ".join("/".join(case) for case in about.get("cases", ()))
        when = f"{entry.created:%Y-%m-%d %H:%M}" if entry.created else ""
        rows.writerow([document.id, document.text, *marked, cases, about.get("model"), about.get("data"), when, entry.account])
    return "\ufeff" + written.getvalue()


def document_for(store: Store, project: int, document: Document) -> int:
    """Return the id of the project's document that a sentence is, or that has its text; 0 if there is none."""
    number = document.meta.get("document", "")
    if number.isdecimal():
        try:
            stored = store.document(int(number))
        except StoreError:  # it came with a list, from elsewhere
            stored = None
        if stored and stored.project_id == project and stored.text == document.text:
            return stored.id
    found = store.find(document.text, project)
    return found.id if found else 0


def _mention(document: Document, span: Span) -> str:
    score = "" if span.score is None else f":{span.score:.3f}"
    return f"{document.mention(span)}[{span.start},{span.end}){span.label}{score}"


def _named(document: Document) -> Document:
    audio = Path(document.audio).name if document.audio else None
    return replace(document, images=tuple(Path(path).name for path in document.images), audio=audio)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
