"""Corpus files as lines, and back: compression, byte order mark, CRLF, and the list of what is wrong.

A line ends at a line feed and nowhere else: U+2028, U+0085 and a lone carriage return are characters that a corpus may annotate.
"""

from __future__ import annotations

import gzip
import json
import lzma
import os
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from engine.errors import FormatError, InputError, Problem

HEAD_BYTES = 1 << 16
LONGEST_HEAD = 1 << 22
BOM = b"\xef\xbb\xbf"
SHOWN = 60


def open_bytes(path: Path, mode: str = "rb", named: Path | None = None) -> IO[bytes]:
    """Open a file, through its compression if its name, or the name ``named``, ends in .xz or .gz."""
    suffix = (named or path).suffix
    if suffix == ".xz":
        return cast("IO[bytes]", lzma.open(path, mode))
    if suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, mode))
    return cast("IO[bytes]", open(path, mode))


def read_head(path: Path) -> str:
    """Return the first lines of a file for sniffing, the last of them whole unless it is enormous.

    Raises:
        FormatError: if the file is damaged.
        InputError: if it cannot be opened.
    """
    source = Source(path)
    head = b""
    with source.opened() as handle:
        head = handle.read(HEAD_BYTES) + handle.readline(LONGEST_HEAD)
    source.finish()
    return head.removeprefix(BOM).decode("utf-8", "replace")


@contextmanager
def told_in_writing(path: Path) -> Iterator[None]:
    """Raise what goes wrong in writing a file or folder as an :class:`InputError` that says what to do."""
    try:
        yield
    except UnicodeEncodeError as error:
        half = ord(error.object[error.start])
        raise InputError(f"U+{half:04X} is half of a character and cannot be written as UTF-8; export as jsonl") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}; choose another place or make room") from error


def write_lines(path: Path, lines: Iterable[str], mark: bool = False) -> None:
    """Write lines as UTF-8, each ending as given, replacing the file only once all are written.

    Args:
        path: the file.
        lines: one after another.
        mark: whether to begin with a byte order mark.

    Raises:
        InputError: if a line cannot be written as UTF-8, or the disk does not take the file; an older file stays as it was.
    """
    part = path.with_name(path.name + ".part")
    try:
        with told_in_writing(path):
            with open_bytes(part, "wb", named=path) as handle:
                for number, line in enumerate(lines):
                    encoded = line.encode("utf-8")
                    # A reader takes the first mark for none of the text, so that text that begins with one needs another.
                    marked = number == 0 and (mark or encoded.startswith(BOM))
                    handle.write(BOM + encoded if marked else encoded)
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def json_text(value: Any) -> str:
    """Return a value as JSON on one line by anybody's rule of what ends a line."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair survives as a JSON escape only
        text = json.dumps(value)
    # JSON allows these inside strings, but readers that split lines by Unicode's rules would cut the row there.
    for separator in "\x85\u2028\u2029":
        text = text.replace(separator, f"\\u{ord(separator):04x}")
    return text


def encoding_of(raw: bytes) -> str:
    """Return what to expect of bytes that are not UTF-8, with what to do about it."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "UTF-8 text; this is UTF-16: save it as UTF-8, or iconv -f UTF-16 -t UTF-8"
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return "UTF-8 text"
    return "UTF-8 text; this may be GB18030: save it as UTF-8, or iconv -f GB18030 -t UTF-8"


