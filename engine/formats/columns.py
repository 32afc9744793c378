"""One character and one tag a line, sentences apart by an empty line: MSRA, Weibo, Resume and most Chinese corpora.

The separator is a tab or a space, so a character that is itself a space, a tab or U+3000 is read as what it is. The scheme is
recognised over the whole file, whichever of the three names it is read under; an invalid sequence of tags is repaired by the
rule of :mod:`engine.tags`. Some habits of real files are honoured:

- Some releases of Weibo write a digit behind every character, its place in the segmented word. Where every cell of a sentence
  ends in a digit, the digits go to ``meta["segmentation"]``.
- A cell of several characters, say the two U+FFFD of a broken emoji, is a unit: they all join the text and share its tag.
- A line break inside a text, which a line cannot hold, is written as a backslash and an n, and read back as a line break.
- ``# id = …`` before the characters names the document, ``# KEY = …`` is further data of it, as in CoNLL-U. Such lines are
  written only for documents that have an id of their own, or further data. Other comments and ``-DOCSTART-`` are passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from pathlib import Path

from engine import tags
from engine.document import Document, Span
from engine.errors import InputError, TagError
from engine.formats.contract import Format
from engine.formats.losses import ANNOTATED, EMPTY, OVERLAPS, PICTURES, READINGS, SCORES, SPEECH, Part, has_break, is_named
from engine.formats.source import Source, write_lines
from engine.tags import Scheme

LINE_BREAK = "\\n"
DIGITS = frozenset("0123456789")
DOCUMENT_START = "-DOCSTART-"
COMMENT = re.compile(r"# ([^\s=]+) = (.*)")


@dataclass
class Block:
    """The rows between two empty lines.

    Attributes:
        rows: line number, cell and tag of each well-formed row.
        header: line number and text of the line before the rows, in formats that have one.
        comments: what the lines ``# KEY = VALUE`` before the rows say, in formats without headers.
        sound: whether none of its lines was reported; of another, a row would be missing in the text.
    """

    rows: list[tuple[int, str, str]] = field(default_factory=list)
    header: tuple[int, str] | None = None
    comments: dict[str, str] = field(default_factory=dict)
    sound: bool = True


def split_row(line: str) -> tuple[str, str] | None:
    """Split a line into cell and tag, or return ``None``; a one-character cell may be any character, a separator included."""
    if len(line) > 2 and (line[1] == "\t" or (line[1] == " " and "\t" not in line[2:])):
        return line[0], line[2:]
    cell, _, tag = line.rpartition("\t") if "\t" in line else line.rpartition(" ")
    return (cell, tag) if cell and tag else None


def read_blocks(source: Source, header: str = "") -> Iterator[Block]:
    """Yield the blocks of a file, reporting rows that have no two columns.

    Args:
        source: the file.
        header: how the first line of each block must begin; empty for formats without headers.
    """
    block, begun, reported = Block(), False, len(source.problems)
    for number, line in source.lines():
        if len(source.problems) > reported:  # of the line before, or of lines that are no text
            block.sound, reported = False, len(source.problems)
        if not line:
            if begun:
                yield block
            block, begun = Block(), False
            continue
        if not header and not block.rows and _is_aside(line):
            block.comments.update(COMMENT.findall(line))
            continue
        if header and not begun:
            begun = True
            if line.startswith(header):
                block.header = (number, line[len(header) :])
                continue
            source.report(number, f"{header}… before the characters", line)
        begun = True
        row = split_row(line)
        if row is None:
            source.report(number, "a character, a tab or space, and a tag", line)
        else:
            block.rows.append((number, *row))
    block.sound = block.sound and len(source.problems) == reported
    if begun:
        yield block


def _is_aside(line: str) -> bool:
    """Tell whether a line is a comment or the start of a document rather than a row; ``# O`` and ``# B-PER`` are rows."""
    if line.startswith(DOCUMENT_START):
        return True
    tagged = line[2:] == tags.OUTSIDE or line[3:4] == "-"
    return line.startswith("# ") and "\t" not in line and (bool(COMMENT.fullmatch(line)) or not tagged)


def scheme_of(blocks: Iterable[Block]) -> Scheme:
    """Return the scheme that explains a file's tags, forgiving a few that belong to none."""
    prefixes = Counter(tag[:1] for block in blocks for _, _, tag in block.rows if tag != tags.OUTSIDE)
    candidates = dict.fromkeys((Scheme.of(prefixes), Scheme.BIO, Scheme.BIOES, Scheme.BMES))
    return min(candidates, key=lambda scheme: sum(n for prefix, n in prefixes.items() if prefix not in scheme.prefixes))


def read_spans(source: Source, block: Block, scheme: Scheme) -> list[Span]:
    """Return the spans of a block in units of its rows, reporting the tags that are not of the scheme."""
    names = dict.fromkeys(tag for _, _, tag in block.rows)
    foreign = set()
    for name in names:
        try:
            tags.split_tag(name, scheme)
        except TagError:
            foreign.add(name)
    if not foreign:
        return tags.decode_tags([tag for _, _, tag in block.rows], scheme)
    allowed = ", ".join(f"{prefix}-TYPE" for prefix in dict.fromkeys(scheme.prefixes))
    for number, _, tag in block.rows:
        if tag in foreign:
            source.report(number, f"a tag of {scheme.value}: {tags.OUTSIDE}, {allowed}", tag)
    block.sound = False
    return []


