"""CNERTA: sentences read aloud; one JSON object a line, nested entities with end-exclusive offsets.

``{"sentence": …, "audio": "BAC009S…", "entity": [[start, end, mention, label], …], "speaker_info": "F"}``. The utterance's name
is the document's id; its recording is looked for, at any depth, in folders beside the file whose names hold ``wav``, ``audio`` or
``aishell``: AISHELL-1 unpacks to ``data_aishell/wav/train/S0002/BAC009S0002W0122.wav``. When a file is written, recordings that
are not found so are copied into such a folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.document import Document, Span
from engine.formats.attachments import RECORDINGS, UNNAMED, Attachments, Copies, expect
from engine.formats.contract import Format, first_row
from engine.formats.fields import list_of, span_of, text_of
from engine.formats.losses import ABSENT, ANNOTATED, PICTURES, READINGS, SCORES, Part
from engine.formats.source import Source, json_text, write_lines

SPEAKER = "speaker_info"


def _parse(source: Source) -> Iterator[Document]:
    recordings = Attachments(source.path, ("wav", "audio", "aishell"), RECORDINGS)
    for number, row in source.rows():
        before = len(source.problems)
        text, name = text_of(source, number, row, "sentence"), text_of(source, number, row, "audio")
        spans = [_span(source, number, text or "", value) for value in list_of(source, number, row, "entity")]
        if text is None or name is None or len(source.problems) > before:
            continue
        meta = {SPEAKER: row[SPEAKER]} if isinstance(row.get(SPEAKER), str) else {}
        audio = next(iter(expect(source, name, recordings.of(name))), None)
        yield Document(text, tuple(span for span in spans if span), id=name, audio=audio, meta=meta)


def _span(source: Source, number: int, text: str, value: Any) -> Span | None:
    if not isinstance(value, list) or len(value) != 4:
        source.report(number, "[start, end, mention, label]", str(value))
        return None
    start, end, mention, label = value
    return span_of(source, number, text, (start, end, label), mention)


def _row(document: Document) -> dict[str, Any]:
    entities = [[span.start, span.end, document.mention(span), span.label] for span in document.spans]
    return {"sentence": document.text, "audio": document.id, "entity": entities, **document.meta}


def _write(documents: Iterable[Document], path: Path) -> None:
    copies = Copies(path, "wav", RECORDINGS)

    def lines() -> Iterator[str]:
        for document in documents:
            if document.audio is not None:
                copies.put(document.id, (document.audio,))
            yield json_text(_row(document)) + "\n"

    write_lines(path, lines())


def _speaker(document: Document) -> Document:
    return replace(document, meta={key: value for key, value in document.meta.items() if key == SPEAKER})


OTHERS = Part("meta", f"further data but {SPEAKER}", lambda d: len(d.meta) - len(_speaker(d).meta), _speaker)


def _sniff(head: str, path: Path) -> float:
    return 1.0 if {"sentence", "entity"} <= first_row(head).keys() else 0.0


LACKS = (SCORES, PICTURES, OTHERS, ANNOTATED, READINGS, ABSENT, UNNAMED)
CNERTA = Format("cnerta", "CNERTA, sentences with speech", (".json", ".jsonl"), _sniff, _parse, _write, LACKS)