class Source:
    """A corpus file or folder being read, and everything found in it so far but its documents.

    Attributes:
        path: the file or folder.
        problems: in file order; what is malformed.
        notes: what is sound but not kept, or read otherwise than it is written, and how often.
        missing: names of pictures and recordings that are said to belong to it and are not found.
        inside: names of pictures and recordings that the file itself holds.
        unpack: where a format that holds files may put them; ``None`` while it is only looked at.
    """

    def __init__(self, path: Path, unpack: Path | None = None) -> None:
        """Remember the file; it is opened when its lines are asked for."""
        self.path, self.unpack = path, unpack
        self.problems: list[Problem] = []
        self.notes: Counter[str] = Counter()
        self.missing: list[str] = []
        self.inside: frozenset[str] = frozenset()

    def member(self, path: Path) -> Source:
        """Return a file of this folder as a source whose problems and notes are this one's."""
        member = Source(path, self.unpack)
        member.problems, member.notes, member.missing = self.problems, self.notes, self.missing
        return member

    def note(self, what: str, count: int = 1) -> None:
        """Note something that is not kept, or is read otherwise than it is written."""
        if count:
            self.notes[what] += count

    def report(self, line: int, expected: str, got: str) -> None:
        """Note one malformed place; ``got`` is shortened and quoted."""
        shown = got if len(got) <= SHOWN else got[:SHOWN] + "…"
        self.problems.append(Problem(str(self.path), line, expected, repr(shown)))

    def finish(self) -> None:
        """Raise everything that was reported.

        Raises:
            FormatError: if anything was.
        """
        if self.problems:
            raise FormatError(sorted(self.problems, key=lambda problem: (problem.file, problem.line)))

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Hold the file open; damage found while it is read is reported, not raised.

        Raises:
            InputError: if it cannot be opened.
        """
        try:
            with open_bytes(self.path) as handle:
                yield handle
        except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
            self.report(0, f"a whole {self.path.suffix} file", str(error))
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror or error}; check the path") from error

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield line numbers, from 1, and lines without LF or CRLF; lines that are not UTF-8 are reported."""
        with self.opened() as handle:
            for number, raw in enumerate(handle, 1):
                ended = raw.removesuffix(b"\n").removesuffix(b"\r")
                try:
                    yield number, (ended.removeprefix(BOM) if number == 1 else ended).decode("utf-8")
                except UnicodeDecodeError as error:
                    self._report_bytes(number, ended, error)

    def whole(self) -> str | None:
        """Return the whole file as it is, a byte order mark included; report one that is not UTF-8 and return ``None``."""
        raw = b""
        with self.opened() as handle:
            raw = handle.read()
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self._report_bytes(raw.count(b"\n", 0, error.start) + 1, raw, error)
            return None

    def _report_bytes(self, line: int, raw: bytes, error: UnicodeDecodeError) -> None:
        self.report(line, encoding_of(raw), f"bytes {raw[error.start : error.start + 8].hex(' ')}")

    def items(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the line and the value of each object in the file's one JSON array; anything else is reported."""
        text = (self.whole() or "").removeprefix("\ufeff")
        decoder, line, counted = json.JSONDecoder(), 1, 0
        place = _after_blank(text, 0)
        if text[place : place + 1] != "[":
            if not self.problems:
                self.report(1, "a JSON array of objects", text[place : place + SHOWN])
            return
        place = _after_blank(text, place + 1)
        while text[place : place + 1] not in ("]", ""):
            line, counted = line + text.count("\n", counted, place), place
            try:
                item, place = decoder.raw_decode(text, place)
            except (ValueError, RecursionError):
                self.report(line, "one JSON object after another", text[place : place + SHOWN])
                return
            if isinstance(item, dict):
                yield line, item
            else:
                self.report(line, "one JSON object", str(item))
            place = _after_blank(text, place)
            if text[place : place + 1] == ",":
                place = _after_blank(text, place + 1)
            elif text[place : place + 1] != "]":
                break
        if text[place : place + 1] != "]":
            self.report(line, "an array that ends in ]", text[place : place + SHOWN])

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield line numbers and the JSON object on each line; empty lines are skipped, anything else is reported."""
        for number, line in self.lines():
            if not line.strip():
                continue
            row = object_of(line)
            if row is None:
                self.report(number, "one JSON object", line)
            else:
                yield number, row


def object_of(line: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object on a line, or ``None`` if there is something else."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _after_blank(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place