def join_cells(cells: list[str], spans: Iterable[Span], between: str = "") -> tuple[str, tuple[Span, ...]]:
    """Join cells into a text and move spans from units to its code points."""
    starts = list(accumulate((len(cell) + len(between) for cell in cells), initial=0))
    moved = (Span(starts[span.start], starts[span.end] - len(between), span.label) for span in spans)
    return between.join(cells), tuple(moved)


def split_segmentation(cells: list[str]) -> tuple[list[str], str]:
    """Return the cells without their segmentation digits, and the digits, if every cell has one."""
    if all(len(cell) > 1 and cell[-1] in DIGITS for cell in cells):
        return [cell[:-1] for cell in cells], "".join(cell[-1] for cell in cells)
    return cells, ""


def restore_breaks(cells: list[str]) -> list[str]:
    """Return the cells with written line breaks turned back."""
    return ["\n" if cell == LINE_BREAK else cell for cell in cells]


def _parse(source: Source) -> Iterator[Document]:
    blocks = list(read_blocks(source))
    scheme = scheme_of(blocks)
    for block in blocks:
        spans = read_spans(source, block, scheme)
        if block.rows and block.sound:
            cells, digits = split_segmentation([cell for _, cell, _ in block.rows])
            text, moved = join_cells(restore_breaks(cells), spans)
            meta = {**block.comments, **({"segmentation": digits} if digits else {})}
            yield Document(text, moved, meta.pop("id", ""), meta=meta)


def rows_of(cells: Sequence[str], spans: Sequence[Span], scheme: Scheme, end: str = "\n") -> str:
    """Return the rows of a text; of overlapping spans :func:`engine.tags.flatten` keeps one.

    Args:
        cells: the characters or tokens.
        spans: with offsets that count cells.
        scheme: the tags to write.
        end: what ends a line.

    Raises:
        InputError: if a label holds a tab or a line break.
    """
    for span in spans:
        if any(separator in span.label for separator in "\t\r\n"):
            raise InputError(f"the label {span.label!r} holds a tab or a line break and cannot be written in columns; rename it")
    names = tags.encode_spans(spans, len(cells), scheme)
    written = (LINE_BREAK if cell == "\n" else cell for cell in cells)
    return "".join(f"{cell}\t{tag}{end}" for cell, tag in zip(written, names, strict=True))


def _says(key: str, value: str) -> bool:
    """Tell whether a comment is read back as it was."""
    line = f"# {key} = {value}"
    return COMMENT.fullmatch(line) is not None and _is_aside(line) and not has_break(value)


def _fits(key: str, value: str) -> bool:
    return key != "id" and _says(key, value)


def _misfits(document: Document) -> int:
    return sum(not _fits(*item) for item in document.meta.items()) + (is_named(document) and not _says("id", document.id))


def _fitting(document: Document) -> Document:
    meta = {key: value for key, value in document.meta.items() if _fits(key, value)}
    return replace(document, id=document.id if _says("id", document.id) else "", meta=meta)


COMMENTS = Part("comments", "ids and further data that no comment can hold", _misfits, _fitting)


def _lines(scheme: Scheme, document: Document) -> str:
    said = {"id": document.id, **document.meta} if is_named(document) else document.meta
    return "".join(f"# {key} = {value}\n" for key, value in said.items()) + rows_of(document.text, document.spans, scheme) + "\n"


def _write(scheme: Scheme, documents: Iterable[Document], path: Path) -> None:
    write_lines(path, (_lines(scheme, document) for document in documents))


def _sniff(scheme: Scheme, head: str, path: Path) -> float:
    lines = [line.removesuffix("\r") for line in head.split("\n")]
    filled = [line for line in lines if line and not _is_aside(line)]
    rows = [row for row in map(split_row, filled) if row and (row[1] == tags.OUTSIDE or row[1][1:2] == "-")]
    if not rows or Scheme.of(tag for _, tag in rows) is not scheme:
        return 0.0
    # Formats with headers over the same rows must win, so certainty stays below theirs.
    return 0.9 * len(rows) / len(filled)


LACKS = (EMPTY, OVERLAPS, SCORES, PICTURES, SPEECH, ANNOTATED, READINGS, COMMENTS)


def _format(scheme: Scheme, title: str, extensions: tuple[str, ...]) -> Format:
    sniff, write = partial(_sniff, scheme), partial(_write, scheme)
    return Format(scheme.value.lower(), title, extensions, sniff, _parse, write, LACKS)


BIO = _format(Scheme.BIO, "Columns, BIO (MSRA)", (".txt", ".bio", ".conll"))
BMES = _format(Scheme.BMES, "Columns, BMES (Resume)", (".bmes", ".txt"))
BIOES = _format(Scheme.BIOES, "Columns, BIOES (Weibo)", (".bioes", ".bmes", ".txt"))
