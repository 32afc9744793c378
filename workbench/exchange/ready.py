"""Corpora of a desk made ready to be read: in UTF-8, and with the columns called as the formats call them."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from engine.errors import FormatError, Problem
from engine.formats import sniff
from engine.formats.keys import SPANS, TEXT
from engine.formats.source import HEAD_BYTES, encoding_of, json_text, object_of
from engine.formats.tables import DELIMITERS
from workbench.exchange.desk import Desk

ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16")
SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "bar": "|"}
_FOLDERS = ("brat", "texts")
_TABLES = (".csv", ".tsv")
_BY_ENDING = {".csv": "csv", ".tsv": "csv", ".jsonl": "other-jsonl"}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Options:
    """How files are read; what is empty is found out.

    Attributes:
        format: a name in :data:`engine.formats.FORMATS`.
        encoding: one of :data:`ENCODINGS`.
        separator: of tables, one of :data:`SEPARATORS`.
        text: the column or key that the text is under.
        spans: that the spans are under.
        id: that the name of the document is under.
    """

    format: str = ""
    encoding: str = ""
    separator: str = ""
    text: str = ""
    spans: str = ""
    id: str = ""

    @property
    def named(self) -> bool:
        """Tell whether columns or a separator are given."""
        return bool(self.separator or self.text or self.spans or self.id)


@dataclass(frozen=True)
class Part:
    """One corpus of a desk: its path below ``files``, ``"."`` for all of them as one folder, and its format."""

    path: str
    format: str


def make_ready(desk: Desk, options: Options) -> tuple[list[Part], list[Problem]]:
    """Make every corpus ready; return those that can be read, with their formats, and what is wrong with the others."""
    problems: list[Problem] = []
    ready = [place for place in desk.corpora() if _made_ready(desk, place, options, problems)]
    return _parts(desk, ready, options, problems), problems


def columns_of(desk: Desk) -> tuple[str, ...]:
    """Return the columns or keys of the first table or JSON lines, to choose from."""
    for place in desk.corpora():
        with open(desk.given / place, "rb") as handle:
            line = handle.read(HEAD_BYTES).partition(b"\n")[0].decode("utf-8", "replace").removeprefix("\ufeff")
        if place.suffix.lower() in _TABLES:
            delimiter = max((*DELIMITERS, "|"), key=line.count)
            return tuple(name.strip() for name in next(csv.reader([line], delimiter=delimiter), []) if name.strip())
        if place.suffix.lower() in (".jsonl", ".json") and (row := object_of(line)):
            return tuple(row)
    return ()


def _made_ready(desk: Desk, place: Path, options: Options, problems: list[Problem]) -> bool:
    given, made = desk.given / place, desk.files / place
    made.parent.mkdir(parents=True, exist_ok=True)
    made.unlink(missing_ok=True)
    if place.suffix.lower() == ".zip":
        _link(given, made)
        return True
    if not options.encoding and (expected := _foreign(given)):
        problems.append(Problem(str(place), 1, expected, "…"))
        return False
    if options.encoding and options.encoding != "utf-8":
        try:
            with open(given, encoding=options.encoding, newline="") as source, _writing(made) as target:
                shutil.copyfileobj(source, target, _CHUNK)
        except UnicodeError as error:
            expected = f"text in {options.encoding.upper()}; choose another encoding"
            problems.append(Problem(str(place), 0, expected, str(error)[:80]))
            made.unlink(missing_ok=True)
            return False
    else:
        _link(given, made)
    if options.named:
        _rename_columns(made, options)
    return True


def _foreign(file: Path) -> str:
    """Return what to expect of a file that begins in another encoding than UTF-8; nothing if it does not."""
    with open(file, "rb") as handle:
        head = handle.read(HEAD_BYTES)
    cut = len(head) == HEAD_BYTES
    whole = head[: head.rfind(b"\n") + 1] or head[:-3] if cut else head
    # A single bad line is reported as that by its format; here one in ten is foreign.
    lines = whole.split(b"\n")
    return encoding_of(whole) if sum(not _is_utf8(line) for line in lines) * 10 > len(lines) else ""


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _parts(desk: Desk, ready: Iterable[Path], options: Options, problems: list[Problem]) -> list[Part]:
    places = list(ready)
    bundles = [Part(str(place), "bundle") for place in places if place.suffix.lower() == ".zip"]
    texts = [place for place in places if place.suffix.lower() != ".zip"]
    if options.format in _FOLDERS:
        return [*bundles, *([Part(".", options.format)] if texts else [])]
    if options.format:
        return [*bundles, *(Part(str(place), options.format) for place in texts)]
    parts = bundles
    if any(place.suffix == ".ann" for place in texts):
        parts.append(Part(".", "brat"))
        texts = [place for place in texts if place.suffix not in (".ann", ".txt")]
    unknown: list[tuple[Path, FormatError]] = []
    for place in texts:
        try:
            parts.append(Part(str(place), sniff(desk.files / place).name))
        except FormatError as error:
            unknown.append((place, error))
    return [*parts, *_guessed(desk, unknown, bool(parts), problems)]


def _guessed(desk: Desk, unknown: list[tuple[Path, FormatError]], others: bool, problems: list[Problem]) -> list[Part]:
    """Return formats of files that none recognises: pasted words, a folder of texts, or by the end of their names."""
    filled = [(place, error) for place, error in unknown if (desk.files / place).stat().st_size]
    if desk.pasted and filled:
        return [Part(str(filled[0][0]), "lines")]
    if not others and len(filled) > 1 and all(place.suffix.lower() == ".txt" for place, _ in filled):
        return [Part(".", "texts")]
    guessed = []
    for place, error in unknown:
        if place.suffix.lower() in _BY_ENDING and (place, error) in filled:
            guessed.append(Part(str(place), _BY_ENDING[place.suffix.lower()]))
        else:
            expected = "a corpus in a known format; plain text is never guessed: choose lines or texts as the format"
            problems.append(Problem(str(place), 1, expected, error.problems[0].got))
    return guessed


def _rename_columns(file: Path, options: Options) -> None:
    """Write a table or JSON lines anew with the columns called as the formats call them."""
    part = file.with_name(file.name + ".part")
    if file.suffix.lower() in _TABLES or (options.separator and file.suffix.lower() not in (".jsonl", ".json")):
        renamed = _table(file, part, options)
    elif file.suffix.lower() in (".jsonl", ".json") and (options.text or options.spans or options.id):
        renamed = _lines(file, part, options)
    else:
        return
    if renamed:
        os.replace(part, file)
    part.unlink(missing_ok=True)


def _table(file: Path, part: Path, options: Options) -> bool:
    try:
        with open(file, encoding="utf-8-sig", newline="") as source, _writing(part) as target:
            header = source.readline()
            source.seek(0)
            delimiter = SEPARATORS.get(options.separator) or max(DELIMITERS, key=header.count)
            longest = csv.field_size_limit(1 << 30)
            try:
                rows = csv.reader(source, delimiter=delimiter, strict=True)
                # Of the delimiters that are recognised, one that no header of ours holds.
                writer = csv.writer(target, delimiter="\t", lineterminator="\n")
                names = [name.strip() for name in next(rows, [])]
                writer.writerow(_new_names(names, options)[name] for name in names)
                writer.writerows(rows)
            finally:
                csv.field_size_limit(longest)
    except (csv.Error, UnicodeDecodeError):
        return False  # reading the file as it is reports where
    return True


def _lines(file: Path, part: Path, options: Options) -> bool:
    with open(file, encoding="utf-8-sig", errors="surrogateescape", newline="\n") as source:
        with open(part, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as target:
            for line in source:
                row = object_of(line)
                target.write(line if row is None else json_text(_renamed(row, options)) + "\n")
    return True


def _renamed(row: Mapping[str, object], options: Options) -> dict[str, object]:
    names = _new_names(list(row), options)
    return {names[key]: _read_json(value) if key == options.spans else value for key, value in row.items()}


def _read_json(value: object) -> object:
    """Return spans that are written as JSON inside a string as what they are."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _new_names(names: list[str], options: Options) -> dict[str, str]:
    """Return what each column is called from now on: a chosen one as the formats call it, others that are called so otherwise."""
    chosen = {options.text: "text", options.spans: "spans", options.id: "id"}
    taken = set()
    for column, alike in ((options.text, TEXT), (options.spans, SPANS), (options.id, ("id",))):
        taken |= set(alike) if column else set()
    return {name: chosen[name] if name and name in chosen else f"{name}_" if name in taken else name for name in names}


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _writing(path: Path) -> TextIO:
    return open(path, "w", encoding="utf-8", newline="")
