"""CSV and TSV with named columns, a document a row.

There is a column ``text``; the others may be absent: ``id``, ``spans``, ``images``, ``audio``, ``meta``, ``annotated``,
``readings``, of which all that are no strings hold the JSON of the format jsonl. ``spans`` may also be ``0-2-PER;6-8-LOC``.
Columns of other names are further data. The names of :mod:`engine.formats.keys` stand for ``text`` and ``spans`` too.

The delimiter is a tab, a comma or a semicolon, whichever the header has most of; with tabs a file is written whose name ends in
``.tsv``. Files are written with a byte order mark, without which spreadsheets take them for another encoding.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.document import Document
from engine.formats.contract import Format
from engine.formats.keys import SPANS, TEXT, one_key
from engine.formats.native import KEYS, from_row, to_row
from engine.formats.source import Source, json_text, write_lines

DELIMITERS = "\t,;"
_LIST = re.compile(r"(\d{1,9})-(\d{1,9})-(.+)")
_LONGEST_CELL = 1 << 30


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


def _rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the cells of each row, of the header first; end at what is no table."""
    text = (source.whole() or "").removeprefix("\ufeff")
    before, longest = 0, csv.field_size_limit(_LONGEST_CELL)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.partition("\n")[0]), strict=True)
        for row in rows:
            yield before + 1, row
            before = rows.line_num
    except csv.Error as error:
        source.report(before + 1, "a row of a table, with every quote closed", str(error))
    finally:
        csv.field_size_limit(longest)


def header_of(head: str) -> list[str]:
    """Return the names of a table's columns from its first line; none if there is but one column."""
    header = head.partition("\n")[0].removesuffix("\r")
    names = [name.strip().strip('"') for name in header.split(_delimiter(header))]
    return names if len(names) > 1 else []


def columns_of(source: Source) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the names of a table's columns, and its rows with their lines; repeated names are reported."""
    rows = _rows(source)
    names = [name.strip() for name in next(rows, (1, []))[1]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        source.report(1, "each column once", name)
    return names, rows


def _parse(source: Source) -> Iterator[Document]:
    names, rows = columns_of(source)
    text = one_key(source, 1, dict.fromkeys(names), TEXT, "a column of the text")
    spans = one_key(source, 1, dict.fromkeys(names), SPANS, "a column of the spans") if set(SPANS) & set(names) else None
    if source.problems or text is None:
        return
    own = [*KEYS, text, spans]
    for number, cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(names):
            source.report(number, f"{len(names)} cells", f"{len(cells)}: {' | '.join(cells)}")
            continue
        found = dict(zip(names, cells, strict=True))
        before = len(source.problems)
        row: dict[str, Any] = {"text": found[text], "id": found.get("id", "")}
        if spans and found[spans]:
            row["spans"] = _spans(source, number, found[spans])
        for key in ("images", "annotated", "readings", "meta"):
            if found.get(key):
                row[key] = _json(source, number, key, found[key])
        if found.get("audio"):
            row["audio"] = found["audio"]
        others = {name: cell for name, cell in found.items() if name not in own and cell}
        if others and isinstance(row.setdefault("meta", {}), dict):
            row["meta"] = {**others, **row["meta"]}
        document = from_row(source, number, row) if len(source.problems) == before else None
        if document is not None:
            yield document


def _json(source: Source, number: int, key: str, cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        source.report(number, f"JSON in the column {key}", cell)
        return None


def _spans(source: Source, number: int, cell: str) -> Any:
    if cell.lstrip().startswith("["):
        return _json(source, number, "of the spans", cell)
    places = [_LIST.fullmatch(place.strip()) for place in cell.split(";") if place.strip()]
    if all(places):
        return [[int(place[1]), int(place[2]), place[3]] for place in places if place]
    source.report(number, 'spans as JSON, [[0, 2, "PER"]], or as 0-2-PER;6-8-LOC', cell)
    return []


def write_table(path: Path, rows: Iterable[list[str]]) -> None:
    """Write rows as a table; the first of them names the columns."""
    cells = io.StringIO(newline="")
    writer = csv.writer(cells, delimiter="\t" if ".tsv" in path.suffixes else ",")

    def lines() -> Iterator[str]:
        for row in rows:
            writer.writerow(row)
            yield cells.getvalue()
            cells.seek(0)
            cells.truncate()

    write_lines(path, lines(), mark=True)


def _cells(document: Document) -> list[str]:
    row = to_row(document)
    return [value if isinstance(value, str) else json_text(value) for value in (row.get(key, "") for key in KEYS)]


def _write(documents: Iterable[Document], path: Path) -> None:
    def rows() -> Iterator[list[str]]:
        yield list(KEYS)
        yield from map(_cells, documents)

    write_table(path, rows())


def _sniff(head: str, path: Path) -> float:
    return 0.85 if set(TEXT) & set(header_of(head)) else 0.0


TABLE = Format("csv", "CSV or TSV, a document a row", (".csv", ".tsv"), _sniff, _parse, _write)
