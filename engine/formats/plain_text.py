"""Plain text without annotations: a document a line, or a document a file.

A line ends at a line feed, with or without a carriage return; blank lines are no documents. A file is never recognised as text,
since then a malformed corpus would pass for it; name the format. A folder of ``.txt`` files without ``.ann`` is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.document import Document
from engine.formats.contract import Format
from engine.formats.folders import LONG_IDS, TEXT, Stems, new_folder, texts_in
from engine.formats.losses import ANNOTATED, BLANK, IDS, META, PICTURES, READINGS, SCORES, SPANS, SPEECH, Part
from engine.formats.source import Source, write_lines

_BREAKS = re.compile(r"\r*\n|\r+$")
BOM = "\ufeff"


def _parse_lines(source: Source) -> Iterator[Document]:
    for _, line in source.lines():
        if line.strip():
            yield Document(line)


def _write_lines(documents: Iterable[Document], path: Path) -> None:
    write_lines(path, (document.text + "\n" for document in documents))


def _parse_files(source: Source) -> Iterator[Document]:
    for name, file in texts_in(source.path):
        text = source.member(file).whole()
        if text is not None:
            yield Document(text.removeprefix(BOM), id=name)


def _write_files(documents: Iterable[Document], path: Path) -> None:
    stems = Stems()
    with new_folder(path) as folder:
        for document in documents:
            text = BOM + document.text if document.text.startswith(BOM) else document.text
            (folder / f"{stems.of(document)}{TEXT}").write_bytes(text.encode("utf-8"))


def _is_texts(head: str, path: Path) -> float:
    return 0.5 if path.is_dir() and next(path.rglob(f"*{TEXT}"), None) else 0.0


def _on_one_line(document: Document) -> Document:
    return replace(document, text=_BREAKS.sub(" ", document.text))


BREAKS = Part("breaks", "line breaks, written as spaces", lambda d: len(_BREAKS.findall(d.text)), _on_one_line)
UNMARKED = (SPANS, SCORES, PICTURES, SPEECH, META, ANNOTATED, READINGS)
LINES = Format(
    "lines",
    "Plain text, a document a line",
    (TEXT,),
    lambda head, path: 0.0,
    _parse_lines,
    _write_lines,
    (*UNMARKED, BLANK, BREAKS, IDS),
)
TEXTS = Format(
    "texts", "Plain text, a file a document", ("/", TEXT), _is_texts, _parse_files, _write_files, (*UNMARKED, LONG_IDS)
)
